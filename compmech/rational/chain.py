"""Chains of states with rational transition probabilities: closed classes, where the chain ends, how it stays there."""

from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy as np

from compmech.errors import NotErgodic
from compmech.graph import closed_classes
from compmech.rational.algebra import solve

Flow = Sequence[Mapping[int, Fraction]]
"""For each state, the probabilities of the states that may follow it."""


def classes_of(flow: Flow) -> tuple[tuple[int, ...], ...]:
    """The closed classes of states, each in ascending order."""
    edges = [(state, after) for state, row in enumerate(flow) for after, weight in row.items() if weight]
    source, target = np.array(edges, dtype=np.intp).reshape(-1, 2).T
    return tuple(tuple(int(i) for i in members) for members in closed_classes(source, target, len(flow)))


def stationary_within(flow: Flow, members: Sequence[int]) -> tuple[Fraction, ...]:
    """The stationary distribution of one closed class, an entry for each of its members.

    Solved for without the last state's balance, which follows from the others, but with sum(pi) = 1.
    """
    place = {state: i for i, state in enumerate(members)}
    n = len(members)
    matrix = [[Fraction(-1 if i == j else 0) for j in range(n)] for i in range(n)]
    for state, column in place.items():
        for after, weight in flow[state].items():
            matrix[place[after]][column] += weight
    matrix[-1] = [Fraction(1)] * n
    return solve(matrix, [Fraction(0)] * (n - 1) + [Fraction(1)])


def stationary(flow: Flow) -> tuple[Fraction, ...]:
    """The distribution over states that one step leaves as it is.

    Raises:
        NotErgodic: if there are several closed classes.
    """
    classes = classes_of(flow)
    if len(classes) > 1:
        raise NotErgodic(classes)
    found = [Fraction(0)] * len(flow)
    for state, weight in zip(classes[0], stationary_within(flow, classes[0]), strict=True):
        found[state] = weight
    return tuple(found)


def ending_in(flow: Flow, start: Sequence[Fraction], classes: Sequence[Sequence[int]]) -> tuple[Fraction, ...]:
    """The probability of ending in each closed class."""
    closed = {state for members in classes for state in members}
    transient = [state for state in range(len(flow)) if state not in closed]
    arrived = list(start)
    if any(start[state] for state in transient):
        place = {state: i for i, state in enumerate(transient)}
        matrix = [[Fraction(int(i == j)) for j in range(len(transient))] for i in range(len(transient))]
        for state, column in place.items():
            for after, weight in flow[state].items():
                if after in place:
                    matrix[place[after]][column] -= weight
        visits = solve(matrix, [start[state] for state in transient])
        for state, often in zip(transient, visits, strict=True):
            for after, weight in flow[state].items():
                arrived[after] += often * weight
    return tuple(sum((arrived[state] for state in members), Fraction(0)) for members in classes)
