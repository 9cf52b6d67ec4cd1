"""estimate(process): beliefs given the future against Bayes' rule, intervals against exact values, coverage, errors."""

from dataclasses import fields
from itertools import count
from math import sqrt

import numpy as np
import pytest
import truths
from machines import abc, mess3, nemo, period, rip, two_coins
from random_machines import random_unifilar

from compmech import HMM, EpsilonMachine, NoFiniteEpsilonMachine, NotStationary, epsilon_machine, statistics, zoo
from compmech.measures import Bounds, estimates
from compmech.measures.estimates import Estimate, _estimates, _margin, estimate
from compmech.measures.smoothing import Paths, _Backward, sample_paths, smooth, truncation_by_lag

QUANTITIES = (
    "excess_entropy",
    "crypticity",
    "ephemeral_information",
    "bound_information",
    "enigmatic_information",
    "elusive_information",
)


def generator(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def H(p: np.ndarray) -> float:
    p = p[p > 0]
    return float(-(p * np.log2(p)).sum())


# --- the recursion


@pytest.mark.parametrize("n_edge", [2, 3])
def test_beliefs_given_the_future_are_those_of_bayes_rule(n_edge: int) -> None:
    """At each time of short paths: H[S_t | symbols to come (and the last state)] and H[X_t | S_t, the same] with the
    products of matrices written out."""
    machine = random_unifilar(5, 3, rng=generator(1), n_edge=n_edge)
    T, pi = machine.to_hmm().T, machine.start
    paths = sample_paths(machine, 4, 6, rng=generator(2))
    reader = _Backward(machine, paths)
    for t in reversed(range(6)):
        following = reader.next_symbol_entropy(t)
        reader.step(t)
        uncertainty = reader.state_entropy()
        for seq in range(4):
            state, last = paths.states[t, seq], paths.states[-1, seq]
            word = paths.symbols[t:, seq]
            for row, end in enumerate((np.eye(5)[last], np.ones(5))):
                ahead = end
                for x in word[:0:-1]:
                    ahead = T[x] @ ahead
                next_symbol = np.array([T[x, state] @ ahead for x in range(3)])
                now = pi * (T[word[0]] @ ahead)
                assert following[row, seq] == pytest.approx(H(next_symbol / next_symbol.sum()), abs=1e-12)
                assert uncertainty[row, seq] == pytest.approx(H(now / now.sum()), abs=1e-12)


def test_paths_follow_the_machine() -> None:
    machine = random_unifilar(6, 3, rng=generator(3), n_edge=2)
    paths = sample_paths(machine, 500, 40, rng=generator(4))
    assert (machine.successor[paths.states[:-1], paths.symbols] == paths.states[1:]).all()
    assert (machine.emit[paths.states[:-1], paths.symbols] > 0).all()
    # counts of 20,000 symbols, correlated over a few steps: standard errors of at most 0.005
    assert np.bincount(paths.states[:-1].ravel(), minlength=6) / 20_000 == pytest.approx(machine.start, abs=0.03)
    counts = np.zeros_like(machine.emit)
    np.add.at(counts, (paths.states[:-1].ravel(), paths.symbols.ravel()), 1)
    assert counts / 20_000 == pytest.approx(machine.start[:, None] * machine.emit, abs=0.02)


def test_improbable_symbols_do_not_underflow() -> None:
    """Probabilities of 1e-200, read 40 times in a row: scaled at each step, beliefs stay what they are."""
    small = 1e-200
    machine = EpsilonMachine([[0, 1], [1, 0]], [[small, 1 - small], [1 - small, small]])
    paths = Paths(np.zeros((41, 1), dtype=np.intp), np.zeros((40, 1), dtype=np.intp))
    reader = _Backward(machine, paths)
    for t in reversed(range(40)):
        reader.step(t)
    assert np.isfinite(reader.state_entropy()).all()


def test_truncation_is_the_uncertainty_told_by_the_last_state() -> None:
    """Two states that swap on every symbol: H[S_0 | X_0:L] with L symbols and an unknown end, 0 with a known one."""
    machine = epsilon_machine(abc())
    word = np.array([0, 0, 1])
    likely = np.array([0.75 * 0.25 * 0.25, 0.25 * 0.75 * 0.75])
    states = np.array([0, 1, 0, 1])[:, None]
    if machine.emit[0, 0] < 0.5:
        states = 1 - states
    gaps = truncation_by_lag(machine, Paths(states, word[:, None]))
    assert gaps[-1] == pytest.approx(H(likely / likely.sum()), abs=1e-12)
    long = truncation_by_lag(machine, sample_paths(machine, 50, 200, rng=generator()))
    assert long[-1] < 1e-3 * long[0]


# --- the estimates


def check_holds(found, exact, standard_errors: float) -> None:
    for key in QUANTITIES:
        sampled, value = getattr(found, key), getattr(exact, key)
        low, high = (value.lower, value.upper) if isinstance(value, Bounds) else (value, value)
        slack = standard_errors * sampled.standard_error + sampled.truncation + 1e-12
        assert low - slack <= sampled.value <= high + slack, key


@pytest.mark.parametrize(
    "process", [zoo.golden_mean(p=0.3), zoo.even(), nemo(), rip(0.4, 0.7), zoo.rrxor(), period(3), zoo.noisy_period()]
)
def test_machines_whose_values_are_known(process: HMM) -> None:
    """Six quantities each; 4.5 standard errors are passed with probability 1e-5 or so."""
    check_holds(estimate(process, rng=generator(5), n_symbols=50_000), statistics(process), 4.5)


@pytest.mark.parametrize(("n_state", "n_symbol", "n_edge"), [(4, 2, 2), (10, 2, 2)])
def test_random_machines_against_certified_bounds(n_state: int, n_symbol: int, n_edge: int) -> None:
    machine = random_unifilar(n_state, n_symbol, rng=generator(6), n_edge=n_edge)
    check_holds(estimate(machine, rng=generator(7), n_symbols=50_000), statistics(machine), 4.5)


def test_mixtures_share_which_process_it_is() -> None:
    """Two coins of biases 0.2 and 0.8, chosen once: E is one bit, and nothing else is shared."""
    found = estimate(two_coins(), rng=generator(8), n_symbols=50_000)
    truth = truths.two_coins(0.2, 0.8, 0.5)
    for key in ("excess_entropy", "crypticity", "ephemeral_information", "bound_information"):
        sampled = getattr(found, key)
        assert sampled.low - 1e-6 <= truth[key] <= sampled.high + 1e-6, key


def test_quantities_are_related_as_they_should_be() -> None:
    machine = random_unifilar(20, 2, rng=generator(9))
    found = estimate(machine, rng=generator(10), n_symbols=1000)
    exact = statistics(machine)
    value = {key: getattr(found, key).value for key in QUANTITIES}
    rho = exact.predicted_information
    assert value["excess_entropy"] + value["crypticity"] == pytest.approx(exact.statistical_complexity, abs=1e-12)
    assert value["ephemeral_information"] + value["bound_information"] == pytest.approx(exact.entropy_rate, abs=1e-12)
    assert value["bound_information"] + value["enigmatic_information"] == pytest.approx(rho, abs=1e-12)
    assert value["excess_entropy"] - value["elusive_information"] == pytest.approx(rho, abs=1e-12)
    for key in QUANTITIES:
        assert getattr(found, key).low <= value[key] <= getattr(found, key).high


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    """200 intervals from 32 paths each, for E of a machine of three states and r of another whose values are exact.

    With 95 % coverage the number that hold is binomial with standard deviation 3.1; fewer than 177 have a probability
    of 2e-4, and more than 199 of 4e-4.
    """
    for process, key in ((rip(), "excess_entropy"), (nemo(), "ephemeral_information")):
        machine, exact = epsilon_machine(process), getattr(statistics(process), key)
        smoothed = smooth(machine, sample_paths(machine, 6400, 100, rng=generator(11)), 60)
        held = 0
        for first in range(0, 6400, 32):
            part = slice(first, first + 32)
            found = _estimates(
                machine,
                smoothed.uncertainty[part],
                smoothed.ephemeral[part],
                confidence=0.95,
                n_symbols=1,
                margin=40,
            )
            held += getattr(found, key).low <= exact <= getattr(found, key).high
        assert 177 <= held <= 199, (key, held)


def test_short_margins_widen_intervals_instead_of_missing_the_truth() -> None:
    """Read to the very end, futures of a machine that is slow to synchronise are short: the truncation says so."""
    process = abc(0.55, 0.45)
    machine = epsilon_machine(process)
    smoothed = smooth(machine, sample_paths(machine, 400, 20, rng=generator(12)), 20)
    found = _estimates(machine, smoothed.uncertainty, smoothed.ephemeral, confidence=0.95, n_symbols=1, margin=0)
    assert found.crypticity.low <= 0 <= found.crypticity.high
    assert found.crypticity.truncation > 0.1


def test_errors_halve_with_four_times_the_symbols() -> None:
    machine = random_unifilar(10, 2, rng=generator(13))
    few = estimate(machine, rng=generator(14), n_symbols=1)
    many = estimate(machine, rng=generator(14), n_symbols=4 * few.n_symbols)
    assert many.n_symbols == 4 * few.n_symbols
    ratio = many.excess_entropy.standard_error / few.excess_entropy.standard_error
    assert ratio == pytest.approx(0.5, rel=0.1)  # standard errors from 2,048 paths or so are right to 2 %


def test_higher_confidence_is_wider() -> None:
    machine = nemo()
    wide = estimate(machine, rng=generator(15), n_symbols=1, confidence=0.99).ephemeral_information
    narrow = estimate(machine, rng=generator(15), n_symbols=1, confidence=0.5).ephemeral_information
    assert wide.value == narrow.value
    # normal quantiles 2.576 and 0.674, for Student's distribution with 2,047 degrees of freedom to three digits
    assert (wide.high - wide.low) / (narrow.high - narrow.low) == pytest.approx(2.5758 / 0.67449, rel=2e-3)


def test_the_same_symbols_from_the_same_generator_give_the_same_bytes() -> None:
    machine = random_unifilar(30, 2, rng=generator(16))
    timed = estimate(machine, rng=generator(17), seconds=0.05)
    counted = estimate(machine, rng=generator(17), n_symbols=timed.n_symbols)
    assert timed == counted
    assert estimate(machine, rng=generator(18), n_symbols=timed.n_symbols) != counted


def test_time_is_spent_in_whole_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a clock that ticks once a look, twice a round: after the fifth it is 10, and another would end too late."""
    ticks = count()
    monkeypatch.setattr(estimates, "perf_counter", lambda: float(next(ticks)))
    one = estimate(nemo(), rng=generator(19), n_symbols=1)
    assert estimate(nemo(), rng=generator(19), seconds=10).n_symbols == 5 * one.n_symbols
    assert estimate(nemo(), rng=generator(19), seconds=1e-9) == one


def test_the_margin_is_what_synchronisation_takes() -> None:
    assert _margin(epsilon_machine(period(3)), generator()) <= 8
    assert _margin(epsilon_machine(abc(0.55, 0.45)), generator()) > 200


def test_results_in_json_types() -> None:
    found = estimate(nemo(), rng=generator(), n_symbols=1)
    written = found.to_dict()
    assert set(written) == {*QUANTITIES, "confidence", "n_symbols", "n_paths", "margin"}
    assert written["crypticity"] == {f.name: getattr(found.crypticity, f.name) for f in fields(Estimate)}
    assert all(type(number) is float for number in written["crypticity"].values())
    assert found.crypticity.standard_error >= 0
    assert found.n_symbols >= found.n_paths / sqrt(found.confidence)


# --- what is refused


def test_arguments_out_of_range() -> None:
    with pytest.raises(ValueError, match="not both"):
        estimate(nemo(), rng=generator(), seconds=1.0, n_symbols=10)
    with pytest.raises(ValueError, match="seconds must be positive; got -1"):
        estimate(nemo(), rng=generator(), seconds=-1.0)
    with pytest.raises(ValueError, match="seconds must be positive; got nan"):
        estimate(nemo(), rng=generator(), seconds=float("nan"))
    with pytest.raises(ValueError, match="n_symbols must be >= 1; got 0"):
        estimate(nemo(), rng=generator(), n_symbols=0)
    with pytest.raises(ValueError, match="confidence must lie between 0 and 1; got 95"):
        estimate(nemo(), rng=generator(), confidence=95)


def test_processes_that_have_no_such_estimates() -> None:
    with pytest.raises(NotStationary):
        estimate(HMM(nemo().T, start=[1.0, 0.0, 0.0]), rng=generator())
    started = EpsilonMachine([[0, 1], [0, -1]], [[0.5, 0.5], [1.0, 0.0]], start=[1.0, 0.0])
    with pytest.raises(NotStationary):
        estimate(started, rng=generator())
    with pytest.raises(NoFiniteEpsilonMachine):
        estimate(mess3(), rng=generator())
