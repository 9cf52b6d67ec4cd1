"""How far two processes are apart on words of one length: by enumeration, or by sampling.

The second process, and for enumeration the first too, may be anything with `log_prob`: a process, a corpus, a trained
predictor wrapped for the purpose. Symbols are matched by name where both have an alphabet, and otherwise by position.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from math import inf, sqrt
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike

from compmech.errors import BudgetExceeded
from compmech.measures.interval import ROUNDING
from compmech.names import check_names_match
from compmech.units import bits
from compmech.validation import check_count, check_rng

# Words of one length that are enumerated at most.
MAX_WORDS = 2**20


@runtime_checkable
class HasLogProb(Protocol):
    """Anything that gives words probabilities."""

    def log_prob(self, words: ArrayLike, /) -> Float[np.ndarray, " seq"]:
        """Log probability of each word, axes (seq, time), in nats; -inf for forbidden words."""
        ...


@runtime_checkable
class Source(HasLogProb, Protocol):
    """A process that also knows its symbols and can be sampled."""

    @property
    def alphabet(self) -> tuple[Hashable, ...]: ...

    def sample(self, n_seq: int, n_time: int, *, rng: np.random.Generator) -> Int[np.ndarray, "seq time"]:
        """Independent sequences, each from the start."""
        ...


@dataclass(frozen=True, kw_only=True)
class WordDivergences:
    """How far two processes p and q are apart on words of one length. Exact to rounding.

    Attributes:
        length: of the words.
        kl_nats: D(p || q) = sum_w p(w) log p(w) / q(w); inf where p allows a word that q forbids.
        reverse_kl_nats: D(q || p).
        jensen_shannon_bits: what one word tells of which of the two it came from, between 0 and 1.
        total_variation: greatest difference of the probabilities of any event, between 0 and 1.
        bhattacharyya_nats: -log sum_w sqrt(p(w) q(w)); inf where no word is common to both.
        forbidden: the first word (symbols of p's alphabet) that p allows and q forbids; None if there is none.
    """

    length: int
    kl_nats: float
    reverse_kl_nats: float
    jensen_shannon_bits: float
    total_variation: float
    bhattacharyya_nats: float
    forbidden: tuple[Hashable, ...] | None

    @property
    def kl_bits(self) -> float:
        """D(p || q) in bits."""
        return bits(self.kl_nats)


@dataclass(frozen=True, kw_only=True)
class SampledDivergence:
    """D(p || q) on words of one length as sampled, in nats.

    Attributes:
        length: of the words.
        n_words: number of words drawn from p.
        kl_nats: mean of log p(w) / q(w); inf if q forbids a word that was drawn, and then exactly so.
        standard_error: of the mean, from the spread of the words.
        low, high: interval that holds D with the confidence asked for.
        forbidden: a word (symbols of p's alphabet) that was drawn and that q forbids; None if there was none.
    """

    length: int
    n_words: int
    kl_nats: float
    standard_error: float
    low: float
    high: float
    forbidden: tuple[Hashable, ...] | None


def word_divergences(p: Source, q: HasLogProb, length: int, *, max_words: int = MAX_WORDS) -> WordDivergences:
    """Relative entropy both ways, Jensen-Shannon divergence, total variation and Bhattacharyya distance of the words.

    Args:
        p: anything with an alphabet and `log_prob`.
        q: anything with `log_prob`.
        length: L >= 0; all words over the symbols of both are enumerated.
        max_words: the most words that may be.
    Raises:
        ValueError: if the length is negative, or the symbols differ in type alone, as '1' and 1 do.
        BudgetExceeded: if there are more than `max_words` words, before anything is computed.
    Reference:
        Lin, IEEE Transactions on Information Theory 37, 145 (1991), for the Jensen-Shannon divergence.
    Example:
        >>> from compmech import zoo
        >>> found = word_divergences(zoo.golden_mean(), zoo.even(), 3)
        >>> found.kl_nats, found.forbidden     # an isolated 1 is forbidden in the even process
        (inf, ('0', '1', '0'))
    """
    log_p, log_q, words, names = _enumerated(p, q, length, max_words)
    with np.errstate(divide="ignore"):
        log_middle = np.logaddexp(log_p, log_q) - np.log(2.0)
    one_sided = np.flatnonzero((log_p > -inf) & (log_q == -inf))
    forbidden = tuple(names[x] for x in words[one_sided[0]]) if len(one_sided) else None
    common = (log_p > -inf) & (log_q > -inf)
    overlap = float(np.exp((log_p[common] + log_q[common]) / 2).sum())
    return WordDivergences(
        length=length,
        kl_nats=_relative_entropy(log_p, log_q),
        reverse_kl_nats=_relative_entropy(log_q, log_p),
        jensen_shannon_bits=bits((_relative_entropy(log_p, log_middle) + _relative_entropy(log_q, log_middle)) / 2),
        total_variation=float(np.abs(np.exp(log_p) - np.exp(log_q)).sum()) / 2,
        bhattacharyya_nats=0.0 - float(np.log(overlap)) if overlap > 0 else inf,
        forbidden=forbidden,
    )


def renyi_divergence(p: Source, q: HasLogProb, length: int, order: float, *, max_words: int = MAX_WORDS) -> float:
    """Renyi divergence of words of one length in nats: log(sum_w p(w)^a q(w)^(1 - a)) / (a - 1).

    Exact. The relative entropy at order 1, -log q(words that p allows) at order 0, the largest log ratio at infinity.

    Args:
        order: a >= 0; inf is allowed.
    Raises:
        ValueError: if an argument is out of range, or the symbols differ in type alone, as '1' and 1 do.
    Reference:
        van Erven and Harremoes, IEEE Transactions on Information Theory 60, 3797 (2014).
    """
    if not order >= 0:
        raise ValueError(f"order must be >= 0; got {order}")
    log_p, log_q, _, _ = _enumerated(p, q, length, max_words)
    if order == 1:
        return _relative_entropy(log_p, log_q)
    possible = log_p > -inf
    log_p, log_q = log_p[possible], log_q[possible]
    if order > 1 and (log_q == -inf).any():
        return inf
    common = log_q > -inf
    if not common.any():
        return inf
    log_p, log_q = log_p[common], log_q[common]
    if order == inf:
        return float((log_p - log_q).max())
    return float(np.logaddexp.reduce(order * log_p + (1 - order) * log_q)) / (order - 1)


def sampled_divergence(
    p: Source, q: HasLogProb, length: int, *, n_words: int, rng: np.random.Generator, confidence: float = 0.95
) -> SampledDivergence:
    """D(p || q) on words of one length, from words drawn from p: for lengths or alphabets too large to enumerate.

    Args:
        p: a process that can be sampled and has `log_prob`.
        q: anything with `log_prob`.
        n_words: number of words drawn, at least 2.
        rng: draws them.
        confidence: of the interval, which takes the mean of the log ratios to be normal.
    Raises:
        ValueError: if an argument is out of range, or the symbols differ in type alone, as '1' and 1 do.
    """
    length = check_count(length, "length")
    if check_count(n_words, "n_words") < 2:
        raise ValueError(f"n_words must be >= 2, for an error to be known; got {n_words}")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1; got {confidence}")
    from scipy.special import stdtrit

    words = p.sample(n_words, length, rng=check_rng(rng))
    names = p.alphabet
    log_q = _log_prob(q, names, words)
    if (log_q == -inf).any():
        word = words[int(np.argmax(log_q == -inf))]
        forbidden = tuple(names[x] for x in word)
        return SampledDivergence(
            length=length, n_words=n_words, kl_nats=inf, standard_error=0.0, low=inf, high=inf, forbidden=forbidden
        )
    ratio = p.log_prob(words) - log_q
    mean, error = float(ratio.mean()), float(ratio.std(ddof=1)) / sqrt(n_words)
    times = float(stdtrit(n_words - 1, (1 + confidence) / 2))
    return SampledDivergence(
        length=length,
        n_words=n_words,
        kl_nats=mean,
        standard_error=error,
        low=max(0.0, mean - times * error),
        high=max(0.0, mean + times * error),
        forbidden=None,
    )


def _relative_entropy(log_p: Float[np.ndarray, " word"], log_q: Float[np.ndarray, " word"]) -> float:
    """sum p log p/q in nats; a sum that is negative by no more than rounding is 0."""
    possible = log_p > -inf
    if (log_q[possible] == -inf).any():
        return inf
    log_p, log_q = log_p[possible], log_q[possible]
    total = float(np.exp(log_p) @ (log_p - log_q))
    return 0.0 if -ROUNDING < total < 0 else total


def _enumerated(
    p: Source, q: HasLogProb, length: int, max_words: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, tuple[Hashable, ...]]:
    """Log probabilities of all words of one length, the words, and the names of their symbols."""
    length = check_count(length, "length")
    check_names_match([p.alphabet, getattr(q, "alphabet", ())])
    names = tuple(dict.fromkeys([*p.alphabet, *getattr(q, "alphabet", ())]))
    n_word = len(names) ** length
    if n_word > max_words:
        problem = f"there are {len(names)}^{length} words, more"
        repair = "give a shorter length, or use sampled_divergence"
        raise BudgetExceeded(problem, "max_words", max_words, n_word, None, repair)
    words = np.stack(np.unravel_index(np.arange(n_word), (len(names),) * length), axis=1) if length else None
    every = np.empty((1, 0), dtype=np.intp) if words is None else words
    return _log_prob(p, names, every), _log_prob(q, names, every), every, names


def _log_prob(
    process: HasLogProb, names: tuple[Hashable, ...], words: Int[np.ndarray, "seq time"]
) -> Float[np.ndarray, " seq"]:
    """Log probabilities of words over the symbols `names`; words with a symbol that a process lacks are forbidden."""
    alphabet = getattr(process, "alphabet", names)
    check_names_match([names, alphabet])
    place = {name: index for index, name in enumerate(alphabet)}
    number = np.array([place.get(name, -1) for name in names], dtype=np.intp)
    own = number[words]
    known = (own >= 0).all(axis=1)
    found = np.full(len(words), -inf)
    if known.any():
        found[known] = process.log_prob(own[known])
    return found
