"""Symbols one after another with separators between documents, and what was read before a place, eight bytes at a time.

A place is an index into the stream; the history of a place is what its document has before it, read backwards. A word
of eight bytes holds the symbols before a place, the last one in the highest bits: comparing such numbers compares
histories, and a separator, which is 0, comes before every symbol.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int, Integer, Shaped, UInt64

SEPARATOR = 0
"""Stands before and after every document. Symbol x of the alphabet is stored as x + 1."""


@dataclass(frozen=True, eq=False)
class Stream:
    """Documents and separators.

    Attributes:
        data: the stream, with as many separators before it as symbols go into eight bytes.
        n_symbol: size of the alphabet.
    """

    data: Shaped[np.ndarray, " padded"]
    n_symbol: int

    @classmethod
    def of(cls, codes: Integer[np.ndarray, " time"], n_symbol: int) -> "Stream":
        """A stream from codes 0 .. n_symbol-1, and -1 between documents."""
        dtype = np.dtype(np.uint8 if n_symbol < 1 << 8 else np.uint16 if n_symbol < 1 << 16 else np.uint32)
        lanes = 8 // dtype.itemsize
        data = np.zeros(lanes + len(codes) + 1, dtype=dtype)
        np.add(codes, 1, out=data[lanes:-1], casting="unsafe", dtype=np.int64 if codes.dtype.itemsize > 2 else np.int32)
        data.setflags(write=False)
        return cls(data, n_symbol)

    @property
    def lanes(self) -> int:
        """Symbols in eight bytes."""
        return int(8 // self.data.itemsize)

    @property
    def symbols(self) -> Shaped[np.ndarray, " place"]:
        """The stream; the last is a separator."""
        return self.data[self.lanes :]

    @property
    def words(self) -> UInt64[np.ndarray, " place"]:
        """For each place the eight bytes before it as a number, the nearest symbol highest."""
        first = self.data[: self.lanes].view("<u8")
        return np.lib.stride_tricks.as_strided(first, (len(self.symbols),), (self.data.itemsize,), writeable=False)

    @property
    def starts(self) -> Int[np.ndarray, " document"]:
        """The place of the first symbol of each document that has one."""
        there = self.data[self.lanes - 1 :] != SEPARATOR
        return np.flatnonzero(there[1:] & ~there[:-1])

    def lengths(self, starts: Int[np.ndarray, " document"]) -> Int[np.ndarray, " document"]:
        """Symbols of each document."""
        ends = np.flatnonzero(self.symbols == SEPARATOR)
        return np.asarray(ends[np.searchsorted(ends, starts)] - starts)


def common_prefix(
    one: Stream,
    places: Int[np.ndarray, " pair"],
    other: Stream,
    others: Int[np.ndarray, " pair"],
    most: Int[np.ndarray, " pair"],
    known: Int[np.ndarray, " pair"],
) -> tuple[Int[np.ndarray, " pair"], np.ndarray]:
    """How many symbols of two histories agree, and whether the first comes before the second.

    Args:
        most: no more are compared: the first history is taken to end there, and so comes before its continuations.
        known: as many are known to agree; neither history is shorter.
    """
    agree, before = known.astype(np.int64), np.ones(len(places), dtype=bool)
    left, right, lanes = one.words, other.words, one.lanes
    bits = 64 // lanes
    going = np.flatnonzero(agree < most)
    a, b, done, most_left = places[going], others[going], agree[going], most[going]
    while len(going):
        x, y = left[a - done], right[b - done]
        difference = x ^ y
        equal = (64 - _bit_length(difference)) // bits
        np.minimum(done + equal, most_left, out=done)
        ended = (difference != 0) | (done == most_left)
        stop = going[ended]
        agree[stop] = done[ended]
        before[stop] = (x < y)[ended] | (done == most_left)[ended]
        if ended.all():
            break
        on = ~ended
        going, a, b, done, most_left = going[on], a[on], b[on], done[on], most_left[on]
    return agree, before


def _bit_length(numbers: UInt64[np.ndarray, " pair"]) -> Int[np.ndarray, " pair"]:
    """Bits up to the highest one; the second highest is cleared first, so that float64 does not round up past it."""
    return np.asarray(np.frexp((numbers & ~(numbers >> np.uint64(1))).astype(np.float64))[1], dtype=np.int64)
