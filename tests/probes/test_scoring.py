"""Scores: perfect and useless features, intervals, verdicts, and that no presentation changes a number."""

from dataclasses import replace

import numpy as np
import pytest

from compmech import HMM, zoo
from probes import (
    RidgeProbe,
    Score,
    Target,
    TooFewRows,
    Weighting,
    belief_target,
    difference,
    score,
    score_by_position,
    score_in_sample,
    standard_targets,
)
from probes.probe import check_table
from probes.results import HIGH
from probes.scoring import assess, verdict, whitened
from probes.splits import Split
from tests.probes.ground_for_tests import Ground, in_other_coordinates, redundant, relabelled

WEIGHTINGS: list[Weighting] = ["probability", "uniform"]


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.fixture(scope="module")
def rrxor() -> Ground:
    return Ground(zoo.rrxor(), 10)


@pytest.fixture(scope="module")
def mess3() -> Ground:
    return Ground(zoo.mess3(), 6)


@pytest.mark.parametrize("weighting", WEIGHTINGS)
def test_the_belief_itself_scores_one(rrxor: Ground, mess3: Ground, weighting: Weighting) -> None:
    for ground in (rrxor, mess3):
        targets = standard_targets(ground.process, ground.histories, weighting=weighting)
        rotated = ground.histories.belief @ rng().standard_normal((ground.process.n_state, 7)) + 3
        for split in (ground.split, ground.class_split):
            for X in (ground.histories.belief, rotated):
                for found in score(X, targets, ground.histories, weighting=weighting, split=split):
                    if found.target == "beyond" and ground is mess3:
                        assert found.score is None
                        assert "determines the belief" in found.reason
                        continue
                    assert found.score == pytest.approx(1, abs=1e-8)
                    assert found.low == pytest.approx(1, abs=1e-8)
                    assert found.whitened == pytest.approx(1, abs=1e-8)
                    assert found.verdict == "holds their geometry"


@pytest.mark.parametrize("weighting", WEIGHTINGS)
def test_the_prediction_alone_knows_nothing_beyond_itself(rrxor: Ground, weighting: Weighting) -> None:
    targets = standard_targets(rrxor.process, rrxor.histories, weighting=weighting)
    X = rrxor.histories.prediction
    for split, slack in ((rrxor.split, 0.01), (rrxor.class_split, 0.1)):
        belief, following, beyond = score(X, targets, rrxor.histories, weighting=weighting, split=split)
        assert following.score == pytest.approx(1, abs=1e-8)
        # in all rows together it is exactly 0; a training part misses it by its sampling error, more where it
        # has a few beliefs only
        assert beyond.score is not None
        assert -slack < beyond.score < 1e-3
        assert belief.score is not None
        assert 0.3 < belief.score < 0.7
    in_sample = score_in_sample(X, targets, rrxor.histories, weighting=weighting, n_belief=rrxor.classes.n_belief)
    assert in_sample[2].score == pytest.approx(0, abs=1e-10)


def test_noise_scores_nothing_held_out_and_its_width_in_sample(rrxor: Ground) -> None:
    n, width = len(rrxor.histories), 200
    X = rng().standard_normal((n, width))
    targets = standard_targets(rrxor.process, rrxor.histories, weighting="uniform")
    for found in score(X, targets, rrxor.histories, weighting="uniform", split=rrxor.split):
        assert found.score is not None
        assert -0.05 < found.score < 0.02
    for found in score_in_sample(X, targets, rrxor.histories, weighting="uniform", n_belief=rrxor.classes.n_belief):
        # the expected share of variance that `width` random directions of n - 1 take; its deviation is below 0.02
        assert found.score == pytest.approx(width / (n - 1), abs=0.06)
        assert found.control == "in-sample"
        assert found.split == "none"
        assert (found.low, found.high) == (None, None)
        assert found.rank == width


def test_targets_scored_together_or_alone_are_the_same(rrxor: Ground) -> None:
    X = np.tanh(rrxor.histories.belief @ rng().standard_normal((5, 20)))
    targets = standard_targets(rrxor.process, rrxor.histories, weighting="uniform")
    together = score(X, targets, rrxor.histories, weighting="uniform", split=rrxor.split)
    for target, found in zip(targets, together, strict=True):
        (alone,) = score(X, [target], rrxor.histories, weighting="uniform", split=rrxor.split)
        assert alone.penalty == found.penalty
        assert alone.score == pytest.approx(found.score, abs=1e-9)


def test_counts_and_verdicts(rrxor: Ground) -> None:
    X = rng().standard_normal((len(rrxor.histories), 30))
    targets = standard_targets(rrxor.process, rrxor.histories, weighting="uniform")
    found = score(X, targets, rrxor.histories, weighting="uniform", split=rrxor.split, control="noise")[0]
    assert (found.rows, found.width, found.rank, found.beliefs) == (1046, 30, 30, rrxor.classes.n_belief)
    assert (found.target, found.control, found.split, found.weighting) == ("belief", "noise", "history", "uniform")
    assert found.verdict == ""  # noise tells nothing
    assert verdict(0.9, 60, 30) == "holds their geometry"
    assert verdict(0.9, 59, 30) == "discriminates states"
    assert verdict(0.9, 59, None) == ""


def test_only_high_scores_of_real_targets_have_a_verdict(rrxor: Ground) -> None:
    assert verdict(HIGH, 60, 30) == "holds their geometry"
    assert {verdict(value, n_belief, 30) for value in (-0.2, 0.0, HIGH - 1e-9) for n_belief in (59, 60)} == {""}
    for null in ("shuffled", "permuted-classes", "in-sample shuffled"):
        assert verdict(1.0, 60, 30, null) == verdict(1.0, 59, 30, null) == ""
    # a null that is read out exactly, from features that hold its own target
    null = replace(belief_target(rrxor.process, rrxor.histories), control="shuffled")
    (found,) = score(null.Y, [null], rrxor.histories, weighting="uniform", split=rrxor.split)
    assert found.score == pytest.approx(1, abs=1e-8)
    assert found.verdict == ""


def test_an_ordinary_fit_needs_rows(rrxor: Ground) -> None:
    n = len(rrxor.histories)
    target = [belief_target(rrxor.process, rrxor.histories)]
    wide = rng().standard_normal((n, 600))
    ordinary = RidgeProbe((0.0,))
    with pytest.raises(TooFewRows) as caught:
        score(wide, target, rrxor.histories, weighting="uniform", split=rrxor.split, probe=ordinary)
    assert caught.value.rank == 600
    (found,) = score(wide[:, :100], target, rrxor.histories, weighting="uniform", split=rrxor.split, probe=ordinary)
    assert found.penalty == 0


def test_a_missing_split_gives_empty_scores_with_the_reason() -> None:
    ground = Ground(zoo.even(), 8)
    targets = standard_targets(ground.process, ground.histories, weighting="uniform")
    found = score(ground.histories.belief, targets, ground.histories, weighting="uniform", split=ground.class_split)
    assert [one.score for one in found] == [None] * 3
    assert "transient beliefs" in found[0].reason
    assert "determines the belief" in found[2].reason


def test_features_are_checked(rrxor: Ground) -> None:
    target = [belief_target(rrxor.process, rrxor.histories)]
    X = rrxor.histories.belief.copy()
    with pytest.raises(ValueError, match="a row for each of the 1046 histories"):
        score(X[1:], target, rrxor.histories, weighting="uniform", split=rrxor.split)
    X[3, 1] = np.nan
    with pytest.raises(ValueError, match=r"X\[3, 1\] is nan"):
        score(X, target, rrxor.histories, weighting="uniform", split=rrxor.split)


def test_the_score_is_its_definition(rrxor: Ground) -> None:
    """R² recomputed from predictions that are fitted row by row, without any moments."""
    from sklearn.linear_model import Ridge

    h, split = rrxor.histories, rrxor.split
    X, Y = np.tanh(h.belief @ rng().standard_normal((5, 4))), belief_target(rrxor.process, h).Y
    (found,) = score(X, [Target("belief", Y)], h, weighting="probability", split=split, probe=RidgeProbe((1e-2,)))
    error = spread = 0.0
    for fold in range(5):
        kept = split.fold != fold
        w = h.frequency[kept]
        alpha = 1e-2 * (w @ (X[kept] - w @ X[kept] / w.sum()) ** 2).sum() / 4
        fitted = Ridge(alpha=alpha, solver="svd").fit(X[kept], Y[kept], sample_weight=w)
        error += (h.frequency[~kept] @ (Y[~kept] - fitted.predict(X[~kept])) ** 2).sum()
        spread += (h.frequency[~kept] @ (Y[~kept] - w @ Y[kept] / w.sum()) ** 2).sum()
    assert found.score == pytest.approx(1 - error / spread, abs=1e-9)


def test_intervals_hold_the_score_and_widen_with_fewer_units(rrxor: Ground, mess3: Ground) -> None:
    for ground in (rrxor, mess3):
        X = np.tanh(ground.histories.belief @ rng().standard_normal((ground.process.n_state, 3)))
        target = [belief_target(ground.process, ground.histories)]
        (found,) = score(X, target, ground.histories, weighting="probability", split=ground.split)
        assert found.low is not None
        assert found.high is not None
        assert found.score is not None
        assert found.low < found.score < found.high
        # resampled as if every history were independent, the interval would be far too narrow
        rows = np.arange(len(ground.histories))
        draws = rng().multinomial(len(rows), np.full(len(rows), 1 / len(rows)), size=200)
        by_row = Split("history", ground.split.fold, rows, draws, ground.classes.n_belief)
        (naive,) = score(X, target, ground.histories, weighting="uniform", split=by_row)
        (honest,) = score(X, target, ground.histories, weighting="uniform", split=ground.split)
        assert naive.low is not None
        assert naive.high is not None
        assert honest.low is not None
        assert honest.high is not None
        assert honest.high - honest.low > 2 * (naive.high - naive.low)


def test_bootstrap_intervals_cover() -> None:
    """Independent units of one row, so that the truth is known: about 95 % of the intervals hold it."""
    n, covered = 400, 0
    for seed in range(60):
        random = rng(seed)
        Y = random.standard_normal((n, 1))
        predicted = Y + 0.5 * random.standard_normal((n, 1))
        units = np.arange(n)
        draws = random.multinomial(n, np.full(n, 1 / n), size=400)
        split = Split("history", np.arange(n) % 5, units, draws, n)
        found = assess(
            Target("belief", Y), predicted, np.zeros((n, 1)), np.full(n, 1 / n), split,
            weighting="uniform", width=1, rank=1, penalty=None,
        )  # fmt: skip
        assert found.low is not None
        assert found.high is not None
        covered += found.low < 0.75 < found.high
    # binomial(60, 0.95): fewer than 50 has probability 1e-4
    assert covered >= 50


def test_whitening_undoes_any_change_of_basis() -> None:
    random = rng()
    spread = random.standard_normal((300, 3)) * [1, 5, 0.1]
    error = 0.3 * random.standard_normal((300, 3))
    w = random.exponential(size=300)
    basis = random.standard_normal((3, 3))
    plain = whitened(error, spread, w)
    assert whitened(error @ basis, spread @ basis, w) == pytest.approx(plain, abs=1e-9)
    # in the white basis it is the mean R² of the coordinates
    S = (w[:, None] * spread).T @ spread
    white = np.linalg.inv(np.linalg.cholesky(S)).T
    assert plain == pytest.approx(1 - np.mean(w @ (error @ white) ** 2 / (w @ (spread @ white) ** 2)), abs=1e-9)
    # a direction without spread is left out, and does not divide by zero
    flat = np.array([[1.0, 0, 0, 1], [0, 1, 0, 1], [0, 0, 1, 1]])
    assert whitened(error @ flat, spread @ flat, w) == pytest.approx(plain, abs=1e-6)


def test_a_small_direction_counts_whitened_and_not_pooled(rrxor: Ground) -> None:
    h = rrxor.histories
    Y = np.column_stack([h.belief[:, 0], 1e-4 * h.belief[:, 1]])
    (found,) = score(h.belief[:, :1], [Target("belief", Y)], h, weighting="uniform", split=rrxor.split)
    assert found.score == pytest.approx(1, abs=1e-6)
    assert found.whitened is not None
    assert found.whitened < 0.8


@pytest.mark.parametrize("weighting", WEIGHTINGS)
def test_no_presentation_changes_a_score(weighting: Weighting) -> None:
    process = zoo.rrxor()
    mine = Ground(process, 8)
    others: list[HMM] = [relabelled(process, [4, 2, 0, 1, 3]), redundant(process)]
    for other in [*others, in_other_coordinates(process, rng(2))]:
        theirs = Ground(other, 8)
        np.testing.assert_array_equal(mine.class_split.fold, theirs.class_split.fold)
        X = np.tanh(3 * mine.histories.recent(8) @ rng(1).standard_normal((8, 12)))
        for one, two in ((mine.split, theirs.split), (mine.class_split, theirs.class_split)):
            found = [
                score(
                    X,
                    standard_targets(ground.process, ground.histories, weighting=weighting),
                    ground.histories,
                    weighting=weighting,
                    split=split,
                )
                for ground, split in ((mine, one), (theirs, two))
            ]
            for left, right in zip(*found, strict=True):
                assert left.score == pytest.approx(right.score, abs=1e-6)
                assert left.whitened == pytest.approx(right.whitened, abs=1e-5)
                assert (left.low, left.high) == pytest.approx((right.low, right.high), abs=1e-6)


def test_differences_are_paired(rrxor: Ground) -> None:
    h = rrxor.histories
    target = [belief_target(rrxor.process, h)]
    random = rng()
    X = np.tanh(h.belief @ random.standard_normal((5, 3)))

    def scored(features: np.ndarray, split: Split = rrxor.split) -> Score:
        return score(features, target, h, weighting="uniform", split=split)[0]

    one, other = scored(X), scored(X @ random.standard_normal((3, 3)))
    noise = scored(random.standard_normal((len(h), 3)))
    same = difference(one, other)
    # the same information: their difference is nearly 0 although each alone is uncertain
    assert abs(same.difference) < 1e-3
    assert same.high - same.low < 0.02 * (one.high - one.low)
    better = difference(one, noise)
    assert better.low > 0
    assert better.difference == pytest.approx(one.score - noise.score)
    with pytest.raises(ValueError, match="one split"):
        difference(one, scored(X, rrxor.class_split))


@pytest.mark.parametrize(
    ("features", "message"),
    [
        (np.ones(3), r"one column or more; got \(3,\)"),
        (np.ones((3, 0)), r"one column or more; got \(3, 0\)"),
        (np.ones((3, 1, 2)), r"one column or more; got \(3, 1, 2\)"),
        (np.ones((3, 2), dtype=complex), "real numbers; got an array of complex128"),
        (np.ones((3, 2), dtype=object), "real numbers; got an array of object"),
        (np.array([[0.0, 1.0], [np.nan, 0.0]]), r"X\[1, 0\] is nan"),
    ],
)
def test_features_that_are_no_table_of_numbers_are_refused_in_words(features: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check_table(features, "X")


def test_targets_and_splits_of_other_histories_are_refused(rrxor: Ground) -> None:
    fewer = Ground(zoo.rrxor(), 6)
    n, m = len(rrxor.histories), len(fewer.histories)
    target, other = belief_target(rrxor.process, rrxor.histories), belief_target(fewer.process, fewer.histories)
    X, at = rrxor.histories.belief, rrxor.histories
    for of in (score, score_by_position):
        with pytest.raises(ValueError, match=f"the target belief has {m} rows and there are {n} histories"):
            of(X, [other], at, weighting="uniform", split=rrxor.split)
        with pytest.raises(ValueError, match=f"the split is of {m} histories, and there are {n}"):
            of(X, [target], at, weighting="uniform", split=fewer.split)
    with pytest.raises(ValueError, match=f"the target belief has {m} rows"):
        score_in_sample(X, [other], at, weighting="uniform", n_belief=35)
