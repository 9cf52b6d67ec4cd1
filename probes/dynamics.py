"""Watching a network learn: what it holds at each checkpoint, and whether what it holds turns while it forms.

Two probes stand side by side. *Refitted*: one probe for each checkpoint, which finds the belief wherever it then is.
*Fixed*: the probe of the last checkpoint, read on earlier ones. Where the fixed one is as good as the refitted one from
early on, the projection does not spin; where only the refitted one is, the belief was there, but elsewhere.

Everything is held out by history: a fold's probe is fitted on other histories, at whatever checkpoint.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log

import numpy as np
from jaxtyping import Float, Num

from predictors import Predictor
from probes.geometry import encoding_subspace, principal_angles, procrustes
from probes.history import Histories, Weighting, kl_by_position
from probes.linear import RidgeProbe
from probes.moment_fits import FittedProbe
from probes.probe import ProbeData
from probes.readout import read_out
from probes.splits import Split
from probes.targets import Target

__all__ = ["Moment", "Turn", "Watched", "appearance", "watch"]


@dataclass(frozen=True)
class Moment:
    """One target at one site of one checkpoint.

    Attributes:
        step: updates made.
        site, target: what was read, and from where.
        refitted: held-out R² of a probe fitted to this checkpoint.
        fixed: held-out R² of the last checkpoint's probe.
        angle: mean principal angle, in degrees, between the directions along which this checkpoint and the last encode
            the target; None where nothing of it is encoded yet.
        kl: of the checkpoint's predictions from the optimum, mean over rows, by probability, nats.
    """

    step: int
    site: str
    target: str
    refitted: float
    fixed: float
    angle: float | None
    kl: float


@dataclass(frozen=True)
class Turn:
    """How far the whole of a site turned from one checkpoint to the last.

    Attributes:
        aligned: R² of the last checkpoint's activations from this one's after the best rotation, scale and shift.
        unturned: the same with the shift alone: what is there without any turning or growing. Can be negative.
        angle: of that rotation, degrees.
    """

    step: int
    site: str
    aligned: float
    unturned: float
    angle: float


@dataclass(frozen=True, eq=False)
class Watched:
    """What was seen, checkpoint by checkpoint.

    Attributes:
        moments: for every checkpoint, site and target.
        turns: for every checkpoint and site.
        pictures: of `pictured`, the coordinates read out of each checkpoint, held out: refitted and fixed.
        pictured: the site and the target that pictures are of.
    """

    moments: tuple[Moment, ...]
    turns: tuple[Turn, ...]
    pictures: Mapping[int, tuple[Float[np.ndarray, "history target"], Float[np.ndarray, "history target"]]]
    pictured: tuple[str, str]

    def series(self, site: str, target: str) -> list[Moment]:
        """One curve, in the order of steps. Raises KeyError if there is none."""
        found = [m for m in self.moments if (m.site, m.target) == (site, target)]
        if not found:
            raise KeyError(f"{target} was not watched at {site}")
        return found


def watch(
    checkpoints: Sequence[tuple[int, Callable[[], Predictor]]],
    histories: Histories,
    targets: Sequence[Target],
    sites: Sequence[str],
    *,
    split: Split,
    weighting: Weighting = "probability",
    probe: RidgeProbe | None = None,
    advance: Callable[[int], None] = lambda checkpoint: None,
) -> Watched:
    """Read every checkpoint of a training at the same histories.

    Args:
        checkpoints: updates made and how to load the network, in the order of updates; the last one gives the fixed
            probes. One network is in memory at a time.
        targets: those that are empty are left out.
        split: held-out folds; each fold's penalty is chosen on the others.
        advance: told after each checkpoint.
    Raises:
        ValueError: if there are fewer than two checkpoints, they are out of order, no target is left, or the split is
            refused.
        UnknownSite: for a site that a network does not have.
    """
    steps = [step for step, _ in checkpoints]
    full = [target for target in targets if target.dimension]
    if len(steps) < 2 or sorted(set(steps)) != steps:
        raise ValueError(f"watching needs two or more checkpoints in the order of their updates; got {steps}")
    if not full:
        raise ValueError(f"every target is empty: {'; '.join(f'{t.name}: {t.reason}' for t in targets)}")
    if split.reason:
        raise ValueError(split.reason)
    if not sites:
        raise ValueError("no site to watch")
    chosen = probe or RidgeProbe()
    weight = histories.weight(weighting)
    last, _ = _read(checkpoints[-1][1], histories, sites)
    fixed = {(site, t.name): _by_fold(last[site], t, weight, split, chosen) for site in sites for t in full}
    spans = {(site, t.name): _span(last[site], t, weight) for site in sites for t in full}
    pictured = (sites[-1], full[0].name)
    moments: list[Moment] = []
    turns: list[Turn] = []
    pictures = {}
    for step, load in checkpoints:
        values, kl = _read(load, histories, sites)
        for site in sites:
            X = values[site]
            turns.append(_turn(step, site, X, last[site], weight))
            for target in full:
                probes = fixed[site, target.name]
                own = probes if step == steps[-1] else _by_fold(X, target, weight, split, chosen)
                refitted, kept = _predicted(X, own, split), _predicted(X, probes, split)
                moments.append(
                    Moment(
                        step,
                        site,
                        target.name,
                        _r2(target.Y, refitted, own, weight, split),
                        _r2(target.Y, kept, probes, weight, split),
                        _angle(_span(X, target, weight), spans[site, target.name]),
                        kl,
                    )
                )
                if (site, target.name) == pictured:
                    pictures[step] = (refitted, kept)
        advance(step)
    return Watched(tuple(moments), tuple(turns), pictures, pictured)


def appearance(moments: Iterable[Moment], *, share: float = 0.5) -> float | None:
    """When a curve first reaches this share of its last value: updates, interpolated in the logarithm.

    The order in which layers, factors and horizons appear is the order of these. None where the last value is not
    positive: it never appeared. Step 0 counts as step 1.

    Raises:
        ValueError: if share is not in (0, 1], or there is no moment.
    """
    curve = list(moments)
    if not 0 < share <= 1 or not curve:
        raise ValueError(f"needs moments and a share in (0, 1]; got {len(curve)} and {share}")
    goal = share * curve[-1].refitted
    if goal <= 0:
        return None
    before: Moment | None = None
    for now in curve:
        if now.refitted >= goal:
            if before is None:
                return float(max(now.step, 1))
            part = (goal - before.refitted) / (now.refitted - before.refitted)
            start = log(max(before.step, 1))
            return float(np.exp(start + part * (log(max(now.step, 1)) - start)))
        before = now
    raise AssertionError("the last moment reaches any share of itself")


@dataclass(frozen=True, eq=False)
class _Fold:
    """A probe and the mean target of the rows that it was fitted on."""

    probe: FittedProbe
    mean: Float[np.ndarray, " target"]


def _read(
    load: Callable[[], Predictor], histories: Histories, sites: Sequence[str]
) -> tuple[dict[str, Float[np.ndarray, "history width"]], float]:
    read = read_out(load(), histories, sites)
    return {site: read.features[site] for site in sites}, float(kl_by_position(histories, read.log_probs).mean())


def _by_fold(
    X: Num[np.ndarray, "history width"],
    target: Target,
    weight: Float[np.ndarray, " history"],
    split: Split,
    probe: RidgeProbe,
) -> list[_Fold]:
    """For each fold the probe of all other rows, its penalty chosen on their folds."""
    found = []
    for held in range(int(split.fold.max()) + 1):
        rows = np.flatnonzero(split.fold != held)
        folds = split.fold[rows]
        inner = np.where(folds > held, folds - 1, folds)
        data = ProbeData(X[rows], target.Y[rows], weight[rows], rows)
        mean = weight[rows] @ target.Y[rows] / weight[rows].sum()
        found.append(_Fold(probe.fit(data, folds=inner), mean))
    return found


def _predicted(
    X: Num[np.ndarray, "history width"], folds: Sequence[_Fold], split: Split
) -> Float[np.ndarray, "history target"]:
    predicted = np.tile(folds[0].mean, (len(X), 1))
    for held, fold in enumerate(folds):
        rows = np.flatnonzero(split.fold == held)
        predicted[rows] = fold.probe.predict(X[rows])
    return predicted


def _r2(
    Y: Float[np.ndarray, "history target"],
    predicted: Float[np.ndarray, "history target"],
    folds: Sequence[_Fold],
    weight: Float[np.ndarray, " history"],
    split: Split,
) -> float:
    held = np.flatnonzero(split.fold >= 0)
    null = np.stack([fold.mean for fold in folds])[split.fold[held]]
    error = weight[held] @ ((Y[held] - predicted[held]) ** 2).sum(axis=1)
    return float(1 - error / (weight[held] @ ((Y[held] - null) ** 2).sum(axis=1)))


def _span(
    X: Num[np.ndarray, "history width"], target: Target, weight: Float[np.ndarray, " history"]
) -> Float[np.ndarray, "width direction"] | None:
    try:
        return encoding_subspace(X, target.Y, weight)
    except ValueError:  # nothing of it is encoded
        return None


def _angle(one: Float[np.ndarray, "width one"] | None, other: Float[np.ndarray, "width other"] | None) -> float | None:
    if one is None or other is None:
        return None
    return float(principal_angles(one, other).mean())


def _turn(
    step: int,
    site: str,
    X: Num[np.ndarray, "history width"],
    last: Num[np.ndarray, "history width"],
    weight: Float[np.ndarray, " history"],
) -> Turn:
    laid = procrustes(X, last, weight)
    w = weight / weight.sum()
    x, y = X.astype(np.float64), last.astype(np.float64)
    x, y = x - w @ x, y - w @ y
    unturned = 1 - float(w @ ((x - y) ** 2).sum(axis=1) / (w @ (y**2).sum(axis=1)))
    assert laid.angle is not None
    return Turn(step, site, laid.r2, unturned, laid.angle)
