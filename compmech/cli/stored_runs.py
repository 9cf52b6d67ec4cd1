"""The finished cells of a store as rows of numbers: filtered, sorted, compared. Needs no torch."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import eq, ge, gt, le, lt, ne
from pathlib import Path
from typing import Any

from compmech.cli.arguments import parse_value
from compmech.cli.failure import Misused
from compmech.stored_cells import FAILED, CellFolder, StoreError, finished_cells

__all__ = ["COLUMNS", "StoredRun", "chosen", "differing", "failures", "named", "stored_runs"]

COLUMNS = ("process", "predictor", "seed", "steps", "symbols_seen", "kl", "target", "score", "site", "cell_seconds")
"""Of the table; `--json` has all."""

_MEASURED = ("kl", "score", "site", "seconds", "cell_seconds")
"""What runs are compared by."""

_COMPARED: Mapping[str, Callable[[Any, Any], bool]] = {"<=": le, ">=": ge, "!=": ne, "<": lt, ">": gt, "=": eq}


@dataclass(frozen=True)
class StoredRun:
    """One finished cell.

    Attributes:
        metrics: the numbers by which it is listed, with `key` and `finished`, in seconds since 1970.
    """

    cell: CellFolder
    metrics: dict[str, Any]


def stored_runs(store: Path) -> list[StoredRun]:
    """All of a store, by process, predictor and seed. Raises StoreError at one that is damaged."""
    found = []
    for cell in finished_cells(store):
        metrics = cell.metrics()
        if metrics is None:
            metrics = _of_earlier_version(cell)
        if metrics["piece"] != "process":
            found.append(StoredRun(cell, {"key": cell.key, **metrics, "finished": cell.finished}))
    return sorted(found, key=_place)


def _place(run: StoredRun) -> tuple[Any, ...]:
    m = run.metrics
    return m["piece"] == "controls", m["process"], m["predictor"], -1 if m["seed"] is None else m["seed"], run.cell.key


def _of_earlier_version(cell: CellFolder) -> dict[str, Any]:
    """From the whole result, where no metrics were kept."""
    from probes.results import Comparison
    from probes.sweep.metrics import Metrics

    try:
        return Metrics.of(Comparison.from_json((cell.path / "result.json").read_text())).to_dict()
    except (ValueError, LookupError, TypeError, OSError) as error:
        raise cell.damaged(error) from None


def chosen(runs: Sequence[StoredRun], conditions: Sequence[str]) -> list[StoredRun]:
    """Those that meet all conditions: `predictor=gru`, `kl<0.01`, and of the specification `training.lr=0.004`.

    A run that does not have what a condition is about does not meet it.

    Raises:
        Misused: for something that is no condition, or about what no run has.
    """
    left = list(runs)
    for condition in conditions:
        parts = re.fullmatch(r"\s*([\w.]+)\s*(<=|>=|!=|<|>|=)\s*(.+?)\s*", condition)
        if parts is None:
            raise Misused(f"--where {condition}: write KEY=VALUE, or != < <= > >= in place of =")
        key, sign, value = parts[1], parts[2], parse_value(parts[3])
        values = [_value(run, key) for run in left]
        if left and all(found is _missing for found in values):
            known = ", ".join(runs[0].metrics)
            raise Misused(f"--where {condition}: no run has {key!r}; there are {known}, and keys of spec.json")
        if isinstance(value, str) and (number := next((found for found in values if _is_number(found)), None)):
            raise Misused(f"--where {condition}: {key} is a number, as {number:.4g}; {parts[3]} is none")
        left = [run for run, found in zip(left, values, strict=True) if _meets(found, sign, value)]
    return left


def _is_number(found: Any) -> bool:
    return isinstance(found, int | float) and not isinstance(found, bool)


_missing = object()


def _value(run: StoredRun, key: str) -> Any:
    if key in run.metrics:
        return run.metrics[key]
    found: Any = run.cell.spec()
    for part in key.split("."):
        if not isinstance(found, Mapping) or part not in found:
            return _missing
        found = found[part]
    return found


def _meets(found: Any, sign: str, value: Any) -> bool:
    if found is _missing or (found is None and sign not in ("=", "!=")):
        return False
    if isinstance(found, str) and not isinstance(value, str) and found != "inf":
        value = str(value)
    number = float("inf") if found == "inf" else found
    try:
        return _COMPARED[sign](number, value)
    except TypeError:
        return False


def named(runs: Sequence[StoredRun], key: str) -> StoredRun:
    """The run whose key begins so. Raises Misused if there is none, or are several."""
    found = [run for run in runs if run.cell.key.startswith(key)]
    if len(found) != 1:
        raise Misused(f"{len(found)} runs have a key that begins with {key!r}: give one, as the table has it")
    return found[0]


def differing(runs: Sequence[StoredRun]) -> dict[str, list[Any]]:
    """What was asked of these runs differently, and what they came to, by name; None where one has no such thing."""
    asked = [_flat(run.cell.spec()) for run in runs]
    names = list(dict.fromkeys(name for one in asked for name in one))
    found = {name: [one.get(name) for one in asked] for name in names}
    apart = {name: values for name, values in found.items() if any(value != values[0] for value in values)}
    measured = {
        name: [run.metrics[name] for run in runs] for name in ("kl", "score", "site", "seconds", "cell_seconds")
    }
    return {**apart, **measured}


def _flat(words: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in words.items():
        if isinstance(value, Mapping):
            found |= _flat(value, f"{above}{name}.")
        else:
            found[f"{above}{name}"] = value
    return found


def failures(store: Path) -> list[dict[str, Any]]:
    """The cells that ended in an error and are not finished since: `key`, `name` and `error`.

    Raises StoreError for a file that is damaged.
    """
    found = []
    folder = store / FAILED
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        if path.suffix != ".json":
            continue
        try:
            words = json.loads(path.read_bytes())
            spec, error = words["spec"], words["error"]
            label = spec.get("predictor", {}).get("label", "controls")
            seed = "" if spec.get("seed") is None else f", seed {spec['seed']}"
            found.append({"key": path.stem, "name": f"{spec['process']['label']}, {label}{seed}", "error": error})
        except (ValueError, LookupError, TypeError, AttributeError):
            raise StoreError(f"{path} is damaged: remove it, or have --prune do so") from None
    return found
