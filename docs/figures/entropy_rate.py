"""How the uncertainty of the next symbol falls with the number of symbols read, to the entropy rate."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from compmech import HMM, entropy_convergence, entropy_rate, zoo
from compmech.draw import PAGE_WIDTH, publish
from compmech.draw.style import GRID, LOOKS, blank_figure, house_style
from compmech.measures.findings import one_number

PROCESSES = {"golden_mean": zoo.golden_mean(), "even": zoo.even(), "rrxor": zoo.rrxor(), "sns": zoo.sns()}
READ = 8
"""The h_L that the page quotes."""


def main(out: Path, *, rng: np.random.Generator, small: bool = False) -> None:
    """h_L from the mixed states where they are finitely many, else from all words; the limit is certified."""
    length = READ if small else 16
    found = {name: entropy_convergence(process, length).rates for name, process in PROCESSES.items()}
    limits = {name: one_number(entropy_rate(process), 1e-9) for name, process in PROCESSES.items()}
    numbers = {
        name: {
            "h": limits[name],
            "h_1": found[name][0],
            f"h_{READ}": found[name][READ - 1],
            "excess_at_8": found[name][READ - 1] - limits[name],
            "state_by_state": state_by_state(process),
        }
        for name, process in PROCESSES.items()
    }
    publish(out, "entropy_rate", numbers, {"curves": picture(found, limits)})


def state_by_state(process: HMM) -> float:
    """The mean over the hidden states of the entropy of their next symbol, in bits: h where the machine is unifilar."""
    p = process.T.sum(axis=2).T
    safe = np.where(p > 0, p, 1.0)
    return float(process.start @ -(p * np.log2(safe)).sum(axis=1))


def picture(found: dict[str, np.ndarray], limits: dict[str, float]) -> Figure:
    """A curve and its limit for each process."""
    with house_style():
        figure = blank_figure(PAGE_WIDTH, 3.1)
        axes = figure.add_axes((0.08, 0.15, 0.72, 0.82))
        for name, rates in found.items():
            colour, marker = LOOKS[name]
            axes.plot(range(1, len(rates) + 1), rates, color=colour, marker=marker, markersize=4, label=name)
            axes.axhline(limits[name], color=colour, linestyle=(0, (1, 1.5)), linewidth=1)
        axes.set_xlabel("L, the symbol asked for")
        axes.set_ylabel("h_L, bits per symbol")
        axes.set_ylim(0.55, 1.03)
        axes.grid(axis="y", color=GRID)
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.6), title="dotted: the limit h")
    return figure
