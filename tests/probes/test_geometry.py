"""Shapes compared: invariances, closed forms, and planted shapes found where they are and not where they are not."""

import numpy as np
import pytest
from scipy.spatial.distance import pdist, squareform
from scipy.stats import spearmanr

from compmech import zoo
from probes import RidgeProbe, belief_target, crossfit, next_target
from probes.geometry import (
    cka,
    cloud_dimension,
    cosines,
    distances,
    draw_pairs,
    effective_dimension,
    encoding_subspace,
    explained,
    geometry_scores,
    principal_angles,
    principal_components,
    procrustes,
    rank_correlation,
    subspace_angles,
    unsupervised_curve,
)
from tests.probes.ground_for_tests import Ground


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def cloud(n: int = 60, width: int = 4, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    made = rng(seed)
    return made.standard_normal((n, width)) * [3.0, 2.0, 1.0, 0.5][:width] + 1.0, made.random(n)


def orthogonal(width: int, seed: int = 0) -> np.ndarray:
    return np.linalg.qr(rng(seed).standard_normal((width, width)))[0]


# ---------------------------------------------------------------------------------------------------------- pairs


def test_all_pairs_have_the_distances_of_scipy() -> None:
    X, weight = cloud(12)
    pairs = draw_pairs(weight)
    assert pairs.complete
    assert len(pairs.one) == 66
    assert pairs.weight.sum() == pytest.approx(1)
    apart = squareform(pdist(X))
    np.testing.assert_allclose(distances(X, pairs), apart[pairs.one, pairs.other], rtol=1e-12)
    np.testing.assert_allclose(
        pairs.weight / pairs.weight[0], weight[pairs.one] * weight[pairs.other] / (weight[0] * weight[1])
    )


def test_a_sample_of_pairs_estimates_all_of_them() -> None:
    X, weight = cloud(60)
    every = draw_pairs(weight)
    some = draw_pairs(weight, max_pairs=1500, rng=rng(1))
    assert not some.complete
    assert np.all(some.one < some.other)
    exact, spread = every.weight @ distances(X, every), np.std(distances(X, some))
    # five standard errors of the mean of the sample
    assert abs(some.weight @ distances(X, some) - exact) < 5 * spread / np.sqrt(len(some.one))


@pytest.mark.parametrize(
    ("weight", "given", "complaint"),
    [
        (np.array([1.0, 0.0]), {}, "at least 2 rows"),
        (np.ones(10), {"max_pairs": 5}, "give rng"),
        (np.array([1.0, 1e-300, 1e-300]), {"max_pairs": 2, "rng": rng()}, "one row"),
    ],
)
def test_pairs_that_cannot_be_are_refused(weight: np.ndarray, given: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        draw_pairs(weight, **given)  # type: ignore[arg-type]


def test_cosines_are_those_of_the_plane_and_a_point_at_the_origin_has_none() -> None:
    X = np.array([[2.0, 1.0], [1.0, 2.0], [1.0, 1.0], [-1.0, 1.0]])
    pairs = draw_pairs(np.ones(4))
    found = dict(
        zip(
            zip(pairs.one.tolist(), pairs.other.tolist(), strict=True),
            cosines(X, pairs, origin=np.ones(2)),
            strict=True,
        )
    )
    assert found[0, 1] == pytest.approx(0)
    assert found[0, 3] == pytest.approx(-1)
    assert np.isnan(found[1, 2])


def test_explained_is_one_for_itself_and_tells_a_wrong_size() -> None:
    d = rng().random(50)
    w = rng(1).random(50)
    same, doubled = explained(d, d, w), explained(2 * d, d, w)
    assert same.r2 == pytest.approx(1)
    assert same.identity == pytest.approx(1)
    assert doubled.r2 == pytest.approx(1)
    assert doubled.identity < 0
    assert explained(np.full(50, 3.0), d, w).r2 == 0
    holed = d.copy()
    holed[3] = np.nan
    assert explained(holed, d, w).pairs == 49
    with pytest.raises(ValueError, match="no R²"):
        explained(d, np.ones(50), w)
    with pytest.raises(ValueError, match="no pair"):
        explained(np.full(50, np.nan), d, w)


def test_rank_correlation_is_spearman_for_equal_weights_and_repeats_for_whole_ones() -> None:
    a, b = rng().integers(0, 8, 40).astype(float), rng(1).integers(0, 8, 40).astype(float)
    assert rank_correlation(a, b, np.ones(40)) == pytest.approx(spearmanr(a, b).statistic, abs=1e-12)
    times = rng(2).integers(1, 4, 40)
    repeated = spearmanr(np.repeat(a, times), np.repeat(b, times)).statistic
    assert rank_correlation(a, b, times.astype(float)) == pytest.approx(repeated, abs=1e-12)
    assert rank_correlation(np.exp(a), a**3, np.ones(40)) == pytest.approx(1)
    with pytest.raises(ValueError, match="no order"):
        rank_correlation(np.ones(40), b, np.ones(40))


def test_features_that_hold_the_belief_have_its_geometry_and_next_symbols_only_their_own() -> None:
    """The planted pair: RRXOR's beliefs read out of themselves, and out of the next-symbol distribution."""
    ground = Ground(zoo.rrxor(), 10)
    belief, ahead = belief_target(ground.process, ground.histories).Y, next_target(ground.histories).Y
    weight = ground.histories.frequency
    found = {}
    for name, X in (("belief", belief), ("next", ahead)):
        fit = crossfit(X @ rng(3).standard_normal((X.shape[1], 8)), belief, weight, ground.split.fold, RidgeProbe())
        truths = [("belief", belief), ("next", ahead)]
        found[name] = geometry_scores(fit, slice(0, belief.shape[1]), truths, weight, rng=rng())
    scores = {(held, true): found[held][true]["distance"].r2 for held in found for true in found}  # type: ignore[union-attr]
    assert scores["belief", "belief"] > 0.999
    # a ridge penalty and the means of the folds, not the picture, are what is missing
    assert scores["next", "next"] > 0.99
    assert scores["next", "belief"] < 0.8
    assert scores["belief", "next"] < 0.8
    assert found["belief"]["belief"]["rank"] > 0.99  # type: ignore[operator]
    assert found["belief"]["belief"]["cosine"].r2 > 0.999  # type: ignore[union-attr]


# ------------------------------------------------------------------------------------------------------ alignment


def test_procrustes_undoes_a_similarity() -> None:
    X, weight = cloud()
    R = orthogonal(4)
    Y = 0.3 * X @ R + [1.0, -2.0, 0.0, 5.0]
    found = procrustes(X, Y, weight)
    np.testing.assert_allclose(found.rotation, R, atol=1e-10)
    assert found.scale == pytest.approx(0.3)
    assert found.r2 == pytest.approx(1)
    assert found.unscaled_r2 < 0
    np.testing.assert_allclose(found.apply(X), Y, atol=1e-9)


def test_procrustes_of_a_turned_plane_gives_the_angle() -> None:
    X, weight = cloud(width=2)
    c, s = np.cos(np.radians(30)), np.sin(np.radians(30))
    assert procrustes(X, X @ np.array([[c, s], [-s, c]]), weight).angle == pytest.approx(30)
    assert procrustes(X, X, weight).angle == pytest.approx(0, abs=1e-5)  # arccos near 1 loses half of the digits


def test_procrustes_into_more_coordinates_is_symmetric() -> None:
    X, weight = cloud(width=2)
    Y = np.hstack([X @ orthogonal(2), np.zeros((len(X), 3))]) @ orthogonal(5)
    there, back = procrustes(X, Y, weight), procrustes(Y, X, weight)
    assert there.r2 == pytest.approx(1)
    assert back.r2 == pytest.approx(1)
    assert there.angle is None
    noisy = Y + 0.5 * rng(4).standard_normal(Y.shape)
    assert procrustes(X, noisy, weight).r2 == pytest.approx(procrustes(noisy, X, weight).r2)
    assert procrustes(X, noisy, weight).r2 < 1


def test_no_orthogonal_map_does_better_than_procrustes() -> None:
    X, weight = cloud()
    Y = X @ np.diag([1.0, 0.2, 3.0, 1.0]) + rng(7).standard_normal(X.shape)
    found = procrustes(X, Y, weight)
    w = weight / weight.sum()

    def error(R: np.ndarray) -> float:
        x, y = (X - w @ X) @ R, Y - w @ Y
        scale = (w @ (x * y).sum(axis=1)) / (w @ (x * x).sum(axis=1))
        return float(w @ ((scale * x - y) ** 2).sum(axis=1))

    least = error(found.rotation)
    assert least == pytest.approx((1 - found.r2) * (w @ ((Y - w @ Y) ** 2).sum(axis=1)))
    assert all(error(orthogonal(4, seed)) > least for seed in range(50))


def test_cka_knows_rotation_and_scale_but_not_stretching_and_chance_is_low() -> None:
    X, weight = cloud(400)
    assert cka(X, 7 * X @ orthogonal(4) + 1, weight) == pytest.approx(1)
    assert cka(X, X @ np.diag([0.01, 1.0, 30.0, 1.0]), weight) < 0.9
    Y = rng(9).standard_normal((400, 4))
    assert cka(X, Y, weight) == pytest.approx(cka(Y, X, weight))
    assert cka(X, Y, weight) < 0.1
    K, L = (Z - Z.mean(axis=0) for Z in (X, Y))
    K, L = K @ K.T, L @ L.T
    assert cka(X, Y, np.ones(400)) == pytest.approx(np.sum(K * L) / np.sqrt(np.sum(K * K) * np.sum(L * L)))


@pytest.mark.parametrize("compare", [procrustes, cka])
def test_a_single_point_has_no_shape(compare) -> None:  # type: ignore[no-untyped-def]
    X, weight = cloud(20)
    with pytest.raises(ValueError, match="all points of X are one"):
        compare(np.ones_like(X), X, weight)
    with pytest.raises(ValueError, match="all points of Y are one"):
        compare(X, np.ones_like(X), weight)
    with pytest.raises(ValueError, match="one entry for each row"):
        compare(X, X[1:], weight)


# ------------------------------------------------------------------------------------------------------ dimension


def test_effective_dimension_counts_equal_directions() -> None:
    corners = np.vstack([np.eye(5), -np.eye(5)])
    assert effective_dimension(corners @ orthogonal(5), np.ones(10)) == pytest.approx(5)
    assert effective_dimension(corners * [1, 0, 0, 0, 0], np.ones(10)) == pytest.approx(1)
    assert effective_dimension(np.ones((10, 3)), np.ones(10)) == 0
    uneven = corners * np.sqrt([4, 1, 0, 0, 0])  # variances 4 : 1, so 25 / 17
    assert effective_dimension(uneven, np.ones(10)) == pytest.approx(25 / 17)


def test_components_are_those_of_a_repeated_sample() -> None:
    X, _ = cloud(30)
    times = rng(2).integers(0, 4, 30)
    found = principal_components(X, times.astype(float))
    repeated = np.repeat(X, times, axis=0)
    expected = np.linalg.eigvalsh(np.cov(repeated.T, bias=True))[::-1]
    np.testing.assert_allclose(found.variance, expected, rtol=1e-10)
    spread = found.coordinates(repeated)
    np.testing.assert_allclose(np.cov(spread.T, bias=True), np.diag(expected), atol=1e-10)
    assert found.count(1.0) == 4
    assert found.count(1e-6) == 1
    with pytest.raises(ValueError, match="share"):
        found.count(0.0)
    with pytest.raises(ValueError, match="one point"):
        principal_components(np.ones((3, 2)), np.ones(3))


def test_the_belief_is_found_where_it_lies_among_the_components() -> None:
    """Planted among the first two directions of six, or under the four strongest."""
    belief = rng().random((500, 2))
    noise = rng(1).standard_normal((500, 4))
    fold = rng(2).integers(0, 5, 500)
    high = np.hstack([10 * belief, noise]) @ orthogonal(6)
    low = np.hstack([0.01 * belief, noise]) @ orthogonal(6)
    loud, quiet = (unsupervised_curve(X, belief, np.ones(500), fold) for X in (high, low))
    assert len(loud) == len(quiet) == 6
    assert loud[1] > 0.99
    assert quiet[3] < 0.05
    assert quiet[5] > 0.99
    with pytest.raises(ValueError, match="same on every held-out row"):
        unsupervised_curve(high, np.ones((500, 1)), np.ones(500), fold)


# ------------------------------------------------------------------------------------------------------ subspaces


def test_angles_of_planes_that_share_an_axis() -> None:
    A, B = np.eye(3)[:, :2], np.eye(3)[:, 1:]
    np.testing.assert_allclose(principal_angles(A, B), [0, 90], atol=1e-6)


def test_the_directions_along_which_a_factor_moves_are_found_through_correlated_noise() -> None:
    made = rng()
    factor, other = made.standard_normal((4000, 2)), made.standard_normal((4000, 3))
    directions = orthogonal(8)
    X = factor @ directions[:2] + other @ directions[2:5]
    span = encoding_subspace(X, factor, np.ones(4000))
    assert span.shape == (8, 2)
    # the other factor's chance correlation, about 1 / sqrt(4000), tilts it by a degree
    assert principal_angles(span, directions[:2].T).max() < 5
    with pytest.raises(ValueError, match="does not move"):
        encoding_subspace(np.ones((4000, 8)), factor, np.ones(4000))
    with pytest.raises(ValueError, match="same at every row"):
        encoding_subspace(X, np.ones((4000, 1)), np.ones(4000))
    with pytest.raises(ValueError, match="share"):
        encoding_subspace(X, factor, np.ones(4000), share=2.0)


def test_factors_in_a_direct_sum_are_orthogonal_and_factors_on_one_plane_are_not() -> None:
    made = rng(5)
    one, other = made.standard_normal((3000, 2)), made.standard_normal((3000, 2))
    axes = orthogonal(10)
    apart = one @ axes[:2] + other @ axes[2:4] + 0.1 * made.standard_normal((3000, 10))
    together = one @ axes[:2] + other @ axes[:2] + 0.1 * made.standard_normal((3000, 10))
    (direct,) = subspace_angles(apart, [("one", one), ("other", other)], np.ones(3000), rng=rng())
    (shared,) = subspace_angles(together, [("one", one), ("other", other)], np.ones(3000), rng=rng())
    assert direct.dimensions == shared.dimensions == (2, 2)
    assert direct.overlap < 0.01 < direct.chance[1]
    assert shared.overlap > 0.99
    assert (direct.one, direct.other) == ("one", "other")


# ---------------------------------------------------------------------------------------------------------- cloud


def test_the_cantor_set_read_out_exactly_has_its_dimension_and_noise_shortens_the_fit() -> None:
    digits = rng().integers(0, 2, (60_000, 30))
    true = (digits * 2.0 / 3.0 ** np.arange(1, 31)).sum(axis=1)[:, None] @ np.array([[0.6, 0.8]])
    weight = np.ones(len(true))
    exact = cloud_dimension(true, true, weight, rng=rng(1))
    assert exact.error == 0
    assert exact.probed is not None
    dimension = exact.probed.dimension
    assert dimension.value == pytest.approx(np.log(2) / np.log(3), abs=4 * dimension.standard_error)
    noisy = cloud_dimension(true + 1e-3 * rng(2).standard_normal(true.shape), true, weight, rng=rng(1))
    assert noisy.error == pytest.approx(1e-3 * np.sqrt(2), rel=0.02)
    assert noisy.probed is not None
    assert noisy.true is not None
    assert len(noisy.probed.log2_size) < len(exact.probed.log2_size)
    assert noisy.probed.dimension.value == pytest.approx(noisy.true.dimension.value, abs=0.1)
    blurred = cloud_dimension(true + 0.3 * rng(2).standard_normal(true.shape), true, weight, rng=rng(1))
    assert blurred.probed is None


def test_clouds_of_different_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="one shape"):
        cloud_dimension(np.ones((4, 2)), np.ones((4, 3)), np.ones(4), rng=rng())


def test_points_that_are_not_finite_are_refused_and_never_a_number() -> None:
    X, weight = cloud()
    Y, bad = X @ orthogonal(4), X.copy()
    bad[3, 1] = np.nan
    pairs = draw_pairs(weight)
    for of in (
        lambda: cka(bad, Y, weight),
        lambda: procrustes(X, bad, weight),
        lambda: effective_dimension(bad, weight),
        lambda: principal_components(bad, weight),
        lambda: encoding_subspace(bad, Y, weight),
        lambda: distances(bad, pairs),
        lambda: cosines(bad, pairs, origin=np.zeros(4)),
        lambda: cloud_dimension(bad, X, weight, rng=rng()),
    ):
        with pytest.raises(ValueError, match=r"\[3, 1\] is nan"):
            of()
    with pytest.raises(ValueError, match="a value is nan, and has no place in an order"):
        rank_correlation(np.array([0.0, np.nan, 1.0]), np.arange(3.0), np.ones(3))


def test_weights_that_are_none_are_refused() -> None:
    X, weight = cloud()
    for wrong in (-weight, 0 * weight):
        with pytest.raises(ValueError, match="weights must be finite and not negative, with a positive sum"):
            cka(X, X, wrong)
        with pytest.raises(ValueError, match="weights must be finite and not negative, with a positive sum"):
            encoding_subspace(X, X, wrong)


def test_one_point_has_no_order_of_distances_whatever_the_weights() -> None:
    X, weight = cloud()
    pairs = draw_pairs(weight)
    far, none = distances(X, pairs), distances(np.ones_like(X), pairs)
    with pytest.raises(ValueError, match="no order to compare"):
        rank_correlation(none, far, pairs.weight)
