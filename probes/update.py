"""Is the step from one state to the next the Bayes map of the symbol read?

Bayes takes the belief b after a history to b T_x / P(x | b) after the symbol x: a linear map but for the normalisation.
Asked of beliefs that a probe reads out, held out, after a history and after the same with one more symbol.

Reference:
    Shai and others, arXiv 2405.15943, section 2, for the update as a map of the simplex.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from compmech import GHMM, HMM
from probes.history import Histories, Weighting
from probes.probe import check_table

__all__ = ["SymbolUpdate", "successions", "symbol_updates"]

_SHARE = 0.5  # of the pairs, to fit a map with; it is scored on the others

# Relative to the largest: directions of the read-out beliefs that vary less say nothing about a map.
_RANK_TOL = 1e-6

# Exact beliefs that differ by less are one.
_SAME = 1e-9


@dataclass(frozen=True)
class SymbolUpdate:
    """How well four maps take the read-out belief after a history to that after one more symbol, as R² over pairs.

    R² is of the belief after, about its own mean over the pairs of this symbol, weighted as asked.

    Attributes:
        symbol: its index.
        pairs: histories of which both are there, and the symbol is possible.
        bayes: b T_x / P(x | b), of the process: nothing is fitted.
        fitted: b M / (b M 1), M fitted to half of the pairs and scored on the others: the best linear map there is.
        still: b itself: what comes of not reading the symbol.
        others: the best Bayes map of another symbol; None where there is only one symbol.
        distance: |M - T_x| / |T_x| along the directions in which read-out beliefs vary, Frobenius norms.
    """

    symbol: int
    pairs: int
    bayes: float
    fitted: float
    still: float
    others: float | None
    distance: float


def successions(histories: Histories) -> tuple[Int[np.ndarray, " pair"], Int[np.ndarray, " pair"]]:
    """Indices of every history of two or more symbols, and of the one without its last symbol."""
    words = np.ascontiguousarray(histories.words)
    keys = [
        words[word, :row].tobytes() for word, row in zip(histories.word.tolist(), histories.row.tolist(), strict=True)
    ]
    known = {key: i for i, key in enumerate(keys)}
    longer = np.flatnonzero(histories.row > 1)
    size = words.itemsize
    return np.array([known[keys[i][:-size]] for i in longer], dtype=np.intp), longer


def symbol_updates(
    process: HMM | GHMM,
    histories: Histories,
    read: Float[np.ndarray, "history state"],
    *,
    weighting: Weighting = "probability",
    rng: np.random.Generator,
) -> list[SymbolUpdate]:
    """Compare the steps between read-out beliefs with the Bayes map, symbol by symbol.

    Args:
        process: whose states the beliefs are over; its minimal realisation, or a part of them cannot be read out.
        read: beliefs read out at each history by a probe that did not see it. They are scaled to
            belief @ evaluate = 1 first.
        rng: chooses the half of the pairs that the free map is fitted to.
    Returns:
        One for each symbol that follows some history with enough pairs to fit a map. Left out are others, and symbols
        after which all exact beliefs are one: there is no variance to explain, and any factor makes a map to a point.
    Raises:
        ValueError: if shapes disagree, a belief is not finite, or no history has its prefix among them.
    """
    if read.shape != histories.belief.shape:
        raise ValueError(
            f"read must have a belief over {histories.belief.shape[1]} states for each of {len(histories)} histories; "
            f"got shape {read.shape}"
        )
    check_table(read, "read")
    before, after = successions(histories)
    if not len(after):
        raise ValueError("no history has two symbols: read at least length 2")
    total = read @ process.evaluate
    usable = (total[before] > 0) & (total[after] > 0)
    before, after = before[usable], after[usable]
    read = read / np.where(total > 0, total, 1.0)[:, None]
    last = histories.words[histories.word[after], histories.row[after] - 1]
    weight = histories.weight(weighting)[after]
    found = []
    for x in range(process.n_symbol):
        some = np.flatnonzero(last == x)
        if len(some) >= 4 * process.n_state and np.ptp(histories.belief[after[some]], axis=0).max() > _SAME:
            rows = before[some], after[some]
            found.append(_update(process, x, read[rows[0]], read[rows[1]], weight[some], rng))
    return found


def _update(
    process: HMM | GHMM, x: int, b: np.ndarray, c: np.ndarray, w: np.ndarray, rng: np.random.Generator
) -> SymbolUpdate:
    scores = {y: _r2(c, _mapped(b, process.T[y], process.evaluate), w) for y in range(process.n_symbol)}
    fit = rng.random(len(b)) < _SHARE
    M, span = _free_map(b[fit], c[fit], w[fit], process.T[x].sum(axis=0).sum())
    along = span @ span.T
    true = along @ process.T[x]
    # a map is known up to a factor, which normalising takes out: the one that brings it nearest
    factor = float((M * true).sum() / (M * M).sum())
    others = [score for y, score in scores.items() if y != x]
    return SymbolUpdate(
        symbol=x,
        pairs=len(b),
        bayes=scores[x],
        fitted=_r2(c[~fit], _mapped(b[~fit], M, process.evaluate), w[~fit]),
        still=_r2(c, b, w),
        others=max(others) if others else None,
        distance=float(np.linalg.norm(factor * M - true) / np.linalg.norm(true)),
    )


def _free_map(
    b: np.ndarray, c: np.ndarray, w: np.ndarray, scale: float
) -> tuple[Float[np.ndarray, "state state"], Float[np.ndarray, "state direction"]]:
    """M with b M proportional to c, of least weighted error in c q - b M over M and the factors q of each pair.

    q is linear in b too, q = b v: c (b v) = b M is homogeneous in (M, v) together, solved by the smallest singular
    vector, in coordinates of the directions in which b varies.
    """
    root = np.sqrt(w / w.sum())[:, None]
    _, singular, right = np.linalg.svd(root * b, full_matrices=False)
    span = right[singular > _RANK_TOL * singular[0]].T  # (state, direction)
    a = b @ span
    n, d, s = len(a), a.shape[1], c.shape[1]
    # rows: for each pair and coordinate j: sum_k a_k M_kj - c_j sum_k a_k v_k = 0
    left = np.einsum("nk,ij->nikj", a, np.eye(s)).reshape(n * s, d * s)
    system = np.hstack([left, -(c[:, :, None] * a[:, None, :]).reshape(n * s, d)])
    system *= np.repeat(root[:, 0], s)[:, None]
    solution = np.linalg.eigh(system.T @ system)[1][:, 0]
    M = span @ solution[: d * s].reshape(d, s)
    return (M if float((b @ M).sum()) * scale >= 0 else -M), span


def _mapped(b: np.ndarray, T: np.ndarray, evaluate: np.ndarray) -> np.ndarray:
    moved = b @ T
    total = moved @ evaluate
    # a read-out belief can lie where the symbol is impossible: the map leads nowhere, and the mean is no better
    safe = np.where(np.abs(total) > 1e-12, total, np.inf)
    return np.asarray(moved / safe[:, None])


def _r2(true: np.ndarray, predicted: np.ndarray, w: np.ndarray) -> float:
    share = w / w.sum()
    spread = share @ ((true - share @ true) ** 2).sum(axis=1)
    return float(1 - share @ ((true - predicted) ** 2).sum(axis=1) / spread)


def mean_update(updates: Sequence[SymbolUpdate], name: str) -> float:
    """The mean of one score over symbols, weighted by pairs."""
    total = sum(each.pairs for each in updates)
    return float(sum(each.pairs * getattr(each, name) for each in updates) / total)
