"""Epsilon-machines in exact arithmetic: causal states are told apart by equality of fractions, not by a tolerance."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from compmech.epsilon_machine import EpsilonMachine
from compmech.errors import NoFiniteEpsilonMachine
from compmech.rational.chain import Flow, classes_of, ending_in, stationary_within
from compmech.rational.mixed_state import FORBIDDEN, rational_mixed_states
from compmech.rational.presentation import RationalHMM, Row

Table = tuple[tuple[tuple[int, ...], ...], tuple[Row, ...], Row]
"""Successors, emissions and start of a unifilar machine."""


@dataclass(frozen=True, eq=False)
class RationalMachine:
    """The epsilon-machine of a process in rational numbers.

    Attributes:
        successor: next causal state for each (state, symbol); -1 where the symbol is forbidden.
        emit: P(symbol | state).
        start: stationary distribution over causal states; where the process has several closed classes, mixed in
            proportion to the probability of ending in each.
        alphabet: names of the symbols.
    """

    successor: tuple[tuple[int, ...], ...]
    emit: tuple[Row, ...]
    start: Row
    alphabet: tuple[Hashable, ...]

    @property
    def n_state(self) -> int:
        """Number of causal states, which is exact."""
        return len(self.emit)

    def to_machine(self) -> EpsilonMachine:
        """The same machine in float64."""
        return EpsilonMachine(
            [list(row) for row in self.successor],
            [[float(value) for value in row] for row in self.emit],
            start=[float(value) for value in self.start],
            alphabet=self.alphabet,
        )


def rational_epsilon_machine(process: RationalHMM, *, max_states: int = 2000) -> RationalMachine:
    """The epsilon-machine of the stationary process that a process settles into, in exact arithmetic.

    A unifilar process is minimised as it stands, others through the mixed states of each closed class.

    Args:
        max_states: the most mixed states explored; those that the last of them lead to are not counted.
    Raises:
        NoFiniteEpsilonMachine: if the mixed states do not close within `max_states`; `.explored` are those of the
            closed class in question, `.found` the machines of the classes before it, if there are any.
    """
    table = _unifilar(process)
    if table is None and process.is_generalised:
        table = _through_mixed_states(process, max_states)
    if table is None:
        classes = classes_of(process.flow)
        weights = ending_in(process.flow, process.start, classes)
        ended = [(members, weight) for members, weight in zip(classes, weights, strict=True) if weight]
        parts: list[tuple[Table, Fraction]] = []
        for members, weight in ended:
            try:
                parts.append((_part_table(process, members, max_states), weight))
            except NoFiniteEpsilonMachine as error:
                done = tuple(_minimised(_recurrent(part), process.alphabet) for part, _ in parts)
                raise NoFiniteEpsilonMachine(error.explored, done or None) from None
        table = _side_by_side(parts)
    return _minimised(_recurrent(table), process.alphabet)


def _through_mixed_states(process: RationalHMM, max_states: int) -> Table:
    found = rational_mixed_states(process, max_states=max_states)
    if not found.closed:
        raise NoFiniteEpsilonMachine(found)
    return found.successor, found.emit, (Fraction(1),) + (Fraction(0),) * (found.n_mixed - 1)


def _part_table(process: RationalHMM, members: Sequence[int], max_states: int) -> Table:
    """One closed class, stationary, as a table."""
    T = [[[matrix[i][j] for j in members] for i in members] for matrix in process.T]
    part = RationalHMM(T, alphabet=process.alphabet)
    table = _unifilar(part)
    return _through_mixed_states(part, max_states) if table is None else table


def _side_by_side(parts: Sequence[tuple[Table, Fraction]]) -> Table:
    """Tables as one, which starts in each with its weight."""
    successor: list[tuple[int, ...]] = []
    emit: list[Row] = []
    start: list[Fraction] = []
    for (after, weights, begin), weight in parts:
        first = len(successor)
        successor += [tuple(end if end < 0 else end + first for end in row) for row in after]
        emit += weights
        start += [weight * value for value in begin]
    return tuple(successor), tuple(emit), tuple(start)


def _unifilar(process: RationalHMM) -> Table | None:
    """The process as a table, if state and symbol determine the next state."""
    if process.is_generalised:
        return None
    successor, emit = [], []
    for state in range(process.n_state):
        ends = [[j for j, value in enumerate(T[state]) if value] for T in process.T]
        if any(len(after) > 1 for after in ends):
            return None
        successor.append(tuple(after[0] if after else FORBIDDEN for after in ends))
        emit.append(tuple(sum(T[state], Fraction(0)) for T in process.T))
    return tuple(successor), tuple(emit), process.start


def _flow(successor: Sequence[Sequence[int]], emit: Sequence[Row]) -> Flow:
    found: list[dict[int, Fraction]] = []
    for after, weight in zip(successor, emit, strict=True):
        row: dict[int, Fraction] = {}
        for end, probability in zip(after, weight, strict=True):
            if probability:
                row[end] = row.get(end, Fraction(0)) + probability
        found.append(row)
    return found


def _recurrent(table: Table) -> Table:
    """The closed classes alone, each with its stationary distribution times the probability of ending there."""
    successor, emit, start = table
    flow = _flow(successor, emit)
    classes = classes_of(flow)
    weights = ending_in(flow, start, classes)
    kept: dict[int, Fraction] = {}
    for members, weight in zip(classes, weights, strict=True):
        if weight:
            inside = stationary_within(flow, members)
            kept |= {state: weight * part for state, part in zip(members, inside, strict=True)}
    place = {state: i for i, state in enumerate(kept)} | {FORBIDDEN: FORBIDDEN}
    return (
        tuple(tuple(place[after] for after in successor[state]) for state in kept),
        tuple(emit[state] for state in kept),
        tuple(kept.values()),
    )


def _minimised(table: Table, alphabet: tuple[Hashable, ...]) -> RationalMachine:
    """States of one future made one: split by emissions, then by the classes of successors until nothing splits."""
    successor, emit, start = table
    label = _numbered(emit)
    while True:
        after = [tuple(FORBIDDEN if end < 0 else label[end] for end in row) for row in successor]
        finer = _numbered(list(zip(label, after, strict=True)))
        if max(finer) == max(label):
            break
        label = finer
    first = [label.index(c) for c in range(max(label) + 1)]
    weight = [Fraction(0)] * len(first)
    for c, part in zip(label, start, strict=True):
        weight[c] += part
    return RationalMachine(
        successor=tuple(tuple(FORBIDDEN if end < 0 else label[end] for end in successor[state]) for state in first),
        emit=tuple(emit[state] for state in first),
        start=tuple(weight),
        alphabet=alphabet,
    )


def _numbered(keys: Sequence[Hashable]) -> list[int]:
    number: dict[Hashable, int] = {}
    return [number.setdefault(key, len(number)) for key in keys]
