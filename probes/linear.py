"""The linear probe: weighted ridge regression whose penalty is chosen on held-out folds of its own training rows."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from probes.moment_fits import Choice, FittedProbe, fit_data
from probes.moments import Held, Spectrum
from probes.probe import ProbeData

PENALTIES: tuple[float, ...] = tuple(float(10.0**power) for power in range(-10, 2))
"""Candidate penalties, relative to the mean variance of a feature. Below 1e-10 the Gram matrix itself has no digits."""


@dataclass(frozen=True)
class RidgeProbe:
    """Weighted ridge regression: minimise E|y - a - B'x|^2 + penalty * v * |B|^2, E the weighted mean over rows.

    Features and targets are centred on their weighted means, so the intercept a is not penalised. Features are not
    scaled one by one: v is their mean variance, trace(Cov x)/width, so that rotating or rescaling all of them changes
    nothing. Everything is float64.

    Attributes:
        penalties: candidates, relative to v. A single 0 is an ordinary least-squares fit (of least norm).
        in_sample: allow an ordinary fit with too few rows for its rank.
    """

    penalties: tuple[float, ...] = PENALTIES
    in_sample: bool = False
    name: str = "ridge"

    def __post_init__(self) -> None:
        check_penalties(self.penalties)

    def fit(self, data: ProbeData, *, folds: Int[np.ndarray, " row"] | None = None) -> FittedProbe:
        """Fit all rows, with the penalty that predicts held-out folds best.

        Args:
            folds: of each row, 0 and up; -1: always in training. One history must not lie in two. Not needed where
                there is a single penalty.
        Raises:
            TooFewRows: if the fit is ordinary, the rows too few for the rank, and in_sample is not set.
            ValueError: if X has no columns, or there is a choice of penalty and no folds to choose by.
        """
        return fit_data(self, data, folds)

    def candidates(self, n_target: int) -> tuple[Choice, ...]:
        """The penalties."""
        return tuple(Choice(penalty) for penalty in self.penalties)

    def losses(self, train: Spectrum, held: Held, groups: Sequence[slice]) -> list[Float[np.ndarray, " candidate"]]:
        """Held-out loss of each penalty. Columns do not bear on each other, so all are fitted at once."""
        scaled = train.shrunk(np.asarray(self.penalties))[:, :, None] * train.c[:, None, :]
        of_columns = held.losses(scaled)
        return [np.asarray(of_columns[:, group].sum(axis=1)) for group in groups]

    def choose(self, losses: Float[np.ndarray, " candidate"], null: float, n_target: int) -> int:
        """The penalty of least held-out loss; the greatest of equal ones."""
        order = np.argsort(self.penalties)[::-1]
        return int(order[np.argmin(losses[order])])

    def solve(self, train: Spectrum, choice: Choice, group: slice) -> Float[np.ndarray, "width target"]:
        """The ridge coefficients."""
        return np.asarray(train.V @ (train.shrunk(np.array([choice.penalty])) * train.c[:, group]))


def check_penalties(penalties: tuple[float, ...]) -> None:
    """Refuse penalties that are none."""
    if not penalties or not all(0 <= penalty < np.inf for penalty in penalties):
        raise ValueError(f"penalties must be one or more finite numbers >= 0; got {penalties}")


__all__ = ["PENALTIES", "RidgeProbe", "check_penalties"]
