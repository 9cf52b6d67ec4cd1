"""Where the states of a diagram go, in inches."""

import numpy as np
from jaxtyping import Bool, Float, Int

from compmech.draw.diagram import Diagram
from compmech.draw.layers import Blocks, layered
from compmech.draw.rings import compact
from compmech.graph import strong_components


def places(diagram: Diagram, step: float) -> Float[np.ndarray, "node 2"]:
    """A place for each node.

    Args:
        step: distance of neighbours, in inches.
    """
    n_node = len(diagram.nodes)
    edge = np.array([(a.source, a.target) for a in diagram.arrows if a.source != a.target], dtype=np.intp).reshape(
        -1, 2
    )
    stays = np.array([node.kind in ("recurrent", "coordinate") for node in diagram.nodes])
    if stays.all():
        return step * compact(edge, n_node)
    begin = np.array([node.entry is not None for node in diagram.nodes])
    return step * layered(edge, stays, begin, _blocks(edge, stays))


def _blocks(edge: Int[np.ndarray, "edge 2"], stays: Bool[np.ndarray, " node"]) -> Blocks:
    """The closed classes, each laid out by itself."""
    found = []
    label = strong_components(edge[:, 0], edge[:, 1], len(stays))
    for component in np.unique(label[stays]):
        members = np.flatnonzero(label == component)
        rank = np.full(len(stays), -1)
        rank[members] = np.arange(len(members))
        inside = edge[(rank[edge] >= 0).all(axis=1)]
        block = compact(rank[inside], len(members))
        if len(members) == 2:  # upright, so that both can be entered from the left
            block = block[:, ::-1] * [1, -1]
        found.append((members, block))
    return found
