"""The bidirectional machine: what past and future each say, held together.

Letters: S+ the causal state, a function of the past; S- the reverse causal state, a function of the future; both at one
time between two symbols. rho_s(i) = P(S+ = i | S- = s), from every future that leads to s.

    P(i, s) = P(s) rho_s(i),      C+- = H[S+, S-] = C+ + C- - E,      E = I[S+; S-].

Past and future share nothing beyond S-, so what comes next depends on S- alone: from (i, s) the symbol x and the next
S- = s' have the probability that the reverse machine walked backwards gives them, and S+ moves to the successor of i.

Reference:
    Crutchfield, Ellison and Mahoney, Physical Review Letters 103, 094101 (2009);
    Ellison, Mahoney and Crutchfield, J. Stat. Phys. 136, 1005 (2009); James, Ellison and Crutchfield, Chaos 21, 037109
    (2011).
"""

from collections.abc import Hashable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float, Int

from compmech.causal_states import Table, epsilon_machine, recurrent_tables
from compmech.epsilon_machine import EpsilonMachine
from compmech.errors import NoFiniteEpsilonMachine
from compmech.hmm import HMM, AnyPresentation
from compmech.measures.interval import entropy
from compmech.measures.retrodiction import Retrodiction, retrodiction
from compmech.mixed_state import mixed_states
from compmech.reverse import reverse
from compmech.stationarity import as_stationary
from compmech.validation import check_count, frozen


@dataclass(frozen=True, eq=False)
class BidirectionalMachine:
    """Forward and reverse causal states at one time, and how they move together.

    Attributes:
        forward: the epsilon-machine of the process.
        reverse: that of the process read backwards; its states are numbered.
        joint: P(S+, S-).
        forward_state: the forward causal state of each joint state, those of positive probability.
        reverse_state: the reverse causal state of each.
    """

    forward: EpsilonMachine
    reverse: EpsilonMachine
    joint: Float[np.ndarray, "causal reverse"]
    forward_state: Int[np.ndarray, " pair"]
    reverse_state: Int[np.ndarray, " pair"]

    @property
    def n_state(self) -> int:
        """Number of joint states."""
        return len(self.forward_state)

    @property
    def probability(self) -> Float[np.ndarray, " pair"]:
        """Stationary probability of each joint state."""
        return np.asarray(self.joint[self.forward_state, self.reverse_state])

    @property
    def states(self) -> tuple[tuple[Hashable, Hashable], ...]:
        """Names of the joint states: pairs of the names of a forward and a reverse state."""
        plus, minus = self.forward.states, self.reverse.states
        return tuple((plus[i], minus[s]) for i, s in zip(self.forward_state, self.reverse_state, strict=True))

    @property
    def complexity(self) -> float:
        """C+- = H[S+, S-], in bits."""
        return float(entropy(self.probability))

    @property
    def excess_entropy(self) -> float:
        """E = I[S+; S-], in bits: all that the past tells of the future."""
        return float(entropy(self.joint.sum(axis=1)) + entropy(self.joint.sum(axis=0))) - self.complexity

    @property
    def crypticity(self) -> float:
        """chi+ = H[S+ | S-], in bits: what the past fixes and the future does not tell."""
        return self.complexity - float(entropy(self.joint.sum(axis=0)))

    @property
    def reverse_crypticity(self) -> float:
        """chi- = H[S- | S+], in bits."""
        return self.complexity - float(entropy(self.joint.sum(axis=1)))

    def to_hmm(self) -> HMM:
        """The machine as labelled matrices: P(x, next joint state | joint state), forward in time.

        `reverse(machine)` has the matrices that run backwards. Neither is unifilar in general, since S- tells of the
        future and S+ of the past.
        """
        return self._hmm

    @cached_property
    def _hmm(self) -> HMM:
        n_pair, n_symbol = self.n_state, self.forward.n_symbol
        number = np.full(self.joint.shape, -1)
        number[self.forward_state, self.reverse_state] = np.arange(n_pair)
        back = self.reverse
        flow = back.start[:, None] * back.emit  # P(S-' = s', x), and S- = back.successor[s', x]
        T = np.zeros((n_symbol, n_pair, n_pair))
        for x in range(n_symbol):
            after = self.forward.successor[self.forward_state, x]
            for later in np.flatnonzero(back.emit[:, x]):
                here = np.flatnonzero((after >= 0) & (self.reverse_state == back.successor[later, x]))
                there = number[after[here], later]
                assert (there >= 0).all(), "past and future are independent given S-, so both states go on together"
                T[x, here, there] = flow[later, x]
        return HMM(
            T / back.start[self.reverse_state][None, :, None],
            start=self.probability,
            alphabet=self.forward.alphabet,
            states=self.states,
            name=self.forward.name,
        )

    def __repr__(self) -> str:
        named = "" if self.forward.name is None else f"{self.forward.name}: "
        return (
            f"BidirectionalMachine({named}{self.n_state} joint states of {self.forward.n_state} forward and "
            f"{self.reverse.n_state} reverse ones)"
        )


def bidirectional(process: AnyPresentation, *, max_states: int = 3000) -> BidirectionalMachine:
    """The bidirectional machine of a stationary process with finitely many causal states in both directions.

    Args:
        process: an HMM, GHMM or EpsilonMachine whose start is stationary; mixtures of closed classes are allowed.
        max_states: largest number of reverse causal states looked for in each closed class.
    Raises:
        NotStationary: if one step changes the start.
        NoFiniteEpsilonMachine: if there are more causal states than that in either direction, or infinitely many. Its
            `.explored` are the mixed states of the direction that does not end; if that is the reverse one, `.found` is
            the forward machine with the reverse machines of the closed classes that were finished.
    Reference:
        Ellison, Mahoney and Crutchfield, J. Stat. Phys. 136, 1005 (2009), section 9.
    Example:
        >>> from compmech import zoo
        >>> found = bidirectional(zoo.rip())
        >>> found.n_state, round(found.complexity, 6), round(found.excess_entropy, 6)
        (5, 2.121928, 1.246439)
    """
    if check_count(max_states, "max_states") < 1:
        raise ValueError(f"max_states must be >= 1; got {max_states}")
    as_stationary(process)  # refuses others
    forward = epsilon_machine(process)
    classes: list[Retrodiction] = []
    for members in forward.closed_classes:
        try:
            classes.append(_backwards(forward, members, max_states))
        except NoFiniteEpsilonMachine as error:
            finished = tuple(EpsilonMachine(part.successor, part.emit, part.probability) for part in classes)
            raise NoFiniteEpsilonMachine(error.explored, (forward, finished)) from None
    first = np.cumsum([0] + [len(part.probability) for part in classes])
    joint = np.zeros((forward.n_state, first[-1]))
    successor = []
    for members, part, offset in zip(forward.closed_classes, classes, first[:-1], strict=True):
        weight = forward.start[members].sum()
        known = (weight * part.probability[:, None] * part.beliefs).T
        joint[members, offset : offset + len(part.probability)] = known
        successor.append(np.where(part.successor >= 0, part.successor + offset, -1))
    back = EpsilonMachine(
        np.concatenate(successor),
        np.concatenate([part.emit for part in classes]),
        start=joint.sum(axis=0) / joint.sum(),
        alphabet=forward.alphabet,
        name=None if forward.name is None else f"{forward.name} reversed",
    )
    forward_state, reverse_state = np.nonzero(joint)
    return BidirectionalMachine(forward, back, frozen(joint), frozen(forward_state), frozen(reverse_state))


def _backwards(forward: EpsilonMachine, members: Int[np.ndarray, " member"], max_states: int) -> Retrodiction:
    """The reverse causal states of one closed class, as beliefs over the forward ones."""
    place = np.full(forward.n_state, -1)
    place[members] = np.arange(len(members))
    successor = np.where(forward.emit[members] > 0, place[forward.successor[members]], -1)
    T = forward.to_hmm().T[:, members[:, None], members]
    pi = forward.start[members] / forward.start[members].sum()
    found = retrodiction(successor, T, pi, max_states=max_states)
    if found is not None:
        return found
    explored = mixed_states(reverse(HMM(T, start=pi)), max_states=max_states)
    if not explored.closed:
        raise NoFiniteEpsilonMachine(explored)
    begun = np.eye(1, explored.n_mixed)[0]
    (settled,) = recurrent_tables(Table(explored.emit, explored.successor, begun, tuple(range(explored.n_mixed))))
    return Retrodiction(explored.beliefs[explored.recurrent], settled.weight, settled.emit, settled.successor)
