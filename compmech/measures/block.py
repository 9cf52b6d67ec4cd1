"""Block entropies by enumeration of words."""

from collections.abc import Iterator
from math import inf

import numpy as np
from jaxtyping import Float

from compmech.hmm import AnyPresentation, as_presentation
from compmech.measures.interval import surprise
from compmech.validation import check_count

# Words of one length that may be held at once.
MAX_WORDS = 2**20


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
    """Probabilities of the possible words of lengths 0, 1, ..., length, in lexicographic order.

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
    vectors = presentation.start[None]
    yield np.ones(1)
    for _ in range(length):
        branched = np.einsum("wi,xij->wxj", vectors, presentation.T).reshape(-1, presentation.n_state)
        probability = branched @ presentation.evaluate
        possible = np.abs(probability) > 0
        if possible.sum() > max_words:
            return
        vectors, probability = branched[possible], probability[possible]
        yield probability
