"""Targets of composed processes: against the parts' own words, filters and events."""

import numpy as np
import pytest

from compmech import HMM, filter_beliefs, zoo
from compmech.compose import mixture, product, read_story, story, story_in_words
from probes import (
    component_belief_targets,
    component_target,
    factor_targets,
    future_basis,
    histories,
    next_world_time_target,
    position_target,
    world_state_target,
    world_time_target,
)

COMPONENTS = [zoo.golden_mean(), zoo.even(), zoo.z1r()]


def test_the_component_is_the_posterior_by_word_probabilities() -> None:
    weights = np.array([0.2, 0.5, 0.3])
    found = histories(mixture(*COMPONENTS, weights=weights), 7)
    target = component_target(found, COMPONENTS)
    for i in range(0, len(found), 5):
        word = [found.alphabet[x] for x in found.symbols(i)]
        own = [[part.alphabet.index(x) for x in word] for part in COMPONENTS]
        joint = weights * [np.exp(part.log_prob([w])[0]) for part, w in zip(COMPONENTS, own, strict=True)]
        np.testing.assert_allclose(target.Y[i], joint / joint.sum(), atol=1e-10)
    assert target.distribution is target.Y


def test_component_beliefs_are_their_own_times_the_posterior() -> None:
    found = histories(mixture(*COMPONENTS), 6)
    posterior = component_target(found, COMPONENTS).Y
    for c, (part, target) in enumerate(zip(COMPONENTS, component_belief_targets(found, COMPONENTS), strict=True)):
        assert target.name == f"component-{c + 1}"
        possible = np.flatnonzero(posterior[:, c] > 1e-9)
        for i in possible[::4]:
            belief = filter_beliefs(part, [list(found.symbols(int(i)))])[0, -1]
            expected = posterior[i, c] * belief @ future_basis(part).of_states(part)
            np.testing.assert_allclose(target.Y[i], expected, atol=1e-10)
        np.testing.assert_allclose(target.Y[posterior[:, c] == 0], 0, atol=1e-12)


@pytest.mark.parametrize("gauge", ["future", "state"])
def test_each_factor_is_filtered_alone(gauge: str) -> None:
    factors = [zoo.golden_mean(), zoo.mess3()]
    joint = product(*factors)
    found = histories(joint, 4)
    targets = factor_targets(found, factors, gauge="state" if gauge == "state" else "future")
    assert [target.name for target in targets] == ["factor-1", "factor-2"]
    for place, (factor, target) in enumerate(zip(factors, targets, strict=True)):
        to_target = np.eye(factor.n_state) if gauge == "state" else future_basis(factor).of_states(factor)
        for i in range(0, len(found), 97):
            word = [factor.alphabet.index(joint.alphabet[x][place]) for x in found.symbols(i)]
            np.testing.assert_allclose(target.Y[i], filter_beliefs(factor, [word])[0, -1] @ to_target, atol=1e-10)


@pytest.mark.parametrize("tell", [story, story_in_words])
def test_world_time_is_that_of_the_last_token(tell) -> None:  # type: ignore[no-untyped-def]
    diary = tell(zoo.golden_mean(), 2)
    found = histories(diary.process, 5)
    target = world_time_target(diary, found)
    for i in range(len(found)):
        word = np.array([found.symbols(i)])
        assert target.Y[i, 0] == read_story(diary, word).world_time[0, -1]
    position = position_target(found)
    assert (position.Y[:, 0] == found.row).all()
    assert (abs(target.Y[:, 0] - position.Y[:, 0] + 1) > 0).any()  # told out of order, so they are not the same


def test_the_next_world_time_is_the_mean_over_what_follows() -> None:
    diary = story(zoo.golden_mean(), 2)
    found, longer = histories(diary.process, 3), histories(diary.process, 4)
    expected = next_world_time_target(diary, found)
    time = world_time_target(diary, longer).Y[:, 0]
    mean = np.zeros(len(found))
    index = {found.symbols(i): i for i in range(len(found))}
    for j in np.flatnonzero(longer.row >= 2):
        before = index[longer.symbols(int(j))[:-1]]
        mean[before] += found.prediction[before, longer.symbols(int(j))[-1]] * time[j]
    short = found.row < 4
    np.testing.assert_allclose(expected.Y[short, 0], mean[short], atol=1e-10)


def test_the_world_at_the_beginning_of_a_paragraph_is_looked_back_on() -> None:
    diary = story(zoo.golden_mean(), 2)
    found = histories(diary.process, 2)
    target = world_state_target(diary, found, 0)
    assert target.name == "world-0"
    np.testing.assert_allclose(target.Y.sum(axis=1), 1)
    # after a whole paragraph, averaged over it, the first state of the next has its stationary probabilities
    last = found.row == 2
    w = found.probability[last]
    np.testing.assert_allclose(w @ target.Y[last] / w.sum(), zoo.golden_mean().start, atol=1e-10)


def test_other_parts_are_refused() -> None:
    found = histories(mixture(*COMPONENTS), 3)
    with pytest.raises(ValueError, match="the components have 4 states together, the histories' process has 7"):
        component_target(found, COMPONENTS[:2])
    with pytest.raises(ValueError, match="the factors have 4 states"):
        factor_targets(found, COMPONENTS[:2])
    with pytest.raises(ValueError, match="the states of the story have"):
        world_state_target(story(zoo.golden_mean(), 2), found, 0)


def test_components_that_are_never_told_apart_are_an_empty_target() -> None:
    coin = HMM([[[0.5]], [[0.5]]])
    target = component_target(histories(mixture(coin, coin), 4), [coin, coin])
    assert target.dimension == 0
    assert "same after every history" in target.reason
