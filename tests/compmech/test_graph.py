"""Classes of states: strongly connected components, closed ones, what can be reached, periods."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compmech import graph
from compmech.graph import closed_classes, period, reachable, strong_components

EDGES = st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=20)


def arrays(edges: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    table = np.array(edges, dtype=int).reshape(-1, 2)
    return table[:, 0], table[:, 1]


def as_networkx(edges: list[tuple[int, int]]) -> nx.DiGraph:
    drawn = nx.DiGraph(edges)
    drawn.add_nodes_from(range(8))
    return drawn


@pytest.mark.parametrize(("few", "dense"), [(12, 128), (0, 128), (0, 0)])
@given(edges=EDGES)
def test_components_and_closed_classes_are_those_of_networkx(
    few: int, dense: int, edges: list[tuple[int, int]]
) -> None:
    source, target = arrays(edges)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(graph, "FEW", few)
        patch.setattr(graph, "_DENSE", dense)
        label = strong_components(source, target, 8)
        closed = closed_classes(source, target, 8)
    expected = {frozenset(members) for members in nx.strongly_connected_components(as_networkx(edges))}
    assert {frozenset(np.flatnonzero(label == name).tolist()) for name in np.unique(label)} == expected
    assert [int(np.flatnonzero(label == name)[0]) for name in range(label.max() + 1)] == sorted(
        min(members) for members in expected
    )
    attracting = {frozenset(members) for members in nx.attracting_components(as_networkx(edges))}
    assert {frozenset(members.tolist()) for members in closed} == attracting


@given(EDGES, st.integers(0, 7))
def test_reachable(edges: list[tuple[int, int]], first: int) -> None:
    source, target = arrays(edges)
    found = np.flatnonzero(reachable(source, target, np.arange(8) == first))
    assert set(found.tolist()) == nx.descendants(as_networkx(edges), first) | {first}


@pytest.mark.parametrize("lengths", [(1,), (2,), (3,), (4, 6), (6, 10), (2, 3), (5, 10, 15)])
def test_period_is_the_common_divisor_of_the_cycles(lengths: tuple[int, ...]) -> None:
    edges, free = [], 1
    for length in lengths:  # cycles of these lengths through state 0
        inner = list(range(free, free + length - 1))
        edges += list(zip([0, *inner], [*inner, 0], strict=True))
        free += length - 1
    source, target = arrays([*edges, (free, 0)])  # and a state outside
    assert period(source, target, np.arange(free)) == np.gcd.reduce(lengths)


def test_parallel_edges_count_once() -> None:
    """So many that a small counter of them would run over."""
    source, target = np.zeros(256, dtype=int), np.ones(256, dtype=int)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(graph, "_DENSE", 0)
        assert [members.tolist() for members in closed_classes(source, target, 2)] == [[1]]
