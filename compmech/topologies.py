"""All topological epsilon-machines of a given size, each once.

A topology says which symbols each state can emit and where they lead, not how probable they are: a partial
deterministic automaton, all of whose states accept. It is an epsilon-machine, whatever the probabilities, if it is
strongly connected and no two states can emit the same words.

Letters: a string lists the successors of state 0 by symbol, then those of state 1, ..., with -1 for forbidden symbols.
Numbered as a breadth-first search from a root meets them, states appear in the string in the order 0, 1, 2, ... The
least of the n strings that the n roots give is the canonical one. So: grow all strings in which new states appear in
order, drop those that are not epsilon-machines, and keep those that no other root makes smaller.

Relabelling of states makes no difference; that of symbols does (the machine that only emits 0s and the one that only
emits 1s are two), and not every symbol need occur. Counted so, there are 3, 7, 78, 1388, 35186, 1132613 over two
symbols.

Reference:
    Johnson, Crutchfield, Ellison and McTague, Entropy 26, 1105 (2024), arXiv 1011.0036;
    Almeida, Moreira and Reis, Theoretical Computer Science 387, 93 (2007), for the strings.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int
from numpy.typing import ArrayLike

from compmech.epsilon_machine import EpsilonMachine
from compmech.graph import strong_components
from compmech.partition import refine
from compmech.validation import as_floats, check_count, frozen

# Strings are grown this many at a time: enough for whole-array work to pay, few enough to stay in the cache.
_CHUNK = 1 << 14

_FORBIDDEN = -1


@dataclass(frozen=True, eq=False)
class Topology:
    """A topological epsilon-machine in canonical form.

    Attributes:
        successor: next state for each (state, symbol); -1 where the symbol is forbidden.
    """

    successor: Int[np.ndarray, "causal symbol"]

    @property
    def n_state(self) -> int:
        """Number of states."""
        return len(self.successor)

    @property
    def n_edge(self) -> int:
        """Number of allowed transitions."""
        return int((self.successor >= 0).sum())

    def machine(self, emit: ArrayLike | None = None, name: str | None = None) -> EpsilonMachine:
        """The epsilon-machine with this topology and given probabilities.

        Args:
            emit: P(symbol | state), positive exactly where the symbol is allowed; None: all allowed symbols of a state
                equally probable.
            name: what the process is called.
        Raises:
            ValueError: if emit does not fit.
        """
        allowed = self.successor >= 0
        given = allowed / allowed.sum(axis=1, keepdims=True) if emit is None else emit
        return EpsilonMachine(self.successor, given, name=name)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Topology) and np.array_equal(self.successor, other.successor)

    def __hash__(self) -> int:
        return hash((self.successor.shape, self.successor.tobytes()))


def topological_machines(n_state: int, n_symbol: int = 2) -> Iterator[Topology]:
    """Every topological epsilon-machine of n states over an alphabet, once up to the numbering of states.

    In lexicographic order of their strings. Lazily: they are many. Five states over two symbols take a second, six
    half a minute.

    Args:
        n_state: number of states, at least 1.
        n_symbol: size of the alphabet, of which not every symbol need occur; at least 1.
    Raises:
        ValueError: if there is no state or no symbol.
    Reference:
        Johnson, Crutchfield, Ellison and McTague, Entropy 26, 1105 (2024), arXiv 1011.0036.
    Example:
        >>> [sum(1 for _ in topological_machines(n)) for n in (1, 2, 3, 4)]
        [3, 7, 78, 1388]
    """
    for count, what in ((n_state, "n_state"), (n_symbol, "n_symbol")):
        if check_count(count, what) < 1:
            raise ValueError(f"{what} must be >= 1; got {count}")
    return _canonical_machines(n_state, n_symbol)


def canonical_topology(successor: ArrayLike) -> Topology:
    """The topology of a machine in canonical form: the same for all numberings of its states.

    Args:
        successor: next state for each (state, symbol), -1 where the symbol is forbidden; that of an EpsilonMachine will
            do if no two states can emit the same words.
    Raises:
        ValueError: if it is not the table of a topological epsilon-machine, saying why.
    Example:
        >>> from compmech import epsilon_machine, zoo
        >>> canonical_topology(epsilon_machine(zoo.even()).successor).successor.tolist()
        [[-1, 1], [1, 0]]
    """
    table = _checked(successor)
    rows = np.repeat(table[None], len(table), axis=0).astype(np.int8 if len(table) < 128 else np.int64)
    strings = _renumbered(rows, np.arange(len(table)))
    return Topology(frozen(np.array(min(strings.tolist()))))


def _checked(successor: ArrayLike) -> Int[np.ndarray, "causal symbol"]:
    given = as_floats(successor, "successor")
    if given.ndim != 2 or 0 in given.shape:
        raise ValueError(f"successor must have axes (state, symbol), at least one of each; got shape {given.shape}")
    n_state = len(given)
    for state, symbol in np.argwhere((given != np.floor(given)) | (given < -1) | (given >= n_state))[:1]:
        raise ValueError(
            f"successor must hold states 0..{n_state - 1}, or -1 where the symbol is forbidden; "
            f"successor[{state}, {symbol}] is {given[state, symbol]:g}"
        )
    table = given.astype(np.intp)
    for dead in np.flatnonzero((table < 0).all(axis=1))[:1]:
        raise ValueError(f"every state must be able to emit a symbol; successor[{dead}] is -1 throughout")
    state, symbol = np.nonzero(table >= 0)
    component = strong_components(state, table[state, symbol], n_state)
    if component.max() > 0:
        parts = [np.flatnonzero(component == label).tolist() for label in np.unique(component)]
        raise ValueError(f"every state must be reachable from every other one; the strong components are {parts}")
    label = refine((table >= 0).astype(np.float64), table, 0.5)
    twins = np.flatnonzero(label == np.argmax(np.bincount(label)))
    if len(twins) > 1:
        raise ValueError(f"states {twins.tolist()} can emit the same words and must be one")
    return table


def _canonical_machines(n_state: int, n_symbol: int) -> Iterator[Topology]:
    for tables in _grown(np.empty((1, 0), dtype=np.int8), np.zeros(1, dtype=np.int8), n_state, n_symbol):
        kept = tables[_is_strongly_connected(tables)]
        kept = kept[_is_minimal(kept)]
        kept = kept[_is_least(kept)]
        for table in kept:
            yield Topology(frozen(table.astype(np.intp)))


def _grown(
    strings: Int[np.ndarray, "machine place"], newest: Int[np.ndarray, " machine"], n_state: int, n_symbol: int
) -> Iterator[Int[np.ndarray, "machine state symbol"]]:
    """All strings that begin with some given ones, in order, as tables: a chunk at a time.

    Args:
        strings: beginnings of one length.
        newest: the highest state met so far in each.
    """
    place = strings.shape[1]
    if place == n_state * n_symbol:
        yield strings.reshape(-1, n_state, n_symbol)
        return
    state, symbol = divmod(place, n_symbol)
    targets = np.arange(_FORBIDDEN, n_state, dtype=np.int8)
    fits = targets <= newest[:, None] + 1
    if symbol == n_symbol - 1:
        dead = (strings[:, place - symbol :] == _FORBIDDEN).all(axis=1)
        fits[:, 0] &= ~dead
        if state + 1 < n_state:  # the next state must have been met
            fits &= np.maximum(newest[:, None], targets) > state
    row, column = np.nonzero(fits)
    grown = np.concatenate([strings[row], targets[column, None]], axis=1)
    newest = np.maximum(newest[row], targets[column])
    for first in range(0, len(grown), _CHUNK):
        part = slice(first, first + _CHUNK)
        yield from _grown(grown[part], newest[part], n_state, n_symbol)


def _is_strongly_connected(tables: Int[np.ndarray, "machine state symbol"]) -> Bool[np.ndarray, " machine"]:
    """Whether every state leads back to state 0; from there, all have been met."""
    n_machine, n_state, _ = tables.shape
    row = np.arange(n_machine)[:, None]
    back = np.zeros((n_machine, n_state + 1), dtype=bool)  # the last column stands for forbidden
    back[:, 0] = True
    for _ in range(n_state - 1):
        for x in range(tables.shape[2]):
            back[:, :-1] |= back[row, tables[:, :, x]]
    return np.asarray(back[:, :-1].all(axis=1))


def _is_minimal(tables: Int[np.ndarray, "machine state symbol"]) -> Bool[np.ndarray, " machine"]:
    """Whether every two states can emit different words: pairs that one symbol tells apart, then those led to them."""
    n_machine, n_state, n_symbol = tables.shape
    row = np.arange(n_machine)[:, None]
    first, second = np.triu_indices(n_state, k=1)
    number = np.full((n_state + 1, n_state + 1), len(first))  # the last pair stands for equal, or for forbidden
    number[first, second] = number[second, first] = np.arange(len(first))
    apart = np.zeros((n_machine, len(first) + 1), dtype=bool)
    after = []
    for x in range(n_symbol):
        left, right = tables[:, first, x], tables[:, second, x]
        apart[:, :-1] |= (left < 0) != (right < 0)
        after.append(number[left, right])
    while True:
        before = apart.sum()
        for pair in after:
            apart[:, :-1] |= apart[row, pair]
        if apart.sum() == before:
            return np.asarray(apart[:, :-1].all(axis=1))


def _is_least(tables: Int[np.ndarray, "machine state symbol"]) -> Bool[np.ndarray, " machine"]:
    """Whether no other root gives a smaller string."""
    least = np.ones(len(tables), dtype=bool)
    for root in range(1, tables.shape[1]):
        left = np.flatnonzero(least)
        least[left] = ~_is_smaller(tables[left], root)
    return least


def _is_smaller(tables: Int[np.ndarray, "machine state symbol"], root: int) -> Bool[np.ndarray, " machine"]:
    """Whether the string from another root is smaller than the one at hand; each machine is read until they differ."""
    n_machine, n_state, n_symbol = tables.shape
    smaller = np.zeros(n_machine, dtype=bool)
    search = _Search(tables, np.full(n_machine, root))
    alive = np.arange(n_machine)
    for state in range(n_state):
        for x in range(n_symbol):
            found = search.read(alive, state, x)
            own = tables[alive, state, x]
            smaller[alive[found < own]] = True
            alive = alive[found == own]
    return smaller


def _renumbered(
    tables: Int[np.ndarray, "machine state symbol"], roots: Int[np.ndarray, " machine"]
) -> Int[np.ndarray, "machine state symbol"]:
    """Tables with states numbered breadth first from a root."""
    search, every = _Search(tables, roots), np.arange(len(tables))
    columns = [[search.read(every, state, x) for x in range(tables.shape[2])] for state in range(tables.shape[1])]
    return np.array(columns).transpose(2, 0, 1)


class _Search:
    """Breadth-first searches of many machines at once, read off symbol by symbol."""

    def __init__(self, tables: Int[np.ndarray, "machine state symbol"], roots: Int[np.ndarray, " machine"]) -> None:
        n_machine, n_state, _ = tables.shape
        every = np.arange(n_machine)
        self.tables = tables
        self.number = np.full((n_machine, n_state + 1), _FORBIDDEN)  # the last column stays: forbidden
        self.number[every, roots] = 0
        self.order = np.zeros((n_machine, n_state), dtype=np.intp)
        self.order[:, 0] = roots
        self.met = np.ones(n_machine, dtype=np.intp)

    def read(self, machines: Int[np.ndarray, " some"], state: int, symbol: int) -> Int[np.ndarray, " some"]:
        """The entry of the string at a state, numbered as met, and a symbol; a new state gets the next number."""
        target = self.tables[machines, self.order[machines, state], symbol]
        found = self.number[machines, target]
        fresh = (found < 0) & (target >= 0)
        at, to = machines[fresh], target[fresh]
        found[fresh] = self.number[at, to] = self.met[at]
        self.order[at, self.met[at]] = to
        self.met[at] += 1
        return np.asarray(found)
