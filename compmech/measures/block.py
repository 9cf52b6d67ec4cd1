"""Block entropies by enumeration of words."""

from collections.abc import Callable, Iterator
from math import inf
from typing import TypeAlias, TypeGuard

import numpy as np
from jaxtyping import Bool, Float

from compmech.errors import BudgetExceeded
from compmech.hmm import GHMM, HMM, AnyPresentation, as_presentation
from compmech.measures.interval import surprise
from compmech.stationarity import is_stationary
from compmech.validation import check_count

# Words of one length that may be held at once.
MAX_WORDS = 2**20

# float64 counts to here without rounding, and no memory holds as many words.
_COUNTED = 2**53

# A vector for the empty word, the matrix that turns vectors into probabilities, and what makes vectors of longer words.
_Enumeration: TypeAlias = tuple[np.ndarray, np.ndarray, Callable[[np.ndarray], np.ndarray]]


def block_entropies(process: AnyPresentation, length: int, *, max_words: int = MAX_WORDS) -> tuple[float, ...]:
    """Entropies of words of lengths 0, 1, ..., length, in bits.

    H(L) = -sum_w p(w) log2 p(w), from the process's start. Exact; forbidden words cost and add nothing.

    Args:
        length: greatest L >= 0.
        max_words: the most possible words of one length that are allowed.
    Raises:
        ValueError: if the length is negative.
        BudgetExceeded: if there are more possible words than `max_words`; `.found` holds H(0), H(1), ... of the lengths
            that have no more.
    Reference:
        Crutchfield and Feldman, Chaos 13, 25 (2003).
    Example:
        >>> from compmech import zoo
        >>> [round(bits, 6) for bits in block_entropies(zoo.golden_mean(), 2)]     # log2(3): three equal words
        [0.0, 0.918296, 1.584963]
    """
    length = check_count(length, "length")
    return within_budget(process, _enumerate(process, length, max_words), length, max_words)


def short_block_entropies(process: AnyPresentation, *, max_length: int, max_words: int) -> tuple[float, ...]:
    """Entropies of words up to the greatest length, at most `max_length`, of which there are at most `max_words`."""
    return _enumerate(process, max_length, max_words)


def within_budget(process: AnyPresentation, found: tuple[float, ...], length: int, max_words: int) -> tuple[float, ...]:
    """Numbers found for lengths 0, 1, ..., if they go as far as `length`.

    Raises:
        BudgetExceeded: if they end before, as there are more words than `max_words`.
    """
    if len(found) <= length:
        raise too_many_words(as_presentation(process), found, len(found), length, max_words)
    return found


def too_many_words(process: HMM | GHMM, found: object, stopped: int, length: int, max_words: int) -> BudgetExceeded:
    """The error of an enumeration of words up to `length` that stopped before those of length `stopped`."""
    return BudgetExceeded(
        f"length {length} is asked for, and of length {stopped} there are more words",
        "max_words",
        max_words,
        most_words(process.T, process.start != 0, length),
        found,
        f"give a length below {stopped}",
    )


def most_words(T: Float[np.ndarray, "symbol state state"], begin: Bool[np.ndarray, " state"], length: int) -> int:
    """A bound on the number of words of one length that can be read from some of the states.

    It is n_symbol ** length, or the number of paths where that is less; of a unifilar machine from one state the number
    itself. Entries that are not zero make paths, whatever their sign.
    """
    every: int = len(T) ** length
    edges = (T != 0).sum(axis=0).astype(np.float64)
    paths = begin.astype(np.float64)
    for _ in range(length):
        paths = paths @ edges
        if paths.sum() >= min(every, _COUNTED):
            return every
    return min(every, int(paths.sum()))


def _enumerate(process: AnyPresentation, length: int, max_words: float = inf) -> tuple[float, ...]:
    return tuple(float(surprise(p).sum()) for p in word_probabilities(process, length, max_words))


def word_probabilities(process: AnyPresentation, length: int, max_words: float) -> Iterator[Float[np.ndarray, " word"]]:
    """Probabilities of the possible words of lengths 0, 1, ..., until there are too many; in no particular order."""
    presentation = as_presentation(process)
    if _is_stationary_unifilar(presentation):
        vectors, tell, longer = _from_the_end(presentation)
    else:
        vectors, tell, longer = _from_the_start(presentation)
    yield np.ones(1)
    for n_read in range(length):
        probability = vectors @ tell  # of each word and each symbol next to it
        possible = np.abs(probability) > 0
        if possible.sum() > max_words:
            return
        yield probability[possible]
        if n_read + 1 < length:
            vectors = longer(vectors)[possible]


def _is_stationary_unifilar(process: HMM | GHMM) -> TypeGuard[HMM]:
    """Where words may be made from their end: an impossible word could else be the end of a possible one."""
    return isinstance(process, HMM) and process.is_unifilar and is_stationary(process)


def _from_the_start(process: HMM | GHMM) -> _Enumeration:
    """start @ T_w of the empty word, the probability of symbols after words, and the vectors of the longer words."""
    return process.start[None], process.emission, process.branch


def _from_the_end(process: HMM) -> _Enumeration:
    """The same with T_w @ evaluate and symbols before words: in a unifilar machine x leads a state to one other."""
    to = process.T.argmax(axis=2)
    chance = process.emission.T

    def longer(futures: Float[np.ndarray, "word state"]) -> Float[np.ndarray, "word symbol state"]:
        return np.asarray(np.take(futures, to, axis=1) * chance)

    arriving = np.einsum("i,xij->jx", process.start, process.T)
    return process.evaluate[None], arriving, longer
