"""State diagrams drawn with matplotlib."""

from typing import TYPE_CHECKING, Any

import numpy as np

from compmech.draw.diagram import Diagram, Drawable, Kind, diagram
from compmech.draw.placement import LABEL_POINTS, NAME_POINTS, NOTE_POINTS, Curve, Placement, placed
from compmech.draw.style import (
    BLUE,
    INK,
    MUTED,
    PAGE,
    RECURRENT_FILL,
    TRANSIENT_FILL,
    VERMILLION,
    blank_figure,
    house_style,
)
from compmech.errors import BudgetExceeded

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MAX_STATES = 60
"""More states than this are no picture that one can read."""

_MARGIN = 0.12
_HEAD = 0.085  # length of an arrow's head, in inches
_KINDS: dict[Kind, tuple[str, str, str]] = {
    "recurrent": (RECURRENT_FILL, BLUE, "solid"),
    "transient": (TRANSIENT_FILL, MUTED, "dashed"),
    "unexpanded": (PAGE, MUTED, "dotted"),
    "coordinate": (PAGE, INK, "solid"),
}


def state_figure(process: Drawable, *, max_states: int = MAX_STATES) -> "Figure":
    """The state diagram as a matplotlib figure, as large as it needs to be.

    Recurrent states are blue, transient ones grey with a dashed outline, mixed states whose successors are not all
    known dotted. Start states have an arrow from nowhere; a stationary start is written below the names. Arrows whose
    weights are negative are dashed and red.

    Args:
        process: an HMM, EpsilonMachine, GHMM, MixedStatePresentation, Transducer or Diagram.
        max_states: the most states that are drawn.
    Raises:
        BudgetExceeded: if there are more; `.found` is the Diagram.
    """
    found = diagram(process)
    check_size(found, max_states)
    where = placed(found)
    left, bottom, right, top = where.extent
    caption = _caption(found)
    below = 0.24 if caption else 0.0
    above = 0.3 if found.title else 0.0
    least = max(len(caption) * 0.062, len(found.title) * 0.085 if found.title else 0.0)
    spare = max(0.0, least - (right - left)) / 2
    box = (left - spare - _MARGIN, bottom - below - _MARGIN, right + spare + _MARGIN, top + above + _MARGIN)
    with house_style():
        figure = blank_figure(box[2] - box[0], box[3] - box[1])
        axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
        axes.set_xlim(box[0], box[2])
        axes.set_ylim(box[1], box[3])
        axes.set_axis_off()
        _draw(axes, found, where)
        if found.title:
            axes.text(box[0] + _MARGIN, box[3] - _MARGIN, found.title, va="top", fontsize=10, fontweight="bold")
        if caption:
            axes.text(box[0] + _MARGIN, box[1] + _MARGIN, caption, va="bottom", fontsize=7.5, color=MUTED)
    return figure


def check_size(found: Diagram, max_states: int) -> None:
    """Refuse what would be unreadable. The error keeps the diagram, which can be drawn in parts or written as DOT."""
    if len(found.nodes) > max_states:
        raise BudgetExceeded(
            f"the state diagram has {len(found.nodes)} states, which are more",
            "max_states",
            max_states,
            len(found.nodes),
            found,
            "draw the belief simplex, or write DOT (.dot), whose programs lay out large graphs",
        )


def _caption(found: Diagram) -> str:
    kinds = {node.kind for node in found.nodes}
    parts = [found.legend] if found.legend else []
    if "transient" in kinds:
        parts.append("dashed: transient")
    if "unexpanded" in kinds:
        parts.append("dotted: successors not explored")
    if any(arrow.is_negative for arrow in found.arrows):
        parts.append("red, dashed: negative weight")
    return "; ".join(parts)


def _draw(axes: "Axes", found: Diagram, where: Placement) -> None:
    from matplotlib.patches import Circle, FancyBboxPatch

    for curve in where.curves:
        _draw_curve(axes, curve)
    for entry in where.entries:
        straight = np.linspace(entry.tail, entry.head, 4)
        _draw_arrow(axes, straight, MUTED, "solid")
        if entry.text:
            axes.text(entry.label[0], entry.label[1], entry.text, ha="center", va="center", fontsize=LABEL_POINTS,
                      color=MUTED, zorder=5)  # fmt: skip
    for node, (x, y) in zip(found.nodes, where.place, strict=True):
        fill, outline, line = _KINDS[node.kind]
        style: dict[str, Any] = {
            "facecolor": fill,
            "edgecolor": outline,
            "linewidth": 1.2,
            "linestyle": line,
            "zorder": 4,
        }
        r = where.radius
        if node.kind == "coordinate":
            rounded = f"round,pad=0,rounding_size={0.35 * r}"
            axes.add_patch(FancyBboxPatch((x - 0.9 * r, y - 0.9 * r), 1.8 * r, 1.8 * r, rounded, **style))
        else:
            axes.add_patch(Circle((x, y), r, **style))
        up = 0.055 if node.note else 0.0
        axes.text(x, y + up, node.name, ha="center", va="center", fontsize=NAME_POINTS, zorder=5)
        if node.note:
            axes.text(x, y - 0.09, node.note, ha="center", va="center", fontsize=NOTE_POINTS, color=MUTED, zorder=5)


def _draw_curve(axes: "Axes", curve: Curve) -> None:
    colour = VERMILLION if curve.is_negative else INK
    _draw_arrow(axes, curve.control, colour, (0, (4, 2)) if curve.is_negative else "solid")
    halo = {"facecolor": PAGE, "edgecolor": "none", "alpha": 0.8, "pad": 0.6}
    axes.text(curve.label[0], curve.label[1], "\n".join(curve.lines), ha="center", va="center", fontsize=LABEL_POINTS,
              color=colour, linespacing=1.15, bbox=halo, zorder=3)  # fmt: skip


def _draw_arrow(axes: "Axes", control: np.ndarray, colour: str, line: object) -> None:
    """A Bezier curve with a filled head whose tip is the curve's end."""
    from matplotlib.patches import PathPatch, Polygon
    from matplotlib.path import Path

    tip = control[3]
    along = tip - control[2]
    along = along / max(float(np.hypot(*along)), 1e-9)
    across = np.array([-along[1], along[0]])
    base = tip - _HEAD * along
    shaft = control.copy()
    shaft[3] = tip - 0.7 * _HEAD * along
    path = Path(shaft, [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4])
    axes.add_patch(PathPatch(path, facecolor="none", edgecolor=colour, linewidth=1.0, linestyle=line, zorder=2))
    head = np.stack([tip, base + 0.4 * _HEAD * across, tip - 0.72 * _HEAD * along, base - 0.4 * _HEAD * across])
    axes.add_patch(Polygon(head, closed=True, facecolor=colour, edgecolor="none", zorder=2))
