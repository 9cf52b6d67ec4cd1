"""The Lyapunov (Kaplan-Yorke) dimension of the set of beliefs, from how fast it grows and how fast it shrinks.

Letters: h entropy rate, h_a ambiguity rate, lambda_1 >= lambda_2 >= ... exponents of the belief; bits per symbol all.
After t symbols there are 2^(h t) likely images of the simplex, boxes of sides 2^(lambda_i t). Covered by cubes of side
2^(lambda_{k+1} t), each takes prod_{i <= k} 2^((lambda_i - lambda_{k+1}) t) of them, so that

    d = k + (h + lambda_1 + ... + lambda_k) / |lambda_{k+1}|,

least for the greatest k with h + lambda_1 + ... + lambda_k >= 0, and at most n - 1. This bounds the information
dimension of the Blackwell measure from above. Where images coincide there are only 2^((h - h_a) t) of them.

Reference:
    Jurgens and Crutchfield, arXiv 2102.10487 and arXiv 2105.07294; Feng and Simon, arXiv 2007.15320, for the bound.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from compmech.blackwell.estimate import Estimate
from compmech.blackwell.lyapunov import Exponents


def lyapunov_dimension(growth: float, exponents: Sequence[float]) -> float:
    """d, for sets that grow by `growth` bits and shrink by the exponents, bits per symbol.

    Args:
        growth: h, or h - h_a; at least 0.
        exponents: greatest first; -inf is allowed.
    Raises:
        ValueError: if growth is negative or the exponents are not in order.
    Example:
        >>> lyapunov_dimension(1.0, [-0.75, -0.5 - 0.5])
        1.25
        >>> lyapunov_dimension(0.5, [float("-inf")])
        0.0
    """
    if not growth >= 0:
        raise ValueError(f"growth must be >= 0 bits per symbol; got {growth}")
    if any(not later <= earlier for earlier, later in pairwise(exponents)):
        raise ValueError(f"exponents must come greatest first; got {list(exponents)}. Give sorted(..., reverse=True)?")
    left = growth
    for k, exponent in enumerate(exponents):
        if left + exponent < 0:
            return k + left / -exponent
        left += exponent
    return float(len(exponents))


def dimension_estimate(growth: Estimate, exponents: Exponents) -> Estimate:
    """d with its standard error, from those of the growth and of the exponents, which vary together."""
    values = [exponent.value for exponent in exponents.exponents]
    rate = max(growth.value, 0.0)
    centre = lyapunov_dimension(rate, values)
    finite = np.array(values[: exponents.n_finite])
    slope = np.array([_slope(rate, values, i) for i in range(len(finite))])
    spread = exponents.deviations @ slope
    n = len(spread)
    from_exponents = float(np.sqrt((spread**2).sum() / max(n - 1, 1) / n))
    step = max(growth.standard_error, 1e-9)
    from_growth = (lyapunov_dimension(rate + step, values) - centre) / step * growth.standard_error
    return Estimate(centre, float(np.hypot(from_exponents, from_growth)))


def _slope(growth: float, exponents: Sequence[float], which: int) -> float:
    """Derivative of d by one exponent."""
    left, k = growth, 0
    while k < len(exponents) and left + exponents[k] >= 0:
        left += exponents[k]
        k += 1
    if k == len(exponents) or which > k:
        return 0.0
    return 1 / -exponents[k] if which < k else left / exponents[k] ** 2
