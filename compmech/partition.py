"""Refinement of a table of states until the states of a class have the same emissions and successors."""

import numpy as np
from jaxtyping import Float, Int

from compmech.merging import equal_values


def refine(
    emit: Float[np.ndarray, "causal symbol"], successor: Int[np.ndarray, "causal symbol"], tol: float
) -> Int[np.ndarray, " causal"]:
    """The coarsest partition in which states of one class emit alike and go to the same classes, as a label per state.

    Labels are 0, 1, ... in order of first appearance. Emission probabilities that differ by at most tol are alike. The
    number of rounds is at most the number of classes, and the logarithm of that for tables without much structure.

    Reference:
        Moore, Automata Studies 34, 129 (1956).
    """
    label = np.zeros(len(emit), dtype=np.int64)
    for column in equal_values(emit, tol).T:
        label = _together(label, column)
    forbidden = successor < 0
    while True:
        refined = label
        after = np.where(forbidden, -1, label[successor]) + 1
        for column in after.T:
            refined = _together(refined, column)
        if refined.max(initial=0) == label.max(initial=0):
            return label
        label = refined


def _together(label: Int[np.ndarray, " causal"], column: Int[np.ndarray, " causal"]) -> Int[np.ndarray, " causal"]:
    """Labels of the pairs (label, column), in order of first appearance."""
    key = label * (int(column.max(initial=0)) + 1) + column
    _, first, inverse = np.unique(key, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[inverse]
