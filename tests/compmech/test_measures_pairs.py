"""Markov and cryptic order and the overlap of futures, against their definitions."""

from itertools import product
from math import inf, sqrt

import numpy as np
import pytest
from golden_machines import NAMES, golden, machine
from hypothesis import given, settings
from oracles import joint_with_last_state
from strategies import unifilar_hmms

from compmech import EpsilonMachine, epsilon_machine, zoo
from compmech.measures.interval import entropy
from compmech.measures.pairs import PairGraph, cryptic_order, lifetimes, markov_order, pair_graph
from compmech.measures.retrodiction import retrodiction


def pairs_of(found: EpsilonMachine) -> PairGraph:
    return pair_graph(found.successor, found.emit)


@pytest.mark.parametrize("name", NAMES)
def test_published_orders(name: str) -> None:
    found = pairs_of(epsilon_machine(machine(name)))
    assert (markov_order(found), cryptic_order(found)) == (golden(name)["markov_order"], golden(name)["cryptic_order"])


def uncertainty_after(process, length: int) -> float:
    """H[S_L | X_0:L], summed over paths."""
    total = 0.0
    for word in product(range(process.n_symbol), repeat=length):
        joint = joint_with_last_state(process, word)
        if joint.sum() > 0:
            total += joint.sum() * float(entropy(joint / joint.sum()))
    return total


@settings(max_examples=25)
@given(unifilar_hmms(most_states=3, most_symbols=2))
def test_markov_order_is_when_the_state_is_known(process) -> None:
    found = epsilon_machine(process)
    order = markov_order(pairs_of(found))
    hmm = found.to_hmm()
    for length in range(min(order, 4)):
        assert uncertainty_after(hmm, length) > 1e-9
    if order <= 4:
        assert uncertainty_after(hmm, int(order)) == pytest.approx(0, abs=1e-12)


def hidden_from_all_symbols(found: EpsilonMachine, length: int) -> float:
    """H[S_k | X_0:inf]: words before time k by enumeration, the future after it by its recurrent beliefs."""
    hmm = found.to_hmm()
    seen = retrodiction(found.successor, hmm.T, hmm.start, max_states=200)
    total = 0.0
    for word in product(range(found.n_symbol), repeat=length):
        vector = hmm.start
        for symbol in word:
            vector = vector @ hmm.T[symbol]
        joint = seen.probability[:, None] * seen.beliefs * vector / hmm.start
        for row in joint[joint.sum(axis=1) > 0]:
            total += row.sum() * float(entropy(row / row.sum()))
    return total


@pytest.mark.parametrize("name", [n for n in NAMES if golden(n).get("n_reverse_causal_states", inf) < inf])
def test_cryptic_order_is_when_all_symbols_tell_the_state(name: str) -> None:
    found = epsilon_machine(machine(name))
    order = cryptic_order(pairs_of(found))
    for length in range(min(int(min(order, 3)), 2 if found.n_symbol > 3 else 3)):
        assert hidden_from_all_symbols(found, length) > 1e-6
    if order <= 3:
        assert hidden_from_all_symbols(found, int(order)) == pytest.approx(0, abs=1e-9)


def test_lifetimes_sum_the_overlaps() -> None:
    """Nemo, word by word up to length 70; what is longer comes to less than 1e-12 of the whole."""
    hmm = zoo.nemo(p=0.3, q=0.6)
    found = epsilon_machine(hmm)
    table = lifetimes(pairs_of(found))
    total = np.zeros((3, 3))
    vectors = {(i, j): [(i, j, 1.0, 1.0)] for i in range(3) for j in range(3) if i != j}
    for (i, j), frontier in vectors.items():
        for _ in range(71):
            total[i, j] += sum(sqrt(a * b) for _, _, a, b in frontier)
            frontier = [
                (found.successor[s, x], found.successor[t, x], a * found.emit[s, x], b * found.emit[t, x])
                for s, t, a, b in frontier
                for x in range(2)
                if found.emit[s, x] > 0 and found.emit[t, x] > 0 and found.successor[s, x] != found.successor[t, x]
            ]
    np.testing.assert_allclose(table, total, rtol=1e-11)


@settings(max_examples=25)
@given(unifilar_hmms(most_states=4, most_symbols=2))
def test_overlaps_bound_the_uncertainty(process) -> None:
    """sum over L of H[S_L | X_0:L] is at most 2 sum_{i<j} sqrt(pi_i pi_j) g_ij; checked for its first four terms."""
    found = epsilon_machine(process)
    table = lifetimes(pairs_of(found))
    root = np.sqrt(found.start)
    hmm = found.to_hmm()
    assert sum(uncertainty_after(hmm, length) for length in range(4)) <= root @ table @ root + 1e-9


@pytest.mark.parametrize("apart", [1e-7, 1e-8, 1e-9])
def test_states_that_are_nearly_alike_part_too_slowly_to_say(apart: float) -> None:
    """Their next symbols overlap by 1 - apart^2 / 2, or 1 after rounding: no bound is better than a wrong one."""
    pairs = pair_graph(np.array([[0, 1], [1, 0]]), np.array([[0.5, 0.5], [0.5 + apart, 0.5 - apart]]))
    assert lifetimes(pairs) is None


def test_too_many_pairs_to_solve_for() -> None:
    n = 80
    emit = np.column_stack([np.linspace(0.2, 0.8, n), 1 - np.linspace(0.2, 0.8, n)])
    successor = np.column_stack([(np.arange(n) + 1) % n, (np.arange(n) + 2) % n])
    assert lifetimes(pair_graph(successor, emit)) is None
