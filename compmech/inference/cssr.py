"""CSSR: causal-state splitting reconstruction. Histories are one state until a test says that their futures differ.

1. Homogenise. All histories of length 0 are one state. Each history is made longer by one symbol into the past, and
   stays in its state if the next symbol after it does not differ from that state's by a chi-square test; else it joins
   the state that it differs least from, if there is one it does not differ from; else it is a new state.
2. Determinise (`determinising`), and remove states that are left for good.

Of a channel, symbols are pairs (input, output), and what is compared is the next output given the next input.

Letters: L, the longest history; a, the significance of each test.

Reference:
    Shalizi and Klinkner, Proceedings of the 20th Conference on Uncertainty in Artificial Intelligence, 504 (2004),
    arXiv cs/0406011. Of channels: Barnett and Crutchfield, Journal of Statistical Physics 161, 404 (2015).
"""

from collections.abc import Sequence

import numpy as np

from compmech.inference.counts import WordCounts
from compmech.inference.determinising import LEAST_COUNT, HistoryStates, check_counted, determinised
from compmech.inference.homogeneity import chi_square

__all__ = ["SIGNIFICANCE", "split_states"]

SIGNIFICANCE = 0.001
"""Of each test: one history in a thousand is torn from its own state."""


def split_states(
    counts: WordCounts, *, significance: float = SIGNIFICANCE, least_count: int = LEAST_COUNT, n_input: int = 1
) -> HistoryStates:
    """The states of a process, or of a channel, whose words were counted.

    Args:
        counts: of words one symbol longer than the longest history L; L of 0 gives the memoryless machine.
        significance: a, of each test.
        least_count: histories that occur less often are not tested, and go where their suffix went.
        n_input: inputs of a channel, the symbols being pairs input * n_output + output; 1: a process.
    Raises:
        ValueError: if nothing was counted, a is not between 0 and 1, the symbols are no pairs with so many inputs, or
            no state recurs: the longest histories lead to others that were never seen.
    """
    check_counted(counts.length, counts.total, significance)
    if n_input < 1 or counts.n_symbol % n_input:
        raise ValueError(f"{counts.n_symbol} symbols are no pairs of {n_input} inputs and some outputs")
    # by length of the history: how often each symbol follows
    follow = [counts.shorter(length + 1).by_history for length in range(counts.length)]
    label = _homogenised(follow, significance, least_count, n_input)
    return determinised(follow, label, least_count=least_count, n_input=n_input)


def _homogenised(follow: Sequence[np.ndarray], significance: float, least_count: int, n_input: int) -> np.ndarray:
    """The state of each of the longest histories, by code; unseen ones have that of their suffix.

    The pooled counts of states are small lists of Python numbers, faster here than arrays of two or three.
    """
    label, n_symbol = np.zeros(1, dtype=int), follow[0].shape[1]
    pooled = _pooled(follow[0], label)
    for length in range(1, len(follow)):
        rows, totals = follow[length].astype(float).tolist(), follow[length].sum(axis=1).tolist()
        parents, n_suffix = label.tolist(), n_symbol ** (length - 1)
        # a state's members are now these longer histories: their parents' counts make way for theirs
        states = [parents[code % n_suffix] for code in range(len(rows))]
        seen = [code for code in range(len(rows)) if totals[code] >= least_count]
        seen.sort(key=lambda code: -totals[code])  # well known ones first, so that states are sure before rare ones ask
        for code in seen:
            own = rows[code]
            if chi_square(own, pooled[states[code]], significance, n_input=n_input) <= 1:
                continue
            apart = [
                (chi_square(own, other, significance, n_input=n_input), i)
                for i, other in enumerate(pooled)
                if any(other)
            ]
            near, state = min(apart)
            if near <= 1:
                pooled[state] = [a + b for a, b in zip(own, pooled[state], strict=True)]
                states[code] = state
            else:
                states[code] = len(pooled)
                pooled.append(own)
        label = np.unique(states, return_inverse=True)[1].ravel()
        pooled = _pooled(follow[length], label)
    return label


def _pooled(table: np.ndarray, label: np.ndarray) -> list[list[float]]:
    pooled = np.zeros((int(label.max()) + 1, table.shape[1]))
    np.add.at(pooled, label, table)
    rows: list[list[float]] = pooled.tolist()
    return rows
