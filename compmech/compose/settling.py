"""Where a process settles: the stationary process that it is on average after a long time."""

import numpy as np
from jaxtyping import Float

from compmech.compose.assembling import MAX_ENTRIES, as_part, assembled
from compmech.graph import closed_classes
from compmech.hmm import GHMM, HMM, AnyPresentation
from compmech.stationary import class_weights, stationary_distribution

# Singular values of A - 1 below this, over its largest entry, belong to eigenvalue 1; spans and ranks use the same.
_RANK_TOL = 1e-9


def settled(process: AnyPresentation, *, max_entries: int = MAX_ENTRIES) -> HMM | GHMM:
    """The stationary process that a process settles into: its start replaced by its average over a long time.

    Where it can end in several closed classes these are mixed in proportion to the probability of ending in each, and a
    periodic process is taken at a random phase. A stationary process stays as it is.

    Args:
        max_entries: the most numbers that an EpsilonMachine may have as matrices.
    Raises:
        ValueError: for a GHMM whose states do not settle (see `minimal`).
    Example:
        >>> from compmech import HMM
        >>> settled(HMM([[[0.0, 1.0], [0.0, 0.0]], [[0.0, 0.0], [1.0, 0.0]]], start=[1, 0])).start.tolist()
        [0.5, 0.5]
    """
    part = as_part(process, max_entries)
    start = long_run(part, part.start)
    return assembled(
        part.T, start, None if isinstance(part, HMM) else part.evaluate, part.alphabet, part.states, part.name
    )


def long_run(process: HMM | GHMM, start: Float[np.ndarray, " state"]) -> Float[np.ndarray, " state"]:
    """The average of start @ A ** n over many n; start itself where one step leaves it as it is."""
    if abs(start @ process.A - start).max() == 0:
        return start
    return _classwise(process.A, start) if isinstance(process, HMM) else _projected(process.A, start)


def _classwise(A: Float[np.ndarray, "state state"], start: Float[np.ndarray, " state"]) -> Float[np.ndarray, " state"]:
    """The stationary distribution of each closed class, times the probability of ending there."""
    source, target = np.nonzero(A)
    classes = closed_classes(source, target, len(A))
    weights = class_weights(source, target, A[source, target], start, classes)
    pi = np.zeros(len(A))
    for members, weight in zip(classes, weights, strict=True):
        inside = A[np.ix_(members, members)]
        i, j = np.nonzero(inside)
        pi[members] = weight * stationary_distribution(i, j, inside[i, j], len(members))
    return np.asarray(pi / pi.sum())


def _projected(A: Float[np.ndarray, "state state"], start: Float[np.ndarray, " state"]) -> Float[np.ndarray, " state"]:
    """The projection of a signed start on the left eigenvectors of eigenvalue 1, along the other eigenvectors."""
    left, singular, right = np.linalg.svd(A - np.eye(len(A)))
    kept = singular <= _RANK_TOL * max(1.0, float(abs(A).max()))
    rows, columns = left.T[kept], right[kept].T
    overlap = rows @ columns
    if not kept.any() or np.linalg.matrix_rank(overlap, tol=_RANK_TOL) < len(overlap):
        raise ValueError(
            "this GHMM does not settle: eigenvalue 1 of its net matrix has no full set of eigenvectors. "
            "Use minimal(process) first, or give a start."
        )
    return np.asarray((start @ columns) @ np.linalg.solve(overlap, rows))
