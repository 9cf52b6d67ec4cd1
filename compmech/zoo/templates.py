"""Periodic words and templates with random places."""

from collections.abc import Hashable, Sequence
from math import log2

import numpy as np

from compmech.hmm import HMM
from compmech.zoo.catalogue import listed
from compmech.zoo.edges import Edge, letters, machine
from compmech.zoo.ranges import Probabilities, Range, Word

_TIMES = "Feldman and Crutchfield, Advances in Complex Systems 7, 329 (2004)"


@listed(
    "The word 0..01 of length k, forever.",
    source=_TIMES,
    aliases=("period_k",),
    golden={
        "entropy_rate": 0.0,
        "statistical_complexity": 1.0,
        "excess_entropy": 1.0,
        "transient_information": 1.0,
        "markov_order": 1,
        "cryptic_order": 0,
        "period": 2,
    },
    k=Range("length of the repeated word", low=1, high=64, whole=True),
)
def period(k: int = 2) -> HMM:
    """The word 0^(k-1) 1 repeated.

    Args:
        k: length of the word.
    """
    return cycle("period", "0" * (int(k) - 1) + "1")


@listed(
    "Any word repeated forever.",
    source=_TIMES,
    aliases=("periodic",),
    golden={"entropy_rate": 0.0, "statistical_complexity": 3.0, "excess_entropy": 3.0, "period": 8},
    word=Word("what is repeated"),
)
def periodic_word(word: str | int | Sequence[Hashable] = "10101110") -> HMM:
    """A word repeated. Where it is itself a power of a shorter word, states say so by having the same future.

    The default is the cycle of the period-doubling cascade at period 8.

    Args:
        word: a string, a list of symbols, or a whole number read digit by digit (leading 0s need a string).
    """
    return cycle("periodic_word", str(word) if isinstance(word, int) else word)


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
    edges = [("Z", "0", "O", 1.0), ("O", "1", "R", 1.0), ("R", "0", "Z", 1 - p), ("R", "1", "Z", p)]
    return machine("z1r", "ZOR", "01", edges)


@listed(
    "0, then two coins, forever.",
    source="Z1R of arXiv 2405.15943 (2024) with a second random place for its 1",
    aliases=("zero_random_random", "0RR"),
    golden={
        "entropy_rate": 2 / 3,
        "statistical_complexity": log2(3),
        "excess_entropy": log2(3),
        "period": 3,
        "n_causal_states": 3,
        "cryptic_order": 0,
    },
    p=Range("P(1 | R), for the first coin"),
    q=Range("P(1 | S), for the second coin"),
)
def zrr(p: float = 0.5, q: float = 0.5) -> HMM:
    """The zero-random-random process: a 0 in Z, a coin in R, another in S.

    Args:
        p: P(1 | R).
        q: P(1 | S).
    """
    edges = [
        ("Z", "0", "R", 1.0),
        ("R", "0", "S", 1 - p),
        ("R", "1", "S", p),
        ("S", "0", "Z", 1 - q),
        ("S", "1", "Z", q),
    ]
    return machine("zrr", "ZRS", "01", edges)


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
    return HMM(T, alphabet="01", states=letters(n_state), name="noisy_period")


@listed(
    "Period 2 whose every other symbol is a coin: the tent map where two bands merge.",
    source="Crutchfield and Young, Phys. Rev. Lett. 63, 105 (1989)",
    golden={"entropy_rate": 0.5, "statistical_complexity": 1.0, "excess_entropy": 1.0, "period": 2},
    p=Range("P(1 | B)"),
)
def band_merging(p: float = 0.5) -> HMM:
    """Symbolic dynamics of the tent map of slope sqrt 2: A gives a 1, B a coin, in turn.

    Args:
        p: P(1 | B); 1/2 for the map.
    """
    return machine("band_merging", "AB", "01", [("A", "1", "B", 1.0), ("B", "0", "A", 1 - p), ("B", "1", "A", p)])


@listed(
    "A cycle of n states whose last m each give any of the symbols.",
    source="The process list of CMPy, kept by sofic 0.2 (CyclicBranching)",
    golden={"entropy_rate": 2 / 5, "statistical_complexity": log2(5), "excess_entropy": log2(5), "period": 5},
    n=Range("number of states", low=2, high=64, whole=True),
    m=Range("number of states that branch", low=1, high=63, whole=True),
    symbols=Range("number of symbols", low=2, high=10, whole=True),
)
def cyclic_branching(n: int = 5, m: int = 2, symbols: int = 2) -> HMM:
    """n - m 0s, then m symbols drawn evenly.

    Args:
        n: number of states.
        m: number of states that branch, fewer than n.
        symbols: number of symbols.
    """
    if m >= n:
        raise ValueError(f"cyclic_branching: m must be less than n, so that one state does not branch; got {m} of {n}")
    n_state, fixed, alphabet = int(n), int(n) - int(m), "0123456789"[: int(symbols)]
    edges = [
        (state, symbol, (state + 1) % n_state, 1 / len(shown))
        for state in range(n_state)
        for shown in ("0" if state < fixed else alphabet,)
        for symbol in shown
    ]
    return machine("cyclic_branching", range(n_state), alphabet, edges)


@listed(
    "Either 1 0 0 or 0 0 and two coins, as a first coin decides.",
    source="The process list of CMPy, kept by sofic 0.2 (ThreeHundred)",
    golden={"entropy_rate": 4 / 7, "n_causal_states": 6, "period": 1},
    p=Range("P(1 | A)"),
    q=Range("P(1 | D)"),
    r=Range("P(1 | F)"),
)
def three_hundred(p: float = 0.5, q: float = 0.5, r: float = 0.5) -> HMM:
    """A word of three or of four symbols: 1 0 0 by way of C and E, or 0 0 and two random symbols by way of B, D and F.

    Args:
        p: P(1 | A), the probability of 1 0 0. (Other code gives the probability of a 0, for all three.)
        q: P(1 | D), for the first random symbol.
        r: P(1 | F), for the second.
    """
    edges = [
        ("A", "0", "B", 1 - p),
        ("A", "1", "C", p),
        ("B", "0", "D", 1.0),
        ("C", "0", "E", 1.0),
        ("D", "0", "F", 1 - q),
        ("D", "1", "F", q),
        ("E", "0", "A", 1.0),
        ("F", "0", "A", 1 - r),
        ("F", "1", "A", r),
    ]
    return machine("three_hundred", "ABCDEF", "01", edges)


@listed(
    "A word repeated forever, at each of whose symbols another word may come first, any number of times.",
    source="The process list of CMPy, kept by sofic 0.2 (BeadsOnNecklace)",
    golden={"entropy_rate": 2 / 3, "statistical_complexity": log2(9) - 2 / 3, "n_causal_states": 6, "period": 1},
    necklace=Word("the word that is repeated"),
    beads=Word("one word for each symbol of the necklace, or one for all of them if it is a string"),
    p=Probabilities("for each place the probability of going on to the next"),
)
def beads_on_necklace(
    necklace: Sequence[Hashable] = "012", beads: Sequence[Hashable] = "ab", p: Sequence[float] = (0.5, 0.5, 0.5)
) -> HMM:
    """A ring with loops: each place gives its symbol and leads to the next, or goes round the word of its bead.

    States: the number of the place and, within a bead, how much of its word is done.

    Args:
        necklace: the word that is repeated.
        beads: a string, the bead of all places; or a list of words, one for each place, "" for none.
        p: for each place the probability of going on; 1 where there is no bead.
    """
    ring, loops = list(str(necklace) if isinstance(necklace, int) else necklace), _beads(beads, necklace)
    if not len(ring) == len(loops) == len(p):
        raise ValueError(
            f"beads_on_necklace: beads and p must have one entry for each symbol of the necklace; got {len(loops)} and "
            f"{len(p)} for {len(ring)}"
        )
    edges: list[Edge] = []
    for place, (symbol, word, on) in enumerate(zip(ring, loops, p, strict=True)):
        if not word and on < 1:
            raise ValueError(f"beads_on_necklace: p must be 1 at place {place}, which has no bead; got {on}")
        around = [f"{place}", *(f"{place}.{done}" for done in range(1, len(word)))]
        edges.append((around[0], symbol, f"{(place + 1) % len(ring)}", on))
        for done, letter in enumerate(word):
            edges.append((around[done], letter, around[(done + 1) % len(word)], 1.0 if done else 1 - on))
    states = dict.fromkeys(state for state, *_ in edges)
    return machine("beads_on_necklace", list(states), sorted({x for _, x, *_ in edges}, key=str), edges)


def _beads(beads: Sequence[Hashable], necklace: Sequence[Hashable] | int) -> list[Sequence[Hashable]]:
    """The bead of each place."""
    if isinstance(beads, str | int):
        return [str(beads)] * len(str(necklace) if isinstance(necklace, int) else necklace)
    for place, word in enumerate(beads):
        if not isinstance(word, Sequence):
            raise ValueError(f"beads_on_necklace: beads must be words; got {word!r} at place {place}")
    return [word for word in beads if isinstance(word, Sequence)]


def cycle(name: str, word: Sequence[Hashable]) -> HMM:
    """A word repeated, one state for each of its places."""
    places = letters(len(word))
    edges = [(places[t], symbol, places[(t + 1) % len(word)], 1.0) for t, symbol in enumerate(word)]
    return machine(name, places, sorted(set(word), key=str), edges)
