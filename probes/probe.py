"""The contract of probes: data in, something that predicts out. What a probe is made of is its own affair."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Int, Num

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
        if np.any(self.history < 0):
            bad = int(np.argmax(self.history < 0))
            raise ValueError(f"history holds indices of histories, 0 and up; history[{bad}] is {self.history[bad]}")
        check_finite(self.X, "X")
        check_finite(self.Y, "Y")

    def of(self, rows: np.ndarray) -> "ProbeData":
        """Some of the rows."""
        return ProbeData(self.X[rows], self.Y[rows], self.weight[rows], self.history[rows])


@runtime_checkable
class Fitted(Protocol):
    """A map from features to targets, as some probe has found it.

    Attributes:
        rows: distinct histories it was fitted on.
        rank: numerical rank of their centred features; None where the probe does not need it.
        penalty: the chosen one; None where there is none.
        setting: whatever else was chosen, "rank=3"; empty if nothing was.
    """

    @property
    def rows(self) -> int: ...

    @property
    def rank(self) -> int | None: ...

    @property
    def penalty(self) -> float | None: ...

    @property
    def setting(self) -> str: ...

    def predict(self, X: Num[np.ndarray, "row width"]) -> Float[np.ndarray, "row target"]: ...


@runtime_checkable
class Probe(Protocol):
    """A way to read targets out of features.

    `fit` chooses its own settings (penalty, rank, bandwidth) by what predicts held-out folds of its rows best. Folds
    are 0 and up, or -1 for rows that always train; one history must not lie in two.
    """

    @property
    def name(self) -> str: ...

    def fit(self, data: ProbeData, *, folds: Int[np.ndarray, " row"] | None = None) -> Fitted: ...


def check_folds(data: ProbeData, folds: Int[np.ndarray, " row"] | None, *, choosing: str = "") -> np.ndarray:
    """The folds, or none (all -1).

    Args:
        choosing: what there is to choose, in a word; empty: nothing, so that folds are not needed.
    Raises:
        ValueError: if X has no columns, if one history lies in two folds, if all rows are held out together, or if
            folds are missing where something must be chosen.
    """
    if data.X.ndim != 2 or data.X.shape[1] == 0:
        raise ValueError(f"X must have axes (row, width) and at least one column; got shape {data.X.shape}")
    if folds is None:
        if choosing:
            raise ValueError(f"folds are needed to choose among {choosing}: give folds, or a single one")
        return np.full(len(data.X), -1)
    fold_of = np.full(int(data.history.max(initial=-1)) + 1, -1)
    fold_of[data.history] = folds
    wrong = np.flatnonzero(fold_of[data.history] != folds)
    if len(wrong):
        row = int(wrong[0])
        raise ValueError(
            f"all rows of one history must be in one fold; of history {data.history[row]}, row {row} is in fold "
            f"{folds[row]} and another in {fold_of[data.history[row]]}"
        )
    if len(folds) and folds.max() >= 0 and folds.min() == folds.max():
        raise ValueError(f"folds must leave rows to train on when one is held out; all rows are in fold {folds[0]}")
    return folds


def n_distinct(history: Int[np.ndarray, " row"]) -> int:
    """How many histories there are, each counted once."""
    return int(np.count_nonzero(np.bincount(history))) if len(history) else 0


def check_table(values: np.ndarray, what: str) -> None:
    """Refuse what is no array (row, column) of finite real numbers with a column, saying what it is."""
    if not isinstance(values, np.ndarray) or values.dtype.kind not in "fiub":
        came = f"an array of {values.dtype}" if isinstance(values, np.ndarray) else f"a {type(values).__name__}"
        raise ValueError(f"{what} must be a numpy array of real numbers; got {came}")
    if values.ndim != 2 or not values.shape[1]:
        raise ValueError(f"{what} must have the shape (row, column), with one column or more; got {values.shape}")
    check_finite(values, what)


def shares(weight: Float[np.ndarray, " row"]) -> Float[np.ndarray, " row"]:
    """Weights scaled to the sum 1.

    Raises:
        ValueError: if one is negative or not finite, or all are 0.
    """
    if np.any(weight < 0) or not 0 < weight.sum() < np.inf:
        raise ValueError(f"weights must be finite and not negative, with a positive sum; got {weight}")
    return np.asarray(weight / weight.sum())


def check_finite(values: Num[np.ndarray, "row column"], what: str) -> None:
    """Refuse an array with entries that are not finite, naming the first."""
    # a sum is finite unless an entry is not (or overflows): far cheaper than looking at each
    if values.dtype.kind == "f" and not np.isfinite(values.sum(dtype=np.float64)):
        bad = np.argwhere(~np.isfinite(values))
        if len(bad):
            row, column = (int(i) for i in bad[0])
            raise ValueError(f"{what} must be finite; {what}[{row}, {column}] is {values[row, column]}")


__all__ = [
    "ROWS_PER_DIMENSION",
    "Fitted",
    "Probe",
    "ProbeData",
    "TooFewRows",
    "check_finite",
    "check_table",
    "shares",
    "check_folds",
    "n_distinct",
]
