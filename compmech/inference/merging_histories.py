"""Causal-state merging: histories are states of their own until a test says that their futures do not differ.

1. Homogenise. All histories of one length are compared, pair by pair, in what follows them: the next symbol, or the
   next few together. They are merged from the most alike on, two groups only if no member of one differs from any
   member of the other (the furthest rule), so that a chain of histories, each like the next, does not make all one.
2. Determinise (`determinising`), and remove states that are left for good.

Histories of one state are all told alike with probability 1 - a: each of their pairs is tested at a over the number of
pairs. Splitting tests at a one by one, and pools as it goes; merging forgets nothing on the way, and sees several
symbols of the future, which tell states that the next symbol does not.

Letters: L, the length of the histories; a, the significance of all tests together.

Reference:
    Crutchfield and Young, Physical Review Letters 63, 105 (1989); Still, Crutchfield and Ellison, Chaos 20, 037111
    (2010), for merging from the finest partition on.
"""

import numpy as np
from jaxtyping import Int

from compmech.inference.counts import WordCounts
from compmech.inference.determinising import LEAST_COUNT, HistoryStates, check_counted, determinised
from compmech.inference.homogeneity import likelihood_ratios

__all__ = ["MOST_HISTORIES", "merge_states"]

SIGNIFICANCE = 0.001
"""Of all tests together: of a thousand processes of one state, one is given more."""

MOST_HISTORIES = 2048
"""Histories that are compared pair by pair, in 17 MB for each array of distances."""


def merge_states(
    counts: WordCounts,
    *,
    horizon: int = 1,
    significance: float = SIGNIFICANCE,
    least_count: int = LEAST_COUNT,
) -> HistoryStates:
    """The states of a process whose words were counted.

    Args:
        counts: of words that are a history of L symbols and a future of `horizon`.
        horizon: symbols of the future by which histories are compared.
        significance: a, of all tests together.
        least_count: histories that occur less often are not merged, and are in no state.
    Raises:
        ValueError: if nothing was counted, a is not between 0 and 1, the words are no longer than the horizon less
            one, there are more than 2,048 histories to compare, or no state recurs.
    """
    check_counted(counts.length, counts.total, significance)
    if not 1 <= horizon <= counts.length:
        raise ValueError(f"words of {counts.length} symbols have a future of 1 .. {counts.length}; got {horizon}")
    L, k = counts.length - horizon, counts.n_symbol
    futures = counts.counts.reshape(k**L, k**horizon)
    first = futures.reshape(k**L, k, -1).sum(axis=2).ravel()
    next_symbol = WordCounts(first, k, L + 1)
    follow = [next_symbol.shorter(length + 1).by_history for length in range(L + 1)]
    return determinised(follow, _merged(futures, significance, least_count), least_count=least_count)


def _merged(
    futures: Int[np.ndarray, "history word"], significance: float, least_count: int
) -> Int[np.ndarray, " history"]:
    """The group of each history; 0 for those that are too rare."""
    from scipy.cluster.hierarchy import fcluster, linkage

    total = futures.sum(axis=1)
    known = np.flatnonzero(total >= min(least_count, int(total.max())))
    label = np.zeros(len(futures), dtype=np.intp)
    if len(known) > MOST_HISTORIES:
        raise ValueError(f"{len(known)} histories occur, and at most {MOST_HISTORIES} are compared: take shorter ones")
    if len(known) > 1:
        n_pair = len(known) * (len(known) - 1) // 2
        apart = likelihood_ratios(futures[known], significance / n_pair)
        label[known] = fcluster(linkage(apart, "complete"), 1.0, "distance") - 1
    return label
