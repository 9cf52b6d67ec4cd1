"""The ridge probe against scikit-learn, plain least squares and its own definition."""

import numpy as np
import pytest

from probes import PENALTIES, ProbeData, RidgeProbe, TooFewRows, crossfit
from probes.moments import block_moments, held_out_losses, spectrum


def problem(seed: int = 0, rows: int = 200, width: int = 12, noise: float = 0.3) -> ProbeData:
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((rows, width)) @ rng.standard_normal((width, width)) + 5
    Y = X @ rng.standard_normal((width, 3)) + noise * rng.standard_normal((rows, 3)) - 2
    return ProbeData(X, Y, rng.exponential(size=rows), np.arange(rows))


def folds(rows: int, n_fold: int = 5) -> np.ndarray:
    return np.random.default_rng(9).permutation(rows) % n_fold


@pytest.mark.parametrize("penalty", [1e-6, 1e-2, 1.0, 10.0])
def test_ridge_is_scikit_learns(penalty: float) -> None:
    from sklearn.linear_model import Ridge

    data = problem()
    fitted = RidgeProbe((penalty,)).fit(data)
    w = data.weight
    centred = data.X - w @ data.X / w.sum()
    # ours is relative to the mean variance and to a weighted mean of squares; theirs is of a weighted sum
    alpha = penalty * (w @ centred**2).sum() / data.X.shape[1]
    theirs = Ridge(alpha=alpha, solver="svd").fit(data.X, data.Y, sample_weight=w)
    np.testing.assert_allclose(fitted.coefficients, theirs.coef_.T, rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(fitted.intercept, theirs.intercept_, rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(fitted.predict(data.X), theirs.predict(data.X), atol=1e-8)


def test_penalty_zero_is_weighted_least_squares() -> None:
    data = problem()
    fitted = RidgeProbe((0.0,)).fit(data)
    root = np.sqrt(data.weight)[:, None]
    plain = np.linalg.lstsq(root * np.column_stack([np.ones(len(data.X)), data.X]), root * data.Y, rcond=None)[0]
    np.testing.assert_allclose(fitted.intercept, plain[0], atol=1e-8)
    np.testing.assert_allclose(fitted.coefficients, plain[1:], atol=1e-8)
    assert (fitted.rank, fitted.rows, fitted.penalty) == (12, 200, 0.0)


def test_redundant_columns_do_not_count_and_do_not_matter() -> None:
    data = problem()
    doubled = ProbeData(np.hstack([data.X, data.X[:, :5], np.ones((200, 2))]), data.Y, data.weight, data.history)
    one, two = RidgeProbe((0.0,)).fit(data), RidgeProbe((0.0,)).fit(doubled)
    assert one.rank == two.rank == 12
    np.testing.assert_allclose(one.predict(data.X), two.predict(doubled.X), atol=1e-7)


def test_neither_rotation_nor_scale_nor_origin_nor_the_sum_of_weights_matters() -> None:
    data = problem()
    rotation = np.linalg.qr(np.random.default_rng(1).standard_normal((12, 12)))[0]
    moved = ProbeData(300 * data.X @ rotation - 40, data.Y, 7 * data.weight, data.history)
    for penalty in (1e-4, 1.0):
        one, two = RidgeProbe((penalty,)).fit(data), RidgeProbe((penalty,)).fit(moved)
        np.testing.assert_allclose(one.predict(data.X), two.predict(moved.X), atol=1e-8)


def test_float32_features_are_fitted_in_float64() -> None:
    data = problem()
    single = data.X.astype(np.float32)
    one = RidgeProbe((1e-3,)).fit(ProbeData(single, data.Y, data.weight, data.history))
    two = RidgeProbe((1e-3,)).fit(ProbeData(single.astype(np.float64), data.Y, data.weight, data.history))
    np.testing.assert_allclose(one.coefficients, two.coefficients, rtol=1e-10)


def test_an_ordinary_fit_with_too_few_rows_is_refused_with_the_numbers() -> None:
    data = problem(rows=23)
    with pytest.raises(TooFewRows, match="at least 24 distinct histories; got 23") as caught:
        RidgeProbe((0.0,)).fit(data)
    assert (caught.value.rows, caught.value.rank) == (23, 12)
    assert RidgeProbe((0.0,), in_sample=True).fit(data).rank == 12
    assert RidgeProbe((1e-3,)).fit(data).rank == 12
    assert RidgeProbe((0.0,)).fit(problem(rows=24)).rows == 24


def test_rows_of_one_history_are_one() -> None:
    data = problem(rows=23)
    repeated = ProbeData(
        np.tile(data.X, (4, 1)), np.tile(data.Y, (4, 1)), np.tile(data.weight, 4), np.tile(data.history, 4)
    )
    with pytest.raises(TooFewRows, match="got 23"):
        RidgeProbe((0.0,)).fit(repeated)
    with pytest.raises(ValueError, match="one history must be in one fold"):
        RidgeProbe().fit(repeated, folds=np.arange(92) % 5)
    assert RidgeProbe().fit(repeated, folds=np.tile(folds(23), 4)).rows == 23


def test_losses_from_moments_are_those_of_predictions() -> None:
    data = problem()
    fold = folds(200)
    blocks = block_moments(data.X, data.Y, data.weight, fold, 5)
    train = spectrum(blocks.total([0, 1, 3]))
    losses = held_out_losses(train, blocks.parts[4], PENALTIES)
    kept, held = np.isin(fold, [0, 1, 3]), fold == 4
    for i, penalty in enumerate(PENALTIES):
        part = ProbeData(data.X[kept], data.Y[kept], data.weight[kept], data.history[kept])
        error = data.Y[held] - RidgeProbe((penalty,)).fit(part).predict(data.X[held])
        np.testing.assert_allclose(losses[i], data.weight[held] @ error**2, rtol=1e-7)


def test_many_chunks_and_blocks_add_up() -> None:
    rng = np.random.default_rng(0)
    X, Y = rng.standard_normal((3000, 600)).astype(np.float32), rng.standard_normal((3000, 2))
    w, block = rng.exponential(size=3000), rng.integers(0, 3, 3000)
    total = block_moments(X, Y, w, block, 4).total(range(4))  # block 3 is empty; 600 columns make chunks of 1747 rows
    one = block_moments(X, Y, w, np.zeros(3000, dtype=int), 1).parts[0]
    assert total.rows == 3000
    np.testing.assert_allclose(total.xx, one.xx, atol=1e-9)
    np.testing.assert_allclose(total.xy, one.xy, atol=1e-9)
    centred = X.astype(np.float64) - w @ X.astype(np.float64) / w.sum()
    np.testing.assert_allclose(
        np.sort(spectrum(one).e), np.sort(np.linalg.eigvalsh((w[:, None] * centred).T @ centred / w.sum())), atol=1e-9
    )


def test_the_penalty_is_the_one_that_predicts_best() -> None:
    from sklearn.linear_model import Ridge

    data = problem(rows=40, noise=5.0)
    fold = folds(40)
    losses = []
    for penalty in PENALTIES:
        loss = 0.0
        for held in range(5):
            kept = fold != held
            w = data.weight[kept]
            alpha = penalty * (w @ (data.X[kept] - w @ data.X[kept] / w.sum()) ** 2).sum() / 12
            fitted = Ridge(alpha=max(alpha, 1e-300), solver="svd").fit(data.X[kept], data.Y[kept], sample_weight=w)
            loss += (data.weight[~kept] @ (data.Y[~kept] - fitted.predict(data.X[~kept])) ** 2).sum()
        losses.append(loss)
    chosen = RidgeProbe().fit(data, folds=fold).penalty
    assert chosen == PENALTIES[int(np.argmin(losses))]
    assert RidgeProbe().fit(problem(rows=40, noise=0.0), folds=fold).penalty < chosen  # clean targets need less


def test_a_choice_of_penalty_needs_folds() -> None:
    with pytest.raises(ValueError, match="folds are needed"):
        RidgeProbe().fit(problem())
    with pytest.raises(ValueError, match="leave rows to train on"):
        RidgeProbe().fit(problem(), folds=np.zeros(200, dtype=int))
    with pytest.raises(ValueError, match="one or more finite numbers"):
        RidgeProbe((-1.0,))


def test_bad_data_is_named() -> None:
    data = problem()
    spoilt = data.X.copy()
    spoilt[17, 3] = -np.inf
    with pytest.raises(ValueError, match=r"X\[17, 3\] is -inf"):
        ProbeData(spoilt, data.Y, data.weight, data.history)
    negative = data.weight.copy()
    negative[5] = -1.0
    with pytest.raises(ValueError, match=r"weight\[5\] is -1"):
        ProbeData(data.X, data.Y, negative, data.history)


def test_crossfit_is_a_fresh_fit_of_the_other_folds() -> None:
    data = problem(rows=120, noise=3.0)
    fold = folds(120)
    fold[:10] = -1  # always in training
    fit = crossfit(data.X, data.Y, data.weight, fold, RidgeProbe(), groups=[slice(0, 1), slice(1, 3)])
    assert fit.rank == 12
    np.testing.assert_array_equal(fit.held, np.flatnonzero(fold >= 0))
    for held in range(5):
        kept = fold != held
        inner = fold[kept]
        inner = np.where(inner > held, inner - 1, inner)
        w = data.weight[kept]
        for group, columns in enumerate([slice(0, 1), slice(1, 3)]):
            part = ProbeData(data.X[kept], data.Y[kept, columns], w, data.history[kept])
            fitted = RidgeProbe().fit(part, folds=inner)
            assert fit.penalties[held, group] == fitted.penalty
            np.testing.assert_allclose(
                fit.predicted[fold == held, columns], fitted.predict(data.X[fold == held]), atol=1e-7
            )
        np.testing.assert_allclose(fit.null[fold == held], np.tile(w @ data.Y[kept] / w.sum(), (sum(fold == held), 1)))


def test_nothing_of_a_fold_reaches_its_predictions() -> None:
    data = problem(rows=100)
    fold = folds(100)
    before = crossfit(data.X, data.Y, data.weight, fold, RidgeProbe())
    spoilt, weight = data.Y.copy(), data.weight.copy()
    spoilt[fold == 2] = 1e3 * np.random.default_rng(3).standard_normal((20, 3))
    weight[fold == 2] *= 50
    after = crossfit(data.X, spoilt, weight, fold, RidgeProbe())
    held = fold == 2
    # only the shared origin of the moments moves, so rounding: the targets are a thousand times larger
    np.testing.assert_allclose(before.predicted[held], after.predicted[held], atol=1e-6)
    np.testing.assert_allclose(before.null[held], after.null[held], atol=1e-9)
    assert before.penalties[2] == after.penalties[2]
    assert abs(before.predicted[~held] - after.predicted[~held]).max() > 1  # it does reach the others


def test_crossfit_refuses_what_it_cannot_do() -> None:
    data = problem(rows=28)
    with pytest.raises(ValueError, match="at least 3 folds"):
        crossfit(data.X, data.Y, data.weight, np.arange(28) % 2, RidgeProbe())
    with pytest.raises(TooFewRows):  # 28 rows would do, but the folds leave 21 and 12 dimensions need 24
        crossfit(data.X, data.Y, data.weight, np.arange(28) % 4, RidgeProbe((0.0,)))


def test_features_without_columns_are_refused() -> None:
    empty = ProbeData(np.zeros((4, 0)), np.zeros((4, 1)), np.ones(4), np.arange(4))
    with pytest.raises(ValueError, match=r"at least one column; got shape \(4, 0\)"):
        RidgeProbe().fit(empty)


@pytest.mark.parametrize("penalty", [-1.0, float("nan"), float("inf")])
def test_penalties_that_are_none_are_refused(penalty: float) -> None:
    with pytest.raises(ValueError, match="one or more finite numbers >= 0"):
        RidgeProbe((1.0, penalty))
