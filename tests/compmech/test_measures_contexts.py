"""Bounds from recent words: they hold, they nest, and they close where words synchronise."""

from math import inf

import numpy as np
import pytest
import truths
from hypothesis import given, settings
from oracles import all_words, joint_with_last_state
from strategies import ergodic_hmms

from compmech import HMM, zoo
from compmech.measures.anatomy import ephemeral_bounds
from compmech.measures.block import block_entropies
from compmech.measures.contexts import contexts
from compmech.measures.interval import Bounds, entropy
from compmech.measures.retrodiction import reversed_matrices
from compmech.measures.statistics import statistics

MACHINES = [zoo.golden_mean(0.3), zoo.even(0.4), zoo.nemo(), zoo.rip(), zoo.rrxor()]


def holds(bounds: Bounds, value: float) -> bool:
    return bounds.lower <= value <= bounds.upper


@pytest.mark.parametrize("process", MACHINES, ids=lambda process: process.name)
@pytest.mark.parametrize("max_numbers", [100, 2000, 100_000])
def test_bounds_hold_for_machines_with_known_answers(process: HMM, max_numbers: int) -> None:
    known = statistics(process)
    found = contexts(process.T, process.start, max_numbers=max_numbers)
    assert holds(found.entropy_rate, known.entropy_rate)
    assert holds(found.excess_entropy, known.excess_entropy)
    assert holds(found.transient_information, known.transient_information)
    back = contexts(reversed_matrices(process.T, process.start), process.start, max_numbers=max_numbers)
    assert holds(back.uncertainty, known.crypticity)
    assert holds(ephemeral_bounds(process.T, process.start, None, back), known.ephemeral_information)
    if len(found.joint) * len(back.joint) < 10**4:  # all pairs of words are needed
        assert holds(ephemeral_bounds(process.T, process.start, found, back), known.ephemeral_information)


@settings(max_examples=20)
@given(ergodic_hmms(most_states=3, most_symbols=2))
def test_more_words_narrow_the_bounds(process: HMM) -> None:
    few, many = (contexts(process.T, process.start, max_numbers=n) for n in (300, 5000))
    for key in ("entropy_rate", "uncertainty"):
        loose, tight = getattr(few, key), getattr(many, key)
        assert loose.lower <= tight.lower + 1e-11
        assert tight.upper <= loose.upper + 1e-11
    assert many.shared <= few.shared + 1e-11
    # the leaves are a partition of all pasts
    assert many.joint.sum() == pytest.approx(1, abs=1e-12)
    np.testing.assert_allclose(many.joint.sum(axis=(0, 1)), process.start, atol=1e-12)


@settings(max_examples=20)
@given(ergodic_hmms(most_states=3, most_symbols=2))
def test_rates_are_those_of_blocks(process: HMM) -> None:
    found = contexts(process.T, process.start, max_numbers=2000)
    length = min(found.depth + 1, 8)
    H = np.array(block_entropies(process, length))
    assert found.rates[:length] == pytest.approx(np.diff(H), abs=1e-11)


@settings(max_examples=15)
@given(ergodic_hmms(most_states=3, most_symbols=2))
def test_the_floor_is_the_rate_with_the_state_known(process: HMM) -> None:
    """H[X_3 | X_0:3, S_0] by sums over paths, against a tree that is three words deep at most."""
    floor = 0.0
    for state in range(process.n_state):
        started = HMM(process.T, start=np.eye(process.n_state)[state])
        for word in all_words(process.n_symbol, 3):
            joint = joint_with_last_state(started, word)
            if joint.sum() > 0:
                floor += process.start[state] * joint.sum() * float(entropy(joint / joint.sum() @ process.emission))
    budget = process.n_state**2 * sum(process.n_symbol**k for k in range(1, 4))
    found = contexts(process.T, process.start, max_numbers=budget)
    assert found.depth >= 3 or found.shared < 1e-12
    assert found.floor >= floor - 1e-11


def test_synchronising_words_close_the_tree() -> None:
    """SNS: a 1 tells all, so only runs of 0s go on; the whole is certified to rounding."""
    found = contexts(zoo.sns().T, zoo.sns().start)
    assert found.depth > 30
    assert len(found.joint) == found.depth + 1
    h = found.entropy_rate
    assert h.upper - h.lower < 1e-11
    assert holds(h, truths.sns()["entropy_rate"])
    T = found.transient_information
    assert T.upper - T.lower < 1e-10


def test_no_upper_bound_of_t_without_contraction() -> None:
    """Two states that no word confuses and none tells for certain: the tree cannot say how fast they part."""
    swap = HMM([[[0, 0.75], [0.25, 0]], [[0, 0.25], [0.75, 0]]])
    found = contexts(swap.T, swap.start, max_numbers=1000)
    assert found.contraction == pytest.approx(1.0)
    assert found.transient_information.upper == inf


def test_t_allows_for_all_that_is_shared_beyond_the_tree() -> None:
    """States that stay for hundreds of symbols and hardly show: `shared` counts at every later length."""
    T, pi = zoo.mess3(x=0.003, a=0.4).T, zoo.mess3(x=0.003, a=0.4).start
    trees = [contexts(T, pi, max_numbers=9 * sum(3**k for k in range(1, depth + 1))) for depth in range(1, 8)]
    assert [tree.depth for tree in trees] == [1, 2, 3, 4, 5, 6, 7]
    assert trees[0].transient_information.upper >= sum(tree.shared for tree in trees) > 5 * trees[0].shared


def test_contraction_bounds_what_is_shared_later() -> None:
    """`shared` at twice the depth is at most `contraction` times `shared` at the depth."""
    T, pi = zoo.mess3().T, zoo.mess3().start
    once = contexts(T, pi, max_numbers=9 * (3 + 9 + 27))
    twice = contexts(T, pi, max_numbers=9 * sum(3**k for k in range(1, 7)))
    assert (once.depth, twice.depth) == (3, 6)
    assert 0 < once.contraction < 1
    assert twice.shared <= once.contraction * once.shared
