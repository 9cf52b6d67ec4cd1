"""Permutation tests: uniform p-values where the null holds, small ones where a signal was planted."""

import numpy as np
import pytest
from scipy.stats import binom, chisquare

from compmech import zoo
from probes import (
    GeometricShuffle,
    PermutationTest,
    Target,
    belief_target,
    beyond_target,
    by_history,
    next_target,
    null_target,
    permutation_p,
    permutation_test,
    score,
)
from probes.donors import among_classes, within_length
from probes.permutation import Exchange
from probes.splits import Split
from probes.targets import residual
from tests.probes.ground_for_tests import Ground

N, TRIALS = 9, 80


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.fixture(scope="module")
def rrxor() -> Ground:
    return Ground(zoo.rrxor(), 6)


@pytest.fixture(scope="module")
def three(rrxor: Ground) -> Split:
    """As few folds as still choose by others: what is calibrated is the rank, whatever the folds."""
    return by_history(rrxor.classes, n_fold=3, rng=rng(3))


def tried(
    ground: Ground,
    X: np.ndarray,
    target: Target,
    exchange: Exchange,
    seed: int,
    n: int = N,
    split: Split | None = None,
) -> PermutationTest:
    return permutation_test(
        X,
        target,
        ground.histories,
        ground.classes,
        weighting="probability",
        split=split or ground.split,
        exchange=exchange,
        n_permutation=n,
        rng=rng(seed),
    )


def counts_of(p: list[float]) -> np.ndarray:
    return np.bincount(np.rint(np.array(p) * (N + 1)).astype(int) - 1, minlength=N + 1)


@pytest.mark.parametrize("exchange", ["histories", "classes"])
def test_p_values_are_uniform_under_the_null(rrxor: Ground, three: Split, exchange: Exchange) -> None:
    """Features that tell beliefs, and even lengths, apart: the permuted assignment is all that is random."""
    h = rrxor.histories
    belief = belief_target(rrxor.process, h)
    X = np.hstack([h.belief, h.row[:, None], rng(9).standard_normal((len(h), 2))])
    p = []
    for trial in range(TRIALS):
        own = rng(1000 + trial)
        donor = within_length(h, rng=own) if exchange == "histories" else among_classes(rrxor.classes, rng=own)
        p.append(tried(rrxor, X, Target("belief", belief.Y[donor]), exchange, trial, split=three).p)
    counts = counts_of(p)
    assert counts.sum() == TRIALS
    assert chisquare(counts).pvalue > 1e-3  # a right test fails here once in a thousand seeds; these are fixed


def test_p_values_given_the_next_symbol_are_uniform_enough(rrxor: Ground, three: Split) -> None:
    """Features that hold the next symbol exactly, and beside it a random place for every belief."""
    h = rrxor.histories
    belief = belief_target(rrxor.process, h)
    p = []
    for trial in range(TRIALS):
        places = rng(2000 + trial).standard_normal((rrxor.classes.n_belief, 6))[rrxor.classes.belief]
        p.append(tried(rrxor, np.hstack([10 * h.prediction, places]), belief, "beyond", trial, split=three).p)
    counts = counts_of(p)
    assert chisquare(counts).pvalue > 1e-3
    assert counts[0] <= 0.2 * TRIALS


def test_features_that_only_tell_beliefs_apart_have_no_geometry(rrxor: Ground) -> None:
    """A random place for every belief, held out by belief, every history alike; N exchanges, so a tenth has p = 0.1."""
    belief = belief_target(rrxor.process, rrxor.histories)
    p = []
    for trial in range(2 * TRIALS):
        own = rng(3000 + trial)
        X = own.standard_normal((rrxor.classes.n_belief, 6))[rrxor.classes.belief]
        arguments = {"weighting": "uniform", "exchange": "classes", "n_permutation": N, "rng": own}
        p.append(permutation_test(X, belief, rrxor.histories, rrxor.classes, split=rrxor.class_split, **arguments).p)
    counts = counts_of(p)
    assert chisquare(counts).pvalue > 1e-3
    assert binom.sf(counts[0] - 1, len(p), 1 / (N + 1)) > 0.01  # exchanged with those that always train: a fifth


def test_beliefs_that_always_train_are_exchanged_among_themselves(rrxor: Ground) -> None:
    classes, fold = rrxor.classes, rrxor.class_split.fold
    donor = among_classes(classes, fold=fold, rng=rng())
    always = classes.recurrent[classes.belief]
    assert (always == (fold < 0)).all()
    assert (always[donor] == always).all()
    assert (classes.belief[donor] != classes.belief).any()
    every = among_classes(classes, fold=rrxor.split.fold, rng=rng())
    np.testing.assert_array_equal(every, among_classes(classes, rng=rng()))


@pytest.mark.parametrize("exchange", ["histories", "classes", "beyond"])
def test_a_planted_belief_is_found(rrxor: Ground, exchange: Exchange) -> None:
    belief = belief_target(rrxor.process, rrxor.histories)
    noisy = rrxor.histories.belief + 0.1 * rng().standard_normal(rrxor.histories.belief.shape)
    found = tried(rrxor, noisy, belief, exchange, 0, 99)
    assert found.p == 0.01
    assert found.score > found.null.max() + 0.05


def test_the_next_symbol_alone_is_no_geometry_beyond_it(rrxor: Ground) -> None:
    """The prediction reads a third of the belief, beats shuffled histories, and is seen through where it must be."""
    belief = belief_target(rrxor.process, rrxor.histories)
    X = next_target(rrxor.histories).Y
    assert tried(rrxor, X, belief, "histories", 0, 99).p == 0.01
    through = tried(rrxor, X, belief, "beyond", 0, 99)
    assert through.p > 0.05
    assert abs(through.score - np.median(through.null)) < 0.02  # held out: in-sample they are the same


def test_clusters_without_places_are_no_geometry(rrxor: Ground) -> None:
    belief = belief_target(rrxor.process, rrxor.histories)
    places = np.eye(rrxor.classes.n_belief)[rrxor.classes.belief]
    assert tried(rrxor, places, belief, "histories", 0, 99).p == 0.01
    # held out by history, frequent beliefs lie where they gain most; held out by belief, nothing of it is left
    arguments = {"weighting": "probability", "exchange": "classes", "n_permutation": 99}
    by_class = permutation_test(
        places, belief, rrxor.histories, rrxor.classes, split=rrxor.class_split, rng=rng(), **arguments
    )
    assert by_class.p > 0.05
    geometry = permutation_test(
        rrxor.histories.belief, belief, rrxor.histories, rrxor.classes, split=rrxor.class_split, rng=rng(), **arguments
    )
    assert geometry.p == 0.01


def test_the_score_is_that_of_the_table(rrxor: Ground) -> None:
    belief = belief_target(rrxor.process, rrxor.histories)
    X = np.tanh(rrxor.histories.belief @ rng().standard_normal((5, 9)))
    (expected,) = score(X, [belief], rrxor.histories, weighting="probability", split=rrxor.split)
    assert tried(rrxor, X, belief, "histories", 0).score == pytest.approx(expected.score, abs=1e-9)


def test_p_is_a_rank_and_never_zero() -> None:
    assert permutation_p(0.9, np.array([0.1, 0.2, 0.3])) == 0.25
    assert permutation_p(0.2, np.array([0.1, 0.2, 0.3])) == 0.75
    assert permutation_p(0.0, np.array([0.1, 0.2, 0.3])) == 1.0


def test_nothing_to_test_is_refused(rrxor: Ground) -> None:
    belief = belief_target(rrxor.process, rrxor.histories)
    with pytest.raises(ValueError, match="at least 1"):
        tried(rrxor, belief.Y, belief, "histories", 0, 0)
    mess3 = Ground(zoo.mess3(), 4)
    beyond = beyond_target(mess3.process, mess3.histories, weighting="probability")
    with pytest.raises(ValueError, match="nothing to test: the next-symbol distribution determines the belief"):
        tried(mess3, mess3.histories.belief, beyond, "classes", 0)


# --- the geometric shuffle as a row


def test_the_geometric_shuffle_keeps_the_next_symbol_and_moves_the_rest(rrxor: Ground) -> None:
    h = rrxor.histories
    belief = belief_target(rrxor.process, h)
    null = null_target(GeometricShuffle(h, rrxor.classes), belief, weight=h.frequency, rng=rng())
    assert null.control == "geometric-shuffle"
    moved = null.Y - belief.Y
    for b in range(rrxor.classes.n_belief):
        members = rrxor.classes.belief == b
        assert np.ptp(null.Y[members], axis=0).max() < 1e-12
    assert (abs(moved).max(axis=1) > 1e-6).mean() > 0.9
    # an affine function of the prediction reads the same of both, of what is left it reads nothing of either
    rest, taken = (residual(Y, h.prediction, h.frequency) for Y in (belief.Y, null.Y))
    np.testing.assert_allclose(belief.Y - rest, null.Y - taken, atol=1e-10)
    np.testing.assert_allclose((h.frequency @ rest**2).sum(), (h.frequency @ taken**2).sum())


def test_the_geometric_shuffle_is_read_as_far_as_the_next_symbol_goes(rrxor: Ground) -> None:
    h = rrxor.histories
    belief = belief_target(rrxor.process, h)
    nulls = [
        null_target(GeometricShuffle(h, rrxor.classes), belief, weight=h.frequency, rng=rng(seed)) for seed in range(10)
    ]
    X = h.belief
    real, *shuffled = score(X, [belief, *nulls], h, weighting="probability", split=rrxor.split)
    (following,) = score(next_target(h).Y, [belief], h, weighting="probability", split=rrxor.split)
    assert real.score == pytest.approx(1, abs=1e-8)
    values = [one.score for one in shuffled if one.score is not None]
    assert len(values) == 10
    assert np.mean(values) < 0.9
    assert following.score is not None
    assert np.mean(values) > following.score - 0.15


def test_features_and_classes_that_are_not_of_these_histories_are_refused(rrxor: Ground) -> None:
    h, fewer = rrxor.histories, Ground(zoo.rrxor(), 3)
    target = belief_target(rrxor.process, h)
    lost = h.belief.copy()
    lost[2, 1] = np.nan
    for X, classes, message in (
        (lost, rrxor.classes, r"X\[2, 1\] is nan"),
        (h.belief[:-1], rrxor.classes, f"X must have a row for each of the {len(h)} histories"),
        (h.belief, fewer.classes, f"the classes are of {len(fewer.histories)} histories, and there are {len(h)}"),
    ):
        with pytest.raises(ValueError, match=message):
            permutation_test(
                X, target, h, classes, weighting="uniform", split=rrxor.split, exchange="classes", rng=rng()
            )
