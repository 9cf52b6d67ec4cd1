"""Cross-fitting: every held-out row predicted by a probe that saw neither its fold nor a setting chosen with it.

The inner folds of one outer fold are the other outer folds.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int, Num

from probes.kernel import KernelProbe
from probes.moment_fits import MomentProbe, nested
from probes.moments import block_moments
from probes.probe import Fitted, Probe, ProbeData


@dataclass(frozen=True, eq=False)
class Crossfit:
    """Held-out predictions, and what they were made with.

    Attributes:
        predicted: for each row, by the probe that did not see its fold; the target itself is not touched.
        null: for each row the weighted mean target of the same training rows: the model without features.
        held: which rows were held out; the others (fold -1) always train and have no prediction (zeros).
        penalties: the choice of each outer fold, for each group of target columns; NaN where a probe has no penalty.
        rank: numerical rank of all rows' features; None for probes that do not need it.
        settings: what else each outer fold chose, for each group; empty if nothing.
    """

    predicted: Float[np.ndarray, "row target"]
    null: Float[np.ndarray, "row target"]
    held: Int[np.ndarray, " heldout"]
    penalties: Float[np.ndarray, "fold group"]
    rank: int | None
    settings: tuple[tuple[str, ...], ...]


def crossfit(
    X: Num[np.ndarray, "row width"],
    Y: Float[np.ndarray, "row target"],
    weight: Float[np.ndarray, " row"],
    fold: Int[np.ndarray, " row"],
    probe: Probe,
    *,
    groups: Sequence[slice] | None = None,
) -> Crossfit:
    """Predict every row that has a fold by a probe fitted on the others.

    Rows are distinct histories. Each group of target columns is fitted with settings of its own. Linear probes are
    fitted from moments, so that further targets and candidates cost little; others once for each fold and group.

    Args:
        fold: 0 and up, or -1 for rows that always train.
        groups: consecutive column ranges of Y, one for each target; None: all columns are one target.
    Raises:
        TooFewRows: if a fit is ordinary and its training rows too few for their rank.
        ValueError: with fewer than three folds, where inner folds would be missing.
    """
    groups = [slice(0, Y.shape[1])] if groups is None else groups
    if isinstance(probe, MomentProbe):
        return _from_moments(X, Y, weight, fold, probe, groups)
    return _fold_by_fold(X, Y, weight, fold, probe, groups)


def _from_moments(
    X: np.ndarray, Y: np.ndarray, weight: np.ndarray, fold: np.ndarray, probe: MomentProbe, groups: Sequence[slice]
) -> Crossfit:
    n_fold = int(fold.max(initial=-1)) + 1
    blocks = block_moments(X, Y, weight, fold + 1, n_fold + 1)
    found = nested(probe, blocks, groups)
    predicted, null = np.zeros(Y.shape), np.zeros(Y.shape)
    for held in range(n_fold):
        train = blocks.without(held + 1)
        rows = np.flatnonzero(fold == held)
        predicted[rows] = (X[rows] - (blocks.x0 + train.x)) @ found.coefficients[held] + (blocks.y0 + train.y)
        null[rows] = blocks.y0 + train.y
    return Crossfit(
        predicted,
        null,
        np.flatnonzero(fold >= 0),
        np.array([[choice.penalty for choice in row] for row in found.choices]),
        blocks.without().rank,
        tuple(tuple(choice.setting for choice in row) for row in found.choices),
    )


def _fold_by_fold(
    X: np.ndarray, Y: np.ndarray, weight: np.ndarray, fold: np.ndarray, probe: Probe, groups: Sequence[slice]
) -> Crossfit:
    n_fold = int(fold.max(initial=-1)) + 1
    if n_fold < 3:
        raise ValueError(
            f"cross-fitting needs at least 3 folds, so that two are left to choose settings by; got {n_fold}"
        )
    predicted, null = np.zeros(Y.shape), np.zeros(Y.shape)
    penalties = np.full((n_fold, len(groups)), np.nan)
    settings = [[""] * len(groups) for _ in range(n_fold)]
    ranks: list[int | None] = []
    for held in range(n_fold):
        trains, rows = np.flatnonzero(fold != held), np.flatnonzero(fold == held)
        null[rows] = weight[trains] @ Y[trains] / weight[trains].sum()
        inner = np.where(fold[trains] > held, fold[trains] - 1, fold[trains])
        data = ProbeData(X[trains], Y[trains], weight[trains], trains)
        if isinstance(probe, KernelProbe):
            of_groups: Sequence[Fitted] = probe.fit_groups(data, groups, folds=inner)
        else:
            of_groups = [probe.fit(replace(data, Y=data.Y[:, group]), folds=inner) for group in groups]
        for g, (group, fitted) in enumerate(zip(groups, of_groups, strict=True)):
            predicted[rows, group] = fitted.predict(X[rows])
            penalties[held, g] = np.nan if fitted.penalty is None else fitted.penalty
            settings[held][g] = fitted.setting
            ranks.append(fitted.rank)
    known = [rank for rank in ranks if rank is not None]
    rank = max(known) if len(known) == len(ranks) else None
    return Crossfit(predicted, null, np.flatnonzero(fold >= 0), penalties, rank, tuple(map(tuple, settings)))


def in_sample(
    X: Num[np.ndarray, "row width"],
    Y: Float[np.ndarray, "row target"],
    weight: Float[np.ndarray, " row"],
    penalty: float = 0.0,
) -> Crossfit:
    """Fit and predict the very same rows. An ordinary fit by default, however few the rows: never rank such scores."""
    train = block_moments(X, Y, weight, np.zeros(len(X), dtype=np.intp), 1)
    whole = train.without()
    B = whole.coefficients(np.full(Y.shape[1], penalty))
    null = np.tile(train.y0 + whole.y, (len(Y), 1))
    predicted = (X - (train.x0 + whole.x)) @ B + null
    return Crossfit(predicted, null, np.arange(len(X)), np.array([[penalty]]), whole.rank, (("",),))
