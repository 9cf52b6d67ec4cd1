"""What a predictor says of the futures of some histories: the rows of its Hankel matrix.

Row h, column w of the array is P(w | h) for every word w of one length; with the probability of h as weight it is the
Hankel matrix P(h w), prefixes by suffixes, with rows drawn in proportion to how often they occur.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike

from compmech.process import Process
from compmech.validation import as_floats, check_count, frozen

__all__ = ["Futures", "predicted_futures"]

MOST_WORDS = 2**14
"""Words of the longest horizon that is looked at: 128 KB a history."""

SUMS = 1e-5
"""How far the probabilities of a history's futures may be from summing to 1: they may come from float32."""


@dataclass(frozen=True, init=False, eq=False)
class Futures:
    """P(w | h) for some histories h and all words w of one length, one more than the horizon.

    The futures up to the horizon tell causal states apart, and the symbol more tells where each symbol leads: with
    P(x w | h) the future after h x is P(x w | h) / P(x | h), for every symbol x, whether or not it was ever drawn.

    Args:
        joint: P(w | h), words in lexicographic order, the first symbol slowest; each row sums to 1.
        n_symbol: size of the alphabet.
        group: which histories were drawn together; resampling draws groups. None: each by itself.
    Raises:
        ValueError: if rows are no distributions over words of one length of at least 2.
    """

    joint: Float[np.ndarray, "row word"]
    n_symbol: int
    horizon: int
    group: Int[np.ndarray, " row"]

    def __init__(self, joint: ArrayLike, n_symbol: int, *, group: ArrayLike | None = None) -> None:
        rows = as_floats(joint, "joint")
        n_symbol = check_count(n_symbol, "n_symbol")
        if rows.ndim != 2 or not len(rows):
            raise ValueError(f"joint must have axes (row, word), at least one row; got shape {rows.shape}")
        object.__setattr__(self, "n_symbol", n_symbol)
        object.__setattr__(self, "horizon", _length(rows.shape[1], n_symbol) - 1)
        off = np.maximum(-rows.min(axis=1), abs(rows.sum(axis=1) - 1))
        if not (off <= SUMS).all():
            i = int(np.argmax(~(off <= SUMS)))
            raise ValueError(
                f"row {i} of joint is no distribution over words: least entry {rows[i].min():.3g}, sum "
                f"{rows[i].sum():.9g}"
            )
        if (rows < 0).any():
            i, w = (int(index) for index in np.argwhere(rows < 0)[0])
            raise ValueError(f"joint[{i}, {w}] is {rows[i, w]:.3g}: probabilities are not negative")
        object.__setattr__(self, "joint", frozen(rows / rows.sum(axis=1, keepdims=True)))
        of = np.arange(len(rows)) if group is None else np.asarray(group)
        if of.shape != (len(rows),):
            raise ValueError(f"group must name a group for each of the {len(rows)} rows; got shape {of.shape}")
        object.__setattr__(self, "group", frozen(np.unique(of, return_inverse=True)[1].ravel()))

    def __len__(self) -> int:
        return len(self.joint)

    @property
    def n_group(self) -> int:
        """How many groups of histories there are."""
        return int(self.group.max()) + 1

    @cached_property
    def next(self) -> Float[np.ndarray, "row symbol"]:
        """P(x | h)."""
        return self.up_to(1)

    @cached_property
    def words(self) -> Float[np.ndarray, "row word"]:
        """P(w | h) for words as long as the horizon."""
        return self.up_to(self.horizon)

    def up_to(self, length: int) -> Float[np.ndarray, "row word"]:
        """P(w | h) for words of a length, at most the horizon and one."""
        if not 1 <= length <= self.horizon + 1:
            raise ValueError(f"these futures have words of lengths 1 .. {self.horizon + 1}; asked for {length}")
        return np.asarray(self.joint.reshape(len(self), self.n_symbol**length, -1).sum(axis=2))

    @cached_property
    def after(self) -> Float[np.ndarray, "row symbol word"]:
        """P(x w | h) for every symbol x and words w as long as the horizon: P(x | h) times the future after h x."""
        return self.joint.reshape(len(self), self.n_symbol, -1)

    def within(self, horizon: int) -> "Futures":
        """The same histories looked at up to a shorter horizon."""
        return Futures(self.up_to(horizon + 1), self.n_symbol, group=self.group)

    def of(self, rows: ArrayLike) -> "Futures":
        """Some of the rows."""
        chosen = np.asarray(rows)
        return Futures(self.joint[chosen], self.n_symbol, group=self.group[chosen])

    def halves(self) -> tuple["Futures", "Futures"]:
        """Two parts that share no group: even ones and odd ones."""
        if self.n_group < 2:
            raise ValueError("histories of one group alone cannot be held out: draw more than one sequence")
        even = self.group % 2 == 0
        return self.of(even), self.of(~even)


def predicted_futures(process: Process, words: ArrayLike, *, horizon: int) -> Futures:
    """The futures that a process predicts after each of some words, by its `predict` alone.

    Args:
        words: histories (seq, time) of one length.
        horizon: length of the futures that tell histories apart; cost grows as n_symbol ** horizon.
    Raises:
        ValueError: for a horizon below 1 or with more than 2 ** 14 words.
        ImpossibleWord: if a history has probability zero.
    """
    read = np.asarray(words)
    n_symbol, horizon = len(process.alphabet), check_horizon(horizon, len(process.alphabet))
    probability = np.ones((len(read), 1))
    # a word that cannot follow is not read on: the most probable symbol stands in for it, and its weight is 0
    for _ in range(horizon + 1):
        n_row, n_word = probability.shape
        step = np.asarray(process.predict(read))[:, -1].reshape(n_row, n_word, n_symbol)
        probability = probability[..., None] * step
        symbol = np.where(step > 0, np.arange(n_symbol), step.argmax(axis=2)[..., None])
        longer = np.repeat(read, n_symbol, axis=0)
        read = np.concatenate([longer, symbol.reshape(-1, 1)], axis=1)
        probability = probability.reshape(n_row, -1)
    return Futures(probability, n_symbol)


def check_horizon(horizon: int, n_symbol: int) -> int:
    """The horizon, if its words are not too many.

    Raises:
        ValueError: if it is below 1, or there are more than 2 ** 14 words one symbol longer.
    """
    horizon = check_count(horizon, "horizon")
    if horizon < 1 or n_symbol ** (horizon + 1) > MOST_WORDS:
        raise ValueError(
            f"the horizon must be at least 1, with at most {MOST_WORDS} words of one symbol more; {horizon} has "
            f"{n_symbol ** (horizon + 1)} over {n_symbol} symbols"
        )
    return horizon


def _length(n_word: int, n_symbol: int) -> int:
    length = 0
    while n_symbol >= 2 and n_symbol**length < n_word:
        length += 1
    if n_symbol < 2 or n_symbol**length != n_word or length < 2:
        raise ValueError(
            f"joint must have one column for every word of one length of at least 2 over {n_symbol} symbols; it has "
            f"{n_word}"
        )
    return length
