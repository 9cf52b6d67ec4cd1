"""Shortest words that tell two processes apart, against all words."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from machines import even, golden_mean, nemo, period, probability_clock, rrxor, sns
from strategies import any_hmms, disguised_hmms, started_hmms, stationary_hmms

from compmech import GHMM, HMM, epsilon_machine, equivalent, minimal
from compmech.distinguishing import distinguishing_word


def probability(process: HMM | GHMM, word) -> float:
    """P(word), the word given by names of symbols."""
    vector = process.start
    for name in word:
        if name not in process.alphabet:
            return 0.0
        vector = vector @ process.T[process.alphabet.index(name)]
    return float(vector @ process.evaluate)


def differing(a: HMM | GHMM, b: HMM | GHMM, length: int, tol: float) -> list[tuple]:
    """Words of one length whose probabilities differ."""
    names = sorted({*a.alphabet, *b.alphabet})
    return [w for w in product(names, repeat=length) if abs(probability(a, w) - probability(b, w)) > tol]


@settings(max_examples=80)
@given(started_hmms(most_states=3, most_symbols=2), started_hmms(most_states=3, most_symbols=2))
def test_no_shorter_word_differs(a: HMM, b: HMM) -> None:
    """Probabilities of the strategies are ratios of small integers: words of up to 5 symbols that differ do so by more
    than 1e-7, and the others by rounding."""
    found = distinguishing_word(a, b)
    longest = a.n_state + b.n_state - 1 if found is None else len(found.word) - 1
    for length in range(longest + 1):
        assert not differing(a, b, length, 1e-12)
    assert (found is None) == equivalent(a, b)
    if found is not None:
        assert found.word in differing(a, b, len(found.word), 1e-7)
        assert found.probability_a == pytest.approx(probability(a, found.word), abs=1e-15)
        assert found.probability_b == pytest.approx(probability(b, found.word), abs=1e-15)


@settings(max_examples=40)
@given(disguised_hmms(any_hmms()))
def test_none_for_presentations_of_one_process(pair: tuple[HMM, GHMM]) -> None:
    process, disguised = pair
    assert distinguishing_word(process, disguised) is None
    assert distinguishing_word(minimal(process), process) is None


@given(stationary_hmms(), stationary_hmms(), st.sampled_from([1e-12, 1e-8, 1e-3, 0.1]))
def test_the_verdict_is_that_of_equivalent(a: HMM, b: HMM, tol: float) -> None:
    assert (distinguishing_word(a, b, tol=tol) is None) == equivalent(a, b, tol=tol)


@pytest.mark.parametrize("n", [2, 4, 7])
def test_words_as_long_as_they_can_be(n: int) -> None:
    """n + n - 1 symbols: the bound of the theory is met. Of two clocks of n hours that strike at their last, one skips
    an hour when it comes round; that is heard when they strike for the second time."""
    T = np.zeros((2, n, n))
    T[0, np.arange(n - 1), np.arange(1, n)] = 1
    T[1, n - 1, 0] = 1
    once = T.copy()
    once[1, n - 1] = 0
    once[1, n - 1, 1] = 1
    first = np.eye(n)[0]
    found = distinguishing_word(HMM(T, start=first), HMM(once, start=first))
    assert len(found.word) == 2 * n - 1
    assert abs(found.probability_a - found.probability_b) == 1


def test_known_pairs() -> None:
    found = distinguishing_word(rrxor(), HMM([[[0.5]], [[0.5]]]))
    assert len(found.word) == 3
    assert {round(found.probability_a * 24), found.probability_b} <= {2, 4, 0.125}
    assert distinguishing_word(even(), epsilon_machine(even())) is None
    assert distinguishing_word(golden_mean(), even()).word == (0,)
    assert distinguishing_word(period(3), period(4)).word in {(0,), (1,)}


def test_signed_processes() -> None:
    found = distinguishing_word(probability_clock(), probability_clock(turn=1.1))
    assert abs(found.probability_a - found.probability_b) > 1e-3
    assert distinguishing_word(probability_clock(), sns()) is not None


def test_symbols_are_matched_by_name() -> None:
    a = HMM(nemo().T, alphabet="xy")
    assert distinguishing_word(a, HMM(nemo().T[::-1], alphabet="yx")) is None
    found = distinguishing_word(HMM([[[1.0]]], alphabet="x"), HMM([[[1.0]]], alphabet="y"))
    assert (found.word, found.probability_a, found.probability_b) in {(("x",), 1, 0), (("y",), 0, 1)}


def test_differences_behind_improbable_words() -> None:
    """Eight steps of probability 1/100 lead to a coin that is fair in one process and not in the other."""

    def behind(p: float) -> HMM:
        T = np.zeros((2, 9, 9))
        T[0, np.arange(8), 0] = 0.99
        T[1, np.arange(8), np.arange(1, 9)] = 0.01
        T[:, 8, 8] = p, 1 - p
        return HMM(T, start=np.eye(9)[0])

    found = distinguishing_word(behind(0.5), behind(0.4))
    assert found.word[:8] == (1,) * 8
    assert len(found.word) == 9
    assert found.probability_a / found.probability_b == pytest.approx(0.5 / (0.4, 0.6)[found.word[8]])


def test_what_counts_as_a_difference() -> None:
    """Above 1e-9 in one step, whatever it does to longer words; rounding stays below."""

    def coin(p: float) -> HMM:
        return HMM([[[p]], [[1 - p]]])

    found = distinguishing_word(coin(0.5), coin(0.5 + 1e-8))
    assert len(found.word) == 1
    assert abs(found.probability_a - found.probability_b) == pytest.approx(1e-8, rel=1e-6)
    assert distinguishing_word(coin(0.5), coin(0.5 + 1e-11)) is None
    assert distinguishing_word(coin(0.5), coin(0.5 + 1e-8), tol=2) is None
