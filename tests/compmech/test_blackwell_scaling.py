"""Dimensions read off sampled and covered sets, against closed forms of self-similar measures."""

from math import log2

import numpy as np
import pytest
from belief_systems import CANTOR, gasket, interval, rectangles
from scipy.optimize import brentq

from compmech import HMM, zoo
from compmech.blackwell import (
    BeliefSystem,
    ScalingFit,
    belief_system,
    box_counting_dimension,
    correlation_dimension,
    information_dimension,
    sample_orbits,
)
from compmech.blackwell.scaling import box_entropy


def orbits_of(process, seed: int = 1):
    return sample_orbits(process, 400, 250, rng=np.random.default_rng(seed))


def agrees(fit: ScalingFit | None, value: float, *, least_error: float = 0.0, most_error: float = 0.05) -> None:
    """Within three of the stated errors, which are no excuse."""
    assert fit is not None
    assert abs(fit.dimension.value - value) < 3 * max(fit.dimension.standard_error, least_error)
    assert fit.dimension.standard_error < most_error


@pytest.mark.parametrize(
    ("p", "r", "o"), [((0.3, 0.7), (1 / 3, 1 / 3), (0.0, 2 / 3)), ((0.3, 0.7), (0.5, 0.25), (0.0, 0.75))]
)
def test_self_similar_measures(p, r, o) -> None:
    """sum_x r_x^D0 = 1, D1 = H(p) / sum_x p_x log2(1/r_x), sum_x p_x^2 r_x^-D2 = 1."""
    p, r = np.array(p), np.array(r)
    orbits = orbits_of(interval(p, r, o))
    agrees(box_counting_dimension(orbits), brentq(lambda d: (r**d).sum() - 1, 0, 2))
    agrees(information_dimension(orbits), float(p @ np.log2(p) / (p @ np.log2(r))))
    agrees(correlation_dimension(orbits), brentq(lambda d: (p**2 * r**-d).sum() - 1, 0, 2))


def test_sierpinski_triangle() -> None:
    orbits = orbits_of(gasket())
    for dimension in (box_counting_dimension, information_dimension, correlation_dimension):
        agrees(dimension(orbits), log2(3))


def test_filled_interval() -> None:
    orbits = orbits_of(interval([0.5, 0.5], [0.5, 0.5], [0.0, 0.5]))
    for dimension in (box_counting_dimension, information_dimension, correlation_dimension):
        agrees(dimension(orbits), 1.0)


def test_rectangles_have_less_than_their_lyapunov_dimension() -> None:
    """Images apart, and yet D1 = 1/log2(1/0.4) + 1/log2(1/0.1) = 1.0575, not 1 + (2 - log2 2.5) / log2(10) = 1.2041."""
    fit = information_dimension(orbits_of(rectangles()))
    agrees(fit, 1 / log2(2.5) + 1 / log2(10), most_error=0.07)
    assert fit.dimension.value + fit.dimension.standard_error < 1.2


def test_cantor_machine() -> None:
    """Its exponents give D1 = 0.619645."""
    agrees(information_dimension(orbits_of(CANTOR)), 0.619645, most_error=0.01)


def test_mess3_fills_its_lyapunov_dimension() -> None:
    """The open set condition holds: D1 = 1.350."""
    agrees(information_dimension(orbits_of(zoo.mess3(x=0.15, a=0.6))), 1.3499, most_error=0.02)


def test_dimensions_are_in_order() -> None:
    orbits = orbits_of(zoo.mess3(x=0.05, a=0.85))
    fits = [dimension(orbits) for dimension in (correlation_dimension, information_dimension, box_counting_dimension)]
    values = [fit.dimension.value for fit in fits]
    assert values == sorted(values)
    for fit in fits:
        assert (np.diff(fit.log2_size) > 0).all()
        assert len(fit.log2_size) == len(fit.log2_measure)
        assert fit.dimension.standard_error == pytest.approx(np.hypot(fit.sampling_error, fit.fit_error))


def test_countable_set() -> None:
    """The simple nonunifilar source: beliefs 1 / n, a set of box-counting dimension 1/2; its atoms leave no pairs that
    are near without being equal to fit a correlation dimension to."""
    orbits = orbits_of(zoo.sns())
    agrees(box_counting_dimension(orbits), 0.5)
    assert correlation_dimension(orbits) is None


def test_a_point_has_no_sizes() -> None:
    still = BeliefSystem(HMM([0.3 * np.full((2, 2), 0.5), 0.7 * np.full((2, 2), 0.5)]))
    for system in (still, belief_system(still.process)):
        orbits = sample_orbits(system, 20, 20, rng=np.random.default_rng(0))
        for dimension in (box_counting_dimension, information_dimension, correlation_dimension):
            assert dimension(orbits) is None


def test_entropy_of_boxes_hardly_depends_on_the_sample() -> None:
    """Ten draws for each of 1000 boxes: the plain estimate is 0.07 bit too small."""
    rng = np.random.default_rng(0)
    counts = rng.multinomial(10_000, np.full(1000, 1e-3))
    plain = -(counts / 1e4) @ np.log2(np.maximum(counts, 1) / 1e4)
    assert log2(1000) - plain > 0.06
    assert box_entropy(counts) == pytest.approx(log2(1000), abs=0.01)
