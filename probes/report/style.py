"""One house style: the colours, the sizes of type, and the names that people read."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

__all__ = [
    "CONTROL_NAMES",
    "GRID",
    "INK",
    "MUTED",
    "PAGE",
    "PALETTE",
    "RC",
    "belief_colours",
    "colour_of",
    "display_name",
    "marker_of",
]

INK, MUTED, GRID, PAGE = "#1f2328", "#667078", "#dde1e5", "#ffffff"

# Okabe and Ito's palette (Color Universal Design, 2008), told apart with every common form of colour blindness. Its
# yellow is left out: it does not show on white.
VERMILLION, BLUE, GREEN, PURPLE, ORANGE, SKY = "#d55e00", "#0072b2", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"
PALETTE = (VERMILLION, BLUE, GREEN, PURPLE, ORANGE, SKY)

_COLOURS = {
    "transformer": VERMILLION,
    "lstm": BLUE,
    "gru": GREEN,
    "mamba": PURPLE,
    "mamba2": ORANGE,
    "rnn": SKY,
    "k-gram": MUTED,
    "uniform": MUTED,
    "bayes": INK,
}
_OTHER_MARKERS = ("h", "p", "X", "d", ">", "*", "8")
_MARKERS = {"transformer": "s", "lstm": "o", "gru": "D", "mamba": "^", "mamba2": "v", "rnn": "P"}
_NAMES = {
    "transformer": "Transformer",
    "lstm": "LSTM",
    "gru": "GRU",
    "rnn": "RNN",
    "mamba": "Mamba",
    "mamba2": "Mamba-2",
    "bayes": "exact Bayes",
}

CONTROL_NAMES = {
    "untrained": "untrained twin",
    "permuted-classes": "permuted classes",
    "suffix-grams": "suffix-grams",
    "last-k": "last-k",
    "random-features": "random features",
    "position": "position",
    "true-p": "true next-symbol p",
    "true-log-p": "true log p",
}

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
    "axes.unicode_minus": True,
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
}
"""Settings for matplotlib, to be used inside `rc_context`."""


def display_name(predictor: str) -> str:
    """How a predictor is called in prose and pictures."""
    kind, _, variant = predictor.partition("-")
    return f"{_NAMES.get(kind, kind)}-{variant}" if variant else _NAMES.get(predictor, predictor)


def colour_of(predictor: str, among: Sequence[str]) -> str:
    """A colour that belongs to the predictor: fixed for the known ones, the next free one of the palette for others."""
    if predictor in _COLOURS:
        return _COLOURS[predictor]
    taken = {_COLOURS[name] for name in among if name in _COLOURS}
    free = [colour for colour in PALETTE if colour not in taken] or list(PALETTE)
    others = [name for name in among if name not in _COLOURS]
    return free[others.index(predictor) % len(free)]


def marker_of(predictor: str, among: Sequence[str]) -> str:
    """A shape that goes with the colour, for those who do not see it, and for more predictors than colours."""
    if predictor in _MARKERS:
        return _MARKERS[predictor]
    others = [name for name in among if name not in _MARKERS]
    return _OTHER_MARKERS[others.index(predictor) % len(_OTHER_MARKERS)]


def belief_colours(rgb: ArrayLike) -> Float[np.ndarray, "row 3"]:
    """Belief colours from three coordinates in 0 .. 1: mixtures of vermillion, reddish purple and blue.

    Pure red and green would look alike to one reader in twenty, and pure blue would vanish on a dark page.
    """
    anchors = np.array([[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in (VERMILLION, PURPLE, BLUE)]) / 255
    share = (np.asarray(rgb, dtype=float).reshape(-1, 3) + 0.02) ** 2  # a belief of all zeros has a colour too
    mixed = share / share.sum(axis=1, keepdims=True) @ anchors
    grey = mixed.mean(axis=1, keepdims=True)
    return np.asarray((grey + 1.3 * (mixed - grey)).clip(0, 1))  # mixing greys; give the saturation back
