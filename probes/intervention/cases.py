"""What is edited: pairs of histories of one length, drawn by their probability, whose beliefs differ."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from probes.classes import BeliefClasses
from probes.history import Histories
from probes.intervention.beliefs import BeliefSpace

__all__ = ["Bench", "Pairs", "bench", "drawn_alone", "drawn_pairs"]


@dataclass(frozen=True, eq=False)
class Bench:
    """The histories of one length, which are edited and lend their states.

    Attributes:
        row: their length t.
        index: of each in all histories.
        words: their symbols.
        points: exact beliefs after each prefix, rows 0 .. t.
        weight: probability, sum 1.
        belief: label of the belief, equal for equal ones. unit: what is resampled as one for intervals.
    """

    row: int
    index: Int[np.ndarray, " history"]
    words: Int[np.ndarray, "history time"]
    points: Float[np.ndarray, "history time+1 axis"]
    weight: Float[np.ndarray, " history"]
    belief: Int[np.ndarray, " history"]
    unit: Int[np.ndarray, " history"]

    @property
    def last(self) -> Float[np.ndarray, "history axis"]:
        """The belief at row t."""
        return self.points[:, -1]

    @property
    def mean(self) -> Float[np.ndarray, " axis"]:
        """The mean belief at row t: what is known there without the history."""
        return np.asarray(self.weight @ self.last)


def bench(space: BeliefSpace, histories: Histories, classes: BeliefClasses, row: int) -> Bench:
    """The histories of length t.

    Raises:
        ValueError: if there are none of that length, or all leave one belief.
    """
    index = np.flatnonzero(histories.row == row)
    if not len(index):
        raise ValueError(f"there is no history of length {row}: rows are 1 .. {histories.length}")
    if len(np.unique(classes.belief[index])) == 1:
        raise ValueError(f"all histories of length {row} leave the same belief: there is no other to put in its place")
    words = histories.words[histories.word[index], :row]
    weight = histories.frequency[index]
    unit = np.unique(classes.block[index], return_inverse=True)[1]
    return Bench(row, index, words, space.along(words), weight / weight.sum(), classes.belief[index], unit)


@dataclass(frozen=True, eq=False)
class Pairs:
    """Histories of a bench to be edited, each with another one of different belief, and a third for a wrong belief.

    Attributes:
        into, of: whose state is edited, and by whose. wrong: of a belief that is not that of `of`.
        weight: of each pair, sum 1: how often it was drawn.
    """

    into: Int[np.ndarray, " case"]
    of: Int[np.ndarray, " case"]
    wrong: Int[np.ndarray, " case"]
    weight: Float[np.ndarray, " case"]

    def __len__(self) -> int:
        return len(self.into)


def drawn_pairs(bench: Bench, n: int, *, rng: np.random.Generator) -> Pairs:
    """Draw n pairs: the first by probability, the second by probability among those of another belief.

    So the mean over pairs estimates, without bias, the expectation over such pairs. A pair drawn twice is run once.
    """
    into = rng.choice(len(bench.index), size=n, p=bench.weight)
    of = _unlike(bench, into, rng)
    (into, of), count = np.unique(np.stack([into, of]), axis=1, return_counts=True)
    return Pairs(into, of, _unlike(bench, of, rng), count / count.sum())


def drawn_alone(bench: Bench, n: int, *, among: Int[np.ndarray, " history"], rng: np.random.Generator) -> Pairs:
    """Histories alone, for edits that need no other: some of them, all if they are no more than n, else n draws."""
    weight = bench.weight[among] / bench.weight[among].sum()
    if len(among) <= n:
        return Pairs(among, among, among, weight)
    into, count = np.unique(rng.choice(among, size=n, p=weight), return_counts=True)
    return Pairs(into, into, into, count / n)


def _unlike(bench: Bench, those: Int[np.ndarray, " case"], rng: np.random.Generator) -> Int[np.ndarray, " case"]:
    """For each a history of another belief, by probability."""
    found = np.empty(len(those), dtype=np.intp)
    for label in np.unique(bench.belief[those]):
        ask = np.flatnonzero(bench.belief[those] == label)
        p = np.where(bench.belief == label, 0.0, bench.weight)
        found[ask] = rng.choice(len(p), size=len(ask), p=p / p.sum())
    return found
