"""The golden mean process (no two 1s in a row) and its relatives. In all of them p = P(1 | A)."""

from math import log2, sqrt

from compmech.hmm import HMM
from compmech.zoo.catalogue import listed
from compmech.zoo.edges import letters, machine
from compmech.zoo.ranges import Range

FELDMAN = "Crutchfield and Feldman, Chaos 13, 25 (2003)"
_PRIMER = "Mahoney, Ellison, James and Crutchfield, Chaos 21, 037112 (2011)"
_ROADS = "James, Mahoney, Ellison and Crutchfield, arXiv 1010.5545 (2010)"
_GOLDEN_RATIO = (1 + sqrt(5)) / 2


@listed(
    "No two 1s in a row: the Markov chain of order 1 that forbids 11.",
    source=FELDMAN,
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
    return _two_state("golden_mean", p)


@listed(
    "The golden mean process of greatest entropy rate: log2 of the golden ratio.",
    source="Parry, Transactions of the American Mathematical Society 112, 55 (1964)",
    aliases=("golden_mean_shift_parry", "tent_map_golden"),
    golden={"entropy_rate": log2(_GOLDEN_RATIO), "markov_order": 1, "cryptic_order": 1, "n_causal_states": 2},
)
def golden_mean_parry() -> HMM:
    """The golden mean process at p = P(1 | A) = 1 / phi^2, where all words of one length are nearly equally likely.

    It is also the symbolic dynamics of the tent map whose slope is the golden ratio phi.
    """
    return _two_state("golden_mean_parry", 1 / _GOLDEN_RATIO**2)


@listed(
    "Every 0 is followed by at least k 1s: cryptic order k as large as the Markov order.",
    source=_PRIMER,
    aliases=("restricted_gm",),
    golden={
        "entropy_rate": 2 / 5,
        "statistical_complexity": log2(5) - 2 / 5,
        "markov_order": 3,
        "cryptic_order": 3,
        "n_causal_states": 4,
    },
    k=Range("least number of 1s after a 0", low=1, high=64, whole=True),
    p=Range("P(1 | A)"),
)
def restricted_golden_mean(k: int = 3, p: float = 0.5) -> HMM:
    """The k-restricted golden mean process, in which 0 is the rare symbol: A goes on with 1s, or gives 0 and then k 1s.

    Args:
        k: number of 1s that a 0 forces.
        p: P(1 | A), the probability of staying in A.
    """
    return _ring("restricted_golden_mean", "0" + "1" * int(k), p)


@listed(
    "0s come in groups of k, and 1s between them: cryptic order 1 whatever the Markov order.",
    source=_PRIMER,
    aliases=("stretched_gm",),
    golden={
        "entropy_rate": 2 / 5,
        "statistical_complexity": log2(5) - 2 / 5,
        "excess_entropy": log2(5) - 4 / 5,
        "markov_order": 3,
        "cryptic_order": 1,
        "n_causal_states": 4,
    },
    k=Range("number of 0s in a group", low=1, high=64, whole=True),
    p=Range("P(1 | A)"),
)
def stretched_golden_mean(k: int = 3, p: float = 0.5) -> HMM:
    """The k-stretched golden mean process: A goes on with 1s, or gives k 0s and a 1.

    Args:
        k: number of 0s in a group.
        p: P(1 | A), the probability of staying in A.
    """
    return _ring("stretched_golden_mean", "0" * int(k) + "1", p)


@listed(
    "R 0s, then at least k 1s: Markov order R and cryptic order k, for k at most R.",
    source=_ROADS,
    aliases=("rk_gm", "R-k golden mean"),
    golden={
        "entropy_rate": 1 / 3,
        "statistical_complexity": log2(6) - 1 / 3,
        "excess_entropy": log2(3),
        "markov_order": 3,
        "cryptic_order": 2,
        "n_causal_states": 5,
    },
    R=Range("number of 0s in a group", low=1, high=64, whole=True),
    k=Range("number of 1s that a group forces", low=1, high=64, whole=True),
    p=Range("P(1 | A)"),
)
def rk_golden_mean(R: int = 3, k: int = 2, p: float = 0.5) -> HMM:
    """The R-k golden mean process: A goes on with 1s, or gives R 0s and k 1s.

    Args:
        R: number of 0s in a group, the Markov order if it is at least k.
        k: number of 1s that a group forces, the cryptic order.
        p: P(1 | A), the probability of staying in A.
    """
    return _ring("rk_golden_mean", "0" * int(R) + "1" * int(k), p)


@listed(
    "Two golden mean processes, one of rare 0s and one of rare 1s, that seldom turn into each other.",
    source="The process list of CMPy, kept by sofic 0.2 (CoupledGMPs)",
    golden={"n_causal_states": 4, "markov_order": "inf", "period": 1},
    epsilon=Range("how strongly the two are coupled", open_low=True),
    w=Range("weight of the process of rare 0s"),
)
def coupled_golden_means(epsilon: float = 0.01, w: float = 0.5) -> HMM:
    """A and B are the golden mean process of rare 0s, C and D that of rare 1s; a forbidden 00 or 11 leads over.

    Args:
        epsilon: the two are left with probability epsilon (1 - w) from B and epsilon w from D; 0 would decouple them.
        w: share of the time that is spent in A and B.
    """
    leave, come = epsilon * (1 - w), epsilon * w
    edges = [
        ("A", "1", "A", 0.5),
        ("A", "0", "B", 0.5),
        ("B", "1", "A", 1 - leave),
        ("B", "0", "C", leave),
        ("C", "0", "C", 0.5),
        ("C", "1", "D", 0.5),
        ("D", "0", "C", 1 - come),
        ("D", "1", "A", come),
    ]
    return machine("coupled_golden_means", "ABCD", "01", edges)


@listed(
    "One of two golden mean processes, of rare 0s or of rare 1s, chosen once: not ergodic.",
    source="The process list of CMPy, kept by sofic 0.2 (UncoupledGMPs)",
    golden={"entropy_rate": 2 / 3, "statistical_complexity": log2(3) + 1 / 3, "n_causal_states": 4, "period": 1},
    w=Range("weight of the process of rare 0s"),
)
def uncoupled_golden_means(w: float = 0.5) -> HMM:
    """The mixture of the golden mean process of rare 0s, A and B, and that of rare 1s, C and D.

    Args:
        w: probability of the first.
    """
    edges = [
        ("A", "1", "A", 0.5),
        ("A", "0", "B", 0.5),
        ("B", "1", "A", 1.0),
        ("C", "0", "C", 0.5),
        ("C", "1", "D", 0.5),
        ("D", "0", "C", 1.0),
    ]
    start = [w * 2 / 3, w / 3, (1 - w) * 2 / 3, (1 - w) / 3]
    return machine("uncoupled_golden_means", "ABCD", "01", edges, start=start)


@listed(
    "The golden mean process from two states that a 0 does not tell apart.",
    source="The process list of CMPy, kept by sofic 0.2 (NonunifilarGoldenMean), symbols exchanged",
    golden={"entropy_rate": 2 / 3, "statistical_complexity": log2(3) - 2 / 3, "markov_order": 1, "n_causal_states": 2},
    p=Range("P(1 | last symbol 0)", open_low=True),
    free=Range("P(1 | A), from p to 1", open_low=True),
)
def nonunifilar_golden_mean(p: float = 0.5, free: float = 2 / 3) -> HMM:
    """A presentation of the golden mean process that is not unifilar: 1s come from A alone and lead to B.

    Args:
        p: P(1 | last symbol 0), as in the golden mean process itself.
        free: P(1 | A). At p and at 1 it is the causal states' own presentation.
    """
    if not p <= free <= 1:
        raise ValueError(f"nonunifilar_golden_mean: free must be in [p, 1]; got {free:g} with p = {p:g}")
    back = p / free
    edges = [
        ("A", "1", "B", free),
        ("A", "0", "B", max(1 + p - free - back, 0.0)),
        ("A", "0", "A", back - p),
        ("B", "0", "A", back),
        ("B", "0", "B", 1 - back),
    ]
    return machine("nonunifilar_golden_mean", "AB", "01", edges)


def _two_state(name: str, p: float) -> HMM:
    return machine(name, "AB", "01", [("A", "0", "A", 1 - p), ("A", "1", "B", p), ("B", "0", "A", 1.0)])


def _ring(name: str, word: str, p: float) -> HMM:
    """State A stays with a 1, or gives the word on a way through states of its own."""
    states = letters(len(word))
    edges = [(states[t], symbol, states[(t + 1) % len(word)], 1.0 if t else 1 - p) for t, symbol in enumerate(word)]
    return machine(name, states, "01", [*edges, (states[0], "1", states[0], p)])
