"""Ephemeral information r = H[X_0 | past, future], from beliefs about the two sides of a symbol.

Letters: l_i = P(S_0 = i, what is known of the past), S_0 the state before the symbol; m_j = P(S_1 = j, what is known of
the future), S_1 the state after it. Then P(x, both known) = sum_ij l_i T[x, i, j] m_j / pi_j.

Reference:
    James, Ellison and Crutchfield, Chaos 21, 037109 (2011).
"""

import numpy as np
from jaxtyping import Float

from compmech.measures.contexts import Contexts
from compmech.measures.interval import Bounds, between, entropy, surprise

# Numbers handled at once: they stay in the cache, and memory does not grow with the symbols.
_AT_ONCE = 2**18


def ephemeral(
    T: Float[np.ndarray, "symbol state state"],
    pi: Float[np.ndarray, " state"],
    past: Float[np.ndarray, "left state"],
    future: Float[np.ndarray, "right state"],
) -> float:
    """H[X_0 | known past, known future] in bits; every row of `past` and of `future` is one thing that may be known."""
    after = np.einsum("xij,rj->irx", T, future / pi)
    n_left = max(1, _AT_ONCE // after[0].size)
    total = 0.0
    for first in range(0, len(past), n_left):
        joint = np.tensordot(past[first : first + n_left], after, 1)
        total += float((entropy(joint) - surprise(joint.sum(axis=-1))).sum())
    return total


def ephemeral_bounds(
    T: Float[np.ndarray, "symbol state state"],
    pi: Float[np.ndarray, " state"],
    past: Contexts | None,
    future: Contexts,
) -> Bounds:
    """r between its values when the states beyond the words known are known as well, and when they are not.

    Args:
        past: contexts of the process; None: the state before the symbol is a function of the past, as in a machine
            whose states are causal.
        future: contexts of the process read backwards.
    """
    left = (np.diag(pi), np.diag(pi)) if past is None else _rows(past)
    right = _rows(future)
    return between(ephemeral(T, pi, left[1], right[1]), ephemeral(T, pi, left[0], right[0])).at_least(0.0)


def _rows(known: Contexts) -> tuple[Float[np.ndarray, "word state"], Float[np.ndarray, "row state"]]:
    """Near states joint with the words alone, and joint with the words and the states at their far ends."""
    return known.joint.sum(axis=1), known.joint.reshape(-1, known.joint.shape[-1])
