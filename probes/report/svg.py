"""Panels as inline SVG that takes its colours and type from the page: one drawing serves light and dark."""

import html
import io
import re
from collections.abc import Callable

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from probes.report.style import BLUE, GREEN, GRID, INK, MUTED, ORANGE, PAGE, PINK, RC, SKY, VERMILLION

__all__ = ["VARIABLES", "inline_svg"]

VARIABLES = {
    INK: "ink",
    MUTED: "muted",
    GRID: "grid",
    PAGE: "page",
    VERMILLION: "vermillion",
    BLUE: "blue",
    GREEN: "green",
    PINK: "purple",
    ORANGE: "orange",
    SKY: "sky",
}
"""Colours of the house style and the CSS variables that stand for them on a page."""


def inline_svg(name: str, description: str, width: float, height: float, draw: Callable[[Axes], object]) -> str:
    """One panel as an SVG element without fixed colours or size.

    Args:
        name: unique on the page; goes before every id inside.
        description: read out instead of the drawing.
        width, height: inches at which the type has its nominal size.
    """
    with rc_context(RC | {"svg.hashsalt": name}):
        figure = Figure(figsize=(width, height), layout="constrained", facecolor="none")
        FigureCanvasSVG(figure)
        draw(figure.subplots())
        stream = io.StringIO()
        figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    return _embedded(stream.getvalue(), name, description, width)


def _embedded(svg: str, name: str, description: str, width: float) -> str:
    body = svg[svg.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>", "", body, flags=re.DOTALL)
    box = re.search(r'viewBox="([^"]+)"', body)
    assert box is not None, "matplotlib writes a viewBox"
    opening = (
        f'<svg class="chart" role="img" aria-label="{html.escape(description)}" viewBox="{box[1]}" '
        f'style="max-width:{width * 96 * 1.2:.0f}px" xmlns:xlink="http://www.w3.org/1999/xlink">'
    )
    body = opening + body[body.index(">") + 1 :]
    body = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', body)
    body = re.sub(r'(xlink:href="#|url\(#)', rf"\1{name}-", body)
    for colour, variable in VARIABLES.items():
        body = body.replace(colour, f"var(--{variable})")
    body = body.replace("font-family: 'DejaVu Sans'", "font-family: var(--figures)")
    body = re.sub(r"\s+", " ", body)
    return body.strip()
