"""Other clocks: every k-th symbol only, and k symbols as one."""

from itertools import product as tuples

import numpy as np
from jaxtyping import Float

from compmech.compose.assembling import MAX_ENTRIES, PresentationTooLarge, as_part, changed
from compmech.hmm import GHMM, HMM, AnyPresentation
from compmech.measures.block import most_words
from compmech.validation import check_count


def subsampled(process: AnyPresentation, every: int, *, first: int = 0, max_entries: int = MAX_ENTRIES) -> HMM | GHMM:
    """Every k-th symbol: x_f, x_{f+k}, x_{f+2k}, ... of the process, the others unseen.

    The start is that of the process f steps later: a stationary process stays stationary. A periodic one may become a
    mixture.

    Args:
        every: k >= 1.
        first: f >= 0, the first symbol that is read.
        max_entries: the most numbers that an EpsilonMachine may have as matrices.
    Example:
        >>> from compmech import zoo
        >>> subsampled(zoo.z1r(), 3, first=1).predict([[0]])[0].round(3).tolist()
        [[0.5, 0.5], [0.833, 0.167]]
    """
    part = as_part(process, max_entries)
    k, f = _step(every, "every"), check_count(first, "first")
    unseen = _steps(part, k - 1)
    start = part.start if f == 0 else part.start @ _steps(part, f)
    return changed(part, "subsampled", part.T @ unseen, part.alphabet, start=start)


def blocked(process: AnyPresentation, length: int, *, max_entries: int = MAX_ENTRIES) -> HMM | GHMM:
    """k symbols at a time read as one, a tuple of k: x_0:k, x_k:2k, ...

    The start stays what it is, the entropy rate is k times that of the process. Words that cannot follow any state are
    no symbols; the others stand in lexicographic order.

    Args:
        length: k >= 1.
        max_entries: the most numbers n_word * n_state ** 2 that the result may have.
    Raises:
        PresentationTooLarge: before the words that exceed the budget are made. It says what is enough for k symbols;
            `.found` is the process in the longest blocks that fit.
    Example:
        >>> from compmech import zoo
        >>> blocked(zoo.golden_mean(), 2).alphabet
        (('0', '0'), ('0', '1'), ('1', '0'))
    """
    part = as_part(process, max_entries)
    k, budget = _step(length, "length"), check_count(max_entries, "max_entries")
    T = part.T
    words: list[tuple[int, ...]] = [(x,) for x in range(part.n_symbol)]
    for done in range(1, k + 1):
        possible = np.flatnonzero(T.reshape(len(T), -1).any(axis=1))
        T = T[possible]
        words = [words[index] for index in possible]
        if done == k:
            break
        if len(words) * part.n_symbol * part.n_state**2 > budget:
            # the words of k symbols are tried one by one: those of k - 1 that are possible, and every symbol after them
            tried = most_words(part.T, np.ones(part.n_state, dtype=bool), k - 1) * part.n_symbol
            what = f"blocks of {k} symbols, if no more words are forbidden than can be told beforehand,"
            raise PresentationTooLarge(what, tried, part.n_state, budget, _in_blocks(part, T, words))
        T = np.einsum("wij,xjk->wxik", T, part.T).reshape(-1, part.n_state, part.n_state)
        words = [(*word, x) for word, x in tuples(words, range(part.n_symbol))]
    return _in_blocks(part, T, words)


def _in_blocks(part: HMM | GHMM, T: Float[np.ndarray, "word state state"], words: list[tuple[int, ...]]) -> HMM | GHMM:
    return changed(part, "blocked", T, [tuple(part.alphabet[x] for x in word) for word in words])


def _steps(part: HMM | GHMM, count: int) -> Float[np.ndarray, "state state"]:
    """A ** count; exact zeros stay zeros, and rows of an HMM sum to 1 however many steps."""
    power = np.asarray(np.linalg.matrix_power(part.A, count))
    return np.asarray(power / power.sum(axis=1, keepdims=True)) if isinstance(part, HMM) else power


def _step(value: int, what: str) -> int:
    count = check_count(value, what)
    if count == 0:
        raise ValueError(f"{what} must be at least 1; got 0")
    return count
