"""Surrogates keep what their null hypothesis leaves open and nothing else, and p-values are what they say."""

from collections import Counter
from itertools import product

import numpy as np
import pytest
from scipy.stats import binom, chi2, kstest

from compmech import EpsilonMachine, epsilon_machine, zoo
from compmech.inference import (
    SHUFFLES,
    PastInformation,
    Series,
    Surrogates,
    aaft,
    block_shuffles,
    count_words,
    iaaft,
    markov_shuffled,
    markov_shuffles,
    phase_surrogates,
    series,
    structure_test,
)
from compmech.inference.kgram import k_gram
from compmech.inference.structure import HeldOutGain
from compmech.symbolise import ordinal, sign

# ------------------------------------------------------------------------------------------------------------- Markov


@pytest.mark.parametrize("order", [0, 1, 3])
def test_markov_surrogates_keep_the_words_and_the_gaps(order):
    rng = np.random.default_rng(0)
    data = series([rng.integers(0, 3, n) for n in (300, 40, 3, 1)])
    made = markov_shuffled(data, order, rng=rng)
    assert (made.codes != data.codes).any()
    np.testing.assert_array_equal(made.codes < 0, data.codes < 0)
    for length in range(order + 2):
        np.testing.assert_array_equal(count_words(made, length).counts, count_words(data, length).counts)
    assert (count_words(made, order + 2).counts != count_words(data, order + 2).counts).any()


@pytest.mark.parametrize("order", [1, 2])
def test_each_series_with_the_same_words_is_as_likely_as_any_other(order):
    """All are listed: a chi-square test that a uniform draw fails once in 1,000 times."""
    word, rng = (0, 1, 0, 0, 1, 1, 0, 1, 0, 0), np.random.default_rng(1)

    def kept(one: tuple[int, ...]) -> tuple[object, ...]:
        return one[:order], Counter(one[i : i + order + 1] for i in range(len(one) - order))

    same = [one for one in product((0, 1), repeat=len(word)) if kept(one) == kept(word)]
    data, n = Series(np.array(word), (0, 1)), 40 * len(same)
    times = Counter(tuple(markov_shuffled(data, order, rng=rng).codes.tolist()) for _ in range(n))
    assert set(times) == set(same)
    assert len(same) > 5
    off = sum((times[one] - 40) ** 2 / 40 for one in same)
    assert off < chi2.isf(0.001, len(same) - 1)


def test_what_cannot_be_shuffled_stays_and_what_cannot_be_asked_for_is_said():
    data = series("01" * 30)
    np.testing.assert_array_equal(markov_shuffled(data, 1, rng=np.random.default_rng(0)).codes, data.codes)
    with pytest.raises(ValueError, match="order must be >= 0; got -1"):
        markov_shuffled(data, -1, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="order must be >= 0; got -1"):
        markov_shuffles(-1)
    with pytest.raises(ValueError, match="blocks must have at least 1 symbol; got 0"):
        block_shuffles(0)


# ------------------------------------------------------------------------------------------------------------- phases


def driven(n: int, rng: np.random.Generator, r: float = 0.8) -> np.ndarray:
    """A linear Gaussian process: each value r times the last, and noise."""
    noise, values = rng.normal(size=n), np.zeros(n)
    for i in range(1, n):
        values[i] = r * values[i - 1] + noise[i]
    return values


def lag_one(x: np.ndarray) -> float:
    return float(np.corrcoef(x[1:], x[:-1])[0, 1])


@pytest.mark.parametrize("make", [aaft, iaaft])
def test_phase_surrogates_keep_values_and_spectrum(make):
    """The values are cubes, so that their distribution is far from normal."""
    rng = np.random.default_rng(0)
    x = driven(1_000, rng) ** 3
    made = make(x, rng=rng)
    np.testing.assert_array_equal(np.sort(made), np.sort(x))
    assert abs(np.corrcoef(made, x)[0, 1]) < 0.3
    assert lag_one(made) == pytest.approx(lag_one(x), abs=0.2 if make is aaft else 0.1)


def test_the_iterated_spectrum_is_nearer_and_stretches_stay_apart():
    rng = np.random.default_rng(1)
    x = driven(512, rng) ** 3
    power = np.abs(np.fft.rfft(x))

    def off(made: np.ndarray) -> float:
        return float(((np.abs(np.fft.rfft(made)) - power) ** 2).sum() / (power**2).sum())

    assert np.mean([off(iaaft(x, rng=rng)) for _ in range(5)]) < np.mean([off(aaft(x, rng=rng)) for _ in range(5)]) / 3
    with_gaps = np.concatenate([x[:200], [np.nan], x[200:203], [np.nan], x[203:]])
    made = iaaft(with_gaps, rng=rng)
    np.testing.assert_array_equal(np.isnan(made), np.isnan(with_gaps))
    np.testing.assert_array_equal(made[201:204], with_gaps[201:204])
    np.testing.assert_array_equal(np.sort(made[:200]), np.sort(x[:200]))
    with pytest.raises(ValueError, match="values must be finite"):
        iaaft([1.0, np.inf], rng=rng)


def test_phase_surrogates_tell_nonlinear_from_linear_values():
    """A logistic map has no spectrum to speak of, a driven process nothing else."""
    rng = np.random.default_rng(2)
    logistic = np.empty(600)
    logistic[0] = 0.3
    for i in range(1, 600):
        logistic[i] = 4 * logistic[i - 1] * (1 - logistic[i - 1])
    found = {}
    for name, values in (("logistic", logistic), ("driven", driven(600, rng))):
        made = phase_surrogates(values, lambda x: ordinal(x, 3, step=1).series)
        found[name] = structure_test(ordinal(values, 3, step=1).series, surrogates=made, n_surrogate=39, rng=rng).p
    assert found["logistic"] == 1 / 40
    assert found["driven"] > 0.05


def test_surrogates_are_over_the_symbols_of_the_data():
    """Rising values have one ordinal pattern; their surrogates have others, which come after it."""
    values = np.arange(60.0)
    data = ordinal(values, 3).series
    made = phase_surrogates(values, lambda x: ordinal(x, 3).series).make(data, np.random.default_rng(0))
    assert data.alphabet == ("012",)
    assert made.alphabet[0] == "012"
    assert made.n_symbol > 1
    signs = sign(values - 30).series
    again = phase_surrogates(values - 30, lambda x: sign(x).series).make(signs, np.random.default_rng(0))
    assert again.alphabet == signs.alphabet
    np.testing.assert_array_equal(again.frequencies, signs.frequencies)


# ----------------------------------------------------------------------------------------------------------- the test


@pytest.mark.parametrize("surrogates", [SHUFFLES, markov_shuffles(1)], ids=["shuffled", "markov"])
def test_p_values_are_uniform_where_the_null_hypothesis_is_true(surrogates):
    """Biased coins, and golden means, which are chains of order 1; all pasts that they fill are looked at at once.
    A uniform p would fail either test once in 1,000 times."""
    process = zoo.biased_coin(p=0.3) if surrogates is SHUFFLES else zoo.golden_mean()
    values = []
    for rng in np.random.default_rng(3).spawn(80):
        data = Series(process.sample(1, 250, rng=rng)[0], (0, 1))
        values.append(structure_test(data, surrogates=surrogates, n_surrogate=19, rng=rng).p)
    assert (np.array(values) <= 0.1).sum() <= binom.isf(0.001, 80, 0.1)
    assert kstest(np.array(values) - 0.5 / 20, "uniform").pvalue > 0.001


def test_structure_in_long_pasts_alone_is_seen_and_which_past_tells_it():
    """A symbol is the sum of those one and five before, but for noise: four symbols tell nothing of the next."""
    rng = np.random.default_rng(4)
    x = rng.integers(0, 2, 3_000)
    for i in range(5, len(x)):
        if rng.random() < 0.9:
            x[i] = x[i - 1] ^ x[i - 5]
    found = structure_test(Series(x, (0, 1)), rng=rng, n_surrogate=99)
    assert found.p == 1 / 100
    assert (found.past, found.longest) == (5, 6)
    assert found.found == pytest.approx(1 + 0.95 * np.log2(0.95) + 0.05 * np.log2(0.05), abs=0.05)
    short = structure_test(Series(x, (0, 1)), rng=rng, n_surrogate=99, statistic=PastInformation(1, 3))
    assert short.p > 0.05


def test_a_markov_null_is_rejected_by_what_is_longer_alone():
    rng = np.random.default_rng(5)
    even = Series(zoo.even().sample(1, 1_500, rng=rng)[0], (0, 1))
    golden = Series(zoo.golden_mean().sample(1, 1_500, rng=rng)[0], (0, 1))
    of_one = markov_shuffles(1)
    assert structure_test(even, surrogates=of_one, n_surrogate=39, rng=rng).p == 1 / 40
    found = structure_test(golden, surrogates=of_one, n_surrogate=39, rng=rng)
    assert found.p > 0.05
    assert "Markov chain of order 1" in found.null
    assert PastInformation.that_fills(golden, of_one.kept).shortest == 2


def test_blocks_keep_what_is_within_them():
    """Pairs of equal symbols: in blocks of two nothing is left to tell, in single symbols it is."""
    rng = np.random.default_rng(6)
    data = Series(np.repeat(rng.integers(0, 2, 400), 2), (0, 1))
    assert structure_test(data, surrogates=block_shuffles(2), n_surrogate=39, rng=rng).p > 0.05
    assert structure_test(data, surrogates=block_shuffles(1), n_surrogate=39, rng=rng).p == 1 / 40


def test_the_gain_of_a_machine_on_held_out_symbols_is_a_statistic_too():
    rng = np.random.default_rng(7)
    machine = epsilon_machine(zoo.golden_mean())
    bare = EpsilonMachine(machine.successor, machine.emit)
    fit, rest = Series(zoo.golden_mean().sample(1, 2_000, rng=rng)[0], (0, 1)).split(0.5)
    found = structure_test(rest, statistic=HeldOutGain(bare, k_gram(fit, 0)), n_surrogate=39, rng=rng)
    assert (found.statistic, found.p, found.past) == ("gain", 1 / 40, None)
    assert found.found == pytest.approx(0.9183 - 2 / 3, abs=0.03)
    assert found.to_dict()["expected"] == "-inf"
    coin = HeldOutGain(k_gram(rest, 1), k_gram(fit, 0))
    assert coin(rest)[0] > 0.2


def test_what_cannot_be_tested_is_said():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="n_surrogate must be at least 1; got 0"):
        structure_test(series("0110"), rng=rng, n_surrogate=0)
    with pytest.raises(ValueError, match="no stretch of 2 symbols without a gap"):
        structure_test(series([["0"], ["1"], ["1"]]), rng=rng)
    with pytest.raises(ValueError, match="pasts longer than 29 symbols over 2 are more than can be counted"):
        structure_test(series("01" * 50), surrogates=markov_shuffles(29), rng=rng)


def test_one_symbol_throughout_has_the_p_value_one():
    same = Surrogates("same", "nothing", lambda data, rng: data)
    assert structure_test(series("a" * 300), rng=np.random.default_rng(0), n_surrogate=9).p == 1
    assert structure_test(series("0110" * 90), surrogates=same, rng=np.random.default_rng(0), n_surrogate=9).p == 1
