"""The beliefs over the states of a presentation that a whole past leads to."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from compmech.graph import closed_classes
from compmech.hmm import HMM
from compmech.measures.interval import entropy
from compmech.mixed_state import MixedStatePresentation, mixed_states
from compmech.stationary import class_weights, stationary_distribution

# Symbols of one past read before giving up on its leaving nothing open about where it began.
_MAX_PAST = 20_000

# A matrix counts as of rank one when it differs from the product of its margins by less than this part of its maximum.
_RANK_ONE = 1e-14

# Beliefs must average to the distribution of the states; a set that is not the recurrent one does not.
_AVERAGE_TOL = 1e-8


@dataclass(frozen=True, eq=False)
class Beliefs:
    """The distinct beliefs given the whole past, and the probability of each."""

    rows: Float[np.ndarray, "mixed state"]
    probability: Float[np.ndarray, " mixed"]

    @property
    def uncertainty(self) -> float:
        """H[state | past], in bits."""
        return float(self.probability @ entropy(self.rows))


def settled_beliefs(process: HMM, *, max_states: int) -> Beliefs | None:
    """The beliefs of an observer who has seen the whole past; None if no finite set was found.

    The recurrent mixed states, where all mixed states close. Where they do not, one typical past is read until it
    leaves a belief that does not depend on the belief before it; such a belief is recurrent, and reading on from it
    finds the others.

    Args:
        process: stationary, of one ergodic process; every state is possible.
        max_states: the most beliefs explored.
    """
    graph = mixed_states(process, max_states=max_states)
    if not graph.closed:
        begun = _typical(process)
        if begun is None:
            return None
        again = HMM(process.T, start=begun, alphabet=process.alphabet)
        graph = mixed_states(again, max_states=max_states)
        if not graph.closed:
            return None
    found = _recurrent(graph)
    if np.abs(found.probability @ found.rows - process.start).max() > _AVERAGE_TOL:
        return None
    return found


def _recurrent(graph: MixedStatePresentation) -> Beliefs:
    """The closed classes of a graph, each with its stationary distribution times the probability of ending there."""
    mixed, symbol = np.nonzero(graph.successor >= 0)
    after, flow = graph.successor[mixed, symbol], graph.emit[mixed, symbol]
    classes = closed_classes(mixed, after, graph.n_mixed)
    start = np.zeros(graph.n_mixed)
    start[0] = 1.0
    probability = np.zeros(graph.n_mixed)
    for members, weight in zip(classes, class_weights(mixed, after, flow, start, classes), strict=True):
        inside = np.isin(mixed, members)
        part = stationary_distribution(
            np.searchsorted(members, mixed[inside]), np.searchsorted(members, after[inside]), flow[inside], len(members)
        )
        probability[members] = weight * part
    kept = probability > 0
    return Beliefs(graph.beliefs[kept], probability[kept])


def _typical(process: HMM) -> Float[np.ndarray, " state"] | None:
    """The belief that one long typical past leads to, whatever the belief before it.

    The symbols are those of a fixed pseudo-random walk: any typical past does, and the caller checks the result.
    """
    walk = np.random.default_rng(0).random(_MAX_PAST)
    step = np.eye(process.n_state)
    belief = process.start
    for u in walk:
        emission = belief @ process.emission
        symbol = int(np.searchsorted(np.cumsum(emission), u * emission.sum(), side="right"))
        belief = belief @ process.T[symbol]
        belief = belief / belief.sum()
        step = step @ process.T[symbol]
        step = step / step.sum()
        rest = step - np.outer(step.sum(axis=1), step.sum(axis=0))
        if np.abs(rest).max() <= _RANK_ONE * step.max():
            return np.asarray(belief)
    return None
