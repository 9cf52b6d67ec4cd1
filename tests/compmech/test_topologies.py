"""Topological epsilon-machines: published counts, and all tables by brute force."""

from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compmech import epsilon_machine, zoo
from compmech.topologies import Topology, canonical_topology, topological_machines

# By number of edges, n and more: Johnson and others, Table 1 (OEIS A181621).
BINARY = {
    1: [2, 1],
    2: [1, 6],
    3: [2, 22, 54],
    4: [3, 68, 403, 914],
    5: [6, 192, 2228, 10886, 21874],
}


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
def test_published_counts(n: int) -> None:
    found = list(topological_machines(n))
    assert len(found) == [3, 7, 78, 1388, 35186][n - 1]
    edges = np.bincount([topology.n_edge for topology in found], minlength=2 * n + 1)
    assert [count for count in edges.tolist() if count] == [count for count in BINARY[n] if count]
    assert len(set(found)) == len(found)


def is_machine(table: np.ndarray) -> bool:
    """Strongly connected, and no two states with the same words, by following and by listing."""
    n_state, n_symbol = table.shape
    for state in range(n_state):
        found = todo = {state}
        while todo:
            todo = {int(j) for i in todo for j in table[i] if j >= 0} - found
            found = found | todo
        if len(found) < n_state or (table[state] < 0).all():
            return False
    words = []
    for state in range(n_state):
        possible = set()
        for word in product(range(n_symbol), repeat=n_state):
            here = state
            for t, x in enumerate(word):
                here = int(table[here, x])
                if here < 0:
                    break
                possible.add(word[: t + 1])
        words.append(frozenset(possible))
    return len(set(words)) == n_state


def renamed(table: np.ndarray, new: np.ndarray) -> np.ndarray:
    """The same machine, state i called new[i]."""
    other = np.empty_like(table)
    other[new] = np.where(table >= 0, new[table], -1)
    return other


@pytest.mark.parametrize(("n_state", "n_symbol"), [(1, 1), (2, 1), (1, 3), (1, 4), (2, 2), (3, 2), (2, 3)])
def test_all_tables(n_state: int, n_symbol: int) -> None:
    """Every table that is a machine has one canonical form in the list, and there are no others in it."""
    classes = set()
    for entries in product(range(-1, n_state), repeat=n_state * n_symbol):
        table = np.array(entries).reshape(n_state, n_symbol)
        if is_machine(table):
            names = (renamed(table, np.array(new)) for new in permutations(range(n_state)))
            classes.add(min(tuple(other.ravel().tolist()) for other in names))
    found = list(topological_machines(n_state, n_symbol))
    assert len(found) == len(classes)
    for topology in found:
        names = (renamed(topology.successor, np.array(new)) for new in permutations(range(n_state)))
        classes.remove(min(tuple(other.ravel().tolist()) for other in names))
    assert not classes


MACHINES = list(topological_machines(4)) + list(topological_machines(3, 3))[::20]


@given(st.sampled_from(MACHINES), st.randoms(use_true_random=False))
def test_numberings_have_one_canonical_form(topology: Topology, random) -> None:
    new = list(range(topology.n_state))
    random.shuffle(new)
    assert canonical_topology(renamed(topology.successor, np.array(new))) == topology


def test_in_order_and_told_apart() -> None:
    strings = [topology.successor.ravel().tolist() for topology in topological_machines(4)]
    assert strings == sorted(strings)
    first, second, *_ = topological_machines(2)
    assert first != second
    assert first != "a machine"


@given(st.sampled_from(MACHINES), st.randoms(use_true_random=False))
def test_any_probabilities_give_an_epsilon_machine(topology: Topology, random) -> None:
    weight = np.array([[random.choice([1, 1, 2]) for _ in row] for row in topology.successor]) * (
        topology.successor >= 0
    )
    emit = weight / weight.sum(axis=1, keepdims=True)
    machine = topology.machine(emit, name="some")
    assert machine.name == "some"
    assert machine.is_strongly_connected
    np.testing.assert_array_equal(machine.emit, emit)
    uniform = topology.machine()
    allowed = uniform.emit > 0
    np.testing.assert_allclose(
        uniform.emit[allowed], np.broadcast_to(1 / allowed.sum(1, keepdims=True), emit.shape)[allowed]
    )
    assert epsilon_machine(uniform).n_state == topology.n_state


@pytest.mark.parametrize(("process", "n_edge"), [(zoo.even(), 3), (zoo.golden_mean(), 3), (zoo.nemo(), 5)])
def test_known_processes_are_in_the_list(process, n_edge: int) -> None:
    machine = epsilon_machine(process)
    topology = canonical_topology(machine.successor)
    assert topology in set(topological_machines(machine.n_state))
    assert topology.n_edge == n_edge


def test_many_states() -> None:
    """A cycle of 200 states, one of which emits another symbol: named from each state, it is the same."""
    table = np.full((200, 2), -1)
    table[np.arange(200), 0] = (np.arange(200) + 1) % 200
    table[7] = table[7, ::-1]
    found = canonical_topology(table)
    assert found.successor[0].tolist() == [-1, 1]
    assert canonical_topology(renamed(table, np.roll(np.arange(200), 3))) == found


def test_counts_out_of_range_are_refused_at_once() -> None:
    with pytest.raises(ValueError, match="n_state must be >= 1; got 0"):
        topological_machines(0)
    with pytest.raises(ValueError, match="n_symbol must be >= 1; got 0"):
        topological_machines(2, 0)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ([1, 0], r"axes \(state, symbol\)"),
        ([[0, 2], [1, 0]], r"successor\[0, 1\] is 2"),
        ([[0, 0.5], [1, 0]], r"successor\[0, 1\] is 0.5"),
        ([[1, 0], [-1, -1]], r"successor\[1\] is -1 throughout"),
        ([[0, 1], [-1, 1]], r"strong components are \[\[0\], \[1\]\]"),
        ([[0, 1], [1, 0]], r"states \[0, 1\] can emit the same words"),
    ],
)
def test_what_is_no_topological_machine(table, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        canonical_topology(table)


def test_probabilities_that_do_not_fit() -> None:
    topology = canonical_topology([[0, 1], [-1, 0]])
    assert topology.successor.tolist() == [[-1, 1], [1, 0]]
    with pytest.raises(ValueError, match="successor must be -1 exactly where emit is 0"):
        topology.machine([[0.5, 0.5], [0.5, 0.5]])
