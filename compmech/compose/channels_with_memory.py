"""Usual transducers: memoryless, delay, feedforward, feedback, and a channel that is good or bad for a while."""

from collections.abc import Hashable, Iterable
from itertools import product as tuples

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from compmech.compose.assembling import MAX_ENTRIES, PresentationTooLarge
from compmech.compose.channels import check_channel
from compmech.compose.transducer import Transducer
from compmech.validation import SUM_TOL, as_floats, check_count, check_names, check_stochastic


def memoryless_transducer(
    channel: ArrayLike, inputs: Iterable[Hashable], *, outputs: Iterable[Hashable] | None = None
) -> Transducer:
    """A channel P(y|x) as a transducer of one state.

    Args:
        channel: axes (symbol, output), in the order of the inputs.
        inputs: names of the inputs.
        outputs: names of the outputs; None: the inputs again where there are as many, else 0, 1, ...
    """
    names = tuple(inputs)
    matrix = check_channel(channel, len(names))
    same = names if matrix.shape[1] == len(names) else None
    return Transducer(
        matrix.T[:, :, None, None],
        start=[1.0],
        inputs=names,
        outputs=same if outputs is None else outputs,
        name="memoryless",
    )


def delay_transducer(
    symbols: Iterable[Hashable], delay: int = 1, *, start: ArrayLike | None = None, max_entries: int = MAX_ENTRIES
) -> Transducer:
    """Each symbol comes out `delay` steps after it went in. States are the last inputs, oldest first.

    Args:
        symbols: names of inputs and outputs.
        delay: d >= 0; there are n_symbol ** d states.
        start: distribution over what comes out first, in lexicographic order; None: the past of the input.
        max_entries: the most numbers n_symbol ** 2 * n_state ** 2 that the transducer may have.
    Raises:
        PresentationTooLarge: before anything is built.
    """
    given = tuple(symbols)
    names = check_names(given, len(given), "symbols")
    n, d = len(names), check_count(delay, "delay")
    n_state = n**d
    if n**2 * n_state**2 > check_count(max_entries, "max_entries"):
        raise PresentationTooLarge(f"a delay by {d} of {n} symbols", n**2, n_state, max_entries)
    T = np.zeros((n, n, n_state, n_state))
    state = np.arange(n_state)
    for x in range(n):
        waiting = state * n + x  # the last d inputs and this one, as digits
        T[waiting // n_state, x, state, waiting % n_state] = 1
    states = list(tuples(names, repeat=d)) if d != 1 else list(names)
    return Transducer(T, start=start, inputs=names, outputs=names, states=states, name="delay")


def feedforward_transducer(
    kernel: ArrayLike,
    inputs: Iterable[Hashable] | None = None,
    *,
    outputs: Iterable[Hashable] | None = None,
    start: ArrayLike | None = None,
) -> Transducer:
    """A channel whose output depends on this input and the one before: its states are the last input.

    Args:
        kernel: P(y | x, previous x), axes (previous_input, input, output).
        inputs: names of the inputs, which are those of the states.
        outputs: names of the outputs.
        start: distribution over the input before the first; None: the past of the input.
    Example:
        >>> change = np.zeros((2, 2, 2))
        >>> for before, now in np.ndindex(2, 2):
        ...     change[before, now, before ^ now] = 1     # 1 where the input changes
        >>> feedforward_transducer(change)
        Transducer(feedforward: 2 states, 2 inputs, 2 outputs)
    """
    table = _check_kernel(kernel, "(previous_input, input, output)")
    if table.shape[0] != table.shape[1]:
        raise ValueError(f"kernel must have as many previous inputs as inputs; got shape {table.shape}")
    names = check_names(inputs, table.shape[1], "inputs")
    T = np.einsum("pxy,xj->yxpj", table, np.eye(len(names)))
    return Transducer(T, start=start, inputs=names, outputs=outputs, states=names, name="feedforward")


def feedback_transducer(
    kernel: ArrayLike,
    inputs: Iterable[Hashable] | None = None,
    *,
    outputs: Iterable[Hashable] | None = None,
    start: ArrayLike | None = None,
) -> Transducer:
    """A channel whose output depends on this input and the output before: its states are the last output.

    Args:
        kernel: P(y | x, previous y), axes (previous_output, input, output).
        inputs: names of the inputs.
        outputs: names of the outputs, which are those of the states.
        start: distribution over the output before the first; None: what it settles into.
    """
    table = _check_kernel(kernel, "(previous_output, input, output)")
    if table.shape[0] != table.shape[2]:
        raise ValueError(f"kernel must have as many previous outputs as outputs; got shape {table.shape}")
    names = check_names(outputs, table.shape[2], "outputs")
    T = np.einsum("pxy,yj->yxpj", table, np.eye(len(names)))
    return Transducer(T, start=start, inputs=inputs, outputs=names, states=names, name="feedback")


def switching_channel(
    channels: ArrayLike,
    switch: ArrayLike,
    inputs: Iterable[Hashable] | None = None,
    *,
    outputs: Iterable[Hashable] | None = None,
    states: Iterable[Hashable] | None = None,
    start: ArrayLike | None = None,
) -> Transducer:
    """A channel that wanders between several, whatever passes through it; good and bad times of a line, say.

    Each symbol goes through the channel of the state the transducer is in, which then moves as a Markov chain.

    Args:
        channels: P(y | x) in each state, axes (state, input, output).
        switch: the chain's transition matrix, axes (state, next_state).
        inputs: names of the inputs.
        outputs: names of the outputs; None: the inputs again where there are as many, else 0, 1, ...
        states: names of the states.
        start: distribution over the states; None: the stationary one.
    Reference:
        Gilbert, Bell System Technical Journal 39, 1253 (1960).
    """
    table = _check_kernel(channels, "(state, input, output)")
    chain = check_stochastic(as_floats(switch, "switch")[None])[0]
    if len(chain) != len(table):
        raise ValueError(f"switch must have a row for each of the {len(table)} channels; got shape {chain.shape}")
    names = check_names(inputs, table.shape[1], "inputs")
    same = names if table.shape[2] == len(names) else None
    T = np.einsum("ixy,ij->yxij", table, chain)
    return Transducer(
        T,
        start=start,
        inputs=names,
        outputs=same if outputs is None else outputs,
        states=states,
        name="switching",
    )


def _check_kernel(value: ArrayLike, axes: str) -> Float[np.ndarray, "memory input output"]:
    kernel = as_floats(value, "kernel")
    if kernel.ndim != 3 or 0 in kernel.shape:
        raise ValueError(f"kernel must have axes {axes}; got shape {kernel.shape}")
    for place in np.argwhere(kernel < 0)[:1]:
        raise ValueError(f"kernel must be nonnegative; kernel{place.tolist()} is {kernel[tuple(place)]:.6g}")
    sums = kernel.sum(axis=2)
    for before, x in np.argwhere(abs(sums - 1) > SUM_TOL)[:1]:
        raise ValueError(
            f"kernel must sum to 1 over outputs, its last axis; [{before}, {x}] sums to {sums[before, x]:.9g}. "
            f"It was read with axes {axes}."
        )
    return kernel
