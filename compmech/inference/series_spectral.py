"""The process of least dimension of a series: matrices from the counted Hankel matrix, or the HMM nearest to them."""

from dataclasses import dataclass

import numpy as np

from compmech.errors import LostPrecision, NegativeProbability
from compmech.hmm import GHMM, HMM
from compmech.inference.canonical import ROUNDING, canonical_directions
from compmech.inference.hankel_series import counted_futures
from compmech.inference.nearest_hmm import nearest_hmm
from compmech.inference.realisation import Realisation, realisation
from compmech.inference.series import Series

__all__ = ["SeriesProcess", "series_process"]

PIECE = 256
"""Symbols of the stretches along which it is looked whether the fit gives the data a negative probability."""


@dataclass(frozen=True, eq=False)
class SeriesProcess:
    """A process of some dimension from a series.

    Attributes:
        fit: the matrices as fitted.
        process: the fit as a GHMM if it is a process as far as was seen, else the nearest HMM with as many states.
        projected: why it had to be projected; None: it had not.
    """

    fit: Realisation
    process: GHMM | HMM
    projected: str | None


def series_process(data: Series, length: int, rank: int) -> SeriesProcess:
    """The process of dimension `rank` from words of one length before and after each symbol.

    Where some word of up to 4,096 gets a negative probability, or a stretch of the data themselves does, or beliefs
    grow, the hidden Markov model with as many states that is nearest to the counted futures stands in.

    Raises:
        ValueError: if the counts have a smaller rank, or there are too few symbols.
    """
    counted = counted_futures(data, length)
    directions = canonical_directions(counted.futures.words, weight=counted.often)
    most = 1 + int((directions.correlations > ROUNDING).sum())
    if not 1 <= rank <= most:
        raise ValueError(f"the rank must be from 1 to {most}, that of words of {length} symbols; got {rank}")
    fit = realisation(counted.futures, directions, rank, weight=counted.often)
    why = fit.why_no_process
    if why is None:
        process = GHMM(fit.T, fit.start, fit.evaluate)
        why = negative_along(process, data)
        if why is None:
            return SeriesProcess(fit, process, None)
    nearest = nearest_hmm(counted.futures, directions, rank, weight=counted.often)
    return SeriesProcess(fit, HMM(nearest.T, start=nearest.stationary()), why)


def negative_along(process: GHMM, data: Series) -> str | None:
    """Whether some stretch of the data gets a negative probability."""
    stretches: dict[int, list[np.ndarray]] = {}
    for piece in data.pieces:
        for first in range(0, len(piece), PIECE):
            stretch = piece[first : first + PIECE]
            stretches.setdefault(len(stretch), []).append(stretch)
    try:
        for same_length in stretches.values():
            process.log_prob(np.array(same_length, dtype=np.int64))
    except NegativeProbability as error:
        return f"the last of {len(error.word)} symbols of the data gets probability {error.value:.2g}"
    except LostPrecision:
        return "rounding grows along the data"
    return None
