"""`infer`: machines come back from series, no structure is said to be none, and what cannot be inferred is said."""

import numpy as np
import pytest
from known_series import sampled
from scipy.stats import binom

import compmech
from compmech import GHMM, HMM, EpsilonMachine, entropy_rate, epsilon_machine, statistical_complexity, zoo
from compmech.inference import (
    InferredMachine,
    NothingToPropose,
    Series,
    held_out,
    infer,
    isomorphism,
    latent_model,
    proposals,
    series,
    topology_model,
)
from compmech.inference.candidates import Candidate
from compmech.inference.inferred import selected


@pytest.fixture
def few_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where intervals are not looked at."""
    monkeypatch.setattr(topology_model, "RESAMPLES", 8)
    monkeypatch.setattr(topology_model, "COSTLY", 2)
    monkeypatch.setattr(latent_model, "REFITS", 2)
    monkeypatch.setattr(proposals, "MOST_STATES", {1: 1, 2: 3, 3: 2, 4: 2})
    monkeypatch.setattr(proposals, "MOST_HIDDEN", 3)


def found(data: Series, method: str = "auto", seed: int = 0) -> InferredMachine:
    return infer(data, method=method, rng=np.random.default_rng(seed))


def check_is(result: InferredMachine, process: HMM, tolerance: float) -> None:
    truth = epsilon_machine(process)
    assert isinstance(result.machine, EpsilonMachine)
    bare = EpsilonMachine(result.machine.successor, result.machine.emit)
    assert isomorphism(bare, EpsilonMachine(truth.successor, truth.emit)) is not None, f"{bare.n_state} states"
    for interval, value in (
        (result.entropy_rate, entropy_rate(truth)),
        (result.statistical_complexity, statistical_complexity(truth)),
    ):
        assert interval is not None
        assert isinstance(value, float)
        assert abs(interval.value - value) < tolerance
        assert interval.low <= interval.value <= interval.high


@pytest.mark.parametrize("name", ["butterfly", "rrxor"])
def test_machines_come_back_from_20_000_symbols(name):
    """Histories of RRXOR are told apart by two symbols of the future, not by the next one, so that splitting fails."""
    process = getattr(zoo, name)()
    result = found(sampled(process, 20_000))
    check_is(result, process, 0.02)
    if name == "rrxor":
        assert all(one["n_state"] != 5 for one in result.diagnostics["candidates"] if one["method"] == "cssr")


@pytest.mark.parametrize("method", ["cssr", "merging", "bayes"])
def test_each_method_finds_the_golden_mean(method):
    result = found(sampled(zoo.golden_mean(), 3_000), method)
    check_is(result, zoo.golden_mean(), 0.06)
    assert result.method == method
    assert result.p_structure == pytest.approx(1 / 200)


@pytest.mark.usefixtures("few_draws")
def test_a_process_without_a_finite_machine_is_one_of_dimension_3():
    """Mess3: no number of causal states is claimed, and that of the best finite machine is said to grow."""
    result = found(sampled(zoo.mess3(), 12_000))
    assert result.method in ("spectral", "baum-welch")
    assert isinstance(result.machine, GHMM | HMM)
    assert result.machine.n_state == 3
    assert result.n_causal_states is result.statistical_complexity is None
    assert "no number is claimed" in result.diagnostics["how"]["n_causal_states"]
    true = entropy_rate(zoo.mess3())
    assert result.entropy_rate.value == pytest.approx(true.upper, abs=0.03)
    assert result.diagnostics["growth"].still_growing is True
    assert result.diagnostics["finite"]["n_state"] == result.diagnostics["growth"].n_state[-1] > 3


@pytest.mark.usefixtures("few_draws")
@pytest.mark.parametrize(("method", "n"), [("spectral", 3_000), ("baum-welch", 600)])
def test_processes_of_the_right_dimension_come_from_either_method(method, n):
    result = found(sampled(zoo.golden_mean(), n), method)
    assert result.method == method
    assert result.machine.n_state == 2
    assert result.entropy_rate.value == pytest.approx(2 / 3, abs=0.05)
    assert result.diagnostics["growth"] is result.diagnostics["finite"] is None


@pytest.mark.usefixtures("few_draws")
def test_a_finite_machine_is_settled_and_preferred_to_processes_that_are_no_better():
    result = found(sampled(zoo.even(), 4_000))
    check_is(result, zoo.even(), 0.05)
    assert result.diagnostics["growth"].still_growing is False
    assert {one["method"] for one in result.diagnostics["candidates"]} >= {"spectral", "baum-welch"}


@pytest.mark.usefixtures("few_draws")
def test_a_period_is_exact():
    result = found(series("abc" * 1_000))
    check_is(result, zoo.periodic_word(word="abc"), 1e-9)
    assert result.held_out_bits_per_symbol == 0
    assert result.machine.alphabet == ("a", "b", "c")


@pytest.mark.usefixtures("few_draws")
def test_states_stand_in_order_of_probability():
    machine = found(sampled(zoo.golden_mean(), 2_000)).machine
    assert machine.states == ("A", "B")
    assert machine.start[0] > 0.6 > 0.4 > machine.start[1]


@pytest.mark.usefixtures("few_draws")
def test_shuffled_symbols_are_one_state_at_the_stated_rate():
    """p-values of coins are uniform: more than 3 of 6 below 0.1 would come about with probability 0.0013."""
    results = [found(sampled(zoo.biased_coin(p=0.3), 300, seed), "cssr", seed) for seed in range(6)]
    assert sum(result.machine.n_state == 1 for result in results) >= 5
    assert sum(result.p_structure < 0.1 for result in results) <= 3


def test_coins_and_dice_are_one_state_but_in_a_twentieth_at_most():
    """The choice alone; of more than 7 of 40 with several states, 1 in 20 each would have a probability of 0.001. The
    long version is docs/reproductions/interval_coverage.py."""
    several = 0
    for i, rng in enumerate(np.random.default_rng(0).spawn(40)):
        chances = ([0.5, 0.5], [0.8, 0.2], [0.4, 0.3, 0.3], [0.4, 0.3, 0.2, 0.1])[i % 4]
        data = Series(rng.choice(len(chances), size=200, p=chances), tuple(range(len(chances))))
        several += selected(data, method="cssr", rng=rng).chosen.model.n_state > 1
    assert several <= binom.isf(0.001, 40, 0.05)


@pytest.mark.usefixtures("few_draws")
def test_the_same_generator_gives_the_same_numbers():
    data = sampled(zoo.even(), 1_000)
    assert found(data, seed=3).to_dict() == found(data, seed=3).to_dict()
    assert found(data, seed=3).to_dict() != found(data, seed=4).to_dict()


@pytest.mark.usefixtures("few_draws")
def test_gaps_and_many_sequences_are_no_obstacle():
    rows = zoo.golden_mean().sample(30, 100, rng=np.random.default_rng(0))
    result = found(series(list(rows)))
    check_is(result, zoo.golden_mean(), 0.06)
    assert result.diagnostics["pieces"] == 30


@pytest.mark.usefixtures("few_draws")
@pytest.mark.parametrize("n", [300, 1_000])
def test_short_series_are_told_from_chance(n):
    """Even 90 held-out symbols make enough blocks to tell the golden mean from a coin."""
    result = found(sampled(zoo.golden_mean(), n), "cssr")
    check_is(result, zoo.golden_mean(), 0.2)


def test_candidates_are_told_apart_by_a_paired_t_test():
    """That of scipy, where all blocks have one length."""
    from scipy.stats import ttest_rel

    rng, any_model = np.random.default_rng(0), topology_model.topology_model(series("01"), np.array([[0, 0]]))
    for shift in (0.0, 0.5, 1.0):
        one, best = rng.normal(shift, 1, 9), rng.normal(0, 1, 9)
        made = [Candidate("", {}, any_model, bits, np.full(9, 4)) for bits in (one, best)]
        assert held_out.is_worse(*made) is bool(ttest_rel(one, best, alternative="greater").pvalue < held_out.TELLING)


@pytest.mark.usefixtures("few_draws")
def test_one_symbol_is_one_state_without_surprise():
    result = found(series("a" * 200))
    assert result.machine.n_state == 1
    assert result.entropy_rate is not None
    assert result.entropy_rate.value == 0
    assert result.p_structure == 1


@pytest.mark.usefixtures("few_draws")
def test_many_symbols_get_a_chain_that_forbids_nothing():
    """Over dozens of symbols topologies cannot be listed; the best of what is left is found all the same."""
    rng = np.random.default_rng(5)
    chain = rng.dirichlet(np.full(30, 0.1), size=30)
    state, codes = 0, []
    for _ in range(6_000):
        state = int(rng.choice(30, p=chain[state]))
        codes.append(state)
    result = found(Series(np.array(codes), tuple(range(30))))
    assert result.method in ("markov", "cssr", "merging")
    assert 25 <= result.machine.n_state <= 30
    assert list(result.diagnostics["passed_over"]) == ["bayes", "spectral"]
    with pytest.raises(ValueError, match="too many topologies over 30 symbols"):
        found(Series(np.array(codes), tuple(range(30))), "bayes")


@pytest.mark.usefixtures("few_draws")
def test_a_symbol_that_comes_late_costs_bits_or_is_named():
    data = series("ab" * 200 + "abcabc" * 3)
    assert np.isfinite(found(data).held_out_bits_per_symbol)
    with pytest.raises(ValueError, match="'c' occurs only there"):
        found(data, "cssr")


def test_what_cannot_be_inferred_is_said():
    with pytest.raises(ValueError, match="there are 99 symbols: nothing can be told from fewer than 100"):
        found(series("ab" * 49 + "a"))
    with pytest.raises(ValueError, match="there is no method 'csr'"):
        found(series("ab" * 100), "csr")
    with pytest.raises(NothingToPropose, match="one symbol throughout fill no Hankel matrix"):
        found(series("a" * 200), "spectral")
    with pytest.raises(NothingToPropose, match="140 symbols of 20 kinds fill no Hankel matrix"):
        found(series("abcdefghijklmnopqrst" * 10), "spectral")


def test_arrays_of_objects_are_read_one_by_one():
    data = series(np.array(["a", None, "b", float("nan"), "a"], dtype=object))
    assert data.codes.tolist() == [0, -1, 1, -1, 0]
    assert compmech.series is series
    assert compmech.infer is infer
