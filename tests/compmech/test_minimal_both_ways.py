"""Minimal realisations are reduced on both sides: by what words lead to, and by what words can tell apart."""

import numpy as np
import pytest
from hypothesis import given
from machines import golden_mean, mess3, nemo, probability_clock, rrxor
from oracles import all_words, word_probabilities
from strategies import any_hmms, disguised_hmms, few

from compmech import GHMM, HMM, minimal
from compmech.distinguishing import distinguishing_word
from compmech.spans import observable_basis, reachable_basis


def unreachable_added(process: HMM | GHMM) -> GHMM:
    """With two coordinates that see everything and that nothing leads to."""
    n = process.n_state
    T = np.zeros((process.n_symbol, n + 2, n + 2))
    T[:, :n, :n] = process.T
    T[0, n, n], T[1, n, n + 1], T[1, n + 1, n] = 0.3, 0.7, 1
    start, evaluate = np.append(process.start, [0, 0]), np.append(process.evaluate, [1, 1])
    return GHMM(T, start, evaluate)


def unobservable_added(process: HMM | GHMM) -> GHMM:
    """With two coordinates that everything leads to and that no word shows."""
    n = process.n_state
    T = np.zeros((process.n_symbol, n + 2, n + 2))
    T[:, :n, :n] = process.T
    T[0, :n, n], T[1, 0, n + 1], T[1, n, n + 1], T[0, n + 1, n] = 0.25, -0.5, 0.5, 0.125
    return GHMM(T, np.append(process.start, [0.5, -0.25]), np.append(process.evaluate, [0, 0]))


PROCESSES = [golden_mean(), nemo(), rrxor(), mess3(), probability_clock()]


@pytest.mark.parametrize("process", PROCESSES)
def test_each_kind_of_excess_is_removed_alone(process: HMM | GHMM) -> None:
    n = process.n_state
    assert minimal(process).n_state == n
    for grown, spans in ((unreachable_added(process), (n, n + 2)), (unobservable_added(process), (n + 2, n))):
        assert (len(reachable_basis(grown)), len(observable_basis(grown))) == spans
        assert minimal(grown).n_state == n
        assert distinguishing_word(minimal(grown), process) is None


@pytest.mark.parametrize("process", PROCESSES)
def test_both_kinds_of_excess_are_removed_together(process: HMM | GHMM) -> None:
    for grown in (unreachable_added(unobservable_added(process)), unobservable_added(unreachable_added(process))):
        found = minimal(grown)
        assert found.n_state == process.n_state
        np.testing.assert_allclose(word_probabilities(found, 2), word_probabilities(process, 2), atol=1e-12)


@few
@given(disguised_hmms(any_hmms()))
def test_all_of_a_minimal_realisation_is_reached_and_seen(pair: tuple[HMM, GHMM]) -> None:
    for process in pair:
        found = minimal(process)
        assert len(reachable_basis(found)) == len(observable_basis(found)) == found.n_state
        past = np.array([_after(found, word) for n in range(6) for word in all_words(found.n_symbol, n)])
        assert np.linalg.matrix_rank(past, tol=1e-10) == found.n_state


def _after(process: HMM | GHMM, word) -> np.ndarray:
    vector = process.start
    for x in word:
        vector = vector @ process.T[x]
    return vector
