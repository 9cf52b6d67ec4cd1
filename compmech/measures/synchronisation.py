"""How an observer comes to know the causal state: transient information T, synchronisation information S, and E.

Letters: b a belief over causal states before the state is known, h(b) = H[X | b] - sum_s b_s H[X | s] what the next
symbol tells beyond what the state would have told. Summed over all that can still happen from b on,

    e(b) = h(b) + sum_x P(x | b) e(b.x)         and     E = e(pi),
    S = sum of H(b) over visits,                        T = sum of e(b) over visits,

visits counted over all times L >= 0 from b = pi. With finitely many beliefs these are linear systems. Otherwise what
happens after the last beliefs explored is between 0 and a bound from the pair graph, and so are the sums.

Reference:
    Riechers and Crutchfield, Chaos 28, 033115 and 033116 (2018), arXiv 1705.08042 and 1706.00883;
    Crutchfield, Ellison, James and Mahoney, Chaos 20, 037105 (2010).
"""

from dataclasses import dataclass
from math import inf

import numpy as np
from jaxtyping import Float

from compmech.measures.interval import ROUNDING, Bounds, between, entropy, exact
from compmech.measures.orbits import never_returns
from compmech.measures.pairs import PairGraph, lifetimes
from compmech.measures.resolving import Resolving, resolve
from compmech.measures.visits import PER_STEP, VisitSums
from compmech.units import bits

# Beliefs explored before bounds have to do: a second or so at most, and more than every process here needs that closes.
MAX_BELIEFS = 2000

# Beliefs explored before asking whether they are infinitely many.
_FEW = 300

# Infinitely many beliefs need not be explored when those left could add less than about this, in bits.
_ENOUGH = 1e-16

# With more symbols to come than this, beliefs may drift by less than what merging leaves apart and still get far.
_DRIFT = 1e10

# Sums with a greater relative error than this are not used.
_WORST = 0.05


@dataclass(frozen=True)
class Synchronisation:
    """What the transient mixed states say.

    Attributes:
        transient: T, in bits times symbols.
        synchronisation: S, in bits times symbols.
        excess: E, in bits.
        n_transient: number of mixed states before the state is known; None if they are infinitely many or too many.
        why_infinite: what proves that they are infinitely many; empty where nothing does.
    """

    transient: Bounds
    synchronisation: Bounds
    excess: Bounds
    n_transient: int | None
    why_infinite: str = ""


def synchronisation(
    T: Float[np.ndarray, "symbol state state"],
    pi: Float[np.ndarray, " state"],
    pairs: PairGraph,
    *,
    max_beliefs: int = MAX_BELIEFS,
) -> Synchronisation:
    """T, S and E of a minimal unifilar machine with stationary distribution pi, from its mixed states."""
    graph = resolve(T, pi, entropy, max_beliefs=min(max_beliefs, _FEW))
    why = ""
    if not graph.closed:
        word = never_returns(T, pi)
        if word is not None:
            why = f"the stationary belief never returns under the word {word}"
        graph = resolve(T, pi, entropy, max_beliefs=max_beliefs, enough=_ENOUGH if why else 0.0)
    beliefs = graph.beliefs
    uncertainty = entropy(beliefs)
    told = _told(beliefs, T.sum(axis=2).T, graph.emit)
    known = len(pi) == 1
    sums = VisitSums(graph)
    visits, steps = sums.visits, sums.steps
    doubt = _doubt(graph, sums)
    if graph.closed:
        excess = sums.ahead(told)
        scale = max(1.0, float(excess.max()))
        later = float(sums.ahead(uncertainty).max())
        return Synchronisation(
            transient=_exact_or_not(visits @ excess, doubt, steps * scale),
            synchronisation=_exact_or_not(visits @ uncertainty, doubt, later),
            excess=_exact_or_not(excess[0], doubt, scale),
            n_transient=0 if known else None if steps > _DRIFT else len(beliefs),
        )
    last = np.where(graph.is_open, _still_ahead(beliefs, lifetimes(pairs)), 0.0)
    inside = np.where(graph.is_open, 0.0, visits)
    least = sums.ahead(told)
    most = sums.ahead(np.where(graph.is_open, uncertainty, told))
    arrived = graph.is_open & (visits > 0)
    rest = float(visits[arrived] @ last[arrived])
    scale = max(1.0, float(most.max()))
    later = float(sums.ahead(uncertainty).max()) + rest
    return Synchronisation(
        transient=_certified(visits @ least, inside @ most + rest, doubt, steps * scale + rest),
        synchronisation=_certified(visits @ uncertainty, inside @ uncertainty + rest, doubt, later),
        excess=_certified(least[0], most[0], doubt, scale),
        n_transient=None,
        why_infinite=why,
    )


def _told(
    beliefs: Float[np.ndarray, "mixed state"],
    emission: Float[np.ndarray, "state symbol"],
    emit: Float[np.ndarray, "mixed symbol"],
) -> Float[np.ndarray, " mixed"]:
    """h(b) = sum_s b_s D(X | s || X | b), in bits, from terms none of which is negative.

    As a difference of entropies it would be wrong by 1e-16, which adds up where a belief is visited 1e9 times.
    """
    total = np.zeros(len(beliefs))
    for s, row in enumerate(emission):
        apart = np.divide(row - emit, emit, out=np.zeros_like(emit), where=(emit > 0) & (beliefs[:, [s]] > 0))
        logs = np.log1p(apart, out=np.zeros_like(apart), where=apart > -1.0)
        total += beliefs[:, s] * (emit * ((1.0 + apart) * logs - apart)).sum(axis=1)
    return np.asarray(bits(1.0) * np.maximum(total, 0.0))


def _doubt(graph: Resolving, sums: VisitSums) -> float:
    """Relative error of sums over visits, from the merging of beliefs and from solving.

    What rounds or merges a belief is a relative error of its weight, and counts once for each symbol until the state
    is known. Equal beliefs that merge add nothing; it is only where the graph is not sharp that they may be unequal.
    """
    steps = sums.steps
    if not 0 <= steps < inf:
        return inf
    merging = 0.0 if graph.is_sharp and steps <= _DRIFT else (graph.merged + PER_STEP) * steps
    return merging + sums.relative_error


def _still_ahead(
    beliefs: Float[np.ndarray, "mixed state"], lifetime: Float[np.ndarray, "state state"] | None
) -> Float[np.ndarray, " mixed"]:
    """At most what S gains from a belief on, this time included: 2 sum_{i<j} sqrt(b_i b_j) g_ij."""
    if lifetime is None:
        return np.full(len(beliefs), inf)
    root = np.sqrt(beliefs)
    return np.asarray(np.einsum("mi,ij,mj->m", root, lifetime, root, optimize=True))


def _certified(lower: float, upper: float, doubt: float, scale: float) -> Bounds:
    """Bounds widened by rounding and by a relative error of numbers up to `scale`; no bounds where that is all."""
    if not doubt <= _WORST:
        return Bounds(0.0, inf)
    bounds = between(min(lower, upper), max(lower, upper))
    slack = 2 * doubt * (1 + scale) if doubt else 0.0
    return Bounds(bounds.lower - slack, bounds.upper + slack).at_least(0.0)


def _exact_or_not(value: float, doubt: float, scale: float) -> Bounds:
    """The value, where its error is rounding; bounds otherwise."""
    if 2 * doubt * (1 + scale) <= 10 * ROUNDING * max(1.0, abs(float(value))):
        return exact(value)
    return _certified(value, value, doubt, scale)
