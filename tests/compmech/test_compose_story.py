"""Stories against the definition: world words and orders of telling, enumerated."""

from itertools import permutations, product
from math import factorial, log2

import numpy as np
import pytest
from composing import TOL, clock, named_words, probability
from hypothesis import given
from machines import mess3, period
from oracles import all_words
from strategies import ergodic_hmms, few, started_hmms

from compmech import GHMM, HMM, NotStationary, epsilon_machine, equivalent, filter_beliefs, statistics, zoo
from compmech.compose import (
    PresentationTooLarge,
    Story,
    blocked,
    coarse_grained,
    next_position_map,
    orders_within,
    phase_map,
    read_story,
    relabelled,
    settled,
    story,
    story_in_words,
    world_state_map,
)

_UNEVEN = {(0, 1, 2): 0.5, (2, 0, 1): 0.2, (0, 2, 1): 0.1, (1, 0, 2): 0.2}


def _tokens(tale: Story, events: tuple, orders: tuple) -> tuple:
    """The tokens of paragraphs, as the definition says."""
    told = []
    for number, order in enumerate(orders):
        for position in order:
            event = events[number * tale.window + position]
            when = tale.time_words[position]
            told += [(when, event)] if tale.tokens_per_event == 1 else [when, event]
    return tuple(told)


def _word_probabilities(world, tale: Story, length: int) -> dict[tuple, float]:
    """P(tokens) of all stories of two paragraphs cut to a length, summed over world words and orders."""
    found: dict[tuple, float] = {}
    for events in named_words(world.alphabet, 2 * tale.window):
        chance = probability(world, events)
        for (first, p), (second, q) in product(tale.orders.items(), repeat=2):
            word = _tokens(tale, events, (first, second))[:length]
            found[word] = found.get(word, 0.0) + chance * p * q
    return found


@few
@given(started_hmms(3, 2))
def test_stories_enumerate_worlds_and_orders(world: HMM) -> None:
    tale = story(world, 2)
    expected = _word_probabilities(world, tale, 3)
    for word in named_words(tale.process.alphabet, 3):
        assert probability(tale.process, word) == pytest.approx(expected.get(word, 0.0), abs=TOL)


@few
@given(started_hmms(3, 2))
def test_stories_in_words_enumerate_worlds_and_orders(world: HMM) -> None:
    tale = story_in_words(world, 2, orders={(0, 1): 0.75, (1, 0): 0.25})
    expected = _word_probabilities(world, tale, 6)
    for word in named_words(tale.process.alphabet, 6) if world.n_symbol == 1 else expected:
        assert probability(tale.process, word) == pytest.approx(expected.get(word, 0.0), abs=TOL)
    assert sum(expected.values()) == pytest.approx(1, abs=TOL)


@pytest.mark.parametrize("tell", [story, story_in_words])
@pytest.mark.parametrize("world", [zoo.golden_mean(), zoo.sns(), clock(), epsilon_machine(zoo.even())])
def test_uneven_orders_of_three_events(tell, world) -> None:
    tale = tell(world, 3, orders=_UNEVEN)
    assert isinstance(tale.process, GHMM if isinstance(world, GHMM) else HMM)
    length = 4 * tale.tokens_per_event
    expected = _word_probabilities(tale.world, tale, length)
    found = {word: probability(tale.process, word) for word in expected}
    assert found == pytest.approx(expected, abs=1e-12)
    assert sum(expected.values()) == pytest.approx(1, abs=TOL)  # so nothing is left for other words


def test_states_say_what_they_hold() -> None:
    tale = story(zoo.golden_mean(), 2, time_words=["noon", "night"])
    assert tale.process.states[0] == ("A", (None, None))
    assert ("B", ("0", None)) in tale.process.states
    assert ("B", ("1", None)) not in tale.process.states  # 11 is forbidden
    assert tale.process.name == "story(golden_mean)"
    assert ("A", (None, None), "t1") in story_in_words(zoo.even(), 2).process.states
    assert story(zoo.even(), 2).situations[0].told == (-1, -1)


@pytest.mark.parametrize(
    "orders",
    [
        {(0, 1, 2, 3): 0.5, (1, 0, 3, 2): 0.5},
        {(0, 1, 2, 3): 0.4, (0, 1, 3, 2): 0.1, (1, 0, 2, 3): 0.2, (1, 0, 3, 2): 0.3},  # not in what, but how often
    ],
)
def test_what_is_left_to_tell_may_depend_on_the_order_so_far(orders: dict[tuple[int, ...], float]) -> None:
    world = HMM([[[0.3]], [[0.7]]])
    tale = story(world, 4, orders=orders)
    assert tale.process.states[0] == (0, (None, None, None, None), 0)
    words = all_words(8, 4)
    expected = {}
    for events in product(range(2), repeat=4):
        for order, chance in orders.items():
            expected[tuple(2 * i + events[i] for i in order)] = chance * np.prod([(0.3, 0.7)[x] for x in events])
    found = np.exp(tale.process.log_prob(words))
    np.testing.assert_allclose(found, [expected.get(tuple(word), 0.0) for word in words.tolist()], atol=TOL)


def test_telling_in_order_is_the_world_with_time_words() -> None:
    tale = story(zoo.nemo(), 3, orders={(0, 1, 2): 1.0})
    assert equivalent(coarse_grained(tale.process, lambda token: token[1]), zoo.nemo())
    one = story(zoo.nemo(), 1)
    assert equivalent(relabelled(one.process, lambda token: token[1]), zoo.nemo())
    together = blocked(story(clock(), 2, orders=orders_within(2, 0)).process, 2)
    assert equivalent(coarse_grained(together, lambda pair: (pair[0][1], pair[1][1])), blocked(clock(), 2))


@pytest.mark.parametrize(("tell", "per_event"), [(story, 1), (story_in_words, 2)])
def test_rate_of_a_story(tell, per_event: int) -> None:
    """A paragraph says no less and no more than its events and its order: k h + log2 k! bits for k events."""
    for world, rate, k in ((zoo.golden_mean(), 2 / 3, 2), (zoo.even(), 2 / 3, 3), (zoo.z1r(), 1 / 3, 2)):
        tale = tell(world, k)
        with pytest.raises(NotStationary):
            statistics(tale.process)
        expected = (k * rate + log2(factorial(k))) / (k * per_event)
        assert statistics(settled(tale.process)).entropy_rate == pytest.approx(expected, abs=1e-9)


def test_orders_within_a_reach() -> None:
    assert orders_within(3, 0) == {(0, 1, 2): 1.0}
    assert set(orders_within(3, 2)) == set(permutations(range(3)))
    assert sum(orders_within(5, 2).values()) == pytest.approx(1)
    assert all(abs(place - i) <= 2 for order in orders_within(5, 2) for i, place in enumerate(order))


# Reading.


@pytest.mark.parametrize("tell", [story, story_in_words])
def test_readings_are_right_about_every_token(tell) -> None:
    tale = tell(zoo.golden_mean(), 3, orders=_UNEVEN)
    events = ("0", "1", "0", "0", "0", "1")
    for orders in product(tale.orders, repeat=2):
        tokens = [tale.process.alphabet.index(token) for token in _tokens(tale, events, orders)]
        reading = read_story(tale, [tokens])
        times = [number * 3 + position for number, order in enumerate(orders) for position in order]
        assert reading.world_time[0].tolist() == list(np.repeat(times, tale.tokens_per_event))
        assert reading.chronicle[0].tolist() == [int(event) for event in events]
        told = reading.event[0, tale.tokens_per_event - 1 :: tale.tokens_per_event]
        assert told.tolist() == [int(events[when]) for when in times]
        cut = read_story(tale, [tokens[: 4 * tale.tokens_per_event]])
        assert (cut.chronicle[0] < 0).sum() == 2
    assert read_story(tale, np.empty((2, 0), dtype=int)).chronicle.shape == (2, 0)


def test_sampled_stories_tell_possible_worlds() -> None:
    tale = story(zoo.nemo(), 3)
    words = tale.process.sample(200, 12, rng=np.random.default_rng(0))
    reading = read_story(tale, words)
    assert (reading.chronicle >= 0).all()
    assert (np.sort(reading.world_time, axis=1) == np.arange(12)).all()
    assert np.isfinite(zoo.nemo().log_prob(reading.chronicle)).all()
    # The probability of a story is that of its world times that of its orders.
    expected = zoo.nemo().log_prob(reading.chronicle) - 4 * np.log(6)
    np.testing.assert_allclose(tale.process.log_prob(words), expected, atol=1e-10)


def _world_posterior(world: HMM, tale: Story, word: tuple, when: int) -> np.ndarray:
    """P(world state before event `when` | tokens), summed over every path of the world for two paragraphs."""
    total = np.zeros(world.n_state)
    n = 2 * tale.window
    for path in product(range(world.n_state), repeat=n + 1):
        for events in product(range(world.n_symbol), repeat=n):
            weight = world.start[path[0]]
            for t, x in enumerate(events):
                weight = weight * world.T[x, path[t], path[t + 1]]
            if weight == 0:
                continue
            names = tuple(world.alphabet[x] for x in events)
            for (first, p), (second, q) in product(tale.orders.items(), repeat=2):
                if _tokens(tale, names, (first, second))[: len(word)] == word:
                    total[path[when]] += weight * p * q
    return total / total.sum()


@pytest.mark.parametrize("tell", [story, story_in_words])
def test_beliefs_about_the_world_at_any_time(tell) -> None:
    world = zoo.sns(0.3, 0.6)
    tale = tell(world, 2, orders={(0, 1): 0.4, (1, 0): 0.6})
    words = tale.process.sample(6, 3, rng=np.random.default_rng(2))
    for word in np.unique(words, axis=0):
        name = tuple(tale.process.alphabet[x] for x in word)
        for t in range(4):
            paragraph = t // (2 * tale.tokens_per_event)
            belief = filter_beliefs(tale.process, word[None, :t])[0, -1]
            for position in range(3 if paragraph == 0 else 2):
                expected = _world_posterior(world, tale, name[:t], 2 * paragraph + position)
                np.testing.assert_allclose(belief @ world_state_map(tale, position), expected, atol=1e-12)


@few
@given(ergodic_hmms(3, 2))
def test_before_anything_is_told_the_world_is_where_it_starts(world: HMM) -> None:
    tale = story(world, 2)
    for position in range(3):
        expected = world.start @ np.linalg.matrix_power(world.A, position)
        np.testing.assert_allclose(tale.process.start @ world_state_map(tale, position), expected, atol=1e-12)


def test_what_is_told_next_and_how_far_the_paragraph_is() -> None:
    for world in (zoo.golden_mean(), clock()):
        tale = story(world, 3, orders=_UNEVEN)
        alphabet = tale.process.alphabet
        words = [[alphabet.index(("t0", "0")), alphabet.index(("t2", "0"))]]
        beliefs = filter_beliefs(tale.process, words)[0]
        expected = [[0.6, 0.2, 0.2], [0, 5 / 6, 1 / 6], [0, 1, 0]]
        np.testing.assert_allclose(beliefs @ next_position_map(tale), expected, atol=1e-9)
        np.testing.assert_allclose(beliefs @ phase_map(tale), np.eye(3), atol=1e-9)
    tale = story_in_words(zoo.golden_mean(), 2)
    beliefs = filter_beliefs(tale.process, [[1, 2, 0, 2]])[0]
    np.testing.assert_allclose(beliefs @ phase_map(tale), np.eye(4)[[0, 1, 2, 3, 0]], atol=1e-12)
    expected = [[0.5, 0.5], [0, 1], [1, 0], [1, 0], [0.5, 0.5]]
    np.testing.assert_allclose(beliefs @ next_position_map(tale), expected, atol=1e-12)
    anywhere = settled(tale.process)
    np.testing.assert_allclose(anywhere.start @ phase_map(tale), np.full(4, 0.25), atol=1e-12)


def test_worlds_that_do_not_mix_keep_their_phase() -> None:
    tale = story(period(4), 2)
    anywhere = settled(tale.process)
    np.testing.assert_allclose(anywhere.start @ anywhere.A, anywhere.start, atol=1e-12)
    assert statistics(anywhere).entropy_rate == pytest.approx(0.5)


def test_probabilities_of_tokens_add_up() -> None:
    tale = story(mess3(), 2)
    words = all_words(tale.process.n_symbol, 3)
    assert np.exp(tale.process.log_prob(words)).sum() == pytest.approx(1, abs=TOL)
    predicted = tale.process.predict(tale.process.sample(5, 6, rng=np.random.default_rng(0)))
    np.testing.assert_allclose(predicted.sum(axis=2), 1, atol=1e-12)


# What is refused.


def test_wrong_stories_are_named() -> None:
    world = zoo.even()
    with pytest.raises(ValueError, match="window must be at least 1 event"):
        story(world, 0)
    with pytest.raises(ValueError, match=r"orders must be permutations of 0\.\.1, one for each event; got \(0, 0\)"):
        story(world, 2, orders={(0, 0): 1.0})
    with pytest.raises(ValueError, match=r"orders must have probabilities; that of \(0, 1\) is -1"):
        story(world, 2, orders={(0, 1): -1.0})
    with pytest.raises(ValueError, match=r"probabilities of the orders must sum to 1; they sum to 0\.5"):
        story(world, 2, orders={(0, 1): 0.5})
    with pytest.raises(ValueError, match="9 events have 362880 orders"):
        story(world, 9)
    with pytest.raises(ValueError, match="time_words must name the 2"):
        story(world, 2, time_words=["noon"])
    with pytest.raises(ValueError, match=r"time words must differ from events.*\['1'\] are both"):
        story_in_words(world, 2, time_words=["1", "2"])
    with pytest.raises(PresentationTooLarge, match="story would have 4 symbols and 9 states"):
        story(world, 2, max_entries=200)
    with pytest.raises(PresentationTooLarge, match="story, if the world forbids nothing, would have 16 symbols and 12"):
        story(world, 8, max_entries=10_000)
    with pytest.raises(ValueError, match=r"position must be 0 \.\. 2"):
        world_state_map(story(world, 2), 3)
    with pytest.raises(ValueError, match="only of an HMM"):
        world_state_map(story(clock(), 2), 0)


def test_wrong_readings_are_named() -> None:
    with pytest.raises(ValueError, match=r"words\[0, 1\] tells event 0 of paragraph 0 once more"):
        read_story(story(zoo.even(), 2), [[0, 1]])
    aloud = story_in_words(zoo.even(), 2)
    with pytest.raises(ValueError, match=r"words\[0, 0\] must be a time word.*got '0'"):
        read_story(aloud, [[2, 0]])
    with pytest.raises(ValueError, match=r"words\[1, 1\] must be an event.*got 't1'"):
        read_story(aloud, [[0, 2], [0, 1]])
    with pytest.raises(ValueError, match=r"words\[0, 2\] tells event 0 of paragraph 0 once more"):
        read_story(aloud, [[0, 2, 0, 2]])
    with pytest.raises(ValueError, match="words must be integers"):
        read_story(aloud, [[9]])
