"""Sources for the tests: the golden mean process written out by hand, so that nothing here rests on compmech."""

from itertools import product

import numpy as np


class GoldenMean:
    """No two 1s in a row; after a 0 a 1 comes with probability p. Stationary. The methods of a process, no matrices."""

    alphabet = (0, 1)

    def __init__(self, p: float = 0.5) -> None:
        self.p = p

    def sample(self, n_seq: int, n_time: int, *, rng: np.random.Generator) -> np.ndarray:
        words = np.empty((n_seq, n_time), dtype=np.int64)
        one_before = rng.random(n_seq) < self.p / (1 + self.p)
        for t in range(n_time):
            words[:, t] = ~one_before & (rng.random(n_seq) < self.p)
            one_before = words[:, t] == 1
        return words

    def predict(self, words: np.ndarray) -> np.ndarray:
        words = np.asarray(words)
        one = np.full((words.shape[0], words.shape[1] + 1), self.p / (1 + self.p))
        one[:, 1:] = np.where(words == 0, self.p, 0.0)
        return np.stack([1 - one, one], axis=-1)

    def all_words(self, length: int) -> tuple[np.ndarray, np.ndarray]:
        """Every possible word of a length, and its probability."""
        words = np.array(list(product((0, 1), repeat=length)), dtype=np.int64).reshape(-1, length)
        words = words[~((words[:, 1:] == 1) & (words[:, :-1] == 1)).any(axis=1)]
        rows = self.predict(words)[:, :-1]
        return words, np.take_along_axis(rows, words[..., None], axis=-1)[..., 0].prod(axis=1)


class Coin:
    """Fair and without memory; it can be sampled, and nothing else is known of it."""

    def __init__(self, n_symbol: int = 2) -> None:
        self.n_symbol = n_symbol

    def sample(self, n_seq: int, n_time: int, *, rng: np.random.Generator) -> np.ndarray:
        return rng.integers(self.n_symbol, size=(n_seq, n_time))
