"""T, S and E from transient mixed states: sums by enumeration, and bounds where the beliefs are too many."""

from itertools import pairwise, product

import numpy as np
import pytest
from golden_machines import machine
from hypothesis import assume, given, settings
from oracles import joint_with_last_state
from strategies import unifilar_hmms

from compmech import HMM, epsilon_machine, zoo
from compmech.measures.interval import Bounds, entropy
from compmech.measures.pairs import markov_order, pair_graph
from compmech.measures.resolving import _Book, resolve
from compmech.measures.synchronisation import Synchronisation, synchronisation


def analysed(process, **options) -> Synchronisation:
    found = epsilon_machine(process)
    return synchronisation(found.to_hmm().T, found.start, pair_graph(found.successor, found.emit), **options)


def inside(value: float, bounds: Bounds) -> bool:
    return bounds.lower <= value <= bounds.upper


@settings(max_examples=20)
@given(unifilar_hmms(most_states=3, most_symbols=2))
def test_synchronisation_information_by_enumeration(process: HMM) -> None:
    """S = sum_L H[S_L | X_0:L] ends at the Markov order."""
    found = epsilon_machine(process)
    order = markov_order(pair_graph(found.successor, found.emit))
    assume(order <= 4)
    total = 0.0
    for length in range(int(order)):
        for word in product(range(found.n_symbol), repeat=length):
            joint = joint_with_last_state(found.to_hmm(), word)
            if joint.sum() > 0:
                total += joint.sum() * float(entropy(joint / joint.sum()))
    got = analysed(process)
    assert got.synchronisation.is_exact
    assert got.synchronisation.lower == pytest.approx(total, abs=1e-10)


@pytest.mark.parametrize("process", [zoo.rrxor(), zoo.even(0.7), zoo.nemo(), zoo.rip(0.2, 0.6)])
@pytest.mark.parametrize("max_beliefs", [1, 3, 8, 20])
def test_bounds_hold_when_the_search_is_cut_short(process: HMM, max_beliefs: int) -> None:
    whole, cut = analysed(process), analysed(process, max_beliefs=max_beliefs)
    assert whole.n_transient is not None
    for key in ("transient", "synchronisation", "excess"):
        value, bounds = getattr(whole, key), getattr(cut, key)
        assert value.is_exact
        assert inside(value.lower, bounds), key
    assert (cut.n_transient is None) == (whole.n_transient >= max_beliefs or not cut.synchronisation.is_exact)


def test_bounds_close_in_as_more_is_explored() -> None:
    widths = []
    for max_beliefs in (20, 80, 320, 1280):
        found = analysed(machine("misiurewicz"), max_beliefs=max_beliefs)
        widths.append(found.synchronisation.upper - found.synchronisation.lower)
        assert inside(4.911882430726, found.synchronisation)  # the table's
        assert found.n_transient is None
    assert all(after < max(before / 2, 1e-11) for before, after in pairwise(widths))  # down to rounding


def test_beliefs_that_converge_are_not_merged_into_finitely_many() -> None:
    """Two coins: after n heads more than tails the belief is (1, r^n), down to the smallest floats."""
    graph = resolve(
        np.array([[[0.2, 0], [0, 0.8]], [[0.8, 0], [0, 0.2]]]), np.array([0.5, 0.5]), entropy, max_beliefs=200
    )
    assert not graph.closed
    assert graph.beliefs.min() < 1e-25
    assert graph.is_sharp


def test_beliefs_with_a_limit_leave_the_count_in_doubt() -> None:
    """Symbol 0 brings the belief nearer to (1/2, 1/2) by a factor 2/3 each time: it merges with it in the end, but the
    graph does not count as closed. Without symbol 0 it does."""
    T = np.array([[[0.5, 0.1], [0.1, 0.5]], [[0.4, 0.0], [0.0, 0.4]]])
    graph = resolve(T, np.array([0.9, 0.1]), entropy, max_beliefs=2000)
    assert not graph.is_open.any()
    assert not graph.is_sharp
    assert not graph.closed
    assert resolve(T[1:] / 0.4, np.array([0.9, 0.1]), entropy, max_beliefs=2000).closed


def test_infinitely_many_beliefs_are_proved_where_they_can_be() -> None:
    assert "never returns" in analysed(machine("matching_parens")).why_infinite
    assert analysed(zoo.rrxor()).why_infinite == ""


def test_one_state_is_always_known() -> None:
    found = analysed(HMM([[[0.5]], [[0.5]]]))
    assert (found.n_transient, found.transient.lower, found.synchronisation.lower, found.excess.lower) == (0, 0, 0, 0)


def test_many_states_that_cannot_be_told_apart_quickly() -> None:
    """With too many pairs for the upper bound of S and T there is none, and E is bounded still."""
    rng = np.random.default_rng(3)
    n = 90
    emit = rng.dirichlet([1, 1], n)
    T = np.zeros((2, n, n))
    for x in range(2):
        T[x, np.arange(n), rng.permutation(n)] = emit[:, x]
    found = analysed(HMM(T), max_beliefs=100)
    assert found.synchronisation.upper == found.transient.upper == np.inf
    assert 0 < found.excess.lower < found.excess.upper <= np.log2(n) + 1e-9


@pytest.mark.parametrize("pair", [(2, 7), (0, 1), (14, 15)])
def test_beliefs_that_converge_do_not_crowd_one_shelf(pair: tuple[int, int]) -> None:
    """Beliefs between two states, whichever these are, stand on shelves of their own: no search compares them all."""
    beliefs = np.zeros((300, 16))
    beliefs[:, pair[0]] = 0.9 ** np.arange(1, 301)
    beliefs[:, pair[1]] = 1 - beliefs[:, pair[0]]
    book = _Book(np.full(16, 1 / 16))
    book.land(beliefs)
    assert max(len(shelf) for shelf in book._shelves.values()) <= 2
