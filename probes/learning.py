"""How well, and how fast, each architecture learns each process: KL to the optimum by position, at equal budget."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from statistics import fmean
from time import perf_counter, process_time
from typing import Any

import numpy as np
from jaxtyping import Int
from torch import nn

from compmech import GHMM, HMM
from predictors import (
    Predictor,
    TrainingConfig,
    TrainingDiverged,
    kl_to_optimum,
    n_parameters,
    train,
)
from probes.baselines import counted, known_at_once
from probes.candidates import Candidate, make
from probes.cell import generator, torch_generator
from probes.comparison import ComparisonSpec, versions
from probes.sweep.this_machine import run_all

__all__ = ["IDENTITY", "JUDGED", "LearningTrial", "identity", "learn", "learning_table", "summary"]

JUDGED = 4096
"""Histories on which the KL at each position is measured: the same ones for every predictor of a process."""

IDENTITY = ("process", "title", "predictor", "seed", "entropy", "length", "steps", "batch", "lr")
"""The fields of a row that say what it is of."""

COUNTED = 2**21
"""The most symbols that k-grams count: longer samples move them by less than their own error."""


@dataclass(frozen=True, eq=False)
class LearningTrial:
    """One predictor on one process with one seed.

    Attributes:
        label, title: of the process.
        entropy: of all randomness; every stream is drawn from it and from what it is for.
        where: where the learning rate comes from.
    """

    label: str
    title: str
    process: HMM | GHMM
    candidate: Candidate
    training: TrainingConfig
    seed: int
    entropy: int
    where: str = field(repr=False)

    @staticmethod
    def grid(spec: ComparisonSpec, *, entropy: int) -> list["LearningTrial"]:
        """Every process with every predictor; networks with every seed, at one budget a process."""
        return [
            _trial(spec, subject_index, candidate, seed, entropy)
            for subject_index in range(len(spec.subjects))
            for candidate in spec.candidates
            for seed in ((0,) if candidate.is_baseline else spec.seed_indices)
        ]


def _trial(spec: ComparisonSpec, subject_index: int, candidate: Candidate, seed: int, entropy: int) -> LearningTrial:
    subject = spec.subjects[subject_index]
    training, where = spec.training_of(subject, candidate)
    return LearningTrial(subject.label, subject.title, subject.process, candidate, training, seed, entropy, where)


def identity(trial: LearningTrial) -> dict[str, Any]:
    """What tells the row of a trial from others: with it, work that is done need not be done again."""
    return {
        "process": trial.label,
        "title": trial.title,
        "predictor": trial.candidate.label,
        "seed": trial.seed,
        "entropy": trial.entropy,
        "length": trial.training.length,
        "steps": trial.training.steps,
        "batch": trial.training.batch,
        "lr": None if trial.candidate.is_baseline else trial.training.lr,
    }


def run_trial(trial: LearningTrial, advance: Callable[[int], None]) -> dict[str, Any]:
    """Train or count, and judge."""
    judged = trial.process.sample(
        JUDGED, trial.training.length, rng=generator(trial.entropy, "judge", trial.label, trial.training.length)
    )
    if trial.candidate.is_baseline:
        found = _counted(trial, judged)
        advance(trial.training.steps)
        return found
    return _trained(trial, judged, advance)


def _trained(
    trial: LearningTrial, judged: Int[np.ndarray, "seq time"], advance: Callable[[int], None]
) -> dict[str, Any]:
    who = (trial.label, trial.candidate.label, trial.seed)
    rng = torch_generator(trial.entropy, "weights", *who)
    model = make(trial.candidate, trial.process.n_symbol, trial.training.length, rng=rng)
    size = n_parameters(model) if isinstance(model, nn.Module) else 0
    began = process_time()
    try:
        record = train(
            model,
            trial.process,
            trial.training,
            rng=generator(trial.entropy, "data", *who),
            progress=lambda step, steps, loss: advance(1),
        )
    except TrainingDiverged as error:
        spent = error.step * trial.training.batch * (trial.training.length + 1)
        advance(trial.training.steps - error.step)
        return {**_row(trial, None, size, spent, error.seconds), "diverged": error.step}
    curve = {
        "symbols": [each.symbols_seen for each in record.evaluations],
        "kl": [each.mean_kl for each in record.evaluations],
        "gradient_norms": list(record.gradient_norms),
    }
    cpu_seconds = process_time() - began
    row = _row(trial, _judge(model, trial, judged), size, record.symbols_seen, record.seconds)
    return {**row, "cpu_seconds": cpu_seconds, "curve": curve, "training": record.to_dict()["config"]}


def _counted(trial: LearningTrial, judged: Int[np.ndarray, "seq time"]) -> dict[str, Any]:
    kind = trial.candidate.kind
    known = known_at_once(kind, trial.process)
    if known is not None:
        return _row(trial, _judge(known, trial, judged), 0, 0, 0.0)
    began = perf_counter()
    length = trial.training.length + 1
    n_seq = min(trial.training.steps * trial.training.batch, max(1, COUNTED // length))
    sample = trial.process.sample(n_seq, length, rng=generator(trial.entropy, "data", trial.label, kind))
    model = counted(kind, trial.candidate.settings, sample, trial.process.n_symbol)
    row = _row(trial, _judge(model, trial, judged), 0, int(sample.size), perf_counter() - began)
    return {**row, "k": model.k}


def _judge(model: Predictor, trial: LearningTrial, judged: Int[np.ndarray, "seq time"]) -> list[float]:
    if isinstance(model, nn.Module):
        model.eval()
    return [float(kl) for kl in kl_to_optimum(model, trial.process, judged)]


def _row(trial: LearningTrial, kl: list[float] | None, size: int, symbols: int, seconds: float) -> dict[str, Any]:
    return {
        **identity(trial),
        "lr_from": None if trial.candidate.is_baseline else trial.where,
        "settings": dict(trial.candidate.settings),
        "parameters": size,
        "symbols_seen": symbols,
        "seconds": seconds,
        "kl_nats": kl,
        "mean_kl_nats": None if kl is None else fmean(kl),
        "diverged": None,
    }


def learn(
    trials: Sequence[LearningTrial],
    *,
    workers: int,
    advance: Callable[[int], None],
    done: Callable[[dict[str, Any]], None],
) -> list[dict[str, Any]]:
    """All trials, one thread each, as rows: `kl_nats` is the KL to the optimum at rows 1 .. length, or None where
    training diverged."""
    return run_all(run_trial, trials, workers=workers, advance=advance, done=lambda index, row: done(row))


def summary(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The rows with what they were made by."""
    return {
        "judged": JUDGED,
        "unit": "kl_nats[i] is the KL to the optimum in nats at row i + 1, the mean over histories drawn anew",
        "times": "seconds is the wall clock of the updates; cpu_seconds the processor time of updates and evaluations",
        "versions": versions(),
        "torch_threads": 1,
        "default_training": asdict(TrainingConfig(length=1)),
        "rows": list(rows),
    }


def learning_table(rows: Sequence[dict[str, Any]]) -> str:
    """For people: mean over seeds by process and predictor."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        groups[f"{row['process']}@{row['length']}", row["predictor"]].append(row)
    wide = max([len("predictor"), *(len(row["predictor"]) for row in rows)])
    titles = f"{'KL nats':>9} {'row 1':>9} {'last row':>9} {'symbols':>11} {'s':>7} seeds"
    lines = [f"{'process':<20} {'predictor':<{wide}} {titles}"]
    for (process, predictor), group in groups.items():
        reached = [row["kl_nats"] for row in group if row["kl_nats"] is not None]
        spent = f"{fmean(r['symbols_seen'] for r in group):>11,.0f} {fmean(r['seconds'] for r in group):>7.0f}"
        shown = (
            f"{fmean(map(fmean, reached)):>9.2g} {fmean(kl[0] for kl in reached):>9.2g} "
            f"{fmean(kl[-1] for kl in reached):>9.2g}"
            if len(reached) == len(group)
            else f"{'diverged':>29}"
        )
        lines.append(f"{process:<20} {predictor:<{wide}} {shown} {spent} {len(group):>5}")
    return "\n".join(lines)
