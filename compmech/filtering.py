"""Bayesian filtering: the distribution over states after each symbol, and the probability of words."""

from typing import Protocol

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike

from compmech.errors import ImpossibleWord, NegativeProbability
from compmech.validation import check_words

# A signed sum counts as zero below this part of the sum of its terms' absolute values: the terms carry relative errors
# of about 1e-15, more after a long filter.
SIGNED_ZERO = 1e-12


class Linear(Protocol):
    """A presentation by matrices: P(w) = start @ T[w_0] @ ... @ T[w_-1] @ evaluate."""

    @property
    def T(self) -> Float[np.ndarray, "symbol state state"]: ...
    @property
    def start(self) -> Float[np.ndarray, " state"]: ...
    @property
    def evaluate(self) -> Float[np.ndarray, " state"]: ...
    @property
    def nonnegative(self) -> bool: ...


def filter_beliefs(process: Linear, words: ArrayLike) -> Float[np.ndarray, "seq time+1 state"]:
    """Beliefs along words: row t is start @ T_w / (start @ T_w @ evaluate) for w = x_<t; row 0 is the start.

    For an HMM this is the distribution over hidden states given the symbols so far.

    Raises:
        ImpossibleWord: if a word has probability zero.
    """
    symbols = check_words(words, len(process.T))
    beliefs, conditional = _filter(process, symbols)
    refuse_impossible(symbols, conditional)
    return beliefs


def log_probability(process: Linear, words: ArrayLike) -> Float[np.ndarray, " seq"]:
    """Log probability of words in nats; -inf for forbidden ones."""
    symbols = check_words(words, len(process.T))
    _, conditional = _filter(process, symbols)
    with np.errstate(divide="ignore"):
        return np.log(conditional).sum(axis=1)


def predictions(process: Linear, words: ArrayLike) -> Float[np.ndarray, "seq time+1 symbol"]:
    """P(x_t | x_<t) along words."""
    emission = np.einsum("xij,j->ix", process.T, process.evaluate)
    return filter_beliefs(process, words) @ emission


def refuse_impossible(symbols: Int[np.ndarray, "seq time"], conditional: Float[np.ndarray, "seq time"]) -> None:
    """Raise ImpossibleWord for the first word that has a symbol of probability zero."""
    forbidden = np.argwhere(conditional == 0)
    if len(forbidden):
        seq, t = forbidden[0]
        raise ImpossibleWord(symbols[seq].tolist(), int(t))


def _filter(process: Linear, symbols: Int[np.ndarray, "seq time"]) -> tuple[np.ndarray, np.ndarray]:
    """Beliefs (seq, time+1, state) and P(x_t | x_<t) (seq, time); after a forbidden symbol both are zero."""
    n_seq, n_time = symbols.shape
    beliefs = np.empty((n_time + 1, n_seq, len(process.start)))
    conditional = np.empty((n_time, n_seq))
    beliefs[0] = process.start
    for t in range(n_time):
        moved = np.einsum("si,sij->sj", beliefs[t], process.T[symbols[:, t]])
        total = moved @ process.evaluate
        if not process.nonnegative:
            total = _signed_total(process, symbols, t, beliefs[t], total)
        conditional[t] = total
        np.divide(moved, total[:, None], out=beliefs[t + 1], where=total[:, None] > 0)
        beliefs[t + 1][total == 0] = 0
    return beliefs.transpose(1, 0, 2), conditional.T


def _signed_total(process: Linear, symbols: np.ndarray, t: int, belief: np.ndarray, total: np.ndarray) -> np.ndarray:
    """Totals of signed terms, zero where they are below their rounding error; refuse negative ones."""
    scale = np.einsum("si,sij,j->s", abs(belief), abs(process.T)[symbols[:, t]], abs(process.evaluate))
    total = np.where(abs(total) <= SIGNED_ZERO * scale, 0.0, total)
    negative = np.flatnonzero(total < 0)
    if len(negative):
        seq = negative[0]
        raise NegativeProbability(symbols[seq, : t + 1].tolist(), total[seq])
    return total
