"""Series that are as like the data as can be, but for the structure that is in doubt.

Each kind stands for a null hypothesis, and keeps all that this leaves open:

- `shuffles`: the symbols are independent of each other. Kept: how often each occurs.
- `block_shuffles`: stretches of some length are independent of each other. Kept: what is within them.
- `markov_shuffles`: the series is a Markov chain of some order k. Kept: how often every word of k + 1 symbols occurs.
- `output_shuffles`: a channel without memory. Kept: the inputs, and how often each output comes with each of them.
- `phase_surrogates`: the values before they became symbols are a stationary linear Gaussian process, seen through a
  function that rises. Kept: the values, and their power spectrum as near as they allow.

Shuffles, Markov shuffles and shuffles of outputs are exact: under the null hypothesis all series with what is kept are
equally likely, and one of them is drawn. Block shuffles are if stretches begin where they may; phase surrogates are
approximate.

Reference:
    Theiler, Eubank, Longtin, Galdrikian and Farmer, Physica D 58, 77 (1992); Schreiber and Schmitz, Physica D 142, 346
    (2000).
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from compmech.inference.euler import markov_shuffled
from compmech.inference.fourier import iaaft
from compmech.inference.series import GAP, Series
from compmech.validation import check_count

__all__ = [
    "SHUFFLES",
    "Surrogates",
    "block_shuffled",
    "block_shuffles",
    "markov_shuffles",
    "output_shuffles",
    "phase_surrogates",
    "shuffled",
    "shuffled_outputs",
]


@dataclass(frozen=True, eq=False)
class Surrogates:
    """One kind of surrogate series.

    Attributes:
        name: such as markov:2.
        null: the hypothesis that a small p-value speaks against, in words.
        make: a surrogate of a series, with a generator.
        kept: words of so many symbols occur as often in every surrogate, so that no statistic of them tells anything.
        of_any_part: whether `make` takes any part of the series, and not only the whole.
    """

    name: str
    null: str
    make: Callable[[Series, np.random.Generator], Series]
    kept: int = 1
    of_any_part: bool = True


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


SHUFFLES = Surrogates("shuffled", "symbols are independent of each other", lambda data, rng: shuffled(data, rng=rng))
"""Of the series as a whole."""


def block_shuffles(size: int) -> Surrogates:
    """Stretches of `size` symbols in another order.

    Raises:
        ValueError: if size is below 1.
    """
    if check_count(size, "size") < 1:
        raise ValueError(f"blocks must have at least 1 symbol; got {size}")
    null = f"stretches of {size} symbols are independent of each other"
    return Surrogates(f"block:{size}", null, lambda data, rng: block_shuffled(data, size, rng=rng))


def output_shuffles(n_input: int) -> Surrogates:
    """Pairs of a channel with the outputs of each input in another order: see `shuffled_outputs`."""
    null = "outputs depend on nothing but the input of their own time"
    return Surrogates("outputs", null, lambda data, rng: shuffled_outputs(data, n_input=n_input, rng=rng))


def markov_shuffles(order: int) -> Surrogates:
    """Series with the same words of `order` + 1 symbols: see `markov_shuffled`.

    Raises:
        ValueError: if order is negative.
    """
    null = f"the series is a Markov chain of order {check_count(order, 'order')}"
    return Surrogates(f"markov:{order}", null, lambda data, rng: markov_shuffled(data, order, rng=rng), kept=order + 1)


def phase_surrogates(values: ArrayLike, symbolise: Callable[[Float[np.ndarray, " time"]], Series]) -> Surrogates:
    """Values with the same power spectrum (`iaaft`), made symbols as the data were.

    Args:
        values: what the series was made of, NaN where one is missing.
        symbolise: how: from values to symbols.
    """
    x = np.array(values, dtype=float)
    null = "the values are a stationary linear Gaussian process, seen through a function that rises"

    def make(data: Series, rng: np.random.Generator) -> Series:
        return _over(symbolise(iaaft(x, rng=rng)), data.alphabet)

    return Surrogates("phase", null, make, of_any_part=False)


def _over(found: Series, alphabet: tuple[Hashable, ...]) -> Series:
    """The series over an alphabet, to which symbols that only occur in it are added."""
    names = [*alphabet, *(name for name in found.alphabet if name not in alphabet)]
    number = np.array([*(names.index(name) for name in found.alphabet), GAP])  # the last place is that of gaps
    return Series(number[found.codes], tuple(names))
