"""The mixed states of Nemo, and how long an observer of several processes stays out of step."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from compmech import MixedStatePresentation, mixed_states, zoo
from compmech.draw import PAGE_WIDTH, publish, simplex_figure
from compmech.draw.style import GRID, LOOKS, blank_figure, house_style
from probes.report.loss_panels import log_axis

PROCESSES = ("golden_mean", "even", "nemo", "rrxor")
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
    """On a logarithmic scale, where 0 lies below everything: the line of what is known for certain falls out of it."""
    with house_style():
        figure = blank_figure(PAGE_WIDTH, 3.0)
        axes = figure.add_axes((0.11, 0.16, 0.68, 0.79))
        least = min(value for values in transient.values() for value in values if value > 0)
        for name, values in transient.items():
            colour, marker = LOOKS[name]
            shown = values[: values.index(0) + 1] if 0 in values else values
            axes.plot(np.maximum(shown, least * 1e-6), color=colour, marker=marker, markersize=4, label=name)
        axes.set_ylim(least / 3, 3)
        log_axis(axes, "y")
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
        axes.set_xlabel("symbols read")
        axes.set_ylabel("P(state not yet known)")
        axes.grid(axis="y", color=GRID)
    return figure
