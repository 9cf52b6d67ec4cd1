"""The comparison: every predictor on every process with every seed, beside the same baselines, ceilings and nulls."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import Any

import numpy as np

from compmech import GHMM, HMM, NotStationary, horizon_ranks, statistics
from probes.causal import check_edits
from probes.cell import generator
from probes.ground import Ground, prepare
from probes.pictures import scene
from probes.pieces import versions
from probes.positions import synchronisation_curve
from probes.ranking import with_ranks
from probes.results import Comparison, ProcessSummary, Run, SynchronisationCurve
from probes.rows import across_seeds
from probes.specification import ComparisonSpec, Subject
from probes.store import Experiment, Store, key_of
from probes.sweep.engine import Engine, single_threaded
from probes.sweep.loggers import Begun, FailedCell, Logger
from probes.sweep.slots import slots_of
from probes.sweep.sweep import Sweep
from probes.sweep.work import Finished, Work

__all__ = ["CellsFailed", "ComparisonSpec", "Subject", "compare", "joined", "versions"]


class CellsFailed(RuntimeError):
    """Some cells ended in an error; the others were done.

    Attributes:
        failures: which, and why.
        comparison: of all others; None if no predictor is among them.
    """

    def __init__(self, failures: Sequence[FailedCell], cells: int, comparison: Comparison | None) -> None:
        self.failures, self.comparison = tuple(failures), comparison
        said = "; ".join(f"{failure.name}: {failure.error}" for failure in failures[:3])
        more = f"; and {len(failures) - 3} more" if len(failures) > 3 else ""
        super().__init__(f"{len(failures)} of {cells} cells failed: {said}{more}")


def compare(
    spec: ComparisonSpec,
    *,
    rng: np.random.Generator,
    workers: int = 1,
    engine: Engine | None = None,
    command: str = "",
    source: str = "",
    advance: Callable[[int], None] = lambda steps: None,
    done: Callable[[Run, bytes | None], None] = lambda run, checkpoint: None,
    store: Store | None = None,
    loggers: Sequence[Logger] = (),
) -> Comparison:
    """Run all of it.

    Args:
        rng: one number is drawn from it; every stream follows from that number and from what it is for.
        workers: processes at work at once on this machine. The rows do not depend on it, but for seconds.
        engine: where cells are carried out, in place of these.
        command, source: how to make it again, for the record: a command, and the text of the file that it reads.
        advance: is told of training steps as they are done; there are `spec.total_steps` in all.
        done: is told of every run that has ended, with the bytes of its checkpoint file if it is a network that
            `predictors.save` can save.
        store: where finished cells are kept, and found again instead of being done twice. Rows do not depend on it.
        loggers: are told of every cell that ends, or fails.
    Raises:
        StoreError: if a cell in the store is damaged.
        OSError: if the store cannot be written; what it holds by then stays.
        ValueError: if a process and length allow too few histories, or a site exists in no predictor.
        CellsFailed: at the end, if cells ended in an error or their workers were killed. It has all that the others
            came to.
    """
    entropy = int(rng.integers(2**63 - 1))
    slots = slots_of(spec)
    words = None if store is None else [slot.words(entropy) for slot in slots]
    kept = {} if store is None or words is None else _kept(store, words)
    grounds = _Grounds(spec, entropy)
    for index, slot in enumerate(slots):
        if index not in kept:
            grounds.of(slot.subject)  # what is wrong with any is said before anything is done
    experiment = Experiment(
        command,
        source,
        spec.to_dict(),
        [note for subject in spec.subjects for note in _note_on_rates(spec, subject)],
        [] if words is None else [key_of(asked) for asked in words],
    )
    if store is not None:
        store.record(experiment)
    sweep = Sweep(slots, words, store, loggers=loggers, advance=advance, done=done)
    with ExitStack() as closing:
        for logger in loggers:
            closing.callback(logger.close)
            logger.begin(Begun(len(slots), len(kept), experiment.spec))
        sweep.found(kept)
        for index, slot in enumerate(slots):
            if slot.kind == "process" and index not in kept:
                sweep.ended(index, Finished(_summarised(spec, slot.subject, grounds.of(slot.subject)), None))
        left = {
            index: Work(
                slot.piece(entropy),
                grounds.of(slot.subject),
                None if words is None else words[index],
                None if store is None else store.folder.absolute(),
            )
            for index, slot in enumerate(slots)
            if index not in kept and slot.kind != "process"
        }
        sweep.run(left, workers=workers, engine=engine)
    parts = [sweep.parts[index] for index in range(len(slots)) if index in sweep.parts]
    failures = sweep.failures
    if not failures:
        return joined(experiment, parts)
    notes = [*experiment.notes, *(f"failed: {failure.name}: {failure.error}" for failure in failures)]
    some = any(one.runs for one in parts)
    rest = joined(Experiment(command, source, experiment.spec, notes, experiment.keys), parts) if some else None
    raise CellsFailed(failures, len(slots), rest)


def joined(experiment: Experiment, parts: Sequence[Comparison]) -> Comparison:
    """One comparison of its cells, given in the order of the rows."""
    summaries = [note for one in parts if one.processes for note in one.notes]
    others = [note for one in parts if not one.processes for note in one.notes]

    def every(name: str) -> list[Any]:
        return [item for one in parts for item in getattr(one, name)]

    return with_ranks(
        Comparison(
            command=experiment.command,
            spec=experiment.spec,
            versions=versions(),
            processes=every("processes"),
            runs=every("runs"),
            rows=across_seeds(every("rows")),
            pictures=every("pictures"),
            scenes=list({one.process: one for one in every("scenes")}.values()),
            notes=list(dict.fromkeys([*summaries, *experiment.notes, *others])),
            suffix_curves=every("suffix_curves"),
            position_curves=every("position_curves"),
            synchronisation_curves=every("synchronisation_curves"),
            edits=every("edits"),
            shares=every("shares"),
            budgets=every("budgets"),
            machines=every("machines"),
        )
    )


# -------------------------------------------------------------------------------------------------------------
# particulars


def _kept(store: Store, words: Sequence[Mapping[str, Any]]) -> dict[int, Finished]:
    found = {index: store.find(asked) for index, asked in enumerate(words)}
    return {index: Finished(one.found, one.weights) for index, one in found.items() if one is not None}


class _Grounds:
    """What all predictors of one process are judged on, prepared when it is first asked for."""

    def __init__(self, spec: ComparisonSpec, entropy: int) -> None:
        self._spec, self._entropy = spec, entropy
        self._prepared: dict[str, Ground] = {}

    def of(self, subject: Subject) -> Ground:
        """Raises ValueError, naming the process."""
        if subject.label not in self._prepared:
            with single_threaded():
                self._prepared[subject.label] = _ground(self._spec, subject, self._entropy)
        return self._prepared[subject.label]


def _ground(spec: ComparisonSpec, subject: Subject, entropy: int) -> Ground:
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


def _summarised(spec: ComparisonSpec, subject: Subject, ground: Ground) -> Comparison:
    """What is known of a process before any predictor is asked, as a comparison of that alone."""
    curves = []
    if spec.further.by_position:
        known = synchronisation_curve(subject.process, ground.histories)
        curves.append(SynchronisationCurve(subject.label, known.of, [float(b) for b in known.bits]))
    return Comparison(
        "",
        {},
        versions(),
        [_summary(subject, ground)],
        [],
        [],
        [],
        notes=_notes_on(subject, ground),
        synchronisation_curves=curves,
        scenes=[scene(subject.label, subject.process, ground)],
    )


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
