"""Minimal realisations, horizons, and equivalence: known ranks, and agreement with enumeration."""

import numpy as np
import pytest
from hypothesis import given
from machines import (
    abc,
    even,
    golden_mean,
    mess3,
    nemo,
    period,
    probability_clock,
    rip,
    rrxor,
    sns,
    two_coins,
    z1r,
)
from oracles import all_words, futures, same_words, word_probabilities
from random_machines import random_unifilar
from strategies import any_hmms, disguised_hmms, few, started_hmms

from compmech import (
    GHMM,
    HMM,
    BudgetExceeded,
    epsilon_machine,
    equivalent,
    filter_beliefs,
    future_map,
    horizon_ranks,
    minimal,
    trim,
    word_map,
)
from compmech.minimal import equal_futures, merge_equal_states
from compmech.spans import _all_above, observable_basis, reachable_basis


@pytest.mark.parametrize(
    ("machine", "ranks"),
    [
        (rrxor(), (2, 3, 4, 5)),
        (mess3(), (3,)),
        (mess3(0.05, 0.85), (3,)),
        (z1r(), (2, 3)),
        (nemo(), (2, 3)),
        (rip(), (2, 3)),
        (even(), (2,)),
        (golden_mean(), (2,)),
        (sns(), (2,)),
        (abc(), (2,)),
        (period(5), (2, 3, 4, 5)),
        (HMM([[[0.3]], [[0.7]]]), (1,)),
        (two_coins(), (2,)),
        (probability_clock(), (2, 3)),
    ],
)
def test_horizon_ranks(machine: HMM | GHMM, ranks: tuple[int, ...]) -> None:
    assert horizon_ranks(machine) == ranks


@few
@given(any_hmms())
def test_horizon_ranks_are_those_of_the_word_maps(machine: HMM) -> None:
    ranks = horizon_ranks(machine)
    for k in range(1, min(len(ranks), 3) + 2):
        expected = ranks[min(k, len(ranks)) - 1]
        assert np.linalg.matrix_rank(word_map(machine, k), tol=1e-9) == expected
    assert list(ranks) == sorted(set(ranks))


@few
@given(any_hmms())
def test_the_last_rank_is_that_of_past_by_future(machine: HMM) -> None:
    """The Hankel matrix of words has the rank of the minimal realisation: the definition. Six states, the most
    there are here, need words of length 5 on either side."""
    past = [word for n in range(6) for word in all_words(machine.n_symbol, n)]
    beliefs = []
    for word in past:
        vector = machine.start
        for symbol in word:
            vector = vector @ machine.T[symbol]
        beliefs.append(vector)
    hankel = np.array(beliefs) @ futures(machine, 5)
    rank = np.linalg.matrix_rank(hankel, tol=1e-10)
    assert rank == horizon_ranks(machine)[-1] == minimal(machine).n_state


def test_future_map_is_in_lexicographic_order() -> None:
    machine = golden_mean()
    np.testing.assert_allclose(future_map(machine, 2), [[0.25, 0.25, 0.5, 0], [0.5, 0.5, 0, 0]], atol=0)
    np.testing.assert_array_equal(future_map(machine, 0), [[1], [1]])


@few
@given(any_hmms())
def test_future_map_gives_the_joint_distribution_of_the_next_symbols(machine: HMM) -> None:
    np.testing.assert_allclose(machine.start @ future_map(machine, 3), word_probabilities(machine, 3), atol=1e-14)


def test_future_map_refuses_enormous_tables() -> None:
    with pytest.raises(BudgetExceeded, match=r"2\^40 words .* max_entries=2199023255552 is enough"):
        future_map(golden_mean(), 40)
    assert future_map(golden_mean(), 2, max_entries=8).size == 8
    for call in (future_map, word_map):
        with pytest.raises(BudgetExceeded, match=r"max_entries=8 is enough; or choose a shorter length"):
            call(golden_mean(), 2, max_entries=7)
    with pytest.raises(ValueError, match="length must be >= 0"):
        future_map(golden_mean(), -1)


def test_bases_are_orthonormal() -> None:
    for basis in (reachable_basis(rrxor()), observable_basis(rrxor())):
        np.testing.assert_allclose(basis @ basis.T, np.eye(len(basis)), atol=1e-14)


# ---- minimal


@pytest.mark.parametrize("machine", [golden_mean(), rrxor(), mess3(), sns(), probability_clock()])
def test_minimal_processes_are_returned_as_they_are(machine: HMM | GHMM) -> None:
    assert minimal(machine) is machine


@few
@given(any_hmms())
def test_minimal_is_the_same_process_in_as_few_dimensions_or_fewer(machine: HMM) -> None:
    least = minimal(machine)
    assert least.n_state <= machine.n_state
    assert equivalent(least, machine)
    assert same_words(least, machine, 3)
    assert minimal(least).n_state == least.n_state


@few
@given(disguised_hmms())
def test_minimal_dimension_belongs_to_the_process(pair: tuple[HMM, GHMM]) -> None:
    hmm, disguised = pair
    assert minimal(hmm).n_state == minimal(disguised).n_state


def test_copies_of_states_are_merged_into_an_hmm() -> None:
    machine = rrxor()
    split = np.array([[0.3, 0.7], [0.3, 0.7]])
    redundant = HMM(np.array([np.kron(matrix, split) for matrix in machine.T]), alphabet="ab", name="doubled")
    least = minimal(redundant)
    assert isinstance(least, HMM)
    assert (least.n_state, least.alphabet, least.name) == (5, ("a", "b"), "doubled")
    np.testing.assert_allclose(np.sort(least.start), np.sort(machine.start), rtol=1e-13)
    np.testing.assert_array_equal(equal_futures(redundant), np.repeat(np.arange(5), 2))


def test_unreachable_states_are_dropped() -> None:
    T = np.zeros((2, 3, 3))
    T[:, :2, :2] = even().T
    T[0, 2, 2] = T[1, 2, 0] = 0.5
    kept = merge_equal_states(HMM(T))
    np.testing.assert_array_equal(kept.T, even().T)
    assert minimal(HMM(T)).n_state == 2


def test_states_of_full_rank_can_still_be_too_many() -> None:
    """The Ehrenfest urn, seen by its symbols: five states, none alike, but four dimensions."""
    T = np.zeros((3, 3, 3))
    T[0, 0, 1] = T[0, 1, 0] = 0.5
    T[1, 0, 0] = T[1, 1, 1] = 0.5
    T[0, 2] = [0.25, 0.25, 0]
    T[1, 2] = [0.25, 0.25, 0]
    T[2] = 0
    machine = HMM(T, start=[0.25, 0.25, 0.5])
    assert minimal(machine).n_state == 1


def test_a_minimal_realisation_that_is_no_hmm() -> None:
    """Four states with futures on the corners of a square: any three determine the fourth, and no two are alike."""
    chance = np.array([[0.5, 0.5, 0, 0], [0, 0.5, 0.5, 0], [0, 0, 0.5, 0.5], [0.5, 0, 0, 0.5]])
    T = np.zeros((4, 4, 4))
    for x in range(4):
        T[x] = chance[:, x, None] * np.full(4, 0.25)
    machine = HMM(T)
    assert minimal(machine).n_state == 1  # the next state forgets: an iid process
    T = np.zeros((4, 4, 4))
    for x in range(4):
        T[x, :, x] = chance[:, x]
    machine = HMM(T)
    least = minimal(machine)
    assert isinstance(least, GHMM)
    assert least.n_state == 3
    assert horizon_ranks(machine) == (3,)
    assert equivalent(least, machine)
    words = machine.sample(5, 30, rng=np.random.default_rng(0))
    np.testing.assert_allclose(least.predict(words), machine.predict(words), atol=1e-11)


def test_predictive_vectors_of_two_presentations_are_one_linear_map_apart() -> None:
    machine = nemo()
    split = np.array([[0.3, 0.7], [0.3, 0.7]])
    redundant = HMM(np.array([np.kron(matrix, split) for matrix in machine.T]))
    words = machine.sample(50, 10, rng=np.random.default_rng(0))
    a = filter_beliefs(minimal(machine), words).reshape(-1, 3)
    b = filter_beliefs(minimal(redundant), words).reshape(-1, 3)
    _, residual, rank, _ = np.linalg.lstsq(a, b, rcond=None)
    assert rank == 3
    assert residual.max() < 1e-20


# ---- equivalent


@few
@given(started_hmms(most_states=2, most_symbols=2), started_hmms(most_states=2, most_symbols=2))
def test_equivalent_exactly_when_all_words_up_to_n_plus_m_minus_1_agree(a: HMM, b: HMM) -> None:
    if a.n_symbol == b.n_symbol:
        assert equivalent(a, b) == same_words(a, b, a.n_state + b.n_state - 1)


@few
@given(disguised_hmms())
def test_a_disguise_is_equivalent(pair: tuple[HMM, GHMM]) -> None:
    assert equivalent(*pair)
    assert equivalent(pair[1], pair[0])


def test_words_up_to_n_plus_m_minus_2_do_not_suffice() -> None:
    """Constant zeros, but for a start that gives a 1 after n zeros: with itself shifted, all shorter words agree."""
    n = 4
    T = np.zeros((2, n, n))
    T[0, np.arange(n - 1), np.arange(1, n)] = 1
    T[0, n - 1, n - 1] = 0.5
    T[1, n - 1, n - 1] = 0.5
    late = HMM(T, start=np.eye(n)[0])
    never = HMM([[[1.0]], [[0.0]]])
    assert same_words(late, never, n - 1)
    assert not same_words(late, never, n)
    assert not equivalent(late, never)


def test_small_differences_are_differences() -> None:
    assert not equivalent(golden_mean(0.5), golden_mean(0.5 + 1e-6))
    assert equivalent(golden_mean(0.5), golden_mean(0.5 + 1e-11))
    assert not equivalent(even(), golden_mean())
    assert not equivalent(rrxor(), HMM(np.full((2, 1, 1), 0.5)))


def test_the_start_counts() -> None:
    assert not equivalent(HMM(period(2).T, start=[1, 0]), period(2))


def test_symbols_are_matched_by_name() -> None:
    machine = golden_mean()
    swapped = HMM(machine.T[::-1], alphabet=[1, 0])
    assert equivalent(machine, swapped)
    assert not equivalent(machine, HMM(machine.T, alphabet=[1, 0]))
    padded = HMM(np.concatenate([machine.T, np.zeros((1, 2, 2))]), alphabet=[0, 1, "never"])
    assert equivalent(machine, padded)
    assert not equivalent(machine, HMM(machine.T, alphabet=["a", "b"]))


def test_epsilon_machines_will_do() -> None:
    machine = epsilon_machine(nemo())
    assert equivalent(machine, nemo())
    assert horizon_ranks(machine) == (2, 3)
    assert minimal(machine).n_state == 3


def test_what_has_no_matrices_is_refused() -> None:
    with pytest.raises((ValueError, TypeError), match="object"):
        minimal(object())  # type: ignore[arg-type]


def test_large_spans_without_singular_values() -> None:
    """The quick tests of many directions find the same dimensions: all 200 states, and 100 where pairs are alike."""
    machine = random_unifilar(200, 2, rng=np.random.default_rng(0)).to_hmm()
    assert horizon_ranks(machine)[-1] == 200
    half = random_unifilar(100, 2, rng=np.random.default_rng(1)).to_hmm()
    doubled = HMM(np.kron(half.T, [[0.3, 0.7], [0.3, 0.7]]))
    assert horizon_ranks(doubled)[-1] == 100
    assert horizon_ranks(half) == horizon_ranks(doubled)


def test_nearly_dependent_rows_have_no_small_diagonal() -> None:
    """1 on the diagonal and -1 above: the least singular value of 60 rows is about 2^-58."""
    R = np.triu(-np.ones((60, 60)), 1) + np.eye(60)
    assert np.linalg.svd(R, compute_uv=False).min() < 1e-15
    assert not _all_above(R, 1e-9)
    assert _all_above(np.eye(60), 1e-9)
    assert not _all_above(np.diag([1.0, 1e-10]), 1e-9)


@few
@given(any_hmms())
def test_states_that_cannot_be_reached_change_nothing(machine: HMM) -> None:
    """Two states are added that lead into the machine and that nothing leads to."""
    n = machine.n_state
    T = np.zeros((machine.n_symbol, n + 2, n + 2))
    T[:, :n, :n] = machine.T
    T[0, n, n + 1], T[-1, n + 1, 0] = 1, 1
    padded = HMM(T, start=np.append(machine.start, [0, 0]), alphabet=machine.alphabet)
    words = all_words(machine.n_symbol, 3)
    found = trim(padded)
    assert isinstance(found, HMM)
    assert found.n_state == trim(machine).n_state <= n
    assert np.array_equal(found.log_prob(words), machine.log_prob(words))
    assert trim(found) is found


def test_signed_coordinates_are_not_trimmed() -> None:
    clock = probability_clock()
    assert trim(clock) is clock
    assert trim(epsilon_machine(even())).n_state == 2
