"""The JSON Schema of `results.json`, made from the tables themselves, and the file of it that the package carries.

The file is `probes/results.schema.json`; `python -m probes.results_schema` writes it anew, and a test holds it to this.
"""

import inspect
import json
from dataclasses import fields, is_dataclass
from importlib.resources import files
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from probes.results import SCHEMA, Comparison

__all__ = ["FILE_NAME", "made_schema", "results_schema"]

FILE_NAME = "results.schema.json"

_NUMBER = {
    "description": "A number; infinite ones are these strings, and what is not a number is never written.",
    "anyOf": [{"type": "number"}, {"enum": ["inf", "-inf"]}],
}


def results_schema() -> dict[str, Any]:
    """The schema as the package carries it."""
    text = (files("probes") / FILE_NAME).read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def made_schema() -> dict[str, Any]:
    """The schema of what this version writes."""
    tables: dict[str, Any] = {"number": _NUMBER}
    whole = _table(Comparison, tables)
    properties = {"schema": {"description": "Version of this format.", "const": SCHEMA}, **whole["properties"]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"results-{SCHEMA}",
        "title": f"results.json of compmech compare and compmech report, schema {SCHEMA}",
        **whole,
        "properties": properties,
        "required": list(properties),
        "$defs": tables,
    }


def _table(kind: type[Any], tables: dict[str, Any]) -> dict[str, Any]:
    """An object with the fields of a dataclass; further tables go to `tables`."""
    said = _descriptions(kind)
    properties = {}
    for field in fields(kind):
        found = _of_type(field.type, tables)
        properties[field.name] = {"description": said[field.name], **found} if field.name in said else found
    described = inspect.getdoc(kind) or ""
    return {
        "description": " ".join(described.partition("\n\n")[0].split()),
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _of_type(kind: Any, tables: dict[str, Any]) -> dict[str, Any]:
    origin, inside = get_origin(kind), get_args(kind)
    if origin in (UnionType, Union):
        return {"anyOf": [_of_type(one, tables) for one in inside]}
    if origin is Literal:
        return {"enum": list(inside)}
    if origin is list:
        return {"type": "array", "items": _of_type(inside[0], tables)}
    if origin is tuple:
        return {"type": "array", "prefixItems": [_of_type(one, tables) for one in inside], "minItems": len(inside)}
    if origin is dict:
        return {"type": "object", "additionalProperties": _of_type(inside[1], tables)}
    if is_dataclass(kind) and isinstance(kind, type):
        if kind.__name__ not in tables:
            tables[kind.__name__] = {}  # it may hold itself
            tables[kind.__name__] = _table(kind, tables)
        return {"$ref": f"#/$defs/{kind.__name__}"}
    return _plain(kind)


def _plain(kind: Any) -> dict[str, Any]:
    if kind is float:
        return {"$ref": "#/$defs/number"}
    names = {str: "string", int: "integer", bool: "boolean", NoneType: "null"}
    return {} if kind is Any else {"type": names[kind]}


def _descriptions(kind: type[Any]) -> dict[str, str]:
    """What a docstring says of each field under "Attributes:"; several that share a sentence have it each."""
    _, _, listed = (inspect.getdoc(kind) or "").partition("Attributes:\n")
    joined: list[str] = []
    for line in listed.splitlines():
        if line.startswith("        ") and joined:
            joined[-1] += f" {line.strip()}"
        elif line.strip():
            joined.append(line.strip())
    names = {field.name for field in fields(kind)}
    found = {}
    for entry in joined:
        head, _, rest = entry.partition(": ")
        for name in head.split(", "):
            if name in names:
                found[name] = rest
    return found


if __name__ == "__main__":
    Path(__file__).with_name(FILE_NAME).write_text(json.dumps(made_schema(), indent=1) + "\n", encoding="utf-8")
