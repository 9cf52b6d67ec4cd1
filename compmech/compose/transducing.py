"""Transducers at work: the process that comes out when one goes in, and both together."""

import numpy as np
from jaxtyping import Float

from compmech.compose.assembling import MAX_ENTRIES, HasEvaluate, as_part, assembled, check_budget, composed_name
from compmech.compose.independent import factor_maps
from compmech.compose.settling import long_run
from compmech.compose.transducer import Transducer, matched
from compmech.hmm import GHMM, HMM, AnyPresentation
from compmech.measures.interval import entropy
from compmech.stationarity import is_stationary
from compmech.validation import SUM_TOL


def transduced(process: AnyPresentation, transducer: Transducer, *, max_entries: int = MAX_ENTRIES) -> HMM | GHMM:
    """The output of a transducer that reads a process: P(v) = sum over words w of P(w) P(v | w).

    The states are pairs (state of the process, state of the transducer); `transduced_maps` gives the belief of each.
    Symbols are matched by name. If the transducer has no start it has been running for ever, so that a stationary
    process has a stationary output; with a start it begins with the first symbol.

    Args:
        max_entries: the most numbers n_output * n_state ** 2 that the result may have.
    Raises:
        ValueError: if a symbol of the process is no input, or the transducer's start is missing and cannot be told: the
            process is not stationary, or the transducer never forgets in which state it was.
        PresentationTooLarge: before anything is built.
    Reference:
        Barnett and Crutchfield, Journal of Statistical Physics 161, 404 (2015).
    Example:
        >>> from compmech import equivalent, zoo
        >>> from compmech.compose import delay_transducer
        >>> late = transduced(zoo.nemo(), delay_transducer("01"))
        >>> equivalent(late, zoo.nemo())     # a stationary process does not show a delay
        True
    """
    part = as_part(process, max_entries)
    order = matched(part.alphabet, transducer.inputs, "symbol of the process", "the transducer")
    n_output, n_state = len(transducer.outputs), part.n_state * transducer.n_state
    check_budget("the transduced process", n_output, n_state, max_entries)
    T = np.einsum("xij,yxkl->yikjl", part.T, transducer.T[:, order]).reshape(n_output, n_state, n_state)
    return _behind(part, transducer, T, transducer.outputs, "transduced")


def joint_process(process: AnyPresentation, transducer: Transducer, *, max_entries: int = MAX_ENTRIES) -> HMM | GHMM:
    """A process and the output of a transducer that reads it, together: symbols are pairs (input, output).

    Pairs that cannot occur are in the alphabet too. For the rest see `transduced`.

    Args:
        max_entries: the most numbers n_input * n_output * n_state ** 2 that the result may have.
    """
    part = as_part(process, max_entries)
    order = matched(part.alphabet, transducer.inputs, "symbol of the process", "the transducer")
    n_output, n_state = len(transducer.outputs), part.n_state * transducer.n_state
    n_pair = part.n_symbol * n_output
    check_budget("the joint process", n_pair, n_state, max_entries)
    T = np.einsum("xij,yxkl->xyikjl", part.T, transducer.T[:, order]).reshape(n_pair, n_state, n_state)
    return _behind(part, transducer, T, [(x, y) for x in part.alphabet for y in transducer.outputs], "joint")


def transduced_maps(
    process: HasEvaluate, transducer: Transducer
) -> tuple[Float[np.ndarray, "state process_state"], Float[np.ndarray, "state transducer_state"]]:
    """From the belief of a transduced or joint process to that over the process's states and the transducer's."""
    of_process, of_transducer = factor_maps(process, transducer)
    return of_process, of_transducer


def channel_complexity(process: AnyPresentation, transducer: Transducer, *, max_entries: int = MAX_ENTRIES) -> float:
    """What a transducer remembers of a stationary process that it has been reading for ever: H[state], in bits.

    Of an epsilon-transducer it is the statistical complexity of the channel on this input. The transducer's own start
    does not matter.

    Args:
        max_entries: the most numbers that the two together may have, as for `transduced`.
    Raises:
        ValueError: if a symbol of the process is no input, the process is not stationary, or the transducer never
            forgets in which state it was.
        PresentationTooLarge: before anything is built.
    Reference:
        Barnett and Crutchfield, Journal of Statistical Physics 161, 404 (2015).
    Example:
        >>> from compmech import zoo
        >>> from compmech.compose import delay_transducer
        >>> round(channel_complexity(zoo.golden_mean(), delay_transducer("01")), 6)     # H[the last symbol]
        0.918296
    """
    running = Transducer(transducer.T, inputs=transducer.inputs, outputs=transducer.outputs)
    together = transduced(process, running, max_entries=max_entries)
    _, of_transducer = transduced_maps(as_part(process, max_entries), running)
    weight = np.maximum(together.start @ of_transducer, 0.0)  # below 0 by the rounding of signed starts alone
    return float(entropy(weight / weight.sum()))


def _behind(
    part: HMM | GHMM,
    transducer: Transducer,
    T: Float[np.ndarray, "symbol state state"],
    alphabet: tuple[object, ...] | list[tuple[object, object]],
    kind: str,
) -> HMM | GHMM:
    name = composed_name(kind, part)
    if name is not None:
        name = None if transducer.name is None else f"{kind}({part.name}, {transducer.name})"
    arguments = (
        None if isinstance(part, HMM) else np.kron(part.evaluate, transducer.evaluate),
        alphabet,
        [(i, k) for i in part.states for k in transducer.states],
        name,
    )
    if transducer.start is not None:
        return assembled(T, np.kron(part.start, transducer.start), *arguments)
    n_state = transducer.n_state
    even = assembled(T, np.kron(part.start, np.full(n_state, 1 / n_state)), *arguments)
    return even if n_state == 1 else assembled(T, _for_ever(part, even, n_state), *arguments)


def _for_ever(part: HMM | GHMM, together: HMM | GHMM, n_state: int) -> Float[np.ndarray, " state"]:
    """What the two settle into, from whichever state the transducer was in."""
    if not is_stationary(part):
        raise ValueError(
            "the process does not start stationary, so there is no telling in which state a transducer finds itself "
            "that has been running for ever: give Transducer(..., start=...), or settled(process)"
        )
    ends = [long_run(together, np.kron(part.start, unit)) for unit in np.eye(n_state)]
    spread = max(float(abs(end - ends[0]).max()) for end in ends)
    if spread <= SUM_TOL * max(1.0, float(abs(ends[0]).max())):
        return np.asarray(np.mean(ends, axis=0))
    raise ValueError(
        "on this process the transducer never forgets in which state it was: what the two settle into differs by up to "
        f"{spread:.3g} with the state it begins in. Give Transducer(..., start=...) to say which."
    )
