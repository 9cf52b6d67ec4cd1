"""Finding the epsilon-machine of a process: its causal states are the recurrent beliefs, equal futures made one."""

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from compmech.epsilon_machine import EpsilonMachine
from compmech.errors import NoFiniteEpsilonMachine
from compmech.graph import closed_classes
from compmech.hmm import GHMM, HMM, AnyPresentation, as_presentation
from compmech.merging import MERGE_TOL
from compmech.minimal import equivalent, merge_equal_states, minimal, restrict
from compmech.mixed_state import MixedStatePresentation, mixed_states
from compmech.partition import refine
from compmech.stationarity import is_stationary
from compmech.stationary import class_weights, stationary_distribution

# Beliefs that only converge are followed around a cycle at most this often: enough for a factor 0.7 each time to end in
# the smallest float.
_MOST_ROUNDS = 2000

# A word that fixes the belief after it, whatever the state before it, to within this is looked for up to this length.
_FORGOTTEN = 1e-15
_LONGEST_WORD = 20_000


@dataclass(frozen=True, eq=False)
class Table:
    """A unifilar machine, minimal or not: P(symbol | state), next states, a distribution over states, their names."""

    emit: Float[np.ndarray, "causal symbol"]
    successor: Int[np.ndarray, "causal symbol"]
    weight: Float[np.ndarray, " causal"]
    names: tuple[Hashable, ...]


def epsilon_machine(
    process: AnyPresentation, *, max_states: int = 20_000, merge_tol: float = MERGE_TOL
) -> EpsilonMachine:
    """The epsilon-machine of the stationary process that a process settles into.

    Its states are the recurrent causal states. Where the process has several closed classes, these are mixed in
    proportion to the probability of ending in each, and the machine's start says so. A unifilar process is minimised as
    it stands; others through their mixed states. The result is exact up to rounding.

    Args:
        max_states: largest number of mixed states explored.
        merge_tol: beliefs and emission probabilities nearer than this are taken to be equal.
    Raises:
        NoFiniteEpsilonMachine: if the mixed states do not close; `.explored` are those of the closed class in question,
            `.found` the epsilon-machines of the classes before it, if there are any.
    Reference:
        Crutchfield and Young, Physical Review Letters 63, 105 (1989); Shalizi and Crutchfield, Journal of Statistical
        Physics 104, 817 (2001).
    """
    if isinstance(process, EpsilonMachine):
        alphabet, name = process.alphabet, process.name
        whole = Table(process.emit, process.successor, process.start, process.states)
        tables = recurrent_tables(whole)
    else:
        presentation = as_presentation(process)
        alphabet, name = presentation.alphabet, presentation.name
        tables = _tables(presentation, max_states, merge_tol)
    joined = _minimised(_side_by_side(tables), merge_tol)
    return EpsilonMachine(
        joined.successor,
        joined.emit,
        start=joined.weight / joined.weight.sum(),
        alphabet=alphabet,
        states=joined.names if len(set(joined.names)) == len(joined.names) else None,
        name=name,
        merge_tol=merge_tol,
    )


def recurrent_tables(table: Table) -> list[Table]:
    """The closed classes of a unifilar machine that it can end in, each with its stationary distribution times the
    probability of ending there."""
    n_state = len(table.emit)
    state, symbol = np.nonzero(table.emit)
    after = table.successor[state, symbol]
    flow = table.emit[state, symbol]
    classes = closed_classes(state, after, n_state)
    parts = []
    for members, weight in zip(classes, class_weights(state, after, flow, table.weight, classes), strict=True):
        if weight > 0:
            parts.append(_restricted(table, members, float(weight)))
    return parts


def ergodic_parts(process: HMM) -> list[tuple[HMM, float]]:
    """The closed classes of states that an HMM can end in, as stationary HMMs, with the probability of ending there."""
    source, target = np.nonzero(process.A)
    classes = closed_classes(source, target, process.n_state)
    weights = class_weights(source, target, process.A[source, target], process.start, classes)
    ended = [(members, float(weight)) for members, weight in zip(classes, weights, strict=True) if weight > 0]
    return [(restrict(process, members, None), weight) for members, weight in ended]


def _tables(process: HMM | GHMM, max_states: int, merge_tol: float) -> list[Table]:
    """The recurrent part as unifilar tables."""
    if isinstance(process, GHMM):
        return _through_mixed_states(minimal(process), max_states, merge_tol)
    if process.is_unifilar:
        return recurrent_tables(_as_table(process))
    found: list[Table] = []
    for part, weight in ergodic_parts(process):
        merged = merge_equal_states(part)
        tables = [_as_table(merged)] if merged.is_unifilar else None
        if tables is None:
            try:
                tables = _through_mixed_states(minimal(merged), max_states, merge_tol)
            except NoFiniteEpsilonMachine as error:
                done = tuple(_as_machine(table, merge_tol, process) for table in found)
                raise NoFiniteEpsilonMachine(error.explored, done or None) from None
        found += [Table(table.emit, table.successor, table.weight * weight, table.names) for table in tables]
    return found


def _as_table(process: HMM) -> Table:
    successor = np.where(process.emission > 0, process.T.argmax(axis=2).T, -1)
    return Table(process.emission, successor, process.start, process.states)


def _through_mixed_states(process: HMM | GHMM, max_states: int, merge_tol: float) -> list[Table]:
    """The recurrent mixed states as tables.

    Where the transient ones do not close, recurrent ones may still be found: reached by some words exactly, or only in
    the limit, of a cycle of the graph or of a long typical word. Such a candidate is accepted if it is equivalent to
    the process, on words of every length.
    """
    found = mixed_states(process, max_states=max_states, merge_tol=merge_tol)
    if found.closed:
        return recurrent_tables(_graph_table(found))
    if is_stationary(process):
        for find in (_candidate, _after_typical_word):
            candidate = find(process, found)
            if candidate is not None and equivalent(_as_machine(candidate, merge_tol, process), process):
                return [candidate]
    raise NoFiniteEpsilonMachine(found)


def _graph_table(found: MixedStatePresentation) -> Table:
    weight = np.zeros(found.n_mixed)
    weight[0] = 1.0
    return Table(found.emit, found.successor, weight, tuple(range(found.n_mixed)))


def _candidate(process: HMM | GHMM, found: MixedStatePresentation) -> Table | None:
    """The recurrent class of a graph that did not close, its beliefs taken to their limit where they only converge."""
    if not found.recurrent.any():
        return None
    members = np.flatnonzero(found.recurrent)
    part = _restricted(_graph_table(found), members, 1.0)
    if not found.doubtful[members].any():
        return part
    heaviest = int(np.argmax(part.weight))
    limit = _limit_belief(process, found.beliefs[members], part, heaviest)
    return _recurrent_from(process, limit, found)


def _after_typical_word(process: HMM | GHMM, found: MixedStatePresentation) -> Table | None:
    """The recurrent beliefs found from one that a long word leads to, whatever the state before it.

    The word is a fixed pseudo-random one: any typical word does, and the caller checks what is found.
    """
    if isinstance(process, GHMM):
        return None
    walk = np.random.default_rng(0).random(_LONGEST_WORD)
    rows = np.diag(process.start)  # P(state before the word, word, state after it), scaled
    for u in walk:
        after = process.branch(rows)  # (state before, symbol, state after)
        chance = after.sum(axis=(0, 2)).cumsum()
        rows = after[:, min(int(np.searchsorted(chance, u * chance[-1], side="right")), process.n_symbol - 1)]
        rows = rows / rows.sum()
        belief = rows.sum(axis=0)
        if abs(rows - np.outer(rows.sum(axis=1), belief)).max() <= _FORGOTTEN:
            # states that are left only from starts all but ruled out would be found again with ever less weight
            limit = np.where(belief > _FORGOTTEN, belief, 0.0)
            return _recurrent_from(process, limit / limit.sum(), found)
    return None


def _recurrent_from(
    process: HMM | GHMM, belief: Float[np.ndarray, " state"], found: MixedStatePresentation
) -> Table | None:
    """The closed class of beliefs that a recurrent one leads to, if it is finite."""
    again = mixed_states(_started(process, belief), max_states=found.n_mixed, merge_tol=found.merge_tol)
    if not again.closed:
        return None
    tables = recurrent_tables(_graph_table(again))
    return tables[0] if len(tables) == 1 else None


def _limit_belief(
    process: HMM | GHMM, beliefs: Float[np.ndarray, "mixed state"], part: Table, node: int
) -> Float[np.ndarray, " state"]:
    """The belief to which reading a much-used cycle of the graph again and again leads."""
    state, symbol = np.nonzero(part.emit)
    after = part.successor[state, symbol]
    flow = part.weight[state] * part.emit[state, symbol]
    path: list[int] = []
    symbols: list[int] = []
    while node not in path:
        path.append(node)
        edge = np.flatnonzero(after == node)[np.argmax(flow[after == node])]
        symbols.append(int(symbol[edge]))
        node = int(state[edge])
    cycle = symbols[path.index(node) :][::-1]
    belief: np.ndarray = beliefs[node]
    for _ in range(_MOST_ROUNDS):
        before = belief
        for x in cycle:
            moved = belief @ process.T[x]
            belief = moved / (moved @ process.evaluate)
        if (belief == before).all():
            break
    return belief


def _started(process: HMM | GHMM, start: Float[np.ndarray, " state"]) -> HMM | GHMM:
    if isinstance(process, HMM):
        return HMM(process.T, start=start, alphabet=process.alphabet)
    return GHMM(process.T, start, process.evaluate, alphabet=process.alphabet)


def _as_machine(table: Table, merge_tol: float, process: HMM | GHMM) -> EpsilonMachine:
    least = _minimised(table, merge_tol)
    return EpsilonMachine(
        least.successor,
        least.emit,
        start=least.weight / least.weight.sum(),
        alphabet=process.alphabet,
        merge_tol=merge_tol,
    )


def _restricted(table: Table, members: Int[np.ndarray, " member"], weight: float) -> Table:
    """A closed class of a table, with its stationary distribution times a weight."""
    place = np.full(len(table.emit), -1)
    place[members] = np.arange(len(members))
    emit = table.emit[members]
    successor = np.where(emit > 0, place[table.successor[members]], -1)
    state, symbol = np.nonzero(emit)
    pi = stationary_distribution(state, successor[state, symbol], emit[state, symbol], len(members))
    return Table(emit, successor, weight * pi, tuple(table.names[i] for i in members))


def _side_by_side(tables: list[Table]) -> Table:
    offset = np.cumsum([0] + [len(table.emit) for table in tables])
    shifted = [
        np.where(table.successor >= 0, table.successor + first, -1)
        for table, first in zip(tables, offset[:-1], strict=True)
    ]
    return Table(
        np.concatenate([table.emit for table in tables]),
        np.concatenate(shifted),
        np.concatenate([table.weight for table in tables]),
        tuple(name for table in tables for name in table.names),
    )


def _minimised(table: Table, merge_tol: float) -> Table:
    """States of equal future made one; names and emissions are those of the first of each class."""
    label = refine(table.emit, table.successor, merge_tol)
    _, first = np.unique(label, return_index=True)
    successor = table.successor[first]
    return Table(
        table.emit[first],
        np.where(successor >= 0, label[successor], -1),
        np.bincount(label, weights=table.weight),
        tuple(table.names[i] for i in first),
    )
