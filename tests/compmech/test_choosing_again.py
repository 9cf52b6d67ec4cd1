"""The whole choice is made again from series that the chosen machine makes, and counted up to isomorphism."""

from collections.abc import Callable

import numpy as np
import pytest

from compmech import HMM, EpsilonMachine, epsilon_machine, zoo
from compmech.inference import Interval, SelectionFrequencies, Series, selection_frequencies, series
from compmech.inference.candidates import Model
from compmech.inference.choosing_again import simulated
from compmech.inference.inferred import selected
from compmech.inference.topology_model import TopologyModel, topology_model


def bare(process: HMM) -> EpsilonMachine:
    """Over the symbols 0 and 1, as what is inferred."""
    machine = epsilon_machine(process)
    return EpsilonMachine(machine.successor, machine.emit)


def model_of(machine: EpsilonMachine) -> TopologyModel:
    """Fitted to a long series of its own."""
    data = Series(machine.sample(1, 400, rng=np.random.default_rng(0))[0], tuple(range(machine.n_symbol)))
    return topology_model(data, machine.successor)


def in_turn(*made: Model | None, pieces: list[list[int]]) -> Callable[[Series], Model]:
    """A choice that is known beforehand; None: nothing fits."""
    left = iter(made)

    def choose(data: Series) -> Model:
        pieces.append([len(piece) for piece in data.pieces])
        model = next(left)
        if model is None:
            raise ValueError("nothing fits")
        return model

    return choose


class NoMachine(TopologyModel):
    """A process whose states are not claimed to be causal."""

    is_finite = False


def test_choices_are_counted_up_to_isomorphism():
    golden, even, nemo = (bare(process) for process in (zoo.golden_mean(), zoo.even(), zoo.nemo()))
    turned = EpsilonMachine(np.where(golden.successor >= 0, 1 - golden.successor, -1)[::-1], golden.emit[::-1])
    one, other, again, third = map(model_of, (golden, even, turned, nemo))
    pieces: list[list[int]] = []
    choose = in_turn(
        one, again, other, other, other, third, None, again, NoMachine(one.posterior), again, pieces=pieces
    )
    data = series(["0110110", "011"])
    found = selection_frequencies(data, golden, choose, n_series=10, rng=np.random.default_rng(0))
    assert found.state_frequencies == {2: 7 / 10, 3: 1 / 10}
    assert [(kind["n_state"], kind["frequency"], kind["is_chosen"]) for kind in found.topologies] == [
        (2, 4 / 10, True),
        (2, 3 / 10, False),
        (3, 1 / 10, False),
    ]
    assert (found.without, found.not_finite) == (1 / 10, 1 / 10)
    assert pieces == [[7, 3]] * 10
    assert found.interval(2) == Interval(2, 2, 3)
    assert found.to_dict()["state_frequencies"] == {"2": 7 / 10, "3": 1 / 10}


def test_of_enough_symbols_the_golden_mean_comes_back_and_of_few_a_coin_does_too():
    """The choice itself, by causal-state splitting."""
    machine = EpsilonMachine([[0, 1], [0, -1]], [[0.8, 0.2], [1.0, 0.0]])
    back = {}
    for n in (100, 2_500):
        data = Series(machine.sample(1, n, rng=np.random.default_rng(1))[0], (0, 1))
        rng = np.random.default_rng(0)
        choose = lambda again: selected(again, method="cssr", rng=np.random.default_rng(0)).chosen.model  # noqa: E731
        back[n] = selection_frequencies(data, machine, choose, n_series=8, rng=rng).state_frequencies
    assert back[100].get(1, 0) >= 0.25
    assert back[2_500].get(2, 0) >= 0.75


def test_the_interval_of_the_number_of_states_holds_the_middle_95_percent():
    def of(frequencies: dict[int, float], without: float = 0.0) -> SelectionFrequencies:
        return SelectionFrequencies(100, frequencies, (), 0.0, without)

    assert of({1: 0.02, 2: 0.96, 3: 0.02}).interval(2) == Interval(2, 2, 2)
    assert of({1: 0.03, 2: 0.94, 3: 0.03}).interval(2) == Interval(2, 1, 3)
    assert of({2: 0.5}, without=0.5).interval(4) == Interval(4, 2, 4)
    assert of({}, without=1.0).interval(4) == Interval(4, 4, 4)


def test_no_series_are_refused():
    golden = bare(zoo.golden_mean())
    with pytest.raises(ValueError, match="n_series must be at least 1; got 0"):
        selection_frequencies(series("0110"), golden, in_turn(pieces=[]), n_series=0, rng=np.random.default_rng(0))


def test_simulated_series_are_the_machines_own_with_the_gaps_of_the_data():
    data = series(["01" * 50 + "0", "0110"])
    found = simulated(data, zoo.periodic_word(word="01"), rng=np.random.default_rng(0))
    assert [len(piece) for piece in found.pieces] == [101, 4]
    assert all("".join(map(str, piece)) in "01" * 52 for piece in found.pieces)
