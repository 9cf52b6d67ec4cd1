"""Perron roots against dense eigenvalues, greatest cycle means against all simple cycles."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from compmech.measures.growth import greatest_cycle_mean, perron_root, potentials

squares = st.integers(1, 6).flatmap(lambda n: arrays(np.int64, (n, n), elements=st.integers(0, 3)))


def edges(A: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    source, target = np.nonzero(A)
    return source, target, A[source, target].astype(float), len(A)


@settings(max_examples=80)
@given(squares)
def test_perron_root_of_any_nonnegative_matrix(A: np.ndarray) -> None:
    """Reducible, periodic and nilpotent ones included. A defective root is known to the square root of rounding or so
    to the dense routine only."""
    found = perron_root(*edges(A))
    assert found.is_exact
    assert found.lower == pytest.approx(np.abs(np.linalg.eigvals(A.astype(float))).max(), abs=1e-2)
    power = np.linalg.matrix_power(A.astype(object), 60)
    trace = sum(int(power[i, i]) for i in range(len(A)))  # sum of the 60th powers: exact, and 60 is every period
    assert found.lower**60 <= trace * (1 + 1e-12)
    assert trace <= len(A) * found.lower**60 * (1 + 1e-12)


@pytest.mark.parametrize("n", [3, 40, 700])
def test_perron_root_of_a_ring_with_a_loop(n: int) -> None:
    """z^n = z^(n-1) + 1, in dense and in sparse form."""
    source = np.append(np.arange(n), 0)
    target = np.append((np.arange(n) + 1) % n, 0)
    root = perron_root(source, target, np.ones(n + 1), n).lower
    assert root ** (n - 1) * (root - 1) == pytest.approx(1, rel=1e-10)


def test_weights_that_have_become_zero() -> None:
    source, target = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    assert perron_root(source, target, np.array([1.0, 0.0, 0.0, 0.5]), 2).lower == 1
    root = perron_root(source, target, np.array([1.0, 1e-300, 1e-300, 0.5]), 2)
    assert root.lower == pytest.approx(1, abs=1e-14)


@settings(max_examples=60)
@given(squares, st.integers(0, 2**32 - 1))
def test_greatest_cycle_mean_over_all_simple_cycles(A: np.ndarray, seed: int) -> None:
    n = len(A)
    A = A + np.roll(np.eye(n, dtype=int), 1, axis=1)  # strongly connected
    source, target, _, _ = edges(A)
    weight = np.random.default_rng(seed).normal(size=len(source))
    table = {(int(i), int(j)): w for i, j, w in zip(source, target, weight, strict=True)}
    best = max(
        np.mean([table[i, j] for i, j in zip(cycle, [*cycle[1:], cycle[0]], strict=True)])
        for cycle in nx.simple_cycles(nx.DiGraph(list(table)))
    )
    found = greatest_cycle_mean(source, target, weight, n)
    assert found == pytest.approx(best, abs=1e-12)
    phi = potentials(source, target, weight - found, n)
    assert (weight - found + phi[source] - phi[target]).max() < 1e-12


def test_parallel_edges_count_once_each() -> None:
    found = greatest_cycle_mean(np.array([0, 0]), np.array([0, 0]), np.array([-1.0, -2.0]), 1)
    assert found == -1
    assert perron_root(np.array([0, 0]), np.array([0, 0]), np.array([0.5, 0.25]), 1).lower == pytest.approx(0.75)
