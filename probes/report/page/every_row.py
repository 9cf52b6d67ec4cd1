"""Every score as the page's own script lists it: column by column, repeated words stored once."""

from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any

import numpy as np

from probes.headline import STANDING
from probes.results import Row

__all__ = ["MOST_ROWS", "listed_rows", "row_data"]

MOST_ROWS = 12_000
"""A page that holds more rows is slow to open on a telephone."""

_LEFT_OUT = ("seeds_mean",)


def listed_rows(rows: Sequence[Row]) -> tuple[list[Row], str]:
    """The rows that the page lists, and which these are, in words; nothing is said where they are all there are."""
    if len(rows) <= MOST_ROWS:
        return list(rows), ""
    first = min((row.seed for row in rows if row.seed is not None), default=None)
    choices: dict[str, Callable[[Row], bool]] = {
        "by probability, histories held out": lambda row: (row.weighting, row.split) == ("probability", "history"),
        "of the predictors themselves": lambda row: row.control == "" and row.probe in STANDING,
        "of belief and beyond": lambda row: row.target in ("belief", "beyond"),
        "of the first seed": lambda row: row.seed in (None, first),
    }
    kept, said = list(rows), []
    for words, wanted in choices.items():
        kept = [row for row in kept if wanted(row)]
        said.append(words)
        if len(kept) <= MOST_ROWS:
            break
    return kept[:MOST_ROWS], f"Of all {len(rows):,} rows the {min(len(kept), MOST_ROWS):,} {', '.join(said)}"


def row_data(rows: Sequence[Row]) -> dict[str, Any]:
    """The rows, ready to be written as JSON."""
    columns = []
    for field in fields(Row):
        values = [getattr(row, field.name) for row in rows]
        if field.name in _LEFT_OUT or all(value is None for value in values):
            continue
        if all(isinstance(value, str) for value in values):
            words = list(dict.fromkeys(values))
            code = {word: i for i, word in enumerate(words)}
            columns.append({"name": field.name, "words": words, "values": [code[value] for value in values]})
        else:
            columns.append({"name": field.name, "values": [_short(value) for value in values]})
    return {"count": len(rows), "columns": columns}


def _short(value: float | None) -> float | str | None:
    if value is None or isinstance(value, int):
        return value
    return str(value).replace("inf", "∞") if np.isinf(value) else float(f"{value:.5g}")
