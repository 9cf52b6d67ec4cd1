"""The loss, its slope and its curvature against differences; the minimum from anywhere, however it is sought."""

import numpy as np
import pytest

from probes import softmax
from probes.softmax import SoftmaxLoss, least


def problem(
    n: int = 400, width: int = 3, n_outcome: int = 3, seed: int = 0, rarer: float = 0.0
) -> tuple[SoftmaxLoss, np.ndarray]:
    """Weights of many sizes, penalties of many sizes, and outcomes of which each may be rarer than the one before."""
    rng = np.random.default_rng(seed)
    U = np.vstack([np.ones(n), rng.standard_normal((width, n))])
    z = rng.standard_normal((n_outcome, width + 1)) @ U + 0.5 * rng.standard_normal((n_outcome, n))
    z -= rarer * np.arange(n_outcome)[:, None]
    y = np.exp(z) / np.exp(z).sum(axis=0)
    w = rng.exponential(size=n) ** 4
    return SoftmaxLoss(U, w / w.sum() * y), np.concatenate([[0.0], 10.0 ** -np.arange(1.0, width + 1)])


def coefficients(loss: SoftmaxLoss, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((len(loss.U), len(loss.wy)))


def test_the_slope_is_that_of_the_value() -> None:
    loss, ridge = problem()
    G, d = coefficients(loss), coefficients(loss, seed=2)
    _, slope = loss.value(G, ridge)
    (up, _), (down, _) = (loss.value(G + h * d, ridge) for h in (1e-5, -1e-5))
    assert (up - down) / 2e-5 == pytest.approx((slope * d).sum(), rel=1e-7)


def test_the_hessian_is_the_slope_of_the_slope_but_along_a_shift_of_all_intercepts() -> None:
    loss, ridge = problem(n=40)  # fewer rows than are sampled: all are taken
    G, d = coefficients(loss), coefficients(loss, seed=2)
    d[0] -= d[0].mean()
    (_, up), (_, down) = (loss.value(G + h * d, ridge) for h in (1e-5, -1e-5))
    found = (loss.hessian(G, ridge) @ d.ravel()).reshape(d.shape)
    np.testing.assert_allclose(found, (up - down) / 2e-5, atol=1e-5)  # 1e-6 of the mean curvature is added
    shift = np.zeros_like(d)
    shift[0] = 1.0
    assert shift.ravel() @ loss.hessian(G, ridge) @ shift.ravel() > 0.1
    assert abs((loss.value(G, ridge)[1] * shift).sum()) < 1e-12


def test_a_sample_of_the_rows_has_about_the_curvature_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    loss, ridge = problem(n=5000)
    G = coefficients(loss)
    sampled = SoftmaxLoss(loss.U, loss.wy).hessian(G, ridge)
    monkeypatch.setattr(softmax, "_ROWS_PER_COEFFICIENT", 1000)
    whole = loss.hessian(G, ridge)
    ratio = np.linalg.eigvals(np.linalg.solve(whole, sampled)).real
    assert 0.2 < ratio.min() < ratio.max() < 5
    assert abs(ratio - 1).max() > 1e-3  # and it is a sample


@pytest.mark.parametrize("n", [40, 3000])
def test_one_minimum_from_anywhere_with_the_hessian_and_with_its_diagonal(
    n: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    loss, ridge = problem(n=n)
    given = {"tolerance": 1e-14, "max_iterations": 500}
    found = [least(loss, ridge, 3 * coefficients(loss, seed=seed), **given) for seed in (3, 4)]
    monkeypatch.setattr(softmax, "_DENSE", 0)
    found.append(least(loss, ridge, coefficients(loss, seed=5), **given))
    value, slope = loss.value(found[0], ridge)
    assert abs(slope).max() < 1e-6
    centred = [G - G.mean(axis=1, keepdims=True) for G in found]  # a common shift of intercepts is free
    for G in centred[1:]:
        np.testing.assert_allclose(G, centred[0], atol=1e-4)
        assert loss.value(G, ridge)[0] == pytest.approx(value, abs=1e-11)


def test_the_hessian_saves_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rare outcomes curve less than common ones; the count is of values of all rows, which is where the time goes."""
    loss, ridge = problem(n=2000, width=8, n_outcome=4, rarer=3.0)
    ridge[1:] = 1e-7
    counted = []
    value = SoftmaxLoss.value
    monkeypatch.setattr(SoftmaxLoss, "value", lambda self, *about: counted.append(1) or value(self, *about))
    start = np.zeros((9, 4))
    steps = {}
    for dense in (1000, 0):
        monkeypatch.setattr(softmax, "_DENSE", dense)
        counted.clear()
        least(loss, ridge, start, tolerance=1e-10, max_iterations=300)
        steps[dense] = len(counted)
    assert steps[1000] < 0.6 * steps[0], steps


def test_a_single_outcome_is_certain() -> None:
    loss = SoftmaxLoss(np.vstack([np.ones(5), np.arange(5.0)]), np.full((1, 5), 0.2))
    found = least(loss, np.array([0.0, 0.1]), np.zeros((2, 1)), tolerance=1e-8, max_iterations=50)
    assert loss.value(found, np.array([0.0, 0.1]))[0] == pytest.approx(0, abs=1e-12)
