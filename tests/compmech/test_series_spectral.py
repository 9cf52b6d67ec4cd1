"""Spectral learning from a series: rank by test, matrices up to similarity, projections, and what is refused."""

import numpy as np
import pytest
from known_series import sampled
from scipy.stats import binom

from compmech import GHMM, HMM, zoo
from compmech.inference import Series, series, series_process, series_rank, series_spectral
from compmech.inference.hankel_series import LEVEL, counted_futures, hankel_lengths


def all_words(n_symbol: int, length: int) -> np.ndarray:
    return np.indices((n_symbol,) * length).reshape(length, -1).T


def distance(found: HMM | GHMM, process: HMM, length: int = 6) -> float:
    """Total variation between the words of one length."""
    words = all_words(process.n_symbol, length)
    return float(abs(np.exp(found.log_prob(words)) - np.exp(process.log_prob(words))).sum() / 2)


# ---------------------------------------------------------------------------------------------------------------- rank


@pytest.mark.parametrize(
    ("name", "length", "rank"),
    [
        ("fair_coin", 3, 1),
        ("biased_coin", 3, 1),
        ("golden_mean", 2, 2),
        ("even", 3, 2),
        ("nemo", 3, 3),
        ("noisy_random_phase_slip", 3, 5),
        ("rrxor", 2, 3),
        ("rrxor", 3, 4),
        ("rrxor", 4, 5),
        ("mess3", 2, 3),
    ],
)
def test_the_rank_is_the_dimension_once_words_are_long_enough(name: str, length: int, rank: int) -> None:
    """Those of rrxor are its ranks by horizon, 2, 3, 4, 5."""
    assert series_rank(sampled(getattr(zoo, name)(), 20_000), length).rank == rank


@pytest.mark.parametrize(("name", "rank"), [("biased_coin", 1), ("golden_mean", 2)])
def test_a_rank_too_many_comes_out_at_the_stated_rate(name: str, rank: int) -> None:
    """At the level, more than these of 150 come about with probability 1e-4."""
    process, n = getattr(zoo, name)(), 150
    codes = process.sample(n, 2_000, rng=np.random.default_rng(1))
    found = [series_rank(Series(row, (0, 1)), 2).rank for row in codes]
    assert min(found) == rank
    assert sum(one > rank for one in found) <= binom.isf(1e-4, n, LEVEL)


def test_p_values_of_a_coin_are_not_too_small_anywhere() -> None:
    """Twice the smaller of two p-values is below u with probability u at most: 20 % here, with room for chance."""
    codes = zoo.fair_coin().sample(100, 1_500, rng=np.random.default_rng(2))
    p = np.array([series_rank(Series(row, (0, 1)), 2).p[0] for row in codes])
    assert (p < 0.2).sum() <= binom.isf(1e-4, 100, 0.2)
    assert (p > 0.2).sum() > 50


def test_counted_futures_are_shares_of_windows_and_no_window_spans_a_gap() -> None:
    found = counted_futures(series(["00110", "011"]), 1)  # 001, 011, 110; 011
    assert found.history.tolist() == [0, 1]
    assert found.often.tolist() == [3, 1]
    assert np.allclose(found.futures.joint, [[0, 1 / 3, 0, 2 / 3], [0, 0, 1, 0]])


def test_lengths_are_those_that_the_data_fill() -> None:
    assert list(hankel_lengths(sampled(zoo.fair_coin(), 20_000))) == [1, 2, 3, 4, 5]
    assert list(hankel_lengths(series(["01" * 5] * 1_000))) == [1, 2, 3]
    assert list(hankel_lengths(series("0" * 1_000))) == []
    assert list(hankel_lengths(series("abcdefghijklmnopqrstuvwxyz" * 10))) == []


# ------------------------------------------------------------------------------------------------------------ matrices


@pytest.mark.parametrize(("name", "length"), [("golden_mean", 2), ("even", 3), ("mess3", 2)])
def test_words_come_back_with_an_error_that_falls_as_the_root_of_the_symbols(name: str, length: int) -> None:
    """Sixteen times the symbols: the error falls to a quarter, to less than a half even by bad luck."""
    process = getattr(zoo, name)()
    rank = 3 if name == "mess3" else 2
    errors = []
    for n in (2_000, 32_000):
        found = [series_process(sampled(process, n, seed), length, rank) for seed in range(4)]
        errors.append(np.mean([distance(one.process, process, 5) for one in found]))
    assert errors[1] < errors[0] / 2
    assert errors[1] < 0.03


def test_matrices_come_back_up_to_similarity() -> None:
    """Eigenvalues of the matrix of each symbol, and of products of them, are the same in every basis."""
    process = zoo.mess3()
    fit = series_process(sampled(process, 100_000), 2, 3).fit
    for word in ([0], [1], [2], [0, 1], [2, 1, 0]):
        found, true = (np.linalg.eigvals(_product(T, word)) for T in (fit.T, process.T))
        assert np.allclose(np.sort_complex(found), np.sort_complex(true), atol=0.02)


def _product(T: np.ndarray, word: list[int]) -> np.ndarray:
    product = np.eye(T.shape[1])
    for x in word:
        product = product @ T[x]
    return product


def test_exact_counts_give_the_process_exactly() -> None:
    """Every phase of a period as often: nothing is left to chance."""
    data = series("001" * 2_000 + "0010")
    found = series_process(data, 3, 3)
    truth = zoo.periodic_word(word="001")
    words = all_words(2, 6)
    assert np.allclose(np.exp(found.process.log_prob(words)), np.exp(truth.log_prob(words)), atol=1e-3)


def test_what_is_no_process_is_projected_and_that_is_said() -> None:
    """The even process forbids words, so that errors make probabilities of 0 negative."""
    data = sampled(zoo.even(), 5_000)
    found = series_process(data, 3, 2)
    assert found.projected is not None
    assert "gets probability -" in found.projected
    assert isinstance(found.process, HMM)
    assert found.process.n_state == 2
    assert distance(found.process, zoo.even()) < 0.05
    assert found.fit.negative < 0


def test_a_fit_is_looked_at_along_the_data() -> None:
    """The word 010 gets a negative probability, and stands in the second of two pieces."""
    T = np.array(zoo.even().T)
    T[0, 1, 0], T[1, 1, 0] = -0.1, 1.1
    process = GHMM(T, GHMM(T, [1.0, 0.0], [1.0, 1.0], check_words=1).stationary(), [1.0, 1.0], check_words=1)
    assert series_spectral.negative_along(process, series(["0011", "1100"])) is None
    why = series_spectral.negative_along(process, series(["0011", "010"]))
    assert why is not None
    assert why.startswith("the last of 3 symbols of the data gets probability -")


def test_ranks_and_series_that_will_not_do_are_refused() -> None:
    data = sampled(zoo.golden_mean(), 1_000)
    with pytest.raises(ValueError, match="the rank must be from 1 to 2, that of words of 1 symbols; got 3"):
        series_process(data, 1, 3)
    with pytest.raises(ValueError, match="the rank must be from 1 to"):
        series_process(data, 2, 0)
    with pytest.raises(ValueError, match="there is no stretch of 5 symbols without a gap"):
        series_process(series(["010", "11"]), 2, 1)
    with pytest.raises(ValueError, match="windows of 2 symbols are too few in half of the series"):
        series_rank(sampled(zoo.golden_mean(), 100), 1)
