"""What an inferred machine was chosen from: bits on unseen symbols against numbers that the data had to fix."""

from typing import TYPE_CHECKING

import numpy as np

from compmech.draw.style import INK, MUTED, PALETTE, blank_figure, house_style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from compmech.inference.result import InferredMachine

_TICKS = (0, 1, 2, 5, *(digit * 10**power for power in range(1, 6) for digit in (1, 2, 5)))


def candidates_figure(found: "InferredMachine", *, title: str = "") -> "Figure":
    """Each candidate of `infer` as a point: how many numbers it has that the data had to fix, and what it needs on
    symbols that did not make it. The one chosen has a ring, candidates that forbid some of those symbols are not shown.

    Args:
        found: of `infer`; a machine found from a predictor has no candidates.
        title: above the picture.
    Raises:
        ValueError: if there are no candidates.
    """
    candidates = [
        one
        for one in found.diagnostics.get("candidates", ())
        if isinstance(one["held_out_bits_per_symbol"], float) and np.isfinite(one["held_out_bits_per_symbol"])
    ]
    if not candidates:
        raise ValueError("there are no candidates to draw: this machine was not chosen from any")
    methods = sorted({one["method"] for one in candidates})
    with house_style():
        figure = blank_figure(6.2, 3.7)
        axes = figure.subplots()
        figure.subplots_adjust(left=0.12, right=0.98, bottom=0.14, top=0.86 if title else 0.95)
        for method, colour in zip(methods, PALETTE, strict=False):
            points = [(one["n_free"], one["held_out_bits_per_symbol"]) for one in candidates if one["method"] == method]
            axes.plot(*zip(*points, strict=True), "o", color=colour, label=method)
        chosen = found.held_out_bits_per_symbol
        n_free = min((one["n_free"] for one in candidates if one["held_out_bits_per_symbol"] == chosen), default=None)
        if n_free is not None:
            axes.plot([n_free], [chosen], "o", markersize=12, markerfacecolor="none", color=INK, label="chosen")
        axes.axhline(chosen, color=MUTED, linewidth=0.8, linestyle=":")
        axes.set_xscale("symlog", linthresh=10)
        most = max(one["n_free"] for one in candidates)
        last = next((at for at in _TICKS if at >= most), most)  # a tick to the right of all, to read them by
        axes.set_xlim(-0.5, max(1, last) * 1.05)
        axes.set_xticks([at for at in _TICKS if at <= last])
        axes.xaxis.set_major_formatter("{x:g}")
        axes.minorticks_off()
        axes.set_xlabel("numbers that the data had to fix")
        axes.set_ylabel("bits a symbol, held out")
        axes.legend(fontsize=8.5)
        if title:
            figure.text(0.012, 0.975, title, fontsize=10, fontweight="bold", va="top")
    return figure
