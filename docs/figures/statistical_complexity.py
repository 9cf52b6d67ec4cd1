"""Entropy rate and statistical complexity of every binary machine of up to three states."""

from math import log2
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from compmech import EpsilonMachine, Topology, entropy_rate, statistical_complexity, topological_machines, zoo
from compmech.draw import PAGE_WIDTH, publish
from compmech.draw.style import BLUE, GRID, INK, ORANGE, SKY, blank_figure, halo, house_style

NAMED = {
    "fair_coin": (zoo.fair_coin(), "fair coin", (-4, 8), "right"),
    "period": (zoo.period(), "period 2", (6, 8), "left"),
    "golden_mean": (zoo.golden_mean(), "golden mean, even", (9, -12), "left"),
    "even": (zoo.even(), "", (0, 0), "left"),
    "nemo": (zoo.nemo(), "nemo", (6, 8), "left"),
}
COLOURS = {1: INK, 2: ORANGE, 3: SKY}


def main(out: Path, *, rng: np.random.Generator, small: bool = False) -> None:
    """Each topology with equally likely symbols, and with probabilities drawn at random."""
    draws, most = (3, 2) if small else (40, 3)
    machines = {n: list(topological_machines(n, 2)) for n in range(1, most + 1)}
    fair = {n: np.array([place(each.machine()) for each in found]) for n, found in machines.items()}
    drawn = {n: np.array([place(at_random(each, rng)) for each in found for _ in range(draws)])
             for n, found in machines.items()}  # fmt: skip
    named = {name: place(process) for name, (process, *_) in NAMED.items()}
    numbers: dict[str, object] = {
        "most_states": most,
        "draws": draws,
        "n_machines": sum(map(len, machines.values())),
        "most": max(float(each[:, 1].max()) for each in drawn.values()),
        "ceiling": log2(most),
        "named": {name: {"h": h, "C": C} for name, (h, C) in named.items()},
    }
    publish(out, "statistical_complexity", numbers, {"plane": picture(fair, drawn, named)})


def place(process: EpsilonMachine) -> tuple[float, float]:
    """h and C."""
    return float(entropy_rate(process)), float(statistical_complexity(process))


def at_random(topology: Topology, rng: np.random.Generator) -> EpsilonMachine:
    """The machine with the probabilities of each state uniform on their simplex."""
    weights = rng.exponential(size=topology.successor.shape)
    weights *= topology.successor >= 0
    return topology.machine(weights / weights.sum(axis=1, keepdims=True))


def picture(fair: dict[int, np.ndarray], drawn: dict[int, np.ndarray], named: dict[str, tuple[float, float]]) -> Figure:
    """Small dots: drawn; large ones: equally likely symbols."""
    with house_style():
        figure = blank_figure(PAGE_WIDTH, 4.0)
        axes = figure.add_axes((0.08, 0.12, 0.72, 0.86))
        for n_state in sorted(drawn, reverse=True):
            label = f"{n_state} state{'s' if n_state > 1 else ''}"
            axes.scatter(*drawn[n_state].T, s=4, color=COLOURS[n_state], linewidths=0, alpha=0.55, rasterized=True)
            axes.scatter(*fair[n_state].T, s=22, color=COLOURS[n_state], edgecolors="white", linewidths=0.5,
                         label=label, zorder=3 - 0.1 * n_state)  # fmt: skip
        for name, (_, label, shift, side) in NAMED.items():
            axes.plot(*named[name], marker="o", markersize=6, markerfacecolor="none", color=BLUE, zorder=5)
            axes.annotate(label, named[name], shift, textcoords="offset points", ha=side, color=BLUE, zorder=5,
                          path_effects=halo())  # fmt: skip
        axes.set_xlabel("entropy rate h, bits per symbol")
        axes.set_ylabel("statistical complexity C, bits")
        axes.set(xlim=(-0.03, 1.03), ylim=(-0.05, 1.75))
        axes.grid(color=GRID)
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure
