"""Baum-Welch: exact expectations, a likelihood that never falls, planted models found, and what is refused."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from known_series import sampled
from oracles import joint_with_last_state, word_probability
from strategies import few, python_random_untouched, started_hmms

from compmech import HMM, entropy_rate, zoo
from compmech.inference import Series, baum_welch, forward_backward, series
from compmech.inference.forward_backward import expected, segments_of


def enumerated(process: HMM, word: tuple[int, ...]) -> np.ndarray:
    """N_x(i, j) of one word, path by path."""
    total = np.zeros_like(process.T)
    for path in product(range(process.n_state), repeat=len(word) + 1):
        weight = process.start[path[0]]
        for t, x in enumerate(word):
            weight = weight * process.T[x, path[t], path[t + 1]]
        for t, x in enumerate(word):
            total[x, path[t], path[t + 1]] += weight
    return total / word_probability(process, word)


@few
@given(process=started_hmms(most_states=3), seed=st.integers(0, 99))
def test_expected_transitions_are_those_of_all_paths(process: HMM, seed: int) -> None:
    with python_random_untouched():
        words = [tuple(row) for row in process.sample(2, 5, rng=np.random.default_rng(seed))] + [()]
        words = [word[:n] for word, n in zip(words, (5, 3, 0), strict=True)][:2]
        count, first, log = expected(
            process.T[None], process.start[None], segments_of([np.array(word) for word in words], process.n_symbol)
        )
        assert np.allclose(count[0], sum(enumerated(process, word) for word in words), atol=1e-10)
        assert log[0] == pytest.approx(sum(np.log(word_probability(process, word)) for word in words))
        assert first.sum() == pytest.approx(2)


@pytest.mark.parametrize("at_once", [1, 1 << 22])
def test_segments_and_chunks_change_nothing(monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    """A long piece, cut, against its forward and backward pass as the definition says."""
    process, rng = zoo.mess3(), np.random.default_rng(0)
    words = [process.sample(1, n, rng=rng)[0] for n in (700, 41, 1)]
    monkeypatch.setattr(forward_backward, "AT_ONCE", at_once)
    count, first, log = expected(process.T[None], process.start[None], segments_of(words, 3))
    true, log_true = np.zeros_like(process.T), 0.0
    for word in words:
        a = [process.start]
        for x in word:
            a.append(a[-1] @ process.T[x])
            log_true += np.log(a[-1].sum())
            a[-1] = a[-1] / a[-1].sum()
        b = np.ones(3)
        for x, before in zip(word[::-1], a[-2::-1], strict=True):
            both = before[:, None] * process.T[x] * b
            true[x] += both / both.sum()
            b = process.T[x] @ b
            b = b / b.sum()
    assert np.allclose(count[0], true, atol=1e-9)
    assert log[0] == pytest.approx(log_true)
    assert first[0].sum() == pytest.approx(3)


@few
@given(data=st.lists(st.integers(-1, 2), min_size=1, max_size=60), n_state=st.integers(1, 3), seed=st.integers(0, 9))
def test_the_likelihood_never_falls(data: list[int], n_state: int, seed: int) -> None:
    with python_random_untouched():
        codes = Series(np.array([*data, 0]), (0, 1, 2))
        found = baum_welch(codes, n_state, rng=np.random.default_rng(seed), restarts=2, rounds=30)
        assert (np.diff(found.log_likelihood) > -1e-10).all()
        assert np.allclose(found.T.sum(axis=(0, 2)), 1)
        assert max(found.ends) == found.log_likelihood[-1]


def test_the_likelihood_is_that_of_the_process() -> None:
    data = sampled(zoo.even(), 500)
    found = baum_welch(data, 2, rng=np.random.default_rng(0), rounds=40)
    again = HMM(found.T, start=found.start).log_prob(data.codes[None].astype(int))[0] / 500
    assert found.log_likelihood[-1] <= again + 1e-9
    assert again - found.log_likelihood[-1] < 1e-4


def test_one_state_is_frequencies() -> None:
    data = series("aababbabca")
    found = baum_welch(data, 1, rng=np.random.default_rng(0), restarts=1)
    assert found.T[:, 0, 0] == pytest.approx(data.frequencies / 10)
    assert found.converged


def test_a_planted_model_is_found() -> None:
    """Mess3 has no unifilar presentation. Its matrices are not to be found (18 numbers make the process, 24 the
    matrices), but its words and its entropy rate are."""
    process = zoo.mess3()
    found = baum_welch(sampled(process, 10_000), 3, rng=np.random.default_rng(0), restarts=2).process
    words = np.indices((3,) * 4).reshape(4, -1).T
    assert abs(np.exp(found.log_prob(words)) - np.exp(process.log_prob(words))).sum() / 2 < 0.05
    rate, true = entropy_rate(found), entropy_rate(process)
    assert abs(rate.upper - true.upper) < 0.03


def test_gaps_end_a_piece() -> None:
    """After a gap the state is as at the start, so that two copies say no more than one of the matrices."""
    one, two = series(["0010"]), series(["0010", "0010"])
    start = [np.full((2, 2, 2), 0.25)]
    start[0][0, 0] = [0.4, 0.1]
    single, double = (
        baum_welch(data, 2, rng=np.random.default_rng(0), restarts=0, starts=start, rounds=5) for data in (one, two)
    )
    assert np.allclose(single.T, double.T)


def test_zeros_stay_and_starts_that_forbid_the_data_are_refused() -> None:
    golden = zoo.golden_mean()
    data = sampled(golden, 2_000)
    found = baum_welch(data, 2, rng=np.random.default_rng(0), restarts=0, starts=[golden.T])
    assert ((found.T > 0) == (golden.T > 0)).all()
    with pytest.raises(ValueError, match="none of the starts allows the data"):
        baum_welch(series("0110"), 2, rng=np.random.default_rng(0), restarts=0, starts=[zoo.periodic_word(word="01").T])
    mixed = baum_welch(series("0110" * 9), 2, rng=np.random.default_rng(0), restarts=1, starts=[golden.T])
    assert mixed.ends[1] == -np.inf
    assert np.isfinite(mixed.ends[0])


def test_what_cannot_be_fitted_is_refused() -> None:
    rng, data = np.random.default_rng(0), series("0110")
    with pytest.raises(ValueError, match="must be at least 1; got 0, 300 and 4"):
        baum_welch(data, 0, rng=rng)
    with pytest.raises(ValueError, match="must be at least 1; got 2, 300 and 0"):
        baum_welch(data, 2, rng=rng, restarts=0)
    with pytest.raises(ValueError, match="there are no symbols"):
        baum_welch(Series(np.array([-1, -1]), (0, 1)), 2, rng=rng)


def test_the_oracle_sums_to_the_number_of_symbols() -> None:
    assert enumerated(zoo.even(), (1, 1, 0)).sum() == pytest.approx(3)
    assert joint_with_last_state(zoo.even(), (1, 1, 0)).sum() > 0
