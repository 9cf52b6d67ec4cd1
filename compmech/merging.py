"""Finding equal beliefs among many, up to rounding, without comparing all pairs.

Vectors are hashed to one number, their product with a fixed direction, and kept sorted by it. Equal vectors have hashes
within a known window of each other, so there are no borders that could fall between two of them; vectors in the window
are then compared coordinate by coordinate.
"""

import numpy as np
from jaxtyping import Float, Int

MERGE_TOL = 1e-10
"""The one tolerance of compmech: beliefs, and probabilities of a step, nearer than this are taken to be equal, and
directions in which a step moves no more than this to be absent. Rounding separates what is equal by 1e-15 or so, and
grows to 1e-12 along the way. Where it and not rounding decided, `statistics` says so in `how`."""

ROUNDED = 1e-13
"""What is nearer than this may differ by rounding alone."""

_UNMATCHED = -1


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
        self._hash = np.empty(0)
        self._node = np.empty(0, dtype=np.intp)

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
        self._sort_in()
        hashes = vectors @ self._direction
        order = np.argsort(hashes)
        node, distance = np.empty(len(vectors), dtype=np.intp), np.empty(len(vectors))
        node[order], distance[order] = self._nearest_known(vectors[order], hashes[order])
        rows = order[node[order] == _UNMATCHED]  # by hash
        leader = self._leaders(vectors[rows], hashes[rows], rows)
        is_fresh = np.zeros(len(vectors), dtype=bool)
        is_fresh[leader] = True
        node[rows] = self._count - 1 + np.cumsum(is_fresh)[leader]
        joined = rows != leader
        distance[rows] = 0.0
        distance[rows[joined]] = abs(vectors[rows[joined]] - vectors[leader[joined]]).max(axis=1, initial=0.0)
        return node, distance, np.flatnonzero(is_fresh)

    def add(self, vectors: Float[np.ndarray, "row width"]) -> None:
        """Append vectors that are not in the list, nor equal among themselves."""
        total = self._count + len(vectors)
        if total > len(self._vectors):
            room = np.empty((max(total, 2 * len(self._vectors)), vectors.shape[1]))
            room[: self._count] = self.vectors
            self._vectors = room
        self._vectors[self._count : total] = vectors
        self._count = total

    def _sort_in(self) -> None:
        """Put what was added since the last match in its place by hash; what is never matched against is not sorted."""
        known = len(self._hash)
        hashes = self._vectors[known : self._count] @ self._direction
        order = np.argsort(hashes)
        place = np.searchsorted(self._hash, hashes[order])
        self._hash = np.insert(self._hash, place, hashes[order])
        self._node = np.insert(self._node, place, known + order)

    def _nearest_known(
        self, vectors: Float[np.ndarray, "row width"], hashes: Float[np.ndarray, " row"]
    ) -> tuple[Int[np.ndarray, " row"], Float[np.ndarray, " row"]]:
        node = np.full(len(vectors), _UNMATCHED)
        distance = np.full(len(vectors), np.inf)
        place = np.searchsorted(self._hash, hashes - self._window)
        rows = np.arange(len(vectors))
        while True:
            rows = rows[place[rows] < self._count]
            rows = rows[self._hash[place[rows]] <= hashes[rows] + self._window]
            if not len(rows):
                return node, distance
            candidate = self._node[place[rows]]
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
