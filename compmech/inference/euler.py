"""Series in another order that keep how often every word of some length occurs.

A piece is a walk on its words of k symbols, each step a word of k + 1; walks with the same steps are the Euler trails
from the first word to the last, and one is drawn with each as likely as any other: the last exits of all words but the
last one are a random tree towards it, the other exits come in random order, and the walk takes them as they come.

Reference:
    Altschul and Erickson, Molecular Biology and Evolution 2, 526 (1985), the shuffle; Kandel, Matias, Unger and
    Winkler, Discrete Applied Mathematics 71, 171 (1996), that it is uniform; Wilson, Proceedings of the 28th ACM
    Symposium on Theory of Computing, 296 (1996), the random tree; Whittle, Journal of the Royal Statistical Society B
    17, 235 (1955), how many walks there are.
"""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Int, Integer

from compmech.inference.series import GAP, Series
from compmech.validation import check_count, check_rng

__all__ = ["markov_shuffled"]

_DRAWN = 4096  # random numbers that are drawn at once


def markov_shuffled(data: Series, order: int, *, rng: np.random.Generator) -> Series:
    """One of the series with the same words of `order` + 1 symbols, as often as they occur; uniformly.

    Each piece without a gap by itself, its first and last `order` symbols as they were; pieces that no other order is
    possible for stay. Under any Markov chain of that order all of these series are equally likely. Of order 0: the same
    symbols, shuffled within their pieces.

    Raises:
        ValueError: if order is negative.
    """
    check_count(order, "order")
    check_rng(rng)
    codes = data.codes.copy()
    edges = np.flatnonzero(np.diff(np.concatenate([[True], codes == GAP, [True]])))
    for first, last in zip(edges[::2], edges[1::2], strict=True):
        if last - first > order + 1:
            codes[first:last] = _shuffled(codes[first:last], data.n_symbol, order, rng)
    return Series(codes, data.alphabet)


def _shuffled(
    codes: Integer[np.ndarray, " time"], n_symbol: int, order: int, rng: np.random.Generator
) -> Integer[np.ndarray, " time"]:
    """The same for one piece, of at least order + 2 symbols."""
    word = _numbered(codes, n_symbol, order)
    source, target = word[:-1], word[1:]
    # steps by the word that they leave, in random order
    step = np.lexsort((rng.random(len(source)), source))
    leads = target[step]
    begins = np.concatenate([[0], np.cumsum(np.bincount(source, minlength=int(word.max()) + 1))])
    _last_exits(step, leads, begins, int(word[-1]), rng)
    taken = _walk(leads.tolist(), begins.tolist(), int(word[0]), len(source))
    return np.concatenate([codes[:order], codes[order + step[taken]]])


def _numbered(codes: Integer[np.ndarray, " time"], n_symbol: int, order: int) -> Int[np.ndarray, " word"]:
    """A number for the word of `order` symbols before each time, and after the last; no larger than need be."""
    word = np.zeros(len(codes) + 1, dtype=np.int64)
    for length in range(order):
        word = np.unique(word[:-1] * n_symbol + codes[length:], return_inverse=True)[1].ravel()
    return word


def _last_exits(
    step: Int[np.ndarray, " step"],
    leads: Int[np.ndarray, " step"],
    begins: Int[np.ndarray, " _"],
    end: int,
    rng: np.random.Generator,
) -> None:
    """Put the steps of a random tree towards the last word at the end of those that leave each word, in place.

    A walk over random steps, whose loops are forgotten, joins one word after the other to the tree.
    """
    n_word = len(begins) - 1
    first, count, target = begins[:-1].tolist(), np.diff(begins).tolist(), leads.tolist()
    joined = [False] * n_word
    joined[end] = True
    exit_of = [-1] * n_word
    numbers = _uniform(rng)
    for word in range(n_word):
        here = word
        while not joined[here]:
            exit_of[here] = first[here] + int(next(numbers) * count[here])
            here = target[exit_of[here]]
        here = word
        while not joined[here]:
            joined[here] = True
            here = target[exit_of[here]]
    for word, chosen in enumerate(exit_of):
        if chosen >= 0:
            last = begins[word + 1] - 1
            for row in (step, leads):
                row[[chosen, last]] = row[[last, chosen]]


def _uniform(rng: np.random.Generator) -> Iterator[float]:
    """Random numbers one by one, drawn many at once."""
    while True:
        yield from rng.random(_DRAWN).tolist()


def _walk(leads: list[int], begins: list[int], here: int, n_step: int) -> Int[np.ndarray, " step"]:
    """The places of the steps of a walk that takes those that leave each word as they come."""
    at = begins[:]
    taken = [0] * n_step
    for i in range(n_step):
        place = at[here]
        at[here] = place + 1
        taken[i] = place
        here = leads[place]
    return np.array(taken)
