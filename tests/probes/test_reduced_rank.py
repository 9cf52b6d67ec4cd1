"""Reduced-rank regression: against its definition, its closed form, and the rank that was planted."""

import numpy as np
import pytest

from probes import ProbeData, ReducedRankProbe, RidgeProbe, crossfit


def problem(rank: int, noise: float, n: int = 400, seed: int = 0) -> tuple[ProbeData, np.ndarray]:
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, 8)) @ rng.standard_normal((8, 8))
    B = rng.standard_normal((8, rank)) @ rng.standard_normal((rank, 5))
    Y = X @ B + noise * rng.standard_normal((n, 5))
    return ProbeData(X, Y, rng.exponential(size=n), np.arange(n)), np.arange(n) % 5


def test_full_rank_is_ridge() -> None:
    data, _ = problem(5, 1.0)
    one = ReducedRankProbe((0.1,), cost=0.0).solve
    ridge = RidgeProbe((0.1,)).fit(data)
    from probes.moment_fits import Choice
    from probes.moments import block_moments

    whole = block_moments(data.X, data.Y, data.weight, np.zeros(400, dtype=int), 1).without()
    np.testing.assert_allclose(one(whole, Choice(0.1, 5), slice(0, 5)), ridge.coefficients, atol=1e-10)


@pytest.mark.parametrize("penalty", [0.0, 0.3])
def test_no_map_of_the_rank_is_better(penalty: float) -> None:
    """The penalised loss at the solution against alternating minimisation from many starts."""
    data, _ = problem(5, 2.0, n=60)
    w = data.weight / data.weight.sum()
    X, Y = data.X - w @ data.X, data.Y - w @ data.Y
    v = penalty * (w @ X**2).mean()
    found = ReducedRankProbe((penalty,), max_rank=2, cost=0.0).fit(data, folds=np.arange(60) % 5)
    assert found.setting == "rank=2"
    assert np.linalg.matrix_rank(found.coefficients, tol=1e-9) == 2

    def loss(B: np.ndarray) -> float:
        return float((w[:, None] * (Y - X @ B) ** 2).sum() + v * (B**2).sum())

    C, c = X.T @ (w[:, None] * X) + v * np.eye(8), X.T @ (w[:, None] * Y)
    rng = np.random.default_rng(0)
    best = np.inf
    for _ in range(10):
        Q = np.linalg.qr(rng.standard_normal((5, 2)))[0]
        for _ in range(300):
            P = np.linalg.solve(C, c @ Q)
            Q = np.linalg.qr(c.T @ P)[0]
        best = min(best, loss(P @ Q.T))
    assert loss(found.coefficients) <= best + 1e-9
    assert best == pytest.approx(loss(found.coefficients), rel=1e-6)


@pytest.mark.parametrize("rank", [1, 2, 4])
def test_the_planted_rank_is_found(rank: int) -> None:
    data, fold = problem(rank, 0.5)
    fitted = ReducedRankProbe().fit(data, folds=fold)
    assert fitted.setting == f"rank={rank}"
    fit = crossfit(data.X, data.Y, data.weight, fold, ReducedRankProbe())
    assert {row[0] for row in fit.settings} == {f"rank={rank}"}


def test_a_dimension_that_does_not_pay_is_left_out() -> None:
    rng = np.random.default_rng(0)
    X = rng.standard_normal((2000, 4))
    Y = X[:, :2] * [1.0, 0.05] + 0.01 * rng.standard_normal((2000, 2))  # the second holds 0.25 % of the variance
    data, fold = ProbeData(X, Y, np.ones(2000), np.arange(2000)), np.arange(2000) % 5
    assert ReducedRankProbe(cost=1e-3).fit(data, folds=fold).setting == "rank=2"
    assert ReducedRankProbe(cost=1e-2).fit(data, folds=fold).setting == "rank=1"


def test_losses_are_those_of_predictions() -> None:
    data, fold = problem(3, 1.0)
    from probes.moments import block_moments

    blocks = block_moments(data.X, data.Y, data.weight, fold, 5)
    probe, train = ReducedRankProbe((1e-3, 1.0)), blocks.without(4)
    (losses,) = probe.losses(train, blocks.held(4, 4), [slice(1, 5)])
    held = fold == 4
    for choice, loss in zip(probe.candidates(4), losses, strict=True):
        B = probe.solve(train, choice, slice(1, 5))
        error = data.Y[held, 1:] - (data.X[held] - blocks.x0 - train.x) @ B - blocks.y0[1:] - train.y[1:]
        assert loss == pytest.approx((data.weight[held] @ error**2).sum(), rel=1e-8)


def test_settings_are_checked() -> None:
    with pytest.raises(ValueError, match="max_rank must be at least 1"):
        ReducedRankProbe(max_rank=0)
    with pytest.raises(ValueError, match="cost"):
        ReducedRankProbe(cost=-1.0)
