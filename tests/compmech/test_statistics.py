"""statistics(process): closed forms, published values, relations between the quantities, what leaves them unchanged."""

import json
from collections.abc import Callable
from dataclasses import fields
from importlib import import_module
from math import inf, isinf

import numpy as np
import pytest
import truths
from golden_machines import NAMES, golden, machine
from hypothesis import assume, given, settings
from machines import probability_clock
from oracles import word_probabilities
from strategies import disguised_hmms, ergodic_hmms, stationary_hmms, unifilar_hmms

from compmech import GHMM, HMM, EpsilonMachine, NotStationary, epsilon_machine, stationary, zoo
from compmech.measures import Bounds, Statistics, block_entropies, entropy_rate, excess_entropy, statistics
from compmech.measures.finite import finite_statistics
from compmech.measures.statistics import statistical_complexity

KEYS = [field.name for field in fields(Statistics)]

SYMMETRIC = (
    "entropy_rate",
    "excess_entropy",
    "transient_information",
    "single_symbol_entropy",
    "ephemeral_information",
    "bidirectional_complexity",
    "markov_order",
    "period",
    "minimal_dimension",
)


def ends(value) -> tuple[float, float]:
    """A value's lower and upper bound."""
    return (value.lower, value.upper) if isinstance(value, Bounds) else (value, value)


def agree(one, other, tol: float = 1e-9) -> bool:
    """Whether two statements about one number can both be true."""
    if one is None or other is None:
        return True
    (low, high), (least, most) = ends(one), ends(other)
    if isinf(low) or isinf(least):
        return high >= least and most >= low
    scale = tol * max(1.0, abs(low), abs(least))
    return low <= most + scale and least <= high + scale


WIDEST = 1e-6
"""Of bounds beside a known value: wider ones would hold whatever came."""


def check(found: Statistics, expected: dict[str, float], rel: float) -> None:
    for key, value in expected.items():
        got = getattr(found, key)
        if isinstance(got, Bounds):
            assert got.upper - got.lower <= WIDEST, key
            assert got.lower - rel * abs(value) <= value <= got.upper + rel * abs(value), key
        else:
            assert got == pytest.approx(value, rel=rel, abs=rel), key


# --- closed forms


@pytest.mark.parametrize("p", [0.5, 0.1, 0.93])
@pytest.mark.parametrize(
    ("build", "truth"),
    [
        (zoo.golden_mean, truths.golden_mean),
        (zoo.even, truths.even),
        (zoo.noisy_period, truths.noisy_period_2),
        (zoo.z1r, truths.z1r),
    ],
)
def test_closed_forms_of_one_parameter(build, truth, p: float) -> None:
    found = statistics(build(p))
    check(found, truth(p), rel=1e-12)
    assert all(how.split(":")[0] == "exact" for how in found.how.values())


@pytest.mark.parametrize(("p", "q"), [(0.5, 0.5), (0.3, 0.8)])
@pytest.mark.parametrize(
    ("build", "truth"),
    [(zoo.rrxor, truths.rrxor), (zoo.nemo, truths.nemo), (zoo.rip, truths.rip), (zoo.sns, truths.sns)],
)
def test_closed_forms_of_two_parameters(build, truth, p: float, q: float) -> None:
    check(statistics(build(p, q)), truth(p, q), rel=1e-12)


def test_rrxor_with_fair_bits() -> None:
    found = statistics(zoo.rrxor())
    check(found, truths.rrxor_fair(), rel=1e-12)
    # 12.743093389893, printed by two independent tables; S = T because nothing is cryptic
    assert found.transient_information == pytest.approx(12.743093389893, rel=1e-12)
    assert found.synchronization_information == pytest.approx(found.transient_information, rel=1e-13)


def test_published_values_of_nemo_and_rip() -> None:
    """E and the anatomy at p = q = 1/2, from the table in golden_machines' source."""
    nemo = {
        "excess_entropy": 0.581704165945,
        "crypticity": 0.918295834055,
        "transient_information": 1.54725023995,
        "synchronization_information": 4.07256378361,
        "ephemeral_information": 5 / 12,
        "bound_information": 1 / 3,
        "elusive_information": 0.377270163020,
    }
    rip = {
        "excess_entropy": 1.24643934467,
        "crypticity": 0.275488750217,
        "reverse_statistical_complexity": 1.84643934467,
        "transient_information": 4.54768682999,
        "synchronization_information": 4.82317558022,
        "ephemeral_information": 0.2,
        "n_mixed_states": 9,
    }
    check(statistics(zoo.nemo()), nemo, rel=1e-10)
    check(statistics(zoo.rip()), rip, rel=1e-10)


@pytest.mark.parametrize("name", NAMES)
def test_published_machines(name: str) -> None:
    check(statistics(machine(name)), golden(name), rel=1e-10)


def test_alternating_biased_coins_never_synchronise_but_share_one_bit() -> None:
    """The phase is known from the past and from the future, in the limit: E = 1, r = h. T and S are bounded tightly."""
    found = statistics(machine("abc"))
    h = truths.H(0.25)
    check(found, {"entropy_rate": h, "excess_entropy": 1.0, "crypticity": 0.0, "ephemeral_information": h}, rel=1e-12)
    T, S = found.transient_information, found.synchronization_information
    assert isinstance(T, Bounds)
    assert T.upper - T.lower < 1e-5
    assert agree(T, S)
    assert found.n_mixed_states == inf
    assert found.how["n_mixed_states"].startswith("exact: ")


def test_matching_parentheses_have_infinitely_many_mixed_states_and_finite_t() -> None:
    found = statistics(machine("matching_parens"))
    T = found.transient_information
    assert isinstance(T, Bounds)
    assert T.upper - T.lower < 1e-10
    assert T.lower == pytest.approx(11.09844266, abs=1e-8)  # to the digits on which the table's T and S agree
    # sum_{L <= 14} [E + hL - H(L)], to which longer words add what is positive
    H = np.array(block_entropies(machine("matching_parens"), 14))
    assert (found.excess_entropy + found.entropy_rate * np.arange(15) - H).sum() < T.lower


def test_mixtures_of_ergodic_processes() -> None:
    process = HMM([[[0.2, 0], [0, 0.8]], [[0.8, 0], [0, 0.2]]], start=[0.3, 0.7])
    check(statistics(process), truths.two_coins(0.2, 0.8, 0.3), rel=1e-12)


def test_a_mixture_of_one_process_with_itself_is_that_process() -> None:
    T = np.zeros((2, 4, 4))
    T[:, :2, :2] = T[:, 2:, 2:] = zoo.even().T
    check(statistics(HMM(T, start=np.array([2, 1, 4, 2]) / 9)), truths.even(), rel=1e-12)


def test_periods_of_a_mixture_have_a_common_multiple() -> None:
    T = np.zeros((2, 5, 5))
    T[:, :2, :2], T[:, 2:, 2:] = zoo.noisy_period(noise=0, k=2).T, zoo.noisy_period(noise=0, k=3).T
    found = statistics(HMM(T, start=[0.25, 0.25, 1 / 6, 1 / 6, 1 / 6]))  # 010 fits both words
    assert found.period == 6
    check(found, {"entropy_rate": 0.0, "statistical_complexity": 2 + 0.5 * np.log2(1.5), "markov_order": 4}, rel=1e-12)


# --- processes without a finite epsilon-machine


def test_sns_is_bounded_tightly() -> None:
    found = statistics(zoo.sns())
    truth = truths.sns()
    for key in ("entropy_rate", "statistical_complexity", "excess_entropy", "reverse_statistical_complexity"):
        value = getattr(found, key)
        assert value.upper - value.lower < 1e-9
        assert value.lower <= truth[key] <= value.upper
        assert found.how[key].startswith("bounds")
    assert found.transient_information.lower <= 0.16518182015 + 1e-11
    assert found.transient_information.upper >= 0.16518182015
    assert found.n_causal_states == inf
    assert "never returns" in found.how["n_causal_states"]


@pytest.mark.parametrize(
    ("process", "h", "E", "T"),
    [
        (zoo.mess3(x=0.05, a=0.85), 1.1447172664, 0.57087016, 0.75196312),
        (zoo.mess3(x=0.15, a=0.6), 1.570933619028, 0.01811590, 0.02342648),
    ],
)
def test_mess3_is_bounded_and_its_complexity_proved_infinite(process: HMM, h: float, E: float, T: float) -> None:
    """E and T as printed by an independent table, to the digits that it certifies; h as the limit of the entropies of a
    symbol given k before it, k = 10 .. 13, by Aitken's extrapolation."""
    found = statistics(process)
    assert found.entropy_rate.lower < h < found.entropy_rate.upper < found.entropy_rate.lower + 3e-8
    assert found.excess_entropy.lower < E < found.excess_entropy.upper < found.excess_entropy.lower + 2e-5
    assert found.transient_information.lower < T < found.transient_information.upper
    assert found.statistical_complexity == found.n_causal_states == found.crypticity == inf
    assert "continuum" in found.how["statistical_complexity"]
    assert found.causal_irreversibility is None
    assert "infinite" in found.how["causal_irreversibility"]
    assert found.cryptic_order is None
    assert found.how["cryptic_order"].startswith("not computed")


def test_leaky_rrxor_is_bounded() -> None:
    found = statistics(zoo.leaky_rrxor())
    h = found.entropy_rate
    # an independent table certifies the interval without
    assert 0.9250031931 < h.lower < h.upper < 0.9258156416
    assert h.upper - h.lower < 2e-4
    assert found.statistical_complexity == inf


def test_mess3_at_one_third_is_independent() -> None:
    found = statistics(zoo.mess3(x=1 / 3))
    check(found, {"entropy_rate": np.log2(3), "statistical_complexity": 0.0, "n_causal_states": 1}, rel=1e-12)


def test_a_process_that_is_finite_only_backwards() -> None:
    """The reverse of the Misiurewicz machine: its own statistics are those of that machine, turned round."""
    forward = statistics(machine("misiurewicz"))
    T, pi = machine("misiurewicz").T, machine("misiurewicz").start
    found = statistics(HMM(pi[None, None] * T.transpose(0, 2, 1) / pi[None, :, None]))
    assert found.n_causal_states == inf
    assert found.n_reverse_causal_states == 4
    assert found.reverse_statistical_complexity == pytest.approx(forward.statistical_complexity, rel=1e-12)
    assert all(agree(getattr(found, key), getattr(forward, key)) for key in SYMMETRIC)
    assert agree(found.crypticity, Bounds(found.statistical_complexity.lower - 0.3436, inf))


def test_ghmm_with_finitely_many_mixed_states() -> None:
    """The golden mean in another basis."""
    basis = np.array([[1.0, 0.5], [0.25, 1.0]])
    hmm = zoo.golden_mean()
    inverse = np.linalg.inv(basis)
    found = statistics(GHMM(basis @ hmm.T @ inverse, hmm.start @ inverse, basis @ hmm.evaluate))
    check(found, truths.golden_mean(), rel=1e-9)  # signed arithmetic


def test_ghmm_without_a_nonnegative_realisation_certifies_only_what_words_say() -> None:
    found = statistics(zoo.bloch_walk())
    assert found.entropy_rate.lower == 0
    assert 0 < found.entropy_rate.upper <= found.single_symbol_entropy
    assert found.excess_entropy.lower > 0
    assert found.excess_entropy.upper == inf
    assert found.n_causal_states is None
    assert "generalised" in found.how["n_causal_states"]
    assert found.minimal_dimension == 3
    json.dumps(found.to_dict(), allow_nan=False)


def test_ghmm_of_a_renewal_process_is_known_from_its_law() -> None:
    clock = probability_clock()
    process = GHMM(clock.T, stationary(clock), clock.evaluate)
    found = statistics(process)
    assert found.entropy_rate.upper - found.entropy_rate.lower < 1e-9
    H = block_entropies(process, 16)
    assert found.entropy_rate.upper <= H[16] - H[15] + 1e-12
    assert found.excess_entropy.upper >= 2 * H[8] - H[16] - 1e-12
    assert found.minimal_dimension == 3


# --- form


@pytest.mark.parametrize("name", zoo.names())
def test_to_dict_is_plain_json_with_all_keys(name: str) -> None:
    document = statistics(zoo.get(name)()).to_dict()
    assert list(document) == KEYS
    assert {"entropy_rate", "excess_entropy", "markov_order", "n_mixed_states", "block_entropies", "how"} < set(KEYS)
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    assert set(document["how"]) == set(KEYS) - {"how"}
    for key, value in document.items():
        if key == "how":
            continue
        how = document["how"][key]
        if value is None:
            assert how.startswith(("not computed", "not defined"))
        else:
            assert how.split(":")[0] == ("bounds" if isinstance(value, dict) else "exact")
    assert isinstance(document["period"], int)
    assert isinstance(document["minimal_dimension"], int)


def test_infinite_values_are_strings_and_zeros_have_no_sign() -> None:
    document = statistics(zoo.even()).to_dict()
    assert document["markov_order"] == "inf"
    text = json.dumps(statistics(HMM([[[0.7]], [[0.3]]])).to_dict())
    assert "-0.0" not in text
    assert "Infinity" not in text


@pytest.mark.parametrize(
    ("name", "rate_alone"),
    [("lohr_chain", True), ("days_of_week", True), ("odd_ghmm", True), ("cantor", False)],
)
def test_rate_and_complexity_need_not_wait_for_the_rest(
    name: str, rate_alone: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = zoo.get(name)()
    found = statistics(process)

    def refused(*_: object) -> None:
        raise AssertionError("everything was computed")

    monkeypatch.setattr(import_module("compmech.measures.statistics"), "statistics", refused)
    assert statistical_complexity(process) == pytest.approx(found.statistical_complexity, rel=1e-12)
    if rate_alone:
        assert entropy_rate(process) == pytest.approx(found.entropy_rate, rel=1e-12)


def test_shortcuts() -> None:
    assert entropy_rate(zoo.even()) == statistics(zoo.even()).entropy_rate
    assert excess_entropy(zoo.even()) == statistics(zoo.even()).excess_entropy


@settings(deadline=None, max_examples=40)
@given(unifilar_hmms())
def test_shortcuts_of_unifilar_machines_agree_with_the_epsilon_machine(machine: HMM) -> None:
    """Minimal or not. Two ways of summing the same few numbers between 0 and 3: 1e-12."""
    least = epsilon_machine(machine)
    found = finite_statistics(least, one_symbol=0.0).values
    for given_as in (machine, least):
        assert entropy_rate(given_as) == pytest.approx(found["entropy_rate"], abs=1e-12)
        assert statistical_complexity(given_as) == pytest.approx(found["statistical_complexity"], abs=1e-12)


def test_complexity_without_the_rest_joins_states_of_equal_future() -> None:
    doubled = HMM(np.kron(zoo.even().T, np.full((2, 2), 0.5)))  # not unifilar
    copied = HMM(np.kron(zoo.even().T, np.array([[0.0, 1.0], [1.0, 0.0]])), start=np.kron(zoo.even().start, [0.5, 0.5]))
    assert copied.is_unifilar
    for process in (doubled, copied):
        assert statistical_complexity(process) == pytest.approx(truths.even()["statistical_complexity"], rel=1e-12)
        assert entropy_rate(process) == pytest.approx(truths.even()["entropy_rate"], rel=1e-12)


@pytest.mark.parametrize("shortcut", [entropy_rate, statistical_complexity])
def test_shortcuts_refuse_what_is_not_stationary(shortcut: Callable[[HMM | EpsilonMachine], object]) -> None:
    machine = HMM(zoo.even().T, start=[1.0, 0.0])
    with pytest.raises(NotStationary):
        shortcut(machine)
    with pytest.raises(NotStationary):
        shortcut(EpsilonMachine([[0, 1], [-1, 0]], [[0.5, 0.5], [0.0, 1.0]], start=[1.0, 0.0]))


def test_shortcuts_take_machines_too_large_for_matrices() -> None:
    n = 20_000  # a ring: matrices would have 8e8 entries
    p = np.linspace(0.1, 0.4, n)
    after = (np.arange(n) + 1) % n
    ring = EpsilonMachine(np.stack([after, after], axis=1), np.stack([p, 1 - p], axis=1), start=np.full(n, 1 / n))
    assert entropy_rate(ring) == pytest.approx(-(p * np.log2(p) + (1 - p) * np.log2(1 - p)).mean(), rel=1e-12)
    assert statistical_complexity(ring) == pytest.approx(np.log2(n), rel=1e-12)


def test_block_entropies_are_of_the_process() -> None:
    found = statistics(zoo.nemo())
    assert len(found.block_entropies) == 11
    p = word_probabilities(zoo.nemo(), 3)
    assert found.block_entropies[3] == pytest.approx(-(p[p > 0] * np.log2(p[p > 0])).sum(), rel=1e-13)


def test_many_symbols_have_short_blocks() -> None:
    n = 200
    found = statistics(HMM(np.full((n, 1, 1), 1 / n)))
    assert found.block_entropies == pytest.approx([0, np.log2(n)])
    assert found.entropy_rate == pytest.approx(np.log2(n))


@pytest.mark.parametrize(
    "process",
    [HMM(zoo.golden_mean().T, start=[1, 0]), EpsilonMachine([[0, 1], [0, -1]], [[0.5, 0.5], [1, 0]], start=[0.5, 0.5])],
)
def test_a_start_that_is_not_stationary_is_refused(process) -> None:
    with pytest.raises(NotStationary, match="not stationary") as caught:
        statistics(process)
    assert caught.value.drift > 0.1
    again = HMM(zoo.golden_mean().T, start=stationary(process))
    check(statistics(again), truths.golden_mean(), rel=1e-12)


# --- relations, on random processes


@settings(max_examples=15)
@given(stationary_hmms())
def test_relations(process: HMM) -> None:
    found = statistics(process)
    H = np.array(block_entropies(process, 6))
    h = np.diff(H)[-1]
    assert ends(found.entropy_rate)[0] <= h + 1e-9
    assert ends(found.excess_entropy)[1] >= 2 * H[3] - H[6] - 1e-9
    assert ends(found.transient_information)[1] >= np.arange(1, 7) @ (np.diff(H) - h) - 1e-9
    assert ends(found.excess_entropy)[0] <= ends(found.statistical_complexity)[1] + 1e-9
    assert ends(found.excess_entropy)[0] <= ends(found.reverse_statistical_complexity)[1] + 1e-9
    sides = word_probabilities(process, 3).reshape((process.n_symbol,) * 3)
    sides_entropy = [-(p[p > 0] * np.log2(p[p > 0])).sum() for p in (sides, sides.sum(axis=1))]
    assert ends(found.ephemeral_information)[0] <= sides_entropy[0] - sides_entropy[1] + 1e-9
    least, most = ends(found.entropy_rate)
    assert agree(found.predicted_information, Bounds(H[1] - most, H[1] - least))


@settings(max_examples=25)
@given(unifilar_hmms())
def test_relations_of_finite_machines(process: HMM) -> None:
    found = statistics(process)
    assert found.how["entropy_rate"] == found.how["statistical_complexity"] == "exact"
    parts = (found.ephemeral_information, found.bound_information, found.entropy_rate)
    if not any(isinstance(part, Bounds) for part in parts):
        assert found.ephemeral_information + found.bound_information == pytest.approx(found.entropy_rate, abs=1e-12)
    if not isinstance(found.crypticity, Bounds):
        assert (found.crypticity < 1e-12) == (found.cryptic_order == 0)
        assert found.statistical_complexity - found.excess_entropy == pytest.approx(found.crypticity, abs=1e-9)
    assert found.cryptic_order <= found.markov_order
    S, T = found.synchronization_information, found.transient_information
    assert ends(S)[1] >= ends(T)[0] - 1e-9
    if found.cryptic_order == 0:
        assert agree(S, T, tol=1e-8)


@settings(max_examples=15)
@given(unifilar_hmms(most_states=4, most_symbols=2))
def test_finite_order_is_reached_by_blocks(process: HMM) -> None:
    """With Markov order R, h = H(R+1) - H(R), E = H(R) - hR and T = sum_{L<R} [E + hL - H(L)], exactly."""
    found = statistics(process)
    assume(found.markov_order <= 8)
    R = int(found.markov_order)
    H = np.array(block_entropies(process, R + 1))
    h = H[R + 1] - H[R]
    E = H[R] - h * R
    assert found.entropy_rate == pytest.approx(h, abs=1e-11)
    assert found.excess_entropy == pytest.approx(E, abs=1e-11)
    assert found.transient_information == pytest.approx((E + h * np.arange(R) - H[:R]).sum(), abs=1e-10)


@settings(max_examples=10)
@given(stationary_hmms())
def test_names_of_symbols_and_states_do_not_matter(process: HMM) -> None:
    found = statistics(process)
    symbols, states = np.arange(process.n_symbol)[::-1], np.roll(np.arange(process.n_state), 1)
    other = statistics(HMM(process.T[symbols][:, states][:, :, states]))
    for key in KEYS[:-2]:
        assert agree(getattr(found, key), getattr(other, key)), key


@settings(max_examples=8)
@given(stationary_hmms())
def test_reading_backwards_changes_direction_only(process: HMM) -> None:
    pi = process.start
    found = statistics(process)
    other = statistics(HMM(pi[None, None] * process.T.transpose(0, 2, 1) / pi[None, :, None]))
    for key in SYMMETRIC:
        assert agree(getattr(found, key), getattr(other, key)), key
    assert agree(found.statistical_complexity, other.reverse_statistical_complexity)
    assert agree(found.n_causal_states, other.n_reverse_causal_states)


@settings(max_examples=8)
@given(unifilar_hmms(most_states=3, most_symbols=2))
def test_redundant_states_do_not_matter(process: HMM) -> None:
    """Every state split in two, reached in unequal parts: no longer unifilar, the same process."""
    split = np.array([0.3, 0.7])
    T = np.array([np.kron(matrix, np.outer(np.ones(2), split)) for matrix in process.T])
    found, other = statistics(process), statistics(HMM(T))
    for key in KEYS[:-2]:
        assert agree(getattr(found, key), getattr(other, key)), key
    assert found.n_causal_states == other.n_causal_states


@settings(max_examples=6)
@given(disguised_hmms(ergodic_hmms(most_states=3, most_symbols=2)))
def test_a_change_of_basis_contradicts_nothing(pair) -> None:
    hmm, ghmm = pair
    found, other = statistics(hmm), statistics(ghmm)
    for key in (
        "entropy_rate",
        "excess_entropy",
        "statistical_complexity",
        "minimal_dimension",
        "single_symbol_entropy",
    ):
        assert agree(getattr(found, key), getattr(other, key), tol=1e-6), key  # signed sums lose digits


@settings(max_examples=8)
@given(unifilar_hmms())
def test_a_machine_and_its_matrices_have_the_same_statistics(process: HMM) -> None:
    found, other = statistics(process), statistics(epsilon_machine(process))
    for key in KEYS[:-2]:
        assert agree(getattr(found, key), getattr(other, key)), key


def test_an_excess_entropy_below_rounding_says_so() -> None:
    """The golden mean with rare 1s, of probability p: E is about p^2 log2 e, and 1 - p is off by 1e-16."""
    rare = {p: statistics(HMM([[[1 - p, 0], [1, 0]], [[0, p], [0, 0]]])) for p in (1e-9, 1e-6)}
    assert abs(rare[1e-9].excess_entropy - 1.443e-18) < 1e-15
    assert rare[1e-9].how["excess_entropy"] == "exact: up to rounding, 1e-15, which is more than it"
    assert rare[1e-6].excess_entropy == pytest.approx(1.4427e-12, rel=1e-3)
    assert rare[1e-6].how["excess_entropy"] == "exact"
    assert statistics(HMM([[[0.5]], [[0.5]]])).how["excess_entropy"] == "exact"
