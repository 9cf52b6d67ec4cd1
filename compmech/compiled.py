"""Filters compiled by numba, the optional extra `fast`; see `compmech.filtering` for when they are used.

They do in float64 what the NumPy filters do (`compmech.vector_filters` has the loops). They raise nothing: what is
forbidden, faint or doubtful is left to the NumPy filters, which know what to say of it.
"""

from functools import cache
from importlib.util import find_spec

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy.lib.stride_tricks import as_strided

# Importing numba takes 0.4 s, a filter for a new number of states 1 s more, the first time: the code is kept on disk.
# Below so many symbols NumPy is done in a few milliseconds.
MANY = 2**18

# With more states than this the products of NumPy are no slower.
MOST_STATES = 16


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
    from compmech.vector_filters import belief_filter, lanes

    n_seq, n_time = words.shape
    n = len(start)
    beliefs = np.empty((n_seq, n_time + 1, n))
    sure = np.ones(n_seq, dtype=bool)
    numbers, row = _one_after_another(words)
    given = _in_lanes(T, lanes(n)), _private(start), numbers, len(T), n_seq, n_time, row, faint, stride
    belief_filter(n)(*given, beliefs.reshape(-1), sure)
    return beliefs, sure


def compiled_log_probability(
    T: Float[np.ndarray, "symbol state state"],
    start: Float[np.ndarray, " state"],
    words: Int[np.ndarray, "seq time"],
    faint: float,
    stride: int,
) -> tuple[Float[np.ndarray, " seq"], Bool[np.ndarray, " seq"]]:
    """Log probability of words in nats, and which sequences it is right for; else as for beliefs."""
    from compmech.vector_filters import lanes, log_filter

    n_seq, n_time = words.shape
    n = len(start)
    found = np.zeros(n_seq)
    sure = np.ones(n_seq, dtype=bool)
    numbers, row = _one_after_another(words)
    given = _in_lanes(T, lanes(n)), _private(start), numbers, len(T), n_seq, n_time, row, faint, stride
    log_filter(n)(*given, found, sure)
    return found, sure


def _in_lanes(T: Float[np.ndarray, "symbol state state"], width: int) -> Float[np.ndarray, " numbers"]:
    """The matrices, flat, with their sums over next states beside them and zeros after that."""
    n = T.shape[1]
    table = np.zeros((*T.shape[:2], width))
    table[:, :, :n] = T
    table[:, :, n] = T.sum(axis=2)
    return table.reshape(-1)


def _private(array: np.ndarray) -> np.ndarray:
    """A writable, contiguous copy: numba compiles anew for each other kind of array."""
    return np.array(array, dtype=np.float64, order="C")


def _one_after_another(words: Int[np.ndarray, "seq time"]) -> tuple[Int[np.ndarray, " number"], int]:
    """What lies in memory from the first symbol to the last, words and what is between them, and how far apart these
    begin; a copy where a word is not in one piece."""
    n_seq, n_time = words.shape
    ahead, step = words.strides
    if not words.size or words.dtype != np.intp or step != words.itemsize or ahead < 0 or ahead % step:
        return np.ascontiguousarray(words, dtype=np.intp).reshape(-1), n_time
    row = ahead // step
    return as_strided(words, ((n_seq - 1) * row + n_time,), (step,), writeable=False), row
