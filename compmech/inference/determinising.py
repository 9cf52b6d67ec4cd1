"""From labelled histories to a machine: where each symbol leads, what is split so that it leads somewhere, what recurs.

Where a symbol leads is read from histories of length L - 1, each of which becomes one of length L by it, so that
nothing is forgotten on the way. A history that longer ones divide among several states has not told the state yet, and
leads nowhere. A state whose members lead to different states on one symbol is split, until none is. States that are
left for good are removed. Splitting and merging histories differ in how these come by their labels alone.

Symbols may be pairs (input, output) of a channel; states are the same then if their outputs given inputs are.

Reference:
    Shalizi and Klinkner, Proceedings of the 20th Conference on Uncertainty in Artificial Intelligence, 504 (2004),
    arXiv cs/0406011.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float, Int

from compmech.causal_states import Table, recurrent_tables
from compmech.epsilon_machine import EpsilonMachine
from compmech.merging import MERGE_TOL
from compmech.partition import refine

__all__ = ["LEAST_COUNT", "HistoryStates", "check_counted", "determinised"]

LEAST_COUNT = 5
"""Occurrences of a history below which nothing is tested: expected counts below about five make a chi-square test wrong
(Cochran, Biometrics 10, 417, 1954)."""


@dataclass(frozen=True, eq=False)
class HistoryStates:
    """Recurrent states made of histories of one length, which were split or merged by what follows them.

    Attributes:
        successor, emit: the recurrent states, those of every closed class. Over pairs (input, output) of a channel,
            `emit` is of the pairs: of the input in the data as well.
        weight: the stationary distribution; closed classes in proportion to the histories that end in each.
        state_of: the recurrent state of each history of L - 1 symbols, by code; -1: none that recurs, not told yet, or
            never seen.
        history: L.
        n_homogeneous: states before determinising.
        transient: share of the histories of L - 1 symbols that are in no recurrent state.
        synchronised: whether the members of each state are histories of which all longer ones agree on it. False: the
            histories do not tell the states apart, each counts for the state that most occasions of it are in, and
            there is no reason to think that the machine is that of the process.
    """

    successor: Int[np.ndarray, "causal symbol"]
    emit: Float[np.ndarray, "causal symbol"]
    weight: Float[np.ndarray, " causal"]
    state_of: Int[np.ndarray, " history"] = field(repr=False)
    history: int
    n_homogeneous: int
    transient: float
    synchronised: bool

    @property
    def n_state(self) -> int:
        """Recurrent states."""
        return len(self.emit)

    @property
    def machine(self) -> EpsilonMachine:
        """The recurrent states as an epsilon-machine over the symbols 0, 1, ..., in its stationary distribution."""
        start = np.zeros(self.n_state)
        names = tuple(range(self.n_state))
        for part in recurrent_tables(Table(self.emit, self.successor, self.weight, names)):
            start[np.array(part.names)] = part.weight
        return EpsilonMachine(self.successor, self.emit, start=start / start.sum())


def check_counted(length: int, total: int, significance: float) -> None:
    """Raises ValueError if no words of at least one symbol were counted, or the level of a test is none."""
    if length < 1 or not total:
        raise ValueError(
            "there must be words of at least one symbol to be counted; "
            + ("they have none" if length < 1 else f"no stretch of {length} symbols is without a gap")
        )
    if not 0 < significance < 1:
        raise ValueError(f"significance must be between 0 and 1; got {significance}")


def determinised(
    follow: Sequence[np.ndarray], label: np.ndarray, *, least_count: int, n_input: int = 1
) -> HistoryStates:
    """States of the longest histories made unifilar: of those that have told the state, if that is possible.

    Args:
        follow: by length of the history, from 0 to L, how often each symbol follows each history.
        label: of each history of length L, 0, 1, ...
        least_count: labels of histories that occur less often are not looked at.
        n_input: inputs of a channel; 1: symbols are no pairs.
    Raises:
        ValueError: if no state recurs: the longest histories lead to others that were never seen.
    """
    L, k = len(follow) - 1, follow[0].shape[1]
    n_homogeneous = len(set(label[follow[L].sum(axis=1) > 0].tolist()))
    if L == 0:
        emit = follow[0] / follow[0].sum()
        return HistoryStates(
            np.where(emit > 0, 0, -1), emit, np.ones(1), np.zeros(1, dtype=int), 0, n_homogeneous, 0.0, True
        )
    known = follow[L].sum(axis=1) >= min(least_count, follow[L].sum(axis=1).max())
    # the state of each shorter history, and whether all that end in it agree
    of_longer = np.where(known, label, -1).reshape(k, -1)  # first symbol, shorter history
    most = of_longer.max(axis=0)
    agreed = (most >= 0) & ((of_longer == most) | (of_longer < 0)).all(axis=0)
    for synchronised, history in ((True, np.flatnonzero(agreed)), (False, np.flatnonzero(most >= 0))):
        if not synchronised:
            most = _majority_of(of_longer, follow[L].sum(axis=1).reshape(k, -1))
        found = _made_of(follow, label, known, most, history, synchronised, n_input) if len(history) else None
        if found is not None:
            table, state_of, transient = found
            return HistoryStates(*table, state_of, L, n_homogeneous, transient, synchronised)
    raise ValueError(f"with histories of {L} symbols no state recurs: take longer ones, or more data")


def _majority_of(of_longer: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """The state that most occasions of each shorter history are in; -1 where none is known."""
    votes = np.zeros((int(of_longer.max()) + 2, of_longer.shape[1]))
    np.add.at(votes, (of_longer, np.arange(of_longer.shape[1])[None]), weight)
    return np.where(votes[:-1].max(axis=0) > 0, votes[:-1].argmax(axis=0), -1)


def _made_of(
    follow: Sequence[np.ndarray],
    label: np.ndarray,
    known: np.ndarray,
    most: np.ndarray,
    history: np.ndarray,
    synchronised: bool,
    n_input: int,
) -> tuple[tuple[np.ndarray, np.ndarray, np.ndarray], np.ndarray, float] | None:
    """The recurrent machine whose states' members are these histories; None if nothing recurs."""
    L, k = len(follow) - 1, follow[0].shape[1]
    longer = history[:, None] * k + np.arange(k)  # the history of length L after each symbol
    weight = follow[L - 1][history]
    goes = (weight > 0) & known[longer]
    state, target = most[history], np.where(goes, label[longer], -1)
    names, state = np.unique(state, return_inverse=True)
    number = np.full(int(label.max()) + 1, -1)
    number[names] = np.arange(len(names))
    target = np.where(goes, number[target], -1)
    if not synchronised:  # a state without members is that of the shorter history; else it is followed no further
        shorter = most[longer % k ** (L - 1)]
        target = np.where(goes & (target < 0) & (shorter >= 0), number[shorter], target)
    state, votes, member = _split(state.ravel(), target, longer, history, weight, k, L)
    n_state = int(state.max()) + 1
    pooled = np.zeros((n_state, k))
    np.add.at(pooled, state, weight)
    emit = pooled / pooled.sum(axis=1, keepdims=True)
    successor = np.where(pooled > 0, votes, -1)
    return _recurrent(emit, successor, state, weight, member, follow[L - 1].sum(axis=1), n_input)


def _split(
    state: np.ndarray,
    target: np.ndarray,
    longer: np.ndarray,
    history: np.ndarray,
    weight: np.ndarray,
    k: int,
    L: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Split states until all members of each lead alike.

    Returns:
        The state of each history; where each state leads on each symbol, -1: nowhere; and the row of each history of
        length L - 1, -1: none.
    """
    row = np.full(k ** (L - 1), -1)
    row[history] = np.arange(len(history))
    suffix = longer % k ** (L - 1)  # what follows a split must be told by the shorter history that a longer one ends in
    while True:
        votes = _majority(state, target, weight)
        odd = (target >= 0) & (target != votes[state])
        if not odd.any():
            return state, votes, row
        signature = np.column_stack([state, np.where(odd, target + 1, 0)])
        finer = np.unique(signature, axis=0, return_inverse=True)[1].ravel()
        parent = np.empty(int(finer.max()) + 1, dtype=int)
        parent[finer] = state
        # a target that was split is told apart by the history that is reached, where that one is a member
        reached = np.where(row[suffix] >= 0, finer[row[suffix]], -1)
        first = np.array([int(np.flatnonzero(parent == old)[0]) for old in range(int(state.max()) + 1)])
        target = np.where(
            target < 0, -1, np.where((reached >= 0) & (parent[reached] == target), reached, first[target])
        )
        state = finer


def _recurrent(
    emit: np.ndarray,
    successor: np.ndarray,
    state: np.ndarray,
    weight: np.ndarray,
    row: np.ndarray,
    total: np.ndarray,
    n_input: int,
) -> tuple[tuple[np.ndarray, np.ndarray, np.ndarray], np.ndarray, float] | None:
    """The states that recur, those of equal future taken together; None if there are none.

    Where a symbol leads to no state that is known, all is lost: such states do not recur.
    """
    n_state, k = emit.shape
    lost = np.full((1, k), 1 / k)
    after = np.where((successor < 0) & (emit > 0), n_state, successor)
    after = np.concatenate([after, np.full((1, k), n_state)])
    occupied = np.append(np.bincount(state, weights=weight.sum(axis=1), minlength=n_state), 0.0)
    table = Table(np.concatenate([emit, lost]), after, occupied / occupied.sum(), tuple(range(n_state + 1)))
    parts = [part for part in recurrent_tables(table) if n_state not in part.names]
    if not parts:
        return None
    members = np.array([name for part in parts for name in part.names])
    share = np.concatenate([part.weight for part in parts])
    local = np.full(n_state + 1, -1)
    local[members] = np.arange(len(members))
    inner = np.where(after[members] >= 0, local[after[members]], -1)
    same = refine(given_input(emit[members], n_input), inner, MERGE_TOL)
    _, first = np.unique(same, return_index=True)
    merged = np.where(inner[first] >= 0, same[inner[first]], -1)
    final = np.full(n_state, -1)
    final[members] = same
    state_of = np.where(row >= 0, final[state[row]], -1)
    stationary = np.bincount(same, weights=share)
    transient = float(1 - total[state_of >= 0].sum() / total.sum())
    return (merged, emit[members[first]], stationary / stationary.sum()), state_of, transient


def given_input(pairs: Float[np.ndarray, "causal symbol"], n_input: int) -> Float[np.ndarray, "causal symbol"]:
    """P(output | input) from probabilities, or counts, of pairs (input, output); 0 for inputs that never occur."""
    table = pairs.reshape(len(pairs), n_input, -1)
    total = table.sum(axis=2, keepdims=True)
    return np.asarray(table / np.where(total > 0, total, 1)).reshape(pairs.shape)


def _majority(state: np.ndarray, after: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Where most of each state's occasions lead on each symbol; -1 where none does."""
    n_state, k = int(state.max()) + 1, after.shape[1]
    n_target = int(after.max()) + 2
    votes = np.zeros((n_state, k, n_target))
    np.add.at(votes, (state[:, None], np.arange(k), after), weight)
    best = votes[:, :, : n_target - 1].argmax(axis=2) if n_target > 1 else np.zeros((n_state, k), dtype=int)
    return np.where(votes[:, :, : n_target - 1].max(axis=2, initial=0) > 0, best, -1)
