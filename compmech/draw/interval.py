"""Beliefs over two states: rows of points on an interval, one row for each number of symbols read."""

from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from compmech.draw.marks import DASHES, outlines
from compmech.draw.projection import Projection
from compmech.draw.style import BLUE, GRID, MUTED, blank_figure
from compmech.mixed_state import MixedStatePresentation

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Rows that are drawn, and points in them together up to which lines join them.
_ROWS, _JOINED = 41, 400


def _interval_axes(corners: tuple[str, ...], title: str, height: float) -> tuple["Figure", "Axes"]:
    figure = blank_figure(5.6, height)
    axes = figure.add_axes((0.12, 0.72 / height, 0.84, 1 - 1.1 / height))
    axes.set_xlim(-0.03, 1.03)
    axes.set_xlabel(f"probability of state {corners[1]}")
    if title:
        figure.text(0.02, 1 - 0.08 / height, title, fontsize=10, fontweight="bold", va="top")
    return figure, axes


def interval_figure(
    mixed: MixedStatePresentation,
    seen: Projection,
    colour: Float[np.ndarray, "mixed 3"],
    corners: tuple[str, ...],
    symbols: tuple[str, ...],
    title: str,
) -> "Figure":
    """Rows of beliefs, one for each number of symbols read, with lines to what a symbol more makes of them."""
    from matplotlib.ticker import MaxNLocator

    rows = min(len(mixed.levels), _ROWS)
    figure, axes = _interval_axes(corners, title, height=float(np.clip(1.7 + 0.3 * rows, 2.4, 8.0)))
    x = seen.place[:, 0]
    few = sum(len(nodes) for nodes, _ in mixed.levels[:rows]) <= _JOINED
    shown: dict[int, Any] = {}
    for level, (nodes, probability) in enumerate(mixed.levels[:rows]):
        axes.plot([0, 1], [level, level], color=GRID, linewidth=0.8, zorder=1)
        if few and level + 1 < rows:
            for node, symbol in zip(*np.nonzero(mixed.successor[nodes] >= 0), strict=True):
                ends = [x[nodes[node]], x[mixed.successor[nodes[node], symbol]]]
                style = DASHES[symbol % len(DASHES)]
                (shown[int(symbol)],) = axes.plot(ends, [level, level + 1], color=MUTED, linewidth=0.6,
                                                  linestyle=style, zorder=2)  # fmt: skip
        area = 8 + 110 * probability if few else np.clip(110 * probability, 1.5, 60)
        edges = outlines(mixed.recurrent[nodes])
        axes.scatter(x[nodes], np.full(len(nodes), level), s=area, c=colour[nodes], edgecolors=edges,
                     linewidths=0.6 if few else 0.0, zorder=3, rasterized=not few)  # fmt: skip
    axes.set_ylim(rows - 0.5, -0.6)
    axes.set_ylabel("symbols read")
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    if few and 1 < len(symbols) <= len(DASHES) and shown:
        handles = [shown[symbol] for symbol in sorted(shown)]
        figure.legend(handles, [f"symbol {symbols[symbol]}" for symbol in sorted(shown)], loc="upper right", fontsize=8,
                      ncols=len(handles), handlelength=2.6, borderaxespad=0.3)  # fmt: skip
    return figure


def interval_histogram(
    place: Float[np.ndarray, " row"], weight: Float[np.ndarray, " row"], corners: tuple[str, ...], title: str
) -> "Figure":
    """How much of the weight lies where."""
    figure, axes = _interval_axes(corners, title, height=2.6)
    axes.hist(place, bins=np.linspace(0, 1, 201).tolist(), weights=weight / weight.sum(), color=BLUE)
    axes.set_ylabel("probability")
    return figure
