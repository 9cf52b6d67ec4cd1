"""Random bits and their parity: RRXOR, and RRXOR with a leak that joins all states."""

from math import log2

import numpy as np

from compmech.hmm import HMM
from compmech.zoo.catalogue import Range, listed

_STATES = ("S", "0", "1", "T", "F")


@listed(
    "Two random bits, then their exclusive or, forever.",
    source="Crutchfield and Feldman, Chaos 13, 25 (2003)",
    aliases=("random_random_xor", "rrx"),
    golden={
        "entropy_rate": 2 / 3,
        "statistical_complexity": log2(6) - 1 / 3,
        "excess_entropy": log2(6) - 1 / 3,
        "crypticity": 0.0,
        "markov_order": "inf",
        "cryptic_order": 0,
        "period": 3,
        "n_causal_states": 5,
        "n_mixed_states": 36,
        "n_transient_mixed_states": 31,
    },
    p1=Range("P(1 | S), for the first bit"),
    p2=Range("P(1 | 0) = P(1 | 1), for the second bit"),
)
def rrxor(p1: float = 0.5, p2: float = 0.5) -> HMM:
    """The random-random-XOR process. States: S before the first bit; 0 and 1 after it; T and F: the XOR will be 1, 0.

    Args:
        p1: P(1 | S), the probability that the first bit is 1. (Other code writes p1 for the probability of a 0.)
        p2: P(1 | 0) = P(1 | 1), the probability that the second bit is 1.
    """
    return HMM(_rrxor_matrices(p1, p2), alphabet="01", states=_STATES, name="rrxor")


@listed(
    "RRXOR in which every step leaks with probability epsilon to any state with any symbol.",
    source="RRXOR of Crutchfield and Feldman, Chaos 13, 25 (2003), mixed with a uniform process",
    golden={"single_symbol_entropy": 1.0, "n_causal_states": "inf", "markov_order": "inf", "minimal_dimension": 5},
    p1=Range("P(1 | S) without the leak, for the first bit"),
    p2=Range("P(1 | 0) = P(1 | 1) without the leak, for the second bit"),
    epsilon=Range("probability of a leak, which goes to each (symbol, state) alike"),
)
def leaky_rrxor(p1: float = 0.5, p2: float = 0.5, epsilon: float = 0.1) -> HMM:
    """RRXOR with a leak: T = (1 - epsilon) T_rrxor + epsilon / 10, ten being the number of pairs (symbol, state).

    Args:
        p1: probability that the first bit is 1, where there is no leak.
        p2: probability that the second bit is 1, where there is no leak.
        epsilon: probability of a leak.
    """
    T = (1 - epsilon) * _rrxor_matrices(p1, p2) + epsilon / (2 * len(_STATES))
    return HMM(T, alphabet="01", states=_STATES, name="leaky_rrxor")


def _rrxor_matrices(p1: float, p2: float) -> np.ndarray:
    S, zero, one, true, false = range(5)
    T = np.zeros((2, 5, 5))
    T[0, S, zero], T[1, S, one] = 1 - p1, p1
    T[0, zero, false], T[1, zero, true] = 1 - p2, p2
    T[0, one, true], T[1, one, false] = 1 - p2, p2
    T[1, true, S] = T[0, false, S] = 1
    return T
