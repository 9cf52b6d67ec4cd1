"""Power spectra: lines of periodic parts, the continuous part against Fourier sums, and known autocorrelations."""

import numpy as np
import pytest
from hypothesis import given, settings
from machines import period, probability_clock, two_coins
from oracles import all_words, word_probability
from strategies import any_hmms, disguised_hmms, reducible_hmms, stationary_hmms

from compmech import HMM, NotStationary, stationary, zoo
from compmech.measures.power import PowerSpectrum, autocorrelation, power_spectrum


def generic(n_symbol: int) -> np.ndarray:
    """Numbers for the symbols, complex and without relations."""
    x = np.arange(n_symbol)
    return np.cos(1.3 * x) + 0.2 + 1j * np.sin(0.7 * x)


def lines_at(found: PowerSpectrum, lags: np.ndarray) -> np.ndarray:
    """The autocorrelation of the lines alone."""
    return sum((line.power * np.exp(1j * line.frequency * lags) for line in found.lines), np.zeros(len(lags), complex))


def fourier_sum(process, values: np.ndarray, found: PowerSpectrum, w: np.ndarray, most: int) -> np.ndarray:
    """gamma_c(0) + 2 Re sum_{tau >= 1} gamma_c(tau) e^(-i w tau), cut off at a lag where it has died out."""
    lags = np.arange(most + 1)
    rest = autocorrelation(process, values, most) - lines_at(found, lags)
    phases = np.exp(-1j * np.outer(w, lags[1:]))
    return rest[0].real + 2 * (phases @ rest[1:]).real


@settings(max_examples=20)
@given(stationary_hmms())
def test_autocorrelation_by_enumeration(process: HMM) -> None:
    f = generic(process.n_symbol)
    found = autocorrelation(process, f, 3)
    expected = np.zeros(4, complex)
    for lag in range(4):
        for word in all_words(process.n_symbol, lag + 1):
            expected[lag] += word_probability(process, word) * f[word[0]].conj() * f[word[-1]]
    np.testing.assert_allclose(found, expected, atol=1e-12)


@pytest.mark.parametrize("p", [0.2, 0.5, 0.8])
def test_golden_mean(p: float) -> None:
    """A chain with eigenvalues 1 and -p: gamma(tau) = m^2 + m (1 - m) (-p)^tau, m = P(1) = p / (1 + p)."""
    m = p / (1 + p)
    lags = np.arange(8)
    np.testing.assert_allclose(
        autocorrelation(zoo.golden_mean(p), [0, 1], 7), m**2 + m * (1 - m) * (-p) ** lags, atol=1e-14
    )
    found = power_spectrum(zoo.golden_mean(p), [0, 1])
    assert [line.frequency for line in found.lines] == [0]
    assert found.lines[0].power == pytest.approx(m**2, abs=1e-14)
    w = np.linspace(-np.pi, np.pi, 9)
    expected = m * (1 - m) * (1 - p**2) / (1 + p**2 + 2 * p * np.cos(w))
    np.testing.assert_allclose(found.continuous(w), expected, atol=1e-13)


def test_coin() -> None:
    found = power_spectrum(HMM([[[0.5]], [[0.5]]]), [-1, 1])
    assert found.lines == ()
    np.testing.assert_allclose(found.continuous([0.0, 1.0, 2.0]), 1, atol=1e-15)


def test_fraudulent_white_noise() -> None:
    """RRXOR: each two symbols are independent coins, so the spectrum is flat, though h is 2/3 and the phase has period
    3."""
    found = power_spectrum(zoo.rrxor(), [-1, 1])
    assert found.lines == ()
    np.testing.assert_allclose(found.continuous(np.linspace(0, np.pi, 50)), 1, atol=1e-13)


@pytest.mark.parametrize("n", [1, 2, 3, 8])
def test_periodic_words_are_lines_alone(n: int) -> None:
    """0..01: the discrete Fourier transform of one 1 in n places, 1 / n^2 each."""
    found = power_spectrum(period(n), [0, 1])
    assert [line.power for line in found.lines] == pytest.approx([1 / n**2] * n, abs=1e-14)
    frequencies = [2 * np.pi * k / n for k in range(-n, n) if -n < 2 * k <= n]
    assert [line.frequency for line in found.lines] == pytest.approx(frequencies, abs=1e-8)
    assert found.continuous_power == pytest.approx(0, abs=1e-14)
    np.testing.assert_allclose(found.continuous([0.0, 0.3, 1.0, np.pi]), 0, atol=1e-13)


@settings(max_examples=20)
@given(stationary_hmms())
def test_continuous_part_is_the_fourier_sum(process: HMM) -> None:
    f = generic(process.n_symbol)
    found = power_spectrum(process, f)
    w = np.array([-2.9, -1.0, 0.0, 0.4, 2.2])
    expected = fourier_sum(process, f, found, w, 3000)
    np.testing.assert_allclose(found.continuous(w), expected, atol=1e-9)  # 3000 terms, each right to 1e-15 or so
    assert found.continuous(w).min() > -1e-9
    assert all(line.power > 0 for line in found.lines)


@settings(max_examples=20)
@given(stationary_hmms())
def test_all_power_is_in_the_lines_and_the_continuous_part(process: HMM) -> None:
    """The mean over n equidistant frequencies is gamma_c(0) + sum_k gamma_c(k n), which dies out with n."""
    found = power_spectrum(process, generic(process.n_symbol))
    w = 2 * np.pi * np.arange(2048) / 2048
    assert found.continuous(w).mean() == pytest.approx(found.continuous_power, abs=1e-9)
    assert found.total == pytest.approx(sum(line.power for line in found.lines) + found.continuous_power, abs=1e-14)


@settings(max_examples=15)
@given(disguised_hmms(stationary_hmms()))
def test_the_same_in_another_basis(pair) -> None:
    hmm, ghmm = pair
    f = generic(hmm.n_symbol)
    one, other = power_spectrum(hmm, f), power_spectrum(ghmm, f)
    strong = [[line for line in found.lines if line.power > 1e-6] for found in (one, other)]
    assert [line.power for line in strong[1]] == pytest.approx([line.power for line in strong[0]], abs=1e-8)
    assert [line.frequency for line in strong[1]] == pytest.approx([line.frequency for line in strong[0]], abs=1e-8)
    w = np.array([0.3, 1.1, 2.5])
    np.testing.assert_allclose(other.continuous(w), one.continuous(w), atol=1e-6)


def test_mixtures_keep_a_line_for_each_part() -> None:
    """Two coins, P(1) = .8 and .2: their means differ, so <f_0 f_tau> stays above the square of the mean."""
    found = power_spectrum(two_coins(), [0, 1])
    assert [(line.frequency, round(line.power, 12)) for line in found.lines] == [(0, (0.64 + 0.04) / 2)]
    np.testing.assert_allclose(found.continuous([0.0, 2.0]), 0.16, atol=1e-13)


@settings(max_examples=15)
@given(reducible_hmms())
def test_reducible(process: HMM) -> None:
    try:
        settled = HMM(process.T, start=stationary(process))
    except ValueError:
        A = np.linalg.matrix_power((process.A + np.eye(process.n_state)) / 2, 4096)
        settled = HMM(process.T, start=process.start @ A / (process.start @ A).sum())
    f = generic(process.n_symbol)
    found = power_spectrum(settled, f)
    w = np.array([-1.0, 0.4])
    np.testing.assert_allclose(found.continuous(w), fourier_sum(settled, f, found, w, 3000), atol=1e-8)


def test_generalised() -> None:
    clock = probability_clock()
    clock = type(clock)(clock.T, clock.stationary(), clock.evaluate)
    found = power_spectrum(clock, [0, 1])
    w = np.linspace(0, 3, 7)
    np.testing.assert_allclose(found.continuous(w), fourier_sum(clock, np.array([0, 1]), found, w, 300), atol=1e-10)


def test_many_frequencies_are_solved_for_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    found = power_spectrum(zoo.nemo(), [0, 1])
    w = np.linspace(0, 3, 50)
    at_once = found.continuous(w)
    monkeypatch.setattr("compmech.measures.power._AT_ONCE", 63)
    np.testing.assert_array_equal(found.continuous(w), at_once)
    assert found.continuous([]).shape == (0,)


def test_periodogram_of_a_sample() -> None:
    """A check of sign and scale only: 4000 pieces of 64 symbols, whose mean periodogram errs by 1/sqrt(4000) = 1.6 %,
    and by 1/64 of the decay for the pieces' ends."""
    process = zoo.nemo(0.3, 0.6)
    sample = process.sample(4000, 64, rng=np.random.default_rng(0)).astype(float)
    found = power_spectrum(process, [0, 1])
    k = np.arange(3, 30, 4)
    periodogram = (np.abs(np.fft.fft(sample, axis=1)) ** 2).mean(axis=0)[k] / 64
    np.testing.assert_allclose(periodogram, found.continuous(2 * np.pi * k / 64), rtol=0.12)


@settings(max_examples=10)
@given(any_hmms())
def test_only_stationary_processes(process: HMM) -> None:
    if np.abs(process.start @ process.A - process.start).max() > 1e-6:
        with pytest.raises(NotStationary):
            power_spectrum(process, np.ones(process.n_symbol))
        with pytest.raises(NotStationary):
            autocorrelation(process, np.ones(process.n_symbol), 2)


def test_refusals() -> None:
    for call in (lambda f: power_spectrum(zoo.even(), f), lambda f: autocorrelation(zoo.even(), f, 3)):
        with pytest.raises(ValueError, match="values must be one number for each of the 2 symbols"):
            call([1, 2, 3])
        with pytest.raises(ValueError, match="values must be one number for each of the 2 symbols"):
            call(["a", "b"])
        with pytest.raises(ValueError, match="values must be finite; got nan"):
            call([1, np.nan])
    with pytest.raises(ValueError, match="length must be >= 0"):
        autocorrelation(zoo.even(), [0, 1], -1)
    for bad in ([[0.0]], [np.inf]):
        with pytest.raises(ValueError, match="frequencies must be a list of finite numbers"):
            power_spectrum(zoo.even(), [0, 1]).continuous(bad)
