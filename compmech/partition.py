"""Refinement of a table of states until the states of a class have the same emissions and successors."""

from math import inf

import numpy as np
from jaxtyping import Float, Int

from compmech.graph import FEW
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
    if len(emit) <= FEW and emit.shape[1] <= FEW:
        return _refine_few(emit, successor, tol)
    label = np.zeros(len(emit), dtype=np.int64)
    n_class = 1
    for column in equal_values(emit, tol).T:
        label, n_class = _together(label, n_class, column)
    forbidden = successor < 0
    while n_class < len(emit):
        before, n_before = label, n_class
        after = np.where(forbidden, -1, before[successor]) + 1
        for column in after.T:
            label, n_class = _together(label, n_class, column)
        if n_class == n_before:
            break
    return label


def _refine_few(
    emit: Float[np.ndarray, "causal symbol"], successor: Int[np.ndarray, "causal symbol"], tol: float
) -> Int[np.ndarray, " causal"]:
    """The same in Python's numbers: for a few states numpy's calls alone would take longer."""
    alike: dict[float, int] = {}  # equal_values of the probabilities
    before, number = -inf, -1
    rows = emit.tolist()
    for value in sorted(set().union(*rows)):
        number += value - before > tol
        alike[value] = number
        before = value
    label = _numbered([tuple([alike[value] for value in row]) for row in rows])
    after = successor.tolist()
    n_class = 0
    while n_class < max(label) + 1 < len(label):
        n_class = max(label) + 1
        label = _numbered(
            [(own, *(label[j] if j >= 0 else -1 for j in row)) for own, row in zip(label, after, strict=True)]
        )
    return np.array(label, dtype=np.int64)


def _numbered(keys: list[tuple[int, ...]]) -> list[int]:
    """Numbers of the keys in order of first appearance."""
    number: dict[tuple[int, ...], int] = {}
    return [number.setdefault(key, len(number)) for key in keys]


def _together(
    label: Int[np.ndarray, " causal"], n_class: int, column: Int[np.ndarray, " causal"]
) -> tuple[Int[np.ndarray, " causal"], int]:
    """Labels of the pairs (label, column), in order of first appearance, and their number."""
    if n_class == len(label):  # all apart already, so labelled 0, 1, ...
        return label, n_class
    key = label * (int(column.max(initial=0)) + 1) + column
    _, first, inverse = np.unique(key, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[inverse], len(first)
