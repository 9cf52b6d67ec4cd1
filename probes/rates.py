"""The equal-budget sweep from which the preset learning rates come."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from statistics import fmean
from typing import Any

import torch

from compmech import GHMM, HMM
from predictors import Predictor, SweepRow, TrainingConfig, best_setting, sweep_learning_rates
from predictors.sweep import next_rate
from probes.candidates import Candidate, make
from probes.comparison import ComparisonSpec, versions
from probes.presets import CLIPS, RATES
from probes.sweep.this_machine import run_all

__all__ = ["RateTrial", "concluded", "replaced", "sweep", "widened"]


@dataclass(frozen=True, eq=False)
class RateTrial:
    """One network trained with one peak learning rate."""

    label: str
    process: HMM | GHMM
    candidate: Candidate
    training: TrainingConfig
    seed: int

    @staticmethod
    def grid(
        spec: ComparisonSpec,
        *,
        seeds: Sequence[int],
        rates: Sequence[float] = RATES,
        clips: Sequence[float] = CLIPS,
    ) -> list["RateTrial"]:
        """Every process with every architecture, rate, clip and seed. Baselines have no rate and are left out."""
        return [
            RateTrial(
                subject.label,
                subject.process,
                candidate,
                TrainingConfig(
                    steps=spec.steps_of(subject), batch=spec.batch, length=subject.length, lr=rate, clip=clip
                ),
                seed,
            )
            for candidate in spec.candidates
            if not candidate.is_baseline
            for subject in spec.subjects
            for rate in rates
            for clip in clips
            for seed in seeds
        ]


def run_trial(trial: RateTrial, advance: Callable[[int], None]) -> dict[str, Any]:
    """Train and judge. All rates of an architecture start from the same weights and see the same data."""
    n_symbol, length = trial.process.n_symbol, trial.training.length

    def fresh(rng: torch.Generator) -> Predictor:
        return make(trial.candidate, n_symbol, length, rng=rng)

    (row,) = sweep_learning_rates(
        fresh,
        trial.process,
        trial.training,
        [trial.training.lr],
        seeds=[trial.seed],
        progress=lambda step, steps, loss: advance(1),
    )
    budget = {key: getattr(trial.training, key) for key in ("length", "steps", "batch")}
    return {"process": trial.label, "predictor": trial.candidate.label, **budget, **row.to_dict()}


def sweep(
    trials: Sequence[RateTrial],
    *,
    workers: int,
    advance: Callable[[int], None],
    done: Callable[[str], None],
) -> list[dict[str, Any]]:
    """All trials, each as a row."""
    return run_all(run_trial, trials, workers=workers, advance=advance, done=lambda i, row: done(_line(row)))


def widened(trials: Sequence[RateTrial], rows: Sequence[dict[str, Any]]) -> list[RateTrial]:
    """The trials of one rate more for every process and architecture whose best rate is at an edge of those tried.

    With every seed and the budget of the others. None are left when every best rate lies inside.
    """
    groups: dict[tuple[str, str], list[RateTrial]] = defaultdict(list)
    for trial in trials:
        groups[trial.label, trial.candidate.label].append(trial)
    found = []
    for (process, predictor), tried in groups.items():
        rate = next_rate(_sweep_rows(row for row in rows if (row["process"], row["predictor"]) == (process, predictor)))
        if rate is not None:
            others = {(trial.training.clip, trial.seed): trial for trial in tried}
            found += [replace(trial, training=replace(trial.training, lr=rate)) for trial in others.values()]
    return found


def _sweep_rows(rows: Iterable[dict[str, Any]]) -> list[SweepRow]:
    return [SweepRow(**{f.name: row[f.name] for f in fields(SweepRow)}) for row in rows]


def concluded(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The rows with the best rate by process and architecture, and the same in lines for people."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        groups[row["process"], row["predictor"]].append(row)
    best: dict[str, dict[str, dict[str, float]]] = defaultdict(dict)
    lines = []
    for (process, predictor), tried in groups.items():
        rate, clip = best_setting(_sweep_rows(tried))
        best[process][predictor] = {"lr": rate, "clip": clip}
        reached = [row["kl"] for row in tried if (row["rate"], row["clip"]) == (rate, clip)]
        rates = [row["rate"] for row in tried]
        seeds = f" over {len(reached)} seeds" if len(reached) > 1 else ""
        said = f"{process}, {predictor}: lr {rate:g}, clip {clip:g} gives KL {fmean(reached):.2g} nats{seeds}"
        least, least_kl = _of_least_kl(tried)
        if least != (rate, clip):
            said += f"; lr {least[0]:g}, clip {least[1]:g} gives {least_kl:.2g}, no better by the rule"
        if rate in (min(rates), max(rates)):
            said += "; the best is at the edge of the grid"
        lines.append(said)
    return {"best": dict(best), "best_lines": lines, "versions": versions(), "rows": list(rows)}


def _of_least_kl(tried: Sequence[dict[str, Any]]) -> tuple[tuple[float, float], float]:
    """Rate and clip of least mean KL among those that never diverged, and that KL."""
    reached: dict[tuple[float, float], list[float | None]] = defaultdict(list)
    for row in tried:
        reached[row["rate"], row["clip"]].append(row["kl"])
    means = {key: fmean(kl for kl in found if kl is not None) for key, found in reached.items() if None not in found}
    return min(means.items(), key=lambda item: item[1])


def replaced(old: Sequence[dict[str, Any]], new: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The old rows with those of every process and predictor that is among the new ones replaced."""
    redone = {(row["process"], row["predictor"]) for row in new}
    return [row for row in old if (row["process"], row["predictor"]) not in redone] + list(new)


def _line(row: dict[str, Any]) -> str:
    diverged = row["diverged"] is not None
    result = f"diverged at step {row['diverged']}" if diverged else f"KL {row['kl']:.2g} nats in {row['seconds']:.0f} s"
    return (
        f"{row['process']}, {row['predictor']}, lr {row['rate']:g}, clip {row['clip']:g}, seed {row['seed']}: {result}"
    )
