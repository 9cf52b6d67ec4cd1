"""Belief sets of countably many points: where the causal states are finitely many, or of finite entropy.

There the Blackwell measure is a sum of atoms, all dimensions of it are 0, and H[S_0, X_0] = H[S_1] + h_a with
H[S_0] = H[S_1] = C gives h_a = h: what is forgotten of the past is as much as is learnt.
"""

from dataclasses import dataclass

from compmech.blackwell.system import BeliefSystem
from compmech.causal_states import epsilon_machine
from compmech.errors import NoFiniteEpsilonMachine
from compmech.hmm import HMM
from compmech.measures.interval import Bounds, entropy, exact
from compmech.measures.proofs import infinitely_many
from compmech.measures.renewal import renewal

# Mixed states looked at before the causal states are taken to be infinitely many.
_FEW_STATES = 300


@dataclass(frozen=True)
class Atoms:
    """Why the Blackwell measure is a sum of atoms.

    Attributes:
        reason: the proof in a few words.
        is_finite: whether they are finitely many.
        entropy_rate: h, if it follows exactly.
        is_told: whether they are finitely many and some word leads to one of them whatever belief was before: the
            product of its matrices has rank one, and all Lyapunov exponents are -inf.
    """

    reason: str
    is_finite: bool
    entropy_rate: Bounds | None
    is_told: bool = False


def atoms(system: BeliefSystem) -> Atoms | None:
    """The proof that there are countably many recurrent beliefs; None if none was found."""
    try:
        machine = epsilon_machine(system.process, max_states=_FEW_STATES)
    except NoFiniteEpsilonMachine:
        pass
    else:
        rate = exact(float(machine.start @ entropy(machine.emit)))
        reason = "there is one causal state" if machine.n_state == 1 else f"there are {machine.n_state} causal states"
        return Atoms(reason, True, rate, machine.is_synchronizing)
    events = renewal(system.process.T, system.process.evaluate)
    if events is not None:
        return Atoms(
            "a renewal process: the beliefs are numbers of symbols since the last event", False, events.entropy_rate
        )
    if isinstance(system.process, HMM):
        proof = infinitely_many(system.process.T, system.process.start)
        if proof is not None and proof.complexity is not None and proof.complexity.upper < float("inf"):
            return Atoms("the entropy of the causal states is finite", False, None)
    return None
