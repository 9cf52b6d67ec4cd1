"""Mixed states: the beliefs an observer can hold, as a graph whose edges are symbols."""

from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile

import numpy as np
from jaxtyping import Bool, Float, Int

from compmech.filtering import Filterable, check_filterable
from compmech.graph import closed_classes
from compmech.merging import MERGE_TOL, BeliefIndex
from compmech.signed import carried_noise, fresh_noise, noise_level, relative_noise, without_rounding
from compmech.validation import check_count

# The tolerance must stand clear of what it separates: merged beliefs differ by less than MERGE_TOL / GAP, distinct ones
# by more than MERGE_TOL. Beliefs that converge, each a factor of 1/GAP or more of the last, cannot pass through unseen.
GAP = 100.0

# Nodes whose shortest words together have less probability than this are not expanded: float64 is about to end.
LEAST_MASS = 1e-300

# From a level of so many nodes on, an array of this size is asked for and given back, unused: glibc then keeps what it
# is given back, up to arrays of that size, for what comes next, and no longer has each page of them mapped anew, which
# would take longer than all that is done in them. It does not do so beyond 32 MB; elsewhere nothing happens.
_LARGE = 2**12
_KEPT_BYTES = 31 * 2**20

# Numbers moved at a time: with what is made of them they stay in the cache.
_PIECE = 2**15


@dataclass(frozen=True, eq=False)
class MixedStatePresentation:
    """The beliefs reached from the start, as a unifilar graph; node 0 is the start.

    Attributes:
        beliefs: the distinct beliefs, in order of discovery, breadth first.
        successor: node after each symbol; -1 where the symbol is forbidden or was not followed.
        emit: P(symbol | belief).
        parent: node before on a shortest word that leads to each node; -1 at the start.
        parent_symbol: last symbol of that word; -1 at the start.
        closed: whether the graph is whole and exact: every node expanded, and no two beliefs so near to each other that
            it is doubtful whether they are one. `closure_proof(process, presentation)` verifies it.
        lost_mass: probability that a word of length `depth` has left the explored graph, or passed a doubtful merge.
        depth: length of the words explored.
        merge_tol: beliefs nearer than this were taken to be one.
        doubtful: edges whose end was merged at a distance too large for rounding.
    """

    beliefs: Float[np.ndarray, "mixed state"]
    successor: Int[np.ndarray, "mixed symbol"]
    emit: Float[np.ndarray, "mixed symbol"]
    parent: Int[np.ndarray, " mixed"]
    parent_symbol: Int[np.ndarray, " mixed"]
    closed: bool
    lost_mass: float
    depth: int
    merge_tol: float
    doubtful: Bool[np.ndarray, "mixed symbol"]

    @property
    def n_mixed(self) -> int:
        """Number of distinct beliefs found."""
        return len(self.beliefs)

    @cached_property
    def unexpanded(self) -> Bool[np.ndarray, " mixed"]:
        """Nodes whose successors are not all known."""
        return np.asarray(((self.emit > 0) & (self.successor < 0)).any(axis=1))

    @cached_property
    def recurrent(self) -> Bool[np.ndarray, " mixed"]:
        """Nodes of closed classes of the graph, where the process stays once it is there; fully expanded ones only."""
        mixed, symbol = np.nonzero(self.successor >= 0)
        mask = np.zeros(self.n_mixed, dtype=bool)
        for members in closed_classes(mixed, self.successor[mixed, symbol], self.n_mixed):
            mask[members] = not self.unexpanded[members].any()
        return mask

    def level(self, depth: int) -> tuple[Int[np.ndarray, " mixed"], Float[np.ndarray, " mixed"]]:
        """Nodes that words of one length lead to, and the probability of those words together.

        The probabilities sum to 1 less what has left the explored graph by then.
        """
        return self.levels[check_count(depth, "depth")]

    @cached_property
    def levels(self) -> tuple[tuple[Int[np.ndarray, " mixed"], Float[np.ndarray, " mixed"]], ...]:
        """`level(d)` for d = 0 .. depth."""
        nodes: np.ndarray = np.zeros(1, dtype=np.intp)
        probability: np.ndarray = np.ones(1)
        found = [(nodes, probability)]
        for _ in range(self.depth):
            after = self.successor[nodes]
            kept = after >= 0
            flow = (probability[:, None] * self.emit[nodes])[kept]
            nodes, place = np.unique(after[kept], return_inverse=True)
            # of nothing, bincount makes integers
            probability = np.bincount(place, weights=flow, minlength=len(nodes)).astype(np.float64)
            found.append((nodes, probability))
        return tuple(found)

    @property
    def cut_short(self) -> bool:
        """Whether a budget ended the exploration before words of length `depth` were all followed."""
        first = np.flatnonzero(self.unexpanded)[:1]  # nodes stand in order of their shortest words
        return any(len(self.word(int(node))) < self.depth for node in first)

    def word(self, node: int) -> tuple[int, ...]:
        """A shortest word that leads to a node."""
        return _word(self.parent, self.parent_symbol, node)


def _word(parent: Int[np.ndarray, " mixed"], parent_symbol: Int[np.ndarray, " mixed"], node: int) -> tuple[int, ...]:
    symbols: list[int] = []
    while parent[node] >= 0:
        symbols.append(int(parent_symbol[node]))
        node = int(parent[node])
    return tuple(reversed(symbols))


def mixed_states(
    process: Filterable,
    *,
    depth: int | None = None,
    max_states: int = 100_000,
    merge_tol: float = MERGE_TOL,
    resume: MixedStatePresentation | None = None,
) -> MixedStatePresentation:
    """The distinct beliefs that words lead to from the start, with their successors.

    Without a depth, the graph is explored until it closes, and `closed` says whether it did within `max_states`. With a
    depth, it is explored for words up to that length, and `level(d)` has the exact probability of each belief after d
    symbols (a tree, where no two words give the same belief).

    Args:
        process: an HMM, a GHMM or an EpsilonMachine.
        depth: length of the longest words; None: until closed.
        max_states: the search stops before a level that would bring more nodes than this; see `lost_mass`.
        merge_tol: beliefs whose coordinates all differ by at most this are one, where they have the same exact zeros.
            Raise it for matrices given to few digits.
        resume: what was found before, of this process and with this merge_tol, where `max_states` or `depth` ended the
            search: it goes on from there, and finds what one search with the larger budget would have found.
    Raises:
        ValueError: if an argument is out of range, the process is not presented by states, or `resume` is of another
            process or merge_tol, or deeper than `depth`.
        NegativeProbability: if a GHMM gives some word a negative probability.
    Reference:
        Riechers and Crutchfield, arXiv 1705.08042; Jurgens and Crutchfield, arXiv 2008.12886.
    """
    if depth is not None:
        depth = check_count(depth, "depth")
    if check_count(max_states, "max_states") < 1:
        raise ValueError(f"max_states must be >= 1; got {max_states}")
    if not 0 < merge_tol < 1:
        raise ValueError(f"merge_tol must lie between 0 and 1; got {merge_tol}")
    check_filterable(process)
    explorer = _Explorer(process, max_states, merge_tol)
    if resume is None:
        return explorer.explore(depth)
    _check_resumed(process, resume, merge_tol)
    mass, level = explorer.take_up(resume)
    if depth is not None and depth < level:
        raise ValueError(f"depth must be at least the {level} that were explored in what is resumed; got {depth}")
    return explorer.explore(depth, mass, level)


def _check_resumed(process: Filterable, found: MixedStatePresentation, merge_tol: float) -> None:
    """Refuse what was not found of this process: beliefs that begin or emit otherwise."""
    if found.merge_tol != merge_tol:
        raise ValueError(f"what is resumed was found with merge_tol={found.merge_tol}; got {merge_tol}")
    start, emission = np.asarray(process.start), process.emission
    same = found.beliefs.shape[1:] == start.shape and found.emit.shape[1] == emission.shape[1]
    if not (same and (found.beliefs[0] == start).all() and np.allclose(found.beliefs @ emission, found.emit)):
        raise ValueError("what is resumed is not of this process: its beliefs begin or emit otherwise")


class _Explorer:
    """A breadth-first search: tables of what is known of each node, one piece for each level."""

    def __init__(self, process: Filterable, max_states: int, merge_tol: float) -> None:
        self.process = process
        self.max_states = max_states
        self.merge_tol = merge_tol
        self.index = BeliefIndex(len(process.start), tol=merge_tol, by_support=process.nonnegative)
        self.index.add(np.asarray(process.start, dtype=np.float64)[None])
        self.parent = [np.full(1, -1)]
        self.parent_symbol = [np.full(1, -1)]
        self.emit: list[np.ndarray] = []
        self.successor: list[np.ndarray] = []
        self.doubtful: list[np.ndarray] = []
        self.mass: list[np.ndarray] = []  # probability of the words that lead straight to each node
        self.layered = True  # whether all edges of expanded nodes lead to the next level, by no doubtful merge
        self.noise = fresh_noise(self.index.vectors)  # of the nodes of the last level; of signed beliefs only

    def take_up(self, found: MixedStatePresentation) -> tuple[Float[np.ndarray, " mixed"], int]:
        """Fill the tables with those of an earlier search; the mass of its last level, and which one it is.

        If nothing was left to be expanded, it is the one after the last, and empty.
        """
        ends = _level_ends(found.parent)
        if (found.successor[slice(*ends[-2:])] >= 0).any():
            ends.append(found.n_mixed)
        self.index.add(found.beliefs[1:])
        mass = np.ones(1)
        for first, end, after in zip(ends[:-2], ends[1:-1], ends[2:], strict=True):
            here, fresh = slice(first, end), slice(end, after)
            self.mass.append(mass)
            for table, kept in ((self.emit, found.emit), (self.successor, found.successor)):
                table.append(kept[here])
            self.doubtful.append(found.doubtful[here])
            self.parent.append(found.parent[fresh])
            self.parent_symbol.append(found.parent_symbol[fresh])
            if not self.process.nonnegative:
                left = (found.emit[here] > 0) & (found.successor[here] < 0) & (mass > LEAST_MASS)[:, None]
                self.layered = self.layered and not left.any()  # left for their rounding
                row, symbol = found.parent[fresh], found.parent_symbol[fresh]
                chance = found.emit[row, symbol]
                self.noise = self._noise_after(row - first, symbol, found.beliefs[fresh], chance)
            followed = found.successor[here] >= 0
            node, flow = found.successor[here][followed], (mass[:, None] * found.emit[here])[followed]
            is_new = node >= end
            self.layered = self.layered and bool((is_new & ~found.doubtful[here][followed]).all())
            mass = np.bincount(node[is_new] - end, weights=flow[is_new], minlength=after - end).astype(np.float64)
        return mass, len(ends) - 2

    def explore(
        self, depth: int | None, mass: Float[np.ndarray, " mixed"] | None = None, level: int = 0
    ) -> MixedStatePresentation:
        """Go on from a level whose nodes are known, and the mass of each."""
        mass = np.ones(1) if mass is None else mass
        while len(mass):
            self.mass.append(mass)
            beliefs = self.index.vectors[-len(mass) :]
            if len(mass) >= _LARGE:
                np.empty(_KEPT_BYTES, dtype=np.uint8)
            if level == depth:
                self.emit.append(self._emission(beliefs, beliefs @ self.process.emission))
                break
            emit, edge, after = self._edges(beliefs, mass)
            self.emit.append(emit)
            grown = self._expand(emit, edge, after, mass)
            if grown is None:
                break
            mass = grown
            level += 1
        return self._presentation(level if depth is None else depth)

    def _emission(
        self, beliefs: Float[np.ndarray, "mixed state"], emit: Float[np.ndarray, "mixed symbol"]
    ) -> Float[np.ndarray, "mixed symbol"]:
        """The probability of each symbol, less what is rounding."""
        if self.process.nonnegative:
            return emit
        relative = relative_noise(self.noise, beliefs)
        return without_rounding(emit, self.process.signed_scale(beliefs), relative, self._word_after)

    def _word_after(self, row: int, symbol: int) -> list[int]:
        """A word to a node of the last level, and a symbol after it."""
        node = len(self.index.vectors) - len(self.noise) + row
        return [*_word(np.concatenate(self.parent), np.concatenate(self.parent_symbol), node), symbol]

    def _edges(
        self, beliefs: Float[np.ndarray, "mixed state"], mass: Float[np.ndarray, " mixed"]
    ) -> tuple[Float[np.ndarray, "mixed symbol"], Int[np.ndarray, " edge"], Float[np.ndarray, "edge state"]]:
        """What is emitted by the last level; its edges, numbered mixed * n_symbol + symbol; the beliefs after them.

        Nodes whose words are too improbable for float64 have none.
        """
        n_symbol, n_state = self.process.n_symbol, beliefs.shape[1]
        if self.process.nonnegative and mass.min() > LEAST_MASS:
            everything = self._all_edges(beliefs)
            if everything is not None:
                return everything
        moved = self.process.branch(beliefs)
        chance = moved.reshape(-1, n_state) @ self.process.evaluate  # flat, so that it is one product
        emit = self._emission(beliefs, chance.reshape(-1, n_symbol))
        edge = np.flatnonzero((emit > 0) & (mass > LEAST_MASS)[:, None])
        return emit, edge, moved.reshape(-1, n_state)[edge] / emit.reshape(-1)[edge][:, None]

    def _all_edges(self, beliefs: Float[np.ndarray, "mixed state"]) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
        """The same where every symbol can follow every node, else None: beliefs are written where they are kept, a
        cacheful at a time."""
        n_mixed, n_symbol = len(beliefs), self.process.n_symbol
        after = self.index.room(n_mixed * n_symbol).reshape(n_mixed, n_symbol, -1)
        beliefs = self.index.vectors[-n_mixed:]
        emit = np.empty((n_mixed, n_symbol))
        # each chance as often as a belief has states, so that no division has only these few to go through
        every = np.repeat(self.process.evaluate[:, None], beliefs.shape[1], axis=1)
        piece = max(1, _PIECE // (n_symbol * beliefs.shape[1]))
        for first in range(0, n_mixed, piece):
            here = slice(first, first + piece)
            moved = self.process.branch(beliefs[here])
            chance = (moved.reshape(-1, len(every)) @ every).reshape(moved.shape)
            if not chance.min() > 0:
                return None
            np.matmul(beliefs[here], self.process.emission, out=emit[here])  # quicker than to pick them from there
            np.divide(moved, chance, out=after[here])
        return emit, np.arange(emit.size), after.reshape(emit.size, -1)

    def _expand(
        self,
        emit: Float[np.ndarray, "mixed symbol"],
        edge: Int[np.ndarray, " edge"],
        beliefs: Float[np.ndarray, "edge state"],
        mass: Float[np.ndarray, " mixed"],
    ) -> Float[np.ndarray, " fresh"] | None:
        """Record the successors of the last level; the mass of each new node, or None if there are too many of them.

        Left out are symbols after which the rounding of signed beliefs would be too large to tell them apart.
        """
        chance = _rows(emit.reshape(-1), edge)
        row = edge // emit.shape[1]
        symbol = edge - row * emit.shape[1]
        if not self.process.nonnegative:
            noise = self._noise_after(row, symbol, beliefs, chance)
            clear = noise_level(noise) <= self.merge_tol
            self.layered = self.layered and bool(clear.all())
            edge, row, symbol, chance = edge[clear], row[clear], symbol[clear], chance[clear]
            beliefs, noise = beliefs[clear], noise[clear]
        node, distance, fresh = self.index.match(beliefs)
        known = len(self.index.vectors)
        if known + len(fresh) > self.max_states:
            return None
        if len(fresh) == len(beliefs) and np.may_share_memory(beliefs, self.index.room(len(beliefs))):
            self.index.keep(len(beliefs))
        else:
            self.index.add(beliefs[fresh])
        if not self.process.nonnegative:
            self.noise = noise[fresh]
        unsure = distance > self.merge_tol / GAP
        if len(edge) == emit.size:
            successor, doubtful = node.reshape(emit.shape), unsure.reshape(emit.shape)
            flow = np.repeat(mass, emit.shape[1]) * chance
        else:
            flow = mass[row] * chance
            successor, doubtful = np.full(emit.shape, -1), np.zeros(emit.shape, dtype=bool)
            successor.reshape(-1)[edge] = node
            doubtful.reshape(-1)[edge] = unsure
        self.successor.append(successor)
        self.doubtful.append(doubtful)
        self.parent.append(known - len(mass) + _rows(row, fresh))
        self.parent_symbol.append(_rows(symbol, fresh))
        if len(fresh) == len(flow):
            return np.asarray(flow)
        is_new = node >= known
        self.layered = self.layered and bool((is_new & ~unsure).all())
        # of nothing, bincount makes integers
        return np.bincount(node[is_new] - known, weights=flow[is_new], minlength=len(fresh)).astype(np.float64)

    def _noise_after(
        self,
        row: Int[np.ndarray, " edge"],
        symbol: Int[np.ndarray, " edge"],
        beliefs: Float[np.ndarray, "edge state"],
        emit: Float[np.ndarray, " edge"],
    ) -> Float[np.ndarray, "edge two state"]:
        n_state = beliefs.shape[1]
        matrices = self.process.wide.reshape(n_state, self.process.n_symbol, n_state)[:, symbol].transpose(1, 0, 2)
        return carried_noise(self.noise[row] @ matrices, self.process.evaluate, beliefs, emit)

    def _presentation(self, depth: int) -> MixedStatePresentation:
        n_mixed, n_symbol = sum(map(len, self.emit)), self.process.n_symbol
        emit, successor, doubtful, parent, parent_symbol = _together(
            n_mixed, (n_symbol, np.float64), (n_symbol, np.intp), (n_symbol, np.bool_), (1, np.intp), (1, np.intp)
        )
        np.concatenate(self.emit, out=emit)
        np.concatenate(self.parent, out=parent[:, 0])
        np.concatenate(self.parent_symbol, out=parent_symbol[:, 0])
        known = sum(map(len, self.successor))  # of all levels but the last, where that is not expanded
        if known:
            np.concatenate(self.successor, out=successor[:known])
            np.concatenate(self.doubtful, out=doubtful[:known])
        successor[known:], doubtful[known:] = -1, False
        unexpanded = np.zeros(n_mixed, dtype=bool)
        whole = self._expanded_whole()
        unexpanded[whole:known] = _any_column((emit[whole:known] > 0) & (successor[whole:known] < 0))
        unexpanded[known:] = emit[known:].min(initial=1) > 0 or _any_column(emit[known:] > 0)
        closed = not (unexpanded.any() or doubtful[:known].any())
        if closed:
            lost = 0.0
        elif self.layered:  # no word comes back, so that each node is passed with the mass it was found with
            lost = float(np.concatenate(self.mass)[unexpanded].sum())
        else:
            lost = _lost_mass(emit, successor, doubtful, unexpanded, depth)
        return MixedStatePresentation(
            beliefs=_kept(self.index.vectors),
            successor=_kept(successor),
            emit=_kept(emit),
            parent=_kept(parent[:, 0]),
            parent_symbol=_kept(parent_symbol[:, 0]),
            closed=closed,
            lost_mass=min(lost, 1.0),  # rounding may sum parts of 1 to more than it
            depth=depth,
            merge_tol=self.merge_tol,
            doubtful=_kept(doubtful),
        )

    def _expanded_whole(self) -> int:
        """How many of the first nodes belong to levels all of whose symbols were followed."""
        levels = takewhile(lambda successor: successor.min() >= 0, self.successor)
        return sum(map(len, levels))


def _level_ends(parent: Int[np.ndarray, " mixed"]) -> list[int]:
    """Where the nodes of each level end, from that of level -1 on: those of the next have their parents among them."""
    ends = [0, 1]
    while ends[-1] < len(parent):
        ends.append(int(np.searchsorted(parent, ends[-1])))
    return ends


def _rows(array: np.ndarray, chosen: Int[np.ndarray, " chosen"]) -> np.ndarray:
    """Rows chosen in their order; the array itself, not a copy, where these are all of them."""
    return array if len(chosen) == len(array) else array[chosen]


def _together(n_row: int, *columns: tuple[int, type]) -> list[np.ndarray]:
    """Tables of so many rows in one block of memory, each with its width and type: one large block is had many times
    sooner than several small ones."""
    sizes = [n_row * width * np.dtype(kind).itemsize for width, kind in columns]
    ends = np.cumsum([-(-size // 64) * 64 for size in sizes])
    block = np.empty(ends[-1], dtype=np.uint8)
    return [
        block[end - -(-size // 64) * 64 :][:size].view(kind).reshape(n_row, width)
        for (width, kind), size, end in zip(columns, sizes, ends, strict=True)
    ]


def _kept(array: np.ndarray) -> np.ndarray:
    """The array, which nobody else has, read-only from here on."""
    array.setflags(write=False)
    return array


def _any_column(flags: Bool[np.ndarray, "row column"]) -> Bool[np.ndarray, " row"]:
    """Whether any is set in each row; column by column, which is quick where rows are short."""
    found = np.zeros(len(flags), dtype=bool)
    for column in range(flags.shape[1]):
        found |= flags[:, column]
    return found


def _lost_mass(
    emit: Float[np.ndarray, "mixed symbol"],
    successor: Int[np.ndarray, "mixed symbol"],
    doubtful: Bool[np.ndarray, "mixed symbol"],
    unexpanded: Bool[np.ndarray, " mixed"],
    depth: int,
) -> float:
    """Probability that a word of this length stands on an unexpanded node, or has passed one or a doubtful edge."""
    lost = 0.0
    nodes: np.ndarray = np.zeros(1, dtype=np.intp)
    probability: np.ndarray = np.ones(1)
    for step in range(depth + 1):
        gone = unexpanded[nodes]
        lost += float(probability[gone].sum())
        if step == depth:
            break
        if gone.any():
            nodes, probability = nodes[~gone], probability[~gone]
        flow = probability[:, None] * emit[nodes]
        doubt = doubtful[nodes]
        lost += float(flow[doubt].sum())
        passed = ~doubt & (flow > 0)
        nodes, probability = successor[nodes][passed], flow[passed]
        if not (nodes[1:] > nodes[:-1]).all():  # as they are in a tree
            nodes, place = np.unique(nodes, return_inverse=True)
            probability = np.bincount(place, weights=probability, minlength=len(nodes))
    return lost
