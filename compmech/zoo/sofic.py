"""Subshifts with few forbidden words: golden mean (no 11) and even (blocks of 1s of even length)."""

from math import log2

from compmech.hmm import HMM
from compmech.zoo.catalogue import Range, listed

_FELDMAN = "Crutchfield and Feldman, Chaos 13, 25 (2003)"


@listed(
    "No two 1s in a row: the Markov chain of order 1 that forbids 11.",
    source=_FELDMAN,
    aliases=("no_consecutive_ones",),
    golden={
        "entropy_rate": 2 / 3,
        "statistical_complexity": log2(3) - 2 / 3,
        "excess_entropy": log2(3) - 4 / 3,
        "crypticity": 2 / 3,
        "markov_order": 1,
        "cryptic_order": 1,
        "n_causal_states": 2,
        "n_mixed_states": 3,
    },
    p=Range("P(1 | A)"),
)
def golden_mean(p: float = 0.5) -> HMM:
    """The golden mean process: after a 1 always a 0, otherwise a 1 with probability p.

    Args:
        p: P(1 | A), the probability of a 1 after a 0.
    """
    return HMM(
        [
            [[1 - p, 0.0], [1.0, 0.0]],
            [[0.0, p], [0.0, 0.0]],
        ],
        alphabet="01",
        states="AB",
        name="golden_mean",
    )


@listed(
    "1s come in blocks of even length: sofic, of no finite Markov order.",
    source=_FELDMAN,
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
    return HMM(
        [
            [[1 - p, 0.0], [0.0, 0.0]],
            [[0.0, p], [1.0, 0.0]],
        ],
        alphabet="01",
        states="AB",
        name="even",
    )
