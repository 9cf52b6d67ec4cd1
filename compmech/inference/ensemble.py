"""One topology with many sets of probabilities, and their statistics all at once: what a posterior draws, or refits."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int

from compmech.epsilon_machine import EpsilonMachine
from compmech.errors import NotMinimal
from compmech.hmm import HMM
from compmech.inference.interval import middle
from compmech.measures import excess_entropy
from compmech.measures.interval import entropy

__all__ = ["Ensemble", "emissions", "stationary_rows"]


@dataclass(frozen=True, eq=False)
class Ensemble:
    """Unifilar machines that differ in their probabilities alone; their states all reach one another.

    Attributes:
        successor: next state by state and symbol; -1: forbidden.
        emit: probabilities, a set of them for each member.
    """

    successor: Int[np.ndarray, "causal symbol"]
    emit: Float[np.ndarray, "member causal symbol"]

    def __len__(self) -> int:
        return len(self.emit)

    @cached_property
    def stationary(self) -> Float[np.ndarray, "member causal"]:
        """The stationary distribution of each."""
        return stationary_rows(self.successor, self.emit)

    @property
    def entropy_rate(self) -> Float[np.ndarray, " member"]:
        """h of each, bits a symbol."""
        return np.asarray((self.stationary * entropy(self.emit)).sum(axis=1))

    @property
    def statistical_complexity(self) -> Float[np.ndarray, " member"]:
        """C of each, bits."""
        return np.asarray(entropy(self.stationary))

    def excess_entropy(self, most: int) -> Float[np.ndarray, " member"]:
        """E of the first members, bits, one by one: milliseconds each."""
        return np.array([middle(excess_entropy(self._machine(emit))) for emit in self.emit[:most]])

    def _machine(self, emit: Float[np.ndarray, "causal symbol"]) -> EpsilonMachine | HMM:
        """A member: as a hidden Markov model, where its probabilities make states alike that the transitions tell
        apart."""
        try:
            return EpsilonMachine(self.successor, emit)
        except NotMinimal:
            T = np.zeros((emit.shape[1], len(emit), len(emit)))
            state, symbol = np.nonzero(emit)
            T[symbol, state, self.successor[state, symbol]] = emit[state, symbol]
            return HMM(T)


def emissions(
    counts: Int[np.ndarray, "... causal symbol"], allowed: Bool[np.ndarray, "causal symbol"], alpha: float
) -> Float[np.ndarray, "... causal symbol"]:
    """Posterior means of the probabilities, from how often each transition was made and a Dirichlet prior."""
    weight = np.where(allowed, alpha + counts, 0.0)
    return np.asarray(weight / weight.sum(axis=-1, keepdims=True))


def stationary_rows(
    successor: Int[np.ndarray, "causal symbol"], emit: Float[np.ndarray, "member causal symbol"]
) -> Float[np.ndarray, "member causal"]:
    """Stationary distributions of one strongly connected topology with many sets of probabilities."""
    n = len(successor)
    into = np.zeros((len(emit), n, n))  # member, next state, state
    for x in range(successor.shape[1]):
        leads = np.flatnonzero(successor[:, x] >= 0)
        into[:, successor[leads, x], leads] += emit[:, leads, x]
    equations = into - np.eye(n)
    equations[:, -1] = 1.0  # one equation follows from the others; in its place the sum
    right = np.zeros((n, 1))
    right[-1] = 1.0
    return np.asarray(np.linalg.solve(equations, right)[:, :, 0])
