"""Entropies of the words of a corpus, from the order of its histories."""

from collections.abc import Iterator

import numpy as np

from compmech.corpus.suffix_index import SuffixIndex
from compmech.corpus.suffix_tree import ages, neighbour_agreement


def word_entropies(index: SuffixIndex, length: int) -> tuple[float, ...]:
    """Entropies in bits of words of lengths 0 .. length, each occurrence of a word counting the same.

    A word of L symbols is the L-1 before a place and the symbol at it: places that agree on L-1 stand together.

    Raises:
        ValueError: if no document has so many symbols.
    """
    age = ages(index)
    if length and int(age.max()) < length - 1:
        raise ValueError(f"the longest document has {int(age.max()) + 1} symbols: there is no word of length {length}")
    found = [0.0]
    for _, words in _counted(index, age, length - 1):
        total = words.sum()
        found.append(float(np.log2(total) - _plogp(words) / total))
    return tuple(found)


def next_entropies(index: SuffixIndex, length: int) -> tuple[float, ...]:
    """Entropies in bits of the next symbol given the k = 0 .. length before it, over the places with so many.

    Raises:
        ValueError: if no document has a symbol after so many.
    """
    age = ages(index)
    if int(age.max()) < length:
        raise ValueError(f"the longest document has {int(age.max()) + 1} symbols: none is after {length} others")
    return tuple(float((_plogp(ends) - _plogp(words)) / words.sum()) for ends, words in _counted(index, age, length))


def context_counts(index: SuffixIndex, length: int) -> tuple[int, ...]:
    """How many different words of each length 0 .. length stand before some place."""
    age = ages(index)
    agree = np.append(-1, neighbour_agreement(index, age, most=length))
    return tuple(int(np.count_nonzero((age >= at) & (agree < at))) for at in range(length + 1))


def _counted(index: SuffixIndex, age: np.ndarray, length: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """For k = 0 .. length how often each word of k symbols stands before a place, and each with the symbol there."""
    agree = np.append(-1, neighbour_agreement(index, age, most=max(length, 0)))
    symbol, n_symbol = index.following(np.arange(len(age))), index.stream.n_symbol
    for before in range(length + 1):
        there = age >= before
        group = (np.cumsum(agree < before) - 1)[there]
        yield np.bincount(group), np.unique(group * n_symbol + symbol[there], return_counts=True)[1]


def _plogp(counts: np.ndarray) -> float:
    some = counts[counts > 0]
    return float((some * np.log2(some)).sum())
