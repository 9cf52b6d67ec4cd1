"""The Hankel matrix of a series: words before and words after, counted; its rank by a test against its own noise.

Row h, column w is how often the word w follows the word h. If the process has dimension d, the rank of the matrix of
probabilities is d once words are long enough, and that of the counts is full: the directions beyond d are noise. They
are told apart by splitting the series. On one half the weakest of r + 1 directions is found, two functions phi(h) and
psi(w), with the r stronger ones orthogonal to both. On the other half it is looked at whether phi and psi are
correlated, by a one-sided t test of block means of

    (phi(h_t) - mean)(psi(w_t) - mean),

blocks long enough for overlapping windows and the memory of the process. If the rank is r the directions of the first
half are of noise, whose mean product is 0 but for the product of two errors of estimation; if it is more they are of
the next direction and it is its canonical correlation. Both halves are used in both parts, with twice the smaller
p-value. The rank is the least r that is not refused, r = 1, 2, ...: one too many comes out with probability `LEVEL` at
most.

Reference:
    Splitting for rank: Robin and Smith, Econometric Theory 16, 151 (2000) test the same null hypothesis by all the
    singular values beyond r at once. Canonical correlations: see `canonical`.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.special import stdtr

from compmech.inference.canonical import ROUNDING, canonical_directions
from compmech.inference.counts import count_words, whole_windows, window_codes
from compmech.inference.futures import MOST_WORDS, Futures
from compmech.inference.series import Series

__all__ = ["CountedFutures", "SeriesRank", "counted_futures", "hankel_lengths", "series_rank"]

LEVEL = 0.01
"""Of the test of each rank."""

BLOCK, LEAST_BLOCK, FEWEST_BLOCKS = 64, 8, 12
"""Windows whose products are averaged before they are compared; fewer, to the least, where blocks would be few."""

PER_WORD = 10
"""Symbols for each pair of words before and after."""

MOST_RANK = 12

MOST_HISTORIES = 256
"""Words of the longest length."""


@dataclass(frozen=True)
class SeriesRank:
    """The rank of a series's Hankel matrix.

    Attributes:
        length: of words before and after.
        rank: the dimension that the series shows: the constant, and directions that are no noise.
        p: p-value of "the rank is r" for r = 1, 2, ..., up to the first that is above `LEVEL`.
    """

    length: int
    rank: int
    p: tuple[float, ...]


def hankel_lengths(data: Series) -> range:
    """Lengths of words for which there are enough windows without a gap; empty if there is none."""
    k, length, halves = data.n_symbol, 0, data.split(0.5)
    while k > 1 and k ** (length + 1) <= MOST_HISTORIES and k ** (length + 2) <= MOST_WORDS:
        windows = [sum(max(0, len(piece) - 2 * length - 2) for piece in half.pieces) for half in halves]
        if k ** (2 * length + 2) * PER_WORD > sum(windows) or min(windows) < LEAST_BLOCK * FEWEST_BLOCKS:
            break
        length += 1
    return range(1, length + 1)


@dataclass(frozen=True, eq=False)
class CountedFutures:
    """What followed the words of some length, up to one symbol more than the length.

    Attributes:
        futures: a row for each word that occurs, as shares of the times it occurs.
        history: the code of the word (see `count_words`).
        often: how many times it occurs.
    """

    futures: Futures
    history: Int[np.ndarray, " row"]
    often: Float[np.ndarray, " row"]


def counted_futures(data: Series, length: int) -> CountedFutures:
    """The futures of a series, each history with its count.

    Raises:
        ValueError: if there is no stretch of 2 length + 1 symbols without a gap.
    """
    counts = count_words(data, 2 * length + 1)
    if not counts.total:
        raise ValueError(f"there is no stretch of {2 * length + 1} symbols without a gap")
    table = counts.counts.reshape(data.n_symbol**length, -1)
    often = table.sum(axis=1)
    rows = np.flatnonzero(often)
    return CountedFutures(Futures(table[rows] / often[rows, None], data.n_symbol), rows, often[rows].astype(float))


def series_rank(data: Series, length: int) -> SeriesRank:
    """The rank of the Hankel matrix of words of one length before and after.

    Raises:
        ValueError: if there are too few symbols to split.
    """
    halves = data.split(0.5)
    both = [_p_values(one, other, length) for one, other in (halves, halves[::-1])]
    p = [min(1.0, 2 * min(pair)) for pair in zip(*both, strict=False)]
    rank = next((r for r, value in enumerate(p, start=1) if value > LEVEL), len(p) + 1)
    return SeriesRank(length, rank, tuple(p[:rank]))


def _p_values(one: Series, other: Series, length: int) -> Float[np.ndarray, " direction"]:
    """Whether the directions of one half, the strongest first, are correlated on the other: one-sided p-values."""
    phi, psi = _directions(one, length)
    window = window_codes(other.codes, other.n_symbol, 2 * length)
    there = np.flatnonzero(whole_windows(other.codes, 2 * length))
    before, after = np.divmod(window[there], other.n_symbol**length)
    size = min(BLOCK, len(there) // FEWEST_BLOCKS)
    if size < LEAST_BLOCK:
        raise ValueError(
            f"{len(there)} windows of {2 * length} symbols are too few in half of the series: the test of the rank "
            f"takes {LEAST_BLOCK * FEWEST_BLOCKS}"
        )
    n_block = len(there) // size
    found = []
    for x, y in zip(phi.T, psi.T, strict=True):
        product = (x[before] - x[before].mean()) * (y[after] - y[after].mean())
        block = product[: n_block * size].reshape(n_block, size).mean(axis=1)
        error = block.std(ddof=1) / np.sqrt(n_block)
        found.append(float(stdtr(n_block - 1, -block.mean() / error)) if error > 0 else float(block.mean() <= 0))
    return np.array(found)


def _directions(data: Series, length: int) -> tuple[Float[np.ndarray, "word direction"], ...]:
    """phi and psi of the directions above rounding, the strongest first; 0 for words that do not occur."""
    counted = counted_futures(data, length)
    found = canonical_directions(counted.futures.words, weight=counted.often)
    real = np.flatnonzero(found.correlations > ROUNDING)[:MOST_RANK]
    phi = np.zeros((data.n_symbol**length, len(real)))
    phi[counted.history] = (counted.futures.words @ found.readout - found.offset)[:, real]
    return phi, found.readout[:, real] * found.correlations[real]
