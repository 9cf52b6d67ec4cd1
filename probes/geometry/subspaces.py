"""Where in a network's space each of several things lies, and at what angles: factors, mixture components, horizons.

A probe's coefficients say where to read, which correlations between directions bend. Angles are therefore taken between
*encoding* subspaces: the directions along which the activation moves with the target, columns of the best affine
prediction of the activation from the target. For independent targets the two regressions do not disturb each other.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Num
from scipy.linalg import subspace_angles as radians_between

from probes.probe import check_table, shares

__all__ = ["SubspaceAngles", "encoding_subspace", "principal_angles", "subspace_angles"]

# Relative to the largest: singular values below this are rounding.
_RANK_TOL = 1e-9


def encoding_subspace(
    X: Num[np.ndarray, "row width"],
    Y: Float[np.ndarray, "row target"],
    weight: Float[np.ndarray, " row"],
    *,
    share: float = 0.99,
) -> Float[np.ndarray, "width direction"]:
    """Orthonormal directions along which X moves, on average, as Y does.

    Args:
        share: of the variance of E[X | Y] under the affine model that the directions kept must hold: beyond it lies
            what a finite sample adds.
    Returns:
        Strongest first; no more than the rank of Y.
    Raises:
        ValueError: if Y is constant, X does not move with it, either is not finite, their rows do not agree, or share
            is not in (0, 1].
    Reference:
        Haufe and others, NeuroImage 87, 96 (2014), for patterns against filters.
    """
    if not 0 < share <= 1:
        raise ValueError(f"a share of the variance lies in (0, 1]; got {share}")
    check_table(X, "X")
    check_table(Y, "Y")
    if not len(X) == len(Y) == len(weight):
        raise ValueError(f"X, Y and weight must have one entry for each row; got {len(X)}, {len(Y)} and {len(weight)}")
    w = shares(weight)
    x, y = X.astype(np.float64), Y.astype(np.float64)
    whole = float(w @ (y**2).sum(axis=1))
    x, y = x - w @ x, y - w @ y
    size, axes = np.linalg.eigh((y * w[:, None]).T @ y)
    kept = size > _RANK_TOL * size[-1]
    if not size[-1] > _RANK_TOL**2 * whole:
        raise ValueError("the target is the same at every row: nothing moves with it")
    white = y @ axes[:, kept] / np.sqrt(size[kept])
    pattern = (x * w[:, None]).T @ white  # (width, coordinate): how X moves with a unit of each
    directions, strength, _ = np.linalg.svd(pattern, full_matrices=False)
    if not strength[0] > _RANK_TOL * float(np.sqrt(w @ (x**2).sum(axis=1))):
        raise ValueError("X does not move with the target")
    held = np.cumsum(strength**2) / np.sum(strength**2)
    return np.asarray(directions[:, : int(np.searchsorted(held, share * (1 - 1e-12)) + 1)])


def principal_angles(
    A: Float[np.ndarray, "width one"], B: Float[np.ndarray, "width other"]
) -> Float[np.ndarray, " angle"]:
    """Principal angles between the spans of columns, in degrees, ascending: 0 shared direction, 90 orthogonal.

    Reference:
        Björck and Golub, Mathematics of Computation 27, 579 (1973).
    """
    return np.sort(np.degrees(radians_between(A, B)))


@dataclass(frozen=True, eq=False)
class SubspaceAngles:
    """How two encoding subspaces lie.

    Attributes:
        one, other: names of the targets.
        dimensions: of the two subspaces.
        angles: principal angles, degrees, ascending.
        overlap: mean squared cosine over the principal angles: 0 orthogonal, 1 one inside the other.
        chance: the same for the first subspace and random ones of the other's dimension, drawn in the space that the
            activations fill, by their covariance: mean and 95 % range.
    """

    one: str
    other: str
    dimensions: tuple[int, int]
    angles: Float[np.ndarray, " angle"]
    overlap: float
    chance: tuple[float, float, float]


def subspace_angles(
    X: Num[np.ndarray, "row width"],
    targets: Sequence[tuple[str, Float[np.ndarray, "row _"]]],
    weight: Float[np.ndarray, " row"],
    *,
    rng: np.random.Generator,
    share: float = 0.99,
    draws: int = 200,
) -> list[SubspaceAngles]:
    """The angles between the encoding subspaces of every two targets, beside what random directions would have.

    Args:
        targets: names and values at every row: beliefs over the factors of a product, over the states within each
            component of a mixture, or over horizons. Angles mean what they seem to only for independent targets.
    Raises:
        ValueError: as `encoding_subspace`.
    """
    spans = [encoding_subspace(X, Y, weight, share=share) for _, Y in targets]
    w = weight / weight.sum()
    x = X.astype(np.float64) - w @ X
    size, axes = np.linalg.eigh((x * w[:, None]).T @ x)
    root = axes * np.sqrt(np.maximum(size, 0.0))
    found = []
    for i, (one, A) in enumerate(zip(targets, spans, strict=True)):
        for other, B in zip(targets[i + 1 :], spans[i + 1 :], strict=True):
            angles = principal_angles(A, B)
            random = [_overlap(A, root @ rng.standard_normal((len(root), B.shape[1]))) for _ in range(draws)]
            low, high = np.quantile(random, [0.025, 0.975])
            found.append(
                SubspaceAngles(
                    one[0],
                    other[0],
                    (A.shape[1], B.shape[1]),
                    angles,
                    float(np.mean(np.cos(np.radians(angles)) ** 2)),
                    (float(np.mean(random)), float(low), float(high)),
                )
            )
    return found


def _overlap(A: Float[np.ndarray, "width one"], directions: Float[np.ndarray, "width other"]) -> float:
    return float(np.mean(np.cos(np.radians(principal_angles(A, directions))) ** 2))
