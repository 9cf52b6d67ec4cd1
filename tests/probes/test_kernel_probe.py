"""The kernel probe: a ceiling above the linear one, against scikit-learn's kernel ridge, and blind to noise."""

import numpy as np
import pytest

from probes import KernelProbe, ProbeData, RidgeProbe, crossfit
from probes.kernel import _landmarks


def held_out_r2(data: ProbeData, fold: np.ndarray, probe: KernelProbe | RidgeProbe) -> float:
    fit = crossfit(data.X, data.Y, data.weight, fold, probe)
    return float(1 - ((data.Y - fit.predicted) ** 2).sum() / ((data.Y - fit.null) ** 2).sum())


def problem(seed: int = 0, n: int = 500) -> tuple[ProbeData, np.ndarray]:
    """A product and a square of the features, which no linear map holds."""
    X = np.random.default_rng(seed).standard_normal((n, 3))
    Y = np.column_stack([X[:, 0] * X[:, 1], X[:, 2] ** 2])
    return ProbeData(X, Y, np.ones(n), np.arange(n)), np.arange(n) % 5


def test_it_reads_what_a_linear_probe_cannot() -> None:
    data, fold = problem()
    assert held_out_r2(data, fold, RidgeProbe()) < 0.05
    assert held_out_r2(data, fold, KernelProbe()) > 0.9


def test_it_reads_what_a_linear_probe_can() -> None:
    data, fold = problem()
    linear = ProbeData(data.X, data.X @ np.random.default_rng(1).standard_normal((3, 2)), data.weight, data.history)
    assert held_out_r2(linear, fold, KernelProbe()) > 1 - 1e-6


def test_it_reads_nothing_in_noise() -> None:
    data, fold = problem()
    noise = ProbeData(np.random.default_rng(5).standard_normal((500, 3)), data.Y, data.weight, data.history)
    assert -0.1 < held_out_r2(noise, fold, KernelProbe()) < 0.05


def test_with_all_rows_as_landmarks_the_kernel_is_exact() -> None:
    from sklearn.metrics.pairwise import rbf_kernel

    X = np.random.default_rng(0).standard_normal((60, 4))
    features = _landmarks(X, np.ones(60), 0.5, 60)
    columns = features(X)[:, 4:]
    scale = (columns[0] @ columns[0]) ** 0.5  # K(x, x) = 1 before scaling
    K = columns @ columns.T / scale**2
    np.testing.assert_allclose(K, rbf_kernel(X, gamma=1 / (2 * features.distance**2)), atol=1e-6)


def test_equal_rows_are_one_landmark() -> None:
    X = np.repeat(np.random.default_rng(0).standard_normal((7, 2)), 10, axis=0)
    assert len(_landmarks(X, np.ones(70), 1.0, 50).landmarks) == 7


def test_settings_are_checked() -> None:
    with pytest.raises(ValueError, match="bandwidths"):
        KernelProbe(bandwidths=(0.0,))
    with pytest.raises(ValueError, match="landmark"):
        KernelProbe(landmarks=0)
