"""Pairs of causal states that a word leaves possible together: Markov order, cryptic order, how fast pairs part.

A word that both of two states can emit leaves an observer who began between them between their two successors. All that
a unifilar machine says about synchronisation is in the graph of such pairs: it has n (n - 1) / 2 nodes, however many
mixed states there are.

Reference:
    Mahoney, Ellison, James and Crutchfield, Chaos 21, 037112 (2011), for the orders;
    Travers and Crutchfield, J. Stat. Phys. 145, 1181 and 1202 (2011), for the exponential rate.
"""

from dataclasses import dataclass
from math import inf

import numpy as np
from jaxtyping import Bool, Float, Int

# Above this many pairs the dense solve for their lifetimes would take longer than a second.
_MAX_PAIRS = 3000

# Lifetimes are found with a relative error of some 1e-15 times the longest. They are raised by more than that, and not
# trusted where it would matter.
_PER_LIFETIME = 1e-14
_MAX_LIFETIME = 1e10


@dataclass(frozen=True)
class PairGraph:
    """Unordered pairs i < j of distinct states, and where each symbol that both can emit takes them.

    Attributes:
        first, second: the two states of each pair.
        source, target: edges between pairs that stay distinct.
        weight: sqrt(P(x | i) P(x | j)) of each edge.
        merges: whether some symbol takes both states of the pair to one state.
    """

    first: Int[np.ndarray, " pair"]
    second: Int[np.ndarray, " pair"]
    source: Int[np.ndarray, " edge"]
    target: Int[np.ndarray, " edge"]
    weight: Float[np.ndarray, " edge"]
    merges: Bool[np.ndarray, " pair"]

    @property
    def n_pair(self) -> int:
        """Number of pairs."""
        return len(self.first)


def pair_graph(successor: Int[np.ndarray, "state symbol"], emit: Float[np.ndarray, "state symbol"]) -> PairGraph:
    """The pairs of a unifilar machine: state i emits x with probability emit[i, x] and goes to successor[i, x]."""
    n_state, n_symbol = emit.shape
    first, second = np.triu_indices(n_state, k=1)
    number = np.zeros((n_state, n_state), dtype=np.intp)
    number[first, second] = number[second, first] = np.arange(len(first))
    merges = np.zeros(len(first), dtype=bool)
    source, target, weight = [], [], []
    for x in range(n_symbol):
        both = np.flatnonzero((emit[first, x] > 0) & (emit[second, x] > 0))
        left, right = successor[first[both], x], successor[second[both], x]
        merges[both[left == right]] = True
        apart = left != right
        source.append(both[apart])
        target.append(number[left[apart], right[apart]])
        weight.append(np.sqrt(emit[first[source[-1]], x] * emit[second[source[-1]], x]))
    return PairGraph(first, second, np.concatenate(source), np.concatenate(target), np.concatenate(weight), merges)


def markov_order(pairs: PairGraph) -> float:
    """Least number of symbols that always fix the causal state; inf if there is none.

    The states of a pair on a path of m edges are still both possible after m symbols.
    """
    return _longest(pairs, np.ones(pairs.n_pair, dtype=bool))


def cryptic_order(pairs: PairGraph) -> float:
    """Least k with H[S_k | X_0:inf] = 0: how many states of the past stay hidden even from one who sees all symbols.

    Two states are told apart by the whole future exactly when no word merges them, for the overlap of two futures that
    never merge shrinks geometrically. So only pairs that can still merge are counted.
    """
    mergeable = pairs.merges.copy()
    source, target = pairs.source, pairs.target
    while True:
        undecided = ~mergeable[source]
        source, target = source[undecided], target[undecided]
        reached = source[mergeable[target]]
        if not len(reached):
            return _longest(pairs, mergeable)
        mergeable[reached] = True


def _longest(pairs: PairGraph, among: Bool[np.ndarray, " pair"]) -> float:
    """Number of pairs on the longest path among some, inf if there is a cycle: how often the last can be taken off."""
    within = among[pairs.source] & among[pairs.target]
    source, target = pairs.source[within], pairs.target[within]
    n_alive = int(among.sum())
    length = 0
    while n_alive:
        goes_on = np.zeros(pairs.n_pair, dtype=bool)
        goes_on[source] = True
        n_left = int(goes_on.sum())
        if n_left == n_alive:
            return inf
        still = goes_on[target]
        source, target = source[still], target[still]
        n_alive = n_left
        length += 1
    return length


def lifetimes(pairs: PairGraph) -> Float[np.ndarray, "state state"] | None:
    """For each pair sum_w sqrt(P(w | i) P(w | j)) over the words w, of all lengths, that do not merge it.

    Solves g = 1 + Q g with Q the pair graph weighted by sqrt(P(x | i) P(x | j)). In a minimal machine Q has spectral
    radius below 1. An observer between states with belief b has, summed over all later times, an uncertainty of at most
    2 sum_{i<j} sqrt(b_i b_j) g_ij bits, since H(b) <= 2 sum_{i<j} sqrt(b_i b_j) and square roots are subadditive.

    Returns:
        The symmetric matrix of g, zero on the diagonal; None if there are too many pairs to solve for, or states so
        nearly alike that rounding hides whether they part.
    """
    if pairs.n_pair > _MAX_PAIRS:
        return None
    Q = np.zeros((pairs.n_pair, pairs.n_pair))
    np.add.at(Q, (pairs.source, pairs.target), pairs.weight)
    try:
        g = np.linalg.solve(np.eye(pairs.n_pair) - Q, np.ones(pairs.n_pair))
    except np.linalg.LinAlgError:
        return None
    longest = g.max(initial=1.0)
    if not (g >= 1).all() or longest > _MAX_LIFETIME:
        return None
    g *= 1 + _PER_LIFETIME * longest
    n_state = int(pairs.second.max(initial=0)) + 1
    table = np.zeros((n_state, n_state))
    table[pairs.first, pairs.second] = table[pairs.second, pairs.first] = g
    return table
