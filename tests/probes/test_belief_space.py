"""Where beliefs live: what points predict, which directions show when, and how far a belief can be moved."""

import numpy as np
import pytest
from ground_for_tests import SMALL, all_words, in_other_coordinates, redundant
from hypothesis import given, settings
from strategies import ergodic_hmms, python_random_untouched

from compmech import HMM, horizon_ranks, zoo
from probes import histories
from probes.intervention import BeliefSpace, InadmissibleBelief, belief_space
from probes.intervention.replacements import kinds_of


def rng() -> np.random.Generator:
    return np.random.default_rng(5)


def by_definition(process: HMM, word: np.ndarray, k: int) -> np.ndarray:
    """P(w | word) for all k-words w, as ratios of word probabilities."""
    follow = all_words(process.n_symbol, k)
    whole = np.concatenate([np.tile(word, (len(follow), 1)), follow], axis=1)
    return np.exp(process.log_prob(whole) - process.log_prob(word[None]))


@pytest.mark.parametrize("process", SMALL, ids=lambda process: process.name)
def test_points_predict_what_their_histories_do(process: HMM) -> None:
    space, found = belief_space(process), histories(process, 5)
    assert space.dimension == horizon_ranks(process)[-1] - 1
    points = space.points(found.belief)
    for index in range(0, len(found), 7):
        for k in (1, 3, space.least_horizon + 1):
            expected = by_definition(process, np.array(found.symbols(index)), k)
            np.testing.assert_allclose(space.words(points[[index]], k)[0], expected, atol=1e-9)
    np.testing.assert_allclose(space.points(process.start[None]), 0, atol=1e-12)  # the prior is the origin
    along = space.along(found.words)
    np.testing.assert_allclose(along[found.word, found.row], points, atol=1e-9)


def test_every_presentation_has_the_same_space() -> None:
    process = zoo.rrxor()
    words = histories(process, 5).words
    spaces = [belief_space(p) for p in (process, redundant(process), in_other_coordinates(process, rng()))]
    for k in (1, 4, 5):
        expected, *others = [space.words(space.along(words)[:, -1], k) for space in spaces]
        for other in others:
            np.testing.assert_allclose(other, expected, atol=1e-8)
    distances = [np.linalg.norm(np.diff(space.along(words)[:, -1], axis=0), axis=1) for space in spaces]
    np.testing.assert_allclose(distances[1], distances[0], atol=1e-8)
    np.testing.assert_allclose(distances[2], distances[0], atol=1e-8)


def test_the_directions_of_rrxor_appear_at_2_3_and_4() -> None:
    space = belief_space(zoo.rrxor())
    assert [len(space.first_visible(k)) for k in range(1, 7)] == [1, 1, 1, 1, 0, 0]
    assert kinds_of(space)[3:6] == ["visible-at-2", "visible-at-3", "visible-at-4"]
    for k in (2, 3, 4):
        (direction,) = space.first_visible(k)
        assert np.linalg.norm(direction) == pytest.approx(1)
        for shorter in range(1, k):
            assert abs(direction @ space.steps(shorter)).max() < 1e-9
        assert abs(direction @ space.steps(k)).max() > 0.05


@given(ergodic_hmms())
@settings(max_examples=40)
def test_each_horizon_shows_as_many_directions_as_the_rank_grows_by(process: HMM) -> None:
    with python_random_untouched():
        ranks = horizon_ranks(process)
        if ranks[-1] == 1:
            with pytest.raises(ValueError, match="leaves the same belief"):
                belief_space(process)
            return
        space = belief_space(process)
        found = [space.first_visible(k) for k in range(1, len(ranks) + 1)]
    assert [len(each) for each in found] == list(np.diff([1, *ranks]))
    every = np.concatenate(found)
    np.testing.assert_allclose(every @ every.T, np.eye(space.dimension), atol=1e-7)


def test_the_furthest_change_is_invisible_possible_and_at_the_edge() -> None:
    process = zoo.rrxor()
    space, found = belief_space(process), histories(process, 4)
    points = space.points(found.belief)
    moved = 0
    for k in (2, 3):
        (direction,) = space.first_visible(k)
        change = space.furthest(points, direction, k, depth=8)
        np.testing.assert_allclose(change @ space.steps(k - 1), 0, atol=1e-8)
        probabilities = space.words(points + change, 8)  # raises if one were negative
        able = np.linalg.norm(change, axis=1) > 1e-6
        moved += able.sum()
        assert not able.all()
        slopes = change[able] @ space.steps(8)
        assert (probabilities[able][slopes < -1e-6] < 1e-8).any()  # a word has just vanished
        with pytest.raises(InadmissibleBelief):
            space.words(points[able] + 1.1 * change[able], 8)
    assert moved > 5
    # along the last direction only the shortest histories can be moved
    (last,) = space.first_visible(4)
    able = np.linalg.norm(space.furthest(points, last, 4, depth=8), axis=1) > 1e-6
    assert set(found.row[able]) == {1}


def test_mixtures_are_beliefs() -> None:
    space = belief_space(zoo.mess3())
    points = space.points(histories(zoo.mess3(), 5).belief)
    mixed = space.mixtures(points, 50, rng=rng())
    assert mixed.shape == (50, 2)
    assert (space.words(mixed, 5) > 0).all()
    assert np.linalg.norm(mixed[:, None] - points[None], axis=-1).min(axis=1).max() > 1e-3  # and no history's


def test_what_is_no_belief_is_told_with_a_word() -> None:
    space = belief_space(zoo.golden_mean())
    with pytest.raises(InadmissibleBelief, match="would have probability -") as caught:
        space.words(np.array([[0.0], [5.0]]), 2)
    word = caught.value.word
    assert len(word) == 2
    assert caught.value.probability < 0
    assert space.spelled(int(np.ravel_multi_index(word, (2, 2))), 2) == word


@pytest.fixture
def space() -> BeliefSpace:
    return belief_space(zoo.even())


def test_horizons_are_checked(space: BeliefSpace) -> None:
    with pytest.raises(ValueError, match="at least 1; got 0"):
        space.words(np.zeros((1, space.dimension)), 0)
    with pytest.raises(ValueError, match="262144 words of 18 symbols"):
        space.steps(18)


def test_a_process_without_memory_has_no_beliefs_to_move() -> None:
    with pytest.raises(ValueError, match="every history of this process leaves the same belief"):
        belief_space(zoo.biased_coin(p=0.3))
