"""Block entropies against sums over paths."""

import numpy as np
import pytest
from hypothesis import given, settings
from oracles import word_probabilities
from strategies import any_hmms, disguised_hmms

from compmech import HMM, zoo
from compmech.measures import block_entropies


def entropy_bits(p: np.ndarray) -> float:
    p = p[p > 0]
    return float(-(p * np.log2(p)).sum())


@settings(max_examples=25)
@given(any_hmms())
def test_enumeration(process) -> None:
    found = block_entropies(process, 3)
    expected = [entropy_bits(word_probabilities(process, length)) for length in range(4)]
    assert found == pytest.approx(expected, abs=1e-12)


@settings(max_examples=15)
@given(disguised_hmms())
def test_the_same_in_another_basis(pair) -> None:
    hmm, ghmm = pair
    assert block_entropies(ghmm, 4) == pytest.approx(block_entropies(hmm, 4), abs=1e-7)  # signed sums lose digits


def test_length_zero() -> None:
    assert block_entropies(zoo.even(), 0) == (0.0,)


def test_forbidden_words_cost_nothing() -> None:
    """A period-2 word has two phases at any length: 2^60 words could not be enumerated."""
    assert block_entropies(zoo.noisy_period(noise=0), 60)[-1] == pytest.approx(1.0, abs=1e-12)


def test_refusals() -> None:
    with pytest.raises(ValueError, match="length must be >= 0"):
        block_entropies(zoo.even(), -1)


def test_words_from_a_start_that_does_not_last() -> None:
    """From A only 1010... comes: no word begins with 0, though 0 is the end of some."""
    T = np.zeros((2, 2, 2))
    T[1, 0, 1] = T[0, 1, 0] = 1.0
    assert block_entropies(HMM(T, start=[1.0, 0.0]), 4) == (0.0,) * 5
    T = np.zeros((2, 3, 3))
    T[1, 0, 1] = T[0, 1, 2] = 1.0
    T[0, 2, 2] = T[1, 2, 1] = 0.5
    process = HMM(T, start=[1.0, 0.0, 0.0])
    words = np.array(np.meshgrid(*[[0, 1]] * 4, indexing="ij")).reshape(4, -1).T
    p = np.exp(process.log_prob(words))
    assert block_entropies(process, 4)[-1] == pytest.approx(float(-(p[p > 0] * np.log2(p[p > 0])).sum()), abs=1e-12)
