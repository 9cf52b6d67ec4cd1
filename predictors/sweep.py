"""The learning rate of each architecture by an equal-budget sweep."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from math import inf, sqrt
from statistics import fmean, stdev
from typing import Any

import numpy as np
import torch

from predictors.predictor import Predictor
from predictors.sources import Source
from predictors.training import Progress, train
from predictors.training_record import TrainingConfig, TrainingDiverged

__all__ = ["SweepRow", "best_rate", "best_setting", "next_rate", "sweep_learning_rates", "widened_sweep"]


@dataclass(frozen=True)
class SweepRow:
    """One training of a sweep.

    Attributes:
        rate: peak learning rate.
        clip: largest norm of the gradient.
        seed: of the initial weights and of the data.
        loss: final held-out loss in nats; None if training diverged.
        kl: final KL to the optimum, mean over rows 1 .. length, in nats; None if diverged or not known.
        symbols_seen: symbols drawn for updates.
        seconds: wall-clock time of the updates.
        diverged: the step at which training diverged; None if it did not.
    """

    rate: float
    clip: float
    seed: int
    loss: float | None
    kl: float | None
    symbols_seen: int
    seconds: float
    diverged: int | None

    def to_dict(self) -> dict[str, Any]:
        """The row in numbers, for JSON."""
        return asdict(self)


def sweep_learning_rates(
    make_predictor: Callable[[torch.Generator], Predictor],
    source: Source,
    config: TrainingConfig,
    rates: Sequence[float],
    *,
    seeds: Sequence[int],
    progress: Progress | None = None,
) -> list[SweepRow]:
    """Train once for every rate and seed with the same budget.

    A seed, not a generator, because all rates of one seed must start from the same weights and see the same words.

    Args:
        make_predictor: gives a freshly initialised network.
        config: everything but the learning rate.
        progress: called after each update with the updates made and to make in the whole sweep, and the loss.
    Returns:
        A row for each rate and seed, rates outermost; a training that diverged is a row that says so.
    Raises:
        ValueError: if there are no rates or no seeds, or a rate is not positive.
    """
    if not rates or not seeds:
        raise ValueError(f"a sweep needs rates and seeds; got {len(rates)} rates and {len(seeds)} seeds")
    configs = [replace(config, lr=rate) for rate in rates]
    rows: list[SweepRow] = []
    for one in configs:
        for seed in seeds:
            shifted = None if progress is None else _shifted(progress, len(rows), len(rates) * len(seeds))
            rows.append(_train_once(make_predictor, source, one, seed, shifted))
    return rows


def widened_sweep(
    make_predictor: Callable[[torch.Generator], Predictor],
    source: Source,
    config: TrainingConfig,
    rates: Sequence[float],
    *,
    seeds: Sequence[int],
    widenings: int = 4,
    progress: Progress | None = None,
) -> list[SweepRow]:
    """A sweep whose grid grows until the best rate lies inside it: at an edge, nobody knows what is beyond.

    Each new rate gets every seed and the same budget. An architecture that needs more rates costs more sweeping, but no
    single training sees more symbols.

    Args:
        rates: at least two.
        widenings: how often at most; `next_rate` of what comes back says whether that was enough.
        progress: as for `sweep_learning_rates`, begun anew for every new rate.
    Returns:
        All rows, in the order in which they were made.
    """
    rows = sweep_learning_rates(make_predictor, source, config, rates, seeds=seeds, progress=progress)
    for _ in range(widenings):
        rate = next_rate(rows)
        if rate is None:
            break
        rows += sweep_learning_rates(make_predictor, source, config, [rate], seeds=seeds, progress=progress)
    return rows


def next_rate(rows: Sequence[SweepRow]) -> float | None:
    """The rate to try where a sweep ends at an edge of its grid; None where it does not.

    That is where the greatest rate has the least KL, or the smallest one is as good as any.

    It is as far beyond the edge, in the logarithm, as the neighbour is inside. A grid on which every rate diverged goes
    on below.

    Raises:
        ValueError: if there are fewer than two rates, which have no spacing.
    """
    rates = sorted({row.rate for row in rows})
    if len(rates) < 2:
        raise ValueError(f"a grid has at least two rates; got {rates}")
    try:
        best, least = best_rate(rows), _least(_scores(rows))[0]
    except ValueError:
        best = least = rates[0]
    if least == rates[-1]:
        return rates[-1] ** 2 / rates[-2]
    if best == rates[0]:
        return rates[0] ** 2 / rates[1]
    return None


def _train_once(
    make_predictor: Callable[[torch.Generator], Predictor],
    source: Source,
    config: TrainingConfig,
    seed: int,
    progress: Progress | None,
) -> SweepRow:
    predictor = make_predictor(torch.Generator().manual_seed(seed))
    try:
        record = train(predictor, source, config, rng=np.random.default_rng(seed), progress=progress)
    except TrainingDiverged as error:
        symbols = error.step * config.batch * (config.length + 1)
        return SweepRow(config.lr, config.clip, seed, None, None, symbols, error.seconds, error.step)
    last = record.final
    return SweepRow(config.lr, config.clip, seed, last.loss, last.mean_kl, record.symbols_seen, record.seconds, None)


def _shifted(progress: Progress, done: int, trainings: int) -> Progress:
    def shifted(step: int, steps: int, loss: float) -> None:
        progress(done * steps + step, trainings * steps, loss)

    return shifted


MARGIN = 0.1
"""Settings whose mean KL exceeds the least by no more than this part of it count as equally good."""


def best_rate(rows: Sequence[SweepRow]) -> float:
    """The learning rate of `best_setting`."""
    return best_setting(rows)[0]


def best_setting(rows: Sequence[SweepRow]) -> tuple[float, float]:
    """Learning rate and clip: of those as good as the best the smallest rate, and of these the clip of least KL.

    The best setting has the least mean KL over its seeds (mean loss, where KL is not known); divergence counts as
    infinite. A setting is as good where its excess over the best is at most a tenth of the best one's KL, or at most
    one standard error of the excess, taken seed by seed: all settings of a seed start from the same weights and see the
    same words. Among equals the smallest rate is meant, as smaller steps leave less noise in the weights.

    Reference: Breiman, Friedman, Olshen and Stone, Classification and Regression Trees (1984), section 3.4.3, for the
    rule of one standard error.

    Raises ValueError if every rate diverged for some seed.
    """
    scores = _scores(rows)
    best = _least(scores)
    good = [setting for setting in scores if _as_good(scores[setting], scores[best])]
    return min(good, key=lambda setting: (setting[0], fmean(scores[setting].values())))


def _scores(rows: Sequence[SweepRow]) -> dict[tuple[float, float], dict[int, float]]:
    """KL (loss, where KL is not known) by setting and seed."""
    known = all(row.kl is not None for row in rows if row.diverged is None)
    scores: dict[tuple[float, float], dict[int, float]] = {}
    for row in rows:
        score = row.kl if known else row.loss
        scores.setdefault((row.rate, row.clip), {})[row.seed] = inf if score is None else score
    return scores


def _least(scores: Mapping[tuple[float, float], Mapping[int, float]]) -> tuple[float, float]:
    means = {setting: fmean(found.values()) for setting, found in scores.items()}
    if not means or min(means.values()) == inf:
        rates = sorted({rate for rate, _ in means})
        raise ValueError(f"no rate trained without diverging, of {rates}: try smaller ones")
    return min(means, key=lambda setting: means[setting])


def _as_good(scores: Mapping[int, float], best: Mapping[int, float]) -> bool:
    """Whether the mean excess over the best, over the seeds that both have, is small or within its standard error."""
    excess = [scores[seed] - best[seed] for seed in scores.keys() & best.keys()]
    if inf in excess or not excess:
        return False
    error = stdev(excess) / sqrt(len(excess)) if len(excess) > 1 else 0.0
    return fmean(excess) <= max(error, MARGIN * fmean(best.values()))
