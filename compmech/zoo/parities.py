"""Sofic processes that count symbols modulo a number: even, odd and their relatives. p = P(1 | A) throughout."""

from math import log2

from compmech.hmm import HMM
from compmech.zoo.catalogue import listed
from compmech.zoo.edges import letters, machine
from compmech.zoo.golden_mean import FELDMAN
from compmech.zoo.ranges import Range

_CMPY = "The process list of CMPy, kept by sofic 0.2"


@listed(
    "1s come in blocks of even length: sofic, of no finite Markov order.",
    source=FELDMAN,
    aliases=("even_ones",),
    golden={
        "entropy_rate": 2 / 3,
        "statistical_complexity": log2(3) - 2 / 3,
        "excess_entropy": log2(3) - 2 / 3,
        "transient_information": 2 * log2(3),
        "crypticity": 0.0,
        "markov_order": "inf",
        "cryptic_order": 0,
        "n_causal_states": 2,
        "n_mixed_states": 4,
    },
    p=Range("P(1 | A)"),
)
def even(p: float = 0.5) -> HMM:
    """The even process: from A a 1 with probability p, and a first 1 is always followed by a second.

    Args:
        p: P(1 | A), the probability that a block of 1s goes on by two.
    """
    return _blocks("even", 2, p)


@listed(
    "1s come in blocks whose length is a multiple of n.",
    source=f"{_CMPY} (MultipleN)",
    aliases=("multiple_n", "multiple_of_three"),
    golden={
        "entropy_rate": 1 / 2,
        "statistical_complexity": 3 / 2,
        "excess_entropy": 3 / 2,
        "markov_order": "inf",
        "cryptic_order": 0,
        "n_causal_states": 3,
    },
    n=Range("what lengths are multiples of", low=1, high=64, whole=True),
    p=Range("P(1 | A)"),
)
def multiples(n: int = 3, p: float = 0.5) -> HMM:
    """The even process for other divisors: the coin at n = 1, even at n = 2.

    Args:
        n: what the lengths of blocks of 1s are multiples of.
        p: P(1 | A), the probability that a block goes on by n.
    """
    return _blocks("multiples", int(n), p)


@listed(
    "The even process with each of its two causal states twice.",
    source=f"{_CMPY} (EvenRedundant)",
    golden={"entropy_rate": 2 / 3, "statistical_complexity": log2(3) - 2 / 3, "n_causal_states": 2},
    p=Range("P(1 | A) = P(1 | C); with 0 neither A nor C would be left", open_low=True),
)
def redundant_even(p: float = 0.5) -> HMM:
    """Four states, of which A and C have the same future and so have B and D.

    Args:
        p: P(1 | A) = P(1 | C).
    """
    edges = [
        ("A", "0", "A", 1 - p),
        ("A", "1", "B", p),
        ("B", "1", "C", 1.0),
        ("C", "0", "C", 1 - p),
        ("C", "1", "D", p),
        ("D", "1", "A", 1.0),
    ]
    return machine("redundant_even", "ABCD", "01", edges)


@listed(
    "1s come in blocks of odd length.",
    source=f"{_CMPY} (Odd)",
    golden={
        "entropy_rate": 4 / 5,
        "statistical_complexity": log2(5) - 4 / 5,
        "excess_entropy": log2(5) - 8 / 5,
        "markov_order": "inf",
        "cryptic_order": 1,
        "n_causal_states": 3,
    },
    p=Range("P(1 | A)"),
    q=Range("P(1 | B)"),
)
def odd(p: float = 0.5, q: float = 0.5) -> HMM:
    """The odd process: A before a block of 1s, B after an odd number of them, C after an even number.

    Args:
        p: P(1 | A), the probability that a block begins. (Other code gives probabilities of a 0.)
        q: P(1 | B), the probability that a block goes on by two.
    """
    edges = [
        ("A", "0", "A", 1 - p),
        ("A", "1", "B", p),
        ("B", "0", "A", 1 - q),
        ("B", "1", "C", q),
        ("C", "1", "B", 1.0),
    ]
    return machine("odd", "ABC", "01", edges)


@listed(
    "0s come in blocks of even length, 1s in blocks of odd length.",
    source=f"{_CMPY} (EvenOdd)",
    golden={"entropy_rate": 4 / 7, "n_causal_states": 4, "markov_order": "inf"},
    p=Range("P(1 | A)"),
    q=Range("P(1 | C)"),
)
def even_odd(p: float = 0.5, q: float = 0.5) -> HMM:
    """A after an even number of 0s, B after an odd one; C after an odd number of 1s, D after an even one.

    Args:
        p: P(1 | A), the probability that the 0s end.
        q: P(1 | C), the probability that the 1s go on by two.
    """
    edges = [
        ("A", "0", "B", 1 - p),
        ("B", "0", "A", 1.0),
        ("A", "1", "C", p),
        ("C", "0", "B", 1 - q),
        ("C", "1", "D", q),
        ("D", "1", "C", 1.0),
    ]
    return machine("even_odd", "ABCD", "01", edges)


@listed(
    "1s and 2s come in blocks of even length.",
    source=f"{_CMPY} (ThreEven)",
    aliases=("threven",),
    golden={
        "entropy_rate": 3 / 5 * log2(3),
        "statistical_complexity": log2(5) - 3 / 5 * log2(3),
        "n_causal_states": 3,
        "markov_order": "inf",
    },
    p=Range("P(1 | A)"),
    q=Range("P(2 | A); p + q is at most 1"),
)
def three_even(p: float = 1 / 3, q: float = 1 / 3) -> HMM:
    """The even process over three symbols: pairs of 1s and of 2s, and single 0s.

    Args:
        p: P(1 | A).
        q: P(2 | A).
    """
    rest = _rest("three_even", p, q)
    edges = [
        ("A", "0", "A", rest),
        ("A", "1", "B", p),
        ("A", "2", "C", q),
        ("B", "1", "A", 1.0),
        ("C", "2", "A", 1.0),
    ]
    return machine("three_even", "ABC", "012", edges)


@listed(
    "1s come in blocks of even length, 2s in blocks of odd length.",
    source=f"{_CMPY} (ThreEvenOdd)",
    aliases=("threvenodd",),
    golden={"n_causal_states": 4, "markov_order": "inf", "period": 1},
    p=Range("P(1 | A) = P(1 | C)"),
    q=Range("P(2 | A) = P(2 | C); p + q is at most 1"),
)
def three_even_odd(p: float = 1 / 3, q: float = 1 / 3) -> HMM:
    """A between blocks, B inside a pair of 1s, C after an odd number of 2s, D after an even one.

    Args:
        p: P(1 | A) = P(1 | C).
        q: P(2 | A) = P(2 | C).
    """
    rest = _rest("three_even_odd", p, q)
    edges = [
        ("A", "0", "A", rest),
        ("A", "1", "B", p),
        ("A", "2", "C", q),
        ("B", "1", "A", 1.0),
        ("C", "0", "A", rest),
        ("C", "1", "B", p),
        ("C", "2", "D", q),
        ("D", "2", "C", 1.0),
    ]
    return machine("three_even_odd", "ABCD", "012", edges)


def _blocks(name: str, n: int, p: float) -> HMM:
    """Blocks of 1s of a length that is a multiple of n; each goes on with probability p."""
    states = letters(n)
    edges = [(states[k], "1", states[(k + 1) % n], 1.0 if k else p) for k in range(n)]
    return machine(name, states, "01", [*edges, (states[0], "0", states[0], 1 - p)])


def _rest(name: str, p: float, q: float) -> float:
    if p + q > 1 + 1e-12:  # what rounding may add to two probabilities
        raise ValueError(f"{name}: p + q must be at most 1, the rest is the probability of a 0; got {p + q:g}")
    return max(1 - p - q, 0.0)
