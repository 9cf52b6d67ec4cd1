"""The one condition that all measures of a process share: its start is stationary."""

from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from compmech.errors import NotStationary
from compmech.hmm import GHMM, HMM, AnyPresentation, as_presentation
from compmech.validation import SUM_TOL


@runtime_checkable
class HasDrift(Protocol):
    """A presentation that knows how far a step moves its start: HMM, GHMM, EpsilonMachine."""

    @property
    def start(self) -> Float[np.ndarray, " state"]: ...
    @property
    def drift(self) -> float:
        """Largest change of a coordinate of the start in one step."""
        ...


def is_stationary(process: HasDrift) -> bool:
    """Whether one step leaves the start as it is, up to the rounding of printed digits."""
    return process.drift <= SUM_TOL or process.drift <= SUM_TOL * float(np.abs(process.start).max())


def check_stationary(process: HasDrift) -> None:
    """Refuse a start that a step changes.

    Raises:
        NotStationary: with the largest change; `stationary(process)` gives the distribution that a step leaves.
    """
    if not is_stationary(process):
        raise NotStationary(process.drift)


def as_stationary(process: AnyPresentation) -> HMM | GHMM:
    """A process as labelled matrices, whose start one step leaves as it is.

    Raises:
        NotStationary: if one step changes the start; `stationary(process)` gives the distribution that it does not.
    """
    presentation = as_presentation(process)
    check_stationary(presentation)
    return presentation
