"""Lyapunov exponents, the Lyapunov dimension, separation and ambiguity, against closed forms."""

from fractions import Fraction
from math import inf, log2

import machines
import numpy as np
import pytest
from belief_systems import CANTOR, OVERLAPPING, game, gasket, interval, rectangles, side_by_side
from hypothesis import given, settings
from strategies import ergodic_hmms

from compmech import HMM, zoo
from compmech.blackwell import (
    BeliefSystem,
    Estimate,
    Exponents,
    ambiguity_rate,
    belief_system,
    determinant_sum,
    lyapunov_dimension,
    lyapunov_exponents,
    mean_entropy,
    sample_orbits,
    separation,
)
from compmech.blackwell.dimension import dimension_estimate
from compmech.blackwell.lyapunov import _stretchings
from compmech.blackwell.separation import APART, TOUCHING, UNPROVED
from compmech.measures.interval import exact
from compmech.measures.recent_words import rate_bounds


def exponents_of(process, *, seed: int = 0, n_seq: int = 200, n_time: int = 300) -> tuple[Exponents, Estimate]:
    orbits = sample_orbits(process, n_seq, n_time, rng=np.random.default_rng(seed))
    rate = mean_entropy(orbits)
    return lyapunov_exponents(orbits, rate), rate


@pytest.mark.parametrize(
    ("process", "total"),
    [(zoo.mess3(x=0.05, a=0.85), -4.74317), (zoo.mess3(x=0.15, a=0.6), -2.39301), (CANTOR, -1.607413)],
)
def test_sums_by_determinants(process: HMM, total: float) -> None:
    found = determinant_sum(belief_system(process), rate_bounds(process.T, process.start, max_words=100_000))
    assert found.lower <= found.upper < found.lower + 2e-6
    assert found.lower == pytest.approx(total, abs=6e-6 if total < -2 else 6e-7)  # as printed


@settings(max_examples=15)
@given(ergodic_hmms(most_states=3))
def test_volumes_shrink_by_the_determinant(process: HMM) -> None:
    """Along every orbit, whatever was used to estimate exponents: log2 |det Df_x| = log2 |det T_x| - n log2 p_x."""
    system = BeliefSystem(process)
    orbits = sample_orbits(system, 5, 8, rng=np.random.default_rng(0), burn_in=4)
    steps = _stretchings(orbits).sum(axis=1).T
    determinants = np.abs(np.linalg.det(process.T))[orbits.symbols]
    p = np.einsum("sti,sti->st", orbits.beliefs[:, :-1], process.emission.T[orbits.symbols])
    fine = determinants > 1e-6  # and in products of matrices nearer to singular a direction may be gone
    for seq in range(5):
        if fine[seq].all():
            expected = np.log2(determinants[seq]) - process.n_state * np.log2(p[seq])
            np.testing.assert_allclose(steps[seq], expected, atol=1e-7)


def test_similarities() -> None:
    """Every direction shrinks by r_x: lambda = sum_x p_x log2 r_x, for one direction and for two."""
    found, rate = exponents_of(interval([0.3, 0.7], [0.5, 0.25], [0.0, 0.75]))
    assert rate.value == pytest.approx(-0.3 * log2(0.3) - 0.7 * log2(0.7), abs=1e-12)
    assert found.exponents[0].value == pytest.approx(-1.7, abs=1e-12)
    found, _ = exponents_of(gasket())
    assert [one.value for one in found.exponents] == pytest.approx([-1.0, -1.0], abs=1e-12)


def test_two_rates_at_once() -> None:
    found, _ = exponents_of(rectangles())
    assert [one.value for one in found.exponents] == pytest.approx([log2(0.4), log2(0.1)], abs=1e-9)


def test_against_one_long_product() -> None:
    """Mess3 by another method: singular values of products of matrices, Lambda_2 - Lambda_1, by QR along one orbit."""
    process = zoo.mess3(x=0.05, a=0.85)
    found, _ = exponents_of(process, seed=1)
    symbols = process.sample(1, 6000, rng=np.random.default_rng(7))[0]
    frame = np.linalg.qr(np.random.default_rng(8).normal(size=(3, 3)))[0]
    logs = []
    for x in symbols:
        frame, triangle = np.linalg.qr(process.T[x].T @ frame)
        logs.append(np.log2(np.abs(np.diag(triangle))))
    rows = np.array(logs)[100:]
    spread = (rows[:, 1] - rows[:, 0])[: 59 * 100].reshape(59, 100).mean(axis=1)
    error = np.hypot(spread.std() / np.sqrt(59), found.exponents[0].standard_error)
    assert abs(found.exponents[0].value - spread.mean()) < 4 * error
    assert error < 0.04


def test_errors_of_exponents_are_what_they_say() -> None:
    """20 runs against 20 times as many symbols."""
    process = zoo.mess3(x=0.15, a=0.6)
    best = exponents_of(process, seed=99, n_seq=400, n_time=500)[0].exponents[0]
    runs = [exponents_of(process, seed=seed, n_seq=50, n_time=200)[0].exponents[0] for seed in range(20)]
    scores = np.array([(run.value - best.value) / run.standard_error for run in runs])
    assert abs(scores.mean()) < 4 / np.sqrt(20)
    assert 0.4 < scores.std() < 1.65  # 4 standard errors of 20 such


@pytest.mark.parametrize(
    ("process", "n_finite"),
    [(zoo.sns(), 0), (zoo.even(), 0), (zoo.rrxor(), 0), (zoo.nemo(), 0), (zoo.mess3(), 2), (zoo.leaky_rrxor(), 4)],
)
def test_singular_matrices_lose_directions(process: HMM, n_finite: int) -> None:
    found, _ = exponents_of(process, n_seq=40, n_time=60)
    assert found.n_finite == n_finite
    values = [one.value for one in found.exponents]
    assert len(values) == process.n_state - 1
    assert values == sorted(values, reverse=True)
    assert values[n_finite:] == [-inf] * (process.n_state - 1 - n_finite)


def test_one_direction_lost_and_one_kept() -> None:
    """Rank two of three: the first exponent is finite, the second -inf, and d is at most 1."""
    rank_two = np.array([[0.6, 0.3, 0.1], [0.2, 0.3, 0.5], [0.4, 0.3, 0.3]])
    assert np.linalg.matrix_rank(rank_two, tol=1e-9) == 2
    system = game([0.5, 0.5], [rank_two, np.eye(3) * 0.5 + 0.5 * np.eye(3)[0]])
    found, rate = exponents_of(system, n_seq=40, n_time=100)
    assert found.n_finite == 1
    assert np.isfinite(found.exponents[0].value)
    assert determinant_sum(system, exact(1.0)).lower == -inf
    assert dimension_estimate(rate, found).value <= 1


@settings(max_examples=15)
@given(ergodic_hmms(most_states=4))
def test_never_nan(process: HMM) -> None:
    found, rate = exponents_of(process, n_seq=10, n_time=20)
    values = [one.value for one in found.exponents]
    assert not np.isnan(values).any()
    assert not np.isnan([one.standard_error for one in found.exponents]).any()
    assert values == sorted(values, reverse=True)
    d = dimension_estimate(rate, found)
    assert 0 <= d.value <= len(values)
    assert d.standard_error >= 0


def test_formula_of_the_dimension() -> None:
    assert lyapunov_dimension(1.0, [-2.0]) == 0.5
    assert lyapunov_dimension(0.9, [-1.0, -4.0]) == 0.9
    assert lyapunov_dimension(1.0, [-1.0, -4.0]) == 1.0
    assert lyapunov_dimension(1.5, [-1.0, -4.0]) == 1.125
    assert lyapunov_dimension(9.0, [-1.0, -4.0]) == 2.0  # no more dimensions than there are
    assert lyapunov_dimension(0.7, []) == 0.0
    assert lyapunov_dimension(0.7, [-inf, -inf]) == 0.0
    assert lyapunov_dimension(0.7, [-0.5, -inf]) == 1.0
    assert lyapunov_dimension(0.0, [-0.5]) == 0.0
    # continuous where h + lambda_1 changes sign
    assert lyapunov_dimension(1 - 1e-9, [-1.0, -3.0]) == pytest.approx(lyapunov_dimension(1 + 1e-9, [-1.0, -3.0]))


def test_formula_refuses() -> None:
    with pytest.raises(ValueError, match=r"growth must be >= 0 bits per symbol; got -0\.1"):
        lyapunov_dimension(-0.1, [-1.0])
    with pytest.raises(ValueError, match=r"greatest first; got \[-2\.0, -1\.0\]"):
        lyapunov_dimension(0.5, [-2.0, -1.0])


@pytest.mark.parametrize(
    ("process", "dimension"), [(zoo.mess3(x=0.05, a=0.85), 0.520), (zoo.mess3(x=0.15, a=0.6), 1.350)]
)
def test_known_dimensions(process: HMM, dimension: float) -> None:
    found, rate = exponents_of(process)
    d = dimension_estimate(rate, found)
    assert abs(d.value - dimension) < 4 * d.standard_error + 5e-4  # printed to three decimals
    assert d.standard_error < 2e-3


def test_error_of_the_dimension() -> None:
    """The derivative by each exponent, against differences."""
    exponents = Exponents((Estimate(-0.6, 0.1), Estimate(-0.9, 0.1)), np.array([[0.02, 0.01], [-0.02, -0.01]]))
    d = dimension_estimate(Estimate(1.0, 0.0), exponents)
    step = 1e-6
    first = (lyapunov_dimension(1.0, [-0.6 + step, -0.9]) - d.value) / step
    second = (lyapunov_dimension(1.0, [-0.6, -0.9 + step]) - d.value) / step
    assert d.standard_error == pytest.approx(0.02 * first + 0.01 * second, rel=1e-4)
    capped = dimension_estimate(Estimate(5.0, 0.1), exponents)
    assert (capped.value, capped.standard_error) == (2.0, 0.0)


def test_separation_of_images() -> None:
    assert separation(belief_system(CANTOR)) == APART
    assert separation(belief_system(OVERLAPPING)) == UNPROVED
    assert separation(interval([0.5, 0.5], [0.5, 0.5], [0.0, 0.5])) == TOUCHING
    assert separation(interval([0.5, 0.5], [0.5001, 0.5], [0.0, 0.5])) == UNPROVED
    assert separation(interval([0.5, 0.5], [0.4999, 0.5], [0.0, 0.5])) == APART
    assert separation(gasket()) == TOUCHING
    assert separation(rectangles()) == APART
    assert separation(belief_system(zoo.mess3(x=0.3, a=0.6))) == APART
    assert separation(belief_system(zoo.mess3(x=0.05, a=0.85))) == UNPROVED
    assert separation(belief_system(machines.probability_clock())) == UNPROVED
    same_centre = game([0.5, 0.5], [np.eye(2) * 0.5 + 0.25, np.array([[0.4, 0.6], [0.6, 0.4]])])
    assert separation(same_centre) == UNPROVED


def test_mess3_is_a_gasket_where_it_is_drawn_most() -> None:
    """x = 0.15, a = 0.6: the corners of the hull are (9, 1, 1) / 11, and two images share exactly one corner, so that
    the open set condition holds; at x = 0.05, a = 0.85 they overlap."""
    assert separation(belief_system(zoo.mess3(x=0.15, a=0.6))) == TOUCHING
    x, a = Fraction(15, 100), Fraction(6, 10)
    b, y = (1 - a) / 2, 1 - 2 * x

    def image(symbol: int, belief: list[Fraction]) -> list[Fraction]:
        moved = [sum(belief[i] * (y if i == j else x) for i in range(3)) * (a if j == symbol else b) for j in range(3)]
        return [value / sum(moved) for value in moved]

    corners = [[Fraction(9 if i == j else 1, 11) for j in range(3)] for i in range(3)]
    assert image(0, corners[0]) == corners[0]
    assert image(0, corners[1]) == image(1, corners[0]) == [Fraction(3, 7), Fraction(3, 7), Fraction(1, 7)]


def test_equal_maps_are_ambiguous() -> None:
    """Symbols 0 and 1 do the same: half of the time H(0.2, 0.8) bits of the last symbol are lost, for every length."""
    system = interval([0.1, 0.4, 0.5], [0.3, 0.3, 0.3], [0.0, 0.0, 0.7])
    found = ambiguity_rate(sample_orbits(system, 400, 100, rng=np.random.default_rng(1)))
    lost = 0.5 * (-0.2 * log2(0.2) - 0.8 * log2(0.8))
    for one in found.by_length:
        assert abs(one.value - lost) < 4 * one.standard_error
    assert found.rate.standard_error < 0.01


def test_golden_overlaps() -> None:
    """The Bernoulli convolution of the golden ratio: dimension 0.995713 (Garsia's entropy), so h_a = 1 - 0.995713 *
    0.694242 = 0.308734; the estimate comes down to it from above."""
    ratio = (5**0.5 - 1) / 2
    system = interval([0.5, 0.5], [ratio, ratio], [0.0, 1 - ratio])
    found = ambiguity_rate(sample_orbits(system, 400, 500, rng=np.random.default_rng(3)))
    h_a = 1 - 0.995713 * log2(1 / ratio)
    assert abs(found.rate.value - h_a) < 4 * found.rate.standard_error
    assert found.by_length[0].value > found.rate.value


def test_intervals_that_overlap_fill_the_line() -> None:
    """h > |lambda|, and no two words lead to equal maps: d = 1, and h_a = h - |lambda| = 0.2474."""
    orbits = sample_orbits(OVERLAPPING, 400, 500, rng=np.random.default_rng(0))
    rate = rate_bounds(OVERLAPPING.T, OVERLAPPING.start, max_words=10_000)
    expected = rate.upper + determinant_sum(orbits.system, rate).upper
    found = ambiguity_rate(orbits).rate
    assert expected == pytest.approx(0.2474, abs=1e-4)
    assert abs(found.value - expected) < 4 * found.standard_error
    assert found.standard_error < 0.01


def test_nothing_is_ambiguous_where_images_are_apart() -> None:
    for process in (CANTOR, zoo.mess3(x=0.3, a=0.6)):
        found = ambiguity_rate(sample_orbits(process, 50, 50, rng=np.random.default_rng(0)))
        assert (found.rate.value, found.rate.standard_error) == (0.0, 0.0)


def test_few_pasts_are_ambiguous_in_mess3() -> None:
    """Images overlap, but hardly any belief lies in two of them: less than 1e-3 of a bit."""
    found = ambiguity_rate(sample_orbits(zoo.mess3(x=0.05, a=0.85), 400, 100, rng=np.random.default_rng(0)))
    assert found.by_length[0].value > 0.2
    assert 0 <= found.rate.value < 1e-3


def test_ambiguity_refuses() -> None:
    with pytest.raises(ValueError, match="symbol 1 is singular"):
        ambiguity_rate(sample_orbits(zoo.sns(), 5, 5, rng=np.random.default_rng(0)))
    with pytest.raises(ValueError, match="the minimal realisation is signed"):
        ambiguity_rate(sample_orbits(machines.probability_clock(), 5, 5, rng=np.random.default_rng(0)))


def test_two_processes_side_by_side() -> None:
    """Exponents are those of the parts and their sums; though all images are apart, d is above the true dimension."""
    slow = HMM([[[0.58, 0.0], [0.25, 0.17]], [[0.17, 0.25], [0.0, 0.58]]])
    fast = HMM([[[0.9, 0.0], [0.08, 0.02]], [[0.02, 0.08], [0.0, 0.9]]])
    parts = [(part, rate_bounds(part.T, part.start, max_words=10_000).upper) for part in (slow, fast)]
    single = [determinant_sum(belief_system(part), exact(h)).lower for part, h in parts]
    both = side_by_side(slow, fast)
    found, rate = exponents_of(both)
    for one, value in zip(found.exponents, sorted([*single, sum(single)], reverse=True), strict=True):
        assert abs(one.value - value) < 4 * one.standard_error + 1e-6
    assert separation(belief_system(both)) == APART
    true = sum(h / -exponent for (_, h), exponent in zip(parts, single, strict=True))
    assert dimension_estimate(rate, found).value > true + 0.1
