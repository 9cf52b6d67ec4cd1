"""Random bits and logic on them: RRXOR with and without a leak, RRXRO, parity checks, and any formula."""

import re
from collections.abc import Callable
from math import log2

import numpy as np

from compmech.hmm import HMM
from compmech.zoo.catalogue import listed
from compmech.zoo.edges import Edge, machine
from compmech.zoo.ranges import Range, Word

_STATES = ("S", "0", "1", "T", "F")
_FELDMAN = "Crutchfield and Feldman, Chaos 13, 25 (2003)"


@listed(
    "Two random bits, then their exclusive or, forever.",
    source=_FELDMAN,
    aliases=("random_random_xor", "rrx"),
    golden={
        "entropy_rate": 2 / 3,
        "statistical_complexity": log2(6) - 1 / 3,
        "excess_entropy": log2(6) - 1 / 3,
        "crypticity": 0.0,
        "markov_order": "inf",
        "cryptic_order": 0,
        "period": 3,
        "n_causal_states": 5,
        "n_mixed_states": 36,
        "n_transient_mixed_states": 31,
    },
    p1=Range("P(1 | S), for the first bit"),
    p2=Range("P(1 | 0) = P(1 | 1), for the second bit"),
)
def rrxor(p1: float = 0.5, p2: float = 0.5) -> HMM:
    """The random-random-XOR process. States: S before the first bit; 0 and 1 after it; T and F: the XOR will be 1, 0.

    Args:
        p1: P(1 | S), the probability that the first bit is 1. (Other code writes p1 for the probability of a 0.)
        p2: P(1 | 0) = P(1 | 1), the probability that the second bit is 1.
    """
    return HMM(_rrxor_matrices(p1, p2), alphabet="01", states=_STATES, name="rrxor")


@listed(
    "RRXOR in which every step leaks with probability epsilon to any state with any symbol.",
    source="RRXOR of Crutchfield and Feldman, Chaos 13, 25 (2003), mixed with a uniform process",
    golden={"single_symbol_entropy": 1.0, "n_causal_states": "inf", "markov_order": "inf", "minimal_dimension": 5},
    p1=Range("P(1 | S) without the leak, for the first bit"),
    p2=Range("P(1 | 0) = P(1 | 1) without the leak, for the second bit"),
    epsilon=Range("probability of a leak, which goes to each (symbol, state) alike"),
)
def leaky_rrxor(p1: float = 0.5, p2: float = 0.5, epsilon: float = 0.1) -> HMM:
    """RRXOR with a leak: T = (1 - epsilon) T_rrxor + epsilon / 10, ten being the number of pairs (symbol, state).

    At the defaults the entropy rate is certified to lie in .92539 .. .92557; the mean entropy of the next symbol along
    sampled beliefs is .925487 with a standard error of .000015 (1.7e7 symbols).

    Args:
        p1: probability that the first bit is 1, where there is no leak.
        p2: probability that the second bit is 1, where there is no leak.
        epsilon: probability of a leak.
    """
    T = (1 - epsilon) * _rrxor_matrices(p1, p2) + epsilon / (2 * len(_STATES))
    return HMM(T, alphabet="01", states=_STATES, name="leaky_rrxor")


@listed(
    "Two random bits, their exclusive or, a third random bit, and the or of the last two.",
    source="The process list of CMPy (RRXRO); sofic 0.2 leaves the third bit out after an exclusive or of 1",
    aliases=("random_random_xor_random_or",),
    golden={
        "entropy_rate": 3 / 5,
        "statistical_complexity": log2(5) + 1 - 3 / 20 * log2(3),
        "period": 5,
        "n_causal_states": 9,
        "markov_order": "inf",
    },
    p1=Range("P(1 | S), for the first bit"),
    p2=Range("P(1 | 0) = P(1 | 1), for the second bit"),
    p3=Range("P(1 | T') = P(1 | F'), for the third bit"),
)
def rrxro(p1: float = 0.5, p2: float = 0.5, p3: float = 0.5) -> HMM:
    """The random-random-XOR-random-OR process: five symbols a, b, a xor b, c, (a xor b) or c.

    States: S, 0 and 1 as in RRXOR; T and F before the XOR, T' and F' after it; 1' and 0' before an OR of 1 and 0.

    Args:
        p1: P(1 | S), the probability that a is 1.
        p2: P(1 | 0) = P(1 | 1), the probability that b is 1.
        p3: P(1 | T') = P(1 | F'), the probability that c is 1.
    """
    edges = [
        ("S", "0", "0", 1 - p1),
        ("S", "1", "1", p1),
        ("0", "0", "F", 1 - p2),
        ("0", "1", "T", p2),
        ("1", "0", "T", 1 - p2),
        ("1", "1", "F", p2),
        ("T", "1", "T'", 1.0),
        ("F", "0", "F'", 1.0),
        ("T'", "0", "1'", 1 - p3),
        ("T'", "1", "1'", p3),
        ("F'", "0", "0'", 1 - p3),
        ("F'", "1", "1'", p3),
        ("1'", "1", "S", 1.0),
        ("0'", "0", "S", 1.0),
    ]
    return machine("rrxro", (*_STATES, "T'", "F'", "1'", "0'"), "01", edges)


@listed(
    "n random bits, then their parity, forever.",
    source=f"RRXOR of {_FELDMAN} is n = 2",
    aliases=("checksum",),
    golden={"entropy_rate": 3 / 4, "statistical_complexity": 11 / 4, "period": 4, "n_causal_states": 7},
    n=Range("number of random bits", low=1, high=32, whole=True),
    p=Range("P(1 | every state but the last two)"),
)
def parity_check(n: int = 3, p: float = 0.5) -> HMM:
    """A word of n random bits closed by the bit that makes its number of 1s even.

    States: the number of bits so far and their parity, 0e to ne and 1o to no.

    Args:
        n: number of random bits.
        p: P(1), for each of them.
    """
    last = int(n)
    states = ["0e"] + [f"{t}{parity}" for t in range(1, last + 1) for parity in "eo"]
    edges = []
    for state in states[:-2]:
        t, same = int(state[:-1]), state[-1]
        other = "o" if same == "e" else "e"
        edges += [(state, "0", f"{t + 1}{same}", 1 - p), (state, "1", f"{t + 1}{other}", p)]
    return machine("parity_check", states, "01", [*edges, (f"{last}e", "0", "0e", 1.0), (f"{last}o", "1", "0e", 1.0)])


# What the letters of a logic machine make of the symbols just before: how many of them they read, and the value.
_LOGIC: dict[str, tuple[int, Callable[..., int]]] = {
    "0": (0, lambda: 0),
    "1": (0, lambda: 1),
    "C": (1, lambda a: a),
    "N": (1, lambda a: 1 - a),
    "X": (2, lambda a, b: a ^ b),
    "A": (2, lambda a, b: a & b),
    "O": (2, lambda a, b: a | b),
}


@listed(
    "A word of random bits and of logic on the bits before them, forever: RRX is rrxor, 01R is z1r.",
    source="The process list of CMPy, kept by sofic 0.2 (LogicMachine)",
    golden={
        "entropy_rate": 2 / 3,
        "statistical_complexity": log2(3) / 3 + log2(6) / 3 + 1 / 2 + log2(12) / 12,
        "n_causal_states": 5,
        "period": 3,
    },
    logic=Word("letters R 0 1 C N X A O, and n0 or n1 before a C or an N"),
    p=Range("P(1), for each R"),
    noise=Range("probability that C or N after n0 (n1) gives the other symbol where it reads a 0 (a 1)"),
)
def logic_machine(logic: str = "RRA", p: float = 0.5, noise: float = 0.5) -> HMM:
    """A process by its formula. R: a random bit; 0, 1: that symbol; C, N: the last symbol, or the other one;
    X, A, O: exclusive or, and, or of the last two symbols. Rn1C is `rnc`, RRXRO `rrxro`, 0RR `zrr`, 0n0C a noisy 0.

    States: how much of the word is done, and those of its last symbols that later letters read.

    Args:
        logic: the formula. A letter reads only symbols of its own word.
        p: probability that a random bit is 1.
        noise: probability that a letter after n0 or n1 errs where it may.
    """
    formula = str(logic)
    letters = re.findall(r"(n[01])?([R01CNXAO])", formula)
    if "".join(noisy + letter for noisy, letter in letters) != formula:
        raise ValueError(f"logic_machine: logic must be of letters R01CNXAO, and n0 or n1 before C, N; got {formula!r}")
    reads = [_LOGIC[letter][0] if letter in _LOGIC else 0 for _, letter in letters]
    for place, (noisy, letter) in enumerate(letters):
        if reads[place] > place:
            raise ValueError(f"logic_machine: {letter} at place {place} of {formula!r} needs {reads[place]} before it")
        if noisy and letter not in "CN":
            raise ValueError(f"logic_machine: {noisy} must stand before C or N; got {noisy}{letter} in {formula!r}")
    kept = [0] * (len(letters) + 1)  # how many of the last symbols later letters read
    for place in reversed(range(1, len(letters))):
        kept[place] = max(reads[place], kept[place + 1] - 1)

    edges: list[Edge] = []
    states, place_states = ["0"], [""]
    for place, (noisy, letter) in enumerate(letters):
        following: dict[str, None] = {}
        for memory in place_states:
            for symbol, probability in _drawn(noisy, letter, memory, p, noise).items():
                after = (memory + symbol)[len(memory) + 1 - kept[place + 1] :]
                following[after] = None
                edges.append((_at(place, memory), symbol, _at((place + 1) % len(letters), after), probability))
        place_states = list(following)
        states += [_at(place + 1, memory) for memory in place_states if place + 1 < len(letters)]
    return machine("logic_machine", states, "01", edges)


def _drawn(noisy: str, letter: str, memory: str, p: float, noise: float) -> dict[str, float]:
    """The law of the symbol that a letter gives after those symbols."""
    if letter == "R":
        return {"0": 1 - p, "1": p}
    count, value = _LOGIC[letter]
    read = memory[len(memory) - count :]
    given = value(*map(int, read))
    return {str(given): 1 - noise, str(1 - given): noise} if noisy == f"n{read}" else {str(given): 1.0}


def _at(place: int, memory: str) -> str:
    return f"{place}:{memory}" if memory else str(place)


def _rrxor_matrices(p1: float, p2: float) -> np.ndarray:
    S, zero, one, true, false = range(5)
    T = np.zeros((2, 5, 5))
    T[0, S, zero], T[1, S, one] = 1 - p1, p1
    T[0, zero, false], T[1, zero, true] = 1 - p2, p2
    T[0, one, true], T[1, one, false] = 1 - p2, p2
    T[1, true, S] = T[0, false, S] = 1
    return T
