"""The k-gram: predictions from the last k symbols, by how often each symbol followed them.

    P(x | s_k ... s_1) = (n(s_k ... s_1 x) + P(x | s_k-1 ... s_1)) / (n(s_k ... s_1) + 1),    P(x | nothing known) = 1/k

so that each longer past has the shorter one's prediction for one observation, and nothing is impossible. Over two
symbols order 0 is the estimator of Krichevsky and Trofimov.

Reference:
    MacKay and Bauman Peto, Natural Language Engineering 1, 289 (1995).
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
    return np.asarray((came + shorter) / (came.sum(axis=1, keepdims=True) + 1))
