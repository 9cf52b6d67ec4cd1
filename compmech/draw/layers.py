"""Columns of transient states, by the number of steps from the start, that lead to where the process stays."""

from itertools import pairwise
from typing import TypeAlias

import numpy as np
from jaxtyping import Bool, Float, Int

from compmech.draw.crossings import count_crossings
from compmech.graph import reachable, strong_components

Blocks: TypeAlias = list[tuple[Int[np.ndarray, " _"], Float[np.ndarray, "_ 2"]]]

# Columns of more nodes than this are set closer.
_LONG = 10


def layered(
    edge: Int[np.ndarray, "edge 2"], stays: Bool[np.ndarray, " node"], begin: Bool[np.ndarray, " node"], blocks: Blocks
) -> Float[np.ndarray, "node 2"]:
    """Transient states in columns by the number of steps from the start, the closed classes to their right.

    Args:
        stays: nodes that are no part of the columns.
        begin: start states.
        blocks: the closed classes: their nodes, and these' places among themselves.
    Reference:
        Sugiyama, Tagawa and Toda, IEEE Trans. Syst. Man Cybern. 11, 109 (1981).
    """
    n_node = len(stays)
    place = np.zeros((n_node, 2))
    depth = walk_depth(edge, _sources(edge, stays, begin), n_node)
    columns = [np.flatnonzero((depth == d) & ~stays) for d in range(int(depth[~stays].max()) + 1)]
    columns = [column for column in columns if len(column)]
    wide = 1.0 if _gap(columns) > 0.5 else 1.4
    left = len(columns) * wide
    top = 0.0
    for members, block in blocks:
        place[members] = block - block.min(axis=0) + np.array([left, top])
        top += float(np.ptp(block[:, 1])) + 1.2
    if blocks:
        place[stays, 1] -= place[stays, 1].min() + np.ptp(place[stays, 1]) / 2
    for x, column in enumerate(columns):
        place[column, 0] = x * wide
        place[column, 1] = _centred(len(column), _gap(columns))
    return _ordered(place, columns, [members for members, _ in blocks], edge)


def walk_depth(
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
    return np.asarray(first)


def _gap(columns: list[np.ndarray]) -> float:
    """Distance of neighbours in a column: less in long columns, whose edges come in flat anyway."""
    return 0.9 if max(len(column) for column in columns) <= _LONG else 0.42


def _centred(count: int, gap: float) -> Float[np.ndarray, " count"]:
    return np.asarray((np.arange(count)[::-1] - (count - 1) / 2) * gap)


def _ordered(
    place: Float[np.ndarray, "node 2"],
    columns: list[np.ndarray],
    blocks: list[np.ndarray],
    edge: Int[np.ndarray, "edge 2"],
) -> Float[np.ndarray, "node 2"]:
    """Columns ordered and blocks turned so that least crosses: by means of neighbours, then by exchanges."""
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
    place: Float[np.ndarray, "node 2"], column: Int[np.ndarray, " member"], edge: Int[np.ndarray, "edge 2"]
) -> Float[np.ndarray, " member"]:
    means = place[column, 1].copy()
    for k, node in enumerate(column):
        near = np.concatenate([edge[edge[:, 0] == node, 1], edge[edge[:, 1] == node, 0]])
        near = near[place[near, 0] != place[node, 0]]
        if len(near):
            means[k] = place[near, 1].mean()
    return np.asarray(means)


def _ranked(wanted: Float[np.ndarray, " node"], gap: float) -> Float[np.ndarray, " node"]:
    """Evenly spaced places in the order of the wanted ones."""
    y = np.empty(len(wanted))
    y[np.argsort(-wanted, kind="stable")] = _centred(len(wanted), gap)
    return y


def _turn(
    place: Float[np.ndarray, "node 2"], block: Int[np.ndarray, " member"], edge: Int[np.ndarray, "edge 2"]
) -> None:
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
            for lower, upper in pairwise(order):
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
