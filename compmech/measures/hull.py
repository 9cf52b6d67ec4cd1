"""A simplex that holds all beliefs a process can lead to: smaller than the simplex of states, and as easy to use.

Beliefs after one symbol have in every coordinate at least the smallest value that any symbol leaves it. Those with
eta_i >= m_i form a simplex with corners m + (1 - sum m) e_i; its images lie in a smaller one, and so on.
"""

import numpy as np
from jaxtyping import Float

# Steps towards the smallest such simplex, and what is left for rounding.
_STEPS = 100
_SLACK = 1e-12


def least_coordinates(T: Float[np.ndarray, "symbol state state"]) -> Float[np.ndarray, " state"]:
    """m: what every coordinate of a belief is at least, once many symbols have been read.

    A coordinate of f_x(eta) is a ratio of linear functions, and so is least at a corner.

    Example:
        >>> from compmech import zoo
        >>> least_coordinates(zoo.mess3(x=0.15, a=0.6).T).round(4).tolist()
        [0.0909, 0.0909, 0.0909]
    """
    n = T.shape[1]
    least = np.zeros(n)
    for _ in range(_STEPS):
        moved = (corners(least) @ T).reshape(-1, n)
        total = moved.sum(axis=1)
        possible = total > 0
        further = (moved[possible] / total[possible, None]).min(axis=0) * (1 - _SLACK)
        if (further <= least).all():
            break
        least = np.maximum(least, further)
    return least


def corners(least: Float[np.ndarray, " state"]) -> Float[np.ndarray, "corner state"]:
    """The corners of the simplex of beliefs with eta_i >= m_i."""
    return np.asarray(max(0.0, 1 - float(least.sum())) * np.eye(len(least)) + least)
