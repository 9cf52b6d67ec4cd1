"""Golden statistics of built-in processes: closed forms that stand by the functions, and the table in golden.json.

The table has a row for a process and parameters (those that are not the defaults) with values by the keys of
`Statistics`. Its `source` is "table", a list of known processes with checked values that the project was started with,
or "exact", computed in rational arithmetic by the definitions (tests/exact_statistics.py does so again).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import inf
from types import MappingProxyType
from typing import Any

from compmech.measures.interval import Bounds
from compmech.zoo.catalogue import Entry

# What a computed value may differ from a golden one, relatively: rounding, and sums of series that were cut off where
# the table says so ("loose").
TIGHT = 1e-9
LOOSE = 1e-6


@dataclass(frozen=True)
class Golden:
    """What is known beforehand of a process at some parameters.

    Attributes:
        parameters: those that are not the defaults.
        values: numbers, math.inf, or `Bounds` that the value is known to lie in, in bits.
        loose: keys of values that are only good to `LOOSE`.
    """

    parameters: Mapping[str, Any]
    values: Mapping[str, float | Bounds]
    loose: frozenset[str]

    def tolerance(self, key: str) -> float:
        """How far a computed value may be off, relatively."""
        return LOOSE if key in self.loose else TIGHT


def goldens(entry: Entry) -> tuple[Golden, ...]:
    """All that is known beforehand of a process: first at its default parameters, closed forms before the table."""
    rows = [row for row in _table() if row["process"] == entry.name]
    none: dict[str, Any] = {"parameters": {}, "values": {}}
    default = next((row for row in rows if not row["parameters"]), none)
    closed = Golden(
        default["parameters"],
        MappingProxyType(_values(default) | {key: _number(value) for key, value in entry.golden.items()}),
        frozenset(default.get("loose", ())) - set(entry.golden),
    )
    others = (row for row in rows if row["parameters"])
    return closed, *(Golden(row["parameters"], _values(row), frozenset(row.get("loose", ()))) for row in others)


@cache
def _table() -> list[dict[str, Any]]:
    table: list[dict[str, Any]] = json.loads(files("compmech.zoo").joinpath("golden.json").read_text(encoding="utf-8"))
    return table


def _values(row: dict[str, Any]) -> dict[str, float | Bounds]:
    return {key: _number(value) for key, value in row["values"].items()}


def _number(value: Any) -> float | Bounds:
    match value:
        case {"lower": lower, "upper": upper}:
            return Bounds(lower, upper)
        case "inf":
            return inf
    return float(value)
