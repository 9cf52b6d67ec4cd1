"""The block-entropy diagram: H(L), what it tends to, and how the entropy rate is approached."""

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from compmech.draw.style import BLUE, INK, MUTED, ORANGE, PINK, VERMILLION, blank_figure, house_style
from compmech.draw.wording import quantity_text
from compmech.hmm import AnyPresentation
from compmech.measures.findings import Quantity
from compmech.measures.interval import Bounds
from compmech.measures.statistics import Statistics, statistics

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def block_figure(process: AnyPresentation | Statistics, *, title: str = "") -> "Figure":
    """Block entropies H(L) with their asymptote E + hL, and h_L = H(L) - H(L-1) with its limit h.

    The area between the asymptote and H(L), one bar of width 1 for each L, is the transient information T; that between
    h_L and h is the excess entropy E. Drawn for the lengths whose words can be enumerated, so that the shaded areas are
    parts of T and E; the numbers beside them are the whole. Where h or E is only bounded, the asymptote is a band.

    Args:
        process: an HMM, GHMM or EpsilonMachine whose start is stationary, or its statistics.
        title: above the picture.
    Raises:
        NotStationary: if the start is not stationary.
    Reference:
        Crutchfield and Feldman, Chaos 13, 25 (2003), figures 2 and 3.
    """
    found = process if isinstance(process, Statistics) else statistics(process)
    H = np.array(found.block_entropies)
    with house_style():
        figure = blank_figure(8.6, 3.7)
        left, right = figure.subplots(1, 2)
        figure.subplots_adjust(left=0.07, right=0.985, bottom=0.14, top=0.84, wspace=0.2)
        _draw_blocks(left, H, found)
        _draw_rates(right, H, found)
        if title:
            figure.text(0.012, 0.975, title, fontsize=10, fontweight="bold", va="top")
    return figure


def _ends(value: Quantity) -> tuple[float, float]:
    """Lower and upper end of what is known; nan where nothing finite is."""
    match value:
        case None:
            return np.nan, np.nan
        case Bounds():
            ends = value.lower, value.upper
        case _:
            ends = float(value), float(value)
    return ends if np.isfinite(ends).all() else (np.nan, np.nan)


def _named(symbol: str, value: Quantity, unit: str) -> str:
    text = quantity_text(value)
    joint = " in " if ".." in text else " " if text[0] in "≥n" else " = "
    return f"{symbol}{joint}{text}{'' if value is None else f' {unit}'}"


def _draw_blocks(axes: "Axes", H: Float[np.ndarray, " length"], found: Statistics) -> None:
    L = np.arange(len(H))
    (h_low, h_high), (E_low, E_high) = _ends(found.entropy_rate), _ends(found.excess_entropy)
    low, high = E_low + h_low * L, E_high + h_high * L
    if np.isfinite(high).all():
        middle = (low + high) / 2
        axes.bar(L, np.maximum(middle - H, 0), bottom=np.minimum(H, middle), width=1.0, color=PINK, alpha=0.28,
                 linewidth=0, label=_named("T", found.transient_information, "bits · symbols"))  # fmt: skip
        axes.fill_between(L, low, high, color=VERMILLION, alpha=0.35, linewidth=0)
        axes.plot(L, middle, color=VERMILLION, linewidth=1.3, linestyle=(0, (5, 2)),
                  label="E + hL, " + _named("E", found.excess_entropy, "bits"))  # fmt: skip
        axes.plot([0], [middle[0]], marker="o", markersize=4, color=VERMILLION, clip_on=False, zorder=5)
    axes.plot(L, H, marker="o", markersize=4.5, color=BLUE, label="H(L)")
    axes.set_xlabel("word length L")
    axes.set_title("block entropy H(L), bits", fontweight="normal")
    axes.set_xlim(-0.5, max(len(H) - 0.5, 1.5))
    axes.set_ylim(0.0, max(float(H.max()), float(high.max()) if np.isfinite(high).all() else 0.0, 0.1) * 1.05)
    _whole_ticks(axes)
    axes.legend(loc="lower right", fontsize=8.5)


def _whole_ticks(axes: "Axes") -> None:
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(integer=True))


def _draw_rates(axes: "Axes", H: Float[np.ndarray, " length"], found: Statistics) -> None:
    h = np.diff(H)
    L = np.arange(1, len(H))
    low, high = _ends(found.entropy_rate)
    if np.isfinite(high) and len(h):
        middle = (low + high) / 2
        axes.bar(L, np.maximum(h - middle, 0), bottom=middle, width=1.0, color=ORANGE, alpha=0.28, linewidth=0,
                 label=_named("E", found.excess_entropy, "bits"))  # fmt: skip
        axes.axhspan(low, high, color=VERMILLION, alpha=0.35, linewidth=0)
        axes.axhline(middle, color=VERMILLION, linewidth=1.3, linestyle=(0, (5, 2)),
                     label=_named("h", found.entropy_rate, "bits per symbol"))  # fmt: skip
    axes.plot(L, h, marker="o", markersize=4.5, color=INK, label="h_L")
    axes.set_xlabel("word length L")
    axes.set_title("h_L = H(L) - H(L-1), bits per symbol", fontweight="normal")
    axes.set_xlim(0.5, max(len(H) - 0.5, 1.5))
    axes.set_ylim(0.0, max(float(h.max(initial=0.0)), high if np.isfinite(high) else 0.0, 0.1) * 1.15)
    _whole_ticks(axes)
    axes.legend(loc="lower right", fontsize=8.5, labelcolor=MUTED)
