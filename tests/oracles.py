"""Oracles by enumeration: every sum over every path of states, written as the definition says and nothing cleverer."""

from itertools import product

import numpy as np


def all_words(n_symbol: int, length: int) -> np.ndarray:
    """Every word of one length in lexicographic order, axes (word, time)."""
    return np.array(list(product(range(n_symbol), repeat=length)), dtype=int).reshape(n_symbol**length, length)


def joint_with_last_state(process, word) -> np.ndarray:
    """P(word, last state j), summed over every path of states that ends in j."""
    n_state = process.T.shape[1]
    total = np.zeros(n_state)
    for path in product(range(n_state), repeat=len(word) + 1):
        weight = process.start[path[0]]
        for t, symbol in enumerate(word):
            weight = weight * process.T[symbol, path[t], path[t + 1]]
        total[path[-1]] += weight
    return total


def word_probability(process, word) -> float:
    """P(word): start @ T_w @ evaluate, path by path."""
    return float(joint_with_last_state(process, word) @ process.evaluate)


def word_probabilities(process, length: int) -> np.ndarray:
    """P(word) for every word of one length, in lexicographic order."""
    return np.array([word_probability(process, word) for word in all_words(process.T.shape[0], length)])


def belief(process, word) -> np.ndarray:
    """The distribution over states after a word of positive probability."""
    joint = joint_with_last_state(process, word)
    return joint / (joint @ process.evaluate)


def prediction(process, word) -> np.ndarray:
    """P(next symbol | word), as a ratio of word probabilities."""
    longer = np.array([word_probability(process, [*word, x]) for x in range(process.T.shape[0])])
    return longer / word_probability(process, word)


def same_words(a, b, length: int, tol: float = 1e-9) -> bool:
    """Whether two presentations agree on every word up to a length."""
    return all(np.abs(word_probabilities(a, n) - word_probabilities(b, n)).max() <= tol for n in range(length + 1))


def distinct_beliefs(process, length: int, decimals: int = 9) -> set[tuple[float, ...]]:
    """The beliefs after all possible words up to a length, rounded."""
    found = set()
    for n in range(length + 1):
        for word in all_words(process.T.shape[0], n):
            if word_probability(process, word) > 0:
                found.add(tuple(np.round(belief(process, word), decimals) + 0.0))
    return found


def futures(process, length: int) -> np.ndarray:
    """P(word | state) for every word up to a length, axes (state, word), one matrix after the other."""
    columns = []
    for n in range(length + 1):
        for word in all_words(process.T.shape[0], n):
            future = process.evaluate
            for symbol in reversed(word):
                future = process.T[symbol] @ future
            columns.append(future)
    return np.array(columns).T


def future_classes(process, length: int, decimals: int = 9) -> int:
    """How many states differ in the probabilities of words up to a length."""
    return len(np.unique(np.round(futures(process, length), decimals), axis=0))
