"""Probes of distributions: against scikit-learn, against their definitions, and what is impossible stays so."""

import numpy as np
import pytest

from compmech import zoo
from probes import LogisticProbe, ProbeData, RidgeProbe, SimplexProbe, belief_target, histories
from probes.distributions import cross_entropy, nearest_distributions
from probes.softmax import log_softmax


def softmax(z: np.ndarray) -> np.ndarray:
    p = np.exp(z - z.max(axis=1, keepdims=True))
    return np.asarray(p / p.sum(axis=1, keepdims=True))


def sharp(*penalties: float) -> LogisticProbe:
    """Fitted as far as digits go, with penalties chosen on all folds."""
    return LogisticProbe(penalties, selection_folds=None, tolerance=1e-12, max_iterations=300)


def problem(n: int = 200, n_outcome: int = 4, seed: int = 0) -> tuple[ProbeData, np.ndarray]:
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, 5))
    Y = softmax(X @ rng.standard_normal((5, n_outcome)) + 0.5 * rng.standard_normal((n, n_outcome)))
    return ProbeData(X, Y, rng.exponential(size=n), np.arange(n)), np.arange(n) % 5


@pytest.mark.parametrize("penalty", [1e-3, 1e-1])
def test_logistic_is_scikit_learns_on_certain_outcomes(penalty: float) -> None:
    from sklearn.linear_model import LogisticRegression

    data, _ = problem()
    label = np.array([np.random.default_rng(i).choice(4, p=row) for i, row in enumerate(data.Y)])
    w = data.weight / data.weight.sum()
    fitted = sharp(penalty).fit(ProbeData(data.X, np.eye(4)[label], data.weight, data.history))
    v = (w @ (data.X - w @ data.X) ** 2).mean()
    theirs = LogisticRegression(C=1 / (2 * penalty * v), tol=1e-10, max_iter=2000).fit(data.X, label, sample_weight=w)
    np.testing.assert_allclose(fitted.predict(data.X), theirs.predict_proba(data.X), atol=2e-5)


def test_a_softmax_of_the_features_is_recovered() -> None:
    rng = np.random.default_rng(0)
    X = rng.standard_normal((300, 5))
    data = ProbeData(X, softmax(X @ rng.standard_normal((5, 3))), np.ones(300), np.arange(300))
    fitted = sharp(1e-9).fit(data)
    np.testing.assert_allclose(fitted.predict(X), data.Y, atol=1e-4)


def test_the_least_cross_entropy_beats_its_neighbours() -> None:
    data, _ = problem()
    fitted = sharp(1e-2).fit(data)
    w = data.weight / data.weight.sum()
    v = (w @ (data.X - w @ data.X) ** 2).mean()

    def loss(B: np.ndarray, a: np.ndarray) -> float:
        return float(w @ cross_entropy(data.Y, np.log(softmax(data.X @ B + a))) + 1e-2 * v * (B**2).sum())

    least = loss(fitted.coefficients, fitted.intercept)
    for seed in range(20):
        rng = np.random.default_rng(seed)
        moved = loss(
            fitted.coefficients + 0.01 * rng.standard_normal((5, 4)), fitted.intercept + 0.01 * rng.standard_normal(4)
        )
        assert moved > least


def test_the_penalty_is_the_one_of_least_held_out_cross_entropy() -> None:
    data, fold = problem(60)
    probe = sharp(1e-6, 1e-3, 1e-1, 1.0)
    losses = []
    for penalty in probe.penalties:
        loss = 0.0
        for held in range(5):
            fitted = sharp(penalty).fit(data.of(np.flatnonzero(fold != held)))
            test = data.of(np.flatnonzero(fold == held))
            loss += test.weight @ cross_entropy(test.Y, log_softmax(fitted.affine(test.X)))
        losses.append(loss)
    assert probe.fit(data, folds=fold).penalty == probe.penalties[int(np.argmin(losses))]


def test_what_was_never_possible_has_probability_zero() -> None:
    data, _ = problem()
    Y = np.column_stack([data.Y, np.zeros(200)])
    fitted = LogisticProbe((1e-3,)).fit(ProbeData(data.X, Y, data.weight, data.history))
    assert (fitted.predict(data.X)[:, 4] == 0).all()
    assert np.isneginf(log_softmax(fitted.affine(data.X))[:, 4]).all()
    certain = np.eye(5)[[4]]
    assert cross_entropy(certain, log_softmax(fitted.affine(data.X[:1])))[0] == np.inf
    assert np.isfinite(cross_entropy(Y, log_softmax(fitted.affine(data.X)))).all()


def test_nearest_distributions_by_enumeration_of_faces() -> None:
    values = np.random.default_rng(0).standard_normal((50, 4))
    found = nearest_distributions(values)
    assert (found >= 0).all()
    np.testing.assert_allclose(found.sum(axis=1), 1)
    for row, point in zip(values, found, strict=True):
        best = np.inf
        for face in range(1, 16):  # on each face project on its plane, and keep what lies in the simplex
            on = np.array([bool(face >> i & 1) for i in range(4)])
            candidate = np.where(on, row + (1 - row[on].sum()) / on.sum(), 0.0)
            if (candidate >= 0).all():
                best = min(best, float(((candidate - row) ** 2).sum()))
        assert ((point - row) ** 2).sum() == pytest.approx(best)


def test_the_nearest_distribution_is_never_further_from_a_belief() -> None:
    process = zoo.mess3(x=0.15, a=0.6)
    found = histories(process, 5)
    X = np.tanh(3 * found.belief @ np.random.default_rng(0).standard_normal((3, 8)))
    target = belief_target(process, found, gauge="state")
    data = ProbeData(X, target.Y, found.frequency, np.arange(len(found)))
    for penalty in (1e-6, 1e-1, 10.0):
        linear, constrained = RidgeProbe((penalty,)).fit(data).predict(X), SimplexProbe((penalty,)).fit(data).predict(X)
        before, after = (((p - target.Y) ** 2).sum(axis=1) for p in (linear, constrained))
        assert (after <= before + 1e-15).all()
        assert (constrained >= 0).all()


def test_a_logistic_probe_needs_a_penalty() -> None:
    with pytest.raises(ValueError, match="penalties above 0"):
        LogisticProbe((0.0,))
