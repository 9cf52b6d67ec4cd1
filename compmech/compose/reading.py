"""Reading a story: the true world time of its tokens, and from beliefs over its states to beliefs about the world."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike

from compmech.compose.orders import order_graph
from compmech.compose.telling import Story
from compmech.hmm import HMM
from compmech.validation import check_count, check_words


@dataclass(frozen=True, eq=False)
class Reading:
    """What the tokens of stories tell, and when it happened.

    Attributes:
        world_time: the time in the world, 0, 1, 2, ..., of the event that each token is about (a time word is about the
            event that follows it).
        event: the symbol of the world that each token tells, as an index; -1 for a time word on its own.
        chronicle: the events in the order in which they happened; -1 where one has not been told.
    """

    world_time: Int[np.ndarray, "seq time"]
    event: Int[np.ndarray, "seq time"]
    chronicle: Int[np.ndarray, "seq world_time"]


def read_story(story: Story, words: ArrayLike) -> Reading:
    """The world time and the event of every token of stories told from their beginning.

    Args:
        words: tokens as integers, axes (seq, time), each row beginning with a paragraph, as `story.process.sample`
            draws them.
    Raises:
        ValueError: if a row is not so told: the same event twice in a paragraph, or time words and events out of turn.
    Example:
        >>> from compmech import zoo
        >>> from compmech.compose import story
        >>> diary = story(zoo.golden_mean(), 2)
        >>> read_story(diary, [[3, 0, 0, 2]]).world_time.tolist()     # (t1, 1) (t0, 0) (t0, 0) (t1, 0)
        [[1, 0, 2, 3]]
        >>> read_story(diary, [[3, 0, 0, 2]]).chronicle.tolist()
        [[0, 1, 0, 0]]
    """
    tokens = check_words(words, story.process.n_symbol)
    n_seq, n_time = tokens.shape
    position, event = _split(story, tokens)
    paragraph = np.arange(n_time) // (story.window * story.tokens_per_event)
    world_time = paragraph * story.window + position
    chronicle = np.full((n_seq, story.window * int(paragraph[-1] + 1 if n_time else 0)), -1)
    seen = np.zeros(chronicle.shape, dtype=bool)
    every = np.arange(n_seq)
    for t in range(0, n_time, story.tokens_per_event):
        when = world_time[:, t]
        for seq in np.flatnonzero(seen[every, when])[:1]:
            raise ValueError(
                f"words[{seq}, {t}] tells event {position[seq, t]} of paragraph {paragraph[t]} once more: stories "
                "are read from the beginning of a paragraph, and tell each event once"
            )
        seen[every, when] = True
    row, column = np.nonzero(event >= 0)
    chronicle[row, world_time[row, column]] = event[row, column]
    return Reading(world_time, event, chronicle)


def _split(
    story: Story, tokens: Int[np.ndarray, "seq time"]
) -> tuple[Int[np.ndarray, "seq time"], Int[np.ndarray, "seq time"]]:
    """The position within its paragraph and the event of each token."""
    if story.tokens_per_event == 1:
        position, event = np.divmod(tokens, story.world.n_symbol)
        return position, event
    event = tokens - story.window
    is_event = np.arange(tokens.shape[1]) % 2 == 1
    for seq, t in np.argwhere((event >= 0) != is_event)[:1]:
        expected = "an event" if is_event[t] else "a time word"
        raise ValueError(
            f"words[{seq}, {t}] must be {expected}, as time words and events take turns from the beginning; got "
            f"{story.process.alphabet[tokens[seq, t]]!r}"
        )
    position = tokens.copy()
    position[:, 1::2] = tokens[:, : tokens.shape[1] // 2 * 2 : 2]
    return position, np.where(is_event, event, -1)


def world_state_map(story: Story, position: int) -> Float[np.ndarray, "state world_state"]:
    """From the belief of a story to that over the world's state before a position of the paragraph being told.

    belief @ map is P(world state at time n k + position | tokens so far), n the paragraph: for a position that has been
    told a look back, for one that has not a forecast. Position k is where the next paragraph begins.

    Args:
        position: 0 .. window.
    Raises:
        ValueError: if the world is a GHMM, whose coordinates have no distribution given what comes after.
    """
    world, k = story.world, story.window
    if not isinstance(world, HMM):
        raise ValueError("only of an HMM can one say in which state it was; the coordinates of a GHMM are no states")
    at = _check_position(position, k)
    rows = np.empty((len(story.situations), world.n_state))
    known: dict[tuple[int, ...], np.ndarray] = {}
    for place, situation in enumerate(story.situations):
        if situation.told not in known:
            known[situation.told] = _smoothed(world, situation.told, at)
        rows[place] = known[situation.told][situation.world_state]
    return np.asarray(rows / rows.sum(axis=1, keepdims=True))


def _smoothed(world: HMM, told: tuple[int, ...], at: int) -> Float[np.ndarray, "state state"]:
    """P(told, state j before position `at` | state i at the beginning)."""
    before, after = np.eye(world.n_state), np.ones(world.n_state)
    for x in told[:at]:
        before = before @ (world.A if x < 0 else world.T[x])
    for x in reversed(told[at:]):
        after = (world.A if x < 0 else world.T[x]) @ after
    return np.asarray(before * after)


def next_position_map(story: Story) -> Float[np.ndarray, "state position"]:
    """From the belief of a story to the probability of each position, that its event is told next (or being told).

    With the paragraph's number n it is P(world time n k + position of the next event | tokens so far).
    """
    junctures = _moves(story)
    chances = np.zeros((len(story.situations), story.window))
    for place, situation in enumerate(story.situations):
        if situation.announced >= 0:
            chances[place, situation.announced] = 1.0
        else:
            chances[place] = junctures[situation.juncture]
    return np.asarray(chances * story.process.evaluate[:, None])


def _moves(story: Story) -> list[Float[np.ndarray, " position"]]:
    found = []
    for point in order_graph(story.orders):
        chance = np.zeros(story.window)
        for position, p, _ in point.moves:
            chance[position] = p
        found.append(chance)
    return found


def phase_map(story: Story) -> Float[np.ndarray, "state phase"]:
    """From the belief of a story to the probability of each phase: how many tokens of the paragraph have been told.

    From the start that is known; from `settled(story.process)` it must be found out.
    """
    per_event = story.tokens_per_event
    phase = [
        per_event * sum(x >= 0 for x in situation.told) + (situation.announced >= 0) for situation in story.situations
    ]
    return np.asarray(np.eye(story.window * per_event)[phase] * story.process.evaluate[:, None])


def _check_position(position: object, window: int) -> int:
    at = check_count(position, "position")
    if at > window:
        raise ValueError(f"position must be 0 .. {window}, before an event of the paragraph or at its end; got {at}")
    return at
