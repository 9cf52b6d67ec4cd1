"""Edges as curves: bent around states, apart from one another; loops where there is room; labels where nothing is.

A curve is a cubic Bezier given by its control points, axes (4, 2), from centre to centre for edges.
"""

from dataclasses import dataclass
from math import cos, hypot, pi, sin

import numpy as np
from jaxtyping import Float, Int

from compmech.draw.crossings import count_polyline_crossings, distance_to_polyline
from compmech.draw.diagram import Arrow

# Heights of the bend over the length of the edge that are tried; the sign says to which side.
_BENDS = (0.0, 0.09, -0.09, 0.16, -0.16, 0.25, -0.25, 0.36, -0.36, 0.5, -0.5, 0.7, -0.7)

# Points of the polyline that stands for a curve when it is held against others.
_POINTS = 13

_T = np.linspace(0, 1, _POINTS)


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


def bezier(control: Float[np.ndarray, "4 2"], t: Float[np.ndarray, " point"]) -> Float[np.ndarray, "point 2"]:
    """Points of a curve."""
    s = 1 - t
    weights = np.stack([s**3, 3 * s**2 * t, 3 * s * t**2, t**3], axis=1)
    return np.asarray(weights @ control)


def bent(a: Float[np.ndarray, "2"], b: Float[np.ndarray, "2"], bend: float) -> Float[np.ndarray, "4 2"]:
    """The curve from a to b that leaves the straight line by 3/4 of `bend` times its length, to the left."""
    along = b - a
    left = np.array([-along[1], along[0]])
    height = bend * left
    return np.stack([a, a + along / 3 + height, a + 2 * along / 3 + height, b])


def loop(centre: Float[np.ndarray, "2"], angle: float, radius: float) -> Float[np.ndarray, "4 2"]:
    """A curve that leaves a circle around `centre` towards an angle, and comes back to it."""
    opening, reach = 0.45, 3.1
    ends = [angle + opening, angle - opening]
    wide = [angle + 0.52, angle - 0.52]
    out = [centre + r * np.array([cos(w), sin(w)]) for w, r in
           ((ends[0], radius), (wide[0], reach * radius), (wide[1], reach * radius), (ends[1], radius))]
    return np.stack(out)


def edge_curves(
    place: Float[np.ndarray, "node 2"], arrows: tuple[Arrow, ...], radius: float
) -> list[Float[np.ndarray, "4 2"]]:
    """A curve for each arrow that is no loop, in their order, loops left out: bends chosen one by one, some times over."""
    ends = [(a.source, a.target) for a in arrows if a.source != a.target]
    if not ends:
        return []
    both = {(j, i) for i, j in ends} & set(ends)
    lines = np.stack([bezier(bent(place[i], place[j], 0.16 if (i, j) in both else 0.0), _T) for i, j in ends])
    bends = np.zeros(len(ends))
    for sweep in range(3):
        changed = False
        for k, (i, j) in enumerate(ends):
            others = np.delete(lines, k, axis=0)
            apart = [e for e in range(len(ends)) if e != k]
            ends_of_others = np.array([ends[e] for e in apart], dtype=np.intp).reshape(-1, 2)
            costs = [
                _bend_cost(place, (i, j), bend, (i, j) in both, others, ends_of_others, radius) for bend in _BENDS
            ]
            chosen = _BENDS[int(np.argmin(costs))]
            changed |= chosen != bends[k]
            bends[k] = chosen
            lines[k] = bezier(bent(place[i], place[j], chosen), _T)
        if not changed and sweep:
            break
    return [bent(place[i], place[j], float(bend)) for (i, j), bend in zip(ends, bends, strict=True)]


def _bend_cost(
    place: Float[np.ndarray, "node 2"],
    ends: tuple[int, int],
    bend: float,
    has_reverse: bool,
    others: Float[np.ndarray, "line point 2"],
    ends_of_others: Int[np.ndarray, "line 2"],
    radius: float,
) -> float:
    i, j = ends
    line = bezier(bent(place[i], place[j], bend), _T)
    length = hypot(*(place[j] - place[i]))
    cost = 4 * abs(bend) * max(1.0, length / (6 * radius)) + (0.2 if bend < 0 else 0.0) * abs(bend)
    if has_reverse and bend <= 0:
        cost += 6.0  # both to their left: then they are apart
    room = 1.5 * radius
    near = distance_to_polyline(place, line)
    near[[i, j]] = np.inf
    cost += 6.0 * float((near < room).sum()) + 4.0 * float(np.clip(1 - near / room, 0, None).sum())
    shares = (ends_of_others == i).any(axis=1) | (ends_of_others == j).any(axis=1)
    cost += 1.6 * count_polyline_crossings(line, others[~shares])
    cost += 2.5 * count_polyline_crossings(line[1:-1], others[shares][:, 1:-1])
    inner = others[shares][:, 2:-2].reshape(-1, 2)
    if len(inner):
        gap = distance_to_polyline(inner, line[2:-2])
        cost += 0.5 * float(np.clip(1 - gap / (0.7 * radius), 0, None).sum())
    return cost


def loop_angles(
    place: Float[np.ndarray, "node 2"],
    loops: list[tuple[int, float, float]],
    entries: list[tuple[int, float]],
    curves: list[Float[np.ndarray, "4 2"]],
    radius: float,
) -> tuple[list[float], list[float]]:
    """Directions, from each node's centre, for its loop and for the arrow that marks a start.

    Args:
        loops: node, and width and height of the loop's label.
        entries: node, and width of the arrow's label.
    """
    lines = [bezier(curve, np.linspace(0, 1, 40)) for curve in curves]
    crowd = np.concatenate([*lines, np.repeat(place, 4, axis=0)]) if lines else place
    middle = place.mean(axis=0)
    used: dict[int, list[float]] = {}
    found: list[float] = []
    for node, width, height in loops:
        found.append(_free_angle(place, node, middle, crowd, used.get(node, []), radius, (width, height)))
        used.setdefault(node, []).append(found[-1])
        tip = place[node] + 3.4 * radius * np.array([cos(found[-1]), sin(found[-1])])
        crowd = np.concatenate([crowd, [tip, tip + [width / 2, 0], tip - [width / 2, 0]]])
    came: list[float] = []
    for node, width in entries:
        came.append(_free_angle(place, node, middle, crowd, used.get(node, []), radius, (width, 0.0), favoured=pi))
        used.setdefault(node, []).append(came[-1])
    return found, came


def _free_angle(
    place: Float[np.ndarray, "node 2"],
    node: int,
    middle: Float[np.ndarray, "2"],
    crowd: Float[np.ndarray, "point 2"],
    used: list[float],
    radius: float,
    label: tuple[float, float],
    favoured: float | None = None,
) -> float:
    """The direction with most room: far from curves, states and what is there already; upwards or outwards else."""
    centre = place[node]
    outward = centre - middle
    best, least = pi / 2, np.inf
    away = np.sqrt(np.square(crowd - centre).sum(axis=1))
    near = crowd[(away > 1.05 * radius) & (away < 8 * radius)]
    for angle in np.arange(24) * pi / 12:
        towards = np.array([cos(angle), sin(angle)])
        tip = centre + 2.2 * radius * towards
        beyond = centre + (3.0 * radius + abs(towards[0]) * label[0] / 2 + abs(towards[1]) * label[1] / 2) * towards
        cost = 0.0
        for spot, size in ((tip, 1.3 * radius), (beyond, 0.9 * radius + max(label) / 2)):
            distance = np.sqrt(np.square(near - spot).sum(axis=1))
            cost += float(np.clip(1.2 - distance / size, 0, None).sum())
        for other in used:
            cost += 10 * max(0.0, cos(angle - other) - 0.2)
        if favoured is not None:
            cost += 0.4 * (1 - cos(angle - favoured))
        elif hypot(*outward) > 0.3 * radius:
            cost += 0.5 * (1 - float(towards @ outward) / hypot(*outward))
        cost += 0.15 * (1 - sin(angle)) if favoured is None else 0.0
        cost += 0.05 * abs(sin(2 * angle))  # along the axes, where all is equal
        if cost < least - 1e-9:
            best, least = float(angle), cost
    return best


def label_places(
    curves: list[Float[np.ndarray, "4 2"]],
    sizes: list[tuple[float, float]],
    fixed: list[Box],
    obstacles: list[Float[np.ndarray, "4 2"]],
    gap: float,
) -> tuple[list[Box], float, int]:
    """A place beside its curve for each label, the area by which labels then overlap others or nodes, and how many times
    a label is struck through by a curve that is not its own.

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
            + 12 * sum(_relative(box, other) for other in fixed)
            + 2 * sum(_crossed(box, line, 0.035) for k, line in enumerate(lines) if k != own)
            + 3 * _crossed(box, lines[own])
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
                base[k][c] + 12 * sum(_relative(box, other) for other in others) for c, (box, _) in enumerate(choices)
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


def _options(
    curve: Float[np.ndarray, "4 2"], size: tuple[float, float], gap: float
) -> list[tuple[Box, float]]:
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


def clipped(
    control: Float[np.ndarray, "4 2"], centre_a: Float[np.ndarray, "2"], centre_b: Float[np.ndarray, "2"], radius: float
) -> Float[np.ndarray, "4 2"]:
    """The part of a curve between two circles around its ends."""
    first = _leaves(control, centre_a, radius)
    rest = _split(control, first)[1]
    last = _leaves(rest[::-1], centre_b, radius)
    return _split(rest[::-1], last)[1][::-1]


def _leaves(control: Float[np.ndarray, "4 2"], centre: Float[np.ndarray, "2"], radius: float) -> float:
    """The last t at which a curve that begins at a circle's centre is inside it, by bisection."""
    low, high = 0.0, 1.0
    t = np.linspace(0, 1, 60)
    inside = np.sqrt(np.square(bezier(control, t) - centre).sum(axis=1)) < radius
    outside = np.flatnonzero(~inside)
    if not len(outside) or outside[0] == 0:
        return 0.0
    low, high = t[outside[0] - 1], t[outside[0]]
    for _ in range(30):
        middle = (low + high) / 2
        point = bezier(control, np.array([middle]))[0]
        low, high = (middle, high) if hypot(*(point - centre)) < radius else (low, middle)
    return float(high)


def _split(control: Float[np.ndarray, "4 2"], t: float) -> tuple[np.ndarray, np.ndarray]:
    """A curve cut in two, by de Casteljau's construction."""
    p, first, second = control, [control[0]], [control[-1]]
    while len(p) > 1:
        p = (1 - t) * p[:-1] + t * p[1:]
        first.append(p[0])
        second.append(p[-1])
    return np.stack(first), np.stack(second[::-1])
