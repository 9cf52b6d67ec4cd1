"""Causal states of a series by way of a predictor: histories of the data, merged by the futures that it predicts.

The predictor only proposes: which histories it holds for one state, and where symbols lead, make topologies, from the
coarsest merging on. Their probabilities are found from the data, and what they cost on symbols that are held out
decides, as for every other method. So a predictor that is wrong costs nothing but a few bad candidates, and one that
was trained on other data is as good as what it says of these.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from jaxtyping import Int

from compmech.inference.candidates import NothingToPropose
from compmech.inference.choosing import DROP_BELOW, merged_machines
from compmech.inference.counts import whole_windows
from compmech.inference.futures import MOST_WORDS, Futures, predicted_futures
from compmech.inference.series import Series
from compmech.process import Process

__all__ = ["futures_horizon", "histories_of", "predictor_topologies"]

HISTORY = 32
"""Symbols that a predictor reads before its futures are looked at; at most half of the longest stretch of the data."""

HISTORIES = 1000
"""How many of them, evenly chosen."""

FEW_WORDS = 64
"""Words of the horizon and a symbol more: five and one over two symbols, which tells the states of all processes whose
joint words of five symbols do."""

MOST_GROUPS = 32
"""Groups of histories that are tried: 1, 2, ... up to so many."""


def histories_of(data: Series, length: int, *, most: int = HISTORIES) -> Int[np.ndarray, "seq time"]:
    """Stretches of a series, evenly chosen; of all where there are few.

    Raises:
        NothingToPropose: if there are not two without a gap, or more than one stretch to choose.
    """
    starts = np.flatnonzero(whole_windows(data.codes, length)) if length <= len(data.codes) else np.empty(0, dtype=int)
    if length < 1 or most < 2 or len(starts) < 2:
        raise NothingToPropose(
            f"a predictor needs two stretches of at least one symbol without a gap; there are {len(starts)} of {length}"
        )
    chosen = starts[np.linspace(0, len(starts) - 1, min(len(starts), most)).astype(int)]
    found: Int[np.ndarray, "seq time"] = data.codes[chosen[:, None] + np.arange(length)].astype(np.int64)
    return found


def futures_horizon(n_symbol: int) -> int:
    """How far a predictor's futures are looked at: as far as there are few words, and one symbol at least.

    Raises:
        NothingToPropose: if even words of two symbols are too many.
    """
    if n_symbol**2 > MOST_WORDS:
        raise NothingToPropose(f"words of two symbols are too many over {n_symbol}: more than {MOST_WORDS}")
    horizon = 1
    while n_symbol > 1 and n_symbol ** (horizon + 2) <= FEW_WORDS:
        horizon += 1
    return horizon


def over_its_alphabet(data: Series, predictor: Process | Futures) -> Series:
    """The series in the symbols of a predictor, which are matched by name; futures have no names but numbers.

    Raises:
        ValueError: if the data have symbols that the predictor does not know.
    """
    if isinstance(predictor, Futures):
        if predictor.n_symbol != data.n_symbol:
            raise ValueError(f"the futures are over {predictor.n_symbol} symbols, and the data over {data.n_symbol}")
        return data
    return data.over(predictor.alphabet)


def predictor_topologies(
    fit: Series, predictor: Process | Futures
) -> Iterator[tuple[dict[str, Any], Int[np.ndarray, "causal symbol"]]]:
    """What a predictor makes of a series: settings, and next states by state and symbol.

    Every merging is taken twice: without the transitions that the predictor makes very seldom, which may be its error,
    and with all that it does not hold for impossible.

    Args:
        predictor: or what it says of the futures of histories such as these.
    Raises:
        NothingToPropose: if there are no histories, or too many words.
        ImpossibleWord: if the predictor gives a history of the data probability 0.
    """
    if not isinstance(predictor, Futures):
        horizon = futures_horizon(fit.n_symbol)
        longest = max((len(piece) for piece in fit.pieces), default=0)
        predictor = predicted_futures(predictor, histories_of(fit, min(HISTORY, longest // 2)), horizon=horizon)
    for drop_below in (DROP_BELOW, 0.0):
        if drop_below * predictor.n_symbol < 1:
            for made in merged_machines(predictor, drop_below=drop_below, most_groups=MOST_GROUPS):
                yield {"groups": made.n_group, "drop_below": drop_below}, made.successor
