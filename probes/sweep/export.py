"""Rows of many cells as one table: CSV, or Parquet with the extra."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any, get_args, get_type_hints

from probes.results import Row

__all__ = ["csv_text", "parquet_bytes"]


def csv_text(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> bytes:
    """One line a row; an empty cell where there is no value."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def parquet_bytes(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> bytes:
    """The same with types: whole numbers, numbers, texts; null where there is no value.

    Types are those of `Row`, whatever the rows hold, so that files of several stores can be read as one table.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    declared = get_type_hints(Row)
    kinds = {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_()}
    arrays = {
        name: pa.array([row[name] for row in rows], kinds[_without_none(declared.get(name, str))]) for name in columns
    }
    sink = io.BytesIO()
    pq.write_table(pa.table(arrays), sink)
    return sink.getvalue()


def _without_none(kind: Any) -> Any:
    """`int` of `int | None`."""
    return next(part for part in (get_args(kind) or (kind,)) if part is not type(None))
