"""The epsilon-machine of a stationary process, without a long search where it is proved that there is none."""

from compmech.causal_states import epsilon_machine
from compmech.epsilon_machine import EpsilonMachine
from compmech.errors import NoFiniteEpsilonMachine
from compmech.hmm import HMM, AnyPresentation
from compmech.measures.infinite import ergodic_mixture
from compmech.measures.proofs import infinitely_many
from compmech.measures.renewal import renewal
from compmech.minimal import minimal
from compmech.stationarity import as_stationary

# Mixed states looked at before asking whether there are infinitely many causal states.
FEW_STATES = 100


def finite_machine(process: AnyPresentation, *, max_states: int) -> EpsilonMachine:
    """The epsilon-machine of a stationary process: as `epsilon_machine`, but a search that must fail is cut short.

    Args:
        max_states: the most mixed states explored to find the causal states.
    Raises:
        NotStationary: if the start is not stationary.
        NoFiniteEpsilonMachine: if there are more causal states than that, or infinitely many.
    """
    presentation = as_stationary(process)
    few = min(FEW_STATES, max_states)
    try:
        return epsilon_machine(presentation, max_states=few)
    except NoFiniteEpsilonMachine:
        if few == max_states or _is_infinite(presentation):
            raise
    return epsilon_machine(presentation, max_states=max_states)


def _is_infinite(process: AnyPresentation) -> bool:
    """Whether it is proved that there are infinitely many causal states."""
    if isinstance(process, HMM):
        possible, is_ergodic = ergodic_mixture(process)
        return is_ergodic and infinitely_many(possible.T, possible.start) is not None
    least = minimal(process)
    events = renewal(least.T, least.evaluate)
    return events is not None and events.never_returns
