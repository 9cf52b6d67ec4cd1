"""What is done in Python's numbers for a few states, against the same done in arrays."""

from importlib import import_module

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import few

from compmech import partition
from compmech.graph import FEW
from compmech.merging import MERGE_TOL

stationary = import_module("compmech.stationary")  # the name in the package is the function


@few
@given(st.integers(1, FEW), st.integers(1, 4), st.integers(0, 2**32 - 1))
def test_refinement(n_state: int, n_symbol: int, seed: int) -> None:
    """Probabilities that are equal, equal to the tolerance, joined by steps within it, or apart."""
    rng = np.random.default_rng(seed)
    levels = [0.0, 0.3, 0.5, 0.5 + 0.6 * MERGE_TOL, 0.5 + 1.2 * MERGE_TOL, 0.5 + 2.5 * MERGE_TOL]
    emit = rng.choice(levels, size=(n_state, n_symbol))
    successor = np.where(emit > 0, rng.integers(n_state, size=emit.shape), -1)
    found = partition.refine(emit, successor, MERGE_TOL)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(partition, "FEW", 0)
        np.testing.assert_array_equal(found, partition.refine(emit, successor, MERGE_TOL))


@few
@given(st.integers(1, FEW), st.integers(0, 2**32 - 1))
def test_stationary_distribution(n_state: int, seed: int) -> None:
    """With rates over 40 orders of magnitude, each entry to full relative precision."""
    rng = np.random.default_rng(seed)
    rates = 10.0 ** rng.uniform(-40, 0, size=(n_state, n_state)) * (rng.random((n_state, n_state)) < 0.5)
    rates += np.roll(np.eye(n_state), 1, axis=1)  # a ring, so that there is one class
    rates /= rates.sum(axis=1, keepdims=True)
    source, target = np.nonzero(rates)
    given_edges = source, target, rates[source, target], n_state
    found = stationary.stationary_distribution(*given_edges)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stationary, "FEW", 0)
        np.testing.assert_allclose(found, stationary.stationary_distribution(*given_edges), rtol=1e-13)
