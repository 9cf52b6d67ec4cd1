"""Scores: how well features give back a target, on histories, or beliefs, that the probe has not seen."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
from jaxtyping import Float, Num

from probes.coordinates import to_distributions, to_values
from probes.crossfit import crossfit, in_sample
from probes.history import Histories, Weighting
from probes.linear import RidgeProbe
from probes.probe import ROWS_PER_DIMENSION, Probe, check_table
from probes.results import HIGH
from probes.splits import Split
from probes.targets import Target

_LEVEL = 0.95
# Directions with less than this part of the greatest held-out variance are rounding, and are not whitened.
_FLAT = 1e-12
# Controls whose target was made to be unlike the beliefs.
_NULLS = frozenset({"shuffled", "permuted-classes"})


@dataclass(frozen=True, eq=False)
class Score:
    """One cell of a comparison: a target read out of one set of features.

    Attributes:
        target, control, split, weighting: what was scored; split is "none" for fits scored on their own rows.
        score: held-out R² pooled over the target's orthonormal coordinates and over all outer folds: 1 -
            E|error|²/E|null error|², the null model being the mean of the training rows. None: there is no score, see
            `reason`.
        low, high: 95 % bootstrap interval, resampling the split's units and not rows; None where there are no units.
        whitened: the same in coordinates where the null error is white, so that no change of basis matters.
        rows: distinct histories, trained on or held out.
        width: columns of the features. rank: their numerical rank, None for predictions made without a linear probe.
        beliefs: distinct beliefs among the histories.
        probe: what predicted: the name of the probe, "ols" for ordinary fits scored on their own rows, "mean" without
            one.
        penalty: chosen ridge penalty relative to the features' mean variance, the median of the outer folds.
        setting: of the control or the probe, where it has one that was chosen or tried: "k=3", "K=6", "rank=2"; the
            choices of outer folds where they differ, "rank=2/2/3/2/2".
        verdict: "holds their geometry", or "discriminates states" where distinct beliefs do not clearly exceed the
            rank, so that any assignment of points to beliefs could be read out as well. Empty where the score is below
            `HIGH`, or is that of a null.
        p_value: of a permutation test, where one was asked for.
        resampled: the score in each bootstrap sample of the split; NaN where the null model is exact on that sample.
    """

    target: str
    control: str
    split: str
    weighting: str
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
    reason: str = ""
    setting: str = ""
    probe: str = "ridge"
    p_value: float | None = None
    resampled: Float[np.ndarray, " draw"] = field(default_factory=lambda: np.empty(0), repr=False)


def score(
    X: Num[np.ndarray, "history width"],
    targets: Sequence[Target],
    histories: Histories,
    *,
    weighting: Weighting,
    split: Split,
    probe: Probe | None = None,
    control: str = "",
) -> tuple[Score, ...]:
    """Score several targets on the same features and split, from the same moments: one for each target, in order.

    A probe that predicts distributions is fitted to those of the targets, once where they share one, and what it
    predicts is taken to the coordinates of each.

    Args:
        X: features, one row for each history (`histories.gather`).
        probe: None: RidgeProbe().
        control: what the features are, if they are a baseline's; the control of a target goes before it.
    Raises:
        TooFewRows: if the probe is ordinary, and the training rows are too few for the rank of X.
        ValueError: if X, a target or the split has another number of rows, or X is not of finite real numbers.
    """
    check_rows(X, targets, histories, split)
    probe = probe or RidgeProbe()
    weight = histories.weight(weighting)
    full = [] if split.reason else [target for target in targets if target.dimension]
    to_fit = to_distributions(full) if getattr(probe, "distributional", False) else to_values(full)
    answers: dict[int, Score] = {}
    if to_fit.columns:
        Y, groups = side_by_side(to_fit.columns)
        fit = crossfit(X, Y, weight, split.fold, probe, groups=groups)
        for target, way in zip(full, to_fit.ways, strict=True):
            if isinstance(way, str):
                continue
            group = groups[way.place]
            found = assess(
                target,
                fit.predicted[:, group] @ way.M + way.c,
                fit.null[:, group] @ way.M + way.c,
                weight,
                split,
                weighting=weighting,
                width=X.shape[1],
                rank=fit.rank,
                penalty=_median(fit.penalties[:, way.place]),
                control=control,
            )
            answers[id(target)] = replace(found, setting=said([row[way.place] for row in fit.settings]))
    why = {id(target): way for target, way in zip(full, to_fit.ways, strict=True) if isinstance(way, str)}
    found_or_not = (
        answers.get(id(target))
        or no_score(target, histories, weighting, split, X.shape[1], control, why.get(id(target), ""))
        for target in targets
    )
    return tuple(replace(one, probe=probe.name) for one in found_or_not)


def said(chosen: Sequence[str]) -> str:
    """Choices of outer folds in one word: "K=6", or "K=6/7/6/6/6" where they differ."""
    if len(set(chosen)) == 1:
        return chosen[0]
    return "/".join([chosen[0], *(one.rpartition("=")[2] for one in chosen[1:])])


def _median(penalties: Float[np.ndarray, " fold"]) -> float | None:
    return None if np.isnan(penalties).any() else float(np.median(penalties))


def assess(
    target: Target,
    predicted: Float[np.ndarray, "history target"],
    null: Float[np.ndarray, "history target"],
    weight: Float[np.ndarray, " history"],
    split: Split,
    *,
    weighting: Weighting,
    width: int,
    rank: int | None,
    penalty: float | None,
    control: str = "",
) -> Score:
    """The score of held-out predictions, however they were made, beside those of the null model."""
    held = np.flatnonzero(split.fold >= 0)
    error, spread = target.Y[held] - predicted[held], target.Y[held] - null[held]
    w, unit = weight[held], split.unit[held]
    n_unit = split.draws.shape[1]
    by_unit = np.bincount(unit, w * np.einsum("ij,ij->i", error, error), n_unit)
    null_by_unit = np.bincount(unit, w * np.einsum("ij,ij->i", spread, spread), n_unit)
    if not null_by_unit.sum() > 0:
        reason = "the mean of the training rows is already exact on every held-out row"
        return _empty_score(target, len(weight), weighting, split, width, control, reason)
    # a sample of units on which the null model is exact has no R²: it is left out of the interval
    null_drawn = split.draws @ null_by_unit
    resampled = np.full(len(null_drawn), np.nan)
    some = null_drawn > 0
    resampled[some] = 1 - (split.draws[some] @ by_unit) / null_drawn[some]
    low, high = _interval(resampled) if len(resampled) else (None, None)
    value = float(1 - by_unit.sum() / null_by_unit.sum())
    return Score(
        target=target.name,
        control=target.control or control,
        split=split.name,
        weighting=weighting,
        score=value,
        low=low,
        high=high,
        whitened=whitened(error, spread, w),
        rows=len(weight),
        width=width,
        rank=rank,
        beliefs=split.n_belief,
        penalty=penalty,
        verdict=verdict(value, split.n_belief, rank, target.control or control),
        resampled=resampled,
    )


def whitened(
    error: Float[np.ndarray, "row target"],
    spread: Float[np.ndarray, "row target"],
    weight: Float[np.ndarray, " row"],
) -> float:
    """1 - trace(S^-1 E)/dimension, E and S the weighted second moments of the error and of the null model's error.

    The mean R² over coordinates in which S is white: given the predictions, the same in every basis of the target.
    """
    S = np.einsum("i,ij,ik->jk", weight, spread, spread)
    size, direction = np.linalg.eigh(S)
    kept = size > _FLAT * size[-1]
    along = np.einsum("i,ij->j", weight, (error @ direction[:, kept]) ** 2)
    return float(1 - np.mean(along / size[kept]))


def verdict(score: float, n_belief: int, rank: int | None, control: str = "") -> str:
    """What a high score of a linear probe shows. With a dimension for each belief or two, any picture is read out.

    Empty for a score that is not high, for predictions made without a probe, and for nulls: a target that was shuffled
    or permuted has no geometry to be held.
    """
    if rank is None or score < HIGH or not _NULLS.isdisjoint(control.split()):
        return ""
    if n_belief < ROWS_PER_DIMENSION * rank:
        return "discriminates states"
    return "holds their geometry"


def score_in_sample(
    X: Num[np.ndarray, "history width"],
    targets: Sequence[Target],
    histories: Histories,
    *,
    weighting: Weighting,
    n_belief: int,
    penalty: float = 0.0,
) -> tuple[Score, ...]:
    """Scores of fits on the very rows that they were fitted on, for published figures. Control "in-sample": not to be
    ranked.

    The name of a target's own control, if it has one, follows: "in-sample shuffled".
    """
    check_rows(X, targets, histories)
    weight = histories.weight(weighting)
    everywhere = np.zeros(len(histories), dtype=np.intp)
    split = Split("none", everywhere, everywhere, np.empty((0, 1), dtype=np.intp), n_belief)
    named = [replace(target, control=f"in-sample {target.control}".strip()) for target in targets]
    full = [target for target in named if target.dimension]
    answers: dict[int, Score] = {}
    if full:
        Y, groups = side_by_side([target.Y for target in full])
        fit = in_sample(X, Y, weight, penalty)
        for target, group in zip(full, groups, strict=True):
            answers[id(target)] = assess(
                target,
                fit.predicted[:, group],
                fit.null[:, group],
                weight,
                split,
                weighting=weighting,
                width=X.shape[1],
                rank=fit.rank,
                penalty=penalty,
            )
    return tuple(
        replace(answers.get(id(target)) or no_score(target, histories, weighting, split, X.shape[1]), probe="ols")
        for target in named
    )


def no_score(
    target: Target,
    histories: Histories,
    weighting: Weighting,
    split: Split,
    width: int,
    control: str = "",
    reason: str = "",
) -> Score:
    """An empty cell, with the reason: given, or that of the target or of the split."""
    return _empty_score(
        target, len(histories), weighting, split, width, control, reason or target.reason or split.reason
    )


def _empty_score(
    target: Target, rows: int, weighting: Weighting, split: Split, width: int, control: str, reason: str
) -> Score:
    return Score(
        target=target.name,
        control=target.control or control,
        split=split.name,
        weighting=weighting,
        score=None,
        low=None,
        high=None,
        whitened=None,
        rows=rows,
        width=width,
        rank=None,
        beliefs=split.n_belief,
        penalty=None,
        verdict="",
        reason=reason,
    )


@dataclass(frozen=True)
class Difference:
    """One score minus another on the same split, with its paired 95 % bootstrap interval."""

    difference: float
    low: float
    high: float


def difference(one: Score, other: Score) -> Difference:
    """How much better `one` is: the headline is the score of `beyond` minus that of the best model-free baseline.

    Raises:
        ValueError: if either is empty, or if they were not resampled alike (scored on the same Split).
    """
    if one.score is None or other.score is None:
        empty = one if one.score is None else other
        raise ValueError(f"there is no score of {empty.target} {empty.control}: {empty.reason}")
    same = (one.split, one.weighting, len(one.resampled)) == (other.split, other.weighting, len(other.resampled))
    if not same or not len(one.resampled):
        raise ValueError(
            f"scores to be compared need one split and weighting; got {one.split}, {one.weighting} and {other.split}, "
            f"{other.weighting}"
        )
    return Difference(one.score - other.score, *_interval(one.resampled - other.resampled))


def _interval(resampled: Float[np.ndarray, " draw"]) -> tuple[float, float]:
    low, high = np.nanquantile(resampled, [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2])
    return float(low), float(high)


def side_by_side(
    columns: Sequence[Float[np.ndarray, "history _"]],
) -> tuple[Float[np.ndarray, "history target"], list[slice]]:
    """Several arrays of values side by side, and where each lies."""
    edges = np.cumsum([0, *(values.shape[1] for values in columns)])
    return np.concatenate(columns, axis=1), [slice(int(a), int(b)) for a, b in pairwise(edges)]


def check_rows(
    X: Num[np.ndarray, "row width"], targets: Sequence[Target], histories: Histories, split: Split | None = None
) -> None:
    """Refuse features, targets or a split that are not of these histories."""
    check_table(X, "X")
    n = len(histories)
    if len(X) != n:
        raise ValueError(f"X must have a row for each of the {n} histories; got shape {X.shape}. Use histories.gather.")
    for target in targets:
        if len(target.Y) != n:
            raise ValueError(
                f"the target {target.name} has {len(target.Y)} rows and there are {n} histories: make it of these"
            )
    if split is not None and len(split.fold) != n:
        raise ValueError(f"the split is of {len(split.fold)} histories, and there are {n}: make it of these")
