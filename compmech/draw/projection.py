"""Beliefs on paper: the simplex as an interval, a triangle or a tetrahedron; beyond that two principal components."""

from dataclasses import dataclass
from math import cos, pi, sin
from typing import Literal

import numpy as np
from jaxtyping import Float

from compmech.draw.style import BLUE, CORNERS, PINK, VERMILLION, mixed_colours

# Coordinates of a belief that miss a distribution by more than this make it no belief over states: those of a GHMM.
_SIMPLEX_TOL = 1e-9

_TRIANGLE = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, np.sqrt(3) / 2]])


def _tetrahedron() -> Float[np.ndarray, "4 3"]:
    """A regular tetrahedron of edge 1 on one of its faces, turned so that no corner hides another; z points nearer."""
    base = np.array([[cos(t), 0.0, -sin(t)] for t in (pi / 6, 5 * pi / 6, 3 * pi / 2)]) / np.sqrt(3)
    corners = np.vstack([base, [0.0, np.sqrt(2 / 3), 0.0]])
    turn, tilt = 0.42, 0.28
    about_y = np.array([[cos(turn), 0, sin(turn)], [0, 1, 0], [-sin(turn), 0, cos(turn)]])
    about_x = np.array([[1, 0, 0], [0, cos(tilt), -sin(tilt)], [0, sin(tilt), cos(tilt)]])
    return np.asarray(corners @ about_y.T @ about_x.T)


@dataclass(frozen=True, eq=False)
class Projection:
    """Where beliefs are drawn, and in which colours.

    Attributes:
        kind: point, interval, triangle and tetrahedron for 1 to 4 states; principal for more, and for signed beliefs.
        place: two coordinates.
        depth: nearness to the beholder, -1 .. 1; 0 in the plane.
        colour: red, green and blue.
        corners: of the simplex, where it is drawn.
        share: part of the variance along each axis, for principal components.
    """

    kind: Literal["point", "interval", "triangle", "tetrahedron", "principal"]
    place: Float[np.ndarray, "row 2"]
    depth: Float[np.ndarray, " row"]
    colour: Float[np.ndarray, "row 3"]
    corners: Float[np.ndarray, "corner 3"]
    share: tuple[float, float] = (0.0, 0.0)


def project(beliefs: Float[np.ndarray, "row state"], weight: Float[np.ndarray, " row"] | None = None) -> Projection:
    """Places and colours for beliefs.

    Args:
        beliefs: one a row; distributions, or the signed beliefs of a GHMM.
        weight: by which principal components are found; None: all rows alike.
    """
    n_row, n_state = beliefs.shape
    is_belief = bool((beliefs > -_SIMPLEX_TOL).all() and (abs(beliefs.sum(axis=1) - 1) < _SIMPLEX_TOL).all())
    if not is_belief or n_state > 4:
        return _principal(beliefs, np.full(n_row, 1 / n_row) if weight is None else weight / weight.sum())
    colour = mixed_colours(beliefs, CORNERS[n_state])
    flat = np.zeros(n_row)
    if n_state == 1:
        return Projection("point", np.zeros((n_row, 2)), flat, colour, np.zeros((1, 3)))
    if n_state == 2:
        corners = np.array([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0]])
        return Projection("interval", np.stack([beliefs[:, 1], flat], axis=1), flat, colour, corners)
    if n_state == 3:
        corners = np.column_stack([_TRIANGLE, np.zeros(3)])
        return Projection("triangle", beliefs @ _TRIANGLE, flat, colour, corners)
    corners = _tetrahedron()
    space = beliefs @ corners
    reach = abs(corners[:, 2] - corners[:, 2].mean()).max()
    return Projection("tetrahedron", space[:, :2], (space[:, 2] - corners[:, 2].mean()) / reach, colour, corners)


def _principal(beliefs: Float[np.ndarray, "row state"], weight: Float[np.ndarray, " row"]) -> Projection:
    """Two principal components, and colours by three of them; each axis points to its largest entry."""
    centred = beliefs - weight @ beliefs
    _, size, axes = np.linalg.svd(np.sqrt(weight)[:, None] * centred, full_matrices=False)
    axes = axes * np.where(axes[np.arange(len(axes)), abs(axes).argmax(axis=1)] < 0, -1, 1)[:, None]
    along = np.zeros((len(beliefs), 3))
    count = min(3, len(axes))
    along[:, :count] = centred @ axes[:count].T
    spread = np.ptp(along, axis=0)
    scaled = (along - along.min(axis=0)) / np.where(spread > 1e-12, spread, 1.0)
    variance = np.zeros(3)
    variance[:count] = np.square(size[:count])
    share = variance[:2] / max(float(np.square(size).sum()), 1e-300)
    colour = mixed_colours(scaled, (VERMILLION, PINK, BLUE))
    return Projection(
        "principal", along[:, :2], np.zeros(len(beliefs)), colour, np.zeros((0, 3)), (float(share[0]), float(share[1]))
    )
