"""Chains that remember little: the last symbol, or the parity of the time."""

from math import log2

from compmech.hmm import HMM
from compmech.zoo.catalogue import listed
from compmech.zoo.edges import machine
from compmech.zoo.ranges import Range

_FOX = "Ruebeck, James, Mahoney and Crutchfield, Chaos 28, 013109 (2018)"
# H(.3), the entropy of a coin of bias .3
_H7 = -0.3 * log2(0.3) - 0.7 * log2(0.7)
_CHAIN = {"markov_order": 1, "n_causal_states": 2, "n_mixed_states": 3}


@listed(
    "A binary Markov chain that changes its symbol with one probability, whichever it is.",
    source="Gu, Wiesner, Rieper and Vedral, Nature Communications 3, 762 (2012)",
    golden=_CHAIN | {"entropy_rate": -0.2 * log2(0.2) - 0.8 * log2(0.8), "statistical_complexity": 1.0},
    p=Range(
        "P(1 | A) = P(0 | B), the probability of a change; with 0 the first symbol would stay for ever", open_low=True
    ),
)
def perturbed_coin(p: float = 0.2) -> HMM:
    """A coin in a box that is shaken: it turns over with probability p. States: the last symbol was 0 (A) or 1 (B).

    Args:
        p: P(1 | A) = P(0 | B).
    """
    return binary_chain("perturbed_coin", p, 1 - p)


@listed(
    "Any binary Markov chain of order 1.",
    source=_FOX,
    golden=_CHAIN | {"entropy_rate": 3 / 7 * (log2(5) - 2 / 5 - 3 / 5 * log2(3)) + 4 / 7 * _H7},
    p=Range("P(1 | A)"),
    q=Range("P(1 | B)"),
)
def binary_markov_chain(p: float = 0.4, q: float = 0.7) -> HMM:
    """A chain of the last symbol: 0 in A, 1 in B.

    Args:
        p: P(1 | A), after a 0.
        q: P(1 | B), after a 1. (The paper writes q for the probability of a 0 after a 1.)
    """
    return binary_chain("binary_markov_chain", p, q)


@listed(
    "The perturbed coin from three hidden states of less entropy than its two causal states.",
    source=f"Löhr, Entropy 11, 385 (2009); {_FOX}",
    golden={"entropy_rate": -0.2 * log2(0.2) - 0.8 * log2(0.8), "n_causal_states": 2, "minimal_dimension": 2},
    p=Range(
        "P(1 | last symbol 0) = P(0 | last symbol 1); with 0 the first symbol would stay for ever",
        high=0.5,
        open_low=True,
    ),
)
def lohr_chain(p: float = 0.2) -> HMM:
    """The perturbed coin generated with less memory than it takes to predict it: a symbol that stays, or none held.

    Args:
        p: the probability of a change from one symbol to the next, at most 1/2.
    """
    return machine(
        "lohr_chain",
        ("0", "1", "free"),
        "01",
        [
            ("0", "0", "0", 1 - 2 * p),
            ("0", "0", "free", 2 * p),
            ("1", "1", "1", 1 - 2 * p),
            ("1", "1", "free", 2 * p),
            ("free", "0", "0", 0.5 - p),
            ("free", "1", "1", 0.5 - p),
            ("free", "0", "free", p),
            ("free", "1", "free", p),
        ],
    )


@listed(
    "Two coins tossed in turn: their phase is never known for certain, but in the limit.",
    source="Travers and Crutchfield, J. Stat. Phys. 145, 1202 (2011)",
    aliases=("alternating_biased_coins",),
    golden={
        "entropy_rate": 2 - 0.75 * log2(3),
        "statistical_complexity": 1.0,
        "excess_entropy": 1.0,
        "crypticity": 0.0,
        "markov_order": "inf",
        "cryptic_order": 0,
        "period": 2,
        "n_mixed_states": "inf",
    },
    p=Range("P(1 | A)"),
    q=Range("P(1 | B)"),
)
def abc(p: float = 0.25, q: float = 0.75) -> HMM:
    """The alternating biased coins: A and B in turn, each with a coin of its own.

    Args:
        p: P(1 | A). (Other code writes p for the probability of a 0.)
        q: P(1 | B).
    """
    return machine(
        "abc", "AB", "01", [("A", "0", "B", 1 - p), ("A", "1", "B", p), ("B", "0", "A", 1 - q), ("B", "1", "A", q)]
    )


@listed(
    "Two causal states forwards, three backwards: the simplest irreversible process.",
    source="Ellison, Mahoney, James, Crutchfield and Reichardt, Chaos 21, 037107 (2011)",
    golden={
        "entropy_rate": 1.0,
        "statistical_complexity": 1.0,
        "excess_entropy": 0.5,
        "reverse_statistical_complexity": 1.5,
        "causal_irreversibility": -0.5,
        "n_reverse_causal_states": 3,
    },
    p=Range("P(1 | A)"),
    q=Range("P(1 | B)"),
)
def irreversible_two_state(p: float = 0.5, q: float = 0.5) -> HMM:
    """A stays with a 0 or leaves with a 1, B stays with a 1 or leaves with a 2.

    Args:
        p: P(1 | A), the probability of leaving A. (Other code writes p for the probability of staying.)
        q: P(1 | B), the probability of staying in B.
    """
    edges = [("A", "0", "A", 1 - p), ("A", "1", "B", p), ("B", "1", "B", q), ("B", "2", "A", 1 - q)]
    return machine("irreversible_two_state", "AB", "012", edges)


@listed(
    "Before a 1 comes a 2, before a 2 a 1, with any number of 0s between.",
    source="The process list of CMPy, kept by sofic 0.2 (BeforeAfter)",
    golden={"entropy_rate": 1.0, "statistical_complexity": 1.0, "single_symbol_entropy": 1.5, "markov_order": "inf"},
    p=Range("P(1 | A)"),
    q=Range("P(2 | B)"),
)
def before_after(p: float = 0.5, q: float = 0.5) -> HMM:
    """The symbols 1 and 2 alternate, and 0s say nothing of which is next.

    Args:
        p: P(1 | A), the probability that the 1 comes now.
        q: P(2 | B), the probability that the 2 comes now.
    """
    edges = [("A", "0", "A", 1 - p), ("A", "1", "B", p), ("B", "0", "B", 1 - q), ("B", "2", "A", q)]
    return machine("before_after", "AB", "012", edges)


@listed(
    "Four states that differ little from one another: nearly a coin, and infinitely cryptic.",
    source="The process list of CMPy, kept by sofic 0.2 (FourStateAlmostIID)",
    golden={"markov_order": "inf", "cryptic_order": "inf", "n_mixed_states": 19, "n_reverse_causal_states": 14},
    delta=Range("how far the four coins are from fair", high=0.25),
)
def four_state_almost_iid(delta: float = 0.2) -> HMM:
    """P(1 | state) is 1/2 + 2 delta in A, 1/2 + delta in B, 1/2 - delta in C and 1/2 - 2 delta in D.

    Args:
        delta: 0 for a fair coin; at 1/4 A and D know their next symbol.
    """
    ones = {"A": 0.5 + 2 * delta, "B": 0.5 + delta, "C": 0.5 - delta, "D": 0.5 - 2 * delta}
    after = {"A": "AB", "B": "CC", "C": "AD", "D": "AD"}
    edges = []
    for state, one in ones.items():
        edges += [(state, "0", after[state][0], 1 - one), (state, "1", after[state][1], one)]
    return machine("four_state_almost_iid", "ABCD", "01", edges)


@listed(
    "A fair coin that never falls on 1 more than n times in a row.",
    source="The process list of CMPy, kept by sofic 0.2 (AFC); golden mean is n = 1",
    aliases=("afc",),
    golden={"entropy_rate": 14 / 15, "markov_order": 3, "n_causal_states": 4},
    n=Range("greatest number of 1s in a row", low=1, high=64, whole=True),
)
def almost_fair_coin(n: int = 3) -> HMM:
    """The almost fair coin: after n 1s a 0 is forced. States are called by the number of 1s since the last 0.

    Args:
        n: greatest number of 1s in a row.
    """
    edges: list[tuple[int, str, int, float]] = [(int(n), "0", 0, 1.0)]
    for run in range(int(n)):
        edges += [(run, "0", 0, 0.5), (run, "1", run + 1, 0.5)]
    return machine("almost_fair_coin", range(int(n) + 1), "01", edges)


@listed(
    "A fair coin that never falls on the same side more than n times in a row.",
    source="The process list of CMPy, kept by sofic 0.2 (AFC2); n = 1 is period 2",
    aliases=("afc2",),
    golden={"entropy_rate": 6 / 7, "single_symbol_entropy": 1.0, "markov_order": 3, "n_causal_states": 6},
    n=Range("greatest length of a run", low=1, high=64, whole=True),
)
def balanced_almost_fair_coin(n: int = 3) -> HMM:
    """The almost fair coin of both sides: a run of n equal symbols ends. States: the symbol and the length of its run.

    Args:
        n: greatest length of a run.
    """
    states = [f"{symbol}x{run}" for symbol in "01" for run in range(1, int(n) + 1)]
    edges = []
    for symbol, other in ("01", "10"):
        for run in range(1, int(n)):
            edges.append((f"{symbol}x{run}", symbol, f"{symbol}x{run + 1}", 0.5))
            edges.append((f"{symbol}x{run}", other, f"{other}x1", 0.5))
        edges.append((f"{symbol}x{int(n)}", other, f"{other}x1", 1.0))
    return machine("balanced_almost_fair_coin", states, "01", edges)


def binary_chain(name: str, p: float, q: float) -> HMM:
    """A binary chain of order 1: P(1) is p after a 0, state A, and q after a 1, state B."""
    return machine(
        name, "AB", "01", [("A", "0", "A", 1 - p), ("A", "1", "B", p), ("B", "0", "A", 1 - q), ("B", "1", "B", q)]
    )
