"""Synchronising words, against all words and all sets of states."""

from itertools import product
from math import inf

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from machines import abc, even, golden_mean, mess3, nemo, period, rip, two_coins

from compmech import HMM, EpsilonMachine, NoFiniteEpsilonMachine, NotMinimal, epsilon_machine, zoo
from compmech.measures.interval import Bounds
from compmech.pair_removal import pair_removal
from compmech.synchronizing import Synchronizing, reset_threshold, synchronizing_word

TOLD = "from every state a word can be read after which the state is known"


def left(successor: np.ndarray, states: frozenset[int], word) -> frozenset[int]:
    """What remains possible after a word, as the definition says."""
    for x in word:
        states = frozenset(int(successor[i, x]) for i in states if successor[i, x] >= 0)
    return states


def all_sets(successor: np.ndarray) -> set[frozenset[int]]:
    """Every nonempty set that a word leaves of the set of all states."""
    found = todo = {frozenset(range(len(successor)))}
    while todo:
        todo = {left(successor, states, [x]) for states in todo for x in range(successor.shape[1])} - found
        todo.discard(frozenset())
        found = found | todo
    return found


def shortest(successor: np.ndarray, most: int) -> int | None:
    """Length of the shortest word up to a length that leaves a single state."""
    everything = frozenset(range(len(successor)))
    for length in range(most + 1):
        for word in product(range(successor.shape[1]), repeat=length):
            if len(left(successor, everything, word)) == 1:
                return length
    return None


def reached(successor: np.ndarray, state: int) -> set[int]:
    found = todo = {state}
    while todo:
        todo = {int(j) for i in todo for j in successor[i] if j >= 0} - found
        found = found | todo
    return found


def told_from(successor: np.ndarray, state: int) -> bool:
    """Whether some word from a state leaves that one possible, searched among pairs of a state and a set."""
    found = todo = {(state, frozenset(range(len(successor))))}
    while todo:
        if any(len(possible) == 1 for _, possible in todo):
            return True
        todo = {
            (int(successor[i, x]), left(successor, possible, [x]))
            for i, possible in todo
            for x in range(successor.shape[1])
            if successor[i, x] >= 0
        } - found
        found = found | todo
    return False


@st.composite
def tables(draw, most_states: int = 5):
    """Successor tables of any connectivity, with forbidden symbols, each state with at least one symbol."""
    n_state, n_symbol = draw(st.integers(1, most_states)), draw(st.integers(1, 3))
    table = draw(arrays(np.int64, (n_state, n_symbol), elements=st.integers(-1, n_state - 1)))
    for state in range(n_state):
        if (table[state] < 0).all():
            table[state, draw(st.integers(0, n_symbol - 1))] = draw(st.integers(0, n_state - 1))
    return table


def with_emissions(table: np.ndarray) -> EpsilonMachine:
    """A machine on a table, with emissions that tell states apart; those with one symbol each can be equal still."""
    weight = (1 + np.arange(table.size).reshape(table.shape) ** 2 % 7) * (table >= 0)
    try:
        return EpsilonMachine(
            table, weight / weight.sum(axis=1, keepdims=True), start=np.full(len(table), 1 / len(table))
        )
    except NotMinimal:
        assume(False)
        raise


def cerny(n: int) -> EpsilonMachine:
    """The automaton that needs (n - 1)^2 symbols: 0 turns all states, 1 moves one of them on."""
    turn, step = (np.arange(n) + 1) % n, np.where(np.arange(n) == n - 1, 0, np.arange(n))
    p = (1 + np.arange(n)) / (2 + n)
    return EpsilonMachine(np.stack([turn, step], axis=1), np.stack([p, 1 - p], axis=1))


@given(tables())
def test_closed_classes_are_settled_as_by_sets(table: np.ndarray) -> None:
    """The pairs decide for each recurrent state what the sets do: whether some word from it tells the state."""
    pairs = pair_removal(table)
    recurrent = {i for i in range(len(table)) if all(i in reached(table, j) for j in reached(table, i))}
    assert recurrent == {int(i) for members in pairs.told + pairs.untold for i in members}
    for i in recurrent:
        assert told_from(table, i) == any(i in members for members in pairs.told)


@given(tables())
def test_steps_are_those_of_the_shortest_words(table: np.ndarray) -> None:
    found = pair_removal(table)
    n_state = len(table)
    for i, j in product(range(n_state), repeat=2):
        pairs, length = {(i, j)}, 0
        while length <= n_state**2 and not any(a == b or b < 0 for a, b in pairs):
            pairs = {(int(table[a, x]), int(table[b, x])) for a, b in pairs for x in np.flatnonzero(table[a] >= 0)}
            length += 1
        assert found.steps[i, j] == (length if any(a == b or b < 0 for a, b in pairs) else -1)


@settings(max_examples=60)
@given(tables())
def test_words_are_shortest_and_there_is_one_exactly_if_some_set_is_single(table: np.ndarray) -> None:
    machine = with_emissions(table)
    found = synchronizing_word(machine)
    singles = [states for states in all_sets(table) if len(states) == 1]
    assert (found.word is not None) == bool(singles)
    told = [told_from(table, i) for i in range(len(table)) if all(i in reached(table, j) for j in reached(table, i))]
    assert found.kind == ("exact" if all(told) else "mixed" if any(told) else "asymptotic")
    if found.word is None:
        assert (found.length, found.state, found.kind) == (inf, None, "asymptotic")
        return
    assert left(table, frozenset(range(len(table))), found.word) == {found.state}
    assert found.length == len(found.word) == reset_threshold(machine)
    assert found.length > 6 or found.length == shortest(table, 6)


@settings(max_examples=60)
@given(tables())
def test_beyond_the_budget_a_word_is_given_all_the_same(table: np.ndarray) -> None:
    machine = with_emissions(table)
    found, best = synchronizing_word(machine, max_sets=1), synchronizing_word(machine)
    assert (found.kind, found.reason) == (best.kind, best.reason)
    if found.word is None:
        assert found.length == best.length or (found.kind == "asymptotic" and found.length.upper == inf)
    else:
        assert len(left(table, frozenset(range(len(table))), found.word)) == 1
        if isinstance(found.length, Bounds):
            assert found.length.lower <= best.length <= found.length.upper == len(found.word)
        else:
            assert found.length == best.length


@pytest.mark.parametrize(
    ("process", "word"),
    [
        (golden_mean(), (0,)),
        (even(), (0,)),
        (nemo(), (1,)),
        (period(5), (1,)),
    ],
)
def test_known_words(process, word) -> None:
    found = synchronizing_word(process)
    assert found.kind == "exact"
    assert (found.word, found.length) == (word, len(word))
    assert found.reason == TOLD


@given(tables())
def test_connectivity_of_machines(table: np.ndarray) -> None:
    machine = with_emissions(table)
    n_state = len(table)
    assert machine.is_strongly_connected == all(len(reached(table, i)) == n_state for i in range(n_state))
    closed = {frozenset(members.tolist()) for members in machine.closed_classes}
    within = [frozenset(reached(table, i)) for i in range(n_state)]
    assert closed == {states for states in within if all(within[i] == states for i in states)}
    assert machine.is_synchronizing == (synchronizing_word(machine).kind == "exact")


def test_one_state_is_known_before_any_word() -> None:
    found = synchronizing_word(EpsilonMachine([[0, 0]], [[0.3, 0.7]]))
    assert found == Synchronizing((), 0, 0, "exact", TOLD)


@pytest.mark.parametrize("n", [2, 3, 5, 8])
def test_cerny_automata(n: int) -> None:
    assert reset_threshold(cerny(n)) == (n - 1) ** 2


def test_a_large_cerny_automaton_within_a_small_budget() -> None:
    found = synchronizing_word(cerny(20), max_sets=500)
    assert isinstance(found.length, Bounds)
    assert found.length.lower <= 19**2 <= found.length.upper == len(found.word)
    assert len(left(cerny(20).successor, frozenset(range(20)), found.word)) == 1


def test_states_that_swap_are_known_only_in_the_limit() -> None:
    found = synchronizing_word(abc())
    assert (found.word, found.length, found.kind) == (None, inf, "asymptotic")
    assert found.reason.startswith("no word from state 0 rules out 1 or takes both to one state")


def test_a_mixture_with_a_class_that_is_never_known() -> None:
    """The golden mean beside two states that swap; over other symbols or the same ones."""
    apart = EpsilonMachine(
        [[0, 1, -1, -1], [0, -1, -1, -1], [-1, -1, 3, 3], [-1, -1, 2, 2]],
        [[0.5, 0.5, 0, 0], [1, 0, 0, 0], [0, 0, 0.75, 0.25], [0, 0, 0.25, 0.75]],
        start=[1 / 3, 1 / 6, 1 / 4, 1 / 4],
        states="ABCD",
    )
    found = synchronizing_word(apart)
    assert (found.word, found.kind) == ((0,), "mixed")
    assert found.reason == (
        "some words tell the state, but none does in the closed class {C, D}: no word from state C rules out D or "
        "takes both to one state"
    )
    coins = synchronizing_word(two_coins())
    assert coins.kind == "asymptotic"


def test_processes_are_taken_through_their_epsilon_machines() -> None:
    assert synchronizing_word(rip()).kind == "exact"
    with pytest.raises(NoFiniteEpsilonMachine):
        synchronizing_word(mess3())


@pytest.mark.parametrize(
    ("process", "event"),
    [(zoo.sns(), 1), (zoo.frdn(), 0), (zoo.probability_clock(), 1), (zoo.moon(), 0)],
    ids=["sns", "frdn", "probability_clock", "moon"],
)
def test_a_word_can_reset_infinitely_many_beliefs(process, event: int) -> None:
    """Whatever words came before the event, what follows it has the same probability."""
    found = synchronizing_word(process)
    assert (found.word, found.state, found.length, found.kind) == ((event,), None, 1, "exact")

    def after(*word: int) -> np.ndarray:
        vector = process.start
        for x in word:
            vector = vector @ process.T[x]
        following = np.array([vector @ process.T[x] @ process.T[y] @ process.evaluate for x in (0, 1) for y in (0, 1)])
        return following / (vector @ process.evaluate)

    quiet = 1 - event
    np.testing.assert_allclose(after(quiet, event), after(event), atol=1e-12)
    np.testing.assert_allclose(after(quiet, quiet, event), after(event), atol=1e-12)


def test_a_reset_word_of_two_symbols() -> None:
    """A 1 ends a run of 0s, and another 1 may follow it: it takes a 0 before a 1 to tell which of them that is."""
    T = np.zeros((2, 3, 3))
    T[0, 0, 0], T[0, 0, 1] = 0.4, 0.6
    T[0, 1, 1], T[1, 1, 2] = 0.7, 0.3
    T[0, 2, 0], T[1, 2, 0] = 0.5, 0.5
    assert all(np.linalg.matrix_rank(T[x]) > 1 for x in (0, 1))
    assert np.linalg.matrix_rank(T[0] @ T[1]) == 1
    with pytest.raises(NoFiniteEpsilonMachine):
        epsilon_machine(HMM(T), max_states=500)
    found = synchronizing_word(HMM(T))
    assert (found.word, found.length) == ((0, 1), 2)
    assert reset_threshold(HMM(T)) == 2
    with pytest.raises(NoFiniteEpsilonMachine):
        synchronizing_word(HMM(T), max_sets=1)


def test_products_that_come_close_to_rank_one_reset_nothing() -> None:
    """Every matrix of mess3 is invertible: beliefs are forgotten, but never altogether. Two coins are two classes."""
    with pytest.raises(NoFiniteEpsilonMachine):
        reset_threshold(mess3())
    p = HMM(zoo.sns().T)
    both = np.zeros((2, 2 * p.n_state, 2 * p.n_state))
    both[:, : p.n_state, : p.n_state] = p.T
    both[:, p.n_state :, p.n_state :] = zoo.sns(p=0.3, q=0.8).T
    with pytest.raises(NoFiniteEpsilonMachine):
        synchronizing_word(HMM(both, start=np.full(len(both[0]), 1 / len(both[0]))))


def test_a_transient_state_can_make_the_difference() -> None:
    """From state 1 a 0 tells that it has gone to state 0; in state 0, which only emits 1s, both stay possible."""
    found = synchronizing_word(EpsilonMachine([[-1, 0], [0, 1]], [[0, 1], [0.5, 0.5]]))
    assert (found.word, found.state, found.length, found.kind) == ((0,), 0, 1, "asymptotic")


def test_a_transient_state_beyond_the_budget() -> None:
    """The same with states that swap before and after: nothing is claimed that was not searched."""
    machine = EpsilonMachine(
        [[1, 1, -1], [0, 0, 3], [3, 3, -1], [2, 2, -1]], [[0.2, 0.8, 0], [0.3, 0.3, 0.4], [0.4, 0.6, 0], [0.6, 0.4, 0]]
    )
    found = synchronizing_word(machine)
    assert (found.word, found.length, found.kind) == ((2,), 1, "asymptotic")
    found = synchronizing_word(machine, max_sets=1)
    assert (found.word, found.length) == (None, Bounds(1, inf))


@pytest.mark.parametrize(("budget", "message"), [(0, "max_sets must be >= 1"), (-1, "max_sets must be >= 0")])
def test_budgets_out_of_range(budget: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        synchronizing_word(even(), max_sets=budget)
