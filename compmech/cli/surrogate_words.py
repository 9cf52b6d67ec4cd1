"""`shuffled`, `block:20`, `markov:2`, `phase`: what the test for structure compares a series with, as words."""

from collections.abc import Callable

import numpy as np

from compmech.cli.series_files import Brought
from compmech.errors import nearest
from compmech.inference import SHUFFLES, Surrogates, block_shuffles, k_gram, markov_shuffles, phase_surrogates
from compmech.inference.blocks import block_length
from compmech.symbolise import symbolised

__all__ = ["surrogates_of"]

_HOW = "shuffled, block:20, markov:2 or phase"


def surrogates_of(word: str, brought: Brought, symbols: str | None) -> Surrogates:
    """The surrogates that a word names.

    `block` alone takes blocks as long as the block bootstrap of the symbols has them, `markov` alone the order of the
    k-gram that predicts best.

    Raises:
        ValueError: if there are no such surrogates, or phase is asked for where symbols were not made of values.
    """
    name, colon, number = word.partition(":")
    makers: dict[str, Callable[[], Surrogates]] = {
        "shuffled": lambda: SHUFFLES,
        "block": lambda: block_shuffles(int(number) if colon else _block_of(brought)),
        "markov": lambda: markov_shuffles(int(number) if colon else k_gram(brought.series).order),
        "phase": lambda: _phase(brought, symbols),
    }
    if name not in makers:
        near = nearest(name, makers)
        raise ValueError(
            f"there are no surrogates {name!r}; " + (f"take {_HOW}" if near is None else f"did you mean {near!r}?")
        )
    if colon and (name in ("shuffled", "phase") or not number.isdecimal()):
        raise ValueError(f"{word!r}: write it as one of {_HOW}")
    return makers[name]()


def _block_of(brought: Brought) -> int:
    codes = brought.series.codes[brought.series.codes >= 0]
    return round(block_length((codes[:, None] == np.arange(brought.series.n_symbol)).astype(float)))


def _phase(brought: Brought, symbols: str | None) -> Surrogates:
    if brought.values is None or symbols is None:
        raise ValueError("phase surrogates are of real values: say with --symbols how these become symbols")
    how = symbols
    return phase_surrogates(brought.values, lambda values: symbolised(values, how).series)
