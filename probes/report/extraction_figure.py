"""Where no finite machine was found: how the number of states grows with the tolerance, and the beliefs themselves."""

from math import ceil, floor, log10
from typing import TYPE_CHECKING

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from probes.report.numerals import power_of_ten
from probes.report.style import MUTED, RC

if TYPE_CHECKING:
    from probes.extraction import Extraction

__all__ = ["extraction_figure"]

_BLUE = "#0072b2"
_POINTS = 3000


def extraction_figure(extraction: "Extraction", *, title: str) -> Figure:
    """The two panels side by side."""
    with rc_context(RC):
        figure = Figure(figsize=(9.0, 4.1), layout="constrained")
        FigureCanvasAgg(figure)
        left, right = figure.subplots(1, 2)
        figure.suptitle(title, x=0.01, ha="left", fontweight="bold", fontsize=10.5)
        _draw_growth(left, extraction)
        _draw_beliefs(right, extraction)
    return figure


def _draw_growth(axes: Axes, extraction: "Extraction") -> None:
    """Each merging as a point, and the tolerance that was asked for."""
    found = extraction.found.diagnostics
    steps = [step for step in found["ladder"] if 0 < step["residual"] < np.inf]
    axes.plot([step["residual"] for step in steps], [step["n_state"] for step in steps], "o-", color=_BLUE, ms=3.5)
    axes.axvline(found["tolerance"], color=MUTED, lw=0.9, ls="--")
    axes.set(xscale="log", yscale="log", xlabel="off the predictor, bits a symbol", ylabel="recurrent states")
    axes.invert_xaxis()
    axes.set_title(f"States needed by tolerance; dashed: {found['tolerance']:.2g}")
    ticks = [n for n in (1, 2, 5, 10, 20, 50, 100, 200) if n <= max(2, *(step["n_state"] for step in steps))]
    axes.set_yticks(ticks, [str(n) for n in ticks])
    off = [step["residual"] for step in steps]
    powers = range(floor(log10(min(off))), ceil(log10(max(off))) + 1)
    axes.set_xticks([10.0**k for k in powers], [power_of_ten(k) for k in powers])
    axes.minorticks_off()


def _draw_beliefs(axes: Axes, extraction: "Extraction") -> None:
    """The first two canonical directions; a histogram if there is one alone."""
    beliefs = extraction.beliefs[np.linspace(0, len(extraction.beliefs) - 1, _POINTS).astype(int)]
    n = beliefs.shape[1]
    axes.set_title(f"Its beliefs: {n + 1} dimensions, with the constant" if n else "Its beliefs: all alike")
    if n == 0:
        axes.set_axis_off()
    elif n == 1:
        axes.hist(beliefs[:, 0], bins=60, color=_BLUE)
        axes.set(xlabel="first canonical direction", ylabel="histories")
    else:
        axes.scatter(beliefs[:, 0], beliefs[:, 1], s=3, color=_BLUE, alpha=0.4, lw=0)
        axes.set(xlabel="first canonical direction", ylabel="second")
        axes.set_aspect("equal", "datalim")
