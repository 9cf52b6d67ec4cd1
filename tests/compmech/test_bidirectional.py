"""Bidirectional machines: published sizes, and both directions as their marginals."""

import numpy as np
import pytest
from golden_machines import NAMES, golden, machine
from hypothesis import assume, given, settings
from machines import abc, even, golden_mean, mess3, nemo, rip, sns, two_coins
from oracles import all_words
from strategies import unifilar_hmms

from compmech import (
    GHMM,
    HMM,
    EpsilonMachine,
    NoFiniteEpsilonMachine,
    NotStationary,
    epsilon_machine,
    equivalent,
    statistics,
    zoo,
)
from compmech.bidirectional import BidirectionalMachine, bidirectional
from compmech.reverse import reverse

FINITE = [name for name in NAMES if name != "misiurewicz"]

# Sums of a few products of probabilities, each right to 1e-15 or so.
ROUNDING = 1e-12


def check(found: BidirectionalMachine, process: HMM | GHMM | EpsilonMachine) -> None:
    """Everything that makes it the bidirectional machine of a process."""
    hmm = found.to_hmm()
    assert equivalent(hmm, process)
    np.testing.assert_allclose(found.probability @ hmm.A, found.probability, atol=ROUNDING)
    np.testing.assert_allclose(found.joint.sum(axis=1), found.forward.start, atol=ROUNDING)
    np.testing.assert_allclose(found.joint.sum(axis=0), found.reverse.start, atol=ROUNDING)
    is_forward = np.eye(found.forward.n_state)[found.forward_state]
    is_reverse = np.eye(found.reverse.n_state)[found.reverse_state]
    flow = found.probability[:, None] * hmm.T
    onward = np.einsum("xpq,pi,qj->xij", flow, is_forward, is_forward)
    expected = found.forward.start[:, None] * found.forward.to_hmm().T
    np.testing.assert_allclose(onward, expected, atol=ROUNDING)
    backward = np.einsum("xpq,pi,qj->xji", flow, is_reverse, is_reverse)
    expected = found.reverse.start[:, None] * found.reverse.to_hmm().T
    np.testing.assert_allclose(backward, expected, atol=ROUNDING)


@pytest.mark.parametrize("name", FINITE)
def test_published_machines(name: str) -> None:
    found, known = bidirectional(machine(name)), golden(name)
    check(found, machine(name))
    assert found.reverse.n_state == known["n_reverse_causal_states"]
    expected = {
        "bidirectional_complexity": found.complexity,
        "excess_entropy": found.excess_entropy,
        "crypticity": found.crypticity,
        "reverse_statistical_complexity": found.excess_entropy + found.reverse_crypticity,
    }
    for key, value in expected.items():  # sums that the table cut off late are right to 1e-10
        assert key not in known or value == pytest.approx(known[key], abs=1e-10), key


@pytest.mark.parametrize(
    ("process", "n_pair", "complexity"),
    [
        (golden_mean(), 3, np.log2(3)),
        (even(), 2, np.log2(3) - 2 / 3),
        (rip(), 5, 2.1219280948873624),
        (nemo(), 6, 2.4182958340546),  # this and the last from a table of checked values
        (abc(), 2, 1),
        (two_coins(), 2, 1),
    ],
)
def test_known_numbers_of_joint_states(process: HMM, n_pair: int, complexity: float) -> None:
    found = bidirectional(process)
    check(found, process)
    assert found.n_state == len(set(found.states)) == n_pair
    assert found.complexity == pytest.approx(complexity, abs=1e-12)


def test_golden_mean_in_closed_form() -> None:
    """A Markov chain that is its own reverse: S+ is the last symbol, S- the next, and no two 1s follow each other."""
    found = bidirectional(golden_mean())
    joint = found.joint[np.argsort(-found.joint.sum(axis=1))][:, np.argsort(-found.joint.sum(axis=0))]
    np.testing.assert_allclose(joint, [[1 / 3, 1 / 3], [1 / 3, 0]], atol=1e-15)
    assert found.complexity == pytest.approx(np.log2(3), abs=1e-14)
    assert found.states[0][0] == "A"
    assert repr(found) == "BidirectionalMachine(3 joint states of 2 forward and 2 reverse ones)"
    assert repr(bidirectional(zoo.rip())).startswith("BidirectionalMachine(rip: 5 joint")


def test_even_states_are_the_same_in_both_directions() -> None:
    """The parity of the last run of 1s is that of the next, where it matters: past and future each tell all."""
    found = bidirectional(even())
    assert found.crypticity == pytest.approx(0, abs=1e-14)
    assert found.reverse_crypticity == pytest.approx(0, abs=1e-14)


@settings(max_examples=25)
@given(unifilar_hmms(most_states=4, most_symbols=2))
def test_marginals_are_the_machines_of_both_directions(process: HMM) -> None:
    try:
        found = bidirectional(process, max_states=200)
    except NoFiniteEpsilonMachine:
        assume(False)
    check(found, process)
    assert equivalent(reverse(found), reverse(process))
    try:
        backwards = epsilon_machine(reverse(process), max_states=2000)
    except NoFiniteEpsilonMachine:  # an observer of the reverse who synchronises only in the limit is not followed
        return
    assert backwards.n_state == found.reverse.n_state
    assert equivalent(backwards, found.reverse)


@settings(max_examples=15)
@given(unifilar_hmms(most_states=3, most_symbols=2))
def test_statistics_agree(process: HMM) -> None:
    try:
        found = bidirectional(process, max_states=200)
    except NoFiniteEpsilonMachine:
        assume(False)
    known = statistics(process)
    assert known.bidirectional_complexity == pytest.approx(found.complexity, abs=1e-9)
    assert known.excess_entropy == pytest.approx(found.excess_entropy, abs=1e-9)
    assert known.crypticity == pytest.approx(found.crypticity, abs=1e-9)


@pytest.mark.parametrize("process", [golden_mean(), rip(), nemo()])
def test_the_joint_distribution_by_words(process: HMM) -> None:
    """P(S+ = i, next six symbols), summed over the reverse states that they come from, for every word."""
    found = bidirectional(process)
    forward, back = found.forward.to_hmm(), found.reverse
    for word in all_words(process.n_symbol, 6):
        ahead = np.ones(found.forward.n_state)
        for x in word[::-1]:
            ahead = forward.T[x] @ ahead
            weight = back.start.copy()
        for x in word[::-1]:
            moved = np.zeros(back.n_state)
            for s in range(back.n_state):
                if back.emit[s, x] > 0:
                    moved[back.successor[s, x]] += weight[s] * back.emit[s, x]
            weight = moved
        np.testing.assert_allclose(found.joint @ (weight / back.start), found.forward.start * ahead, atol=ROUNDING)


def test_mixtures_have_the_joint_states_of_each_class() -> None:
    T = np.zeros((2, 5, 5))
    T[:, :3, :3], T[:, 3:, 3:] = rip().T, golden_mean().T
    start = np.concatenate([0.25 * rip().start, 0.75 * golden_mean().start])
    process = HMM(T, start=start)
    found = bidirectional(process)
    check(found, process)
    assert found.n_state == 5 + 3
    apart = -0.25 * np.log2(0.25) - 0.75 * np.log2(0.75)
    inside = 0.25 * bidirectional(rip()).complexity + 0.75 * bidirectional(golden_mean()).complexity
    assert found.complexity == pytest.approx(apart + inside, abs=ROUNDING)


def test_signed_and_unifilar_input() -> None:
    basis = np.array([[1.0, 0.5], [0.25, 1.0]])
    inverse = np.linalg.inv(basis)
    signed = GHMM(basis @ even().T @ inverse, even().start @ inverse, basis @ np.ones(2))
    assert bidirectional(signed).complexity == pytest.approx(bidirectional(even()).complexity, abs=1e-9)
    assert bidirectional(epsilon_machine(rip())).n_state == 5


def test_a_typical_future_that_is_too_long_is_done_without(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = bidirectional(rip())
    monkeypatch.setattr("compmech.measures.retrodiction._MAX_FUTURE", 0)
    found = bidirectional(rip())
    check(found, rip())
    assert found.n_state == expected.n_state
    assert found.complexity == pytest.approx(expected.complexity, abs=ROUNDING)


def test_infinitely_many_states_on_either_side_are_refused() -> None:
    with pytest.raises(NoFiniteEpsilonMachine) as caught:
        bidirectional(machine("misiurewicz"), max_states=300)
    assert not caught.value.explored.closed
    for process in (sns(), mess3()):
        with pytest.raises(NoFiniteEpsilonMachine):
            bidirectional(process, max_states=300)


def test_what_is_not_stationary_or_out_of_range() -> None:
    with pytest.raises(NotStationary):
        bidirectional(HMM(rip().T, start=[1, 0, 0]))
    with pytest.raises(ValueError, match="max_states must be >= 1"):
        bidirectional(rip(), max_states=0)
