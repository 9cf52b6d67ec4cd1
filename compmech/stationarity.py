"""The one condition that all measures of a process share: its start is stationary."""

import numpy as np
from jaxtyping import Int

from compmech.epsilon_machine import EpsilonMachine
from compmech.errors import NotStationary
from compmech.graph import closed_classes
from compmech.hmm import GHMM, HMM, AnyPresentation, as_presentation
from compmech.validation import SUM_TOL


def is_stationary(process: HMM | GHMM | EpsilonMachine) -> bool:
    """Whether one step leaves the start as it is, up to the rounding of printed digits."""
    return process.drift <= SUM_TOL or process.drift <= SUM_TOL * float(np.abs(process.start).max())


def check_stationary(process: HMM | GHMM | EpsilonMachine) -> None:
    """Refuse a start that a step changes.

    Raises:
        NotStationary: with the largest change, and the states of the start that are left for ever;
            `stationary(process)` gives the distribution that a step leaves.
    """
    if not is_stationary(process):
        raise NotStationary(process.drift, [] if isinstance(process, GHMM) else _left_for_ever(process).tolist())


def _left_for_ever(process: HMM | EpsilonMachine) -> Int[np.ndarray, " state"]:
    """The states of the start that are in no closed class."""
    if isinstance(process, EpsilonMachine):
        classes = process.closed_classes
    else:
        source, target = np.nonzero(process.A)
        classes = closed_classes(source, target, process.n_state)
    return np.setdiff1d(np.flatnonzero(process.start > 0), np.concatenate(classes))


def as_stationary(process: AnyPresentation) -> HMM | GHMM:
    """A process as labelled matrices, whose start one step leaves as it is.

    Raises:
        NotStationary: if one step changes the start; `stationary(process)` gives the distribution that it does not.
    """
    presentation = as_presentation(process)
    check_stationary(presentation)
    return presentation
