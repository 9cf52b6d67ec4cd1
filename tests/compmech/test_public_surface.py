"""The whole public surface at once: no torch, no argument is changed, no plain number where only a bound is known.

Every public function of compmech and its packages has a call below; one that is added without a call fails.
"""

import inspect
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import is_dataclass
from fractions import Fraction
from functools import cached_property
from importlib import import_module
from math import inf, isinf
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest
from matplotlib.figure import Figure

import compmech
from compmech import (
    GHMM,
    HMM,
    Bounds,
    EpsilonMachine,
    LostPrecision,
    NoFiniteEpsilonMachine,
    NotClosed,
    blackwell,
    compose,
    draw,
    inference,
    interop,
    mixed_states,
    rational,
    statistics,
    zoo,
)

PACKAGES = (
    "compmech",
    "compmech.compose",
    "compmech.rational",
    "compmech.blackwell",
    "compmech.draw",
    "compmech.interop",
    "compmech.inference",
    "compmech.corpus",
    "compmech.symbolise",
    "compmech.data",
)


def rng() -> np.random.Generator:
    return np.random.default_rng(3)


def array(value: object) -> np.ndarray:
    """A private, writeable array: what a function could change without an error."""
    return np.array(value, dtype=float)


def words() -> np.ndarray:
    return np.array([[0, 1, 0, 0], [0, 0, 0, 1]])


def channel() -> np.ndarray:
    return array([[0.9, 0.1], [0.2, 0.8]])


def binary() -> compose.Transducer:
    return compose.memoryless_transducer(channel(), inputs=["0", "1"], outputs=["0", "1"])


def story() -> compose.Story:
    return compose.story(zoo.golden_mean(), 2)


def orbits() -> blackwell.Orbits:
    return blackwell.sample_orbits(zoo.mess3(), 20, 2000, rng=rng())


def two() -> tuple[HMM, HMM]:
    return zoo.golden_mean(), zoo.even()


def futures() -> inference.Futures:
    return inference.predicted_futures(golden(), golden().sample(6, 5, rng=rng()), horizon=2)


def symbols() -> inference.Series:
    return inference.series("0100101001010010" * 20)


def no_choice(data: inference.Series) -> Any:
    raise ValueError("nothing is chosen")


def one_topology() -> tuple[inference.Series, inference.Posterior]:
    """A series, and the posterior of the probabilities of a coin."""
    coin = inference.Library(np.array([[[0, 0]]], dtype=np.int16), np.array([1]))
    return symbols(), inference.structural_posterior(symbols(), coin)


def values() -> np.ndarray:
    return array([0.5, -1.0, float("nan"), 2.0, 0.25, 1.5, -0.5])


def follower() -> compose.Factor:
    return compose.Factor(
        {"0": zoo.biased_coin(p=0.2), "1": zoo.biased_coin(p=0.7)}, emits_by=compose.by_symbol(0, {"0": "0", "1": "1"})
    )


def with_dit() -> Any:
    dit = pytest.importorskip("dit")
    return dit.Distribution([("0", "0"), ("0", "1"), ("1", "0")], [1 / 3] * 3)


def with_sofic() -> Any:
    pytest.importorskip("sofic")
    return interop.to_sofic(zoo.golden_mean())


Call = tuple[tuple[Any, ...], dict[str, Any]]

# For each function the arguments of one call, made anew each time. PROCESS: the golden mean alone.
PROCESS: Callable[[], Call] = lambda: ((zoo.golden_mean(),), {})  # noqa: E731


def arguments(*make: Callable[[], Any], **named: Callable[[], Any]) -> Callable[[], Call]:
    return lambda: (tuple(one() for one in make), {key: one() for key, one in named.items()})


golden, even, mess3 = zoo.golden_mean, zoo.even, zoo.mess3
OF_A_PROCESS = """
    bidirectional entropy_rate epsilon_machine excess_entropy horizon_ranks is_stationary minimal mixed_states
    presentation_information quantum_memory reset_threshold reverse spectrum stationary statistical_complexity
    statistics synchronizing_word settled rational belief_system trim
    state_figure block_figure information_figure diagram
    to_dot to_mermaid to_tikz tikz_document to_latex matrices_to_latex latex_document to_networkx to_sofic
"""
CALLS: dict[str, Callable[[], Call]] = dict.fromkeys(OF_A_PROCESS.split(), PROCESS) | {
    "autocorrelation": arguments(golden, lambda: array([0, 1]), lambda: 3),
    "block_entropies": arguments(golden, lambda: 3),
    "canonical_topology": arguments(lambda: np.array([[0, 1], [0, -1]])),
    "closure_proof": arguments(golden, lambda: mixed_states(golden())),
    "distinguishing_word": lambda: (two(), {}),
    "entropy_convergence": arguments(golden, lambda: 3),
    "equivalent": lambda: (two(), {}),
    "estimate": arguments(golden, rng=rng, n_symbols=lambda: 500),
    "filter_beliefs": arguments(golden, words),
    "forbidden_word": lambda: (two(), {}),
    "future_map": arguments(golden, lambda: 2),
    "load": arguments(lambda: Path("machine.json")),
    "mixture": lambda: (two(), {"weights": array([0.3, 0.7])}),
    "noisy": arguments(golden, channel),
    "power_spectrum": arguments(golden, lambda: array([0, 1])),
    "product": lambda: (two(), {}),
    "quantum_complexities": arguments(golden, lambda: 3),
    "relative_entropy_rate": arguments(golden, even),
    "renyi_block_entropies": arguments(golden, lambda: 3, lambda: 2.0),
    "renyi_complexity": arguments(golden, lambda: 2.0),
    "renyi_divergence": arguments(golden, even, lambda: 3, lambda: 2.0),
    "renyi_entropy_rate": arguments(golden, lambda: 2.0),
    "sampled_divergence": arguments(golden, even, lambda: 3, n_words=lambda: 50, rng=rng),
    "save": arguments(golden, lambda: Path("saved.json")),
    "topological_machines": arguments(lambda: 2),
    "word_divergences": arguments(golden, even, lambda: 3),
    "word_map": arguments(golden, lambda: 2),
    # compose
    "binary_symmetric_channel": arguments(lambda: 0.1),
    "blocked": arguments(golden, lambda: 2),
    "by_state": arguments(lambda: 0, lambda: {"A": "0", "B": "1"}),
    "by_symbol": arguments(lambda: 0, lambda: {"0": "0", "1": "1"}),
    "cascade": arguments(binary, binary),
    "coarse_grained": arguments(golden, lambda: {"0": "x", "1": "x"}),
    "component_belief_maps": lambda: (two(), {}),
    "component_map": lambda: (two(), {}),
    "concatenated": arguments(golden, even, lambda: array([0.5, 0.5])),
    "copy_map": arguments(golden, lambda: [2, 1]),
    "coupled": arguments(golden, follower),
    "delay_transducer": arguments(lambda: ["0", "1"], start=lambda: array([0.4, 0.6])),
    "epsilon_transducer": arguments(binary),
    "erased": arguments(golden, lambda: 0.1),
    "erasure_channel": arguments(lambda: 2, lambda: 0.1),
    "factor_maps": lambda: (two(), {}),
    "feedback_transducer": arguments(lambda: np.full((2, 2, 2), 0.5), start=lambda: array([0.4, 0.6])),
    "feedforward_transducer": arguments(lambda: np.full((2, 2, 2), 0.5), start=lambda: array([0.4, 0.6])),
    "interrupted": arguments(golden, even, lambda: 0.2),
    "joint_process": arguments(golden, binary),
    "memoryless_transducer": arguments(channel, inputs=lambda: ["0", "1"]),
    "next_position_map": arguments(story),
    "orders_within": arguments(lambda: 3, lambda: 1),
    "phase_map": arguments(story),
    "random_shares": arguments(golden, lambda: [2, 1], rng=rng),
    "read_story": arguments(story, lambda: np.array([[3, 0, 0, 2]])),
    "redundant": arguments(golden, lambda: [2, 1], lambda: array([0.3, 0.7, 1.0])),
    "relabelled": arguments(golden, lambda: {"0": "a", "1": "b"}),
    "stage_map": lambda: ((compose.concatenated(*two(), 3), zoo.even()), {}),
    "story": arguments(golden, lambda: 2, orders=lambda: {(0, 1): 0.5, (1, 0): 0.5}),
    "story_in_words": arguments(golden, lambda: 2, time_words=lambda: ["first", "then"]),
    "subsampled": arguments(golden, lambda: 2),
    "switching_channel": arguments(
        lambda: np.stack([channel(), channel()]),
        lambda: array([[0.9, 0.1], [0.1, 0.9]]),
        start=lambda: array([0.5, 0.5]),
    ),
    "symmetric_channel": arguments(lambda: 3, lambda: 0.1),
    "channel_complexity": arguments(golden, binary),
    "transduced": arguments(golden, binary),
    "transduced_maps": arguments(golden, binary),
    "world_state_map": arguments(story, lambda: 0),
    "z_channel": arguments(lambda: 0.1),
    # rational
    "rational_difference": lambda: (tuple(rational.rational(process) for process in two()), {}),
    "rational_dimension": arguments(lambda: rational.rational(golden())),
    "rational_epsilon_machine": arguments(lambda: rational.rational(golden())),
    "rational_mixed_states": arguments(lambda: rational.rational(golden())),
    # blackwell
    "ambiguity_rate": arguments(orbits),
    "blackwell": arguments(mess3, rng=rng, n_symbols=lambda: 20_000),
    "box_counting_dimension": arguments(orbits),
    "correlation_dimension": arguments(orbits),
    "correlation_dimension_of": arguments(lambda: list(np.random.default_rng(0).random((2, 300, 2)))),
    "determinant_sum": arguments(lambda: blackwell.belief_system(mess3()), lambda: Bounds(1.57, 1.571)),
    "information_dimension": arguments(orbits),
    "lyapunov_dimension": arguments(lambda: 1.5, lambda: [-1.0, -2.0]),
    "lyapunov_exponents": arguments(orbits, lambda: blackwell.mean_entropy(orbits())),
    "mean_entropy": arguments(orbits),
    "sample_orbits": arguments(mess3, lambda: 5, lambda: 10, rng=rng),
    "separation": arguments(lambda: blackwell.belief_system(mess3())),
    "word_beliefs": arguments(mess3, lambda: 3),
    # draw
    "candidates_figure": arguments(lambda: inference.infer(symbols(), method="markov", rng=rng())),
    "simplex_figure": arguments(lambda: mixed_states(mess3(), depth=3)),
    "cloud_figure": arguments(lambda: np.random.default_rng(0).dirichlet(np.ones(3), 20), weight=lambda: np.ones(20)),
    "statistics_to_latex": arguments(lambda: statistics(golden())),
    "transducer_diagram": arguments(binary),
    "draw_simplex": arguments(lambda: Figure().add_subplot(), lambda: mixed_states(mess3(), depth=3)),
    "publish": arguments(Path, lambda: "name", lambda: {"h": 1.0}, lambda: {"key": draw.state_figure(golden())}),
    "save_figure": arguments(lambda: draw.state_figure(golden()), lambda: Path("figure.svg")),
    "save_text": arguments(lambda: "text", lambda: Path("text.txt")),
    # inference
    "aaft": arguments(values, rng=rng),
    "block_shuffled": arguments(symbols, lambda: 3, rng=rng),
    "block_shuffles": arguments(lambda: 3),
    "count_words": arguments(symbols, lambda: 3),
    "hankel_rank": arguments(futures, tolerance=lambda: 1e-3, rng=rng),
    "histories_of": arguments(symbols, lambda: 3),
    "baum_welch": arguments(symbols, lambda: 2, rng=rng),
    "infer": arguments(symbols, rng=rng),
    "selected": arguments(symbols, rng=rng),
    "series_process": arguments(symbols, lambda: 1, lambda: 2),
    "series_rank": arguments(symbols, lambda: 1),
    "infer_streamed": arguments(
        lambda: inference.Parts(("0", "1"), 102_400, lambda: [inference.series("0100101001010010" * 6400)]), rng=rng
    ),
    "isomorphism": lambda: (tuple(compmech.epsilon_machine(process) for process in two()), {}),
    "infer_transducer": arguments(symbols, symbols, rng=rng),
    "paired": arguments(symbols, symbols),
    "library": arguments(lambda: 2, lambda: 2),
    "machine_from_futures": arguments(futures, rng=rng, entropies=lambda: np.full(6, 0.6)),
    "merge_states": arguments(lambda: inference.count_words(symbols(), 3)),
    "iaaft": arguments(values, rng=rng),
    "k_gram": arguments(symbols, lambda: 2),
    "markov_shuffled": arguments(symbols, lambda: 1, rng=rng),
    "markov_shuffles": arguments(lambda: 1),
    "merging_ladder": arguments(futures),
    "phase_surrogates": arguments(values, lambda: lambda x: compmech.symbolise.sign(x).series),
    "predicted_futures": arguments(golden, words, horizon=lambda: 2),
    "rank_growth": arguments(
        lambda: lambda horizon: inference.predicted_futures(golden(), words(), horizon=horizon),
        lambda: 2,
        tolerance=lambda: 1e-3,
    ),
    "selection_frequencies": arguments(
        symbols, lambda: one_topology()[1].machine(0), lambda: no_choice, n_series=lambda: 2, rng=rng
    ),
    "series": arguments(lambda: [["a", None, "b"], ["b"]]),
    "shuffled": arguments(symbols, rng=rng),
    "spectral_fit": arguments(futures, lambda: 2),
    "split_states": arguments(lambda: inference.count_words(symbols(), 3)),
    "statistics_intervals": lambda: (one_topology(), {"rng": rng()}),
    "structural_posterior": arguments(symbols, lambda: inference.library(2, 2)),
    "structure_test": arguments(symbols, rng=rng),
    # symbolise
    "ordinal": arguments(values, lambda: 2),
    "quantile": arguments(values, lambda: 3),
    "sax": arguments(values, lambda: 3),
    "sign": arguments(values),
    "symbolised": arguments(values, lambda: "quantile:3"),
    "threshold": arguments(values, lambda: [0.0, 1.0]),
    # data
    "about": arguments(lambda: "membrane"),
    "data.load": arguments(lambda: "membrane"),
    "names": arguments(),
    # interop
    "from_dit": arguments(with_dit),
    "from_networkx": arguments(lambda: interop.to_networkx(golden())),
    "from_sofic": arguments(with_sofic),
    "to_dit": arguments(golden, lambda: 2),
}

# Objects with a state that a call is meant to move, or that no one looks into.
MOVED = (np.random.Generator, np.random.BitGenerator)


def public_functions() -> dict[str, Callable[..., Any]]:
    found = {}
    for package in PACKAGES:
        module = import_module(package)
        for name in module.__all__:
            if inspect.isfunction(getattr(module, name)):
                one = getattr(module, name)
                taken = found.get(name, one) is not one  # by another function of that name; here it has its package's
                found[f"{package.rpartition('.')[2]}.{name}" if taken else name] = one
    return found


FUNCTIONS = public_functions()


def content(value: Any) -> Any:
    """What an argument holds, as plain values that can be compared: arrays bit by bit, objects by what they show."""
    match value:
        case np.ndarray():
            return (value.shape, value.dtype.str, value.tobytes())
        case Mapping():
            return [(content(key), content(item)) for key, item in value.items()]
        case list() | tuple():
            return [content(item) for item in value]
        case nx.Graph():
            return content([dict(value.nodes(data=True)), list(value.edges(data=True)), value.graph])
        case _ if isinstance(value, MOVED):
            return None
        case _ if type(value).__module__.startswith("compmech"):
            return [content(item) for _, item in sorted(_held(value).items())]
        case str() | bytes() | int() | float() | complex() | Fraction() | Path() | None:
            return value
    return repr(value) if type(value).__module__.startswith(("dit", "sofic")) else None


def _held(value: Any) -> dict[str, Any]:
    """What an object holds, but for what it worked out of that and keeps (cached properties)."""
    held = dict(vars(value)) if hasattr(value, "__dict__") else {}
    slots = [name for kind in type(value).__mro__ for name in getattr(kind, "__slots__", ()) if name != "__dict__"]
    held |= {name: getattr(value, name) for name in slots if hasattr(value, name)}
    return {name: item for name, item in held.items() if not isinstance(_class_attribute(value, name), cached_property)}


def _class_attribute(value: Any, name: str) -> Any:
    return inspect.getattr_static(type(value), name, None)


@pytest.fixture
def in_scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    compmech.save(zoo.golden_mean(), "machine.json")


def test_every_public_function_has_a_call() -> None:
    assert not set(FUNCTIONS) - set(CALLS), "give these a call in CALLS"
    assert not set(CALLS) - set(FUNCTIONS), "these are no longer public"


@pytest.mark.usefixtures("in_scratch")
@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_function_changes_its_arguments(name: str) -> None:
    if name in ("to_sofic", "to_dit"):
        pytest.importorskip(name.removeprefix("to_"))
    args, named = CALLS[name]()
    before = content([args, named])
    made = FUNCTIONS[name](*args, **named)
    if inspect.isgenerator(made):
        list(made)
    assert content([args, named]) == before


def test_what_is_compared_would_show_a_change() -> None:
    """The check above sees into arrays, lists, mappings, graphs and processes."""
    vector, graph = array([0.5, 0.5]), nx.MultiDiGraph([(0, 1, {"symbol": 0})])
    nested = {"a": [vector], "b": graph}
    before = content(nested)
    vector[0] += 1e-16
    vector[0] -= 1e-16
    assert content(nested) == before
    vector[0] = 0.25
    assert content(nested) != before
    before = content(nested)
    graph.edges[0, 1, 0]["symbol"] = 1
    assert content(nested) != before
    assert content(zoo.golden_mean(p=0.3)) != content(zoo.golden_mean(p=0.4))
    assert content(EpsilonMachine([[0, 1], [0, -1]], [[0.3, 0.7], [1, 0]])) != content(
        EpsilonMachine([[0, 1], [0, -1]], [[0.4, 0.6], [1, 0]])
    )


@pytest.mark.parametrize(
    ("build", "given"),
    [
        (HMM, lambda: (zoo.even().T.copy(), zoo.even().start.copy())),
        (GHMM, lambda: (zoo.moon().T.copy(), zoo.moon().start.copy(), zoo.moon().evaluate.copy())),
        (EpsilonMachine, lambda: (np.array([[0, 1], [0, -1]]), array([[0.3, 0.7], [1, 0]]))),
        (compose.Transducer, lambda: (binary().T.copy(), binary().start.copy())),
        (rational.RationalHMM, lambda: ([[["1/2", 0], [1, 0]], [[0, "1/2"], [0, 0]]],)),
    ],
)
def test_objects_are_made_of_copies(build: Callable[..., Any], given: Callable[[], tuple[Any, ...]]) -> None:
    """What is handed to a constructor is not changed by it, and changing it afterwards changes nothing."""
    args = given()
    before = content(args)
    made = build(*args)
    assert content(args) == before
    shown = content(made)
    for arg in args:
        if isinstance(arg, np.ndarray):
            arg[...] = 0
        else:
            arg[0][0][0] = "1/3"
    assert content(made) == shown


@pytest.mark.parametrize("method", ["log_prob", "predict"])
@pytest.mark.parametrize("process", [zoo.even(), zoo.moon(), compmech.epsilon_machine(zoo.even())], ids=repr)
def test_methods_do_not_change_words(process: Any, method: str) -> None:
    given = np.array(process.sample(2, 3, rng=rng()))
    before = given.copy()
    getattr(process, method)(given)
    assert np.array_equal(given, before)


# --- torch


def test_no_part_of_compmech_loads_torch() -> None:
    """Every module but the command line, the one place that may know the upper floors; that the command does not either
    until it is needed is a test of its own. The loops for numba are left out where that extra is not installed."""
    code = (
        "import importlib, pkgutil, sys, compmech\n"
        "absent = set() if compmech.compiled.is_installed() else {'compmech.vector_filters'}\n"
        "names = {m.name for m in pkgutil.walk_packages(compmech.__path__, 'compmech.')} - absent\n"
        "[importlib.import_module(name) for name in names if not name.startswith('compmech.cli')]\n"
        "assert len(names) > 100\n"
        "sys.exit(', '.join({'torch', 'predictors', 'probes'} & set(sys.modules)) or 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


# --- plain numbers

# Functions that give a float and nothing else, and why that may be.
PLAIN = {
    "channel_complexity": "the entropy of finitely many states",
    "lyapunov_dimension": "arithmetic on its arguments",
    "renyi_divergence": "a finite sum over words",
    "renyi_complexity": "raises NoFiniteEpsilonMachine where the causal states are not finitely many",
}

# Functions of a process alone whose numbers are the statement of a fact about finitely many words or states.
FINITE_SUMS = {"block_entropies", "autocorrelation", "power_spectrum", "horizon_ranks", "stationary"}

# Pictures, texts, other processes and exact fractions say no more than what they are made of.
APART = ("compmech.draw", "compmech.compose", "compmech.interop", "compmech.rational")

# Known only between bounds, or not at all: no finite epsilon-machine in either direction.
UNBOUNDEDLY_MANY = {
    "mess3": zoo.mess3,
    "bloch_walk": zoo.bloch_walk,
}
QUANTITIES = (
    "entropy_rate",
    "excess_entropy",
    "statistical_complexity",
    "crypticity",
    "oracular_information",
    "gauge_information",
    "transient_information",
    "synchronization_information",
    "total_predictability",
    "ephemeral_information",
    "bound_information",
    "enigmatic_information",
    "elusive_information",
    "reverse_statistical_complexity",
    "bidirectional_complexity",
    "causal_irreversibility",
    "predicted_information",
    "nats",
    "complexity",
)


def test_functions_that_give_a_plain_number_are_listed_with_the_reason() -> None:
    plain = {name for name, function in FUNCTIONS.items() if inspect.signature(function).return_annotation is float}
    assert plain == set(PLAIN)


def is_no_more_than_known(value: object) -> bool:
    return value is None or isinstance(value, Bounds) or (isinstance(value, float) and isinf(value))


@pytest.mark.parametrize("name", UNBOUNDEDLY_MANY)
def test_what_is_only_bounded_is_never_a_plain_number(name: str) -> None:
    """Every public function that can be called with a process alone, where no exact value is known."""
    process = UNBOUNDEDLY_MANY[name]()
    called = 0
    for function_name, function in FUNCTIONS.items():
        needed = [p for p in inspect.signature(function).parameters.values() if p.default is p.empty]
        of_process = needed and needed[0].name == "process" and all(p.name in ("process", "length") for p in needed)
        if not of_process or function.__module__.startswith(APART):
            continue
        try:
            found = function(*([process] if len(needed) == 1 else [process, 2]))
        except (NoFiniteEpsilonMachine, NotClosed, LostPrecision):
            continue
        except ValueError:
            if isinstance(process, GHMM):  # some ask for states that one can be in
                continue
            raise
        called += 1
        if function_name in ("entropy_rate", "excess_entropy", "statistical_complexity"):
            assert is_no_more_than_known(found), function_name
        elif is_dataclass(found):
            for key in QUANTITIES:
                assert is_no_more_than_known(getattr(found, key, None)), f"{function_name}: {key}"
        elif function_name not in FINITE_SUMS:
            assert not isinstance(found, float) or found == inf, function_name
    assert called >= 5


def test_renyi_rates_of_whole_orders_are_exact_and_others_bounded() -> None:
    """Order 2: P(two independent words agree) shrinks with the largest eigenvalue of sum_x T_x (x) T_x."""
    process = zoo.mess3()
    pairs = sum(np.kron(matrix, matrix) for matrix in process.T)
    exact = -np.log2(np.abs(np.linalg.eigvals(pairs)).max())
    assert compmech.renyi_entropy_rate(process, 2.0) == pytest.approx(exact, rel=1e-12)
    assert isinstance(compmech.renyi_entropy_rate(process, 0.5), Bounds)
    with pytest.raises(NoFiniteEpsilonMachine):
        compmech.renyi_complexity(process, 2.0)
