"""Bayesian structural inference: which of many unifilar topologies made the data, by exact evidence.

In a unifilar machine the start state and the data fix the path, so that transitions are counted, not guessed. With a
Dirichlet prior over the probabilities of each state's symbols the evidence of topology M from start s is

    P(D | M, s) = prod_i  G(sum_x a) / G(sum_x a + n_ix)  prod_x  G(a + n_ix) / G(a),        x over what i may emit,

and P(D | M) its mean over start states. A topology that forbids what was seen has evidence 0, and most do so soon: the
data are run through all of them at once, and whatever fails is left out from there on. What is left is run through side
by side, or, if few are left, in many segments at a time, from every state, put together afterwards.

Letters: a, the Dirichlet parameter of every allowed symbol; b, the penalty of a state: P(M) ~ exp(-b states).

Reference:
    Strelioff and Crutchfield, Physical Review E 89, 042119 (2014), arXiv 1309.1392.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import isqrt

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.special import gammaln, logsumexp

from compmech.epsilon_machine import EpsilonMachine
from compmech.inference.series import Series
from compmech.topologies import topological_machines
from compmech.validation import check_count, frozen

__all__ = ["PENALTY", "Posterior", "counts_together", "library", "structural_posterior"]

PENALTY = 4.0
"""b, nats a state: that of the reference, sections V and VI."""

_PRUNED_BY = 4096  # symbols that prune before the rest is run in segments
_TOGETHER = 1024  # symbols after which starts of a topology that have met go on as one
_MANY = 256  # rows above which they are run side by side, not in segments
_LARGE = 16  # states of a topology whose segments are not run from every state if a few symbols tell it
_TELLING = 64  # symbols that may tell it
_AT_ONCE = 1 << 18  # entries of a table that is worked on: what the second cache holds


@dataclass(frozen=True, eq=False)
class Library:
    """Topologies of up to some number of states, side by side; rows of smaller ones are filled with -1.

    Attributes:
        successor: next state by topology, state, symbol; -1: forbidden.
        n_state: of each.
    """

    successor: Int[np.ndarray, "topology state symbol"]
    n_state: Int[np.ndarray, " topology"]

    def __len__(self) -> int:
        return len(self.n_state)


def library(most_states: int, n_symbol: int) -> Library:
    """All topological epsilon-machines of 1 .. most_states states: 36,662 of up to five over two symbols, in 0.5 s.

    Raises:
        ValueError: if there is no state or no symbol.
    """
    if check_count(most_states, "most_states") < 1:
        raise ValueError(f"most_states must be >= 1; got {most_states}")
    return _library(most_states, n_symbol)


@lru_cache(maxsize=8)
def _library(most_states: int, n_symbol: int) -> Library:
    tables, sizes = [], []
    for n in range(1, most_states + 1):
        of_size = [topology.successor for topology in topological_machines(n, n_symbol)]
        filled = np.full((len(of_size), most_states, n_symbol), -1, dtype=np.int8)
        filled[:, :n] = of_size
        tables.append(filled)
        sizes.append(np.full(len(of_size), n))
    return Library(frozen(np.concatenate(tables)), frozen(np.concatenate(sizes)))


@dataclass(frozen=True, eq=False)
class Posterior:
    """What the data leave of a library: topologies with start states, most probable first.

    Attributes:
        topology: number in the library of each row; several rows may have one, with different starts.
        start: the state before the first symbol.
        log_evidence: ln P(D | M, start), nats. log_posterior: ln P(M, start | D), over the library.
        counts: transitions on the path, by row, state and symbol.
        alpha: a.
    """

    library: Library
    topology: Int[np.ndarray, " row"]
    start: Int[np.ndarray, " row"]
    log_evidence: Float[np.ndarray, " row"]
    log_posterior: Float[np.ndarray, " row"]
    counts: Int[np.ndarray, "row state symbol"]
    alpha: float

    @property
    def by_states(self) -> dict[int, float]:
        """Posterior probability of each number of states."""
        size = self.library.n_state[self.topology]
        weight = np.exp(self.log_posterior)
        return {int(n): float(weight[size == n].sum() / weight.sum()) for n in np.unique(size)}

    def best(self, n_state: int | None = None) -> int | None:
        """The row of the most probable topology, of all or of those with some number of states; None: none is left."""
        rows = np.arange(len(self.topology))
        if n_state is not None:
            rows = rows[self.library.n_state[self.topology] == n_state]
        if not len(rows):
            return None
        kinds, inverse = np.unique(self.topology[rows], return_inverse=True)
        log = self.log_posterior[rows]
        each = np.bincount(inverse, weights=np.exp(log - log.max()), minlength=len(kinds))
        of_best = rows[inverse == int(np.argmax(each))]
        return int(of_best[np.argmax(self.log_posterior[of_best])])

    def machine(self, row: int, *, rng: np.random.Generator | None = None) -> EpsilonMachine:
        """The machine of a row, with the posterior mean of its probabilities or, given a generator, a draw of them.

        Raises:
            NotMinimal: if the probabilities make states alike that the topology tells apart.
        """
        n = int(self.library.n_state[self.topology[row]])
        successor = self.library.successor[self.topology[row], :n].astype(int)
        allowed = successor >= 0
        weight = np.where(allowed, self.alpha + self.counts[row, :n], 0.0)
        if rng is not None:
            weight = np.where(allowed, rng.standard_gamma(np.where(allowed, weight, 1.0)), 0.0)
        return EpsilonMachine(successor, weight / weight.sum(axis=1, keepdims=True))


def structural_posterior(
    data: Series, topologies: Library, *, alpha: float = 1.0, penalty: float = PENALTY
) -> Posterior:
    """The posterior over the topologies and start states of a library.

    Only the longest stretch without a gap has an unknown start; in every other stretch symbols are not counted until
    they have told the state, and a topology of which none is told says nothing about that stretch.

    Args:
        alpha: of the Dirichlet prior, for each symbol that a state may emit; 1: uniform.
        penalty: b.
    Raises:
        ValueError: if the alphabets differ, alpha is not positive, there are no symbols, or no topology allows them.
    """
    if data.n_symbol != topologies.successor.shape[2]:
        raise ValueError(f"data over {data.n_symbol} symbols, topologies over {topologies.successor.shape[2]}")
    if not alpha > 0:
        raise ValueError(f"alpha must be positive; got {alpha}")
    pieces = sorted(data.pieces, key=len, reverse=True)
    if not pieces:
        raise ValueError("there are no symbols")
    words = [piece.astype(np.intp) for piece in pieces]
    topology, start = _surviving(topologies, words[0])
    kinds, of_row = np.unique(topology, return_inverse=True)
    runs = _Runs(topologies.successor[kinds])
    counts, alive = runs.counted(of_row, start, words[0])
    told, possible = runs.told(words[1:])
    alive &= possible[of_row]
    if not alive.any():
        raise ValueError("no topology of the library allows these symbols")
    topology, start, counts = topology[alive], start[alive], (counts + told[of_row])[alive]
    found = _log_evidence(counts, topologies.successor[topology] >= 0, alpha)
    size = topologies.n_state[topology]
    weight = found - np.log(size) - penalty * size
    weight -= logsumexp(weight)
    order = np.argsort(-weight, kind="stable")
    return Posterior(topologies, topology[order], start[order], found[order], weight[order], counts[order], alpha)


def counts_together(
    topology: Int[np.ndarray, "state symbol"], pieces: Sequence[Int[np.ndarray, "seq _"]], *, alpha: float = 1.0
) -> Int[np.ndarray, "seq state symbol"]:
    """The transitions of one topology in many series of the same lengths: as `structural_posterior` counts them in
    each, from the start of most evidence.

    Args:
        topology: next state by state and symbol; -1: forbidden.
        pieces: of all series the stretch that comes first, and so on; the longest first.
    Raises:
        ValueError: if the topology forbids a series.
    """
    n_seq, (n, k) = len(pieces[0]), topology.shape
    runs = _Runs(np.repeat(topology[None], n_seq, axis=0))
    row, start = np.repeat(np.arange(n_seq), n), np.tile(np.arange(n), n_seq)
    counts, state = runs.stepped(row, start, pieces[0][row].T)
    told, possible = runs.told([piece.T for piece in pieces[1:]])
    found = (counts[:, :n] + told[row]).reshape(n_seq, n, n, k)
    evidence = np.where((state < n).reshape(n_seq, n), _log_evidence(found, topology >= 0, alpha), -np.inf)
    best = evidence.argmax(axis=1)
    for seq in np.flatnonzero(~possible | (evidence.max(axis=1) == -np.inf))[:1]:
        raise ValueError(f"the topology forbids the symbols of series {seq}")
    chosen: Int[np.ndarray, "seq state symbol"] = found[np.arange(n_seq), best]
    return chosen


def _log_evidence(
    counts: Int[np.ndarray, "*row state symbol"], allowed: Bool[np.ndarray, "*any state symbol"], alpha: float
) -> Float[np.ndarray, "*row"]:
    """ln P(D | M, start) of transitions counted from that start, nats."""
    found = np.where(allowed, gammaln(alpha + counts) - gammaln(alpha), 0.0).sum(axis=(-2, -1))
    prior = np.where(allowed, alpha, 0.0).sum(axis=-1)
    of_state = np.where(prior > 0, prior, 1.0)
    found += np.where(prior > 0, gammaln(of_state) - gammaln(of_state + counts.sum(axis=-1)), 0.0).sum(axis=-1)
    return np.asarray(found)


def _surviving(topologies: Library, word: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Topologies and starts that allow a word: all are run side by side, and left out where they fail."""
    _, most, k = topologies.successor.shape
    topology, start = np.nonzero(np.arange(most) < topologies.n_state[:, None])
    table = np.ascontiguousarray(topologies.successor).reshape(-1)
    offset, state = topology * (most * k), start.astype(np.intp)
    for x in word[:_PRUNED_BY]:
        after = table[offset + state * k + x]
        if after.min() < 0:
            alive = after >= 0
            topology, start, offset, after = topology[alive], start[alive], offset[alive], after[alive]
        state = after.astype(np.intp)
        if not len(state):
            break
    return topology, start


class _Runs:
    """Several topologies at once, each with a state more, to which forbidden symbols lead and which is never left."""

    def __init__(self, successor: np.ndarray) -> None:
        self.n, self.most, self.k = successor.shape
        table = np.full((self.n, self.most + 1, self.k), self.most, dtype=np.intp)
        table[:, : self.most] = np.where(successor >= 0, successor, self.most)
        self.table = table.reshape(-1)
        self.valid = (successor >= 0).any(axis=2)

    def counted(self, row: np.ndarray, start: np.ndarray, word: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Transitions of each topology and start along a word, and whether it is allowed to the end.

        At first each by itself. By then many starts of a topology have come to one state, and go on as one.
        """
        head, rest = word[:_TOGETHER], word[_TOGETHER:]
        total, now = self.stepped(row, start.astype(np.intp), head)
        pair, of_row = np.unique(row * (self.most + 1) + now, return_inverse=True)
        rows, states = pair // (self.most + 1), pair % (self.most + 1)
        found = self._told_apart(states, rest) if self.n == 1 and self.most >= _LARGE and len(pair) == 1 else None
        if found is None:
            found = (self.stepped if len(pair) > _MANY else self._segmented)(rows, states, rest)
        later, end = found
        return (total + later[of_row])[:, : self.most], end[of_row] < self.most

    def stepped(self, row: np.ndarray, state: np.ndarray, word: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Transitions, and the last state, of rows side by side: symbol by symbol. There is one word for all rows, or
        one for each (time, row)."""
        size = (self.most + 1) * self.k
        offset, place = row * size, np.arange(len(row)) * size
        total = np.zeros(len(row) * size, dtype=np.int64)
        for x in word:
            edge = state * self.k + x
            total[place + edge] += 1
            state = self.table[offset + edge]
        return total.reshape(len(row), self.most + 1, self.k), state

    def _segmented(self, row: np.ndarray, state: np.ndarray, word: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The same for few rows: the word is cut into segments, which are run side by side from every state."""
        most, k, n = self.most, self.k, self.n
        n_segment = max(1, min(len(word) // 16, _AT_ONCE // max(1, n * most * most * k)))
        size = len(word) // n_segment
        parts = word[: n_segment * size].reshape(n_segment, size)
        offset = np.arange(n)[:, None, None] * ((most + 1) * k)
        ahead = np.broadcast_to(np.arange(most)[None, :, None], (n, most, n_segment)).copy()
        place = np.arange(n * most * n_segment).reshape(n, most, n_segment) * ((most + 1) * k)
        counts = np.zeros(n * most * n_segment * (most + 1) * k, dtype=np.int32)
        for t in range(size):
            edge = ahead * k + parts[:, t]
            counts[place + edge] += 1
            ahead = self.table[offset + edge]
        by_segment = counts.reshape(n, most, n_segment, most + 1, k)
        total = np.zeros((len(row), most + 1, k), dtype=np.int64)
        for segment in range(n_segment):
            inside = state < most
            total[inside] += by_segment[row[inside], state[inside], segment]
            state = np.where(inside, ahead[row, np.minimum(state, most - 1), segment], most)
        last, state = self.stepped(row, state, word[n_segment * size :])
        return total + last, state

    def _told_apart(self, state: np.ndarray, word: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
        """The same for one large topology in one state: segments are begun in the state that the symbols before them
        tell. None if they do not tell it, or a segment does not end where the next begins: the word is forbidden.
        """
        n_segment = isqrt(len(word))
        size = len(word) // max(1, n_segment)
        if size < _TELLING:
            return None
        table, parts = self.table.reshape(self.most + 1, self.k), word[: n_segment * size].reshape(n_segment, size)
        ahead = np.broadcast_to(np.arange(self.most), (n_segment - 1, self.most))
        for symbol in parts[:-1, -_TELLING:].T:
            ahead = table[ahead, symbol[:, None]]
        least = ahead.min(axis=1)
        if (least == self.most).any() or not ((ahead == least[:, None]) | (ahead == self.most)).all():
            return None
        first = np.concatenate([state, least])
        now, total = first, np.zeros((self.most + 1) * self.k, dtype=np.int64)
        for symbol in parts.T:
            edge = now * self.k + symbol
            total += np.bincount(edge, minlength=len(total))
            now = self.table[edge]
        if (now[:-1] != first[1:]).any():
            return None
        last, end = self.stepped(np.zeros(1, dtype=np.intp), now[-1:], word[n_segment * size :])
        return total.reshape(last.shape) + last, end

    def told(self, words: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """Transitions of each topology where what was read has told its state, and whether all words are allowed.
        Each word is one for all topologies, or one for each (time, topology)."""
        most, k, n = self.most, self.k, self.n
        total, possible = np.zeros((n, most + 1, k), dtype=np.int64), np.ones(n, dtype=bool)
        each, offset = np.arange(n), np.arange(n)[:, None] * ((most + 1) * k)
        for word in words:
            state = np.where(self.valid, np.arange(most), most)
            for x in word:
                inside = state < most
                least = state.min(axis=1)
                known = (np.where(inside, state, least[:, None]) == least[:, None]).all(axis=1) & (least < most)
                symbol = np.broadcast_to(x, n)
                total[each[known], least[known], symbol[known]] += 1
                state = self.table[offset + state * k + symbol[:, None]]
            possible &= (state < most).any(axis=1)
        return total[:, :most], possible
