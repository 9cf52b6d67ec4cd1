"""Where a process settles: the stationary process that it is on average after a long time."""

import numpy as np
from jaxtyping import Float

from compmech.compose.assembling import MAX_ENTRIES, as_part, assembled
from compmech.hmm import GHMM, HMM, AnyPresentation
from compmech.stationary import long_run_distribution

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
    if isinstance(process, GHMM):
        return _projected(process.A, start)
    source, target = np.nonzero(process.A)
    return long_run_distribution(source, target, process.A[source, target], start)


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
