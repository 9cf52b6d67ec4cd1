"""A ceiling: what a smooth nonlinear function of the features can read, which a linear probe may not.

Glossary. K: Gaussian kernel exp(-|x - z|^2 / (2 s^2)); z: landmarks; L: the partial Cholesky factor, K ~ L L'.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, Num

from probes.linear import PENALTIES, RidgeProbe, check_penalties
from probes.moment_fits import FittedProbe, check_rows
from probes.moments import Blocks, block_moments
from probes.probe import ProbeData, check_folds, n_distinct

__all__ = ["KernelProbe"]

# A landmark that the others explain to this part of its variance would only add rounding.
_EXPLAINED = 1e-10


@dataclass(frozen=True)
class KernelProbe:
    """Ridge regression on the features beside a Gaussian kernel's: linear and smooth nonlinear functions together.

    The kernel is replaced by its partial Cholesky factor on `landmarks` rows, chosen one after another where the
    weighted error of the factor is greatest, so that nothing is random; with as many landmarks as rows it is exact.
    Its columns are scaled to the mean variance of the features. Bandwidth, a multiple of the median distance between
    rows, and penalty are chosen together on held-out folds. Landmarks are taken among all rows given to `fit`; their
    targets are not looked at.

    Attributes:
        penalties: candidates, relative to the mean variance of a column.
        bandwidths: candidates, relative to the median distance.
        landmarks: at most.
    Reference:
        Fine and Scheinberg, JMLR 2, 243 (2001), for the factor.
    """

    penalties: tuple[float, ...] = PENALTIES
    bandwidths: tuple[float, ...] = (0.25, 0.5, 1.0)
    landmarks: int = 100
    name: str = "kernel"

    def __post_init__(self) -> None:
        check_penalties(self.penalties)
        if not self.bandwidths or min(self.bandwidths) <= 0:
            raise ValueError(f"bandwidths must be one or more numbers > 0; got {self.bandwidths}")
        if self.landmarks < 1:
            raise ValueError(f"there must be at least one landmark; got {self.landmarks}")

    def fit(self, data: ProbeData, *, folds: Int[np.ndarray, " row"] | None = None) -> FittedProbe:
        """Fit all rows, with the bandwidth and penalty that predict held-out folds best.

        Raises:
            ValueError: if X has no columns, or there is a choice and no folds to choose by.
        """
        return self.fit_groups(data, [slice(0, data.Y.shape[1])], folds=folds)[0]

    def fit_groups(
        self, data: ProbeData, groups: Sequence[slice], *, folds: Int[np.ndarray, " row"] | None = None
    ) -> list[FittedProbe]:
        """Fit several ranges of target columns, each with settings of its own, from one set of kernels."""
        ridge, several = RidgeProbe(self.penalties), len(self.penalties) * len(self.bandwidths) > 1
        folds = check_folds(data, folds, choosing="penalties and bandwidths" if several else "")
        n_fold = int(folds.max(initial=-1)) + 1
        tried = []
        for bandwidth in self.bandwidths:
            features = _landmarks(data.X, data.weight, bandwidth, self.landmarks)
            tried.append((features, block_moments(features(data.X), data.Y, data.weight, folds + 1, n_fold + 1)))
        rows = n_distinct(data.history)
        losses = np.zeros((len(groups), len(tried), len(self.penalties)))
        for i, (_, blocks) in enumerate(tried):
            for held in range(1, n_fold + 1):
                losses[:, i] += ridge.losses(blocks.without(held), blocks.held(held, held), groups)
        return [self._chosen(ridge, tried, group, each, rows) for group, each in zip(groups, losses, strict=True)]

    def _chosen(
        self,
        ridge: RidgeProbe,
        tried: "list[tuple[_Features, Blocks]]",
        group: slice,
        losses: Float[np.ndarray, "bandwidth penalty"],
        rows: int,
    ) -> FittedProbe:
        best = int(np.argmin(losses.min(axis=1)))
        features, blocks = tried[best]
        n_target = group.stop - group.start
        choice = ridge.candidates(n_target)[ridge.choose(losses[best], 0.0, n_target)]
        whole = blocks.without()
        check_rows(ridge, rows, whole.rank, choice.penalty)
        B = ridge.solve(whole, choice, group)
        intercept = (blocks.y0 + whole.y)[group] - (blocks.x0 + whole.x) @ B
        setting = f"bandwidth={self.bandwidths[best]:g}"
        return FittedProbe(B, intercept, choice.penalty, whole.rank, rows, setting, basis=features)


@dataclass(frozen=True, eq=False)
class _Features:
    """x, and beside it K(x, landmarks) times the inverse factor of K(landmarks, landmarks)."""

    centre: Float[np.ndarray, " width"]
    landmarks: Float[np.ndarray, "landmark width"]
    to_columns: Float[np.ndarray, "landmark landmark"]
    distance: float

    def __call__(self, X: Num[np.ndarray, "row width"]) -> Float[np.ndarray, "row column"]:
        x = X - self.centre
        return np.hstack([x, np.exp(-_squares(x, self.landmarks) / (2 * self.distance**2)) @ self.to_columns])


def _landmarks(
    X: Num[np.ndarray, "row width"], weight: Float[np.ndarray, " row"], bandwidth: float, at_most: int
) -> _Features:
    """Landmarks by partial Cholesky factorisation, pivoted by weighted error."""
    centre = np.asarray(X.mean(axis=0, dtype=np.float64))
    x = X - centre
    spaced = x[:: max(1, len(x) // 500)]
    between = _squares(spaced, spaced)
    apart = between[between > _EXPLAINED * between.max(initial=0.0)]
    distance = bandwidth * float(np.sqrt(np.median(apart))) if len(apart) else 1.0
    n_landmark = min(at_most, len(x))
    L, left, chosen = np.zeros((n_landmark, len(x))), np.ones(len(x)), []
    norm = np.einsum("ij,ij->i", x, x)
    for step in range(n_landmark):
        pivot = int(np.argmax(left * weight))
        if left[pivot] < _EXPLAINED:
            break
        squares = np.maximum(norm + norm[pivot] - 2 * (x @ x[pivot]), 0.0)
        column = np.exp(-squares / (2 * distance**2)) - L[:step, pivot] @ L[:step]
        L[step] = column / np.sqrt(column[pivot])
        left = np.maximum(left - L[step] ** 2, 0.0)
        left[pivot] = 0.0
        chosen.append(pivot)
    factor = L[: len(chosen), chosen].T  # lower triangular: K(landmarks, landmarks) = factor factor'
    columns = L[: len(chosen)]
    scale = np.sqrt(x.var(axis=0).mean() / max(columns.var(axis=1).mean(), np.finfo(float).tiny))
    return _Features(centre, x[chosen], scale * np.linalg.inv(factor).T, distance)


def _squares(x: np.ndarray, z: np.ndarray) -> np.ndarray:
    """|x_i - z_j|^2, not negative."""
    cross = np.einsum("ij,ij->i", x, x)[:, None] + np.einsum("ij,ij->i", z, z) - 2 * x @ z.T
    return np.asarray(np.maximum(cross, 0.0))
