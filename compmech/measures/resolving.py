"""The observer's beliefs over causal states until the state is known: the transient part of the mixed-state graph.

The graph is explored where uncertainty is, and uncertainty that has shrunk is not lost in the merging of beliefs: two
beliefs are one only if they agree component by component in relative terms, so a state of probability 1e-30 is still
possible. Beliefs are products and sums of nonnegative numbers, which keep full relative precision.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

# Equal beliefs differ by rounding, some 1e-16 for each symbol read; merged beliefs may differ by this much.
SAME = 1e-12

# Beliefs that differ by more than SAME and less than this are kept apart, but leave it open whether the graph is
# finite: beliefs that converge, each a factor of 1e-4 or more of the last, cannot pass from above to below unseen.
DOUBT = 1e-8

KNOWN = -1
NOWHERE = -2

# Matrices of more states than this are kept in sparse form: those of a unifilar machine have one entry in a row.
_DENSE = 200


@dataclass(frozen=True, eq=False)
class Resolving:
    """Beliefs with more than one possible state, node 0 being the start, and where each symbol takes them.

    Attributes:
        beliefs: one row per node.
        successor: node after each symbol; KNOWN where one state is left, NOWHERE where the symbol is forbidden or the
            node was not expanded.
        emit: P(symbol | belief).
        is_open: nodes that were not expanded.
        is_sharp: no two beliefs were so near to each other that it is doubtful whether they are one.
        merged: greatest relative difference of beliefs that were taken to be one.
    """

    beliefs: Float[np.ndarray, "mixed state"]
    successor: Int[np.ndarray, "mixed symbol"]
    emit: Float[np.ndarray, "mixed symbol"]
    is_open: Bool[np.ndarray, " mixed"]
    is_sharp: bool
    merged: float

    @property
    def closed(self) -> bool:
        """Whether these are all the beliefs there are."""
        return self.is_sharp and not bool(self.is_open.any())


def resolve(
    T: Float[np.ndarray, "symbol state state"],
    start: Float[np.ndarray, " state"],
    urgency: Callable[[Float[np.ndarray, "mixed state"]], Float[np.ndarray, " mixed"]],
    *,
    max_beliefs: int,
    enough: float = 0.0,
) -> Resolving:
    """Explore the beliefs reached from `start` until the state is known, those of greatest weight times urgency first.

    Args:
        urgency: how much is at stake at beliefs; it is multiplied with the probability of being there.
        max_beliefs: expand nodes while there are fewer than this many.
        enough: stop when what is at stake at all nodes not yet expanded comes to less than this.
    """
    n_symbol = len(T)
    side_by_side = _side_by_side(T)
    book = _Book(start)
    weight = np.zeros((n_symbol + 1) * max_beliefs + 1)
    weight[0] = 1.0
    successor: dict[int, list[int]] = {}
    todo = np.zeros(1 if np.count_nonzero(start) > 1 else 0, dtype=np.intp)
    while len(todo) and book.n_row < max_beliefs:
        stake = weight[todo] * urgency(book.take(todo))
        if stake.sum() < enough:
            break
        rank = np.argsort(-stake, kind="stable")
        n_now = min(max(1, len(todo) // 2), max_beliefs - book.n_row)
        now, todo = todo[rank[:n_now]], todo[rank[n_now:]]
        n_before = book.n_row
        joint = np.asarray(book.take(now) @ side_by_side).reshape(n_now, n_symbol, -1)
        landed = book.land(joint.reshape(-1, len(start)))
        arriving = (weight[now, None] * joint.sum(axis=2)).ravel()
        weight[now] = 0.0
        np.add.at(weight, landed[landed >= 0], arriving[landed >= 0])
        successor.update(zip(now.tolist(), landed.reshape(-1, n_symbol).tolist(), strict=True))
        todo = np.concatenate([todo, np.arange(n_before, book.n_row)])
    beliefs = book.rows.copy()
    table = np.full((len(beliefs), n_symbol), NOWHERE, dtype=np.intp)
    for node, after in successor.items():
        table[node] = after
    is_open = np.zeros(len(beliefs), dtype=bool)
    is_open[todo] = True
    return Resolving(beliefs, table, beliefs @ T.sum(axis=2).T, is_open, book.is_sharp, book.merged)


def _side_by_side(T: Float[np.ndarray, "symbol state state"]) -> Any:
    """The matrices of all symbols, (state, symbol * state); sparse for many states."""
    wide = np.ascontiguousarray(T.transpose(1, 0, 2).reshape(T.shape[1], -1))
    if T.shape[1] <= _DENSE:
        return wide
    from scipy.sparse import csr_array

    return csr_array(wide)


class _Book:
    """Beliefs found so far, looked up by value.

    A belief stands on a shelf by a number made of the logarithms of its components, so that beliefs equal in relative
    terms stand on one shelf or on neighbouring ones, and a sequence of beliefs that converges does not crowd one shelf.
    """

    def __init__(self, start: Float[np.ndarray, " state"]) -> None:
        self._rows = np.empty((64, len(start)))  # of which the first n_row are beliefs
        self.n_row = 0
        self.is_sharp = True
        self.merged = 0.0
        # any direction does in which all components count; square roots have no rational relation, so that simple
        # beliefs do not share a number
        direction = 1.0 + np.sqrt(np.arange(2.5, len(start) + 2.5)) % 1.0
        self._direction = direction / direction.sum()
        self._shelves: dict[int, list[int]] = {}
        self.land(start[None])

    @property
    def rows(self) -> Float[np.ndarray, "node state"]:
        """The beliefs of all nodes."""
        return self._rows[: self.n_row]

    def take(self, nodes: Int[np.ndarray, " node"] | list[int]) -> Float[np.ndarray, "node state"]:
        """The beliefs of some nodes."""
        return self._rows[nodes]

    def land(self, joint: Float[np.ndarray, "word state"]) -> Int[np.ndarray, " word"]:
        """The nodes of unnormalised beliefs, new nodes for those not seen before."""
        possible = joint > 0
        node = np.where(possible.any(axis=1), KNOWN, NOWHERE)
        several = np.flatnonzero(possible.sum(axis=1) > 1) if self.n_row else np.arange(len(joint))
        beliefs = joint[several] / joint[several].sum(axis=1, keepdims=True)
        logs = np.log(beliefs, where=possible[several], out=np.ones_like(beliefs))
        places = logs @ self._direction / (2 * DOUBT)
        shelves = np.floor(places).astype(np.int64)
        sides = np.where(places - shelves < 0.5, shelves - 1, shelves + 1)
        for index, belief, shelf, side in zip(several, beliefs, shelves.tolist(), sides.tolist(), strict=True):
            node[index] = self._number(belief, shelf, side)
        return node

    def _number(self, belief: Float[np.ndarray, " state"], shelf: int, side: int) -> int:
        near = self._shelves.get(shelf, []) + self._shelves.get(side, [])
        if near:  # all at once: beliefs that hardly differ, of states that hardly do, all stand on one shelf
            rows = self.take(near)
            apart = np.abs(rows - belief)
            same = np.flatnonzero((apart <= SAME * rows).all(axis=1))
            if len(same):
                first = int(same[0])
                apart, row = apart[first], rows[first]
                self.merged = max(self.merged, float((apart[row > 0] / row[row > 0]).max()))
                return near[first]
            if (apart <= DOUBT * rows).all(axis=1).any():
                self.is_sharp = False
        self._shelves.setdefault(shelf, []).append(self.n_row)
        if self.n_row == len(self._rows):
            self._rows = np.concatenate([self._rows, np.empty_like(self._rows)])
        self._rows[self.n_row] = belief
        self.n_row += 1
        return self.n_row - 1
