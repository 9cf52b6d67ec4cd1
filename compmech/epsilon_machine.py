"""Epsilon-machines: the minimal unifilar presentation of a process, as a table of successors."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy.typing import ArrayLike

from compmech.errors import NotMinimal
from compmech.filtering import log_probability, predictions
from compmech.graph import closed_classes, strong_components
from compmech.hmm import HMM
from compmech.merging import MERGE_TOL
from compmech.pair_removal import pair_removal
from compmech.partition import refine
from compmech.sampling import BlockTable, block_length, sample_blocks, successor_table
from compmech.stationary import long_run_distribution, stationary_distribution
from compmech.validation import SUM_TOL, as_floats, check_count, check_distribution, check_names, check_rng, frozen

# Machines with more states than this keep their transitions in sparse form.
_DENSE = 200


@dataclass(frozen=True, init=False, eq=False, repr=False)
class EpsilonMachine:
    """A unifilar machine without two states of equal future: state and symbol determine the next state.

    Frozen, with read-only arrays. A symbol is an edge of its own, so parallel edges are kept. States that the start
    does not lead to are allowed and change nothing: `epsilon_machine(machine)` is without them and without transient
    ones.

    Args:
        successor: next state for each (state, symbol); -1 where the symbol is forbidden.
        emit: P(symbol | state).
        start: distribution over states before the first symbol; None: the stationary one.
        alphabet: names of the symbols; None: 0, 1, ...
        states: names of the causal states; None: 0, 1, ...
        name: what the process is called.
        merge_tol: states whose emission probabilities all differ by at most this, with successors alike, are one.
    Raises:
        ValueError: naming the entry that is wrong and the likely repair.
        NotMinimal: if states have the same future, with the groups of such states.
        NotErgodic: if start is None and the stationary distribution is not unique.
    Example:
        >>> even = EpsilonMachine(successor=[[0, 1], [-1, 0]], emit=[[0.5, 0.5], [0.0, 1.0]])
        >>> even.start.round(3).tolist()
        [0.667, 0.333]
    """

    nonnegative: ClassVar[bool] = True
    is_unifilar: ClassVar[bool] = True

    successor: Int[np.ndarray, "causal symbol"]
    emit: Float[np.ndarray, "causal symbol"]
    start: Float[np.ndarray, " causal"]
    alphabet: tuple[Hashable, ...]
    states: tuple[Hashable, ...]
    name: str | None

    def __init__(
        self,
        successor: ArrayLike,
        emit: ArrayLike,
        start: ArrayLike | None = None,
        alphabet: Iterable[Hashable] | None = None,
        states: Iterable[Hashable] | None = None,
        name: str | None = None,
        *,
        merge_tol: float = MERGE_TOL,
    ) -> None:
        probability = _check_emit(emit)
        n_state, n_symbol = probability.shape
        table = _check_successor(successor, probability)
        _check_minimal(probability, table, merge_tol)
        object.__setattr__(self, "emit", frozen(probability))
        object.__setattr__(self, "successor", frozen(table))
        object.__setattr__(self, "alphabet", check_names(alphabet, n_symbol, "alphabet"))
        object.__setattr__(self, "states", check_names(states, n_state, "states"))
        object.__setattr__(self, "name", name)
        given = self._only_stationary() if start is None else check_distribution(start, n_state)
        object.__setattr__(self, "start", frozen(given))

    @property
    def n_symbol(self) -> int:
        """Size of the alphabet."""
        return int(self.emit.shape[1])

    @property
    def n_state(self) -> int:
        """Number of causal states."""
        return int(self.emit.shape[0])

    @property
    def emission(self) -> Float[np.ndarray, "causal symbol"]:
        """Next-symbol probabilities from each state, as for an HMM; the same as `emit`."""
        return self.emit

    @cached_property
    def evaluate(self) -> Float[np.ndarray, " causal"]:
        """All ones, as for an HMM."""
        return frozen(np.ones(self.n_state))

    @cached_property
    def drift(self) -> float:
        """Largest change of a coordinate of the start in one step."""
        state, _, after, probability = self.edges
        moved = np.bincount(after, weights=self.start[state] * probability, minlength=self.n_state)
        return float(abs(moved - self.start).max())

    @cached_property
    def least_step(self) -> float:
        """The smallest positive emission probability."""
        return float(np.min(self.emit, where=self.emit > 0, initial=1.0))

    @cached_property
    def edges(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Allowed transitions as arrays: state, symbol, next state, probability."""
        state, symbol = np.nonzero(self.emit)
        return state, symbol, self.successor[state, symbol], self.emit[state, symbol]

    def stationary(self) -> Float[np.ndarray, " causal"]:
        """The distribution over causal states that a step leaves as it is; of several, what the start settles into."""
        state, _, after, probability = self.edges
        return long_run_distribution(state, after, probability, self.start)

    def _only_stationary(self) -> Float[np.ndarray, " causal"]:
        state, _, after, probability = self.edges
        return stationary_distribution(state, after, probability, self.n_state)

    @cached_property
    def closed_classes(self) -> tuple[Int[np.ndarray, " _"], ...]:
        """The sets of states that are not left once entered, each as sorted states; one of them: an ergodic process."""
        state, _, after, _ = self.edges
        return closed_classes(state, after, self.n_state)

    @cached_property
    def is_strongly_connected(self) -> bool:
        """Whether every state can be reached from every other one."""
        state, _, after, _ = self.edges
        return bool(strong_components(state, after, self.n_state).max() == 0)

    @cached_property
    def is_synchronizing(self) -> bool:
        """Whether an observer who knows the machine comes to know its state exactly, with probability one.

        If not, the observer only becomes ever surer, in some closed class at least. Decided on n_state ** 2 pairs;
        `synchronizing_word(machine)` gives a word and the reason.
        """
        return not pair_removal(self.successor).untold

    def to_hmm(self) -> HMM:
        """The same machine as labelled matrices, n_symbol * n_state ** 2 of numbers."""
        return self._hmm

    @cached_property
    def _hmm(self) -> HMM:
        state, symbol, after, probability = self.edges
        T = np.zeros((self.n_symbol, self.n_state, self.n_state))
        T[symbol, state, after] = probability
        return HMM(T, start=self.start, alphabet=self.alphabet, states=self.states, name=self.name)

    @cached_property
    def wide(self) -> Any:
        """The matrices of all symbols side by side, (state, symbol * state); sparse for many states."""
        state, symbol, after, probability = self.edges
        shape = (self.n_state, self.n_symbol * self.n_state)
        place = (state, symbol * self.n_state + after)
        if self.n_state > _DENSE:
            from scipy.sparse import csr_array

            return csr_array((probability, place), shape=shape)
        wide = np.zeros(shape)
        wide[place] = probability
        return wide

    def branch(self, beliefs: Float[np.ndarray, "seq causal"]) -> Float[np.ndarray, "seq symbol causal"]:
        """Each belief moved by every symbol, not normalised."""
        return np.asarray((beliefs @ self.wide).reshape(len(beliefs), self.n_symbol, self.n_state))

    def log_branch(self, logs: Float[np.ndarray, "seq causal"]) -> Float[np.ndarray, "seq symbol causal"]:
        """The same from and to logarithms of beliefs."""
        state, symbol, after, probability = self.edges
        moved = np.full((self.n_symbol, self.n_state, len(logs)), -np.inf)
        np.logaddexp.at(moved, (symbol, after), logs.T[state] + np.log(probability)[:, None])
        return moved.transpose(2, 0, 1)

    def signed_scale(self, beliefs: Float[np.ndarray, "seq causal"]) -> Float[np.ndarray, "seq symbol"]:
        """A bound on the terms of branch(...) @ evaluate, as for an HMM."""
        return np.outer(abs(beliefs).max(axis=1), self.emit.sum(axis=0))

    def sample(self, n_seq: int, n_time: int, *, rng: np.random.Generator) -> Int[np.ndarray, "seq time"]:
        """Independent sequences, each from the start."""
        n_seq, n_time, rng = check_count(n_seq, "n_seq"), check_count(n_time, "n_time"), check_rng(rng)
        block = block_length(self.n_state, self.n_symbol, n_seq * n_time)
        if block not in self._tables:
            self._tables[block] = successor_table(self.successor, self.emit, block)
        return sample_blocks(self._tables[block], self.start, n_seq, n_time, rng)

    @cached_property
    def _tables(self) -> dict[int, BlockTable]:
        return {}

    def log_prob(self, words: ArrayLike) -> Float[np.ndarray, " seq"]:
        """Log probability of each word in nats; -inf for forbidden words."""
        return log_probability(self, words)

    def predict(self, words: ArrayLike) -> Float[np.ndarray, "seq row symbol"]:
        """P(x_t | x_<t): row t = 0 .. time is the distribution of symbol t given the t symbols before it.

        Raises:
            ImpossibleWord: if a word has probability zero.
        """
        return predictions(self, words)

    def __repr__(self) -> str:
        named = "" if self.name is None else f"{self.name}: "
        return f"EpsilonMachine({named}{self.n_state} causal states, {self.n_symbol} symbols)"

    def __reduce__(self) -> tuple[Any, ...]:
        return EpsilonMachine, (self.successor, self.emit, self.start, self.alphabet, self.states, self.name)


def _check_emit(value: ArrayLike) -> Float[np.ndarray, "causal symbol"]:
    emit = as_floats(value, "emit")
    if emit.ndim != 2 or 0 in emit.shape:
        raise ValueError(f"emit must have axes (state, symbol), at least one of each; got shape {emit.shape}")
    for state, symbol in np.argwhere(emit < 0)[:1]:
        raise ValueError(f"emit must be nonnegative; emit[{state}, {symbol}] is {emit[state, symbol]:.6g}")
    for state in np.flatnonzero(abs(emit.sum(axis=1) - 1) > SUM_TOL)[:1]:
        raise ValueError(
            f"emit must sum to 1 over symbols from every state; state {state} sums to {emit[state].sum():.9g}. "
            "emit was read as (state, symbol): transposed?"
        )
    return emit


def _check_successor(value: ArrayLike, emit: Float[np.ndarray, "causal symbol"]) -> Int[np.ndarray, "causal symbol"]:
    table = as_floats(value, "successor")
    if table.shape != emit.shape:
        raise ValueError(f"successor must have the shape of emit, (state, symbol) = {emit.shape}; got {table.shape}")
    n_state = len(emit)
    for state, symbol in np.argwhere((table != np.floor(table)) | (table < -1) | (table >= n_state))[:1]:
        raise ValueError(
            f"successor must hold states 0..{n_state - 1}, or -1 where the symbol is forbidden; "
            f"successor[{state}, {symbol}] is {table[state, symbol]:g}"
        )
    allowed: Bool[np.ndarray, "causal symbol"] = emit > 0
    for state, symbol in np.argwhere((table >= 0) != allowed)[:1]:
        raise ValueError(
            f"successor must be -1 exactly where emit is 0; at [{state}, {symbol}] successor is "
            f"{table[state, symbol]:g} and emit is {emit[state, symbol]:.6g}"
        )
    return table.astype(np.intp)


def _check_minimal(emit: np.ndarray, successor: np.ndarray, merge_tol: float) -> None:
    label = refine(emit, successor, merge_tol)
    n_class = int(label.max()) + 1
    if n_class < len(label):
        order = np.argsort(label, kind="stable")
        groups = np.split(order, np.flatnonzero(np.diff(label[order])) + 1)
        raise NotMinimal([group.tolist() for group in groups if len(group) > 1])
