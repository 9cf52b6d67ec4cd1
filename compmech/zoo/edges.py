"""Machines written down edge by edge, as they are drawn."""

from collections.abc import Hashable, Iterable, Sequence
from string import ascii_uppercase

import numpy as np
from numpy.typing import ArrayLike

from compmech.hmm import HMM

Edge = tuple[Hashable, Hashable, Hashable, float]


def machine(
    name: str,
    states: Sequence[Hashable],
    alphabet: Sequence[Hashable],
    edges: Iterable[Edge],
    *,
    start: ArrayLike | None = None,
) -> HMM:
    """A hidden Markov model from its edges. Probabilities of edges that are given twice add up.

    Args:
        edges: (state, symbol, next state, probability).
        start: distribution over states; None: the stationary one.
    """
    place = {state: index for index, state in enumerate(states)}
    symbol_place = {symbol: index for index, symbol in enumerate(alphabet)}
    T = np.zeros((len(symbol_place), len(place), len(place)))
    for source, symbol, target, probability in edges:
        T[symbol_place[symbol], place[source], place[target]] += probability
    return HMM(T, start=start, alphabet=alphabet, states=states, name=name)


def letters(count: int) -> Sequence[Hashable]:
    """Names of states: A, B, ..., numbers if there are too many."""
    return ascii_uppercase[:count] if count <= len(ascii_uppercase) else range(count)
