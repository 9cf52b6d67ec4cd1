"""Renyi entropies of words, their rates and the Renyi complexity: closed forms, enumeration, inequalities."""

from itertools import pairwise
from math import inf, log2

import numpy as np
import pytest
import truths
from hypothesis import given, settings
from hypothesis import strategies as st
from machines import mess3, probability_clock, sns, two_coins
from oracles import word_probabilities
from strategies import any_hmms, disguised_hmms, ergodic_hmms, unifilar_hmms

from compmech import HMM, NoFiniteEpsilonMachine, NotStationary, epsilon_machine, zoo
from compmech.measures.findings import as_bounds
from compmech.measures.interval import Bounds
from compmech.measures.renyi import renyi_block_entropies, renyi_complexity, renyi_entropy, renyi_entropy_rate

ORDERS = (0.0, 0.3, 1.0, 1.7, 2.0, 3.0, 40.0, inf)


def by_definition(p: np.ndarray, order: float) -> float:
    p = p[p > 0]
    if order == 1:
        return float(-(p * np.log2(p)).sum())
    if order == inf:
        return float(-np.log2(p.max()))
    return float(np.log2((p**order).sum()) / (1 - order))


@settings(max_examples=25)
@given(any_hmms(), st.sampled_from(ORDERS))
def test_words_by_enumeration(process: HMM, order: float) -> None:
    expected = [by_definition(word_probabilities(process, length), order) for length in range(4)]
    assert renyi_block_entropies(process, 3, order) == pytest.approx(expected, abs=1e-10)


def test_bounds_of_a_rate_begin_at_zero() -> None:
    """Below order 1 all that bounds it from below is h_1, of which nothing is certified for a quantum process."""
    found = renyi_entropy_rate(zoo.bloch_walk(), 0.5)
    assert isinstance(found, Bounds)
    assert found.lower == 0.0
    assert renyi_entropy_rate(zoo.periodic_word("01"), 0.5) == 0.0


def test_large_orders_do_not_underflow() -> None:
    assert renyi_entropy(np.array([1e-3, 0.999]), 1e4) == pytest.approx(1e4 / (1e4 - 1) * -log2(0.999))
    assert renyi_entropy_rate(zoo.golden_mean(0.5), 1e5) == pytest.approx(0.5 * 1e5 / (1e5 - 1), rel=1e-9)


@pytest.mark.parametrize("build", [zoo.golden_mean, zoo.even])
@pytest.mark.parametrize("p", [0.2, 0.5, 0.8])
@pytest.mark.parametrize("order", [0, 0.5, 2, 7.5])
def test_golden_mean_and_even(build, p: float, order: float) -> None:
    """The same machine but for its symbols: z^2 = (1 - p)^q z + p^q."""
    a, b = (1 - p) ** order, p**order
    expected = log2((a + np.sqrt(a * a + 4 * b)) / 2) / (1 - order)
    assert renyi_entropy_rate(build(p), order) == pytest.approx(expected, abs=1e-13)


@pytest.mark.parametrize(("p", "expected"), [(0.2, -log2(0.8)), (0.5, 0.5), (0.8, -log2(0.8) / 2)])
def test_min_entropy_rate_of_the_golden_mean(p: float, expected: float) -> None:
    """0 forever, or 01 forever."""
    assert renyi_entropy_rate(zoo.golden_mean(p), inf) == pytest.approx(expected, abs=1e-14)


def test_topological_entropy_counts_words() -> None:
    assert renyi_entropy_rate(zoo.golden_mean(0.3), 0) == pytest.approx(log2((1 + np.sqrt(5)) / 2), abs=1e-14)
    assert renyi_entropy_rate(zoo.noisy_period(noise=0), 0) == 0
    assert renyi_entropy_rate(mess3(), 0) == pytest.approx(log2(3), abs=1e-14)
    assert renyi_entropy_rate(sns(), 0) == pytest.approx(renyi_entropy_rate(zoo.golden_mean(), 0), abs=1e-14)


@settings(max_examples=25)
@given(unifilar_hmms(most_states=4, most_symbols=2), st.sampled_from([0.0, 0.4, 1.5, 2.0, 5.0]))
def test_rates_are_limits_of_words(process: HMM, order: float) -> None:
    """sum_w p(w)^q lies between constants times root^L: with Z_i = sum_w P(w | i)^q, between max_i pi_i^q Z_i and
    n^max(q-1, 0) sum_i pi_i^q Z_i, and Z_i between v_i / max v and v_i / min v times root^L, v the Perron vector."""
    machine = epsilon_machine(process)
    T = machine.to_hmm().T
    M = np.where(T > 0, T**order, 0).sum(axis=0)
    values, vectors = np.linalg.eig(M)
    v = np.abs(vectors[:, np.argmax(values.real)].real)
    pi, n, L = machine.start, machine.n_state, 9
    least = (pi**order * v).max() / v.max()
    most = n ** max(order - 1, 0) * (pi**order @ v) / v.min()
    words = (1 - order) * renyi_block_entropies(process, L, order)[-1]
    growth = (1 - order) * renyi_entropy_rate(process, order) * L
    assert log2(least) - 1e-9 <= words - growth <= log2(most) + 1e-9


@settings(max_examples=20)
@given(unifilar_hmms(most_states=4, most_symbols=3))
def test_rates_do_not_rise_with_order(process: HMM) -> None:
    rates = [renyi_entropy_rate(process, order) for order in (0, 0.5, 1 - 1e-9, 1, 1 + 1e-9, 1.5, 2, 10, inf)]
    for before, after in pairwise(as_bounds(rate) for rate in rates):
        assert after.lower <= before.upper + 1e-9
    near, shannon = as_bounds(rates[2]), rates[3]
    assert near.lower - 1e-9 <= shannon <= near.upper + 1e-9
    assert near.upper - near.lower < 1e-4


@settings(max_examples=10)
@given(ergodic_hmms(most_states=3, most_symbols=2))
def test_bounds_of_any_hmm_are_in_order(process: HMM) -> None:
    rates = [as_bounds(renyi_entropy_rate(process, order, max_states=60)) for order in (0, 0.5, 1, 1.5, 2, 2.5, inf)]
    for before, after in pairwise(rates):
        assert after.lower <= before.upper + 1e-9
    assert rates[4].is_exact


@pytest.mark.parametrize(("process", "length"), [(mess3(), 8), (sns(0.3, 0.6), 15), (mess3(0.05, 0.85), 8)])
@pytest.mark.parametrize("order", [2, 3])
def test_whole_orders_without_a_finite_machine(process: HMM, length: int, order: int) -> None:
    """H_q(L) - H_q(L-1) converges geometrically: within 2e-4 by then, and a hundred times nearer than at first."""
    rates = np.diff(renyi_block_entropies(process, length, order))
    found = renyi_entropy_rate(process, order, max_states=50)
    assert isinstance(found, float)
    assert abs(rates[-1] - found) < 2e-4
    assert abs(rates[-1] - found) < abs(rates[0] - found) / 100


def test_other_orders_without_a_finite_machine_lie_between() -> None:
    for order, length in ((0.5, 8), (1.5, 8), (2.5, 8), (30.0, 8), (inf, 8)):
        found = renyi_entropy_rate(mess3(), order, max_states=50)
        assert isinstance(found, Bounds)
        H = renyi_block_entropies(mess3(), length, order)
        assert found.lower - 1e-3 <= H[-1] - H[-2] <= found.upper + 1e-3  # the limit is not quite reached


@settings(max_examples=8)
@given(disguised_hmms(ergodic_hmms(most_states=3, most_symbols=2)))
def test_the_same_in_another_basis(pair) -> None:
    hmm, ghmm = pair
    for order in (2, 3):
        assert renyi_entropy_rate(ghmm, order, max_states=60) == pytest.approx(
            renyi_entropy_rate(hmm, order, max_states=60), abs=1e-6
        )


def test_a_process_that_no_hmm_gives() -> None:
    """The probability clock, by the growth of its words."""
    clock = probability_clock()
    start = clock.stationary()
    clock = type(clock)(clock.T, start, clock.evaluate)
    found = renyi_entropy_rate(clock, 2, max_states=50)
    H = np.diff(renyi_block_entropies(clock, 14, 2))
    assert H[-1] == pytest.approx(found, abs=2e-3)
    topological = renyi_entropy_rate(clock, 0, max_states=50)
    assert 0 <= topological.lower <= topological.upper == 1


def test_mixtures() -> None:
    """Of two coins the fairer prevails below order 1, the other above; at 1 it is the mean."""
    process = HMM([[[0.5, 0], [0, 0.9]], [[0.5, 0], [0, 0.1]]], start=[0.25, 0.75])
    assert renyi_entropy_rate(process, 0.5) == pytest.approx(1, abs=1e-14)
    assert renyi_entropy_rate(process, 2) == pytest.approx(-log2(0.82), abs=1e-14)
    assert renyi_entropy_rate(process, inf) == pytest.approx(-log2(0.9), abs=1e-14)
    assert renyi_entropy_rate(process, 1) == pytest.approx(truths.two_coins(0.5, 0.9, 0.25)["entropy_rate"])
    assert renyi_entropy_rate(two_coins(), 2) == pytest.approx(-log2(0.68), abs=1e-14)


def test_complexity() -> None:
    process = zoo.golden_mean(0.25)  # 4/5, 1/5
    assert renyi_complexity(process, 0) == 1
    assert renyi_complexity(process, 1) == pytest.approx(truths.golden_mean(0.25)["statistical_complexity"])
    assert renyi_complexity(process, 2) == pytest.approx(-log2(17 / 25))
    assert renyi_complexity(process, inf) == pytest.approx(-log2(4 / 5))


def test_refusals() -> None:
    for order in (-1.0, float("nan")):
        with pytest.raises(ValueError, match="order must be a number >= 0"):
            renyi_entropy_rate(zoo.even(), order)
        with pytest.raises(ValueError, match="order must be a number >= 0"):
            renyi_block_entropies(zoo.even(), 2, order)
    with pytest.raises(ValueError, match="length must be >= 0"):
        renyi_block_entropies(zoo.even(), -1, 2)
    with pytest.raises(NoFiniteEpsilonMachine):
        renyi_complexity(sns(), 2, max_states=100)
    with pytest.raises(NotStationary):
        renyi_entropy_rate(HMM(zoo.even().T, start=[1, 0]), 2)
