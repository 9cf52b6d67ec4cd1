"""Long-run behaviour of a chain of states: its stationary distribution, and in which closed class it ends."""

from math import fsum
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Int

from compmech.errors import NotErgodic
from compmech.graph import FEW, closed_classes, period

# Up to this many states the exact elimination is the quickest way as well; up to the second number it takes seconds.
_ELIMINATE = 400
_ELIMINATE_SLOW = 2000

# With more states, this many steps of the chain are tried, until what is left of the start is below rounding.
_STEPS = 2000
_ROUNDING = 1e-15


@runtime_checkable
class HasStationary(Protocol):
    """A presentation that knows its stationary distribution."""

    def stationary(self) -> Float[np.ndarray, " state"]:
        """See `compmech.stationary`."""
        ...


def stationary(process: HasStationary) -> Float[np.ndarray, " state"]:
    """The distribution over states that one step leaves as it is.

    With several closed classes of states there are many, and it is the one that the process's own start settles into: a
    stationary start itself, to rounding. `HMM(T, start=stationary(process))` is stationary whatever the start of
    `process` is. For a GHMM it is the signed vector pi with pi @ A = pi and pi @ evaluate = 1.

    Raises:
        ValueError: for a GHMM, whose states are coordinates without classes, if it is not unique.
    """
    return process.stationary()


def long_run_distribution(
    source: Int[np.ndarray, " edge"],
    target: Int[np.ndarray, " edge"],
    weight: Float[np.ndarray, " edge"],
    start: Float[np.ndarray, " state"],
) -> Float[np.ndarray, " state"]:
    """The stationary distribution of each closed class, times the probability of ending there."""
    n_state = len(start)
    classes = closed_classes(source, target, n_state)
    if len(classes) == 1:
        return stationary_distribution(source, target, weight, n_state)
    pi = np.zeros(n_state)
    for members, ends in zip(classes, class_weights(source, target, weight, start, classes), strict=True):
        place = np.full(n_state, -1)
        place[members] = np.arange(len(members))
        inside = place[source] >= 0
        within = stationary_distribution(place[source[inside]], place[target[inside]], weight[inside], len(members))
        pi[members] = ends * within
    return np.asarray(pi / pi.sum())


def stationary_distribution(
    source: Int[np.ndarray, " edge"],
    target: Int[np.ndarray, " edge"],
    weight: Float[np.ndarray, " edge"],
    n_state: int,
) -> Float[np.ndarray, " state"]:
    """The solution of pi A = pi, sum(pi) = 1 for a stochastic matrix given by its positive entries.

    Raises:
        NotErgodic: if there are several closed classes.
    """
    classes = closed_classes(source, target, n_state)
    if len(classes) > 1:
        raise NotErgodic([members.tolist() for members in classes])
    members = classes[0]
    solve = _eliminate if len(members) <= _ELIMINATE else _iterate
    if len(members) == n_state:
        return solve(source, target, weight, n_state)
    place = np.full(n_state, -1)
    place[members] = np.arange(len(members))
    inside = place[source] >= 0
    pi = np.zeros(n_state)
    pi[members] = solve(place[source[inside]], place[target[inside]], weight[inside], len(members))
    return pi


def _eliminate(
    source: Int[np.ndarray, " edge"], target: Int[np.ndarray, " edge"], weight: Float[np.ndarray, " edge"], n_state: int
) -> Float[np.ndarray, " state"]:
    """Gaussian elimination without subtraction: every entry to full relative precision, however slowly the chain mixes.

    Reference:
        Grassmann, Taksar and Heyman, Operations Research 33, 1107 (1985).
    """
    if n_state <= FEW:
        return _eliminate_few(source, target, weight, n_state)
    rates = np.zeros((n_state, n_state))
    np.add.at(rates, (source, target), weight)
    for k in range(n_state - 1, 0, -1):
        rates[:k, k] /= rates[k, :k].sum()
        rates[:k, :k] += np.outer(rates[:k, k], rates[k, :k])
    pi = np.ones(n_state)
    for k in range(1, n_state):
        pi[k] = pi[:k] @ rates[:k, k]
    return np.asarray(pi / pi.sum())


def _eliminate_few(
    source: Int[np.ndarray, " edge"], target: Int[np.ndarray, " edge"], weight: Float[np.ndarray, " edge"], n_state: int
) -> Float[np.ndarray, " state"]:
    """The same in Python's numbers: for a few states numpy's calls alone would take longer."""
    rates = [[0.0] * n_state for _ in range(n_state)]
    for i, j, rate in zip(source.tolist(), target.tolist(), weight.tolist(), strict=True):
        rates[i][j] += rate
    for k in range(n_state - 1, 0, -1):
        leaving = rates[k]
        total = fsum(leaving[:k])
        for row in rates[:k]:
            if row[k]:
                row[k] /= total
                for j in range(k):
                    row[j] += row[k] * leaving[j]
    pi = [1.0]
    for k in range(1, n_state):
        pi.append(fsum([part * row[k] for part, row in zip(pi, rates[:k], strict=True)]))
    whole = fsum(pi)
    return np.array([part / whole for part in pi])


def _iterate(
    source: Int[np.ndarray, " edge"], target: Int[np.ndarray, " edge"], weight: Float[np.ndarray, " edge"], n_state: int
) -> Float[np.ndarray, " state"]:
    """The same by steps of the chain, for many states that mix fast; those that do not are solved for after all.

    A chain with barriers can seem to have settled when it has not. So a difference of two starts, generic in direction,
    is carried along: when that is gone, so is all trace of the start.
    """
    from scipy.sparse import csr_array, eye_array

    moves = csr_array((weight, (target, source)), shape=(n_state, n_state))
    if (
        period(source, target, np.arange(n_state)) > 1
    ):  # a step on average half the time, which does not turn in circles
        moves = csr_array((moves + eye_array(n_state)) / 2)
    generic = np.cos(1.0 + np.arange(n_state) ** 1.5)
    generic -= generic.mean()
    columns = np.stack([np.full(n_state, 1 / n_state), generic / abs(generic).sum()], axis=1)
    for _ in range(_STEPS):
        columns = moves @ columns
        if abs(columns[:, 1]).sum() < _ROUNDING:
            return np.asarray(columns[:, 0] / columns[:, 0].sum())
    return (_eliminate if n_state <= _ELIMINATE_SLOW else _factorise)(source, target, weight, n_state)


def _factorise(
    source: Int[np.ndarray, " edge"], target: Int[np.ndarray, " edge"], weight: Float[np.ndarray, " edge"], n_state: int
) -> Float[np.ndarray, " state"]:
    """The same by a sparse factorisation, the last equation replaced by sum(pi) = 1."""
    from scipy.sparse import csr_array, eye_array
    from scipy.sparse.linalg import splu

    system = (csr_array((weight, (target, source)), shape=(n_state, n_state)) - eye_array(n_state)).tolil()
    system[n_state - 1, :] = 1.0
    last = np.zeros(n_state)
    last[-1] = 1.0
    return np.asarray(splu(system.tocsc()).solve(last))


def class_weights(
    source: Int[np.ndarray, " edge"],
    target: Int[np.ndarray, " edge"],
    weight: Float[np.ndarray, " edge"],
    start: Float[np.ndarray, " state"],
    classes: tuple[Int[np.ndarray, " _"], ...],
) -> Float[np.ndarray, " closed_class"]:
    """The probability of ending in each closed class."""
    if len(classes) == 1:
        return np.ones(1)
    n_state = len(start)
    transient = np.ones(n_state, dtype=bool)
    for members in classes:
        transient[members] = False
    arrived = start.copy()
    if start[transient].any():
        from scipy.sparse import csr_array, eye_array
        from scipy.sparse.linalg import spsolve

        leaving = csr_array((weight, (source, target)), shape=(n_state, n_state))[transient]
        stays = leaving[:, np.flatnonzero(transient)]
        visits = spsolve((eye_array(stays.shape[0]) - stays).T.tocsc(), start[transient])
        arrived += leaving.T @ visits
    return np.array([arrived[members].sum() for members in classes])
