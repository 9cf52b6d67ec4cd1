"""Edges as curves, bent around states and apart from one another; loops and start arrows where there is room."""

from math import cos, hypot, pi, sin

import numpy as np
from jaxtyping import Float, Int

from compmech.draw.crossings import count_polyline_crossings, distance_to_polyline
from compmech.draw.curves import bent, bezier
from compmech.draw.diagram import Arrow

# Heights of the bend over the length of the edge that are tried; the sign says to which side.
_BENDS = (0.0, 0.09, -0.09, 0.16, -0.16, 0.25, -0.25, 0.36, -0.36, 0.5, -0.5, 0.7, -0.7)

# Points of the polyline that stands for a curve when it is held against others.
_T = np.linspace(0, 1, 13)


def edge_curves(
    place: Float[np.ndarray, "node 2"], arrows: tuple[Arrow, ...], radius: float
) -> list[Float[np.ndarray, "4 2"]]:
    """A curve for each arrow, loops left out: bends are chosen one by one, some times over."""
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
            costs = [_bend_cost(place, (i, j), bend, (i, j) in both, others, ends_of_others, radius) for bend in _BENDS]
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
