"""State diagrams as data: what every picture and every text format of a machine is made from."""

from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from jaxtyping import Float, Int

from compmech.compose.transducer import Transducer
from compmech.draw.wording import short_number, short_numbers
from compmech.graph import closed_classes
from compmech.hmm import GHMM, HMM, AnyPresentation, as_presentation
from compmech.mixed_state import MixedStatePresentation
from compmech.stationarity import is_stationary

Kind = Literal["recurrent", "transient", "unexpanded", "coordinate"]


@dataclass(frozen=True)
class Node:
    """A state.

    Attributes:
        name: as text.
        kind: recurrent: in a closed class; transient: left for good sooner or later; unexpanded: a mixed state whose
            successors are not all known; coordinate: of a GHMM, whose states are nothing one can be in.
        entry: label of the arrow that marks a start state, "" where that has probability 1; None: no arrow.
        note: second line: the stationary probability of a stationary process, start and evaluation weight of a GHMM.
    """

    name: str
    kind: Kind
    entry: str | None = None
    note: str = ""


@dataclass(frozen=True)
class Arrow:
    """All transitions from one state to another: symbols as text, each with its probability (GHMM: weight)."""

    source: int
    target: int
    symbols: tuple[str, ...]
    weights: tuple[float, ...]

    @property
    def numbers(self) -> tuple[str, ...]:
        """The probabilities as text, all as fractions or all as decimals."""
        return short_numbers(self.weights)

    @property
    def labels(self) -> tuple[str, ...]:
        """One label for each symbol, with its probability after a colon."""
        return tuple(f"{x}:{number}" for x, number in zip(self.symbols, self.numbers, strict=True))

    @property
    def is_negative(self) -> bool:
        """Whether all of the weights are negative, which only a GHMM allows."""
        return all(weight < 0 for weight in self.weights)


@dataclass(frozen=True)
class Diagram:
    """A state diagram.

    Attributes:
        title: the process's name, or "".
        legend: what the second lines of the nodes say, or "".
    """

    nodes: tuple[Node, ...]
    arrows: tuple[Arrow, ...]
    title: str = ""
    legend: str = ""


Drawable: TypeAlias = AnyPresentation | MixedStatePresentation | Transducer | Diagram


def diagram(
    process: Drawable, *, alphabet: Sequence[Hashable] | None = None, states: Sequence[Hashable] | None = None
) -> Diagram:
    """The state diagram of a process, of its mixed states, or of a transducer (see `transducer_diagram`).

    Symbols that lead from one state to the same other state share an arrow. A start that is stationary is written below
    the names of the states; any other is marked by arrows that come from nowhere.

    Args:
        process: an HMM, EpsilonMachine, GHMM, MixedStatePresentation or Transducer; a Diagram is returned as it is.
        alphabet: names of the symbols of a MixedStatePresentation, which has none; None: 0, 1, ...
        states: names of its nodes; None: 0, 1, ... in order of discovery.
    Raises:
        ValueError: if it is none of these, or names are given for what has its own.
    Example:
        >>> from compmech import zoo
        >>> found = diagram(zoo.golden_mean())
        >>> [(arrow.source, arrow.target, arrow.labels) for arrow in found.arrows]
        [(0, 0, ('0:1/2',)), (0, 1, ('1:1/2',)), (1, 0, ('0:1',))]
    """
    if isinstance(process, MixedStatePresentation):
        return _of_mixed_states(process, alphabet, states)
    if alphabet is not None or states is not None:
        raise ValueError("alphabet and states name the parts of a MixedStatePresentation; other processes have names")
    if isinstance(process, Diagram):
        return process
    if isinstance(process, Transducer):
        return transducer_diagram(process)
    presentation = as_presentation(process)
    symbol, source, target = np.nonzero(presentation.T)
    arrows = _arrows(source, symbol, target, presentation.T[symbol, source, target], presentation.alphabet)
    nodes, legend = _coordinates(presentation) if isinstance(presentation, GHMM) else _states(presentation)
    return Diagram(nodes, arrows, presentation.name or "", legend)


def transducer_diagram(
    transducer: Transducer,
    *,
    weight: Sequence[float] | Float[np.ndarray, " state"] | None = None,
    unread: Collection[tuple[Hashable, Hashable]] = (),
) -> Diagram:
    """The state diagram of a channel. A label y|x:p is output y, given input x, with probability p.

    Args:
        weight: how likely each state is, which depends on the input; it is written below the names.
        unread: states and the inputs that they never read, by name; their transitions are left out.
    Raises:
        ValueError: if `weight` has not one number for each state.
    Example:
        >>> from compmech.compose import Transducer
        >>> channel = Transducer([[[[0.75]], [[0.25]]], [[[0.25]], [[0.75]]]])
        >>> [arrow.labels for arrow in transducer_diagram(channel).arrows]
        [('0|0:3/4', '1|0:1/4', '0|1:1/4', '1|1:3/4')]
    """
    if weight is not None and len(weight) != transducer.n_state:
        raise ValueError(f"weight must hold {transducer.n_state} numbers, one for each state; got {len(weight)}")
    T = transducer.T.copy()
    for state, name in unread:
        T[:, transducer.inputs.index(name), transducer.states.index(state)] = 0
    x, y, source, target = np.nonzero(T.swapaxes(0, 1))
    labels = tuple(f"{output}|{name}" for name in transducer.inputs for output in transducer.outputs)
    arrows = _arrows(source, x * len(transducer.outputs) + y, target, T[y, x, source, target], labels)
    recurrent = {i for members in closed_classes(source, target, transducer.n_state) for i in members}
    nodes = []
    for i, name in enumerate(transducer.states):
        p = 0.0 if transducer.start is None else float(transducer.start[i])
        entry = None if p == 0 else "" if p == 1 else short_number(p)
        note = "" if weight is None else short_number(float(weight[i]))
        nodes.append(Node(str(name), "recurrent" if i in recurrent else "transient", entry, note))
    legend = "output | input : probability"
    if weight is not None:
        legend += "; below each state: how often the data are in it"
    return Diagram(tuple(nodes), arrows, transducer.name or "", legend)


def _states(process: HMM) -> tuple[tuple[Node, ...], str]:
    source, target = np.nonzero(process.A)
    recurrent = np.zeros(process.n_state, dtype=bool)
    for members in closed_classes(source, target, process.n_state):
        recurrent[members] = True
    start = process.start
    settled = is_stationary(process)
    is_spread = bool(start.max() < 1)
    nodes = []
    for name, p, stays in zip(process.states, start, recurrent, strict=True):
        shown = short_number(float(p)) if p > 0 and is_spread else ""
        entry = None if p == 0 or (settled and is_spread) else shown
        note = shown if settled else ""
        nodes.append(Node(str(name), "recurrent" if stays else "transient", entry, note))
    return tuple(nodes), "below each state: its stationary probability" if settled and is_spread else ""


def _coordinates(process: GHMM) -> tuple[tuple[Node, ...], str]:
    weights = zip(process.states, process.start, process.evaluate, strict=True)
    nodes = tuple(
        Node(str(name), "coordinate", None, f"{short_number(float(s))}, {short_number(float(e))}")
        for name, s, e in weights
    )
    return nodes, "below each coordinate: its start and evaluation weight"


def _of_mixed_states(
    mixed: MixedStatePresentation, alphabet: Sequence[Hashable] | None, states: Sequence[Hashable] | None
) -> Diagram:
    n_symbol = mixed.emit.shape[1]
    symbols = _names(alphabet, n_symbol, "alphabet")
    names = _names(states, mixed.n_mixed, "states")
    source, symbol = np.nonzero(mixed.successor >= 0)
    target, probability = mixed.successor[source, symbol], mixed.emit[source, symbol]
    order = np.argsort(symbol, kind="stable")
    arrows = _arrows(source[order], symbol[order], target[order], probability[order], symbols)
    kinds: list[Kind] = [
        "unexpanded" if open_ else "recurrent" if stays else "transient"
        for open_, stays in zip(mixed.unexpanded, mixed.recurrent, strict=True)
    ]
    nodes = (
        Node(str(name), kind, "" if i == 0 else None) for i, (name, kind) in enumerate(zip(names, kinds, strict=True))
    )
    return Diagram(tuple(nodes), arrows)


def _names(given: Sequence[Hashable] | None, count: int, what: str) -> tuple[Hashable, ...]:
    if given is None:
        return tuple(range(count))
    if len(given) != count:
        raise ValueError(f"{what} must hold {count} names, one for each; got {len(given)}")
    return tuple(given)


def _arrows(
    source: Int[np.ndarray, " edge"],
    symbol: Int[np.ndarray, " edge"],
    target: Int[np.ndarray, " edge"],
    weight: Float[np.ndarray, " edge"],
    alphabet: tuple[Hashable, ...],
) -> tuple[Arrow, ...]:
    """Edges in order of their symbols, gathered by their ends."""
    gathered: dict[tuple[int, int], list[tuple[str, float]]] = {}
    for i, x, j, w in zip(source.tolist(), symbol.tolist(), target.tolist(), weight.tolist(), strict=True):
        gathered.setdefault((i, j), []).append((str(alphabet[x]), w))
    return tuple(
        Arrow(i, j, tuple(x for x, _ in found), tuple(w for _, w in found))
        for (i, j), found in sorted(gathered.items())
    )
