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

_VALUES = 1 << 16
"""Numbers that symbols of an array may be."""

_TABLES = (".csv", ".tsv", ".parquet", ".pq")

_LINE_BREAKS, _SPACES = b"\r\n", b" \t\v\f"


def streamed_parts(path: Path) -> Parts:
    """The series of a file, by its suffix: .npy, an array of one axis; else letters in ASCII, in lines or not.

    The file is read once to see which symbols there are, and again whenever the parts are.

    Raises:
        Misused: if the file cannot be read that way.
    """
    if path.suffix.lower() in _TABLES:
        raise Misused(f"--stream reads letters, or whole numbers in .npy; {path} is a table")
    with unreadable(path):
        pieces = _array_pieces(path) if path.suffix.lower() == ".npy" else _text_pieces(path)
        counts = np.zeros(_VALUES, dtype=np.int64)
        for piece in pieces():
            counts += np.bincount(piece, minlength=_VALUES)
    found = np.flatnonzero(counts)
    if not 0 < len(found) <= MOST_SYMBOLS:
        problem = f"{len(found)} distinct symbols: at most {MOST_SYMBOLS} are taken" if len(found) else "no symbols"
        raise Misused(f"{path}: there are {problem}")
    numbers = found.tolist()
    alphabet: tuple[int | str, ...] = tuple(numbers if path.suffix.lower() == ".npy" else map(chr, numbers))
    code = (np.cumsum(counts > 0) - 1).astype(np.int8 if len(found) < 128 else np.int16)

    def read() -> Iterator[Series]:
        with unreadable(path):
            for piece in pieces():
                yield Series(code[piece], alphabet)

    return Parts(alphabet, int(counts.sum()), read)


def _text_pieces(path: Path) -> Callable[[], Iterable[np.ndarray]]:
    def pieces() -> Iterator[np.ndarray]:
        with path.open("rb") as file:
            while raw := file.read(_PIECE):
                if not raw.isascii():
                    raise Misused(f"{path}: --stream reads letters in ASCII; this has others")
                if any(space in raw for space in _SPACES):
                    raise Misused(
                        f"{path}: --stream reads letters with nothing but line breaks between; this has spaces"
                    )
                yield np.frombuffer(raw.translate(None, _LINE_BREAKS), dtype=np.uint8)

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
            piece = np.array(np.load(path, mmap_mode="r", allow_pickle=False)[at : at + _PIECE], dtype=np.int64)
            if piece.min() < 0 or piece.max() >= _VALUES:
                raise Misused(f"{path}: --stream reads whole numbers from 0 to {_VALUES - 1}; this has others")
            yield piece

    return pieces
