"""All about the beliefs of a process in one call."""

import json
from dataclasses import fields
from math import inf
from time import process_time

import machines
import numpy as np
import pytest
from belief_systems import CANTOR, OVERLAPPING

from compmech import HMM, NotErgodic, zoo
from compmech.blackwell import Blackwell, Estimate, blackwell, lyapunov_exponents, mean_entropy, sample_orbits
from compmech.measures import Bounds
from compmech.measures.interval import exact

FITTED = ("information_dimension", "correlation_dimension", "box_counting_dimension")


def run(process, seed: int = 0, n_symbols: int = 40_000) -> Blackwell:
    return blackwell(process, rng=np.random.default_rng(seed), n_symbols=n_symbols)


def near(known: Estimate | Bounds | None, value: float, slack: float = 0.0) -> bool:
    if isinstance(known, Bounds):
        return known.lower - slack <= value <= known.upper + slack
    assert isinstance(known, Estimate)
    return abs(known.value - value) < 4 * known.standard_error + slack


def test_mess3() -> None:
    found = run(zoo.mess3(x=0.05, a=0.85))
    assert 1.14471725 < found.entropy_rate.lower < found.entropy_rate.upper < 1.14471731
    assert near(found.mean_entropy, 1.14471728)
    assert near(found.exponent_sum, -4.74317, 6e-6)
    assert sum(one.value for one in found.lyapunov_exponents) == pytest.approx(found.exponent_sum.lower, abs=1e-6)
    assert near(found.lyapunov_dimension, 0.520, 5e-4)
    assert "overlap" in found.how["lyapunov_dimension"]
    assert near(found.corrected_dimension, 0.520, 1e-3)
    assert near(found.information_dimension, 0.520)
    assert found.how["ambiguity_rate"].startswith("estimate from above")


def test_cantor_machine_to_many_digits() -> None:
    found = run(CANTOR)
    assert near(found.entropy_rate, 0.9960247564694945)
    for bounds in (found.entropy_rate, found.exponent_sum, found.lyapunov_dimension):
        assert bounds.upper - bounds.lower < 1e-10
    assert found.exponent_sum.lower == pytest.approx(-1.607413, abs=6e-7)
    assert found.lyapunov_dimension.lower == pytest.approx(0.61964475, abs=1e-8)
    assert found.lyapunov_exponents == (found.exponent_sum,)
    assert found.how["lyapunov_dimension"].startswith("the information dimension")
    assert found.ambiguity_rate == exact(0.0)
    assert near(found.information_dimension, found.lyapunov_dimension.lower)


def test_overlapping_maps_are_corrected() -> None:
    """d is at its cap of 1, and so is the corrected one, but for what sampling leaves."""
    found = run(OVERLAPPING)
    assert near(found.lyapunov_dimension, 1.0)
    assert near(found.corrected_dimension, 1.0)
    assert found.ambiguity_rate.value > 0.2
    assert "at least this" in found.how["corrected_dimension"]


@pytest.mark.parametrize("process", [zoo.even(), zoo.rrxor(), zoo.golden_mean(), machines.abc(), machines.period(4)])
def test_finitely_many_causal_states_have_dimension_0(process: HMM) -> None:
    found = run(process, n_symbols=2000)
    assert found.entropy_rate.is_exact
    assert found.ambiguity_rate == found.entropy_rate
    for name in (*FITTED, "corrected_dimension"):
        assert getattr(found, name) == exact(0.0)
        assert "causal states" in found.how[name]
    assert found.fits == {}
    assert found.separation == "points"
    assert found.how["separation"].startswith("the images are finitely many points: there are ")


def test_finitely_many_beliefs_that_are_told_need_no_sampling() -> None:
    """The belief of the golden mean is its last symbol, and does not give the one before away. What follows exactly
    agrees with what is sampled."""
    found = run(zoo.golden_mean())
    assert found.entropy_rate == found.ambiguity_rate == exact(found.mean_entropy.value)
    assert found.entropy_rate.lower == pytest.approx(2 / 3, abs=1e-12)
    assert (found.n_symbols, found.burn_in, found.mean_entropy.standard_error) == (0, 0, 0.0)
    assert "maps are not invertible (the matrix of symbol 0 is singular)" in found.how["separation"]
    assert "whole past" not in found.how["separation"]
    for process in (zoo.golden_mean(), zoo.even(), zoo.nemo(), machines.period(4)):
        found, orbits = run(process), sample_orbits(process, 100, 200, rng=np.random.default_rng(0))
        assert near(mean_entropy(orbits), found.entropy_rate.lower, 1e-9)
        sampled = lyapunov_exponents(orbits, found.mean_entropy).exponents
        assert [one.value for one in sampled] == [one.lower for one in found.lyapunov_exponents] != []
        assert found.exponent_sum == exact(-inf)


def test_one_causal_state_never_moves() -> None:
    found = run(HMM([[[0.25]], [[0.75]]]))
    assert (found.lyapunov_exponents, found.n_state, found.lyapunov_dimension) == ((), 1, exact(0.0))
    assert found.exponent_sum.lower == pytest.approx(0.0, abs=1e-12)
    assert found.how["lyapunov_exponents"] == "exact: the belief never moves"


def test_many_states_of_finitely_many_beliefs_are_quick() -> None:
    """Sampling them took 5 seconds."""
    process = zoo.tetris_history()
    begun = process_time()
    found = blackwell(process, rng=np.random.default_rng(0))
    assert process_time() - begun < 2
    assert found.separation == "points"
    assert set(found.lyapunov_exponents) == {exact(-inf)}


def test_beliefs_of_a_singular_map_do_not_give_their_past_away() -> None:
    """The images are apart, for each symbol leads to its own states; but one of the maps loses a direction."""
    T = np.zeros((2, 4, 4))
    T[0, :, :2] = [[0.4, 0.1], [0.2, 0.3], [0.1, 0.35], [0.3, 0.1]]
    T[1, :, 2:] = [[0.2, 0.3], [0.4, 0.1], [0.25, 0.3], [0.1, 0.5]]
    found = run(HMM(T), n_symbols=2000)
    assert found.separation == "apart"
    assert found.how["separation"].endswith(
        "so the belief gives the last symbol away, but not the belief before it: the matrix of symbol 0 is singular"
    )
    assert found.ambiguity_rate is None
    assert found.corrected_dimension is None
    assert "upper bound" in found.how["lyapunov_dimension"]


def test_abc_has_a_lyapunov_dimension_of_1_and_beliefs_that_are_two_points() -> None:
    found = run(machines.abc(), n_symbols=2000)
    assert near(found.lyapunov_dimension, 1.0)
    assert found.corrected_dimension == exact(0.0)
    assert found.how["lyapunov_dimension"].startswith("upper bound")


def test_renewal_process() -> None:
    """Countably many beliefs of finite entropy: all is 0 but the box-counting dimension of 1 / n."""
    found = run(zoo.sns())
    assert found.lyapunov_exponents == (exact(-inf),)
    assert found.lyapunov_dimension == exact(0.0)
    assert found.information_dimension == found.correlation_dimension == exact(0.0)
    assert near(found.box_counting_dimension, 0.5)
    assert found.ambiguity_rate == found.entropy_rate


def test_generalised_process() -> None:
    """Reset after every 1, turned by every 0: no hull, but a renewal process, whose law bounds h from both sides."""
    found = run(machines.probability_clock(), n_symbols=4000)
    assert found.entropy_rate.upper - found.entropy_rate.lower < 1e-9
    assert abs(found.mean_entropy.value - found.entropy_rate.upper) < 4 * found.mean_entropy.standard_error
    assert found.lyapunov_exponents == (exact(-inf), exact(-inf))
    assert found.ambiguity_rate == found.entropy_rate
    assert "renewal" in found.how["ambiguity_rate"]
    assert found.information_dimension == found.corrected_dimension == exact(0.0)


def test_generalised_process_that_is_no_renewal_process() -> None:
    """No lower bound where no states are known, and no ambiguity rate of signed maps."""
    found = run(zoo.bloch_walk(), n_symbols=4000)
    assert found.entropy_rate.lower == 0
    assert found.mean_entropy.value < found.entropy_rate.upper + 4 * found.mean_entropy.standard_error
    assert found.ambiguity_rate is None
    assert found.corrected_dimension is None


def test_presentations_of_one_process_agree() -> None:
    """Copies of states and transient states change nothing; relabelling neither."""
    T = np.zeros((2, 3, 3))
    T[:, :2, :2] = CANTOR.T
    T[1, 2, 1] = 1.0
    variants = [CANTOR, HMM(T, start=[0, 0, 1]), HMM(CANTOR.T[::-1]), HMM(CANTOR.T[:, ::-1, ::-1])]
    variants.append(HMM([np.kron(matrix, np.outer(np.ones(2), [0.3, 0.7])) for matrix in CANTOR.T]))
    for process in variants:
        found = run(process, n_symbols=2000)
        assert found.n_state == 2
        assert found.lyapunov_dimension.lower == pytest.approx(0.61964475, abs=1e-8)


def test_a_state_that_is_a_mixture_of_others() -> None:
    """Cantor's machine with a third state for an even chance of the two: no merging makes it minimal, so the minimal
    realisation is signed. Its rate is certified by the three states, and the exponent by the determinants."""
    T = np.array(
        [
            [[0.55, 0.0, 0.0], [0.15, 0.0, 0.3], [0.0, 0.0, 0.0]],
            [[0.0, 0.15, 0.3], [0.0, 0.55, 0.0], [0.0, 0.0, 0.0]],
        ]
    )
    T[:, 2] = (T[:, 0] + T[:, 1]) / 2
    found = run(HMM(T), n_symbols=4000)
    assert found.n_state == 2
    assert "signed" in found.how["ambiguity_rate"]
    assert near(found.entropy_rate, 0.9960247564694945)
    assert found.lyapunov_dimension.lower == pytest.approx(0.61964475, abs=1e-8)
    assert near(found.mean_entropy, 0.9960247564694945, 1e-12)


def test_every_name_says_how_it_is_known() -> None:
    found = run(zoo.mess3(x=0.15, a=0.6), n_symbols=4000)
    plain = {"n_state", "n_symbols", "burn_in", "fits", "how"}
    assert set(found.how) == {field.name for field in fields(found)} - plain
    assert all(found.how.values())
    for name in FITTED:
        if getattr(found, name) is not None:
            assert getattr(found, name) == found.fits[name].dimension


@pytest.mark.parametrize("process", [zoo.mess3(), zoo.sns(), machines.probability_clock()])
def test_json(process) -> None:
    found = run(process, n_symbols=2000).to_dict()
    text = json.dumps(found, allow_nan=False)
    assert json.loads(text) == found
    assert "fits" not in found


def test_same_seed_same_numbers() -> None:
    first, again = (run(zoo.mess3(x=0.3, a=0.6), n_symbols=2000).to_dict() for _ in range(2))
    assert first == again


def test_nothing_is_changed() -> None:
    process = HMM(CANTOR.T)
    copy = process.T.copy()
    run(process, n_symbols=2000)
    np.testing.assert_array_equal(process.T, copy)


def test_refusals() -> None:
    with pytest.raises(ValueError, match="n_symbols must be >= 2000"):
        run(CANTOR, n_symbols=100)
    with pytest.raises(NotErgodic):
        run(machines.two_coins())
