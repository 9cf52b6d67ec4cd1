"""How an observer comes to know the causal state: transient information T, synchronisation information S, and E.

Letters: b a belief over causal states before the state is known, h(b) = H[X | b] - sum_s b_s H[X | s] what the next
symbol tells beyond what the state would have told. Summed over all that can still happen from b on,

    e(b) = h(b) + sum_x P(x | b) e(b.x)         and     E = e(pi),
    S = sum of H(b) over visits,                        T = sum of e(b) over visits,

visits counted over all times L >= 0 from b = pi. With finitely many beliefs these are linear systems. Otherwise what
happens after the last beliefs explored is between 0 and a bound from the pair graph, and so are the sums.

Reference:
    Riechers and Crutchfield, Chaos 28, 033115 (2018), arXiv 1705.08042 and 1706.00883;
    Crutchfield, Ellison, James and Mahoney, Chaos 20, 037105 (2010).
"""

from dataclasses import dataclass
from math import inf

import numpy as np
from jaxtyping import Float

from compmech.measures.interval import Bounds, between, entropy, exact
from compmech.measures.orbits import never_returns
from compmech.measures.pairs import PairGraph, lifetimes
from compmech.measures.resolving import Resolving, resolve

# Beliefs explored before bounds have to do: a second or so at most, and more than every process here needs that closes.
MAX_BELIEFS = 2000

# Beliefs explored before asking whether they are infinitely many.
_FEW = 300

# Infinitely many beliefs need not be explored when those left could add less than about this, in bits.
_ENOUGH = 1e-16

# Merging beliefs that differ by 1e-12 in relative terms moves the sums by a few times that; this is ample.
_DOUBT_SLACK = 1e-9

# A dense solve is quickest up to here, and spares importing scipy's sparse solvers (0.1 s).
_DENSE = 600


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
    emission = T.sum(axis=2).T
    told = entropy(graph.emit) - beliefs @ entropy(emission)
    known = len(pi) == 1
    if graph.closed:
        visits = _visits(graph)
        excess = _ahead(graph, told)
        return Synchronisation(
            transient=exact(visits @ excess),
            synchronisation=exact(visits @ uncertainty),
            excess=exact(excess[0]),
            n_transient=0 if known else len(beliefs),
        )
    last = np.where(graph.is_open, _still_ahead(beliefs, lifetimes(pairs)), 0.0)
    visits = _visits(graph)
    inside = np.where(graph.is_open, 0.0, visits)
    least = _ahead(graph, told)
    most = _ahead(graph, np.where(graph.is_open, uncertainty, told))
    rest = float(visits @ last)
    return Synchronisation(
        transient=_certified(visits @ least, inside @ most + rest, graph),
        synchronisation=_certified(visits @ uncertainty, inside @ uncertainty + rest, graph),
        excess=_certified(least[0], most[0], graph),
        n_transient=None,
        why_infinite=why,
    )


def _still_ahead(
    beliefs: Float[np.ndarray, "mixed state"], lifetime: Float[np.ndarray, "state state"] | None
) -> Float[np.ndarray, " mixed"]:
    """At most what S gains from a belief on, this time included: 2 sum_{i<j} sqrt(b_i b_j) g_ij."""
    if lifetime is None:
        return np.full(len(beliefs), inf)
    root = np.sqrt(beliefs)
    return np.asarray(np.einsum("mi,ij,mj->m", root, lifetime, root, optimize=True))


def _certified(lower: float, upper: float, graph: Resolving) -> Bounds:
    """Bounds widened by what rounding did, and what merging beliefs that differ by SAME did where that is in doubt."""
    bounds = between(min(lower, upper), max(lower, upper))
    slack = 0.0 if graph.is_sharp else _DOUBT_SLACK * (1 + abs(float(lower)))
    return Bounds(bounds.lower - slack, bounds.upper + slack).at_least(0.0)


def _edges(graph: Resolving) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    source, symbol = np.nonzero(graph.successor >= 0)
    return source, graph.successor[source, symbol], graph.emit[source, symbol]


def _visits(graph: Resolving) -> Float[np.ndarray, " mixed"]:
    """Expected number of visits to each belief from the start; to open ones, of arrivals from those explored."""
    source, target, weight = _edges(graph)
    begin = np.zeros(len(graph.beliefs))
    begin[0] = 1.0
    return _solve(target, source, weight, begin)


def _ahead(graph: Resolving, gain: Float[np.ndarray, " mixed"]) -> Float[np.ndarray, " mixed"]:
    """Sum of a gain over all visits from each belief on."""
    source, target, weight = _edges(graph)
    return _solve(source, target, weight, gain)


def _solve(
    row: np.ndarray, column: np.ndarray, weight: np.ndarray, right: Float[np.ndarray, " mixed"]
) -> Float[np.ndarray, " mixed"]:
    """y with y = right + W y, W given by its entries."""
    n_mixed = len(right)
    if n_mixed <= _DENSE:
        W = np.zeros((n_mixed, n_mixed))
        np.add.at(W, (row, column), weight)
        return np.linalg.solve(np.eye(n_mixed) - W, right)
    from scipy.sparse import csc_array, eye_array
    from scipy.sparse.linalg import spsolve

    sparse = csc_array((weight, (row, column)), shape=(n_mixed, n_mixed))
    return np.asarray(spsolve(csc_array(eye_array(n_mixed) - sparse), right))
