"""Targets: their dimensions in closed form, their metric by enumeration, and that no presentation changes them."""

import numpy as np
import pytest

from compmech import HMM, zoo
from probes import Weighting, belief_target, beyond_target, future_basis, histories, next_target, standard_targets
from probes.targets import residual
from tests.probes.ground_for_tests import SMALL, all_words, in_other_coordinates, redundant, relabelled

# of belief, next, beyond: ranks of the joint word map at the last and the first horizon, and their difference
DIMENSIONS = {
    "golden_mean": (2, 2, 0),
    "even": (2, 2, 0),
    "z1r": (3, 2, 1),
    "nemo": (3, 2, 1),
    "rrxor": (5, 2, 3),
    "sns": (2, 2, 0),
    "mess3": (3, 3, 0),
}


def distances(Y: np.ndarray) -> np.ndarray:
    return np.asarray(np.linalg.norm(Y[:, None] - Y[None], axis=-1))


@pytest.mark.parametrize("process", SMALL, ids=lambda p: p.name)
@pytest.mark.parametrize("weighting", ["probability", "uniform"])
def test_dimensions(process: HMM, weighting: Weighting) -> None:
    # long enough that beliefs span: in the sofic processes all but a few histories are synchronised
    targets = standard_targets(process, histories(process, 8), weighting=weighting)
    assert [target.name for target in targets] == ["belief", "next", "beyond"]
    expected = DIMENSIONS[process.name or ""]
    assert targets[0].dimension == expected[0]
    assert targets[2].dimension == expected[2]
    assert np.linalg.matrix_rank(targets[1].Y, tol=1e-9) == expected[1]


def test_an_empty_target_says_why() -> None:
    process = zoo.mess3()
    beyond = beyond_target(process, histories(process, 5), weighting="uniform")
    assert beyond.Y.shape == (363, 0)
    assert beyond.reason == "the next-symbol distribution determines the belief: both have rank 3"
    coin = HMM([[[0.5]], [[0.5]]])
    assert "same after every history" in belief_target(coin, histories(coin, 4)).reason
    assert "same after every history" in next_target(histories(coin, 4)).reason


def test_too_short_histories_leave_nothing_beyond() -> None:
    # after one symbol there are two beliefs, and an affine function of the prediction passes through any two points
    process = zoo.nemo()
    beyond = beyond_target(process, histories(process, 1), weighting="uniform")
    assert beyond.dimension == 0
    assert "over these histories" in beyond.reason


def test_each_further_symbol_leaves_less_beyond() -> None:
    process = zoo.rrxor()  # ranks 2, 3, 4, 5
    found = histories(process, 10)
    beyond = [beyond_target(process, found, weighting="probability", horizon=k) for k in (1, 2, 3, 4, 5)]
    assert [target.dimension for target in beyond] == [3, 2, 1, 0, 0]
    assert [target.name for target in beyond] == ["beyond", "beyond-2", "beyond-3", "beyond-4", "beyond-5"]
    spread = [(found.frequency @ target.Y**2).sum() for target in beyond]
    assert spread[0] > spread[1] > spread[2] > 1e-3
    with pytest.raises(ValueError, match="horizon"):
        beyond_target(process, found, weighting="probability", horizon=0)


@pytest.mark.parametrize("process", SMALL, ids=lambda p: p.name)
def test_distances_are_those_of_word_probabilities(process: HMM) -> None:
    found = histories(process, 4)
    k = future_basis(process).horizon
    futures = all_words(process.n_symbol, k)
    P = np.empty((len(found), len(futures)))
    for i in range(len(found)):
        h = np.array(found.symbols(i))
        with np.errstate(divide="ignore"):
            P[i] = np.exp(process.log_prob([np.r_[h, w] for w in futures]) - process.log_prob([h]))
    np.testing.assert_allclose(distances(belief_target(process, found).Y), distances(P), atol=1e-10)


@pytest.mark.parametrize("process", SMALL, ids=lambda p: p.name)
def test_no_presentation_changes_a_target(process: HMM) -> None:
    order = list(range(process.n_state))[::-1]
    others = [
        relabelled(process, order),
        redundant(process),
        in_other_coordinates(process, np.random.default_rng(1)),
    ]
    mine = standard_targets(process, histories(process, 6), weighting="probability")
    for other in others:
        theirs = standard_targets(other, histories(other, 6), weighting="probability")
        for one, two in zip(mine, theirs, strict=True):
            assert (one.dimension, one.reason) == (two.dimension, two.reason)
            if one.dimension:
                # 1e-8: the signed presentation's change of basis has a condition number of some hundreds
                np.testing.assert_allclose(distances(one.Y), distances(two.Y), atol=1e-8)


@pytest.mark.parametrize("weighting", ["probability", "uniform"])
def test_nothing_affine_in_the_prediction_is_left_beyond(weighting: Weighting) -> None:
    process = zoo.rrxor()
    found = histories(process, 9)
    for used, other in [("probability", "uniform"), ("uniform", "probability")]:
        beyond = beyond_target(process, found, weighting=used)
        features = np.column_stack([np.ones(len(found)), found.prediction])
        left = features.T @ (found.weight(used)[:, None] * beyond.Y)
        np.testing.assert_allclose(left, 0, atol=1e-12)
        # under the other weighting it is not orthogonal, so the weighting matters and must be the score's
        assert abs(features.T @ (found.weight(other)[:, None] * beyond.Y)).max() > 1e-3


def test_beyond_and_the_prediction_together_are_the_belief() -> None:
    process = zoo.rrxor()
    found = histories(process, 9)
    belief, following, beyond = standard_targets(process, found, weighting="uniform")
    both = np.hstack([following.Y, beyond.Y])
    rest = residual(belief.Y, both, found.weight("uniform"))
    np.testing.assert_allclose(rest, 0, atol=1e-12)


def test_state_gauge_is_the_published_one() -> None:
    process = zoo.rrxor()
    found = histories(process, 10)
    assert len(found) == 1046
    belief = belief_target(process, found, gauge="state").Y
    beyond = beyond_target(process, found, weighting="uniform", gauge="state").Y
    np.testing.assert_array_equal(belief, found.belief)
    assert beyond.shape[1] == 3
    # 71 % of the variance of state probabilities over distinct histories lies in the kernel of the emission map
    assert beyond.var(axis=0).sum() / belief.var(axis=0).sum() == pytest.approx(0.71, abs=0.005)
    # a belief moved along the kernel predicts the same symbol: what is left of the belief predicts it as well
    kernel = np.linalg.lstsq(belief, beyond, rcond=None)[0]
    seen = belief - beyond @ kernel.T
    np.testing.assert_allclose(seen @ process.emission, found.prediction, atol=1e-10)
