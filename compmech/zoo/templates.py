"""Periodic templates with random places: z1r (0 1 and a coin) and the noisy period."""

from math import log2
from string import ascii_uppercase

import numpy as np

from compmech.hmm import HMM
from compmech.zoo.catalogue import Range, listed


@listed(
    "0, then 1, then a coin, forever.",
    source="Shai, Marzen, Teixeira, Gietelink Oldenziel and Riechers, arXiv 2405.15943 (2024)",
    aliases=("zero_one_random", "01R"),
    golden={
        "entropy_rate": 1 / 3,
        "statistical_complexity": log2(3),
        "excess_entropy": log2(3),
        "crypticity": 0.0,
        "markov_order": 3,
        "cryptic_order": 0,
        "period": 3,
        "n_causal_states": 3,
        "n_mixed_states": 7,
    },
    p=Range("P(1 | R)"),
)
def z1r(p: float = 0.5) -> HMM:
    """The zero-one-random process.

    Args:
        p: P(1 | R), the probability that the coin falls on 1.
    """
    return HMM(
        [
            [[0.0, 1.0, 0.0], [0.0, 0.0, 0.0], [1 - p, 0.0, 0.0]],
            [[0.0, 0.0, 0.0], [0.0, 0.0, 1.0], [p, 0.0, 0.0]],
        ],
        alphabet="01",
        states="ZOR",
        name="z1r",
    )


@listed(
    "The word 0..01 of length k repeated, its 1 read as 0 with probability noise.",
    source="Standard example of the field; k = 2 in Crutchfield, Ellison, James and Mahoney, Chaos 20, 037105 (2010)",
    aliases=("noisy_period_2",),
    golden={
        "entropy_rate": 0.5,
        "statistical_complexity": 1.0,
        "excess_entropy": 1.0,
        "crypticity": 0.0,
        "markov_order": "inf",
        "cryptic_order": 0,
        "period": 2,
        "n_causal_states": 2,
        "n_mixed_states": 4,
    },
    noise=Range("P(0 | last state), the probability that the 1 is read as 0"),
    k=Range("length of the repeated word", low=1, high=64, whole=True),
)
def noisy_period(noise: float = 0.5, k: int = 2) -> HMM:
    """A periodic word read through an asymmetric channel.

    Args:
        noise: probability that the 1 of 0^(k-1) 1 is read as 0.
        k: length of the word.
    """
    n_state = int(k)
    T = np.zeros((2, n_state, n_state))
    for state in range(n_state - 1):
        T[0, state, state + 1] = 1
    T[:, n_state - 1, 0] = noise, 1 - noise
    letters = len(ascii_uppercase)
    states = ascii_uppercase[:n_state] if n_state <= letters else None
    return HMM(T, alphabet="01", states=states, name="noisy_period")
