"""Processes as graphs of networkx, models of sofic and distributions of dit, and back."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from machines import golden_mean, nemo, probability_clock, rip, rrxor, sns, two_coins, z1r
from strategies import any_hmms, disguised_hmms, few

from compmech import GHMM, HMM, epsilon_machine, equivalent, mixed_states, statistics, zoo
from compmech.interop import from_dit, from_networkx, from_sofic, to_dit, to_networkx, to_sofic


def same(a: HMM | GHMM, b: HMM | GHMM) -> bool:
    arrays = all(np.array_equal(getattr(a, key), getattr(b, key)) for key in ("T", "start", "evaluate"))
    return type(a) is type(b) and arrays and (a.alphabet, a.states, a.name) == (b.alphabet, b.states, b.name)


# ---------------------------------------------------------------------------------------------------- networkx


@few
@given(any_hmms())
def test_hmms_come_back_from_graphs_as_they_were(hmm: HMM) -> None:
    assert same(from_networkx(to_networkx(hmm)), hmm)


@few
@given(disguised_hmms())
def test_ghmms_come_back_from_graphs_as_they_were(pair: tuple[HMM, GHMM]) -> None:
    assert same(from_networkx(to_networkx(pair[1])), pair[1])


def test_parallel_edges_are_kept() -> None:
    graph = to_networkx(rip())
    assert graph.number_of_edges(1, 2) == 2
    assert {data["symbol"]: data["probability"] for data in graph[1][2].values()} == {0: 0.5, 1: 0.5}
    assert graph.nodes[0]["start"] == pytest.approx(0.4)


def test_names_are_nodes_and_symbols_keys() -> None:
    graph = to_networkx(zoo.nemo())
    assert list(graph.nodes) == ["A", "B", "C"]
    assert set(graph["C"]["A"]) == {"0", "1"}
    assert graph.graph == {"alphabet": ("0", "1"), "name": "nemo"}


def test_mixed_states_are_graphs_of_beliefs() -> None:
    mixed = mixed_states(golden_mean())
    graph = to_networkx(mixed)
    assert graph.nodes[0] == {"belief": tuple(mixed.beliefs[0].tolist()), "start": 1.0}
    process = from_networkx(graph)
    assert equivalent(process, golden_mean())


def test_plain_graphs_are_read_too() -> None:
    graph = nx.DiGraph()
    graph.add_edge("a", "b", symbol="y", probability=1)
    graph.add_edge("b", "a", symbol="x", probability=1)
    process = from_networkx(graph)
    assert process.alphabet == ("x", "y")
    assert process.start.tolist() == [0.5, 0.5]


def test_edges_with_one_symbol_between_the_same_states_add_up() -> None:
    graph = nx.MultiDiGraph()
    graph.add_edge(0, 0, symbol=1, probability=0.25)
    graph.add_edge(0, 0, symbol=1, probability=0.75)
    assert from_networkx(graph).T.tolist() == [[[1.0]]]


def test_graphs_that_are_no_process_say_why() -> None:
    graph = nx.MultiDiGraph()
    graph.add_edge("a", "a", probability=1.0)
    with pytest.raises(ValueError, match="'a' -> 'a' has no 'symbol'"):
        from_networkx(graph)
    with pytest.raises(ValueError, match="directed"):
        from_networkx(nx.Graph())
    wrong = to_networkx(golden_mean())
    wrong.remove_edge("A", "B")
    with pytest.raises(ValueError, match=r"state 0 sums to 0\.5"):
        from_networkx(wrong)
    del wrong.nodes["B"]["start"]
    with pytest.raises(ValueError, match="node 'B' has no 'start'"):
        from_networkx(wrong)
    alien = to_networkx(golden_mean())
    alien.graph["alphabet"] = (0,)
    with pytest.raises(ValueError, match="emits 1, which is not in the alphabet"):
        from_networkx(alien)
    signed = to_networkx(probability_clock())
    for node in signed:
        del signed.nodes[node]["start"]
    with pytest.raises(ValueError, match="no 'start'"):
        from_networkx(signed)


# ------------------------------------------------------------------------------------------------------- sofic


@pytest.mark.parametrize("process", [golden_mean(), nemo(), rip(), rrxor(), z1r(), sns(), two_coins()])
def test_hmms_come_back_from_sofic_as_they_were(process: HMM) -> None:
    sofic = pytest.importorskip("sofic")
    model = to_sofic(process)
    assert isinstance(model, sofic.MealyHMM)
    assert same(from_sofic(model), process)


def test_sofic_agrees_on_what_it_was_given() -> None:
    sofic = pytest.importorskip("sofic")
    machine = epsilon_machine(rrxor())
    model = to_sofic(machine)
    assert isinstance(model, sofic.EpsilonMachine)
    found = statistics(machine)
    # sums of five terms, each right to a few units in the last place
    assert model.entropy_rate() == pytest.approx(found.entropy_rate, abs=1e-12)
    assert model.statistical_complexity() == pytest.approx(found.statistical_complexity, abs=1e-12)


def test_models_of_sofic_are_read() -> None:
    sofic = pytest.importorskip("sofic")
    examples = pytest.importorskip("sofic.examples")
    assert equivalent(from_sofic(examples.golden_mean(0.5)), golden_mean())
    moore = sofic.MooreHMM(observation_alphabet=frozenset("xy"))
    for state, symbol in (("a", "x"), ("b", "y")):
        moore.graph.add_state(state)
        moore.set_emission_distribution(state, {symbol: 1.0})
    moore.add_transition("a", "b", 1.0)
    moore.add_transition("b", "a", 1.0)
    process = from_sofic(moore)
    assert process.alphabet == ("x", "y")
    assert np.exp(process.log_prob([[0, 1, 0], [0, 0, 1]])).tolist() == pytest.approx([0.5, 0.0])


def test_ghmms_are_quasi_realizations() -> None:
    pytest.importorskip("sofic")
    clock = probability_clock()
    model = to_sofic(clock)
    assert model.word_probability([0, 0, 1]) == pytest.approx(float(np.exp(clock.log_prob([[0, 0, 1]])[0])), abs=1e-12)
    assert same(from_sofic(model), clock)


def test_what_is_no_hidden_markov_model_of_sofic_is_refused() -> None:
    sofic = pytest.importorskip("sofic")
    with pytest.raises(ValueError, match=r"expected a sofic MealyHMM.*got dict"):
        from_sofic({})
    model = sofic.MealyHMM(observation_alphabet=frozenset("x"))
    model.graph.add_state("a")
    model.graph.add_transition("a", "a", emission="x", prob=None)
    with pytest.raises(ValueError, match="'a' -> 'a' has no number"):
        from_sofic(model)


# --------------------------------------------------------------------------------------------------------- dit


@pytest.mark.parametrize(
    ("process", "length"), [(golden_mean(), 3), (rrxor(), 4), (sns(), 3), (probability_clock(), 3)]
)
def test_dit_finds_the_block_entropies(process: HMM | GHMM, length: int) -> None:
    dit = pytest.importorskip("dit")
    H = statistics(process).block_entropies[length] if process.nonnegative else None
    distribution = to_dit(process, length)
    words = np.array([list(word) for word in distribution.outcomes])
    assert distribution.pmf == pytest.approx(np.exp(process.log_prob(words)), abs=1e-12)
    if H is not None:
        assert dit.shannon.entropy(distribution) == pytest.approx(H, abs=1e-12)


@pytest.mark.parametrize(("process", "length"), [(golden_mean(), 2), (golden_mean(), 4), (z1r(), 4)])
def test_markov_chains_come_back_from_their_words(process: HMM, length: int) -> None:
    pytest.importorskip("dit")
    assert equivalent(from_dit(to_dit(process, length)), process)


def test_other_processes_come_back_as_the_markov_chain_with_their_words() -> None:
    pytest.importorskip("dit")
    chain = from_dit(to_dit(nemo(), 3))
    again = to_dit(chain, 3)
    assert dict(zip(again.outcomes, again.pmf, strict=True)) == pytest.approx(
        dict(zip(to_dit(nemo(), 3).outcomes, to_dit(nemo(), 3).pmf, strict=True)), abs=1e-12
    )
    assert statistics(chain).markov_order == 2
    assert statistics(chain).entropy_rate > statistics(nemo()).entropy_rate


def test_words_of_one_symbol_make_an_independent_process() -> None:
    dit = pytest.importorskip("dit")
    coin = from_dit(dit.Distribution(["H", "T"], [0.25, 0.75]))
    assert coin.n_state == 1
    assert coin.T.ravel().tolist() == [0.25, 0.75]
    logs = dit.Distribution(["H", "T"], [0.25, 0.75])
    logs.set_base(2)
    assert from_dit(logs).T.ravel() == pytest.approx([0.25, 0.75])


def test_what_is_no_distribution_of_words_is_refused() -> None:
    dit = pytest.importorskip("dit")
    with pytest.raises(ValueError, match=r"not those of a stationary process: \('0',\) has probability 1 .* 0 at"):
        from_dit(dit.Distribution(["01"], [1.0]))
    with pytest.raises(ValueError, match=r"expected a dit\.Distribution; got list"):
        from_dit([0.5, 0.5])
    with pytest.raises(ValueError, match="length must be >= 1"):
        to_dit(golden_mean(), 0)


@pytest.mark.parametrize(
    ("call", "name"), [(lambda: to_sofic(golden_mean()), "sofic"), (lambda: from_dit(None), "dit")]
)
def test_a_missing_library_is_named_with_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch, call: object, name: str
) -> None:
    def absent(wanted: str) -> None:
        raise ModuleNotFoundError(f"No module named {wanted!r}", name=wanted)

    monkeypatch.setattr("compmech.interop.import_module", absent)
    assert callable(call)
    with pytest.raises(ImportError, match=f"{name} is not installed: pip install {name}"):
        call()
