"""Processes that hide their state: nemo, RIP, butterfly, noisy copies and phase slips."""

from math import log2

from compmech.hmm import HMM
from compmech.zoo.catalogue import listed
from compmech.zoo.edges import Edge, machine
from compmech.zoo.ranges import Range

_ACCESS = "Mahoney, Ellison and Crutchfield, arXiv 0906.5099 (2009)"
_ANATOMY = "James, Ellison and Crutchfield, Chaos 21, 037109 (2011)"


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
    return machine("nemo", "ABC", "01", _nemo_edges(("A", "B", "C"), "A", p, q))


@listed(
    "The nemo process with each of its three causal states twice.",
    source="The process list of CMPy, kept by sofic 0.2 (NemoRedundant)",
    golden={"entropy_rate": 3 / 4, "statistical_complexity": 3 / 2, "n_causal_states": 3, "n_mixed_states": 6},
    p=Range("P(1 | A) = P(1 | D); with 1 neither A nor D would be left", open_high=True),
    q=Range("P(1 | C) = P(1 | F)"),
)
def redundant_nemo(p: float = 0.5, q: float = 0.5) -> HMM:
    """Six states: two copies of nemo, C of each leading into the other.

    Args:
        p: P(1 | A) = P(1 | D).
        q: P(1 | C) = P(1 | F).
    """
    edges = [*_nemo_edges(("A", "B", "C"), "D", p, q), *_nemo_edges(("D", "E", "F"), "A", p, q)]
    return machine("redundant_nemo", "ABCDEF", "01", edges)


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
    edges = [
        ("A", "0", "B", 1 - p),
        ("A", "1", "C", p),
        ("B", "0", "C", 1 - q),
        ("B", "1", "C", q),
        ("C", "1", "A", 1.0),
    ]
    return machine("rip", "ABC", "01", edges)


@listed(
    "Five states over eight symbols, of cryptic order 2: two wings that meet in A.",
    source=_ACCESS,
    golden={
        "entropy_rate": 1.0,
        "statistical_complexity": log2(5),
        "excess_entropy": log2(5) - 3 / 10,
        "markov_order": 2,
        "cryptic_order": 2,
        "n_reverse_causal_states": 7,
    },
)
def butterfly() -> HMM:
    """The butterfly process: A chooses a wing with a 2 or 3; 0 goes on along it, 1 comes back, 4 to 7 stay."""
    ways = ["B0C", "B4B", "C1A", "C6C", "D0E", "D5D", "E1A", "E7E", "A2B", "A3D"]
    return machine("butterfly", "ABCDE", "01234567", [(way[0], way[1], way[2], 0.5) for way in ways])


@listed(
    "A coin, then its copy, the copy of a 1 being unreliable.",
    source="The process list of CMPy, kept by sofic 0.2 (Rn1C)",
    aliases=("rn1c", "random_noisy_copy"),
    golden={
        "entropy_rate": 3 / 4,
        "statistical_complexity": 3 / 2,
        "period": 2,
        "n_causal_states": 3,
        "markov_order": "inf",
    },
    p=Range("P(1 | A)"),
    noise=Range("P(0 | C), the probability that a 1 is copied as a 0"),
)
def rnc(p: float = 0.5, noise: float = 0.5) -> HMM:
    """The random noisy copy process: a coin in A, a copy of 0 in B and a noisy copy of 1 in C.

    Args:
        p: P(1 | A). (Other code calls the probability of a 0 its bias.)
        noise: P(0 | C).
    """
    edges = [
        ("A", "0", "B", 1 - p),
        ("A", "1", "C", p),
        ("B", "0", "A", 1.0),
        ("C", "0", "A", noise),
        ("C", "1", "A", 1 - noise),
    ]
    return machine("rnc", "ABC", "01", edges)


@listed(
    "A coin, then its negation, the negation of a 1 being unreliable.",
    source="The process list of CMPy, kept by sofic 0.2 (Rn1N)",
    aliases=("random_noisy_negation",),
    golden={"period": 2, "n_causal_states": 3, "markov_order": "inf"},
    p=Range("P(1 | A)"),
    noise=Range("P(1 | C), the probability that a 1 is followed by a 1"),
)
def rn1n(p: float = 0.5, noise: float = 0.1) -> HMM:
    """The random noisy negation process: a coin in A, a 1 after a 0 in B, and mostly a 0 after a 1 in C.

    Args:
        p: P(1 | A).
        noise: P(1 | C).
    """
    edges = [
        ("A", "0", "B", 1 - p),
        ("A", "1", "C", p),
        ("B", "1", "A", 1.0),
        ("C", "0", "A", 1 - noise),
        ("C", "1", "A", noise),
    ]
    return machine("rn1n", "ABC", "01", edges)


@listed(
    "The word 1 0 1 0 0 repeated, with any number of 0s between: a phase that slips.",
    source=_ANATOMY,
    aliases=("rps",),
    golden={
        "entropy_rate": 1 / 3,
        "statistical_complexity": log2(6) - 1 / 3,
        "excess_entropy": log2(3),
        "markov_order": 4,
        "cryptic_order": 2,
    },
    p_slip=Range("P(0 | A), the probability that the phase slips"),
)
def random_phase_slip(p_slip: float = 0.5) -> HMM:
    """The random phase slip process: A waits with 0s, then 1 0 1 0 0 leads round.

    Args:
        p_slip: P(0 | A), the probability of another 0 before the word.
    """
    return machine("random_phase_slip", "ABCDE", "01", _slip_edges(p_slip, 0.0))


@listed(
    "The random phase slip process with a random fourth symbol of its word.",
    source=_ANATOMY,
    aliases=("nrps",),
    golden={"entropy_rate": 1 / 2, "statistical_complexity": log2(6) - 1 / 3, "markov_order": 5, "cryptic_order": 3},
    p_slip=Range("P(0 | A), the probability that the phase slips"),
    noise=Range("P(1 | D), the probability that the fourth symbol is a 1"),
)
def noisy_random_phase_slip(p_slip: float = 0.5, noise: float = 0.5) -> HMM:
    """The noisy random phase slip process: A waits with 0s, then 1 0 1 x 0 leads round, x being 1 with the noise.

    Args:
        p_slip: P(0 | A), the probability of another 0 before the word.
        noise: P(1 | D).
    """
    return machine("noisy_random_phase_slip", "ABCDE", "01", _slip_edges(p_slip, noise))


@listed(
    "A phase that slips by going back on its way: Markov order 3, cryptic order 2.",
    source="James, Mahoney, Ellison and Crutchfield, arXiv 1010.5545 (2010); edges as in CMPy's list (PSB)",
    aliases=("psb",),
    golden={"entropy_rate": 4 / 7, "markov_order": 3, "cryptic_order": 2, "n_causal_states": 4},
    p=Range("P(1 | A)"),
    q=Range("P(1 | B)"),
)
def phase_slip_backtrack(p: float = 0.5, q: float = 0.5) -> HMM:
    """The phase-slip backtrack process: 0 1, or 1s and then 0 0 1, from A.

    Args:
        p: P(1 | A).
        q: P(1 | B).
    """
    edges = [
        ("A", "0", "D", 1 - p),
        ("A", "1", "B", p),
        ("B", "0", "C", 1 - q),
        ("B", "1", "B", q),
        ("C", "0", "D", 1.0),
        ("D", "1", "A", 1.0),
    ]
    return machine("phase_slip_backtrack", "ABCD", "01", edges)


def _nemo_edges(states: tuple[str, str, str], home: str, p: float, q: float) -> list[Edge]:
    a, b, c = states
    return [(a, "1", a, p), (a, "0", b, 1 - p), (b, "0", c, 1.0), (c, "0", home, 1 - q), (c, "1", home, q)]


def _slip_edges(p_slip: float, noise: float) -> list[Edge]:
    return [
        ("A", "0", "A", p_slip),
        ("A", "1", "B", 1 - p_slip),
        ("B", "0", "C", 1.0),
        ("C", "1", "D", 1.0),
        ("D", "0", "E", 1 - noise),
        ("D", "1", "E", noise),
        ("E", "0", "A", 1.0),
    ]


@listed(
    "Pasts in order of recency fall into one interval for each state, yet no number of past symbols tells the state.",
    source="sofic 0.2 (wheeler_infinite_order_process), found there among the topologies of five states",
    golden={"markov_order": "inf", "n_causal_states": 5, "period": 1},
    p=Range("P(1 | A)"),
    q=Range("P(1 | C)"),
    r=Range("P(1 | E)"),
)
def wheeler_infinite_order(p: float = 0.5, q: float = 0.5, r: float = 0.5) -> HMM:
    """A Wheeler automaton, in the order A < E < B < C < D, whose Markov order is infinite.

    Args:
        p: P(1 | A). (Other code gives the probability of a 0, for all three.)
        q: P(1 | C).
        r: P(1 | E).
    Reference:
        Gagie, Manzini and Siren, Theoretical Computer Science 698, 67 (2017), for Wheeler graphs.
    """
    edges = [
        ("A", "0", "A", 1 - p),
        ("A", "1", "B", p),
        ("B", "1", "C", 1.0),
        ("C", "0", "A", 1 - q),
        ("C", "1", "D", q),
        ("D", "0", "E", 1.0),
        ("E", "0", "A", 1 - r),
        ("E", "1", "C", r),
    ]
    return machine("wheeler_infinite_order", "ABCDE", "01", edges)
