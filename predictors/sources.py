"""What training can draw from besides a process: windows of a corpus, and fixed sequences."""

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Int, Num
from torch import Tensor

__all__ = ["PADDING", "FixedSequences", "Source", "Windows", "as_source", "is_padded"]

PADDING = -1
"""What follows the end of a document that is shorter than what was asked for. Only sources with `padded` give it."""

AT_ONCE = 2**22
"""Symbols looked at in one go while a corpus is checked: one that lies on disk is never read whole into memory."""


@runtime_checkable
class Source(Protocol):
    """What training draws from. If it has `predict` too, as a process, the KL to the optimum can be followed.

    A source with an `alphabet` is held to the predictor's. One with `padded = True` may put `PADDING` after the end of
    a sequence; nothing is predicted there.
    """

    def sample(self, n_seq: int, n_time: int, *, rng: np.random.Generator) -> Any:
        """Independent words of integers 0 .. n_symbol - 1, (seq, time)."""
        ...


def is_padded(source: object) -> bool:
    """Whether the source says that its sequences may end early."""
    return bool(getattr(source, "padded", False))


def as_source(source: object, n_symbol: int) -> Source:
    """A source as it is; an array (seq, time) as `FixedSequences`; an array (time,) or a list of them as `Windows`.

    Raises:
        ValueError: if it is nothing of the kind.
    """
    if isinstance(source, Source):
        return source
    if isinstance(source, Tensor | np.ndarray):
        tokens = _integers(source, "tokens")
        return Windows(tokens, n_symbol=n_symbol) if tokens.ndim == 1 else FixedSequences(tokens, n_symbol=n_symbol)
    if isinstance(source, list | tuple):
        return Windows(source, n_symbol=n_symbol)
    raise ValueError(
        f"training draws from a process, another object with sample(n_seq, n_time, rng=...), an array of tokens or a "
        f"list of arrays; got {type(source).__name__}"
    )


class Windows:
    """Stretches of a corpus, begun anywhere: every window that fits into a document is as likely as any other.

    A document shorter than a window is given whole, with `PADDING` after it, as often as one window. Windows do not
    cross from one document to the next. Symbols near the ends of a document are in fewer windows than those inside, so
    they are seen less often.

    Args:
        documents: one array (time,), or several. Nothing is copied, so that an array may lie on disk (`numpy.memmap`).
        n_symbol: size of the alphabet, of tokens 0 .. n_symbol - 1.
    Raises:
        ValueError: if there are no documents, one is empty, none has two symbols, or a token is out of range.
    Example:
        >>> corpus = Windows([np.array([0, 1, 1]), np.array([1])], n_symbol=2)
        >>> sorted(map(tuple, corpus.sample(100, 2, rng=np.random.default_rng(0)).tolist()))[::33]
        [(0, 1), (1, -1), (1, 1), (1, 1)]
    """

    padded = True

    def __init__(self, documents: Sequence[Any] | Num[np.ndarray, "*time"] | Num[Tensor, "*time"], *, n_symbol: int):
        alone = isinstance(documents, np.ndarray | Tensor) and documents.ndim == 1
        given = [documents] if alone else list(documents)
        if not given:
            raise ValueError("a corpus has at least one document; got none")
        self.documents = tuple(_integers(each, f"document {i}") for i, each in enumerate(given))
        for i, document in enumerate(self.documents):
            if document.ndim != 1 or len(document) == 0:
                raise ValueError(f"document {i} must have the axis (time,) and a symbol; got shape {document.shape}")
            _check_range(document, n_symbol, f"document {i}")
        self.lengths = np.array([len(document) for document in self.documents])
        if self.lengths.max() < 2:
            raise ValueError("no document has two symbols: there is nothing to predict from anything")
        self.alphabet = tuple(range(n_symbol))

    def sample(self, n_seq: int, n_time: int, *, rng: np.random.Generator) -> Int[np.ndarray, "seq time"]:
        """Windows of n_time symbols."""
        windows = np.maximum(1, self.lengths - n_time + 1)
        last = np.cumsum(windows)
        drawn = rng.integers(last[-1], size=n_seq)
        which = np.searchsorted(last, drawn, side="right")
        starts = drawn - (last - windows)[which]
        words = np.full((n_seq, n_time), PADDING, dtype=np.int64)
        for row, (document, start) in enumerate(zip(which, starts, strict=True)):
            piece = self.documents[document][start : start + n_time]
            words[row, : len(piece)] = piece
        return words


class FixedSequences:
    """Sequences of an array, each from its start, drawn with replacement: uniformly, or by a given probability.

    Args:
        tokens: (seq, time).
        n_symbol: size of the alphabet.
        weight: probability of each sequence, summing to 1; None: all alike. With every word of a process and its
            probability these are the process's own words.
    Raises:
        ValueError: if there are no sequences, a token is out of range, or the weights are no probabilities.
    """

    def __init__(
        self,
        tokens: Num[np.ndarray, "seq time"] | Num[Tensor, "seq time"],
        *,
        n_symbol: int,
        weight: Float[np.ndarray, " seq"] | None = None,
    ) -> None:
        self.tokens = _integers(tokens, "tokens")
        if self.tokens.ndim != 2 or 0 in self.tokens.shape:
            raise ValueError(f"tokens must have axes (seq, time), none of length 0; got shape {self.tokens.shape}")
        _check_range(self.tokens, n_symbol, "tokens")
        if weight is not None and (
            weight.shape != self.tokens.shape[:1] or bool((weight < 0).any()) or not abs(weight.sum() - 1) <= 1e-9
        ):
            n_seq = len(self.tokens)
            raise ValueError(
                f"weight must be {n_seq} nonnegative numbers that sum to 1; they sum to {weight.sum():.9g}"
            )
        self.weight, self.alphabet = weight, tuple(range(n_symbol))

    def sample(self, n_seq: int, n_time: int, *, rng: np.random.Generator) -> Int[np.ndarray, "seq time"]:
        """The first n_time symbols of sequences drawn anew. Raises ValueError if they are not so long."""
        if n_time > self.tokens.shape[1]:
            raise ValueError(
                f"sequences of {n_time} symbols are asked for, and there are {self.tokens.shape[1]} in each: training "
                "at a length draws one symbol more than it reads"
            )
        if self.weight is None:
            rows = rng.integers(len(self.tokens), size=n_seq)
        else:
            rows = rng.choice(len(self.tokens), size=n_seq, p=self.weight)
        return np.asarray(self.tokens[rows, :n_time], dtype=np.int64)


def _integers(tokens: Any, what: str) -> np.ndarray:
    array = tokens.cpu().numpy() if isinstance(tokens, Tensor) else np.asarray(tokens)
    if array.dtype.kind not in "iu" and array.size:
        raise ValueError(f"{what} must be integers; got dtype {array.dtype}")
    return array


def _check_range(array: np.ndarray, n_symbol: int, what: str) -> None:
    flat = array.reshape(-1)
    for start in range(0, len(flat), AT_ONCE):
        part = flat[start : start + AT_ONCE]
        if int(part.min()) < 0 or int(part.max()) >= n_symbol:
            at = start + int(np.flatnonzero((part < 0) | (part >= n_symbol))[0])
            where = ", ".join(str(int(i)) for i in np.unravel_index(at, array.shape))
            raise ValueError(f"{what} must be in 0 .. {n_symbol - 1}; [{where}] is {int(flat[at])}")
