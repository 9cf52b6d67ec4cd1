"""Probes whose predictions are probability distributions: logistic, and linear with the nearest distribution.

They are fitted to targets that are distributions: beliefs over states, or the joint probabilities of future words, from
which every coordinate of the belief follows by an affine map (`Target.distribution`).
"""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int

from probes.linear import PENALTIES, RidgeProbe, check_penalties
from probes.moment_fits import FittedProbe
from probes.moments import Spectrum, block_moments
from probes.probe import ProbeData, check_folds, n_distinct
from probes.softmax import SoftmaxLoss, least, log_softmax

__all__ = ["LogisticProbe", "SimplexProbe", "cross_entropy", "nearest_distributions"]

# A distribution sums to 1 to what filtering leaves of it.
_SUM_TOL = 1e-8

# Negative entries above this are the rounding of 0.
_NEGATIVE = -1e-12


@dataclass(frozen=True)
class LogisticProbe:
    """Multinomial logistic regression on soft targets.

    Minimise E[cross-entropy(y, softmax(a + B'x))] + penalty v |B|^2, E the weighted mean, cross-entropy in nats, v the
    mean variance of a feature, so that rotating or rescaling all features changes nothing; a is not penalised. The
    penalty of least held-out cross-entropy is taken. Outcomes that no training row can have get probability 0 (an
    intercept of -inf).

    Attributes:
        penalties: candidates, relative to v; above 0, as separable targets have no finite minimum without.
        selection_folds: how many of the folds are held out in turn to choose the penalty; None: all of them.
        tolerance: relative decrease of the loss below which a fit ends. max_iterations: of L-BFGS, for each penalty.
    """

    penalties: tuple[float, ...] = (1e-6, 1e-4, 1e-2)
    selection_folds: int | None = 2
    tolerance: float = 1e-8
    max_iterations: int = 100
    name: str = "logistic"
    distributional: bool = True

    def __post_init__(self) -> None:
        check_penalties(self.penalties)
        if min(self.penalties) == 0:
            raise ValueError("a logistic probe needs penalties above 0: separable targets have no finite fit without")

    def fit(self, data: ProbeData, *, folds: Int[np.ndarray, " row"] | None = None) -> FittedProbe:
        """Fit all rows with the penalty that predicts held-out folds best.

        Raises:
            ValueError: if Y are no distributions, or there is a choice of penalty and no folds to choose by.
        """
        check_distributions(data.Y, self.name)
        folds = check_folds(data, folds, choosing="penalties" if len(self.penalties) > 1 else "")
        penalty = self.penalties[0]
        if len(self.penalties) > 1:
            losses = np.zeros(len(self.penalties))
            n_fold = int(folds.max()) + 1
            for held in range(n_fold if self.selection_folds is None else min(self.selection_folds, n_fold)):
                test = data.of(np.flatnonzero(folds == held))
                path = self._path(data.of(np.flatnonzero(folds != held)), sorted(self.penalties, reverse=True))
                losses += [test.weight @ cross_entropy(test.Y, log_softmax(fitted.affine(test.X))) for fitted in path]
            penalty = sorted(self.penalties, reverse=True)[int(np.argmin(losses))]
        descent = [p for p in sorted(self.penalties, reverse=True) if p >= penalty]
        return self._path(data, descent)[-1]

    def _path(self, data: ProbeData, penalties: list[float]) -> list[FittedProbe]:
        """Fits for penalties in descending order, each begun where the last one ended."""
        w = data.weight / data.weight.sum()
        blocks = block_moments(data.X, data.Y, w, np.zeros(len(w), dtype=np.intp), 1)
        train = blocks.without()
        mean = w @ data.Y
        can = mean > 0
        keep = slice(len(train.e) - train.rank, None)
        e, V = train.e[keep], train.V[:, keep]
        U = np.ones((len(e) + 1, len(w)))
        U[1:] = (V / np.sqrt(e)).T @ (data.X - (blocks.x0 + train.x)).T  # uncorrelated, of variance 1
        loss = SoftmaxLoss(U, np.ascontiguousarray((w[:, None] * data.Y[:, can]).T))
        state = np.vstack([np.log(mean[can])[None], np.zeros((len(e), int(can.sum())))])
        found = []
        for penalty in penalties:
            ridge = np.concatenate([[0.0], penalty * train.e.mean() / e])
            state = least(loss, ridge, state, tolerance=self.tolerance, max_iterations=self.max_iterations)
            found.append(self._fitted(state, blocks.x0, train, keep, can, penalty, n_distinct(data.history)))
        return found

    @staticmethod
    def _fitted(
        state: np.ndarray, x0: np.ndarray, train: Spectrum, keep: slice, can: np.ndarray, penalty: float, rows: int
    ) -> FittedProbe:
        B = train.V[:, keep] @ (state[1:] / np.sqrt(train.e[keep])[:, None])
        coefficients = np.zeros((len(B), len(can)))
        coefficients[:, can] = B
        intercept = np.full(len(can), -np.inf)
        intercept[can] = state[0] - (x0 + train.x) @ B
        return FittedProbe(coefficients, intercept, penalty, train.rank, rows, inverse_link=_softmax)


@dataclass(frozen=True)
class SimplexProbe:
    """Ridge regression followed by the nearest distribution, with the penalty chosen for what comes out.

    The nearest point of a convex set is never further from a point of the set: the constraint cannot hurt, row by row.

    Attributes:
        penalties: candidates, as those of `RidgeProbe`.
    """

    penalties: tuple[float, ...] = PENALTIES
    name: str = "simplex"
    distributional: bool = True

    def __post_init__(self) -> None:
        check_penalties(self.penalties)

    def fit(self, data: ProbeData, *, folds: Int[np.ndarray, " row"] | None = None) -> FittedProbe:
        """Fit all rows with the penalty whose nearest distributions predict held-out folds best.

        Raises:
            ValueError: if Y are no distributions, or there is a choice of penalty and no folds to choose by.
            TooFewRows: as `RidgeProbe.fit`.
        """
        check_distributions(data.Y, self.name)
        folds = check_folds(data, folds, choosing="penalties" if len(self.penalties) > 1 else "")
        penalty = max(self.penalties)
        if len(self.penalties) > 1:
            ordered = sorted(self.penalties, reverse=True)
            losses = np.zeros(len(ordered))
            n_fold = int(folds.max()) + 1
            blocks = block_moments(data.X, data.Y, data.weight, folds + 1, n_fold + 1)
            for held in range(n_fold):
                train, rows = blocks.without(held + 1), np.flatnonzero(folds == held)
                U = (data.X[rows] - (blocks.x0 + train.x)) @ train.V
                for i, p in enumerate(ordered):
                    guess = U @ (train.shrunk(np.array([p])) * train.c) + (blocks.y0 + train.y)
                    error = data.Y[rows] - nearest_distributions(guess)
                    losses[i] += data.weight[rows] @ np.einsum("ij,ij->i", error, error)
            penalty = ordered[int(np.argmin(losses))]
        return replace(RidgeProbe((penalty,)).fit(data), inverse_link=nearest_distributions)


def nearest_distributions(values: Float[np.ndarray, "row target"]) -> Float[np.ndarray, "row target"]:
    """The point of the simplex nearest to every row, in Euclidean distance.

    Reference:
        Duchi, Shalev-Shwartz, Singer and Chandra, ICML 2008.
    """
    descending = np.sort(values, axis=1)[:, ::-1]
    excess = (np.cumsum(descending, axis=1) - 1) / np.arange(1, values.shape[1] + 1)
    kept = (descending > excess).sum(axis=1)
    return np.asarray(np.maximum(values - excess[np.arange(len(values)), kept - 1][:, None], 0.0))


def cross_entropy(
    Y: Float[np.ndarray, "row target"], log_probs: Float[np.ndarray, "row target"]
) -> Float[np.ndarray, " row"]:
    """-sum y log p of every row, nats: infinite where something possible is given probability 0."""
    return np.asarray(-np.where(Y > 0, Y * np.where(Y > 0, log_probs, 0.0), 0.0).sum(axis=1))


def check_distributions(Y: Float[np.ndarray, "row target"], who: str) -> None:
    """Refuse targets that are no distributions, naming the first row that is none."""
    wrong = (Y < _NEGATIVE).any(axis=1) | (abs(Y.sum(axis=1) - 1) > _SUM_TOL)
    if Y.shape[1] == 0 or wrong.any():
        row = int(np.argmax(wrong)) if len(wrong) else 0
        raise ValueError(
            f"a {who} probe reads distributions: rows of Y must be nonnegative and sum to 1; row {row} is "
            f"{np.array2string(Y[row], precision=4, threshold=8)}. Use Target.distribution."
        )


def _softmax(z: np.ndarray) -> np.ndarray:
    return np.asarray(np.exp(log_softmax(z)))
