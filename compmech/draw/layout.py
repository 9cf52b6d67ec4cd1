"""Where the states of a diagram go: on a ring, by springs, or in layers that lead to where the process stays.

Places are in inches, y upwards, `step` apart where neighbours are; everything is deterministic.
"""

from math import pi

import numpy as np
from jaxtyping import Bool, Float, Int

from compmech.draw.crossings import count_crossings, distance_to_polyline
from compmech.draw.diagram import Diagram
from compmech.graph import closed_classes, period, reachable, strong_components

# Rings are tried in all orders that exchanging two states leads to, up to this size.
_RING = 14

# Columns of more nodes than this are set closer.
_LONG = 10

# What bad sights cost, in units of one neighbour's distance of edge.
_CROSSING, _HIT = 3.0, 8.0


def places(diagram: Diagram, step: float) -> Float[np.ndarray, "node 2"]:
    """A place for each node.

    Args:
        step: distance of neighbours, in inches.
    """
    n_node = len(diagram.nodes)
    edge = np.array([(a.source, a.target) for a in diagram.arrows if a.source != a.target], dtype=np.intp).reshape(-1, 2)
    stays = np.array([node.kind in ("recurrent", "coordinate") for node in diagram.nodes])
    if stays.all():
        return step * _compact(edge, n_node)
    begin = np.array([node.entry is not None for node in diagram.nodes])
    return step * _layered(edge, stays, begin)


def _compact(edge: Int[np.ndarray, "edge 2"], n_node: int) -> Float[np.ndarray, "node 2"]:
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
    found = 0
    for i, j in edge:
        near = distance_to_polyline(place, place[[i, j]]) < 0.25
        near[[i, j]] = False
        found += int(near.sum())
    return found


def _ring(order: Int[np.ndarray, " node"]) -> Float[np.ndarray, "node 2"]:
    """Clockwise, neighbours one unit apart, the first at the top, or half a place before it where the number is even."""
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
    phase = _depth(edge, np.arange(n_node) == 0, n_node) % max(turns, 1)
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
    """Number of edges between every two nodes, whichever way they point; one more than the most where there is no way."""
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
    for _ in range(200):
        gap = place[:, None] - place
        distance = np.sqrt(np.square(gap).sum(axis=2))
        pull = np.where(distance > 1e-9, ideal / np.maximum(distance, 1e-9), 0)
        wanted = place[None] + gap * pull[..., None]
        moved = np.einsum("ij,ijk->ik", weight, wanted) / weight.sum(axis=1)[:, None]
        settled = abs(moved - place).max() < 1e-4
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


def _depth(
    edge: Int[np.ndarray, "edge 2"], begin: Bool[np.ndarray, " node"], n_node: int
) -> Int[np.ndarray, " node"]:
    """Number of steps from the nearest of some nodes; 0 for those that cannot be reached."""
    depth = np.where(begin, 0, -1)
    for level in range(n_node):
        fresh = edge[depth[edge[:, 0]] == level, 1]
        fresh = fresh[depth[fresh] < 0]
        if not len(fresh):
            break
        depth[fresh] = level + 1
    return np.maximum(depth, 0)


def _layered(
    edge: Int[np.ndarray, "edge 2"], stays: Bool[np.ndarray, " node"], begin: Bool[np.ndarray, " node"]
) -> Float[np.ndarray, "node 2"]:
    """Transient states in columns by the number of steps from the start, the closed classes to their right.

    Reference:
        Sugiyama, Tagawa and Toda, IEEE Trans. Syst. Man Cybern. 11, 109 (1981).
    """
    n_node = len(stays)
    place = np.zeros((n_node, 2))
    depth = _depth(edge, _sources(edge, stays, begin), n_node)
    columns = [np.flatnonzero((depth == d) & ~stays) for d in range(int(depth[~stays].max()) + 1)]
    columns = [column for column in columns if len(column)]
    blocks = _blocks(edge, stays)
    wide = 1.0 if _gap(columns) > 0.5 else 1.4
    left = len(columns) * wide
    top = 0.0
    for members, block in blocks:
        block = block - block.min(axis=0)
        place[members] = block + [left, top]
        top += float(np.ptp(block[:, 1])) + 1.2
    if blocks:
        place[stays, 1] -= place[stays, 1].min() + np.ptp(place[stays, 1]) / 2
    for x, column in enumerate(columns):
        place[column, 0] = x * wide
        place[column, 1] = _centred(len(column), _gap(columns))
    return _ordered(place, columns, [members for members, _ in blocks], edge)


def _sources(
    edge: Int[np.ndarray, "edge 2"], stays: Bool[np.ndarray, " node"], begin: Bool[np.ndarray, " node"]
) -> Bool[np.ndarray, " node"]:
    """Where columns begin: transient start states; with too few of them, states that nothing else leads to as well."""
    source, target = edge.T
    first = begin & ~stays
    seen = reachable(source, target, first)
    component = strong_components(source, target, len(stays))
    while not (seen | stays).all():
        left = ~seen & ~stays
        entered = np.zeros(len(stays), dtype=bool)
        entered[target[left[source] & (component[source] != component[target])]] = True
        heads = np.flatnonzero(left & ~entered)
        first = first.copy()
        first[heads[0] if len(heads) else np.flatnonzero(left)[0]] = True
        seen = reachable(source, target, first)
    return first


def _blocks(
    edge: Int[np.ndarray, "edge 2"], stays: Bool[np.ndarray, " node"]
) -> list[tuple[np.ndarray, Float[np.ndarray, "member 2"]]]:
    """The closed classes, each laid out by itself."""
    found = []
    label = strong_components(*edge.T, len(stays))
    for component in np.unique(label[stays]):
        members = np.flatnonzero(label == component)
        rank = np.full(len(stays), -1)
        rank[members] = np.arange(len(members))
        inside = edge[(rank[edge] >= 0).all(axis=1)]
        block = _compact(rank[inside], len(members))
        if len(members) == 2:  # upright, so that both can be entered from the left
            block = block[:, ::-1] * [1, -1]
        found.append((members, block))
    return found


def _gap(columns: list[np.ndarray]) -> float:
    """Distance of neighbours in a column: less in long columns, whose edges come in flat anyway."""
    return 0.9 if max(len(column) for column in columns) <= _LONG else 0.42


def _centred(count: int, gap: float) -> Float[np.ndarray, " count"]:
    return (np.arange(count)[::-1] - (count - 1) / 2) * gap


def _ordered(
    place: Float[np.ndarray, "node 2"],
    columns: list[np.ndarray],
    blocks: list[np.ndarray],
    edge: Int[np.ndarray, "edge 2"],
) -> Float[np.ndarray, "node 2"]:
    """Columns in the order, and blocks turned the way, that crosses least: by means of neighbours, then by exchanges."""
    best, least = place.copy(), _tangle(place, edge)
    current = place.copy()
    gap = _gap(columns)
    for sweep in range(12):
        for column in columns if sweep % 2 else columns[::-1]:
            current[column, 1] = _ranked(_neighbour_mean(current, column, edge), gap)
        for block in blocks:
            _turn(current, block, edge)
        cost = _tangle(current, edge)
        if cost < least - 1e-9:
            best, least = current.copy(), cost
    best = _swapped(best, columns, edge)
    _relax(best, columns, edge)
    return best


def _tangle(place: Float[np.ndarray, "node 2"], edge: Int[np.ndarray, "edge 2"]) -> float:
    length = np.sqrt(np.square(place[edge[:, 0]] - place[edge[:, 1]]).sum(axis=1))
    return count_crossings(place, edge) + 0.05 * float(length.sum())


def _neighbour_mean(
    place: Float[np.ndarray, "node 2"], column: Int[np.ndarray, " node"], edge: Int[np.ndarray, "edge 2"]
) -> Float[np.ndarray, " node"]:
    means = place[column, 1].copy()
    for k, node in enumerate(column):
        near = np.concatenate([edge[edge[:, 0] == node, 1], edge[edge[:, 1] == node, 0]])
        near = near[place[near, 0] != place[node, 0]]
        if len(near):
            means[k] = place[near, 1].mean()
    return means


def _ranked(wanted: Float[np.ndarray, " node"], gap: float) -> Float[np.ndarray, " node"]:
    """Evenly spaced places in the order of the wanted ones."""
    y = np.empty(len(wanted))
    y[np.argsort(-wanted, kind="stable")] = _centred(len(wanted), gap)
    return y


def _turn(place: Float[np.ndarray, "node 2"], block: Int[np.ndarray, " member"], edge: Int[np.ndarray, "edge 2"]) -> None:
    """Mirror a block, or permute what it has on the same places, where that untangles."""
    if len(block) < 2:
        return
    here = place[block].copy()
    centre = here.min(axis=0) + np.ptp(here, axis=0) / 2
    best, least = here, _tangle(place, edge)
    size = len(block)
    trials = [centre + (here - centre) * np.array(mirror) for mirror in ((1, -1), (-1, 1), (-1, -1))]
    trials += [np.roll(here, shift, axis=0) for shift in range(1, size)] if size <= 12 else []
    for trial in trials:
        place[block] = trial
        cost = _tangle(place, edge)
        if cost < least - 1e-9:
            best, least = trial, cost
    place[block] = best


def _swapped(
    place: Float[np.ndarray, "node 2"], columns: list[np.ndarray], edge: Int[np.ndarray, "edge 2"]
) -> Float[np.ndarray, "node 2"]:
    """Exchanges of neighbours within columns, while they untangle."""
    best, least = place.copy(), _tangle(place, edge)
    for _ in range(6):
        improved = False
        for column in columns:
            order = column[np.argsort(best[column, 1])]
            for lower, upper in zip(order[:-1], order[1:], strict=True):
                tried = best.copy()
                tried[[lower, upper], 1] = tried[[upper, lower], 1]
                cost = _tangle(tried, edge)
                if cost < least - 1e-9:
                    best, least, improved = tried, cost, True
        if not improved:
            break
    return best


def _relax(place: Float[np.ndarray, "node 2"], columns: list[np.ndarray], edge: Int[np.ndarray, "edge 2"]) -> None:
    """Move the nodes of columns towards their neighbours, keeping their order and their least distance."""
    for _ in range(10):
        for column in columns:
            order = column[np.argsort(-place[column, 1])]
            wanted = _neighbour_mean(place, order, edge)
            place[order, 1] = _spaced(wanted, _gap(columns))


def _spaced(wanted: Float[np.ndarray, " node"], gap: float) -> Float[np.ndarray, " node"]:
    """The nearest places, in the least-squares sense, that fall by at least `gap` from one to the next."""
    shifted = wanted + gap * np.arange(len(wanted))  # now it only must not rise: pool adjacent violators
    pools: list[list[float]] = []
    for value in shifted:
        pools.append([float(value), 1.0])
        while len(pools) > 1 and pools[-2][0] < pools[-1][0]:
            value_2, count_2 = pools.pop()
            value_1, count_1 = pools.pop()
            pools.append([(value_1 * count_1 + value_2 * count_2) / (count_1 + count_2), count_1 + count_2])
    level = np.repeat([value for value, _ in pools], [int(count) for _, count in pools])
    return np.asarray(level - gap * np.arange(len(wanted)))
