"""Symbols from real values, and what each symbol stands for.

`sign`, `threshold` and `quantile` look at one value at a time, `sax` at means of a few, `ordinal` at their order.
NaN is a missing value and becomes a gap: no window reaches across it, no frame or pattern holds it. A symbol that never
occurs is not in the alphabet. `Symbolised.meaning` is the inverse: the values that give a symbol, as far as they can be
told from it.

Edges of `quantile` and `sax` come from all the values given, those that are held out later as well; to be strict, take
them from an early part and give them to `threshold`. `symbolised` takes any of them by a word, as the command line
does.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike

from compmech.errors import nearest
from compmech.inference.series import GAP, Series
from compmech.validation import check_count

__all__ = ["Cell", "Pattern", "Symbolised", "ordinal", "quantile", "sax", "sign", "symbolised", "threshold"]

# Letters of sax, and the longest pattern whose places are single digits.
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_LONGEST_PATTERN = 8

_HOW = "sign, quantile:3, threshold:0, ordinal:3, sax:4"


@dataclass(frozen=True)
class Cell:
    """The values from `low` to `high`: low <= x < high, or x = low where both are equal.

    `open_below` excludes `low` itself. `frame` > 1: what lies there is the mean of so many values.
    """

    low: float
    high: float
    open_below: bool = False
    frame: int = 1

    def __contains__(self, x: float) -> bool:
        if self.low == self.high:
            return x == self.low
        return (x > self.low if self.open_below else x >= self.low) and x < self.high

    def __str__(self) -> str:
        x = "x" if self.frame == 1 else f"mean of {self.frame} values"
        if self.low == self.high:
            return f"{x} = {self.low:g}"
        above = "" if self.low == -inf else f"{self.low:.6g} {'<' if self.open_below else '<='} "
        if self.high == inf:
            return f"{x} {'>' if self.open_below else '>='} {self.low:.6g}"
        return f"{above}{x} < {self.high:.6g}"


@dataclass(frozen=True)
class Pattern:
    """Consecutive values x0, x1, ... in this order of size; the earlier of two equal ones counts as the smaller."""

    order: tuple[int, ...]

    def __str__(self) -> str:
        signs = ["<=" if a < b else "<" for a, b in pairwise(self.order)]
        parts = [f"x{self.order[0]}"] + [f"{sign} x{i}" for sign, i in zip(signs, self.order[1:], strict=True)]
        return " ".join(parts)


@dataclass(frozen=True, eq=False)
class Symbolised:
    """Symbols, and what they stand for.

    Attributes:
        series: the symbols, with gaps.
        meaning: of each symbol of the alphabet, in its order.
    """

    series: Series
    meaning: tuple[Cell | Pattern, ...]

    def to_dict(self) -> dict[str, str]:
        """What each symbol stands for, in words."""
        return {str(name): str(one) for name, one in zip(self.series.alphabet, self.meaning, strict=True)}


def sign(values: ArrayLike) -> Symbolised:
    """`-`, `0` and `+`: whether each value is below, at, or above zero.

    Raises:
        ValueError: if the values are not one row of numbers, one is infinite, or all are missing.
    Example:
        >>> found = sign([0.5, -1, float("nan"), 2])
        >>> found.series.codes.tolist(), found.to_dict()
        ([1, 0, -1, 1], {'-': 'x < 0', '+': 'x > 0'})
    """
    x = real_row(values)
    cells = (Cell(-inf, 0.0), Cell(0.0, 0.0), Cell(0.0, inf, open_below=True))
    return _named(np.where(np.isnan(x), GAP, np.sign(np.where(np.isnan(x), 0, x)) + 1), ("-", "0", "+"), cells)


def threshold(values: ArrayLike, edges: float | Sequence[float] = 0.0) -> Symbolised:
    """0, 1, ...: how many of the edges each value reaches.

    Args:
        edges: one, or several that rise. Symbol i stands for edges[i-1] <= x < edges[i].
    Raises:
        ValueError: as for `sign`; or if edges are not finite, or do not rise.
    """
    x = real_row(values)
    cuts = np.atleast_1d(np.asarray(edges, dtype=float))
    if cuts.ndim != 1 or not len(cuts) or not np.isfinite(cuts).all() or (np.diff(cuts) <= 0).any():
        raise ValueError(f"edges must be finite numbers that rise; got {np.asarray(edges).tolist()}")
    return _cut(x, cuts, tuple(range(len(cuts) + 1)))


def quantile(values: ArrayLike, n_symbol: int) -> Symbolised:
    """0 .. n_symbol-1: equally many values to each symbol, by size.

    Args:
        n_symbol: at least 2. Symbol i stands for the values from the i-th to the (i+1)-th of the n_symbol-quantiles,
            the lower one included.
    Raises:
        ValueError: as for `sign`; or if n_symbol is below 2, or so many values are equal that a symbol has none.
    """
    x = real_row(values)
    if check_count(n_symbol, "n_symbol") < 2:
        raise ValueError(f"quantile needs at least 2 symbols; got {n_symbol}")
    known = x[~np.isnan(x)]
    cuts = np.quantile(known, np.arange(1, n_symbol) / n_symbol)
    if len(np.unique(np.searchsorted(cuts, known, side="right"))) < n_symbol:
        common, times = np.unique(known, return_counts=True)
        raise ValueError(
            f"{n_symbol} quantiles need values that differ: {common[times.argmax()]:g} is {times.max()} of {len(known)}"
            ". Take fewer symbols, or threshold"
        )
    return _cut(x, cuts, tuple(range(n_symbol)))


def sax(values: ArrayLike, n_symbol: int, *, frame: int = 1) -> Symbolised:
    """Letters from a: means of `frame` values, by where they lie among equally probable parts of the normal law.

    The law has the mean and the standard deviation of all values (one series, one scale), the means of frames side by
    side are cut at its quantiles. A frame with a missing value is a gap; values that fill no frame at the end are left
    out.

    Args:
        n_symbol: 2 .. 26. frame: values to a symbol, at least 1.
    Raises:
        ValueError: as for `sign`; or if n_symbol or frame do not fit, or the values do not vary.
    Reference:
        Lin, Keogh, Wei and Lonardi, Data Mining and Knowledge Discovery 15, 107 (2007).
    """
    from scipy.stats import norm

    x = real_row(values)
    if not 2 <= check_count(n_symbol, "n_symbol") <= len(_LETTERS):
        raise ValueError(f"sax takes 2 .. {len(_LETTERS)} symbols; got {n_symbol}")
    if not 1 <= check_count(frame, "frame") <= len(x):
        raise ValueError(f"a frame must hold 1 .. {len(x)} values, those that there are; got {frame}")
    spread = float(np.nanstd(x))
    if not spread > 0:
        raise ValueError("all values are equal: sax has no scale to cut them by")
    means = x[: len(x) // frame * frame].reshape(-1, frame).mean(axis=1)
    if np.isnan(means).all():
        raise ValueError(f"every frame of {frame} values has a missing one: take shorter frames")
    cuts = float(np.nanmean(x)) + spread * norm.ppf(np.arange(1, n_symbol) / n_symbol)
    return _cut(means, cuts, tuple(_LETTERS[:n_symbol]), frame)


def ordinal(values: ArrayLike, length: int, *, step: int | None = None) -> Symbolised:
    """Which of `length` consecutive values is the smallest, which the next, and so on: `102` is x1 < x0 <= x2.

    Of equal values the earlier counts as the smaller. By default windows lie side by side, so that independent values
    give independent symbols; windows that overlap (step=1, as in the reference) share values, and their symbols have
    structure of their own even where the values have none. A window with a missing value is a gap.

    Args:
        length: 2 .. 8.
        step: from window to window; None: length.
    Raises:
        ValueError: as for `sign`; or if length or step do not fit, or every window has a missing value.
    Reference:
        Bandt and Pompe, Physical Review Letters 88, 174102 (2002).
    """
    x = real_row(values)
    if not 2 <= check_count(length, "length") <= _LONGEST_PATTERN:
        raise ValueError(f"ordinal patterns have 2 .. {_LONGEST_PATTERN} values; got {length}")
    if step is not None and check_count(step, "step") < 1:
        raise ValueError(f"step must be at least 1; got {step}")
    if len(x) < length:
        raise ValueError(f"there are {len(x)} values, and a pattern has {length}")
    windows = np.lib.stride_tricks.sliding_window_view(x, length)[:: step or length]
    whole = ~np.isnan(windows).any(axis=1)
    if not whole.any():
        raise ValueError(f"every window of {length} values has a missing one")
    order = np.argsort(windows[whole], axis=1, kind="stable")
    found, code = np.unique(order, axis=0, return_inverse=True)
    codes = np.full(len(windows), GAP)
    codes[whole] = code.ravel()
    patterns = tuple(Pattern(tuple(row)) for row in found.tolist())
    names = tuple("".join(map(str, pattern.order)) for pattern in patterns)
    return Symbolised(Series(codes.astype(np.int32), names), patterns)


def symbolised(values: ArrayLike, word: str) -> Symbolised:
    """Symbols as a word says: `sign`, `quantile:3`, `threshold:0,1`, `ordinal:3`, `sax:4`.

    Args:
        word: NAME:number, or NAME:number,number where the second is ordinal's step or sax's frame.
    Raises:
        ValueError: if there is no such symboliser, its numbers do not fit, or the values do not.
    Example:
        >>> symbolised([0.5, -1, 2, 3], "quantile:2").series.codes.tolist()
        [0, 0, 1, 1]
    """
    name, _, rest = word.partition(":")
    makers: dict[str, Callable[[list[Any]], Symbolised]] = {
        "sign": lambda n: sign(values),
        "quantile": lambda n: quantile(values, n[0]),
        "threshold": lambda n: threshold(values, n),
        "ordinal": lambda n: ordinal(values, n[0], step=n[1] if len(n) > 1 else None),
        "sax": lambda n: sax(values, n[0], frame=n[1] if len(n) > 1 else 1),
    }
    if name not in makers:
        near = nearest(name, makers)
        hint = f"take {_HOW}" if near is None else f"did you mean {near!r}?"
        raise ValueError(f"there is no symboliser {name!r}; {hint}")
    least, most = {"sign": (0, 0), "quantile": (1, 1), "threshold": (1, 99)}.get(name, (1, 2))
    kind = float if name == "threshold" else int
    try:
        numbers = [kind(part) for part in rest.split(",")] if rest else []
    except ValueError as error:
        raise ValueError(
            f"{word!r}: {name} takes {'numbers' if kind is float else 'whole numbers'}, as in {_HOW}"
        ) from error
    if not least <= len(numbers) <= most:
        raise ValueError(f"{word!r}: write it as one of {_HOW}")
    return makers[name](numbers)


def real_row(values: ArrayLike) -> Float[np.ndarray, " time"]:
    """Values as one row of floats, NaN where one is missing.

    Raises:
        ValueError: if they are not one row of numbers, one is infinite, or all are missing.
    """
    try:
        x = np.asarray(values, dtype=float)
    except (TypeError, ValueError) as error:
        raise ValueError(f"values must be numbers, NaN where one is missing: {error}") from error
    if x.ndim != 1:
        raise ValueError(f"values must have one axis (time); got shape {x.shape}")
    if np.isnan(x).all():
        raise ValueError("there are no values: every one is missing" if len(x) else "there are no values")
    for at in np.flatnonzero(np.isinf(x))[:1]:
        raise ValueError(f"values must be finite, NaN where one is missing; values[{at}] is {x[at]}")
    return x


def _cut(
    x: Float[np.ndarray, " time"], cuts: Float[np.ndarray, " edge"], names: Sequence[int | str], frame: int = 1
) -> Symbolised:
    bounds = [-inf, *cuts.tolist(), inf]
    cells = [Cell(low, high, frame=frame) for low, high in pairwise(bounds)]
    return _named(np.where(np.isnan(x), GAP, np.searchsorted(cuts, x, side="right")), names, cells)


def _named(
    codes: Float[np.ndarray, " time"] | Int[np.ndarray, " time"], names: Sequence[int | str], cells: Sequence[Cell]
) -> Symbolised:
    """The symbols that occur, numbered anew."""
    codes = codes.astype(np.int32)
    present = np.zeros(len(names) + 1, dtype=bool)
    present[codes] = True  # the last place is that of gaps
    present[GAP] = False
    kept: list[int] = np.flatnonzero(present).tolist()
    number = np.full(len(names) + 1, GAP)
    number[kept] = np.arange(len(kept))
    return Symbolised(
        Series(number[codes].astype(np.int32), tuple(names[i] for i in kept)), tuple(cells[i] for i in kept)
    )
