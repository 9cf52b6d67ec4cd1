"""Sampling: the law of short words by chi-squared, shapes, reproducibility, and both ways of walking."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from machines import even, golden_mean, mess3, period, rrxor, two_coins
from oracles import word_probabilities
from scipy.stats import chi2
from strategies import any_hmms, few, unifilar_hmms

from compmech import HMM, epsilon_machine
from compmech.sampling import (
    _walk_in_pieces,
    _walk_singly,
    _walk_together,
    _way_of_walking,
    block_length,
    block_table,
    matrix_table,
    successor_table,
)
from compmech.validation import check_count

MACHINES = {"golden mean": golden_mean(), "even": even(), "mess3": mess3(), "rrxor": rrxor(), "two coins": two_coins()}


def chance(words: np.ndarray, machine: HMM) -> float:
    """P-value of the frequencies of whole words, by chi-squared; 0 if an impossible word occurs."""
    n_time = words.shape[1]
    expected = len(words) * word_probabilities(machine, n_time)
    counts = np.bincount(words @ machine.n_symbol ** np.arange(n_time)[::-1], minlength=len(expected))
    if counts[expected == 0].any():
        return 0.0
    kept = expected > 0
    statistic = ((counts[kept] - expected[kept]) ** 2 / expected[kept]).sum()
    return float(chi2.sf(statistic, kept.sum() - 1))


@pytest.mark.parametrize("name", MACHINES)
@pytest.mark.parametrize("n_seq", [60_000, 2_000])  # with blocks of several symbols, and with blocks of few
def test_words_have_their_probabilities(name: str, n_seq: int) -> None:
    words = MACHINES[name].sample(n_seq, 5, rng=np.random.default_rng(11))
    assert chance(words, MACHINES[name]) > 1e-3


def test_words_late_in_a_sequence_have_their_probabilities() -> None:
    machine = rrxor()
    late = machine.sample(40_000, 41, rng=np.random.default_rng(3))[:, 36:]
    assert chance(late, machine) > 1e-3


def test_one_long_sequence_has_the_frequencies_of_words() -> None:
    machine = rrxor()  # stationary, but of period 3: words at distance 3 * 40 are nearly independent given their phase
    words = machine.sample(1, 400_000, rng=np.random.default_rng(4))[0]
    assert np.isfinite(machine.log_prob(words[None, :20_000])).all()
    blocks = words[: len(words) // 4 * 4].reshape(-1, 4)
    frequency = np.bincount(blocks @ [8, 4, 2, 1], minlength=16) / len(blocks)
    np.testing.assert_allclose(frequency, word_probabilities(machine, 4), atol=6 * 0.5 / np.sqrt(len(blocks)))


def test_the_test_finds_a_wrong_process() -> None:
    words = golden_mean(0.5).sample(60_000, 5, rng=np.random.default_rng(11))
    assert chance(words, golden_mean(0.52)) < 1e-6
    assert chance(words, even()) == 0.0


@few
@given(any_hmms(), st.integers(0, 3), st.integers(0, 9))
def test_samples_are_possible_words_of_the_right_shape(machine: HMM, n_seq: int, n_time: int) -> None:
    words = machine.sample(n_seq, n_time, rng=np.random.default_rng(0))
    assert words.shape == (n_seq, n_time)
    assert words.dtype.kind == "i"
    assert np.isfinite(machine.log_prob(words)).all()


@pytest.mark.parametrize("n_seq", [1, 7, 8, 500])
def test_long_samples_are_possible(n_seq: int) -> None:
    for machine in (even(), rrxor(), period(5)):
        words = machine.sample(n_seq, 300, rng=np.random.default_rng(9))
        assert np.isfinite(machine.log_prob(words)).all()


def test_same_seed_same_sample() -> None:
    machine = mess3()
    first = machine.sample(50, 60, rng=np.random.default_rng(7))
    np.testing.assert_array_equal(first, mess3().sample(50, 60, rng=np.random.default_rng(7)))
    machine.sample(2000, 60, rng=np.random.default_rng(1))  # fills the cache of tables
    np.testing.assert_array_equal(first, machine.sample(50, 60, rng=np.random.default_rng(7)))
    assert (first != machine.sample(50, 60, rng=np.random.default_rng(8))).any()


def test_start_is_where_sequences_begin() -> None:
    machine = HMM(period(3).T, start=[0, 0, 1])
    np.testing.assert_array_equal(machine.sample(4, 4, rng=np.random.default_rng(0)), [[1, 0, 0, 1]] * 4)


@pytest.mark.parametrize(("n_seq", "n_time"), [(-1, 2), (2, -1), (2, True)])
def test_counts_must_be_whole_numbers(n_seq: int, n_time: int) -> None:
    for machine in (golden_mean(), epsilon_machine(golden_mean())):
        with pytest.raises(ValueError, match=r"(n_seq|n_time) must be"):
            machine.sample(n_seq, n_time, rng=np.random.default_rng(0))


@pytest.mark.parametrize("count", [1.5, "3", None, True, -1])
def test_what_a_count_is_not(count: object) -> None:
    with pytest.raises(ValueError, match=r"n_seq must be (a whole number|>= 0); got"):
        check_count(count, "n_seq")
    assert check_count(np.int64(3), "n_seq") == 3


@few
@given(any_hmms(), st.integers(1, 4))
def test_all_ways_of_walking_give_the_same(machine: HMM, block: int) -> None:
    table = matrix_table(machine.T, block)
    rng = np.random.default_rng(1)
    state = rng.integers(0, machine.n_state, 5)
    for n_block in (20, 32, 75):  # less than a piece, one, and some that do not come out even
        uniform = rng.random((n_block, 5))
        singly = _walk_singly(table, state, uniform)
        np.testing.assert_array_equal(singly, _walk_together(table, state, uniform))
        np.testing.assert_array_equal(singly, _walk_in_pieces(table, state, uniform))


def test_few_long_sequences_are_walked_in_pieces() -> None:
    assert _way_of_walking(n_seq=1, n_block=1000, n_state=3) is _walk_in_pieces
    assert _way_of_walking(n_seq=1, n_block=1000, n_state=100) is _walk_singly
    assert _way_of_walking(n_seq=1, n_block=10, n_state=3) is _walk_singly
    assert _way_of_walking(n_seq=1000, n_block=1000, n_state=3) is _walk_together


@few
@given(any_hmms(), st.integers(1, 4))
def test_alias_tables_hold_the_probabilities(machine: HMM, block: int) -> None:
    """The mass of each outcome, its own part of its cell plus what other cells pass to it, is its probability."""
    table = matrix_table(machine.T, block)
    mass = table.threshold + np.bincount(table.alias, weights=1 - table.threshold, minlength=len(table.target))
    source = np.repeat(np.arange(machine.n_state), table.count)
    np.testing.assert_array_equal(source[table.alias], source)
    for outcome in range(len(mass)):
        product = np.eye(machine.n_state)[source[outcome]]
        for symbol in table.symbols[outcome]:
            product = product @ machine.T[symbol]
        share = mass[outcome] / table.count[source[outcome]]
        assert share == pytest.approx(product[table.target[outcome]], abs=1e-13)


@pytest.mark.parametrize("count", [1, 3, 6, 10, 49, 1000])
def test_alias_table_of_equal_outcomes(count: int) -> None:
    """Equal probabilities whose sum is not exactly 1 in floating point."""
    index = np.arange(count)
    table = block_table(np.zeros(count, int), index[:, None], np.zeros(count, int), np.full(count, 1 / count), 1)
    np.testing.assert_allclose(table.threshold, 1, atol=1e-12)


def test_alias_table_of_very_unequal_outcomes() -> None:
    probability = np.array([1e-12, 1 - 1e-12 - 1e-300, 1e-300, 0.5, 0.5, 0.25, 0.75])
    source = np.array([0, 0, 0, 1, 1, 2, 2])
    table = block_table(source, np.zeros((7, 1), int), source, probability, 3)
    mass = table.threshold + np.bincount(table.alias, weights=1 - table.threshold, minlength=7)
    np.testing.assert_allclose(mass / table.count[source], probability, rtol=1e-4, atol=1e-16)


@few
@given(unifilar_hmms(), st.integers(1, 4))
def test_tables_of_a_successor_table_and_of_its_matrices_agree(machine: HMM, block: int) -> None:
    successor = np.where(machine.emission > 0, machine.T.argmax(axis=2).T, -1)
    a, b = successor_table(successor, machine.emission, block), matrix_table(machine.T, block)
    np.testing.assert_array_equal(a.count, b.count)
    np.testing.assert_array_equal(a.symbols, b.symbols)
    np.testing.assert_array_equal(a.target, b.target)


def test_block_length_keeps_tables_small() -> None:
    assert block_length(9, 3, 10**6) == 8
    assert block_length(9, 3, 100) == 1
    assert block_length(1, 1, 10**9) == 16
    assert block_length(10**8, 2, 10**9) == 1


def test_epsilon_machine_samples_its_process() -> None:
    machine = rrxor()
    words = epsilon_machine(machine).sample(60_000, 5, rng=np.random.default_rng(2))
    assert chance(words, machine) > 1e-3
