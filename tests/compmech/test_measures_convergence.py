"""Block entropies, their estimates of the rate and the areas between: closed forms and sums."""

import numpy as np
import pytest
import truths
from golden_machines import machine
from hypothesis import given, settings
from machines import mess3, probability_clock, two_coins
from oracles import word_probabilities
from strategies import stationary_hmms, unifilar_hmms

from compmech import HMM, NotStationary, block_entropies, statistics, zoo
from compmech.measures.convergence import entropy_convergence
from compmech.measures.findings import as_bounds
from compmech.measures.interval import Bounds, entropy


@settings(max_examples=10)
@given(stationary_hmms())
def test_enumeration(process: HMM) -> None:
    found = entropy_convergence(process, 3)
    expected = [float(entropy(word_probabilities(process, n))) for n in range(4)]
    assert found.block_entropies == pytest.approx(expected, abs=1e-9)  # merged beliefs differ by 1e-12
    assert found.rates == pytest.approx(np.diff(expected), abs=1e-9)
    assert found.gains[0] == pytest.approx(expected[1] - np.log2(process.n_symbol), abs=1e-9)
    assert found.gains[1:] == pytest.approx(np.diff(expected, n=2), abs=1e-9)


@settings(max_examples=15)
@given(unifilar_hmms(most_states=4, most_symbols=2))
def test_total_predictability(process: HMM) -> None:
    """G = sum of all gains = h - log2 |A|, and the gains up to L sum to h_L - log2 |A|, which is above it."""
    found = entropy_convergence(process, 12)
    most = np.log2(process.n_symbol)
    G = as_bounds(found.total_predictability)
    assert G.is_exact
    assert G.lower == pytest.approx(as_bounds(found.entropy_rate).lower - most, abs=1e-12)
    assert np.cumsum(found.gains) == pytest.approx(found.rates - most, abs=1e-12)
    assert (found.gains < 1e-9).all()
    assert found.gains.sum() > G.lower - 1e-9


@pytest.mark.parametrize("p", [0.2, 0.5])
def test_golden_mean_has_converged_after_one_symbol(p: float) -> None:
    found, known = entropy_convergence(zoo.golden_mean(p), 6), truths.golden_mean(p)
    h, C, E = known["entropy_rate"], known["statistical_complexity"], known["excess_entropy"]
    assert found.rates == pytest.approx([C] + 5 * [h], abs=1e-13)
    assert found.gains == pytest.approx([C - 1, h - C, 0, 0, 0, 0], abs=1e-13)
    assert found.total_predictability == pytest.approx(found.gains.sum(), abs=1e-13)
    assert found.asymptote.is_exact
    assert found.asymptote.lower == pytest.approx(E + h * np.arange(7), abs=1e-13)
    assert found.excess_area.lower == pytest.approx([E, 0, 0, 0, 0, 0], abs=1e-13)
    assert found.transient_area.lower == pytest.approx([E, 0, 0, 0, 0, 0, 0], abs=1e-13)


@pytest.mark.parametrize("process", [zoo.even(0.3), zoo.nemo(), zoo.rip(0.4, 0.7), zoo.rrxor(), machine("butterfly")])
def test_areas_sum_to_excess_entropy_and_transient_information(process: HMM) -> None:
    """400 symbols: what is left shrinks by 0.8 or so each time, to 1e-39."""
    found, known = entropy_convergence(process, 400), statistics(process)
    assert found.excess_area.lower.sum() == pytest.approx(known.excess_entropy, abs=1e-9)
    assert found.transient_area.lower.sum() == pytest.approx(known.transient_information, abs=1e-8)
    assert found.gains.sum() == pytest.approx(found.total_predictability, abs=1e-12)


def test_periodic_words_leave_nothing_to_learn() -> None:
    found = entropy_convergence(zoo.noisy_period(noise=0, k=5), 30)
    assert found.total_predictability == -1
    assert found.block_entropies[4:] == pytest.approx(np.log2(5), abs=1e-12)


def test_bounds_hold_where_the_rate_is_only_bounded() -> None:
    found = entropy_convergence(mess3(0.05, 0.85), 9)
    assert isinstance(found.total_predictability, Bounds)
    assert found.total_predictability.lower < 1.1447172664 - np.log2(3) < found.total_predictability.upper
    for band in (found.asymptote, found.excess_area, found.transient_area):
        assert not band.is_exact
        assert (band.lower <= band.upper).all()
    assert found.excess_area.lower.sum() <= found.excess_entropy.upper
    assert (found.transient_area.upper >= 0).all()


def test_beliefs_too_near_to_tell_apart_are_left_to_words() -> None:
    """Two coins: after twenty heads the belief is within 1e-12 of certainty."""
    assert entropy_convergence(two_coins(), 17).block_entropies == pytest.approx(
        block_entropies(two_coins(), 17), abs=1e-10
    )


def test_a_budget_of_mixed_states_that_does_not_do_is_left_to_words() -> None:
    few, many = entropy_convergence(zoo.rrxor(), 9, max_states=3), entropy_convergence(zoo.rrxor(), 9)
    assert few.block_entropies == pytest.approx(many.block_entropies, abs=1e-12)


def test_generalised() -> None:
    clock = probability_clock()
    clock = type(clock)(clock.T, clock.stationary(), clock.evaluate)
    found = entropy_convergence(clock, 8)
    assert found.block_entropies == pytest.approx(block_entropies(clock, 8), abs=1e-9)


def test_arrays_cannot_be_written_to() -> None:
    found = entropy_convergence(zoo.even(), 3)
    for array in (found.block_entropies, found.rates, found.gains, found.asymptote.lower):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


def test_refusals() -> None:
    with pytest.raises(ValueError, match="length must be >= 1"):
        entropy_convergence(zoo.even(), 0)
    with pytest.raises(ValueError, match="length must be >= 0"):
        entropy_convergence(zoo.even(), -1)
    with pytest.raises(ValueError, match="of length 5 there are more words than max_words=100 allows"):
        entropy_convergence(mess3(), 9, max_states=50, max_words=100)
    with pytest.raises(NotStationary):
        entropy_convergence(HMM(zoo.even().T, start=[1, 0]), 3)
