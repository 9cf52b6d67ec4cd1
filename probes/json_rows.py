"""Rows of plain tables to JSON and back: infinite numbers are the strings "inf" and "-inf", missing ones null."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

__all__ = ["from_json_types", "in_json"]


def in_json(value: Any) -> Any:
    """A dataclass as an object, and so on down. JSON has no infinity: say "inf". NaN must not get this far."""
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, float):
        if math.isfinite(value):
            return value
        if math.isnan(value):
            raise ValueError("a result is not a number")
        return "inf" if value > 0 else "-inf"
    if isinstance(value, Mapping):
        return {str(key): in_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [in_json(item) for item in value]
    if is_dataclass(value):
        return _row(value, _shape(type(value)))
    return value


def _row(row: Any, shape: "_Shape") -> dict[str, Any]:
    found = {name: getattr(row, name) for name in shape.names}
    if shape.flat:
        numbers = [number for name in shape.numeric if type(number := found[name]) is float]
        if math.isfinite(sum(numbers)):  # then each of them is; it is asked of hundreds of thousands of rows
            return found
    return {name: in_json(value) for name, value in found.items()}


def from_json_types(item: dict[str, Any], kind: type[Any]) -> Any:
    """The row of one kind of dataclass that `in_json` made this of."""
    shape = _shape(kind)
    if shape.flat and "inf" not in (values := item.values()) and "-inf" not in values:
        return kind(**item)
    changed = {key: _back(value) for key in shape.numeric if isinstance(value := item.get(key), str | list | dict)}
    changed |= {key: [tuple(entry) for entry in changed.get(key, item[key])] for key in shape.pairs}
    return kind(**(item | changed))


@dataclass(frozen=True)
class _Shape:
    """What is known of a kind of row from its annotations.

    Attributes:
        numeric: fields in which numbers may stand, alone or in lists. pairs: those that are lists of tuples.
        flat: whether its fields are words and numbers alone.
    """

    names: tuple[str, ...]
    numeric: tuple[str, ...]
    pairs: tuple[str, ...]
    flat: bool


_SHAPES: dict[type[Any], _Shape] = {}


def _shape(kind: type[Any]) -> _Shape:
    if kind not in _SHAPES:
        types = {f.name: str(f.type) for f in fields(kind)}
        _SHAPES[kind] = _Shape(
            names=tuple(types),
            numeric=tuple(name for name, said in types.items() if "float" in said),
            pairs=tuple(name for name, said in types.items() if "list[tuple" in said),
            flat=not any(word in said for said in types.values() for word in ("list", "dict", "tuple")),
        )
    return _SHAPES[kind]


def _back(value: Any) -> Any:
    if isinstance(value, str):
        return float(value) if value in ("inf", "-inf") else value
    if isinstance(value, list):
        # of numbers alone nothing is to be undone
        return value if all(isinstance(one, int | float) for one in value) else [_back(one) for one in value]
    if isinstance(value, dict):
        return {key: _back(one) for key, one in value.items()}
    return value
