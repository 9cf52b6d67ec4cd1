"""Prefix trees of words: all possible words of a process, or words drawn from it, each distinct prefix once.

A tree has one level for each number of symbols read. Node i of a level is a history; `parent` is its index in the level
above (level 0 is the empty history) and `symbol` its last symbol. Nodes stand in lexicographic order.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from jaxtyping import Float, Int

from compmech import GHMM, HMM
from compmech.hmm import AnyPresentation
from compmech.signed import SIGNED_ZERO

# Draws stop at this many times the cap, in case the few words still unseen are too rare ever to come.
_DRAWS_PER_HISTORY = 16


Source: TypeAlias = AnyPresentation
"""A process presented by matrices or tables: HMM, GHMM, EpsilonMachine."""


@dataclass(frozen=True)
class Level:
    """The distinct histories of one length: where each comes from, and how often it was drawn (empty: not drawn)."""

    parent: Int[np.ndarray, " node"]
    symbol: Int[np.ndarray, " node"]
    count: Int[np.ndarray, " drawn"]


def next_symbols(process: HMM | GHMM, beliefs: Float[np.ndarray, "node state"]) -> Float[np.ndarray, "node symbol"]:
    """P(x | history) from beliefs, exactly 0 for symbols that cannot follow.

    In a signed presentation a zero is a cancelling sum: it is one below SIGNED_ZERO of the sum of the terms' sizes.
    """
    probabilities = beliefs @ process.emission
    if not process.nonnegative:
        zero = abs(probabilities) <= SIGNED_ZERO * process.signed_scale(beliefs)
        probabilities = np.where(zero, 0.0, probabilities)
    return np.asarray(probabilities)


def descend(
    process: HMM | GHMM,
    beliefs: Float[np.ndarray, "above state"],
    following: Float[np.ndarray, "above symbol"],
    level: Level,
) -> Float[np.ndarray, "node state"]:
    """Beliefs of a level from those of the level above and their next-symbol probabilities."""
    moved = process.branch(beliefs)[level.parent, level.symbol]
    return np.asarray(moved / following[level.parent, level.symbol][:, None])


def possible_tree(process: HMM | GHMM, length: int, at_most: int) -> list[Level] | None:
    """The tree of all words of positive probability; None as soon as it has more than `at_most` nodes."""
    beliefs = process.start[None]
    none = np.empty(0, dtype=np.intp)
    levels: list[Level] = []
    nodes = 0
    for _ in range(length):
        following = next_symbols(process, beliefs)
        parent, symbol = np.nonzero(following > 0)
        nodes += len(parent)
        if nodes > at_most:
            return None
        levels.append(Level(parent, symbol, none))
        beliefs = descend(process, beliefs, following, levels[-1])
    return levels


def drawn_tree(process: HMM | GHMM, length: int, at_most: int, *, rng: np.random.Generator) -> tuple[list[Level], int]:
    """The tree of whole words drawn one after another until the next would make it exceed `at_most` nodes.

    Draws also stop at 16 * at_most words, which only matters where the words not yet seen are very rare.

    Returns:
        The tree, with the number of times that each history was drawn, and the number of words drawn.
    Raises:
        ValueError: if not even one word fits.
    """
    if at_most < length:
        raise ValueError(
            f"max_histories must allow one word of length {length}, that is {length} prefixes; got {at_most}"
        )
    limit, n_symbol = _DRAWS_PER_HISTORY * at_most, process.n_symbol
    words = process.sample(min(limit, max(64, 2 * at_most // length)), length, rng=rng)
    kept = _fitting(words, n_symbol, at_most)
    while kept == len(words) < limit:
        more = process.sample(min(len(words), limit - len(words)), length, rng=rng)
        words = np.concatenate([words, more])
        kept = _fitting(words, n_symbol, at_most)
    return _tree(words[:kept], n_symbol), kept


def _fitting(words: Int[np.ndarray, "seq time"], n_symbol: int, at_most: int) -> int:
    """How many of the first words have together at most `at_most` distinct prefixes."""
    node = np.zeros(len(words), dtype=np.intp)
    fresh = np.zeros(len(words), dtype=np.intp)  # prefixes that each word is the first to have
    for t in range(words.shape[1]):
        _, first, node = np.unique(node * n_symbol + words[:, t], return_index=True, return_inverse=True)
        fresh[first] += 1
    return int(np.searchsorted(np.cumsum(fresh), at_most, side="right"))


def _tree(words: Int[np.ndarray, "seq time"], n_symbol: int) -> list[Level]:
    node = np.zeros(len(words), dtype=np.intp)
    levels = []
    for t in range(words.shape[1]):
        codes, node, count = np.unique(node * n_symbol + words[:, t], return_inverse=True, return_counts=True)
        levels.append(Level(codes // n_symbol, codes % n_symbol, count))
    return levels
