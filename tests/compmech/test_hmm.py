"""HMM: what it accepts, refuses and keeps, and its stationary distribution."""

import pickle
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from machines import even, golden_mean, mess3, period, rrxor, two_coins
from oracles import all_words, word_probabilities
from random_machines import random_unifilar
from strategies import any_hmms, ergodic_hmms, few, started_hmms, stationary_hmms

from compmech import HMM, NotErgodic, Process, stationary
from compmech.validation import check_names

GOLDEN_MEAN = [[[0.5, 0.0], [1.0, 0.0]], [[0.0, 0.5], [0.0, 0.0]]]


def test_attributes_and_defaults() -> None:
    machine = HMM(GOLDEN_MEAN, alphabet="ab", states=["A", "B"], name="golden mean")
    assert machine.alphabet == ("a", "b")
    assert machine.states == ("A", "B")
    assert (machine.n_symbol, machine.n_state) == (2, 2)
    assert machine.name == "golden mean"
    assert "golden mean" in repr(machine)
    plain = HMM(GOLDEN_MEAN)
    assert plain.alphabet == plain.states == (0, 1)
    assert isinstance(plain, Process)
    np.testing.assert_array_equal(plain.evaluate, [1, 1])
    np.testing.assert_array_equal(plain.A, [[0.5, 0.5], [1, 0]])
    np.testing.assert_array_equal(plain.emission, [[0.5, 0.5], [1, 0]])


def test_stationary_start_of_golden_mean_and_even_in_closed_form() -> None:
    for p in (0.1, 0.5, 0.9):
        np.testing.assert_allclose(golden_mean(p).start, [1 / (1 + p), p / (1 + p)], rtol=1e-15)
        np.testing.assert_allclose(even(p).start, [1 / (1 + p), p / (1 + p)], rtol=1e-15)
    np.testing.assert_allclose(rrxor().start, [1 / 3, 1 / 6, 1 / 6, 1 / 6, 1 / 6], rtol=1e-15)


def test_stationary_distribution_keeps_full_precision_where_states_hardly_mix() -> None:
    slow = HMM([[[1 - 1e-13, 1e-13], [2e-13, 1 - 2e-13]]])
    np.testing.assert_allclose(slow.start, [2 / 3, 1 / 3], rtol=1e-15)


def test_stationary_distribution_gives_transient_states_exactly_nothing() -> None:
    machine = HMM([[[0.5, 0.25, 0.25], [0, 0.5, 0.5], [0, 1, 0]]])
    np.testing.assert_allclose(machine.start, [0, 2 / 3, 1 / 3], rtol=1e-15)
    assert machine.start[0] == 0


def test_stationary_distribution_of_many_states() -> None:
    rng = np.random.default_rng(0)
    n_state = 1000
    birth = rng.uniform(0.2, 0.8, n_state - 1)
    A = np.diag(birth, 1)
    A[np.arange(1, n_state), np.arange(n_state - 1)] = 1 - np.append(birth[1:], 0.0)
    A[0, 0] = 1 - birth[0]
    ratio = birth / np.diag(A, -1)  # detailed balance of a birth-death chain
    log_pi = np.concatenate([[0.0], np.cumsum(np.log(ratio))])
    pi = np.exp(log_pi - log_pi.max())
    np.testing.assert_allclose(HMM(A[None]).start, pi / pi.sum(), rtol=1e-6, atol=1e-12)
    fast = rng.random((n_state, n_state))
    fast /= fast.sum(axis=1, keepdims=True)
    start = HMM(fast[None]).start
    np.testing.assert_allclose(start @ fast, start, rtol=0, atol=1e-15)


@few
@given(stationary_hmms())
def test_stationary_start_is_a_fixed_point(machine: HMM) -> None:
    np.testing.assert_allclose(machine.start @ machine.A, machine.start, atol=1e-15)
    np.testing.assert_allclose(machine.start.sum(), 1, rtol=1e-15)
    np.testing.assert_array_equal(stationary(machine), machine.start)


def test_not_ergodic_names_the_closed_classes_and_the_repair() -> None:
    T = np.zeros((1, 4, 4))
    T[0, 0, [1, 2]] = 0.5
    T[0, [1, 2, 3], [1, 3, 2]] = 1
    with pytest.raises(NotErgodic, match=r"start=") as caught:
        HMM(T)
    assert caught.value.classes == ((1,), (2, 3))
    assert HMM(T, start=[0, 0.5, 0.25, 0.25]).n_state == 4


def test_of_several_stationary_distributions_the_start_says_which() -> None:
    coins = two_coins()
    np.testing.assert_allclose(stationary(coins), coins.start, rtol=1e-14)
    T = np.zeros((1, 4, 4))
    T[0, 0, [1, 2]] = 0.25, 0.75
    T[0, [1, 2, 3], [1, 3, 2]] = 1
    begun = HMM(T, start=[1, 0, 0, 0])
    np.testing.assert_allclose(stationary(begun), [0, 0.25, 0.375, 0.375], rtol=1e-14)
    assert HMM(T, start=stationary(begun)).drift < 1e-15
    one = HMM(T[:, 2:, 2:], start=[1, 0])  # with one closed class the start is nothing to it
    np.testing.assert_allclose(stationary(one), [0.5, 0.5], rtol=1e-14)


def test_is_unifilar() -> None:
    assert golden_mean().is_unifilar
    assert two_coins().is_unifilar
    assert not mess3().is_unifilar


def test_frozen_and_private() -> None:
    T, start = np.array(GOLDEN_MEAN), np.array([0.25, 0.75])
    machine = HMM(T, start=start)
    T[0, 0, 0] = start[0] = 9
    assert machine.T[0, 0, 0] == 0.5
    assert machine.start[0] == 0.25
    for array in (machine.T, machine.start, machine.A, machine.evaluate, machine.emission):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0
    with pytest.raises(AttributeError):
        machine.T = T  # type: ignore[misc]


def test_inputs_are_not_changed() -> None:
    T, words = np.array(GOLDEN_MEAN), np.array([[0, 1, 0]])
    before = T.copy(), words.copy()
    machine = HMM(T)
    machine.predict(words)
    machine.log_prob(words)
    np.testing.assert_array_equal(T, before[0])
    np.testing.assert_array_equal(words, before[1])


def test_integers_do_for_probabilities() -> None:
    assert HMM([[[0, 1], [1, 0]]]).T.dtype == np.float64


def test_pickle() -> None:
    machine = HMM(GOLDEN_MEAN, start=[1, 0], alphabet="ab", states="AB", name="golden mean")
    again = pickle.loads(pickle.dumps(machine))
    np.testing.assert_array_equal(again.T, machine.T)
    np.testing.assert_array_equal(again.start, machine.start)
    assert (again.alphabet, again.states, again.name) == (machine.alphabet, machine.states, machine.name)
    assert not again.T.flags.writeable


@pytest.mark.parametrize(
    ("T", "message"),
    [
        ([[[0.5, 0.5], [0.5, 0.4]]], r"state 1 sums to 0\.9"),
        ([[[1.5, -0.5], [0, 1]]], r"T\[0, 0, 1\] is -0\.5.*GHMM"),
        ([[[1.0, float("nan")], [0, 1]]], r"T\[0, 0, 1\] is nan"),
        ([[[1.0, float("inf")], [0, 1]]], r"T\[0, 0, 1\] is inf"),
        ([[0.5, 0.5], [0, 1]], r"3 axes.*shape \(2, 2\).*T\[None\]"),
        ([[[1.0, 0.0]]], r"as many states as next states.*\(1, 1, 2\)"),
        ([], r"3 axes"),
        (np.zeros((0, 2, 2)), r"at least one symbol"),
        (np.zeros((2, 0, 0)), r"at least one symbol"),
        ([[["a", "b"], ["c", "d"]]], r"real numbers"),
        ([[[1j, 0], [0, 1]]], r"real numbers"),
        ([[[Fraction(1), 0], [0, Fraction(1)]]], r"real numbers.*type object.*RationalHMM"),
        (np.full((3, 1, 1), np.float32(1 / 3)), r"sums to 1\.00000003.*float32\? Give T / T\.sum"),
        ([[[1.0, 0.0], [1.0]]], r"different lengths"),
        (np.swapaxes(np.array([[[0.5, 0.5], [0.25, 0.75]]]), 1, 2), r"transposed.*swapaxes\(T, 1, 2\)"),
        (np.moveaxis(np.array([[[0, 1], [0, 0]], [[0, 0], [1, 0]], np.zeros((2, 2))]), 0, -1), r"moveaxis\(T, -1, 0\)"),
    ],
)
def test_wrong_matrices_are_named(T: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        HMM(T)  # type: ignore[arg-type]


def test_square_tensor_in_another_order_is_recognised() -> None:
    T = np.array(GOLDEN_MEAN)
    with pytest.raises(ValueError, match=r"\(state, next_state, symbol\): give np.moveaxis"):
        HMM(np.moveaxis(T, 0, -1))


def test_two_orders_that_look_alike_are_both_named() -> None:
    T = np.array(GOLDEN_MEAN)
    with pytest.raises(ValueError, match=r"moveaxis\(T, -1, 0\); or .*swapaxes\(T, 0, 1\)"):
        HMM(np.swapaxes(T, 0, 1))
    np.testing.assert_array_equal(HMM(np.swapaxes(np.swapaxes(T, 0, 1), 0, 1)).T, T)


def test_the_repair_of_rounded_rows_works() -> None:
    T = np.full((3, 1, 1), np.float32(1 / 3))
    with pytest.raises(ValueError, match=r"T / T.sum"):
        HMM(T)
    found = HMM(T / T.sum(axis=(0, 2), dtype=float)[None, :, None])
    np.testing.assert_allclose(found.T, 1 / 3, rtol=1e-7)  # of single precision


def test_many_wrong_rows_are_counted() -> None:
    with pytest.raises(ValueError, match=r"state 0 sums to 0\.5 \(nor do states 1, 2\)"):
        HMM(np.eye(3)[None] / 2)
    with pytest.raises(ValueError, match=r"state 0 sums to 0\.5 \(nor does state 1\)"):
        HMM([[[0.5, 0.0], [0.0, 0.5]]])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"start": [0.5, 0.4]}, r"start must sum to 1; it sums to 0\.9"),
        ({"start": [1.5, -0.5]}, r"start\[1\] is -0\.5"),
        ({"start": [1.0]}, r"one entry for each of the 2 states; got shape \(1,\)"),
        ({"start": [float("nan"), 1.0]}, r"start\[0\] is nan"),
        ({"alphabet": "abc"}, r"alphabet must name the 2.*got 3"),
        ({"alphabet": "aa"}, r"alphabet must be distinct; 'a' stands at 0 and at 1"),
        ({"states": ["A"]}, r"states must name the 2.*got 1"),
        ({"states": ["A", "A"]}, r"states must be distinct"),
    ],
)
def test_wrong_arguments_are_named(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        HMM(GOLDEN_MEAN, **arguments)


def test_names_must_be_hashable() -> None:
    with pytest.raises(ValueError, match=r"hashable names.*\[1\] at 1 is not"):
        check_names([0, [1]], 2, "alphabet")


def test_rounding_of_printed_tables_is_accepted() -> None:
    third = 0.333333333
    HMM([[[third, third, 1 - 2 * third]] * 3])
    HMM(np.full((1, 3, 3), third))  # sums to 1 - 1e-9
    with pytest.raises(ValueError, match="sums to"):
        HMM(np.full((1, 3, 3), 0.33333333))


@few
@given(any_hmms())
def test_word_probabilities_sum_to_one_and_marginalise(machine: HMM) -> None:
    def probability(length: int) -> np.ndarray:
        return np.exp(machine.log_prob(all_words(machine.n_symbol, length)))

    tables = [probability(length) for length in range(4)]
    for shorter, longer in pairwise(tables):
        np.testing.assert_allclose(longer.sum(), 1, rtol=1e-12)
        np.testing.assert_allclose(longer.reshape(len(shorter), -1).sum(axis=1), shorter, atol=1e-14)


@few
@given(ergodic_hmms())
def test_a_stationary_process_also_marginalises_over_its_first_symbol(machine: HMM) -> None:
    two = np.exp(machine.log_prob(all_words(machine.n_symbol, 2))).reshape(machine.n_symbol, -1)
    np.testing.assert_allclose(two.sum(axis=0), two.sum(axis=1), atol=1e-14)


@few
@given(started_hmms())
def test_relabelling_states_and_symbols_changes_nothing(machine: HMM) -> None:
    rng = np.random.default_rng(machine.n_state)
    states, symbols = rng.permutation(machine.n_state), rng.permutation(machine.n_symbol)
    T = machine.T[symbols][:, states][:, :, states]
    relabelled = HMM(T, start=machine.start[states])
    words = all_words(machine.n_symbol, 3)
    np.testing.assert_allclose(np.exp(relabelled.log_prob(words)), np.exp(machine.log_prob(symbols[words])), atol=1e-14)


@few
@given(any_hmms())
def test_log_prob_is_the_sum_over_paths(machine: HMM) -> None:
    for length in range(4):
        found = np.exp(machine.log_prob(all_words(machine.n_symbol, length)))
        np.testing.assert_allclose(found, word_probabilities(machine, length), atol=1e-14)


def test_period_is_deterministic() -> None:
    words = np.array([[0, 0, 1, 0, 0, 1]])
    np.testing.assert_allclose(np.exp(period(3).log_prob(words)), 1 / 3, rtol=1e-15)


def test_large_sparse_matrices_branch_as_dense_ones() -> None:
    machine = random_unifilar(201, 2, rng=np.random.default_rng(0)).to_hmm()
    assert not isinstance(machine.wide, np.ndarray)
    beliefs = np.random.default_rng(1).dirichlet(np.ones(201), size=3)
    np.testing.assert_allclose(machine.branch(beliefs), np.einsum("si,xij->sxj", beliefs, machine.T), atol=1e-16)
    words = machine.sample(3, 10, rng=np.random.default_rng(2))
    belief = machine.start
    for x in words[0]:
        belief = belief @ machine.T[x]
    assert machine.log_prob(words)[0] == pytest.approx(np.log(belief.sum()), rel=1e-12)
