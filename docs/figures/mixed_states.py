"""The mixed states of Nemo, and how long an observer of several processes stays out of step."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from compmech import MixedStatePresentation, mixed_states, zoo
from compmech.draw import PAGE_WIDTH, publish, simplex_figure
from compmech.draw.style import GRID, PALETTE, blank_figure, house_style
from compmech.draw.wording import short_number

PROCESSES = ("golden_mean", "even", "nemo", "rrxor")
DASHES = ("solid", (0, (5, 2)), (0, (1, 1.2)), (0, (6, 1.5, 1.2, 1.5)))
READ = (10, 20)
"""Symbols after which the page says how likely it is not to know the state."""


def main(out: Path, *, rng: np.random.Generator, small: bool = False) -> None:
    """Every presentation is closed, so that all of this is exact."""
    length = READ[-1] if small else 40
    found = {name: mixed_states(zoo.get(name)()) for name in PROCESSES}
    transient = {name: transient_probability(mixed, length) for name, mixed in found.items()}
    numbers: dict[str, object] = {
        name: {
            "n_mixed": mixed.n_mixed,
            "n_transient": int((~mixed.recurrent).sum()),
            "n_recurrent": int(mixed.recurrent.sum()),
            "n_states": zoo.get(name)().n_state,
            "out_of_step": {f"after_{t}": transient[name][t] for t in READ},
        }
        for name, mixed in found.items()
    }
    numbers["read"] = READ
    shown = zoo.nemo()
    figures = {
        "nemo": simplex_figure(found["nemo"], states=shown.states, alphabet=shown.alphabet),
        "synchronising": picture(transient),
    }
    publish(out, "mixed_states", numbers, figures)


def transient_probability(mixed: MixedStatePresentation, length: int) -> list[float]:
    """P(the belief is one that is left for good), after 0, 1, ... symbols."""
    held = np.zeros(mixed.n_mixed)
    held[0] = 1.0
    found = []
    source, symbol = np.nonzero(mixed.successor >= 0)
    for _ in range(length + 1):
        found.append(float(held[~mixed.recurrent].sum()))
        flow = held[source] * mixed.emit[source, symbol]
        held = np.bincount(mixed.successor[source, symbol], weights=flow, minlength=mixed.n_mixed)
    return found


def picture(transient: dict[str, list[float]]) -> Figure:
    """On a logarithmic scale; a process that is known for certain has no line from there on."""
    with house_style():
        figure = blank_figure(PAGE_WIDTH, 3.0)
        axes = figure.add_axes((0.11, 0.16, 0.68, 0.79))
        for (name, values), colour, dash in zip(transient.items(), PALETTE, DASHES, strict=False):
            shown = [value if value > 0 else np.nan for value in values]
            axes.semilogy(shown, color=colour, linestyle=dash, marker="o", markersize=3, label=name)
        axes.yaxis.set_major_formatter(lambda value, _: short_number(value))
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
        axes.set_xlabel("symbols read")
        axes.set_ylabel("P(state not yet known)")
        axes.grid(axis="y", color=GRID)
    return figure
