"""Rows of plain tables to JSON and back: infinite numbers are the strings "inf" and "-inf", missing ones null."""

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
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
        return {name: in_json(getattr(value, name)) for name in _names(type(value))}
    return value


def from_json_types(item: dict[str, Any], kind: type[Any]) -> Any:
    """The row of one kind of dataclass that `in_json` made this of."""
    if _flat(kind) and "inf" not in (values := item.values()) and "-inf" not in values:
        return kind(**item)
    numeric, pairs = _numeric(kind), _pairs(kind)
    changed = {key: _back(value) for key in numeric if isinstance(value := item.get(key), str | list | dict)}
    changed |= {key: [tuple(entry) for entry in changed.get(key, item[key])] for key in pairs}
    return kind(**(item | changed)) if changed else kind(**item)


def _back(value: Any) -> Any:
    if isinstance(value, str):
        return float(value) if value in ("inf", "-inf") else value
    if isinstance(value, list):
        return [_back(one) for one in value] if not _plain(value) else value
    if isinstance(value, dict):
        return {key: _back(one) for key, one in value.items()}
    return value


def _plain(values: list[Any]) -> bool:
    """Whether a list holds numbers alone, of which nothing is to be undone."""
    return all(isinstance(one, int | float) for one in values)


@cache
def _names(kind: type[Any]) -> tuple[str, ...]:
    return tuple(f.name for f in fields(kind))


@cache
def _flat(kind: type[Any]) -> bool:
    """Whether its fields are words and numbers alone."""
    return not any(word in str(f.type) for f in fields(kind) for word in ("list", "dict", "tuple"))


@cache
def _numeric(kind: type[Any]) -> tuple[str, ...]:
    return tuple(f.name for f in fields(kind) if "float" in str(f.type))


@cache
def _pairs(kind: type[Any]) -> tuple[str, ...]:
    return tuple(f.name for f in fields(kind) if "list[tuple" in str(f.type))
