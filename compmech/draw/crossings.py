"""Plane geometry of drawings: which segments cross, how near curves pass to points. Points have axes (..., 2)."""

import numpy as np
from jaxtyping import Bool, Float, Int


def segments_cross(
    a: Float[np.ndarray, "*#pair 2"],
    b: Float[np.ndarray, "*#pair 2"],
    c: Float[np.ndarray, "*#pair 2"],
    d: Float[np.ndarray, "*#pair 2"],
) -> Bool[np.ndarray, "..."]:
    """Whether the segment a b properly crosses the segment c d; touching ends do not count."""

    def side(p: np.ndarray, q: np.ndarray, r: np.ndarray) -> np.ndarray:
        return np.asarray(
            (q[..., 0] - p[..., 0]) * (r[..., 1] - p[..., 1]) - (q[..., 1] - p[..., 1]) * (r[..., 0] - p[..., 0])
        )

    apart = 1e-12  # square inches: what rounding can make of a touch
    return np.asarray((side(a, b, c) * side(a, b, d) < -apart) & (side(c, d, a) * side(c, d, b) < -apart))


def count_crossings(place: Float[np.ndarray, "node 2"], edge: Int[np.ndarray, "edge 2"]) -> int:
    """Pairs of straight edges that cross, edges with a common end left out."""
    first, second = np.triu_indices(len(edge), k=1)
    p, q = edge[first], edge[second]
    apart = (p[:, :, None] != q[:, None, :]).all(axis=(1, 2))
    p, q = p[apart], q[apart]
    return int(segments_cross(place[p[:, 0]], place[p[:, 1]], place[q[:, 0]], place[q[:, 1]]).sum())


def line_crossings(
    lines: Float[np.ndarray, "line point 2"], others: Float[np.ndarray, "other another 2"]
) -> Int[np.ndarray, " line"]:
    """How often each of some polylines crosses all of some others together."""
    a, b = lines[:, :-1, None, None], lines[:, 1:, None, None]
    return np.asarray(segments_cross(a, b, others[None, None, :, :-1], others[None, None, :, 1:]).sum(axis=(1, 2, 3)))


def line_distances(
    lines: Float[np.ndarray, "line point 2"], targets: Float[np.ndarray, "target 2"]
) -> Float[np.ndarray, "line target"]:
    """How near each of some polylines comes to each of some points."""
    a, along = lines[:, None, :-1], np.diff(lines, axis=1)[:, None]
    length = np.maximum(np.square(along).sum(axis=-1), 1e-18)
    offset = targets[None, :, None] - a
    t = np.clip((offset * along).sum(axis=-1) / length, 0, 1)
    return np.asarray(np.sqrt(np.square(offset - t[..., None] * along).sum(axis=-1)).min(axis=-1))
