"""Predictors called by what tells them apart: settings that all of one kind have alike are left to the list of runs."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any

from probes.results import Comparison
from probes.tables import changed

__all__ = ["plain_names", "plainly_named"]

_BUDGET = ("lr", "steps", "batch")
_NAMING = ("predictor", "one", "other")
"""Attributes that hold the name of a predictor."""


def plain_names(predictors: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """What predictors can be called instead of their labels; empty where labels are as short as they can be.

    Args:
        predictors: as a comparison's specification lists them: `label`, `kind` and `settings`.
    Example:
        >>> plain_names([
        ...     {"label": "gru-width16-n_layer1", "kind": "gru", "settings": {"width": 16, "n_layer": 1}},
        ...     {"label": "gru-width32-n_layer1", "kind": "gru", "settings": {"width": 32, "n_layer": 1}},
        ...     {"label": "mamba-width16", "kind": "mamba", "settings": {"width": 16}},
        ... ])
        {'gru-width16-n_layer1': 'gru-width16', 'gru-width32-n_layer1': 'gru-width32', 'mamba-width16': 'mamba'}
    """
    parts = {each["label"]: _parts(each) for each in predictors}
    short = {}
    for label, (kind, own) in parts.items():
        alike = [set(other) for of, other in parts.values() if of == kind]
        short[label] = "-".join([kind, *(part for part in own if not all(part in each for each in alike))])
    names = {each["label"]: short.get(each["label"], each["label"]) for each in predictors}
    if len(set(names.values())) < len(names):
        return {}
    return {label: name for label, name in names.items() if name != label}


def _parts(predictor: Mapping[str, Any]) -> tuple[str, list[str]]:
    """The kind and the settings that a label is made of; all of it and nothing, where somebody wrote it."""
    label, kind = predictor["label"], predictor["kind"]
    head, *parts = re.split(r"-(?=[A-Za-z_])", label.removeprefix(kind))
    known = (*predictor.get("settings", {}), *_BUDGET)
    if not label.startswith(kind) or head or not all(part.startswith(known) for part in parts):
        return label, []
    return kind, parts


def plainly_named(comparison: Comparison) -> Comparison:
    """The same with plain names, and a note of which label each of them stands for."""
    names = plain_names(comparison.spec.get("predictors", []))
    if not names:
        return comparison
    tables = {field.name: getattr(comparison, field.name) for field in fields(Comparison)}
    renamed: dict[str, Any] = {name: _renamed(table, names) for name, table in tables.items() if _named(table)}
    said = "; ".join(f"{name} is {label}" for label, name in names.items())
    return replace(comparison, **renamed, notes=[*comparison.notes, f"in results.csv and in stores, {said}"])


def _named(table: Any) -> bool:
    first = table[0] if isinstance(table, list) and table else None
    return is_dataclass(first) and any(hasattr(first, name) for name in _NAMING)


def _renamed(table: Sequence[Any], names: Mapping[str, str]) -> list[Any]:
    naming = [name for name in _NAMING if hasattr(table[0], name)]
    found = []
    for row in table:
        new = {name: names[getattr(row, name)] for name in naming if getattr(row, name) in names}
        found.append(changed(row, new) if new else row)
    return found
