"""Symbolic dynamics of maps of the interval at Misiurewicz parameters, where the critical point ends in a cycle."""

from math import log2, sqrt

from compmech.hmm import HMM
from compmech.zoo.catalogue import listed
from compmech.zoo.edges import machine
from compmech.zoo.ranges import Range

_TENT = "James, Burke and Crutchfield, Physics Letters A 378, 2124 (2014)"
_REFINED = f"{_TENT}; refinements as in sofic 0.2"

# The slope of the tent map whose critical point falls on a fixed point after few steps: the real root of a^3 = 2a + 2,
# by Cardano's formula. The entropy rate is log2 of it, by whichever generating partition it is seen.
_ALPHA = (1 + sqrt(19 / 27)) ** (1 / 3)
SLOPE = _ALPHA + 2 / (3 * _ALPHA)


@listed(
    "The logistic map at a Misiurewicz parameter, as a machine of three measured probabilities.",
    source="Crutchfield and Young, in Complexity, Entropy, and the Physics of Information (1990)",
    golden={"markov_order": "inf", "cryptic_order": "inf", "n_mixed_states": "inf", "n_reverse_causal_states": "inf"},
    p=Range("P(1 | A)"),
    q=Range("P(1 | B)"),
    r=Range("P(1 | D)"),
)
def misiurewicz(p: float = 0.636, q: float = 0.724, r: float = 0.479) -> HMM:
    """The Misiurewicz machine of the logistic map.

    Its topology is exact and the probabilities are estimates of three digits, as printed; `tent_map` has the same
    topology and exact probabilities. Other code has p, q, r = .6, .75, .5 and .5, .5, .5 as simpler versions.

    Args:
        p: P(1 | A).
        q: P(1 | B).
        r: P(1 | D).
    """
    edges = [
        ("A", "0", "B", 1 - p),
        ("A", "1", "A", p),
        ("B", "0", "C", 1 - q),
        ("B", "1", "A", q),
        ("C", "1", "D", 1.0),
        ("D", "0", "B", 1 - r),
        ("D", "1", "C", r),
    ]
    return machine("misiurewicz", "ABCD", "01", edges)


@listed(
    "The tent map of slope a, a^3 = 2a + 2, seen left or right of its critical point.",
    source=_TENT,
    aliases=("tent_map_misiurewicz",),
    golden={
        "entropy_rate": log2(SLOPE),
        "ephemeral_information": (59 + 7 * SLOPE - 11 * SLOPE**2) / 57,
        "n_causal_states": 4,
        "markov_order": "inf",
    },
)
def tent_map() -> HMM:
    """The tent map x -> a min(x, 1 - x) at its Misiurewicz parameter, symbols 0 left and 1 right of 1/2.

    Probabilities are those of the map's invariant density, exact; states are named by decreasing probability.
    """
    a, a2 = SLOPE, SLOPE**2
    edges = [
        ("A", "0", "B", (4 - a2) / 2),
        ("A", "1", "A", (a2 - 2) / 2),
        ("B", "0", "D", (2 - 2 * a + a2) / 6),
        ("B", "1", "A", (4 + 2 * a - a2) / 6),
        ("C", "0", "B", (a2 - a) / 2),
        ("C", "1", "D", (2 + a - a2) / 2),
        ("D", "1", "C", 1.0),
    ]
    return machine("tent_map", "ABCD", "01", edges)


@listed(
    "The same tent map, its left half cut again at the preimage of the critical point.",
    source=_REFINED,
    golden={
        "entropy_rate": log2(SLOPE),
        "ephemeral_information": (56 + 25 * SLOPE - 23 * SLOPE**2) / 57,
        "n_causal_states": 5,
        "markov_order": "inf",
    },
)
def tent_map_left() -> HMM:
    """The tent map cut at L = 1/(2a) and 1/2: symbols 0, 1, 2 from left to right. See `tent_map`."""
    a, a2 = SLOPE, SLOPE**2
    edges = [
        ("A", "0", "E", (2 - a) / 2),
        ("A", "1", "B", (2 + a - a2) / 2),
        ("A", "2", "A", (a2 - 2) / 2),
        ("B", "2", "A", 1.0),
        ("C", "0", "E", (a2 - a - 1) / 2),
        ("C", "1", "B", 0.5),
        ("C", "2", "D", (2 + a - a2) / 2),
        ("D", "2", "C", 1.0),
        ("E", "1", "D", 1.0),
    ]
    return machine("tent_map_left", "ABCDE", "012", edges)


@listed(
    "The same tent map, its right half cut again at the preimage of the critical point.",
    source=_REFINED,
    golden={
        "entropy_rate": log2(SLOPE),
        "ephemeral_information": (1 - 6 * SLOPE + 4 * SLOPE**2) / 19,
        "n_causal_states": 5,
        "markov_order": "inf",
    },
)
def tent_map_right() -> HMM:
    """The tent map cut at 1/2 and R = 1 - 1/(2a): symbols 0, 1, 2 from left to right. See `tent_map`."""
    a, a2 = SLOPE, SLOPE**2
    edges = [
        ("A", "0", "B", 1.0),
        ("B", "0", "D", (2 - 2 * a + a2) / 6),
        ("B", "1", "C", (2 * a2 - a - 2) / 6),
        ("B", "2", "A", (2 + a - a2) / 2),
        ("C", "1", "C", (a2 - 2) / 2),
        ("C", "2", "A", (4 - a2) / 2),
        ("D", "1", "E", (2 + a - a2) / 2),
        ("D", "2", "A", (a2 - a) / 2),
        ("E", "1", "D", 1.0),
    ]
    return machine("tent_map_right", "ABCDE", "012", edges)


@listed(
    "The same tent map, both halves cut again: all its entropy is bound.",
    source=_REFINED,
    golden={
        "entropy_rate": log2(SLOPE),
        "ephemeral_information": 0.0,
        "bound_information": log2(SLOPE),
        "n_causal_states": 5,
        "markov_order": "inf",
    },
)
def tent_map_both() -> HMM:
    """The tent map cut at 1/(2a), 1/2 and 1 - 1/(2a): symbols 0 to 3 from left to right. See `tent_map`."""
    a, a2 = SLOPE, SLOPE**2
    edges = [
        ("A", "2", "A", (a2 - 2) / 2),
        ("A", "3", "B", (4 - a2) / 2),
        ("B", "0", "D", (2 - 2 * a + a2) / 6),
        ("B", "1", "A", (4 + 2 * a - a2) / 6),
        ("C", "2", "E", (2 + a - a2) / 2),
        ("C", "3", "B", (a2 - a) / 2),
        ("D", "1", "C", 1.0),
        ("E", "2", "C", 1.0),
    ]
    return machine("tent_map_both", "ABCDE", "0123", edges)
