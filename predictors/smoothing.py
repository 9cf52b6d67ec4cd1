"""From counts of words to P(x | c): what is given to a symbol that never followed a history c.

Glossary: c history, c' the same without its oldest symbol, x symbol, n(c, x) count, n(c) their sum over x, m(c) number
of different x seen after c, u(c) those never seen. Tables have axes (history, symbol); histories of length j are
numbered in lexicographic order, oldest symbol first, so that row c modulo n_symbol ** (j - 1) is c'.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

__all__ = ["SMOOTHINGS", "Discounts", "count_words", "kneser_ney_discounts", "tables"]

FALLBACK = (0.5, 1.0, 1.5)
"""Discounts where a sample does not give its own: those of KenLM (Heafield and others, ACL 2013)."""


def count_words(sequences: Sequence[Int[np.ndarray, "_ _"]], k: int, n_symbol: int) -> list[Int[np.ndarray, "_ _"]]:
    """n(c, x) for histories of each length 0 .. k. No word crosses from one sequence to the next."""
    codes = [np.zeros_like(words) for words in sequences]  # at (seq, t): x_{t-j} .. x_t as one number, oldest first
    found = []
    for order in range(k + 1):
        counts = np.zeros(n_symbol ** (order + 1), dtype=np.int64)
        for i, words in enumerate(sequences):
            width = max(0, words.shape[1] - order)
            codes[i] = words[:, :width] * n_symbol**order + codes[i][:, codes[i].shape[1] - width :]
            counts += np.bincount(codes[i].ravel(), minlength=len(counts))
        found.append(counts.reshape(-1, n_symbol))
    return found


def tables(counts: Sequence[Int[np.ndarray, "_ _"]], smoothing: str) -> list[Float[np.ndarray, "_ _"]]:
    """P(x | c) for histories of each length that is counted, by one of `SMOOTHINGS`.

    - `witten-bell`: (n(c, x) + m(c) P(x | c')) / (n(c) + m(c)), method C of Witten and Bell, interpolated.
    - `back-off`: n(c, x) / (n(c) + m(c)) for what was seen, and the rest, m(c) / (n(c) + m(c)), shared out among what
      was not in proportion to P(x | c'): Katz's form with the discounts of Witten and Bell, which, unlike Good and
      Turing's, a small alphabet always gives. With nothing unseen, the relative frequencies.
    - `kneser-ney`: modified and interpolated, of Chen and Goodman. A history of full length is counted as it is; the
      shorter ones below it by the number of different symbols before them. The discounts of counts 1, 2 and more
      come from how many words have counts 1 to 4 (`kneser_ney_discounts`).
    - `none`: n(c, x) / n(c), the relative frequencies. What was not seen has probability 0.

    A history never seen gives P(x | c') in all of them. The chain ends below the empty history at the uniform
    distribution. Every row sums to 1, and but for `none` every probability is positive.

    Reference:
        Chen and Goodman, Computer Speech and Language 13, 359 (1999), sections 2 and 3; Witten and Bell, IEEE
        Transactions on Information Theory 37, 1085 (1991); Katz, IEEE Transactions on Acoustics, Speech and Signal
        Processing 35, 400 (1987); Kneser and Ney, ICASSP 1995.
    """
    n_symbol = counts[0].shape[1]
    uniform = np.full((1, n_symbol), 1 / n_symbol)
    if smoothing == "kneser-ney":
        return _kneser_ney(counts, uniform)
    rule, below, found = SMOOTHINGS[smoothing], uniform, []
    for each in counts:
        below = rule(each, below)
        found.append(below)
    return found


def _shorter(counts: np.ndarray, below: np.ndarray) -> np.ndarray:
    """P(x | c') in the row of each c."""
    return np.tile(below, (len(counts) // len(below), 1))


def _witten_bell(counts: np.ndarray, below: np.ndarray) -> np.ndarray:
    shorter = _shorter(counts, below)
    total, distinct = counts.sum(axis=1, keepdims=True), (counts > 0).sum(axis=1, keepdims=True)
    return np.where(total > 0, (counts + distinct * shorter) / np.maximum(total + distinct, 1), shorter)


def _back_off(counts: np.ndarray, below: np.ndarray) -> np.ndarray:
    shorter = _shorter(counts, below)
    total, seen = counts.sum(axis=1, keepdims=True), counts > 0
    distinct = seen.sum(axis=1, keepdims=True)
    whole = distinct == counts.shape[1]
    left = np.where(seen, 0.0, shorter)
    kept = counts / np.maximum(np.where(whole, total, total + distinct), 1)
    shared = left / np.where(whole, 1.0, left.sum(axis=1, keepdims=True))
    found = kept + distinct / np.maximum(total + distinct, 1) * shared
    return np.where(total > 0, found, shorter)


def _frequencies(counts: np.ndarray, below: np.ndarray) -> np.ndarray:
    total = counts.sum(axis=1, keepdims=True)
    return np.where(total > 0, counts / np.maximum(total, 1), _shorter(counts, below))


@dataclass(frozen=True)
class Discounts:
    """What Kneser and Ney's rule takes from a count of 1, of 2, and of 3 or more.

    Attributes:
        estimated: whether the counts gave them; if they do not, they are 0.5, 1 and 1.5.
    """

    once: float
    twice: float
    more: float
    estimated: bool


def kneser_ney_discounts(counts: Int[np.ndarray, "_ symbol"]) -> Discounts:
    """Estimated from how many words occur once, twice, three and four times (Chen and Goodman, equation 17).

    A large sample over few symbols has no such rare words, or too few for the estimate of a count's discount to lie
    between 0 and the count. There is then no estimate; `estimated` says so.
    """
    n1, n2, n3, n4 = (int((counts == i).sum()) for i in (1, 2, 3, 4))
    if min(n1, n2, n3, n4) > 0:
        rare = n1 / (n1 + 2 * n2)
        found = 1 - 2 * rare * n2 / n1, 2 - 3 * rare * n3 / n2, 3 - 4 * rare * n4 / n3
        if all(0 <= discount <= count for count, discount in enumerate(found, start=1)):
            return Discounts(*found, estimated=True)
    return Discounts(*FALLBACK, estimated=False)


def _interpolated(counts: np.ndarray, below: np.ndarray) -> np.ndarray:
    """(n(c, x) - D(n(c, x)) + P(x | c') sum_y D(n(c, y))) / n(c), with D the discount of a count."""
    found = kneser_ney_discounts(counts)
    taken = np.array([0.0, found.once, found.twice, found.more])[np.minimum(counts, 3)]
    total = counts.sum(axis=1, keepdims=True)
    shorter = _shorter(counts, below)
    kept = counts - taken + taken.sum(axis=1, keepdims=True) * shorter
    return np.where(total > 0, kept / np.maximum(total, 1), shorter)


def _kneser_ney(counts: Sequence[np.ndarray], uniform: np.ndarray) -> list[np.ndarray]:
    """For each length the table in which it is the longest: rows t < k of a sequence have no longer history."""
    below, found = uniform, []
    for order, each in enumerate(counts):
        found.append(_interpolated(each, below))
        if order + 1 < len(counts):  # how many different symbols came before c, x
            before = (counts[order + 1].reshape(-1, *each.shape) > 0).sum(axis=0)
            below = _interpolated(before, below)
    return found


SMOOTHINGS: Mapping[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "witten-bell": _witten_bell,
    "back-off": _back_off,
    "kneser-ney": _interpolated,
    "none": _frequencies,
}
"""The rules by name: from the counts of one length and the table of the next shorter one."""
