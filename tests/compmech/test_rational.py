"""Exact arithmetic against the definition, against float64, and where float64 cannot tell."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from strategies import ergodic_hmms, few, started_hmms, unifilar_hmms

from compmech import (
    GHMM,
    HMM,
    ImpossibleWord,
    NegativeProbability,
    NoFiniteEpsilonMachine,
    NotErgodic,
    epsilon_machine,
    equivalent,
    mixed_states,
    statistics,
    zoo,
)
from compmech.rational import (
    RationalHMM,
    rational,
    rational_difference,
    rational_dimension,
    rational_epsilon_machine,
    rational_mixed_states,
)
from compmech.spans import horizon_ranks

EVEN = RationalHMM([[["1/2", 0], [0, 0]], [[0, "1/2"], [1, 0]]], alphabet="01", states="AB", name="even")
FINITE = ("even", "golden_mean", "nemo", "noisy_period", "rip", "rrxor", "z1r")


def by_definition(process: RationalHMM, word: tuple[int, ...]) -> Fraction:
    """P(w) summed over every path of states."""
    total = Fraction(0)
    for path in product(range(process.n_state), repeat=len(word) + 1):
        weight = process.start[path[0]] * process.evaluate[path[-1]]
        for t, symbol in enumerate(word):
            weight *= process.T[symbol][path[t]][path[t + 1]]
        total += weight
    return total


@given(started_hmms(most_states=3, most_symbols=2))
@few
def test_words_beliefs_and_predictions_are_sums_over_paths(process: HMM) -> None:
    exact = rational(process)
    for word in product(range(exact.n_symbol), repeat=3):
        probability = by_definition(exact, word)
        assert exact.probability(word) == probability
        if probability == 0:
            with pytest.raises(ImpossibleWord):
                exact.belief(word)
            continue
        assert sum(exact.belief(word)) == 1
        following = tuple(by_definition(exact, (*word, x)) / probability for x in range(exact.n_symbol))
        assert exact.predict(word) == following


@given(ergodic_hmms(most_states=4, most_symbols=2))
@few
def test_the_stationary_start_stays_exactly(process: HMM) -> None:
    exact = rational(process)
    after = [Fraction(0)] * exact.n_state
    for weight, row in zip(exact.start, exact.flow, strict=True):
        for end, probability in row.items():
            after[end] += weight * probability
    assert tuple(after) == exact.start
    assert sum(exact.start) == 1


@pytest.mark.parametrize("name", FINITE)
def test_a_closed_graph_is_that_of_floating_point(name: str) -> None:
    process = zoo.get(name)()
    exact, found = rational_mixed_states(rational(process)), mixed_states(process)
    assert exact.closed
    assert found.closed
    assert exact.n_mixed == found.n_mixed
    beliefs = np.array(exact.beliefs, dtype=float)
    np.testing.assert_allclose(beliefs, found.beliefs, rtol=0, atol=1e-12)  # rounding of 30 symbols
    np.testing.assert_allclose(np.array(exact.emit, dtype=float), found.emit, rtol=0, atol=1e-12)
    assert np.array_equal(exact.successor, found.successor)
    recurrent = sorted(node for members in exact.recurrent for node in members)
    assert recurrent == np.flatnonzero(found.recurrent).tolist()


@given(unifilar_hmms(most_states=4, most_symbols=2))
@few
def test_causal_states_are_as_many_as_in_floating_point(process: HMM) -> None:
    machine, exact = epsilon_machine(process), rational_epsilon_machine(rational(process))
    assert machine.n_state == exact.n_state
    assert sum(exact.start) == 1
    assert equivalent(exact.to_machine(), machine)


@given(started_hmms(most_states=4, most_symbols=2))
@few
def test_the_dimension_is_that_of_floating_point(process: HMM) -> None:
    # ratios of small integers lie far apart, so that the float64 rank is not in doubt
    assert rational_dimension(rational(process)) == horizon_ranks(process)[-1]


def test_a_machine_of_two_closed_classes_keeps_their_weights() -> None:
    coins = RationalHMM(
        [[[0, "1/12", "1/4"], [0, "1/5", 0], [0, 0, "4/5"]], [[0, "1/4", "5/12"], [0, "4/5", 0], [0, 0, "1/5"]]],
        start=[1, 0, 0],
    )
    machine = rational_epsilon_machine(coins)
    assert machine.n_state == 2
    assert sorted(machine.start) == [Fraction(1, 3), Fraction(2, 3)]


def test_states_of_one_future_are_one_and_near_ones_are_not() -> None:
    tiny = Fraction(1, 10**30)

    def coins(second: Fraction) -> RationalHMM:
        half = Fraction(1, 2)
        return RationalHMM([[[0, half], [second, 0]], [[0, half], [1 - second, 0]]])

    assert rational_epsilon_machine(coins(Fraction(1, 2))).n_state == 1
    assert rational_epsilon_machine(coins(Fraction(1, 2) + tiny)).n_state == 2
    assert epsilon_machine(coins(Fraction(1, 2) + tiny).to_hmm()).n_state == 1  # what float64 must say
    found = rational_difference(coins(Fraction(1, 2)), coins(Fraction(1, 2) + tiny))
    assert found is not None
    assert found.word == (0,)
    assert found.right - found.left == tiny / 2


def test_a_difference_is_shown_by_a_shortest_word() -> None:
    golden_mean = rational(zoo.golden_mean(p=0.5))
    for other in (EVEN, rational(zoo.nemo())):
        found = rational_difference(golden_mean, other)
        assert found is not None
        positions = [golden_mean.alphabet.index(symbol) for symbol in found.word]
        assert golden_mean.probability(positions) == found.left
        assert other.probability(positions) == found.right
        assert found.left != found.right
        shorter = product(range(2), repeat=len(found.word) - 1)
        assert all(golden_mean.probability(w) == other.probability(w) for w in shorter)


def test_two_presentations_of_one_process_do_not_differ() -> None:
    split = RationalHMM(
        [
            [["1/6", "1/3", 0], ["1/6", "1/3", 0], [0, 0, 0]],
            [[0, 0, "1/2"], [0, 0, "1/2"], ["2/5", "3/5", 0]],
        ],
        alphabet="01",
    )
    assert rational_difference(split, EVEN) is None
    assert rational_dimension(split) == 2
    assert rational_epsilon_machine(split).n_state == 2


def test_a_symbol_that_one_process_lacks_has_probability_zero_there() -> None:
    coin = RationalHMM([[["1/2"]], [["1/2"]]], alphabet="HT")
    two_heads = RationalHMM([[[1]]], alphabet="H")
    found = rational_difference(coin, two_heads)
    assert found is not None
    assert (found.word, found.left, found.right) == (("H",), Fraction(1, 2), Fraction(1))
    found = rational_difference(RationalHMM([[[1]]], alphabet="T"), two_heads)
    assert found is not None
    assert {found.left, found.right} == {Fraction(0), Fraction(1)}


def test_a_generalised_process_in_other_coordinates_is_the_same() -> None:
    # EVEN in the basis ((1, 1), (0, 1)): T -> M T M^-1, start -> start M^-1, evaluate -> M evaluate
    M, inverse = np.array([[1, 1], [0, 1]]), np.array([[1, -1], [0, 1]])
    T = [M @ np.array(matrix, dtype=object) @ inverse for matrix in EVEN.T]
    start = np.array(EVEN.start, dtype=object) @ inverse
    turned = RationalHMM(T, start=list(start), evaluate=list(M @ np.array([1, 1])), alphabet="01")
    assert turned.is_generalised
    assert rational_difference(turned, EVEN) is None
    found = rational_mixed_states(turned)
    assert (found.closed, found.n_mixed) == (True, 4)
    machine = rational_epsilon_machine(turned)
    assert machine.n_state == 2
    assert machine.start == EVEN.start
    assert isinstance(turned.to_hmm(), GHMM)
    again = rational(turned.to_hmm())
    assert rational_difference(again, EVEN) is None


def test_functions_of_presentations_take_it_as_one() -> None:
    found, expected = statistics(EVEN), statistics(zoo.even())
    assert found.excess_entropy == pytest.approx(expected.excess_entropy, abs=1e-12)
    assert found.how["excess_entropy"] == "exact"
    assert equivalent(EVEN, zoo.even())


def test_a_graph_that_does_not_close_says_so() -> None:
    found = rational_mixed_states(rational(zoo.sns()), max_states=20)
    assert not found.closed
    assert found.n_mixed == 21
    assert [len(members) for members in found.recurrent] == []
    with pytest.raises(NoFiniteEpsilonMachine):
        rational_epsilon_machine(rational(zoo.sns()), max_states=20)


def test_a_negative_word_is_named() -> None:
    signed = RationalHMM(
        [[["1/2", "1/2"], ["-1/2", "1/2"]], [["1/2", "-1/2"], ["1/2", "1/2"]]], start=[2, -1], evaluate=[1, 1]
    )
    with pytest.raises(NegativeProbability) as caught:
        rational_mixed_states(signed, max_states=50)
    assert signed.probability(caught.value.word) < 0


def test_a_process_in_floats_is_read_as_the_fractions_it_was() -> None:
    exact = rational(zoo.mess3())
    assert exact.T[0][0][0] == Fraction(153, 200)
    assert exact.start == (Fraction(1, 3),) * 3
    assert rational(exact) is exact


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (lambda: RationalHMM([[[0.5]], [[0.5]]]), r"T\[0, 0, 0\] is 0.5 of type float"),
        (lambda: RationalHMM([[["1/2"]], [["1/3"]]]), "state 0 gives 5/6 in place of 1"),
        (lambda: RationalHMM([[["3/2"]], [["-1/2"]]]), r"T\[1, 0, 0\] is -1/2"),
        (lambda: RationalHMM([[["half"]]]), "write a fraction"),
        (lambda: RationalHMM([[["1/0"]]]), "write a fraction"),
        (lambda: RationalHMM([[[True]]]), "of type bool"),
        (lambda: RationalHMM([]), "at least one symbol"),
        (lambda: RationalHMM([[]]), "at least one symbol"),
        (lambda: RationalHMM([[[1, 0]]]), r"T\[0\] has 1 rows of \[2\], not 1"),
        (lambda: RationalHMM([[1]]), "3 axes"),
        (lambda: RationalHMM([[[1]]], start=["1/2"]), "it gives 1/2"),
        (lambda: RationalHMM([[[1]]], start=[1, 0]), "one entry for each of the 1 states; got 2"),
        (lambda: RationalHMM([[[1, 0], [0, 1]]], start=["3/2", "-1/2"]), r"start\[1\] is -1/2"),
        (lambda: RationalHMM([[[1]]], evaluate=[1]), "start is missing"),
        (lambda: RationalHMM([[[1]]], alphabet="01"), "alphabet must name"),
        (lambda: EVEN.probability([2]), r"word\[0\] is 2"),
        (lambda: EVEN.probability([-1]), r"word\[0\] must be >= 0"),
        (lambda: rational(zoo.golden_mean(p=2**-0.5)), "no fraction with a denominator up to 10000"),
        (lambda: rational(zoo.even(), max_denominator=0), "max_denominator must be >= 1"),
        (lambda: rational_mixed_states(EVEN, max_states=0), "max_states must be >= 1"),
    ],
)
def test_what_is_wrong_is_named(make, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        make()


def test_a_start_must_be_given_where_it_is_not_unique() -> None:
    with pytest.raises(NotErgodic):
        RationalHMM([[[1, 0], [0, 1]]])


def test_it_is_told_in_a_line() -> None:
    assert repr(EVEN) == "RationalHMM(even: 2 states, 2 symbols)"


def test_a_signed_start_has_the_rounding_of_its_largest_terms() -> None:
    odd = rational(zoo.odd_ghmm())
    assert odd.start[1] == Fraction(-3, 5)
    assert zoo.odd_ghmm().start[1] != -3 / 5
    assert rational_difference(odd, rational(zoo.odd(p=0.5, q=0.5))) is None
    ghmm = zoo.odd_ghmm()
    off = ghmm.start + np.array([0, 1e-13, -1e-13])  # much more than rounding
    with pytest.raises(ValueError, match=r"start\[1\] is -0.59999.* nearest is -3/5, off by 1.*e-13"):
        rational(GHMM(ghmm.T, off, ghmm.evaluate))


def test_a_search_that_ends_says_how_many_it_explored_and_found() -> None:
    with pytest.raises(NoFiniteEpsilonMachine, match="50 mixed states explored, which lead to 101 more") as caught:
        rational_epsilon_machine(rational(zoo.mess3()), max_states=50)
    assert (caught.value.explored.n_expanded, caught.value.explored.n_mixed) == (50, 151)
