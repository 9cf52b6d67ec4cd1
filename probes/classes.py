"""Belief classes: which histories leave the same belief, and which of those classes the process returns to for ever.

Beliefs are compared by what they predict (`future_basis`), so every presentation of a process has the same classes.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from compmech import mixed_states
from compmech.minimal import minimal
from probes.history import Histories
from probes.prefixes import Source
from probes.targets import future_basis

MERGE_TOL = 1e-9
"""Beliefs are equal if they differ by less in every coordinate; filtering errs by about 1e-14."""

_CYLINDERS = 50


@dataclass(frozen=True, eq=False)
class BeliefClasses:
    """Histories sorted by belief.

    Attributes:
        belief: for each history the index of its belief, 0 .. n_belief-1 in order of appearance.
        recurrent: for each belief whether the process, once there, keeps returning to it. Known only if the process has
            finitely many mixed states (`finite`); all False otherwise.
        finite: whether it has.
        block: for each history the class that is held out, or resampled, as one. It is the belief; but where there is
            no end of beliefs, and most histories have their own, a cylinder of the last `suffix` symbols.
        suffix: that number of symbols; 0 where blocks are beliefs.
        row: the length of each history.
    """

    belief: Int[np.ndarray, " history"]
    recurrent: Bool[np.ndarray, " belief"]
    finite: bool
    block: Int[np.ndarray, " history"]
    suffix: int
    row: Int[np.ndarray, " history"]

    @property
    def n_belief(self) -> int:
        """The number of distinct beliefs."""
        return len(self.recurrent)

    @property
    def n_block(self) -> int:
        """The number of blocks."""
        return int(self.block.max()) + 1


def belief_classes(
    process: Source, histories: Histories, *, merge_tol: float = MERGE_TOL, max_states: int = 2000
) -> BeliefClasses:
    """Sort histories by belief.

    Blocks are beliefs, unless the process has no end of them and more than half of these histories have one of their
    own: then blocks are cylinders, the histories that share their last k symbols, k the least that gives 50 of them
    (shorter histories stand alone).

    Args:
        merge_tol: greatest difference of equal beliefs, in any coordinate.
        max_states: how many mixed states are explored to learn which are recurrent.
    """
    future = future_basis(process)
    points = histories.belief @ future.of_states(process)
    # states that cannot be told apart could keep the graph of their beliefs from closing: explore one without
    least = minimal(process)
    explored = mixed_states(least, max_states=max_states, merge_tol=merge_tol)
    recurrent = explored.beliefs[explored.recurrent & explored.closed] @ future.of_states(least)
    label = equal_rows(np.concatenate([points, recurrent]), merge_tol)
    # numbered in order of appearance: labels from sorted coordinates would change with the presentation
    values, first, belief = np.unique(label[: len(histories)], return_index=True, return_inverse=True)
    order = np.argsort(first)
    belief = np.argsort(order)[belief]
    is_recurrent = np.isin(values[order], label[len(histories) :])
    alone = int((np.bincount(belief) == 1).sum())
    block, suffix = belief, 0
    if not explored.closed and alone > len(histories) / 2:
        block, suffix = cylinders(histories)
    return BeliefClasses(belief, is_recurrent, bool(explored.closed), block, suffix, histories.row)


def equal_rows(points: Float[np.ndarray, "row column"], tol: float) -> Int[np.ndarray, " row"]:
    """Labels 0, 1, ... such that rows that differ by at most `tol` in every column share one.

    Rows are sorted by one column after another and cut where neighbours differ by more; no grid, so no edge of a cell
    that equal rows could fall on either side of. Chains of rows, each within tol of the next in every column, are one.
    """
    label = np.zeros(len(points), dtype=np.intp)
    n_label = min(1, len(points))
    while True:
        for column in points.T:
            order = np.lexsort((column, label))
            cut = (np.diff(label[order]) > 0) | (np.diff(column[order]) > tol)
            label[order] = np.concatenate([[0], np.cumsum(cut)])
        if len(points) == 0 or label.max() + 1 == n_label:
            return label
        n_label = int(label.max()) + 1


def cylinders(histories: Histories, at_least: int = _CYLINDERS) -> tuple[Int[np.ndarray, " history"], int]:
    """Blocks of histories with the same last k symbols, and k: the least giving `at_least` blocks, or the length."""
    n_symbol = len(histories.alphabet)
    recent = histories.recent(histories.length)
    block = np.zeros(len(histories), dtype=np.intp)
    k = 0
    while k < histories.length and int(block.max()) + 1 < at_least:
        # -1, before the beginning, counts as one more symbol: a history shorter than k is a block of its own
        _, block = np.unique(block * (n_symbol + 1) + recent[:, k] + 1, return_inverse=True)
        k += 1
    return block, k
