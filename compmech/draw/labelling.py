"""Where the labels of curves go: beside their own, away from others, from states and from one another."""

from dataclasses import dataclass
from math import hypot

import numpy as np
from jaxtyping import Float

from compmech.draw.curves import bezier

# What it costs to cover a label or a state, and to be run through by another curve or by the label's own.
_COVERED, _STRUCK, _OWN = 12.0, 2.0, 3.0


@dataclass(frozen=True)
class Box:
    """A rectangle with sides along the axes, by its centre and its size."""

    x: float
    y: float
    width: float
    height: float

    def overlap(self, other: "Box") -> float:
        """Area that two boxes have in common."""
        wide = (self.width + other.width) / 2 - abs(self.x - other.x)
        high = (self.height + other.height) / 2 - abs(self.y - other.y)
        return max(wide, 0.0) * max(high, 0.0)


def label_places(
    curves: list[Float[np.ndarray, "4 2"]],
    sizes: list[tuple[float, float]],
    fixed: list[Box],
    obstacles: list[Float[np.ndarray, "4 2"]],
    gap: float,
) -> tuple[list[Box], float, int]:
    """A place beside its curve for each label; the area by which labels then cover others or nodes; and how many
    times a label is struck through by a curve that is not its own.

    Args:
        curves: the labels' curves, clipped to what is visible.
        sizes: width and height of each label, in inches.
        fixed: what must not be covered.
        obstacles: other curves, better not covered.
        gap: between a label and its curve.
    """
    lines = [bezier(curve, np.linspace(0, 1, 25)) for curve in [*curves, *obstacles]]
    options = [_options(curve, size, gap) for curve, size in zip(curves, sizes, strict=True)]
    base = [
        [
            base_cost
            + _COVERED * sum(_relative(box, other) for other in fixed)
            + _STRUCK * sum(_crossed(box, line, 0.035) for k, line in enumerate(lines) if k != own)
            + _OWN * _crossed(box, lines[own])
            for box, base_cost in choices
        ]
        for own, choices in enumerate(options)
    ]
    chosen = [int(np.argmin(costs)) for costs in base]
    for _ in range(6):
        changed = False
        for k, choices in enumerate(options):
            others = [options[e][chosen[e]][0] for e in range(len(options)) if e != k]
            costs = [
                base[k][c] + _COVERED * sum(_relative(box, other) for other in others)
                for c, (box, _) in enumerate(choices)
            ]
            best = int(np.argmin(costs))
            changed |= best != chosen[k]
            chosen[k] = best
        if not changed:
            break
    boxes = [choices[c][0] for choices, c in zip(options, chosen, strict=True)]
    overlap = sum(box.overlap(other) for box in boxes for other in fixed)
    overlap += sum(box.overlap(other) for k, box in enumerate(boxes) for other in boxes[:k])
    struck = sum(_crossed(box, line) > 0 for k, box in enumerate(boxes) for e, line in enumerate(lines) if e != k)
    return boxes, overlap, struck


def _options(curve: Float[np.ndarray, "4 2"], size: tuple[float, float], gap: float) -> list[tuple[Box, float]]:
    """Places along a curve, on both sides and the outer one first, with what it costs to stray from the middle."""
    found = []
    width, height = size
    sagitta = (curve[1] + curve[2] - curve[0] - curve[3]) / 2
    for t in (0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74, 0.18, 0.82):
        here, before, after = bezier(curve, np.array([t, t - 0.02, t + 0.02]))
        along = (after - before) / max(hypot(*(after - before)), 1e-9)
        for side in (1, -1):
            normal = side * np.array([-along[1], along[0]])
            shift = gap + abs(normal[0]) * width / 2 + abs(normal[1]) * height / 2
            outer = float(normal @ sagitta)
            cost = 1.5 * abs(t - 0.5) + (0.35 if outer < -1e-9 else 0.1 if normal[1] < -1e-9 else 0.0)
            spot = here + shift * normal
            found.append((Box(float(spot[0]), float(spot[1]), width, height), cost))
    return found


def _relative(box: Box, other: Box) -> float:
    return box.overlap(other) / max(box.width * box.height, 1e-9)


def _crossed(box: Box, line: Float[np.ndarray, "point 2"], margin: float = 0.0) -> float:
    """How much of a line runs through a box, or nearer to it than a margin."""
    inside = (abs(line[:, 0] - box.x) < box.width / 2 + margin) & (abs(line[:, 1] - box.y) < box.height / 2 + margin)
    return 0.9 * min(float(inside.sum()), 4.0) / 2
