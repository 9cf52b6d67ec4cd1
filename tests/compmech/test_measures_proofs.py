"""Proofs of infinity: found where causal states are infinitely many, and never where they are finitely many."""

from math import inf

import numpy as np
import pytest
import truths
from golden_machines import NAMES, golden, machine
from hypothesis import given, settings
from strategies import periodic_hmms, unifilar_hmms

from compmech import HMM, epsilon_machine, zoo
from compmech.measures.orbits import never_returns, resting_beliefs
from compmech.measures.proofs import infinitely_many, separated
from compmech.measures.retrodiction import reversed_matrices

CANTOR = HMM([[[0.55, 0], [0.3, 0.15]], [[0.15, 0.3], [0, 0.55]]])


@pytest.mark.parametrize(
    "process",
    [zoo.mess3(), zoo.mess3(x=0.15, a=0.6), zoo.mess3(x=0.45, a=0.2), zoo.leaky_rrxor(), zoo.leaky_rrxor(epsilon=0.9)],
)
def test_a_continuum_is_proved(process: HMM) -> None:
    found = infinitely_many(process.T, process.start)
    assert found is not None
    assert found.complexity.lower == found.complexity.upper == inf
    assert "mixing words" in found.reason


def test_separated_images_are_proved_to_reveal_the_past() -> None:
    found = infinitely_many(CANTOR.T, CANTOR.start)
    assert found.complexity.lower == inf
    assert "gives the whole past away" in found.reason


@pytest.mark.parametrize(("p", "q"), [(0.5, 0.5), (0.9, 0.2), (0.01, 0.99), (1.0, 0.3)])
def test_renewal_series(p: float, q: float) -> None:
    process = zoo.sns(p, q)
    if p == 1.0:  # A lasts one step: the 1s that follow are told apart by a coin alone, two causal states
        assert epsilon_machine(process).n_state == 2
        assert infinitely_many(process.T, process.start) is None
        return
    found = infinitely_many(process.T, process.start)
    truth = truths.sns(p, q)["statistical_complexity"]
    assert found.complexity.lower <= truth <= found.complexity.upper < found.complexity.lower + 1e-9


@pytest.mark.parametrize("name", NAMES)
def test_no_proof_for_finite_machines(name: str) -> None:
    """Nor for their reverses; that of misiurewicz is the positive control."""
    process = machine(name)
    assert infinitely_many(process.T, process.start) is None
    backward = infinitely_many(reversed_matrices(process.T, process.start), process.start)
    assert (backward is not None) == (golden(name).get("n_reverse_causal_states") == inf)


@settings(max_examples=25)
@given(unifilar_hmms(most_states=4, most_symbols=2))
def test_no_proof_for_disguised_finite_machines(process: HMM) -> None:
    """Every state split in two in unequal parts: beliefs over the copies move, predictions do not."""
    T = np.array([np.kron(matrix, np.outer(np.ones(2), [0.3, 0.7])) for matrix in process.T])
    split = HMM(T)
    assert infinitely_many(split.T, split.start) is None


def test_no_proof_for_independent_symbols_from_moving_states() -> None:
    """All matrices positive and invertible, but every state emits alike."""
    move = np.array([[0.7, 0.2, 0.1], [0.3, 0.3, 0.4], [0.1, 0.6, 0.3]])
    process = HMM([0.3 * move, 0.7 * move])
    assert infinitely_many(process.T, process.start) is None


def test_no_proof_from_beliefs_that_move_for_ever_without_foretelling_anything() -> None:
    """The symbol is a coin and drives a hidden state that no later symbol depends on."""
    process = HMM([0.3 * np.array([[0.9, 0.1], [0.2, 0.8]]), 0.7 * np.array([[0.4, 0.6], [0.5, 0.5]])])
    rest = next(resting_beliefs(process.T))
    assert never_returns(process.T, rest) is not None
    assert infinitely_many(process.T, process.start) is None


def test_renewal_series_cut_short_is_bounded() -> None:
    """Zeros that last ten thousand symbols: 100,000 terms leave 4.5e-5 of the probability."""
    process = zoo.sns(0.5, 1e-4)
    found = infinitely_many(process.T, process.start).complexity
    assert found.lower <= truths.sns(0.5, 1e-4)["statistical_complexity"] <= found.upper
    assert 1e-5 < found.upper - found.lower < 1e-2


@settings(max_examples=25)
@given(periodic_hmms(most_symbols=2))
def test_orbits_that_a_period_explains_are_not_taken_to_be_infinite(process: HMM) -> None:
    """Where the mixed states close, no word moves the stationary belief for ever."""
    from compmech import mixed_states

    found = mixed_states(process, max_states=200)
    if found.closed:
        assert never_returns(process.T, process.start) is None


def test_never_returns_finds_geometric_and_algebraic_convergence() -> None:
    assert never_returns(zoo.sns().T[:1], np.array([1.0, 0.0])) == (0,)  # (1, n) / (n + 1)
    assert never_returns(np.diag([0.8, 0.4])[None], np.array([0.5, 0.5])) == (0,)  # (2^n, 1)
    assert never_returns(np.diag([0.5, 0.5])[None], np.array([0.5, 0.5])) is None
    cycle = np.roll(np.eye(5), 1, axis=1)[None]
    assert never_returns(cycle, np.array([0.6, 0.4, 0, 0, 0])) is None
    assert never_returns(np.array([[[0.0, 1.0], [0.0, 0.0]]]), np.array([0.5, 0.5])) is None  # dies out


def test_resting_beliefs_have_exact_zeros() -> None:
    """Two coins that swap: 01 read again and again leads to one of them, up to 1e-30 that is set to zero."""
    swap = np.array([[[0, 0.75], [0.25, 0]], [[0, 0.25], [0.75, 0]]])
    found = list(resting_beliefs(swap))
    assert found
    assert all(sorted(belief) == [0, 1] for belief in found)


def test_separating_planes() -> None:
    triangle = np.array([[1, 0, 0], [0.6, 0.4, 0], [0.6, 0, 0.4]])
    apart = triangle[:, [1, 2, 0]] * 0.5 + 0.5 * np.array([0, 0.5, 0.5])
    assert separated(triangle, apart)
    assert separated(triangle, np.zeros((0, 3)))
    assert not separated(triangle, triangle[:, [1, 2, 0]] * 0.3 + triangle * 0.7)
    assert not separated(triangle, triangle.mean(axis=0, keepdims=True))
    assert not separated(triangle, triangle[:1])  # touching is not apart
