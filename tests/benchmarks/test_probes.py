"""A ridge probe with penalties chosen on inner folds, beside one plain scikit-learn fit of the same rows."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from probes.crossfit import crossfit
from probes.linear import RidgeProbe


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((200_000, 256))
    return X, X @ rng.standard_normal((256, 5)) + rng.standard_normal((200_000, 5)), rng.integers(0, 5, 200_000)


@pytest.mark.benchmark(group="ridge, 200,000 rows of width 256, 5 targets")
def test_nested_folds_and_all_penalties(benchmark, rows):
    X, Y, fold = rows
    benchmark.pedantic(crossfit, (X, Y, np.full(len(X), 1 / len(X)), fold, RidgeProbe()), rounds=3)


@pytest.mark.benchmark(group="ridge, 200,000 rows of width 256, 5 targets")
def test_peer_scikit_learn_once(benchmark, rows):
    X, Y, _ = rows
    benchmark.pedantic(lambda: Ridge(solver="cholesky").fit(X, Y), rounds=3)
