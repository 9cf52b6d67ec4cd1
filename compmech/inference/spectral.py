"""The minimal generalised hidden Markov model of a predictor, by spectral learning, and what it takes to make it valid.

In the canonical coordinates b(h) of histories (see canonical) reading a symbol is linear: P(x | h) b(h x) = b(h) T_x.
T_x is the least-squares solution over the histories, for all x at once. The first coordinate is the constant 1, so that
sum_x T_x leaves the evaluation vector (1, 0, ..., 0) as it is and all words of one length sum to 1 exactly, whatever
the errors. What is not certain is that no word gets a negative probability and that the future of every belief settles:
both are measured. (It settles but for rounding and histories that are not stationary: sum_x T_x is a correlation
between coordinates of unit variance now and a symbol later.) Where either fails the fit is no process, and what is
given in its place is said to be a projection: a hidden Markov model with as many states.

Reference:
    Hsu, Kakade and Zhang, Journal of Computer and System Sciences 78, 1460 (2012); Boots, Siddiqi and Gordon,
    International Journal of Robotics Research 30, 954 (2011). Extreme histories: Araujo and others, Chemometrics and
    Intelligent Laboratory Systems 57, 65 (2001) (successive projections).
"""

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float, Int

from compmech.graph import closed_classes
from compmech.hmm import GHMM, HMM
from compmech.inference.canonical import CanonicalDirections, canonical_directions
from compmech.inference.futures import Futures
from compmech.units import bits

__all__ = ["SpectralFit", "spectral_fit"]

CHECKED_WORDS = 4096
"""Words whose probability is looked at: all up to the greatest length that has no more."""

NEGATIVE = 1e-9
"""Word probabilities above minus this, and eigenvalues below 1 plus this, are right but for rounding."""

ROUNDS = 300
"""Of expectation-maximisation."""

HELD = 1e4
"""Weight of the constraint that weights sum to 1, beside coordinates of unit variance: it errs by 1 / HELD ** 2."""


@dataclass(frozen=True, eq=False)
class SpectralFit:
    """A process of least dimension fitted to a predictor.

    Attributes:
        T, start, evaluate: as fitted, in canonical coordinates; the start is stationary if that is unique.
        process: the fit as a GHMM if it is one, else the HMM with as many states that is nearest to it.
        projected: why it had to be projected; None: it had not.
        negative: the least probability, of the fit, of a word of at most `checked` symbols.
        radius: the second largest modulus of the eigenvalues of sum_x T_x: how much of a belief is left a symbol later.
        residual: divergence of held-out histories' futures from what their beliefs say in the fit, bits a symbol, over
            words to which it gives a positive probability.
        residual_process: the same for the process, over words that it allows; the same number if it is the fit.
        beliefs: canonical coordinates of all histories, the constant left out: the geometry of the predictor's beliefs.
    """

    T: Float[np.ndarray, "symbol rank rank"] = field(repr=False)
    start: Float[np.ndarray, " rank"] = field(repr=False)
    evaluate: Float[np.ndarray, " rank"] = field(repr=False)
    process: GHMM | HMM
    projected: str | None
    negative: float
    checked: int
    radius: float
    residual: float
    residual_process: float
    beliefs: Float[np.ndarray, "row direction"] = field(repr=False)


def spectral_fit(futures: Futures, rank: int) -> SpectralFit:
    """The process of dimension `rank` nearest to what a predictor says.

    The coordinates are those of all histories; half of the groups make the fit in them, the other half judges it.

    Raises:
        ValueError: if the rank is below 1 or above that of the histories' futures.
    """
    fit, held_out = futures.halves()
    directions = canonical_directions(futures.words)
    most = 1 + int((abs(directions.readout) > 0).any(axis=0).sum())
    if not 1 <= rank <= most:
        raise ValueError(f"the rank must be from 1 to {most}, the rank of these futures; got {rank}")
    b = directions.coordinates(fit.words, rank)
    T = np.stack([_regressed(b, fit, x, directions) for x in range(fit.n_symbol)])
    start, radius = _settled(T.sum(axis=0))
    evaluate = np.eye(rank)[0]
    checked, negative = _least_probability(T, start, evaluate)
    held = directions.coordinates(held_out.words, rank)
    residual = _divergence(held_out, held @ word_vectors(T, evaluate, held_out.horizon + 1))
    process: GHMM | HMM
    projected, residual_process = _why_no_process(negative, checked, radius), residual
    if projected is None:
        process = GHMM(T, start, evaluate)
    else:
        process = _nearest_hmm(fit, directions, b)
        even = np.full((len(held_out), rank), 1 / rank)
        weights = refined(process.T, even, held_out.joint, rounds=ROUNDS, learn=False)[1]
        said = weights @ word_vectors(process.T, process.evaluate, held_out.horizon + 1)
        residual_process = _divergence(held_out, said)
    beliefs = directions.coordinates(futures.words, rank)[:, 1:]
    return SpectralFit(
        T, start, evaluate, process, projected, negative, checked, radius, residual, residual_process, beliefs
    )


def _regressed(
    b: Float[np.ndarray, "row rank"], fit: Futures, x: int, directions: CanonicalDirections
) -> Float[np.ndarray, "rank rank"]:
    """T_x: P(x | h) times the coordinates after h x, regressed on those of h."""
    return np.asarray(np.linalg.lstsq(b, _after(fit, np.arange(len(fit)), x, directions, b.shape[1]), rcond=None)[0])


def _after(
    fit: Futures, rows: np.ndarray, x: int, directions: CanonicalDirections, rank: int
) -> Float[np.ndarray, "row rank"]:
    """P(x | h) times the coordinates after h x."""
    chance = fit.next[rows][:, [x]]
    told = fit.after[rows, x] @ directions.readout[:, : rank - 1] - chance * directions.offset[: rank - 1]
    return np.concatenate([chance, told], axis=1)


def _settled(A: Float[np.ndarray, "rank rank"]) -> tuple[Float[np.ndarray, " rank"], float]:
    """The stationary vector, the mean belief if there are several, and the second largest modulus of an eigenvalue."""
    n = len(A)
    values = np.linalg.eigvals(A)
    others = np.delete(values, np.argmin(abs(values - 1)))
    if n == 1 or (abs(others - 1) < NEGATIVE).any():
        return np.eye(n)[0], float(abs(others).max(initial=0.0))
    system = np.vstack([A.T - np.eye(n), np.eye(n)[:1]])
    start = np.linalg.lstsq(system, np.append(np.zeros(n), 1.0), rcond=None)[0]
    return np.asarray(start / start[0]), float(abs(others).max())


def word_vectors(
    T: Float[np.ndarray, "symbol rank rank"], evaluate: Float[np.ndarray, " rank"], length: int
) -> Float[np.ndarray, "rank word"]:
    """T_w @ evaluate for all words of one length, in lexicographic order."""
    table = evaluate[:, None]
    for _ in range(length):
        table = np.einsum("xij,jw->ixw", T, table).reshape(len(evaluate), -1)
    return table


def _least_probability(T: np.ndarray, start: np.ndarray, evaluate: np.ndarray) -> tuple[int, float]:
    """The length of the longest words looked at, and the least probability among them."""
    vectors, length, least = start[None], 0, 1.0
    while len(vectors) * len(T) <= CHECKED_WORDS:
        vectors = np.einsum("wi,xij->wxj", vectors, T).reshape(-1, len(start))
        length, least = length + 1, min(least, float((vectors @ evaluate).min()))
    return length, least


def _why_no_process(negative: float, checked: int, radius: float) -> str | None:
    if negative < -NEGATIVE:
        return f"some word of at most {checked} symbols gets probability {negative:.2g}"
    if radius > 1 + NEGATIVE:
        return f"beliefs grow by a factor {radius:.6g} a symbol"
    return None


def _divergence(held_out: Futures, said: Float[np.ndarray, "row word"]) -> float:
    """Mean divergence, bits a symbol, over words with a positive probability, both sides scaled to sum to 1 there."""
    allowed = said > 0
    true, said = np.where(allowed, held_out.joint, 0.0), np.where(allowed, said, 0.0)
    true = true / true.sum(axis=1, keepdims=True)
    said = said / said.sum(axis=1, keepdims=True)
    log_ratio = np.log(np.where(true > 0, true, 1.0)) - np.log(np.where(true > 0, said, 1.0))
    return max(0.0, float(bits((true * log_ratio).sum(axis=1).mean() / (held_out.horizon + 1))))


# ------------------------------------------------------------------------------------------------ extreme histories


def _extreme(b: Float[np.ndarray, "row rank"]) -> Int[np.ndarray, " rank"]:
    """Rows whose hull holds most of the others: each in turn the farthest from the span of those before."""
    rest, chosen = b.copy(), []
    for _ in range(b.shape[1]):
        chosen.append(int((rest**2).sum(axis=1).argmax()))
        direction = rest[chosen[-1]] / np.linalg.norm(rest[chosen[-1]])
        rest = rest - np.outer(rest @ direction, direction)
    return np.array(chosen)


def _nearest_hmm(fit: Futures, directions: CanonicalDirections, b: Float[np.ndarray, "row rank"]) -> HMM:
    """The hidden Markov model with as many states as the rank has dimensions, from extreme histories and refined.

    Beliefs are mixtures of extreme histories, before a symbol and after it, and the matrix of the symbol is the
    nonnegative one that fits best between the two. From there the expectation-maximisation of the futures of all
    histories, each from a mixture of its own, lowers their divergence in every round.
    """
    from scipy.optimize import nnls

    rank = b.shape[1]
    corners = b[_extreme(b)]
    before = simplex_weights(b, corners)
    T = np.zeros((fit.n_symbol, rank, rank))
    for x in range(fit.n_symbol):
        chance = fit.next[:, x]
        follows = np.flatnonzero(chance > 0)
        moved = _after(fit, follows, x, directions, rank) / chance[follows][:, None]
        after = np.zeros((len(b), rank))
        after[follows] = chance[follows][:, None] * simplex_weights(moved, corners)
        T[x] = np.stack([nnls(before, column)[0] for column in after.T], axis=1)
    T /= T.sum(axis=(0, 2), keepdims=True)
    T, weights = refined(T, before, fit.joint, rounds=ROUNDS)
    source, target = np.nonzero(T.sum(axis=0))
    if len(closed_classes(source, target, rank)) == 1:
        return HMM(T)
    return HMM(T, start=weights.mean(axis=0))


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
    from scipy.optimize import nnls

    system = np.vstack([corners.T, np.full(len(corners), HELD)])
    found = np.array([nnls(system, np.append(point, HELD))[0] for point in points])
    return np.asarray(found / found.sum(axis=1, keepdims=True))
