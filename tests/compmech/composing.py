"""What the tests of compositions share: words by name, and their probability start @ T_w @ evaluate."""

from collections.abc import Hashable, Iterable, Sequence
from itertools import product

import numpy as np
from hypothesis import settings

from compmech import GHMM, HMM

# Sums of a few hundred products of a dozen numbers up to 1 err by 1e-14 or less.
TOL = 1e-12

fewer = settings(max_examples=5)  # for properties that need all statistics of several processes


def probability(process: HMM | GHMM, word: Sequence[Hashable]) -> float:
    """P(word), symbols by name; zero if one of them is in no alphabet."""
    vector = process.start
    for symbol in word:
        if symbol not in process.alphabet:
            return 0.0
        vector = vector @ process.T[process.alphabet.index(symbol)]
    return float(vector @ process.evaluate)


def named_words(alphabet: Iterable[Hashable], length: int) -> list[tuple[Hashable, ...]]:
    """Every word of one length, symbols by name."""
    return list(product(tuple(alphabet), repeat=length))


def clock(angle: float = 1.0) -> GHMM:
    """A GHMM that no finite HMM equals (Jaeger's probability clock), stationary, over the symbols "0" and "1"."""
    shrink, swing = 0.3, 0.5
    cosine, sine = np.cos(angle), np.sin(angle)
    zero = shrink * np.array([[1, 0, 0], [0, cosine, sine], [0, -sine, cosine]])
    evaluate = np.array([1.0, swing, 0.0])
    reset = np.array([1.0, 1.0, 0.0]) / (1 + swing)
    one = np.outer(evaluate - zero @ evaluate, reset)
    begun = GHMM([zero, one], start=reset, evaluate=evaluate)
    return GHMM([zero, one], start=begun.stationary(), evaluate=evaluate, alphabet="01", name="clock")
