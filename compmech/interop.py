"""Processes as objects of other libraries, and back: graphs of networkx, models of sofic, distributions of dit.

sofic and dit are not installed with this package; the functions that need them say how to install them.
"""

from collections.abc import Hashable, Iterable
from importlib import import_module
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from compmech.epsilon_machine import EpsilonMachine
from compmech.hmm import GHMM, HMM, AnyPresentation, as_presentation
from compmech.measures.block import MAX_WORDS, too_many_words
from compmech.mixed_state import MixedStatePresentation
from compmech.validation import SUM_TOL, check_count

__all__ = ["from_dit", "from_networkx", "from_sofic", "to_dit", "to_networkx", "to_sofic"]


def to_networkx(process: AnyPresentation | MixedStatePresentation) -> Any:
    """A process as a networkx.MultiDiGraph: one edge for each transition and symbol.

    Nodes are the names of the states, with the attribute `start` (and `evaluate` of a GHMM); edges have the symbol as
    their key and the attributes `symbol` and `probability` (of a GHMM, a weight that may be negative). The graph's own
    attributes `alphabet` and `name` keep what edges do not say. The nodes of a MixedStatePresentation are numbers, with
    the attribute `belief`.

    Example:
        >>> from compmech import zoo
        >>> sorted(to_networkx(zoo.golden_mean()).edges(data="probability"))
        [('A', 'A', 0.5), ('A', 'B', 0.5), ('B', 'A', 1.0)]
    """
    import networkx as nx

    graph: Any = nx.MultiDiGraph()
    if isinstance(process, MixedStatePresentation):
        for node, belief in enumerate(process.beliefs):
            graph.add_node(node, belief=tuple(belief.tolist()), start=float(node == 0))
        for node, symbol in np.argwhere(process.successor >= 0).tolist():
            after, probability = int(process.successor[node, symbol]), float(process.emit[node, symbol])
            graph.add_edge(node, after, key=symbol, symbol=symbol, probability=probability)
        graph.graph["alphabet"] = tuple(range(process.emit.shape[1]))
        return graph
    presentation = as_presentation(process)
    graph.graph["alphabet"] = presentation.alphabet
    if presentation.name is not None:
        graph.graph["name"] = presentation.name
    for state, start, evaluate in zip(presentation.states, presentation.start, presentation.evaluate, strict=True):
        signed = {"evaluate": float(evaluate)} if isinstance(presentation, GHMM) else {}
        graph.add_node(state, start=float(start), **signed)
    for x, i, j in np.argwhere(presentation.T).tolist():
        name, ends = presentation.alphabet[x], (presentation.states[i], presentation.states[j])
        graph.add_edge(*ends, key=name, symbol=name, probability=float(presentation.T[x, i, j]))
    return graph


def from_networkx(graph: Any) -> HMM | GHMM:
    """A process from a directed graph of networkx, multigraph or not, in the form that `to_networkx` gives.

    Edges need the attributes `symbol` and `probability`. Nodes may have `start` (without it the process starts
    stationary) and `evaluate` (with it, it is a GHMM). Symbols are in the order of the graph's attribute `alphabet`,
    else sorted, by their text where they have no order. Several edges with one symbol between the same states add up.

    Raises:
        ValueError: if the graph is not directed, an edge or node lacks an attribute, or the result is no process.
    """
    if not graph.is_directed():
        raise ValueError(
            "the graph must be directed, an edge from each state to its next: give a networkx.MultiDiGraph"
        )
    edges = []
    for source, target, data in graph.edges(data=True):
        for key in ("symbol", "probability"):
            if key not in data:
                raise ValueError(
                    f"the edge {source!r} -> {target!r} has no {key!r}: edges need 'symbol' and 'probability'"
                )
        edges.append((source, data["symbol"], target, float(data["probability"])))
    states = tuple(graph.nodes)
    alphabet = graph.graph.get("alphabet") or _sorted(symbol for _, symbol, _, _ in edges)
    T = _matrices(edges, tuple(alphabet), states)
    start, evaluate = (_node_vector(graph, states, key) for key in ("start", "evaluate"))
    name = graph.graph.get("name") or None
    if evaluate is None:
        return HMM(T, start, alphabet, states, name)
    if start is None:
        raise ValueError("nodes have 'evaluate' but no 'start': a GHMM needs both")
    return GHMM(T, start, evaluate, alphabet, states, name)


def to_sofic(process: AnyPresentation) -> Any:
    """A process as a model of sofic: EpsilonMachine for an EpsilonMachine, MealyHMM for an HMM, QuasiRealization for a
    GHMM (which has no names of states).

    Raises:
        ImportError: if sofic is not installed, with the command that does it.
    """
    sofic = _peer("sofic")
    presentation = as_presentation(process)
    if isinstance(presentation, GHMM):
        maps = {symbol: T.copy() for symbol, T in zip(presentation.alphabet, presentation.T, strict=True)}
        return sofic.QuasiRealization(presentation.start.copy(), presentation.evaluate.copy(), maps)
    start = {state: float(p) for state, p in zip(presentation.states, presentation.start, strict=True) if p > 0}
    kind = sofic.EpsilonMachine if isinstance(process, EpsilonMachine) else sofic.MealyHMM
    model = kind(initial_distribution=start, observation_alphabet=frozenset(presentation.alphabet))
    for state in presentation.states:
        model.graph.add_state(state)
    for x, i, j in np.argwhere(presentation.T).tolist():
        ends = presentation.states[i], presentation.states[j]
        model.add_transition(*ends, symbol=presentation.alphabet[x], prob=float(presentation.T[x, i, j]))
    model.validate()
    return model


def from_sofic(model: Any) -> HMM | GHMM:
    """A process from a hidden Markov model of sofic (MealyHMM, EpsilonMachine, MooreHMM), or a QuasiRealization.

    sofic's alphabets have no order: symbols are sorted, or in the order of their text where they cannot be. A model
    without an initial distribution starts stationary. Symbolic probabilities must be numbers by now.

    Raises:
        ImportError: if sofic is not installed, with the command that does it.
        ValueError: if it is a model of another kind, or its probabilities are not those of a process.
    """
    sofic = _peer("sofic")
    if isinstance(model, sofic.QuasiRealization):
        alphabet = _sorted(model.symbol_maps)
        return GHMM([model.symbol_maps[symbol] for symbol in alphabet], model.pi, model.tau, alphabet)
    if isinstance(model, sofic.MooreHMM):
        model = model.to_mealy()
    if not isinstance(model, sofic.MealyHMM):
        kinds = "MealyHMM, EpsilonMachine, MooreHMM or QuasiRealization"
        raise ValueError(f"expected a sofic {kinds}; got {type(model).__name__}")
    edges = []
    for edge in model.transitions():
        try:
            probability = float(edge.data["prob"])
        except (TypeError, KeyError) as error:
            raise ValueError(
                f"the transition {edge.source!r} -> {edge.target!r} has no number as its probability but "
                f"{edge.data.get('prob')!r}: substitute values for the symbols of a symbolic model first"
            ) from error
        edges.append((edge.source, edge.data["emission"], edge.target, probability))
    states = tuple(model.states())
    alphabet = _sorted(set(model.observation_alphabet) | {symbol for _, symbol, _, _ in edges})
    start = (
        [float(model.initial_distribution.get(state, 0.0)) for state in states] if model.initial_distribution else None
    )
    return HMM(_matrices(edges, alphabet, states), start, alphabet, states)


def to_dit(process: AnyPresentation, length: int, *, max_words: int = MAX_WORDS) -> Any:
    """The distribution of words of one length as a dit.Distribution, one random variable for each symbol.

    Raises:
        ImportError: if dit is not installed, with the command that does it.
        ValueError: if the length is not positive.
        BudgetExceeded: if more than `max_words` words are possible; `.found` is the distribution of the longest words
            that are not too many, None if there are none of length 1.
    """
    dit = _peer("dit")
    if check_count(length, "length") < 1:
        raise ValueError("length must be >= 1: the empty word has no random variables")
    presentation = as_presentation(process)
    words, probability = _words(presentation, length, max_words)
    outcomes = [tuple(presentation.alphabet[x] for x in word) for word in words.tolist()]
    reached = words.shape[1]
    found = dit.Distribution(outcomes, (probability / probability.sum()).tolist()) if reached else None
    if reached < length:
        raise too_many_words(presentation, found, reached + 1, length, max_words)
    return found


def from_dit(distribution: Any) -> HMM:
    """The process of greatest entropy rate whose words have this distribution: a Markov chain of order length - 1.

    Its states are the possible words of length - 1 symbols, as tuples, and its start makes it stationary. Symbols are
    sorted, by their text where they have no order.

    Args:
        distribution: a dit.Distribution of words that do not depend on when they are read: the first length - 1
            variables are distributed as the last are.
    Raises:
        ImportError: if dit is not installed, with the command that does it.
        ValueError: if it is no such distribution, naming the word.
    """
    dit = _peer("dit")
    if not isinstance(distribution, dit.Distribution):
        raise ValueError(f"expected a dit.Distribution; got {type(distribution).__name__}")
    linear = distribution.copy(base="linear")
    found = {tuple(word): float(p) for word, p in zip(linear.outcomes, linear.pmf, strict=True) if p > 0}
    first: dict[tuple[Hashable, ...], float] = {}
    last: dict[tuple[Hashable, ...], float] = {}
    for word, p in found.items():
        first[word[:-1]] = first.get(word[:-1], 0.0) + p
        last[word[1:]] = last.get(word[1:], 0.0) + p
    for context in first | last:
        p, q = first.get(context, 0.0), last.get(context, 0.0)
        if abs(p - q) > SUM_TOL:
            raise ValueError(
                f"the words are not those of a stationary process: {context} has probability {p:.6g} at the beginning "
                f"and {q:.6g} at the end"
            )
    states = _sorted(first)
    alphabet = _sorted(symbol for word in found for symbol in word)
    edges = [(word[:-1], word[-1], word[1:], p / first[word[:-1]]) for word, p in found.items()]
    start = np.array([first[state] for state in states])
    return HMM(_matrices(edges, alphabet, states), start / start.sum(), alphabet, states)


def _peer(name: str) -> Any:
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        raise ImportError(f"{name} is not installed: pip install {name}", name=name) from error


def _sorted(names: Iterable[Hashable]) -> tuple[Any, ...]:
    """Distinct names in their order, or by their text where they have none."""
    distinct: list[Any] = list(dict.fromkeys(names))
    try:
        return tuple(sorted(distinct))
    except TypeError:
        return tuple(sorted(distinct, key=repr))


def _matrices(
    edges: Iterable[tuple[Hashable, Hashable, Hashable, float]],
    alphabet: tuple[Hashable, ...],
    states: tuple[Hashable, ...],
) -> Float[np.ndarray, "symbol state state"]:
    symbol_place = {symbol: x for x, symbol in enumerate(alphabet)}
    state_place = {state: i for i, state in enumerate(states)}
    T = np.zeros((len(alphabet), len(states), len(states)))
    for source, symbol, target, probability in edges:
        if symbol not in symbol_place:
            raise ValueError(
                f"the edge {source!r} -> {target!r} emits {symbol!r}, which is not in the alphabet {alphabet}"
            )
        T[symbol_place[symbol], state_place[source], state_place[target]] += probability
    return T


def _node_vector(graph: Any, states: tuple[Hashable, ...], key: str) -> list[float] | None:
    """One number for each node, or None if no node has one."""
    given = [graph.nodes[state].get(key) for state in states]
    if all(value is None for value in given):
        return None
    for state, value in zip(states, given, strict=True):
        if value is None:
            raise ValueError(f"the node {state!r} has no {key!r}, but others have: give it to all nodes or to none")
    return [float(value) for value in given]


def _words(
    process: HMM | GHMM, length: int, max_words: int
) -> tuple[Int[np.ndarray, "word time"], Float[np.ndarray, " word"]]:
    """All possible words of one length, in the order of their symbols, and their probabilities; of a lesser length if
    they would be more than `max_words`."""
    words: np.ndarray = np.zeros((1, 0), dtype=np.intp)
    vectors = process.start[None]
    for _ in range(length):
        longer = np.einsum("wi,xij->wxj", vectors, process.T).reshape(-1, process.n_state)
        possible = longer @ process.evaluate > 0
        if possible.sum() > max_words:
            break
        symbols = np.tile(np.arange(process.n_symbol), len(words))
        words = np.column_stack([np.repeat(words, process.n_symbol, axis=0), symbols])[possible]
        vectors = longer[possible]
    return words, vectors @ process.evaluate
