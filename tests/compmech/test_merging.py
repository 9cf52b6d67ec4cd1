"""Equal vectors are found as comparing all pairs finds them."""

import numpy as np
import pytest

from compmech.merging import BeliefIndex

TOL = 1e-10


def told_by_all_pairs(known: np.ndarray, vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Node of each vector and the rows that are new, where equal ones come in groups that are far apart."""
    nodes, fresh, seen = [], [], list(known)
    for row, vector in enumerate(vectors):
        away = abs(np.array(seen) - vector).max(axis=1) if seen else np.array([])
        if (away <= TOL).any():
            nodes.append(int(np.argmin(away)))
        else:
            nodes.append(len(seen))
            fresh.append(row)
            seen.append(vector)
    return np.array(nodes), np.array(fresh, dtype=int)


def clustered(rng: np.random.Generator, n_row: int, spread: float) -> np.ndarray:
    """Centres `spread` times the tolerance apart or more, along a line, and rows near to some of them."""
    centres = np.array([0.3, 0.2, 0.5]) + np.arange(200)[:, None] * spread * TOL * np.array([1, -2, 1])
    return np.asarray(centres[rng.integers(200, size=n_row)] + rng.uniform(-0.1 * TOL, 0.1 * TOL, (n_row, 3)))


@pytest.mark.parametrize(
    "spread", [2.0, 40.0, 1e3, 1e6]
)  # many in a window, in a cell; neighbours on both sides of borders
@pytest.mark.parametrize(("n_first", "n_row"), [(0, 300), (100, 300), (150, 4)])
def test_equal_vectors_are_those_that_all_pairs_tell(spread: float, n_first: int, n_row: int) -> None:
    for seed in range(5):
        rng = np.random.default_rng(seed)
        index = BeliefIndex(3, tol=TOL, by_support=False)
        for size in (n_first, n_row, n_row, n_row):
            known = index.vectors.copy()
            vectors = clustered(rng, size, spread)
            node, distance, fresh = index.match(vectors)
            expected, new = told_by_all_pairs(known, vectors)
            np.testing.assert_array_equal(node, expected)
            np.testing.assert_array_equal(fresh, new)
            index.add(vectors[fresh])
            np.testing.assert_allclose(distance, abs(vectors - index.vectors[node]).max(axis=1, initial=0), atol=1e-16)


def test_one_vector_many_times_takes_no_longer_than_many_vectors() -> None:
    """All in one place of the table: what is in the window of the last one is not written again."""
    index = BeliefIndex(2, tol=TOL, by_support=False)
    node, _, fresh = index.match(np.full((100_000, 2), 0.5))
    assert not node.any()
    np.testing.assert_array_equal(fresh, [0])
