"""The comparison: every predictor on every process with every seed, beside the same baselines, ceilings and nulls."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from compmech import GHMM, HMM, NotStationary, horizon_ranks, statistics
from predictors import TrainingConfig, log_spaced
from probes.baselines import BASELINES
from probes.candidates import Candidate
from probes.causal import check_edits
from probes.cell import LAYERS, Cell, CellResult, generator, is_layer, sites_of
from probes.further import Further
from probes.ground import Ground, prepare
from probes.history import Histories
from probes.parallel import run_all
from probes.pieces import ControlRows, ControlWork, Piece, cost, part, run_piece, specified, versions
from probes.positions import synchronisation_curve
from probes.presets import ASKED, BATCH, clip, eval_every, learning_rate
from probes.presets import steps as preset_steps
from probes.ranking import with_ranks
from probes.readout import OUTPUT, default_sites
from probes.results import Comparison, ProcessSummary, Run, SynchronisationCurve
from probes.rows import across_seeds
from probes.store import Store
from probes.targets import Target

__all__ = ["ComparisonSpec", "Subject", "compare", "versions"]


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
        targets: of this process alone, such as the parts of a composed one; scored like those of all.
    """

    label: str
    title: str
    process: HMM | GHMM
    length: int
    targets: Callable[[Histories], Sequence[Target]] | None = None

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
        further: probes, targets and controls beside the standing ones.
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
    further: Further = field(default_factory=Further)

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
        nothing = candidate.is_baseline and BASELINES[candidate.kind].smoothing is None
        return [None] if nothing else range(self.seeds)

    def training_of(self, subject: Subject, candidate: Candidate) -> tuple[TrainingConfig, str]:
        """Budget and schedule of one network, and where its learning rate comes from."""
        rate, where = learning_rate(subject.label, candidate.kind)
        asked = candidate.learning_rate if candidate.learning_rate is not None else self.learning_rate
        if asked is not None:
            rate, where = asked, ASKED
        steps = self.steps_of(subject)
        training = TrainingConfig(
            steps=steps,
            batch=self.batch,
            length=subject.length,
            lr=rate,
            clip=clip(subject.label, candidate.kind),
            eval_every=eval_every(steps),
            checkpoints=log_spaced(self.further.checkpoints, steps) if self.further.checkpoints else (),
        )
        return training, where

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
            **({} if self.further == Further() else {"further": self.further.to_dict()}),
        }


def compare(
    spec: ComparisonSpec,
    *,
    rng: np.random.Generator,
    workers: int = 1,
    command: str = "",
    advance: Callable[[int], None] = lambda steps: None,
    done: Callable[[Run, bytes | None], None] = lambda run, checkpoint: None,
    store: Store | None = None,
) -> Comparison:
    """Run all of it.

    Args:
        rng: one number is drawn from it; every stream follows from that number and from what it is for.
        workers: processes at work at once. The rows do not depend on it, but for seconds.
        command: how to make it again, for the record.
        advance: is told of training steps as they are done; there are `spec.total_steps` in all.
        done: is told of every run that has ended, with the bytes of its checkpoint file if it is a network that
            `predictors.save` can save.
        store: where finished pieces are kept, and found again instead of being done twice. Rows do not depend on it.
    Raises:
        StoreError: if a piece in the store is damaged.
        OSError: if the store cannot be written; what it holds by then stays.
        ValueError: if a process and length allow too few histories, or a site exists in no predictor.
        TrainingDiverged: if a network's loss stops being finite.
    """
    entropy = int(rng.integers(2**63 - 1))
    notes: dict[str, None] = {}
    pieces: list[Piece] = []
    summaries: list[ProcessSummary] = []
    synchronisation: list[SynchronisationCurve] = []
    for subject in spec.subjects:
        widths = _site_widths(spec, subject)
        ground = _ground(spec, subject, entropy)
        summaries.append(_summary(subject, ground))
        if spec.further.by_position:
            known = synchronisation_curve(subject.process, ground.histories)
            synchronisation.append(SynchronisationCurve(subject.label, known.of, [float(b) for b in known.bits]))
        notes |= dict.fromkeys(_notes_on(subject, ground) + _note_on_rates(spec, subject))
        pieces += [ControlWork(subject.label, ground, widths, entropy), *_cells(spec, subject, ground, entropy)]
    parts = _carried_out(spec, pieces, store, workers=workers, advance=advance, done=done)
    order = sorted(range(len(pieces)), key=lambda index: _place(spec, pieces[index]))
    results = [parts[index] for index in order]
    comparison = Comparison(
        command=command,
        spec=spec.to_dict(),
        versions=versions(),
        processes=summaries,
        runs=[run for one in results for run in one.runs],
        rows=across_seeds([row for one in results for row in one.rows]),
        pictures=[picture for one in results for picture in one.pictures],
        notes=[*notes, *dict.fromkeys(note for one in results for note in one.notes)],
        suffix_curves=[curve for one in results for curve in one.suffix_curves],
        position_curves=[curve for one in results for curve in one.position_curves],
        synchronisation_curves=synchronisation,
        edits=[row for one in results for row in one.edits],
        shares=[row for one in results for row in one.shares],
        budgets=[row for one in results for row in one.budgets],
    )
    return with_ranks(comparison)


# -------------------------------------------------------------------------------------------------------------
# particulars


def _ground(spec: ComparisonSpec, subject: Subject, entropy: int) -> Ground:
    """What all predictors of one process are judged on. Raises ValueError, naming the process."""
    try:
        ground = prepare(
            subject.process,
            subject.length,
            max_histories=spec.max_histories,
            further=spec.further,
            own_targets=subject.targets,
            rng=generator(entropy, "histories", subject.label),
        )
        if spec.further.edits:
            check_edits(subject.process, ground)
    except ValueError as error:
        raise ValueError(f"{subject.title}, {subject.length} symbols: {error}") from error
    return ground


def _cells(spec: ComparisonSpec, subject: Subject, ground: Ground, entropy: int) -> list[Cell]:
    """Every predictor on one process, with every seed."""
    return [
        Cell(
            label=subject.label,
            process=subject.process,
            candidate=candidate,
            seed=seed,
            entropy=entropy,
            length=subject.length,
            training=spec.training_of(subject, candidate)[0],
            ground=ground,
            sites=spec.sites,
            device=spec.device,
        )
        for candidate in spec.candidates
        for seed in spec.seeds_of(candidate)
    ]


def _carried_out(
    spec: ComparisonSpec,
    pieces: Sequence[Piece],
    store: Store | None,
    *,
    workers: int,
    advance: Callable[[int], None],
    done: Callable[[Run, bytes | None], None],
) -> dict[int, Comparison]:
    """What each piece found, by its place: from the store where it is there, else by doing it and keeping it."""
    asked = [] if store is None else [_specified(spec, piece) for piece in pieces]
    kept = {} if store is None else {i: one for i, words in enumerate(asked) if (one := store.find(words)) is not None}
    for index, one in kept.items():
        piece = pieces[index]
        advance(piece.training.steps if isinstance(piece, Cell) else 0)
        for run in one.found.runs:
            done(run, one.weights)
    parts = {index: one.found for index, one in kept.items()}
    left = sorted(set(range(len(pieces))) - set(kept), key=lambda index: cost(pieces[index]), reverse=True)

    def ended(number: int, result: CellResult | ControlRows) -> None:
        index = left[number]
        weights = result.checkpoint if isinstance(result, CellResult) else None
        parts[index] = part(result, pieces[index])
        if store is not None:
            store.keep(asked[index], parts[index], weights)
        for run in parts[index].runs:
            done(run, weights)

    run_all(run_piece, [pieces[index] for index in left], workers=workers, advance=advance, done=ended)
    return parts


def _note_on_rates(spec: ComparisonSpec, subject: Subject) -> list[str]:
    sources: dict[str, list[str]] = {}
    for candidate in spec.candidates:
        if not candidate.is_baseline:
            training, where = spec.training_of(subject, candidate)
            sources.setdefault(where, []).append(
                f"{candidate.label} {training.lr:.2g} (gradients clipped at {training.clip:g})"
            )
    return [f"{subject.label}: peak learning rates {', '.join(rates)}: {where}" for where, rates in sources.items()]


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
    found = ground.histories
    p = found.prediction
    entropy = -(p * np.log(np.where(p > 0, p, 1.0))).sum(axis=1)
    by_row = np.bincount(found.row - 1, found.frequency * entropy, found.length) * found.length
    return ProcessSummary(
        process=subject.label,
        title=subject.title,
        statistics=_statistics(subject.process),
        length=subject.length,
        histories=len(found),
        complete=found.complete,
        beliefs=ground.classes.n_belief,
        horizon_ranks=[int(rank) for rank in horizon_ranks(subject.process)],
        optimal_nats=[float(value) for value in by_row],
    )


def _statistics(process: HMM | GHMM) -> dict[str, Any]:
    """The statistics, or why there are none: a comparison can be of a process that does not start stationary."""
    try:
        return statistics(process).to_dict()
    except NotStationary as error:
        return {"how": {"entropy_rate": f"not computed: {error}"}}


def _specified(spec: ComparisonSpec, piece: Piece) -> dict[str, Any]:
    (subject,) = (subject for subject in spec.subjects if subject.label == piece.label)
    if subject.targets is not None:
        raise ValueError(
            f"{subject.label} has targets made by a function, which a store cannot tell from another: compare it "
            "without a store"
        )
    return specified(piece, subject.process, subject.title, max_histories=spec.max_histories, further=spec.further)


def _place(spec: ComparisonSpec, piece: Piece) -> tuple[int, int, int, int]:
    """Where a piece stands among the rows: predictors first, then what needs none, each in the order asked for."""
    processes = [subject.label for subject in spec.subjects]
    if isinstance(piece, ControlWork):
        return 1, processes.index(piece.label), 0, 0
    labels = [candidate.label for candidate in spec.candidates]
    return 0, processes.index(piece.label), labels.index(piece.candidate.label), piece.seed or 0


def _site_widths(spec: ComparisonSpec, subject: Subject) -> tuple[int, ...]:
    """The widths of all that will be probed, a predictor's own forecast included.

    Raises:
        ValueError: for a wanted site that no predictor has.
    """
    sites: dict[str, int] = {}
    for candidate in spec.candidates:
        made = sites_of(candidate, subject.process, subject.length)
        chosen = default_sites(made) if spec.sites is None else [name for name in spec.sites if name in made]
        sites |= {f"{candidate.label} {name}": made[name].width for name in chosen}
        layers = [made[name].width for name in chosen if is_layer(name)]
        if spec.further.jointly and len(layers) > 1:
            sites[f"{candidate.label} {LAYERS}"] = sum(layers)
    known = {name.rpartition(" ")[2] for name in sites}
    for name in spec.sites or ():
        if name not in known | {OUTPUT}:
            raise ValueError(f"none of the predictors has a site {name!r}")
    return tuple(sorted({subject.process.n_symbol, *sites.values()}))
