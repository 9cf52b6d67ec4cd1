"""Hypothesis strategies: small random hidden Markov models of every kind, with weights that shrink to few and small.

Probabilities are ratios of small integers, so that zeros are exact and equal beliefs do occur.
"""

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from compmech import GHMM, HMM

few = settings(max_examples=40)  # for properties that enumerate many paths


@contextmanager
def python_random_untouched() -> Iterator[None]:
    """Beartype checks containers at items drawn from the random module, which Hypothesis forbids within a strategy."""
    state = random.getstate()
    try:
        yield
    finally:
        random.setstate(state)


def _hmm(weight: np.ndarray, start: np.ndarray | None = None) -> HMM:
    with python_random_untouched():
        return HMM(weight / weight.sum(axis=(0, 2), keepdims=True), start=start)


def _weights(shape, *, least: int = 0, most: int = 4):
    return arrays(np.int64, shape, elements=st.integers(least, most))


def _distribution(draw, n_state: int) -> np.ndarray:
    weight = draw(_weights(n_state)).astype(float)
    weight[draw(st.integers(0, n_state - 1))] += 1
    return weight / weight.sum()


def _sizes(draw, most_states: int, most_symbols: int) -> tuple[int, int]:
    return draw(st.integers(1, most_symbols)), draw(st.integers(1, most_states))


@st.composite
def started_hmms(draw, most_states: int = 4, most_symbols: int = 3):
    """Any HMM from any start: reducible or not, with forbidden words or not."""
    n_symbol, n_state = _sizes(draw, most_states, most_symbols)
    weight = draw(_weights((n_symbol, n_state, n_state))).astype(float)
    for state in range(n_state):
        weight[draw(st.integers(0, n_symbol - 1)), state, draw(st.integers(0, n_state - 1))] += 1
    return _hmm(weight, start=_distribution(draw, n_state))


@st.composite
def ergodic_hmms(draw, most_states: int = 4, most_symbols: int = 3):
    """Stationary HMMs whose states all follow one another: a cycle through all of them, and random edges."""
    n_symbol, n_state = _sizes(draw, most_states, most_symbols)
    weight = draw(_weights((n_symbol, n_state, n_state))).astype(float)
    for state in range(n_state):
        weight[draw(st.integers(0, n_symbol - 1)), state, (state + 1) % n_state] += 1
    return _hmm(weight)


@st.composite
def unifilar_hmms(draw, most_states: int = 5, most_symbols: int = 3):
    """Stationary unifilar HMMs, minimal or not: at most one next state for each state and symbol."""
    n_symbol, n_state = _sizes(draw, most_states, most_symbols)
    weight = draw(_weights((n_symbol, n_state))).astype(float)
    after = draw(arrays(np.int64, (n_symbol, n_state), elements=st.integers(0, n_state - 1)))
    for state in range(n_state):
        symbol = draw(st.integers(0, n_symbol - 1))
        weight[symbol, state] += 1
        after[symbol, state] = (state + 1) % n_state
    T = np.zeros((n_symbol, n_state, n_state))
    T[np.arange(n_symbol)[:, None], np.arange(n_state), after] = weight
    return _hmm(T)


@st.composite
def periodic_hmms(draw, most_symbols: int = 3):
    """Stationary HMMs whose states fall into 2 or 3 classes that follow one another in turn."""
    n_symbol = draw(st.integers(1, most_symbols))
    sizes = draw(st.lists(st.integers(1, 2), min_size=2, max_size=3))
    phase = np.repeat(np.arange(len(sizes)), sizes)
    follows = phase == (phase[:, None] + 1) % len(sizes)
    weight = draw(_weights((n_symbol, len(phase), len(phase)))).astype(float)
    weight[draw(st.integers(0, n_symbol - 1))] += 1
    return _hmm(weight * follows)


@st.composite
def reducible_hmms(draw):
    """Two ergodic HMMs over one alphabet side by side, with a mixed start and perhaps a transient state before them."""
    n_symbol = draw(st.integers(1, 2))
    sizes = draw(st.tuples(st.integers(1, 2), st.integers(1, 2)))
    first_in = draw(st.booleans())
    n_state = sum(sizes) + first_in
    block = np.repeat(np.arange(2), sizes)
    allowed = np.zeros((n_state, n_state))
    allowed[: len(block), : len(block)] = block[:, None] == block
    if first_in:
        allowed[-1] = 1
    weight = draw(_weights((n_symbol, n_state, n_state))).astype(float)
    weight[draw(st.integers(0, n_symbol - 1))] += 1
    return _hmm(weight * allowed, start=_distribution(draw, n_state))


def any_hmms():
    """An HMM of any of these kinds."""
    return st.one_of(started_hmms(), ergodic_hmms(), unifilar_hmms(), periodic_hmms(), reducible_hmms())


def stationary_hmms():
    """A stationary ergodic HMM of any of these kinds."""
    return st.one_of(ergodic_hmms(), unifilar_hmms(), periodic_hmms())


@st.composite
def bases(draw, n_state: int):
    """A well-conditioned matrix to change the basis by: unit triangular factors with entries of at most one half, whose
    inverses grow by 1.5 a state, so that words of a few symbols keep 13 digits."""
    lower = np.tril(draw(_weights((n_state, n_state), least=-2, most=2)) / 4.0, -1) + np.eye(n_state)
    upper = np.triu(draw(_weights((n_state, n_state), least=-2, most=2)) / 4.0, 1) + np.eye(n_state)
    return lower @ upper


@st.composite
def disguised_hmms(draw, hmms=None):
    """An HMM, and the same process as a GHMM in another basis."""
    hmm = draw(any_hmms() if hmms is None else hmms)
    basis = draw(bases(hmm.n_state))
    inverse = np.linalg.inv(basis)
    with python_random_untouched():
        return hmm, GHMM(basis @ hmm.T @ inverse, hmm.start @ inverse, basis @ hmm.evaluate, alphabet=hmm.alphabet)


@st.composite
def with_words(draw, processes, most_words: int = 4, most_time: int = 4):
    """A process and words over its alphabet, possible or not."""
    process = draw(processes)
    n_word, n_time = draw(st.integers(1, most_words)), draw(st.integers(0, most_time))
    return process, draw(arrays(np.int64, (n_word, n_time), elements=st.integers(0, process.n_symbol - 1)))
