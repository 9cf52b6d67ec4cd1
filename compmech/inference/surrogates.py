"""Is there any structure? The same question asked of series that have none, but are as like the data as can be.

Surrogates: `shuffled` (the symbols in another order) and `block_shuffled` (stretches in another order: what the data
have beyond that is longer than they are).

Reference:
    Theiler, Eubank, Longtin, Galdrikian and Farmer, Physica D 58, 77 (1992).
"""

from collections.abc import Callable

import numpy as np

from compmech.inference.counts import count_words
from compmech.inference.series import GAP, Series
from compmech.units import bits

__all__ = ["SURROGATES", "block_shuffled", "shuffled", "shuffled_outputs", "structure_test", "told_by_the_past"]

SURROGATES = 199
"""Of each test: the least p-value is 1/200."""

HISTORY = 3
"""Symbols of the past that the statistic looks at, fewer over large alphabets."""


def told_by_the_past(data: Series, history: int, *, n_input: int = 1) -> float:
    """I[last `history` symbols; next one] in the data, bits: the plug-in estimate, too high, alike in surrogates.

    Of pairs (input, output) of a channel with `n_input` inputs: I[past pairs; next output | next input].
    """
    words = count_words(data, history + 1)
    table = words.by_history.astype(float).reshape(-1, n_input, words.n_symbol // n_input)  # history, input, output
    total = table.sum()
    if not total:
        raise ValueError(f"there is no stretch of {history + 1} symbols without a gap")
    of_input = table.sum(axis=(0, 2))[:, None]
    expected = table.sum(axis=2, keepdims=True) * table.sum(axis=0) / np.where(of_input > 0, of_input, 1.0)
    seen = table > 0
    return float(bits(1.0) * (table[seen] * np.log(table[seen] / expected[seen])).sum() / total)


def shuffled(data: Series, *, rng: np.random.Generator) -> Series:
    """The same symbols in another order, gaps where they were."""
    codes = data.codes.copy()
    there = codes != GAP
    codes[there] = rng.permutation(codes[there])
    return Series(codes, data.alphabet)


def shuffled_outputs(data: Series, *, n_input: int, rng: np.random.Generator) -> Series:
    """Pairs of a channel with the outputs of each input in another order: what a channel without memory gives."""
    codes, n_output = data.codes.copy(), data.n_symbol // n_input
    for x in range(n_input):
        there = codes // n_output == x  # a gap, -1, is of no input
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
    n_input: int = 1,
) -> tuple[float, float]:
    """Whether the past says anything of the next symbol; of pairs of a channel, of the next output given its input.

    Returns:
        I[past; next], bits, and the p-value: the share of surrogates, the data among them, that reach as much.
    """
    history = HISTORY
    while history > 1 and data.n_symbol ** (history + 1) > data.n_observed / 20:
        history -= 1
    found = told_by_the_past(data, history, n_input=n_input)
    others = [told_by_the_past(surrogate(data, rng=rng), history, n_input=n_input) for _ in range(n_surrogate)]
    return found, float((1 + sum(other >= found for other in others)) / (1 + n_surrogate))
