"""Processes as candidates: how many numbers they have, their intervals, and growth of finite machines."""

import numpy as np
import pytest

from compmech import GHMM, HMM, zoo
from compmech.inference import Growth, Series, latent_model, series
from compmech.inference.growth import SHARES, growth
from compmech.inference.latent_model import LatentModel


def all_words(n_symbol: int, length: int) -> np.ndarray:
    return np.indices((n_symbol,) * length).reshape(length, -1).T


def words_of(T: np.ndarray, length: int) -> np.ndarray:
    """Probabilities of words from the stationary start, as a function of free entries of T."""
    process = HMM(T)
    return np.exp(process.log_prob(all_words(process.n_symbol, length)))


@pytest.mark.parametrize(("k", "d"), [(2, 2), (3, 2), (2, 3)])
def test_free_numbers_are_directions_in_which_words_change(k: int, d: int) -> None:
    """The rank of the derivative of all words' probabilities by the entries of a hidden Markov model."""
    rng = np.random.default_rng(0)
    weight = rng.dirichlet(np.full(k * d, 2.0), size=d).reshape(d, k, d).transpose(1, 0, 2)
    step, columns = 1e-5, []
    for index in np.ndindex(k, d, d):
        sides = []
        for sign in (1, -1):
            moved = weight.copy()
            moved[index] += sign * step
            sides.append(words_of(moved / moved.sum(axis=(0, 2), keepdims=True), 2 * d))
        columns.append((sides[0] - sides[1]) / (2 * step))
    values = np.linalg.svd(np.array(columns), compute_uv=False)
    free = LatentModel(HMM(weight), lambda data, process: process, "any").n_free
    assert free == (k - 1) * d**2
    assert values[free - 1] > 1e3 * (values[free] if free < len(values) else 0)
    assert values[free - 1] > 1e-7


def refitted_from_frequencies(data: Series, process: HMM | GHMM) -> HMM:
    return HMM((data.frequencies / data.n_observed)[:, None, None])


def test_intervals_hold_the_error_of_the_fit() -> None:
    """A coin of unknown bias: the deviation of h is |log2((1 - p) / p)| times that of the frequency."""
    p, n = 0.3, 4_000
    model = LatentModel(HMM([[[1 - p]], [[p]]]), refitted_from_frequencies, "coin")
    data = Series(np.zeros(n, dtype=int), (0, 1))
    found = [model.estimates(data, rng=np.random.default_rng(seed)) for seed in range(20)]
    widths = [one.entropy_rate.high - one.entropy_rate.low for one in found]
    expected = 2 * 2.262 * abs(np.log2((1 - p) / p)) * np.sqrt(p * (1 - p) / n)
    assert np.mean(widths) == pytest.approx(expected, rel=0.2)
    assert found[0].n_causal_states is found[0].statistical_complexity is None
    assert "no number is claimed" in found[0].how["n_causal_states"]
    assert "a t interval from 10 series" in found[0].how["entropy_rate"]


def test_intervals_of_long_series_are_scaled(monkeypatch: pytest.MonkeyPatch) -> None:
    model = LatentModel(HMM([[[0.7]], [[0.3]]]), refitted_from_frequencies, "coin")
    widths = {}
    monkeypatch.setattr(latent_model, "MOST_DRAWN", 1_000)
    for n in (1_000, 100_000):
        found = model.estimates(Series(np.zeros(n, dtype=int), (0, 1)), rng=np.random.default_rng(0))
        widths[n] = found.entropy_rate.high - found.entropy_rate.low
    assert widths[1_000] / widths[100_000] == pytest.approx(10)


def test_where_nothing_can_be_fitted_again_there_is_no_interval_and_that_is_said() -> None:
    def refused(data: Series, process: HMM | GHMM) -> HMM:
        raise ValueError("no")

    process = zoo.mess3()
    found = LatentModel(process, refused, "none").estimates(series("012" * 100), rng=np.random.default_rng(0))
    assert "no interval: 0 of 10 series" in found.how["entropy_rate"]
    assert found.entropy_rate.low == pytest.approx(found.entropy_rate.high, abs=1e-3)


def test_a_fit_that_is_no_process_for_long_words_is_said_to_be_none() -> None:
    """The word 010 has a negative probability, which nothing looked for."""
    T = np.array(zoo.even().T)
    T[0, 1, 0], T[1, 1, 0] = -0.1, 1.1
    process = GHMM(T, GHMM(T, [1.0, 0.0], [1.0, 1.0], check_words=1).stationary(), [1.0, 1.0], check_words=1)
    found = LatentModel(process, lambda data, one: one, "none").estimates(
        series("01" * 100), rng=np.random.default_rng(0)
    )
    assert "no interval: drawing from it met a word of negative probability" in found.how["entropy_rate"]


def test_a_generalised_model_keeps_its_matrices_and_gets_names() -> None:
    process = zoo.mess3()
    S = np.array([[1.0, 0.5, 0], [0, 1, 0.2], [0.3, 0, 1]])
    inverse = np.linalg.inv(S)
    signed = GHMM(S @ process.T @ inverse, process.start @ inverse, S @ process.evaluate)
    named = LatentModel(signed, lambda data, one: one, "signed").named(("a", "b", "c"))
    assert isinstance(named, GHMM)
    assert named.alphabet == ("a", "b", "c")
    found = LatentModel(signed, lambda data, one: one, "signed").estimates(
        series("012" * 100), rng=np.random.default_rng(0)
    )
    assert "an upper bound" in found.how["entropy_rate"]
    assert found.entropy_rate.value == pytest.approx(1.14, abs=0.02)


def test_hidden_states_stand_in_order_of_probability() -> None:
    named = LatentModel(zoo.golden_mean(), lambda data, one: one, "golden").named(("x", "y"))
    assert named.start[0] > named.start[1]
    words = all_words(2, 4)
    assert np.allclose(named.log_prob(words), zoo.golden_mean().log_prob(words))


# -------------------------------------------------------------------------------------------------------------- growth


@pytest.mark.parametrize(
    ("n_state", "growing"),
    [
        ((5, 5, 5), False),
        ((1, 2, 2), False),
        ((3, 9, 17), True),
        ((1, 9, 8), True),
        ((8, 8, 5), False),
        ((None, 3, 6), True),
        ((None, 2, 2), False),
        ((None, None, 2), None),
        ((2, 3, None), None),
    ],
)
def test_states_grow_while_a_quarter_of_the_symbols_tells_others(n_state: tuple, growing: bool | None) -> None:
    assert Growth((1, 4, 16), n_state).still_growing is growing


def test_growth_looks_at_the_beginning() -> None:
    seen = []

    def states_of(part: Series) -> int:
        seen.append(part.codes.tolist())
        return part.n_observed

    found = growth(series("0123" * 8), 40, states_of)
    assert found.symbols[2] == 32
    assert found.n_state == (*found.symbols[:2], 40)
    for part, n in zip(seen, found.symbols, strict=False):
        assert part == [0, 1, 2, 3, 0, 1, 2, 3, 0][:n]
    assert [abs(n / 32 - share) < 0.05 for n, share in zip(found.symbols, SHARES, strict=False)] == [True, True]
    assert found.to_dict() == {"symbols": list(found.symbols), "n_state": list(found.n_state), "still_growing": True}
