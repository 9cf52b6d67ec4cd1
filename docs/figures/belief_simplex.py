"""Three processes in the triangle of beliefs, and how many dimensions of a belief the next symbols show."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from compmech import MixedStatePresentation, horizon_ranks, minimal, mixed_states, zoo
from compmech.draw import PAGE_WIDTH, draw_simplex, publish
from compmech.draw.style import blank_figure, house_style

SHOWN = {
    "mess3": ("mess3, x=0.05, a=0.85", zoo.mess3()),
    "mess3_wide": ("mess3, x=0.15, a=0.6", zoo.mess3(x=0.15, a=0.6)),
    "mess3_third": ("mess3, x=1/3, a=0.85", zoo.mess3(x=1 / 3)),
}


def main(out: Path, *, rng: np.random.Generator, small: bool = False) -> None:
    """The beliefs after all words of up to one length."""
    length = 4 if small else 8
    found = {name: mixed_states(process, depth=length) for name, (_, process) in SHOWN.items()}
    numbers = {
        "length": length,
        "n_words": zoo.mess3().n_symbol ** length,
        "n_beliefs": {name: len(each.level(length)[0]) for name, each in found.items()},
        "dimension": {name: minimal(process).n_state for name, (_, process) in SHOWN.items()},
        "ranks": {"mess3": horizon_ranks(zoo.mess3()), "rrxor": horizon_ranks(zoo.rrxor())},
        "n_states_rrxor": zoo.rrxor().n_state,
    }
    publish(out, "belief_simplex", numbers, {"triangles": picture(found)})


def picture(found: dict[str, MixedStatePresentation]) -> Figure:
    """One triangle for each process; a dot is the belief after one word."""
    with house_style():
        figure = blank_figure(PAGE_WIDTH, 2.5)
        for place, (name, each) in enumerate(found.items()):
            axes = figure.add_axes((0.01 + 0.335 * place, 0.03, 0.31, 0.8))
            title, process = SHOWN[name]
            draw_simplex(axes, each, states=process.states)
            axes.set_title(title, fontweight="normal", pad=13)
    return figure
