"""What has to be stored to predict, and to retrodict: neither is all of it visible on the other side."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from compmech import Statistics, reverse, statistics, zoo
from compmech.draw import PAGE_WIDTH, publish
from compmech.draw.style import BLUE, GRID, PINK, VERMILLION, blank_figure, house_style

PROCESSES = ("even", "golden_mean", "nemo", "rip", "butterfly", "four_state_almost_iid")


def main(out: Path, *, rng: np.random.Generator, small: bool = False) -> None:
    """All of these are known exactly."""
    found = {name: statistics(zoo.get(name)()) for name in PROCESSES}
    numbers = {
        name: {
            "C_forward": each.statistical_complexity,
            "C_reverse": each.reverse_statistical_complexity,
            "E": each.excess_entropy,
            "crypticity": each.crypticity,
            "reverse_crypticity": statistics(reverse(zoo.get(name)())).crypticity,
            "cryptic_order": each.cryptic_order,
            "n_forward": each.n_causal_states,
            "n_reverse": each.n_reverse_causal_states,
        }
        for name, each in found.items()
    }
    publish(out, "crypticity", numbers, {"directions": picture(found)})


def picture(found: dict[str, Statistics]) -> Figure:
    """Two bars for each process: C+ and C-, of which E is common."""
    with house_style():
        figure = blank_figure(PAGE_WIDTH, 3.4)
        axes = figure.add_axes((0.21, 0.13, 0.76, 0.76))
        for row, each in enumerate(found.values()):
            E, forward, backward = each.excess_entropy, each.statistical_complexity, each.reverse_statistical_complexity
            parts = ((-0.2, forward, VERMILLION, "χ = C⁺ − E"), (0.2, backward, BLUE, "C⁻ − E"))
            for shift, whole, colour, label in parts:
                axes.barh(row + shift, E, height=0.36, color=PINK, label="E" if shift < 0 and not row else None)
                axes.barh(row + shift, whole - E, left=E, height=0.36, color=colour, label=None if row else label)
                axes.annotate("C⁺" if shift < 0 else "C⁻", (whole, row + shift), (4, 0), textcoords="offset points",
                              va="center", fontsize=8, color=colour)  # fmt: skip
        axes.set_yticks(range(len(found)), list(found))
        axes.invert_yaxis()
        axes.set_xlabel("bits")
        axes.grid(axis="x", color=GRID)
        axes.legend(loc="lower center", bbox_to_anchor=(0.4, 1.0), ncols=3)
    return figure
