"""What every probe must do: one contract, tried on all of them."""

from typing import Any

import numpy as np
import pytest

from compmech import zoo
from probes import (
    Fitted,
    KernelProbe,
    LogisticProbe,
    Probe,
    ProbeData,
    ReducedRankProbe,
    RidgeProbe,
    Score,
    SimplexProbe,
    Target,
    crossfit,
    null_target,
    score,
    standard_targets,
    with_distributions,
)
from probes.controls import Shuffled
from tests.probes.ground_for_tests import Ground

PROBES: list[Any] = [
    RidgeProbe(),
    ReducedRankProbe(),
    LogisticProbe(penalties=(1e-6, 1e-2), tolerance=1e-11),
    SimplexProbe(),
    KernelProbe(landmarks=15),
]
names = pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.name)


def problem(n: int = 150, width: int = 6, seed: int = 0) -> tuple[ProbeData, np.ndarray]:
    """Distributions over three outcomes that depend on the features, so that every probe can read them."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, width)) + 2
    z = 0.5 * (X - 2) @ rng.standard_normal((width, 3))
    Y = np.exp(z - z.max(axis=1, keepdims=True))
    return ProbeData(X, Y / Y.sum(axis=1, keepdims=True), rng.exponential(size=n), np.arange(n)), np.arange(n) % 5


@pytest.fixture(scope="module")
def rrxor() -> Ground:
    return Ground(zoo.rrxor(), 8)


def all_targets(ground: Ground) -> tuple[Target, ...]:
    found = standard_targets(ground.process, ground.histories, weighting="probability")
    return with_distributions(ground.process, ground.histories, found)


def scored(ground: Ground, X: np.ndarray, targets: list[Target], probe: Probe) -> tuple[Score, ...]:
    return score(X, targets, ground.histories, weighting="probability", split=ground.split, probe=probe)


@names
def test_it_meets_the_contract(probe: Probe) -> None:
    data, fold = problem()
    assert isinstance(probe, Probe)
    fitted = probe.fit(data, folds=fold)
    assert isinstance(fitted, Fitted)
    assert fitted.rows == 150
    assert fitted.predict(data.X[:7]).shape == (7, 3)
    again = probe.fit(data, folds=fold)
    np.testing.assert_array_equal(fitted.predict(data.X), again.predict(data.X))
    error = ((data.Y - fitted.predict(data.X)) ** 2).sum() / ((data.Y - data.Y.mean(axis=0)) ** 2).sum()
    assert error < 0.35


@names
def test_neither_rotation_nor_scale_nor_the_sum_of_weights_matters(probe: Probe) -> None:
    data, fold = problem()
    turn = np.linalg.qr(np.random.default_rng(1).standard_normal((6, 6)))[0]
    moved = ProbeData(300 * data.X @ turn - 40, data.Y, 7 * data.weight, data.history)
    one, two = probe.fit(data, folds=fold), probe.fit(moved, folds=fold)
    assert (one.penalty, one.setting) == (two.penalty, two.setting)
    # 1e-4: where an iteration stops (logistic); the others agree to 1e-8
    np.testing.assert_allclose(one.predict(data.X), two.predict(moved.X), atol=1e-4)


@names
def test_nothing_of_a_fold_reaches_its_predictions(probe: Probe) -> None:
    data, fold = problem()
    before = crossfit(data.X, data.Y, data.weight, fold, probe)
    spoilt = data.Y.copy()
    spoilt[fold == 2] = np.eye(3)[np.random.default_rng(3).integers(0, 3, (fold == 2).sum())]
    after = crossfit(data.X, spoilt, data.weight, fold, probe)
    held = fold == 2
    np.testing.assert_allclose(before.predicted[held], after.predicted[held], atol=1e-9)
    assert abs(before.predicted[~held] - after.predicted[~held]).max() > 1e-3


@names
def test_it_finds_what_is_there_and_nothing_in_noise(rrxor: Ground, probe: Probe) -> None:
    targets = all_targets(rrxor)
    turn = np.linalg.qr(np.random.default_rng(0).standard_normal((5, 5)))[0]
    planted = scored(rrxor, rrxor.histories.belief @ turn, list(targets), probe)
    noise = np.random.default_rng(1).standard_normal((len(rrxor.histories), 5))
    for target, good, bad in zip(targets, planted, scored(rrxor, noise, list(targets), probe), strict=True):
        assert (good.probe, good.target) == (probe.name, target.name)
        assert good.score is not None
        assert good.score > 0.95, target.name  # a softmax only comes near an affine map
        assert bad.score is not None
        assert -0.25 < bad.score < 0.05, target.name


@names
def test_shuffled_targets_are_not_read(rrxor: Ground, probe: Probe) -> None:
    belief = all_targets(rrxor)[0]
    null = null_target(Shuffled(rrxor.histories), belief, rng=np.random.default_rng(0))
    (found,) = scored(rrxor, rrxor.histories.belief, [null], probe)
    assert found.control == "shuffled"
    assert found.score is not None
    assert found.score < 0.2


@names
def test_it_refuses_what_it_cannot_do(probe: Probe) -> None:
    data, fold = problem()
    with pytest.raises(ValueError, match="folds are needed to choose"):
        probe.fit(data)
    with pytest.raises(ValueError, match="one history must be in one fold"):
        probe.fit(ProbeData(data.X, data.Y, data.weight, data.history // 2), folds=fold)
    with pytest.raises(ValueError, match="at least one column"):
        probe.fit(ProbeData(data.X[:, :0], data.Y, data.weight, data.history), folds=fold)
    with pytest.raises(ValueError, match="at least 3 folds"):
        crossfit(data.X, data.Y, data.weight, fold % 2, probe)


@pytest.mark.parametrize("probe", [LogisticProbe(), SimplexProbe()], ids=lambda probe: probe.name)
def test_targets_without_a_distribution_have_an_empty_score_with_the_reason(rrxor: Ground, probe: Probe) -> None:
    bare = Target("length", rrxor.histories.row[:, None].astype(float))
    (found,) = scored(rrxor, rrxor.histories.belief, [bare], probe)
    assert found.score is None
    assert found.reason == "length is no function of a distribution that could be predicted"
    wrong = Target("odd", rrxor.histories.belief[:, :1] ** 2, distribution=rrxor.histories.belief)
    with pytest.raises(ValueError, match="coordinates of odd must be an affine function"):
        scored(rrxor, rrxor.histories.belief, [wrong], probe)
    data, fold = problem()
    with pytest.raises(ValueError, match=r"rows of Y must be nonnegative and sum to 1; row 0 is"):
        probe.fit(ProbeData(data.X, data.Y - 0.1, data.weight, data.history), folds=fold)
