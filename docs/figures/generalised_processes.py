"""Beliefs that are no probabilities of states, and quantum memories smaller than any classical one."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from compmech import mixed_states, quantum_memory, statistical_complexity, statistics, zoo
from compmech.draw import PAGE_WIDTH, publish
from compmech.draw.style import BLUE, GRID, PINK, VERMILLION, blank_figure, house_style
from compmech.measures.findings import one_number

QUOTED = (0.1, 0.45)


def main(out: Path, *, rng: np.random.Generator, small: bool = False) -> None:
    """Left: the beliefs of the Bloch Walk after all words of one length. Right: C and C_q of a coin that is flipped."""
    walk = zoo.bloch_walk()
    reached = mixed_states(walk, depth=4 if small else 7)
    flips = np.unique([*QUOTED, *np.linspace(0.01, 0.49, 5 if small else 25)])
    classical = [one_number(statistical_complexity(zoo.perturbed_coin(p)), 1e-9) for p in flips]
    quantum = [one_number(quantum_memory(zoo.perturbed_coin(p)).complexity, 1e-9) for p in flips]
    shared = [one_number(statistics(zoo.perturbed_coin(p)).excess_entropy, 1e-9) for p in flips]
    at = {f"p_{p}".replace(".", "_"): int(np.flatnonzero(flips == p)[0]) for p in QUOTED}
    numbers = {
        "bloch_walk": {
            "n_beliefs": reached.n_mixed,
            "dimension": walk.n_state,
            "least_entry": float(walk.T.min()),
            "greatest_radius": float(np.hypot(*reached.beliefs[:, 1:].T).max()),
        },
        "perturbed_coin": {
            name: {"p": float(flips[i]), "C": classical[i], "C_q": quantum[i], "E": shared[i]} for name, i in at.items()
        },
    }
    publish(
        out, "generalised_processes", numbers, {"both": picture(reached.beliefs, flips, classical, quantum, shared)}
    )


def picture(
    beliefs: np.ndarray, flips: np.ndarray, classical: list[float], quantum: list[float], shared: list[float]
) -> Figure:
    """The circle is that of the pure states of a qubit."""
    with house_style():
        figure = blank_figure(PAGE_WIDTH, 3.1)
        left = figure.add_axes((0.09, 0.15, 0.34, 0.75))
        turn = np.linspace(0, 2 * np.pi, 200)
        left.plot(np.cos(turn), np.sin(turn), color=GRID)
        left.scatter(*beliefs[:, 1:].T, s=2, color=BLUE, linewidths=0, rasterized=True)
        left.set(aspect="equal", xlabel="first coordinate of the belief", ylabel="second")
        left.set_title("bloch_walk", fontweight="normal")
        right = figure.add_axes((0.54, 0.15, 0.44, 0.75))
        for values, colour, dash, label in (
            (classical, VERMILLION, "solid", "C, classical"),
            (quantum, BLUE, (0, (5, 2)), "C_q, quantum"),
            (shared, PINK, (0, (1, 1.2)), "E, shared by past and future"),
        ):
            right.plot(flips, values, color=colour, linestyle=dash, label=label)
        right.set(xlabel="p, probability that the coin is flipped", ylim=(-0.03, 1.1))
        right.set_title("perturbed_coin: bits of memory", fontweight="normal")
        right.grid(axis="y", color=GRID)
        right.legend(loc="center right", bbox_to_anchor=(1.0, 0.72))
    return figure
