"""Finding equal beliefs among many, up to rounding, without comparing all pairs.

Vectors are hashed to one number, their product with a fixed direction. Equal vectors have hashes within a known window
of each other. The line of hashes is cut into cells, many windows wide, and a table over cells tells which vectors have
another's hash in their window. Only these are compared coordinate by coordinate; most vectors of a growing tree are
seen to be new by the table alone. Where few vectors meet many known ones, only those are entered that are near to one
of the few.
"""

import numpy as np
from jaxtyping import Float, Int, Shaped

MERGE_TOL = 1e-10
"""The one tolerance of compmech: beliefs, and probabilities of a step, nearer than this are taken to be equal, and
directions in which a step moves no more than this to be absent. Rounding separates what is equal by 1e-15 or so, and
grows to 1e-12 along the way. Where it and not rounding decided, `statistics` says so in `how`."""

ROUNDED = 1e-13
"""What is nearer than this may differ by rounding alone."""

_UNMATCHED = -1

HUGE = 2**22
"""Bytes from which on numpy asks for huge pages, so that memory is not handed over by the 4 kB. What of such a block is
never written costs nothing."""

# Windows in a cell: one vector in 128 is near a border, and entered on both sides of it.
_CELL = 256.0

# Places of the table for each vector, at least: few share a place by chance.
_SPARE = 4

# Hashes entered at a time: with what is made of them they stay in the cache.
_PIECE = 2**14

# The multiplier that scatters neighbouring cells: 2 ** 64 over the golden ratio (Knuth).
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)

# Known vectors for each new one from which on the near ones among the known are looked up in order of their hashes.
_MANY = 16


class BeliefIndex:
    """A growing list of distinct vectors.

    Args:
        width: number of coordinates.
        tol: vectors whose coordinates all differ by at most this are one.
        by_support: whether vectors must also have the same exact zeros to be one.
    """

    def __init__(self, width: int, *, tol: float, by_support: bool) -> None:
        self._direction = 1.0 + np.cos(
            1.0 + np.arange(width) ** 1.5
        )  # generic, so that few distinct vectors share a hash
        self._window = tol * float(self._direction.sum()) + 1e-14
        self._per_cell = 1 / (_CELL * self._window)
        self._tol = tol
        self._by_support = by_support
        self._vectors = np.empty((0, width))
        self._count = 0
        self._hash = np.empty(0)  # of the vectors, as far as they were there at the last match
        self._sorted = np.empty(0)  # the first of these hashes in order, and whose they are
        self._order = np.empty(0, dtype=np.intp)
        self._table = np.empty(0, dtype=np.int32)

    @property
    def vectors(self) -> Float[np.ndarray, "node width"]:
        """The distinct vectors, in order of arrival."""
        return self._vectors[: self._count]

    def match(
        self, vectors: Float[np.ndarray, "row width"]
    ) -> tuple[Int[np.ndarray, " row"], Float[np.ndarray, " row"], Int[np.ndarray, " fresh"]]:
        """Where each vector is in the list, or will be once the new ones among them are added.

        Returns:
            Its node; its distance from that node's vector; the rows to be added, in order, for `add`.
        """
        fresh = self._vectors[len(self._hash) : self._count] @ self._direction
        self._hash = np.concatenate([self._hash, fresh])
        hashes = vectors @ self._direction
        rows, known = self._suspects(hashes, self._near(hashes))
        distance = np.zeros(len(vectors))
        if not len(rows):
            every = np.arange(len(vectors))
            return self._count + every, distance, every
        rows = rows[np.argsort(hashes[rows])]
        nearest, away = self._nearest_known(vectors[rows], hashes[rows], known)
        found = nearest != _UNMATCHED
        new, rows = rows[~found], rows[found]
        leader = self._leaders(vectors[new], hashes[new], new)
        is_joined = leader != new
        joined, leader = new[is_joined], leader[is_joined]
        if not len(rows) + len(joined):
            every = np.arange(len(vectors))
            return self._count + every, distance, every
        is_fresh = np.ones(len(vectors), dtype=bool)
        is_fresh[rows] = is_fresh[joined] = False
        node = self._count - 1 + np.cumsum(is_fresh)
        node[joined] = node[leader]
        node[rows], distance[rows] = nearest[found], away[found]
        distance[joined] = abs(vectors[joined] - vectors[leader]).max(axis=1, initial=0.0)
        return node, distance, np.flatnonzero(is_fresh)

    def add(self, vectors: Float[np.ndarray, "row width"]) -> None:
        """Append vectors that are not in the list, nor equal among themselves."""
        self.room(len(vectors))[:] = vectors
        self._count += len(vectors)

    def room(self, n_row: int) -> Float[np.ndarray, "row width"]:
        """Uninitialised memory where the next vectors will be: what is written there need not be copied, see `keep`."""
        total = self._count + n_row
        if total > len(self._vectors):
            n_kept = max(total, 2 * len(self._vectors))
            size = n_kept * self._vectors.shape[1] * self._vectors.itemsize
            if HUGE // 8 < size < HUGE:
                n_kept = -(-n_kept * HUGE // size)
            grown = np.empty((n_kept, self._vectors.shape[1]))
            grown[: self._count] = self.vectors
            self._vectors = grown
        return self._vectors[self._count : total]

    def keep(self, n_row: int) -> None:
        """Append the vectors that were written into `room`, on the terms of `add`."""
        self._count += n_row

    def _near(self, hashes: Float[np.ndarray, " row"]) -> Int[np.ndarray, " known"]:
        """Nodes that some of the hashes may be near to: all of them, unless the hashes are few."""
        n_known, n_sorted = len(self._hash), len(self._sorted)
        if n_known < _MANY * len(hashes):
            return np.arange(n_known)
        if n_known - n_sorted > n_sorted // 4:  # else the last ones are taken as they are
            self._order = np.argsort(self._hash)
            self._sorted = self._hash[self._order]
            n_sorted = n_known
        first = np.searchsorted(self._sorted, hashes - self._window)
        count = np.searchsorted(self._sorted, hashes + self._window, side="right") - first
        place = np.repeat(first - np.cumsum(count) + count, count) + np.arange(count.sum())
        return np.concatenate([np.unique(self._order[place]), np.arange(n_sorted, n_known)])

    def _suspects(
        self, hashes: Float[np.ndarray, " row"], near: Int[np.ndarray, " near"]
    ) -> tuple[Int[np.ndarray, " suspect"], Int[np.ndarray, " known"]]:
        """Rows and nodes among those near that have another's hash in their window, or nearly so.

        Each is entered in its cell, and beyond a border that is nearer than its window.
        """
        known = self._hash if len(near) == len(self._hash) else self._hash[near]
        together = np.concatenate([known, hashes])
        place, border, beyond = self._places(together)
        entry = self._not_alone(np.concatenate([place, beyond]), np.concatenate([together, together[border]]))
        is_suspect = np.zeros(len(place) + len(beyond), dtype=bool)
        is_suspect[entry] = True
        is_suspect[border[is_suspect[len(together) :]]] = True
        who = np.flatnonzero(is_suspect[: len(together)])
        is_row = who >= len(near)
        return who[is_row] - len(near), near[who[~is_row]]

    def _places(
        self, hashes: Float[np.ndarray, " row"]
    ) -> tuple[Int[np.ndarray, " row"], Int[np.ndarray, " border"], Int[np.ndarray, " border"]]:
        """Where the cells of hashes are in the table, which hashes are near a border, and where the cell beyond it is.

        The table is grown to hold them. Cells are scattered over it, so that clusters of them are not.
        """
        if len(self._table) < _SPARE * len(hashes):
            self._table = np.empty(1 << (_SPARE * len(hashes)).bit_length(), dtype=np.int32)
        place = np.empty(len(hashes), dtype=np.uint64)
        border = [np.empty(0, dtype=np.intp)]
        for first in range(0, len(hashes), _PIECE):
            position = hashes[first : first + _PIECE] * self._per_cell
            cell = np.rint(position)
            self._scatter(cell, place[first : first + _PIECE])
            position -= cell
            border.append(np.flatnonzero(abs(position) > 0.5 - 1.5 / _CELL))  # half a window more, for rounding
            border[-1] += first
        near = np.concatenate(border)
        position = hashes[near] * self._per_cell
        beyond = np.empty(len(near), dtype=np.uint64)
        self._scatter(2 * np.floor(position) + 1 - np.rint(position), beyond)  # the other one of the two whole numbers
        return place.view(np.int64), near, beyond.view(np.int64)

    def _scatter(self, cell: Float[np.ndarray, " entry"], into: Shaped[np.ndarray, " entry"]) -> None:
        mixed = cell.astype(np.int64).view(np.uint64)
        mixed *= _GOLDEN
        np.right_shift(mixed, np.uint64(65 - len(self._table).bit_length()), out=into)

    def _not_alone(
        self, place: Int[np.ndarray, " entry"], hashes: Float[np.ndarray, " entry"]
    ) -> Int[np.ndarray, " some"]:
        """Entries, some of them several times, that have another's hash in their window, and some that nearly have one.

        All are written to their places, where the last one stays. The others are compared with it, and those outside
        its window written again, until each has been the last or in the window of one that was. Two entries in each
        other's window are compared with the same last one up to when the first of them goes. It then is the last, or in
        the window of it, and the other within two windows of it: these are what is looked for.
        """
        found = [np.empty(0, dtype=np.int32)]
        left = np.arange(len(place), dtype=np.int32)
        while len(left):
            self._table[place] = left
            last = self._table.take(place)
            others = np.flatnonzero(last != left)
            left, last, place = left[others], last[others], place[others]
            distance = abs(hashes[left] - hashes[last])
            near = distance <= 2 * self._window
            found += [left[near], last[near]]
            outside = distance > self._window
            left, place = left[outside], place[outside]
        return np.concatenate(found)

    def _nearest_known(
        self,
        vectors: Float[np.ndarray, "row width"],
        hashes: Float[np.ndarray, " row"],
        known: Int[np.ndarray, " known"],
    ) -> tuple[Int[np.ndarray, " row"], Float[np.ndarray, " row"]]:
        """The nearest equal one among known nodes, and how far it is, for vectors in order of their hashes."""
        known = known[np.argsort(self._hash[known])]
        of_known = self._hash[known]
        node = np.full(len(vectors), _UNMATCHED)
        distance = np.full(len(vectors), np.inf)
        place = np.searchsorted(of_known, hashes - self._window)
        rows = np.arange(len(vectors))
        while True:
            rows = rows[place[rows] < len(known)]
            rows = rows[of_known[place[rows]] <= hashes[rows] + self._window]
            if not len(rows):
                return node, distance
            candidate = known[place[rows]]
            found = self._distance(vectors[rows], self._vectors[candidate])
            better = (found <= self._tol) & (found < distance[rows])
            node[rows[better]] = candidate[better]
            distance[rows[better]] = found[better]
            place[rows] += 1

    def _leaders(
        self, vectors: Float[np.ndarray, "row width"], hashes: Float[np.ndarray, " row"], name: Int[np.ndarray, " row"]
    ) -> Int[np.ndarray, " row"]:
        """For vectors in order of their hashes, the least name in the group of equal ones that each belongs to."""
        link = np.arange(len(vectors))
        rows = link[1:]
        back = 1
        while len(rows):
            rows = rows[(rows >= back)]
            rows = rows[hashes[rows] - hashes[rows - back] <= self._window]
            equal = self._distance(vectors[rows], vectors[rows - back]) <= self._tol
            link[rows[equal]] = rows[equal] - back
            rows = rows[~equal]
            back += 1
        while (link != link[link]).any():
            link = link[link]
        least = name.copy()
        np.minimum.at(least, link, name)
        return least[link]

    def _distance(
        self, left: Float[np.ndarray, "row width"], right: Float[np.ndarray, "row width"]
    ) -> Float[np.ndarray, " row"]:
        distance = np.asarray(abs(left - right).max(axis=1, initial=0.0))
        if self._by_support:
            distance[((left > 0) != (right > 0)).any(axis=1)] = np.inf
        return distance


def equal_values(values: Float[np.ndarray, "..."], tol: float) -> Int[np.ndarray, "..."]:
    """A number for each value, the same for values that differ by at most tol (or are joined by such steps)."""
    order = np.argsort(values, axis=None)
    step = np.diff(values.ravel()[order], prepend=-np.inf) > tol
    label = np.empty(values.size, dtype=np.intp)
    label[order] = np.cumsum(step) - 1
    return label.reshape(values.shape)
