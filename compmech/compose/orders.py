"""Orders of telling: distributions over permutations of a paragraph's events, as a graph of what is left to tell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from math import factorial

from compmech.validation import SUM_TOL, check_count

Order = tuple[int, ...]

# Permutations of 8 events are 40,320; more are not listed without being given one by one.
_MOST_EVENTS = 8

# What remains to tell is the same after two beginnings if its probabilities agree to this many digits.
_DIGITS = 12


@dataclass(frozen=True)
class Juncture:
    """A point within a paragraph, where what is left to tell has a certain distribution.

    Attributes:
        told: positions told so far, sorted.
        moves: the position told next, its probability, and the juncture after it; -1 at the end of the paragraph.
    """

    told: Order
    moves: tuple[tuple[int, float, int], ...]


def orders_within(window: int, reach: int) -> dict[Order, float]:
    """All orders in which no event is told more than `reach` places from its own, equally likely.

    Args:
        window: events in a paragraph.
        reach: 0 tells everything in order, window - 1 in any order.
    Example:
        >>> sorted(orders_within(3, 1))
        [(0, 1, 2), (0, 2, 1), (1, 0, 2)]
    """
    k, r = check_window(window), check_count(reach, "reach")
    if k > _MOST_EVENTS:
        raise ValueError(f"{k} events have {factorial(k)} orders; list those that occur, with their probabilities")
    near = [order for order in permutations(range(k)) if all(abs(place - i) <= r for i, place in enumerate(order))]
    return dict.fromkeys(near, 1 / len(near))


def check_window(window: object) -> int:
    """A positive number of events."""
    k = check_count(window, "window")
    if k == 0:
        raise ValueError("window must be at least 1 event; got 0")
    return k


def check_orders(orders: Mapping[Sequence[int], float] | None, window: int) -> dict[Order, float]:
    """Orders of positive probability; None: all of them alike."""
    if orders is None:
        return orders_within(window, window)
    found: dict[Order, float] = {}
    for order, chance in orders.items():
        if sorted(order) != list(range(window)):
            raise ValueError(f"orders must be permutations of 0..{window - 1}, one for each event; got {order!r}")
        if not chance >= 0:
            raise ValueError(f"orders must have probabilities; that of {order!r} is {chance!r}")
        if chance > 0:
            found[tuple(int(place) for place in order)] = float(chance)
    total = sum(found.values())
    if abs(total - 1) > SUM_TOL:
        raise ValueError(f"the probabilities of the orders must sum to 1; they sum to {total:.9g}")
    return {order: chance / total for order, chance in found.items()}


def order_graph(orders: Mapping[Order, float]) -> tuple[Juncture, ...]:
    """The junctures of a paragraph, the first its beginning; those at which the same is left to tell are one."""
    everything = range(len(next(iter(orders))))
    pending: list[dict[Order, float]] = [dict(orders)]
    number = {_key(pending[0]): 0}
    junctures = []
    for left in pending:  # grows on the way
        moves = []
        for position in sorted({rest[0] for rest in left}):
            after = {rest[1:]: chance for rest, chance in left.items() if rest[0] == position}
            chance = sum(after.values())
            after = {rest: p / chance for rest, p in after.items()}
            if () in after:
                moves.append((position, chance, -1))
                continue
            if _key(after) not in number:
                number[_key(after)] = len(pending)
                pending.append(after)
            moves.append((position, chance, number[_key(after)]))
        untold = next(iter(left))
        junctures.append(Juncture(tuple(i for i in everything if i not in untold), tuple(moves)))
    return tuple(junctures)


def _key(left: Mapping[Order, float]) -> tuple[tuple[Order, float], ...]:
    return tuple(sorted((rest, round(chance, _DIGITS)) for rest, chance in left.items()))
