"""Concept erasure: the least change of a representation after which no linear probe can read a concept.

Theorem (Belrose and others 2023, theorems 3.1 and 4.3). For random vectors x and z, the following are equivalent: the
best affine predictor of z from x is a constant, for every convex loss; the class-conditional means of x are equal (z
one-hot); Cov(x, z) = 0. Among affine maps r with Cov(r(x), z) = 0 the one that moves x least, in E|r(x) - x|² (and at
once in every other inner product), is

    r(x) = x - W⁺ P W (x - E x),      W = (Cov x)^(-1/2), pseudo-inverse,      P the orthogonal projection on the
                                      column space of W Cov(x, z).

Reference: Belrose, Schneider-Joseph, Ravfogel, Cotterell, Raff and Biderman, LEACE: Perfect linear concept erasure in
closed form, arXiv 2306.03819 (2023).
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from probes.probe import check_finite

__all__ = ["Eraser", "erase_concept"]

_RANK_TOL = 1e-9
"""Relative to the largest: deviations of x along a direction, and correlations with z, below this are rounding."""


@dataclass(frozen=True, eq=False)
class Eraser:
    """x -> x - (x - mean) @ read @ write: an oblique projection on what tells nothing. Made by `erase_concept`.

    Attributes:
        mean: of x, which it keeps.
        read: what of x is erased, and `write`, along which directions: W⁺ P W of the theorem is (read @ write)'.
    """

    mean: Float[np.ndarray, " width"]
    read: Float[np.ndarray, "width erased"]
    write: Float[np.ndarray, "erased width"]

    @property
    def rank(self) -> int:
        """How many dimensions are erased."""
        return int(self.read.shape[1])

    def __call__(self, x: Float[np.ndarray, "row width"]) -> Float[np.ndarray, "row width"]:
        """The rows without the concept."""
        return np.asarray(x - (x - self.mean) @ self.read @ self.write)


def erase_concept(
    x: Float[np.ndarray, "row width"],
    z: Float[np.ndarray, "_ target"],
    weight: Float[np.ndarray, " _"] | None = None,
) -> Eraser:
    """LEACE: the least change of x after which every affine probe of z does no better than the mean of z.

    Exactly so on these rows under these weights; on other rows as far as their covariances are the same.

    Args:
        weight: of each row, nonnegative, of any positive sum; None: all alike.
    Raises:
        ValueError: if x and z differ in rows, there are none, one is not finite, or the weights sum to 0.
    """
    if len(x) != len(z) or not len(x):
        raise ValueError(f"x and z must have the same rows, at least one; got {len(x)} and {len(z)}")
    check_finite(x, "x")
    check_finite(z, "z")
    w = np.ones(len(x)) if weight is None else np.asarray(weight, dtype=np.float64)
    if len(w) != len(x) or np.any(w < 0) or not w.sum() > 0:
        raise ValueError(f"weight must have one nonnegative entry for each of the {len(x)} rows, and a positive sum")
    root = np.sqrt(w / w.sum())[:, None]
    mean = (root**2 * x).sum(axis=0)
    a, b = root * (x - mean), root * (z - (root**2 * z).sum(axis=0))
    left, singular, right = np.linalg.svd(a, full_matrices=False)
    kept = singular > _RANK_TOL * singular.max(initial=0.0)
    left, singular, right = left[:, kept], singular[kept], right[kept]
    # in the principal axes of x, W is 1 / singular: W Cov(x, z) = left' b
    along, size, _ = np.linalg.svd(left.T @ b, full_matrices=False)
    # of cosines between x and the scaled z: those that rounding makes of uncorrelated rows are dropped
    concept = along[:, : int((size > _RANK_TOL * np.linalg.norm(b)).sum())]
    return Eraser(mean, (right.T / singular) @ concept, concept.T @ (singular[:, None] * right))
