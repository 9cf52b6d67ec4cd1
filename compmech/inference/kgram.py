"""The k-gram: predictions from the last k symbols, by how often each symbol followed them, and shorter pasts, too.

Letters: n(c, x), how often x followed the past c; n(c), their sum; m(c), how many different symbols followed c; c', the
past without its first symbol.

    P(x | c) = (n(c, x) + m(c) P(x | c')) / (n(c) + m(c)),

and P(x | c') where c was never seen; without any past it is made of the uniform distribution. Nothing is impossible.

Reference:
    Witten and Bell, IEEE Transactions on Information Theory 37, 1085 (1991), method C.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike

from compmech.inference.counts import MOST_WORDS, count_words
from compmech.inference.series import Series
from compmech.validation import check_count, check_words

__all__ = ["KGram", "k_gram"]

LONGEST = 16
"""Symbols of the longest past that is tried."""

PARTS = 5
"""Of the series, of which each in turn is predicted from the others to choose the order."""

_SPARSE = 64  # possible words for each symbol of the series, above which longer pasts are not tried


@dataclass(frozen=True, eq=False)
class KGram:
    """A k-gram, with those of lower order for the first symbols of a word.

    Attributes:
        tables: by order 0, 1, ...: P(x | past), pasts in lexicographic order.
    """

    tables: tuple[Float[np.ndarray, "_ symbol"], ...]

    @property
    def order(self) -> int:
        """k."""
        return len(self.tables) - 1

    def chances(self, words: ArrayLike) -> Float[np.ndarray, "seq time"]:
        """P(x_t | x_<t) of the symbols of each word."""
        n_symbol = self.tables[0].shape[1]
        symbols = check_words(words, n_symbol)
        found = np.empty(symbols.shape)
        for t in range(symbols.shape[1]):
            k = min(t, self.order)
            past = symbols[:, t - k : t] @ n_symbol ** np.arange(k - 1, -1, -1)
            found[:, t] = self.tables[k][past, symbols[:, t]]
        return found

    def log_prob(self, words: ArrayLike) -> Float[np.ndarray, " seq"]:
        """Log probability of each word in nats."""
        return np.asarray(np.log(self.chances(words)).sum(axis=1))


def k_gram(data: Series, order: int | None = None) -> KGram:
    """The k-gram of a series.

    Args:
        order: k; None: that which needs fewest bits a symbol when each fifth of the series is predicted from the rest.
    Raises:
        ValueError: if order is negative, or there are too many words of order + 1 symbols.
    """
    if order is None:
        order = _best(data)
    elif data.n_symbol ** (check_count(order, "order") + 1) > MOST_WORDS:
        raise ValueError(f"order {order} is too large: at most {MOST_WORDS:,} words of order + 1 symbols are counted")
    table, tables = _nothing_known(data), []
    for k in range(order + 1):
        table = _longer(table, count_words(data, k + 1).by_history)
        tables.append(table)
    return KGram(tuple(tables))


def _best(data: Series) -> int:
    """The order that costs least, of those that the series has words for."""
    edges = np.linspace(0, len(data.codes), PARTS + 1).astype(int).tolist()
    parts = [data.part(first, last) for first, last in pairwise(edges)]
    tables, costs = [_nothing_known(data)] * PARTS, []
    for k in range(LONGEST + 1):
        counts = [count_words(part, k + 1).by_history for part in parts]
        total = np.sum(counts, axis=0)
        tables = [_longer(table, total - own) for table, own in zip(tables, counts, strict=True)]
        spent = -sum(float((own * np.log(table)).sum()) for own, table in zip(counts, tables, strict=True))
        costs.append(spent / total.sum())
        if data.n_symbol ** (k + 2) > min(MOST_WORDS, _SPARSE * data.n_observed):
            break
        if not any(len(piece) > k + 1 for part in parts for piece in part.pieces):
            break
    return int(np.argmin(costs))


def _nothing_known(data: Series) -> Float[np.ndarray, "_ symbol"]:
    return np.full((1, data.n_symbol), 1 / data.n_symbol)


def _longer(
    table: Float[np.ndarray, "_ symbol"], came: Int[np.ndarray, "past symbol"]
) -> Float[np.ndarray, "past symbol"]:
    """The table of the next order, from how often each symbol came; of order 0 after that of nothing known."""
    shorter = np.tile(table, (len(came) // len(table), 1))
    different = np.count_nonzero(came, axis=1)[:, None]
    total = came.sum(axis=1, keepdims=True) + different
    return np.where(total > 0, (came + different * shorter) / np.maximum(total, 1), shorter)
