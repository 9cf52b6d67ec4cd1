"""Splitting a matrix into its invariant subspaces, one for each eigenvalue that can be told from the others.

No Jordan form is computed: it is not continuous, and rounding turns a defective eigenvalue of index k into k simple
ones at a distance of about eps^(1/k), whose separate projectors grow without limit. Instead:

1. The eigenvalue 0 is taken out exactly, by the staircase: the range of M, the range of M on that, and so on. Each rank
   is one of a matrix of one step, not of a power.
2. The rest is brought to Schur form by unitary transformations; eigenvalues that agree to rounding are put together,
   and the blocks are separated by Sylvester equations. Where a solution would be large, so that digits would be lost,
   the block is joined with the nearest other and tried again.
3. The parts are put together again. Where that misses the matrix by more than rounding, all is done over with less
   allowed in 2, and with 0 left to 2 where other eigenvalues are next to it.

On each subspace the matrix is a triangular block with powers and resolvent as good as any. The limit: eigenvalues that
cannot be separated with fewer than some six digits lost stay together, with a spread above 0.

Letters: M = sum_k R_k B_k L_k with L_k R_k = 1 and L_k R_l = 0; S a Schur form, X a solution of a Sylvester equation.

Reference:
    Bavely and Stewart, SIAM J. Numer. Anal. 16, 359 (1979); Golub and Wilkinson, SIAM Review 18, 578 (1976).
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Complex, Float

# Singular values below this count as zero: rounding gives some 1e-16 times the number of rows, and what is taken for
# zero and is not moves the result by no more than this.
_ZERO = 1e-12

# Eigenvalues nearer than this are put together from the first: equal ones of index 1 differ by 1e-15 or so.
_EQUAL = 1e-9

# Blocks are parted only while the transformation that parts them has no entries larger than this: the first of these
# with which the matrix is put together again. As many digits are lost as it has, and more where blocks lean on others.
_LARGEST = (1e4, 1e3, 1e2, 1e1)

# How far the parts may miss the matrix together, in units of its largest entry: six digits above rounding.
_MISSED = 1e-10

# Rank tolerance for the index of an eigenvalue, on blocks whose eigenvalues carry the rounding of the transformations.
_INDEX_ZERO = 1e-9


@dataclass(frozen=True, eq=False)
class Invariant:
    """One invariant subspace of a matrix: M @ right = right @ block, left @ M = block @ left, left @ right = 1.

    Attributes:
        eigenvalue: the mean of the eigenvalues of the block.
        index: size of the largest Jordan block, where the eigenvalues are one to rounding; None where they only could
            not be separated.
        spread: greatest distance of an eigenvalue of the block from their mean, as computed.
    """

    eigenvalue: complex
    index: int | None
    spread: float
    block: Complex[np.ndarray, "part part"]
    right: Complex[np.ndarray, "row part"]
    left: Complex[np.ndarray, "part row"]


def invariant_parts(M: Float[np.ndarray, "row row"]) -> tuple[Invariant, ...]:
    """The invariant subspaces of a square matrix, by decreasing modulus of their eigenvalues."""
    parts: list[Invariant] = []
    for largest in _LARGEST if len(M) else ():
        parts = _parts(M, largest)
        together = sum(part.right @ part.block @ part.left for part in parts)
        if np.abs(together - M).max() <= _MISSED * max(1.0, float(np.abs(M).max())):
            break
    return tuple(sorted(parts, key=_rank))


def _parts(M: Float[np.ndarray, "row row"], largest: float) -> list[Invariant]:
    """The invariant subspaces that can be separated by projectors with entries up to `largest`."""
    core, dual = _core(M), _core(M.T)
    if not _can_be_parted(core, dual, largest):
        return _schur_parts(M, largest)
    parts = []
    if core.shape[1] < len(M):
        right, left = _complement(dual), _complement(core).T
        left = np.linalg.solve(left @ right, left)
        block, basis, index = _strict(left @ M @ right)
        parts.append(Invariant(0j, index, 0.0, *_as_complex(block, right @ basis, basis.T @ left)))
    if core.shape[1]:
        onto = np.linalg.solve(dual.T @ core, dual.T)
        parts += [_lifted(part, core, onto) for part in _schur_parts(onto @ M @ core, largest)]
    return parts


def _can_be_parted(core: Float[np.ndarray, "row core"], dual: Float[np.ndarray, "row dual"], largest: float) -> bool:
    """Whether the projector on the core, along what powers of M send to zero, has no entries that cost too many digits.

    It has where eigenvalues are nearly zero.
    """
    if core.shape != dual.shape:
        return False
    return core.shape[1] == 0 or float(np.linalg.svd(dual.T @ core, compute_uv=False)[-1]) >= 1 / largest


def _rank(part: Invariant) -> tuple[float, float, float]:
    """By modulus, the greatest first; conjugates next to each other, positive angle first. Digits that rounding moves
    are left out."""
    value = part.eigenvalue
    return (-round(abs(value), 9), round(abs(float(np.angle(value))), 9), -float(np.sign(round(value.imag, 9))))


def _core(M: Float[np.ndarray, "row row"]) -> Float[np.ndarray, "row core"]:
    """An orthonormal basis of the range of all powers of M."""
    return _stairs(M, _ZERO)[0]


def _stairs(M: np.ndarray, zero: float) -> tuple[np.ndarray, list[np.ndarray]]:
    """Orthonormal bases of the range of all powers of M, and of what each power in turn takes away."""
    basis = np.eye(len(M), dtype=M.dtype)
    taken = []
    while basis.shape[1]:
        U, singular, _ = np.linalg.svd(basis.conj().T @ M @ basis)
        rank = int((singular > zero * max(1.0, float(singular[0]))).sum())
        if rank == basis.shape[1]:
            break
        taken.append(basis @ U[:, rank:])
        basis = basis @ U[:, :rank]
    return basis, taken


def _strict(
    nilpotent: Float[np.ndarray, "part part"],
) -> tuple[Float[np.ndarray, "part part"], Float[np.ndarray, "part part"], int]:
    """A nilpotent matrix in an orthonormal basis where it is strictly triangular, rounding set to zero; its index."""
    core, taken = _stairs(nilpotent, _INDEX_ZERO)
    assert core.shape[1] == 0, "a nilpotent matrix"
    basis = np.concatenate(taken[::-1], axis=1)
    step = np.repeat(np.arange(len(taken)), [len(columns.T) for columns in taken[::-1]])
    return np.where(step[:, None] < step, basis.T @ nilpotent @ basis, 0.0), basis, len(taken)


def _complement(basis: Float[np.ndarray, "row core"]) -> Float[np.ndarray, "row rest"]:
    """An orthonormal basis of what is orthogonal to orthonormal columns."""
    whole, _ = np.linalg.qr(basis, mode="complete")
    return np.asarray(whole[:, basis.shape[1] :])


def _as_complex(*arrays: np.ndarray) -> tuple[np.ndarray, ...]:
    return tuple(array.astype(np.complex128) for array in arrays)


def _lifted(part: Invariant, core: np.ndarray, onto: np.ndarray) -> Invariant:
    """A part of the matrix on the core, as one of the whole."""
    return Invariant(part.eigenvalue, part.index, part.spread, part.block, core @ part.right, part.left @ onto)


def _schur_parts(M: Float[np.ndarray, "row row"], largest: float) -> list[Invariant]:
    """The same by the Schur form alone, where 0 is an eigenvalue like others."""
    from scipy.linalg import schur

    S, V = schur(M, output="complex")
    form = _Form(S, V, V.conj().T.copy())
    found = []
    first = 0
    while first < len(S):
        last = form.part(first, largest)
        found.append(slice(first, last))
        first = last
    return [_part(form.S[here, here], form.right[:, here], form.left[here]) for here in found]


class _Form:
    """M = right @ S @ left with left @ right = 1 and S triangular, on its way to being block diagonal."""

    def __init__(self, S: np.ndarray, right: np.ndarray, left: np.ndarray) -> None:
        self.S = S
        self.right = right
        self.left = left

    def part(self, first: int, largest: float) -> int:
        """Separate a block that begins at `first` from all that follows; where the block ends."""
        last = self._gather(first, first + 1)
        while last < len(self.S):
            X = _separation(self.S[first:last, first:last], self.S[first:last, last:], self.S[last:, last:])
            if X is not None and np.abs(X).max() <= largest:
                self.right[:, last:] += self.right[:, first:last] @ X
                self.left[first:last] -= X @ self.left[last:]
                self.S[first:last, last:] = 0.0
                break
            values = np.diagonal(self.S)
            nearest = last + int(np.argmin(np.abs(values[last:] - values[first:last].mean())))
            self._move(nearest, last)
            last = self._gather(first, last + 1)
        return last

    def _gather(self, first: int, last: int) -> int:
        """Bring to the block all later eigenvalues that equal one of its own to rounding; where the block ends."""
        while last < len(self.S):
            values = np.diagonal(self.S)
            apart = np.abs(values[last:, None] - values[None, first:last]).min(axis=1)
            nearest = int(np.argmin(apart))
            if apart[nearest] > _EQUAL:
                break
            self._move(last + nearest, last)
            last += 1
        return last

    def _move(self, source: int, target: int) -> None:
        """Move one eigenvalue up to another place, by rotations of the rows between."""
        from scipy.linalg.lapack import ztrexc

        if source == target:
            return
        _, left, _ = ztrexc(self.S, self.left.conj().T, source + 1, target + 1)
        self.S, self.right, info = ztrexc(self.S, self.right, source + 1, target + 1)
        self.left = np.array(left.conj().T)
        assert info == 0


def _separation(S11: np.ndarray, S12: np.ndarray, S22: np.ndarray) -> Complex[np.ndarray, "part rest"] | None:
    """X with S11 X - X S22 = -S12; None where the two have eigenvalues so near that it is no use."""
    from scipy.linalg.lapack import ztrsyl

    X, scale, info = ztrsyl(S11, S22, -S12, isgn=-1)
    if info != 0 or scale == 0:
        return None
    return np.asarray(X / scale)


def _part(block: np.ndarray, right: np.ndarray, left: np.ndarray) -> Invariant:
    values = np.diagonal(block)
    mean = complex(values.mean())
    spread = float(np.abs(values - mean).max()) if len(block) > 1 else 0.0
    return Invariant(mean, _index(block - mean * np.eye(len(block))), spread, block, right, left)


def _index(nilpotent: Complex[np.ndarray, "part part"]) -> int | None:
    """Least power of a matrix that is zero; None if none is."""
    core, taken = _stairs(nilpotent, _INDEX_ZERO)
    return None if core.shape[1] else len(taken)
