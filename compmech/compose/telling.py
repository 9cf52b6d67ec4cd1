"""Stories: events of a world told out of order, with time words that say when each took place."""

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product as tuples

import numpy as np
from jaxtyping import Float

from compmech.compose.assembling import (
    MAX_ENTRIES,
    PresentationTooLarge,
    as_part,
    assembled,
    check_budget,
    composed_name,
)
from compmech.compose.orders import Juncture, check_orders, check_window, order_graph
from compmech.hmm import GHMM, HMM, AnyPresentation
from compmech.validation import check_names

# The events of a paragraph that have been told, by position; -1 where one has not.
Told = tuple[int, ...]


@dataclass(frozen=True)
class Situation:
    """A state of a story.

    Attributes:
        world_state: state of the world when the paragraph's first event was about to happen, as an index.
        told: for each event of the paragraph the symbol told (an index), -1 where it has not been told.
        announced: the position whose time word was the last token, its event yet to come; -1 if there is none.
        juncture: which distribution of what is left to tell applies (they differ by more than `told` where orders are
            not all alike).
    """

    world_state: int
    told: Told
    announced: int
    juncture: int


@dataclass(frozen=True, eq=False)
class Story:
    """A story process, and what is needed to tell world time from token order.

    Attributes:
        process: the process of tokens, an HMM (a GHMM if the world is one), which starts with a paragraph.
        world: the process whose events are told.
        window: events in a paragraph.
        time_words: a word for each event of a paragraph.
        tokens_per_event: 1 where a token is a pair (time word, event), 2 where the time word comes first and then the
            event.
        situations: what each state of the process stands for.
        orders: the orders of telling, with their probabilities.
    """

    process: HMM | GHMM
    world: HMM | GHMM
    window: int
    time_words: tuple[Hashable, ...]
    tokens_per_event: int
    situations: tuple[Situation, ...]
    orders: Mapping[tuple[int, ...], float]


def story(
    world: AnyPresentation,
    window: int,
    *,
    orders: Mapping[Sequence[int], float] | None = None,
    time_words: Iterable[Hashable] | None = None,
    max_entries: int = MAX_ENTRIES,
) -> Story:
    """Events of a world told in paragraphs of k, each paragraph in an order of its own; tokens are (time word, event).

    The world runs on in its own time. Its events n k .. n k + k - 1 make up paragraph n, which is told in an order
    drawn independently of all else: at place i of the paragraph comes the event at position order[i], with the time
    word of that position. P(tokens) is the probability of their order times that of the events put back in world order,
    those not told yet summed over; a reader must hold on to what is out of order until the events between are told.
    The states hold the world's state when the paragraph began and what has been told since. `read_story` gives the true
    world time of every token; `world_state_map`, `next_position_map` and `phase_map` lead from a belief over the states
    to the world at any time, to what is told next, and to how far the paragraph is.

    The process starts with a paragraph, so that it is not stationary; `settled(story.process)` begins anywhere.
    Vague time words are a coarse-graining of the process (`coarse_grained`).

    Args:
        window: k >= 1 events in a paragraph. There are up to n_world_state (n_event + 1) ** k states.
        orders: probability of each permutation of 0..k-1; None: all alike. `orders_within` bounds how far events move.
        time_words: a word for each position; None: "t0", "t1", ...
        max_entries: the most numbers n_token * n_state ** 2 that the process may have.
    Raises:
        ValueError: if orders are no permutations, or their probabilities do not sum to 1.
        PresentationTooLarge: before the matrices are built.
    Example:
        >>> from compmech import zoo
        >>> diary = story(zoo.golden_mean(), 2, time_words=["noon", "night"])
        >>> diary.process.alphabet
        (('noon', '0'), ('noon', '1'), ('night', '0'), ('night', '1'))
        >>> diary.process.states[2]     # the world was in A; a 0 was told of noon, and nothing yet of the night
        ('A', ('0', None))
    """
    return _told(world, window, orders, time_words, 1, max_entries)


def story_in_words(
    world: AnyPresentation,
    window: int,
    *,
    orders: Mapping[Sequence[int], float] | None = None,
    time_words: Iterable[Hashable] | None = None,
    max_entries: int = MAX_ENTRIES,
) -> Story:
    """As `story`, with two tokens for each event: its time word, then the event.

    The alphabet is that of time words, then that of events, which must differ. Between the two tokens the reader knows
    when, but not yet what.

    Args:
        window: k >= 1 events in a paragraph.
        orders: probability of each permutation of 0..k-1; None: all alike.
        time_words: a word for each position; None: "t0", "t1", ...
        max_entries: the most numbers n_token * n_state ** 2 that the process may have.
    """
    return _told(world, window, orders, time_words, 2, max_entries)


def _told(
    world: AnyPresentation,
    window: int,
    orders: Mapping[Sequence[int], float] | None,
    time_words: Iterable[Hashable] | None,
    tokens_per_event: int,
    max_entries: int,
) -> Story:
    part, k = as_part(world, max_entries), check_window(window)
    names = check_names([f"t{i}" for i in range(k)] if time_words is None else time_words, k, "time_words")
    chances = check_orders(orders, k)
    alphabet = _alphabet(names, part.alphabet, tokens_per_event)
    junctures = order_graph(chances)
    _check_number(part, junctures, tokens_per_event, len(alphabet), max_entries)
    teller = _Teller(part, junctures, tokens_per_event)
    situations = tuple(teller.situations())
    check_budget("the story", len(alphabet), len(situations), max_entries)
    T, value = teller.matrices(situations, len(alphabet))
    start = np.zeros(len(situations))
    for place, situation in enumerate(situations):
        if situation.juncture == 0 and situation.announced < 0:
            start[place] = part.start[situation.world_state]
    signed = isinstance(part, GHMM)
    if not signed:  # a change of basis that makes the rows distributions
        T *= value
        T /= value[:, None]
    process = assembled(
        T,
        start,
        value if signed else None,
        alphabet,
        _state_names(part, situations, junctures, names, tokens_per_event),
        composed_name("story", part),
    )
    return Story(process, part, k, names, tokens_per_event, situations, chances)


def _alphabet(time_words: tuple[Hashable, ...], events: tuple[Hashable, ...], per_event: int) -> list[Hashable]:
    if per_event == 1:
        return list(tuples(time_words, events))
    both = [word for word in time_words if word in events]
    if both:
        raise ValueError(
            f"time words must differ from events, to be told apart; {both[:6]} are both. Give time_words=..."
        )
    return [*time_words, *events]


def _check_number(
    part: HMM | GHMM, junctures: tuple[Juncture, ...], per_event: int, n_token: int, max_entries: int
) -> None:
    """Refuse what could not be listed, let alone held; forbidden events may make the number smaller than this."""
    count = sum(
        part.n_state * part.n_symbol ** len(point.told) * (1 + len(point.moves) * (per_event - 1))
        for point in junctures
    )
    if count > max_entries:
        raise PresentationTooLarge("the story, if the world forbids nothing,", n_token, count, max_entries)


class _Teller:
    """How tokens move a story from situation to situation.

    Written first as a GHMM: a situation has the weight P(told | world state), in which the world's coordinates are
    kept until the paragraph is complete and moved by all its events at once. That is linear in the coordinates, signed
    or not; for an HMM dividing by the weights makes conditional probabilities of it.
    """

    def __init__(self, world: HMM | GHMM, junctures: tuple[Juncture, ...], per_event: int) -> None:
        self.world = world
        self.junctures = junctures
        self.per_event = per_event
        self.window = len(junctures[-1].told) + 1
        self.moved = cache(self._moved)

    def _moved(self, told: Told) -> Float[np.ndarray, "state state"]:
        """What the events of a paragraph do to the world, those not told being any."""
        matrices = [self.world.A if x < 0 else self.world.T[x] for x in told]
        return np.asarray(np.linalg.multi_dot(matrices) if len(matrices) > 1 else matrices[0])

    def weight(self, told: Told) -> Float[np.ndarray, " state"]:
        """P(told | world state)."""
        return np.asarray(self.moved(told) @ self.world.evaluate)

    def situations(self) -> Iterator[Situation]:
        """All situations; of an HMM only those that are possible."""
        is_signed = isinstance(self.world, GHMM)
        for number, point in enumerate(self.junctures):
            announced = [-1, *(move[0] for move in point.moves)] if self.per_event == 2 else [-1]
            for events in tuples(range(self.world.n_symbol), repeat=len(point.told)):
                told = [-1] * self.window
                for position, x in zip(point.told, events, strict=True):
                    told[position] = x
                possible = self.weight(tuple(told)) > 0
                for state in range(self.world.n_state):
                    if is_signed or possible[state]:
                        yield from (Situation(state, tuple(told), position, number) for position in announced)

    def matrices(
        self, situations: tuple[Situation, ...], n_token: int
    ) -> tuple[Float[np.ndarray, "token state state"], Float[np.ndarray, " state"]]:
        """Matrices and evaluation vector of the story as a GHMM."""
        place = {situation: index for index, situation in enumerate(situations)}
        T = np.zeros((n_token, len(situations), len(situations)))
        for source, situation in enumerate(situations):
            for token, target, weight in self._steps(situation):
                if target in place:
                    T[token, source, place[target]] = weight
        value = np.array([self.weight(situation.told)[situation.world_state] for situation in situations])
        return T, value

    def _steps(self, now: Situation) -> Iterator[tuple[int, Situation, float]]:
        """The tokens possible, the situations they lead to, and the weights of the steps."""
        n_event = self.world.n_symbol
        for position, chance, after in self.junctures[now.juncture].moves:
            if self.per_event == 2 and now.announced < 0:
                yield position, Situation(now.world_state, now.told, position, now.juncture), chance
                continue
            if now.announced >= 0 and position != now.announced:
                continue
            for x in range(n_event):
                token = self.window + x if self.per_event == 2 else position * n_event + x
                told = (*now.told[:position], x, *now.told[position + 1 :])
                yield from (
                    (token, target, weight * (1.0 if self.per_event == 2 else chance))
                    for target, weight in self._after(now.world_state, told, after)
                )

    def _after(self, world_state: int, told: Told, juncture: int) -> Iterator[tuple[Situation, float]]:
        if juncture >= 0:
            yield Situation(world_state, told, -1, juncture), 1.0
            return
        row = self.moved(told)[world_state]
        for state in np.flatnonzero(row):
            yield Situation(int(state), (-1,) * self.window, -1, 0), float(row[state])


def _state_names(
    world: HMM | GHMM,
    situations: tuple[Situation, ...],
    junctures: tuple[Juncture, ...],
    time_words: tuple[Hashable, ...],
    per_event: int,
) -> list[Hashable]:
    """(world state, events told or None[, announced time word or None][, juncture where that is not all])."""
    is_all = len({point.told for point in junctures}) == len(junctures)
    names: list[Hashable] = []
    for now in situations:
        told = tuple(None if x < 0 else world.alphabet[x] for x in now.told)
        announced = () if per_event == 1 else (None if now.announced < 0 else time_words[now.announced],)
        names.append((world.states[now.world_state], told, *announced, *(() if is_all else (now.juncture,))))
    return names
