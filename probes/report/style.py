"""What reports add to the house style: a colour, a shape and a name for every predictor and control."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from compmech.draw.style import (
    BLUE,
    CORNERS,
    GREEN,
    GRID,
    INDIGO,
    INK,
    MUTED,
    OLIVE,
    ORANGE,
    PAGE,
    PALETTE,
    PINK,
    RC,
    SKY,
    VERMILLION,
    WINE,
    mixed_colours,
)
from probes.baselines import BASELINES, CEILING

__all__ = [
    "BLUE",
    "CONTROL_NAMES",
    "GREEN",
    "GRID",
    "INDIGO",
    "INK",
    "MUTED",
    "OLIVE",
    "ORANGE",
    "PAGE",
    "PALETTE",
    "PINK",
    "RC",
    "SKY",
    "VERMILLION",
    "belief_colours",
    "colour_of",
    "display_name",
    "marker_of",
]

_COLOURS = {
    "transformer": VERMILLION,
    "lstm": BLUE,
    "gru": GREEN,
    "mamba": PINK,
    "mamba2": ORANGE,
    "rnn": SKY,
    "lru": INDIGO,
    "mingru": OLIVE,
    "hybrid": WINE,
    **dict.fromkeys(BASELINES, MUTED),
    CEILING: INK,
}
_OTHER_MARKERS = ("d", ">", "*", "8", "<", "h", "p")
_MARKERS = {
    "transformer": "s",
    "lstm": "o",
    "gru": "D",
    "mamba": "^",
    "mamba2": "v",
    "rnn": "P",
    "lru": "h",
    "mingru": "p",
    "hybrid": "X",
}
_NAMES = {
    "transformer": "Transformer",
    "lstm": "LSTM",
    "gru": "GRU",
    "rnn": "RNN",
    "lru": "LRU",
    "mingru": "minGRU",
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


def display_name(predictor: str) -> str:
    """How a predictor is called in prose and pictures."""
    kind, _, variant = predictor.partition("-")
    return f"{_NAMES.get(kind, kind)}-{variant}" if variant else _NAMES.get(predictor, predictor)


def colour_of(predictor: str, among: Sequence[str]) -> str:
    """A colour that belongs to the predictor: fixed for the known ones, the next free one of the palette for others."""
    if predictor in _COLOURS:
        return _COLOURS[predictor]
    taken = {_COLOURS[name] for name in among if name in _COLOURS}
    free = [colour for colour in (*PALETTE, INDIGO, OLIVE, WINE) if colour not in taken] or [MUTED]
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
    return mixed_colours(np.asarray(rgb, dtype=float).reshape(-1, 3), CORNERS[3])
