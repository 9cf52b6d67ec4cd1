"""Series in files that users bring: text, CSV, NumPy and Parquet, read into symbols with gaps.

What a missing value is: an empty field, NA, N/A, NaN, null or None in a table, NaN in an array. It becomes a gap, as do
sampling times that are missing where a step is given.
"""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from decimal import Decimal
from math import inf, isfinite, isnan, nan
from pathlib import Path
from typing import Any

import numpy as np

from compmech.cli.failure import Misused, misuse, unreadable
from compmech.cli.sampling_times import in_order
from compmech.errors import nearest
from compmech.inference import Series, series

__all__ = ["MOST_SYMBOLS", "Brought", "read_series"]

_MISSING = {"", "na", "n/a", "nan", "null", "none"}
_DELIMITERS = ",;\t"

_NOT_WHOLE = "{} is no whole number, so no symbol: say with --symbols how values become symbols"
_NOT_FINITE = "{} is not a finite number, so no symbol. Leave missing values empty, or NaN"

# Characters of an entry that an error shows, and digits beyond which a number is taken for infinite.
_SHOWN, _DIGITS = 40, 300

MOST_SYMBOLS = 256
"""Distinct symbols of a column above which it is no column of symbols; words are more."""


@dataclass(frozen=True, eq=False)
class Brought:
    """What a file held.

    Attributes:
        series: the symbols.
        meaning: what each symbol stands for, where real values were made symbols.
        notes: how the file was read, where that is not plain.
        values: the real values that were made symbols, NaN where one is missing; None: there were none.
    """

    series: Series
    meaning: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    values: np.ndarray | None = None


def read_series(
    path: Path,
    *,
    column: str | None = None,
    time: str | None = None,
    step: str | None = None,
    symbols: str | None = None,
    words: bool = False,
) -> Brought:
    """The series of a file, by its suffix: .csv .tsv, .npy, .parquet, or text.

    Args:
        column: of a table, by name or by number from 1. time: the column that orders the rows, likewise.
        step: between sampling times.
        symbols: how real values become symbols: sign, quantile:3, threshold:0, ordinal:3, sax:4.
        words: of a text, in place of its characters.
    Raises:
        Misused: if the file cannot be read, or does not hold what was asked for.
    """
    read = {".csv": _of_csv, ".tsv": _of_csv, ".npy": _of_npy, ".parquet": _of_parquet, ".pq": _of_parquet}
    suffix = path.suffix.lower()
    if suffix not in read:
        if column is not None or time is not None or step is not None:
            raise Misused(f"{path} is read as text, which has no columns: --column, --time and --step are for tables")
        return _of_text(path, symbols, words)
    if words:
        raise Misused(f"--words is for text; {path} is a table")
    if step is not None and time is None:
        raise Misused("--step needs --time, the column with the sampling times")
    if suffix == ".npy" and time is not None:
        raise Misused(f"--time is for .csv, .tsv and .parquet; {path} has its rows in order")
    with unreadable(path), misuse(within=str(path)):
        rows, notes = read[suffix](path, column, time, step)
        return _symbols_of(rows, symbols, notes)


# ------------------------------------------------------------------------------------------------------------- formats


def _of_text(path: Path, symbols: str | None, words: bool) -> Brought:
    with unreadable(path), misuse(within=str(path)):
        try:
            text = path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError as error:
            raise Misused(f"{path}: not text in UTF-8 ({error.reason} at byte {error.start})") from error
        if symbols is not None:
            entries = re.split(r"[\s,;]+", text.strip())
            return _symbols_of([entries if text.strip() else []], symbols, [])
        lines = text.split()
        if words:
            return Brought(series([lines]))
        if len(lines) > 1 and re.search(r"[^\S\n\r]", text.strip()):
            return Brought(series(" ".join(lines)), notes=("every run of white space is one space",))
        if len(lines) > 1:
            return Brought(series("".join(lines)), notes=("line breaks are left out",))
        return Brought(series("".join(lines)))


def _of_csv(path: Path, column: str | None, time: str | None, step: str | None) -> tuple[list[Any], list[str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            first = file.readline()
            delimiter = "\t" if path.suffix.lower() == ".tsv" else max(_DELIMITERS, key=first.count)
            file.seek(0)
            reader = csv.reader(file, delimiter=delimiter, strict=True)
            rows = [(reader.line_num, [entry.strip() for entry in row]) for row in reader if any(map(str.strip, row))]
    except (UnicodeDecodeError, csv.Error) as error:
        raise Misused(f"{path}: not a table that can be read: {error}") from error
    if not rows:
        raise Misused(f"{path} is empty")
    width = len(rows[0][1])
    for line, row in rows:
        if len(row) != width:
            raise Misused(f"{path}: line {line} has {len(row)} fields, the first line has {width}")
    headed = any(_number(entry) is None for entry in rows[0][1])
    names = rows[0][1] if headed else [str(i + 1) for i in range(width)]
    columns = {i: [row[i] for _, row in rows[headed:]] for i in range(width)}
    return _of_columns(path, names, columns, column, time, step)


def _of_parquet(path: Path, column: str | None, time: str | None, step: str | None) -> tuple[list[Any], list[str]]:
    try:
        from pyarrow import ArrowException, parquet
    except ImportError as error:
        raise Misused(f"{path}: Parquet needs pyarrow: pip install 'belief-geometry[parquet]'") from error
    try:
        names = parquet.read_schema(path).names
        wanted = sorted({_place(path, names, one) for one in (column, time) if one is not None})
        if column is None:
            wanted = list(range(len(names)))
        table = parquet.read_table(path, columns=[names[i] for i in wanted])
    except ArrowException as error:
        raise Misused(f"{path}: not a Parquet file that can be read: {error}") from error
    columns = {i: table.column(names[i]).to_pylist() for i in wanted}
    return _of_columns(path, names, columns, column, time, step)


def _of_npy(path: Path, column: str | None, time: str | None, step: str | None) -> tuple[list[Any], list[str]]:
    try:
        data = np.load(path, allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise Misused(f"{path}: not an array that can be read: {error}") from error
    if not isinstance(data, np.ndarray):
        raise Misused(f"{path}: several arrays in one file; save the one that is meant with numpy.save")
    if data.dtype.names is not None:
        names = list(data.dtype.names)
        at = _the_column(path, names, column, None)
        return [data[names[at]].ravel()], []
    if data.ndim == 2 and column is not None:
        return [data[:, _place(path, [str(i + 1) for i in range(data.shape[1])], column)]], []
    if data.ndim not in (1, 2) or column is not None:
        raise Misused(
            f"{path}: an array of shape {data.shape}; expected (time), (seq, time), or (time, column) with --column"
        )
    return list(np.atleast_2d(data)), []


def _of_columns(
    path: Path,
    names: Sequence[str],
    columns: dict[int, list[Any]],
    column: str | None,
    time: str | None,
    step: str | None,
) -> tuple[list[Any], list[str]]:
    at_time = None if time is None else _place(path, names, time)
    values = columns[_the_column(path, names, column, at_time)]
    if at_time is None:
        return [values], []
    given = [None if _is_missing(entry) else entry for entry in columns[at_time]]
    order, breaks = in_order(given, step, names[at_time])
    ends = [*np.flatnonzero(breaks) + 1, len(order)]
    pieces = [[values[i] for i in order[a:b]] for a, b in zip([0, *ends[:-1]], ends, strict=True)]
    notes = []
    if order != list(range(len(order))):
        notes.append(f"rows were put in the order of {names[at_time]}")
    if len(pieces) > 1:
        notes.append(f"sampling times are missing at {len(pieces) - 1} places, which are gaps")
    return pieces, notes


def _the_column(path: Path, names: Sequence[str], column: str | None, at_time: int | None) -> int:
    if column is not None:
        return _place(path, names, column)
    others = [i for i in range(len(names)) if i != at_time]
    if len(others) != 1:
        raise Misused(f"{path} has several columns: name one with --column, of {_listed(names)}")
    return others[0]


def _place(path: Path, names: Sequence[str], column: str) -> int:
    if column in names:
        if list(names).count(column) > 1:
            raise Misused(f"{path} has several columns {column!r}: give its number, from 1")
        return list(names).index(column)
    if re.fullmatch(r"[0-9]+", column) and 1 <= int(column) <= len(names):
        return int(column) - 1
    near = nearest(column, names)
    hint = f"it has {_listed(names)}" if near is None else f"did you mean {near!r}?"
    raise Misused(f"{path} has no column {column!r}; {hint}")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")


# ------------------------------------------------------------------------------------------------------------- symbols


def _symbols_of(rows: Sequence[Any], symbols: str | None, notes: list[str]) -> Brought:
    if symbols is not None:
        from compmech.symbolise import symbolised

        values = _joined([_floats(row) for row in rows])
        found = symbolised(values, symbols)
        return Brought(found.series, found.to_dict(), tuple(notes), values)
    if all(isinstance(row, np.ndarray) and row.dtype.kind in "iufb" for row in rows):
        for row in rows:
            for value in (
                row[(row != np.floor(row)) & ~np.isnan(row) | np.isinf(row)][:1] if row.dtype.kind == "f" else ()
            ):
                raise ValueError((_NOT_WHOLE if isfinite(value) else _NOT_FINITE).format(value))
        return Brought(_with_few_symbols(series(list(rows) if len(rows) > 1 else rows[0])), notes=tuple(notes))
    made = [[_entry(one) for one in (_as_text(row) if isinstance(row, np.ndarray) else row)] for row in rows]
    there = [entry for row in made for entry in row if entry is not None]
    numbers = [_number(entry) for entry in there]
    if there and all(number is not None for number in numbers):
        made = [[None if entry is None else _whole(entry) for entry in row] for row in made]
    elif any(number is not None for number in numbers):
        text = next(entry for entry, number in zip(there, numbers, strict=True) if number is None)
        for entry, number in zip(there, numbers, strict=True):
            if number is not None and not (isfinite(number) and number == int(number)):
                raise ValueError(
                    f"numbers and text are mixed: {_short(entry)} and {_short(text)!r}. Leave missing values empty, "
                    "or NA"
                )
        made = [[None if entry is None else str(entry) for entry in row] for row in made]
        notes = [*notes, f"numbers and text such as {text!r} are mixed: each distinct entry is a symbol"]
    return Brought(_with_few_symbols(series(made)), notes=tuple(notes))


def _with_few_symbols(found: Series) -> Series:
    if found.n_symbol > MOST_SYMBOLS:
        raise ValueError(
            f"{found.n_symbol} distinct symbols in {found.n_observed}: at most {MOST_SYMBOLS} are taken. Say with "
            "--symbols how values become symbols"
        )
    return found


def _is_missing(entry: Any) -> bool:
    if isinstance(entry, str):
        return entry.lower() in _MISSING
    return entry is None or (isinstance(entry, float) and isnan(entry))


def _entry(value: Any) -> Any:
    """None where it is missing; text, or a number. Raises ValueError for what is neither."""
    if _is_missing(value):
        return None
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, date | time | timedelta):
        return str(value)
    if not isinstance(value, str | int | float | Decimal | np.number | np.bool):
        raise ValueError(f"{_short(value)} is neither text nor a number, so no symbol")
    return value


def _as_text(row: np.ndarray) -> list[Any]:
    """Numbers as they are, all else that can be symbols as text, None for a time that is none."""
    kind = row.dtype.kind
    if kind not in "iufbMmUS":
        raise ValueError(f"an array of {row.dtype} holds neither text nor numbers that can be symbols")
    made: list[Any] = (row if kind in "iufb" else row.astype(str)).tolist()
    if kind in "Mm":
        return [None if missing else text for missing, text in zip(np.isnat(row), made, strict=True)]
    return made


def _whole(entry: Any) -> int:
    """A number as it was written, without rounding. Raises ValueError if it is not whole."""
    if isinstance(entry, str) and len(entry) <= _DIGITS and re.fullmatch(r"[+-]?[0-9]+", entry):
        return int(entry)
    number = float(entry)
    if not isfinite(number):
        raise ValueError(_NOT_FINITE.format(_short(entry)))
    if number != int(number):
        raise ValueError(_NOT_WHOLE.format(_short(entry)))
    return int(number) if isinstance(entry, str) else int(entry)


def _short(entry: Any) -> str:
    text = str(entry)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def _number(entry: Any) -> float | None:
    if isinstance(entry, str) and not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", entry):
        return None
    try:
        return float(entry)
    except (TypeError, ValueError):
        return None


def _floats(row: Any) -> np.ndarray:
    if isinstance(row, np.ndarray):
        if row.dtype.kind not in "iufb":
            raise ValueError(f"an array of {row.dtype} has no real values to make symbols of")
        return row.astype(float)
    values = []
    for at, entry in enumerate(row):
        number = nan if _is_missing(entry) else _number(entry)
        if number is None:
            raise ValueError(f"value {at + 1}, {_short(entry)!r}, is no number")
        if number in (inf, -inf):
            raise ValueError(f"value {at + 1}, {_short(entry)}, is not a finite number")
        values.append(number)
    return np.array(values)


def _joined(rows: Sequence[np.ndarray]) -> np.ndarray:
    """One after the other, NaN between."""
    return np.concatenate([part for row in rows for part in (row, [nan])][:-1])
