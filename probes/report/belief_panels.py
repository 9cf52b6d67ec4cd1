"""Pictures of beliefs: the true ones, and where each probe puts them, in the same colours and the same frame."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes

from probes.headline import networks
from probes.report.style import GRID, INK, MUTED, belief_colours
from probes.results import Comparison, ProcessSummary
from probes.scene import Picture, Scene

__all__ = [
    "FEW_BELIEFS",
    "Frame",
    "best_pictures",
    "beliefs_of",
    "caption",
    "draw_probed",
    "draw_true",
    "flat",
    "frame_of",
    "outside",
    "readout_name",
    "shown_beliefs",
]

FEW_BELIEFS = 400
"""Up to this many distinct beliefs each is drawn as one disc of its own weight; beyond, they are a cloud."""

_WIDEST = 1.7
"""The frame grows with the readouts up to this multiple of the true beliefs' extent; what falls outside is counted."""


@dataclass(frozen=True)
class Frame:
    """Limits of a picture in plotting coordinates, one scale for both axes."""

    left: float
    right: float
    bottom: float
    top: float


def best_pictures(comparison: Comparison, summary: ProcessSummary) -> tuple[Scene | None, list[Picture]]:
    """Of each network and seed the best site after training, and what they have in common; None for no picture."""
    scene = next((scene for scene in comparison.scenes if scene.process == summary.process), None)
    if scene is None:
        return None, []
    trained = networks(comparison, summary.process)
    found = [p for p in comparison.pictures if p.best and p.step is None and p.predictor in trained and p.fits(scene)]
    return (scene, found) if found else (None, [])


def frame_of(scene: Scene, pictures: Sequence[Picture]) -> Frame:
    """One frame for all pictures of a process: the true beliefs and all but the farthest 1 in 500 readouts."""
    fixed = np.concatenate([flat(scene.true), flat(scene.corner_places)])
    low, high = fixed.min(0), fixed.max(0)
    extent = float(max(high - low)) or 1.0
    room = extent * (_WIDEST - 1) / 2
    probed = np.concatenate([flat(p.places(scene)) for p in pictures])
    low = np.minimum(low, np.maximum(np.quantile(probed, 0.001, axis=0), low - room)) - 0.04 * extent
    high = np.maximum(high, np.minimum(np.quantile(probed, 0.999, axis=0), high + room)) + 0.04 * extent
    return Frame(float(low[0]), float(high[0]), float(low[1]), float(high[1]))


def outside(scene: Scene, picture: Picture, frame: Frame) -> int:
    """How many readouts the frame leaves out."""
    x, y = flat(picture.places(scene)).T
    inside = (frame.left <= x) & (x <= frame.right) & (frame.bottom <= y) & (y <= frame.top)
    return int((~inside).sum())


def caption(axes: Axes, name: str, detail: str) -> None:
    """Who, in bold, and below it how well and where."""
    axes.set_title(name, pad=17)
    axes.annotate(
        detail, (0, 1), (0, 5), xycoords="axes fraction", textcoords="offset points", fontsize=8.5, color=MUTED
    )


def readout_name(name: str, picture: Picture, several_seeds: bool) -> str:
    """Whose beliefs these are, the predictor being called `name`."""
    return name + (f", seed {picture.seed}" if several_seeds else "")


def shown_beliefs(summary: ProcessSummary, scene: Scene) -> str:
    """How many beliefs there are, and how many of them the picture has."""
    shown = len(set(scene.belief))
    return f"{summary.beliefs:,} distinct" + (f", {shown:,} shown" if shown < summary.beliefs else "")


def beliefs_of(scene: Scene) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Distinct beliefs: their places, colours and total weights."""
    index, first, inverse = np.unique(np.asarray(scene.belief), return_index=True, return_inverse=True)
    weight = np.bincount(inverse, weights=np.asarray(scene.weight), minlength=len(index))
    return flat(scene.true)[first], belief_colours(scene.colour)[first], weight / weight.sum()


def draw_true(axes: Axes, scene: Scene, frame: Frame) -> None:
    """The beliefs as they are: discs by weight where there are few, a cloud where there are many."""
    _stage(axes, scene, frame)
    places, colours, weight = beliefs_of(scene)
    if len(places) <= FEW_BELIEFS:
        area = 12 + 330 * weight
        order = np.argsort(-area)
        x, y = places[order].T
        axes.scatter(x, y, s=area[order], c=colours[order], linewidths=0.5, edgecolors=INK, zorder=3)
    else:
        x, y = places.T
        axes.scatter(x, y, s=_dot(len(places)), c=colours, linewidths=0, alpha=0.8, zorder=3, rasterized=True)


def draw_probed(axes: Axes, scene: Scene, picture: Picture, frame: Frame) -> None:
    """Where the probe puts each history; with few beliefs, rings stand where it should have put them."""
    _stage(axes, scene, frame)
    points, n_point = flat(picture.places(scene)), len(scene.belief)
    alpha = 0.8 if n_point <= 2_000 else 0.55
    # drawn in random order, so that no belief lies on top of the others by its place in the list
    order = np.random.default_rng(0).permutation(n_point)
    colours = belief_colours(scene.colour)[order]
    x, y = points[order].T
    axes.scatter(x, y, s=_dot(n_point), c=colours, linewidths=0, alpha=alpha, zorder=3, rasterized=True)
    places, _, weight = beliefs_of(scene)
    if len(places) <= FEW_BELIEFS:
        area = 12 + 330 * weight
        x, y = places.T
        axes.scatter(x, y, s=area, facecolors="none", edgecolors=MUTED, linewidths=0.6, zorder=4)


def _stage(axes: Axes, scene: Scene, frame: Frame) -> None:
    axes.set_xlim(frame.left, frame.right)
    axes.set_ylim(frame.bottom, frame.top)
    axes.set_aspect("equal")
    axes.set_axis_off()
    corners = flat(scene.corner_places)
    for one, other in combinations(corners, 2):
        axes.plot(*zip(one, other, strict=True), color=GRID, linewidth=1.0, zorder=1)


def flat(places: Float[np.ndarray, "point axis"]) -> Float[np.ndarray, "point 2"]:
    """What is seen of coordinates on paper: the first two, on a line the second 0."""
    return np.hstack([places, np.zeros((len(places), max(0, 2 - places.shape[1])))])[:, :2]


def _dot(n_point: int) -> float:
    """Area of one of many dots, in square points: 600 points need larger ones than 20,000."""
    return float(np.clip(6_000 / max(n_point, 1), 1.2, 9))
