"""Divergences of words against enumeration over paths, their inequalities, and sampling against exact values."""

from itertools import pairwise
from math import inf, log, log2, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from machines import even, golden_mean, mess3, nemo, probability_clock
from oracles import all_words, word_probabilities
from strategies import any_hmms, disguised_hmms, few

from compmech import GHMM, HMM, equivalent, zoo
from compmech.divergence import WordDivergences, renyi_divergence, sampled_divergence, word_divergences


def coin(p: float) -> HMM:
    """P(1) = p."""
    return HMM([[[1 - p]], [[p]]])


class Pseudo:
    """Anything with log_prob, here without an alphabet: independent fair symbols 0 and 1."""

    def log_prob(self, words) -> np.ndarray:
        return np.full(len(words), -log(2.0) * np.shape(words)[1])


def test_independent_coins_in_closed_form() -> None:
    """Everything multiplies: KL of L tosses is L times that of one, the Bhattacharyya coefficient its L-th power."""
    p, q, length = 0.3, 0.6, 5
    found = word_divergences(coin(p), coin(q), length)
    one = p * log(p / q) + (1 - p) * log((1 - p) / (1 - q))
    overlap = sqrt(p * q) + sqrt((1 - p) * (1 - q))
    assert found.kl_nats == pytest.approx(length * one, rel=1e-12)
    assert found.kl_bits == pytest.approx(length * one / log(2.0), rel=1e-12)
    assert found.bhattacharyya_nats == pytest.approx(-length * log(overlap), rel=1e-12)
    assert found.forbidden is None
    order = 3.0
    moment = p**order * q ** (1 - order) + (1 - p) ** order * (1 - q) ** (1 - order)
    assert renyi_divergence(coin(p), coin(q), length, order) == pytest.approx(length * log(moment) / 2, rel=1e-12)


@few
@given(any_hmms(), any_hmms(), st.integers(0, 3))
def test_against_enumeration_of_paths(p: HMM, q: HMM, length: int) -> None:
    found = word_divergences(p, q, length)
    n_symbol = max(p.n_symbol, q.n_symbol)
    P, Q = (padded(process, n_symbol, length) for process in (p, q))
    both = (P + Q) / 2
    assert found.kl_nats == pytest.approx(kl(P, Q), rel=1e-9, abs=1e-12)
    assert found.reverse_kl_nats == pytest.approx(kl(Q, P), rel=1e-9, abs=1e-12)
    assert found.jensen_shannon_bits == pytest.approx((kl(P, both) + kl(Q, both)) / 2 / log(2.0), rel=1e-9, abs=1e-12)
    assert found.total_variation == pytest.approx(max(P[P > Q].sum() - Q[P > Q].sum(), 0.0), abs=1e-12)
    assert (found.forbidden is None) == (not ((P > 0) & (Q == 0)).any())
    if found.forbidden is not None:
        place = [all(word == found.forbidden) for word in all_words(n_symbol, length)].index(True)
        assert P[place] > 0 == Q[place]


def padded(process: HMM, n_symbol: int, length: int) -> np.ndarray:
    """Word probabilities over an alphabet that may have further symbols."""
    T = np.zeros((n_symbol, process.n_state, process.n_state))
    T[: process.n_symbol] = process.T
    return word_probabilities(HMM(T, start=process.start), length)


def kl(P: np.ndarray, Q: np.ndarray) -> float:
    if (Q[P > 0] == 0).any():
        return inf
    return float((P[P > 0] * np.log(P[P > 0] / Q[P > 0])).sum())


@few
@given(any_hmms(), any_hmms())
def test_inequalities(p: HMM, q: HMM) -> None:
    found = word_divergences(p, q, 3)
    back = word_divergences(q, p, 3)
    assert found.kl_nats >= 0
    assert found.kl_nats == back.reverse_kl_nats
    assert found.jensen_shannon_bits == pytest.approx(back.jensen_shannon_bits, abs=1e-12)
    assert 0 <= found.jensen_shannon_bits <= 1 + 1e-12
    assert found.total_variation <= min(1.0, sqrt(found.kl_nats / 2)) + 1e-9  # Pinsker
    orders = [renyi_divergence(p, q, 3, order) for order in (0, 0.5, 1, 2, inf)]
    assert all(low <= high + 1e-9 for low, high in pairwise(orders))
    assert orders[1] == pytest.approx(2 * found.bhattacharyya_nats, rel=1e-9, abs=1e-12)
    assert orders[2] == found.kl_nats


@few
@given(any_hmms(), any_hmms())
def test_longer_words_tell_more_and_merged_symbols_less(p: HMM, q: HMM) -> None:
    """Data processing: forgetting a symbol, or which of two symbols it was, brings processes no further apart."""
    short, long = word_divergences(p, q, 2), word_divergences(p, q, 3)
    coarse = word_divergences(merged(p), merged(q), 3)
    for key in ("kl_nats", "jensen_shannon_bits", "total_variation", "bhattacharyya_nats"):
        assert getattr(short, key) <= getattr(long, key) + 1e-9, key
        assert getattr(coarse, key) <= getattr(long, key) + 1e-9, key


def merged(process: HMM) -> HMM:
    """Symbols from 1 on made one."""
    rest = process.T[1:].sum(axis=0) if process.n_symbol > 1 else np.zeros_like(process.T[0])
    return HMM([process.T[0], rest], start=process.start)


@few
@given(disguised_hmms())
def test_zero_between_presentations_of_one_process(pair: tuple[HMM, GHMM]) -> None:
    found = word_divergences(*pair, 4)
    # forbidden words of a signed presentation have 1e-17 or so instead of 0 where rounding is not recognised
    assert found.total_variation < 1e-12
    assert found.jensen_shannon_bits < 1e-12


@few
@given(any_hmms(), any_hmms())
def test_zero_only_between_equivalent_processes(p: HMM, q: HMM) -> None:
    """Presentations of n and m states differ on words of length n + m - 1 if they differ at all."""
    if p.n_symbol == q.n_symbol and p.n_symbol ** (p.n_state + q.n_state - 1) <= 3**7:
        found = word_divergences(p, q, p.n_state + q.n_state - 1)
        assert (found.total_variation < 1e-9) == equivalent(p, q, tol=1e-9)


def test_forbidden_words_are_infinitely_far() -> None:
    found = word_divergences(golden_mean(), even(), 3)
    assert found.kl_nats == inf
    assert found.forbidden == (0, 1, 0)
    assert 0 < found.jensen_shannon_bits < 1
    assert word_divergences(even(), golden_mean(), 2).forbidden == (1, 1)
    assert renyi_divergence(golden_mean(), even(), 3, 2.0) == inf
    assert renyi_divergence(golden_mean(), even(), 3, 0.5) < inf


def test_processes_without_a_common_word() -> None:
    found = word_divergences(coin(0.0), coin(1.0), 2)
    assert found == WordDivergences(
        length=2,
        kl_nats=inf,
        reverse_kl_nats=inf,
        jensen_shannon_bits=1.0,
        total_variation=1.0,
        bhattacharyya_nats=inf,
        forbidden=(0, 0),
    )
    assert renyi_divergence(coin(0.0), coin(1.0), 2, 0.5) == inf


def test_symbols_are_matched_by_name() -> None:
    ab = HMM([[[0.25]], [[0.75]]], alphabet="ab")
    ba = HMM([[[0.75]], [[0.25]]], alphabet="ba")
    bc = HMM([[[0.75]], [[0.25]]], alphabet="bc")
    assert word_divergences(ab, ba, 3).total_variation == 0
    found = word_divergences(ab, bc, 1)
    assert found.forbidden == ("a",)
    assert found.total_variation == pytest.approx(0.25)


def test_anything_with_log_prob() -> None:
    p = nemo()
    found = word_divergences(p, Pseudo(), 4)
    entropy = -sum(x * log(x) for x in word_probabilities(p, 4) if x > 0)
    assert found.kl_nats == pytest.approx(4 * log(2.0) - entropy, rel=1e-12)
    sampled = sampled_divergence(p, Pseudo(), 4, n_words=4000, rng=np.random.default_rng(0))
    assert abs(sampled.kl_nats - found.kl_nats) < 4.5 * sampled.standard_error
    assert word_divergences(probability_clock(), Pseudo(), 6).kl_nats > 0


def test_the_empty_word_tells_nothing() -> None:
    assert word_divergences(nemo(), mess3(), 0).kl_nats == 0


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    """200 samples of 100 words: with 95 % coverage fewer than 177 hold with probability 2e-4, and fewer than 172, which
    leaves room for skewed log ratios, with 1e-6."""
    p, q, rng = golden_mean(0.4), coin(0.4), np.random.default_rng(1)
    exact = word_divergences(p, q, 8).kl_nats
    samples = [sampled_divergence(p, q, 8, n_words=100, rng=rng) for _ in range(200)]
    assert 172 <= sum(found.low <= exact <= found.high for found in samples) <= 199


def test_sampling_finds_forbidden_words() -> None:
    found = sampled_divergence(golden_mean(), even(), 20, n_words=50, rng=np.random.default_rng(2))
    assert found.kl_nats == found.low == found.high == inf
    assert found.forbidden is not None
    assert even().log_prob([found.forbidden])[0] == -inf
    assert golden_mean().log_prob([found.forbidden])[0] > -inf


def test_the_same_generator_gives_the_same_sample() -> None:
    first, second = (
        sampled_divergence(nemo(), coin(0.5), 5, n_words=20, rng=np.random.default_rng(3)) for _ in range(2)
    )
    assert first == second


def test_jensen_shannon_of_two_words() -> None:
    """A coin that always falls on 1 against a fair one, one toss: H(3/4) - 1/2."""
    found = word_divergences(coin(1.0), coin(0.5), 1)
    assert found.jensen_shannon_bits == pytest.approx(-0.75 * log2(0.75) - 0.25 * log2(0.25) - 0.5, abs=1e-14)


def test_arguments_out_of_range() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match=r"there are 3\^20 words, more than max_words=1048576 allows"):
        word_divergences(mess3(), mess3(), 20)
    with pytest.raises(ValueError, match=r"length must be >= 0; got -1"):
        word_divergences(nemo(), nemo(), -1)
    with pytest.raises(ValueError, match=r"order must be >= 0; got -0\.5"):
        renyi_divergence(nemo(), nemo(), 2, -0.5)
    with pytest.raises(ValueError, match=r"order must be >= 0; got nan"):
        renyi_divergence(nemo(), nemo(), 2, float("nan"))
    with pytest.raises(ValueError, match="n_words must be >= 2"):
        sampled_divergence(nemo(), nemo(), 2, n_words=1, rng=rng)
    with pytest.raises(ValueError, match="confidence must lie between 0 and 1; got 1"):
        sampled_divergence(nemo(), nemo(), 2, n_words=9, rng=rng, confidence=1.0)


def test_zoo_alphabets_are_letters() -> None:
    assert word_divergences(zoo.golden_mean(), zoo.even(), 3).forbidden == ("0", "1", "0")
