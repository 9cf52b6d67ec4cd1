"""Rounding in sums of signed terms: which probabilities of a generalised process are zero, and which truly negative.

Beliefs of an HMM keep their relative precision, whatever word they follow. Signed ones do not: an error is divided by
the probability of each symbol read, so it grows along improbable words and fades again along likely ones. How large it
is by now is estimated by carrying two small perturbations along with each belief, with rounding added at each step.
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from compmech.errors import LostPrecision, NegativeProbability

# A signed sum counts as zero below this part of a bound on its terms: the least probability of a GHMM is 1e-12 or so.
SIGNED_ZERO = 1e-12

# Errors may be this many times the perturbations that stand for them, of which there are only two.
SAFETY = 16.0

# Columns that are looked at one by one.
_SHORT = 16

# A probability may be off by this part of itself, or by this part of the bound on its terms; else it is refused.
MOST_ERROR = 1e-3
MOST_NOISE = 1e-9


def largest(rows: Float[np.ndarray, "row column"]) -> Float[np.ndarray, " row"]:
    """The largest absolute value in each row; column by column where rows are short, which is many times quicker."""
    size = abs(rows)
    if not 0 < rows.shape[1] <= _SHORT:
        return np.asarray(size.max(axis=1, initial=0.0))
    most = size[:, 0].copy()
    for column in range(1, rows.shape[1]):
        np.maximum(most, size[:, column], out=most)
    return most


def fresh_noise(beliefs: Float[np.ndarray, "seq state"]) -> Float[np.ndarray, "seq two state"]:
    """Perturbations of the size that rounding gives to a belief: 2^-52 of its largest coordinate, in all of them."""
    index = np.arange(beliefs.shape[1])
    signs = np.stack([np.where(np.cos(1.0 + index**1.5) > 0, 1.0, -1.0), np.where(index % 2, 1.0, -1.0)])
    return np.asarray(np.finfo(np.float64).eps * largest(beliefs)[:, None, None] * signs)


def carried_noise(
    moved: Float[np.ndarray, "seq two state"],
    evaluate: Float[np.ndarray, " state"],
    after: Float[np.ndarray, "seq state"],
    total: Float[np.ndarray, " seq"],
) -> Float[np.ndarray, "seq two state"]:
    """Perturbations after a symbol whose matrix has moved them, and led to the belief `after` with probability `total`:
    to first order, the difference of two normalised beliefs. Fresh rounding is added."""
    sums = (moved.reshape(-1, moved.shape[2]) @ evaluate).reshape(moved.shape[:2])  # flat, so that it is one product
    change = moved - sums[:, :, None] * after[:, None]
    change /= total[:, None, None]
    change += fresh_noise(after)
    return np.asarray(change)


def noise_level(noise: Float[np.ndarray, "seq two state"]) -> Float[np.ndarray, " seq"]:
    """A bound on the error of each belief's coordinates that is hardly ever passed."""
    return np.asarray(SAFETY * largest(noise.reshape(len(noise), noise.shape[1] * noise.shape[2])))


def relative_noise(
    noise: Float[np.ndarray, "seq two state"], beliefs: Float[np.ndarray, "seq state"]
) -> Float[np.ndarray, " seq"]:
    """That bound as a part of the belief's largest coordinate; 0 for a belief of zeros, after a forbidden symbol."""
    size = largest(beliefs)
    return np.asarray(np.where(size > 0, noise_level(noise) / np.where(size > 0, size, 1.0), 0.0))


def without_rounding(
    probability: Float[np.ndarray, "seq symbol"],
    scale: Float[np.ndarray, "seq symbol"],
    relative: Float[np.ndarray, " seq"],
    word: Callable[[int, int], list[int]],
) -> Float[np.ndarray, "seq symbol"]:
    """Probabilities with those that are no more than rounding made exactly zero.

    Args:
        probability: sums of signed terms.
        scale: a bound on those terms for beliefs as they are.
        relative: the error of each belief, as a part of its largest coordinate.
        word: the word in question, given row and symbol.
    Raises:
        NegativeProbability: if one is negative by more than rounding.
        LostPrecision: if one is uncertain by more than a part `MOST_ERROR` of itself, and of `scale` by `MOST_NOISE`.
    """
    rounding = np.maximum(SIGNED_ZERO, relative)[:, None] * scale
    for row, symbol in np.argwhere(probability < -rounding)[:1]:
        raise NegativeProbability(word(int(row), int(symbol)), float(probability[row, symbol]))
    uncertain = rounding > np.maximum(MOST_ERROR * abs(probability), MOST_NOISE * scale)
    for row, symbol in np.argwhere(uncertain)[:1]:
        raise LostPrecision(word(int(row), int(symbol)), float(rounding[row, symbol]))
    return np.asarray(np.where(probability <= rounding, 0.0, probability))
