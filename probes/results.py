"""What a comparison leaves behind: plain tables from which every picture and page is made."""

import json
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from operator import attrgetter
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from compmech.whole_files import written_aside
from probes.json_rows import from_json_types, in_json
from probes.scene import Picture, Scene, of_schema_1
from probes.tables import BudgetRow, DifferenceRow, EditEffect, MachineRow, RankRow, ShareRow, csv_of

__all__ = [
    "HIGH",
    "SCHEMA",
    "Comparison",
    "Picture",
    "PositionCurve",
    "ProcessSummary",
    "Row",
    "Run",
    "Scene",
    "SuffixCurve",
    "SynchronisationCurve",
    "Wanted",
    "write_files",
    "write_text",
]

SCHEMA = 2
"""Version of `results.json`; raised when a field changes its meaning."""

HIGH = 0.5
"""R² from which a score is high enough to ask whether geometry is held or states are told apart."""


@dataclass(frozen=True)
class Row:
    """One score.

    `score` is a held-out R² pooled over the target's orthonormal coordinates; `low` and `high` are a 95 % bootstrap
    interval over belief classes or history blocks within this seed. An empty score (None) has a `reason`. `control` is
    empty for the real thing.

    Attributes:
        predictor: name of the predictor; empty for rows that need none (model-free baselines, ceilings).
        seed: index of the repetition; None where nothing depends on it.
        length: symbols read.
        parameters: number of trained parameters.
        symbols_seen: symbols predicted in training.
        seconds: wall-clock time of training.
        site: the internal value probed; "output" is the predictor's own next-symbol distribution.
        target: belief, next or beyond, or another that was asked for.
        probe: ridge, or ols for the rows marked `in-sample`, mean for suffix-grams, or another that was asked for; the
            score of description-length is no R² but the share of bits saved.
        split: "history" or "class", what is held out; "none" for in-sample rows, "online" for description lengths.
        weighting: "probability" or "uniform".
        whitened: the same score in whitened coordinates, invariant under change of basis.
        rows, width, rank: histories, feature columns, and the numerical rank of the features.
        beliefs: number of distinct beliefs among the histories.
        penalty: chosen ridge penalty relative to the features' mean variance (median over outer folds).
        verdict: "holds their geometry", or "discriminates states" where beliefs do not clearly exceed the rank;
            empty for scores below `HIGH` and for nulls, which show neither.
        setting: of the control: the last "k=3" symbols it reads, or the longest suffix "K=6" that was chosen on inner
            folds ("K=6/7/6/6/6" where outer folds differ). Of the probe: its chosen "rank=3". Of an untrained twin
            after the first: "twin=2".
        p_value: of a permutation test, where one was asked for: among histories of equal length or, held out by class,
            among beliefs.
        kl: mean over rows 1 .. length of the probability-weighted KL from the optimum to the predictor, nats; inf if
            a possible symbol gets probability 0.
        seeds_mean, seeds_low, seeds_high: mean score across seeds and its 95 % t interval; None with fewer than two
            seeds. Of untrained rows across initialisations, of which a seed may have several.
    """

    process: str
    predictor: str
    seed: int | None
    length: int
    parameters: int | None
    symbols_seen: int | None
    seconds: float | None
    site: str
    target: str
    probe: str
    split: str
    weighting: str
    control: str
    score: float | None
    low: float | None
    high: float | None
    whitened: float | None
    rows: int
    width: int
    rank: int | None
    beliefs: int
    penalty: float | None
    verdict: str
    kl: float | None
    reason: str = ""
    seeds_mean: float | None = None
    seeds_low: float | None = None
    seeds_high: float | None = None
    setting: str = ""
    p_value: float | None = None


@dataclass(frozen=True)
class Run:
    """One predictor on one process with one seed.

    Attributes:
        architecture: one line for people, e.g. "GRU, 1 layer of width 64"; empty for baselines without parameters.
        config: settings of the architecture; empty for baselines.
        training: settings of the training; empty where nothing was trained.
        kl: as in `Row`; None if the process offers no exact predictions.
        kl_by_row: the same for rows 1 .. length one by one, nats.
        learning: evaluations while training, as lists "symbols" and "kl" (nats, mean over rows 1 .. length).
    """

    process: str
    predictor: str
    seed: int | None
    architecture: str
    config: dict[str, Any]
    training: dict[str, Any]
    parameters: int
    symbols_seen: int
    seconds: float
    kl: float | None
    kl_by_row: list[float]
    learning: dict[str, list[float]]


@dataclass(frozen=True)
class ProcessSummary:
    """What is known of one process before any predictor is asked.

    Attributes:
        title: the process with its parameters, for people.
        statistics: keys of `compmech stats` (bits).
        histories, complete: how many distinct histories were used, and whether these are all there are.
        beliefs: number of distinct beliefs among them.
        horizon_ranks: rank of the joint k-word map by k; `beyond` has the last minus the first dimensions.
        optimal_nats: the Bayes-optimal loss at rows 1 .. length.
    """

    process: str
    title: str
    statistics: dict[str, Any]
    length: int
    histories: int
    complete: bool
    beliefs: int
    horizon_ranks: list[int]
    optimal_nats: list[float]


@dataclass(frozen=True)
class SuffixCurve:
    """How the suffix-gram baseline depends on the longest suffix K that it may use.

    Attributes:
        values: held-out R² for K = 0 (which is 0), 1, ... length-1.
        chosen: K of each outer fold, chosen on the others.
    """

    process: str
    target: str
    split: str
    weighting: str
    values: list[float]
    chosen: list[int]


@dataclass(frozen=True)
class PositionCurve:
    """Held-out R² of one target at one site by position, by probability, histories held out.

    Attributes:
        r2: at rows 1 .. length; None where the null model is exact.
        share: of the null error that each row has: the score is the sum of share times r2.
    """

    process: str
    predictor: str
    seed: int | None
    site: str
    target: str
    r2: list[float | None]
    share: list[float]


@dataclass(frozen=True)
class SynchronisationCurve:
    """How uncertain the state is after L symbols, in bits: H[S_L | X_0:L].

    Attributes:
        of: "causal" states, or the presentation's "hidden" ones where no finite epsilon-machine is known.
        bits: for L = 0 .. length.
    """

    process: str
    of: str
    bits: list[float]


@runtime_checkable
class Wanted(Protocol):
    """A choice among what a file holds, made before it is read into tables."""

    def row(self, item: Mapping[str, Any]) -> bool: ...

    def picture(self, item: Mapping[str, Any]) -> bool: ...


@dataclass(frozen=True)
class Comparison:
    """Everything that `compare` found.

    Attributes:
        command: how to make it again, one shell line.
        spec: the resolved specification.
        versions: of Python, of the libraries, and of this package.
        notes: sentences that a reader must see (where learning rates come from, what was sampled, what was refused).
        scenes, pictures: the belief pictures: what those of one process have in common, and each of them.
        suffix_curves: of every process, target, split and weighting with a score.
        position_curves, synchronisation_curves: where scores by position were asked for.
        edits, shares: where edits were asked for: what they did to the predictions, and how much of the whole causal
            effect runs through the belief component.
        ranks, differences: of the networks, by the score of the headline, where there are two seeds or more.
        budgets: where checkpoints were asked for: score and KL by what had been spent.
        machines: where they were asked for: the machine that each network has learned.
        files: what was written beside `results.json`, by name relative to its folder: the SHA-256 of each content.
    """

    command: str
    spec: dict[str, Any]
    versions: dict[str, str]
    processes: list[ProcessSummary]
    runs: list[Run]
    rows: list[Row]
    pictures: list[Picture]
    notes: list[str] = field(default_factory=list)
    suffix_curves: list[SuffixCurve] = field(default_factory=list)
    position_curves: list[PositionCurve] = field(default_factory=list)
    synchronisation_curves: list[SynchronisationCurve] = field(default_factory=list)
    edits: list[EditEffect] = field(default_factory=list)
    shares: list[ShareRow] = field(default_factory=list)
    ranks: list[RankRow] = field(default_factory=list)
    differences: list[DifferenceRow] = field(default_factory=list)
    budgets: list[BudgetRow] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    scenes: list[Scene] = field(default_factory=list)
    machines: list[MachineRow] = field(default_factory=list)

    def to_json(self) -> str:
        """All of it; infinite numbers are the string "inf", missing ones null."""
        return json.dumps({"schema": SCHEMA, **in_json(self)}, allow_nan=False, separators=(",", ":"))

    @staticmethod
    def from_json(text: str, *, wanted: Wanted | None = None) -> "Comparison":
        """Read what `to_json` wrote.

        Args:
            wanted: which rows and pictures; None: all.
        Raises:
            ValueError: for another schema or for text that is not a comparison.
        """
        try:
            data = json.loads(text)
        except json.JSONDecodeError as error:
            raise ValueError(f"not a comparison: line {error.lineno}, column {error.colno}: {error.msg}") from None
        if not isinstance(data, dict) or "schema" not in data:
            raise ValueError("not a comparison: there is no key 'schema'")
        if data["schema"] not in (1, SCHEMA):
            raise ValueError(f"a comparison of schema {data['schema']!r}; this version reads schemas 1 and {SCHEMA}")

        def many(kind: Any, key: str) -> list[Any]:
            return [from_json_types(item, kind) for item in data[key]]

        def if_recorded(kind: Any, key: str) -> list[Any]:
            return many(kind, key) if key in data else []  # once they were not recorded

        if wanted is not None:
            data["rows"] = [item for item in data["rows"] if wanted.row(item)]
            data["pictures"] = [item for item in data["pictures"] if wanted.picture(item)]
        if data["schema"] == 1:
            scenes, pictures = of_schema_1(data["pictures"])
        else:
            scenes, pictures = many(Scene, "scenes"), many(Picture, "pictures")
        return Comparison(
            command=data["command"],
            spec=data["spec"],
            versions=data["versions"],
            processes=many(ProcessSummary, "processes"),
            runs=many(Run, "runs"),
            rows=many(Row, "rows"),
            pictures=pictures,
            notes=data["notes"],
            suffix_curves=if_recorded(SuffixCurve, "suffix_curves"),
            position_curves=if_recorded(PositionCurve, "position_curves"),
            synchronisation_curves=if_recorded(SynchronisationCurve, "synchronisation_curves"),
            edits=if_recorded(EditEffect, "edits"),
            shares=if_recorded(ShareRow, "shares"),
            ranks=if_recorded(RankRow, "ranks"),
            differences=if_recorded(DifferenceRow, "differences"),
            budgets=if_recorded(BudgetRow, "budgets"),
            files=data.get("files", {}),
            scenes=scenes,
            machines=if_recorded(MachineRow, "machines"),
        )

    def to_csv(self) -> str:
        """The rows, one line each; an empty cell where there is no number."""
        return csv_of(Row, self.rows)

    def tables(self) -> dict[str, str]:
        """The tables beside the rows that hold anything, as CSV by file name."""
        kinds: dict[str, type[Any]] = {
            "edits": EditEffect,
            "shares": ShareRow,
            "ranks": RankRow,
            "differences": DifferenceRow,
            "budgets": BudgetRow,
        }
        return {f"{name}.csv": csv_of(kind, rows) for name, kind in kinds.items() if (rows := getattr(self, name))}

    def only(self, **wanted: Any) -> list[Row]:
        """The rows whose named columns have the given values."""
        rows = self.rows
        for names in _INDEXED:
            if wanted.keys() >= set(names):
                rows = self._indexed(names).get(tuple(wanted[name] for name in names), [])
                break
        values = tuple(wanted.values())
        found = attrgetter(*wanted, "process")  # two names or more make it give a tuple
        return [row for row in rows if found(row)[:-1] == values]

    def runs_of(self, process: str, predictor: str) -> list[Run]:
        """The runs of one predictor on one process, by seed."""
        return self._runs.get((process, predictor), [])

    def named(self, process: str) -> list[str]:
        """Everything that has a run or a row on one process, in the order in which it was asked for."""
        return self._names.get(process, [])

    @cached_property
    def _runs(self) -> dict[tuple[str, str], list[Run]]:
        found: dict[tuple[str, str], list[Run]] = {}
        for run in self.runs:
            found.setdefault((run.process, run.predictor), []).append(run)
        return found

    @cached_property
    def _names(self) -> dict[str, list[str]]:
        found: dict[str, dict[str, None]] = {}
        several: tuple[Sequence[Run | Row], ...] = (self.runs, self.rows)
        for one in chain.from_iterable(several):
            if one.predictor:
                found.setdefault(one.process, {})[one.predictor] = None
        return {process: list(names) for process, names in found.items()}

    def _indexed(self, names: tuple[str, ...]) -> dict[tuple[str, ...], list[Row]]:
        """Rows by the columns that many questions name; a report asks thousands of them."""
        if names not in self._indices:
            self._indices[names] = _grouped(self.rows, names)
        return self._indices[names]

    @cached_property
    def _indices(self) -> dict[tuple[str, ...], dict[tuple[str, ...], list[Row]]]:
        return {}


_INDEXED = (
    ("process", "target", "control", "split", "weighting", "predictor"),
    ("process", "target", "control", "split", "weighting"),
    ("process", "target", "control"),
)
"""Columns by which rows are found, from those that leave the fewest to look at."""


def _grouped(rows: Sequence[Row], names: tuple[str, ...]) -> dict[tuple[str, ...], list[Row]]:
    index: dict[tuple[str, ...], list[Row]] = {}
    key = attrgetter(*names)
    for row in rows:
        index.setdefault(key(row), []).append(row)
    return index


def write_text(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    write_files(path.parent, {path.name: text.encode()})


def write_files(folder: Path, files: Mapping[str, bytes]) -> list[Path]:
    """Write files whole or not at all: nothing is put in place before everything has been written beside it.

    Raises:
        OSError: if one cannot be written, as where its place is taken by a folder.
    """
    with ExitStack() as unfinished:
        for name, content in files.items():
            unfinished.enter_context(written_aside(folder / name)).write_bytes(content)
    return [folder / name for name in files]
