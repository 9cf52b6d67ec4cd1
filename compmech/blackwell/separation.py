"""Whether the images of the beliefs under different symbols are apart, only touch, or may overlap.

Where they are apart, the belief gives the whole past away. Where their interiors are (the open set condition), it does
so but for pasts of probability zero, as a rule. Otherwise several pasts may lead to one belief.
"""

import numpy as np
from jaxtyping import Float

from compmech.blackwell.system import BeliefSystem
from compmech.measures.hull import corners, least_coordinates
from compmech.measures.proofs import separated

APART = "apart"
TOUCHING = "touching"
UNPROVED = "not shown to be apart"

# Said of beliefs that are known to be countably many, where there are no images of pieces of the hull to compare.
POINTS = "points"

# Pairs of images looked at before giving up: for planes strictly between them, and for planes that may touch them,
# which take a linear programme each.
_MAX_PAIRS = 150
_MAX_PROGRAMMES = 40

# Images overlap by no more than rounding, in parts of the distance of their centres.
_TOUCH = 1e-9


def separation(system: BeliefSystem) -> str:
    """How the images of the hull of all beliefs under different symbols lie: `APART`, `TOUCHING` or `UNPROVED`.

    `APART` and `TOUCHING` are proved, to rounding, by planes between the images after words that end differently:
    strictly between them, or touched by them. Of a generalised process no hull is known, and nothing is proved.

    Example:
        >>> from compmech import zoo
        >>> from compmech.blackwell import belief_system
        >>> separation(belief_system(zoo.mess3(x=0.15, a=0.6)))     # a gasket: each two images share one corner
        'touching'
    """
    if not system.process.nonnegative:
        return UNPROVED
    if _divided(system, strict=True):
        return APART
    return TOUCHING if _divided(system, strict=False) else UNPROVED


def _divided(system: BeliefSystem, *, strict: bool) -> bool:
    """Whether planes divide the images after all pairs of long enough words that end in different symbols.

    Two images that no plane divides are split by what came before the two words. Where the interiors of f_w of the hull
    are disjoint for all such words of one length, those of their unions are the open set that the condition asks for.
    """
    T = [matrix for matrix in system.T if matrix.any()]
    hull = corners(least_coordinates(system.T))
    todo = [(T[x], T[y]) for x in range(len(T)) for y in range(x)]
    for _ in range(_MAX_PAIRS if strict else _MAX_PROGRAMMES):
        if not todo:
            return True
        left, right = todo.pop()
        images = _normalised(hull @ left), _normalised(hull @ right)
        if not separated(*images) and (strict or not _touching(*images)):
            todo.extend((u @ left / _size(u @ left), v @ right / _size(v @ right)) for u in T for v in T)
    return not todo


def _size(matrix: Float[np.ndarray, "state state"]) -> float:
    return float(matrix.max()) or 1.0


def _normalised(vectors: Float[np.ndarray, "corner state"]) -> Float[np.ndarray, "possible state"]:
    total = vectors.sum(axis=1, keepdims=True)
    possible = total[:, 0] > 0
    return np.asarray(vectors[possible] / total[possible])


def _touching(left: Float[np.ndarray, "left state"], right: Float[np.ndarray, "right state"]) -> bool:
    """Whether some plane has one set on each side, both perhaps touching it: the largest gap s along a direction a with
    a (mean left - mean right) = 1 is not negative."""
    from scipy.optimize import linprog

    apart = left.mean(axis=0) - right.mean(axis=0)
    if np.abs(apart).max() < _TOUCH:
        return False
    n = len(apart)
    cost = np.zeros(n + 2)
    cost[-1] = -1.0  # variables: direction a, plane b, gap s
    above = np.column_stack([-left, np.ones(len(left)), np.ones(len(left))])
    below = np.column_stack([right, -np.ones(len(right)), np.ones(len(right))])
    found = linprog(
        cost,
        A_ub=np.concatenate([above, below]),
        b_ub=np.zeros(len(left) + len(right)),
        A_eq=np.append(apart, [0.0, 0.0])[None],
        b_eq=[1.0],
        bounds=[(None, None)] * (n + 2),
    )
    return found.x is not None and float(found.x[-1]) >= -_TOUCH
