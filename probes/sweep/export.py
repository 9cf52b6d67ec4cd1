"""Rows of many cells as one table: CSV, or Parquet with the extra."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["csv_text", "parquet_bytes"]


def csv_text(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> bytes:
    """One line a row; an empty cell where there is no value."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def parquet_bytes(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> bytes:
    """The same with types: whole numbers, numbers, texts; null where there is no value."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    arrays = {name: _array(pa, [row[name] for row in rows]) for name in columns}
    sink = io.BytesIO()
    pq.write_table(pa.table(arrays), sink)
    return sink.getvalue()


def _array(pa: Any, values: Sequence[Any]) -> Any:
    known = [value for value in values if value is not None]
    if any(isinstance(value, str) for value in known) or not known:
        kind = pa.string()
    elif all(isinstance(value, int) for value in known):
        kind = pa.int64()
    else:
        kind = pa.float64()
    return pa.array(values, kind)
