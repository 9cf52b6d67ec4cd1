"""Relative entropy rates: closed forms, differences of D of words, forbidden words, bounds, relations."""

from math import inf, isinf, log

import numpy as np
import pytest
from hypothesis import assume, given
from machines import abc, even, golden_mean, mess3, nemo, period, probability_clock, rip, sns, two_coins
from oracles import all_words, word_probability
from random_machines import random_unifilar
from strategies import ergodic_hmms, few, started_hmms, stationary_hmms, unifilar_hmms

from compmech import GHMM, HMM, BudgetExceeded, equivalent, zoo
from compmech.divergence import sampled_divergence, word_divergences
from compmech.divergence_rate import (
    _by_recent_words,
    _explored,
    _known_states,
    forbidden_word,
    relative_entropy_rate,
)
from compmech.measures import Bounds


def coin(p: float) -> HMM:
    """P(1) = p."""
    return HMM([[[1 - p]], [[p]]])


def markov(P: np.ndarray) -> HMM:
    """A Markov chain that emits the state it goes to."""
    n = len(P)
    T = np.zeros((n, n, n))
    T[np.arange(n), :, np.arange(n)] = P.T
    return HMM(T)


def ends(value: float | Bounds) -> tuple[float, float]:
    return (value.lower, value.upper) if isinstance(value, Bounds) else (value, value)


def by_difference(p: HMM, q: HMM, length: int) -> float:
    """D(p || q) of words of one length less that of words one shorter."""
    return word_divergences(p, q, length).kl_nats - word_divergences(p, q, length - 1).kl_nats


# --- closed forms


def test_independent_symbols() -> None:
    p, q = np.array([0.2, 0.5, 0.3]), np.array([0.4, 0.1, 0.5])
    found = relative_entropy_rate(HMM(p[:, None, None]), HMM(q[:, None, None]))
    assert found.nats == pytest.approx((p * np.log(p / q)).sum(), rel=1e-14)
    assert found.bits == pytest.approx((p * np.log2(p / q)).sum(), rel=1e-14)
    assert found.how == "exact"


def test_markov_chains() -> None:
    """sum_ij pi_i P_ij log P_ij / Q_ij: both states are known after one symbol."""
    rng = np.random.default_rng(0)
    P, Q = rng.dirichlet(np.ones(4), size=(2, 4))
    p = markov(P)
    found = relative_entropy_rate(p, markov(Q))
    assert found.nats == pytest.approx(float(p.start @ (P * np.log(P / Q)).sum(axis=1)), rel=1e-12)
    assert found.how == "exact"


def test_golden_mean_against_even() -> None:
    found = relative_entropy_rate(golden_mean(), even())
    assert found.nats == found.bits == inf
    assert found.forbidden == (0, 1, 0)
    assert found.how == "exact: p allows a word that q forbids"
    assert relative_entropy_rate(even(), golden_mean()).forbidden == (1, 1)
    assert relative_entropy_rate(zoo.golden_mean(), zoo.even()).forbidden == ("0", "1", "0")


def test_a_word_of_a_mixture() -> None:
    """A sequence from two coins against one coin: the mean of the two rates."""
    found = relative_entropy_rate(two_coins(), coin(0.6))
    expected = [p * log(p / 0.6) + (1 - p) * log((1 - p) / 0.4) for p in (0.8, 0.2)]
    assert found.nats == pytest.approx(sum(expected) / 2, rel=1e-12)
    # and one coin against two: the nearer of the two wins in the end, which only bounds can say
    low, high = ends(relative_entropy_rate(coin(0.7), two_coins()).nats)
    nearer = 0.7 * log(0.7 / 0.8) + 0.3 * log(0.3 / 0.2)
    assert low <= nearer <= high


# --- against words


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_random_unifilar_machines_are_exact(seed: int) -> None:
    """q's state becomes known, so the rate is exact; it lies within bounds, and long words agree."""
    rng = np.random.default_rng(seed)
    p, q = random_unifilar(3, 2, rng=rng).to_hmm(), random_unifilar(4, 2, rng=rng).to_hmm()
    found = relative_entropy_rate(p, q)
    assert found.how == "exact"
    low, high = ends(_by_recent_words(p, q, 1_000_000, inf))
    assert low - 1e-12 <= found.nats <= high + 1e-12
    wide_low, wide_high = ends(_by_recent_words(p, q, 10_000, inf))
    assert wide_low < low
    assert high < wide_high
    # 5,000 symbols of each word; the first few, with the state of q unknown, cost some log 4 more or less in all
    long = sampled_divergence(p, q, 5000, n_words=60, rng=rng)
    slack = 4.5 * long.standard_error + log(4.0)
    assert found.nats == pytest.approx(long.kl_nats / 5000, abs=slack / 5000)


@pytest.mark.parametrize(
    ("p", "q"),
    [
        (coin(0.5), abc()),  # q's state becomes known only in the limit
        (rip(), sns(0.3, 0.4)),
        (mess3(), mess3(0.1, 0.7)),
        (sns(), coin(0.4)),
        (golden_mean(), nemo()),
        (period(3), abc()),
    ],
)
def test_differences_of_words_lie_within_bounds(p: HMM, q: HMM) -> None:
    found = relative_entropy_rate(p, q)
    low, high = ends(found.nats)
    length = 8 if p.n_symbol == 3 else 13
    near = word_divergences(p, q, length).kl_nats
    if isinf(near):
        assert low == inf
        return
    difference = near - word_divergences(p, q, length - 1).kl_nats
    # what is left of transients at these lengths, by the differences at the length before
    before = by_difference(p, q, length - 1)
    slack = 2 * abs(difference - before) + 1e-9
    assert low - slack <= difference <= high + slack


@few
@given(unifilar_hmms(most_states=3, most_symbols=2), unifilar_hmms(most_states=3, most_symbols=2))
def test_exact_rates_lie_within_bounds(p: HMM, q: HMM) -> None:
    found = relative_entropy_rate(p, q)
    assume(found.how == "exact")
    low, high = ends(_by_recent_words(p, padded(q, p.n_symbol), 100_000, inf))
    assert low - 1e-9 <= found.nats <= high + 1e-9


def padded(process: HMM, n_symbol: int) -> HMM:
    T = np.zeros((max(n_symbol, process.n_symbol), process.n_state, process.n_state))
    T[: process.n_symbol] = process.T
    return HMM(T, start=process.start)


@few
@given(unifilar_hmms(most_states=3, most_symbols=2), unifilar_hmms(most_states=3, most_symbols=2))
def test_two_proofs_agree(p: HMM, q: HMM) -> None:
    """Where beliefs close and q's state is known in the end, both ways to the rate give the same."""
    q = padded(q, p.n_symbol)
    assume(forbidden_word(p, q) is None)
    known = _known_states(p, q)
    assume(known is not None and _explored(p, q, 3000) is not None)
    from compmech.divergence_rate import _settled

    assert _settled(p, known).lower == pytest.approx(relative_entropy_rate(p, q).nats, abs=1e-9)


@few
@given(stationary_hmms(), ergodic_hmms(most_states=3))
def test_never_negative_and_bits_are_nats_over_log_two(p: HMM, q: HMM) -> None:
    found = relative_entropy_rate(p, q, max_states=100, max_numbers=20_000)
    low, high = ends(found.nats)
    assert 0 <= low <= high
    assert ends(found.bits) == pytest.approx((low / log(2), high / log(2)))
    assert (found.forbidden is not None) == (low == inf)


@few
@given(stationary_hmms())
def test_zero_to_itself(p: HMM) -> None:
    low, high = ends(relative_entropy_rate(p, p, max_states=100, max_numbers=20_000).nats)
    assert low <= 1e-9
    assert high >= 0


@few
@given(unifilar_hmms(most_states=3, most_symbols=2), unifilar_hmms(most_states=3, most_symbols=2))
def test_zero_only_between_equivalent_processes(p: HMM, q: HMM) -> None:
    found = relative_entropy_rate(p, q)
    assume(found.how.startswith("exact") and p.n_symbol == q.n_symbol)
    if equivalent(p, q):
        assert found.nats < 1e-9
    else:  # different stationary ergodic processes, with probabilities that are ratios of small numbers
        assert found.nats > 1e-9


def test_redundant_states_change_nothing() -> None:
    p, q = random_unifilar(3, 2, rng=np.random.default_rng(5)), random_unifilar(3, 2, rng=np.random.default_rng(6))
    doubled = [HMM(np.kron(machine.to_hmm().T, [[0.3, 0.7], [0.3, 0.7]])) for machine in (p, q)]
    plain = relative_entropy_rate(p, q)
    assert relative_entropy_rate(doubled[0], q).nats == pytest.approx(plain.nats, abs=1e-12)
    assert relative_entropy_rate(p, doubled[1]).nats == pytest.approx(plain.nats, abs=1e-12)


def test_coarse_graining_brings_processes_nearer() -> None:
    rng = np.random.default_rng(7)
    p, q = (markov(P) for P in rng.dirichlet(np.ones(3), size=(2, 3)))
    coarse = [HMM([m.T[0], m.T[1] + m.T[2]]) for m in (p, q)]
    assert ends(relative_entropy_rate(*coarse).nats)[0] <= relative_entropy_rate(p, q).nats


# --- forbidden words


@few
@given(started_hmms(most_states=3, most_symbols=2), started_hmms(most_states=3, most_symbols=2))
def test_shortest_forbidden_words_by_enumeration(p: HMM, q: HMM) -> None:
    found = forbidden_word(p, q)
    T = np.zeros((2, q.n_state, q.n_state))
    T[: q.n_symbol] = q.T
    other = HMM(T, start=q.start)
    for length in range(1, 6):
        words = all_words(p.n_symbol, length)
        wrong = [word for word in words if word_probability(p, word) > 0 and word_probability(other, word) == 0]
        if wrong:
            assert found is not None
            assert len(found) == length
            assert tuple(found) in {tuple(int(x) for x in word) for word in wrong}
            return
    assert found is None or len(found) > 5


def test_transient_words_count() -> None:
    """p begins with a symbol that it never emits again; q never emits it."""
    p = HMM([[[0, 0], [0, 1]], [[0, 1], [0, 0]]], start=[1.0, 0.0])
    assert relative_entropy_rate(p, coin(0.0)).forbidden == (1,)
    assert relative_entropy_rate(p, coin(0.5)).nats == pytest.approx(log(2.0))


def test_symbols_that_q_lacks() -> None:
    ab, a = HMM([[[0.5]], [[0.5]]], alphabet="ab"), HMM([[[1.0]]], alphabet="a")
    assert relative_entropy_rate(ab, a).forbidden == ("b",)
    assert relative_entropy_rate(a, ab).nats == pytest.approx(log(2.0))


# --- budgets and refusals


def test_budgets_leave_wider_bounds_and_never_wrong_ones() -> None:
    p, q = mess3(), mess3(0.1, 0.7)
    wide, narrow = (relative_entropy_rate(p, q, max_states=10, max_numbers=numbers).nats for numbers in (100, 100_000))
    assert isinstance(wide, Bounds)
    assert isinstance(narrow, Bounds)
    assert wide.lower <= narrow.lower <= narrow.upper <= wide.upper < inf
    assert narrow.upper - narrow.lower < 0.02


def test_upper_bounds_stay_finite_where_no_word_is_forbidden() -> None:
    """The even process with a rare error: after a run of 1s the least prediction of 0 is that of an error."""
    q = HMM([[[0.5, 0], [0.01, 0]], [[0, 0.5], [0.99, 0]]])
    found = relative_entropy_rate(golden_mean(), q, max_states=2)
    assert isinstance(found.nats, Bounds) or found.how == "exact"
    assert ends(found.nats)[1] < inf


def test_ghmms_without_states() -> None:
    with pytest.raises(ValueError, match="q must be given by states"):
        relative_entropy_rate(coin(0.5), probability_clock())
    with pytest.raises(ValueError, match="p must be given by states"):
        forbidden_word(probability_clock(), coin(0.5))
    hmm = golden_mean()
    signed = GHMM(hmm.T, hmm.start, hmm.evaluate)
    assert relative_entropy_rate(signed, coin(0.5)).nats == pytest.approx(
        relative_entropy_rate(hmm, coin(0.5)).nats, rel=1e-12
    )


@pytest.mark.parametrize(
    "process",
    [zoo.moon(), zoo.frdn(), probability_clock(), zoo.bloch_walk(), zoo.quantum_rrxor(), zoo.mess3()],
    ids=["moon", "frdn", "probability_clock", "bloch_walk", "quantum_rrxor", "mess3"],
)
def test_equivalent_processes_are_at_0_whatever_presents_them(process) -> None:
    """Beside itself, and in other coordinates."""
    turn = np.eye(process.n_state) + 0.3 * np.eye(process.n_state, k=1)
    back = np.linalg.inv(turn)
    turned = GHMM(back @ process.T @ turn, process.start @ turn, back @ process.evaluate, alphabet=process.alphabet)
    for other in (process, turned):
        found = relative_entropy_rate(process, other)
        assert found.nats == 0.0
        assert found.how == "exact: the two are equivalent, one process"


def test_a_generalised_process_that_is_another_one_is_refused() -> None:
    with pytest.raises(ValueError, match="p must be given by states"):
        relative_entropy_rate(zoo.moon(), zoo.mess3())
    with pytest.raises(ValueError, match="p must be given by states"):
        relative_entropy_rate(zoo.bloch_walk(), zoo.bloch_walk(alpha=0.9))


def test_a_search_that_did_not_end_is_no_answer() -> None:
    p = random_unifilar(6, 2, rng=np.random.default_rng(8)).to_hmm()
    with pytest.raises(BudgetExceeded, match="than max_states=3 allows"):
        forbidden_word(p, p, max_states=3)


def test_arguments_out_of_range() -> None:
    for key in ("max_states", "max_numbers"):
        with pytest.raises(ValueError, match=f"{key} must be >= 0"):
            relative_entropy_rate(coin(0.5), coin(0.5), **{key: -1})
