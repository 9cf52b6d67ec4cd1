"""Where the labels of curves go: beside their own, away from others, from states and from one another.

A box is a rectangle with sides along the axes: x and y of its centre, width and height.
"""

from math import hypot

import numpy as np
from jaxtyping import Float

from compmech.draw.curves import bezier

# What it costs to cover a label or a state, and to be run through by another curve or by the label's own.
_COVERED, _STRUCK, _OWN = 12.0, 2.0, 3.0

# What it costs to stand so near another label, in inches, that both might be read as one of two lines; and to interrupt
# the curve instead of standing beside it, which leaves no doubt whose label it is where many curves are near.
_BESIDE, _UPON = 2.0, 0.8
_NEAR = np.array([0.0, 0.0, 0.28, 0.28])

# Places along a curve that are tried, the middle first; how far off another curve should be, in inches.
_PLACES = (0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74, 0.18, 0.82)
_CLEAR = 0.035


def overlaps(boxes: Float[np.ndarray, "box 4"], others: Float[np.ndarray, "other 4"]) -> Float[np.ndarray, "box other"]:
    """Area that each of some boxes has in common with each of some others."""
    gap = abs(boxes[:, None, :2] - others[None, :, :2])
    common = np.clip((boxes[:, None, 2:] + others[None, :, 2:]) / 2 - gap, 0, None)
    common = np.minimum(common, np.minimum(boxes[:, None, 2:], others[None, :, 2:]))
    return np.asarray(common.prod(axis=2))


def label_places(
    curves: list[Float[np.ndarray, "4 2"]],
    sizes: list[tuple[float, float]],
    fixed: Float[np.ndarray, "box 4"],
    obstacles: list[Float[np.ndarray, "4 2"]],
    gap: float,
) -> tuple[Float[np.ndarray, "label 4"], float, int]:
    """A place beside its curve for each label; the area by which labels then cover others or nodes; and how many
    times a label is struck through by a curve that is not its own.

    Args:
        curves: the labels' curves, clipped to what is visible.
        sizes: width and height of each label, in inches.
        fixed: what must not be covered.
        obstacles: other curves, better not covered.
        gap: between a label and its curve.
    """
    if not curves:
        return np.zeros((0, 4)), 0.0, 0
    lines = np.stack([bezier(curve, np.linspace(0, 1, 25)) for curve in [*curves, *obstacles]])
    options = np.stack([_options(curve, size, gap) for curve, size in zip(curves, sizes, strict=True)])
    base = np.stack([_base_costs(found, own, lines, fixed) for own, found in enumerate(options)])
    chosen = base.argmin(axis=1)
    every = np.arange(len(options))
    rivals = _rivals(options)
    for _ in range(6):
        changed = False
        for k, found in enumerate(options):
            others = options[rivals[k], chosen[rivals[k]], :4]
            costs = base[k] + _COVERED * _relative(found, others).sum(axis=1)
            costs += _BESIDE * _relative(found, others + _NEAR).sum(axis=1)
            best = int(costs.argmin())
            changed |= best != chosen[k]
            chosen[k] = best
        if not changed:
            break
    boxes = options[every, chosen, :4]
    overlap = overlaps(boxes, fixed).sum() + np.triu(overlaps(boxes, boxes), k=1).sum()
    struck = _run_through(boxes, lines, 0.0) > 0
    struck[every, every] = False
    return boxes, float(overlap), int(struck.sum())


def _rivals(options: Float[np.ndarray, "label option 6"]) -> list[np.ndarray]:
    """For each label those that have a place on or beside one of its own."""
    low = (options[..., :2] - options[..., 2:4] / 2).min(axis=1) - _NEAR[2:] / 2
    high = (options[..., :2] + options[..., 2:4] / 2).max(axis=1) + _NEAR[2:] / 2
    meet = ((low[:, None] < high) & (low < high[:, None])).all(axis=2)
    np.fill_diagonal(meet, False)
    return [np.flatnonzero(row) for row in meet]


def _base_costs(
    options: Float[np.ndarray, "option 6"],
    own: int,
    lines: Float[np.ndarray, "line point 2"],
    fixed: Float[np.ndarray, "box 4"],
) -> Float[np.ndarray, " option"]:
    """What each place of a label costs, whatever other labels do."""
    near = _run_through(options, lines, _CLEAR).sum(axis=1) - _run_through(options, lines[own, None], _CLEAR)[:, 0]
    through_own = _run_through(options, lines[own, None], 0.0)[:, 0] * ~options[:, 5].astype(bool)
    return np.asarray(
        options[:, 4] + _COVERED * _relative(options, fixed).sum(axis=1) + _STRUCK * near + _OWN * through_own
    )


def _options(curve: Float[np.ndarray, "4 2"], size: tuple[float, float], gap: float) -> Float[np.ndarray, "option 6"]:
    """Boxes along a curve, on both sides and upon it; what it costs to stray from the middle or inwards or to lie upon
    the curve; and whether it does."""
    found = []
    width, height = size
    sagitta = (curve[1] + curve[2] - curve[0] - curve[3]) / 2
    for t in _PLACES:
        here, before, after = bezier(curve, np.array([t, t - 0.02, t + 0.02]))
        along = (after - before) / max(hypot(*(after - before)), 1e-9)
        for side in (1, -1):
            normal = side * np.array([-along[1], along[0]])
            shift = gap + abs(normal[0]) * width / 2 + abs(normal[1]) * height / 2
            cost = 1.5 * abs(t - 0.5)
            if float(normal @ sagitta) < -1e-9:
                cost += 0.35
            elif normal[1] < -1e-9:
                cost += 0.1
            found.append([*(here + shift * normal), width, height, cost, 0])
        found.append([*here, width, height, 1.5 * abs(t - 0.5) + _UPON, 1])
    return np.array(found)


def _relative(
    boxes: Float[np.ndarray, "box _"], others: Float[np.ndarray, "other 4"]
) -> Float[np.ndarray, "box other"]:
    """The part of each box that others cover."""
    return np.asarray(overlaps(boxes[:, :4], others) / np.maximum(boxes[:, 2] * boxes[:, 3], 1e-9)[:, None])


def _run_through(
    boxes: Float[np.ndarray, "box _"], lines: Float[np.ndarray, "line point 2"], margin: float
) -> Float[np.ndarray, "box line"]:
    """How much of each line runs through each box, or nearer to it than a margin; 1.8 is all the way."""
    x, y, width, height = (boxes[:, None, None, column] for column in range(4))
    inside = (abs(lines[..., 0] - x) < width / 2 + margin) & (abs(lines[..., 1] - y) < height / 2 + margin)
    return np.asarray(0.45 * np.minimum(inside.sum(axis=2), 4))
