"""One configuration of points laid on another: Procrustes, and centred kernel alignment, which lays nothing."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Num

from probes.probe import check_table, shares

__all__ = ["Alignment", "cka", "procrustes"]


@dataclass(frozen=True, eq=False)
class Alignment:
    """The similarity that lays X on Y: y = scale * x @ rotation + shift.

    Attributes:
        rotation: orthogonal: a rotation, with a reflection if that fits better. Where one side has fewer coordinates it
            gets others that are all 0; shown is the block between those that there are.
        r2: the part of the weighted variance of Y that X so laid explains. Symmetric in X and Y.
        angle: of the rotation, in degrees: arccos(trace(rotation) / width), 0 for none, about 90 for an arbitrary one.
            None where X and Y have different widths, and "the same axes" means nothing.
        unscaled_r2: the same with scale 1; can be negative.
    """

    rotation: Float[np.ndarray, "width target"]
    scale: float
    shift: Float[np.ndarray, " target"]
    r2: float
    unscaled_r2: float
    angle: float | None

    def apply(self, X: Num[np.ndarray, "row width"]) -> Float[np.ndarray, "row target"]:
        """Points of X's space, laid on Y's."""
        return np.asarray(self.scale * (X @ self.rotation) + self.shift)


def procrustes(
    X: Num[np.ndarray, "_ width"], Y: Num[np.ndarray, "_ target"], weight: Float[np.ndarray, " _"]
) -> Alignment:
    """The rotation, scale and shift that lay X on Y with the least weighted squared distance.

    Raises:
        ValueError: if the rows do not agree, or either configuration is a single point.
    Reference:
        Schönemann, Psychometrika 31, 1 (1966); Gower, Psychometrika 40, 33 (1975).
    """
    x, y, w = _centred(X, Y, weight)
    mean_x, mean_y = w @ X.astype(np.float64), w @ Y.astype(np.float64)
    left, singular, right = np.linalg.svd((x * w[:, None]).T @ y, full_matrices=False)
    rotation = left @ right
    size_x, size_y = float(w @ (x**2).sum(axis=1)), float(w @ (y**2).sum(axis=1))
    shared = float(singular.sum())
    scale = shared / size_x
    angle = None
    if X.shape[1] == Y.shape[1]:
        angle = float(np.degrees(np.arccos(np.clip(np.trace(rotation) / len(rotation), -1.0, 1.0))))
    r2 = min(shared**2 / (size_x * size_y), 1.0)  # rounding may say more than all
    unscaled = 1 - (size_x + size_y - 2 * shared) / size_y
    return Alignment(rotation, scale, mean_y - scale * mean_x @ rotation, r2, unscaled, angle)


def cka(X: Num[np.ndarray, "_ width"], Y: Num[np.ndarray, "_ target"], weight: Float[np.ndarray, " _"]) -> float:
    """Linear centred kernel alignment, 0 to 1: |Cov(x, y)|^2 / (|Cov(x)| |Cov(y)|), Frobenius norms.

    Unchanged by rotation and scale of either side, not by other linear maps: directions of much variance rule. Two wide
    random configurations of few rows are alike by chance, so compare with one whose rows are permuted.

    Raises:
        ValueError: if the rows do not agree, or either configuration is a single point.
    Reference:
        Kornblith, Norouzi, Lee and Hinton, ICML (2019), arXiv 1905.00414.
    """
    x, y, w = _centred(X, Y, weight)
    root = np.sqrt(w)[:, None]
    x, y = root * x, root * y
    return float(np.sum((x.T @ y) ** 2) / (np.linalg.norm(x.T @ x) * np.linalg.norm(y.T @ y)))


def _centred(X: np.ndarray, Y: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    if not len(X) == len(Y) == len(weight):
        raise ValueError(f"X, Y and weight must have one entry for each row; got {len(X)}, {len(Y)} and {len(weight)}")
    check_table(X, "X")
    check_table(Y, "Y")
    w = shares(weight)
    x, y = X.astype(np.float64), Y.astype(np.float64)
    centred = x - w @ x, y - w @ y
    for name, whole, part in (("X", x, centred[0]), ("Y", y, centred[1])):
        if float(w @ (part**2).sum(axis=1)) <= 1e-24 * float(w @ (whole**2).sum(axis=1)):
            raise ValueError(f"all points of {name} are one: there is no shape to compare")
    return *centred, w
