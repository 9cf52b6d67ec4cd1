"""A diagram with everything in its place, in inches: what the pictures and the TikZ text are drawn from."""

from dataclasses import dataclass
from math import ceil, cos, sin, sqrt

import numpy as np
from jaxtyping import Float

from compmech.draw.curves import bezier, clipped, loop
from compmech.draw.diagram import Diagram, Node
from compmech.draw.labelling import label_places
from compmech.draw.layout import places
from compmech.draw.routing import MANY, edge_bends, edge_curves, loop_angles
from compmech.draw.wording import text_width

NAME_POINTS, NOTE_POINTS, LABEL_POINTS = 11.0, 7.0, 8.5

_LINE = 1.22  # distance of lines of type over its size
_LEAST_RADIUS = 0.21
_ENTRY = 0.32  # length of the arrow into a start state

# A drawing whose labels still overlap is enlarged by a sixth, at most so many times.
_ENLARGEMENTS = 9
_LARGER = 7 / 6
_FOR_CLARITY, _FEW_ARROWS = 4, 20  # one of few arrows, with labels that other curves strike through, so many times


@dataclass(frozen=True, eq=False)
class Curve:
    """An arrow: its control points, clipped to the circles of the states, and its label with its box."""

    control: Float[np.ndarray, "4 2"]
    lines: tuple[str, ...]
    label: Float[np.ndarray, "4"]
    is_negative: bool


@dataclass(frozen=True, eq=False)
class Entry:
    """The arrow that marks a start state, from `tail` to `head`, and its label with its box."""

    tail: Float[np.ndarray, "2"]
    head: Float[np.ndarray, "2"]
    text: str
    label: Float[np.ndarray, "4"]


@dataclass(frozen=True, eq=False)
class Placement:
    """Where everything is.

    Attributes:
        place: centres of the nodes, whose circles all have one radius.
        overlap: area in square inches by which labels overlap one another or nodes after all; 0 in all but huge graphs.
        struck: how many times a label is struck through by a curve that is not its own.
    """

    place: Float[np.ndarray, "node 2"]
    radius: float
    curves: tuple[Curve, ...]
    entries: tuple[Entry, ...]
    overlap: float
    struck: int

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """Left, bottom, right and top of everything."""
        points = [self.place - self.radius, self.place + self.radius]
        for curve in self.curves:
            points += [bezier(curve.control, np.linspace(0, 1, 20)), _corners(curve.label)]
        for entry in self.entries:
            points += [np.stack([entry.tail, entry.head]), _corners(entry.label)]
        everything = np.concatenate(points)
        (left, bottom), (right, top) = everything.min(axis=0), everything.max(axis=0)
        return float(left), float(bottom), float(right), float(top)


def _corners(box: Float[np.ndarray, "4"]) -> Float[np.ndarray, "2 2"]:
    return np.stack([box[:2] - box[2:] / 2, box[:2] + box[2:] / 2])


def label_lines(labels: tuple[str, ...]) -> tuple[str, ...]:
    """Labels of one arrow: up to three on lines of their own, more of them in a block about as wide as high."""
    if len(labels) <= 3:
        return labels
    columns = ceil(sqrt(len(labels) / 3))
    return tuple(", ".join(labels[start : start + columns]) for start in range(0, len(labels), columns))


def text_size(lines: tuple[str, ...], points: float) -> tuple[float, float]:
    """Width and height of a block of text, in inches."""
    return max(text_width(line, points) for line in lines) + 0.05, len(lines) * points * _LINE / 72


def placed(diagram: Diagram) -> Placement:
    """Lay a diagram out, and enlarge it until no label overlaps another or a state."""
    radius = max(_LEAST_RADIUS, *(_radius(node) for node in diagram.nodes))
    lines = [label_lines(arrow.labels) for arrow in diagram.arrows]
    sizes = [text_size(block, LABEL_POINTS) for block in lines]
    widest = max((width for width, _ in sizes), default=0.0)
    step = 2 * radius + max(0.75, min(widest, 1.5) + 0.45)
    place = places(diagram, step)
    bends = edge_bends(place, diagram.arrows, radius)
    found = _with_curves(diagram, place, radius, bends, lines, sizes)
    clarity = _FOR_CLARITY if len(diagram.arrows) <= _FEW_ARROWS else 0
    for attempt in range(_ENLARGEMENTS):
        if found.overlap <= 0 and (not found.struck or attempt >= clarity):
            break
        place = place * _LARGER
        if len(bends) <= MANY:  # which curves cross does not depend on the size, only how near they pass to states
            bends = edge_bends(place, diagram.arrows, radius)
        larger = _with_curves(diagram, place, radius, bends, lines, sizes)
        if (larger.overlap, larger.struck) < (found.overlap, found.struck):
            found = larger
    return found


def _radius(node: Node) -> float:
    """Of a circle that holds the name, and the note below it."""
    name = text_width(node.name, NAME_POINTS) / 2
    note = text_width(node.note, NOTE_POINTS) / 2
    return max(name, sqrt(note**2 + 0.11**2) if node.note else 0.0) + 0.06


def _with_curves(
    diagram: Diagram,
    place: Float[np.ndarray, "node 2"],
    radius: float,
    bends: list[float],
    lines: list[tuple[str, ...]],
    sizes: list[tuple[float, float]],
) -> Placement:
    is_loop = [arrow.source == arrow.target for arrow in diagram.arrows]
    edges = edge_curves(place, diagram.arrows, bends)
    looped = [(arrow.source, *size) for arrow, size, own in zip(diagram.arrows, sizes, is_loop, strict=True) if own]
    entered = [
        (i, text_width(node.entry, LABEL_POINTS)) for i, node in enumerate(diagram.nodes) if node.entry is not None
    ]
    angles, came = loop_angles(place, looped, entered, edges, radius)
    controls: list[np.ndarray] = []
    next_edge, next_angle = iter(edges), iter(angles)
    for arrow, own in zip(diagram.arrows, is_loop, strict=True):
        if own:
            controls.append(loop(place[arrow.source], next(next_angle), radius))
        else:
            controls.append(clipped(next(next_edge), place[arrow.source], place[arrow.target], radius))
    entries = tuple(
        _entry(place[i], angle, radius, diagram.nodes[i].entry or "")
        for (i, _), angle in zip(entered, came, strict=True)
    )
    nodes = np.column_stack([place, np.full((len(place), 2), 1.9 * radius)])
    fixed = np.vstack([nodes, *(entry.label for entry in entries)])
    shafts = [np.linspace(entry.tail, entry.head, 4) for entry in entries]
    boxes, overlap, struck = label_places(controls, sizes, fixed, shafts, gap=0.035)
    curves = (
        Curve(control, block, box, arrow.is_negative)
        for control, block, box, arrow in zip(controls, lines, boxes, diagram.arrows, strict=True)
    )
    return Placement(place, radius, tuple(curves), entries, overlap, struck)


def _entry(centre: Float[np.ndarray, "2"], angle: float, radius: float, text: str) -> Entry:
    towards = np.array([cos(angle), sin(angle)])
    tail = centre + (radius + _ENTRY) * towards
    width, height = text_size((text,), LABEL_POINTS) if text else (0.0, 0.0)
    spot = tail + (0.03 + abs(towards[0]) * width / 2 + abs(towards[1]) * height / 2) * towards
    return Entry(tail, centre + radius * towards, text, np.array([*spot, width, height]))
