"""Processes called after what their state diagrams look like: flower, lollipop, teddy bear, shuriken."""

from itertools import pairwise
from math import log2

import numpy as np
from numpy.typing import ArrayLike

from compmech.hmm import HMM
from compmech.zoo.catalogue import listed
from compmech.zoo.edges import Edge, machine
from compmech.zoo.ranges import Distribution, Distributions, Range

_THIRDS = (1 / 3, 1 / 3, 1 / 3)
_DICE = ((0.2, 0.8), (0.5, 0.5), (0.7, 0.3))


@listed(
    "A die that is drawn, then thrown: out from the centre to a petal, and back with a symbol of the petal's law.",
    source="The process list of CMPy, kept by sofic 0.2 (Flower)",
    golden={"statistical_complexity": 1 + log2(3) / 2, "markov_order": 1, "cryptic_order": 1, "period": 2},
    forward=Distribution("P(1 | centre), P(2 | centre), ..., one for each petal"),
    back=Distributions("for each petal the probabilities of the symbols back"),
)
def flower(forward: ArrayLike = _THIRDS, back: ArrayLike = _DICE) -> HMM:
    """The flower process, of n petals (CMPy's N - 1) and m symbols on the way back (its M - 1).

    State 0 is the centre. Symbols 1 to n lead to the petals, n + 1 to n + m back.

    Args:
        forward: probabilities of the n petals.
        back: for each petal, the probabilities of the m symbols that lead back.
    """
    out, home = np.asarray(forward, dtype=float), np.asarray(back, dtype=float)
    if len(out) != len(home):
        raise ValueError(f"flower: back must have one row for each petal of forward; got {len(home)} for {len(out)}")
    n, m = home.shape
    names = [str(index) for index in range(n + m + 1)]
    edges: list[Edge] = []
    for petal in range(1, n + 1):
        edges.append(("0", names[petal], names[petal], float(out[petal - 1])))
        edges += [(names[petal], names[n + 1 + side], "0", float(home[petal - 1, side])) for side in range(m)]
    return machine("flower", names[: n + 1], names[1:], edges)


@listed(
    "A ring of N states with two ways of M states out of it that only their end tells apart.",
    source="Riechers, Mahoney, Aghamohammadi and Crutchfield, Phys. Rev. A 93, 052317 (2016)",
    golden={"n_causal_states": 9, "period": 1},
    N=Range("number of states of the ring", low=3, high=64, whole=True),
    M=Range("number of steps of each way out", low=2, high=64, whole=True),
    p=Range("P(1 | 0), leaving the ring at its first state"),
    q=Range("P(1 | 1), leaving it at its second"),
    r=Range("P(0 | last state of the second way)"),
)
def lollipop(N: int = 4, M: int = 3, p: float = 0.5, q: float = 0.5, r: float = 0.1) -> HMM:
    """The lollipop process: 0s round the ring, 1s along the sticks, a 2 back to the start.

    States: 0 to N - 1 on the ring, a1.. on the stick from 0, b1.. on the stick from 1, and the end of both. All but the
    last symbol of the two sticks are the same, so that the cryptic order grows with M.

    Args:
        N: number of states of the ring.
        M: number of 1s along a stick.
        p: P(1 | 0).
        q: P(1 | 1).
        r: P(0 | last state of the stick from 1), which tells that stick.
    """
    n, m = int(N), int(M)
    ring = [str(index) for index in range(n)]
    leave = {0: p, 1: q}
    edges: list[Edge] = [(ring[i], "0", ring[(i + 1) % n], 1 - leave.get(i, 0.0)) for i in range(n)]
    sticks = [[f"{side}{step}" for step in range(1, m)] for side in "ab"]
    for stick, (source, out) in zip(sticks, leave.items(), strict=True):
        edges.append((ring[source], "1", stick[0], out))
        edges += [(here, "1", there, 1.0) for here, there in pairwise(stick)]
    edges += [(sticks[0][-1], "1", "end", 1.0), (sticks[1][-1], "1", "end", 1 - r), (sticks[1][-1], "0", "end", r)]
    return machine("lollipop", [*ring, *sticks[0], *sticks[1], "end"], "012", [*edges, ("end", "2", ring[0], 1.0)])


@listed(
    "A head that stays with 0s and two ears: 1 1 1, and 2 2 2 0 0.",
    source="The process list of simplexity (2025) (teddy_bear)",
    golden={"entropy_rate": 3 / 5, "n_causal_states": 7, "period": 1},
    p=Range("P(1 | A)"),
    q=Range("P(2 | A); p + q is at most 1"),
)
def teddy_bear(p: float = 0.25, q: float = 0.25) -> HMM:
    """The teddy bear process: from the head A a 0 back to it, three 1s by way of B and C, or 2 2 2 0 0 by D to G.

    Args:
        p: P(1 | A).
        q: P(2 | A).
    """
    if p + q > 1 + 1e-12:  # what rounding may add to two probabilities
        raise ValueError(f"teddy_bear: p + q must be at most 1, the rest is the probability of a 0; got {p + q:g}")
    edges: list[Edge] = [("A", "0", "A", max(1 - p - q, 0.0)), ("A", "1", "B", p), ("A", "2", "D", q)]
    edges += [(way[0], way[1], way[2], 1.0) for way in ("B1C", "C1A", "D2E", "E2F", "F0G", "G0A")]
    return machine("teddy_bear", "ABCDEFG", "012", edges)


@listed(
    "A ring of n corners, each with a blade: 0 along the ring, 1 1 over a blade, 2 for the step that closes it.",
    source="The shape alone: no published definition was found, so this one is the library's own",
    golden={"n_causal_states": 8, "period": 1},
    n=Range("number of blades", low=2, high=26, whole=True),
    p=Range("P(1 | corner), the probability of going over the blade"),
)
def shuriken(n: int = 4, p: float = 0.5) -> HMM:
    """A throwing star: from corner k to the next directly, with one symbol, or over the tip of blade k, with 1 1.

    The direct step gives a 0, but a 2 from the last corner to the first: without it all corners would be one state. The
    name is used elsewhere for a process whose definition could not be found; do not compare numbers.

    Args:
        n: number of blades.
        p: probability of going over the blade.
    """
    count = int(n)
    edges: list[Edge] = []
    for k in range(count):
        after = f"corner {(k + 1) % count}"
        edges.append((f"corner {k}", "2" if k == count - 1 else "0", after, 1 - p))
        edges += [(f"corner {k}", "1", f"tip {k}", p), (f"tip {k}", "1", after, 1.0)]
    states = [f"{part} {k}" for part in ("corner", "tip") for k in range(count)]
    return machine("shuriken", states, "012", edges)
