"""Concept erasure: the theorem, its consequences for every kind of linear probe, and that it can fail."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from probes import ProbeData, RidgeProbe
from probes.intervention import erase_concept


def rng(seed: int = 2) -> np.random.Generator:
    return np.random.default_rng(seed)


def planted(n: int = 400, width: int = 7) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """x with uneven, correlated noise that holds z exactly along two directions, and weights."""
    random = rng()
    z = random.standard_normal((n, 2))
    x = (
        z @ random.standard_normal((2, width))
        + random.standard_normal((n, width)) @ random.standard_normal((width, width)) * 0.3
    )
    x[:, 0] = z[:, 0]
    x[:, 1] = z[:, 1]
    return x + 3.0, z, random.exponential(size=n)


def explained(x: np.ndarray, z: np.ndarray, weight: np.ndarray) -> float:
    """R² of ordinary weighted least squares on the very same rows: the most that any affine probe can reach."""
    fitted = RidgeProbe((0.0,), in_sample=True).fit(ProbeData(x, z, weight, np.arange(len(x))))
    w = weight / weight.sum()
    return float(1 - (w @ (z - fitted.predict(x)) ** 2).sum() / (w @ (z - w @ z) ** 2).sum())


def test_after_erasure_no_affine_probe_beats_the_mean() -> None:
    x, z, weight = planted()
    assert explained(x, z, weight) == pytest.approx(1, abs=1e-9)  # before, it is all there
    eraser = erase_concept(x, z, weight)
    erased = eraser(x)
    assert eraser.rank == 2
    w = weight / weight.sum()
    np.testing.assert_allclose(w @ erased, w @ x, atol=1e-9)  # the mean stays
    np.testing.assert_allclose((w[:, None] * (erased - w @ erased)).T @ (z - w @ z), 0, atol=1e-9)
    assert explained(erased, z, weight) == pytest.approx(0, abs=1e-9)
    np.testing.assert_allclose(eraser(erased), erased, atol=1e-8)  # a projection


def test_after_erasure_cross_entropy_is_that_of_the_frequencies() -> None:
    random = rng(3)
    label = random.integers(3, size=300)
    x = random.standard_normal((300, 5)) + 2 * np.eye(5)[label]
    z = np.eye(3)[label]

    def loss(x: np.ndarray) -> float:
        fitted = LogisticRegression(C=np.inf, max_iter=2000, tol=1e-10).fit(x, label)
        return float(-np.log(fitted.predict_proba(x)[np.arange(300), label]).mean())

    p = np.bincount(label) / 300
    entropy = float(-(p * np.log(p)).sum())
    assert loss(x) < 0.6 * entropy
    assert loss(erase_concept(x, z)(x)) == pytest.approx(entropy, abs=1e-6)


def test_no_other_linear_way_moves_less() -> None:
    x, z, weight = planted()
    w, centred = weight / weight.sum(), x - weight @ x / weight.sum()
    covariance = (w[:, None] * centred).T @ (z - w @ z)
    change = np.einsum("i,ij->", w, (erase_concept(x, z, weight)(x) - x) ** 2)
    # oblique projections x -> x - a (b'x) with b'Cov(x, z) right: rows of the kernel's complement, along any directions
    for seed in range(30):
        along = covariance if seed == 0 else covariance + 0.3 * rng(seed).standard_normal(covariance.shape)
        read = along @ np.linalg.inv(covariance.T @ along)  # read' Cov(x, z) = 1
        other = centred @ read @ covariance.T
        np.testing.assert_allclose((w[:, None] * (centred - other)).T @ (z - w @ z), 0, atol=1e-8)
        assert np.einsum("i,ij->", w, other**2) >= change - 1e-9


def test_what_is_not_there_is_left_alone() -> None:
    random = rng()
    x = random.standard_normal((50, 4))
    z = random.standard_normal((50, 2))
    z -= np.c_[np.ones(50), x] @ np.linalg.lstsq(np.c_[np.ones(50), x], z, rcond=None)[0]  # uncorrelated with x
    eraser = erase_concept(x, z)
    assert eraser.rank == 0
    np.testing.assert_array_equal(eraser(x), x)
    assert erase_concept(x, np.ones((50, 2))).rank == 0


def test_features_of_deficient_rank_and_more_columns_than_rows() -> None:
    random = rng()
    z = random.standard_normal((20, 1))
    x = np.c_[z, 2 * z, np.ones(20), random.standard_normal((20, 30))]
    erased = erase_concept(x, z)(x)
    assert np.isfinite(erased).all()
    np.testing.assert_allclose((erased - erased.mean(axis=0)).T @ (z - z.mean(axis=0)), 0, atol=1e-8)
    assert erase_concept(np.ones((20, 3)), z).rank == 0


def test_it_is_what_the_authors_library_computes() -> None:
    library, torch = pytest.importorskip("concept_erasure"), pytest.importorskip("torch")
    x, z, _ = planted()
    fitter = library.LeaceFitter(x.shape[1], z.shape[1], dtype=torch.float64, shrinkage=False, svd_tol=1e-9)
    fitter.update(torch.from_numpy(x), torch.from_numpy(z))
    np.testing.assert_allclose(erase_concept(x, z)(x), fitter.eraser(torch.from_numpy(x)).numpy(), atol=1e-9)


def test_rows_and_weights_are_checked() -> None:
    x, z = np.ones((3, 2)), np.ones((4, 1))
    with pytest.raises(ValueError, match="the same rows, at least one; got 3 and 4"):
        erase_concept(x, z)
    with pytest.raises(ValueError, match="at least one; got 0 and 0"):
        erase_concept(x[:0], z[:0])
    for weight in ([1.0, 1.0], [1.0, -1.0, 1.0], [0.0, 0.0, 0.0]):
        with pytest.raises(ValueError, match="nonnegative entry for each of the 3 rows"):
            erase_concept(x, z[:3], np.array(weight))
    with pytest.raises(ValueError, match=r"x\[1, 0\] is nan"):
        erase_concept(np.array([[0.0], [np.nan]]), z[:2])
