"""Time reversal, against words read backwards."""

import numpy as np
import pytest
from golden_machines import NAMES, golden, machine
from hypothesis import given, settings
from machines import mess3, nemo, probability_clock, rip, sns, two_coins
from oracles import all_words, word_probabilities
from strategies import disguised_hmms, few, reducible_hmms, started_hmms, stationary_hmms

from compmech import (
    GHMM,
    HMM,
    NoFiniteEpsilonMachine,
    NotStationary,
    epsilon_machine,
    equivalent,
    stationary,
    statistics,
)
from compmech.measures.interval import Bounds
from compmech.reverse import reverse

# Sums of a few products of probabilities, each right to 1e-16.
ROUNDING = 1e-13


def backwards(process: HMM | GHMM, length: int) -> np.ndarray:
    """P(x_n ... x_1) for every word x_1 ... x_n, by all paths."""
    order = [word[::-1].tolist() for word in all_words(process.n_symbol, length)]
    place = [int("0" + "".join(map(str, word)), process.n_symbol) if process.n_symbol > 1 else 0 for word in order]
    return word_probabilities(process, length)[place]


def settled(process: HMM) -> HMM:
    """The HMM begun in a stationary distribution: a mixture of those of its closed classes."""
    start = process.start
    for _ in range(400):  # averaged over two steps, so that periods die out; slow chains have mixed to 1e-12 by then
        start = (start + start @ process.A) / 2
    return HMM(process.T, start=start / start.sum())


@few
@given(stationary_hmms())
def test_words_are_read_backwards(process: HMM) -> None:
    turned = reverse(process)
    for length in range(4):
        np.testing.assert_allclose(word_probabilities(turned, length), backwards(process, length), atol=ROUNDING)


@few
@given(disguised_hmms(stationary_hmms()))
def test_signed_words_are_read_backwards(pair: tuple[HMM, GHMM]) -> None:
    process, signed = pair
    assert isinstance(reverse(signed), GHMM)
    np.testing.assert_allclose(word_probabilities(reverse(signed), 3), backwards(process, 3), atol=1e-10)


@few
@given(reducible_hmms())
def test_mixtures_keep_their_weights(process: HMM) -> None:
    mixture = settled(process)
    turned = reverse(mixture)
    np.testing.assert_allclose(word_probabilities(turned, 3), backwards(mixture, 3), atol=1e-9)
    assert equivalent(reverse(turned), mixture)


@few
@given(stationary_hmms())
def test_reversed_twice_is_the_process(process: HMM) -> None:
    again = reverse(reverse(process))
    np.testing.assert_allclose(again.T, process.T, atol=ROUNDING)
    np.testing.assert_allclose(again.start, process.start, atol=ROUNDING)


def test_states_of_probability_zero_are_left_out() -> None:
    process = HMM([[[0.5, 0.5, 0], [1, 0, 0], [0.5, 0, 0.5]]], start=[2 / 3, 1 / 3, 0], states="abc", name="a walk")
    turned = reverse(process)
    assert turned.states == ("a", "b")
    assert turned.name == "a walk reversed"
    assert turned.alphabet == process.alphabet


def test_a_mixture_of_coins_is_its_own_reverse() -> None:
    assert equivalent(reverse(two_coins()), two_coins())


def test_a_signed_process_without_an_hmm() -> None:
    clock = probability_clock()
    begun = GHMM(clock.T, stationary(clock), clock.evaluate)
    turned = reverse(begun)
    np.testing.assert_allclose(word_probabilities(turned, 4), backwards(begun, 4), atol=ROUNDING)
    assert equivalent(reverse(turned), begun)


def test_epsilon_machines_are_reversed_as_hmms() -> None:
    found = epsilon_machine(nemo())
    assert isinstance(reverse(found), HMM)
    assert equivalent(reverse(found), reverse(nemo()))


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("misiurewicz", "abc")])
def test_published_reverse_complexities(name: str) -> None:
    found = epsilon_machine(reverse(machine(name)))
    known = golden(name)
    assert found.n_state == known["n_reverse_causal_states"]
    entropy = -float((found.start * np.log2(found.start)).sum())
    assert entropy == pytest.approx(known["reverse_statistical_complexity"], abs=1e-10)


def test_an_infinite_reverse_is_not_guessed() -> None:
    with pytest.raises(NoFiniteEpsilonMachine):
        epsilon_machine(reverse(machine("misiurewicz")), max_states=500)


def same(a: float | Bounds | None, b: float | Bounds | None) -> bool:
    """Whether two statements about one number agree: bounds overlap, exact ones to 1e-8 (both are sums of many)."""
    ends = [(x.lower, x.upper) if isinstance(x, Bounds) else (x, x) for x in (a, b)]
    return ends[0][0] <= ends[1][1] + 1e-8 and ends[1][0] <= ends[0][1] + 1e-8


@settings(max_examples=12)
@given(stationary_hmms())
def test_reversal_keeps_what_past_and_future_share(process: HMM) -> None:
    there, back = statistics(process), statistics(reverse(process))
    assert same(there.entropy_rate, back.entropy_rate)
    assert same(there.excess_entropy, back.excess_entropy)
    assert same(there.reverse_statistical_complexity, back.statistical_complexity)
    assert same(there.statistical_complexity, back.reverse_statistical_complexity)


@pytest.mark.parametrize("process", [rip(), nemo(), sns(), mess3(), two_coins()])
def test_reversal_keeps_statistics_of_known_processes(process: HMM) -> None:
    there, back = statistics(process), statistics(reverse(process))
    for key in ("entropy_rate", "excess_entropy", "ephemeral_information", "bidirectional_complexity"):
        assert same(getattr(there, key), getattr(back, key)), key


@pytest.mark.parametrize("process", [HMM(rip().T, start=[1, 0, 0]), probability_clock()])
def test_starts_that_move_are_refused(process: HMM | GHMM) -> None:
    with pytest.raises(NotStationary, match="one step moves it"):
        reverse(process)


@few
@given(started_hmms())
def test_either_stationary_or_refused(process: HMM) -> None:
    """Nothing in between: no start of the strategy is so near to a stationary one that digits decide."""
    drift = np.abs(process.start @ process.A - process.start).max()
    if drift > 1e-6:
        with pytest.raises(NotStationary):
            reverse(process)
    else:
        np.testing.assert_allclose(word_probabilities(reverse(process), 2), backwards(process, 2), atol=ROUNDING)
