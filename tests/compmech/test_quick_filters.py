"""The filters for much work against the reference, and that they leave to it what they are not sure of."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from machines import even, golden_mean, mess3, rrxor, two_coins
from strategies import any_hmms, few, with_words

from compmech import HMM, ImpossibleWord, blockwise, compiled, epsilon_machine, filter_beliefs, filtering

# Sums and products of nonnegative numbers: each symbol adds a few roundings of 1e-16 to each component, relatively.
ROUNDING = 2e-13


@few
@given(with_words(any_hmms()), st.integers(2, 5))
def test_blocks_give_the_beliefs_of_the_reference(drawn: tuple[HMM, np.ndarray], k: int) -> None:
    machine, words = drawn
    beliefs, sure = blockwise.beliefs_in_blocks(
        machine.T, machine.start, words, filtering.FAINT, min(k, words.shape[1] or 1)
    )
    np.testing.assert_array_equal(sure, np.isfinite(machine.log_prob(words)))
    np.testing.assert_allclose(beliefs[sure], filtering._beliefs(machine, words[sure]), rtol=ROUNDING, atol=0)


def test_sequences_in_several_groups_and_a_last_block_that_is_not_whole() -> None:
    machine = mess3()
    words = machine.sample(9000, 13, rng=np.random.default_rng(0))
    beliefs, sure = blockwise.beliefs_in_blocks(machine.T, machine.start, words, filtering.FAINT, 5)
    assert sure.all()
    np.testing.assert_allclose(beliefs, filtering._beliefs(machine, words), rtol=ROUNDING)


@pytest.mark.parametrize("wrong", [3, -1, 2**40])
def test_what_is_no_symbol_is_seen_in_blocks(wrong: int) -> None:
    machine = mess3()
    words = machine.sample(9000, 13, rng=np.random.default_rng(0))
    words[4000, 12] = wrong
    _, sure = blockwise.beliefs_in_blocks(machine.T, machine.start, words, filtering.FAINT, 5)
    assert not sure[4000]
    assert sure[0]


@pytest.mark.parametrize(
    ("n_symbol", "n_state", "stride", "shape", "expected"),
    [
        (3, 3, 64, (10_000, 100), 6),  # 3^6 words of 3 x 18 numbers: 39,366; of 7 symbols 137,781
        (3, 3, 4, (10_000, 100), 4),
        (3, 3, 64, (10_000, 2), 2),
        (3, 3, 1, (10_000, 100), 0),
        (3, 3, 64, (10, 100_000), 0),
        (50, 40, 64, (10_000, 100), 0),
    ],
)
def test_symbols_in_a_block(n_symbol: int, n_state: int, stride: int, shape: tuple[int, int], expected: int) -> None:
    assert blockwise.block_symbols(n_symbol, n_state, stride, np.zeros(shape, dtype=np.intp)) == expected


def without_numba(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "is_installed", lambda: False)


def with_numba(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("numba")


@pytest.fixture(params=[without_numba, with_numba])
def quick(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Quick filters for the least work."""
    request.param(monkeypatch)
    monkeypatch.setattr(compiled, "MANY", 1)
    monkeypatch.setattr(blockwise, "_SIDE", 1)


MACHINES = pytest.mark.parametrize(
    "machine",
    [golden_mean(), mess3(), rrxor(), epsilon_machine(even())],
    ids=["golden mean", "mess3", "rrxor", "even, a table"],
)


@MACHINES
@pytest.mark.usefixtures("quick")
def test_beliefs_predictions_and_log_probabilities_are_those_of_the_reference(machine: HMM) -> None:
    words = machine.sample(23, 70, rng=np.random.default_rng(1))  # no multiple of the eight that go side by side
    quick = filtering._quick_beliefs(machine, words)
    assert quick is not None
    assert quick[1].all()
    beliefs = filtering._beliefs(machine, words)
    np.testing.assert_allclose(filter_beliefs(machine, words), beliefs, rtol=ROUNDING)
    np.testing.assert_allclose(machine.predict(words), beliefs @ machine.emission, rtol=ROUNDING)
    np.testing.assert_allclose(machine.log_prob(words), filtering._log_probability(machine, words), rtol=ROUNDING)


@pytest.mark.parametrize(("n_symbol", "n_state"), [(2, 1), (300, 4), (3, 9)])
@pytest.mark.usefixtures("quick")
def test_vectors_of_all_lengths_and_symbols_that_a_byte_does_not_hold(n_symbol: int, n_state: int) -> None:
    rng = np.random.default_rng(3)
    T = rng.dirichlet(np.ones(n_symbol * n_state), size=n_state).reshape(n_state, n_symbol, n_state)
    machine = HMM(T.transpose(1, 0, 2))
    words = machine.sample(17, 40, rng=rng)
    np.testing.assert_allclose(filter_beliefs(machine, words), filtering._beliefs(machine, words), rtol=ROUNDING)
    np.testing.assert_allclose(machine.log_prob(words), filtering._log_probability(machine, words), rtol=ROUNDING)


@pytest.mark.usefixtures("quick")
def test_forbidden_words_are_left_to_the_reference() -> None:
    machine = golden_mean()
    words = machine.sample(5, 20, rng=np.random.default_rng(2))
    words[3, 10:12] = 1
    log_probability = machine.log_prob(words)
    assert np.isneginf(log_probability[3])
    assert np.isfinite(np.delete(log_probability, 3)).all()
    for call in (machine.predict, lambda given: filter_beliefs(machine, given)):
        with pytest.raises(ImpossibleWord) as caught:
            call(words)
        assert caught.value.word == tuple(words[3].tolist())
        assert 10 <= caught.value.t <= 11


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("wrong", [3, -1, 2**40])
def test_the_first_integer_that_is_no_symbol_is_named(wrong: int) -> None:
    machine = mess3()
    words = machine.sample(21, 150, rng=np.random.default_rng(4))
    words[18, 3] = 7
    words[17, [140, 149]] = wrong, 9
    for call in (machine.predict, machine.log_prob, lambda given: filter_beliefs(machine, given)):
        with pytest.raises(ValueError, match=rf"integers 0\.\.2; words\[17, 140\] is {wrong}"):
            call(words)


@pytest.mark.usefixtures("quick")
def test_words_are_read_as_they_lie_in_memory() -> None:
    machine = mess3()
    words = np.ascontiguousarray(machine.sample(21, 150, rng=np.random.default_rng(5)))
    wide = np.full((21, 170), -5)  # what lies between the words is no symbol
    wide[:, 7:157] = words
    fixed = words.copy()
    fixed.setflags(write=False)
    beliefs = filter_beliefs(machine, words)
    for same in (
        wide[:, 7:157],
        fixed,
        np.asfortranarray(words),
        words[::-1].copy()[::-1],
        words.astype(np.uint8),
        words.repeat(2, axis=1)[:, ::2],
    ):
        np.testing.assert_array_equal(filter_beliefs(machine, same), beliefs)
    one = np.broadcast_to(words[0], (21, 150))
    np.testing.assert_array_equal(filter_beliefs(machine, one), [beliefs[0]] * 21)


@pytest.mark.usefixtures("quick")
def test_faint_beliefs_are_left_to_logarithms() -> None:
    """2,000 zeros make one coin fainter than float64 holds, and 2,000 ones bring it back."""
    machine = two_coins()
    words = np.array([[0] * 2000 + [1] * 2000 + [0] * 30, [0, 1] * 2015])
    quick = filtering._quick_beliefs(machine, words)
    assert quick is not None
    np.testing.assert_array_equal(quick[1], [False, True])
    np.testing.assert_array_equal(filter_beliefs(machine, words)[0], filtering._beliefs(machine, words)[0])
    np.testing.assert_allclose(machine.log_prob(words), filtering._log_probability(machine, words), rtol=ROUNDING)


@pytest.mark.usefixtures("quick")
def test_no_words_and_steps_of_extremely_small_probability() -> None:
    assert filter_beliefs(mess3(), np.zeros((0, 5), dtype=int)).shape == (0, 6, 3)
    np.testing.assert_array_equal(filter_beliefs(mess3(), np.zeros((2, 0), dtype=int)), [[mess3().start]] * 2)
    tiny = 1e-200
    machine = HMM([[[1 - tiny, 0], [0, 0]], [[0, tiny], [1, 0]]])
    words = np.array([[1, 1, 1, 1, 0]])
    assert filtering._quick_beliefs(machine, words) is None
    np.testing.assert_allclose(machine.log_prob(words), 2 * np.log(tiny), rtol=1e-6)


def test_nothing_loads_numba_before_there_is_much_to_filter() -> None:
    code = (
        "import sys; from compmech import filter_beliefs, statistics, zoo; process = zoo.golden_mean(); "
        "statistics(process); filter_beliefs(process, [[0, 1]]); sys.exit('numba' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
