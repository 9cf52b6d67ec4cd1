"""The iterated function system of the beliefs, its orbits, and the beliefs after all words."""

import machines
import numpy as np
import oracles
import pytest
from belief_systems import CANTOR, game
from hypothesis import given, settings
from strategies import ergodic_hmms, stationary_hmms

from compmech import GHMM, HMM, NotErgodic, filter_beliefs, mixed_states, zoo
from compmech.blackwell import belief_system, sample_orbits, word_beliefs


@settings(max_examples=20)
@given(stationary_hmms())
def test_maps_are_bayes(process: HMM) -> None:
    system = belief_system(process)
    if isinstance(system.process, GHMM):
        return  # coordinates without meaning: see test_predictions_are_kept
    kept = system.process
    words = oracles.all_words(kept.n_symbol, 2)
    for word in words:
        if oracles.word_probability(kept, word) > 0:
            belief = kept.start[None]
            for symbol in word:
                belief = system.image(belief, np.array([symbol]))
            np.testing.assert_allclose(belief[0], oracles.belief(kept, word), atol=1e-12)


@settings(max_examples=20)
@given(stationary_hmms())
def test_predictions_are_kept(process: HMM) -> None:
    """Whatever is merged or dropped: the probabilities of words are those of the stationary process."""
    kept = belief_system(process).process
    assert oracles.same_words(kept, process, 3)
    assert kept.n_state <= process.n_state


def test_states_that_foretell_the_same_are_one() -> None:
    copies = HMM([np.kron(matrix, np.outer(np.ones(2), [0.3, 0.7])) for matrix in CANTOR.T])
    assert belief_system(copies).n_state == 2


def test_transient_states_are_dropped() -> None:
    T = np.zeros((2, 3, 3))
    T[:, :2, :2] = CANTOR.T
    T[0, 2, 0] = 1.0
    assert belief_system(HMM(T, start=[0, 0, 1])).n_state == 2


def test_each_ergodic_part_has_a_measure_of_its_own() -> None:
    with pytest.raises(NotErgodic) as caught:
        belief_system(machines.two_coins())
    assert caught.value.classes == ((0,), (1,))


def test_derivatives_lie_in_the_plane() -> None:
    system = belief_system(machines.probability_clock())
    plane = system.plane
    np.testing.assert_allclose(plane @ plane.T, np.eye(2), atol=1e-14)
    np.testing.assert_allclose(plane @ system.process.evaluate, 0, atol=1e-14)


def test_determinants() -> None:
    system = belief_system(CANTOR)
    np.testing.assert_allclose(system.log2_determinants, np.log2([0.0825, 0.0825]), atol=1e-13)
    assert np.isneginf(belief_system(zoo.sns()).log2_determinants).tolist() == [False, True]
    tiny = game([1e-9, 1 - 1e-9], [np.eye(2) * 0.5 + 0.25] * 2)  # improbable is not singular
    assert tiny.log2_determinants[0] == pytest.approx(np.log2(0.5e-18), abs=1e-9)


@pytest.mark.parametrize("process", [zoo.mess3(), CANTOR, machines.sns(), machines.probability_clock()])
def test_orbits_are_filtered_beliefs(process) -> None:
    orbits = sample_orbits(process, 30, 40, rng=np.random.default_rng(1))
    assert orbits.beliefs.shape == (30, 41, orbits.system.n_state)
    assert (orbits.n_seq, orbits.n_time) == (30, 40)
    read = np.concatenate([orbits.history, orbits.symbols], axis=1)
    if isinstance(process, GHMM):  # there the first symbols of the history were read by the driver alone
        read = read[:, -40 - orbits.burn_in :]
    whole = filter_beliefs(orbits.system.process, read)
    np.testing.assert_allclose(orbits.beliefs, whole[:, -41:], atol=1e-9)


def test_orbits_are_stationary() -> None:
    """Means of independent orbits within 4 standard errors: the beliefs average to pi, the symbols to their rates."""
    process = zoo.sns()
    orbits = sample_orbits(process, 2000, 20, rng=np.random.default_rng(2))
    for row in (0, 20):
        values = orbits.beliefs[:, row, 0]
        assert abs(values.mean() - process.start[0]) < 4 * values.std() / np.sqrt(2000)
    ones = orbits.symbols.mean(axis=1)
    rate = (process.start @ process.emission)[1]
    assert abs(ones.mean() - rate) < 4 * ones.std() / np.sqrt(2000)


def test_same_seed_same_orbits() -> None:
    first, again = (sample_orbits(zoo.mess3(), 5, 7, rng=np.random.default_rng(3)) for _ in range(2))
    assert (first.beliefs == again.beliefs).all()
    assert (first.symbols == again.symbols).all()


def test_burn_in_lasts_until_beliefs_agree() -> None:
    fast = sample_orbits(zoo.mess3(), 50, 1, rng=np.random.default_rng(4))
    slow = sample_orbits(zoo.mess3(x=0.003, a=0.4), 50, 1, rng=np.random.default_rng(4))
    assert fast.burn_in < slow.burn_in <= 1024
    assert fast.remaining < 1e-12


def test_what_a_short_burn_in_leaves_is_bounded() -> None:
    """After one symbol: H[X_1 | X_0] - H[X_1 | X_0, S_0], known by enumeration."""
    process = zoo.mess3()
    orbits = sample_orbits(process, 4000, 1, rng=np.random.default_rng(5), burn_in=1)
    assert orbits.burn_in == 1

    def given(start) -> float:
        joint = np.einsum("i,xij,yjk->xy", start, process.T, process.T)
        return float(-(joint * np.log2(joint / joint.sum(axis=1, keepdims=True))).sum())

    gap = given(process.start) - np.mean([given(row) for row in np.eye(3)])
    assert orbits.remaining == pytest.approx(gap, abs=0.03)  # 4 standard errors of 4000 differences of 0.5 bit
    assert gap > 0.1


def test_bad_counts() -> None:
    with pytest.raises(ValueError, match="n_seq must be >= 1; got 0"):
        sample_orbits(CANTOR, 0, 5, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="n_time must be >= 1"):
        sample_orbits(CANTOR, 5, 0, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="burn_in must be >= 0"):
        sample_orbits(CANTOR, 5, 5, rng=np.random.default_rng(0), burn_in=-1)


@settings(max_examples=15)
@given(ergodic_hmms(most_states=3, most_symbols=2))
def test_beliefs_after_all_words(process: HMM) -> None:
    system = belief_system(process)
    found = word_beliefs(system, 3)
    kept = system.process
    possible = [word for word in oracles.all_words(kept.n_symbol, 3) if oracles.word_probability(kept, word) > 1e-12]
    assert len(found.beliefs) == len(possible)
    np.testing.assert_allclose(found.probability, [oracles.word_probability(kept, w) for w in possible], atol=1e-12)
    np.testing.assert_allclose(found.beliefs, [oracles.belief(kept, w) for w in possible], atol=1e-9)
    assert found.last.tolist() == [word[-1] for word in possible]


def test_all_words_are_those_of_the_tree() -> None:
    found = word_beliefs(zoo.mess3(), 4)
    tree = mixed_states(zoo.mess3(), depth=4)
    nodes, probability = tree.level(4)
    np.testing.assert_allclose(found.beliefs, tree.beliefs[nodes], atol=1e-14)
    np.testing.assert_allclose(found.probability, probability, atol=1e-15)
    none = word_beliefs(zoo.mess3(), 0)
    assert none.last.tolist() == [-1]


def test_too_many_words() -> None:
    with pytest.raises(ValueError, match="too many to hold"):
        word_beliefs(zoo.mess3(), 40)
