"""What several edits of one comparison look at again: which histories leave one belief, and what a site holds."""

import numpy as np
from jaxtyping import Float

from predictors import Predictor
from probes.classes import BeliefClasses, belief_classes
from probes.history import Histories
from probes.prefixes import Source
from probes.readout import read_out

__all__ = ["Seen"]


class Seen:
    """Keeps what was computed for one set of histories, and gives it out again. It changes no result.

    A predictor is known by being the same object: one whose weights have changed since needs a new `Seen`.
    """

    def __init__(self) -> None:
        self._classes: list[tuple[Source, Histories, BeliefClasses]] = []
        self._values: list[tuple[Predictor, Histories, str, np.ndarray]] = []

    def classes(self, process: Source, histories: Histories) -> BeliefClasses:
        """As `belief_classes`."""
        for known, of, found in self._classes:
            if known is process and of is histories:
                return found
        found = belief_classes(process, histories)
        self._classes.append((process, histories, found))
        return found

    def values(self, predictor: Predictor, histories: Histories, site: str) -> Float[np.ndarray, "history width"]:
        """What the site holds after every history, of any length; float64."""
        for known, of, name, found in self._values:
            if known is predictor and of is histories and name == site:
                return found
        found = read_out(predictor, histories, [site]).features[site].astype(np.float64)
        found.flags.writeable = False
        self._values.append((predictor, histories, site, found))
        return found
