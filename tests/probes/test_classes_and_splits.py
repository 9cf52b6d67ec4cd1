"""Belief classes against mixed-state counts, and splits that never leak a class."""

import numpy as np
import pytest

from compmech import HMM, zoo
from probes import belief_classes, by_class, by_history, histories
from probes.classes import cylinders, equal_rows
from tests.probes.ground_for_tests import Ground, in_other_coordinates, redundant, relabelled


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_rrxor_has_35_beliefs_after_its_prior_of_which_5_recur() -> None:
    # 36 mixed states, 31 of them transient; the prior is one of these and no nonempty history returns to it
    ground = Ground(zoo.rrxor(), 16)
    classes = ground.classes
    assert (classes.n_belief, int(classes.recurrent.sum()), classes.finite) == (35, 5, True)
    # by number of histories 93 % sit in the five recurrent ones
    assert classes.recurrent[classes.belief].mean() == pytest.approx(0.93, abs=0.005)
    assert (classes.n_block, classes.suffix) == (35, 0)


def test_classes_hold_equal_predictions_only() -> None:
    ground = Ground(zoo.rrxor(), 9)
    futures = ground.histories.belief
    for belief in range(ground.classes.n_belief):
        members = futures[ground.classes.belief == belief]
        assert np.ptp(members, axis=0).max() < 1e-12
    values = np.array([futures[ground.classes.belief == b][0] for b in range(ground.classes.n_belief)])
    apart = np.abs(values[:, None] - values[None]).max(axis=-1)
    assert apart[~np.eye(len(values), dtype=bool)].min() > 1e-6


@pytest.mark.parametrize("length", [6, 12])
def test_no_presentation_changes_a_class(length: int) -> None:
    process = zoo.rrxor()
    plain = belief_classes(process, histories(process, length))
    for other in (relabelled(process, [3, 1, 4, 0, 2]), redundant(process), in_other_coordinates(process, rng(3))):
        theirs = belief_classes(other, histories(other, length))
        assert theirs.n_belief == plain.n_belief
        assert theirs.recurrent.sum() == plain.recurrent.sum()
        # the same partition, whatever its labels
        pairs = np.unique(np.column_stack([plain.belief, theirs.belief]), axis=0)
        assert len(pairs) == plain.n_belief


def test_where_beliefs_are_all_distinct_blocks_are_cylinders() -> None:
    ground = Ground(zoo.mess3(), 8)
    assert not ground.classes.finite
    assert not ground.classes.recurrent.any()
    # k = 3 would give 27 cylinders and the 12 shorter histories; k = 4 gives 81 and 39
    assert (ground.classes.suffix, ground.classes.n_block) == (4, 120)
    recent = ground.histories.recent(4)
    assert len(np.unique(np.column_stack([ground.classes.block, recent]), axis=0)) == 120


def test_few_histories_of_a_process_with_few_beliefs_still_make_belief_classes() -> None:
    # at length 3 most RRXOR histories have a belief of their own, but those that share one must not be parted
    classes = Ground(zoo.rrxor(), 3).classes
    assert (np.bincount(classes.belief) == 1).sum() > len(classes.belief) / 2
    assert classes.suffix == 0


def test_cylinders_stop_at_the_length() -> None:
    found = histories(zoo.mess3(), 2)
    block, k = cylinders(found)
    assert k == 2
    assert int(block.max()) + 1 == len(found) == 12


def test_equal_rows_against_the_definition() -> None:
    tol = 1e-6
    random = rng(2)
    for _ in range(30):
        centres = random.choice([0.0, 0.25, 0.5, 1.0], size=(12, 3))
        points = centres[random.integers(0, 12, 80)] + random.uniform(-0.4 * tol, 0.4 * tol, (80, 3))
        label = equal_rows(points, tol)
        equal = np.abs(points[:, None] - points[None]).max(axis=-1) <= tol
        np.testing.assert_array_equal(label[:, None] == label[None], equal)


def test_equal_rows_needs_a_second_pass_where_columns_interleave() -> None:
    # the first column joins all of these; the second splits them so that the first can be cut again
    points = np.array([[0.0, 0.0], [0.8, 5.0], [1.6, 0.0]])
    assert len(np.unique(equal_rows(points, 1.0))) == 3


@pytest.mark.parametrize("process", [zoo.rrxor(), zoo.leaky_rrxor(), zoo.mess3(), zoo.nemo()], ids=lambda p: p.name)
def test_the_class_split_never_leaks(process: HMM) -> None:
    ground = Ground(process, 9)
    split, classes = ground.class_split, ground.classes
    assert split.reason == ""
    for block in range(classes.n_block):
        assert len(np.unique(split.fold[classes.block == block])) == 1
    if classes.suffix == 0:
        # so no held-out belief is in training, and the recurrent ones are exactly what always trains
        np.testing.assert_array_equal(split.fold == -1, classes.recurrent[classes.belief])
    else:
        assert (split.fold >= 0).all()
    n_held = len(np.unique(classes.block[split.fold >= 0]))
    assert set(split.fold[split.fold >= 0]) == set(range(min(5, n_held)))


def test_the_history_split_holds_out_each_history_once_in_even_folds() -> None:
    ground = Ground(zoo.rrxor(), 9)
    sizes = np.bincount(ground.split.fold)
    assert len(sizes) == 5
    assert sizes.max() - sizes.min() <= 1
    # it does leak beliefs: that is what the other split is for
    trained = [set(ground.classes.belief[ground.split.fold != f]) for f in range(5)]
    assert any(ground.classes.belief[i] in trained[f] for i, f in enumerate(ground.split.fold))


def test_every_fold_has_its_share_of_each_length() -> None:
    for seed in range(5):
        ground = Ground(zoo.rrxor(), 9, seed=seed)
        for t in range(1, 10):
            shares = np.bincount(ground.split.fold[ground.histories.row == t], minlength=5)
            assert shares.max() - shares.min() <= 1
        # the two beliefs that one symbol leaves, a ninth of all weight, are never held out together
        one, other = ground.class_split.fold[:2]
        assert one != other
    assert (Ground(zoo.rrxor(), 9, seed=1).split.fold != Ground(zoo.rrxor(), 9, seed=2).split.fold).any()


def test_too_few_transient_beliefs_are_refused_with_the_count() -> None:
    ground = Ground(zoo.even(), 8)
    # an even number of ones and nothing else leaves the prior as it was, an odd one the other transient belief
    assert "only 2 transient beliefs" in ground.class_split.reason
    assert (ground.class_split.fold == -1).all()
    assert "only 0 transient beliefs" in Ground(zoo.golden_mean(), 8).class_split.reason
    coin = HMM([[[0.5]], [[0.5]]])
    found = histories(coin, 1)
    assert "2 histories cannot make 5 folds" in by_history(belief_classes(coin, found), rng=rng()).reason


def test_few_blocks_make_one_fold_each() -> None:
    classes = Ground(zoo.rrxor(), 3).classes
    held = np.unique(classes.block[~classes.recurrent[classes.belief]])
    split = by_class(classes, n_fold=len(held) + 4, rng=rng())
    assert len(np.unique(split.fold[split.fold >= 0])) == len(held)
    with pytest.raises(ValueError, match="at least 3"):
        by_class(classes, n_fold=2, rng=rng())


def test_resampling_draws_whole_units() -> None:
    ground = Ground(zoo.rrxor(), 9)
    for split in (ground.split, ground.class_split):
        held = split.fold >= 0
        assert (split.unit[~held] == -1).all()
        # a unit is a block, and every draw takes as many as there are
        pairs = np.unique(np.column_stack([split.unit, ground.classes.block])[held], axis=0)
        assert len(pairs) == split.draws.shape[1]
        assert (split.draws.sum(axis=1) == split.draws.shape[1]).all()
        # each unit is drawn once on average: 5 standard errors of a mean of 1000 draws of variance about 1
        assert abs(split.draws.mean(axis=0) - 1).max() < 5 / np.sqrt(1000)


def test_the_same_generator_gives_the_same_splits() -> None:
    one, two = Ground(zoo.rrxor(), 8, seed=4), Ground(zoo.rrxor(), 8, seed=4)
    np.testing.assert_array_equal(one.split.fold, two.split.fold)
    np.testing.assert_array_equal(one.class_split.draws, two.class_split.draws)
