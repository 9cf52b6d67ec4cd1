"""The suffix-gram baseline: no network, only the mean target after the longest suffix that was seen in training.

Glossary. K: the longest suffix allowed. For a held-out history the prediction backs off from its last K symbols to the
longest suffix that some training history ends with, down to the empty suffix, whose mean is the null model.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Int

from probes.history import Histories, Weighting
from probes.scoring import Score, assess, no_score, said, side_by_side
from probes.splits import Split
from probes.targets import Target


@dataclass(frozen=True)
class SuffixGrams:
    """The baseline's score for one target.

    Attributes:
        score: with K chosen on inner folds; its `width` is the number of suffixes in the table, the median over folds.
        chosen: K of each outer fold; the score's `setting` says them as "K=6", or "K=6/7/6/6/6" where they differ.
        curve: held-out R² for every fixed K, from 0 (which is 0) to length-1.
    """

    score: Score
    chosen: tuple[int, ...]
    curve: tuple[float, ...]


def suffix_grams(
    targets: Sequence[Target], histories: Histories, *, weighting: Weighting, split: Split
) -> tuple[SuffixGrams, ...]:
    """Score the mean target after the longest suffix of up to K symbols that the training folds have.

    K, from 0 to length-1, is chosen for each outer fold on the other folds; means and choices are weighted.
    """
    full = [target for target in targets if target.dimension]
    weight = histories.weight(weighting)
    answers: dict[int, SuffixGrams] = {}
    if full and not split.reason:
        Y, groups = side_by_side([target.Y for target in full])
        backed = list(_back_off(Y, histories, weight, split.fold))
        n_suffix = np.cumsum([level.n_suffix for level in backed])
        own = np.stack([level.own for level in backed])
        for target, group in zip(full, groups, strict=True):
            losses = np.stack([level.losses[:, group].sum(axis=1) for level in backed])
            chosen = np.argmin(losses, axis=0)  # the shortest K of equally good ones
            score = assess(
                target,
                own[chosen[split.fold], np.arange(len(histories)), group],
                own[0, :, group],
                weight,
                split,
                weighting=weighting,
                width=int(np.median(n_suffix[chosen])),
                rank=None,
                penalty=None,
                control="suffix-grams",
            )
            loss = np.array([level.loss[group].sum() for level in backed])  # K = 0 is the null model
            by_fold = tuple(int(K) for K in chosen)
            curve = tuple(float(value) for value in 1 - loss / loss[0])
            answers[id(target)] = SuffixGrams(
                replace(score, setting=said([f"K={K}" for K in by_fold]), probe="mean"), by_fold, curve
            )
    return tuple(
        answers.get(id(target))
        or SuffixGrams(replace(no_score(target, histories, weighting, split, 0, "suffix-grams"), probe="mean"), (), ())
        for target in targets
    )


@dataclass(frozen=True, eq=False)
class _Level:
    """Predictions with suffixes of up to K symbols.

    own: for each held-out row from the folds that are not its own; `loss` is its weighted squared error. losses: for
    each outer fold the same of the other folds' rows, each predicted from what is neither in its own fold nor in the
    outer one.
    """

    n_suffix: int
    own: Float[np.ndarray, "history target"]
    loss: Float[np.ndarray, " target"]
    losses: Float[np.ndarray, "fold target"]


def _back_off(
    Y: Float[np.ndarray, "history target"],
    histories: Histories,
    weight: Float[np.ndarray, " history"],
    fold: Int[np.ndarray, " history"],
) -> Iterator[_Level]:
    n_fold, n_target = int(fold.max()) + 1, Y.shape[1]
    weighted = np.concatenate([weight[:, None], weight[:, None] * Y], axis=1)
    # Axes of `held.guess`: row, target, outer fold f. Each row is predicted from the blocks that are neither its own
    # fold nor # f, so from all but its own where f is its own. Blocks are 0 for the rows that always train, then the
    # folds.
    members = [_Held(np.flatnonzero(fold == own), own, n_fold, n_target) for own in range(n_fold)]
    for suffix in suffixes(histories):
        n_suffix = int(suffix.max()) + 1
        ends = suffix >= 0
        cell = suffix[ends] * (n_fold + 1) + fold[ends] + 1
        columns = [np.bincount(cell, column, n_suffix * (n_fold + 1)) for column in weighted[ends].T]
        sums = np.stack(columns).reshape(1 + n_target, n_suffix, n_fold + 1).transpose(1, 0, 2)
        # a suffix that ends one history only has nothing to say to it
        shared = ends & (np.bincount(suffix[ends], minlength=n_suffix)[suffix] > 1)
        own_loss, losses, own_guess = np.zeros(n_target), np.zeros((n_fold, n_target)), np.zeros(Y.shape)
        for held in members:
            held.update(suffix, shared, np.ascontiguousarray(sums))
            error = Y[held.rows, :, None] - held.guess
            loss = np.einsum("r,rtf,rtf->ft", weight[held.rows], error, error)
            own_loss += loss[held.own]
            loss[held.own] = 0.0
            losses += loss
            own_guess[held.rows] = held.guess[:, :, held.own]
        yield _Level(n_suffix, own_guess, own_loss, losses)


class _Held:
    """The rows of one fold, and the running prediction of each as suffixes grow."""

    def __init__(self, rows: Int[np.ndarray, " row"], own: int, n_fold: int, n_target: int) -> None:
        self.rows, self.own = rows, own
        self.guess = np.zeros((len(rows), n_target, n_fold))
        self.trains = np.ones((n_fold + 1, n_fold))  # which blocks train on behalf of which outer fold
        self.trains[1:][np.eye(n_fold, dtype=bool)] = 0.0
        self.trains[own + 1] = 0.0

    def update(
        self,
        suffix: Int[np.ndarray, " history"],
        shared: Bool[np.ndarray, " history"],
        sums: Float[np.ndarray, "suffix column block"],
    ) -> None:
        """Replace predictions where the longer suffix has been seen. Blocks are summed, so unseen is exactly 0."""
        new = np.flatnonzero(shared[self.rows])
        train = sums[suffix[self.rows[new]]] @ self.trains
        seen = train[:, :1] > 0
        mean = np.divide(train[:, 1:], train[:, :1], out=self.guess[new], where=seen)
        self.guess[new] = mean


def suffixes(histories: Histories) -> Iterator[Int[np.ndarray, " history"]]:
    """For m = 0 .. length-1: which distinct suffix of m symbols each history ends with; -1 where it is shorter."""
    recent = histories.recent(histories.length)
    suffix = np.zeros(len(histories), dtype=np.intp)
    yield suffix
    for m in range(1, histories.length):
        longer = recent[:, m - 1] >= 0
        code = suffix[longer] * len(histories.alphabet) + recent[longer, m - 1]
        suffix = np.full(len(histories), -1)
        suffix[longer] = np.unique(code, return_inverse=True)[1]
        yield suffix
