"""The picture of a predictor's beliefs: where they lie, and where the probe, out of fold, says they lie."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float, Int, Num

from compmech import GHMM, HMM, minimal
from probes.crossfit import crossfit
from probes.ground import Ground
from probes.results import Picture
from probes.targets import belief_target

__all__ = ["POINTS", "Plane", "picture", "plane"]

POINTS = 4000
"""The most histories that a picture shows, taken evenly: all pictures of a process show the same ones."""

_TRIANGLE = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, np.sqrt(3) / 2]])


@dataclass(frozen=True, eq=False)
class Plane:
    """How beliefs of one process are drawn: y = (coordinates - origin) @ directions.

    Attributes:
        coordinates: of each history's belief, whatever a probe is to read out to be drawn.
        axes, corners: as in `Picture`.
        colour: of each history.
    """

    coordinates: Float[np.ndarray, "history coordinate"]
    origin: Float[np.ndarray, " coordinate"]
    directions: Float[np.ndarray, "coordinate 2"]
    axes: str
    corners: tuple[tuple[str, float, float], ...]
    colour: Float[np.ndarray, "history 3"]

    def draw(self, coordinates: Float[np.ndarray, "history coordinate"]) -> Float[np.ndarray, "history 2"]:
        """Plotting coordinates."""
        return np.asarray((coordinates - self.origin) @ self.directions)

    @cached_property
    def true(self) -> Float[np.ndarray, "history 2"]:
        """Where the exact beliefs are drawn."""
        return self.draw(self.coordinates)


def plane(process: HMM | GHMM, ground: Ground) -> Plane:
    """The simplex of a minimal three-state model as a triangle; else two principal components of the belief."""
    if isinstance(process, HMM) and process.n_state == 3 and minimal(process).n_state == 3:
        belief = ground.histories.belief
        corners = tuple((str(s), float(x), float(y)) for s, (x, y) in zip(process.states, _TRIANGLE, strict=True))
        return Plane(belief, np.zeros(3), _TRIANGLE, "simplex", corners, belief.clip(0, 1))
    Y = belief_target(process, ground.histories).Y
    weight = ground.histories.weight("probability")
    origin = weight @ Y
    directions = np.linalg.svd(np.sqrt(weight)[:, None] * (Y - origin), full_matrices=False)[2]
    directions = directions * np.sign(directions[np.arange(len(directions)), abs(directions).argmax(axis=1)])[:, None]
    leading = np.zeros((2, Y.shape[1]))
    leading[: min(2, len(directions))] = directions[:2]
    along = (Y - origin) @ directions[:3].T
    spread = np.ptp(along, axis=0)
    scaled = (along - along.min(axis=0)) / np.where(spread > 0, spread, 1.0)
    colour = np.full((len(Y), 3), 0.5)
    colour[:, : scaled.shape[1]] = scaled
    return Plane(Y, origin, leading.T, "principal", (), colour)


def shown(ground: Ground) -> Int[np.ndarray, " point"]:
    """Which histories are drawn: the first of every belief, where beliefs are few, and an even choice of the rest."""
    n = len(ground.histories)
    _, first = np.unique(ground.classes.belief, return_index=True)
    always = first if len(first) <= POINTS // 2 else first[:0]
    even = np.linspace(0, n - 1, min(n, POINTS - len(always))).astype(np.intp)
    return np.unique(np.concatenate([always, even]))


def picture(
    process_label: str,
    predictor: str,
    seed: int | None,
    site: str,
    on: Plane,
    ground: Ground,
    X: Num[np.ndarray, "history width"],
) -> Picture:
    """Read the drawn coordinates out of a site, each history by a probe that has not seen it."""
    weight = ground.histories.weight("probability")
    fit = crossfit(X, on.coordinates, weight, ground.splits[0].fold, ground.probe)
    null = on.coordinates - fit.null
    error = on.coordinates - fit.predicted
    r2 = 1 - (weight @ np.square(error).sum(axis=1)) / (weight @ np.square(null).sum(axis=1))
    points = shown(ground)

    def rounded(values: np.ndarray, digits: int = 4) -> list[tuple[float, ...]]:
        return [tuple(round(float(v), digits) for v in row) for row in values]

    return Picture(
        process=process_label,
        predictor=predictor,
        seed=seed,
        site=site,
        axes=on.axes,
        corners=list(on.corners),
        true=rounded(on.true[points]),  # type: ignore[arg-type]
        probed=rounded(on.draw(fit.predicted)[points]),  # type: ignore[arg-type]
        belief=[int(b) for b in ground.classes.belief[points]],
        weight=[float(w) for w in weight[points]],
        colour=rounded(on.colour[points], 3),  # type: ignore[arg-type]
        score=float(r2),
    )
