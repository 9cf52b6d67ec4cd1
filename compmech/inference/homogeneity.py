"""Whether histories have the same next symbol: tests of two rows of counts, one pair at a time, and all pairs at once.

Splitting asks thousands of times of one pair: Pearson's chi-square, in Python's numbers. Merging asks of every pair at
once, at levels so small that Pearson's statistic errs where counts are few. The tail of the likelihood ratio is right
there to leading order: it is the relative entropy of a sample that its probability falls with.

Symbols may be pairs (input, output) of a channel. Then outputs are compared given the input: a table for each input.

Reference:
    Cochran, Biometrics 10, 417 (1954); Agrawal, IEEE Transactions on Information Theory 66
    (2020), arXiv 1904.02291, for the tail of relative entropies.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from jaxtyping import Float, Int

__all__ = ["chi_square", "critical", "likelihood_ratios"]


def chi_square(own: Sequence[float], other: Sequence[float], significance: float, *, n_input: int = 1) -> float:
    """Chi-square of "both have one distribution", as a part of what is allowed: above 1, they differ.

    Args:
        own, other: how often each symbol follows; of pairs, the input slowest.
        significance: of the test.
        n_input: inputs of a channel; 1: symbols are no pairs.
    """
    statistic, freedom, n_output = 0.0, 0, len(own) // n_input
    for first in range(0, len(own), n_output):
        mine, theirs = own[first : first + n_output], other[first : first + n_output]
        m, n = sum(mine), sum(theirs)
        if not (m and n):
            continue
        share, rest = m / (m + n), n / (m + n)
        freedom -= 1
        for a, b in zip(mine, theirs, strict=True):
            both = a + b
            if both:
                freedom += 1
                off = a - share * both
                statistic += off * off / (share * rest * both)
    return statistic / critical(freedom, significance) if freedom else 0.0


@lru_cache(maxsize=1024)
def critical(freedom: int, significance: float) -> float:
    """The value that chi-square exceeds with that probability."""
    from scipy.stats import chi2

    return float(chi2.isf(significance, freedom))


def likelihood_ratios(counts: Int[np.ndarray, "row word"], significance: float) -> Float[np.ndarray, " pair"]:
    """The likelihood ratio of "both have one distribution" for every pair of rows, as a part of what is allowed.

    Args:
        counts: how often each word follows each history; no row is empty.
        significance: of each test.
    Returns:
        Above 1: the two differ. Pairs (0, 1), (0, 2), ..., (1, 2), ..., as `scipy.cluster.hierarchy` has them.
    """
    total, (i, j) = counts.sum(axis=1), np.triu_indices(len(counts), 1)
    table = np.arange(2 * int(total.max(initial=0)) + 1, dtype=float)
    table[1:] *= np.log(table[1:])  # n ln n
    statistic = table[total[i] + total[j]] - table[total[i]] - table[total[j]]
    kinds = np.zeros(len(i), dtype=np.int32)
    for column in counts.T:
        one, other = column[i], column[j]
        statistic += table[one] + table[other] - table[one + other]
        kinds += one + other > 0
    limits = np.array([np.inf, *(critical(freedom, significance) for freedom in range(1, counts.shape[1]))])
    return np.asarray(np.maximum(2 * statistic, 0.0) / limits[kinds - 1])  # below 0 by rounding alone
