"""Files of symbols that are too long for memory, read piece by piece: letters, or an array of whole numbers."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np

from compmech.cli.failure import Misused, unreadable
from compmech.cli.series_files import MOST_SYMBOLS
from compmech.inference.series import Series
from compmech.inference.streamed import Parts

__all__ = ["streamed_parts"]

_PIECE = 1 << 22
"""Symbols, or bytes of text, that are read at once."""

_LINE_BREAKS = np.frombuffer(b"\r\n", dtype=np.uint8)
_SPACES = np.frombuffer(b" \t\v\f", dtype=np.uint8)


def streamed_parts(path: Path) -> Parts:
    """The series of a file, by its suffix: .npy, an array of one axis; else letters in ASCII, in lines or not.

    The file is read once to see which symbols there are, and again whenever the parts are.

    Raises:
        Misused: if the file cannot be read that way.
    """
    with unreadable(path):
        pieces = _array_pieces(path) if path.suffix.lower() == ".npy" else _text_pieces(path)
        counts: dict[int, int] = {}
        for piece in pieces():
            for value, times in zip(*np.unique(piece, return_counts=True), strict=True):
                counts[int(value)] = counts.get(int(value), 0) + int(times)
            if len(counts) > MOST_SYMBOLS:
                raise Misused(f"{path}: more than {MOST_SYMBOLS} distinct symbols")
    if not counts:
        raise Misused(f"{path}: there are no symbols")
    found = np.array(sorted(counts))
    alphabet = tuple(found.tolist()) if path.suffix.lower() == ".npy" else tuple(map(chr, found.tolist()))

    def read() -> Iterator[Series]:
        with unreadable(path):
            for piece in pieces():
                yield Series(np.searchsorted(found, piece).astype(np.int16), alphabet)

    return Parts(alphabet, sum(counts.values()), read)


def _text_pieces(path: Path) -> Callable[[], Iterable[np.ndarray]]:
    def pieces() -> Iterator[np.ndarray]:
        with path.open("rb") as file:
            while raw := file.read(_PIECE):
                letters = np.frombuffer(raw, dtype=np.uint8)
                if letters.max() > 127:
                    raise Misused(f"{path}: --stream reads letters in ASCII; this has others")
                if np.isin(letters, _SPACES).any():
                    raise Misused(
                        f"{path}: --stream reads letters with nothing but line breaks between; this has spaces"
                    )
                yield letters[~np.isin(letters, _LINE_BREAKS)]

    return pieces


def _array_pieces(path: Path) -> Callable[[], Iterable[np.ndarray]]:
    try:
        head = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise Misused(f"{path}: not an array that can be read: {error}") from error
    if not isinstance(head, np.ndarray) or head.ndim != 1 or head.dtype.kind not in "iub":
        what = f"{head.dtype} of shape {head.shape}" if isinstance(head, np.ndarray) else "several arrays"
        raise Misused(f"{path}: --stream reads an array of one axis of whole numbers; this is {what}")

    def pieces() -> Iterator[np.ndarray]:
        for at in range(0, len(head), _PIECE):
            # mapped anew for each piece, so that what was read does not stay in memory
            yield np.array(np.load(path, mmap_mode="r", allow_pickle=False)[at : at + _PIECE])

    return pieces
