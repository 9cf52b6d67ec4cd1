"""Histories: the distinct words read so far, with exact probabilities, beliefs and predictions. They are what probes
score on.

A history of length t is the prefix x_<t of a word, and its row is t: the moment after its last symbol and before x_t.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float, Int, Num

from compmech import GHMM, HMM
from compmech.hmm import as_presentation
from probes.prefixes import Level, Source, descend, drawn_tree, next_symbols, possible_tree

Weighting = Literal["probability", "uniform"]

# With no cap given: about 2 GB for three states and eight symbols of history; more is a slip, such as 3 ** 20.
_ENUMERABLE = 2**22

# What float64 makes of a KL of zero: a few units in the last place of terms up to 1, float32 predictions aside.
_ROUNDING = 1e-13


@dataclass(frozen=True, eq=False)
class Histories:
    """Distinct nonempty histories of lengths 1 .. `length`, sorted by length and then by their symbols.

    Attributes:
        alphabet: the names of the symbols.
        words: the distinct words of full length; every history is a prefix of one.
        word: for each history the index of a word that begins with it.
        row: for each history its length t, which is its row in arrays of axes (seq, time+1, ...).
        log_probability: exact log P(history), nats.
        belief: exact, in the coordinates of the process's own states.
        prediction: exact P(x | history); 0 exactly where x cannot follow.
        frequency: weight of each history by probability, sum 1. Each length has 1/length of it: exact P(history)/length
            if complete, else the share of the draws.
        complete: whether these are all histories of positive probability.
        drawn: how many words were drawn; 0 if complete.
    """

    alphabet: tuple[Hashable, ...]
    words: Int[np.ndarray, "seq time"]
    word: Int[np.ndarray, " history"]
    row: Int[np.ndarray, " history"]
    log_probability: Float[np.ndarray, " history"]
    belief: Float[np.ndarray, "history state"]
    prediction: Float[np.ndarray, "history symbol"]
    frequency: Float[np.ndarray, " history"]
    complete: bool
    drawn: int

    def __len__(self) -> int:
        return len(self.row)

    @property
    def length(self) -> int:
        """The greatest length of a history."""
        return int(self.words.shape[1])

    @property
    def probability(self) -> Float[np.ndarray, " history"]:
        """Exact P(history)."""
        return np.asarray(np.exp(self.log_probability))

    def weight(self, weighting: Weighting) -> Float[np.ndarray, " history"]:
        """Weights that sum to 1: "probability" (see `frequency`), or "uniform", every distinct history alike."""
        if weighting == "probability":
            return self.frequency
        if weighting == "uniform":
            return np.full(len(self), 1.0 / len(self))
        raise ValueError(f'weighting must be "probability" or "uniform"; got {weighting!r}')

    def symbols(self, index: int) -> tuple[int, ...]:
        """The symbols of one history, as integers."""
        return tuple(int(x) for x in self.words[self.word[index], : self.row[index]])

    def text(self, index: int) -> str:
        """One history in the names of its symbols, joined by nothing if all are single characters, else by spaces."""
        names = [str(self.alphabet[x]) for x in self.symbols(index)]
        return ("" if all(len(str(name)) == 1 for name in self.alphabet) else " ").join(names)

    def recent(self, k: int) -> Int[np.ndarray, "history recent"]:
        """The last k symbols of every history, the latest first; -1 before the history's beginning."""
        position = self.row[:, None] - 1 - np.arange(k)
        found = self.words[self.word[:, None], np.maximum(position, 0)]
        return np.where(position >= 0, found, -1)

    def gather(self, captured: Num[np.ndarray, "seq row width"]) -> Num[np.ndarray, "history width"]:
        """The rows of these histories in an array captured on `words`.

        `captured` has rows 0 .. length, or 1 .. length where there is no row 0.

        Raises:
            ValueError: if it has another number of words or rows.
        """
        n_seq, n_row = captured.shape[:2]
        first_row = self.length + 1 - n_row
        if n_seq != len(self.words) or first_row not in (0, 1):
            raise ValueError(
                f"captured must have {len(self.words)} words and rows 0..{self.length} or 1..{self.length}; got shape "
                f"{captured.shape}. Capture on histories.words."
            )
        return np.asarray(captured[self.word, self.row - first_row])


def histories(
    process: Source, length: int, *, max_histories: int | None = None, rng: np.random.Generator | None = None
) -> Histories:
    """All distinct histories of lengths 1 .. length, or a sample of them where there are more than `max_histories`.

    The sample is made of whole words drawn from the process one after another, until the next would make the distinct
    prefixes more than `max_histories`. Its weights estimate those of the complete case: without bias for a given number
    of words, and but for the one word that did not fit.

    Args:
        max_histories: how many are allowed; None: all are wanted, and more than four million are refused.
        rng: needed where a sample may have to be drawn.
    Raises:
        ValueError: if length < 1, if there are too many histories and no cap or no rng was given, or if the cap does
            not even allow one word.
    """
    if length < 1:
        raise ValueError(f"length must be at least 1, the number of symbols read; got {length}")
    presentation = as_presentation(process)
    cap = _ENUMERABLE if max_histories is None else max_histories
    levels = possible_tree(presentation, length, cap)
    drawn = 0
    if levels is None:
        if max_histories is None:
            raise ValueError(
                f"length {length} has more than {_ENUMERABLE} histories; give max_histories and rng to draw a sample"
            )
        if rng is None:
            raise ValueError(
                f"length {length} has more than max_histories={max_histories} histories: to draw some, give rng"
            )
        levels, drawn = drawn_tree(presentation, length, max_histories, rng=rng)
    return _described(presentation, levels, drawn)


def _described(process: HMM | GHMM, levels: list[Level], drawn: int) -> Histories:
    length = len(levels)
    words, word = _words(levels)
    belief, following, log_p = process.start[None], next_symbols(process, process.start[None]), np.zeros(1)
    beliefs, predictions, log_ps = [], [], []
    for level in levels:
        log_p = log_p[level.parent] + np.log(following[level.parent, level.symbol])
        belief = descend(process, belief, following, level)
        following = next_symbols(process, belief)
        beliefs.append(belief)
        predictions.append(following)
        log_ps.append(log_p)
    counts = np.concatenate([level.count for level in levels])
    log_probability = np.concatenate(log_ps)
    return Histories(
        alphabet=process.alphabet,
        words=words,
        word=word,
        row=np.repeat(np.arange(1, length + 1), [len(level.parent) for level in levels]),
        log_probability=log_probability,
        belief=np.concatenate(beliefs),
        prediction=np.concatenate(predictions),
        frequency=(counts / drawn if drawn else np.exp(log_probability)) / length,
        complete=drawn == 0,
        drawn=drawn,
    )


def _words(levels: list[Level]) -> tuple[Int[np.ndarray, "seq time"], Int[np.ndarray, " history"]]:
    """The words at the leaves, and for each node of all levels, from the top, the first word below it."""
    leaf = np.arange(len(levels[-1].parent))
    words = np.empty((len(leaf), len(levels)), dtype=np.intp)
    node, first = leaf, leaf
    firsts = []
    for t in range(len(levels) - 1, -1, -1):
        words[:, t] = levels[t].symbol[node]
        node = levels[t].parent[node]
        firsts.append(first)
        # children stand in the order of their parents, so each parent's first child has its first word
        _, child = np.unique(levels[t].parent, return_index=True)
        first = first[child]
    return words, np.concatenate(firsts[::-1])


def kl_by_position(histories: Histories, log_probs: Float[np.ndarray, "seq row symbol"]) -> Float[np.ndarray, " time"]:
    """KL from the exact predictions to a predictor's, by row 1 .. length, in nats: averages over histories by
    probability.

    Infinite where a symbol that can follow is given probability 0. Where only a sample was drawn, the average is over
    that sample.

    Args:
        log_probs: natural logarithms of the predictor's probabilities on `histories.words`, with or without row 0.
    """
    guessed = histories.gather(log_probs).astype(np.float64)
    possible = histories.prediction > 0
    p = np.where(possible, histories.prediction, 1.0)
    kl = np.where(possible, p * (np.log(p) - np.where(possible, guessed, 0.0)), 0.0).sum(axis=1)
    kl = np.where(abs(kl) < _ROUNDING, np.maximum(kl, 0.0), kl)  # a KL is not negative; what rounding makes of 0 is 0
    return np.bincount(histories.row - 1, histories.frequency * kl, histories.length) * histories.length


def mean_kl(histories: Histories, log_probs: Float[np.ndarray, "seq row symbol"]) -> float:
    """The mean of `kl_by_position` over rows 1 .. length, nats."""
    return float(kl_by_position(histories, log_probs).mean())
