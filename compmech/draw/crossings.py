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
    """How often each of some polylines crosses all of some others together; touching ends do not count.

    On which side of a segment a point lies is linear in the point, so one matrix product says it of all of them.
    """
    low, high = lines.min(axis=(0, 1)), lines.max(axis=(0, 1))
    others = others[((others.max(axis=1) >= low) & (others.min(axis=1) <= high)).all(axis=1)]
    apart = 1e-12  # as in segments_cross
    across = _sides(lines, others)  # (line, segment, other, point)
    along = _sides(others, lines)  # (other, segment, line, point)
    first = across[..., :-1] * across[..., 1:] < -apart  # (line, segment, other, another's segment)
    second = along[..., :-1] * along[..., 1:] < -apart  # (other, another's segment, line, segment)
    return np.asarray((first & second.transpose(2, 3, 0, 1)).sum(axis=(1, 2, 3)))


def _sides(
    lines: Float[np.ndarray, "line point 2"], others: Float[np.ndarray, "other another 2"]
) -> Float[np.ndarray, "line segment other another"]:
    """Twice the signed areas of the triangles made by each segment of the lines and each point of the others."""
    start, along = lines[:, :-1], np.diff(lines, axis=1)
    offset = along[..., 1] * start[..., 0] - along[..., 0] * start[..., 1]
    plane = np.stack([-along[..., 1], along[..., 0], offset], axis=-1)  # (line, segment, 3)
    points = np.concatenate([others, np.ones((*others.shape[:2], 1))], axis=-1)
    found = plane.reshape(-1, 3) @ points.reshape(-1, 3).T
    return np.asarray(found.reshape(*plane.shape[:2], *points.shape[:2]))


def line_distances(
    lines: Float[np.ndarray, "line point 2"], targets: Float[np.ndarray, "target 2"]
) -> Float[np.ndarray, "line target"]:
    """How near each of some polylines comes to each of some points."""
    x, y = (lines[:, None, :-1, axis] for axis in (0, 1))
    dx, dy = (np.diff(lines[..., axis], axis=1)[:, None] for axis in (0, 1))
    right, up = targets[None, :, None, 0] - x, targets[None, :, None, 1] - y  # (line, target, segment)
    t = np.clip((right * dx + up * dy) / np.maximum(dx * dx + dy * dy, 1e-18), 0, 1)
    return np.asarray(np.sqrt((np.square(right - t * dx) + np.square(up - t * dy)).min(axis=-1)))
