"""From groups of histories to a machine: where each symbol leads, what is dropped, what recurs, and what does not fit.

A group's emissions are the mean of its histories' predictions, and its successors are found for every symbol from what
the predictor says of the future after it. Histories of a causal state agree on the successor; how much of the
probability disagrees is kept, as is how far the finished machine is from the predictor.
"""

from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Float, Int

from compmech.causal_states import Table, recurrent_tables
from compmech.epsilon_machine import EpsilonMachine
from compmech.inference.agglomeration import group_means, nearest
from compmech.inference.ensemble import stationary_rows
from compmech.inference.futures import Futures
from compmech.merging import MERGE_TOL
from compmech.partition import refine
from compmech.units import bits

__all__ = ["Candidate", "DroppedTransition", "candidate_machine"]


@dataclass(frozen=True)
class DroppedTransition:
    """A transition that the predictor makes so seldom that it is left out; `target` is where it mostly leads, None if
    that is no recurrent state."""

    state: int
    symbol: int
    probability: float
    target: int | None


@dataclass(frozen=True, eq=False)
class Candidate:
    """A machine made of groups of histories, and how well it fits.

    Attributes:
        n_group: groups that histories were merged into, transient ones included.
        successor, emit, weight: the recurrent states; `weight` is the stationary distribution, several closed classes
            in proportion to the histories that end in each.
        state_of: the recurrent state of each group; -1: transient.
        centres: mean future of each group.
        dropped: transitions out of recurrent states that were left out.
        inconsistent: share of probability, among recurrent states, that leads elsewhere than the machine says.
        transient: share of the held-out histories that are in no recurrent state.
        forbidden: mean probability, a symbol, of held-out histories' futures that the machine excludes.
        residual: mean divergence, bits a symbol, of held-out histories' futures (of words that the machine allows)
            from what the machine says of them; `inf` if no held-out history is in a recurrent state.
        cross_entropy: of the same words and the machine's prediction of them, bits a symbol.
    """

    n_group: int
    successor: Int[np.ndarray, "causal symbol"]
    emit: Float[np.ndarray, "causal symbol"]
    weight: Float[np.ndarray, " causal"]
    state_of: Int[np.ndarray, " group"] = field(repr=False)
    centres: Float[np.ndarray, "group word"] = field(repr=False)
    dropped: tuple[DroppedTransition, ...]
    inconsistent: float
    transient: float
    forbidden: float
    residual: float
    cross_entropy: float

    @property
    def n_state(self) -> int:
        """Recurrent states."""
        return len(self.emit)

    def states(self, futures: Futures) -> Int[np.ndarray, " row"]:
        """The recurrent state that each history is in; -1: none."""
        return np.asarray(self.state_of[nearest(futures.words, self.centres)])

    def reweighted(self, emit: Float[np.ndarray, "causal symbol"]) -> EpsilonMachine:
        """The same transitions with other probabilities."""
        return _machine(self.successor, emit, self.weight)

    def stationary(self, emit: Float[np.ndarray, "resample causal symbol"]) -> Float[np.ndarray, "resample causal"]:
        """Stationary distributions of the same transitions, none of probability 0, with other probabilities, one for
        each set of these; closed classes keep their shares of the weight."""
        found = np.zeros(emit.shape[:2])
        for part in recurrent_tables(_table(self.successor, self.emit, self.weight)):
            own = np.array(part.names)
            place = np.full(self.n_state, -1)
            place[own] = np.arange(len(own))
            after = np.where(self.emit[own] > 0, place[self.successor[own]], -1)
            found[:, own] = part.weight.sum() * stationary_rows(after, emit[:, own])
        return found

    @property
    def machine(self) -> EpsilonMachine:
        """The recurrent states as an epsilon-machine over the symbols 0, 1, ..."""
        return _machine(self.successor, self.emit, self.weight)


def candidate_machine(
    fit: Futures, held_out: Futures, centres: Float[np.ndarray, "group word"], *, drop_below: float
) -> Candidate:
    """The machine of histories merged around the given mean futures.

    Args:
        fit: histories that make the machine; every group takes those nearest to its centre.
        held_out: histories that judge it.
        drop_below: transitions of smaller probability are left out, and the others scaled to sum to 1.
    """
    label = nearest(fit.words, centres)
    used, label = np.unique(label, return_inverse=True)
    label = label.ravel()
    centres = group_means(fit.words, label)
    raw = group_means(fit.next, label)
    votes = _votes(fit, label, centres)
    kept = raw >= drop_below
    emit = np.where(kept, raw, 0.0)
    emit /= emit.sum(axis=1, keepdims=True)
    successor = np.where(kept, votes.argmax(axis=2), -1)
    occupied = np.bincount(label) / len(label)
    table = Table(emit, successor, occupied, tuple(range(len(used))))
    parts = recurrent_tables(table)
    members = np.array([name for part in parts for name in part.names])
    weight = np.concatenate([part.weight for part in parts])
    state_of = np.full(len(used), -1)
    # states that only dropped transitions told apart are one
    local = np.full(len(used), -1)
    local[members] = np.arange(len(members))
    after = np.where(successor[members] >= 0, local[successor[members]], -1)
    same = refine(emit[members], after, MERGE_TOL)
    state_of[members] = same
    _, first = np.unique(same, return_index=True)
    own = members[first]
    after = np.where(successor[own] >= 0, state_of[successor[own]], -1)
    recurrent = np.flatnonzero(state_of >= 0)
    found = Candidate(
        n_group=len(used),
        successor=after,
        emit=emit[own],
        weight=np.bincount(same, weights=weight),
        state_of=state_of,
        centres=centres,
        dropped=_dropped(raw, kept, votes, state_of, own),
        inconsistent=_inconsistent(votes[recurrent], kept[recurrent], successor[recurrent]),
        transient=0.0,
        forbidden=0.0,
        residual=np.inf,
        cross_entropy=np.inf,
    )
    return _judged(found, held_out)


def _votes(
    fit: Futures, label: Int[np.ndarray, " row"], centres: Float[np.ndarray, "group word"]
) -> Float[np.ndarray, "group symbol group"]:
    """How much probability of each group leads to each group by each symbol, by what is nearest to the future there."""
    n_group = len(centres)
    votes = np.zeros((n_group, fit.n_symbol, n_group))
    for x in range(fit.n_symbol):
        chance = fit.next[:, x]
        rows = np.flatnonzero(chance > 0)
        if len(rows):
            leads = nearest(fit.after[rows, x] / chance[rows, None], centres)
            np.add.at(votes[:, x], (label[rows], leads), chance[rows])
    return votes


def _inconsistent(
    votes: Float[np.ndarray, "group symbol next"],
    kept: np.ndarray,
    successor: Int[np.ndarray, "group symbol"],
) -> float:
    """Share of probability that goes elsewhere than the chosen successors, of transitions that are kept."""
    group, symbol = np.nonzero(kept)
    total = votes[group, symbol].sum(axis=1)
    agreed = votes[group, symbol, successor[group, symbol]]
    return max(0.0, float(1 - agreed.sum() / total.sum()))


def _dropped(
    raw: Float[np.ndarray, "group symbol"],
    kept: np.ndarray,
    votes: Float[np.ndarray, "group symbol next"],
    state_of: Int[np.ndarray, " group"],
    own: Int[np.ndarray, " causal"],
) -> tuple[DroppedTransition, ...]:
    found = []
    for state, group in enumerate(own):
        for x in np.flatnonzero(~kept[group] & (raw[group] > 0)):
            target = int(state_of[votes[group, x].argmax()])
            found.append(DroppedTransition(state, int(x), float(raw[group, x]), target if target >= 0 else None))
    return tuple(found)


def _judged(found: Candidate, held_out: Futures) -> Candidate:
    """The candidate with its fit to held-out histories."""
    state = found.states(held_out)
    inside = state >= 0
    if not inside.any():
        return replace(found, transient=1.0)
    said = machine_futures(found.successor, found.emit, held_out.horizon + 1)[state[inside]]
    true = np.where(said > 0, held_out.joint[inside], 0.0)
    allowed = true.sum(axis=1, keepdims=True)
    if not (allowed > 0).all():
        return replace(found, transient=float(1 - inside.mean()), forbidden=1.0)
    true = true / allowed
    length = held_out.horizon + 1
    surprise = np.where(true > 0, -np.log(np.where(said > 0, said, 1.0)), 0.0)
    own = np.where(true > 0, -np.log(np.where(true > 0, true, 1.0)), 0.0)
    cross = float(bits((true * surprise).sum(axis=1).mean() / length))
    entropy = float(bits((true * own).sum(axis=1).mean() / length))
    return replace(
        found,
        transient=float(1 - inside.mean()),
        forbidden=max(0.0, float((1 - allowed).mean() / length)),
        residual=max(0.0, cross - entropy),  # a divergence: below 0 by rounding alone
        cross_entropy=cross,
    )


def machine_futures(
    successor: Int[np.ndarray, "causal symbol"], emit: Float[np.ndarray, "causal symbol"], length: int
) -> Float[np.ndarray, "causal word"]:
    """P(w | state) of a unifilar machine for all words of one length, in lexicographic order."""
    n_state = len(emit)
    table = np.ones((n_state, 1))
    for _ in range(length):
        table = (emit[:, :, None] * table[successor]).reshape(n_state, -1)
    return table


def _machine(successor: np.ndarray, emit: np.ndarray, weight: np.ndarray) -> EpsilonMachine:
    """The machine in its stationary distribution; closed classes keep their shares of the weight."""
    start = np.zeros(len(emit))
    for part in recurrent_tables(_table(successor, emit, weight)):
        start[np.array(part.names)] = part.weight
    return EpsilonMachine(successor, emit, start=start / start.sum())


def _table(successor: np.ndarray, emit: np.ndarray, weight: np.ndarray) -> Table:
    return Table(emit, successor, weight / weight.sum(), tuple(range(len(emit))))
