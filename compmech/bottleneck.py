"""The causal bottleneck: how much of the future a memory of so many bits can tell, at best.

A memory r is made from the past, so that r, past and future are a Markov chain with the past in the middle. Of all
memories that keep I[past; r] bits of the past the best one tells I[r; future] bits of the future. Beliefs are all that
matters of the past, so the past is given as beliefs with probabilities, and the future as joint words.

Glossary. b: belief; r: state of the memory; w: word of the future; beta: bits of memory that a bit of the future is
worth. At an optimum p(r | b) goes as p(r) exp(-beta KL(p(w | b) | p(w | r))).

Reference:
    Still, Crutchfield and Ellison, Chaos 20, 037111 (2010), optimal causal inference; Marzen and Crutchfield, Journal
    of Statistical Physics 163, 1312 (2016), predictive rate-distortion; Tishby, Pereira and Bialek, Allerton (1999).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.special import rel_entr, xlogy

from compmech.hmm import AnyPresentation, as_presentation
from compmech.mixed_state import mixed_states
from compmech.spans import future_map
from compmech.units import bits, nats
from compmech.validation import check_count, check_rng

__all__ = ["BottleneckPoint", "Pasts", "causal_bottleneck", "pasts_of"]

_LOST = 1e-9
"""Probability that rounding may lose along the words of the past."""

_ROUNDS = 2000
_STILL = 1e-10
"""Iteration ends when no probability of the memory moves by more."""

_SAME = 1e-6
"""States of a memory whose predictions differ by less, in nats of KL, are one."""


@dataclass(frozen=True, eq=False)
class Pasts:
    """Beliefs after words of one length, and what they say of the words of another.

    Attributes:
        belief: the distinct ones.
        probability: of each, after `length` symbols.
        future: P(word | belief).
        length, horizon: symbols of the past and of the future.
    """

    belief: Float[np.ndarray, "belief state"]
    probability: Float[np.ndarray, " belief"]
    future: Float[np.ndarray, "belief word"]
    length: int
    horizon: int


def pasts_of(process: AnyPresentation, length: int, horizon: int, *, max_states: int = 2000) -> Pasts:
    """The beliefs after all words of `length` symbols, equal ones made one.

    Raises:
        ValueError: if a length is not positive, or there are more than `max_states` beliefs on the way.
    """
    for name, value in (("length", length), ("horizon", horizon)):
        if check_count(value, name) < 1:
            raise ValueError(f"{name} must be at least 1; got {value}")
    presentation = as_presentation(process)
    found = mixed_states(presentation, depth=length, max_states=max_states)
    nodes, probability = found.level(length) if found.depth >= length else (np.empty(0, dtype=np.intp), np.empty(0))
    if not probability.sum() > 1 - _LOST:
        raise ValueError(
            f"words of {length} symbols lead to more than max_states={max_states} beliefs: raise it, or choose a "
            "shorter length"
        )
    belief = found.beliefs[nodes]
    return Pasts(belief, probability, belief @ future_map(presentation, horizon), length, horizon)


@dataclass(frozen=True)
class BottleneckPoint:
    """One memory, and what it tells.

    Attributes:
        beta: the price it was made for.
        rate: I[past; r], bits of memory.
        predictive: I[r; future], bits of the future. That much can be told with so much memory; that no memory of
            this rate tells more is not proved: the problem has local optima.
        distortion: I[past; future] - predictive, bits: what is lost.
        n_state: states of the memory that differ in what they predict.
    """

    beta: float
    rate: float
    predictive: float
    distortion: float
    n_state: int


def causal_bottleneck(
    given: Pasts, betas: Sequence[float], *, rng: np.random.Generator, restarts: int = 3
) -> list[BottleneckPoint]:
    """Memories of falling price: the achievable curve of rate against prediction.

    Each price starts from the memory of the next higher one, the highest from the beliefs themselves, and from random
    memories too; the best is kept.

    Args:
        given: pasts and futures.
        betas: prices, each positive. Below 1 no memory is worth its bits.
        rng: makes the random memories.
        restarts: how many of them at each price.
    Returns:
        One for each price, highest first.
    Raises:
        ValueError: if there is no price, one is not positive and finite, or restarts is negative.
    """
    prices = sorted({float(beta) for beta in betas}, reverse=True)
    if not prices or not all(0 < beta < np.inf for beta in prices):
        raise ValueError(f"prices must be positive and finite, one at least; got {list(betas)}")
    check_count(restarts, "restarts")
    check_rng(rng)
    p, future = given.probability / given.probability.sum(), given.future
    n = len(p)
    total = _information(p, future)
    memory = np.eye(n)
    found = []
    for beta in prices:
        starts = [memory, *(rng.dirichlet(np.ones(n), size=n) for _ in range(restarts))]
        memories = [_settled(start, p, future, beta) for start in starts]
        memory = min(memories, key=lambda each: _price(each, p, future, beta))
        rate, predictive, n_state = _measured(memory, p, future)
        found.append(BottleneckPoint(beta, rate, predictive, max(total - predictive, 0.0), n_state))
    return found


def _settled(
    memory: Float[np.ndarray, "belief memory"],
    p: Float[np.ndarray, " belief"],
    future: Float[np.ndarray, "belief word"],
    beta: float,
) -> Float[np.ndarray, "belief memory"]:
    """The self-consistent memory that iteration leads to; states that no past chooses are dropped on the way."""
    for _ in range(_ROUNDS):
        weight = p @ memory
        memory, weight = memory[:, weight > 0], weight[weight > 0]
        told = (memory * p[:, None]).T @ future / weight[:, None]
        apart = _divergence(future, told)
        with np.errstate(divide="ignore"):
            log_odds = np.log(weight) - beta * apart
        log_odds -= log_odds.max(axis=1, keepdims=True)
        new = np.exp(log_odds)
        new /= new.sum(axis=1, keepdims=True)
        moved = float(np.abs(new - memory).max())
        memory = new
        if moved < _STILL:
            break
    return memory


def _divergence(
    of: Float[np.ndarray, "belief word"], on: Float[np.ndarray, "memory word"]
) -> Float[np.ndarray, "belief memory"]:
    """KL(of | on) in nats, inf where a possible word has no probability."""
    entropy = xlogy(of, of).sum(axis=1)
    log_on = np.log(np.where(on > 0, on, 1.0))
    impossible = (of > 0).astype(np.float64) @ (on <= 0).T > 0
    apart = np.maximum(entropy[:, None] - of @ log_on.T, 0.0)
    return np.asarray(np.where(impossible, np.inf, apart))


def _information(p: Float[np.ndarray, " row"], conditional: Float[np.ndarray, "row column"]) -> float:
    """I[row; column] in bits."""
    return bits(float((p[:, None] * rel_entr(conditional, p @ conditional)).sum()))


def _price(memory: np.ndarray, p: np.ndarray, future: np.ndarray, beta: float) -> float:
    rate, predictive, _ = _measured(memory, p, future)
    return nats(rate - beta * predictive)


def _measured(memory: np.ndarray, p: np.ndarray, future: np.ndarray) -> tuple[float, float, int]:
    """Rate and prediction in bits, and the number of states, those of equal prediction taken as one."""
    weight = p @ memory
    memory, weight = memory[:, weight > 0], weight[weight > 0]
    told = (memory * p[:, None]).T @ future / weight[:, None]
    leader = np.full(len(weight), -1)
    for i in np.argsort(-weight, kind="stable"):
        near = np.flatnonzero(leader == np.arange(len(weight)))
        close = near[_divergence(told[i][None], told[near])[0] < _SAME] if len(near) else near
        leader[i] = close[0] if len(close) else i
    kept = np.unique(leader)
    joined = np.stack([memory[:, leader == k].sum(axis=1) for k in kept], axis=1)
    weight = p @ joined
    told = (joined * p[:, None]).T @ future / weight[:, None]
    return _information(p, joined), _information(weight, told), len(kept)
