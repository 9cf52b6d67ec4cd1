"""Is a closed mixed-state presentation the process? A proof by its edges, and a check by its words.

Letters: B_i the belief of node i, q_ix its probability of x, s the node that x leads to. The edge is right if

    E_ix = B_i T_x - q_ix B_s

vanishes (the second term being absent where x is forbidden). Reading a word along the graph and multiplying by the edge
that is wrong at each step telescopes:

    P(w) - Q(w) B_end e = sum_t Q(w_<t) E_{i_t x_t} T_{w_>t} e,

Q(w) the product of the q. Summed over all words of length L, what follows an error r adds at most its size |r|, so that
P and Q differ by at most L max_i sum_x |E_ix| in all. For an HMM |r| is the sum of absolute entries, since rows of
T_v e summed over v are 1. Signed coordinates have no such norm; there |r| is the sum of absolute coefficients of r in
terms of beliefs, for from each of these the probabilities of what follows sum to 1.

The proof is in floating point: E is computed, and the rounding of that is added. Independently of it, the span of what
words can tell (see `equivalent`) is laid against the difference of the two starts, where there are few enough nodes.
"""

from dataclasses import dataclass
from math import inf, isinf

import numpy as np
from jaxtyping import Float

from compmech.distinguishing import side_by_side
from compmech.epsilon_machine import EpsilonMachine
from compmech.hmm import GHMM, HMM, AnyPresentation, as_presentation
from compmech.mixed_state import MixedStatePresentation
from compmech.spans import RANK_TOL

# With more nodes and states than this together, the span takes longer than a second.
_MOST_IN_SPAN = 250

# Up to this many nodes all pairs are compared; more go through a tree of scipy's.
_ALL_PAIRS = 400

# Rows of beliefs moved at a time.
_ROWS = 512

# Graph and process are one along the span if their difference has no component above this, as for `equivalent`.
_SPAN_TOL = 1e-8

# What the edges of a graph may be off unless said otherwise.
_EDGE_TOL = 1e-9

_EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class ClosureProof:
    """What was verified of a mixed-state presentation.

    Attributes:
        holds: whether the graph is whole and reproduces the word probabilities of the process to within the tolerance.
        sentence: what was shown, or what failed, and what would have to be so for it to be wrong.
        method: "float": in floating point, with bounds that include its rounding.
        n_mixed: nodes checked.
        n_edge: edges checked.
        per_symbol: total variation distance between graph and process is at most L times this for words of L symbols.
        merged: largest distance, in any coordinate, of a belief from the node that it was taken for.
        apart: least such distance between two nodes; inf for a single node.
        span: largest component of the difference between graph and process along an orthonormal basis of all that words
            can tell, of the size of rounding if they are one, and of order 1 as soon as a step differs by more than
            1e-9; None where there were too many nodes to compute it. It must be below 1e-8 unless tol is above 1e-9.
    """

    holds: bool
    sentence: str
    method: str
    n_mixed: int
    n_edge: int
    per_symbol: float
    merged: float
    apart: float
    span: float | None


def closure_proof(
    process: AnyPresentation, presentation: MixedStatePresentation, *, tol: float = _EDGE_TOL
) -> ClosureProof:
    """Verify that a closed graph of mixed states is the process: its words have the right probabilities.

    Args:
        process: what the presentation was computed from, or thought to have been. Of a GHMM it is taken for granted
            that no word gets a negative probability, from the start or from any of the beliefs.
        presentation: of `mixed_states(process)`.
        tol: largest total variation distance for each symbol, for `holds`. Raise it together with merge_tol.
    Raises:
        ValueError: if beliefs and process have different numbers of states or symbols.
    Example:
        >>> from compmech import mixed_states, zoo
        >>> proof = closure_proof(zoo.rrxor(), mixed_states(zoo.rrxor()))
        >>> proof.holds, proof.n_mixed, proof.per_symbol < 1e-14
        (True, 36, True)
    """
    machine = process if isinstance(process, EpsilonMachine) else as_presentation(process)
    _check_shapes(machine, presentation)
    measure = _SumOfBeliefs(presentation.beliefs, machine.T) if isinstance(machine, GHMM) else _SumOfParts()
    wrong, merged = _edge_errors(machine, presentation, measure)
    begun = measure(np.asarray(machine.start - presentation.beliefs[0])[None])[0]
    totals = float(abs(presentation.beliefs @ machine.evaluate - 1).max())
    per_symbol = float(wrong.max() + begun + totals) / 2
    span = _span(process, presentation)
    apart = _least_distance(presentation.beliefs)
    failure = _failure(presentation, wrong, float(begun), per_symbol, span, tol)
    return ClosureProof(
        holds=not failure,
        sentence=failure or _success(presentation, per_symbol, merged, apart, span),
        method="float",
        n_mixed=presentation.n_mixed,
        n_edge=int((presentation.successor >= 0).sum()),
        per_symbol=per_symbol,
        merged=merged,
        apart=apart,
        span=span,
    )


def _check_shapes(machine: HMM | GHMM | EpsilonMachine, presentation: MixedStatePresentation) -> None:
    n_state, n_symbol = len(machine.start), machine.n_symbol
    given = presentation.beliefs.shape[1], presentation.emit.shape[1]
    if given != (n_state, n_symbol):
        raise ValueError(
            f"presentation must hold beliefs over the {n_state} states of the process, with {n_symbol} symbols; got "
            f"{given[0]} states and {given[1]} symbols. Is it of another presentation, such as minimal(process)?"
        )


class _SumOfParts:
    """The size of an error in the belief of an HMM: the sum of its absolute entries."""

    def __call__(self, errors: Float[np.ndarray, "row state"]) -> Float[np.ndarray, " row"]:
        return np.asarray(abs(errors).sum(axis=1))

    def terms(self, beliefs: Float[np.ndarray, "row state"]) -> Float[np.ndarray, " row"]:
        """At most the size of what is summed in one step, all symbols together: beliefs moved, and their nodes."""
        return 2 * self(beliefs)


class _SumOfBeliefs:
    """That of an error in signed coordinates: of its absolute coefficients in terms of beliefs.

    What is left over lies outside the span of the beliefs, where there is nothing but rounding; it counts in full.
    """

    def __init__(self, beliefs: Float[np.ndarray, "mixed state"], T: Float[np.ndarray, "symbol state state"]) -> None:
        from scipy.linalg import qr

        triangle, pivot = qr(beliefs.T, mode="r", pivoting=True)
        size = abs(np.diag(triangle))
        self._chosen = beliefs[pivot[: int((size > RANK_TOL * size[0]).sum())]]
        self._inverse = np.linalg.pinv(self._chosen)
        self._moved = abs(T).sum(axis=0)
        self._largest = abs(beliefs).max(axis=0)

    def __call__(self, errors: Float[np.ndarray, "row state"]) -> Float[np.ndarray, " row"]:
        weight = errors @ self._inverse
        return np.asarray(abs(weight).sum(axis=1) + abs(errors - weight @ self._chosen).sum(axis=1))

    def terms(self, beliefs: Float[np.ndarray, "row state"]) -> Float[np.ndarray, " row"]:
        """The same bound as for an HMM, with all signs taken to be the worst."""
        most = abs(beliefs) @ self._moved + self._largest
        weight = most @ abs(self._inverse)
        return np.asarray(weight.sum(axis=1) + (most + weight @ abs(self._chosen)).sum(axis=1))


def _edge_errors(
    machine: HMM | GHMM | EpsilonMachine, found: MixedStatePresentation, measure: "_SumOfParts | _SumOfBeliefs"
) -> tuple[Float[np.ndarray, " mixed"], float]:
    """sum_x |E_ix| of each node, with the rounding of computing it; the largest distance of a belief from its node."""
    n_mixed, n_symbol = found.emit.shape
    wrong, merged = np.zeros(n_mixed), 0.0
    for first in range(0, n_mixed, _ROWS):
        rows = slice(first, first + _ROWS)
        moved = machine.branch(found.beliefs[rows])
        for x in range(n_symbol):
            allowed = found.successor[rows, x] >= 0
            q = found.emit[rows, x, None]
            there = found.beliefs[found.successor[rows, x]]
            error = moved[:, x] - np.where(allowed[:, None], q * there, 0.0)
            wrong[rows] += measure(error)
            if allowed.any():
                merged = max(merged, float((abs(error) / np.where(q > 0, q, 1.0))[allowed].max()))
        wrong[rows] += (found.beliefs.shape[1] + 4) * _EPS * measure.terms(found.beliefs[rows])
    return wrong, merged


def _span(process: AnyPresentation, found: MixedStatePresentation) -> float | None:
    """The largest component of the difference between graph and process along what words can tell."""
    machine = as_presentation(process)
    if not found.closed or found.n_mixed + machine.n_state > _MOST_IN_SPAN:
        return None
    T = np.zeros((machine.n_symbol, found.n_mixed, found.n_mixed))
    mixed, symbol = np.nonzero(found.successor >= 0)
    T[symbol, mixed, found.successor[mixed, symbol]] = found.emit[mixed, symbol]
    graph = HMM(T, start=np.eye(1, found.n_mixed)[0], alphabet=machine.alphabet)
    return float(abs(side_by_side(graph, machine).told).max())


def _least_distance(beliefs: Float[np.ndarray, "mixed state"]) -> float:
    """The least distance of two beliefs, in the coordinate in which they differ most."""
    if len(beliefs) == 1:
        return inf
    if len(beliefs) <= _ALL_PAIRS:
        distance = np.array([abs(beliefs - belief).max(axis=1) for belief in beliefs])
        np.fill_diagonal(distance, inf)
        return float(distance.min())
    from scipy.spatial import KDTree

    distance = np.asarray(KDTree(beliefs).query(beliefs, k=2, p=inf)[0])
    return float(distance[:, 1].min())


def _failure(
    found: MixedStatePresentation,
    wrong: Float[np.ndarray, " mixed"],
    begun: float,
    per_symbol: float,
    span: float | None,
    tol: float,
) -> str:
    """What is not as it should be, or nothing."""
    if not found.closed:
        return (
            f"not closed: {int(found.unexpanded.sum())} of {found.n_mixed} beliefs lack successors and "
            f"{int(found.doubtful.sum())} edges end in beliefs that may not be theirs; words of length {found.depth} "
            f"have left the graph with probability {found.lost_mass:.3g}"
        )
    if begun > tol:
        return f"node 0 is not where the process starts: the two beliefs are {begun:.3g} apart"
    if per_symbol > tol:
        node = int(np.argmax(wrong))
        return (
            f"the edges are not those of the process: words of L symbols may differ by up to L * {per_symbol:.3g} in "
            f"total variation; the edges of node {node} alone miss its successors by {wrong[node]:.3g}"
        )
    if span is not None and span > _SPAN_TOL and tol <= _EDGE_TOL:
        return f"graph and process differ by {span:.3g} along the span of all that words can tell"
    return ""


def _success(found: MixedStatePresentation, per_symbol: float, merged: float, apart: float, span: float | None) -> str:
    told = "" if span is None else f"; along the span of all that words can tell they differ by {span:.1e}"
    nearest = "" if isinf(apart) else f", while the nearest two that were told apart are {apart:.1e} apart"
    return (
        f"closed: the graph of {found.n_mixed} beliefs gives words of L symbols the probabilities of the process to "
        f"within L * {per_symbol:.1e} in total variation{told}. Should there be more beliefs than these, some would "
        f"lie within {max(merged, _EPS):.1e} of each other and be different all the same{nearest}"
    )
