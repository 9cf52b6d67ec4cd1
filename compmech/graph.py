"""Communicating classes of a directed graph of states: which are closed, and with what period."""

from math import gcd

import numpy as np
from jaxtyping import Bool, Int

# Up to this many states, sets of them are Python's integers, a bit for each: numpy's calls alone would take longer.
FEW = 12

# Up to this size the closure of the reachability matrix takes a millisecond, and saves importing scipy's graph routines
# (0.1 s).
_DENSE = 128


def strong_components(
    source: Int[np.ndarray, " edge"], target: Int[np.ndarray, " edge"], n_state: int
) -> Int[np.ndarray, " state"]:
    """The strongly connected component of each state, labelled 0, 1, ... in order of first appearance."""
    if n_state <= FEW:
        label = np.array(_onward(source, target, n_state))  # the same set is reached just from where each is reached
    elif n_state <= _DENSE:
        reach = np.eye(n_state, dtype=np.float32)
        reach[source, target] = 1
        while True:
            further = np.minimum(reach @ reach, 1)
            if (further == reach).all():
                break
            reach = further
        label = np.argmax(reach * reach.T, axis=1)
    else:
        from scipy.sparse import csr_array
        from scipy.sparse.csgraph import connected_components

        ones = np.ones(len(source))
        graph = csr_array((ones, (source, target)), shape=(n_state, n_state))
        label = connected_components(graph, directed=True, connection="strong")[1]
    _, first, inverse = np.unique(label, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.intp)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[inverse]


def _onward(source: Int[np.ndarray, " edge"], target: Int[np.ndarray, " edge"], n_state: int) -> list[int]:
    """For each state, itself and the states it leads to, as a set of bits."""
    onward = [1 << state for state in range(n_state)]
    for state, after in zip(source.tolist(), target.tolist(), strict=True):
        onward[state] |= 1 << after
    for via in range(n_state):
        row, bit = onward[via], 1 << via
        onward = [reached | row if reached & bit else reached for reached in onward]
    return onward


def closed_classes(
    source: Int[np.ndarray, " edge"], target: Int[np.ndarray, " edge"], n_state: int
) -> tuple[Int[np.ndarray, " _"], ...]:
    """The strongly connected components that no edge leaves, each as sorted state indices."""
    if n_state <= FEW:
        onward = _onward(source, target, n_state)
        sets = [(reached, [state for state in range(n_state) if reached >> state & 1]) for reached in set(onward)]
        closed = (members for reached, members in sets if all(onward[state] == reached for state in members))
        return tuple(np.array(members) for members in sorted(closed))
    label = strong_components(source, target, n_state)
    is_closed = np.ones(label.max() + 1, dtype=bool)
    is_closed[label[source[label[source] != label[target]]]] = False
    states = np.argsort(label, kind="stable")
    classes = np.split(states, np.flatnonzero(np.diff(label[states])) + 1)
    return tuple(members for members in classes if is_closed[label[members[0]]])


def reachable(
    source: Int[np.ndarray, " edge"], target: Int[np.ndarray, " edge"], start: Bool[np.ndarray, " state"]
) -> Bool[np.ndarray, " state"]:
    """The states that can be reached from a set of states, that set included."""
    found = start.copy()
    while True:
        further = found.copy()
        further[target[found[source]]] = True
        if (further == found).all():
            return found
        found = further


def period(
    source: Int[np.ndarray, " edge"], target: Int[np.ndarray, " edge"], members: Int[np.ndarray, " member"]
) -> int:
    """Greatest common divisor of the lengths of the cycles within one strongly connected component.

    Every edge i -> j closes a cycle of length depth(i) + 1 - depth(j), up to multiples of the period, where depth is
    the number of steps from one chosen member.
    """
    n_state = int(max(source.max(initial=0), target.max(initial=0), members.max())) + 1
    inside = np.zeros(n_state, dtype=bool)
    inside[members] = True
    keep = inside[source] & inside[target]
    source, target = source[keep], target[keep]
    depth = np.full(n_state, -1)
    depth[members[0]] = level = 0
    while True:
        fresh = target[(depth[source] == level) & (depth[target] < 0)]
        if not len(fresh):
            break
        level += 1
        depth[fresh] = level
    return gcd(*(int(value) for value in np.unique(depth[source] + 1 - depth[target])))
