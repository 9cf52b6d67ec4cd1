"""Multinomial logistic regression on soft targets: the least penalised cross-entropy, found by preconditioned L-BFGS.

Glossary. u: features of a row, 1 first; G: coefficients (feature, outcome); p = softmax(G'u); y: targets; w: weights.
The Hessian of E[cross-entropy] is E[(diag p - p p') (x) u u']. Its Cholesky factor at the present coefficients, from a
sample of the rows, turns the problem into one that curves about alike in all directions, where L-BFGS takes a few steps
where it would else take hundreds. The sample only steers: value and slope are those of all rows.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from jaxtyping import Float
from scipy.linalg import cholesky, solve_triangular
from scipy.optimize import fmin_l_bfgs_b

__all__ = ["SoftmaxLoss", "least", "log_softmax"]

_EPS = float(np.finfo(np.float64).eps)

_DENSE = 1000
"""With more coefficients than this a Hessian costs more than it saves, and its diagonal has to do."""

_ROWS_PER_COEFFICIENT = 4
"""Rows that the Hessian is made of, so that no direction of it is off by much more than a factor of two."""

_FLOOR = 1e-6
"""Of the mean curvature, added to that of every direction: the sample may be flat where all rows are not."""

_ROUND = 12
"""Steps until the Hessian is taken anew."""


@dataclass(frozen=True, eq=False)
class SoftmaxLoss:
    """E[cross-entropy(y, softmax(G'u))], nats.

    Attributes:
        U: features of every row, 1 first. wy: weight times target. Rows are the last axis of both, so that sums over
            outcomes are sums of long vectors, and products with a few outcomes read the features as they lie.
    """

    U: Float[np.ndarray, "feature row"]
    wy: Float[np.ndarray, "outcome row"]

    def value(
        self, G: Float[np.ndarray, "feature outcome"], ridge: Float[np.ndarray, " feature"]
    ) -> tuple[float, Float[np.ndarray, "feature outcome"]]:
        """The loss plus ridge @ G^2, and its slope."""
        z = G.T @ self.U
        z -= z.max(axis=0)
        fitted = np.exp(z)
        total = fitted.sum(axis=0)
        loss = self.w @ np.log(total) - np.vdot(self.wy, z) + ridge @ np.einsum("ij,ij->i", G, G)
        fitted *= self.w / total
        fitted -= self.wy
        return float(loss), (fitted @ self.U.T).T + 2 * ridge[:, None] * G

    def hessian(
        self, G: Float[np.ndarray, "feature outcome"], ridge: Float[np.ndarray, " feature"]
    ) -> Float[np.ndarray, "coefficient coefficient"]:
        """About the second derivatives of `value`, coefficients by feature and then outcome; positive definite.

        The likelihood is flat along a common shift of all intercepts. So is the slope, and any curvature will do there.
        """
        U, w = self._sample
        n_feature, n_outcome = G.shape
        p = np.exp(log_softmax(U.T @ G)).T
        H = np.zeros((n_feature, n_outcome, n_feature, n_outcome))
        last = n_outcome - 1
        for j in range(last):
            for k in range(j, last):
                x = U * np.sqrt(w * p[j] * (1 - p[j] if j == k else p[k]))
                H[:, j, :, k] = H[:, k, :, j] = x @ x.T if j == k else -(x @ x.T)
        H[:, :last, :, last] = -H[:, :last, :, :last].sum(axis=3)  # probabilities sum to 1
        H[:, last] = -H[:, :last].sum(axis=1)
        H[0, :, 0, :] += float(w.sum()) / n_outcome**2
        flat = H.reshape(G.size, G.size)
        diagonal = np.einsum("ii->i", flat)
        diagonal += _FLOOR * diagonal.mean() + np.repeat(2 * ridge, n_outcome)
        return flat

    @cached_property
    def w(self) -> Float[np.ndarray, " row"]:
        """The weights."""
        return np.asarray(self.wy.sum(axis=0))

    @cached_property
    def _sample(self) -> tuple[Float[np.ndarray, "feature sampled"], Float[np.ndarray, " sampled"]]:
        """Rows at even steps of summed weight, so that each stands for as much; all of them where there are few."""
        n = _ROWS_PER_COEFFICIENT * len(self.U) * len(self.wy)
        if n >= len(self.w):
            return self.U, self.w
        reached = np.cumsum(self.w)
        rows = np.searchsorted(reached, (np.arange(n) + 0.5) / n * reached[-1])
        return self.U[:, rows], np.full(n, reached[-1] / n)


def least(
    loss: SoftmaxLoss,
    ridge: Float[np.ndarray, " feature"],
    start: Float[np.ndarray, "feature outcome"],
    *,
    tolerance: float,
    max_iterations: int,
) -> Float[np.ndarray, "feature outcome"]:
    """Coefficients of least value, from `start` on.

    Args:
        loss: of features that are uncorrelated and of variance 1, but for the constant.
        tolerance: relative decrease of the value in one step at which to stop.
    """
    G, left = start, max_iterations
    while left > 0:
        steps = min(left, _ROUND) if G.size <= _DENSE else left
        G, converged = _round(loss, ridge, G, tolerance, steps)
        if converged:
            break
        left -= steps
    return G


def _round(
    loss: SoftmaxLoss, ridge: np.ndarray, start: np.ndarray, tolerance: float, steps: int
) -> tuple[np.ndarray, bool]:
    """A number of steps in coordinates v, G = R^-1 v, R'R the Hessian at the start."""
    if start.size <= _DENSE:
        R = cholesky(loss.hessian(start, ridge), overwrite_a=True, check_finite=False)
    else:  # the curvature is that of the penalty and at most 1/4 of the likelihood's
        R = np.repeat(np.sqrt(np.where(ridge > 0, 1 + 8 * ridge, 1.0)), start.shape[1])

    def solved(v: np.ndarray, trans: Literal["N", "T"]) -> np.ndarray:
        return np.asarray(v / R if R.ndim == 1 else solve_triangular(R, v, trans=trans, check_finite=False))

    def value(v: np.ndarray) -> tuple[float, np.ndarray]:
        at, slope = loss.value(solved(v, "N").reshape(start.shape), ridge)
        return at, solved(slope.ravel(), "T")

    flat = start.ravel()
    found, _, about = fmin_l_bfgs_b(
        value, flat * R if R.ndim == 1 else R @ flat, m=20, factr=tolerance / _EPS, pgtol=1e-7, maxiter=steps
    )
    return solved(found, "N").reshape(start.shape), about["warnflag"] != 1


def log_softmax(z: Float[np.ndarray, "row outcome"]) -> Float[np.ndarray, "row outcome"]:
    """Natural logarithms of probabilities, each row's in proportion to exp(z)."""
    z = z - z.max(axis=1, keepdims=True)
    return np.asarray(z - np.log(np.exp(z).sum(axis=1, keepdims=True)))
