"""Processes whose causal state even the whole future does not reveal: nemo (of infinite cryptic order) and RIP."""

from math import log2

from compmech.hmm import HMM
from compmech.zoo.catalogue import Range, listed


@listed(
    "Three states, cryptic order infinite: no number of past symbols makes up for the state.",
    source="Mahoney, Ellison and Crutchfield, J. Phys. A 42, 362002 (2009)",
    golden={
        "entropy_rate": 3 / 4,
        "statistical_complexity": 3 / 2,
        "markov_order": "inf",
        "cryptic_order": "inf",
        "period": 1,
        "n_causal_states": 3,
        "n_mixed_states": 6,
    },
    p=Range("P(1 | A)"),
    q=Range("P(1 | C)"),
)
def nemo(p: float = 0.5, q: float = 0.5) -> HMM:
    """The nemo process: A stays with a 1, or goes with two 0s by way of B to C, which returns with either symbol.

    Args:
        p: P(1 | A).
        q: P(1 | C).
    """
    return HMM(
        [
            [[0.0, 1 - p, 0.0], [0.0, 0.0, 1.0], [1 - q, 0.0, 0.0]],
            [[p, 0.0, 0.0], [0.0, 0.0, 0.0], [q, 0.0, 0.0]],
        ],
        alphabet="01",
        states="ABC",
        name="nemo",
    )


@listed(
    "A random bit, one more random bit if it was 0, then a 1: the reverse needs more states than the forward.",
    source="Ellison, Mahoney and Crutchfield, J. Stat. Phys. 136, 1005 (2009)",
    aliases=("random_insertion", "random_insertion_process"),
    golden={
        "entropy_rate": 3 / 5,
        "statistical_complexity": log2(5) - 4 / 5,
        "markov_order": "inf",
        "cryptic_order": 1,
        "period": 1,
        "n_causal_states": 3,
        "n_reverse_causal_states": 4,
        "n_mixed_states": 9,
    },
    p=Range("P(1 | A)"),
    q=Range("P(1 | B)"),
)
def rip(p: float = 0.5, q: float = 0.5) -> HMM:
    """The random insertion process.

    Args:
        p: P(1 | A), the probability that nothing is inserted. (The paper writes p for the probability of a 0.)
        q: P(1 | B), the probability that the inserted bit is a 1. (The paper writes q for the probability of a 0.)
    """
    return HMM(
        [
            [[0.0, 1 - p, 0.0], [0.0, 0.0, 1 - q], [0.0, 0.0, 0.0]],
            [[0.0, 0.0, p], [0.0, 0.0, q], [1.0, 0.0, 0.0]],
        ],
        alphabet="01",
        states="ABC",
        name="rip",
    )
