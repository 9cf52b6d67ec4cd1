"""The fractal dimension of the beliefs that a probe reads out, beside that of the true ones at the same resolution."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from compmech.blackwell import ScalingFit, correlation_dimension_of
from probes.probe import check_table, shares

__all__ = ["CloudDimension", "cloud_dimension"]

_GROUPS = 8
"""Parts of the sample, left out one at a time for the error."""

_LARGEST_PART = 0.3
"""Of all pairs, at the largest size. Larger than in the limit: a probe's error leaves only coarse sizes to look at."""

_COARSER = 4.0
"""Sizes of the fit are at least so many times the error of the read-out beliefs: below, the error fills space."""


@dataclass(frozen=True, eq=False)
class CloudDimension:
    """Correlation dimensions over one range of sizes.

    Attributes:
        probed: of the beliefs read out; None where the error leaves no range of sizes to fit.
        true: of the exact beliefs at the same rows, over the same sizes: what a perfect probe would give there, which
            is not the limit at size 0.
        error: root mean square distance of the read-out beliefs from the true ones.
        least_size: where the range begins.
    """

    probed: ScalingFit | None
    true: ScalingFit | None
    error: float
    least_size: float


def cloud_dimension(
    probed: Float[np.ndarray, "_ _"],
    true: Float[np.ndarray, "_ _"],
    weight: Float[np.ndarray, " _"],
    *,
    rng: np.random.Generator,
    draws: int = 20_000,
) -> CloudDimension:
    """Both dimensions, from rows drawn by their weight.

    A row drawn twice is one point: the dimension of a sample in which few rows hold most of the weight is lower.

    Args:
        probed: held-out read-out beliefs in the coordinates of `true`; a fitted row lies where it was told to.
        draws: how many rows are drawn.
    Raises:
        ValueError: if shapes disagree, or a point is not finite.
    Reference:
        Grassberger and Procaccia, Physica D 9, 189 (1983); noise sets the least size: Schreiber, Physical Review E 48,
        R13 (1993).
    """
    if probed.shape != true.shape or len(weight) != len(true):
        raise ValueError(
            f"probed and true must have one shape and a weight for each row; got {probed.shape}, {true.shape} and "
            f"{len(weight)} weights"
        )
    check_table(probed, "probed")
    check_table(true, "true")
    share = shares(weight)
    error = float(np.sqrt(share @ ((probed - true) ** 2).sum(axis=1)))
    least = _COARSER * error
    rows = rng.choice(len(true), size=draws, p=share)
    groups = [np.unique(part) for part in np.array_split(rows, _GROUPS)]
    return CloudDimension(
        correlation_dimension_of([probed[part] for part in groups], least_size=least, largest_part=_LARGEST_PART),
        correlation_dimension_of([true[part] for part in groups], least_size=least, largest_part=_LARGEST_PART),
        error,
        least,
    )
