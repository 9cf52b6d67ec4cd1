"""Bounds of crypticity and ephemeral information from words to come: against words by enumeration, and exact values."""

from itertools import pairwise, product
from time import process_time

import numpy as np
import pytest
from hypothesis import given
from random_machines import random_unifilar
from strategies import few, unifilar_hmms

from compmech import HMM, EpsilonMachine, epsilon_machine, statistics, zoo
from compmech.measures.contexts import contexts
from compmech.measures.futures import Futures, futures
from compmech.measures.interval import Bounds
from compmech.measures.retrodiction import crypticity_and_ephemeral, retrodiction, reversed_matrices


def unfolded(machine: EpsilonMachine, **options) -> Futures:
    return futures(machine.successor, machine.emit, machine.start, **options)


def entropy_of(joint: np.ndarray) -> float:
    p = joint[joint > 0]
    return float(-(p * np.log2(p)).sum())


def inside(value: float, bounds: Bounds, slack: float = 1e-9) -> bool:
    return bounds.lower - slack <= value <= bounds.upper + slack


@few
@given(unifilar_hmms(most_states=4, most_symbols=2))
def test_leaves_are_words_with_their_probabilities(process) -> None:
    """The joint probabilities of states and leaves are a distribution, with the stationary one as a margin."""
    machine = epsilon_machine(process)
    if (machine.start > 0).all():
        found = unfolded(machine, max_numbers=200)
        np.testing.assert_allclose(found.joint.sum(axis=0), machine.start, atol=1e-12)
        assert (found.joint >= 0).all()
        assert found.joint.size <= 200 or len(found.joint) == 1


def test_bounds_are_those_of_the_words_they_stand_for() -> None:
    """With room for eight words, H[S_0 | w], H[S_0 | w, its last state] and the same of r, path by path."""
    machine = random_unifilar(4, 2, rng=np.random.default_rng(0))
    found = unfolded(machine, max_numbers=8 * 4)
    assert 4 <= len(found.joint) <= 8
    lengths = {}
    state = state_end = symbol = symbol_end = 0.0
    for row, end in zip(found.joint, found.end, strict=True):
        word = next(
            word
            for length in range(1, 9)
            for word in product(range(2), repeat=length)
            if word not in lengths and np.allclose(joint_of(machine, word)[0], row, atol=1e-14)
        )
        lengths[word] = len(word)
        joint, ends = joint_of(machine, word)
        np.testing.assert_array_equal(end, ends)
        state += entropy_of(joint) - entropy_of(joint.sum(keepdims=True))
        for last in range(4):
            part = joint[ends == last]
            state_end += entropy_of(part) - entropy_of(part.sum(keepdims=True))
        for i in range(4):
            options = [(machine.emit[i, x], machine.successor[i, x]) for x in range(2)]
            weights = np.array([machine.start[i] * p * joint[j] / machine.start[j] for p, j in options])
            where = np.array([ends[j] for _, j in options])
            symbol += entropy_of(weights) - entropy_of(weights.sum(keepdims=True))
            for last in set(where):
                part = weights[where == last]
                symbol_end += entropy_of(part) - entropy_of(part.sum(keepdims=True))
    assert sum(2.0**-length for length in lengths.values()) == 1  # a complete tree
    chi, r = found.crypticity, found.ephemeral
    # computed bounds are moved outward by 1e-12
    assert (chi.lower, chi.upper) == pytest.approx((state_end, state), abs=1e-11)
    assert (r.lower, r.upper) == pytest.approx((symbol_end, symbol), abs=1e-11)


def joint_of(machine: EpsilonMachine, word: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """P(S_0, word) and where it ends."""
    joint, end = machine.start.copy(), np.arange(machine.n_state)
    for x in word:
        joint = joint * machine.emit[end, x]
        end = machine.successor[end, x]
    return joint, end


@few
@given(unifilar_hmms(most_states=4, most_symbols=2))
def test_bounds_hold_exact_values(process) -> None:
    machine = epsilon_machine(process)
    seen = retrodiction(machine.successor, machine.to_hmm().T, machine.start, max_states=200)
    if seen is None:
        return
    chi, r = crypticity_and_ephemeral(seen, machine.to_hmm().T, machine.start)
    for numbers in (20, 2000):
        found = unfolded(machine, max_numbers=numbers)
        assert inside(chi, found.crypticity)
        assert inside(r, found.ephemeral)


@pytest.mark.parametrize("name", ["golden_mean", "even", "rip", "nemo"])
def test_bounds_meet_where_words_tell_all(name: str) -> None:
    process = zoo.get(name)()
    exact = statistics(process)
    found = unfolded(epsilon_machine(process), max_numbers=50_000)
    assert inside(exact.crypticity, found.crypticity, 1e-11)
    assert inside(exact.ephemeral_information, found.ephemeral, 1e-11)
    # synchronising words leave less than 1e-6 of the probability of words of some 20 symbols open
    assert found.crypticity.upper - found.crypticity.lower < 1e-5
    assert found.ephemeral.upper - found.ephemeral.lower < 1e-5


def test_more_words_never_widen_bounds() -> None:
    machine = random_unifilar(12, 3, rng=np.random.default_rng(1), n_edge=2)
    found = [unfolded(machine, max_numbers=numbers) for numbers in (1, 100, 3000, 30_000)]
    for key in ("crypticity", "ephemeral"):
        bounds = [getattr(part, key) for part in found]
        assert all(a.lower <= b.lower + 1e-11 and b.upper <= a.upper + 1e-11 for a, b in pairwise(bounds))


def test_the_same_as_recent_words_of_the_reverse() -> None:
    """Both enclose one number; the sparse words reach further with as many numbers."""
    machine = random_unifilar(6, 2, rng=np.random.default_rng(2))
    T, pi = machine.to_hmm().T, machine.start
    dense = contexts(reversed_matrices(T, pi), pi, max_numbers=20_000).uncertainty
    sparse = unfolded(machine, max_numbers=20_000).crypticity
    assert max(dense.lower, sparse.lower) <= min(dense.upper, sparse.upper)
    assert sparse.upper - sparse.lower < dense.upper - dense.lower


def test_large_machines_have_statistics() -> None:
    """200 states: bounds, with E no more than C and r no more than h."""
    machine = random_unifilar(200, 2, rng=np.random.default_rng(3))
    found = statistics(machine)
    E, r = found.excess_entropy, found.ephemeral_information
    assert found.predicted_information - 1e-9 <= E.lower < E.upper < found.statistical_complexity
    assert 0 <= r.lower < r.upper < found.entropy_rate
    assert found.minimal_dimension == 200


def test_parallel_edges_count_as_one_and_change_no_bound() -> None:
    """Ten symbols on every edge: r is greater by what tells them apart, and the words do not grow with them."""
    machine = random_unifilar(4, 2, rng=np.random.default_rng(0))
    share = np.arange(1, 11) / 55
    emit = (machine.emit[:, :, None] * share).reshape(4, -1)
    successor = np.where(emit > 0, np.repeat(machine.successor, 10, axis=1), -1)
    words = unfolded(machine, max_numbers=8 * 4)
    many = Futures(successor, emit, machine.start, words.joint, words.end).ephemeral
    told_apart = entropy_of(share)
    assert many.lower == pytest.approx(words.ephemeral.lower + told_apart, abs=1e-11)
    assert many.upper == pytest.approx(words.ephemeral.upper + told_apart, abs=1e-11)


def test_many_symbols_between_few_states_are_done_in_seconds() -> None:
    """300 symbols of 4 states have at most 16 edges that the future can tell apart."""
    rng = np.random.default_rng(0)
    T = np.zeros((300, 4, 4))
    for state, row in enumerate(rng.dirichlet(np.ones(300), size=4)):
        T[np.arange(300), state, rng.integers(4, size=300)] = row
    start = process_time()
    found = statistics(HMM(T)).ephemeral_information
    assert isinstance(found, Bounds)
    assert found.lower <= found.upper
    assert process_time() - start < 5


def test_many_symbols_of_a_nonunifilar_machine_are_done_in_seconds() -> None:
    """The next symbols of all words are looked at piece by piece, not as one array."""
    rows = np.random.default_rng(1).dirichlet(np.ones(600), size=2)
    start = process_time()
    found = statistics(HMM(rows.reshape(2, 300, 2).transpose(1, 0, 2))).entropy_rate
    assert isinstance(found, Bounds)
    assert (found.lower, found.upper) == pytest.approx((8.02131482116641, 8.023671567365623), abs=1e-9)
    assert process_time() - start < 5
