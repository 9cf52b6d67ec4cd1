"""Information diagrams: the anatomy of a bit, and what the causal states of past and future share."""

from typing import TYPE_CHECKING

from compmech.draw.style import BLUE, GRID, INK, MUTED, ORANGE, PINK, VERMILLION, blank_figure, house_style
from compmech.draw.wording import quantity_text
from compmech.hmm import AnyPresentation
from compmech.measures.findings import Quantity, as_bounds
from compmech.measures.statistics import Statistics, statistics

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def information_figure(process: AnyPresentation | Statistics, *, title: str = "") -> "Figure":
    """Two information diagrams and their numbers, in bits.

    Left, past, present symbol and future: H[X_0] falls into r (known from neither side), b twice (shared with the past
    given the future, and the other way round: both are b), and q (shared by all three; it can be negative). sigma is
    what past and future share without the present. Right, the causal states before and after: C+ and C- share E; chi =
    C+ - E cannot be seen in the future, C- - E not in the past. The circles are not to scale; the bars below them are.
    Quantities that are only bounded stand as intervals, in bars with a pale end.

    Args:
        process: an HMM, GHMM or EpsilonMachine whose start is stationary, or its statistics.
        title: above the picture.
    Raises:
        NotStationary: if the start is not stationary.
    Reference:
        James, Ellison and Crutchfield, Chaos 21, 037109 (2011), figure 3; Ellison, Mahoney and Crutchfield,
        J. Stat. Phys. 136, 1005 (2009), figure 1.
    """
    found = process if isinstance(process, Statistics) else statistics(process)
    with house_style():
        figure = blank_figure(9.0, 4.9)
        _draw_anatomy(figure.add_axes((0.01, 0.26, 0.48, 0.66)), found)
        _draw_directions(figure.add_axes((0.51, 0.26, 0.48, 0.66)), found)
        _draw_bars(figure.add_axes((0.09, 0.07, 0.38, 0.15)), _anatomy_bars(found))
        _draw_bars(figure.add_axes((0.59, 0.07, 0.38, 0.15)), _direction_bars(found))
        if title:
            figure.text(0.012, 0.98, title, fontsize=10, fontweight="bold", va="top")
    return figure


def reverse_crypticity(found: Statistics) -> Quantity:
    """C- - E, in bits: what the future leaves open of its own causal state once the past is known."""
    if found.reverse_statistical_complexity is None or found.excess_entropy is None:
        return None
    backward, E = as_bounds(found.reverse_statistical_complexity), as_bounds(found.excess_entropy)
    if backward.is_exact and E.is_exact:
        return backward.lower - E.lower if backward.lower - E.lower > 1e-12 else 0.0
    return (backward - E).at_least(0.0)


def _stage(axes: "Axes", width: float, height: float) -> None:
    axes.set_xlim(-width / 2, width / 2)
    axes.set_ylim(-height / 2, height / 2)
    axes.set_aspect("equal")
    axes.set_axis_off()


def _circle(axes: "Axes", x: float, y: float, radius: float, colour: str) -> None:
    from matplotlib.patches import Circle

    axes.add_patch(Circle((x, y), radius, facecolor=colour, alpha=0.13, edgecolor="none", zorder=1))
    axes.add_patch(Circle((x, y), radius, facecolor="none", edgecolor=colour, linewidth=1.5, zorder=2))


def _region(axes: "Axes", x: float, y: float, letter: str, value: Quantity) -> None:
    """A quantity in its region: the letter, and below it what is known, an interval in two lines."""
    axes.text(x, y, letter, fontsize=11, ha="center", va="bottom", fontweight="bold", zorder=4)
    known = quantity_text(value).replace(" .. ", " ..\n")
    axes.text(x, y - 0.02, known, fontsize=8, ha="center", va="top", zorder=4,
              color=MUTED if value in (None, 0.0) else INK)  # fmt: skip


def _outside(axes: "Axes", x: float, y: float, name: str, value: Quantity | str, colour: str, side: str) -> None:
    text = value if isinstance(value, str) else quantity_text(value)
    axes.text(x, y, name, fontsize=9.5, ha=side, va="bottom", color=colour, fontweight="bold")
    axes.text(x, y - 0.02, text, fontsize=8.5, ha=side, va="top", color=INK)


def _draw_anatomy(axes: "Axes", found: Statistics) -> None:
    _stage(axes, 4.6, 4.2)
    _circle(axes, -0.78, 0.35, 1.25, VERMILLION)
    _circle(axes, 0.78, 0.35, 1.25, BLUE)
    _circle(axes, 0.0, -0.72, 1.12, PINK)
    _region(axes, 0.0, -1.38, "r", found.ephemeral_information)
    _region(axes, -0.68, -0.5, "b", found.bound_information)
    _region(axes, 0.68, -0.5, "b", found.bound_information)
    _region(axes, 0.0, -0.08, "q", found.enigmatic_information)
    _region(axes, 0.0, 0.86, "σ", found.elusive_information)
    _outside(axes, -1.1, 1.72, "past", "", VERMILLION, "center")
    _outside(axes, 1.1, 1.72, "future", "", BLUE, "center")
    _outside(axes, 1.0, -1.72, "present  H[X₀]", found.single_symbol_entropy, PINK, "left")
    axes.text(-2.25, -1.95, "bits; circles not to scale", fontsize=7.5, color=MUTED)


def _draw_directions(axes: "Axes", found: Statistics) -> None:
    _stage(axes, 4.6, 4.2)
    _circle(axes, -0.62, 0.0, 1.3, VERMILLION)
    _circle(axes, 0.62, 0.0, 1.3, BLUE)
    _region(axes, -1.3, 0.0, "χ", found.crypticity)
    _region(axes, 0.0, 0.0, "E", found.excess_entropy)
    _region(axes, 1.3, 0.0, "C⁻ - E", reverse_crypticity(found))
    _outside(axes, -1.0, 1.55, "C⁺  forward states", found.statistical_complexity, VERMILLION, "center")
    _outside(axes, 1.0, 1.55, "C⁻  reverse states", found.reverse_statistical_complexity, BLUE, "center")
    both = quantity_text(found.bidirectional_complexity)
    axes.text(0.0, -1.62, f"C± together: {both}", fontsize=8.5, ha="center", color=INK)


Bar = tuple[str, list[tuple[str, Quantity, str]]]


def _anatomy_bars(found: Statistics) -> list[Bar]:
    """H[X_0] = r + b + rho, and the two ways to split: h = r + b, and E = rho + sigma."""
    return [
        ("H[X₀]", [("r", found.ephemeral_information, PINK), ("b", found.bound_information, ORANGE),
                   ("ρ = b + q", found.predicted_information, VERMILLION)]),
        ("E", [("ρ", found.predicted_information, VERMILLION), ("σ", found.elusive_information, BLUE)]),
    ]  # fmt: skip


def _direction_bars(found: Statistics) -> list[Bar]:
    return [
        ("C⁺", [("E", found.excess_entropy, PINK), ("χ", found.crypticity, VERMILLION)]),
        ("C⁻", [("E", found.excess_entropy, PINK), ("C⁻ - E", reverse_crypticity(found), BLUE)]),
    ]


def _draw_bars(axes: "Axes", bars: list[Bar]) -> None:
    """Stacked bars to one scale. What may be there or not, between a lower and an upper bound, is pale."""
    scale = max((sum(_finite(value) for _, value, _ in parts) for _, parts in bars), default=0.0) or 1.0
    is_open = any(_low_high(value)[0] is None for _, parts in bars for _, value, _ in parts)
    end = scale * (1.45 if is_open else 1.02)
    for row, (name, parts) in enumerate(bars):
        left = 0.0
        for letter, value, colour in parts:
            low, high = _low_high(value)
            if low is None:  # to the end of the scale, and beyond it
                axes.barh(row, end - left, left=left, height=0.62, facecolor=colour, alpha=0.25, edgecolor="none")
                axes.text((left + end) / 2, row, f"{letter}: {quantity_text(value)}", fontsize=7.5, ha="center",
                          va="center", color=INK)  # fmt: skip
                break
            axes.barh(row, low, left=left, height=0.62, color=colour, alpha=0.75, edgecolor="none")
            axes.barh(row, high - low, left=left + low, height=0.62, color=colour, alpha=0.25, edgecolor="none")
            if high > 0.014 * len(letter) * scale + 0.02 * scale:
                axes.text(left + high / 2, row, letter, fontsize=7.5, ha="center", va="center", color=INK)
            left += high
        axes.text(-0.015, row, name, transform=axes.get_yaxis_transform(), ha="right", va="center", fontsize=8.5)
    axes.set_ylim(len(bars) - 0.45, -0.55)
    axes.set_xlim(0, end)
    axes.set_yticks([])
    axes.spines["left"].set_color(GRID)
    axes.tick_params(labelsize=7.5)
    axes.set_xlabel("bits", fontsize=7.5, labelpad=1)


def _low_high(value: Quantity) -> tuple[float | None, float]:
    """Ends of a bar, never below 0; None where there is no finite end."""
    if value is None:
        return None, 0.0
    known = as_bounds(value)
    if known.upper == float("inf"):
        return None, 0.0
    return max(known.lower, 0.0), max(known.upper, 0.0)


def _finite(value: Quantity) -> float:
    low, high = _low_high(value)
    return 0.0 if low is None else high
