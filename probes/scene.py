"""Pictures of beliefs as plain tables: what all pictures of a process have in common, and what one readout adds to it.

Coordinates are kept as float16 (three digits, as much as a picture shows), little-endian, in base64: `packed` and
`unpacked`. A comparison of many sites and checkpoints stays small in this way, and a browser reads the same bytes.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

__all__ = ["Picture", "Scene", "of_schema_1", "packed", "unpacked"]

_MOST = 6e4
"""Coordinates beyond the range of float16 are drawn nowhere, and are kept at its edge."""


@dataclass(frozen=True)
class Scene:
    """The histories that the pictures of one process show, and where their true beliefs lie.

    Attributes:
        axes: "simplex": the probabilities of three or four states, in a triangle or a tetrahedron; or "principal":
            components of the true beliefs, the widest first.
        corners: names and coordinates of the simplex corners; empty otherwise.
        words: the history of each point, in the names of its symbols; empty where an earlier version kept none.
        belief: index of the distinct belief of each point; weight: probability weight of each point.
        dimension: number of coordinates of a point: x, y, depth, ...; a picture shows the first two, or three.
        places: coordinates of the true beliefs, packed.
        states: names of the hidden states; empty where their probabilities do not follow from the coordinates.
        belief_map: the probabilities of the states are (1, coordinates) @ belief_map.
    """

    process: str
    axes: str
    corners: list[tuple[str, list[float]]]
    words: list[str]
    belief: list[int]
    weight: list[float]
    dimension: int
    places: str
    states: list[str]
    belief_map: list[list[float]]

    @cached_property
    def true(self) -> Float[np.ndarray, "point axis"]:
        """Coordinates of the true beliefs."""
        return unpacked(self.places, self.dimension)

    @cached_property
    def corner_places(self) -> Float[np.ndarray, "corner axis"]:
        """Coordinates of the corners."""
        return np.array([place for _, place in self.corners], dtype=float).reshape(-1, self.dimension)

    @cached_property
    def colour(self) -> Float[np.ndarray, "point 3"]:
        """What colours points, three numbers in 0 .. 1: of three states their probabilities, else three coordinates."""
        if self.axes == "simplex" and self.dimension == 2 and self.belief_map:
            return np.asarray(self.probabilities(self.true).clip(0, 1))
        along = self.true[:, :3]
        spread = np.ptp(along, axis=0)
        scaled = (along - along.min(axis=0)) / np.where(spread > 0, spread, 1.0)
        return np.hstack([scaled, np.full((len(along), 3 - scaled.shape[1]), 0.5)])

    def probabilities(self, places: Float[np.ndarray, "point axis"]) -> Float[np.ndarray, "point state"]:
        """Of the hidden states, at some places; readouts need not lie within 0 .. 1."""
        found = np.array(self.belief_map)
        return np.asarray(found[0] + places @ found[1:])


@dataclass(frozen=True)
class Picture:
    """Where a probe reads the beliefs of a scene out of one site, each history by a probe that has not seen it.

    Attributes:
        step: updates made when this was read; None: as scored, when all training had been done.
        best: whether this is the site from which the belief is read best, by probability.
        score: the held-out R² of this readout, all coordinates together.
        probed: coordinates of the points of the scene, packed.
    """

    process: str
    predictor: str
    seed: int | None
    site: str
    step: int | None
    best: bool
    score: float
    probed: str

    def places(self, scene: Scene) -> Float[np.ndarray, "point axis"]:
        """The coordinates."""
        return unpacked(self.probed, scene.dimension)

    def fits(self, scene: Scene) -> bool:
        """Whether it is of this scene, and not of one that another version chose otherwise."""
        return self.process == scene.process and len(self.probed) == len(scene.places)


def packed(places: ArrayLike) -> str:
    """Coordinates, point by point, as text."""
    values = np.asarray(places, dtype=float).clip(-_MOST, _MOST)
    return base64.b64encode(values.astype("<f2").tobytes()).decode()


def unpacked(text: str, dimension: int) -> Float[np.ndarray, "point axis"]:
    """What `packed` was given, to three digits."""
    return np.frombuffer(base64.b64decode(text), "<f2").astype(float).reshape(-1, dimension)


def of_schema_1(pictures: Sequence[Mapping[str, Any]]) -> tuple[list[Scene], list[Picture]]:
    """Pictures as an earlier version kept them: each with its own points, in the plane, their histories not told."""
    scenes: dict[str, Scene] = {}
    found = []
    for old in pictures:
        corners = [(name, [x, y]) for name, x, y in old["corners"]]
        states, belief_map = [name for name, _ in corners], []
        if corners:
            sides = np.vstack([np.ones(len(corners)), np.array([place for _, place in corners]).T])
            belief_map = np.linalg.inv(sides).T.tolist()
        scene = Scene(
            process=old["process"],
            axes=old["axes"],
            corners=corners,
            words=[],
            belief=list(old["belief"]),
            weight=list(old["weight"]),
            dimension=2,
            places=packed(old["true"]),
            states=states,
            belief_map=belief_map,
        )
        scenes.setdefault(scene.process, scene)
        found.append(
            Picture(
                process=old["process"],
                predictor=old["predictor"],
                seed=old["seed"],
                site=old["site"],
                step=None,
                best=True,
                score=old["score"],
                probed=packed(old["probed"]),
            )
        )
    return list(scenes.values()), found
