"""A figure with a title that says what is seen, and room below it to draw in."""

import textwrap

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure, SubFigure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from probes.report.style import MUTED

__all__ = ["WIDTH", "titled_figure"]

WIDTH = 10.0
"""Inches; at 160 dots each 1,600 pixels."""

_TITLE_CHARACTERS = 92
_LINE = 0.21  # inches


def titled_figure(title: str, subtitle: str, height: float) -> tuple[Figure, SubFigure]:
    """A figure with its title set across the top, and the part below it to draw in."""
    lines = textwrap.wrap(title, _TITLE_CHARACTERS)
    head = 0.16 + _LINE * (len(lines) + bool(subtitle))
    figure = Figure(figsize=(WIDTH, height + head), layout=ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.06))
    FigureCanvasAgg(figure)
    top, body = figure.subfigures(2, 1, squeeze=False, height_ratios=[head, height])[:, 0]
    top.text(0.012, 1 - 0.08 / head, "\n".join(lines), va="top", fontsize=11.5, fontweight="bold", linespacing=1.25)
    if subtitle:
        top.text(0.012, 0.0, subtitle, va="bottom", fontsize=9, color=MUTED)
    return figure, body
