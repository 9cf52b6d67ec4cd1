"""Memoryless noise: each symbol is replaced, independently of all else, by one drawn from a channel matrix P(y|x).

Channels keep time: a symbol in, a symbol out, none lost. Channels with memory are transducers.
"""

from collections.abc import Hashable, Iterable

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from compmech.compose.assembling import MAX_ENTRIES, as_part, changed, check_budget
from compmech.hmm import GHMM, HMM, AnyPresentation
from compmech.validation import SUM_TOL, as_floats, check_count, check_names


def noisy(
    process: AnyPresentation,
    channel: ArrayLike,
    *,
    outputs: Iterable[Hashable] | None = None,
    max_entries: int = MAX_ENTRIES,
) -> HMM | GHMM:
    """A process read through a memoryless channel: P(v) = sum over words w of P(w) prod_t P(v_t | w_t).

    The states and the start stay what they are.

    Args:
        channel: P(y|x), axes (symbol, output), in the order of the process's alphabet. `symmetric_channel`,
            `binary_symmetric_channel`, `z_channel` and `erasure_channel` make the usual ones.
        outputs: names of the outputs; None: the alphabet again where there are as many, else 0, 1, ...
        max_entries: the most numbers n_output * n_state ** 2 that the result may have.
    Raises:
        ValueError: naming the row of the channel that is wrong.
    Reference:
        Cover and Thomas, Elements of Information Theory, chapter 7.
    Example:
        >>> from compmech import zoo
        >>> heard = noisy(zoo.golden_mean(), binary_symmetric_channel(0.1))
        >>> heard.predict([[1]])[0].round(3).tolist()     # 11 is no longer forbidden
        [[0.633, 0.367], [0.827, 0.173]]
    """
    part = as_part(process, max_entries)
    matrix = check_channel(channel, part.n_symbol)
    n_output = matrix.shape[1]
    check_budget("the process behind the channel", n_output, part.n_state, max_entries)
    same = part.alphabet if n_output == part.n_symbol else None
    names = check_names(same if outputs is None else outputs, n_output, "outputs")
    return changed(part, "noisy", np.einsum("xy,xij->yij", matrix, part.T), names)


def erased(
    process: AnyPresentation, loss: float, *, mark: Hashable = "?", max_entries: int = MAX_ENTRIES
) -> HMM | GHMM:
    """A process some of whose symbols are replaced, with probability `loss` each, by a mark that says no more.

    Raises:
        ValueError: if loss is no probability, or the mark is a symbol of the process.
    """
    part = as_part(process, max_entries)
    if mark in part.alphabet:
        raise ValueError(f"mark must be none of the symbols {part.alphabet[:12]}; got {mark!r}. Give another mark=...")
    channel = erasure_channel(part.n_symbol, loss)
    return noisy(part, channel, outputs=(*part.alphabet, mark), max_entries=max_entries)


def symmetric_channel(n_symbol: int, error: float) -> Float[np.ndarray, "symbol output"]:
    """P(y|x) that replaces a symbol with probability `error`, by each of the others alike."""
    n = check_count(n_symbol, "n_symbol")
    p = _probability(error, "error")
    if n < 2:
        raise ValueError(f"n_symbol must be at least 2 for a symbol to be taken for another; got {n}")
    return np.full((n, n), p / (n - 1)) + np.diag(np.full(n, 1 - p - p / (n - 1)))


def binary_symmetric_channel(error: float) -> Float[np.ndarray, "symbol output"]:
    """P(y|x) over two symbols that takes each for the other with probability `error`."""
    p = _probability(error, "error")
    return np.array([[1 - p, p], [p, 1 - p]])


def z_channel(error: float) -> Float[np.ndarray, "symbol output"]:
    """P(y|x) over two symbols that leaves the first and takes the second for it with probability `error`."""
    p = _probability(error, "error")
    return np.array([[1.0, 0.0], [p, 1 - p]])


def erasure_channel(n_symbol: int, loss: float) -> Float[np.ndarray, "symbol output"]:
    """P(y|x) with one output more than symbols, the last, that replaces each with probability `loss`."""
    n = check_count(n_symbol, "n_symbol")
    p = _probability(loss, "loss")
    return np.hstack([np.diag(np.full(n, 1 - p)), np.full((n, 1), p)])


def check_channel(channel: ArrayLike, n_symbol: int) -> Float[np.ndarray, "symbol output"]:
    """A channel matrix whose rows are distributions, exactly as far as float64 goes."""
    matrix = as_floats(channel, "channel")
    if matrix.ndim != 2 or len(matrix) != n_symbol or matrix.shape[1] == 0:
        repair = f". Did you mean symmetric_channel({n_symbol}, {float(matrix)!r})?" if matrix.ndim == 0 else ""
        raise ValueError(
            f"channel must have axes (symbol, output) with a row for each of the {n_symbol} symbols; got shape "
            f"{matrix.shape}{repair}"
        )
    for x, y in np.argwhere(matrix < 0)[:1]:
        raise ValueError(f"channel must be nonnegative; channel[{x}, {y}] is {matrix[x, y]:.6g}")
    sums = matrix.sum(axis=1)
    for x in np.flatnonzero(abs(sums - 1) > SUM_TOL)[:1]:
        repair = (
            "give channel.T?" if np.allclose(matrix.sum(axis=0), 1, rtol=0, atol=SUM_TOL) else "a row is one symbol."
        )
        raise ValueError(
            f"channel must sum to 1 over outputs for every symbol; row {x} sums to {sums[x]:.9g}; {repair}"
        )
    return np.asarray(matrix / sums[:, None])


def _probability(value: float, what: str) -> float:
    if not 0 <= value <= 1:
        raise ValueError(f"{what} must be a probability, 0 to 1; got {value!r}")
    return float(value)
