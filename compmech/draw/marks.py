"""Beliefs as marks in the plane: discs, dots, density; and the edges between them."""

from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Bool, Float

from compmech.draw.curves import bent, bezier
from compmech.draw.projection import Projection
from compmech.draw.style import INK, MUTED
from compmech.mixed_state import MixedStatePresentation

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Up to so many beliefs each is a disc; more than so many points are a picture of their density, of so many pixels.
_DISCS, _POINTS, _PIXELS = 400, 20_000, 500

_HEAD = {"arrowstyle": "-|>", "color": MUTED, "linewidth": 0.6, "mutation_scale": 7, "shrinkA": 0, "shrinkB": 0}

DASHES: tuple[Any, ...] = ("solid", (0, (4, 1.6)), (0, (1.2, 1.4)), (0, (6, 1.5, 1.2, 1.5)))
"""Styles of line for symbols, told apart without colour."""


def outlines(recurrent: Bool[np.ndarray, " row"]) -> list[str]:
    """Colours of the outlines of discs: dark for beliefs that are held again and again."""
    return [INK if stays else MUTED for stays in recurrent.tolist()]


def draw_beliefs(
    axes: "Axes",
    seen: Projection,
    colour: Float[np.ndarray, "row 3"],
    weight: Float[np.ndarray, " row"],
    recurrent: Bool[np.ndarray, " row"],
) -> None:
    """Discs, dots or density, whichever so many points allow; what is near over what is far."""
    n_point = len(weight)
    near = 1 + 0.25 * seen.depth
    if n_point <= _DISCS:
        area = (14 + 420 * weight) * near**2
        order = np.lexsort((-area, seen.depth))
        x, y = seen.place[order].T
        axes.scatter(x, y, s=area[order], c=colour[order], edgecolors=outlines(recurrent[order]),
                     linewidths=np.where(recurrent[order], 1.1, 0.5).tolist(), zorder=4)  # fmt: skip
    elif n_point <= _POINTS:
        # in an order without meaning, so that no belief lies above others by its place in the list
        order = np.random.default_rng(0).permutation(n_point)
        order = order[np.argsort(seen.depth[order], kind="stable")]
        x, y = seen.place[order].T
        size = np.clip(7_000 / n_point, 1.0, 9.0) * near[order] ** 2
        axes.scatter(x, y, s=size, c=colour[order], linewidths=0, alpha=0.8, zorder=4, rasterized=True)
    else:
        _draw_density(axes, seen.place, colour, weight)


def _draw_density(
    axes: "Axes",
    place: Float[np.ndarray, "row 2"],
    colour: Float[np.ndarray, "row 3"],
    weight: Float[np.ndarray, " row"],
) -> None:
    """Pixels in the mean colour of what falls into them, the more opaque the more it is, by its logarithm."""
    low, high = place.min(axis=0), place.max(axis=0)
    size = float(max(high - low)) or 1.0
    cell = np.minimum(((place - low) / size * _PIXELS).astype(np.intp), _PIXELS - 1)
    pixel = cell[:, 1] * _PIXELS + cell[:, 0]
    mass = np.bincount(pixel, weights=weight, minlength=_PIXELS**2)
    image = np.zeros((_PIXELS**2, 4))
    full = mass > 0
    for channel in range(3):
        image[full, channel] = (
            np.bincount(pixel, weights=weight * colour[:, channel], minlength=_PIXELS**2)[full] / mass[full]
        )
    logs = np.log(mass[full])
    floor = np.quantile(logs, 0.02)
    image[full, 3] = 0.6 + 0.4 * np.clip((logs - floor) / max(float(logs.max() - floor), 1e-9), 0, 1)
    extent = (float(low[0]), float(low[0] + size), float(low[1]), float(low[1] + size))
    limits = axes.get_xlim(), axes.get_ylim()
    axes.imshow(image.reshape(_PIXELS, _PIXELS, 4), extent=extent, origin="lower", interpolation="nearest", zorder=4)
    if limits != ((0.0, 1.0), (0.0, 1.0)):
        axes.set_xlim(*limits[0])
        axes.set_ylim(*limits[1])


def draw_tree(axes: "Axes", mixed: MixedStatePresentation, place: Float[np.ndarray, "mixed 2"]) -> None:
    """A line from each belief to those that it was first the parent of."""
    from matplotlib.collections import LineCollection

    child = np.flatnonzero(mixed.parent >= 0)
    lines = np.stack([place[mixed.parent[child]], place[child]], axis=1)
    axes.add_collection(LineCollection(list(lines), colors="#b9c0c6", linewidths=0.5, zorder=2))


def draw_graph(axes: "Axes", mixed: MixedStatePresentation, seen: Projection, symbols: tuple[str, ...]) -> None:
    """Every edge as a bent arrow; loops as circles that lean away from the middle."""
    extent = np.ptp(seen.corners[:, :2] if len(seen.corners) else seen.place, axis=0)
    scale = float(extent.max()) or 2.0  # a single belief stands in the middle of -1 .. 1
    shown: dict[int, Any] = {}
    for node, symbol in np.argwhere(mixed.successor >= 0).tolist():
        style = DASHES[symbol % len(DASHES)]
        after = int(mixed.successor[node, symbol])
        a, b = seen.place[node], seen.place[after]
        if float(np.hypot(*(b - a))) < 1e-9 * scale:
            line = _small_loop(a, seen.place.mean(axis=0), 0.035 * scale)
        else:
            line = bezier(bent(a, b, 0.12), np.linspace(0, 1, 30))
        (shown[symbol],) = axes.plot(*line.T, color=MUTED, linewidth=0.8, linestyle=style, zorder=2)
        _draw_head(axes, line)
    if 1 < len(symbols) <= len(DASHES):
        handles = [shown[symbol] for symbol in sorted(shown)]
        axes.legend(handles, [symbols[symbol] for symbol in sorted(shown)], title="symbol", loc="upper right",
                    fontsize=8, title_fontsize=8, handlelength=2.6)  # fmt: skip


def _small_loop(
    at: Float[np.ndarray, "2"], middle: Float[np.ndarray, "2"], radius: float
) -> Float[np.ndarray, "point 2"]:
    away = at - middle
    length = float(np.hypot(*away))
    outward = np.arctan2(away[1], away[0]) + np.pi / 3 if length > 1e-9 else np.pi / 2  # beside the corner's name
    away = np.array([np.cos(outward), np.sin(outward)])
    angle = np.arctan2(-away[1], -away[0]) + np.linspace(0, 2 * np.pi, 40)
    return np.asarray(at + radius * away + radius * np.stack([np.cos(angle), np.sin(angle)], axis=1))


def _draw_head(axes: "Axes", line: Float[np.ndarray, "point 2"]) -> None:
    """An arrow's head at the middle of a line, clear of the discs at its ends."""
    middle = len(line) // 2
    axes.annotate(
        "",
        line[middle + 1],
        line[middle],
        arrowprops=_HEAD,
        zorder=2,
    )
