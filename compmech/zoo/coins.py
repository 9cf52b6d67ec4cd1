"""Coins and dice: symbols drawn independently, and a coin that was chosen once and for all."""

from math import log2

import numpy as np
from numpy.typing import ArrayLike

from compmech.hmm import HMM
from compmech.zoo.catalogue import listed
from compmech.zoo.edges import machine
from compmech.zoo.ranges import Distribution, Probabilities, Range

_TEXTBOOK = "Cover and Thomas, Elements of Information Theory (1991)"


@listed(
    "Independent tosses of a fair coin.",
    source=_TEXTBOOK,
    golden={"entropy_rate": 1.0, "statistical_complexity": 0.0, "excess_entropy": 0.0, "ephemeral_information": 1.0},
)
def fair_coin() -> HMM:
    """A fair coin: one state, both symbols with probability 1/2."""
    return HMM([[[0.5]], [[0.5]]], alphabet="01", states="A", name="fair_coin")


@listed(
    "Independent tosses of a coin that need not be fair.",
    source=_TEXTBOOK,
    aliases=("coin", "bernoulli"),
    golden={
        "entropy_rate": -0.3 * log2(0.3) - 0.7 * log2(0.7),
        "statistical_complexity": 0.0,
        "excess_entropy": 0.0,
        "markov_order": 0,
    },
    p=Range("P(1 | A)"),
)
def biased_coin(p: float = 0.3) -> HMM:
    """A coin: one state.

    Args:
        p: P(1 | A), the probability of a 1. (Other code writes p for the probability of a 0.)
    """
    return HMM([[[1 - p]], [[p]]], alphabet="01", states="A", name="biased_coin")


@listed(
    "Independent throws of a fair die.",
    source=_TEXTBOOK,
    aliases=("dice", "fair_die"),
    golden={"entropy_rate": log2(6), "single_symbol_entropy": log2(6), "statistical_complexity": 0.0},
    sides=Range("number of sides", low=1, high=256, whole=True),
)
def die(sides: int = 6) -> HMM:
    """A fair die, its sides called 1, 2, ...

    Args:
        sides: number of sides.
    """
    n = int(sides)
    return HMM(np.full((n, 1, 1), 1 / n), alphabet=[str(side) for side in range(1, n + 1)], states="A", name="die")


@listed(
    "Independent symbols of any distribution, such as throws of a loaded die.",
    source=_TEXTBOOK,
    aliases=("independent", "loaded_die"),
    golden={"entropy_rate": 1.5, "single_symbol_entropy": 1.5, "statistical_complexity": 0.0, "excess_entropy": 0.0},
    probabilities=Distribution("P(0 | A), P(1 | A), ...", shortest=1),
)
def iid(probabilities: ArrayLike = (0.5, 0.25, 0.25)) -> HMM:
    """Independent and identically distributed symbols 0, 1, ...

    Args:
        probabilities: P(0 | A), P(1 | A), ...
    """
    p = np.asarray(probabilities, dtype=float)
    return HMM(p[:, None, None], alphabet=[str(symbol) for symbol in range(len(p))], states="A", name="iid")


@listed(
    "One of several coins, drawn once and tossed forever: a mixture that is not ergodic.",
    source="Crutchfield and Marzen, Phys. Rev. E 91, 050106(R) (2015), for mixtures of coins",
    aliases=("nonergodic_two_coins", "nonergodic_coins"),
    golden={
        "entropy_rate": -0.2 * log2(0.2) - 0.8 * log2(0.8),
        "statistical_complexity": 1.0,
        "excess_entropy": 1.0,
        "crypticity": 0.0,
        "n_mixed_states": "inf",
    },
    p=Probabilities("P(1 | each coin)"),
    w=Distribution("probability of each coin to be the one"),
)
def mixed_coins(p: ArrayLike = (0.8, 0.2), w: ArrayLike = (0.5, 0.5)) -> HMM:
    """A mixture of coins: a long past tells which it is, and nothing more can be known.

    Args:
        p: P(1 | state), the probability of a 1 from each coin.
        w: the probability of each coin to be the one; as many numbers as p has.
    """
    ones, weights = np.asarray(p, dtype=float), np.asarray(w, dtype=float)
    if len(ones) != len(weights):
        raise ValueError(
            f"mixed_coins: p and w must have one entry for each coin; got {len(ones)} and {len(weights)} entries"
        )
    states = [f"coin {number}" for number in range(1, len(ones) + 1)]
    edges = [
        (state, symbol, state, probability)
        for state, one in zip(states, ones.tolist(), strict=True)
        for symbol, probability in (("0", 1 - one), ("1", one))
    ]
    return machine("mixed_coins", states, "01", edges, start=weights)
