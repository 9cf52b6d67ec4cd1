"""Transducers: channels with memory, from a symbol in to a symbol out by way of a state."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from compmech.compose.assembling import MAX_ENTRIES, PresentationTooLarge
from compmech.merging import MERGE_TOL
from compmech.partition import refine
from compmech.validation import SUM_TOL, as_floats, check_count, check_distribution, check_names, frozen


@dataclass(frozen=True, init=False, eq=False, repr=False)
class Transducer:
    """A finite-state channel: T[y, x, i, j] = P(emit y and go to j | in i, read x).

    Frozen, with read-only arrays. It is causal: an output depends on inputs up to its own time. T[y, x] are the
    labelled matrices T^(y|x) of the literature; `epsilon_transducer` merges states of equal behaviour.

    Args:
        T: axes (output, input, state, next_state).
        start: distribution over the states before the first symbol; None: the transducer has been running for ever on
            its input, and is in what the two settle into.
        inputs: names of the inputs, which are matched to a process's symbols by name; None: 0, 1, ...
        outputs: names of the outputs; None: 0, 1, ...
        states: names of the states; None: 0, 1, ...
        name: what the transducer is called.
    Raises:
        ValueError: naming the entry that is wrong and the likely repair.
    Reference:
        Barnett and Crutchfield, Journal of Statistical Physics 161, 404 (2015), arXiv 1412.2690.
    Example:
        >>> delay = np.zeros((2, 2, 2, 2))
        >>> for last in (0, 1):
        ...     delay[last, :, last] = np.eye(2)     # emit the last input, remember this one
        >>> Transducer(delay, name="delay")
        Transducer(delay: 2 states, 2 inputs, 2 outputs)
    """

    T: Float[np.ndarray, "output input state state"]
    start: Float[np.ndarray, " state"] | None
    inputs: tuple[Hashable, ...]
    outputs: tuple[Hashable, ...]
    states: tuple[Hashable, ...]
    name: str | None

    def __init__(
        self,
        T: ArrayLike,
        start: ArrayLike | None = None,
        inputs: Iterable[Hashable] | None = None,
        outputs: Iterable[Hashable] | None = None,
        states: Iterable[Hashable] | None = None,
        name: str | None = None,
    ) -> None:
        object.__setattr__(self, "T", frozen(_check_matrices(T)))
        given = None if start is None else check_distribution(start, self.n_state)
        object.__setattr__(self, "start", None if given is None else frozen(given / given.sum()))
        object.__setattr__(self, "inputs", check_names(inputs, self.T.shape[1], "inputs"))
        object.__setattr__(self, "outputs", check_names(outputs, self.T.shape[0], "outputs"))
        object.__setattr__(self, "states", check_names(states, self.n_state, "states"))
        object.__setattr__(self, "name", name)

    @property
    def n_state(self) -> int:
        """Number of states."""
        return int(self.T.shape[2])

    @cached_property
    def evaluate(self) -> Float[np.ndarray, " state"]:
        """All ones, as for an HMM."""
        return frozen(np.ones(self.n_state))

    @cached_property
    def is_unifilar(self) -> bool:
        """Whether state, input and output determine the next state, as they do in an epsilon-transducer."""
        return bool(((self.T > 0).sum(axis=3) <= 1).all())

    @cached_property
    def emission(self) -> Float[np.ndarray, "state input output"]:
        """P(output | state, input)."""
        return frozen(np.moveaxis(self.T.sum(axis=3), 2, 0).transpose(0, 2, 1))

    def __repr__(self) -> str:
        named = "" if self.name is None else f"{self.name}: "
        return f"Transducer({named}{self.n_state} states, {len(self.inputs)} inputs, {len(self.outputs)} outputs)"

    def __reduce__(self) -> tuple[Any, ...]:
        return Transducer, (self.T, self.start, self.inputs, self.outputs, self.states, self.name)


def cascade(first: Transducer, second: Transducer, *, max_entries: int = MAX_ENTRIES) -> Transducer:
    """Two transducers as one: the outputs of the first are the inputs of the second, at the same time.

    T[z, x] = sum_y T_1[y, x] (x) T_2[z, y], on pairs of states. Symbols in between are matched by name.

    Args:
        max_entries: the most numbers n_output * n_input * n_state ** 2 that the result may have.
    Raises:
        ValueError: if an output of the first is no input of the second, or only one of them has a start.
        PresentationTooLarge: before anything is built.
    Example:
        >>> from compmech.compose import delay_transducer
        >>> cascade(delay_transducer("ab"), delay_transducer("ab")).n_state
        4
    """
    if (first.start is None) != (second.start is None):
        raise ValueError(
            "both transducers must have a start, or neither: one that has been running for ever cannot be fed by one "
            "that begins. Give both start=..."
        )
    order = matched(first.outputs, second.inputs, "output of the first transducer", "the second transducer")
    n_state = first.n_state * second.n_state
    n_pair = len(first.inputs) * len(second.outputs)
    if n_pair * n_state**2 > check_count(max_entries, "max_entries"):
        raise PresentationTooLarge("the cascade of transducers", n_pair, n_state, max_entries)
    T = np.einsum("yxij,zykl->zxikjl", first.T, second.T[:, order])
    names = (first.name, second.name)
    return Transducer(
        T.reshape(len(second.outputs), len(first.inputs), n_state, n_state),
        start=None if first.start is None or second.start is None else np.kron(first.start, second.start),
        inputs=first.inputs,
        outputs=second.outputs,
        states=[(i, k) for i in first.states for k in second.states],
        name=None if None in names else f"cascade({', '.join(str(name) for name in names)})",
    )


def epsilon_transducer(transducer: Transducer, *, merge_tol: float = MERGE_TOL) -> Transducer:
    """The same channel with states of equal behaviour made one: the epsilon-transducer of a unifilar transducer.

    Its states are the causal states of the channel, P(future outputs | future inputs, state), for every input. States
    that cannot be reached stay.

    Args:
        merge_tol: emission probabilities nearer than this are taken to be equal.
    Raises:
        ValueError: if the transducer is not unifilar; the causal states of such a channel are mixed states.
    Reference:
        Barnett and Crutchfield, Journal of Statistical Physics 161, 404 (2015).
    """
    for y, x, i in np.argwhere((transducer.T > 0).sum(axis=3) > 1)[:1]:
        raise ValueError(
            "only unifilar transducers have their causal states among their states; input "
            f"{transducer.inputs[x]!r} and output {transducer.outputs[y]!r} leave state {transducer.states[i]!r} for "
            "several next states"
        )
    emit = transducer.emission.reshape(transducer.n_state, -1)
    after = transducer.T.argmax(axis=3).transpose(2, 1, 0).reshape(transducer.n_state, -1)
    label = refine(emit, np.where(emit > 0, after, -1), merge_tol)
    _, first = np.unique(label, return_index=True)
    member = np.eye(len(first))[label]
    return Transducer(
        transducer.T[:, :, first] @ member,
        start=None if transducer.start is None else transducer.start @ member,
        inputs=transducer.inputs,
        outputs=transducer.outputs,
        states=[transducer.states[i] for i in first],
        name=transducer.name,
    )


def matched(symbols: tuple[Hashable, ...], inputs: tuple[Hashable, ...], what: str, which: str) -> list[int]:
    """The place of each symbol among the inputs of a transducer."""
    missing = [symbol for symbol in symbols if symbol not in inputs]
    if missing:
        raise ValueError(
            f"every {what} must be an input of {which}; {missing[:6]} are none of {inputs[:12]}. "
            "Names must be equal, '1' is not 1: use relabelled, or give the transducer other inputs=..."
        )
    return [inputs.index(symbol) for symbol in symbols]


def _check_matrices(value: ArrayLike) -> Float[np.ndarray, "output input state state"]:
    T = as_floats(value, "T")
    axes = "axes (output, input, state, next_state): T[y, x, i, j] = P(emit y and go to j | in i, read x)"
    if T.ndim != 4 or 0 in T.shape or T.shape[2] != T.shape[3]:
        raise ValueError(f"T must have {axes}; got shape {T.shape}")
    for place in np.argwhere(T < 0)[:1]:
        raise ValueError(f"T must be nonnegative; T{place.tolist()} is {T[tuple(place)]:.6g}, {axes}")
    sums = T.sum(axis=(0, 3))
    for x, i in np.argwhere(abs(sums - 1) > SUM_TOL)[:1]:
        swapped = T.shape[0] == T.shape[1] and np.allclose(T.sum(axis=(1, 3)), 1, rtol=0, atol=SUM_TOL)
        repair = "outputs and inputs exchanged: give np.swapaxes(T, 0, 1)?" if swapped else f"T was read with {axes}."
        raise ValueError(
            f"T must sum to 1 over (output, next_state) for every input and state; input {x}, state {i} sums to "
            f"{sums[x, i]:.9g}; {repair}"
        )
    return np.asarray(T / sums[:, :, None])
