"""Splits: which histories are held out together, and which are resampled together for intervals."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from probes.classes import BeliefClasses

MIN_FOLDS = 3
"""Fewer would leave no inner folds: those of one outer fold are the other outer folds."""

_DRAWS = 1000


@dataclass(frozen=True, eq=False)
class Split:
    """A partition of histories into outer folds, with the resamplings that its scores get their intervals from.

    All scores on one split share its resamplings, so that differences of scores are paired.

    Attributes:
        name: "history" or "class", what is held out.
        fold: of each history, 0 and up; -1: always in training.
        unit: for each history the index of the block that is resampled as one, among those held out; -1: not held out.
        draws: how often each unit occurs in each bootstrap sample.
        n_belief: number of distinct beliefs among all histories.
        reason: why there is no such split; then all folds are -1.
    """

    name: str
    fold: Int[np.ndarray, " history"]
    unit: Int[np.ndarray, " history"]
    draws: Int[np.ndarray, "draw unit"]
    n_belief: int
    reason: str = ""


def by_history(classes: BeliefClasses, *, n_fold: int = 5, n_draw: int = _DRAWS, rng: np.random.Generator) -> Split:
    """Hold out a random part of the histories of each length. Intervals resample blocks: beliefs or cylinders.

    Where few beliefs are shared by many histories, the training rows hold every belief that is tested.
    """
    _check_folds(n_fold)
    n = len(classes.belief)
    if n < n_fold:
        return _refused("history", classes, f"{n} histories cannot make {n_fold} folds")
    fold = _dealt(classes.row, n_fold, rng)
    return _with_draws("history", fold, classes, n_draw, rng)


def by_class(classes: BeliefClasses, *, n_fold: int = 5, n_draw: int = _DRAWS, rng: np.random.Generator) -> Split:
    """Hold out whole blocks: beliefs that no training row has, or, where all beliefs differ, cylinders of suffixes.

    Recurrent beliefs always train: the process spends all but its first moments there, and with few of them nothing
    could be learned without. With fewer blocks to hold out than `n_fold` each is a fold; with fewer than three there
    is no such split, and it says so.
    """
    _check_folds(n_fold)
    always = classes.recurrent[classes.belief] if classes.suffix == 0 else np.zeros(len(classes.belief), dtype=bool)
    blocks = np.unique(classes.block[~always])
    if len(blocks) < MIN_FOLDS:
        kind = "transient beliefs" if classes.suffix == 0 else "cylinders"
        return _refused("class", classes, f"only {len(blocks)} {kind} to hold out; {MIN_FOLDS} are needed")
    shortest = np.full(classes.n_block, classes.row.max())
    np.minimum.at(shortest, classes.block, classes.row)
    fold_of = np.full(classes.n_block, -1)
    fold_of[blocks] = _dealt(shortest[blocks], min(n_fold, len(blocks)), rng)
    return _with_draws("class", fold_of[classes.block], classes, n_draw, rng)


def _dealt(row: Int[np.ndarray, " unit"], n_fold: int, rng: np.random.Generator) -> Int[np.ndarray, " unit"]:
    """Folds dealt in turn to units sorted by length, in random order among equals.

    Every fold then has its share of each length. The shortest histories weigh most and are least like others: held
    out together, they alone could decide a score.
    """
    fold = np.empty(len(row), dtype=np.intp)
    fold[np.lexsort((rng.random(len(row)), row))] = np.arange(len(row)) % n_fold
    return fold


def _with_draws(
    name: str, fold: Int[np.ndarray, " history"], classes: BeliefClasses, n_draw: int, rng: np.random.Generator
) -> Split:
    held = fold >= 0
    units, inverse = np.unique(classes.block[held], return_inverse=True)
    unit = np.full(len(fold), -1)
    unit[held] = inverse
    draws = rng.multinomial(len(units), np.full(len(units), 1.0 / len(units)), size=n_draw)
    return Split(name, fold, unit, draws, classes.n_belief)


def _refused(name: str, classes: BeliefClasses, reason: str) -> Split:
    nowhere = np.full(len(classes.belief), -1)
    return Split(name, nowhere, nowhere, np.empty((0, 0), dtype=np.intp), classes.n_belief, reason)


def _check_folds(n_fold: int) -> None:
    if n_fold < MIN_FOLDS:
        raise ValueError(f"n_fold must be at least {MIN_FOLDS}, so that inner folds remain; got {n_fold}")
