"""The stationary distribution of a process's states."""

from typing import Protocol

import numpy as np
from jaxtyping import Float

from compmech.errors import NotErgodic
from compmech.graph import closed_classes


class HasStationary(Protocol):
    """A presentation that knows its stationary distribution."""

    def stationary(self) -> Float[np.ndarray, " state"]: ...


def stationary(process: HasStationary) -> Float[np.ndarray, " state"]:
    """The distribution over states that one step leaves as it is.

    For a GHMM it is the signed vector pi with pi @ A = pi and pi @ evaluate = 1.

    Raises:
        NotErgodic: if it is not unique, with the closed classes of states.
    """
    return process.stationary()


def stationary_distribution(A: Float[np.ndarray, "state state"]) -> Float[np.ndarray, " state"]:
    """The solution of pi A = pi, sum(pi) = 1 for a stochastic matrix.

    Elimination without subtraction, so that every entry has full relative precision however slowly the chain mixes.

    Raises:
        NotErgodic: if there are several closed classes.
    Reference:
        Grassmann, Taksar and Heyman, Operations Research 33, 1107 (1985).
    """
    classes = closed_classes(*np.nonzero(A), len(A))
    if len(classes) > 1:
        raise NotErgodic([members.tolist() for members in classes])
    members = classes[0]
    rates = A[np.ix_(members, members)].copy()
    n_member = len(members)
    for k in range(n_member - 1, 0, -1):
        rates[:k, k] /= rates[k, :k].sum()
        rates[:k, :k] += np.outer(rates[:k, k], rates[k, :k])
    weight = np.ones(n_member)
    for k in range(1, n_member):
        weight[k] = weight[:k] @ rates[:k, k]
    pi = np.zeros(len(A))
    pi[members] = weight / weight.sum()
    return pi
