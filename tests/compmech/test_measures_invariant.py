"""Invariant subspaces: the matrix put together again, and Jordan blocks that were planted found."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from compmech.measures.invariant import Invariant, invariant_parts


def jordan(*blocks: tuple[float, int]) -> np.ndarray:
    """A matrix with the given Jordan blocks: eigenvalue and size of each."""
    total = sum(size for _, size in blocks)
    M = np.zeros((total, total))
    first = 0
    for value, size in blocks:
        M[first : first + size, first : first + size] = value * np.eye(size) + np.diag(np.ones(size - 1), 1)
        first += size
    return M


def hidden(M: np.ndarray, seed: int) -> np.ndarray:
    """The same matrix in a generic basis."""
    basis = np.random.default_rng(seed).normal(size=M.shape)
    return basis @ M @ np.linalg.inv(basis)


def put_together(M: np.ndarray, parts: tuple[Invariant, ...]) -> None:
    """Parts miss the matrix by 1e-10 at most (see the module), and bases here cost a digit."""
    left = np.concatenate([part.left for part in parts])
    right = np.concatenate([part.right for part in parts], axis=1)
    np.testing.assert_allclose(left @ right, np.eye(len(M)), atol=1e-9)
    whole = sum(part.right @ part.block @ part.left for part in parts)
    np.testing.assert_allclose(whole, M, atol=1e-9 * max(1, np.abs(M).max()))


BLOCKS = [
    [(0.5, 3), (0.5, 2), (0.0, 5), (0.3, 1)],
    [(0.0, 12)],
    [(0.9, 8), (0.0, 6), (-0.5, 2), (-0.5, 2)],
    [(0.8, 1), (0.8, 1), (0.2, 1)],
]


@pytest.mark.parametrize("blocks", BLOCKS)
@pytest.mark.parametrize("seed", [None, 1, 2])
def test_planted_jordan_blocks_are_found(blocks: list[tuple[float, int]], seed: int | None) -> None:
    M = jordan(*blocks) if seed is None else hidden(jordan(*blocks), seed)
    parts = invariant_parts(M)
    put_together(M, parts)
    found = {round(part.eigenvalue.real, 6): (len(part.block), part.index) for part in parts}
    expected = {
        value: (sum(size for v, size in blocks if v == value), max(size for v, size in blocks if v == value))
        for value, _ in blocks
    }
    assert found == expected


def test_powers_of_a_defective_block_do_not_explode() -> None:
    """Eigenvectors of a block of size 8 would have a condition of 1e14; powers here keep ten digits."""
    M = hidden(jordan((0.9, 8), (0.0, 3), (-0.4, 2)), 3)
    parts = invariant_parts(M)
    for power in (1, 5, 30):
        whole = sum(part.right @ np.linalg.matrix_power(part.block, power) @ part.left for part in parts)
        expected = np.linalg.matrix_power(M, power)
        np.testing.assert_allclose(whole, expected, atol=1e-10 * np.abs(expected).max())


def test_what_cannot_be_told_apart_stays_together_and_says_so() -> None:
    M = hidden(jordan((0.5, 5), (0.501, 4)), 4)
    parts = invariant_parts(M)
    put_together(M, parts)
    assert [(len(part.block), part.index) for part in parts] == [(9, None)]
    assert parts[0].spread > 1e-4


def test_no_rows() -> None:
    assert invariant_parts(np.zeros((0, 0))) == ()


def rank_of_integers(matrix: np.ndarray) -> int:
    """By elimination in whole numbers: a float rank cannot tell a small eigenvalue's high power from 0."""
    rows = [list(map(int, row)) for row in matrix]
    rank = 0
    for column in range(len(matrix)):
        pivot = next((row for row in rows[rank:] if row[column]), None)
        if pivot is None:
            continue
        rows.remove(pivot)
        rows.insert(rank, pivot)
        for row in rows[rank + 1 :]:
            factor = row[column]
            row[:] = [pivot[column] * a - factor * b for a, b in zip(row, pivot, strict=True)]
        rank += 1
    return rank


@settings(max_examples=60)
@given(st.integers(1, 7).flatmap(lambda n: arrays(np.int64, (n, n), elements=st.integers(-1, 2))))
@example(
    np.array(
        [
            [0, -1, -1, -1, 0, -1],
            [-1, -1, -1, -1, -1, -1],
            [2, -1, -1, -1, -1, -1],
            [-1, -1, -1, -1, -1, 0],
            [-1, -1, 2, 0, -1, -1],
            [-1, -1, -1, -1, 0, -1],
        ]
    )
)
def test_any_small_matrix(weights: np.ndarray) -> None:
    """Small integers: eigenvalues that are equal, zero and defective are the rule."""
    M = weights / 4.0
    parts = invariant_parts(M)
    put_together(M, parts)
    assert sum(len(part.block) for part in parts) == len(M)
    zero = [part for part in parts if part.eigenvalue == 0]
    exact = weights.astype(object)
    powers = [np.eye(len(M), dtype=np.int64).astype(object)]
    for _ in range(len(M)):
        powers.append(powers[-1] @ exact)
    ranks = [rank_of_integers(power) for power in powers]
    assert (zero[0].index if zero else 0) == min(k for k in range(len(M) + 1) if ranks[k] == ranks[-1])
