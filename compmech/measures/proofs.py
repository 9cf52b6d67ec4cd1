"""What can be proved of a process with infinitely many causal states, each from a finite computation.

- There are infinitely many: a recurrent belief never returns under some word (see orbits).
- The statistical complexity is infinite: no causal state has positive probability (see `_no_atoms`).
- In a renewal process (two symbols, one of which erases all memory) the causal states are the numbers of other symbols
  since, and C = -sum_n p_n log2 p_n, p_n = P(x) P(0^n | after x).

Reference:
    Marzen and Crutchfield, Entropy 17, 4891 (2015), for renewal processes;
    Jurgens and Crutchfield, Chaos 31, 083114 (2021), for the dimension of such sets.
"""

from dataclasses import dataclass
from itertools import islice
from math import inf

import numpy as np
from jaxtyping import Float

from compmech.measures.countable import PROOF
from compmech.measures.interval import Bounds, exact
from compmech.measures.orbits import never_returns, resting_beliefs
from compmech.measures.renewal import renewal
from compmech.spans import krylov_basis

# A matrix with a smaller singular value than this is not invertible.
_RANK_TOL = 1e-10

# Recurrent beliefs that are followed.
_MAX_RESTING = 3

# Pairs of sets of beliefs that are tested for a plane between them, and passes of the search for one.
_MAX_PAIRS = 150
_MAX_PASSES = 30

# The sets must be apart by this part of their size, far above rounding.
_MARGIN = 1e-7


@dataclass(frozen=True)
class Infinite:
    """What is known of infinitely many causal states.

    Attributes:
        complexity: C in bits, if it could be computed or bounded; None otherwise.
        reason: the proof that there are infinitely many, or that C is what it is, in a few words.
    """

    complexity: Bounds | None
    reason: str


def infinitely_many(T: Float[np.ndarray, "symbol state state"], pi: Float[np.ndarray, " state"]) -> Infinite | None:
    """Proof that an ergodic process has infinitely many causal states, with C if it follows; None if none is found."""
    see = krylov_basis(np.ones(len(pi)), T.transpose(0, 2, 1))[0].T
    events = _renewal(T, see)
    if events is not None:
        return Infinite(events, PROOF)
    for belief in islice(resting_beliefs(T), _MAX_RESTING):
        word = never_returns(T, belief, see)
        if word is not None:
            continuum = _no_atoms(T, see)
            if continuum is not None:
                return Infinite(exact(inf), continuum)
            return Infinite(None, f"a recurrent belief never returns under the word {word}")
    return None


def _renewal(T: Float[np.ndarray, "symbol state state"], see: Float[np.ndarray, "state view"]) -> Bounds | None:
    """C of a renewal process whose belief never returns between two events; None for others."""
    found = renewal(T, np.ones(T.shape[1]))
    if found is None or never_returns(found.quiet[None], found.after, see) is None:
        return None
    return found.since


def _no_atoms(T: Float[np.ndarray, "symbol state state"], see: Float[np.ndarray, "state view"]) -> str | None:
    """Why no causal state of a process that is not independent has positive probability; None if that was not proved.

    Let every symbol's map of predictive vectors be invertible, and suppose a causal state z had positive probability.
    As z is a function of the past, some recent words w make z as good as certain, and w and z give the causal state c
    before w: P(c | w) comes near to 1. If no state can make a word more than 1/kappa times as probable as another state
    does, then P(c | w) <= P(c) / (P(c) + kappa (1 - P(c))), and P(c) comes near to 1 too, though it is at most that of
    the likeliest causal state. Columns of positive entries, or of zeros alone, give such a kappa.

    Or else let beliefs after different symbols be apart: then the belief gives the whole past away, and a past of a
    process that is not periodic has probability 0.
    """
    view = see.T @ T @ see
    if min(float(np.linalg.svd(matrix, compute_uv=False)[-1]) for matrix in view) < _RANK_TOL:
        return None
    if all(((matrix > 0) == (matrix > 0).any(axis=0)).all() for matrix in T):
        return "invertible maps and mixing words: a continuum of causal states, none of positive probability"
    if _apart(T, see):
        return "the belief gives the whole past away: a continuum of causal states"
    return None


def _apart(T: Float[np.ndarray, "symbol state state"], see: Float[np.ndarray, "state view"]) -> bool:
    """Whether beliefs after different symbols are strictly apart.

    After a word the belief lies in the convex hull of those that start from single states before it. Two hulls that no
    plane separates are divided by what came before the two words, until all are separate or too many pairs are left.
    """
    n_symbol = len(T)
    todo = [(T[x], T[y]) for x in range(n_symbol) for y in range(x)]
    for _ in range(_MAX_PAIRS):
        if not todo:
            return True
        left, right = todo.pop()
        if not separated(_normalised(left) @ see, _normalised(right) @ see):
            todo.extend((_scaled(u @ left), _scaled(v @ right)) for u in T for v in T)
    return False


def _scaled(matrix: Float[np.ndarray, "state state"]) -> Float[np.ndarray, "state state"]:
    largest = matrix.max()
    return matrix / largest if largest > 0 else matrix


def _normalised(vectors: Float[np.ndarray, "corner state"]) -> Float[np.ndarray, "possible state"]:
    total = vectors.sum(axis=1, keepdims=True)
    possible = total[:, 0] > 0
    return np.asarray(vectors[possible] / total[possible])


def separated(left: Float[np.ndarray, "left view"], right: Float[np.ndarray, "right view"]) -> bool:
    """Whether a plane strictly separates two sets of points, found by the perceptron rule (always the worst point)."""
    if not (len(left) and len(right)):
        return True
    normal = left.mean(axis=0) - right.mean(axis=0)
    if (left @ normal).min() - (right @ normal).max() > _MARGIN * np.linalg.norm(normal):
        return True
    both = np.concatenate([left, right])
    centred = both - both.mean(axis=0)
    points = np.column_stack([centred, np.full(len(both), np.abs(centred).max())])
    points[len(left) :] *= -1
    size = np.linalg.norm(points, axis=1).max()
    if size < _MARGIN:
        return False
    points /= size
    normal = points.mean(axis=0)
    for _ in range(_MAX_PASSES):
        side = points @ normal
        worst = int(np.argmin(side))
        if side[worst] > _MARGIN * np.linalg.norm(normal):
            return True
        normal = normal + points[worst]
    return False
