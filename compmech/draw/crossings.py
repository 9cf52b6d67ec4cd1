"""Plane geometry of drawings: which segments cross, which curves pass where. Polylines have axes (point, 2)."""

import numpy as np
from jaxtyping import Bool, Float, Int


def _side(
    a: Float[np.ndarray, "*pair 2"], b: Float[np.ndarray, "*pair 2"], c: Float[np.ndarray, "*pair 2"]
) -> Float[np.ndarray, "*pair"]:
    """On which side of the line a b the point c lies: the sign of a cross product."""
    return np.asarray(
        (b[..., 0] - a[..., 0]) * (c[..., 1] - a[..., 1]) - (b[..., 1] - a[..., 1]) * (c[..., 0] - a[..., 0])
    )


def segments_cross(
    a: Float[np.ndarray, "*pair 2"],
    b: Float[np.ndarray, "*pair 2"],
    c: Float[np.ndarray, "*pair 2"],
    d: Float[np.ndarray, "*pair 2"],
) -> Bool[np.ndarray, "*pair"]:
    """Whether the segment a b properly crosses the segment c d; touching ends do not count."""
    return np.asarray((_side(a, b, c) * _side(a, b, d) < -1e-12) & (_side(c, d, a) * _side(c, d, b) < -1e-12))


def count_crossings(place: Float[np.ndarray, "node 2"], edge: Int[np.ndarray, "edge 2"]) -> int:
    """Pairs of straight edges that cross, edges with a common end left out."""
    first, second = np.triu_indices(len(edge), k=1)
    p, q = edge[first], edge[second]
    apart = (p[:, :, None] != q[:, None, :]).all(axis=(1, 2))
    p, q = p[apart], q[apart]
    return int(segments_cross(place[p[:, 0]], place[p[:, 1]], place[q[:, 0]], place[q[:, 1]]).sum())


def distance_to_polyline(
    points: Float[np.ndarray, "target 2"], line: Float[np.ndarray, "point 2"]
) -> Float[np.ndarray, " target"]:
    """How near a polyline comes to each of some points."""
    a, along = line[:-1], np.diff(line, axis=0)
    length = np.maximum(np.square(along).sum(axis=1), 1e-18)
    t = np.clip(((points[:, None] - a) * along).sum(axis=2) / length, 0, 1)
    nearest = a + t[..., None] * along
    return np.asarray(np.sqrt(np.square(points[:, None] - nearest).sum(axis=2)).min(axis=1))


def count_polyline_crossings(line: Float[np.ndarray, "point 2"], others: Float[np.ndarray, "line point 2"]) -> int:
    """How often one polyline crosses some others."""
    if not len(others):
        return 0
    a, b = line[:-1, None, None], line[1:, None, None]
    return int(segments_cross(a, b, others[None, :, :-1], others[None, :, 1:]).sum())
