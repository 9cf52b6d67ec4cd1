"""House style of the pictures: colours, sizes of type, and settings for matplotlib that never become global.

Colours are Okabe and Ito's (Color Universal Design, 2008), told apart with every common form of colour blindness. Their
yellow is left out: it does not show on white.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.patheffects import AbstractPathEffect

INK, MUTED, GRID, PAGE = "#1f2328", "#667078", "#dde1e5", "#ffffff"
VERMILLION, BLUE, GREEN, PINK, ORANGE, SKY = "#d55e00", "#0072b2", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"
PALETTE = (VERMILLION, BLUE, GREEN, PINK, ORANGE, SKY)

# Where the palette is used up: with a shape of its own, each is told from all of it without seeing colours.
INDIGO, OLIVE, WINE = "#332288", "#999933", "#882255"

LOOKS = {
    "golden_mean": (VERMILLION, "o"),
    "even": (BLUE, "s"),
    "nemo": (GREEN, "^"),
    "sns": (PINK, "D"),
    "rrxor": (ORANGE, "v"),
    "z1r": (SKY, "P"),
    "mess3": (INK, "h"),
    "parity_check": (INDIGO, "X"),
    "tetris_bag": (OLIVE, "p"),
    "sierpinski": (WINE, "<"),
    "cantor": (SKY, ">"),
}
"""Colour and shape of processes that figures compare, the same in every figure."""

# Inside of states: the process stays among recurrent ones; it passes transient ones.
RECURRENT_FILL, TRANSIENT_FILL = "#d6e8f4", "#f5f6f7"

CORNERS = {1: (BLUE,), 2: (VERMILLION, BLUE), 3: (VERMILLION, PINK, BLUE), 4: (VERMILLION, PINK, BLUE, GREEN)}
"""Colours of the corners of a simplex with so many states."""

RC: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.titlesize": 9.5,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "axes.labelsize": 9,
    "axes.labelcolor": INK,
    "axes.edgecolor": MUTED,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.facecolor": "none",
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "figure.facecolor": PAGE,
    "figure.dpi": 160,
    "savefig.dpi": 160,
    "lines.linewidth": 1.6,
    "lines.markersize": 5,
    "legend.frameon": False,
    "text.parse_math": False,  # a name with dollars in it is a name
    "svg.fonttype": "none",
    "svg.hashsalt": "compmech",
    "pdf.fonttype": 42,
}
"""Settings for matplotlib, to be used inside `house_style`."""


@contextmanager
def house_style() -> Iterator[None]:
    """Draw, or save, with the settings `RC`; afterwards matplotlib's own are as they were."""
    from matplotlib import rc_context, rcParamsDefault

    clean = {key: value for key, value in rcParamsDefault.items() if not key.startswith("backend")}
    with rc_context(clean | RC):
        yield


def halo() -> "list[AbstractPathEffect]":
    """White around letters that may lie over marks: the `path_effects` of a text."""
    from matplotlib.patheffects import withStroke

    return [withStroke(linewidth=2.5, foreground=PAGE)]


def named_rows(axes: "Axes", names: Sequence[str]) -> None:
    """Rows from top to bottom for marks at heights 0, 1, ..., each with its name at the left, and lines across them."""
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color=GRID)


def blank_figure(width: float, height: float) -> "Figure":
    """A figure of so many inches that pyplot knows nothing of. To be called inside `house_style`."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height))


def rgb(colour: str) -> Float[np.ndarray, "3"]:
    """Red, green and blue of "#rrggbb", between 0 and 1."""
    return np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)]) / 255


def mixed_colours(share: Float[np.ndarray, "row corner"], corners: tuple[str, ...]) -> Float[np.ndarray, "row 3"]:
    """Colours of mixtures: each row's shares of the corners' colours, made vivid again where mixing greys them.

    Shares below 0, as signed beliefs have, count as 0.
    """
    anchors = np.array([rgb(colour) for colour in corners])
    weight = (np.clip(share, 0, None) + 0.02) ** 2  # the 0.02 gives a row of all zeros a colour too
    colours = weight / weight.sum(axis=1, keepdims=True) @ anchors
    grey = colours.mean(axis=1, keepdims=True)
    return np.asarray((grey + 1.3 * (colours - grey)).clip(0, 1))
