"""A story told in order and out of order: what its reader knows of the world at each time, and how much that is."""

from itertools import permutations
from math import log2
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from compmech import entropy_rate, filter_beliefs, minimal, mixed_states, zoo
from compmech.compose import Story, settled, story, world_state_map
from compmech.draw import PAGE_WIDTH, publish
from compmech.draw.style import BLUE, GRID, VERMILLION, blank_figure, house_style
from compmech.measures.findings import one_number

WORLD = {"n": 2, "x": 0.1, "a": 0.8}
"""Of `zoo.mess`: two states that change with probability x and are read with errors."""

WINDOW = 4
EVENTS = (1, 1, 0, 0)
"""What happens, in the order of the world; and the order in which it is told."""

TOLD = (3, 0, 2, 1)
QUOTED = 3
"""The window whose numbers the page quotes."""


def main(out: Path, *, rng: np.random.Generator, small: bool = False) -> None:
    """The same four events twice; and stories of several windows, beginning anywhere."""
    world = zoo.mess(**WORLD)
    in_order = tuple(range(WINDOW))
    readings = {
        name: uncertainty(story(world, WINDOW), order)
        for name, order in (("in order", in_order), ("out of order", TOLD))
    }
    windows = range(1, QUOTED + 1 if small else WINDOW + 1)
    dimension = {name: [belief_dimension(told(window, name)) for window in windows] for name in readings}
    any_order = told(QUOTED, "out of order")
    levels = mixed_states(any_order.process, depth=QUOTED).levels
    numbers = {
        "window": WINDOW,
        "quoted_window": QUOTED,
        "dimension": {name.replace(" ", "_"): values[QUOTED - 1] for name, values in dimension.items()},
        "world_dimension": minimal(world).n_state - 1,
        "world_h": one_number(entropy_rate(world), 1e-3),
        "order_bits_per_token": log2(len(list(permutations(range(QUOTED))))) / QUOTED,
        "beliefs_in_paragraph": [len(nodes) for nodes, _ in levels],
        "told_first": {
            "position": TOLD[0],
            "before": float(readings["out of order"][TOLD[0], 0]),
            "after": float(readings["out of order"][TOLD[0], 1]),
            "beginning_after": float(readings["out of order"][0, 1]),
        },
    }
    publish(out, "token_order", numbers, {"reader": picture(readings, dimension, list(windows))})


def told(window: int, how: str) -> Story:
    """A story of the world in paragraphs of so many events."""
    orders = {tuple(range(window)): 1.0} if how == "in order" else None
    return story(zoo.mess(**WORLD), window, orders=orders)


def belief_dimension(one: Story) -> int:
    """Of the belief of a reader who may begin anywhere."""
    return minimal(settled(one.process)).n_state - 1


def uncertainty(one: Story, order: tuple[int, ...]) -> np.ndarray:
    """H[world's state before each event | tokens so far], in bits, axes (position, tokens read)."""
    names = [(one.time_words[position], str(EVENTS[position])) for position in order]
    tokens = [[one.process.alphabet.index(name) for name in names[:-1]]]
    beliefs = filter_beliefs(one.process, tokens)[0]
    known = np.stack([beliefs @ world_state_map(one, position) for position in range(one.window)])
    safe = np.where(known > 0, known, 1.0)
    return np.asarray(-(known * np.log2(safe)).sum(axis=2))


def picture(readings: dict[str, np.ndarray], dimension: dict[str, list[int]], windows: list[int]) -> Figure:
    """Two readings of one paragraph; and the dimension of a reader's belief by the length of the paragraphs."""
    with house_style():
        figure = blank_figure(PAGE_WIDTH, 2.7)
        for place, (name, bits) in enumerate(readings.items()):
            axes = figure.add_axes((0.07 + 0.235 * place, 0.17, 0.2, 0.66))
            shown = axes.imshow(bits, cmap="Blues", vmin=0, vmax=1, aspect="auto")
            for row, column in np.ndindex(bits.shape):
                dark = bits[row, column] > 0.6
                axes.text(column, row, f"{bits[row, column]:.2f}", ha="center", va="center", fontsize=7.5,
                          color="white" if dark else "black")  # fmt: skip
            axes.set_xticks(range(bits.shape[1]))
            axes.set_yticks(range(len(bits)))
            axes.set_title(f"told {name}", fontweight="normal")
            axes.set_xlabel("tokens read")
            if place == 0:
                axes.set_ylabel("time in the world")
            axes.tick_params(length=0)
        figure.colorbar(shown, cax=figure.add_axes((0.525, 0.17, 0.014, 0.66)))
        figure.text(0.525, 0.87, "bits", fontsize=8.5)
        right = figure.add_axes((0.68, 0.17, 0.3, 0.66))
        for (name, values), colour, marker in zip(dimension.items(), (BLUE, VERMILLION), ("s", "o"), strict=True):
            right.plot(windows, values, color=colour, marker=marker, label=f"told {name}")
        right.set(xlabel="events in a paragraph", xticks=windows, yscale="log")
        right.set_yticks((1, 3, 10, 30, 100))
        right.set_ylim(0.9, 100)
        right.set_title("dimensions of the belief", fontweight="normal")
        right.minorticks_off()
        right.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        right.grid(axis="y", color=GRID)
        right.legend(loc="upper left", fontsize=8)
    return figure
