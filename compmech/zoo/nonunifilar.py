"""Nonunifilar sources with infinitely many causal states: the simple nonunifilar source and Mess3."""

from math import log2

import numpy as np

from compmech.hmm import HMM
from compmech.zoo.catalogue import Range, listed


@listed(
    "Two states, a 0 hides which: countably many causal states, the number of 0s since the last 1.",
    source="Crutchfield, Physica D 75, 11 (1994); Marzen and Crutchfield, Entropy 17, 4891 (2015)",
    aliases=("simple_nonunifilar_source",),
    golden={
        "entropy_rate": 0.6778671810551528,
        "statistical_complexity": 2.7114687242206,
        "excess_entropy": 0.1472319415973,
        "single_symbol_entropy": 2 - 3 / 4 * log2(3),
        "markov_order": "inf",
        "n_causal_states": "inf",
        "minimal_dimension": 2,
    },
    p=Range("P(B | A), the probability of leaving A", open_low=True),
    q=Range("P(1 | B)"),
)
def sns(p: float = 0.5, q: float = 0.5) -> HMM:
    """The simple nonunifilar source: A and B emit 0s, and B alone emits a 1, going back to A.

    A renewal process: entropy rate, E and C above are sums of series over the number of 0s, to the printed digits.

    Args:
        p: P(B | A), the probability of leaving A (with a 0, as every step from A).
        q: P(1 | B), the probability of leaving B.
    """
    return HMM(
        [
            [[1 - p, p], [0.0, 1 - q]],
            [[0.0, 0.0], [q, 0.0]],
        ],
        alphabet="01",
        states="AB",
        name="sns",
    )


@listed(
    "Three states on a ring, each with its favourite symbol: the fractal of belief states.",
    source="Marzen and Crutchfield, Phys. Rev. E 95, 051301(R) (2017); Shai and others, arXiv 2405.15943 (2024)",
    golden={
        "single_symbol_entropy": log2(3),
        "markov_order": "inf",
        "period": 1,
        "n_causal_states": "inf",
        "minimal_dimension": 3,
    },
    x=Range("P(another given state | state), for each of the two others", high=0.5, open_low=True),
    a=Range("P(its favourite symbol | next state)"),
)
def mess3(x: float = 0.05, a: float = 0.85) -> HMM:
    """Mess3: a three-state chain seen through a symmetric channel, which reads the state that was gone to.

    With b = (1 - a) / 2 and y = 1 - 2x, T[0] is [[ay, bx, bx], [ax, by, bx], [ax, bx, by]], and the others by symmetry.

    Args:
        x: probability of going to each of the two other states. At 1/3 the process is independent and identically
            distributed.
        a: probability that the symbol is the one of the state gone to.
    """
    move = np.full((3, 3), x)
    np.fill_diagonal(move, 1 - 2 * x)
    read = np.full((3, 3), (1 - a) / 2)
    np.fill_diagonal(read, a)
    return HMM(np.einsum("ij,jx->xij", move, read), alphabet="012", states="ABC", name="mess3")
