"""Beliefs, predictions and log probabilities against enumeration, in the limit of long words, and on bad tokens."""

import numpy as np
import oracles
import pytest
from hypothesis import given
from machines import abc, even, golden_mean, mess3, rrxor, two_coins
from strategies import any_hmms, few, with_words

from compmech import GHMM, HMM, ImpossibleWord, epsilon_machine, filter_beliefs


@few
@given(with_words(any_hmms()))
def test_beliefs_and_predictions_are_those_of_enumeration(drawn: tuple[HMM, np.ndarray]) -> None:
    machine, words = drawn
    probability = np.array([oracles.word_probability(machine, word) for word in words])
    np.testing.assert_allclose(np.exp(machine.log_prob(words)), probability, atol=1e-15, rtol=1e-12)
    possible = words[probability > 0]
    beliefs, predictions = filter_beliefs(machine, possible), machine.predict(possible)
    for row, word in enumerate(possible):
        for t in range(len(word) + 1):
            np.testing.assert_allclose(beliefs[row, t], oracles.belief(machine, word[:t]), atol=1e-14)
            np.testing.assert_allclose(predictions[row, t], oracles.prediction(machine, word[:t]), atol=1e-13)


@few
@given(with_words(any_hmms()))
def test_forbidden_words_have_log_probability_minus_infinity_and_cannot_be_conditioned_on(
    drawn: tuple[HMM, np.ndarray],
) -> None:
    machine, words = drawn
    forbidden = np.isneginf(machine.log_prob(words))
    np.testing.assert_array_equal(forbidden, [oracles.word_probability(machine, word) == 0 for word in words])
    for word in words[forbidden]:
        with pytest.raises(ImpossibleWord) as caught:
            filter_beliefs(machine, [word])
        assert caught.value.word == tuple(word)
        assert oracles.word_probability(machine, word[: caught.value.t]) > 0
        assert oracles.word_probability(machine, word[: caught.value.t + 1]) == 0


@few
@given(any_hmms())
def test_successors_of_a_belief_average_to_one_step_of_the_net_matrix(machine: HMM) -> None:
    words = oracles.all_words(machine.n_symbol, 2)
    words = words[np.isfinite(machine.log_prob(words))]
    before, chance = filter_beliefs(machine, words)[:, -1], machine.predict(words)[:, -1]
    average = np.zeros_like(before)
    for symbol in range(machine.n_symbol):
        follows = chance[:, symbol] > 0
        longer = np.concatenate([words, np.full((len(words), 1), symbol)], axis=1)[follows]
        average[follows] += chance[follows, symbol, None] * filter_beliefs(machine, longer)[:, -1]
    np.testing.assert_allclose(average, before @ machine.A, atol=1e-14)


@few
@given(with_words(any_hmms()))
def test_log_prob_is_the_sum_of_log_predictions(drawn: tuple[HMM, np.ndarray]) -> None:
    machine, words = drawn
    words = words[np.isfinite(machine.log_prob(words))]
    chance = np.take_along_axis(machine.predict(words)[:, :-1], words[:, :, None], axis=2)
    np.testing.assert_allclose(np.log(chance).sum(axis=(1, 2)), machine.log_prob(words), atol=1e-13)


def test_rows_and_alignment() -> None:
    machine = golden_mean()
    beliefs = filter_beliefs(machine, [[0, 1, 0], [1, 0, 1]])
    assert beliefs.shape == (2, 4, 2)
    assert beliefs.flags.c_contiguous
    np.testing.assert_array_equal(beliefs[:, 0], [machine.start] * 2)
    np.testing.assert_allclose(beliefs[0, 1:], [[1, 0], [0, 1], [1, 0]], atol=0)
    assert machine.predict([[0, 1, 0]]).shape == (1, 4, 2)


def test_no_symbols_and_no_words() -> None:
    machine = golden_mean()
    np.testing.assert_array_equal(filter_beliefs(machine, np.zeros((2, 0), dtype=int)), [[machine.start]] * 2)
    np.testing.assert_array_equal(machine.log_prob(np.zeros((2, 0), dtype=int)), [0, 0])
    assert machine.predict(np.zeros((0, 5), dtype=int)).shape == (0, 6, 2)
    assert machine.log_prob(np.zeros((0, 5), dtype=int)).shape == (0,)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([[0, 2]], r"integers 0\.\.1; words\[0, 1\] is 2"),
        ([[0, 1], [-1, 0]], r"words\[1, 0\] is -1"),
        ([[0.0, 1.0]], r"must be integers.*float64"),
        ([[True, False]], r"must be integers.*bool"),
        ([["0", "1"]], r"must be integers"),
        ([0, 1], r"axes \(seq, time\); got shape \(2,\)\. For a single word give words\[None\]"),
        (0, r"axes \(seq, time\); got shape \(\)"),
        ([[0, 1], [0]], r"all have the same length"),
        ([[[0, 1]]], r"axes \(seq, time\); got shape \(1, 1, 2\)"),
    ],
)
def test_bad_tokens_are_named(words: object, message: str) -> None:
    machine = golden_mean()
    for call in (machine.log_prob, machine.predict, lambda given: filter_beliefs(machine, given)):
        with pytest.raises(ValueError, match=message):
            call(words)


def test_any_integer_type_will_do() -> None:
    machine = golden_mean()
    for kind in (np.uint8, np.int16, np.int64):
        np.testing.assert_array_equal(machine.log_prob(np.array([[0, 1]], dtype=kind)), machine.log_prob([[0, 1]]))


def test_only_presentations_can_be_filtered() -> None:
    with pytest.raises((ValueError, TypeError), match="object"):
        filter_beliefs(object(), [[0]])  # type: ignore[arg-type]


def test_a_hundred_thousand_symbols() -> None:
    n = 50_000
    words = np.tile([[0, 1]], n)  # golden mean: A -1-> B -0-> A for ever; each 1 costs a factor 1/2
    assert golden_mean().log_prob(words)[0] == pytest.approx(np.log(2 / 3) - n * np.log(2), rel=1e-12)
    machine = mess3()
    words = machine.sample(1, 2 * n, rng=np.random.default_rng(0))
    split = filter_beliefs(machine, words[:, :n])[:, -1]
    rest = HMM(machine.T, start=split[0])
    both = machine.log_prob(words[:, :n]) + rest.log_prob(words[:, n:])
    np.testing.assert_allclose(machine.log_prob(words), both, rtol=1e-12)


def test_a_component_that_nearly_vanished_comes_back() -> None:
    """Two coins with P(0) = .2 and .8: after 2,000 zeros and 2,000 ones both are equally likely again.

    Their weights then stand at 4 ** -2000 to 1, far below the smallest float.
    """
    words = np.repeat([[0, 1]], 2000, axis=1)
    machine = two_coins()
    beliefs = filter_beliefs(machine, words)
    np.testing.assert_allclose(beliefs[0, -1], [0.5, 0.5], atol=1e-9)
    np.testing.assert_allclose(machine.log_prob(words), 2000 * np.log(0.16), rtol=1e-13)
    np.testing.assert_allclose(machine.predict(words)[0, -1], [0.5, 0.5], atol=1e-9)


def test_a_state_beyond_underflow_is_not_forgotten() -> None:
    """Always 0, or a fair coin: after n zeros a 1 is not impossible, it has probability 2 ** -(n + 2) in all."""
    machine = HMM([[[1, 0], [0, 0.5]], [[0, 0], [0, 0.5]]], start=[0.5, 0.5])
    words = np.append(np.zeros(3000, dtype=int), 1)[None]
    np.testing.assert_allclose(machine.log_prob(words), -3002 * np.log(2), rtol=1e-13)
    np.testing.assert_array_equal(filter_beliefs(machine, words)[0, -1], [0, 1])
    both = np.concatenate([words, 1 - words])
    np.testing.assert_allclose(machine.log_prob(both), [-3002 * np.log(2)] * 2, rtol=1e-13)


def test_steps_of_extremely_small_probability() -> None:
    tiny = 1e-200
    machine = HMM([[[1 - tiny, 0], [0, 0]], [[0, tiny], [1, 0]]])
    words = np.array([[1, 1, 1, 1, 0]])
    np.testing.assert_allclose(machine.log_prob(words), 2 * np.log(tiny), rtol=1e-6)


def test_forbidden_words_among_possible_ones_do_not_disturb_them() -> None:
    machine = even()
    words = np.array([[0, 1, 0, 1], [0, 1, 1, 0], [1, 1, 1, 1]])
    alone = [machine.log_prob(word[None])[0] for word in words]
    np.testing.assert_array_equal(machine.log_prob(words), alone)
    assert alone[0] == -np.inf
    assert alone[1] == pytest.approx(np.log(2 / 3 / 8))


@pytest.mark.parametrize("machine", [golden_mean(), rrxor(), abc()], ids=["golden mean", "rrxor", "abc"])
def test_epsilon_machine_filters_like_its_hmm(machine: HMM) -> None:
    table = epsilon_machine(machine)
    words = machine.sample(7, 200, rng=np.random.default_rng(3))
    np.testing.assert_allclose(table.log_prob(words), machine.log_prob(words), rtol=1e-12)
    np.testing.assert_allclose(filter_beliefs(table, words), filter_beliefs(machine, words), atol=1e-12)
    np.testing.assert_allclose(table.predict(words), machine.predict(words), atol=1e-12)


def test_a_table_that_needs_logarithms() -> None:
    machine = epsilon_machine(two_coins())
    words = np.repeat([[0, 1]], 2000, axis=1)
    np.testing.assert_allclose(machine.log_prob(words), 2000 * np.log(0.16), rtol=1e-13)


def test_signed_beliefs_of_a_long_word() -> None:
    machine = mess3()
    general = GHMM(machine.T, machine.start, machine.evaluate)
    words = machine.sample(2, 5000, rng=np.random.default_rng(2))
    np.testing.assert_allclose(general.log_prob(words), machine.log_prob(words), rtol=1e-12)
