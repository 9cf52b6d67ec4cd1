"""The belief component of a value: how the belief is read from it, and how another belief is written into it.

Two ways. `probe` is the subspace of a fitted linear probe: the belief is read by its coefficients B, and a change of
belief y is written as y B⁺, the least change of the value that changes the reading by y. To exchange the component for
another value's is to exchange the orthogonal projections on the span of B. `encoding` is the other regression, of the
value on the belief: its slopes M say how the value moves, on average, as the belief does, and y is written as y M. The
weights of a readout and the pattern that it reads are different things wherever the value varies otherwise too (Haufe
and others, NeuroImage 87, 96 (2014)), and an edit can tell them apart.

`encoding` is what is taken unless asked otherwise. If the predictor reads the belief by some linear readout r of the
value, value @ r = y + a constant, then M r = 1, whichever r that is: y M moves its reading by exactly y. The readout of
the probe need not be the predictor's. Where the predictor uses one copy of the belief, and a cleaner one that nothing
reads stands beside it, the probe reads the cleaner one and writes there: a network that uses its belief seems not to.
What `encoding` gets wrong is the other way round: whatever varies with the belief is moved with it, so that the effect
may be that of more than the belief. The two together bound what can be said.

A history is edited by what was fitted on the other folds.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float, Int

from probes.linear import RidgeProbe
from probes.probe import ProbeData

__all__ = ["Component", "Through", "fit_component", "fit_components"]

Through = Literal["probe", "encoding"]


@dataclass(frozen=True, eq=False)
class Component:
    """Where one value keeps the belief.

    Attributes:
        read: the belief is value @ read, but for a constant; None where it is not read off the value (`encoding`).
        write: a change y of the belief is the change y @ write of the value.
    """

    read: Float[np.ndarray, "width axis"] | None
    write: Float[np.ndarray, "axis width"]

    def exchanged(
        self, values: Float[np.ndarray, "row width"], points: Float[np.ndarray, "row axis"]
    ) -> Float[np.ndarray, "row width"]:
        """The change that exchanges the component, given other values less these, and other beliefs less these."""
        return np.asarray((points if self.read is None else values @ self.read) @ self.write)


def fit_component(
    values: Float[np.ndarray, "row width"],
    points: Float[np.ndarray, "row axis"],
    weight: Float[np.ndarray, " row"],
    folds: Int[np.ndarray, " row"],
    *,
    through: Through,
    probe: RidgeProbe,
) -> Component:
    """Fit on all rows given; `folds` choose the penalty of a probe.

    Values wider than the rows are many are fitted in the span of their rows, where every ridge solution lies.

    Raises:
        ValueError: if the values are all the same: nothing can be read from them; or as `RidgeProbe.fit` does.
    """
    span = _span(values)
    inside = values @ span
    if not np.ptp(inside, axis=0).max(initial=0.0) > 0:
        raise ValueError("the values at this place are the same after every history: they hold no belief to edit")
    if through == "encoding":
        root = np.sqrt(weight / weight.sum())[:, None]
        x, y = (root * (v - (root**2 * v).sum(axis=0)) for v in (inside, points))
        slopes = np.linalg.lstsq(y, x, rcond=None)[0]
        return Component(None, np.asarray(slopes @ span.T))
    fitted = probe.fit(ProbeData(inside, points, weight, np.arange(len(inside))), folds=folds)
    return Component(span @ fitted.coefficients, np.linalg.pinv(fitted.coefficients) @ span.T)


def fit_components(
    values: Float[np.ndarray, "row width"],
    points: Float[np.ndarray, "row axis"],
    weight: Float[np.ndarray, " row"],
    fold: Int[np.ndarray, " row"],
    *,
    through: Through,
    probe: RidgeProbe,
) -> list[Component]:
    """For each fold the component fitted on all the others, with the penalty that predicts those best in turn.

    Raises:
        ValueError: if there are fewer than three folds, so that none are left to choose penalties by.
    """
    n_fold = int(fold.max(initial=-1)) + 1
    if n_fold < 3 or len(np.unique(fold)) < n_fold:
        raise ValueError(
            f"{len(values)} histories are too few to fit and edit apart: take a later row, or longer histories"
        )
    found = []
    for held in range(n_fold):
        train = fold != held
        inner = np.where(fold > held, fold - 1, fold)[train]
        found.append(fit_component(values[train], points[train], weight[train], inner, through=through, probe=probe))
    return found


def _span(values: Float[np.ndarray, "row width"]) -> Float[np.ndarray, "width dimension"]:
    """Orthonormal columns that hold all differences of the rows; all of them where there are rows enough."""
    if values.shape[1] <= len(values):
        return np.eye(values.shape[1])
    _, singular, right = np.linalg.svd(values - values.mean(axis=0), full_matrices=False)
    return np.asarray(right[singular > 1e-9 * singular.max(initial=0.0)].T)
