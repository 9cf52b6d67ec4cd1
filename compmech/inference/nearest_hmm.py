"""The hidden Markov model nearest to a generalised one that is no process: extreme histories, then maximisation.

Letters, of `canonical`: b, coordinates of histories (the constant, and the directions of the future that they tell).

Reference:
    Extreme histories: Araujo and others, Chemometrics and Intelligent Laboratory Systems 57, 65 (2001) (successive
    projections).
"""

import numpy as np
from jaxtyping import Float, Int
from scipy.optimize import nnls

from compmech.graph import closed_classes
from compmech.hmm import HMM
from compmech.inference.canonical import CanonicalDirections
from compmech.inference.futures import Futures
from compmech.inference.realisation import after

__all__ = ["nearest_hmm", "refined"]

ROUNDS = 300
"""Of expectation-maximisation."""

HELD = 1e4
"""Weight of the constraint that weights sum to 1, beside coordinates of unit variance: it errs by 1 / HELD ** 2."""


def extreme(b: Float[np.ndarray, "row rank"]) -> Int[np.ndarray, " rank"]:
    """Rows whose hull holds most of the others: each in turn the farthest from the span of those before."""
    rest, chosen = b.copy(), []
    for _ in range(b.shape[1]):
        chosen.append(int((rest**2).sum(axis=1).argmax()))
        direction = rest[chosen[-1]] / np.linalg.norm(rest[chosen[-1]])
        rest = rest - np.outer(rest @ direction, direction)
    return np.array(chosen)


def nearest_hmm(
    fit: Futures, directions: CanonicalDirections, rank: int, *, weight: Float[np.ndarray, " row"] | None = None
) -> HMM:
    """The hidden Markov model with as many states as the rank has dimensions, from extreme histories and refined.

    Beliefs are mixtures of extreme histories, before a symbol and after it, and the matrix of the symbol is the
    nonnegative one that fits best between the two. From there the expectation-maximisation of the futures of all
    histories, each from a mixture of its own, lowers their divergence in every round.

    Args:
        weight: how much each history counts; None: all alike.
    """
    counted = np.full(len(fit), 1 / len(fit)) if weight is None else weight / weight.sum()
    b, root = directions.coordinates(fit.words, rank), np.sqrt(counted * len(fit))[:, None]
    corners = b[extreme(b)]
    before = simplex_weights(b, corners)
    T = np.zeros((fit.n_symbol, rank, rank))
    for x in range(fit.n_symbol):
        chance = fit.next[:, x]
        follows = np.flatnonzero(chance > 0)
        moved = after(fit, follows, x, directions, rank) / chance[follows][:, None]
        then = np.zeros((len(b), rank))
        then[follows] = chance[follows][:, None] * simplex_weights(moved, corners)
        T[x] = np.stack([nnls(root * before, column)[0] for column in (root * then).T], axis=1)
    T /= T.sum(axis=(0, 2), keepdims=True)
    T, weights = refined(T, before, counted[:, None] * fit.joint, rounds=ROUNDS)
    source, target = np.nonzero(T.sum(axis=0))
    if len(closed_classes(source, target, rank)) == 1:
        return HMM(T)
    return HMM(T, start=counted @ weights)


def refined(
    T: Float[np.ndarray, "symbol state state"],
    weights: Float[np.ndarray, "row state"],
    joint: Float[np.ndarray, "row word"],
    *,
    rounds: int,
    learn: bool = True,
) -> tuple[Float[np.ndarray, "symbol state state"], Float[np.ndarray, "row state"]]:
    """Expectation-maximisation of futures: each row's words from a mixture of states of its own, the matrices shared.

    Args:
        joint: probabilities of words after each row, times what the row counts for.
        learn: whether the matrices change too, or only the rows' mixtures.
    Reference:
        Baum, Petrie, Soules and Weiss, Annals of Mathematical Statistics 41, 164 (1970).
    """
    n_symbol, n_state = len(T), T.shape[1]
    length = round(np.log(joint.shape[1]) / np.log(n_symbol))
    words = np.indices((n_symbol,) * length).reshape(length, -1)
    weights = 0.99 * weights + 0.01 / n_state  # a weight of 0 would stay 0
    for _ in range(rounds):
        ends = [np.ones((words.shape[1], n_state))]  # P(rest of the word | state), from its end
        for symbols in words[::-1]:
            ends.append(np.einsum("wij,wj->wi", T[symbols], ends[-1]))
        ends = ends[::-1]
        said = weights @ ends[0].T
        ratio = np.where(said > 0, joint / np.where(said > 0, said, 1.0), 0.0)
        before = ratio.T @ weights  # how much of each word starts in each state
        weights = weights * (ratio @ ends[0])
        weights = weights / weights.sum(axis=1, keepdims=True)
        if not learn:
            continue
        count = np.zeros_like(T)
        for symbols, end in zip(words, ends[1:], strict=True):
            moved = before[:, :, None] * T[symbols]
            np.add.at(count, symbols, moved * end[:, None, :])
            before = moved.sum(axis=1)
        total = count.sum(axis=(0, 2), keepdims=True)
        T = np.where(total > 0, count / np.where(total > 0, total, 1.0), T)
    return T, weights


def simplex_weights(
    points: Float[np.ndarray, "row rank"], corners: Float[np.ndarray, "corner rank"]
) -> Float[np.ndarray, "row corner"]:
    """The mixture of corners nearest to each point: nonnegative weights that sum to 1."""
    system = np.vstack([corners.T, np.full(len(corners), HELD)])
    found = np.array([nnls(system, np.append(point, HELD))[0] for point in points])
    return np.asarray(found / found.sum(axis=1, keepdims=True))
