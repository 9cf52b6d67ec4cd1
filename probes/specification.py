"""What is to be compared: processes, predictors, budget, seeds and probes, as values that are checked when made."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from compmech import GHMM, HMM
from predictors import TrainingConfig, log_spaced
from probes.baselines import BASELINES
from probes.candidates import Candidate
from probes.further import Further
from probes.history import Histories
from probes.presets import ASKED, BATCH, clip, eval_every, learning_rate
from probes.presets import steps as preset_steps
from probes.targets import Target

__all__ = ["MOST_CELLS", "ComparisonSpec", "Subject"]

MOST_CELLS = 100_000
"""Of one comparison: all of its cells are known, and ordered, before the first is begun."""


def _at_least_one(value: object, name: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"{name} must be an integer of at least 1; got {value!r}")


def _check_seeds(seeds: int | tuple[int, ...]) -> None:
    if isinstance(seeds, int):
        _at_least_one(seeds, "seeds")
        return
    if not seeds:
        raise ValueError("seeds must be a number of repetitions, or name at least one; got none")
    for seed in seeds:
        if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
            raise ValueError(f"seeds must be integers of at least 0; got {seed!r}")
    if len(set(seeds)) < len(seeds):
        raise ValueError(f"each seed once; got {', '.join(map(str, seeds))}")


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
        seeds: repetitions of everything random in a predictor, their number or their indices; histories, splits and
            nulls stay the same.
        steps, batch: every network sees steps * batch fresh sequences, unless its candidate says otherwise. Steps of
            None: the preset ones of each process.
        learning_rate: one for all networks in place of the recorded ones.
        max_histories: of each process; more are sampled with their probabilities. None: all.
        sites: which to probe; None: all but a transformer's keys and values.
        device: where networks are trained and run.
        further: probes, targets and controls beside the standing ones.
    """

    subjects: tuple[Subject, ...]
    candidates: tuple[Candidate, ...]
    seeds: int | tuple[int, ...] = 1
    steps: int | None = None
    batch: int = BATCH
    learning_rate: float | None = None
    max_histories: int | None = 20_000
    sites: tuple[str, ...] | None = None
    device: str = "cpu"
    further: Further = field(default_factory=Further)

    def __post_init__(self) -> None:
        for name in ("steps", "batch", "max_histories"):
            value = getattr(self, name)
            if value is not None or name == "batch":
                _at_least_one(value, name)
        _check_seeds(self.seeds)
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
        seeds = self.seeds if isinstance(self.seeds, int) else len(self.seeds)
        cells = len(self.subjects) * len(self.candidates) * seeds
        if cells > MOST_CELLS:
            raise ValueError(
                f"{len(self.subjects):,} processes, {len(self.candidates):,} predictors and {seeds:,} seeds are "
                f"{cells:,} cells; a comparison has at most {MOST_CELLS:,}: make several of it"
            )

    @property
    def seed_indices(self) -> Sequence[int]:
        """The repetitions."""
        return range(self.seeds) if isinstance(self.seeds, int) else self.seeds

    def steps_of(self, subject: Subject, candidate: Candidate | None = None) -> int:
        """Training steps on one process, of one predictor or of all that do not say otherwise."""
        if candidate is not None and candidate.steps is not None:
            return candidate.steps
        return self.steps if self.steps is not None else preset_steps(subject.label)

    def seeds_of(self, candidate: Candidate) -> Sequence[int | None]:
        """The repetitions of one predictor: a single one, without a seed, where nothing is random."""
        nothing = candidate.is_baseline and BASELINES[candidate.kind].smoothing is None
        return [None] if nothing else self.seed_indices

    def training_of(self, subject: Subject, candidate: Candidate) -> tuple[TrainingConfig, str]:
        """Budget and schedule of one network, and where its learning rate comes from."""
        rate, where = learning_rate(subject.label, candidate.kind)
        asked = candidate.learning_rate if candidate.learning_rate is not None else self.learning_rate
        if asked is not None:
            rate, where = asked, ASKED
        steps = self.steps_of(subject, candidate)
        training = TrainingConfig(
            steps=steps,
            batch=self.batch if candidate.batch is None else candidate.batch,
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
        return sum(
            len(self.seeds_of(candidate)) * self.steps_of(subject, candidate)
            for candidate in self.candidates
            for subject in self.subjects
        )

    def to_dict(self) -> dict[str, Any]:
        """The specification in JSON types; matrices are given by process title."""
        return {
            **{name: getattr(self, name) for name in ("steps", "batch", "learning_rate", "max_histories", "device")},
            "seeds": self.seeds if isinstance(self.seeds, int) else list(self.seeds),
            "sites": None if self.sites is None else list(self.sites),
            "processes": [
                {"label": s.label, "title": s.title, "length": s.length, "steps": self.steps_of(s)}
                for s in self.subjects
            ],
            "predictors": [candidate.to_dict() for candidate in self.candidates],
            **({} if self.further == Further() else {"further": self.further.to_dict()}),
        }
