"""The net matrix of the mixed-state presentation of an epsilon-machine: what the observer's uncertainty is made of.

Letters (Riechers and Crutchfield, section II): W[m, k] = sum_x P(x | m), x taking mixed state m to k; <delta| the mixed
state before anything is read, node 0; |H> the uncertainty of the next symbol and |eta> that of the causal state, from
each mixed state. Then h_L = <delta| W^(L-1) |H>, and H[S_L | X_0:L] = <delta| W^L |eta>.

Reference:
    Riechers and Crutchfield, Chaos 28, 033115 and 033116 (2018), arXiv 1705.08042 and 1706.00883.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float, Int

from compmech.errors import NotClosed
from compmech.graph import closed_classes
from compmech.hmm import AnyPresentation
from compmech.measures.causal import finite_machine
from compmech.measures.interval import entropy
from compmech.mixed_state import mixed_states
from compmech.stationary import stationary_distribution
from compmech.validation import frozen


@dataclass(frozen=True, eq=False)
class MixedNet:
    """The observer's chain of mixed states, node 0 being the first.

    Attributes:
        W: probability of going from one mixed state to another.
        symbol_uncertainty: H[X | mixed state], in bits.
        state_uncertainty: H[S | mixed state], in bits.
    """

    W: Float[np.ndarray, "mixed mixed"]
    symbol_uncertainty: Float[np.ndarray, " mixed"]
    state_uncertainty: Float[np.ndarray, " mixed"]

    @cached_property
    def classes(self) -> tuple[Int[np.ndarray, " _"], ...]:
        """The closed classes of mixed states, one for each ergodic part."""
        source, target = np.nonzero(self.W)
        return closed_classes(source, target, len(self.W))

    @cached_property
    def transient(self) -> Int[np.ndarray, " transient"]:
        """The other mixed states, which are left for good."""
        return np.setdiff1d(np.arange(len(self.W)), np.concatenate(self.classes))

    @cached_property
    def resting(self) -> Float[np.ndarray, "closed_class mixed"]:
        """The stationary distribution on each closed class: left eigenvectors of W for the eigenvalue 1."""
        rows = np.zeros((len(self.classes), len(self.W)))
        for row, members in zip(rows, self.classes, strict=True):
            inside = self.W[np.ix_(members, members)]
            source, target = np.nonzero(inside)
            row[members] = stationary_distribution(source, target, inside[source, target], len(members))
        return frozen(rows)

    @cached_property
    def ending(self) -> Float[np.ndarray, "mixed closed_class"]:
        """Probability of ending in each closed class: right eigenvectors of W for 1, dual to `resting`."""
        columns = np.zeros((len(self.W), len(self.classes)))
        for c, members in enumerate(self.classes):
            columns[members, c] = 1.0
        t = self.transient
        columns[t] = np.linalg.solve(np.eye(len(t)) - self.W[np.ix_(t, t)], self.W[t] @ columns)
        return frozen(columns)


def mixed_net(process: AnyPresentation, *, max_states: int) -> MixedNet:
    """The net matrix of the mixed states of a process's epsilon-machine.

    Raises:
        NotStationary: if the start is not stationary.
        NoFiniteEpsilonMachine: if there are not finitely many causal states, or more than `max_states`.
        NotClosed: if there are not finitely many mixed states, or more than `max_states`.
    """
    machine = finite_machine(process, max_states=max_states)
    found = mixed_states(machine, max_states=max_states)
    if not found.closed:
        raise NotClosed(found)
    W = np.zeros((found.n_mixed, found.n_mixed))
    mixed, symbol = np.nonzero(found.successor >= 0)
    np.add.at(W, (mixed, found.successor[mixed, symbol]), found.emit[mixed, symbol])
    return MixedNet(frozen(W), frozen(entropy(found.emit)), frozen(entropy(found.beliefs)))
