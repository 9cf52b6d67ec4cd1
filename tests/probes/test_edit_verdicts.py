"""The words for what an edit shows, rule by rule; and the pieces that they rest on: components and intervals."""

import numpy as np
import pytest
from architectures_for_edits import tiny

from predictors import Predictor
from probes import RidgeProbe
from probes.intervention import EditName, place
from probes.intervention.cases import Bench, Pairs, drawn_alone, drawn_pairs
from probes.intervention.component import fit_component, fit_components
from probes.intervention.replacements import Replacement
from probes.intervention.resampling import interval, margin, part_of_the_way, resampled
from probes.intervention.verdicts import Facts, null_verdict, verdict

GRU, TRANSFORMER = tiny("gru"), tiny("transformer")
STILL = Facts(effect=0.01, margin=-0.1, moved=0.01, due=1.0)


def told(facts: Facts, edit: EditName = "carry", site: str | None = None, model: Predictor = GRU, **more) -> str:
    return verdict(facts, place(model, edit, site, 3), model, **({"kind": "transplant", "reaches": True} | more))


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (Facts(0.9, 0.1, 1.0, 1.0), "as Bayes"),
        (Facts(0.5, 0.1, 1.0, 1.0), "as Bayes"),
        (Facts(0.49, 0.1, 1.0, 1.0), "part of the way"),
        (Facts(0.9, -0.01, 1.0, 1.0), "not as Bayes"),  # some control went as far
        (Facts(0.05, 0.01, 1.0, 1.0), "not as Bayes"),
        (Facts(-3.0, -4.0, 1.0, 1.0), "not as Bayes"),
        (Facts(-3.0, -4.0, np.inf, np.inf), "not as Bayes"),  # an infinite move is a move
        (STILL, "does not use"),
        (Facts(None, None, 1.0, 0.0), ""),
    ],
)
def test_how_far_and_further_than_controls(facts: Facts, expected: str) -> None:
    assert told(facts) == expected


@pytest.mark.parametrize(
    ("model", "edit", "site", "expected"),
    [
        (GRU, "carry", None, "does not use"),
        (TRANSFORMER, "carry", None, "does not use"),
        (GRU, "carry", "layer.0.carry", "does not use this copy"),
        (GRU, "row t", "layer.0.carry", "does not use this copy"),
        (GRU, "row t", "embed", "recomputes"),
        (GRU, "row t", "layer.0", "recomputes"),
        (TRANSFORMER, "row t", "layer.0", "recomputes"),
        (TRANSFORMER, "row t", "layer.0.key", "recomputes"),
        (TRANSFORMER, "rows<=t", "layer.0", "does not use this copy"),
    ],
)
def test_a_null_says_no_more_than_its_edit_can_show(
    model: Predictor, edit: EditName, site: str | None, expected: str
) -> None:
    assert told(STILL, edit, site, model) == expected
    assert null_verdict(place(model, edit, site, 3), model, "transplant") == expected


def test_a_null_of_a_component_is_none_of_everything() -> None:
    assert told(STILL, kind="belief") == "does not use this copy"
    assert told(STILL, kind="erase") == "does not use this copy"
    assert told(STILL, kind="mean") == "does not use"


def test_final_is_trivial_and_what_cannot_reach_is_no_robustness() -> None:
    for facts in (STILL, Facts(0.9, 0.5, 1.0, 1.0)):
        assert told(facts, "row t", "final") == "trivial"
        assert told(facts, "row t", "final", TRANSFORMER, reaches=False) == "trivial"
        assert told(facts, "row t", "layer.1", reaches=False) == "cannot change the future"


def test_before_the_first_visible_horizon_predictions_must_stay() -> None:
    visible = Facts(0.9, 0.5, moved=2.0, due=2.0)

    def early(moved: float, when: Facts = visible, **more) -> str:
        return told(Facts(None, None, moved, 0.0, when_visible=when, **more), kind="visible-at-3")

    assert early(0.2) == "stays"  # a tenth of 2 is allowed
    assert early(0.21) == "moves too early"
    assert early(0.0, STILL) == "does not use this copy"  # staying is no merit of what never moves
    assert early(0.0, started=False) == "start not reached"


# ----------------------------------------------------------------------------------------------------------- components


def image(n: int = 60, width: int = 5, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Values that are an exact image of points, the image, and folds."""
    random = np.random.default_rng(seed)
    points, map_ = random.standard_normal((n, 2)), random.standard_normal((2, width))
    return points @ map_ + 1.0, points, map_, np.arange(n) % 3


@pytest.mark.parametrize("width", [5, 200])
def test_both_ways_find_an_exact_image(width: int) -> None:
    values, points, map_, folds = image(width=width)
    weight = np.random.default_rng(1).exponential(size=len(values))
    for through in ("probe", "encoding"):
        found = fit_component(values, points, weight, folds, through=through, probe=RidgeProbe())
        np.testing.assert_allclose(found.write, map_, atol=1e-6)
        other = np.roll(np.arange(len(values)), 1)
        change = found.exchanged(values[other] - values, points[other] - points)
        np.testing.assert_allclose(values + change, values[other], atol=1e-6)


def test_the_probe_and_the_pattern_differ_where_the_value_varies_otherwise() -> None:
    """x = (y + n, n): the best readout is x0 - x1, but y itself moves x0 alone (Haufe and others 2014)."""
    random = np.random.default_rng(0)
    y, n = random.standard_normal((2, 4000))
    values, points, folds = np.stack([y + n, n], axis=1), y[:, None], np.arange(4000) % 3
    weight = np.ones(4000)
    probe = fit_component(values, points, weight, folds, through="probe", probe=RidgeProbe())
    pattern = fit_component(values, points, weight, folds, through="encoding", probe=RidgeProbe())
    np.testing.assert_allclose(probe.write, [[0.5, -0.5]], atol=1e-6)
    np.testing.assert_allclose(pattern.write, [[1.0, 0.0]], atol=0.05)


def test_a_fold_is_edited_by_what_the_others_taught() -> None:
    values, points, map_, folds = image()
    values[folds == 0] = np.random.default_rng(2).standard_normal(values[folds == 0].shape)
    given = {"through": "probe", "probe": RidgeProbe()}
    found = fit_components(values, points, np.ones(60), folds, **given)
    np.testing.assert_allclose(found[0].write, map_, atol=1e-6)
    assert abs(found[1].write - map_).max() > 0.01
    with pytest.raises(ValueError, match="60 histories are too few to fit and edit apart"):
        fit_components(values, points, np.ones(60), np.arange(60) % 2, **given)
    with pytest.raises(ValueError, match="the same after every history"):
        fit_components(values * 0, points, np.ones(60), folds, **given)


# ------------------------------------------------------------------------------------------------- cases and resampling


def bench_of(belief: list[int], weight: list[float]) -> Bench:
    n = len(belief)
    words, points = np.zeros((n, 2), dtype=int), np.zeros((n, 3, 1))
    return Bench(2, np.arange(n), words, points, np.array(weight), np.array(belief), np.array(belief))


def test_pairs_are_drawn_by_probability_among_other_beliefs() -> None:
    bench = bench_of([0, 0, 1, 2], [0.4, 0.1, 0.3, 0.2])
    pairs = drawn_pairs(bench, 20_000, rng=np.random.default_rng(0))
    assert len(pairs) == 10  # ordered pairs of different beliefs
    assert (bench.belief[pairs.into] != bench.belief[pairs.of]).all()
    assert (bench.belief[pairs.wrong] != bench.belief[pairs.of]).all()
    for into, of, weight in zip(pairs.into, pairs.of, pairs.weight, strict=True):
        other = bench.weight[bench.belief != bench.belief[into]].sum()
        assert weight == pytest.approx(bench.weight[into] * bench.weight[of] / other, abs=0.015)


def test_histories_alone_are_all_taken_or_drawn() -> None:
    bench = bench_of([0, 1, 2, 3], [0.4, 0.1, 0.3, 0.2])
    every = drawn_alone(bench, 3, among=np.array([0, 2, 3]), rng=np.random.default_rng(0))
    np.testing.assert_allclose(every.weight, np.array([0.4, 0.3, 0.2]) / 0.9)
    some = drawn_alone(bench, 3, among=np.arange(4), rng=np.random.default_rng(0))
    assert some.weight.sum() == pytest.approx(1)
    assert len(some) <= 3


def test_effects_are_one_minus_a_ratio_and_infinities_are_kept_apart() -> None:
    weight = np.array([[0.5, 0.5, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])
    after, before = np.array([0.2, 0.4, 1.0]), np.array([1.0, 2.0, np.inf])
    np.testing.assert_allclose(part_of_the_way(weight, after, before), [0.8, 1.0, 0.8])
    assert np.isnan(part_of_the_way(weight[1:2], before, before)).all()
    assert np.isnan(part_of_the_way(weight[:1], after, np.zeros(3))).all()
    assert interval(np.array([np.nan, np.nan])) == (None, None)
    assert interval(np.arange(1001.0)) == (25.0, 975.0)


def test_margins_are_paired() -> None:
    shared = np.random.default_rng(0).standard_normal(1000)
    assert margin(0.9, shared + 0.9, 0.8, shared + 0.8) == pytest.approx(0.1)
    assert margin(0.9, np.empty(0), 0.8, np.empty(0)) == pytest.approx(0.1)
    assert margin(None, shared, 0.8, shared) is None
    assert margin(0.9, shared, None, shared) is None


def test_bootstrap_intervals_of_effects_cover() -> None:
    """Belief classes with an effect of their own, so that the truth of the population is known."""
    random, covered, n = np.random.default_rng(3), 0, 40
    for _ in range(60):
        before = random.exponential(size=n)
        after = before * (0.4 + 0.2 * random.standard_normal(n))
        each = np.arange(n)
        cases = Replacement(Pairs(each, each, each, np.full(n, 1 / n)), np.zeros((n, 1)), np.zeros((n, 1)), {})
        bench = bench_of(list(range(n)), [1 / n] * n)
        low, high = interval(part_of_the_way(resampled(bench, cases, rng=random), after, before))
        assert low is not None
        assert high is not None
        covered += low < 0.6 < high
    assert covered >= 50  # binomial(60, 0.95): fewer has probability 1e-4
