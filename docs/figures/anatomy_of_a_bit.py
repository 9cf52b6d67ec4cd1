"""The entropy of one symbol, cut into the parts that past and future know of."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from compmech import statistics, zoo
from compmech.draw import PAGE_WIDTH, publish
from compmech.draw.style import BLUE, GRID, INK, ORANGE, PINK, SKY, VERMILLION, blank_figure, house_style

PROCESSES = ("fair_coin", "period", "golden_mean", "even", "rrxor", "butterfly")


def main(out: Path, *, rng: np.random.Generator, small: bool = False) -> None:
    """All of these are known exactly."""
    found = {name: statistics(zoo.get(name)()) for name in PROCESSES}
    numbers = {
        name: {
            "H1": each.single_symbol_entropy,
            "h": each.entropy_rate,
            "r": each.ephemeral_information,
            "b": each.bound_information,
            "rho": each.predicted_information,
            "q": each.enigmatic_information,
            "sigma": each.elusive_information,
            "E": each.excess_entropy,
        }
        for name, each in found.items()
    }
    publish(out, "anatomy_of_a_bit", numbers, {"parts": picture(numbers)})


def picture(numbers: dict[str, dict[str, float]]) -> Figure:
    """H[X_0] as r, b and rho; rho as b and q; E as rho and sigma."""
    with house_style():
        figure = blank_figure(PAGE_WIDTH, 4.0)
        axes = figure.add_axes((0.14, 0.12, 0.83, 0.76))
        for row, each in enumerate(numbers.values()):
            stack(axes, row - 0.27, (("r", each["r"], PINK), ("b", each["b"], ORANGE), ("ρ", each["rho"], VERMILLION)))
            stack(axes, row, (("b", each["b"], ORANGE), ("q", each["q"], SKY)))
            stack(axes, row + 0.27, (("ρ", each["rho"], VERMILLION), ("σ", each["sigma"], BLUE)))
        axes.axvline(0, color=INK, linewidth=0.8)
        axes.set_yticks(range(len(numbers)), list(numbers))
        axes.invert_yaxis()
        axes.set_xlabel("bits")
        axes.grid(axis="x", color=GRID)
        names = {
            "r, ephemeral": PINK,
            "b, bound": ORANGE,
            "ρ, predicted": VERMILLION,
            "q, enigmatic": SKY,
            "σ, elusive": BLUE,
        }
        handles = [axes.barh(0, 0, color=colour) for colour in names.values()]
        axes.legend(handles, names, loc="lower center", bbox_to_anchor=(0.45, 1.0), ncols=5, columnspacing=1.2)
    return figure


def stack(axes: Axes, row: float, parts: tuple[tuple[str, float, str], ...]) -> None:
    """Parts one after another; a negative one goes back, in a narrow bar over the one before it."""
    left = 0.0
    back = min(0.0, *(value for _, value, _ in parts))
    for letter, value, colour in parts:
        height = 0.23 if value >= 0 else 0.1
        axes.barh(row, value, left=left, height=height, color=colour, edgecolor="white", linewidth=0.6)
        seen = value + back if value > 0 else value
        if abs(seen) > 0.09 and height > 0.2:
            ink = "white" if colour == BLUE else INK
            axes.text(left + seen / 2, row, letter, ha="center", va="center", fontsize=8, color=ink)
        left += value
