"""Block entropies by enumeration of words."""

from collections.abc import Callable, Iterator
from math import inf
from typing import TypeAlias, TypeGuard

import numpy as np
from jaxtyping import Float

from compmech.hmm import GHMM, HMM, AnyPresentation, as_presentation
from compmech.measures.interval import surprise
from compmech.validation import check_count

# Words of one length that may be held at once.
MAX_WORDS = 2**20

# A vector for the empty word, the matrix that turns vectors into probabilities, and what makes vectors of longer words.
_Enumeration: TypeAlias = tuple[np.ndarray, np.ndarray, Callable[[np.ndarray], np.ndarray]]


def block_entropies(process: AnyPresentation, length: int, *, max_words: int = MAX_WORDS) -> tuple[float, ...]:
    """Entropies of words of lengths 0, 1, ..., length, in bits.

    H(L) = -sum_w p(w) log2 p(w), from the process's start. Exact; forbidden words cost and add nothing.

    Args:
        length: greatest L >= 0.
        max_words: the most possible words of one length that are allowed.
    Raises:
        ValueError: if the length is negative, or there are more possible words than `max_words`.
    Reference:
        Crutchfield and Feldman, Chaos 13, 25 (2003).
    Example:
        >>> from compmech import zoo
        >>> [round(bits, 6) for bits in block_entropies(zoo.golden_mean(), 2)]     # log2(3): three equal words
        [0.0, 0.918296, 1.584963]
    """
    words = words_of_lengths(process, check_count(length, "length"), max_words=max_words)
    return tuple(float(surprise(p).sum()) for p in words)


def short_block_entropies(process: AnyPresentation, *, max_length: int, max_words: int) -> tuple[float, ...]:
    """Entropies of words up to the greatest length, at most `max_length`, of which there are at most `max_words`."""
    return _enumerate(process, max_length, max_words)


def words_of_lengths(
    process: AnyPresentation, length: int, *, max_words: int = MAX_WORDS
) -> tuple[Float[np.ndarray, " _"], ...]:
    """Probabilities of the possible words of lengths 0, 1, ..., length, in no particular order.

    Raises:
        ValueError: if there are more possible words than `max_words`.
    """
    found = tuple(_probabilities(process, length, max_words))
    if len(found) <= length:
        raise ValueError(
            f"more than {max_words} words of length {len(found)} are possible: give a length below {len(found)}, "
            "or raise max_words"
        )
    return found


def _enumerate(process: AnyPresentation, length: int, max_words: float = inf) -> tuple[float, ...]:
    return tuple(float(surprise(p).sum()) for p in _probabilities(process, length, max_words))


def _probabilities(process: AnyPresentation, length: int, max_words: float) -> Iterator[Float[np.ndarray, " word"]]:
    """Probabilities of the possible words of each length, until there are too many."""
    presentation = as_presentation(process)
    vectors, tell, longer = _from_the_end(presentation) if _is_unifilar(presentation) else _from_the_start(presentation)
    yield np.ones(1)
    for n_read in range(length):
        probability = vectors @ tell  # of each word and each symbol next to it
        possible = np.abs(probability) > 0
        if possible.sum() > max_words:
            return
        yield probability[possible]
        if n_read + 1 < length:
            vectors = longer(vectors)[possible]


def _is_unifilar(process: HMM | GHMM) -> TypeGuard[HMM]:
    return isinstance(process, HMM) and process.is_unifilar


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
