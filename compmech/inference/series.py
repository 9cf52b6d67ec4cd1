"""What people bring: sequences of symbols, several at once, with gaps, over any alphabet."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from jaxtyping import Int, Integer

from compmech.validation import check_count, check_names, frozen

__all__ = ["GAP", "Series", "series"]

GAP = -1
"""Stands between sequences and for what is missing: no window reaches across it."""


@dataclass(frozen=True, eq=False)
class Series:
    """Symbols as numbers, with gaps. Made by `series`, or from an array of codes.

    Attributes:
        codes: 0 .. n_symbol-1, and `GAP` between sequences and where a symbol is missing; the smallest integers that
            hold them.
        alphabet: names of the symbols.
    """

    codes: Integer[np.ndarray, " time"]
    alphabet: tuple[Hashable, ...]

    def __post_init__(self) -> None:
        codes = np.asarray(self.codes)
        alphabet = check_names(self.alphabet, len(self.alphabet), "alphabet")
        if len(codes):
            least, most = int(codes.min()), int(codes.max())
            if least < GAP or most >= len(alphabet):
                raise ValueError(
                    f"codes must be {GAP} for a gap or 0 .. {len(alphabet) - 1}; got {least if least < GAP else most}"
                )
        object.__setattr__(self, "codes", frozen(codes))
        object.__setattr__(self, "alphabet", alphabet)

    @property
    def n_symbol(self) -> int:
        """Size of the alphabet."""
        return len(self.alphabet)

    @cached_property
    def n_observed(self) -> int:
        """Symbols that are there, gaps left out."""
        return int(np.count_nonzero(self.codes != GAP))

    @cached_property
    def frequencies(self) -> Int[np.ndarray, " symbol"]:
        """How often each symbol occurs."""
        return frozen(np.bincount(self.codes[self.codes != GAP], minlength=self.n_symbol))

    @cached_property
    def pieces(self) -> tuple[Integer[np.ndarray, " _"], ...]:
        """The stretches without a gap, in order."""
        edges = np.flatnonzero(np.diff(np.concatenate([[True], self.codes == GAP, [True]])))
        return tuple(self.codes[a:b] for a, b in zip(edges[::2], edges[1::2], strict=True))

    def part(self, first: int, last: int) -> "Series":
        """The symbols at times first .. last-1, over the same alphabet."""
        return Series(self.codes[first:last], self.alphabet)

    def over(self, alphabet: Iterable[Hashable]) -> "Series":
        """The same symbols as members of another alphabet.

        Raises:
            ValueError: if a symbol that occurs is not in it.
        """
        names = check_names(alphabet, len(alphabet := tuple(alphabet)), "alphabet")
        number = {name: place for place, name in enumerate(names)}
        for name, count in zip(self.alphabet, self.frequencies, strict=True):
            if count and name not in number:
                raise ValueError(f"the symbol {name!r} is not in the alphabet {_shown(names)}")
        code = np.array([*(number.get(name, GAP) for name in self.alphabet), GAP])  # the last is what a gap stays
        return Series(_small(code[self.codes], len(names)), names)

    def split(self, share: float) -> tuple["Series", "Series"]:
        """The first part in time, with that share of the symbols, and the rest.

        Raises:
            ValueError: if either would be empty.
        """
        seen = np.cumsum(self.codes != GAP)
        cut = int(np.searchsorted(seen, share * self.n_observed)) + 1
        if not 0 < int(seen[cut - 1]) < self.n_observed:
            raise ValueError(f"{self.n_observed} symbols cannot be split {share:g} to {1 - share:g}: bring more data")
        return self.part(0, cut), self.part(cut, len(self.codes))


def series(
    data: Iterable[Any],
    *,
    lengths: Sequence[int] | None = None,
    alphabet: Iterable[Hashable] | None = None,
    missing: Hashable = None,
) -> Series:
    """A series from symbols of any hashable kind.

    Args:
        data: one sequence: a string, a list, an array of integers or strings; or several, as a list of such. A row of
            numbers that are not whole is no sequence of symbols: see `compmech.symbolise`.
        lengths: of the sequences that are given one after the other in `data`; they sum to its length.
        alphabet: the symbols, in the order in which they are to be numbered; None: those that occur, sorted where they
            can be.
        missing: the symbol that stands for a missing one. NaN and None are missing, too.
    Raises:
        ValueError: if there are no symbols, one is not in the alphabet, or lengths do not fit.
    Example:
        >>> series("abba").codes.tolist(), series(["ab", "ba"]).codes.tolist()
        ([0, 1, 1, 0], [0, 1, -1, 1, 0])
    """
    rows = [row.tolist() if isinstance(row, np.ndarray) and row.dtype.kind == "O" else row for row in _rows(data)]
    if lengths is not None:
        if len(rows) != 1:
            raise ValueError("give either several sequences, or one with lengths")
        rows = _cut(rows[0], lengths)
    flat = [symbol for row in rows for symbol in row] if not all(isinstance(row, np.ndarray) for row in rows) else None
    if flat is None:
        return _of_arrays(rows, alphabet, missing)
    gone = {missing, None}
    seen = dict.fromkeys(s for s in flat if s not in gone and s == s)
    names = _ordered(seen) if alphabet is None else check_names(alphabet, len(alphabet := tuple(alphabet)), "alphabet")
    number = {name: code for code, name in enumerate(names)}
    for symbol in seen:
        if symbol not in number:
            raise ValueError(f"the symbol {symbol!r} is not in the alphabet {_shown(names)}")
    if not seen:
        raise ValueError("there are no symbols: every one is missing" if flat else "there are no symbols")
    codes: list[int] = []
    for row in rows:
        codes += [number.get(symbol, GAP) if symbol not in gone else GAP for symbol in row]
        codes.append(GAP)
    return Series(_small(np.array(codes[:-1], dtype=np.int64), len(names)), names)


def _rows(data: Iterable[Any]) -> list[Any]:
    if isinstance(data, str):
        return [data]
    if isinstance(data, np.ndarray):
        if data.ndim not in (1, 2):
            raise ValueError(f"an array must have axes (time) or (seq, time); got shape {data.shape}")
        return list(data) if data.ndim == 2 else [data]
    rows = list(data)
    several = [(isinstance(row, str) and len(row) != 1) or isinstance(row, list | tuple | np.ndarray) for row in rows]
    if rows and all(several):
        return rows
    if any(several) and not all(isinstance(row, str) for row in rows):
        at = several.index(True)
        raise ValueError(f"sequences and symbols are mixed: entry {at} is {rows[at]!r} and entry 0 is {rows[0]!r}")
    return [rows]


def _cut(row: Any, lengths: Sequence[int]) -> list[Any]:
    counted = [check_count(length, "lengths") for length in lengths]
    if sum(counted) != len(row) or min(counted, default=0) < 0:
        raise ValueError(f"lengths must sum to the number of symbols, {len(row)}; they sum to {sum(counted)}")
    edges = np.cumsum([0, *counted])
    return [row[a:b] for a, b in pairwise(edges)]


def _of_arrays(rows: Sequence[np.ndarray], alphabet: Iterable[Hashable] | None, missing: Hashable) -> Series:
    """The same for arrays, without a Python object for each symbol."""
    data = np.concatenate([part for row in rows for part in (row, row[:0])])
    if data.dtype.kind == "f" and np.isinf(data).any():
        raise ValueError("infinite numbers are no symbols; NaN is a missing one")
    if (
        data.dtype.kind == "f"
        and not np.equal(data, np.floor(data), where=np.isfinite(data), out=np.ones(data.shape, bool)).all()
    ):
        raise ValueError("numbers that are not whole are no symbols: make symbols of them first (compmech.symbolise)")
    gone = np.zeros(data.shape, dtype=bool)
    if data.dtype.kind in "fMm":
        gone = np.isnan(data)
    if missing is not None:
        gone |= data == missing
    if not len(data) or gone.all():
        raise ValueError("there are no symbols: every one is missing" if len(data) else "there are no symbols")
    found, code = _numbered(data, gone)
    plain = [name.item() if isinstance(name, np.generic) else name for name in found]
    if data.dtype.kind == "f":
        plain = [int(name) for name in plain]
    names: tuple[Hashable, ...] = tuple(plain)
    if alphabet is not None:
        names = check_names(alphabet, len(alphabet := tuple(alphabet)), "alphabet")
        number = {name: place for place, name in enumerate(names)}
        for name in plain:
            if name not in number:
                raise ValueError(f"the symbol {name!r} is not in the alphabet {_shown(names)}")
        code = np.array([number[name] for name in plain])[code]
    code = np.where(gone, GAP, code)
    parts, place = [], 0
    for row in rows:
        parts += [code[place : place + len(row)], np.array([GAP])]
        place += len(row)
    return Series(_small(np.concatenate(parts[:-1]), len(names)), names)


def _numbered(data: np.ndarray, gone: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The distinct symbols in order, and the place of each; small integers are counted, not sorted."""
    if data.dtype.kind in "iu" and int(data.min()) >= 0 and int(data.max()) < 1 << 20:
        present = np.zeros(int(data.max()) + 1, dtype=bool)
        present[data[~gone] if gone.any() else data] = True
        return np.flatnonzero(present).astype(data.dtype), (np.cumsum(present) - 1)[data]
    found = np.unique(data[~gone])
    return found, np.searchsorted(found, np.where(gone, found[0], data))


def _ordered(seen: Iterable[Hashable]) -> tuple[Hashable, ...]:
    names = list(seen)
    try:
        return tuple(sorted(names))  # type: ignore[type-var]
    except TypeError:  # of kinds that have no common order: as they came
        return tuple(names)


def _small(codes: np.ndarray, n_symbol: int) -> np.ndarray:
    return codes.astype(np.int8 if n_symbol < 128 else np.int16 if n_symbol < 1 << 15 else np.int32)


def _shown(names: Sequence[Hashable]) -> str:
    some = ", ".join(repr(name) for name in names[:8])
    return f"({some}{', ...' if len(names) > 8 else ''})"
