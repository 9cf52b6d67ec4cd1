"""Ridge probes beside one plain scikit-learn fit of the same rows, and beside the symmetric product that bounds both.

Bars: a fit of 200,000 rows in the time of the symmetric product of features, targets and ones (5 % more products than
that of the features alone), each further fit of the same rows in 5 ms; 1,000,000 rows with five folds and 20 penalties
in at most twice one scikit-learn fit. Logistic probes stand beside scikit-learn's on the same labels, which stops
earlier.
"""

import tracemalloc

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge

from probes import LogisticProbe, ProbeData, RidgeProbe, StreamingFit
from probes.crossfit import crossfit
from probes.moment_fits import fit_blocks
from probes.moments import block_moments

TWENTY = tuple(float(p) for p in np.logspace(-10, 1, 20))


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((200_000, 256))
    Y = X @ rng.standard_normal((256, 5)) + rng.standard_normal((200_000, 5))
    return ProbeData(X, Y, np.full(len(X), 1 / len(X)), np.arange(len(X))), rng.integers(0, 5, 200_000)


@pytest.fixture(scope="module")
def million():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((1_000_000, 256), dtype=np.float32)
    Y = X[:, :5] + rng.standard_normal((1_000_000, 5))
    return X, Y, rng.integers(0, 5, 1_000_000)


@pytest.mark.benchmark(group="ridge, 200,000 rows of width 256, 5 targets")
def test_one_fit(benchmark, rows):
    benchmark.pedantic(RidgeProbe((1e-3,)).fit, (rows[0],), rounds=5)


@pytest.mark.benchmark(group="ridge, 200,000 rows of width 256, 5 targets")
def test_nested_folds_and_all_penalties(benchmark, rows):
    data, fold = rows
    benchmark.pedantic(crossfit, (data.X, data.Y, data.weight, fold, RidgeProbe()), rounds=3)


@pytest.mark.benchmark(group="ridge, 200,000 rows of width 256, 5 targets")
def test_limit_symmetric_product(benchmark, rows):
    X = rows[0].X
    benchmark.pedantic(lambda: X.T @ X, rounds=5)


@pytest.mark.benchmark(group="ridge, 200,000 rows of width 256, 5 targets")
def test_limit_symmetric_product_with_targets_and_ones(benchmark, rows):
    Z = np.hstack([rows[0].X, rows[0].Y, np.ones((len(rows[0].X), 1))])
    benchmark.pedantic(lambda: Z.T @ Z, rounds=5)


@pytest.mark.benchmark(group="ridge, 200,000 rows of width 256, 5 targets")
def test_peer_scikit_learn_once(benchmark, rows):
    data, _ = rows
    benchmark.pedantic(lambda: Ridge(solver="cholesky").fit(data.X, data.Y), rounds=5)


@pytest.mark.benchmark(group="ridge, a further fit of the same 200,000 rows")
@pytest.mark.parametrize("penalties", [(1e-2,), TWENTY], ids=["one penalty", "20 penalties on 5 folds"])
def test_further_fit(benchmark, rows, penalties):
    data, fold = rows
    blocks = block_moments(data.X, data.Y, data.weight, fold + 1, 6)
    fit_blocks(RidgeProbe(), blocks, len(data.X))
    benchmark.pedantic(fit_blocks, (RidgeProbe(penalties), blocks, len(data.X)), rounds=20)


@pytest.mark.benchmark(group="ridge, 1,000,000 rows of width 256, 5 targets")
def test_a_million_in_pieces_five_folds_20_penalties(benchmark, million):
    X, Y, fold = million

    def fit():
        stream = StreamingFit(RidgeProbe(TWENTY), fold)
        for start in range(0, len(X), 50_000):
            part = slice(start, start + 50_000)
            weight = np.full(len(Y[part]), 1e-6)
            stream.add(ProbeData(X[part], Y[part], weight, np.arange(start, start + len(weight))))
        return stream.fit()

    assert benchmark.pedantic(fit, rounds=2).rows == 1_000_000


@pytest.mark.benchmark(group="ridge, 1,000,000 rows of width 256, 5 targets")
def test_peer_scikit_learn_a_million(benchmark, million):
    X, Y, _ = million
    X64 = X.astype(np.float64)
    benchmark.pedantic(lambda: Ridge(solver="cholesky").fit(X64, Y), rounds=2)


@pytest.mark.benchmark(group="ridge, 10,000,000 rows of width 512 in pieces, float32, five folds and 20 penalties")
def test_ten_million_rows_in_bounded_memory(benchmark):
    """The rows alone would take 20 GB; what is kept of them is 13 MB, and a piece is 41 MB."""
    rng = np.random.default_rng(0)
    piece, n_piece = 20_000, 500
    X = rng.standard_normal((piece, 512), dtype=np.float32)
    Y = X[:, :5] + rng.standard_normal((piece, 5))
    weight, fold = np.full(piece, 1e-7), rng.integers(0, 5, piece * n_piece)

    def fit():
        stream = StreamingFit(RidgeProbe(TWENTY), fold)
        for i in range(n_piece):
            stream.add(ProbeData(X, Y, weight, np.arange(i * piece, (i + 1) * piece)))
        return stream.fit()

    tracemalloc.start()
    try:
        assert benchmark.pedantic(fit, rounds=1).rows == piece * n_piece
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    benchmark.extra_info["peak MB"] = round(peak / 1e6)
    assert peak < 300e6


@pytest.fixture(scope="module")
def labelled():
    rng = np.random.default_rng(0)
    X = np.tanh(rng.standard_normal((20_000, 64)) @ rng.standard_normal((64, 64)) / 4)
    z = 3 * X @ rng.standard_normal((64, 5)) + rng.gumbel(size=(20_000, 5))
    label = z.argmax(axis=1)
    return ProbeData(X, np.eye(5)[label], np.full(len(X), 1 / len(X)), np.arange(len(X))), label


@pytest.mark.benchmark(group="logistic, 20,000 rows of width 64, 5 outcomes, one penalty")
def test_one_logistic_fit(benchmark, labelled):
    benchmark.pedantic(LogisticProbe((1e-4,)).fit, (labelled[0],), rounds=3)


@pytest.mark.benchmark(group="logistic, 20,000 rows of width 64, 5 outcomes, one penalty")
def test_peer_scikit_learn_logistic(benchmark, labelled):
    data, label = labelled
    penalty = 1e-4 * data.X.var(axis=0).mean()
    peer = LogisticRegression(C=1 / (2 * penalty * len(label)), max_iter=1000)
    benchmark.pedantic(lambda: peer.fit(data.X, label), rounds=3)


@pytest.mark.benchmark(group="logistic, 20,000 rows of width 64, 5 outcomes, five folds and four penalties")
def test_logistic_folds_and_penalties(benchmark, labelled):
    probe = LogisticProbe((1e-8, 1e-6, 1e-4, 1e-2), selection_folds=None)
    benchmark.pedantic(probe.fit, (labelled[0],), {"folds": np.arange(20_000) % 5}, rounds=2)
