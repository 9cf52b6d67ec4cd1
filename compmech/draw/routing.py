"""Edges as curves, bent around states and apart from one another; loops and start arrows where there is room."""

from math import cos, hypot, pi, sin

import numpy as np
from jaxtyping import Float, Int

from compmech.draw.crossings import line_crossings, line_distances
from compmech.draw.curves import bent, bezier
from compmech.draw.diagram import Arrow

# Heights of the bend over the length of the edge that are tried; the sign says to which side.
_BENDS = (0.0, 0.09, -0.09, 0.16, -0.16, 0.25, -0.25, 0.36, -0.36, 0.5, -0.5, 0.7, -0.7)

# Points of the polyline that stands for a curve when it is held against others; and of more than so many curves, where
# each is held against so many others that the picture is a thicket anyway.
_POINTS, _FEWER_POINTS = 13, 7
MANY = 120


def edge_curves(
    place: Float[np.ndarray, "node 2"], arrows: tuple[Arrow, ...], bends: list[float]
) -> list[Float[np.ndarray, "4 2"]]:
    """A curve for each arrow, loops left out."""
    ends = ((arrow.source, arrow.target) for arrow in arrows if arrow.source != arrow.target)
    return [bent(place[i], place[j], bend) for (i, j), bend in zip(ends, bends, strict=True)]


def edge_bends(place: Float[np.ndarray, "node 2"], arrows: tuple[Arrow, ...], radius: float) -> list[float]:
    """The bend of each arrow, loops left out: they are chosen one by one, some times over."""
    ends = np.array([(a.source, a.target) for a in arrows if a.source != a.target], dtype=np.intp).reshape(-1, 2)
    given = {(i, j) for i, j in ends.tolist()}
    has_reverse = [(j, i) in given for i, j in ends.tolist()]
    bends = [_BENDS[3] if both else 0.0 for both in has_reverse]
    t = np.linspace(0, 1, _POINTS if len(ends) <= MANY else _FEWER_POINTS)
    tries = [np.stack([bezier(bent(place[i], place[j], bend), t) for bend in _BENDS]) for i, j in ends]
    alone = [_costs_alone(place, *some, radius) for some in zip(ends, has_reverse, tries, strict=True)]
    lines = np.array([tried[_BENDS.index(bend)] for tried, bend in zip(tries, bends, strict=True)])
    for _ in range(3):
        changed = False
        for k, (end, tried) in enumerate(zip(ends, tries, strict=True)):
            others = np.arange(len(ends)) != k
            costs = alone[k] + _costs_among(end, tried, lines[others], ends[others], radius)
            best = int(np.argmin(costs))
            changed |= _BENDS[best] != bends[k]
            bends[k], lines[k] = _BENDS[best], tried[best]
        if not changed:
            break
    return bends


def _costs_alone(
    place: Float[np.ndarray, "node 2"],
    end: Int[np.ndarray, "2"],
    has_reverse: bool,
    tried: Float[np.ndarray, "bend point 2"],
    radius: float,
) -> Float[np.ndarray, " bend"]:
    """What is bad about each bend whatever the others are: its height, and states that it meets."""
    bends = np.array(_BENDS)
    length = hypot(*(place[end[1]] - place[end[0]]))
    cost = abs(bends) * (4 * max(1.0, length / (6 * radius)) + np.where(bends < 0, 0.2, 0.0))
    if has_reverse:  # both to their left: then they are apart
        cost += np.where(bends <= 0, 6.0, 0.0)
    room = 1.5 * radius
    near = np.delete(line_distances(tried, place), end, axis=1)
    cost += 6.0 * (near < room).sum(axis=1) + 4.0 * np.clip(1 - near / room, 0, None).sum(axis=1)
    return np.asarray(cost)


def _costs_among(
    end: Int[np.ndarray, "2"],
    tried: Float[np.ndarray, "bend point 2"],
    others: Float[np.ndarray, "line point 2"],
    ends_of_others: Int[np.ndarray, "line 2"],
    radius: float,
) -> Float[np.ndarray, " bend"]:
    """What is bad about each bend, the others as they are: curves that it meets, ends that run into one another."""
    shares = (ends_of_others[:, :, None] == end).any(axis=(1, 2))
    cost = 1.6 * line_crossings(tried, others[~shares])
    cost += 2.5 * line_crossings(tried[:, 1:-1], others[shares][:, 1:-1])
    beside = others[shares][:, 2:-2].reshape(-1, 2)
    cost += 0.5 * np.clip(1 - line_distances(tried[:, 2:-2], beside) / (0.7 * radius), 0, None).sum(axis=1)
    return np.asarray(cost)


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
        half = np.array([width / 2, 0.0])
        crowd = np.concatenate([crowd, [tip, tip + half, tip - half]])
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
