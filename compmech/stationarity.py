"""The one condition that all measures of a process share: its start is stationary."""

import numpy as np

from compmech.errors import NotStationary
from compmech.filtering import Filterable
from compmech.hmm import GHMM, HMM, AnyPresentation, as_presentation
from compmech.validation import SUM_TOL


def drift(process: Filterable) -> float:
    """Largest change of a coordinate of the start in one step."""
    return float(np.abs(process.branch(process.start[None])[0].sum(axis=0) - process.start).max())


def is_stationary(process: Filterable) -> bool:
    """Whether one step leaves the start as it is, up to the rounding of printed digits."""
    change = drift(process)
    return change <= SUM_TOL or change <= SUM_TOL * float(np.abs(process.start).max())


def check_stationary(process: Filterable) -> None:
    """Refuse a start that a step changes.

    Raises:
        NotStationary: with the largest change; `stationary(process)` gives the distribution that a step leaves.
    """
    if not is_stationary(process):
        raise NotStationary(drift(process))


def as_stationary(process: AnyPresentation) -> HMM | GHMM:
    """A process as labelled matrices, whose start one step leaves as it is.

    Raises:
        NotStationary: if one step changes the start; `stationary(process)` gives the distribution that it does not.
    """
    presentation = as_presentation(process)
    check_stationary(presentation)
    return presentation
