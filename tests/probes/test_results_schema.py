"""The schema of results.json: the file that the package carries is that of its tables, and results keep to it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from probes.ranking import with_ranks
from probes.results import SCHEMA, Comparison
from probes.results_schema import made_schema, results_schema
from probes.tables import BudgetRow, MachineRow
from tests.probes.sample_comparison import sample_comparison

KINDS: dict[str, Any] = {
    "object": dict, "array": list, "string": str, "integer": int, "number": (int, float), "boolean": bool,
    "null": type(None),
}  # fmt: skip


def complaints(value: Any, schema: dict[str, Any], whole: dict[str, Any], at: str = "") -> Iterator[str]:
    """What speaks against a value, by the words of JSON Schema that ours is written in."""
    if "$ref" in schema:
        yield from complaints(value, whole["$defs"][schema["$ref"].rpartition("/")[2]], whole, at)
    if "anyOf" in schema and all(list(complaints(value, one, whole, at)) for one in schema["anyOf"]):
        yield f"{at}: {value!r} is none of those that it can be"
    if ("const" in schema and value != schema["const"]) or ("enum" in schema and value not in schema["enum"]):
        yield f"{at}: {value!r} is not {schema.get('const', schema.get('enum'))!r}"
    kind = schema.get("type")
    if kind is not None and (not isinstance(value, KINDS[kind]) or (kind == "integer" and isinstance(value, bool))):
        yield f"{at}: {value!r} is no {kind}"
        return
    if isinstance(value, dict):
        known = schema.get("properties", {})
        yield from (f"{at}: {name} is missing" for name in schema.get("required", ()) if name not in value)
        for name, one in value.items():
            more = schema.get("additionalProperties", {})
            if name not in known and more is False:
                yield f"{at}: {name} is not known"
            yield from complaints(one, known.get(name) or more or {}, whole, f"{at}/{name}")
    if isinstance(value, list):
        places = schema.get("prefixItems", [])
        if len(value) < schema.get("minItems", 0):
            yield f"{at}: {len(value)} items"
        for i, one in enumerate(value):
            yield from complaints(one, places[i] if i < len(places) else schema.get("items", {}), whole, f"{at}/{i}")


@pytest.fixture(scope="module")
def written() -> dict[str, Any]:
    whole = with_ranks(sample_comparison(n_seed=2, n_point=20))
    whole.budgets.append(
        BudgetRow("rrxor", "gru", 0, "final", "beyond", 0, 0, None, 9, 0.0, None, None, None, 0.1, "few")
    )
    whole.machines.append(MachineRow("rrxor", "gru", 0, None, "the ranks grow"))
    found: dict[str, Any] = json.loads(whole.to_json())
    return found


def test_the_file_is_made_of_the_tables() -> None:
    assert results_schema() == made_schema(), "run python -m probes.results_schema"
    assert results_schema()["properties"]["schema"]["const"] == SCHEMA


def test_results_keep_to_it(written: dict[str, Any]) -> None:
    assert list(complaints(written, results_schema(), results_schema())) == []
    assert "inf" in {row["kl"] for row in written["rows"]}


def test_a_validator_of_json_schema_agrees(written: dict[str, Any]) -> None:
    peer = pytest.importorskip("jsonschema", reason="jsonschema is not installed")
    peer.Draft202012Validator.check_schema(results_schema())
    peer.Draft202012Validator(results_schema()).validate(written)


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (lambda found: found.pop("rows"), ": rows is missing"),
        (lambda found: found["rows"][0].pop("score"), "/rows/0: score is missing"),
        (lambda found: found["rows"][0].update(score="high"), "/rows/0/score: 'high' is none of those that it can be"),
        (lambda found: found["runs"][0].update(colour="red"), "/runs/0: colour is not known"),
        (lambda found: found["scenes"][0].update(dimension=True), "/scenes/0/dimension: True is no integer"),
        (lambda found: found["scenes"][0]["corners"].append(["A"]), "/scenes/0/corners/3: 1 items"),
        (lambda found: found.update(schema=SCHEMA + 1), f"/schema: {SCHEMA + 1} is not {SCHEMA}"),
    ],
)
def test_what_does_not_keep_to_it_is_found(written: dict[str, Any], spoil: Any, complaint: str) -> None:
    found = json.loads(json.dumps(written))
    spoil(found)
    assert complaint in list(complaints(found, results_schema(), results_schema()))


def test_another_version_is_refused_in_a_sentence(written: dict[str, Any]) -> None:
    other = json.dumps(written | {"schema": SCHEMA + 1})
    with pytest.raises(
        ValueError, match=f"a comparison of schema {SCHEMA + 1}; this version reads schemas 1 and {SCHEMA}"
    ):
        Comparison.from_json(other)
    assert Comparison.from_json(json.dumps(written)).to_json() == json.dumps(written, separators=(",", ":"))
