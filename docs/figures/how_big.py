"""How many beliefs there are: against the states of the machine, against the length read, and how many matter."""

from itertools import islice
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from compmech import MixedStatePresentation, Topology, minimal, mixed_states, product, topological_machines, zoo
from compmech.draw import PAGE_WIDTH, publish
from compmech.draw.style import BLUE, GRID, LOOKS, MUTED, VERMILLION, blank_figure, halo, house_style

BY_LENGTH = ("mess3", "tetris_bag", "parity_check", "rrxor", "sns", "even")
MOST = 4
"""States of the topologies, at most."""

MATTER = 0.99
"""The part of all histories whose beliefs are counted as those that matter."""

FEW = ("golden_mean", "even", "nemo", "rrxor", "parity_check", "tetris_bag", "mess3", "sns")


def main(out: Path, *, rng: np.random.Generator, small: bool = False) -> None:
    """Presentations that do not close within the budget count as infinite or unknown, and are no dots."""
    length, sample = (6, 10) if small else (10, 200)
    budget = 1000 if small else 3000
    built_in = {name: mixed_states(zoo.get(name)(), max_states=budget) for name in (FEW if small else zoo.names())}
    drawn = {n: [mixed_states(machine.machine(), max_states=budget) for machine in chosen(n, sample, rng, small)]
             for n in range(1, MOST + 1)}  # fmt: skip
    by_length = {name: mixed_states(zoo.get(name)(), depth=length) for name in BY_LENGTH}
    counts = {n: [each.n_mixed for each in found if each.closed] for n, found in drawn.items()}
    closed = {name: each for name, each in built_in.items() if each.closed}
    largest = max(closed, key=lambda name: closed[name].n_mixed)
    two = product(zoo.rrxor(), zoo.rrxor())
    numbers = {
        "length": length,
        "matter": MATTER,
        "built_in": {
            "n": len(built_in),
            "n_closed": len(closed),
            "budget": budget,
            "largest": {"n_states": zoo.get(largest)().n_state, "n_mixed": closed[largest].n_mixed},
        },
        "topologies": {
            f"states_{n}": {"n": len(drawn[n]), "n_closed": len(c), "median": float(np.median(c)), "most": max(c)}
            for n, c in counts.items()
        },
        "by_length": {
            name: {
                "n_words": zoo.get(name)().n_symbol ** length,
                "n_beliefs": len(each.level(length)[0]),
                "matter": those_that_matter(each.level(length)[1]),
                "n_states": zoo.get(name)().n_state,
            }
            for name, each in by_length.items()
        },
        "two_rrxor": {
            "n_states": two.n_state,
            "dimension": minimal(two).n_state - 1,
            "n_mixed": mixed_states(two).n_mixed,
            "one_mixed": mixed_states(zoo.rrxor()).n_mixed,
            "one_dimension": minimal(zoo.rrxor()).n_state - 1,
            "factored": 2 * (minimal(zoo.rrxor()).n_state - 1),
        },
    }
    dots = {name: (zoo.get(name)().n_state, each.n_mixed) for name, each in closed.items()}
    publish(out, "how_big", numbers, {"counts": picture(dots, counts, by_length)})


def chosen(n_state: int, sample: int, rng: np.random.Generator, small: bool) -> list[Topology]:
    """All topologies of so many states, or as many of them drawn; in small mode the first."""
    found = list(islice(topological_machines(n_state), sample if small else None))
    if len(found) <= sample:
        return found
    return [found[i] for i in rng.choice(len(found), sample, replace=False)]


def those_that_matter(probability: np.ndarray) -> int:
    """The fewest beliefs that hold the part `MATTER` of all histories."""
    return int(np.searchsorted(np.cumsum(np.sort(probability)[::-1]), MATTER)) + 1


def picture(
    dots: dict[str, tuple[int, int]], counts: dict[int, list[int]], by_length: dict[str, MixedStatePresentation]
) -> Figure:
    """Left: against states. Right: against length, with the number of words that there are at most."""
    with house_style():
        figure = blank_figure(PAGE_WIDTH, 3.6)
        left = figure.add_axes((0.085, 0.13, 0.38, 0.77))
        spread = np.random.default_rng(0)
        for n, found in counts.items():
            at = n * np.exp(spread.uniform(-0.05, 0.05, len(found)))
            left.scatter(at, found, s=6, color=MUTED, alpha=0.5, linewidths=0, rasterized=True)
        left.scatter([], [], s=14, color=MUTED, label="topologies of few states")
        left.scatter(*np.array(list(dots.values())).T, s=20, color=BLUE, edgecolors="white", linewidths=0.5,
                     label="built-in processes", zorder=3)  # fmt: skip
        ends = np.array([1, 49])
        left.plot(ends, ends, color=VERMILLION, linewidth=1, linestyle=(0, (4, 2)), label="as many as states")
        for name, shift, side in (
            ("tetris_bag", (6, 0), "left"),
            ("rrxor", (0, 10), "center"),
            ("parity_check", (6, -2), "left"),
        ):
            left.annotate(name, dots[name], shift, textcoords="offset points", ha=side, va="center", fontsize=8,
                          color=BLUE, path_effects=halo(), zorder=4)  # fmt: skip
        left.set(xscale="log", yscale="log", xlabel="states of the machine", ylim=(0.8, 20_000))
        left.set_title("mixed states, where they are finitely many", fontweight="normal")
        left.set_xticks((1, 2, 5, 10, 20, 50), ("1", "2", "5", "10", "20", "50"))
        left.legend(loc="upper right", fontsize=7.5)
        right = figure.add_axes((0.56, 0.13, 0.28, 0.77))
        for name, each in by_length.items():
            colour, marker = LOOKS[name]
            right.plot([len(nodes) for nodes, _ in each.levels], color=colour, marker=marker, markersize=4, label=name)
        right.set(yscale="log", xlabel="symbols read")
        right.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        right.set_title("beliefs after so many symbols", fontweight="normal")
        right.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=7.5)
        for axes in (left, right):
            axes.minorticks_off()
            axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
            axes.grid(axis="y", color=GRID)
    return figure
