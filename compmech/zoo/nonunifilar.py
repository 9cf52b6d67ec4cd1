"""Nonunifilar sources with infinitely many causal states: SNS, Mess3, Cantor and Sierpinski machines."""

from math import log2

import numpy as np

from compmech.hmm import HMM
from compmech.zoo.catalogue import listed
from compmech.zoo.edges import letters, machine
from compmech.zoo.ranges import Range


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
    return _ring_through_channel("mess3", 3, x, a)


@listed(
    "Mess3 for any number of states: a symmetric chain seen through a symmetric channel.",
    source="Mess3 of Marzen and Crutchfield, Phys. Rev. E 95, 051301(R) (2017), with n states",
    golden={"single_symbol_entropy": 2.0, "minimal_dimension": 4, "n_causal_states": "inf", "period": 1},
    n=Range("number of states and of symbols", low=2, high=26, whole=True),
    x=Range("P(another given state | state), for each of the others; at most 1 / (n - 1)", open_low=True),
    a=Range("P(its favourite symbol | next state)"),
)
def mess(n: int = 4, x: float = 0.05, a: float = 0.85) -> HMM:
    """The chain goes to each other state with probability x and the symbol is the state gone to with probability a.

    Args:
        n: number of states and of symbols.
        x: probability of going to each of the other states.
        a: probability that the symbol is the one of the state gone to.
    """
    if x * (int(n) - 1) > 1:
        raise ValueError(f"mess: x must be at most 1 / (n - 1) = {1 / (int(n) - 1):g}; got {x:g}")
    return _ring_through_channel("mess", int(n), x, a)


@listed(
    "Two states whose beliefs form a Cantor set.",
    source="Jurgens and Crutchfield, J. Stat. Phys. 183, 32 (2021); matrices as in CMPy and sofic 0.2",
    golden={
        "entropy_rate": 0.9960247564694942,
        "single_symbol_entropy": 1.0,
        "n_causal_states": "inf",
        "statistical_complexity": "inf",
        "minimal_dimension": 2,
    },
    a=Range("P(0 | A) = P(1 | B)"),
    b=Range("P(0 and A | B) = P(1 and B | A); a + b is at most 1", open_low=True),
)
def cantor(a: float = 0.55, b: float = 0.3) -> HMM:
    """The Cantor machine: 0 leads to A and 1 to B, but that a state may be kept through the other's symbol.

    With c = 1 - a - b, T[0] is [[a, 0], [b, c]] and T[1] is [[c, b], [0, a]]. Where c < b, the two symbols' images of
    the beliefs do not meet: between them is a gap, and between their images smaller gaps.

    The entropy rate above is bounded from both sides to the printed digits.

    Args:
        a: P(0 | A) = P(1 | B).
        b: probability of going over to A with a 0, or to B with a 1.
    """
    return _corner_maps("cantor", 2, a, b)


@listed(
    "Three states whose beliefs form a Sierpinski gasket.",
    source="The Cantor machine of J. Stat. Phys. 183, 32 (2021) with three states",
    golden={"single_symbol_entropy": log2(3), "n_causal_states": "inf", "minimal_dimension": 3, "period": 1},
    a=Range("P(its own symbol | state)"),
    b=Range("P(another symbol, going to its state | state), for each; a + 2 b is at most 1", open_low=True),
)
def sierpinski(a: float = 0.4, b: float = 0.15) -> HMM:
    """The Sierpinski machine: each symbol leads to its own state, or leaves another state as it is.

    With c = (1 - a) / 2 - b, T[0] is [[a, 0, 0], [b, c, 0], [b, 0, c]], and the others by symmetry. At c = b, as by
    default, the three symbols' images of the simplex of beliefs are its three corners, meeting at the midpoints of the
    sides; at a = 1/3 as well, they are the halved triangles of the gasket, and symbols are independent. Then it is the
    machine of Jurgens and Crutchfield, Chaos 31, 083114 (2021), equation D1, as the source of epsilon-transformers has
    it (its `serpinski`, whose last matrix has one entry that keeps rows from summing to 1), at s = 1 + b / c and a s =
    1/3.

    Args:
        a: P(its own symbol | state).
        b: P(another symbol, going to its state | state), for each of the two others.
    """
    return _corner_maps("sierpinski", 3, a, b)


def _ring_through_channel(name: str, n: int, x: float, a: float) -> HMM:
    move = np.full((n, n), x)
    np.fill_diagonal(move, 1 - (n - 1) * x)
    read = np.full((n, n), (1 - a) / (n - 1))
    np.fill_diagonal(read, a)
    alphabet = [str(symbol) for symbol in range(n)]
    return HMM(np.einsum("ij,jx->xij", move, read), alphabet=alphabet, states=letters(n), name=name)


def _corner_maps(name: str, n: int, a: float, b: float) -> HMM:
    """Symbol x keeps state x (a), brings each other state there (b) or leaves it where it is (the rest)."""
    c = (1 - a) / (n - 1) - b
    if c < -1e-12:  # what rounding may take from it
        raise ValueError(f"{name}: a + {n - 1} b must be at most 1, or nothing is left; got {a + (n - 1) * b:g}")
    states = letters(n)
    edges = []
    for symbol in range(n):
        edges.append((states[symbol], str(symbol), states[symbol], a))
        for state in range(n):
            if state != symbol:
                edges.append((states[state], str(symbol), states[symbol], b))
                edges.append((states[state], str(symbol), states[state], max(c, 0.0)))
    return machine(name, states, [str(symbol) for symbol in range(n)], edges)
