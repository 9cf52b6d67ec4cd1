"""The beliefs of a corpus: nodes of the tree of its histories, which are the states of its suffix automaton."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from compmech.corpus.stream import common_prefix
from compmech.corpus.suffix_index import SuffixIndex

# Symbols of neighbouring histories that are compared for all at once. Those that agree on more, as in corpora that
# repeat themselves, are taken along the corpus instead: each agrees on at most one less than the one after it.
_ALL_AT_ONCE = 256


@dataclass(frozen=True)
class BeliefCount:
    """How many beliefs a corpus has: different sets of positions that the words it knows stand before.

    They are the states of the suffix automaton of the documents without their last tokens, as nothing follows those. At
    most 2 n_token - 1: one for each position and one for each branching.

    Attributes:
        n_token: positions.
        n_belief: all beliefs, the empty word's among them.
        n_certain: beliefs of a single position: what follows them is known to the end of the document.
    """

    n_token: int
    n_belief: int
    n_certain: int


def count_beliefs(index: SuffixIndex) -> BeliefCount:
    """Count the sets of positions that words single out.

    Histories in order make a tree: positions that have read w stand together. Sets of two or more are the maximal runs
    that agree on some number of symbols and on no more; a position is alone if its history goes on beyond what it has
    in common with its neighbours.

    Time and memory are linear in the tokens; about a microsecond and 60 bytes for each.
    """
    age = ages(index)
    agree = neighbour_agreement(index, age)
    beside = np.maximum(np.append(0, agree), np.append(agree, 0))
    if len(age) == 1:
        return BeliefCount(1, 1, 1)
    alone = int(np.count_nonzero(age > beside))
    return BeliefCount(len(age), alone + _runs(agree.tolist()), alone)


def _runs(agree: list[int]) -> int:
    """The number of different maximal runs within which all agree on some number of symbols and some on no more."""
    count, open_ = 0, [-1]
    for value in agree:
        while open_[-1] > value:
            open_.pop()
        if open_[-1] < value:
            open_.append(value)
            count += 1
    return count


def ages(index: SuffixIndex) -> Int[np.ndarray, " slot"]:
    """How many symbols are before each of the sorted places, within its document."""
    starts = index.stream.starts
    order = index.order.astype(np.int64)
    if len(starts) == 1:
        return np.asarray(order - starts[0])
    return np.asarray(order - starts[np.searchsorted(starts, order, side="right") - 1])


def neighbour_agreement(
    index: SuffixIndex, age: Int[np.ndarray, " slot"], *, most: int | None = None
) -> Int[np.ndarray, " pair"]:
    """On how many symbols each of the sorted histories agrees with the next; no more than `most` are counted.

    Reference:
        Kasai and others, Linear-time longest-common-prefix computation, CPM (2001), for those that agree on many.
    """
    order, stream = index.order.astype(np.int64), index.stream
    limit = np.minimum(age[:-1], age[1:])
    once = np.minimum(limit, _ALL_AT_ONCE if most is None else most)
    agree, _ = common_prefix(stream, order[:-1], stream, order[1:], once, np.zeros(len(once), dtype=np.int64))
    if most is None:
        slots = np.flatnonzero((agree == _ALL_AT_ONCE) & (limit > _ALL_AT_ONCE))
        _along_the_corpus(index, slots[np.argsort(-order[slots])], limit, agree)
    return agree


def _along_the_corpus(index: SuffixIndex, slots: np.ndarray, limit: np.ndarray, agree: np.ndarray) -> None:
    """Agreement of the pairs at these slots, the last places first: each begins one short of the place after it."""
    words, lanes = index.stream.words, index.stream.lanes
    bits = 64 // lanes
    after, known = -1, 0
    pairs = zip(index.order[slots].tolist(), index.order[slots + 1].tolist(), limit[slots].tolist(), strict=True)
    for number, (place, other, most) in enumerate(pairs):
        same = max(known - 1 if place == after - 1 else 0, _ALL_AT_ONCE)
        span = 1
        while same < most:
            back = same + lanes * np.arange(min(span, -((same - most) // lanes)))
            differ = words[place - back] ^ words[other - back]
            first = int(np.argmax(differ != 0))
            if differ[first]:
                same += lanes * first + (64 - int(differ[first]).bit_length()) // bits
                break
            same, span = same + lanes * len(back), 2 * span
        known, after = min(same, most), place
        agree[slots[number]] = known
