"""Cross-fitting: every held-out row predicted by a probe that saw neither its fold nor a penalty chosen with it.

The inner folds of one outer fold are the other outer folds. So F folds need the moments of F blocks of rows, and
F (F + 1) / 2 eigendecompositions serve all penalties and all targets.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from jaxtyping import Float, Int, Num

from probes.linear import RidgeProbe
from probes.moments import Blocks, block_moments, held_out_losses, spectrum


@dataclass(frozen=True, eq=False)
class Crossfit:
    """Held-out predictions, and what they were made with.

    Attributes:
        predicted: for each row, by the probe that did not see its fold; the target itself is not touched.
        null: for each row the weighted mean target of the same training rows: the model without features.
        held: which rows were held out; the others (fold -1) always train and have no prediction (zeros).
        penalties: the choice of each outer fold, for each group of target columns.
        rank: numerical rank of all rows' features.
    """

    predicted: Float[np.ndarray, "row target"]
    null: Float[np.ndarray, "row target"]
    held: Int[np.ndarray, " heldout"]
    penalties: Float[np.ndarray, "fold group"]
    rank: int


def crossfit(
    X: Num[np.ndarray, "row width"],
    Y: Float[np.ndarray, "row target"],
    weight: Float[np.ndarray, " row"],
    fold: Int[np.ndarray, " row"],
    probe: RidgeProbe,
    *,
    groups: Sequence[slice] | None = None,
) -> Crossfit:
    """Predict every row that has a fold by a probe fitted on the others.

    Rows are distinct histories. Each group of target columns gets a penalty of its own.

    Args:
        fold: 0 and up, or -1 for rows that always train.
        groups: consecutive column ranges of Y, one for each target; None: all columns are one target.
    Raises:
        TooFewRows: if a fit is ordinary and its training rows too few for their rank.
        ValueError: with fewer than three folds, where inner folds would be missing.
    """
    groups = [slice(0, Y.shape[1])] if groups is None else groups
    n_fold = int(fold.max(initial=-1)) + 1
    if n_fold < 3:
        raise ValueError(
            f"cross-fitting needs at least 3 folds, so that two are left to choose penalties by; got {n_fold}"
        )
    blocks = block_moments(X, Y, weight, fold + 1, n_fold + 1)
    penalties = _choices(blocks, n_fold, probe, groups)
    predicted, null = np.zeros(Y.shape), np.zeros(Y.shape)
    for held in range(n_fold):
        train = spectrum(blocks.total(b for b in range(n_fold + 1) if b != held + 1))
        rows = np.flatnonzero(fold == held)
        probe.check_rows(train.rows, train.rank, float(penalties[held].min()))
        B = train.coefficients(np.repeat(penalties[held], [group.stop - group.start for group in groups]))
        predicted[rows] = (X[rows] - (blocks.x0 + train.x)) @ B + (blocks.y0 + train.y)
        null[rows] = blocks.y0 + train.y
    rank = spectrum(blocks.total(range(n_fold + 1))).rank
    return Crossfit(predicted, null, np.flatnonzero(fold >= 0), penalties, rank)


def _choices(
    blocks: Blocks, n_fold: int, probe: RidgeProbe, groups: Sequence[slice]
) -> Float[np.ndarray, "fold group"]:
    """For each outer fold and target the penalty that predicts the other folds best when each is left out in turn."""
    if len(probe.penalties) == 1:
        return np.full((n_fold, len(groups)), probe.penalties[0])
    n_target = len(blocks.y0)
    losses = np.zeros((n_fold, len(probe.penalties), n_target))
    for one, other in combinations(range(n_fold), 2):
        # trained without both, it predicts `other` on behalf of outer fold `one`, and the reverse
        train = spectrum(blocks.total(b for b in range(n_fold + 1) if b not in (one + 1, other + 1)))
        losses[one] += held_out_losses(train, blocks.parts[other + 1], probe.penalties)
        losses[other] += held_out_losses(train, blocks.parts[one + 1], probe.penalties)
    return np.array([[probe.choose(fold[:, group].sum(axis=1)) for group in groups] for fold in losses])


def in_sample(
    X: Num[np.ndarray, "row width"],
    Y: Float[np.ndarray, "row target"],
    weight: Float[np.ndarray, " row"],
    penalty: float = 0.0,
) -> Crossfit:
    """Fit and predict the very same rows. An ordinary fit by default, however few the rows: never rank such scores."""
    blocks = block_moments(X, Y, weight, np.zeros(len(X), dtype=np.intp), 1)
    train = spectrum(blocks.parts[0])
    B = train.coefficients(np.full(Y.shape[1], penalty))
    null = np.tile(blocks.y0 + train.y, (len(Y), 1))
    return Crossfit((X - (blocks.x0 + train.x)) @ B + null, null, np.arange(len(X)), np.array([[penalty]]), train.rank)
