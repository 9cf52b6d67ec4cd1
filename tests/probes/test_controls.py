"""Controls: each breaks its relation and no other, and each null that finds nothing finds a planted signal."""

import numpy as np
import pytest

from compmech import HMM, zoo
from probes import (
    Control,
    Gaussian,
    Histories,
    LastSymbols,
    NextLogProbabilities,
    NextProbabilities,
    PermutedClasses,
    Position,
    ProbeData,
    RandomFeatures,
    Shuffled,
    Target,
    Weighting,
    belief_target,
    features,
    histories,
    null_target,
    score,
    score_in_sample,
    standard_targets,
)
from probes.crossfit import in_sample
from probes.splits import Split
from tests.probes.ground_for_tests import Ground


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.fixture(scope="module")
def rrxor() -> Ground:
    return Ground(zoo.rrxor(), 10)


def scored(
    ground: Ground, X: np.ndarray, target: Target, split: Split | None = None, weighting: Weighting = "uniform"
) -> float:
    (found,) = score(X, [target], ground.histories, weighting=weighting, split=split or ground.split)
    assert found.score is not None, found.reason
    return found.score


def every_control(ground: Ground) -> list[Control]:
    h = ground.histories
    return [
        LastSymbols(h, 3), RandomFeatures(h, 8, 3), Position(h), NextProbabilities(h), NextLogProbabilities(h),
        Gaussian(h, 4), Shuffled(h), PermutedClasses(ground.classes),
    ]  # fmt: skip


def test_each_control_is_named_and_replaces_one_thing(rrxor: Ground) -> None:
    h = rrxor.histories
    data = ProbeData(h.belief, h.prediction, h.frequency, np.arange(len(h)))
    names = set()
    for control in every_control(rrxor):
        assert isinstance(control, Control)
        found = control(data, rng=rng())
        assert (found.X is data.X) != (found.Y is data.Y), control.name
        assert found.weight is data.weight
        assert found.history is data.history
        names.add(control.name)
    assert names == {
        "last-k", "random-features", "position", "true-p", "true-log-p", "gaussian", "shuffled", "permuted-classes",
    }  # fmt: skip


def test_rows_of_one_history_get_one_value(rrxor: Ground) -> None:
    h = rrxor.histories
    some = np.r_[np.arange(len(h)), rng(1).integers(0, len(h), 500)]
    data = ProbeData(h.belief[some], h.prediction[some], h.frequency[some], some)
    for control in every_control(rrxor):
        found = control(data, rng=rng())
        whole = control(ProbeData(h.belief, h.prediction, h.frequency, np.arange(len(h))), rng=rng())
        np.testing.assert_array_equal(found.X, whole.X[some])
        np.testing.assert_array_equal(found.Y, whole.Y[some])


def test_the_generator_decides_all(rrxor: Ground) -> None:
    for control in every_control(rrxor):
        data = ProbeData(rrxor.histories.belief, rrxor.histories.prediction, rrxor.histories.frequency, np.arange(1046))
        one, two, other = (control(data, rng=rng(seed)) for seed in (1, 1, 2))
        np.testing.assert_array_equal(one.X, two.X)
        np.testing.assert_array_equal(one.Y, two.Y)
        random = control.name in {"random-features", "gaussian", "shuffled", "permuted-classes"}
        assert random != (np.array_equal(one.X, other.X) and np.array_equal(one.Y, other.Y))


def test_null_targets_carry_their_names_and_empty_ones_stay_empty() -> None:
    ground = Ground(zoo.mess3(), 4)
    for target in standard_targets(ground.process, ground.histories, weighting="uniform"):
        null = null_target(Shuffled(ground.histories), target, rng=rng())
        assert (null.name, null.control, null.dimension) == (target.name, "shuffled", target.dimension)
        assert null.reason == target.reason


# --- nulls


def test_shuffled_keeps_each_length_its_targets(rrxor: Ground) -> None:
    h = rrxor.histories
    belief = belief_target(rrxor.process, h)
    null = null_target(Shuffled(h), belief, rng=rng())
    for t in range(1, 11):
        members = h.row == t
        np.testing.assert_array_equal(
            np.sort(belief.Y[members].round(9), axis=0), np.sort(null.Y[members].round(9), axis=0)
        )
    assert (np.abs(null.Y - belief.Y).max(axis=1) > 1e-6).mean() > 0.5


@pytest.mark.parametrize("weighting", ["probability", "uniform"])
def test_shuffled_is_near_zero_where_the_truth_is_one(weighting: Weighting) -> None:
    ground = Ground(zoo.mess3(), 7)
    belief = belief_target(ground.process, ground.histories)
    X = ground.histories.belief
    assert scored(ground, X, belief, weighting=weighting) == pytest.approx(1, abs=1e-8)
    nulls = [null_target(Shuffled(ground.histories), belief, rng=rng(seed)) for seed in range(10)]
    values = [scored(ground, X, null, weighting=weighting) for null in nulls]
    # three histories of length 1 have a seventh of the probability and may keep their places
    assert abs(np.mean(values)) < (0.05 if weighting == "probability" else 0.005)


def test_shuffled_still_knows_the_length(rrxor: Ground) -> None:
    h = rrxor.histories
    planted = Target("length", h.row[:, None].astype(float))
    null = null_target(Shuffled(h), planted, rng=rng())
    assert scored(rrxor, features(Position(h), h, rng=rng()), null) == pytest.approx(1, abs=1e-8)


def test_permuted_classes_moves_every_belief_and_keeps_them_together(rrxor: Ground) -> None:
    belief = belief_target(rrxor.process, rrxor.histories)
    null = null_target(PermutedClasses(rrxor.classes), belief, rng=rng())
    label = rrxor.classes.belief
    for b in range(rrxor.classes.n_belief):
        members = label == b
        assert np.ptp(null.Y[members], axis=0).max() < 1e-12
        assert np.abs(null.Y[members] - belief.Y[members]).max() > 1e-6  # no belief keeps its place

    def distinct(Y: np.ndarray) -> np.ndarray:
        return np.unique(Y.round(9), axis=0)

    np.testing.assert_array_equal(distinct(null.Y), distinct(belief.Y))  # a permutation: none is lost


@pytest.mark.parametrize("weighting", ["probability", "uniform"])
def test_permuted_classes_is_near_zero_on_beliefs_that_are_held_out(rrxor: Ground, weighting: Weighting) -> None:
    belief = belief_target(rrxor.process, rrxor.histories)
    X = rrxor.histories.belief
    assert scored(rrxor, X, belief, rrxor.class_split, weighting) == pytest.approx(1, abs=1e-8)
    nulls = [null_target(PermutedClasses(rrxor.classes), belief, rng=rng(seed)) for seed in range(10)]
    values = [scored(rrxor, X, null, rrxor.class_split, weighting) for null in nulls]
    assert -0.15 < np.mean(values) < 0.05


def test_permuted_classes_shows_clustering() -> None:
    """One-hot features of the belief know which beliefs are equal and nothing of where they lie."""
    ground = Ground(zoo.rrxor(), 12)
    belief = belief_target(ground.process, ground.histories)
    one_hot = np.eye(ground.classes.n_belief)[ground.classes.belief]
    null = null_target(PermutedClasses(ground.classes), belief, rng=rng())
    assert scored(ground, one_hot, belief) > 0.99
    assert scored(ground, one_hot, null) > 0.99  # held out by history this looks perfect, and says nothing
    assert scored(ground, one_hot, belief, ground.class_split) < 0.1  # held out by belief it is seen through


def test_permuting_beliefs_needs_two() -> None:
    coin = Ground(HMM([[[0.5]], [[0.5]]]), 4)
    data = ProbeData(np.empty((30, 0)), np.ones((30, 1)), np.ones(30), np.arange(30))
    with pytest.raises(ValueError, match="at least two distinct beliefs"):
        PermutedClasses(coin.classes)(data, rng=rng())


def test_permutations_need_all_histories(rrxor: Ground) -> None:
    h = rrxor.histories
    part = ProbeData(h.belief[:9], h.prediction[:9], h.frequency[:9], np.arange(9))
    with pytest.raises(ValueError, match="1037 are missing"):
        Shuffled(h)(part, rng=rng())


def test_gaussian_features_only_fit_their_own_rows(rrxor: Ground) -> None:
    h = rrxor.histories
    X = features(Gaussian(h, 300), h, rng=rng())
    belief = belief_target(rrxor.process, h)
    assert scored(rrxor, X, belief) < 0.02
    (own,) = score_in_sample(X, [belief], h, weighting="uniform", n_belief=rrxor.classes.n_belief)
    assert own.score == pytest.approx(300 / 1045, abs=0.06)
    planted = Target("planted", X @ rng(1).standard_normal((300, 2)))
    assert scored(rrxor, X, planted) == pytest.approx(1, abs=1e-6)


# --- baselines and ceilings


def test_last_symbols_hold_a_markov_belief_and_not_a_parity() -> None:
    markov, even = Ground(zoo.golden_mean(), 10), Ground(zoo.even(), 10)
    X = features(LastSymbols(markov.histories, 1), markov.histories, rng=rng())
    assert scored(markov, X, belief_target(markov.process, markov.histories)) == pytest.approx(1, abs=1e-8)
    X = features(LastSymbols(even.histories, 10), even.histories, rng=rng())
    assert scored(even, X, belief_target(even.process, even.histories)) < 0.9
    for k in (0, 11):
        with pytest.raises(ValueError, match=r"must be 1\.\.10"):
            features(LastSymbols(even.histories, k), even.histories, rng=rng())


def test_last_symbols_reproduce_the_published_audit() -> None:
    # Mess3 (x=0.05, a=0.85), length 10, last ten one-hots, in sample: .945 uniformly over words and positions, .965 by
    # probability; a history of length t begins 3^(10-t) words
    process = zoo.mess3(x=0.05, a=0.85)
    h = histories(process, 10)
    X, Y = features(LastSymbols(h, 10), h, rng=rng()), belief_target(process, h).Y
    for weight, published in ((3.0 ** (10 - h.row), 0.945), (h.frequency, 0.965)):
        fit = in_sample(X, Y, weight)
        r2 = 1 - (weight @ (Y - fit.predicted) ** 2).sum() / (weight @ (Y - fit.null) ** 2).sum()
        assert r2 == pytest.approx(published, abs=1e-3)


def test_one_hots_are_zero_before_the_beginning() -> None:
    found: Histories = histories(zoo.mess3(), 3)
    X = features(LastSymbols(found, 3), found, rng=rng())
    i = next(i for i in range(len(found)) if found.symbols(i) == (2, 1))
    assert X[i].tolist() == [0, 1, 0, 0, 0, 1, 0, 0, 0]


def test_random_features_find_what_they_hold() -> None:
    ground = Ground(zoo.mess3(), 7)
    h = ground.histories
    X = features(RandomFeatures(h, 64, 3), h, rng=rng())
    assert X.shape == (len(h), 64)
    assert (X >= 0).all()
    last = Target("last symbol", features(LastSymbols(h, 1), h, rng=rng()))
    # 64 random functions of 3 symbols, which have 39 values: they hold all of them
    assert scored(ground, X, last) > 0.999
    fourth = Target("fourth to last", (h.recent(4)[:, 3:] == 0).astype(float))
    assert scored(ground, X, fourth) < 0.01  # nor do they see further than they should


def test_position_knows_the_length_and_nothing_else() -> None:
    ground = Ground(zoo.mess3(), 7)
    X = features(Position(ground.histories), ground.histories, rng=rng())
    assert X.shape == (len(ground.histories), 7)
    assert scored(ground, X, Target("length", ground.histories.row[:, None] ** 2.0)) == pytest.approx(1, abs=1e-8)
    assert abs(scored(ground, X, belief_target(ground.process, ground.histories))) < 0.005


def test_true_predictions_are_a_ceiling_of_next_and_of_mess3() -> None:
    for process, whole in ((zoo.rrxor(), False), (zoo.mess3(), True)):
        ground = Ground(process, 7)
        belief, following, _ = standard_targets(process, ground.histories, weighting="uniform")
        X = features(NextProbabilities(ground.histories), ground.histories, rng=rng())
        assert scored(ground, X, following) == pytest.approx(1, abs=1e-8)
        assert (scored(ground, X, belief) > 0.999) == whole


def test_true_log_probabilities_encode_what_is_forbidden() -> None:
    ground = Ground(zoo.rrxor(), 10)
    h = ground.histories
    X = features(NextLogProbabilities(h), h, rng=rng())
    assert np.isfinite(X).all()
    # both symbols are forbidden somewhere: two logarithms and two indicators, which give every prediction back
    assert X.shape == (len(h), 4)
    np.testing.assert_array_equal(X[:, 2:] > 0, h.prediction > 0)
    assert (X[:, :2][h.prediction == 0] == 0).all()
    back = np.where(X[:, 2:] > 0, np.exp(X[:, :2]), 0.0)
    np.testing.assert_allclose(back, h.prediction, rtol=1e-12)
    # nothing is forbidden in Mess3, so there are no indicators
    free = histories(zoo.mess3(), 4)
    assert features(NextLogProbabilities(free), free, rng=rng()).shape[1] == 3
