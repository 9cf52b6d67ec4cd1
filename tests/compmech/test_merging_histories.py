"""Causal-state merging: machines come back, from histories that the next symbol alone does not tell apart as well."""

import numpy as np
import pytest
from known_series import exact, sampled, truth_of

from compmech import zoo
from compmech.inference import isomorphism, merge_states, merging_histories, series
from compmech.inference.counts import WordCounts, count_words


@pytest.mark.parametrize("horizon", [1, 2])
@pytest.mark.parametrize(
    ("name", "history"),
    [("golden_mean", 3), ("even", 4), ("z1r", 4), ("nemo", 5), ("butterfly", 2), ("noisy_random_phase_slip", 6)],
)
def test_machines_that_synchronise_come_back(name, history, horizon):
    process = getattr(zoo, name)()
    for counts, tolerance in (
        (exact(process, history + horizon), 1e-4),
        (count_words(sampled(process, 50_000), history + horizon), 0.03),
    ):
        found = merge_states(counts, horizon=horizon)
        assert found.synchronised
        same = isomorphism(found.machine, truth_of(process))
        assert same is not None, f"{found.n_state} states"
        assert same.largest_difference < tolerance


def test_futures_of_two_symbols_tell_what_the_next_one_does_not():
    """Emissions of RRXOR have rank 2 of 5: by the next symbol alone no length of history gives its five states."""
    data = sampled(zoo.rrxor(), 20_000)
    found = merge_states(count_words(data, 8), horizon=2)
    assert isomorphism(found.machine, truth_of(zoo.rrxor())) is not None
    assert merge_states(count_words(data, 7), horizon=1).n_state > 5


@pytest.mark.parametrize("horizon", [1, 3])
def test_no_structure_is_one_state_at_the_stated_rate(horizon):
    """At a level of 0.05 for all pairs together; P(more than 12 of 100 | a rate of 0.05) = 0.0015."""
    wrong = sum(
        merge_states(
            count_words(sampled(zoo.biased_coin(p=0.4), 3_000, seed), 5 + horizon), horizon=horizon, significance=0.05
        ).n_homogeneous
        > 1
        for seed in range(100)
    )
    assert wrong <= 12


def test_a_chain_of_histories_each_like_the_next_is_not_one_state():
    """Of four, each like the next but not like the others, only the nearest two are merged."""
    counts = WordCounts(np.array([[400, 600], [500, 500], [550, 450], [650, 350]]).ravel(), 2, 3)
    assert merge_states(counts, significance=1e-6).n_homogeneous == 3
    assert merge_states(counts, significance=1e-60).n_homogeneous == 1


def test_rare_histories_are_not_merged():
    counts = WordCounts(np.array([[500, 500], [500, 500], [500, 500], [0, 40]]).ravel(), 2, 3)
    assert merge_states(counts, least_count=41).n_homogeneous == 1
    assert merge_states(counts).n_homogeneous == 2


def test_periodic_data_make_a_cycle():
    found = merge_states(count_words(series("abc" * 200), 4), horizon=2)
    assert found.synchronised
    assert sorted(found.machine.emit.tolist()) == [[0, 0, 1], [0, 1, 0], [1, 0, 0]]


def test_what_cannot_be_merged_is_said(monkeypatch):
    data = count_words(series("abba" * 50), 3)
    for horizon in (0, 4):
        with pytest.raises(ValueError, match=f"have a future of 1 .. 3; got {horizon}"):
            merge_states(data, horizon=horizon)
    with pytest.raises(ValueError, match="between 0 and 1"):
        merge_states(data, significance=1.0)
    with pytest.raises(ValueError, match="no stretch of 5 symbols"):
        merge_states(count_words(series("abba"), 5))
    monkeypatch.setattr(merging_histories, "MOST_HISTORIES", 3)
    with pytest.raises(ValueError, match="4 histories occur, and at most 3 are compared"):
        merge_states(data)
