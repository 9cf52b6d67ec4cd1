"""Bayesian filtering: the distribution over states after each symbol, and the probability of words.

Beliefs are carried forward scaled to total 1, all sequences in lockstep. A component that falls below `FAINT` could
underflow to zero and be missing when later symbols speak for it, so such sequences are filtered again in logarithms.
"""

from collections.abc import Iterator
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike

from compmech.errors import ImpossibleWord, NegativeProbability
from compmech.validation import check_words

# A signed sum counts as zero below this part of the sum of its terms' absolute values: each term carries a relative
# error of about 1e-16 times the number of symbols the filter remembers.
SIGNED_ZERO = 1e-12

# Positive components below this are left to the logarithmic filter. One step would have to shrink a component by 1e-170
# to pass unseen from above this to zero; transition probabilities below 1e-100 go to the logarithmic filter at once.
FAINT = 1e-150
_FAINT_STEP = 1e-100

# Symbols filtered at a time, to bound memory where only totals are kept.
_CHUNK = 64


@runtime_checkable
class Filterable(Protocol):
    """A process presented by states that can be filtered: HMM, GHMM, EpsilonMachine."""

    @property
    def n_symbol(self) -> int: ...
    @property
    def start(self) -> Float[np.ndarray, " state"]: ...
    @property
    def evaluate(self) -> Float[np.ndarray, " state"]: ...
    @property
    def emission(self) -> Float[np.ndarray, "state symbol"]:
        """Next-symbol probabilities: P(x_t | x_<t) = belief @ emission."""
        ...

    @property
    def nonnegative(self) -> bool:
        """Whether beliefs are distributions over states, so that exact zeros stay exact."""
        ...

    @property
    def least_step(self) -> float:
        """The smallest positive transition probability."""
        ...

    def branch(self, beliefs: Float[np.ndarray, "seq state"]) -> Float[np.ndarray, "seq symbol state"]:
        """Each belief moved by the matrix of every symbol, not normalised."""
        ...

    def log_branch(self, logs: Float[np.ndarray, "seq state"]) -> Float[np.ndarray, "seq symbol state"]:
        """The same from and to logarithms of nonnegative beliefs."""
        ...

    def signed_scale(self, beliefs: Float[np.ndarray, "seq state"]) -> Float[np.ndarray, "seq symbol"]:
        """Sum of the absolute values of the terms of branch(...) @ evaluate."""
        ...


def filter_beliefs(process: Filterable, words: ArrayLike) -> Float[np.ndarray, "seq row state"]:
    """Beliefs along words: row t = 0 .. time is start @ T_w / (start @ T_w @ evaluate) for w = x_<t.

    For an HMM this is the distribution over hidden states given the symbols so far; row 0 is the start.

    Args:
        process: an HMM, a GHMM or an EpsilonMachine.
        words: integers 0 .. n_symbol-1, axes (seq, time).
    Raises:
        ImpossibleWord: if a word has probability zero.
    """
    symbols = _symbols(process, words)
    beliefs = np.empty((*_rows(symbols), len(process.start)))
    for rows, piece, log_conditional in _filter(process, symbols):
        _refuse_impossible(symbols, rows.start - 1, log_conditional)
        beliefs[:, rows] = piece
    return beliefs


def predictions(process: Filterable, words: ArrayLike) -> Float[np.ndarray, "seq row symbol"]:
    """P(x_t | x_<t) along words; raises ImpossibleWord where a word has probability zero."""
    symbols = _symbols(process, words)
    probability = np.empty((*_rows(symbols), process.n_symbol))
    for rows, piece, log_conditional in _filter(process, symbols):
        _refuse_impossible(symbols, rows.start - 1, log_conditional)
        probability[:, rows] = piece @ process.emission
    return probability


def log_probability(process: Filterable, words: ArrayLike) -> Float[np.ndarray, " seq"]:
    """Log probability of words in nats; -inf for forbidden ones."""
    symbols = _symbols(process, words)
    total = np.zeros(len(symbols))
    for _, _, log_conditional in _filter(process, symbols):
        total += log_conditional.sum(axis=1)
    return total


def _symbols(process: Filterable, words: ArrayLike) -> Int[np.ndarray, "seq time"]:
    if not hasattr(process, "branch"):
        kind = type(process).__name__
        raise ValueError(f"only processes presented by states are filtered (HMM, GHMM, EpsilonMachine); got {kind}")
    return check_words(words, process.n_symbol)


def _rows(symbols: Int[np.ndarray, "seq time"]) -> tuple[int, int]:
    return symbols.shape[0], symbols.shape[1] + 1


_Piece = tuple[slice, Float[np.ndarray, "seq rows state"], Float[np.ndarray, "seq time"]]


def _filter(process: Filterable, symbols: Int[np.ndarray, "seq time"]) -> Iterator[_Piece]:
    """Pieces along time: which rows, their beliefs, and log P(x_t | x_<t) of the symbols that led to them.

    After a forbidden symbol beliefs are zero and log probabilities -inf. The piece of row 0 has no symbols.
    """
    n_seq = len(symbols)
    belief = np.repeat(np.asarray(process.start, dtype=np.float64)[None], n_seq, axis=0)
    yield slice(0, 1), belief[:, None], np.empty((n_seq, 0))
    logs = np.empty_like(belief)
    faint = np.zeros(n_seq, dtype=bool)
    for begin in range(0, symbols.shape[1], _CHUNK):
        read = symbols[:, : begin + _CHUNK]
        piece = read[:, begin:]
        beliefs = np.empty((n_seq, piece.shape[1], belief.shape[1]))
        log_conditional = np.empty(piece.shape)
        plain = ~faint
        beliefs[plain], log_conditional[plain] = _scaled(process, belief[plain], read[plain], begin)
        if process.nonnegative:
            newly = plain & ((_smallest(beliefs) < FAINT) | (process.least_step < _FAINT_STEP))
            with np.errstate(divide="ignore"):
                logs[newly] = np.log(belief[newly])
            faint |= newly
            beliefs[faint], log_conditional[faint], logs[faint] = _logarithmic(process, logs[faint], piece[faint])
        belief = beliefs[:, -1]
        yield slice(begin + 1, begin + 1 + piece.shape[1]), beliefs, log_conditional


def _scaled(
    process: Filterable, belief: Float[np.ndarray, "seq state"], read: Int[np.ndarray, "seq time"], begin: int
) -> tuple[Float[np.ndarray, "seq piece state"], Float[np.ndarray, "seq piece"]]:
    """Beliefs after each symbol from `begin` on, and each symbol's log probability given those before it."""
    n_seq, n_time = read.shape
    beliefs = np.empty((n_time - begin, n_seq, belief.shape[1]))
    totals = np.empty((n_time - begin, n_seq))
    every = np.arange(n_seq)
    for t in range(begin, n_time):
        moved = process.branch(belief)[every, read[:, t]]
        total = moved @ process.evaluate
        if not process.nonnegative:
            total = _signed_total(process, belief, read[:, : t + 1], total)
        belief = beliefs[t - begin]
        totals[t - begin] = total
        possible = total > 0
        np.divide(moved, np.where(possible, total, 1.0)[:, None], out=belief)
        belief[~possible] = 0
    with np.errstate(divide="ignore"):
        return beliefs.transpose(1, 0, 2), np.log(totals).T


def _logarithmic(
    process: Filterable, logs: Float[np.ndarray, "seq state"], piece: Int[np.ndarray, "seq time"]
) -> tuple[Float[np.ndarray, "seq time state"], Float[np.ndarray, "seq time"], Float[np.ndarray, "seq state"]]:
    """The same from and to logarithms of beliefs, which do not underflow."""
    beliefs = np.empty((*piece.shape, logs.shape[1]))
    log_conditional = np.empty(piece.shape)
    every = np.arange(len(piece))
    for t in range(piece.shape[1] if len(piece) else 0):
        moved = process.log_branch(logs)[every, piece[:, t]]
        total = np.logaddexp.reduce(moved, axis=1)
        logs = moved - np.where(np.isneginf(total), 0.0, total)[:, None]
        beliefs[:, t] = np.exp(logs)
        log_conditional[:, t] = total
    return beliefs, log_conditional, logs


def _signed_total(
    process: Filterable,
    belief: Float[np.ndarray, "seq state"],
    read: Int[np.ndarray, "seq time"],
    total: Float[np.ndarray, " seq"],
) -> Float[np.ndarray, " seq"]:
    """Totals of signed terms, zero where they are below their rounding error; refuse negative ones."""
    scale = process.signed_scale(belief)[np.arange(len(belief)), read[:, -1]]
    total = np.where(abs(total) <= SIGNED_ZERO * scale, 0.0, total)
    negative = np.flatnonzero(total < 0)
    if len(negative):
        raise NegativeProbability(read[negative[0]].tolist(), total[negative[0]])
    return total


def _smallest(beliefs: Float[np.ndarray, "seq time state"]) -> Float[np.ndarray, " seq"]:
    """The smallest positive entry of each sequence; 1 where there is none."""
    return np.asarray(np.where(beliefs > 0, beliefs, 1.0).min(axis=(1, 2), initial=1.0))


def _refuse_impossible(
    symbols: Int[np.ndarray, "seq time"], begin: int, log_conditional: Float[np.ndarray, "seq piece"]
) -> None:
    """Raise ImpossibleWord for the first word that has a symbol of probability zero."""
    forbidden = np.argwhere(np.isneginf(log_conditional))
    if len(forbidden):
        seq, t = forbidden[0]
        raise ImpossibleWord(symbols[seq].tolist(), begin + int(t))
