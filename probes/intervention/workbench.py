"""One predictor, one place: what stands there after every history, and where it keeps the belief."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float, Int

from predictors import Predictor
from probes.history import Histories
from probes.intervention.beliefs import BeliefSpace
from probes.intervention.cases import Bench
from probes.intervention.component import Component, Through, fit_components
from probes.intervention.places import Place
from probes.intervention.seen import Seen
from probes.linear import RidgeProbe

__all__ = ["Workbench"]


@dataclass(frozen=True, eq=False)
class Workbench:
    """What is needed to edit one predictor at one place.

    Attributes:
        bench: the histories of length t. histories: those of all lengths.
        fold: of each of all histories; those of one fold are edited by what was fitted on the others.
        through: how the belief component is found. probe: with what.
        seen: what was read of the predictor before.
    """

    predictor: Predictor
    place: Place
    space: BeliefSpace
    histories: Histories
    bench: Bench
    fold: Int[np.ndarray, " all"]
    through: Through
    probe: RidgeProbe
    seen: Seen

    @cached_property
    def values(self) -> Float[np.ndarray, "history width"]:
        """What stands at the place, for each history of the bench."""
        return self.place.values(self.predictor, self.bench.words)

    @cached_property
    def _of_site(self) -> np.ndarray:
        """What the one site holds after every history, of any length."""
        return self.seen.values(self.predictor, self.histories, self.place.slots[0].site)

    @property
    def parts(self) -> list[tuple[int, slice]]:
        """Row and columns of each part of the values that is edited by itself."""
        if self.place.joint:
            return [(self.place.row, slice(0, self.place.width))]
        return [(slot.row, columns) for slot, columns in self.place.parts]

    @cached_property
    def components(self) -> list[Component]:
        """For each fold, where a part keeps the belief."""
        return self._fitted(None)

    def shuffled_components(self, rng: np.random.Generator) -> list[Component]:
        """The same for beliefs dealt among histories of equal length."""
        return self._fitted(rng)

    def _fitted(self, rng: np.random.Generator | None) -> list[Component]:
        """One site is fitted on the histories of all lengths; several together exist only at row t."""
        alone = len({slot.site for slot in self.place.slots}) == 1 and not (self.place.joint and self.place.slots[1:])
        if alone:
            values, points = self._of_site, self.space.points(self.histories.belief)
            weight, fold, row = self.histories.frequency, self.fold, self.histories.row
        else:
            values, points = self.values, self.bench.last
            weight, fold = self.bench.weight, self.fold[self.bench.index]
            row = np.full(len(points), self.bench.row)
        if rng is not None:
            order = np.arange(len(row))
            for length in np.unique(row):
                members = np.flatnonzero(row == length)
                order[members] = rng.permutation(members)
            points = points[order]
        return fit_components(values, points, weight, fold, through=self.through, probe=self.probe)
