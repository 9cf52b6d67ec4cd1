"""The comparison: every predictor on every process with every seed, beside the same baselines, ceilings and nulls."""

import platform
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from importlib.metadata import version
from math import sqrt
from statistics import fmean, stdev
from typing import Any

import numpy as np

from compmech import GHMM, HMM, horizon_ranks
from predictors import TrainingConfig
from probes.candidates import Candidate
from probes.cell import Cell, CellResult, Scored, generator, run_cell
from probes.ground import Ground, gaussian_scores, model_free_scores, prepare
from probes.parallel import run_all
from probes.presets import BATCH, learning_rate
from probes.presets import steps as preset_steps
from probes.results import Comparison, ProcessSummary, Row
from probes.scoring import Score

__all__ = ["ComparisonSpec", "Finished", "Subject", "compare"]


def _at_least_one(value: object, name: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"{name} must be an integer of at least 1; got {value!r}")


@dataclass(frozen=True, eq=False)
class Subject:
    """A process to be compared on.

    Attributes:
        label: what its rows are called; also part of file names.
        title: the process with its parameters, for people.
        length: symbols read.
    """

    label: str
    title: str
    process: HMM | GHMM
    length: int

    def __post_init__(self) -> None:
        _at_least_one(self.length, "length, the number of symbols read,")


@dataclass(frozen=True)
class ComparisonSpec:
    """What to compare.

    Attributes:
        seeds: repetitions of everything random in a predictor; histories, splits and nulls stay the same.
        steps, batch: every network sees steps * batch fresh sequences. Steps of None: the preset ones of each process.
        learning_rate: one for all networks in place of the recorded ones.
        max_histories: of each process; more are sampled with their probabilities. None: all.
        sites: which to probe; None: all but a transformer's keys and values.
        device: where networks are trained and run.
    """

    subjects: tuple[Subject, ...]
    candidates: tuple[Candidate, ...]
    seeds: int = 1
    steps: int | None = None
    batch: int = BATCH
    learning_rate: float | None = None
    max_histories: int | None = 20_000
    sites: tuple[str, ...] | None = None
    device: str = "cpu"

    def __post_init__(self) -> None:
        for name in ("seeds", "steps", "batch", "max_histories"):
            value = getattr(self, name)
            if value is not None or name in ("seeds", "batch"):
                _at_least_one(value, name)
        for kind, labels in (
            ("process", [subject.label for subject in self.subjects]),
            ("predictor", [candidate.label for candidate in self.candidates]),
        ):
            if not labels:
                raise ValueError(f"a comparison needs at least one {kind}")
            twice = {label for label in labels if labels.count(label) > 1}
            if twice:
                raise ValueError(
                    f"each {kind} once: {', '.join(sorted(twice))} is given {labels.count(min(twice))} times"
                )

    def steps_of(self, subject: Subject) -> int:
        """Training steps on one process."""
        return self.steps if self.steps is not None else preset_steps(subject.label)

    def seeds_of(self, candidate: Candidate) -> Sequence[int | None]:
        """The repetitions of one predictor: a single one, without a seed, where nothing is random."""
        return [None] if candidate.kind in ("bayes", "uniform") else range(self.seeds)

    @property
    def total_steps(self) -> int:
        """How many steps `compare` reports as done in all."""
        runs = sum(len(self.seeds_of(candidate)) for candidate in self.candidates)
        return runs * sum(self.steps_of(subject) for subject in self.subjects)

    def to_dict(self) -> dict[str, Any]:
        """The specification in JSON types; matrices are given by process title."""
        return {
            **{
                name: getattr(self, name)
                for name in ("seeds", "steps", "batch", "learning_rate", "max_histories", "device")
            },
            "sites": None if self.sites is None else list(self.sites),
            "processes": [
                {"label": s.label, "title": s.title, "length": s.length, "steps": self.steps_of(s)}
                for s in self.subjects
            ],
            "predictors": [asdict(candidate) for candidate in self.candidates],
        }


@dataclass(frozen=True)
class Finished:
    """A comparison and the weights of its networks, as the bytes of checkpoint files by (process, predictor, seed)."""

    comparison: Comparison
    checkpoints: dict[tuple[str, str, int], bytes] = field(repr=False)


def compare(
    spec: ComparisonSpec,
    *,
    rng: np.random.Generator,
    workers: int = 1,
    command: str = "",
    advance: Callable[[int], None] = lambda steps: None,
    done: Callable[[str], None] = lambda line: None,
) -> Finished:
    """Run all of it.

    Args:
        rng: one number is drawn from it; every stream follows from that number and from what it is for.
        workers: processes at work at once. The rows do not depend on it, but for seconds.
        command: how to make it again, for the record.
        advance: is told of training steps as they are done; there are `spec.total_steps` in all.
        done: is told, in one line, of every run that has ended.
    Raises:
        ValueError: if a process and length allow too few histories, a site exists in no predictor, or a setting is
            wrong.
        TrainingDiverged: if a network's loss stops being finite.
    """
    entropy = int(rng.integers(2**63 - 1))
    pieces: list[Cell | Subject] = []
    grounds: dict[str, Ground] = {}
    notes: dict[str, None] = {}
    for subject in spec.subjects:
        ground = prepare(
            subject.process,
            subject.length,
            max_histories=spec.max_histories,
            rng=generator(entropy, "histories", subject.label),
        )
        grounds[subject.label] = ground
        notes |= dict.fromkeys(_notes_on(subject, ground))
        for candidate in spec.candidates:
            training, said = _training(spec, subject, candidate)
            notes |= dict.fromkeys(said)
            pieces += [
                Cell(
                    label=subject.label,
                    process=subject.process,
                    candidate=candidate,
                    seed=seed,
                    entropy=entropy,
                    length=subject.length,
                    training=training,
                    ground=ground,
                    sites=spec.sites,
                    device=spec.device,
                )
                for seed in spec.seeds_of(candidate)
            ]
    cells = sorted((piece for piece in pieces if isinstance(piece, Cell)), key=_cost, reverse=True)
    results = run_all(run_cell, cells, workers=workers, advance=advance, done=lambda i, result: done(_line(result)))
    in_order = sorted(results, key=lambda result: _place(spec, result))
    widths = {
        subject.label: {
            s.score.width for r in in_order if r.run.process == subject.label for s in r.scores if _inner(s)
        }
        for subject in spec.subjects
    }
    controls = run_all(
        run_controls,
        [ControlWork(s.label, grounds[s.label], tuple(sorted(widths[s.label])), entropy) for s in spec.subjects],
        workers=workers,
        advance=lambda amount: None,
    )
    rows = [row for result in in_order for row in _rows(result, spec)]
    for subject, found in zip(spec.subjects, controls, strict=True):
        rows += [_row(subject.label, subject.length, Scored("", s)) for s in found]
    return Finished(
        Comparison(
            command=command,
            spec=spec.to_dict(),
            versions=versions(),
            processes=[_summary(subject, grounds[subject.label]) for subject in spec.subjects],
            runs=[result.run for result in in_order],
            rows=across_seeds(rows),
            pictures=[result.picture for result in in_order],
            notes=[*notes, *dict.fromkeys(note for result in in_order for note in result.notes)],
        ),
        {
            (result.run.process, result.run.predictor, result.run.seed or 0): result.checkpoint
            for result in in_order
            if result.checkpoint is not None
        },
    )


# --------------------------------------------------------------------------------------------------------------
# controls


@dataclass(frozen=True, eq=False)
class ControlWork:
    """The model-free rows of one process, as a piece of work."""

    label: str
    ground: Ground = field(repr=False)
    widths: tuple[int, ...]
    entropy: int


def run_controls(work: ControlWork, advance: Callable[[int], None]) -> list[Score]:
    """Baselines, ceilings and noise for one process."""
    rng = generator(work.entropy, "controls", work.label)
    found = model_free_scores(work.ground, work.widths, rng=rng)
    for width in work.widths:
        found += gaussian_scores(work.ground, width, rng=generator(work.entropy, "gaussian", work.label, width))
    return found


# ------------------------------------------------------------------------------------------------------------------
# rows


def _rows(result: CellResult, spec: ComparisonSpec) -> list[Row]:
    length = next(subject.length for subject in spec.subjects if subject.label == result.run.process)
    return [_row(result.run.process, length, scored, result) for scored in result.scores]


def _row(process: str, length: int, scored: Scored, result: CellResult | None = None) -> Row:
    run, s = result.run if result else None, scored.score
    in_sample = s.split == "none"
    model_free = s.rank is None and s.control == "suffix-grams"
    return Row(
        process=process,
        predictor=run.predictor if run else "",
        seed=run.seed if run else None,
        length=length,
        parameters=run.parameters if run else None,
        symbols_seen=run.symbols_seen if run else None,
        seconds=run.seconds if run else None,
        site=scored.site,
        target=s.target,
        probe="ols" if in_sample else "mean" if model_free else "ridge",
        split=s.split,
        weighting=s.weighting,
        control=s.control,
        score=s.score,
        low=s.low,
        high=s.high,
        whitened=s.whitened,
        rows=s.rows,
        width=s.width,
        rank=s.rank,
        beliefs=s.beliefs,
        penalty=s.penalty,
        verdict=s.verdict,
        kl=run.kl if run and s.control != "untrained" else None,
        reason=s.reason,
    )


def across_seeds(rows: Sequence[Row]) -> list[Row]:
    """The rows with the mean over seeds of like rows, and its 95 % t interval, where two seeds or more have a score."""
    from scipy.stats import t

    like: dict[tuple[object, ...], list[float]] = defaultdict(list)
    for row in rows:
        if row.score is not None and row.seed is not None:
            like[_alike(row)].append(row.score)
    found = []
    for row in rows:
        values = like.get(_alike(row), [])
        if row.seed is None or len(values) < 2:
            found.append(row)
            continue
        half = float(t.ppf(0.975, len(values) - 1)) * stdev(values) / sqrt(len(values))
        mean = fmean(values)
        found.append(replace(row, seeds_mean=mean, seeds_low=mean - half, seeds_high=mean + half))
    return found


def _alike(row: Row) -> tuple[object, ...]:
    return (
        row.process,
        row.predictor,
        row.site,
        row.target,
        row.probe,
        row.split,
        row.weighting,
        row.control,
        row.width,
    )


# -------------------------------------------------------------------------------------------------------------
# particulars


def _training(spec: ComparisonSpec, subject: Subject, candidate: Candidate) -> tuple[TrainingConfig, list[str]]:
    """Budget and schedule of one network, and what a reader must know of its learning rate."""
    said: list[str] = []
    rate = candidate.learning_rate if candidate.learning_rate is not None else spec.learning_rate
    if rate is None:
        rate, where = learning_rate(subject.label, candidate.kind)
        if not candidate.is_baseline:
            said.append(f"{subject.label}, {candidate.label}: peak learning rate {rate:.2g}, {where}")
    elif not candidate.is_baseline:
        said.append(f"{subject.label}, {candidate.label}: peak learning rate {rate:.2g}, as asked")
    return TrainingConfig(steps=spec.steps_of(subject), batch=spec.batch, length=subject.length, lr=rate), said


def _notes_on(subject: Subject, ground: Ground) -> list[str]:
    found = ground.histories
    said = []
    if not found.complete:
        said.append(
            f"{subject.label}: {len(found):,} distinct histories, the prefixes of {found.drawn:,} words of "
            f"{subject.length} symbols drawn with their probabilities; weights by probability are their frequencies"
        )
    said += [f"{subject.label}: no split by {s.name}: {s.reason}" for s in ground.splits if s.reason]
    if ground.classes.suffix:
        said.append(
            f"{subject.label}: nearly all beliefs differ, so the class split and the intervals take histories together "
            f"that share their last {ground.classes.suffix} symbols"
        )
    return said


def _summary(subject: Subject, ground: Ground) -> ProcessSummary:
    from compmech import statistics

    found = ground.histories
    p = found.prediction
    entropy = -(p * np.log(np.where(p > 0, p, 1.0))).sum(axis=1)
    by_row = np.bincount(found.row - 1, found.frequency * entropy, found.length) * found.length
    return ProcessSummary(
        process=subject.label,
        title=subject.title,
        statistics=statistics(subject.process).to_dict(),
        length=subject.length,
        histories=len(found),
        complete=found.complete,
        beliefs=ground.classes.n_belief,
        horizon_ranks=[int(rank) for rank in horizon_ranks(subject.process)],
        optimal_nats=[float(value) for value in by_row],
    )


def _cost(cell: Cell) -> tuple[int, int]:
    """The longest first, so that no worker is left alone with one at the end."""
    order = {"mamba": 4, "transformer": 3, "lstm": 2, "gru": 2}
    return (0 if cell.candidate.is_baseline else order.get(cell.candidate.kind, 4)), cell.length


def _place(spec: ComparisonSpec, result: CellResult) -> tuple[int, int, int]:
    processes = [subject.label for subject in spec.subjects]
    labels = [candidate.label for candidate in spec.candidates]
    return processes.index(result.run.process), labels.index(result.run.predictor), result.run.seed or 0


def _inner(scored: Scored) -> bool:
    return scored.site != "output" and scored.score.width > 0


def _line(result: CellResult) -> str:
    run = result.run
    seed = "" if run.seed is None else f", seed {run.seed}"
    spent = f" after {run.symbols_seen:,} symbols in {run.seconds:.0f} s" if run.symbols_seen else ""
    return f"{run.process}, {run.predictor}{seed}: KL to the optimum {run.kl:.2g} nats{spent}"


def versions() -> dict[str, str]:
    """Of Python, of this package and of what decides numbers."""
    found = {"python": platform.python_version(), "platform": f"{platform.system()} {platform.machine()}"}
    for name in ("belief-geometry", "numpy", "scipy", "torch"):
        found[name] = version(name)
    return found
