"""The interface that every process meets: HMM, GHMM, EpsilonMachine, and anything a user writes."""

from collections.abc import Hashable
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike


@runtime_checkable
class Process(Protocol):
    """A stochastic process over a finite alphabet, as a source of words and of their probabilities.

    Words are arrays of integers 0 .. n_symbol-1, axes (seq, time); symbol x stands for alphabet[x].
    """

    @property
    def alphabet(self) -> tuple[Hashable, ...]:
        """The symbols, in the order of their integers."""
        ...

    def sample(self, n_seq: int, n_time: int, *, rng: np.random.Generator) -> Int[np.ndarray, "seq time"]:
        """Independent sequences, each from the start."""
        ...

    def log_prob(self, words: ArrayLike) -> Float[np.ndarray, " seq"]:
        """Log probability of each word in nats; -inf for forbidden words."""
        ...

    def predict(self, words: ArrayLike) -> Float[np.ndarray, "seq time+1 symbol"]:
        """P(x_t | x_<t): row t = 0 .. time is the distribution of symbol t given the t symbols before it.

        Raises:
            ImpossibleWord: if a word has probability zero.
        """
        ...
