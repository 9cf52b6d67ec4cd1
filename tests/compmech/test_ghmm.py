"""GHMM: normalisation, negative words, and agreement with the HMM it hides."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from machines import abc, golden_mean, mess3, probability_clock
from oracles import all_words, word_probabilities
from strategies import disguised_hmms, few, stationary_hmms

from compmech import GHMM, HMM, ImpossibleWord, LostPrecision, NegativeProbability, Process, filter_beliefs, stationary


def test_probability_clock_in_closed_form() -> None:
    clock = probability_clock(turn=1.0, shrink=0.3, swing=0.5)
    assert isinstance(clock, Process)
    lengths = np.arange(1, 30)
    found = [np.exp(clock.log_prob(np.zeros((1, n), dtype=int)))[0] for n in lengths]
    np.testing.assert_allclose(found, 0.3**lengths * (1 + 0.5 * np.cos(lengths)) / 1.5, rtol=1e-12)
    after = clock.predict(np.zeros((1, 6), dtype=int))[0, :, 0]
    ratio = (1 + 0.5 * np.cos(np.arange(1, 8))) / (1 + 0.5 * np.cos(np.arange(7)))
    np.testing.assert_allclose(after, 0.3 * ratio, rtol=1e-13)


def test_probability_clock_is_sampled_as_predicted() -> None:
    clock = probability_clock()
    words = clock.sample(40_000, 3, rng=np.random.default_rng(5))
    counts = np.bincount(words @ [4, 2, 1], minlength=8)
    expected = 40_000 * word_probabilities(clock, 3)
    # chi-squared with 7 degrees of freedom exceeds 24.3 once in 1,000 draws; the seed is fixed
    assert ((counts - expected) ** 2 / expected).sum() < 24.3


def test_stationary_vector_of_the_clock() -> None:
    clock = probability_clock()
    pi = stationary(clock)
    np.testing.assert_allclose(pi @ clock.A, pi, atol=1e-14)
    np.testing.assert_allclose(pi @ clock.evaluate, 1, rtol=1e-13)


@few
@given(disguised_hmms())
def test_an_hmm_in_another_basis_is_the_same_process(pair: tuple[HMM, GHMM]) -> None:
    hmm, disguised = pair
    for length in range(4):
        words = all_words(hmm.n_symbol, length)
        np.testing.assert_allclose(np.exp(disguised.log_prob(words)), np.exp(hmm.log_prob(words)), atol=1e-11)
        np.testing.assert_allclose(word_probabilities(disguised, length), word_probabilities(hmm, length), atol=1e-11)


@few
@given(disguised_hmms())
def test_forbidden_words_stay_forbidden_in_another_basis(pair: tuple[HMM, GHMM]) -> None:
    hmm, disguised = pair
    words = all_words(hmm.n_symbol, 3)
    np.testing.assert_array_equal(np.isneginf(disguised.log_prob(words)), np.isneginf(hmm.log_prob(words)))


@few
@given(disguised_hmms(stationary_hmms()))
def test_stationary_vector_is_the_stationary_distribution_in_another_basis(pair: tuple[HMM, GHMM]) -> None:
    _, disguised = pair
    np.testing.assert_allclose(stationary(disguised), disguised.start, atol=1e-9)


@few
@given(disguised_hmms())
def test_beliefs_and_predictions_follow_the_basis(pair: tuple[HMM, GHMM]) -> None:
    hmm, disguised = pair
    words = all_words(hmm.n_symbol, 3)
    words = words[np.isfinite(hmm.log_prob(words))]
    np.testing.assert_allclose(disguised.predict(words), hmm.predict(words), atol=1e-10)
    beliefs = filter_beliefs(disguised, words)
    np.testing.assert_allclose(beliefs @ disguised.evaluate, 1, atol=1e-12)


@few
@given(disguised_hmms())
def test_samples_are_possible(pair: tuple[HMM, GHMM]) -> None:
    hmm, disguised = pair
    words = disguised.sample(20, 6, rng=np.random.default_rng(0))
    assert np.isfinite(hmm.log_prob(words)).all()


def test_impossible_word_carries_word_and_time() -> None:
    machine = golden_mean()
    basis = np.array([[1.0, 0.5], [-0.25, 1.0]])
    inverse = np.linalg.inv(basis)
    disguised = GHMM(basis @ machine.T @ inverse, machine.start @ inverse, basis @ machine.evaluate)
    with pytest.raises(ImpossibleWord) as caught:
        disguised.predict([[0, 0, 0], [0, 1, 1]])
    assert (caught.value.word, caught.value.t) == ((0, 1, 1), 2)
    assert disguised.log_prob([[0, 1, 1]])[0] == -np.inf


def test_negative_words_are_found_with_the_word() -> None:
    clock = probability_clock()
    with pytest.raises(NegativeProbability, match=r"< 0: T, start and evaluate") as caught:
        GHMM(clock.T, [1.0, 3.0, 0.0] / np.array([1 + 1.5]), clock.evaluate)  # off the circle
    word = np.array([caught.value.word])
    direct = np.array([1.0, 3.0, 0.0]) / 2.5
    for symbol in word[0]:
        direct = direct @ clock.T[symbol]
    assert direct @ clock.evaluate == pytest.approx(caught.value.value)
    assert caught.value.value < 0


def test_a_negative_word_beyond_the_checked_depth_is_found_by_the_filter() -> None:
    clock = probability_clock()
    start = np.array([1.0, 1.9, 0.0])
    start /= start @ clock.evaluate
    with pytest.raises(NegativeProbability) as caught:
        GHMM(clock.T, start, clock.evaluate)
    word = caught.value.word
    unchecked = GHMM(clock.T, start, clock.evaluate, check_words=1)
    with pytest.raises(NegativeProbability) as again:
        unchecked.log_prob([word])
    assert again.value.word == word
    assert again.value.value < 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda T, s, e: (T * 1.1, s, e), r"A @ evaluate must equal evaluate.*entry 0 is 1\.1 against 1"),
        (lambda T, s, e: (T, s * 2, e), r"start @ evaluate must be 1; it is 2"),
        (lambda T, s, e: (T, s[:1], e), r"start must have one entry for each of the 2 states"),
        (lambda T, s, e: (T, s, e[:1]), r"evaluate must have one entry for each of the 2 states"),
        (lambda T, s, e: (T * np.nan, s, e), r"T\[0, 0, 0\] is nan"),
        (lambda T, s, e: (np.swapaxes(T, 1, 2), s, e), r"Is T transposed"),
    ],
)
def test_wrong_arguments_are_named(change, message: str) -> None:
    machine = golden_mean()
    with pytest.raises(ValueError, match=message):
        GHMM(*change(machine.T, machine.start, machine.evaluate))


def test_stationary_vector_that_is_not_unique_is_refused() -> None:
    twice = GHMM(np.eye(2)[None], [0.5, 0.5], [1, 1])
    with pytest.raises(ValueError, match=r"not unique.*1 free"):
        stationary(twice)


def test_hmm_and_ghmm_of_the_same_numbers_agree() -> None:
    machine = mess3()
    general = GHMM(machine.T, machine.start, machine.evaluate, name="mess3")
    words = machine.sample(10, 20, rng=np.random.default_rng(1))
    np.testing.assert_allclose(general.log_prob(words), machine.log_prob(words), rtol=1e-13)
    np.testing.assert_allclose(filter_beliefs(general, words), filter_beliefs(machine, words), atol=1e-14)


def test_pickle() -> None:
    clock = probability_clock()
    again = pickle.loads(pickle.dumps(clock))
    np.testing.assert_array_equal(again.T, clock.T)
    np.testing.assert_array_equal(again.evaluate, clock.evaluate)


def test_single_symbol() -> None:
    constant = GHMM([[[1.0]]], [1.0], [1.0])
    np.testing.assert_array_equal(constant.sample(2, 3, rng=np.random.default_rng(0)), np.zeros((2, 3)))


def in_another_basis(machine: HMM) -> GHMM:
    basis = np.array([[1.0, 0.5], [-1.0, 1.5]])
    inverse = np.linalg.inv(basis)
    return GHMM(basis @ machine.T @ inverse, machine.start @ inverse, basis @ machine.evaluate)


def test_rounding_that_grows_along_improbable_words_is_noticed() -> None:
    """With 3 to 1 odds at each symbol, n symbols one way make the belief 3 ** -n off a corner, where signed coordinates
    lose n digits in base 3; n symbols back blow that error up to the size of the belief.

    It must be taken neither for a forbidden word nor for a negative probability.
    """
    machine = abc()
    disguised = in_another_basis(machine)
    refused = []
    for n in (4, 8, 12, 16, 20, 30, 40, 60):
        one_way = np.tile([0, 1], n // 2)  # A -0-> B -1-> A ...
        words = np.concatenate([one_way, 1 - one_way])[None]
        try:
            found = disguised.log_prob(words)[0]
        except LostPrecision as error:
            refused.append(n)
            assert error.word == tuple(words[0, : len(error.word)])  # noqa: PT017
        else:
            assert found == pytest.approx(machine.log_prob(words)[0], rel=1e-3)
    assert refused == [n for n in (4, 8, 12, 16, 20, 30, 40, 60) if n >= min(refused)]
    assert 12 < min(refused) <= 30


def test_rounding_is_no_cover_for_a_process_that_is_none() -> None:
    clock = probability_clock()
    start = np.array([1.0, 1.9, 0.0]) / (1 + 0.95)
    wrong = GHMM(clock.T, start, clock.evaluate, check_words=1)
    with pytest.raises(NegativeProbability):
        wrong.sample(20_000, 5, rng=np.random.default_rng(0))
    with pytest.raises(NegativeProbability) as caught:
        wrong.predict(np.zeros((1, 10), dtype=int))
    assert caught.value.word == (0, 0, 0, 1)  # though it was the 0s that were read


def test_predictions_of_forbidden_symbols_are_exactly_zero() -> None:
    disguised = in_another_basis(golden_mean())
    predicted = disguised.predict([[1, 0, 1, 0, 0, 1]])[0]
    np.testing.assert_array_equal(predicted[:, 1] == 0, [False, True, False, True, False, False, True])
    first = in_another_basis(HMM(golden_mean().T, start=[0, 1])).predict(np.zeros((1, 0), dtype=int))
    assert first[0, 0, 1] == 0


@pytest.mark.parametrize("n_symbol", [2, 12])
def test_few_symbols_and_many_give_the_log_probabilities_of_the_same_hmm(n_symbol: int) -> None:
    rng = np.random.default_rng(4)
    machine = HMM(rng.dirichlet(np.ones(3 * n_symbol), size=3).reshape(3, n_symbol, 3).transpose(1, 0, 2))
    change = rng.normal(size=(3, 3))
    T = np.linalg.inv(change) @ machine.T @ change
    other = GHMM(T, machine.start @ change, np.linalg.inv(change) @ machine.evaluate)
    words = machine.sample(5, 30, rng=rng)
    np.testing.assert_allclose(other.log_prob(words), machine.log_prob(words), rtol=1e-9)


def test_no_words_at_all() -> None:
    clock = probability_clock()
    assert clock.log_prob(np.zeros((0, 5), dtype=int)).shape == (0,)
    assert clock.predict(np.zeros((0, 5), dtype=int)).shape == (0, 6, clock.n_symbol)
