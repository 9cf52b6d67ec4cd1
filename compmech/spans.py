"""Spans: the directions that words lead to, those that words can tell apart, and up to which horizon.

Rank tests are by singular values. Directions are propagated one step at a time from an orthonormal basis, so that what
is tested is one step of the process and not the product of many, and improbable words hide nothing.
"""

import numpy as np
from jaxtyping import Float

from compmech.errors import BudgetExceeded
from compmech.hmm import GHMM, HMM, AnyPresentation, as_presentation
from compmech.merging import MERGE_TOL
from compmech.validation import check_count

# Directions whose singular value is below this count as absent, for matrices of one step with entries up to 1.
RANK_TOL = MERGE_TOL

# With states rarer than this, in comparison with the most frequent, directions are measured by their frequencies.
_UNEVEN = 1e-6

# With fewer directions left than this, singular values take less than a millisecond.
_FEW = 60

# The budget of a map of words where none is given: 800 MB.
_MOST_ENTRIES = 10**8


def krylov_basis(
    seed: Float[np.ndarray, " state"], maps: Float[np.ndarray, "symbol state state"], rank_tol: float = RANK_TOL
) -> tuple[Float[np.ndarray, "rank state"], tuple[int, ...]]:
    """An orthonormal basis of the smallest space that holds seed and is closed under v -> v @ M for every map.

    Returns:
        The basis, as rows, and its dimension after 0, 1, 2, ... steps until it stops growing.
    """
    size = max(1.0, float(abs(maps).max()))
    basis = seed[None] / np.linalg.norm(seed)
    fresh = basis
    dimensions = [1]
    while len(basis) < len(seed):
        images = (fresh @ maps).reshape(-1, len(seed))
        images = _away(images, basis)
        fresh = _away(_directions(images, basis, rank_tol * size), basis)
        if not len(fresh):
            break
        basis = np.concatenate([basis, fresh / np.linalg.norm(fresh, axis=1, keepdims=True)])
        dimensions.append(len(basis))
    return basis, tuple(dimensions)


def _directions(
    images: Float[np.ndarray, "row state"], basis: Float[np.ndarray, "rank state"], floor: float
) -> Float[np.ndarray, "fresh state"]:
    """Orthonormal rows that span the directions of rows orthogonal to a basis with a singular value above a floor.

    Many rows are tried first without singular values: whether all are independent, or span all that the basis leaves.
    """
    n_left = images.shape[1] - len(basis)
    if n_left > _FEW and len(images) <= n_left:
        Q, R = np.linalg.qr(images.T)
        if _all_above(R, floor):
            return np.asarray(Q.T)
    elif n_left > _FEW:
        rest = np.linalg.qr(basis.T, mode="complete")[0][:, len(basis) :]
        if _all_above(np.asarray(np.linalg.qr(images @ rest, mode="r")), floor):
            return np.asarray(rest.T)
    _, singular, directions = np.linalg.svd(images, full_matrices=False)
    return np.asarray(directions[singular > floor])


def _all_above(R: Float[np.ndarray, "row row"], floor: float) -> bool:
    """Whether all singular values of a triangular matrix are above a floor: the least is at least 1 / |1 / R|."""
    if np.abs(np.diagonal(R)).min() <= floor:
        return False
    return bool(np.linalg.norm(np.linalg.inv(R)) * floor < 1)


def _away(
    rows: Float[np.ndarray, "row state"], basis: Float[np.ndarray, "rank state"]
) -> Float[np.ndarray, "row state"]:
    """The part of each row orthogonal to the basis; projected twice, so that it is so to rounding."""
    for _ in range(2):
        rows = rows - rows @ basis.T @ basis
    return rows


def reachable_basis(process: AnyPresentation, *, rank_tol: float = RANK_TOL) -> Float[np.ndarray, "rank state"]:
    """An orthonormal basis, as rows, of the span of all beliefs that words lead to."""
    presentation = as_presentation(process)
    start = presentation.start
    if isinstance(presentation, GHMM) or not 0 < start.min() < _UNEVEN * start.max():
        return krylov_basis(start, presentation.T, rank_tol)[0]
    # a word that leads to a rare state is rare from the frequent ones, but tells as much: with coordinates divided by
    # the root of the start, a step there is as long as the step back
    root = np.sqrt(start)
    basis = krylov_basis(root, root[:, None] * presentation.T / root, rank_tol)[0]
    return np.eye(len(root)) if len(basis) == len(root) else np.asarray(np.linalg.qr((basis * root).T)[0].T)


def observable_basis(process: AnyPresentation, *, rank_tol: float = RANK_TOL) -> Float[np.ndarray, "rank state"]:
    """An orthonormal basis, as rows, of the span of the vectors P(word | state): beliefs with equal products with it
    have the same future."""
    presentation = as_presentation(process)
    return krylov_basis(presentation.evaluate, presentation.T.transpose(0, 2, 1), rank_tol)[0]


def on_reachable(process: HMM | GHMM, rank_tol: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Matrices, start and evaluation vector in coordinates of the span of reachable beliefs; unchanged if it is all."""
    basis = reachable_basis(process, rank_tol=rank_tol)
    if len(basis) == process.n_state:
        return process.T, process.start, process.evaluate
    return np.asarray(basis @ process.T @ basis.T), basis @ process.start, basis @ process.evaluate


def future_map(
    process: AnyPresentation, length: int, *, max_entries: int = _MOST_ENTRIES
) -> Float[np.ndarray, "state word"]:
    """P(word | state) for all words of one length, in lexicographic order (the first symbol slowest).

    belief @ future_map(process, k) is the joint distribution of the next k symbols.

    Args:
        max_entries: largest number of entries, states times words; each takes 8 bytes.
    Raises:
        BudgetExceeded: if the table would have more than `max_entries` entries, before anything is computed.
        ValueError: if length is negative.
    """
    presentation = as_presentation(process)
    length = check_count(length, "length")
    n_symbol, n_state = presentation.n_symbol, presentation.n_state
    n_entry = n_symbol**length * n_state
    if n_entry > check_count(max_entries, "max_entries"):
        problem = f"the map of {n_symbol}^{length} words from {n_state} states has more entries"
        raise BudgetExceeded(problem, "max_entries", max_entries, n_entry, None, "choose a shorter length")
    table = presentation.evaluate[:, None]
    for _ in range(length):
        table = np.einsum("xij,jw->ixw", presentation.T, table).reshape(n_state, -1)
    return np.array(table)


def word_map(
    process: AnyPresentation, length: int, *, rank_tol: float = RANK_TOL, max_entries: int = _MOST_ENTRIES
) -> Float[np.ndarray, "rank word"]:
    """The joint map of words of one length on the span of reachable beliefs, in an orthonormal basis of that span.

    Its rank is `horizon_ranks(process)[length - 1]`.

    Args:
        max_entries: largest number of entries of the map from all states, see `future_map`.
    Raises:
        BudgetExceeded: if that has more.
    """
    each = future_map(process, length, max_entries=max_entries)
    return np.asarray(reachable_basis(process, rank_tol=rank_tol) @ each)


def horizon_ranks(process: AnyPresentation, *, rank_tol: float = RANK_TOL) -> tuple[int, ...]:
    """Ranks of the joint k-word map on the span of reachable beliefs, for k = 1, 2, ... until they stop growing.

    How many dimensions of the belief the next k symbols tell: the last is the dimension of the minimal realisation, and
    their number is the least horizon that tells it all. No words are enumerated.

    Example:
        >>> from compmech import HMM
        >>> horizon_ranks(HMM([[[0.5, 0.0], [1.0, 0.0]], [[0.0, 0.5], [0.0, 0.0]]]))     # golden mean
        (2,)
    """
    T, _, evaluate = on_reachable(as_presentation(process), rank_tol)
    _, dimensions = krylov_basis(evaluate, T.transpose(0, 2, 1), rank_tol)
    return dimensions[1:] if len(dimensions) > 1 else dimensions
