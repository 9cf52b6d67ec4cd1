"""How often each word of one length occurs: windows packed into integers, counted at memory speed.

The code of a word is the number that its symbols spell in base n_symbol, the first symbol the most significant. Codes
of windows of length a + b are made of those of lengths a and b, so that length L takes log2 L passes over a stretch
that stays in the cache. Whatever has a gap in it is not counted.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float, Int, Integer

from compmech.inference.series import GAP, Series
from compmech.validation import check_count, frozen

__all__ = ["WordCounts", "count_words"]

_CHUNK = 1 << 15  # symbols; codes of them take 256 KB, which stays in the second cache

MOST_WORDS = 1 << 26
"""Words of one length that are counted: 512 MB of counts."""


@dataclass(frozen=True, eq=False)
class WordCounts:
    """How often every word of `length` symbols occurs.

    Attributes:
        counts: by code: words in lexicographic order, the first symbol slowest.
        n_symbol: size of the alphabet.
    """

    counts: Int[np.ndarray, " word"]
    n_symbol: int
    length: int

    @property
    def total(self) -> int:
        """Windows counted."""
        return int(self.counts.sum())

    @cached_property
    def by_history(self) -> Int[np.ndarray, "history symbol"]:
        """The same, the last symbol apart: how often each symbol follows each history of length - 1."""
        return self.counts.reshape(-1, self.n_symbol)

    def shorter(self, length: int) -> "WordCounts":
        """Counts of the words that end the windows: each end of a window is counted, so that histories of different
        lengths before the same symbols are compared on the same occasions.
        """
        if not 0 <= length <= self.length:
            raise ValueError(f"windows of {self.length} symbols end in words of 0 .. {self.length}; got {length}")
        counts = self.counts.reshape(-1, self.n_symbol**length).sum(axis=0)
        return WordCounts(frozen(counts), self.n_symbol, length)

    def frequencies(self) -> Float[np.ndarray, " word"]:
        """Shares of the windows. Raises ValueError if there are none."""
        if not self.total:
            raise ValueError(f"there is no stretch of {self.length} symbols without a gap")
        return self.counts / self.total


def count_words(data: Series | Iterable[Series], length: int) -> WordCounts:
    """Count all windows of one length.

    Args:
        data: a series; or the parts of one that is too long for memory, in order. Windows reach from part to part.
        length: symbols of a window, at least 0.
    Raises:
        ValueError: if there are too many words of that length, or parts over different alphabets.
    """
    length = check_count(length, "length")
    total: np.ndarray | None = None
    n_symbol, tail = 0, np.empty(0, dtype=np.int8)
    for part in [data] if isinstance(data, Series) else data:
        if total is None:
            n_symbol = part.n_symbol
            if length < 0 or n_symbol**length > MOST_WORDS:
                raise ValueError(
                    f"length must be at least 0, with at most {MOST_WORDS:,} words; {length} has {n_symbol}^{length}"
                )
            total = np.zeros(n_symbol**length, dtype=np.int64)
        elif part.n_symbol != n_symbol:
            raise ValueError(f"a part over {part.n_symbol} symbols follows one over {n_symbol}")
        codes = np.concatenate([tail, part.codes]) if len(tail) else part.codes
        _add(total, codes, n_symbol, length)
        tail = codes[len(codes) - min(len(codes), max(length - 1, 0)) :]
    if total is None:
        raise ValueError("there are no symbols")
    return WordCounts(frozen(total), n_symbol, length)


def window_codes(codes: Integer[np.ndarray, " time"], n_symbol: int, length: int) -> Int[np.ndarray, " window"]:
    """The code of the window that begins at each time. Windows with a gap get any code: see `whole_windows`."""
    piece, size, left = codes.astype(np.intp), 1, length
    found: np.ndarray | None = None
    held = 0
    while True:
        if left & 1:
            if found is None:
                found, held = piece, size
            else:
                n = min(len(found), len(piece) - held)
                found = found[:n] * n_symbol**size + piece[held : held + n]
                held += size
        left >>= 1
        if not left:
            break
        piece = piece[:-size] * n_symbol**size + piece[size:]
        size *= 2
    n_window = max(0, len(codes) - length + 1)
    return np.zeros(n_window, dtype=np.intp) if found is None else found[:n_window]


def whole_windows(codes: Integer[np.ndarray, " time"], length: int) -> np.ndarray:
    """Whether the window that begins at each time is without a gap."""
    gaps = np.concatenate([[0], np.cumsum(codes == GAP)])
    return np.asarray(gaps[length:] == gaps[: len(gaps) - length])


def _chunk(n_word: int) -> int:
    """Windows that are counted at once: a cacheful, or enough that adding the counts up costs little."""
    return max(_CHUNK, 8 * n_word)


def _add(total: np.ndarray, codes: np.ndarray, n_symbol: int, length: int) -> None:
    """Add the windows of one stretch, a cacheful at a time."""
    if length == 0:
        total[0] += np.count_nonzero(codes != GAP)
        return
    chunk = _chunk(len(total))
    for first in range(0, len(codes) - length + 1, chunk):
        part = codes[first : first + chunk + length - 1]
        found = window_codes(part, n_symbol, length)
        if part.min() == GAP:
            found = found[whole_windows(part, length)]
        total += np.bincount(found, minlength=len(total))
