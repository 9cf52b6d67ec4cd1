"""Controls: each is named and replaces one thing, the features or the targets, so that it breaks exactly one relation.

Baselines and ceilings replace the features by something that no network made; nulls replace the targets. All are
applied by row, so one history has one value however often it occurs. The suffix-gram baseline has no features and
lives in `probes.suffix_grams`; an untrained twin is a predictor like any other.
"""

from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from probes.classes import BeliefClasses
from probes.donors import around_classes, within_length
from probes.history import Histories
from probes.probe import ProbeData
from probes.targets import Target, exchanged


@runtime_checkable
class Control(Protocol):
    """Data for a probe with one relation broken. `data.history` holds indices into the histories of the control."""

    @property
    def name(self) -> str: ...

    def __call__(self, data: ProbeData, *, rng: np.random.Generator) -> ProbeData: ...


@dataclass(frozen=True)
class LastSymbols:
    """Baseline `last-k`: the features are one-hots of the last k symbols, all zero before the beginning."""

    histories: Histories
    k: int
    name: str = "last-k"

    def __call__(self, data: ProbeData, *, rng: np.random.Generator) -> ProbeData:
        return replace(data, X=_one_hots(self.histories, self.k)[data.history])


@dataclass(frozen=True)
class RandomFeatures:
    """Baseline `random-features`: relu(W u + b) of the one-hots u of the last k symbols, `width` of them.

    W has independent normal entries of variance 1/k and b of variance 1: every unit has the same spread at every width.
    """

    histories: Histories
    width: int
    k: int
    name: str = "random-features"

    def __call__(self, data: ProbeData, *, rng: np.random.Generator) -> ProbeData:
        recent = _one_hots(self.histories, self.k)
        W = rng.standard_normal((recent.shape[1], self.width)) / np.sqrt(self.k)
        return replace(data, X=np.maximum(recent @ W + rng.standard_normal(self.width), 0.0)[data.history])


@dataclass(frozen=True)
class Position:
    """Baseline `position`: the features are one-hots of the history's length."""

    histories: Histories
    name: str = "position"

    def __call__(self, data: ProbeData, *, rng: np.random.Generator) -> ProbeData:
        return replace(data, X=np.eye(self.histories.length)[self.histories.row[data.history] - 1])


@dataclass(frozen=True)
class NextProbabilities:
    """Ceiling `true-p`: the features are the exact P(x | history)."""

    histories: Histories
    name: str = "true-p"

    def __call__(self, data: ProbeData, *, rng: np.random.Generator) -> ProbeData:
        return replace(data, X=self.histories.prediction[data.history])


@dataclass(frozen=True)
class NextLogProbabilities:
    """Ceiling `true-log-p`: the features are log P(x | history), the best logits.

    Where x cannot follow, the logarithm is -inf and the column holds 0; for each symbol that is impossible somewhere, a
    further column says whether it is possible.
    """

    histories: Histories
    name: str = "true-log-p"

    def __call__(self, data: ProbeData, *, rng: np.random.Generator) -> ProbeData:
        p = self.histories.prediction
        possible = p > 0
        logs = np.log(np.where(possible, p, 1.0))
        return replace(data, X=np.hstack([logs, possible[:, ~possible.all(axis=0)]])[data.history])


@dataclass(frozen=True)
class Gaussian:
    """Null `gaussian`: independent normal features of each history. They know nothing: for in-sample fits only."""

    histories: Histories
    width: int
    name: str = "gaussian"

    def __call__(self, data: ProbeData, *, rng: np.random.Generator) -> ProbeData:
        return replace(data, X=rng.standard_normal((len(self.histories), self.width))[data.history])


@dataclass(frozen=True)
class Shuffled:
    """Null `shuffled`: every history gets the target of a random history of equal length.

    Broken: which history a target belongs to. Kept: the features, the targets, and what both know of the length.
    """

    histories: Histories
    name: str = "shuffled"

    def __call__(self, data: ProbeData, *, rng: np.random.Generator) -> ProbeData:
        donor = within_length(self.histories, rng=rng)
        return replace(data, Y=_of_history(data, len(donor))[donor][data.history])


@dataclass(frozen=True)
class PermutedClasses:
    """Null `permuted-classes`: every distinct belief gets the target of another one, and equal beliefs stay equal.

    Broken: which belief lies where, and with it the geometry. Kept: which histories leave the same belief, so a high
    score under this null is clustering. The permutation is a random cycle through all beliefs: none keeps its own
    target. Targets must be functions of the belief, as all of `probes.targets` are.
    """

    classes: BeliefClasses
    name: str = "permuted-classes"

    def __call__(self, data: ProbeData, *, rng: np.random.Generator) -> ProbeData:
        donor = around_classes(self.classes, rng=rng)
        return replace(data, Y=_of_history(data, len(donor))[donor][data.history])


@dataclass(frozen=True)
class GeometricShuffle:
    """Null `geometric-shuffle`: every distinct belief keeps what the next symbol tells of it and gets another's rest.

    The target is split into its best affine prediction from P(x | history), by the weights of the data, and what is
    left; only what is left is permuted, as by `PermutedClasses`, and freed of what the prediction tells of it by chance
    (`exchanged`). Broken: where the belief lies beyond the next symbol. Kept: the next-symbol part of the geometry, its
    share of the variance, and which histories leave the same belief. A belief score that this null reaches is a score
    of the next symbol.
    """

    histories: Histories
    classes: BeliefClasses
    name: str = "geometric-shuffle"

    def __call__(self, data: ProbeData, *, rng: np.random.Generator) -> ProbeData:
        donor = around_classes(self.classes, rng=rng)
        Y = _of_history(data, len(donor))
        weight = np.bincount(data.history, data.weight, len(donor))
        return replace(data, Y=exchanged(Y, self.histories.prediction, weight, donor)[data.history])


def features(control: Control, histories: Histories, *, rng: np.random.Generator) -> Float[np.ndarray, "history width"]:
    """The features that a baseline or ceiling gives each history."""
    return np.asarray(control(_bare(np.empty((len(histories), 0))), rng=rng).X)


def null_target(
    control: Control,
    target: Target,
    *,
    weight: Float[np.ndarray, " history"] | None = None,
    rng: np.random.Generator,
) -> Target:
    """A target as a null gives it, marked with the null's name; an empty one stays empty.

    Args:
        weight: of the histories, where the null needs it; None: all alike.
    """
    if not target.dimension:
        return replace(target, control=control.name)
    if target.distribution is None:
        return replace(target, Y=control(_bare(target.Y, weight), rng=rng).Y, control=control.name)
    both = control(_bare(np.hstack([target.Y, target.distribution]), weight), rng=rng).Y
    Y, distribution = np.split(both, [target.dimension], axis=1)
    return replace(target, Y=Y, distribution=distribution, control=control.name)


def _bare(Y: Float[np.ndarray, "history target"], weight: Float[np.ndarray, " history"] | None = None) -> ProbeData:
    n = len(Y)
    weight = np.full(n, 1.0 / n) if weight is None else weight
    return ProbeData(X=np.empty((n, 0)), Y=Y, weight=weight, history=np.arange(n))


def _of_history(data: ProbeData, n: int) -> Float[np.ndarray, "history target"]:
    """The targets by history. Raises ValueError if some history has no row to take its target from."""
    present, first = np.unique(data.history, return_index=True)
    if len(present) != n:
        raise ValueError(
            f"a permutation of targets needs all {n} histories in the data; {n - len(present)} are missing"
        )
    return data.Y[first]


def _one_hots(histories: Histories, k: int) -> Float[np.ndarray, "history width"]:
    if not 1 <= k <= histories.length:
        raise ValueError(f"k, the number of last symbols, must be 1..{histories.length}; got {k}")
    recent = histories.recent(k)
    return np.asarray((recent[:, :, None] == np.arange(len(histories.alphabet))).reshape(len(recent), -1), dtype=float)
