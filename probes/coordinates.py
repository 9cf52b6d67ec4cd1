"""What a probe is fitted to, and the way from there to the coordinates in which a target is scored.

A linear probe is fitted to the coordinates themselves. One that predicts distributions is fitted to a distribution, of
which the coordinates are an affine function: one fit serves all targets that share it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from probes.targets import Target

__all__ = ["Fit", "Way", "to_distributions", "to_values"]

# Coordinates are sums of probabilities with factors of order 1: an affine map that misses them by more is none.
_AFFINE_TOL = 1e-8


@dataclass(frozen=True, eq=False)
class Way:
    """From the columns that are fitted to the coordinates of a target: columns @ M + c.

    Attributes:
        place: of the columns, in `Fit.columns`.
    """

    place: int
    M: Float[np.ndarray, "column target"]
    c: Float[np.ndarray, " target"]


@dataclass(frozen=True, eq=False)
class Fit:
    """What is to be fitted for several targets.

    Attributes:
        columns: the different arrays of values, one fit each.
        ways: for each target the way to its coordinates, or why there is none.
    """

    columns: tuple[Float[np.ndarray, "history _"], ...]
    ways: tuple[Way | str, ...]


def to_values(targets: Sequence[Target]) -> Fit:
    """Each target is fitted in its own coordinates."""
    ways = tuple(Way(i, np.eye(t.dimension), np.zeros(t.dimension)) for i, t in enumerate(targets))
    return Fit(tuple(target.Y for target in targets), ways)


def to_distributions(targets: Sequence[Target]) -> Fit:
    """Each target is fitted as its distribution.

    Raises:
        ValueError: if a target's coordinates are no affine function of its distribution.
    """
    columns: list[Float[np.ndarray, "history _"]] = []
    ways: list[Way | str] = []
    for target in targets:
        values = target.distribution
        if values is None:
            ways.append(f"{target.name} is no function of a distribution that could be predicted")
            continue
        place = next((i for i, known in enumerate(columns) if np.array_equal(known, values)), len(columns))
        if place == len(columns):
            columns.append(values)
        ways.append(Way(place, *_affine(target, values)))
    return Fit(tuple(columns), tuple(ways))


def _affine(
    target: Target, values: Float[np.ndarray, "history column"]
) -> tuple[Float[np.ndarray, "column target"], Float[np.ndarray, " target"]]:
    mean_in, mean_out = values.mean(axis=0), target.Y.mean(axis=0)
    M = np.linalg.lstsq(values - mean_in, target.Y - mean_out, rcond=1e-11)[0]
    c = mean_out - mean_in @ M
    miss = abs(values @ M + c - target.Y).max()
    if miss > _AFFINE_TOL:
        raise ValueError(
            f"the coordinates of {target.name} must be an affine function of its distribution; the nearest one misses "
            f"by {miss:.3g}"
        )
    return np.asarray(M), np.asarray(c)
