"""Differences and ranks over seeds: against scipy, calibrated on scores that do not differ, sharp on those that do."""

import numpy as np
import pytest
from scipy.stats import ttest_rel

from probes.ranking import headline_scores, paired_differences, ranking
from tests.probes.sample_comparison import sample_comparison


def drawn(means: dict[str, float], n_seed: int, rng: np.random.Generator) -> dict[str, dict[int, float]]:
    return {name: {s: mean + 0.02 * rng.standard_normal() for s in range(n_seed)} for name, mean in means.items()}


def test_each_difference_is_the_paired_t_test_of_scipy() -> None:
    scores = drawn({"gru": 0.9, "lstm": 0.92, "mamba": 0.8}, 5, np.random.default_rng(0))
    found = paired_differences(scores)
    assert [(d.one, d.other) for d in found] == [("gru", "lstm"), ("gru", "mamba"), ("lstm", "mamba")]
    for d in found:
        a, b = (list(scores[name].values()) for name in (d.one, d.other))
        expected = ttest_rel(a, b)
        interval = expected.confidence_interval(0.95)
        assert d.p == pytest.approx(expected.pvalue)
        assert (d.low, d.high) == pytest.approx((interval.low, interval.high))
        assert d.mean == pytest.approx(np.mean(a) - np.mean(b))


def test_p_values_of_many_are_those_of_holm() -> None:
    scores = drawn({"a": 0.9, "b": 0.9, "c": 0.88, "d": 0.8}, 5, np.random.default_rng(3))
    found = paired_differences(scores)
    order = np.argsort([d.p for d in found])
    by_hand = np.minimum(1, np.maximum.accumulate([found[i].p * (len(found) - k) for k, i in enumerate(order)]))
    np.testing.assert_allclose([found[i].p_adjusted for i in order], by_hand)


def test_predictors_that_do_not_differ_are_seldom_told_apart() -> None:
    """Family-wise: in at most 5 % of comparisons is any rank narrower than all ranks."""
    rng = np.random.default_rng(1)
    trials = 400
    wrong = 0
    for _ in range(trials):
        ranks = ranking(drawn(dict.fromkeys("abcd", 0.9), 5, rng))
        wrong += any((r.highest, r.lowest) != (1, 4) for r in ranks)
    # three standard errors of a share of 5 % in 400 trials
    assert wrong / trials < 0.05 + 3 * np.sqrt(0.05 * 0.95 / trials)


def test_predictors_far_apart_are_ranked() -> None:
    ranks = ranking(drawn({"k": 0.2, "mamba": 0.6, "gru": 0.95}, 5, np.random.default_rng(2)))
    assert [(r.predictor, r.highest, r.lowest) for r in ranks] == [("gru", 1, 1), ("mamba", 2, 2), ("k", 3, 3)]
    for r in ranks:
        assert r.low < r.mean < r.high
        assert len(r.by_seed) == 5


def test_intervals_cover_the_true_difference() -> None:
    rng = np.random.default_rng(4)
    trials = 500
    covered = 0
    for _ in range(trials):
        (d,) = paired_differences(drawn({"a": 0.5, "b": 0.53}, 5, rng))
        covered += d.low <= -0.03 <= d.high
    assert abs(covered / trials - 0.95) < 3 * np.sqrt(0.05 * 0.95 / trials)


def test_equal_scores_of_every_seed() -> None:
    same = {"a": {0: 0.5, 1: 0.5}, "b": {0: 0.5, 1: 0.5}, "c": {0: 0.7, 1: 0.7}}
    ab, ac, _ = paired_differences(same)
    assert (ab.mean, ab.p) == (0, 1)
    assert (ac.p, ac.low) == (0, pytest.approx(-0.2))


@pytest.mark.parametrize("apart", [2e-16, 6.5e-5])
def test_scores_that_no_table_tells_apart_are_the_same(apart: float) -> None:
    """As those of one embedding in two networks: constant differences would be as sure as can be."""
    same = {"a": {0: 0.5, 1: 0.5}, "b": {0: 0.5 + apart, 1: 0.5 + apart + 1e-16}}
    (ab,) = paired_differences(same)
    assert (ab.mean, ab.p) == (0, 1)
    assert [(r.highest, r.lowest) for r in ranking(same)] == [(1, 2), (1, 2)]


def test_one_seed_that_differs_is_a_difference() -> None:
    (ab,) = paired_differences({"a": {0: 0.5, 1: 0.5}, "b": {0: 0.5, 1: 0.501}})
    assert ab.by_seed == {0: 0, 1: pytest.approx(-0.001)}
    (cd,) = paired_differences({"c": {0: 0.502, 1: 0.502}, "d": {0: 0.5, 1: 0.5}})
    assert cd.p < 1e-6


@pytest.mark.parametrize(
    ("scores", "complaint"),
    [
        ({"a": {0: 1.0}, "b": {0: 1.0}}, "share 1 seeds"),
        ({"a": {0: 1.0, 1: 1.0}, "b": {2: 1.0, 3: 1.0}}, "share 0 seeds"),
        ({"a": {0: 1.0}}, "a has 1 seeds"),
        ({}, "no scores"),
    ],
)
def test_too_few_seeds_are_refused(scores: dict[str, dict[int, float]], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        ranking(scores)


def test_the_scores_are_those_of_the_best_site() -> None:
    comparison = sample_comparison(n_seed=3)
    process = comparison.processes[0].process
    found = headline_scores(comparison, process, "belief")
    assert found
    for name, by_seed in found.items():
        rows = comparison.only(
            process=process, predictor=name, target="belief", split="history", weighting="probability", control=""
        )
        means = {
            site: np.mean([r.score for r in rows if r.site == site and r.score is not None])
            for site in {r.site for r in rows if r.site != "output"}
        }
        assert np.mean(list(by_seed.values())) == pytest.approx(max(means.values()))
