"""Epsilon-machines: the table itself, and finding it from presentations of every kind."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from machines import (
    abc,
    even,
    golden_mean,
    mess3,
    nemo,
    period,
    probability_clock,
    rip,
    rrxor,
    sns,
    two_coins,
    z1r,
)
from oracles import future_classes, same_words
from strategies import disguised_hmms, few, reducible_hmms, unifilar_hmms

from compmech import (
    GHMM,
    HMM,
    EpsilonMachine,
    NoFiniteEpsilonMachine,
    NotErgodic,
    NotMinimal,
    Process,
    epsilon_machine,
    equivalent,
    stationary,
)
from compmech.partition import refine

EVEN = {"successor": [[0, 1], [-1, 0]], "emit": [[0.5, 0.5], [0.0, 1.0]]}


# ---- the table


def test_table_and_its_hmm() -> None:
    machine = EpsilonMachine(**EVEN, alphabet="01", states="AB", name="even")
    assert isinstance(machine, Process)
    assert (machine.n_state, machine.n_symbol, machine.is_unifilar) == (2, 2, True)
    assert "even" in repr(machine)
    np.testing.assert_allclose(machine.start, [2 / 3, 1 / 3], rtol=1e-15)
    np.testing.assert_array_equal(stationary(machine), machine.start)
    hmm = machine.to_hmm()
    np.testing.assert_array_equal(hmm.T, even().T)
    assert (hmm.alphabet, hmm.states, hmm.name) == (("0", "1"), ("A", "B"), "even")


def test_parallel_edges_are_kept() -> None:
    machine = EpsilonMachine([[0, 0, 1], [0, -1, -1]], [[0.25, 0.25, 0.5], [1, 0, 0]])
    np.testing.assert_array_equal(machine.to_hmm().T[:, 0, 0], [0.25, 0.25, 0])
    found = epsilon_machine(machine.to_hmm())
    np.testing.assert_array_equal(found.successor, machine.successor)


@pytest.mark.parametrize(
    ("successor", "emit", "message"),
    [
        ([[0, 1], [0, 0]], EVEN["emit"], r"-1 exactly where emit is 0; at \[1, 0\] successor is 0 and emit is 0"),
        ([[0, -1], [-1, 0]], EVEN["emit"], r"at \[0, 1\] successor is -1 and emit is 0\.5"),
        ([[0, 2], [-1, 0]], EVEN["emit"], r"states 0\.\.1.*successor\[0, 1\] is 2"),
        ([[0, 0.5], [-1, 0]], EVEN["emit"], r"successor\[0, 1\] is 0\.5"),
        ([[0, 1]], EVEN["emit"], r"shape of emit"),
        (EVEN["successor"], [[0.5, 0.5], [0.0, 0.9]], r"state 1 sums to 0\.9"),
        (EVEN["successor"], [[1.5, -0.5], [0.0, 1.0]], r"emit\[0, 1\] is -0\.5"),
        (EVEN["successor"], [[np.nan, 1], [0.0, 1.0]], r"emit\[0, 0\] is nan"),
        (EVEN["successor"], [0.5, 0.5], r"axes \(state, symbol\)"),
    ],
)
def test_wrong_tables_are_named(successor: list, emit: list, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        EpsilonMachine(successor, emit)


def test_minimality_is_checked() -> None:
    with pytest.raises(NotMinimal, match=r"\[0, 2\]") as caught:
        EpsilonMachine([[1, -1], [-1, 2], [3, -1], [-1, 0]], [[1, 0], [0, 1], [1, 0], [0, 1]])
    assert caught.value.groups == ((0, 2), (1, 3))


def test_a_start_of_its_own_and_several_closed_classes() -> None:
    table = {"successor": [[0, 0], [1, 1]], "emit": [[0.2, 0.8], [0.8, 0.2]]}
    with pytest.raises(NotErgodic) as caught:
        EpsilonMachine(**table)
    assert caught.value.classes == ((0,), (1,))
    machine = EpsilonMachine(**table, start=[0.5, 0.5])
    assert equivalent(machine, two_coins())


def test_frozen_and_pickled() -> None:
    machine = EpsilonMachine(**EVEN, name="even")
    with pytest.raises(ValueError, match="read-only"):
        machine.emit[0, 0] = 1
    again = pickle.loads(pickle.dumps(machine))
    np.testing.assert_array_equal(again.successor, machine.successor)
    assert again.name == "even"


def test_many_states() -> None:
    """Thousands of states: stationary by steps of the chain, beliefs in sparse form."""
    rng = np.random.default_rng(0)
    successor = rng.integers(0, 3000, (3000, 2))
    emit = rng.dirichlet(np.ones(2), 3000)
    machine = EpsilonMachine(successor, emit)
    moved = np.bincount(successor.ravel(), weights=(machine.start[:, None] * emit).ravel(), minlength=3000)
    np.testing.assert_allclose(moved, machine.start, atol=1e-15)
    words = machine.sample(2, 40, rng=rng)
    one_by_one = np.zeros(2)
    for row, word in enumerate(words):
        weight = machine.start.copy()
        for symbol in word:
            weight = np.bincount(successor[:, symbol], weights=weight * emit[:, symbol], minlength=3000)
            one_by_one[row] += np.log(weight.sum())
            weight /= weight.sum()
    np.testing.assert_allclose(machine.log_prob(words), one_by_one, rtol=1e-12)
    again = epsilon_machine(machine)
    assert 0 < again.n_state <= 3000


def test_stationary_distribution_of_a_long_cycle() -> None:
    n_state = 2500
    cycle = EpsilonMachine(
        np.stack([np.r_[np.arange(1, n_state), -1], np.r_[np.full(n_state - 1, -1), 0]], axis=1),
        np.stack([np.r_[np.ones(n_state - 1), 0], np.r_[np.zeros(n_state - 1), 1]], axis=1),
    )
    np.testing.assert_allclose(cycle.start, 1 / n_state, rtol=1e-10)


# ---- finding it


@pytest.mark.parametrize(
    ("machine", "n_causal"),
    [
        (golden_mean(), 2),
        (even(0.3), 2),
        (nemo(), 3),
        (z1r(), 3),
        (rip(0.4, 0.7), 3),
        (rrxor(), 5),
        (period(8), 8),
        (abc(), 2),
    ],
)
def test_minimal_unifilar_machines_are_their_own(machine: HMM, n_causal: int) -> None:
    found = epsilon_machine(machine)
    assert found.n_state == n_causal
    np.testing.assert_array_equal(found.to_hmm().T, machine.T)
    np.testing.assert_allclose(found.start, machine.start, rtol=1e-14)
    assert found.states == machine.states


@few
@given(unifilar_hmms())
def test_unifilar_machines_are_minimised(machine: HMM) -> None:
    found = epsilon_machine(machine)
    assert found.n_state == future_classes(machine, 4)
    assert equivalent(found, machine)
    assert same_words(found.to_hmm(), machine, 2)


def doubled(machine: HMM, share: float) -> HMM:
    """Two copies of every state; each step ends in one or the other by chance: redundant and not unifilar."""
    split = np.array([[share, 1 - share], [share, 1 - share]])
    return HMM(np.array([np.kron(matrix, split) for matrix in machine.T]))


@pytest.mark.parametrize("machine", [golden_mean(), even(), rrxor(), period(3), abc(), nemo(0.2, 0.6)])
def test_redundant_states_are_merged(machine: HMM) -> None:
    redundant = doubled(machine, 0.3)
    assert not redundant.is_unifilar
    found = epsilon_machine(redundant)
    assert found.n_state == machine.n_state
    assert equivalent(found, machine)


def test_a_process_seen_through_nonunifilar_states() -> None:
    """Reading 1 says where one is, reading 0 does not; hidden in 3 states, found in 2.

    From A: 0 with 1/2 staying, 1 with 1/2 to B. From B: 1 to A. (The even process, with B split in two states that emit
    alike but return to A by different routes.)
    """
    T = np.zeros((2, 3, 3))
    T[0, 0, 0] = 0.5
    T[1, 0, 1], T[1, 0, 2] = 0.2, 0.3
    T[1, 1, 0] = T[1, 2, 0] = 1
    found = epsilon_machine(HMM(T))
    assert found.n_state == 2
    assert equivalent(found, even())


def test_a_truly_nonunifilar_process_with_finitely_many_causal_states() -> None:
    """From A, 0 leads to B or C, whose futures differ, and the next symbol back to A: the causal states are A and the
    even mixture of B and C, which emits 0 with (0 + 1/2) / 2."""
    T = np.zeros((2, 3, 3))
    T[0, 0, 1] = T[0, 0, 2] = 0.25
    T[1, 0, 0] = 0.5
    T[1, 1, 0] = 1.0
    T[0, 2, 0] = T[1, 2, 0] = 0.5
    machine = HMM(T)
    found = epsilon_machine(machine)
    assert equivalent(found, machine)
    assert found.n_state == 2
    np.testing.assert_allclose(np.sort(found.emit[:, 0]), [0.25, 0.5], rtol=1e-13)
    assert sorted(found.successor.ravel().tolist()) == [0, 0, 0, 1] or sorted(found.successor.ravel()) == [0, 1, 1, 1]


@pytest.mark.parametrize("machine", [golden_mean(), even(), rrxor(), period(4), z1r()])
def test_found_from_a_ghmm(machine: HMM) -> None:
    rng = np.random.default_rng(1)
    basis = np.eye(machine.n_state) + 0.3 * rng.standard_normal((machine.n_state, machine.n_state))
    inverse = np.linalg.inv(basis)
    disguised = GHMM(basis @ machine.T @ inverse, machine.start @ inverse, basis @ machine.evaluate)
    found = epsilon_machine(disguised)
    assert found.n_state == machine.n_state
    assert equivalent(found, machine)


def test_asymptotic_synchronisation_without_a_unifilar_presentation() -> None:
    """abc as a GHMM: its mixed states only converge to the causal ones, which are found in the limit and checked."""
    for machine in (abc(), abc(0.9, 0.3)):
        basis = np.array([[1.0, 0.4], [-0.3, 1.2]])
        inverse = np.linalg.inv(basis)
        disguised = GHMM(basis @ machine.T @ inverse, machine.start @ inverse, basis @ machine.evaluate)
        found = epsilon_machine(disguised)
        assert found.n_state == 2
        assert equivalent(found, machine)


@few
@given(disguised_hmms(unifilar_hmms(most_states=3, most_symbols=2)))
def test_a_machine_found_from_a_disguise_is_that_of_the_process(pair: tuple[HMM, GHMM]) -> None:
    machine, disguised = pair
    direct = epsilon_machine(machine)
    try:
        found = epsilon_machine(disguised, max_states=200)
    except NoFiniteEpsilonMachine as error:
        assert not error.explored.closed  # noqa: PT017
        return
    assert found.n_state == direct.n_state
    assert equivalent(found, machine)


def test_closed_classes_are_mixed_by_the_probability_of_ending_there() -> None:
    found = epsilon_machine(two_coins())
    np.testing.assert_allclose(found.start, [0.5, 0.5], rtol=1e-15)
    assert equivalent(found, two_coins())
    T = np.zeros((2, 4, 4))  # 0 goes to 1 (a coin), or by 2 to 3 (constant); 2 may return to 0
    T[0, 0, 1], T[0, 0, 2] = 0.5, 0.5
    T[0, 1, 1] = T[1, 1, 1] = 0.5
    T[0, 2, 0], T[1, 2, 3] = 0.5, 0.5
    T[1, 3, 3] = 1
    found = epsilon_machine(HMM(T, start=[1, 0, 0, 0]))
    # ends in 1 with a = 1/2 + 1/4 a, so a = 2/3
    np.testing.assert_allclose(found.start, [2 / 3, 1 / 3], rtol=1e-14)
    np.testing.assert_allclose(found.emit, [[0.5, 0.5], [0, 1]])


def test_equal_closed_classes_become_one() -> None:
    T = np.kron(golden_mean().T, np.ones((1, 1)))
    both = np.zeros((2, 4, 4))
    both[:, :2, :2], both[:, 2:, 2:] = T, T
    found = epsilon_machine(HMM(both, start=[0.25, 0.25, 0.25, 0.25]))
    assert found.n_state == 2
    np.testing.assert_allclose(found.start, [2 / 3, 1 / 3], rtol=1e-14)


@few
@given(reducible_hmms())
def test_transient_states_are_left_out(machine: HMM) -> None:
    try:
        found = epsilon_machine(machine, max_states=500)
    except NoFiniteEpsilonMachine as error:
        assert not error.explored.closed  # noqa: PT017
        return
    np.testing.assert_allclose(found.start @ found.to_hmm().A, found.start, atol=1e-12)
    assert (found.start > 0).all()
    settled = HMM(
        machine.T, start=machine.start @ np.linalg.matrix_power((machine.A + np.eye(machine.n_state)) / 2, 4000)
    )
    assert equivalent(found, settled)


def test_a_start_that_is_not_stationary_settles() -> None:
    found = epsilon_machine(HMM(period(3).T, start=[1, 0, 0]))
    np.testing.assert_allclose(found.start, 1 / 3, rtol=1e-14)


@pytest.mark.parametrize("machine", [sns(), mess3(), probability_clock()])
def test_infinitely_many_causal_states_are_refused_with_what_was_explored(machine: HMM | GHMM) -> None:
    with pytest.raises(NoFiniteEpsilonMachine, match="mixed states explored") as caught:
        epsilon_machine(machine, max_states=2000)
    explored = caught.value.explored
    assert not explored.closed
    assert 100 < explored.n_mixed <= 2000
    assert explored.lost_mass > 0


def test_a_clock_with_a_rational_turn_has_finitely_many() -> None:
    clock = probability_clock(turn=2 * np.pi / 7)
    found = epsilon_machine(clock)
    assert found.n_state == 7
    assert equivalent(found, GHMM(clock.T, stationary(clock), clock.evaluate))
    assert not equivalent(found, clock)  # which starts just after a reset


# ---- refinement


def test_refine_tells_states_apart_only_by_their_future() -> None:
    emit = np.array([[1.0, 0.0]] * 4 + [[0.5, 0.5]])
    successor = np.array([[1, -1], [2, -1], [3, -1], [4, -1], [0, 0]])
    np.testing.assert_array_equal(refine(emit, successor, 1e-10), [0, 1, 2, 3, 4])
    np.testing.assert_array_equal(refine(emit[:4], np.array([[1, -1], [2, -1], [3, -1], [0, -1]]), 1e-10), [0] * 4)


def test_refine_a_large_table() -> None:
    rng = np.random.default_rng(0)
    small = rng.integers(0, 500, (500, 2))
    chance = rng.dirichlet(np.ones(2), 500)
    copy = rng.permutation(np.repeat(np.arange(500), 10))
    where = [np.flatnonzero(copy == state) for state in range(500)]
    successor = np.array([[rng.choice(where[small[state, x]]) for x in range(2)] for state in copy])
    label = refine(chance[copy], successor, 1e-10)
    assert label.max() + 1 == 500
    assert len({(int(a), int(b)) for a, b in zip(label, copy, strict=True)}) == 500
