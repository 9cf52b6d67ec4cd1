"""The Hankel matrix of a predictor's own predictions: its rank, and the coordinates of histories that it gives.

Letters, of correspondence analysis: F[h, w] = P(w | h) with rows weighted by how often h occurs, f = their mean, and

    M = D_h^(1/2) (F - f) D_f^(-1/2) = U S V^T.

S are the canonical correlations between the history and the word that follows it; the constant, which M leaves out, has
correlation 1. Their squares sum to the chi-square divergence of the futures from their mean, so that leaving out the
directions from r on costs about sum_{i >= r} s_i^2 / 2 nats a word. The rank of the Hankel matrix is one more than the
number of directions that count: the dimension of the minimal realisation, if the horizon is long enough.

Reference:
    Hsu, Kakade and Zhang, Journal of Computer and System Sciences 78, 1460 (2012); Balle, Carreras, Luque and Quattoni,
    Machine Learning 96, 33 (2014).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from compmech.inference.futures import MOST_WORDS, Futures
from compmech.inference.interval import Interval, percentile_interval
from compmech.units import nats
from compmech.validation import check_rng

__all__ = ["CanonicalDirections", "HankelRank", "canonical_directions", "hankel_rank", "rank_growth"]

ROUNDING = 1e-7
"""Correlations below this count as absent however small the tolerance: predictions in float32 err by so much."""

RESAMPLES = 200

_MOST_DIRECTIONS = 128
"""Directions that are resampled and listed."""


@dataclass(frozen=True, eq=False)
class CanonicalDirections:
    """Directions of the future that histories tell, the best told first.

    Attributes:
        correlations: S, the trivial 1 left out.
        readout: words to coordinates: the coordinates of a history are [1, P(. | h) @ readout - offset];
            0 for directions of mere rounding.
        offset: mean of P(. | h) @ readout.
    """

    correlations: Float[np.ndarray, " direction"]
    readout: Float[np.ndarray, "word direction"]
    offset: Float[np.ndarray, " direction"]

    def coordinates(self, words: Float[np.ndarray, "row word"], rank: int) -> Float[np.ndarray, "row rank"]:
        """Each future in the constant and the first rank - 1 directions; of unit variance over the histories."""
        told = words @ self.readout[:, : rank - 1] - self.offset[: rank - 1]
        return np.concatenate([np.ones((len(words), 1)), told], axis=1)


def canonical_directions(
    words: Float[np.ndarray, "row word"], *, weight: Float[np.ndarray, " row"] | None = None
) -> CanonicalDirections:
    """The directions of some histories' futures; words that never occur are left out.

    Args:
        weight: how much each history counts; None: all alike.
    """
    share = np.full(len(words), 1 / len(words)) if weight is None else weight / weight.sum()
    mean = share @ words
    occur = np.flatnonzero(mean > 0)
    scale = 1 / np.sqrt(mean[occur])
    _, S, Vt = np.linalg.svd((words[:, occur] - mean[occur]) * scale * np.sqrt(share)[:, None], full_matrices=False)
    real = S > ROUNDING
    readout = np.zeros((len(mean), len(S)))
    readout[occur] = scale[:, None] * Vt.T * np.where(real, 1 / np.where(real, S, 1.0), 0.0)
    return CanonicalDirections(S, readout, mean @ readout)


@dataclass(frozen=True)
class HankelRank:
    """The rank of a Hankel matrix of predictions, and how sure it is.

    Attributes:
        horizon: length of the suffixes.
        rank: directions that count, the constant one included.
        correlations: canonical correlations, each with the interval that resampling histories gives; the constant's
            is not listed, so that the rank is 1 and the number that count.
        left: what the directions left out cost, bits a symbol; `tolerance` is what they may cost.
        ratio: of the last correlation that counts to the first that does not; inf if all others are rounding.
        sure: whether resampling leaves the rank as it is: the share of resamples that give the same.
    """

    horizon: int
    rank: int
    correlations: tuple[Interval, ...]
    left: float
    tolerance: float
    ratio: float
    sure: float


def hankel_rank(futures: Futures, *, tolerance: float, rng: np.random.Generator) -> HankelRank:
    """The least rank at which the predictions of words as long as the horizon are kept to within a tolerance.

    Predictions carry no noise of counting: on an exact predictor every direction above rounding is real, and histories
    are resampled only for how strong it is. What a trained network has beyond its process is its error, and only a
    tolerance tells it from structure: a direction counts if leaving it and all weaker ones out would cost more than
    that.

    Args:
        tolerance: bits a symbol.
        rng: of the bootstrap over groups of histories.
    """
    check_rng(rng)
    found = canonical_directions(futures.words)
    whole = found.correlations[:_MOST_DIRECTIONS]
    rank = _rank(found.correlations, tolerance, futures.horizon)
    # coordinates in units of their correlations: their covariance is that of the scaled futures, in fewer dimensions;
    # the scale of the words is left as it is
    told = found.coordinates(futures.words, len(whole) + 1)[:, 1:] * whole
    spread = np.array(
        [
            np.sqrt(np.maximum(np.linalg.eigvalsh(np.atleast_2d(np.cov(told[rows].T, bias=True)))[::-1], 0))
            for rows in resampled_rows(futures, rng, RESAMPLES)
        ]
    )
    same = sum(_rank(each, tolerance, futures.horizon) == rank for each in spread)
    kept = [percentile_interval(value, spread[:, i]) for i, value in enumerate(whole)]
    told = np.append(found.correlations, 0.0)
    below = told[rank - 1]
    above = 1.0 if rank == 1 else told[rank - 2]
    return HankelRank(
        horizon=futures.horizon,
        rank=rank,
        correlations=tuple(kept),
        left=float((found.correlations[rank - 1 :] ** 2).sum() / 2 / nats(1.0) / futures.horizon),
        tolerance=tolerance,
        ratio=float(above / below) if below > ROUNDING else float("inf"),
        sure=same / RESAMPLES,
    )


def _rank(correlations: Float[np.ndarray, " direction"], tolerance: float, horizon: int) -> int:
    """1, and the directions that cannot be left out."""
    costs = np.cumsum((correlations**2)[::-1])[::-1] / 2
    allowed = max(nats(tolerance) * horizon, ROUNDING**2)
    return 1 + int((costs > allowed).sum())


def resampled_rows(futures: Futures, rng: np.random.Generator, n: int) -> list[np.ndarray]:
    """Rows of groups drawn with replacement, as many groups as there are, n times."""
    order = np.argsort(futures.group, kind="stable")
    ends = np.cumsum(np.bincount(futures.group))
    members = np.split(order, ends[:-1])
    return [np.concatenate([members[i] for i in rng.integers(futures.n_group, size=futures.n_group)]) for _ in range(n)]


def rank_growth(
    futures: Callable[[int], Futures], n_symbol: int, *, tolerance: float, longest: int | None = None
) -> tuple[int, tuple[int, ...]]:
    """The least horizon from which the rank grows no more, and the ranks at horizons 1, 2, ... up to the next.

    Once longer words tell no more directions, none do: the directions told by k + 1 symbols are found from those told
    by k (see horizon_ranks).

    Args:
        futures: gives the futures up to a horizon, such as `predicted_futures` of some histories.
        longest: where to stop; by default 8, or where there are more than 2 ** 14 words.
    Raises:
        ValueError: if the rank still grows at the longest.
    """
    most = 1
    while n_symbol ** (most + 2) <= MOST_WORDS and most < (longest or 8):
        most += 1
    ranks: list[int] = []
    for horizon in range(1, most + 1):
        found = futures(horizon)
        ranks.append(_rank(canonical_directions(found.words).correlations, tolerance, horizon))
        if len(ranks) > 1 and ranks[-1] <= ranks[-2]:
            return horizon - 1, tuple(ranks)
    raise ValueError(
        f"the rank of the predictions still grows at horizon {most} (ranks {', '.join(map(str, ranks))}): choose a "
        "horizon, or a larger tolerance"
    )
