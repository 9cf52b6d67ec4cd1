"""Is there any structure? The same question asked of series that have none, but are as like the data as can be.

Surrogates: `shuffled` (the symbols in another order) and `block_shuffled` (stretches in another order: what the data
have beyond that is longer than they are).

Reference:
    Theiler, Eubank, Longtin, Galdrikian and Farmer, Physica D 58, 77 (1992).
"""

from collections.abc import Callable

import numpy as np

from compmech.inference.counts import WordCounts, count_words
from compmech.inference.series import GAP, Series
from compmech.units import bits

__all__ = ["SURROGATES", "block_shuffled", "shuffled", "structure_test", "told_by_the_past", "told_by_words"]

SURROGATES = 199
"""Of each test: the least p-value is 1/200."""

HISTORY = 3
"""Symbols of the past that the statistic looks at, fewer over large alphabets."""


def told_by_the_past(data: Series, history: int) -> float:
    """I[last `history` symbols; next one] in the data, bits: the plug-in estimate, too high, alike in surrogates."""
    return told_by_words(count_words(data, history + 1))


def told_by_words(counts: WordCounts) -> float:
    """The same from counts of words of which the last symbol is the next one. Raises ValueError if there are none."""
    table = counts.by_history.astype(float)
    total = table.sum()
    if not total:
        raise ValueError(f"there is no stretch of {counts.length} symbols without a gap")
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0) / total
    seen = table > 0
    return float(bits(1.0) * (table[seen] * np.log(table[seen] / expected[seen])).sum() / total)


def shuffled(data: Series, *, rng: np.random.Generator) -> Series:
    """The same symbols in another order, gaps where they were."""
    codes = data.codes.copy()
    there = codes != GAP
    codes[there] = rng.permutation(codes[there])
    return Series(codes, data.alphabet)


def block_shuffled(data: Series, size: int, *, rng: np.random.Generator) -> Series:
    """Stretches of `size` symbols in another order; each piece without a gap by itself, its last symbols stay."""
    if size < 1:
        raise ValueError(f"size must be at least 1; got {size}")
    codes = data.codes.copy()
    edges = np.flatnonzero(np.diff(np.concatenate([[True], codes == GAP, [True]])))
    for first, last in zip(edges[::2], edges[1::2], strict=True):
        n = (last - first) // size
        blocks = codes[first : first + n * size].reshape(n, size)
        codes[first : first + n * size] = blocks[rng.permutation(n)].ravel()
    return Series(codes, data.alphabet)


def structure_test(
    data: Series,
    *,
    rng: np.random.Generator,
    surrogate: Callable[..., Series] = shuffled,
    n_surrogate: int = SURROGATES,
) -> tuple[float, float]:
    """Whether the past says anything of the next symbol.

    Returns:
        I[past; next], bits, and the p-value: the share of surrogates, the data among them, that reach as much.
    """
    history = HISTORY
    while history > 1 and data.n_symbol ** (history + 1) > data.n_observed / 20:
        history -= 1
    found = told_by_the_past(data, history)
    others = [told_by_the_past(surrogate(data, rng=rng), history) for _ in range(n_surrogate)]
    return found, float((1 + sum(other >= found for other in others)) / (1 + n_surrogate))
