"""Growth of sums over the paths of a graph: Perron roots and greatest cycle means."""

import numpy as np
from jaxtyping import Float, Int

from compmech.graph import strong_components
from compmech.measures.interval import Bounds, exact

# The bounds of a Perron root are one number when they differ by less than this, relatively: sums of a hundred products
# of positive numbers err by 1e-14 at most.
_ONE_NUMBER = 1e-14

# Bounds nearer than this that no longer improve are as good as rounding allows.
_STUCK = 1e-11

# Each step of the iteration about squares the distance, once near; so this is ample.
_MAX_STEPS = 100

# No entry of the vector is smaller, so that ratios stay finite.
_LEAST = 1e-305

# Matrices with more rows than this are factorised in sparse form.
_DENSE = 500


def perron_root(
    source: Int[np.ndarray, " edge"], target: Int[np.ndarray, " edge"], weight: Float[np.ndarray, " edge"], n: int
) -> Bounds:
    """Spectral radius of a nonnegative matrix given by its entries: the greatest of those of its components.

    For an irreducible matrix A and any v > 0 the root lies between the least and the greatest of (A v)_i / v_i. The
    Noda iteration, v -> (greatest - A)^-1 v, closes that interval quadratically; it is one number
    when it has closed to rounding.

    Reference:
        Noda, Numer. Math. 17, 382 (1971); Elsner, Linear Algebra Appl. 15, 235 (1976).
    """
    kept = weight > 0  # powers of small numbers may have become 0
    source, target, weight = source[kept], target[kept], weight[kept]
    label = strong_components(source, target, n)
    inside = label[source] == label[target]
    place = np.zeros(n, dtype=np.intp)
    best = Bounds(0.0, 0.0)
    for component in np.unique(label[source[inside]]):
        members = np.flatnonzero(label == component)
        place[members] = np.arange(len(members))
        here = inside & (label[source] == component)
        root = _irreducible_root(place[source[here]], place[target[here]], weight[here], len(members))
        best = Bounds(max(best.lower, root.lower), max(best.upper, root.upper))
    return best


def _irreducible_root(source: np.ndarray, target: np.ndarray, weight: np.ndarray, n: int) -> Bounds:
    v = np.ones(n)
    known = Bounds(0.0, np.inf)
    for _ in range(_MAX_STEPS):
        ratio = np.bincount(source, weights=weight * v[target], minlength=n) / v
        better = known.meet(Bounds(float(ratio.min()), float(ratio.max())))
        if better.upper - better.lower <= _ONE_NUMBER * better.upper:
            return exact((better.lower + better.upper) / 2)
        if better == known and better.upper - better.lower <= _STUCK * better.upper:
            break
        known = better
        v = np.abs(_resolvent(known.upper * (1 + _ONE_NUMBER / 4), source, target, weight, v))
        v = np.maximum(v / v.max(), _LEAST)  # any positive v gives bounds
    return known


def _resolvent(z: float, source: np.ndarray, target: np.ndarray, weight: np.ndarray, v: np.ndarray) -> np.ndarray:
    """(z - A)^-1 v."""
    n = len(v)
    if n <= _DENSE:
        A = np.zeros((n, n))
        np.add.at(A, (source, target), weight)
        return np.linalg.solve(z * np.eye(n) - A, v)
    from scipy.sparse import csc_array, eye_array
    from scipy.sparse.linalg import splu

    system = csc_array(z * eye_array(n) - csc_array((weight, (source, target)), shape=(n, n)))
    return np.asarray(splu(system).solve(v))


def greatest_cycle_mean(
    source: Int[np.ndarray, " edge"], target: Int[np.ndarray, " edge"], weight: Float[np.ndarray, " edge"], n: int
) -> float:
    """The greatest mean weight of an edge on a cycle, in a strongly connected graph.

    With F_k(v) the greatest weight of a walk of k edges to v, it is max_v min_k (F_n(v) - F_k(v)) / (n - k).

    Reference:
        Karp, Discrete Mathematics 23, 309 (1978).
    """
    last = _walks(source, target, weight, n)
    final = last[-1]
    least = np.full(n, np.inf)
    for k, reached in enumerate(last[:-1]):
        possible = np.isfinite(reached) & np.isfinite(final)
        least[possible] = np.minimum(least[possible], (final[possible] - reached[possible]) / (n - k))
    return float(least[np.isfinite(final)].max())


def _walks(source: np.ndarray, target: np.ndarray, weight: np.ndarray, n: int) -> list[Float[np.ndarray, " node"]]:
    """F_0 .. F_n from node 0; -inf where no walk of that length leads."""
    order = np.argsort(target, kind="stable")
    source, target, weight = source[order], target[order], weight[order]
    nodes, first = np.unique(target, return_index=True)
    reached = np.full(n, -np.inf)
    reached[0] = 0.0
    found = [reached]
    for _ in range(n):
        further = np.full(n, -np.inf)
        further[nodes] = np.maximum.reduceat(reached[source] + weight, first)
        found.append(further)
        reached = further
    return found


def potentials(
    source: Int[np.ndarray, " edge"], target: Int[np.ndarray, " edge"], weight: Float[np.ndarray, " edge"], n: int
) -> Float[np.ndarray, " node"]:
    """phi with weight + phi[source] - phi[target] <= 0 on every edge, in a graph whose cycles have no positive weight.

    The greatest weight of a walk to each node, from anywhere.
    """
    phi = np.zeros(n)
    for _ in range(n):
        further = phi.copy()
        np.maximum.at(further, target, phi[source] + weight)
        if (further == phi).all():
            break
        phi = further
    return phi
