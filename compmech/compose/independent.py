"""Independent processes side by side, read as one whose symbols are tuples."""

from functools import reduce
from itertools import product as tuples
from math import prod

import numpy as np
from jaxtyping import Float

from compmech.compose.assembling import MAX_ENTRIES, HasEvaluate, as_parts, assembled, check_budget, composed_name
from compmech.hmm import GHMM, HMM, AnyPresentation


def product(*factors: AnyPresentation, max_entries: int = MAX_ENTRIES) -> HMM | GHMM:
    """Independent processes in step: the symbol at each time is the tuple of theirs, the state the tuple of theirs.

    P((w, v)) = P(w) P(v). Entropy rates, E and (for a minimal machine) C add up. The start is the product of the
    starts, so stationary factors make a stationary product, though of periodic ones it may not be ergodic. The belief
    is the product of the factors' beliefs; `factor_maps` leads back to these.

    Args:
        factors: any number of processes. A single one is wrapped: its symbols become tuples of one.
        max_entries: the most numbers n_symbol * n_state ** 2 that the product may have.
    Returns:
        An HMM, or a GHMM if one of the factors is one.
    Raises:
        PresentationTooLarge: before anything is built.
    Reference:
        arXiv 2602.02385 (factored processes and their belief geometry).
    Example:
        >>> from compmech import zoo
        >>> both = product(zoo.golden_mean(), zoo.even())
        >>> both.alphabet[:2], both.states[1]
        ((('0', '0'), ('0', '1')), ('A', 'B'))
    """
    parts = as_parts(factors, "product", max_entries)
    check_budget("the product", prod(p.n_symbol for p in parts), prod(p.n_state for p in parts), max_entries)
    signed = any(isinstance(part, GHMM) for part in parts)
    return assembled(
        reduce(_side_by_side, (part.T for part in parts)),
        reduce(np.kron, (part.start for part in parts)),
        reduce(np.kron, (part.evaluate for part in parts)) if signed else None,
        tuples(*(part.alphabet for part in parts)),
        tuples(*(part.states for part in parts)),
        composed_name("product", *parts),
    )


def factor_maps(*factors: HasEvaluate) -> tuple[Float[np.ndarray, "joint_state factor_state"], ...]:
    """From the belief of a product, or of a coupled process, to the belief of each factor: belief @ maps[i].

    Column j of map i adds up the joint states in which factor i is in state j.

    Args:
        factors: those that were given to `product` or `coupled`, in the same order.
    Example:
        >>> from compmech import zoo
        >>> first, second = factor_maps(zoo.golden_mean(), zoo.z1r())
        >>> first.shape, second.shape
        ((6, 2), (6, 3))
    """
    vectors = [np.asarray(factor.evaluate)[:, None] for factor in factors]
    maps = []
    for i, vector in enumerate(vectors):
        blocks = [*vectors[:i], np.eye(len(vector)), *vectors[i + 1 :]]
        maps.append(reduce(np.kron, blocks))
    return tuple(maps)


def _side_by_side(
    left: Float[np.ndarray, "symbol state state"], right: Float[np.ndarray, "other other_state other_state"]
) -> Float[np.ndarray, "both both_state both_state"]:
    n_symbol, n_state = len(left) * len(right), left.shape[1] * right.shape[1]
    return np.asarray(np.einsum("xij,ykl->xyikjl", left, right).reshape(n_symbol, n_state, n_state))
