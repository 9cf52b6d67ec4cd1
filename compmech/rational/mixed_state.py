"""Mixed states without rounding: two beliefs are one exactly if they are equal, so that a graph that closes is proved
to be whole."""

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from compmech.errors import NegativeProbability
from compmech.rational.algebra import Vector, primitive
from compmech.rational.chain import classes_of
from compmech.rational.presentation import RationalHMM, Row
from compmech.validation import check_count

FORBIDDEN = -1
"""The successor of a node by a symbol of probability zero."""

UNKNOWN = -2
"""The successor of a node that was not expanded."""


@dataclass(frozen=True, eq=False)
class RationalMixedStates:
    """The beliefs reached from the start, as a unifilar graph; node 0 is the start.

    Attributes:
        beliefs: the distinct beliefs, breadth first.
        successor: node after each symbol; FORBIDDEN, or UNKNOWN where the node was not expanded.
        emit: P(symbol | belief).
        closed: whether every node was expanded: then these are all mixed states there are, which is proved and not
            only found, as nothing was rounded.
    """

    beliefs: tuple[Row, ...]
    successor: tuple[tuple[int, ...], ...]
    emit: tuple[Row, ...]
    closed: bool

    @property
    def n_mixed(self) -> int:
        """Number of distinct beliefs."""
        return len(self.beliefs)

    @property
    def n_expanded(self) -> int:
        """How many of them were expanded."""
        return sum(UNKNOWN not in row for row in self.successor)

    @cached_property
    def flow(self) -> tuple[dict[int, Fraction], ...]:
        """For each node the probabilities of those that may follow; nodes not expanded keep what they hold."""
        found = []
        for node, (successor, emit) in enumerate(zip(self.successor, self.emit, strict=True)):
            row: dict[int, Fraction] = {}
            for after, probability in zip(successor, emit, strict=True):
                if probability:
                    end = node if after == UNKNOWN else after
                    row[end] = row.get(end, Fraction(0)) + probability
            found.append(row)
        return tuple(found)

    @cached_property
    def recurrent(self) -> tuple[tuple[int, ...], ...]:
        """The closed classes of nodes, where the observer stays; those not wholly expanded are left out."""
        whole = [UNKNOWN not in row for row in self.successor]
        return tuple(members for members in classes_of(self.flow) if all(whole[node] for node in members))


def rational_mixed_states(process: RationalHMM, *, max_states: int = 2000) -> RationalMixedStates:
    """The distinct beliefs that words lead to from the start, in exact arithmetic.

    Args:
        max_states: as many nodes are expanded at most. Those that they lead to are found as well, and are more;
            `closed` says whether any were not expanded.
    Raises:
        ValueError: if max_states is below 1.
        NegativeProbability: if a generalised process gives some word a negative probability.
    """
    if check_count(max_states, "max_states") < 1:
        raise ValueError(f"max_states must be >= 1; got {max_states}")
    directions: list[Vector] = [process.start_direction]
    words: list[tuple[int, ...]] = [()]
    known = {directions[0]: 0}
    successor: list[tuple[int, ...]] = []
    emit: list[Row] = []
    for node in range(max_states):
        if node == len(directions):
            break
        probability = process.emission(directions[node])
        row = []
        for symbol, weight in enumerate(probability):
            if weight < 0:
                raise NegativeProbability([*words[node], symbol], float(weight))
            if weight == 0:
                row.append(FORBIDDEN)
                continue
            after = primitive(process.moved(directions[node], symbol))
            if after not in known:
                known[after] = len(directions)
                directions.append(after)
                words.append((*words[node], symbol))
            row.append(known[after])
        successor.append(tuple(row))
        emit.append(probability)
    for direction in directions[len(successor) :]:
        emit.append(process.emission(direction))
        successor.append(tuple(UNKNOWN if weight else FORBIDDEN for weight in emit[-1]))
    return RationalMixedStates(
        beliefs=tuple(_normalised(process, direction) for direction in directions),
        successor=tuple(successor),
        emit=tuple(emit),
        closed=not any(UNKNOWN in row for row in successor),
    )


def _normalised(process: RationalHMM, direction: Vector) -> Row:
    total = sum((a * b for a, b in zip(direction, process.evaluate, strict=True)), Fraction(0))
    return tuple(value / total for value in map(Fraction, direction))
