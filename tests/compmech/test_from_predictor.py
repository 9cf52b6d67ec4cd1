"""Inference through a predictor: its futures merge the histories of the data, and the data judge what comes of it."""

import numpy as np
import pytest

from compmech import HMM, EpsilonMachine, ImpossibleWord, epsilon_machine, zoo
from compmech.inference import (
    InferredMachine,
    Series,
    histories_of,
    infer,
    inferred,
    isomorphism,
    predicted_futures,
    series,
    topology_model,
)
from compmech.inference.candidates import NothingToPropose
from compmech.inference.from_predictor import futures_horizon
from compmech.inference.proposals import PROPOSALS


@pytest.fixture(autouse=True)
def few_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Intervals are not looked at here."""
    monkeypatch.setattr(topology_model, "RESAMPLES", 8)
    monkeypatch.setattr(topology_model, "COSTLY", 2)


def sampled(process: HMM, n: int, seed: int = 0) -> Series:
    return Series(process.sample(1, n, rng=np.random.default_rng(seed))[0], process.alphabet)


def found(data: Series, predictor: object, method: str = "predictor") -> InferredMachine:
    return infer(data, method=method, predictor=predictor, rng=np.random.default_rng(0))


def is_that_of(result: InferredMachine, process: HMM) -> bool:
    assert isinstance(result.machine, EpsilonMachine)
    return isomorphism(result.machine, epsilon_machine(process)) is not None


@pytest.mark.parametrize("name", ["golden_mean", "rrxor", "butterfly"])
def test_the_process_itself_as_predictor_gives_its_machine(name):
    process = getattr(zoo, name)()
    result = found(sampled(process, 3_000), process)
    assert is_that_of(result, process)
    assert result.method == "predictor"
    assert result.diagnostics["setting"]["groups"] >= result.machine.n_state


def test_a_predictor_of_other_probabilities_gives_the_states_and_the_data_their_probabilities():
    result = found(sampled(zoo.golden_mean(p=0.3), 5_000), zoo.golden_mean(p=0.6))
    assert is_that_of(result, zoo.golden_mean())
    assert result.machine.emit[0].max() == pytest.approx(0.7, abs=0.03)


def test_predicted_futures_may_be_given_in_the_place_of_a_predictor():
    data = sampled(zoo.nemo(), 3_000)
    futures = predicted_futures(zoo.nemo(), histories_of(data, 20), horizon=4)
    assert is_that_of(found(data, futures), zoo.nemo())


def test_auto_has_its_candidates_beside_the_others(monkeypatch):
    """The coin's one group of histories is one state; splitting finds the golden mean all the same."""
    data, coin = sampled(zoo.golden_mean(), 2_000), HMM(zoo.fair_coin().T, alphabet=zoo.golden_mean().alphabet)
    assert found(data, coin).machine.n_state == 1
    monkeypatch.setattr(inferred, "AUTO", {"cssr": PROPOSALS["cssr"]})
    assert is_that_of(found(data, coin, "auto"), zoo.golden_mean())
    monkeypatch.setattr(inferred, "AUTO", {})
    assert found(data, zoo.golden_mean(), "auto").method == "predictor"


def test_symbols_are_matched_by_name():
    names = zoo.golden_mean().alphabet
    data = series([names[code] for code in sampled(zoo.golden_mean(), 2_000).codes], alphabet=[names[1], names[0]])
    assert data.alphabet != names
    result = found(data, zoo.golden_mean())
    assert result.machine.alphabet == names
    assert is_that_of(result, zoo.golden_mean())


def test_seldom_transitions_are_tried_with_and_without():
    """0.005 is below what is dropped of a predictor as its error. The data have it, and keep what was not dropped."""
    process = zoo.golden_mean(p=0.005)
    candidates = found(sampled(process, 5_000), process).diagnostics["candidates"]
    assert [one["drop_below"] for one in candidates if one["n_state"] == 2] == [0.0]


def test_histories_are_spread_over_the_series_and_have_no_gap():
    data = series(["abcab", "ab", "ccccc"])
    assert histories_of(data, 4).tolist() == [[0, 1, 2, 0], [1, 2, 0, 1], [2, 2, 2, 2], [2, 2, 2, 2]]
    assert histories_of(data, 4, most=2).tolist() == [[0, 1, 2, 0], [2, 2, 2, 2]]
    assert histories_of(data, 4, most=2).dtype == np.int64


@pytest.mark.parametrize(("n_symbol", "horizon"), [(1, 1), (2, 5), (3, 2), (8, 1), (128, 1)])
def test_the_horizon_is_what_few_words_allow(n_symbol, horizon):
    assert futures_horizon(n_symbol) == horizon


def test_what_a_predictor_cannot_be_used_for_is_said():
    data = sampled(zoo.golden_mean(), 500)
    three = predicted_futures(zoo.mess3(), [[0, 1], [1, 2]], horizon=1)
    with pytest.raises(ValueError, match="the futures are over 3 symbols, and the data over 2"):
        found(data, three)
    with pytest.raises(ValueError, match="the symbol 'x' is not in the alphabet"):
        found(series("xy" * 100), zoo.golden_mean())
    with pytest.raises(ValueError, match="the method predictor needs a predictor"):
        found(data, None)
    with pytest.raises(ValueError, match="the method cssr takes no predictor"):
        found(data, zoo.golden_mean(), "cssr")
    with pytest.raises(ImpossibleWord):
        found(sampled(zoo.biased_coin(p=0.5), 500).over(zoo.golden_mean().alphabet), zoo.golden_mean())
    with pytest.raises(NothingToPropose, match="there are 1 of 500"):
        histories_of(data, 500)
    with pytest.raises(NothingToPropose, match="there are 0 of 501"):
        histories_of(data, 501)
    with pytest.raises(NothingToPropose, match="too many over 129"):
        futures_horizon(129)


def test_a_series_over_another_alphabet():
    data = series("abba", missing=None)
    assert data.over("cba").codes.tolist() == [2, 1, 1, 2]
    assert series(["ab", "bb"]).over("xab").codes.tolist() == [1, 2, -1, 2, 2]
    with pytest.raises(ValueError, match="the symbol 'b' is not in the alphabet"):
        data.over("a")
