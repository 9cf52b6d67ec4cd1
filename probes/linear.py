"""The linear probe: weighted ridge regression whose penalty is chosen on held-out folds of its own training rows."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, Num

from probes.moments import block_moments, held_out_losses, spectrum

PENALTIES: tuple[float, ...] = tuple(float(10.0**power) for power in range(-10, 2))
"""Candidate penalties, relative to the mean variance of a feature. Below 1e-10 the Gram matrix itself has no digits."""

ROWS_PER_DIMENSION = 2
"""An ordinary fit is refused with fewer rows than this for each dimension of the features: at two, pure noise already
gets an in-sample R² of one half. The same factor says when distinct beliefs "clearly exceed" the rank."""


class TooFewRows(ValueError):
    """An ordinary (unpenalised) fit was asked for with too few distinct histories for the rank of the features.

    Attributes:
        rows: distinct histories to fit.
        rank: numerical rank of the features.
    """

    def __init__(self, rows: int, rank: int) -> None:
        self.rows = rows
        self.rank = rank
        super().__init__(rows, rank)

    def __str__(self) -> str:
        return (
            f"an ordinary fit of features of rank {self.rank} needs at least {ROWS_PER_DIMENSION * self.rank} distinct "
            f"histories; got {self.rows}. Use ridge, longer histories, or in_sample=True to see the fit for what it is."
        )


@dataclass(frozen=True, eq=False)
class ProbeData:
    """What a probe is fitted on.

    Attributes:
        X: features. Y: targets. weight: of each row, nonnegative, of any sum.
        history: which history each row belongs to (an index into `Histories`); rows of one history are one unit.
    """

    X: Num[np.ndarray, "row width"]
    Y: Float[np.ndarray, "row target"]
    weight: Float[np.ndarray, " row"]
    history: Int[np.ndarray, " row"]

    def __post_init__(self) -> None:
        sizes = {"X": len(self.X), "Y": len(self.Y), "weight": len(self.weight), "history": len(self.history)}
        if len(set(sizes.values())) > 1:
            raise ValueError(f"X, Y, weight and history must have one entry for each row; got {sizes}")
        if np.any(self.weight < 0) or not np.isfinite(self.weight).all():
            bad = int(np.flatnonzero(~(self.weight >= 0) | ~np.isfinite(self.weight))[0])
            raise ValueError(f"weights must be finite and not negative; weight[{bad}] is {self.weight[bad]}")
        check_finite(self.X, "X")
        check_finite(self.Y, "Y")


@dataclass(frozen=True, eq=False)
class FittedProbe:
    """An affine map from features to targets.

    Attributes:
        penalty: the chosen one, relative to the mean variance of a feature.
        rank: numerical rank of the centred features it was fitted on.
        rows: distinct histories it was fitted on.
    """

    coefficients: Float[np.ndarray, "width target"]
    intercept: Float[np.ndarray, " target"]
    penalty: float
    rank: int
    rows: int

    def predict(self, X: Num[np.ndarray, "row width"]) -> Float[np.ndarray, "row target"]:
        """The targets read out of features."""
        return np.asarray(X @ self.coefficients + self.intercept)


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

    def __post_init__(self) -> None:
        if not self.penalties or min(self.penalties) < 0:
            raise ValueError(f"penalties must be one or more numbers >= 0; got {self.penalties}")

    def fit(self, data: ProbeData, *, folds: Int[np.ndarray, " row"] | None = None) -> FittedProbe:
        """Fit all rows, with the penalty that predicts held-out folds best.

        Args:
            folds: of each row, 0 and up; -1: always in training. One history must not lie in two. Not needed where
                there is a single penalty.
        Raises:
            TooFewRows: if the fit is ordinary, the rows too few for the rank, and in_sample is not set.
            ValueError: if X has no columns, or there is a choice of penalty and no folds to choose by.
        """
        if data.X.ndim != 2 or data.X.shape[1] == 0:
            raise ValueError(f"X must have axes (row, width) and at least one column; got shape {data.X.shape}")
        if folds is None:
            if len(self.penalties) > 1:
                raise ValueError("folds are needed to choose among penalties: give folds, or a single penalty")
            folds = np.full(len(data.X), -1)
        _check_units(data.history, folds)
        n_fold = int(folds.max()) + 1
        if n_fold and len(np.unique(folds)) < 2:
            raise ValueError(f"folds must leave rows to train on when one is held out; all rows are in fold {folds[0]}")
        blocks = block_moments(data.X, data.Y, data.weight, folds + 1, n_fold + 1)
        whole = spectrum(blocks.total(range(n_fold + 1)))
        losses = [
            held_out_losses(
                spectrum(blocks.total(b for b in range(n_fold + 1) if b != held)), blocks.parts[held], self.penalties
            )
            for held in range(1, n_fold + 1)
        ]
        penalty = self.choose(sum(losses, np.zeros((len(self.penalties), data.Y.shape[1]))).sum(axis=1))
        rows = len(np.unique(data.history))
        self.check_rows(rows, whole.rank, penalty)
        B = whole.coefficients(np.full(data.Y.shape[1], penalty))
        return FittedProbe(B, blocks.y0 + whole.y - (blocks.x0 + whole.x) @ B, penalty, whole.rank, rows)

    def choose(self, losses: Float[np.ndarray, " penalty"]) -> float:
        """The penalty of least held-out loss; the greatest of equal ones."""
        order = np.argsort(self.penalties)[::-1]
        return float(np.array(self.penalties)[order[np.argmin(losses[order])]])

    def check_rows(self, rows: int, rank: int, penalty: float) -> None:
        """Refuse an ordinary fit of too few distinct histories, unless it is known to be in-sample.

        Raises:
            TooFewRows: with the two numbers.
        """
        if penalty == 0 and rows < ROWS_PER_DIMENSION * rank and not self.in_sample:
            raise TooFewRows(rows, rank)


def check_finite(values: Num[np.ndarray, "row column"], what: str) -> None:
    """Refuse an array with entries that are not finite, naming the first."""
    # a sum is finite unless an entry is not (or overflows): far cheaper than looking at each
    if values.dtype.kind == "f" and not np.isfinite(values.sum(dtype=np.float64)):
        bad = np.argwhere(~np.isfinite(values))
        if len(bad):
            row, column = (int(i) for i in bad[0])
            raise ValueError(f"{what} must be finite; {what}[{row}, {column}] is {values[row, column]}")


def _check_units(history: Sequence[int] | np.ndarray, folds: np.ndarray) -> None:
    unit, first = np.unique(history, return_index=True)
    expected = folds[first][np.searchsorted(unit, history)]
    wrong = np.flatnonzero(expected != folds)
    if len(wrong):
        row = int(wrong[0])
        raise ValueError(
            f"all rows of one history must be in one fold; of history {history[row]}, row {row} is in fold {folds[row]}"
            f" and another in {expected[row]}"
        )


__all__ = [
    "PENALTIES",
    "ROWS_PER_DIMENSION",
    "FittedProbe",
    "ProbeData",
    "RidgeProbe",
    "TooFewRows",
    "check_finite",
]
