"""From what was written to what is compared: every list of values is a grid, and every point of it a cell.

An experiment file, and the options of `compmech compare`, are the same document; see `docs/sweeps.md` for its keys.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compmech.cli.arguments import NamedProcess, parse_process, parse_settings, read_process, safe_label
from compmech.cli.experiment_file import Document, KeyPath
from compmech.cli.experiment_keys import (
    EDITS,
    PREDICTOR,
    PROBES,
    PROCESS,
    TOP,
    TRAINING,
    Key,
    check_keys,
    grid,
    unknown_key,
)
from compmech.cli.running import check_device, predictor_label

if TYPE_CHECKING:
    from probes.candidates import Candidate
    from probes.further import Further
    from probes.specification import ComparisonSpec, Subject

__all__ = ["OPTIONS", "Experiment", "predictor_table", "process_table", "resolve"]

OPTIONS: Mapping[str, str] = {
    "seed": "seed",
    "seeds": "seeds",
    "device": "device",
    "steps": "training.steps",
    "batch": "training.batch",
    "lr": "training.lr",
    "checkpoints": "training.checkpoints",
    "max_histories": "probes.max_histories",
    "site": "probes.sites",
    "probe": "probes.kinds",
    "target": "probes.targets",
    "control": "probes.controls",
    "transfer": "probes.transfer",
    "twins": "probes.twins",
    "jointly": "probes.jointly",
    "permutations": "probes.permutations",
    "by_position": "probes.by_position",
    "extract": "probes.extract",
    "edits": "edits.places",
    "edit_kind": "edits.kinds",
    "edit_cases": "edits.cases",
}
"""The options of `compmech compare` that say the same as a key."""


@dataclass(frozen=True)
class Experiment:
    """What is compared, and the seed of all its randomness."""

    spec: "ComparisonSpec"
    seed: int


def process_table(word: str) -> dict[str, Any]:
    """`mess3:x=0.15` or `machine.json`, as on the command line, as the table of a process."""
    if word.endswith(".json"):
        return {"file": word}
    name, settings = parse_settings(word)
    return {"name": name, **_single(settings)}


def predictor_table(word: str) -> dict[str, Any]:
    """`gru:width=32` as the table of a predictor."""
    name, settings = parse_settings(word)
    return {"name": name, "label": safe_label(predictor_label(word)), **_single(settings)}


def _single(settings: Mapping[str, Any]) -> dict[str, Any]:
    """A list on the command line is a value, and no grid."""
    return {key: [value] if isinstance(value, list) else value for key, value in settings.items()}


def resolve(document: Document) -> Experiment:
    """Everything that the document asks for.

    Raises:
        Misused: pointing at the line or the option, for a key or a value that there is not, or that cannot be.
    """
    from probes.specification import ComparisonSpec

    content = document.content
    check_keys(document, (), content, TOP)
    training, probes, edits = (
        _table(document, name, known) for name, known in (("training", TRAINING), ("probes", PROBES), ("edits", EDITS))
    )
    device = content.get("device", "cpu")
    with document.within(("device",)):
        check_device(device)
    budgets = _budgets(document, training)
    subjects = [subject for at, table in _tables(document, "process") for subject in _subjects(document, at, table)]
    candidates = [
        candidate
        for at, table in _tables(document, "predictor")
        for candidate in _candidates(document, at, table, budgets)
    ]
    fixed = {_FIELDS[key]: _only(training[key]) for key in _FIELDS if key in training and not _varies(training[key])}
    further, seeds = _further(document, training, probes, edits), _seeds(document)
    with document.within(()):
        spec = ComparisonSpec(
            subjects=tuple(subjects),
            candidates=tuple(candidates),
            seeds=seeds,
            max_histories=probes.get("max_histories", 20_000) or None,
            sites=tuple(probes["sites"]) if probes.get("sites") else None,
            device=device,
            further=further,
            **fixed,
        )
    return Experiment(spec, content.get("seed", 0))


_FIELDS = {"lr": "learning_rate", "steps": "steps", "batch": "batch"}
"""What the budget of a training is called in a candidate and in a comparison."""


def _table(document: Document, name: str, known: Mapping[str, Key | None]) -> Mapping[str, Any]:
    table = document.content.get(name, {})
    if not isinstance(table, Mapping):
        raise document.wrong((name,), f"{name} must be a table: write [{name}], and its keys below")
    check_keys(document, (name,), table, known)
    return table


def _tables(document: Document, name: str) -> Iterator[tuple[KeyPath, Mapping[str, Any]]]:
    tables = document.content.get(name, [])
    for n, table in enumerate(tables if isinstance(tables, list) else [tables]):
        if not isinstance(table, Mapping):
            raise document.wrong((name,), f"{name} must be tables: write [[{name}]], and the keys of each below")
        yield (name, n) if isinstance(tables, list) else (name,), table


def _points(document: Document, at: KeyPath, table: Mapping[str, Any], *, times: int = 1) -> Iterator[dict[str, Any]]:
    """Every point of the grid that a table spans.

    Args:
        times: how many cells each of them is.
    Raises:
        Misused: where there are more than a comparison can have.
    """
    from probes.specification import MOST_CELLS

    axes = [grid(document, (*at, key), value) for key, value in table.items()]
    points = prod(map(len, axes)) * times
    if points > MOST_CELLS:
        raise document.wrong(at, f"a grid of {points:,} points; a comparison has at most {MOST_CELLS:,} cells")
    for values in product(*axes):
        yield dict(zip(table, values, strict=True))


def _varies(value: Any) -> bool:
    """Whether a value, or a list of them, is several."""
    return isinstance(value, list) and len(value) > 1


def _only(value: Any) -> Any:
    """The one value of a key that does not vary."""
    return value[0] if isinstance(value, list) else value


def _seeds(document: Document) -> int | tuple[int, ...]:
    seeds = document.content.get("seeds", 1)
    if not isinstance(seeds, int | list):
        raise document.wrong(("seeds",), f"seeds must be their number, or a list of their indices; got {seeds!r}")
    return tuple(grid(document, ("seeds",), seeds)) if isinstance(seeds, list) else seeds


def _subjects(document: Document, at: KeyPath, table: Mapping[str, Any]) -> Iterator["Subject"]:
    """The processes of one table."""
    from compmech import zoo
    from probes.specification import Subject

    check_keys(document, at, table, PROCESS, open_end=True)
    if ("name" in table) == ("file" in table):
        raise document.wrong(at, "a process has a name of `compmech processes`, or else a file")
    if "length" not in table:
        raise document.wrong(at, "there is no length: say how many symbols are read, as in length = 10")
    parameters = {key: value for key, value in table.items() if key not in PROCESS}
    if "name" in table:
        with document.within((*at, "name")):
            entry = zoo.entry(table["name"])
        known, of = [parameter.name for parameter in entry.parameters], entry.name
    else:
        known, of = [], "a file, whose matrices are fixed,"
    for key in parameters:
        if key not in known:
            raise unknown_key(document, (*at, key), [*known, *PROCESS], of=of)
    lengths = grid(document, (*at, "length"), table["length"])
    for point in _points(document, at, parameters, times=len(lengths)):
        with document.within(at):
            named = parse_process(table["name"], point) if "name" in table else _of_file(document, table["file"])
            for length in lengths:
                label = named.label if len(lengths) == 1 else safe_label(f"{named.label}-length{length}")
                yield Subject(label, named.title, named.process, length)


def _of_file(document: Document, name: str) -> NamedProcess:
    """A machine file, found from the folder of the experiment file."""
    return read_process(Path(name) if document.path is None else document.path.parent / name)


def _budgets(document: Document, training: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every point of the grid of learning rates, steps and batches; what is the same for all is not in it."""
    varied = {key: training[key] for key in _FIELDS if key in training and _varies(training[key])}
    return list(_points(document, ("training",), varied))


def _candidates(
    document: Document, at: KeyPath, table: Mapping[str, Any], budgets: Sequence[Mapping[str, Any]]
) -> Iterator["Candidate"]:
    """The predictors of one table, each with every budget that makes a difference to it."""
    from probes.candidates import candidate, settings_of_kind

    check_keys(document, at, table, PREDICTOR, open_end=True)
    if "name" not in table:
        raise document.wrong(at, "a predictor has a name, one of `compmech predictors`")
    name = table["name"]
    with document.within((*at, "name")):
        known = settings_of_kind(name)
    settings = {key: value for key, value in table.items() if key not in PREDICTOR}
    for key in settings:
        if known is not None and key not in known:
            raise unknown_key(document, (*at, key), [*known, *PREDICTOR], of=name)
    own = {key: table[key] for key in _FIELDS if key in table}
    varied = {key for key, value in {**settings, **own}.items() if _varies(value)}
    for point in _points(document, at, {**settings, **own}, times=len(_of_kind(name, budgets, own))):
        shown = {key: value for key, value in point.items() if "label" not in table or key in varied}
        with_lr = {key: point[key] for key in (*settings, "lr") if key in point}
        for budget in _of_kind(name, budgets, own):
            said = "-".join(
                [table.get("label", name), *(f"{key}{value}" for key, value in {**shown, **budget}.items())]
            )
            given = {**budget, **{key: point[key] for key in own}}
            with document.within(at):
                made = candidate(name, with_lr, label=safe_label(said))
                yield replace(made, **{_FIELDS[key]: value for key, value in given.items()})


def _of_kind(name: str, budgets: Sequence[Mapping[str, Any]], own: Iterable[str]) -> list[Mapping[str, Any]]:
    """The budgets that differ for one predictor: of one that is not trained by gradient, or at all, there are fewer.

    Args:
        own: the keys that it has its own values of.
    """
    from probes.baselines import BASELINES

    ignored = set(own)
    if name in BASELINES:
        ignored |= {"lr"} if BASELINES[name].smoothing is not None else set(_FIELDS)
    found: list[Mapping[str, Any]] = []
    for budget in budgets:
        rest = {key: value for key, value in budget.items() if key not in ignored}
        if rest not in found:
            found.append(rest)
    return found


def _further(
    document: Document, training: Mapping[str, Any], probes: Mapping[str, Any], edits: Mapping[str, Any]
) -> "Further":
    """What is asked for beside the standing rows, each error at the table that it is of."""
    from probes.further import Further

    with document.within(("probes", "transfer")):
        transfer = tuple((p.label, p.process) for p in map(parse_process, probes.get("transfer", ())))
    plain = ("twins", "jointly", "permutations", "by_position", "extract")
    lists = {"kinds": "probes", "targets": "targets", "controls": "controls"}
    with document.within(("probes",)):
        given: dict[str, Any] = {name: probes[name] for name in plain if name in probes}
        given |= {field: tuple(probes[name]) for name, field in lists.items() if name in probes}
        found = Further(transfer=transfer, **given)
    with document.within(("edits",)):
        found = replace(
            found,
            edits=tuple(edits.get("places", ())),
            edit_kinds=tuple(edits.get("kinds", found.edit_kinds)),
            edit_cases=edits.get("cases", found.edit_cases),
        )
    with document.within(("training", "checkpoints")):
        return replace(found, checkpoints=training.get("checkpoints", 0))
