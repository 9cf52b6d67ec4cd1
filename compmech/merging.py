"""Finding equal beliefs among many, up to rounding, without comparing all pairs.

Vectors are hashed to one number, their product with a fixed direction. Equal vectors have hashes within a known window
of each other. A table over cells of hashes, many windows wide, tells which vectors share a cell with others, or lie so
near to its border that their equals may be in the next one. Only these are sorted by hash, and compared coordinate by
coordinate where they are in each other's window; most vectors of a growing tree are seen to be new by the table alone.
"""

import numpy as np
from jaxtyping import Bool, Float, Int

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

# Windows in a cell: one vector in 128 is near a border, and few that are not equal share a cell.
_CELL = 256.0

# Places of the table for each vector, at least: one vector in 5 or so shares its place by chance.
_SPARE = 4

_EMPTY, _CROWDED, _TAKEN = -1, -2, 0

# Multipliers that scatter neighbouring cells: 2 ** 64 over the golden ratio (Knuth's), and over the square root of 2.
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_OTHER = np.uint64(0xB504F333F9DE6485)


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
        self._tol = tol
        self._by_support = by_support
        self._vectors = np.empty((0, width))
        self._count = 0
        self._hash = np.empty(0)  # of the vectors, as far as they are in the table
        self._place = np.empty(0, dtype=np.int64)
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
        self._take_in(len(vectors))
        hashes = vectors @ self._direction
        rows, known = self._suspects(hashes)
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

    def _take_in(self, n_more: int) -> None:
        """Enter what was added since the last match, in a table with room for more; the last added is never entered."""
        fresh = self._vectors[len(self._hash) : self._count] @ self._direction
        self._hash = np.concatenate([self._hash, fresh])
        if len(self._table) < _SPARE * (self._count + n_more):
            self._table = np.full(1 << (_SPARE * (self._count + n_more)).bit_length(), _EMPTY, dtype=np.int32)
            self._place = self._places(self._cells(self._hash)[0])
            self._table[self._place] = _TAKEN
        else:
            place = self._places(self._cells(fresh)[0])
            self._place = np.concatenate([self._place, place])
            self._table[place] = _TAKEN

    def _cells(self, hashes: Float[np.ndarray, " row"]) -> tuple[Int[np.ndarray, " row"], Float[np.ndarray, " row"]]:
        """The cell of each hash, and where in it the hash is, from 0 to 1."""
        position = hashes * (1 / (_CELL * self._window))
        cell = np.floor(position)
        position -= cell
        return cell.astype(np.int64), position

    def _places(self, cell: Int[np.ndarray, " row"]) -> Int[np.ndarray, " row"]:
        """Where cells are in the table, scattered so that clusters of them are not."""
        mixed = cell.view(np.uint64) * _GOLDEN
        mixed >>= np.uint64(65 - len(self._table).bit_length())
        return mixed.view(np.int64)

    def _suspects(
        self, hashes: Float[np.ndarray, " row"]
    ) -> tuple[Int[np.ndarray, " suspect"], Int[np.ndarray, " known"]]:
        """Rows and nodes that share a cell with others, or have neighbours beyond a near border.

        Those that share a place of the table are looked for first. Most of them are in different cells, and a second
        table with other places tells these apart.
        """
        table = self._table
        cell, position = self._cells(hashes)
        place = self._places(cell)
        name = np.arange(len(hashes), dtype=np.int32)
        shared = table.take(place) != _EMPTY
        table[place] = name
        shared |= table.take(place) != name
        border = np.flatnonzero(_is_near_border(position))
        beyond = self._places(_beyond(cell[border], position[border]))
        faced = table[beyond] != _EMPTY
        crowded = np.concatenate([place[shared], place[border[faced]], beyond[faced]])
        table[crowded] = _CROWDED
        rows, known = np.flatnonzero(table.take(place) == _CROWDED), np.flatnonzero(table[self._place] == _CROWDED)
        table[crowded] = _TAKEN
        together = np.append(hashes[rows], self._hash[known])
        still = self._share_a_cell(together)
        return rows[still[: len(rows)]], known[still[len(rows) :]]

    def _share_a_cell(self, hashes: Float[np.ndarray, " row"]) -> Bool[np.ndarray, " row"]:
        """Which of some hashes share a cell with another of them, or have one beyond a near border."""
        shift = np.uint64(64 - (_SPARE * len(hashes)).bit_length())
        cell, position = self._cells(hashes)
        place = ((cell.view(np.uint64) * _OTHER) >> shift).view(np.int64)
        count = np.bincount(place, minlength=1 << int(64 - shift))
        shared = np.asarray(count[place] > 1)
        border = np.flatnonzero(_is_near_border(position))
        beyond = _beyond(cell[border], position[border])
        shared[border] |= count[((beyond.view(np.uint64) * _OTHER) >> shift).view(np.int64)] > 0
        return shared

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


def _is_near_border(position: Float[np.ndarray, " row"]) -> Bool[np.ndarray, " row"]:
    """Whether an equal hash may be in the next cell; half a window more, for rounding."""
    return np.asarray(abs(position - 0.5) > 0.5 - 1.5 / _CELL)


def _beyond(cell: Int[np.ndarray, " row"], position: Float[np.ndarray, " row"]) -> Int[np.ndarray, " row"]:
    """The cell beyond the border that is nearest."""
    return np.asarray(cell + np.where(position < 0.5, -1, 1))


def equal_values(values: Float[np.ndarray, "..."], tol: float) -> Int[np.ndarray, "..."]:
    """A number for each value, the same for values that differ by at most tol (or are joined by such steps)."""
    order = np.argsort(values, axis=None)
    step = np.diff(values.ravel()[order], prepend=-np.inf) > tol
    label = np.empty(values.size, dtype=np.intp)
    label[order] = np.cumsum(step) - 1
    return label.reshape(values.shape)
