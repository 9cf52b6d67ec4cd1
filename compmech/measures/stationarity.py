"""The one condition that all measures of a process share: its start is stationary."""

import numpy as np

from compmech.errors import NotStationary
from compmech.hmm import GHMM, HMM, AnyPresentation, as_presentation
from compmech.validation import SUM_TOL


def as_stationary(process: AnyPresentation) -> HMM | GHMM:
    """A process as labelled matrices, whose start one step leaves as it is.

    Raises:
        NotStationary: if one step changes the start; `stationary(process)` gives the distribution that it does not.
    """
    presentation = as_presentation(process)
    drift = float(np.abs(presentation.start @ presentation.A - presentation.start).max())
    if drift > SUM_TOL * max(1.0, float(np.abs(presentation.start).max())):
        raise NotStationary(drift)
    return presentation
