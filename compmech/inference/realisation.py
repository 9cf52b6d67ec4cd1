"""Labelled matrices from futures, in canonical coordinates, and whether they are a process.

In the canonical coordinates b(h) of histories (see canonical) reading a symbol is linear: P(x | h) b(h x) = b(h) T_x.
T_x is the least-squares solution over the histories, for all x at once. The first coordinate is the constant 1, so that
sum_x T_x leaves the evaluation vector (1, 0, ..., 0) as it is and all words of one length sum to 1 exactly, whatever
the errors. What is not certain is that no word gets a negative probability and that the future of every belief settles:
both are measured. (It settles but for rounding and histories that are not stationary: sum_x T_x is a correlation
between coordinates of unit variance now and a symbol later.) With futures that were counted, and the count of each
history as its weight, this is the method of moments of Hsu, Kakade and Zhang: the coordinates are left singular
vectors, which are instruments, so that noise in the futures does not bias T_x.

Reference:
    Hsu, Kakade and Zhang, Journal of Computer and System Sciences 78, 1460 (2012); Boots, Siddiqi and Gordon,
    International Journal of Robotics Research 30, 954 (2011).
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from compmech.inference.canonical import CanonicalDirections
from compmech.inference.futures import Futures

__all__ = ["Realisation", "after", "realisation", "word_vectors"]

CHECKED_WORDS = 4096
"""Words whose probability is looked at: all up to the greatest length that has no more."""

NEGATIVE = 1e-9
"""Word probabilities above minus this, and eigenvalues below 1 plus this, are right but for rounding."""


@dataclass(frozen=True, eq=False)
class Realisation:
    """Labelled matrices in canonical coordinates.

    Attributes:
        T, start, evaluate: P(w) = start @ T_w @ evaluate; the start is stationary if that is unique.
        negative: the least probability of a word of at most `checked` symbols.
        radius: the second largest modulus of the eigenvalues of sum_x T_x: how much of a belief is left a symbol later.
    """

    T: Float[np.ndarray, "symbol rank rank"]
    start: Float[np.ndarray, " rank"]
    evaluate: Float[np.ndarray, " rank"]
    negative: float
    checked: int
    radius: float

    @property
    def why_no_process(self) -> str | None:
        """What is wrong with it; None: nothing was found."""
        if self.negative < -NEGATIVE:
            return f"some word of at most {self.checked} symbols gets probability {self.negative:.2g}"
        if self.radius > 1 + NEGATIVE:
            return f"beliefs grow by a factor {self.radius:.6g} a symbol"
        return None


def realisation(
    fit: Futures, directions: CanonicalDirections, rank: int, *, weight: Float[np.ndarray, " row"] | None = None
) -> Realisation:
    """The matrices of dimension `rank` nearest to some futures.

    Args:
        weight: how much each history counts; None: all alike.
    """
    b, root = directions.coordinates(fit.words, rank), 1.0 if weight is None else np.sqrt(weight)[:, None]
    rows = np.arange(len(fit))
    told = [root * after(fit, rows, x, directions, rank) for x in range(fit.n_symbol)]
    T = np.stack([np.linalg.lstsq(root * b, each, rcond=None)[0] for each in told])
    start, radius = _settled(T.sum(axis=0))
    evaluate = np.eye(rank)[0]
    checked, negative = _least_probability(T, start, evaluate)
    return Realisation(T, start, evaluate, negative, checked, radius)


def after(
    fit: Futures, rows: np.ndarray, x: int, directions: CanonicalDirections, rank: int
) -> Float[np.ndarray, "row rank"]:
    """P(x | h) times the coordinates after h x."""
    chance = fit.next[rows][:, [x]]
    told = fit.after[rows, x] @ directions.readout[:, : rank - 1] - chance * directions.offset[: rank - 1]
    return np.concatenate([chance, told], axis=1)


def _settled(A: Float[np.ndarray, "rank rank"]) -> tuple[Float[np.ndarray, " rank"], float]:
    """The stationary vector, the mean belief if there are several, and the second largest modulus of an eigenvalue."""
    n = len(A)
    values = np.linalg.eigvals(A)
    others = np.delete(values, np.argmin(abs(values - 1)))
    if n == 1 or (abs(others - 1) < NEGATIVE).any():
        return np.eye(n)[0], float(abs(others).max(initial=0.0))
    system = np.vstack([A.T - np.eye(n), np.eye(n)[:1]])
    start = np.linalg.lstsq(system, np.append(np.zeros(n), 1.0), rcond=None)[0]
    return np.asarray(start / start[0]), float(abs(others).max())


def word_vectors(
    T: Float[np.ndarray, "symbol rank rank"], evaluate: Float[np.ndarray, " rank"], length: int
) -> Float[np.ndarray, "rank word"]:
    """T_w @ evaluate for all words of one length, in lexicographic order."""
    table = evaluate[:, None]
    for _ in range(length):
        table = np.einsum("xij,jw->ixw", T, table).reshape(len(evaluate), -1)
    return table


def _least_probability(T: np.ndarray, start: np.ndarray, evaluate: np.ndarray) -> tuple[int, float]:
    """The length of the longest words looked at, and the least probability among them."""
    vectors, length, least = start[None], 0, 1.0
    while len(vectors) * len(T) <= CHECKED_WORDS:
        vectors = np.einsum("wi,xij->wxj", vectors, T).reshape(-1, len(start))
        length, least = length + 1, min(least, float((vectors @ evaluate).min()))
    return length, least
