"""The causal bottleneck at its ends, against a search by hand, and the inequalities that every memory obeys."""

import numpy as np
import pytest

from compmech import statistics, zoo
from compmech.bottleneck import Pasts, causal_bottleneck, pasts_of


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def mutual(joint: np.ndarray) -> float:
    rows, columns = joint.sum(axis=1, keepdims=True), joint.sum(axis=0, keepdims=True)
    some = joint > 0
    return float((joint[some] * np.log2(joint[some] / (rows * columns)[some])).sum())


def test_pasts_are_the_beliefs_with_their_probabilities() -> None:
    process = zoo.golden_mean()
    found = pasts_of(process, 6, 2)
    assert len(found.probability) == 2  # golden mean synchronises at the first symbol
    assert found.probability.sum() == pytest.approx(1)
    np.testing.assert_allclose(found.future.sum(axis=1), 1)
    np.testing.assert_allclose(found.probability @ found.belief, process.start)


@pytest.mark.parametrize("name", ["golden_mean", "even", "nemo", "rrxor"])
def test_at_a_high_price_the_memory_is_the_belief_and_tells_all(name: str) -> None:
    process = zoo.entry(name).build()
    given = pasts_of(process, 7, 6)
    (point,) = causal_bottleneck(given, [1e4], rng=rng(), restarts=0)
    p = given.probability
    all_told = mutual(p[:, None] * given.future)
    assert point.predictive == pytest.approx(all_told, rel=1e-6)
    assert point.distortion == pytest.approx(0, abs=1e-6)
    assert point.rate == pytest.approx(-(p * np.log2(p)).sum(), rel=1e-6)
    assert point.n_state == len(p)


def test_golden_mean_keeps_its_complexity_and_tells_its_excess_entropy() -> None:
    stats = statistics(zoo.golden_mean())
    (point,) = causal_bottleneck(pasts_of(zoo.golden_mean(), 8, 8), [1e4], rng=rng(), restarts=0)
    assert point.rate == pytest.approx(stats.statistical_complexity)
    assert point.predictive == pytest.approx(stats.excess_entropy)  # a Markov chain: one symbol ahead has it all


def test_below_price_one_nothing_is_kept() -> None:
    """Telling the future is worth no more than it costs: by the data processing inequality."""
    (point,) = causal_bottleneck(pasts_of(zoo.rrxor(), 5, 4), [0.99], rng=rng())
    assert point.rate == pytest.approx(0, abs=1e-6)
    assert point.n_state == 1


def test_two_pasts_do_as_well_as_a_search_over_all_memories_of_two_states() -> None:
    p, future = np.array([0.3, 0.7]), np.array([[0.9, 0.1], [0.2, 0.8]])
    given = Pasts(np.eye(2), p, future, 1, 1)
    grid = np.linspace(0, 1, 101)
    memories = [np.array([[a, 1 - a], [b, 1 - b]]) for a in grid for b in grid[grid >= a] if 0 < a + b < 2]
    tried = [(mutual(p[:, None] * each), mutual((p[:, None] * each).T @ future)) for each in memories]
    for beta in (1.5, 3.0, 8.0):
        (point,) = causal_bottleneck(given, [beta], rng=rng())
        best = min(rate - beta * told for rate, told in tried)
        # what a grid of steps 1 / 100 misses of an optimum is of the order of beta / 100^2 bits
        assert best - beta * 1e-3 <= point.rate - beta * point.predictive <= best + 1e-9


def test_the_curve_falls_bends_the_right_way_and_obeys_data_processing() -> None:
    given = pasts_of(zoo.rrxor(), 6, 5)
    points = causal_bottleneck(given, [1.1, 1.5, 2, 3, 5, 10, 30, 100], rng=rng())
    rates, told = np.array([p.rate for p in points]), np.array([p.predictive for p in points])
    assert [p.beta for p in points] == sorted((p.beta for p in points), reverse=True)
    # settling to 1e-10 in probabilities leaves errors below 1e-6 bit
    assert np.all(np.diff(rates) <= 1e-6)
    assert np.all(np.diff(told) <= 1e-6)
    assert np.all(told <= rates + 1e-6)
    assert all(p.distortion >= 0 for p in points)
    # each point is the best at its own price, among those found
    for i, point in enumerate(points):
        values = rates - point.beta * told
        assert values[i] <= values.min() + 1e-4


@pytest.mark.parametrize(
    ("call", "complaint"),
    [
        (lambda: pasts_of(zoo.rrxor(), 0, 3), "length must be at least 1"),
        (lambda: pasts_of(zoo.mess3(), 8, 3, max_states=100), "max_states=100"),
        (lambda: causal_bottleneck(pasts_of(zoo.even(), 3, 2), [], rng=rng()), "one at least"),
        (lambda: causal_bottleneck(pasts_of(zoo.even(), 3, 2), [-1.0], rng=rng()), "positive"),
        (lambda: causal_bottleneck(pasts_of(zoo.even(), 3, 2), [2.0], rng=rng(), restarts=-1), "restarts"),
    ],
)
def test_what_cannot_be_done_is_refused(call, complaint: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=complaint):
        call()
