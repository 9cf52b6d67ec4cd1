"""Intervals of an edit's effect: what could have come out of other histories."""

import numpy as np
from jaxtyping import Float

from probes.intervention.cases import Bench
from probes.intervention.replacements import Replacement

__all__ = ["interval", "margin", "part_of_the_way", "resampled"]

_DRAWS = 1000
_LEVEL = 0.95


def resampled(bench: Bench, found: Replacement, *, rng: np.random.Generator) -> Float[np.ndarray, "draw case"]:
    """Weights of the cases in bootstrap samples of belief classes (blocks of histories); no draws where there is one.

    Where a second history lends something, its classes are drawn too, and a pair weighs the product of both counts:
    pairs that share either are not independent (Owen, Annals of Applied Statistics 1, 386 (2007)).
    """
    units = [bench.unit[found.pairs.into], bench.unit[found.pairs.of]] if found.lent else [bench.unit[found.pairs.into]]
    weights = np.tile(found.pairs.weight, (_DRAWS, 1))
    for unit in units:
        there, place = np.unique(unit, return_inverse=True)
        if len(there) < 2:
            return np.empty((0, len(found.pairs)))
        weights = weights * rng.multinomial(len(there), np.full(len(there), 1 / len(there)), size=_DRAWS)[:, place]
    return weights


def part_of_the_way(
    weight: Float[np.ndarray, "draw case"], after: Float[np.ndarray, " case"], before: Float[np.ndarray, " case"]
) -> Float[np.ndarray, " draw"]:
    """1 - mean(after) / mean(before) under each row of weights.

    1 if `before` alone is infinite; NaN if both are, or if before is 0 (of a sample with no case among them).
    """
    a, b = _totals(weight, after), _totals(weight, before)
    found = np.full(len(weight), np.nan)
    usual = np.isfinite(b) & (b > 0)
    found[usual] = 1 - a[usual] / b[usual]
    found[np.isinf(b) & np.isfinite(a)] = 1.0
    return found


def interval(values: Float[np.ndarray, " draw"]) -> tuple[float | None, float | None]:
    """The middle 95 % of the draws that are defined; None if there are none."""
    kept = values[~np.isnan(values)]
    if not len(kept):
        return None, None
    low, high = np.quantile(kept, [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2], method="nearest")
    return float(low), float(high)


def margin(
    effect: float | None,
    drawn: Float[np.ndarray, " draw"],
    other: float | None,
    other_drawn: Float[np.ndarray, " draw"],
) -> float | None:
    """The lower bound of one effect less another, in the same samples; None if either is not defined."""
    if effect is None or other is None:
        return None
    low, _ = interval(drawn - other_drawn if np.isfinite(other) else drawn)
    return effect - other if low is None else low


def _totals(weight: Float[np.ndarray, "draw case"], values: Float[np.ndarray, " case"]) -> Float[np.ndarray, " draw"]:
    """Weighted sums in which an infinite value counts only where it has weight."""
    infinite = np.isinf(values)
    sums = weight @ np.where(infinite, 0.0, values)
    return np.where(weight @ infinite.astype(float) > 0, np.inf, sums)
