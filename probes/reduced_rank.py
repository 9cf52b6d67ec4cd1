"""Reduced-rank regression: a ridge map that passes through few dimensions, as many as pay for themselves held out."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from probes.linear import PENALTIES, check_penalties
from probes.moment_fits import Choice, FittedProbe, fit_data
from probes.moments import Held, Spectrum
from probes.probe import ProbeData

__all__ = ["ReducedRankProbe"]


@dataclass(frozen=True)
class ReducedRankProbe:
    """Weighted ridge regression whose coefficients have a small rank.

    Minimise E|y - a - B'x|^2 + penalty v |B|^2 over B of rank r. With B the ridge solution and U the r leading
    eigenvectors of B'(C + penalty v)B, the minimiser is B U U'. Penalty and rank are chosen together on held-out folds:
    those of least 1 - R² + cost * r. So a dimension is kept only if it explains at least `cost` of the target's
    held-out variance, and the chosen rank says how many dimensions of the target the features give.

    Attributes:
        penalties: candidates, relative to the mean variance v of a feature.
        max_rank: the most dimensions; None: those of the target.
        cost: held-out R² that a further dimension must add.
        in_sample: allow an ordinary fit with too few rows for its rank.
    Reference:
        Izenman, J. Multivariate Analysis 5, 248 (1975); Mukherjee and Zhu, Stat. Anal. Data Mining 4, 612 (2011), for
        the ridge form.
    """

    penalties: tuple[float, ...] = PENALTIES
    max_rank: int | None = None
    cost: float = 1e-3
    in_sample: bool = False
    name: str = "reduced-rank"

    def __post_init__(self) -> None:
        check_penalties(self.penalties)
        if self.cost < 0:
            raise ValueError(f"cost, in R² for each dimension, must not be negative; got {self.cost}")
        if self.max_rank is not None and self.max_rank < 1:
            raise ValueError(f"max_rank must be at least 1; got {self.max_rank}")

    def fit(self, data: ProbeData, *, folds: Int[np.ndarray, " row"] | None = None) -> FittedProbe:
        """Fit all rows, with the penalty and rank that predict held-out folds best for what they cost.

        Raises:
            TooFewRows: if the fit is ordinary, the rows too few for the rank of X, and in_sample is not set.
            ValueError: if X has no columns, or there is something to choose and no folds to choose by.
        """
        return fit_data(self, data, folds)

    def candidates(self, n_target: int) -> tuple[Choice, ...]:
        """Every penalty with every rank from 1 on."""
        return tuple(Choice(penalty, r) for penalty in self.penalties for r in range(1, self._most(n_target) + 1))

    def losses(self, train: Spectrum, held: Held, groups: Sequence[slice]) -> list[Float[np.ndarray, " candidate"]]:
        """Held-out loss of every candidate. In the basis U dimensions add, so one sum serves all ranks."""
        return [self._losses(train, held, group) for group in groups]

    def _losses(self, train: Spectrum, held: Held, group: slice) -> Float[np.ndarray, " candidate"]:
        c, found = train.c[:, group], []
        for penalty in self.penalties:
            B, U = _ridge_and_directions(train, c, penalty)
            along = (B @ U)[:, None, :]
            # |y - U_r U_r' B'x|^2 = |y|^2 + sum over the r directions u of (u'B'x)^2 - 2 (u'y)(u'B'x)
            fitted = np.einsum("wct,wct->t", along, (held.xx @ along[:, 0])[:, None, :])
            gain = fitted - 2 * np.einsum("wt,wt->t", held.xy[:, group] @ U, along[:, 0])
            found.append(held.yy[group].sum() + np.cumsum(gain)[: self._most(c.shape[1])])
        return np.concatenate(found)

    def choose(self, losses: Float[np.ndarray, " candidate"], null: float, n_target: int) -> int:
        """The least held-out loss and cost together; of equal ones the least rank, then the greatest penalty."""
        candidates = self.candidates(n_target)
        total = [loss + self.cost * null * (c.dimension or 0) for loss, c in zip(losses, candidates, strict=True)]
        return min(range(len(candidates)), key=lambda i: (total[i], candidates[i].dimension, -candidates[i].penalty))

    def solve(self, train: Spectrum, choice: Choice, group: slice) -> Float[np.ndarray, "width target"]:
        """The coefficients of the given rank."""
        B, U = _ridge_and_directions(train, train.c[:, group], choice.penalty)
        U = U[:, : choice.dimension]
        return np.asarray(train.V @ (B @ U @ U.T))

    def _most(self, n_target: int) -> int:
        return n_target if self.max_rank is None else min(self.max_rank, n_target)


def _ridge_and_directions(
    train: Spectrum, c: Float[np.ndarray, "width target"], penalty: float
) -> tuple[Float[np.ndarray, "width target"], Float[np.ndarray, "target target"]]:
    """The ridge solution in the eigenvectors of the features, and the directions of the target it explains, best first.

    B'(C + penalty v)B = c'B in these coordinates.
    """
    B = train.shrunk(np.array([penalty])) * c
    explained = c.T @ B
    return B, np.asarray(np.linalg.eigh((explained + explained.T) / 2)[1][:, ::-1])
