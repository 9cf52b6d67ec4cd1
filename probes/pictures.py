"""The pictures of a predictor's beliefs: where they lie, and where the probe, out of fold, says they lie."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float, Int, Num

from compmech import GHMM, HMM, minimal
from probes.crossfit import crossfit
from probes.ground import Ground
from probes.scene import Picture, Scene, packed
from probes.targets import belief_target

__all__ = ["POINTS", "Plane", "pictures", "plane", "scene", "shown"]

POINTS = 4000
"""The most histories that a picture shows, taken evenly: all pictures of a process show the same ones."""

_COMPONENTS = 6
"""The most principal components that are kept of a belief."""

_EXACT = 1e-9
"""Probabilities of states that lie farther from an affine map of the coordinates do not follow from them."""

_TRIANGLE = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, np.sqrt(3) / 2]])

# a regular tetrahedron of side 1, turned so that in (x, y) all four corners and all six edges are seen; the third
# coordinate is depth, towards the reader
_TETRAHEDRON = np.array(
    [[-0.4502, -0.0882, -0.4056], [-0.0879, -0.3636, 0.4848], [0.5381, -0.1332, -0.2602], [0.0, 0.585, 0.181]]
)


@dataclass(frozen=True, eq=False)
class Plane:
    """How beliefs of one process are drawn: place = (coordinates - origin) @ directions.

    Attributes:
        coordinates: of each history's belief, whatever a probe is to read out to be drawn.
        axes, corners: as in `Scene`.
        colour: of each history.
    """

    coordinates: Float[np.ndarray, "history coordinate"]
    origin: Float[np.ndarray, " coordinate"]
    directions: Float[np.ndarray, "coordinate axis"]
    axes: str
    corners: tuple[tuple[str, tuple[float, ...]], ...]
    colour: Float[np.ndarray, "history 3"]

    def place(self, coordinates: Float[np.ndarray, "history coordinate"]) -> Float[np.ndarray, "history axis"]:
        """Where beliefs are drawn, in all coordinates."""
        return np.asarray((coordinates - self.origin) @ self.directions)

    def draw(self, coordinates: Float[np.ndarray, "history coordinate"]) -> Float[np.ndarray, "history 2"]:
        """Plotting coordinates: the first two, the second 0 where there is one alone."""
        found = self.place(coordinates)
        return np.hstack([found, np.zeros((len(found), max(0, 2 - found.shape[1])))])[:, :2]

    @cached_property
    def true(self) -> Float[np.ndarray, "history 2"]:
        """Where the exact beliefs are drawn."""
        return self.draw(self.coordinates)


def plane(process: HMM | GHMM, ground: Ground) -> Plane:
    """The simplex of a minimal model of three or four states; else the principal components of the belief."""
    if isinstance(process, HMM) and process.n_state in (3, 4) and minimal(process).n_state == process.n_state:
        return _simplex(process, ground)
    Y = belief_target(process, ground.histories).Y
    weight = ground.histories.weight("probability")
    origin = weight @ Y
    _, size, directions = np.linalg.svd(np.sqrt(weight)[:, None] * (Y - origin), full_matrices=False)
    directions = directions * np.sign(directions[np.arange(len(directions)), abs(directions).argmax(axis=1)])[:, None]
    kept = max(1, min(_COMPONENTS, int((size > size[0] * np.sqrt(np.finfo(float).eps)).sum())))
    along = (Y - origin) @ directions[: min(kept, 3)].T
    spread = np.ptp(along, axis=0)
    colour = np.full((len(Y), 3), 0.5)
    colour[:, : along.shape[1]] = (along - along.min(axis=0)) / np.where(spread > 0, spread, 1.0)
    return Plane(Y, origin, directions[:kept].T, "principal", (), colour)


def _simplex(process: HMM, ground: Ground) -> Plane:
    belief, at = ground.histories.belief, _TRIANGLE if process.n_state == 3 else _TETRAHEDRON
    corners = tuple((str(s), tuple(map(float, place))) for s, place in zip(process.states, at, strict=True))
    drawn = belief @ at
    colour = belief if process.n_state == 3 else (drawn - at.min(axis=0)) / np.ptp(at, axis=0)
    return Plane(belief, np.zeros(len(at)), at, "simplex", corners, colour.clip(0, 1))


def shown(ground: Ground) -> Int[np.ndarray, " point"]:
    """Which histories are drawn: the first of every belief, where beliefs are few, and an even choice of the rest."""
    n = len(ground.histories)
    _, first = np.unique(ground.classes.belief, return_index=True)
    always = first if len(first) <= POINTS // 2 else first[:0]
    even = np.linspace(0, n - 1, min(n, POINTS - len(always))).astype(np.intp)
    return np.unique(np.concatenate([always, even]))


def scene(label: str, process: HMM | GHMM, ground: Ground) -> Scene:
    """What all pictures of a process have in common."""
    on, points, found = plane(process, ground), shown(ground), ground.histories
    places = on.place(on.coordinates)
    states: list[str] = []
    belief_map = np.empty((0, 0))
    if isinstance(process, HMM):
        known = np.hstack([np.ones((len(places), 1)), places])
        belief_map, *_ = np.linalg.lstsq(known, found.belief, rcond=None)
        follows = abs(known @ belief_map - found.belief).max() < _EXACT
        states, belief_map = (list(map(str, process.states)), belief_map) if follows else ([], belief_map[:0])
    return Scene(
        process=label,
        axes=on.axes,
        corners=[(name, list(place)) for name, place in on.corners],
        words=[found.text(int(i)) for i in points],
        belief=[int(b) for b in ground.classes.belief[points]],
        weight=[float(f"{w:.6g}") for w in found.weight("probability")[points]],
        dimension=places.shape[1],
        places=packed(places[points]),
        states=states,
        belief_map=belief_map.tolist(),
    )


def pictures(
    names: tuple[str, str, int | None],
    on: Plane,
    ground: Ground,
    values: Mapping[str, Num[np.ndarray, "history _"]],
    *,
    best: str,
    step: int | None = None,
) -> tuple[Picture, ...]:
    """Read the drawn coordinates out of every site.

    Args:
        names: process, predictor and seed.
        values: of each site.
        best: the site from which the belief is read best.
    """
    points = shown(ground)
    weight = ground.histories.weight("probability")
    found = []
    for site, X in values.items():
        fit = crossfit(X, on.coordinates, weight, ground.splits[0].fold, ground.probe)
        null, error = on.coordinates - fit.null, on.coordinates - fit.predicted
        r2 = 1 - (weight @ np.square(error).sum(axis=1)) / (weight @ np.square(null).sum(axis=1))
        places = packed(on.place(fit.predicted[points]))
        found.append(Picture(*names, site=site, step=step, best=site == best, score=float(r2), probed=places))
    return tuple(found)
