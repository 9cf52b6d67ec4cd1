"""Filters compiled by numba, the optional extra `fast`; see `compmech.filtering` for when they are used.

They do in float64 what the NumPy filters do, sequence by sequence, eight of them in turn so that no step waits for the
one before it. They raise nothing: what is forbidden, faint or doubtful is left to the NumPy filters, which know what to
say of it.

Letters: T matrices (symbol, state, next_state); b, m beliefs before and after a symbol; total their probability.
"""

from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from typing import Any, no_type_check

import numpy as np
from jaxtyping import Bool, Float, Int

# Importing numba takes 0.4 s, a filter for a new number of states 1 s more, the first time: the code is kept on disk.
# Below so many symbols NumPy is done in a few milliseconds.
MANY = 2**18

# With more states than this the products of NumPy are no slower.
MOST_STATES = 16

_SIDE = 8


@cache
def is_installed() -> bool:
    """Whether numba is there; it is not imported to find out."""
    return find_spec("numba") is not None


def compiled_beliefs(
    T: Float[np.ndarray, "symbol state state"],
    start: Float[np.ndarray, " state"],
    words: Int[np.ndarray, "seq time"],
    faint: float,
    stride: int,
) -> tuple[Float[np.ndarray, "seq row state"], Bool[np.ndarray, " seq"]]:
    """Beliefs along words, and which sequences they are right for; T is nonnegative.

    Components are compared with `faint` after every `stride` symbols.
    """
    beliefs = np.empty((len(words), words.shape[1] + 1, len(start)))
    sure = np.ones(len(words), dtype=bool)
    _belief_kernel(len(start))(_plain(T), _plain(start), np.ascontiguousarray(words), faint, stride, beliefs, sure)
    return beliefs, sure


def compiled_log_probability(
    T: Float[np.ndarray, "symbol state state"],
    start: Float[np.ndarray, " state"],
    words: Int[np.ndarray, "seq time"],
    faint: float,
    stride: int,
) -> tuple[Float[np.ndarray, " seq"], Bool[np.ndarray, " seq"]]:
    """Log probability of words in nats, and which sequences it is right for; else as for beliefs."""
    found = np.zeros(len(words))
    sure = np.ones(len(words), dtype=bool)
    _log_kernel(len(start))(_plain(T), _plain(start), np.ascontiguousarray(words), faint, stride, found, sure)
    return found, sure


def _plain(array: np.ndarray) -> np.ndarray:
    """A writable, contiguous copy: numba compiles anew for each other kind of array."""
    return np.array(array, dtype=np.float64, order="C")


def _compiled(function: Callable[..., None]) -> Any:
    from numba import njit

    # fused multiply-add only: no sum is reordered, and nothing is assumed to be finite
    return njit(cache=True, error_model="numpy", fastmath={"contract"})(function)


@cache
def _belief_kernel(n: int) -> Any:
    side = _SIDE

    @no_type_check  # numba cannot compile what a checker wraps
    def beliefs(T, start, words, faint, stride, out, sure):
        n_seq, n_time = words.shape
        b = np.empty((side, n))
        m = np.empty(n)
        for first in range(0, n_seq, side):
            count = min(side, n_seq - first)
            for s in range(count):
                for i in range(n):
                    b[s, i] = start[i]
                    out[first + s, 0, i] = start[i]
            for begin in range(0, n_time, stride):
                for t in range(begin, min(begin + stride, n_time)):
                    for s in range(count):
                        x = words[first + s, t]
                        total = 0.0
                        for j in range(n):
                            value = b[s, 0] * T[x, 0, j]
                            for i in range(1, n):
                                value += b[s, i] * T[x, i, j]
                            m[j] = value
                            total += value
                        scale = 1.0 / total
                        for j in range(n):
                            value = m[j] * scale
                            b[s, j] = value
                            out[first + s, t + 1, j] = value
                for s in range(count):
                    for i in range(n):
                        if not (b[s, i] >= faint or b[s, i] == 0.0):  # faint, or no number after a forbidden symbol
                            sure[first + s] = False

    return _compiled(beliefs)


@cache
def _log_kernel(n: int) -> Any:
    side = _SIDE

    @no_type_check
    def log_probability(T, start, words, faint, stride, found, sure):
        n_seq, n_time = words.shape
        b = np.empty((side, n))
        m = np.empty(n)
        product = np.empty(side)  # of the totals whose logarithm is still to be taken
        for first in range(0, n_seq, side):
            count = min(side, n_seq - first)
            for s in range(count):
                product[s] = 1.0
                for i in range(n):
                    b[s, i] = start[i]
            for begin in range(0, n_time, stride):
                for t in range(begin, min(begin + stride, n_time)):
                    for s in range(count):
                        x = words[first + s, t]
                        total = 0.0
                        for j in range(n):
                            value = b[s, 0] * T[x, 0, j]
                            for i in range(1, n):
                                value += b[s, i] * T[x, i, j]
                            m[j] = value
                            total += value
                        scale = 1.0 / total
                        for j in range(n):
                            b[s, j] = m[j] * scale
                        product[s] *= total
                        if product[s] < faint:
                            found[first + s] += np.log(product[s])
                            product[s] = 1.0
                for s in range(count):
                    for i in range(n):
                        if not (b[s, i] >= faint or b[s, i] == 0.0):
                            sure[first + s] = False
            for s in range(count):
                found[first + s] += np.log(product[s])

    return _compiled(log_probability)
