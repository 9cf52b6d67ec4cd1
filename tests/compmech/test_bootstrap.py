"""Intervals hold the truth as often as they say, and blocks are as long as theory has them."""

import numpy as np
import pytest
from scipy.stats import binom

from compmech import HMM, EpsilonMachine, entropy_rate, epsilon_machine, excess_entropy, statistical_complexity, zoo
from compmech.inference import (
    ERRORS,
    Library,
    Posterior,
    Series,
    series,
    statistics_intervals,
    structural_posterior,
)
from compmech.inference.blocks import block_length, stationary_bootstrap
from compmech.inference.bootstrap import fastest_machine, posterior_draws
from compmech.inference.ensemble import Ensemble
from compmech.inference.topology_evidence import counts_together


def bare(process: HMM) -> EpsilonMachine:
    machine = epsilon_machine(process)
    return EpsilonMachine(machine.successor, machine.emit)


def given(machine: EpsilonMachine) -> Library:
    return Library(machine.successor[None].astype(np.int16), np.array([machine.n_state]))


def sampled(process: HMM, n_time: int, rng: np.random.Generator) -> Series:
    return Series(process.sample(1, n_time, rng=rng)[0], tuple(range(process.n_symbol)))


def two_state_chain(r: float) -> HMM:
    """The next symbol is the last one with probability (1 + r) / 2: autocovariance r^k."""
    stay, go = (1 + r) / 2, (1 - r) / 2
    return HMM(np.array([[[stay, 0], [go, 0]], [[0, go], [0, stay]]]))


# ---------------------------------------------------------------------------------------------------------- coverage

SERIES = 60
LEAST = int(binom.ppf(0.001, SERIES, 0.95))
"""Intervals that hold the truth in 95 % of series do so in fewer of 60 (standard error 2.8 %) once in 1,000 tests."""


@pytest.mark.parametrize("name", ["golden_mean", "even", "nemo"])
def test_intervals_hold_h_and_c_at_their_rate_given_the_transitions(name):
    """Two states, and three; the long version with E as well is docs/reproductions/interval_coverage.py."""
    process = getattr(zoo, name)()
    truth = bare(process)
    h, c = entropy_rate(truth), statistical_complexity(truth)
    held = dict.fromkeys([(way, key) for way in ERRORS for key in "hc"], 0)
    for rng in np.random.default_rng(11).spawn(SERIES):
        data = sampled(process, 300, rng)
        posterior = structural_posterior(data, given(truth))
        for way in ERRORS:
            found = statistics_intervals(data, posterior, errors=way, costly=0, rng=rng)
            held[way, "h"] += found.entropy_rate.low <= h <= found.entropy_rate.high
            held[way, "c"] += found.statistical_complexity.low <= c <= found.statistical_complexity.high
    assert min(held.values()) >= LEAST, held


def test_the_t_interval_of_e_holds_it_at_its_rate(monkeypatch):
    """In the even process E is C for all probabilities, and as C it is found quickly; one way is enough."""
    process, topology = zoo.even(), given(bare(zoo.even()))
    data = sampled(process, 300, np.random.default_rng(0))
    drawn = posterior_draws(structural_posterior(data, topology), 3, np.random.default_rng(0))
    np.testing.assert_allclose(drawn.excess_entropy(3), drawn.statistical_complexity, rtol=1e-9)
    monkeypatch.setattr(Ensemble, "excess_entropy", lambda self, most: self.statistical_complexity[:most])
    held, information = 0, excess_entropy(bare(process))
    for rng in np.random.default_rng(12).spawn(SERIES):
        data = sampled(process, 300, rng)
        found = statistics_intervals(data, structural_posterior(data, topology), resamples=10, rng=rng)
        held += found.excess_entropy.low <= information <= found.excess_entropy.high
    assert held >= LEAST


@pytest.mark.parametrize("way", ERRORS)
def test_a_fair_coin_is_held_though_every_resample_lies_below_it(way):
    """So are C and E of rrxor, which are largest at its own probabilities."""
    held, coin = 0, given(bare(zoo.fair_coin()))
    for rng in np.random.default_rng(13).spawn(SERIES):
        data = sampled(zoo.fair_coin(), 300, rng)
        posterior = structural_posterior(data, coin)
        found = statistics_intervals(data, posterior, errors=way, resamples=20, costly=0, rng=rng).entropy_rate
        held += found.high == 1
        assert found.low < 1
    assert LEAST <= held < SERIES, "where the coin is excluded, at 5 %, so is 1 bit"


def test_a_biased_coin_does_not_reach_one_bit():
    data = sampled(zoo.biased_coin(p=0.3), 1_000, np.random.default_rng(0))
    posterior = structural_posterior(data, given(bare(zoo.biased_coin(p=0.3))))
    assert statistics_intervals(data, posterior, costly=0, rng=np.random.default_rng(0)).entropy_rate.high < 0.95


def test_the_fastest_machine_of_a_topology_is_parrys_measure():
    """Of the golden mean shift: log2 of the golden ratio, reached where 1 follows with probability 1/phi."""
    machine = bare(zoo.golden_mean())
    found = fastest_machine(machine.successor)
    phi = (1 + 5**0.5) / 2
    assert found.entropy_rate[0] == pytest.approx(np.log2(phi))
    assert sorted(found.emit[0].ravel()) == pytest.approx([0, 1 / phi**2, 1 / phi, 1])


def test_probabilities_that_make_states_alike_are_no_obstacle():
    """A chain of order 1 fitted to a coin: where h is largest its two states are one, and E is 0."""
    data = sampled(zoo.fair_coin(), 400, np.random.default_rng(0))
    posterior = structural_posterior(data, Library(np.array([[[0, 1], [0, 1]]], dtype=np.int16), np.array([2])))
    found = statistics_intervals(data, posterior, costly=2, rng=np.random.default_rng(0))
    assert found.entropy_rate.high == pytest.approx(1)
    assert found.excess_entropy.low == 0


def test_blocks_allow_for_what_the_machine_does_not_know():
    """One state for a sticky chain: the share of ones varies (1 + r) / (1 - r) = 9 times as much as a coin's would."""
    sticky = two_state_chain(0.8)
    coin = given(bare(zoo.biased_coin(p=0.3)))
    widths = {way: [] for way in ERRORS}
    for rng in np.random.default_rng(14).spawn(8):
        data = sampled(sticky, 4_000, rng)
        posterior = structural_posterior(data, coin)
        for way in ERRORS:
            drawn = statistics_intervals(data, posterior, errors=way, costly=0, rng=rng).entropy_rate
            widths[way].append(drawn.value - drawn.low)
    middle = {way: np.mean(found) for way, found in widths.items()}
    assert middle["block"] > 3 * max(middle["posterior"], middle["parametric"])


@pytest.mark.parametrize("way", ERRORS)
def test_pieces_and_gaps_are_no_obstacle_and_the_same_generator_gives_the_same(way):
    rows = zoo.even().sample(6, 80, rng=np.random.default_rng(0))
    data = series([*rows, rows[0, :200], rows[1, :33]])
    posterior = structural_posterior(data, given(bare(zoo.even())))
    found = [
        statistics_intervals(data, posterior, errors=way, costly=3, rng=np.random.default_rng(seed))
        for seed in (0, 0, 1)
    ]
    assert found[0] == found[1] != found[2]
    assert (found[0].block_length is not None) is (way == "block")


def test_many_series_are_counted_as_each_by_itself():
    machine = bare(zoo.noisy_random_phase_slip())
    rng = np.random.default_rng(3)
    pieces = [zoo.noisy_random_phase_slip().sample(4, n, rng=rng) for n in (300, 70, 70, 12)]
    together = counts_together(machine.successor, pieces)
    for i in range(4):
        alone = structural_posterior(series([piece[i] for piece in pieces]), given(machine))
        np.testing.assert_array_equal(together[i], alone.counts[alone.best()])
    with pytest.raises(ValueError, match="forbids the symbols of series 1"):
        counts_together(bare(zoo.golden_mean()).successor, [np.array([[1, 0, 1], [1, 1, 1]])])


def test_what_intervals_cannot_be_of_is_said():
    data, rng = series("0110" * 30), np.random.default_rng(0)
    posterior = structural_posterior(data, Library(np.array([[[0, 0]]], dtype=np.int16), np.array([1])))
    with pytest.raises(ValueError, match="there is no way 'blocks' to find intervals; there are posterior, parametric"):
        statistics_intervals(data, posterior, errors="blocks", rng=rng)
    with pytest.raises(ValueError, match="too, or 0; got 1 and 10"):
        statistics_intervals(data, posterior, resamples=1, rng=rng)
    two = Library(np.array([[[0, 0]], [[0, -1]]], dtype=np.int16), np.array([1, 1]))
    both = Posterior(two, posterior.topology, posterior.start, *[posterior.log_evidence] * 2, posterior.counts, 1.0)
    with pytest.raises(ValueError, match="of one topology, not 2"):
        statistics_intervals(data, both, rng=rng)


# ------------------------------------------------------------------------------------------------------------ blocks


@pytest.mark.parametrize("r", [0.3, 0.6, 0.9])
def test_block_lengths_are_those_of_theory(r):
    """R(k) = r^k: G / g = 2 r / (1 - r^2), to which the estimate converges."""
    n = 4_000
    chain = two_state_chain(r)
    sampled_words = chain.sample(30, n, rng=np.random.default_rng(1)).astype(float)
    lengths = [block_length(words[:, None]) for words in sampled_words]
    assert np.mean(lengths) == pytest.approx((2 * r / (1 - r**2)) ** (2 / 3) * n ** (1 / 3), rel=0.25)


def test_what_has_no_memory_needs_no_blocks_and_a_period_the_longest():
    rng = np.random.default_rng(0)
    assert np.median([block_length(rng.normal(size=(1_000, 1))) for _ in range(20)]) < 4
    assert block_length(np.ones((100, 2))) == 1
    assert block_length((np.arange(900) % 3 == 0)[:, None].astype(float)) == pytest.approx(3 * 30)


def test_blocks_run_on_and_are_as_long_as_asked_for():
    times = stationary_bootstrap(100_000, 20.0, rng=np.random.default_rng(0))
    runs_on = np.diff(times) % 100_000 == 1
    assert 1 / (1 - runs_on.mean()) == pytest.approx(20, rel=0.05)
    assert np.bincount(times // 25_000) == pytest.approx(np.full(4, 25_000), rel=0.1)
    with pytest.raises(ValueError, match=r"at least 1; got 0\.5"):
        stationary_bootstrap(10, 0.5, rng=np.random.default_rng(0))
