"""Entropies of the words of a corpus, from the order of its histories."""

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
    agree = neighbour_agreement(index, age, most=max(length - 1, 0))
    symbol = index.following(np.arange(len(age)))
    return (0.0, *(_entropy(age, agree, symbol, index.stream.n_symbol, at) for at in range(length)))


def _entropy(age: np.ndarray, agree: np.ndarray, symbol: np.ndarray, n_symbol: int, before: int) -> float:
    there = age >= before
    new = np.append(True, agree < before)
    group = (np.cumsum(new) - 1)[there]
    counts = np.unique(group * n_symbol + symbol[there], return_counts=True)[1]
    total = int(counts.sum())
    return float(np.log2(total) - (counts * np.log2(counts)).sum() / total)
