"""Fits made from moments alone: one pass over the rows, then every penalty, rank, fold and target from the sums.

Block 0 of the moments holds the rows that always train, block f + 1 those of fold f.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Int, Num

from probes.moments import Blocks, Held, MomentStream, Spectrum
from probes.probe import ROWS_PER_DIMENSION, Probe, ProbeData, TooFewRows, check_folds, n_distinct

__all__ = [
    "Choice",
    "FittedProbe",
    "MomentProbe",
    "Nested",
    "StreamingFit",
    "check_rows",
    "fit_blocks",
    "fit_data",
    "nested",
]


@dataclass(frozen=True)
class Choice:
    """What a linear probe chooses: a penalty and, of those that limit it, the rank of the map."""

    penalty: float
    dimension: int | None = None

    @property
    def setting(self) -> str:
        """The rank as a row of a table shows it."""
        return "" if self.dimension is None else f"rank={self.dimension}"


@runtime_checkable
class MomentProbe(Probe, Protocol):
    """A linear probe: it needs nothing of its rows but their moments.

    Attributes:
        in_sample: allow an ordinary fit with too few rows for its rank.
    """

    @property
    def in_sample(self) -> bool: ...

    def candidates(self, n_target: int) -> tuple[Choice, ...]:
        """All that may be chosen for a target of some dimensions."""

    def losses(self, train: Spectrum, held: Held, groups: Sequence[slice]) -> list[Float[np.ndarray, " candidate"]]:
        """Held-out weighted sums of squared errors of each candidate on each range of target columns."""

    def choose(self, losses: Float[np.ndarray, " candidate"], null: float, n_target: int) -> int:
        """The candidate to take, from held-out losses and that of the mean."""

    def solve(self, train: Spectrum, choice: Choice, group: slice) -> Float[np.ndarray, "width target"]:
        """The coefficients of one candidate."""


@dataclass(frozen=True, eq=False)
class FittedProbe:
    """A generalised linear map from features to targets: an affine map of some functions of the features, and a
    function of its value.

    Attributes:
        penalty: the chosen one, relative to the mean variance of a feature.
        rank: numerical rank of the centred features it was fitted on.
        rows: distinct histories it was fitted on.
        setting: whatever else was chosen, `rank=3`; empty if nothing was.
        basis: the functions of the features that the affine map is applied to; None: the features themselves.
        inverse_link: what is made of the affine map's value; None: nothing, it is the prediction.
    """

    coefficients: Float[np.ndarray, "column target"]
    intercept: Float[np.ndarray, " target"]
    penalty: float
    rank: int
    rows: int
    setting: str = ""
    basis: Callable[[np.ndarray], np.ndarray] | None = None
    inverse_link: Callable[[np.ndarray], np.ndarray] | None = None

    def affine(self, X: Num[np.ndarray, "row width"]) -> Float[np.ndarray, "row target"]:
        """The value of the affine map: of a logistic probe, logarithms of probabilities but for a constant of the
        row.
        """
        columns = X if self.basis is None else self.basis(X)
        return np.asarray(columns @ self.coefficients + self.intercept)

    def predict(self, X: Num[np.ndarray, "row width"]) -> Float[np.ndarray, "row target"]:
        """The targets read out of features."""
        value = self.affine(X)
        return value if self.inverse_link is None else self.inverse_link(value)


def check_rows(probe: MomentProbe, rows: int, rank: int, penalty: float) -> None:
    """Refuse an ordinary fit of too few distinct histories, unless it is known to be in-sample.

    Raises:
        TooFewRows: with the two numbers.
    """
    if penalty == 0 and rows < ROWS_PER_DIMENSION * rank and not probe.in_sample:
        raise TooFewRows(rows, rank)


def fit_data(probe: MomentProbe, data: ProbeData, folds: Int[np.ndarray, " row"] | None) -> FittedProbe:
    """Fit all rows, with the candidate that predicts held-out folds best."""
    choosing = probe.candidates(data.Y.shape[1])
    folds = check_folds(data, folds, choosing="penalties" if len(choosing) > 1 else "")
    stream = MomentStream(int(folds.max(initial=-1)) + 2)
    stream.add(data.X, data.Y, data.weight, folds + 1)
    return fit_blocks(probe, stream.blocks(), n_distinct(data.history))


def fit_blocks(probe: MomentProbe, blocks: Blocks, rows: int) -> FittedProbe:
    """The same from moments; `rows` is the number of distinct histories."""
    n_target = len(blocks.y0)
    candidates, group = probe.candidates(n_target), slice(0, n_target)
    choice = candidates[0]
    if len(candidates) > 1:
        losses, null = np.zeros(len(candidates)), 0.0
        for held in range(1, len(blocks.parts)):
            train = blocks.without(held)
            losses += probe.losses(train, blocks.held(held, held), [group])[0]
            null += float(blocks.parts[held].null_loss(train.y).sum())
        choice = candidates[probe.choose(losses, null, n_target)]
    whole = blocks.without()
    check_rows(probe, rows, whole.rank, choice.penalty)
    B = probe.solve(whole, choice, group)
    intercept = blocks.y0 + whole.y - (blocks.x0 + whole.x) @ B
    return FittedProbe(B, intercept, choice.penalty, whole.rank, rows, choice.setting)


@dataclass(frozen=True, eq=False)
class Nested:
    """Held-out losses of outer folds, each with what the other folds chose.

    Attributes:
        choices: by outer fold and target.
        coefficients: of each outer fold, for all target columns.
        losses: weighted sum of squared errors on the held-out rows, by outer fold and target; null: of the mean.
    """

    choices: tuple[tuple[Choice, ...], ...]
    coefficients: tuple[Float[np.ndarray, "width target"], ...]
    losses: Float[np.ndarray, "fold group"]
    null: Float[np.ndarray, "fold group"]

    @property
    def r2(self) -> Float[np.ndarray, " group"]:
        """Held-out R² of each target, pooled over its coordinates and over all outer folds."""
        return np.asarray(1 - self.losses.sum(axis=0) / self.null.sum(axis=0))


def nested(probe: MomentProbe, blocks: Blocks, groups: Sequence[slice]) -> Nested:
    """Choose for each outer fold by the others, and measure on it: the inner folds of one are the other outer folds.

    F folds take F (F + 1) / 2 eigendecompositions, whatever the number of candidates and targets.

    Raises:
        ValueError: with fewer than three folds, where inner folds would be missing.
        TooFewRows: if a fit is ordinary and its training rows too few for their rank.
    """
    n_fold = len(blocks.parts) - 1
    if n_fold < 3:
        raise ValueError(
            f"cross-fitting needs at least 3 folds, so that two are left to choose penalties by; got {n_fold}"
        )
    candidates = [probe.candidates(group.stop - group.start) for group in groups]
    losses = [[np.zeros(len(c)) for c in candidates] for _ in range(n_fold)]
    null = np.zeros((n_fold, len(groups)))
    if any(len(c) > 1 for c in candidates):
        for one, other in combinations(range(n_fold), 2):
            # trained without both, it predicts `other` on behalf of outer fold `one`, and the reverse
            train = blocks.without(one + 1, other + 1)
            for outer, inner in ((one, other), (other, one)):
                held = blocks.held(inner + 1, one + 1, other + 1)
                for g, loss in enumerate(probe.losses(train, held, groups)):
                    losses[outer][g] += loss
                    null[outer, g] += held.yy[groups[g]].sum()
    choices = [
        [
            c[probe.choose(loss, n, group.stop - group.start) if len(c) > 1 else 0]
            for c, loss, n, group in zip(candidates, losses[fold], null[fold], groups, strict=True)
        ]
        for fold in range(n_fold)
    ]
    coefficients = []
    left, spread = np.zeros((n_fold, len(groups))), np.zeros((n_fold, len(groups)))
    for fold in range(n_fold):
        train = blocks.without(fold + 1)
        held = blocks.held(fold + 1, fold + 1)
        B = np.zeros(train.c.shape)
        for group, choice in zip(groups, choices[fold], strict=True):
            check_rows(probe, train.rows, train.rank, choice.penalty)
            B[:, group] = probe.solve(train, choice, group)
        coefficients.append(B)
        of_columns = held.losses((train.V.T @ B)[:, None, :])[0]
        left[fold] = [of_columns[group].sum() for group in groups]
        spread[fold] = [held.yy[group].sum() for group in groups]
    return Nested(tuple(map(tuple, choices)), tuple(coefficients), left, spread)


class StreamingFit:
    """A linear probe of rows that come in pieces, so that they never need to be in memory together.

    Ten million rows of width 512 leave 2 MB of sums for each fold. After the last piece the fit, for any penalties, and
    the cross-fitted R² follow from the sums.

    Args:
        probe: whose fit is made.
        fold: of each history, 0 and up; -1: always in training. `ProbeData.history` are indices into it.
    """

    def __init__(self, probe: MomentProbe, fold: Int[np.ndarray, " history"]) -> None:
        self.probe = probe
        self.fold = fold
        self._seen = np.zeros(len(fold), dtype=bool)
        self._stream = MomentStream(int(fold.max(initial=-1)) + 2)

    def add(self, data: ProbeData) -> None:
        """Take in more rows.

        Raises:
            ValueError: if a history has no fold, or the rows are not of the width of those before.
        """
        if len(data.history) and data.history.max() >= len(self.fold):
            raise ValueError(f"there are folds for {len(self.fold)} histories; got history {data.history.max()}")
        self._seen[data.history] = True
        self._stream.add(data.X, data.Y, data.weight, self.fold[data.history] + 1)

    @property
    def blocks(self) -> Blocks:
        """The moments so far."""
        return self._stream.blocks()

    def fit(self) -> FittedProbe:
        """What `probe.fit` makes of all rows so far.

        Raises:
            ValueError: before any row, or if all rows are in one fold.
            TooFewRows: as `probe.fit`.
        """
        used = np.unique(self.fold[self._seen])
        if len(used) == 1 and used[0] >= 0:
            raise ValueError(f"folds must leave rows to train on when one is held out; all rows are in fold {used[0]}")
        return fit_blocks(self.probe, self.blocks, int(self._seen.sum()))

    def held_out(self, groups: Sequence[slice] | None = None) -> Nested:
        """Cross-fitted losses and R² of each group of target columns (None: all are one), as `crossfit` has them."""
        blocks = self.blocks
        return nested(self.probe, blocks, [slice(0, len(blocks.y0))] if groups is None else groups)
