"""How many directions a configuration fills, and what its largest ones say, without any label."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, Num

from probes.crossfit import crossfit
from probes.linear import RidgeProbe
from probes.moments import Spectrum, block_moments, spectrum
from probes.probe import check_table

__all__ = ["Components", "effective_dimension", "principal_components", "unsupervised_curve"]


@dataclass(frozen=True, eq=False)
class Components:
    """Weighted principal components.

    Attributes:
        variance: of each, largest first; those that rounding cannot tell from 0 are left out.
        directions: orthonormal columns.
        mean: the weighted mean of the rows.
    """

    variance: Float[np.ndarray, " component"]
    directions: Float[np.ndarray, "width component"]
    mean: Float[np.ndarray, " width"]

    def coordinates(self, X: Num[np.ndarray, "row width"]) -> Float[np.ndarray, "row component"]:
        """Points in the coordinates of the components."""
        return np.asarray((X - self.mean) @ self.directions)

    def count(self, share: float) -> int:
        """How many of the largest ones hold this share of all variance. Raises ValueError unless 0 < share <= 1."""
        if not 0 < share <= 1:
            raise ValueError(f"a share of the variance lies in (0, 1]; got {share}")
        held = np.cumsum(self.variance) / self.variance.sum()
        return int(np.searchsorted(held, share * (1 - 1e-12)) + 1)


def principal_components(X: Num[np.ndarray, "row width"], weight: Float[np.ndarray, " row"]) -> Components:
    """Eigenvectors of the weighted covariance, largest first.

    Raises:
        ValueError: if all rows are one point, or one is not finite.
    """
    found, origin = _spectrum(X, weight)
    if not found.rank:
        raise ValueError("all rows are one point: there are no components")
    kept = slice(None, -found.rank - 1, -1)
    return Components(found.e[kept], found.V[:, kept], origin + found.x)


def _spectrum(X: np.ndarray, weight: np.ndarray) -> tuple[Spectrum, np.ndarray]:
    """Of the weighted covariance, and the point from which its mean is counted."""
    check_table(X, "X")
    blocks = block_moments(X, np.zeros((len(X), 0)), weight, np.zeros(len(X), dtype=np.intp), 1)
    return spectrum(blocks.parts[0]), blocks.x0


def effective_dimension(X: Num[np.ndarray, "row width"], weight: Float[np.ndarray, " row"]) -> float:
    """The participation ratio (sum of variances)^2 / sum of their squares: the number of directions if all were alike.

    Between 1 and the rank. 0 where all rows are one point.

    Raises:
        ValueError: if a row is not finite.

    Reference:
        Gao and others, bioRxiv 214262 (2017).
    """
    found = _spectrum(X, weight)[0]
    if not found.rank:
        return 0.0
    variance = found.e[-found.rank :]
    return float(variance.sum() ** 2 / (variance**2).sum())


def unsupervised_curve(
    X: Num[np.ndarray, "row width"],
    Y: Float[np.ndarray, "row target"],
    weight: Float[np.ndarray, " row"],
    fold: Int[np.ndarray, " row"],
    *,
    most: int = 20,
) -> Float[np.ndarray, " component"]:
    """Held-out R² of Y from the first k principal components of X, k = 1 .. most: how far down the belief lies.

    The components are chosen without Y, so a score that is high at small k was not put there by the probe. They are
    taken over all rows: held-out ones add directions, not answers.

    Returns:
        An entry for each k up to `most` or the rank of X.
    Raises:
        ValueError: if all rows are one point, Y is constant on the held-out rows, or there are too few folds.
    """
    components = principal_components(X, weight)
    scores = components.coordinates(X)[:, :most]
    curve = []
    for k in range(1, scores.shape[1] + 1):
        fit = crossfit(scores[:, :k], Y, weight, fold, RidgeProbe(penalties=(0.0,)))
        w = weight[fit.held]
        error = float(w @ ((Y - fit.predicted)[fit.held] ** 2).sum(axis=1))
        spread = float(w @ ((Y - fit.null)[fit.held] ** 2).sum(axis=1))
        if not spread > 0:
            raise ValueError("the target is the same on every held-out row: no R² is defined")
        curve.append(1 - error / spread)
    return np.array(curve)
