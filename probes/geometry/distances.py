"""Do beliefs read out of a predictor lie as far from each other as the true ones, or only as predictions do?

Compared over pairs of histories: distances and cosines of the read-out beliefs with those of the exact beliefs and with
those of the exact next-symbol distributions. A network that held the next symbol alone would have the second kind.
Read-out means held out: a probe's own training rows lie where it was told to put them.

Reference:
    Shai and others, arXiv 2405.15943, section 5 and appendix (in sample there); Kriegeskorte, Mur and Bandettini,
    Frontiers in Systems Neuroscience 2, 4 (2008), for representational similarity.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, Num

from probes.crossfit import Crossfit
from probes.probe import check_table

__all__ = [
    "GeometryScore",
    "Pairs",
    "cosines",
    "distances",
    "draw_pairs",
    "explained",
    "geometry_scores",
    "rank_correlation",
]


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs of rows, each pair counted once.

    Attributes:
        one, other: the rows, one < other.
        weight: of each pair, sum 1.
        complete: whether these are all pairs of different rows, or a sample.
    """

    one: Int[np.ndarray, " pair"]
    other: Int[np.ndarray, " pair"]
    weight: Float[np.ndarray, " pair"]
    complete: bool


def draw_pairs(
    weight: Float[np.ndarray, " row"], *, max_pairs: int = 500_000, rng: np.random.Generator | None = None
) -> Pairs:
    """All pairs of rows, weighted by the product of their weights; or a sample by those weights where there are more.

    Args:
        weight: of each row, not negative. Rows of weight 0 are in no pair.
        rng: needed where a sample has to be drawn.
    Raises:
        ValueError: if fewer than two rows have weight, or a sample is needed and no rng was given.
    """
    rows = np.flatnonzero(weight > 0)
    n = len(rows)
    if n < 2:
        raise ValueError(f"pairs need at least 2 rows of positive weight; got {n}")
    if n * (n - 1) // 2 <= max_pairs:
        one, other = np.triu_indices(n, 1)
        one, other = rows[one], rows[other]
        product = weight[one] * weight[other]
        return Pairs(one, other, product / product.sum(), complete=True)
    if rng is None:
        raise ValueError(f"{n} rows make more than max_pairs={max_pairs} pairs: to draw some, give rng")
    drawn = rng.choice(rows, size=(2, max_pairs), p=weight[rows] / weight[rows].sum())
    drawn = drawn[:, drawn[0] != drawn[1]]
    if not drawn.shape[1]:
        raise ValueError("nearly all weight lies on one row: no pair of different rows was drawn")
    one, other = np.sort(drawn, axis=0)
    return Pairs(one, other, np.full(len(one), 1.0 / len(one)), complete=False)


def distances(points: Num[np.ndarray, "row width"], pairs: Pairs) -> Float[np.ndarray, " pair"]:
    """The Euclidean distance of each pair.

    Raises:
        ValueError: if a point is not finite.
    """
    check_table(points, "points")
    difference = points[pairs.one].astype(np.float64) - points[pairs.other]
    return np.asarray(np.sqrt(np.einsum("ij,ij->i", difference, difference)))


def cosines(
    points: Num[np.ndarray, "row width"], pairs: Pairs, *, origin: Float[np.ndarray, " width"]
) -> Float[np.ndarray, " pair"]:
    """The cosine of each pair as seen from `origin`; nan where a point lies on it, and has no direction.

    A pair of points that differ from the origin by rounding alone has none either.

    Raises:
        ValueError: if a point is not finite.
    """
    check_table(points, "points")
    seen = points.astype(np.float64) - origin
    length = np.sqrt(np.einsum("ij,ij->i", seen, seen))
    length[length <= 1e-12 * length.max(initial=0.0)] = np.nan
    unit = seen / length[:, None]
    return np.asarray(np.einsum("ij,ij->i", unit[pairs.one], unit[pairs.other]))


@dataclass(frozen=True)
class GeometryScore:
    """How one set of pairwise values tells another.

    Attributes:
        r2: squared correlation: the part of the variance of one that a straight line through the other explains.
        identity: 1 - mean squared difference / variance of the true one: no line is fitted, so that a picture of the
            wrong size scores less. Can be negative.
        pairs: how many were compared.
    """

    r2: float
    identity: float
    pairs: int


def explained(
    found: Float[np.ndarray, " pair"], true: Float[np.ndarray, " pair"], weight: Float[np.ndarray, " pair"]
) -> GeometryScore:
    """Both scores of `found` for `true`. Pairs in which either is nan are left out.

    Raises:
        ValueError: if no pair is left, or all true values are equal.
    """
    some = np.isfinite(found) & np.isfinite(true)
    if not some.any():
        raise ValueError("no pair has both values")
    a, b, w = found[some], true[some], weight[some] / weight[some].sum()
    spread = float(w @ (b - w @ b) ** 2)
    if spread <= 1e-24 * float(w @ b**2):
        raise ValueError("all true values are equal: no R² is defined")
    own = float(w @ (a - w @ a) ** 2)
    shared = float(w @ ((a - w @ a) * (b - w @ b)))
    r2 = shared**2 / (own * spread) if own > 0 else 0.0
    return GeometryScore(r2, 1 - float(w @ (a - b) ** 2) / spread, int(some.sum()))


def rank_correlation(
    found: Float[np.ndarray, " pair"], true: Float[np.ndarray, " pair"], weight: Float[np.ndarray, " pair"]
) -> float:
    """Spearman's correlation over weighted pairs: the order of dissimilarities alone (representational similarity).

    Ranks are weighted midranks: the weight below a value plus half of the weight at it.

    Raises:
        ValueError: if either is constant, and has no order; if a value is nan, which has no place in one.
    """
    if np.isnan(found).any() or np.isnan(true).any():
        raise ValueError("a value is nan, and has no place in an order: leave out such pairs")
    a, b = _midranks(found, weight), _midranks(true, weight)
    w = weight / weight.sum()
    a, b = a - w @ a, b - w @ b
    spread = float((w @ a**2) * (w @ b**2))
    if np.ptp(found) == 0 or np.ptp(true) == 0 or not spread > 0:
        raise ValueError("all values of one side are equal: no order to compare")
    return float(w @ (a * b) / np.sqrt(spread))


def _midranks(values: Float[np.ndarray, " pair"], weight: Float[np.ndarray, " pair"]) -> Float[np.ndarray, " pair"]:
    _, place = np.unique(values, return_inverse=True)
    at = np.bincount(place, weight)
    return np.asarray((np.cumsum(at) - at / 2)[place])


def geometry_scores(
    fit: Crossfit,
    group: slice,
    truths: Sequence[tuple[str, Float[np.ndarray, "row _"]]],
    weight: Float[np.ndarray, " row"],
    *,
    rng: np.random.Generator,
    max_pairs: int = 500_000,
) -> dict[str, dict[str, GeometryScore | float]]:
    """Held-out pictures against each of several true ones: distances, cosines and ranks of distances, by name.

    Args:
        fit: held-out predictions of a probe, of which `group` are the columns of one target.
        truths: names and exact values at every row, such as the belief and the next-symbol distribution.
        weight: of each row. Only rows that were held out are compared.
    Returns:
        For each name "distance" and "cosine" (seen from the weighted mean of each picture) as GeometryScore, and
        "rank" as a number.
    """
    held = np.zeros(len(weight))
    held[fit.held] = weight[fit.held]
    pairs = draw_pairs(held, max_pairs=max_pairs, rng=rng)
    found = fit.predicted[:, group]
    share = held / held.sum()
    near, turned = distances(found, pairs), cosines(found, pairs, origin=share @ found)
    answers: dict[str, dict[str, GeometryScore | float]] = {}
    for name, true in truths:
        apart = distances(true, pairs)
        answers[name] = {
            "distance": explained(near, apart, pairs.weight),
            "cosine": explained(turned, cosines(true, pairs, origin=share @ true), pairs.weight),
            "rank": rank_correlation(near, apart, pairs.weight),
        }
    return answers
