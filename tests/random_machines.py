"""Random unifilar machines of any size, for tests and benchmarks."""

import numpy as np

from compmech import EpsilonMachine
from compmech.partition import refine


def random_unifilar(
    n_state: int, n_symbol: int = 2, *, rng: np.random.Generator, n_edge: int | None = None
) -> EpsilonMachine:
    """An ergodic machine with exactly `n_state` causal states: a random cycle through all of them, which makes it
    irreducible, and `n_edge - 1` more random edges from each state, with probabilities uniform on the simplex.

    Args:
        n_edge: symbols that each state can emit, the same number for all; None: every symbol.
    """
    n_edge = n_symbol if n_edge is None else n_edge
    while True:
        order = rng.permutation(n_state)
        rank = rng.random((n_state, n_symbol)).argsort(axis=1)
        allowed = rank < n_edge
        successor = rng.integers(0, n_state, size=(n_state, n_symbol))
        successor[order, np.argmin(rank[order], axis=1)] = np.roll(order, -1)
        emit = np.where(allowed, rng.exponential(size=(n_state, n_symbol)), 0.0)
        emit /= emit.sum(axis=1, keepdims=True)
        successor = np.where(allowed, successor, -1)
        if refine(emit, successor, 1e-9).max() == n_state - 1:
            return EpsilonMachine(successor, emit)
