"""Time reversal: the process read from right to left.

    P_reverse(x_1 ... x_n) = P(x_n ... x_1)

With a stationary distribution pi over states, the same states walked backwards are R[x, j, i] = pi_i T[x, i, j] / pi_j.
In signed coordinates no division is needed: P(x_n ... x_1) = start @ T[x_n] ... T[x_1] @ evaluate is its own transpose,
so start and evaluate change places.
"""

import numpy as np
from jaxtyping import Float

from compmech.graph import closed_classes
from compmech.hmm import GHMM, HMM, AnyPresentation
from compmech.minimal import restrict
from compmech.stationarity import as_stationary
from compmech.stationary import class_weights


def reverse(process: AnyPresentation) -> HMM | GHMM:
    """The stationary process read from right to left.

    The states are the same ones, those of probability zero left out; a unifilar machine becomes in general one that is
    not. `epsilon_machine(reverse(process))` has the reverse causal states, where they are finitely many. Reversed
    twice, it is the process again. Mixtures of closed classes keep their weights.

    Args:
        process: an HMM, GHMM or EpsilonMachine whose start is stationary.
    Returns:
        An HMM, or a GHMM where one was given.
    Raises:
        NotStationary: if one step changes the start; `stationary(process)` gives the distribution that it does not.
    Reference:
        Ellison, Mahoney and Crutchfield, J. Stat. Phys. 136, 1005 (2009).
    Example:
        >>> from compmech import epsilon_machine, zoo
        >>> rip = zoo.rip()
        >>> epsilon_machine(rip).n_state, epsilon_machine(reverse(rip)).n_state
        (3, 4)
    """
    presentation = as_stationary(process)
    name = None if presentation.name is None else f"{presentation.name} reversed"
    if isinstance(presentation, GHMM):
        return GHMM(
            presentation.T.transpose(0, 2, 1),
            presentation.evaluate,
            presentation.start,
            alphabet=presentation.alphabet,
            states=presentation.states,
            name=name,
        )
    pi = _long_run(presentation)
    kept = np.flatnonzero(pi > 0)
    flow = pi[kept, None] * presentation.T[:, kept[:, None], kept]  # P(state, symbol, next state)
    return HMM(
        flow.transpose(0, 2, 1) / flow.sum(axis=(0, 1))[None, :, None],
        start=pi[kept],
        alphabet=presentation.alphabet,
        states=[presentation.states[i] for i in kept],
        name=name,
    )


def _long_run(process: HMM) -> Float[np.ndarray, " state"]:
    """The stationary start to full relative precision: that of each closed class, times the start's weight there."""
    source, target = np.nonzero(process.A)
    classes = closed_classes(source, target, process.n_state)
    weights = class_weights(source, target, process.A[source, target], process.start, classes)
    pi = np.zeros(process.n_state)
    for members, weight in zip(classes, weights, strict=True):
        if weight > 0:
            pi[members] = weight * restrict(process, members, None).start
    return pi
