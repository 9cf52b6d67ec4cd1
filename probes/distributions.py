"""Probes whose predictions are probability distributions: logistic, and linear with the nearest distribution.

They are fitted to targets that are distributions: beliefs over states, or the joint probabilities of future words, from
which every coordinate of the belief follows by an affine map (`Target.distribution`).
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, Num
from scipy.optimize import fmin_l_bfgs_b

from probes.linear import PENALTIES, RidgeProbe, check_penalties
from probes.moment_fits import FittedProbe
from probes.moments import Spectrum, block_moments
from probes.probe import ProbeData, check_folds, n_distinct

__all__ = ["FittedLogistic", "FittedSimplex", "LogisticProbe", "SimplexProbe", "cross_entropy", "nearest_distributions"]

# A distribution sums to 1 to what filtering leaves of it.
_SUM_TOL = 1e-8

_EPS = float(np.finfo(np.float64).eps)

# Negative entries above this are the rounding of 0.
_NEGATIVE = -1e-12


@dataclass(frozen=True)
class LogisticProbe:
    """Multinomial logistic regression on soft targets.

    Minimise E[cross-entropy(y, softmax(a + B'x))] + penalty v |B|^2, E the weighted mean, cross-entropy in nats, v the
    mean variance of a feature, so that rotating or rescaling all features changes nothing; a is not penalised. The
    penalty of least held-out cross-entropy is taken. Outcomes that no training row can have get probability 0.

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

    def fit(self, data: ProbeData, *, folds: Int[np.ndarray, " row"] | None = None) -> "FittedLogistic":
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
                losses += [test.weight @ cross_entropy(test.Y, fitted.log_predict(test.X)) for fitted in path]
            penalty = sorted(self.penalties, reverse=True)[int(np.argmin(losses))]
        descent = [p for p in sorted(self.penalties, reverse=True) if p >= penalty]
        return self._path(data, descent)[-1]

    def _path(self, data: ProbeData, penalties: list[float]) -> "list[FittedLogistic]":
        """Fits for penalties in descending order, each begun where the last one ended."""
        w = data.weight / data.weight.sum()
        blocks = block_moments(data.X, data.Y, w, np.zeros(len(w), dtype=np.intp), 1)
        train = blocks.without()
        mean = w @ data.Y
        can = mean > 0
        keep = slice(len(train.e) - train.rank, None)
        e, V = train.e[keep], train.V[:, keep]
        U = (data.X - (blocks.x0 + train.x)) @ V / np.sqrt(e)  # uncorrelated, of variance 1
        y = data.Y[:, can]
        state = np.vstack([np.log(mean[can])[None], np.zeros((len(e), int(can.sum())))])
        found = []
        for penalty in penalties:
            state = _descend(U, y, w, penalty * train.e.mean() / e, state, self.tolerance, self.max_iterations)
            found.append(self._fitted(state, blocks.x0, train, keep, can, penalty, n_distinct(data.history)))
        return found

    @staticmethod
    def _fitted(
        state: np.ndarray, x0: np.ndarray, train: Spectrum, keep: slice, can: np.ndarray, penalty: float, rows: int
    ) -> "FittedLogistic":
        B = train.V[:, keep] @ (state[1:] / np.sqrt(train.e[keep])[:, None])
        coefficients = np.zeros((len(B), len(can)))
        coefficients[:, can] = B
        intercept = np.full(len(can), -np.inf)
        intercept[can] = state[0] - (x0 + train.x) @ B
        return FittedLogistic(coefficients, intercept, penalty, train.rank, rows)


def _descend(
    U: np.ndarray,
    y: np.ndarray,
    w: np.ndarray,
    ridge: np.ndarray,
    start: np.ndarray,
    tolerance: float,
    max_iterations: int,
) -> np.ndarray:
    """Minimise the penalised cross-entropy over intercepts (row 0) and coefficients of uncorrelated features."""
    # steps of about one in every direction: the curvature is that of the penalty and at most 1/4 of the likelihood's
    scale = np.concatenate([[1.0], 1 / np.sqrt(1 + 8 * ridge)])[:, None]

    def value(flat: np.ndarray) -> tuple[float, np.ndarray]:
        G = flat.reshape(start.shape) * scale
        log_p = _log_softmax(G[0] + U @ G[1:])
        excess = w[:, None] * (np.exp(log_p) - y)
        loss = -w @ np.einsum("ij,ij->i", y, log_p) + ridge @ np.einsum("ij,ij->i", G[1:], G[1:])
        slope = np.vstack([excess.sum(axis=0)[None], U.T @ excess + 2 * ridge[:, None] * G[1:]])
        return float(loss), (slope * scale).ravel()

    found, _, _ = fmin_l_bfgs_b(
        value, (start / scale).ravel(), m=20, factr=tolerance / _EPS, pgtol=1e-7, maxiter=max_iterations
    )
    return np.asarray(found.reshape(start.shape) * scale)


@dataclass(frozen=True, eq=False)
class FittedLogistic:
    """softmax(a + B'x).

    Attributes:
        intercept: -inf for outcomes that no training row could have.
        penalty, rank, rows: as in `Fitted`.
    """

    coefficients: Float[np.ndarray, "width target"]
    intercept: Float[np.ndarray, " target"]
    penalty: float
    rank: int
    rows: int
    setting: str = ""

    def log_predict(self, X: Num[np.ndarray, "row width"]) -> Float[np.ndarray, "row target"]:
        """Natural logarithms of the predicted probabilities."""
        return _log_softmax(X @ self.coefficients + self.intercept)

    def predict(self, X: Num[np.ndarray, "row width"]) -> Float[np.ndarray, "row target"]:
        """A distribution for every row."""
        return np.asarray(np.exp(self.log_predict(X)))


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

    def fit(self, data: ProbeData, *, folds: Int[np.ndarray, " row"] | None = None) -> "FittedSimplex":
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
        return FittedSimplex(RidgeProbe((penalty,)).fit(data))


@dataclass(frozen=True, eq=False)
class FittedSimplex:
    """The distribution nearest to an affine map's value."""

    linear: FittedProbe

    @property
    def rows(self) -> int:
        """Distinct histories it was fitted on."""
        return self.linear.rows

    @property
    def rank(self) -> int:
        """Numerical rank of their features."""
        return self.linear.rank

    @property
    def penalty(self) -> float:
        """The chosen one."""
        return self.linear.penalty

    @property
    def setting(self) -> str:
        """Nothing else is chosen."""
        return ""

    def predict(self, X: Num[np.ndarray, "row width"]) -> Float[np.ndarray, "row target"]:
        """A distribution for every row."""
        return nearest_distributions(self.linear.predict(X))


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


def _log_softmax(z: np.ndarray) -> np.ndarray:
    z = z - z.max(axis=1, keepdims=True)
    return np.asarray(z - np.log(np.exp(z).sum(axis=1, keepdims=True)))
