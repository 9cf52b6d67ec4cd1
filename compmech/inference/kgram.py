"""The k-gram: predictions from the last k symbols, by how often each symbol followed them.

    P(x | s_k ... s_1) = (n(s_k ... s_1 x) + P(x | s_k-1 ... s_1)) / (n(s_k ... s_1) + 1),    P(x | nothing known) = 1/k

so that each longer past has the shorter one's prediction for one observation, and nothing is impossible. Over two
symbols order 0 is the estimator of Krichevsky and Trofimov.

Reference:
    MacKay and Bauman Peto, Natural Language Engineering 1, 289 (1995).
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from compmech.inference.counts import MOST_WORDS, WordCounts, count_words
from compmech.inference.series import Series
from compmech.validation import check_count, check_words

__all__ = ["KGram", "k_gram"]

LONGEST = 16
"""Symbols of the longest past that is tried."""

FIT = 0.8
"""Share of the series that makes the k-grams of which the rest chooses one."""

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
        order: k; None: that which needs fewest bits a symbol for the last fifth of the series when the rest makes it.
    Raises:
        ValueError: if order is negative, or there are too many words of order + 1 symbols.
    """
    if order is None:
        order = _best(*data.split(FIT))
    elif check_count(order, "order") < 0 or data.n_symbol ** (order + 1) > MOST_WORDS:
        raise ValueError(f"order must be at least 0, with at most {MOST_WORDS:,} words of order + 1; got {order}")
    table, tables = _nothing_known(data), []
    for k in range(order + 1):
        table = _longer(table, count_words(data, k + 1))
        tables.append(table)
    return KGram(tuple(tables))


def _best(early: Series, late: Series) -> int:
    """The order that costs least, of those that the early part has words for."""
    table, costs = _nothing_known(early), []
    for k in range(LONGEST + 1):
        if k and early.n_symbol ** (k + 1) > min(MOST_WORDS, _SPARSE * early.n_observed):
            break
        came = count_words(late, k + 1)
        if not came.total:
            break
        table = _longer(table, count_words(early, k + 1))
        costs.append(-float((came.by_history * np.log(table)).sum()) / came.total)
    return int(np.argmin(costs))


def _nothing_known(data: Series) -> Float[np.ndarray, "_ symbol"]:
    return np.full((1, data.n_symbol), 1 / data.n_symbol)


def _longer(table: Float[np.ndarray, "_ symbol"], counts: WordCounts) -> Float[np.ndarray, "_ symbol"]:
    """The table of the next order; of order 0, if the one given is of nothing known."""
    came = counts.by_history
    shorter = np.tile(table, (len(came) // len(table), 1))
    return np.asarray((came + shorter) / (came.sum(axis=1, keepdims=True) + 1))
