"""Panels as inline SVG that takes its colours and type from the page: one drawing serves light and dark."""

import html
import io
import re
from collections.abc import Callable

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from compmech.draw.style import RECURRENT_FILL, TRANSIENT_FILL
from probes.report.style import BLUE, GREEN, GRID, INDIGO, INK, MUTED, OLIVE, ORANGE, PAGE, PINK, RC, SKY, VERMILLION

__all__ = ["VARIABLES", "figure_as_svg", "inline_figure", "inline_svg"]

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
    RECURRENT_FILL: "recurrent",
    TRANSIENT_FILL: "transient",
    INDIGO: "indigo",
    OLIVE: "olive",
}
"""Colours of the house style and the CSS variables that stand for them on a page."""

_WRITTEN = re.compile(r"(<text\b[^>]*fill: var\(--(?:vermillion|green|purple|orange|sky|olive))\)")
"""Words in a colour that is too light to be read on a light page."""


def inline_svg(name: str, description: str, width: float, height: float, draw: Callable[[Axes], object]) -> str:
    """One panel as an SVG element; as `inline_figure`."""
    return inline_figure(name, description, width, height, lambda figure: draw(figure.subplots()))


def inline_figure(name: str, description: str, width: float, height: float, draw: Callable[[Figure], object]) -> str:
    """A figure as an SVG element without fixed colours or size.

    Args:
        name: unique on the page; goes before every id inside.
        description: read out instead of the drawing.
        width, height: inches at which the type has its nominal size.
    """
    with rc_context(RC):
        figure = Figure(figsize=(width, height), layout="constrained", facecolor="none")
        FigureCanvasSVG(figure)
        draw(figure)
        return figure_as_svg(figure, name, description)


def figure_as_svg(figure: Figure, name: str, description: str) -> str:
    """A figure that is drawn already, likewise."""
    stream = io.StringIO()
    with rc_context(RC | {"svg.hashsalt": name}):
        nothing = {"Date": None, "Creator": None, "Format": None, "Type": None}
        figure.savefig(stream, format="svg", metadata=nothing, facecolor="none")
    return _embedded(stream.getvalue(), name, description, figure.get_figwidth())


def _embedded(svg: str, name: str, description: str, width: float) -> str:
    body = svg[svg.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>", "", body, flags=re.DOTALL)
    box = re.search(r'viewBox="([^"]+)"', body)
    assert box is not None, "matplotlib writes a viewBox"
    opening = (
        f'<svg class="chart" role="img" aria-label="{html.escape(description)}" viewBox="{box[1]}" '
        f'style="--natural:{width * 96 * 1.2:.0f}px" xmlns:xlink="http://www.w3.org/1999/xlink">'
    )
    body = opening + body[body.index(">") + 1 :]
    body = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', body)
    body = re.sub(r'(xlink:href="#|url\(#)', rf"\1{name}-", body)
    for colour, variable in VARIABLES.items():
        body = body.replace(colour, f"var(--{variable})")
    body = _WRITTEN.sub(r"\1-ink)", body)
    body = body.replace("font-family: 'DejaVu Sans'", "font-family: var(--figures)")
    body = re.sub(r"\s+", " ", body)
    return body.strip()
