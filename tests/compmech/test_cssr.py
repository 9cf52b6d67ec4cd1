"""CSSR: machines whose histories tell the state come back from data; where they do not, it is said."""

from itertools import product

import numpy as np
import pytest
from known_series import exact, sampled, truth_of

from compmech import zoo
from compmech.inference import isomorphism
from compmech.inference.counts import WordCounts, count_words
from compmech.inference.cssr import split_states
from compmech.inference.series import Series, series


@pytest.mark.parametrize(
    ("name", "history"),
    [("golden_mean", 3), ("even", 4), ("z1r", 4), ("nemo", 5), ("butterfly", 3), ("noisy_random_phase_slip", 6)],
)
def test_machines_that_synchronise_come_back(name, history):
    process = getattr(zoo, name)()
    truth = truth_of(process)
    for counts, tolerance in (
        (exact(process, history + 1), 1e-4),
        (count_words(sampled(process, 50_000), history + 1), 0.03),
    ):
        found = split_states(counts)
        assert found.synchronised
        same = isomorphism(found.machine, truth)
        assert same is not None, f"{found.n_state} states"
        assert same.largest_difference < tolerance


def test_no_structure_is_one_state_at_the_stated_rate():
    """Of 2^1 + ... + 2^4 histories each is torn off with probability 0.001 or less: 1.5 of 100 on average."""
    wrong = sum(
        split_states(count_words(sampled(zoo.biased_coin(p=0.3), 5_000, seed), 5)).n_homogeneous > 1
        for seed in range(100)
    )
    assert wrong <= 9  # P(more than 9 | Poisson of mean 3) < 0.002


def test_more_significance_tears_more():
    data = count_words(sampled(zoo.fair_coin(), 5_000), 7)
    few, many = (split_states(data, significance=a).n_homogeneous for a in (1e-6, 0.5))
    assert few == 1 < many


def test_histories_that_never_tell_the_state_are_said():
    found = split_states(exact(zoo.rrxor(), 7))
    assert not found.synchronised


def test_rare_histories_are_not_tested():
    counts = np.zeros((4, 2), dtype=np.int64)
    counts[:] = [[500, 500], [500, 500], [500, 500], [4, 0]]
    words = WordCounts(counts.ravel(), 2, 3)
    assert split_states(words, least_count=5).n_homogeneous == 1
    assert split_states(words, least_count=1, significance=0.05).n_homogeneous > 1


def test_without_histories_there_is_one_state():
    found = split_states(count_words(series("aabab"), 1))
    assert found.machine.emit.tolist() == [[0.6, 0.4]]


def test_periodic_data_make_a_cycle():
    found = split_states(count_words(series("abc" * 200), 3))
    assert found.synchronised
    assert found.machine.n_state == 3
    assert sorted(found.machine.emit.tolist()) == [[0, 0, 1], [0, 1, 0], [1, 0, 0]]


@pytest.mark.parametrize(
    ("data", "length", "options", "complaint"),
    [
        ("ab", 0, {}, "at least one symbol"),
        ("ab", 3, {}, "no stretch of 3 symbols is without a gap"),
        ("abab", 1, {"significance": 0.0}, "between 0 and 1"),
        ("abab", 1, {"n_input": 3}, "2 symbols are no pairs of 3 inputs"),
    ],
)
def test_what_cannot_be_split_is_said(data, length, options, complaint):
    with pytest.raises(ValueError, match=complaint):
        split_states(count_words(series(data), length), **options)


def test_states_of_histories_are_told():
    found = split_states(exact(zoo.even(), 5))
    of = {word: found.state_of[int("".join(map(str, word)), 2)] for word in product((0, 1), repeat=3)}
    assert of[1, 1, 1] == -1  # has not told whether the run of ones is even
    assert of[0, 0, 0] == of[1, 1, 0] == of[0, 1, 1] != of[0, 0, 1] == of[1, 0, 1]


def test_a_state_of_histories_that_were_never_seen_takes_no_others():
    """The signs of a driven process, of which one value is exactly zero: that state is empty one symbol later."""
    rng = np.random.default_rng(0)
    noise, values = rng.normal(size=1_500), np.zeros(1_500)
    for i in range(1, len(values)):
        values[i] = 0.7 * values[i - 1] + noise[i]
    data = Series((np.sign(values) + 1).astype(np.int64), (0, 1, 2)).part(0, 1_050)
    assert split_states(count_words(data, 3)).n_state == 2
