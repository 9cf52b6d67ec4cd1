"""Edges as cubic Bezier curves, given by their control points, axes (4, 2)."""

from math import cos, hypot, sin

import numpy as np
from jaxtyping import Float


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
    out = [
        centre + r * np.array([cos(w), sin(w)])
        for w, r in ((ends[0], radius), (wide[0], reach * radius), (wide[1], reach * radius), (ends[1], radius))
    ]
    return np.stack(out)


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
