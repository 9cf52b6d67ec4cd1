"""Files of symbols to train on: arrays of integers (.npy) and text whose characters are the symbols (.txt)."""

from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from compmech.cli.arguments import safe_label
from compmech.cli.failure import Misused, misuse, unreadable

if TYPE_CHECKING:
    from predictors import FixedSequences, Windows

__all__ = ["DataFile", "read_data", "source_of"]


@dataclass(frozen=True, eq=False)
class DataFile:
    """What a file holds: documents or an array of tokens, and the symbols that tokens 0, 1, .. stand for.

    `title` names the content too, so that a run is never resumed with other data.
    """

    label: str
    title: str
    tokens: Any
    alphabet: tuple[Any, ...]
    longest: int


def read_data(path: Path, *, alphabet: tuple[Any, ...] | None = None) -> DataFile:
    """A file of symbols; `alphabet` is that of other data, which this has to keep to.

    Raises Misused for a file that is missing, of another kind, damaged, empty, or has symbols that are not in
    `alphabet`.
    """
    readers = {".npy": _array, ".txt": _text}
    if path.suffix not in readers:
        raise Misused(f"{path}: data are a .npy file of integers or a .txt file whose characters are the symbols")
    with unreadable(path):
        with path.open("rb") as file:
            digest = file_digest(file, "sha256").hexdigest()
        tokens, known, longest = readers[path.suffix](path, alphabet)
    return DataFile(safe_label(f"data-{path.stem}"), f"{path.name} (sha256 {digest[:16]})", tokens, known, longest)


def source_of(data: DataFile, length: int) -> "Windows | FixedSequences":
    """What training at a length draws from. Raises Misused if nothing is long enough."""
    from predictors import FixedSequences, Windows

    if data.longest < length + 1:
        raise Misused(
            f"{data.title} has no sequence of {length + 1} symbols, only of up to {data.longest}: training at a "
            f"length draws one symbol more than it reads, so --length is at most {data.longest - 1} here"
        )
    n_symbol = len(data.alphabet)
    with misuse(within=data.title):
        if isinstance(data.tokens, np.ndarray) and data.tokens.ndim == 2:
            return FixedSequences(data.tokens, n_symbol=n_symbol)
        return Windows(data.tokens, n_symbol=n_symbol)


def _array(path: Path, alphabet: tuple[Any, ...] | None) -> tuple[Any, tuple[Any, ...], int]:
    """On the disk, where it stays: windows are read as they are drawn."""
    try:
        tokens = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise Misused(f"{path} is no .npy file of numbers: {error}") from None
    if not isinstance(tokens, np.ndarray):
        raise Misused(f"{path} holds several arrays: save one, with numpy.save")
    if tokens.dtype.kind not in "iu":
        raise Misused(f"{path} must hold integers 0, 1, ..; got dtype {tokens.dtype}: save tokens.astype(int)")
    if tokens.ndim not in (1, 2) or tokens.size == 0:
        raise Misused(f"{path} must have axes (time,) or (seq, time), none empty; got shape {tokens.shape}")
    known = tuple(range(int(tokens.max()) + 1)) if alphabet is None else alphabet
    return tokens, known, int(tokens.shape[-1])


def _text(path: Path, alphabet: tuple[Any, ...] | None) -> tuple[Any, tuple[Any, ...], int]:
    """Each line is a document of its own."""
    try:
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line]
    except UnicodeDecodeError as error:
        raise Misused(f"{path} is no UTF-8 text: {error}") from None
    if not lines:
        raise Misused(f"{path} holds no symbols")
    known = tuple(sorted(set().union(*lines))) if alphabet is None else alphabet
    place = {symbol: token for token, symbol in enumerate(known)}
    for number, line in enumerate(lines, start=1):
        for column, symbol in enumerate(line, start=1):
            if symbol not in place:
                shown = "".join(map(str, known))
                raise Misused(f"{path}, line {number}, column {column}: {symbol!r} is no symbol of the data ({shown})")
    documents = [np.array([place[symbol] for symbol in line]) for line in lines]
    return documents, known, max(map(len, documents))
