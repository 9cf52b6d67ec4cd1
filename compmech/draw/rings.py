"""Places for states that lead to one another: on a ring, or by springs, whichever is less ugly.

Units are steps, the distance of neighbours; y points upwards; everything is deterministic.
"""

from math import pi

import numpy as np
from jaxtyping import Float, Int

from compmech.draw.crossings import count_crossings, line_distances
from compmech.draw.layers import walk_depth
from compmech.graph import closed_classes, period

# Rings are tried in all orders that exchanging two states leads to, up to this size.
_RING = 14

# What bad sights cost, in units of one step of edge.
_CROSSING, _HIT = 3.0, 8.0


def compact(edge: Int[np.ndarray, "edge 2"], n_node: int) -> Float[np.ndarray, "node 2"]:
    """The best of rings and springs for states that all lead to one another, or nearly."""
    if n_node <= 2:
        return np.array([[0.0, 0.0], [1.3, 0.0]])[:n_node]
    candidates = [_ring(order) for order in _ring_orders(edge, n_node)]
    if n_node > 3:
        candidates += [_springs(edge, start) for start in (*candidates[:2], _wheel(candidates[-1], edge))]
    scores = [_ugliness(place, edge) for place in candidates]
    return candidates[int(np.argmin(scores))]


def _ugliness(place: Float[np.ndarray, "node 2"], edge: Int[np.ndarray, "edge 2"]) -> float:
    """Crossings, nodes on edges, and length of edges beyond what is needed."""
    undirected = np.unique(np.sort(edge, axis=1), axis=0)
    length = np.sqrt(np.square(place[undirected[:, 0]] - place[undirected[:, 1]]).sum(axis=1))
    width, height = np.ptp(place, axis=0)
    return (
        _CROSSING * count_crossings(place, undirected)
        + _HIT * _hits(place, undirected)
        + float(np.maximum(length - 1, 0).sum())
        + 0.2 * float(width * height)
    )


def _hits(place: Float[np.ndarray, "node 2"], edge: Int[np.ndarray, "edge 2"]) -> int:
    """Edges that pass over nodes which are not their ends."""
    near = line_distances(place[edge], place) < 0.25
    near[np.arange(len(edge))[:, None], edge] = False
    return int(near.sum())


def _ring(order: Int[np.ndarray, " node"]) -> Float[np.ndarray, "node 2"]:
    """Clockwise, neighbours one step apart; the first at the top, or half a place after it where the number is even."""
    n_node = len(order)
    radius = 0.5 / np.sin(pi / n_node) * (1.15 if n_node <= 4 else 1.0)
    angle = pi / 2 - 2 * pi * np.arange(n_node) / n_node + (pi / n_node if n_node % 2 == 0 else 0)
    place = np.empty((n_node, 2))
    place[order] = radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return place


def _wheel(ring: Float[np.ndarray, "node 2"], edge: Int[np.ndarray, "edge 2"]) -> Float[np.ndarray, "node 2"]:
    """A ring with its most connected node as the hub: where springs begin that would not find the middle."""
    hub = int(np.argmax(np.bincount(edge.ravel(), minlength=len(ring))))
    rim = np.array([node for node in np.argsort(np.arctan2(ring[:, 1], ring[:, 0])) if node != hub])
    place = np.zeros_like(ring)
    place[rim] = _ring(np.arange(len(rim)))
    return place


def _ring_orders(edge: Int[np.ndarray, "edge 2"], n_node: int) -> list[np.ndarray]:
    """As given, by phase, along a walk, and each of these improved by exchanges."""
    orders = [np.arange(n_node), _by_phase(edge, n_node), _along_a_walk(edge, n_node)]
    if n_node <= _RING:
        orders += [_exchanged(order, edge) for order in orders]
    return orders


def _by_phase(edge: Int[np.ndarray, "edge 2"], n_node: int) -> Int[np.ndarray, " node"]:
    """States of a periodic machine in the order in which they follow one another, equal phases side by side."""
    source, target = edge.T
    classes = closed_classes(source, target, n_node)
    if len(classes) != 1 or len(classes[0]) < n_node:
        return np.arange(n_node)
    turns = period(source, target, classes[0])
    phase = walk_depth(edge, np.arange(n_node) == 0, n_node) % max(turns, 1)
    return np.argsort(phase, kind="stable") if turns > 1 else np.arange(n_node)


def _along_a_walk(edge: Int[np.ndarray, "edge 2"], n_node: int) -> Int[np.ndarray, " node"]:
    """Depth first: each state is followed by one that it leads to, where there is one left."""
    after: list[list[int]] = [[] for _ in range(n_node)]
    for i, j in edge.tolist():
        after[i].append(j)
    seen: list[int] = []
    waiting = list(range(n_node))[::-1]
    while waiting:
        node = waiting.pop()
        if node not in seen:
            seen.append(node)
            waiting += [j for j in after[node][::-1] if j not in seen]
    return np.array(seen, dtype=np.intp)


def _exchanged(order: Int[np.ndarray, " node"], edge: Int[np.ndarray, "edge 2"]) -> Int[np.ndarray, " node"]:
    """The order after exchanges of two states that make the ring less ugly, until none does."""
    best, least = order.copy(), _ugliness(_ring(order), edge)
    improved = True
    while improved:
        improved = False
        for i in range(len(order)):
            for j in range(i + 1, len(order)):
                tried = best.copy()
                tried[[i, j]] = tried[[j, i]]
                cost = _ugliness(_ring(tried), edge)
                if cost < least - 1e-9:
                    best, least, improved = tried, cost, True
    return best


def _hops(edge: Int[np.ndarray, "edge 2"], n_node: int) -> Float[np.ndarray, "node node"]:
    """Number of edges between any two nodes, whichever way they point; one more than the most where there is no way."""
    near = np.full((n_node, n_node), np.inf)
    near[edge[:, 0], edge[:, 1]] = near[edge[:, 1], edge[:, 0]] = 1
    np.fill_diagonal(near, 0)
    for via in range(n_node):
        np.minimum(near, near[:, via, None] + near[via], out=near)
    near[np.isinf(near)] = near[np.isfinite(near)].max() + 1
    return near


def _springs(edge: Int[np.ndarray, "edge 2"], start: Float[np.ndarray, "node 2"]) -> Float[np.ndarray, "node 2"]:
    """Distances like numbers of hops, by stress majorisation.

    Reference:
        Gansner, Koren and North, Graph Drawing 2004, LNCS 3383, 239.
    """
    ideal = _hops(edge, len(start))
    weight = np.where(ideal > 0, 1 / np.maximum(ideal, 1) ** 2, 0)
    place = start.copy()
    for _ in range(1000):
        gap = place[:, None] - place
        distance = np.sqrt(np.square(gap).sum(axis=2))
        pull = np.where(distance > 1e-9, ideal / np.maximum(distance, 1e-9), 0)
        wanted = place[None] + gap * pull[..., None]
        moved = np.einsum("ij,ijk->ik", weight, wanted) / weight.sum(axis=1)[:, None]
        settled = abs(moved - place).max() < 1e-5
        place = moved
        if settled:
            break
    return _spread(_level(place))


def _level(place: Float[np.ndarray, "node 2"]) -> Float[np.ndarray, "node 2"]:
    """Turned so that the longest extent lies flat, the first node left of the middle and above it."""
    centred = place - place.mean(axis=0)
    turn = np.linalg.svd(centred, full_matrices=False)[2]
    flat = centred @ turn.T
    sign = np.where(flat[0] * np.array([-1, 1]) >= 0, 1, -1)
    return np.asarray(flat * sign)


def _spread(place: Float[np.ndarray, "node 2"]) -> Float[np.ndarray, "node 2"]:
    """Enlarged until no two nodes are nearer than 0.9 of a step."""
    distance = np.sqrt(np.square(place[:, None] - place).sum(axis=2))
    np.fill_diagonal(distance, np.inf)
    return np.asarray(place * max(1.0, 0.9 / max(float(distance.min()), 0.05)))
