"""The minimal generalised hidden Markov model of a predictor, by spectral learning, and what it takes to make it valid.

The matrices are those of `realisation`. Where they are no process, as a word gets a negative probability or beliefs
grow, what is given in their place is said to be a projection: a hidden Markov model with as many states.

Reference:
    Hsu, Kakade and Zhang, Journal of Computer and System Sciences 78, 1460 (2012).
"""

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float

from compmech.hmm import GHMM, HMM
from compmech.inference.canonical import canonical_directions
from compmech.inference.futures import Futures
from compmech.inference.nearest_hmm import ROUNDS, nearest_hmm, refined
from compmech.inference.realisation import realisation, word_vectors
from compmech.units import bits

__all__ = ["SpectralFit", "spectral_fit"]


@dataclass(frozen=True, eq=False)
class SpectralFit:
    """A process of least dimension fitted to a predictor.

    Attributes:
        T, start, evaluate: as fitted, in canonical coordinates; the start is stationary if that is unique.
        process: the fit as a GHMM if it is one, else the HMM with as many states that is nearest to it.
        projected: why it had to be projected; None: it had not.
        negative: the least probability, of the fit, of a word of at most `checked` symbols.
        radius: the second largest modulus of the eigenvalues of sum_x T_x: how much of a belief is left a symbol later.
        residual: divergence of held-out histories' futures from what their beliefs say in the fit, bits a symbol, over
            words to which it gives a positive probability.
        residual_process: the same for the process, over words that it allows; the same number if it is the fit.
        beliefs: canonical coordinates of all histories, the constant left out: the geometry of the predictor's beliefs.
    """

    T: Float[np.ndarray, "symbol rank rank"] = field(repr=False)
    start: Float[np.ndarray, " rank"] = field(repr=False)
    evaluate: Float[np.ndarray, " rank"] = field(repr=False)
    process: GHMM | HMM
    projected: str | None
    negative: float
    checked: int
    radius: float
    residual: float
    residual_process: float
    beliefs: Float[np.ndarray, "row direction"] = field(repr=False)


def spectral_fit(futures: Futures, rank: int) -> SpectralFit:
    """The process of dimension `rank` nearest to what a predictor says.

    The coordinates are those of all histories; half of the groups make the fit in them, the other half judges it.

    Raises:
        ValueError: if the rank is below 1 or above that of the histories' futures.
    """
    fit, held_out = futures.halves()
    directions = canonical_directions(futures.words)
    most = 1 + int((abs(directions.readout) > 0).any(axis=0).sum())
    if not 1 <= rank <= most:
        raise ValueError(f"the rank must be from 1 to {most}, the rank of these futures; got {rank}")
    made = realisation(fit, directions, rank)
    held = directions.coordinates(held_out.words, rank)
    residual = _divergence(held_out, held @ word_vectors(made.T, made.evaluate, held_out.horizon + 1))
    process: GHMM | HMM
    projected, residual_process = made.why_no_process, residual
    if projected is None:
        process = GHMM(made.T, made.start, made.evaluate)
    else:
        process = nearest_hmm(fit, directions, rank)
        even = np.full((len(held_out), rank), 1 / rank)
        weights = refined(process.T, even, held_out.joint, rounds=ROUNDS, learn=False)[1]
        said = weights @ word_vectors(process.T, process.evaluate, held_out.horizon + 1)
        residual_process = _divergence(held_out, said)
    beliefs = directions.coordinates(futures.words, rank)[:, 1:]
    return SpectralFit(
        made.T,
        made.start,
        made.evaluate,
        process,
        projected,
        made.negative,
        made.checked,
        made.radius,
        residual,
        residual_process,
        beliefs,
    )


def _divergence(held_out: Futures, said: Float[np.ndarray, "row word"]) -> float:
    """Mean divergence, bits a symbol, over words with a positive probability, both sides scaled to sum to 1 there."""
    allowed = said > 0
    true, said = np.where(allowed, held_out.joint, 0.0), np.where(allowed, said, 0.0)
    true = true / true.sum(axis=1, keepdims=True)
    said = said / said.sum(axis=1, keepdims=True)
    log_ratio = np.log(np.where(true > 0, true, 1.0)) - np.log(np.where(true > 0, said, 1.0))
    return max(0.0, float(bits((true * log_ratio).sum(axis=1).mean() / (held_out.horizon + 1))))
