"""Hidden Markov models, and generalised ones whose matrices may be signed: a process given by labelled matrices."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Protocol, TypeAlias, runtime_checkable

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike

from compmech.errors import NegativeProbability
from compmech.filtering import log_probability, predictions
from compmech.sampling import BlockTable, block_length, matrix_table, sample_blocks, sample_signed
from compmech.signed import largest
from compmech.stationary import long_run_distribution, stationary_distribution
from compmech.validation import (
    SUM_TOL,
    check_count,
    check_distribution,
    check_names,
    check_rng,
    check_square,
    check_stochastic,
    check_vector,
    sealed,
)

# Matrices of more states than this are kept in sparse form as well, where no more than this part of them is not 0.
_DENSE = 200
_SPARSE = 0.05


class _Presentation:
    """What HMM and GHMM share: a process given by labelled matrices, a start and an evaluation vector."""

    nonnegative: ClassVar[bool]

    T: Float[np.ndarray, "symbol state state"]
    start: Float[np.ndarray, " state"]
    evaluate: Float[np.ndarray, " state"]
    alphabet: tuple[Hashable, ...]
    states: tuple[Hashable, ...]
    name: str | None

    @property
    def n_symbol(self) -> int:
        """Size of the alphabet."""
        return int(self.T.shape[0])

    @property
    def n_state(self) -> int:
        """Number of states: the dimension of the matrices."""
        return int(self.T.shape[1])

    @cached_property
    def A(self) -> Float[np.ndarray, "state state"]:
        """The net matrix: T summed over symbols."""
        return sealed(self.T.sum(axis=0))

    @cached_property
    def emission(self) -> Float[np.ndarray, "state symbol"]:
        """Next-symbol probabilities from each state: P(x_t | x_<t) = belief @ emission."""
        return sealed(np.einsum("xij,j->ix", self.T, self.evaluate))

    @cached_property
    def drift(self) -> float:
        """Largest change of a coordinate of the start in one step."""
        return float(abs(self.start @ self.A - self.start).max())

    @cached_property
    def least_step(self) -> float:
        """The smallest positive entry of T."""
        return float(np.min(self.T, where=self.T > 0, initial=1.0))

    @cached_property
    def wide(self) -> Any:
        """The matrices of all symbols side by side."""
        return np.ascontiguousarray(self.T.transpose(1, 0, 2).reshape(self.n_state, -1))

    @cached_property
    def _term_size(self) -> Float[np.ndarray, " symbol"]:
        return np.asarray(np.einsum("xij,j->x", abs(self.T), abs(self.evaluate)))

    def branch(self, beliefs: Float[np.ndarray, "seq state"]) -> Float[np.ndarray, "seq symbol state"]:
        """Each belief times the matrix of every symbol; `@ evaluate` gives the symbols' probabilities."""
        return np.asarray((beliefs @ self.wide).reshape(len(beliefs), self.n_symbol, self.n_state))

    def log_branch(self, logs: Float[np.ndarray, "seq state"]) -> Float[np.ndarray, "seq symbol state"]:
        """The same from and to logarithms of nonnegative beliefs."""
        with np.errstate(divide="ignore"):
            return np.asarray(np.logaddexp.reduce(logs[:, None, :, None] + np.log(self.T), axis=2))

    def signed_scale(self, beliefs: Float[np.ndarray, "seq state"]) -> Float[np.ndarray, "seq symbol"]:
        """A bound on the absolute terms of branch(...) @ evaluate, to hold rounding against.

        Coordinates of a belief that ought to be zero carry the rounding of its largest one, so that one stands for all.
        """
        return np.outer(largest(beliefs), self._term_size)

    def log_prob(self, words: ArrayLike) -> Float[np.ndarray, " seq"]:
        """Log probability of each word in nats; -inf for forbidden words."""
        return log_probability(self, words)

    def predict(self, words: ArrayLike) -> Float[np.ndarray, "seq row symbol"]:
        """P(x_t | x_<t): row t = 0 .. time is the distribution of symbol t given the t symbols before it.

        Raises:
            ImpossibleWord: if a word has probability zero.
        """
        return predictions(self, words)

    def _name_parts(
        self, alphabet: Iterable[Hashable] | None, states: Iterable[Hashable] | None, name: str | None
    ) -> None:
        object.__setattr__(self, "alphabet", check_names(alphabet, self.n_symbol, "alphabet"))
        object.__setattr__(self, "states", check_names(states, self.n_state, "states"))
        object.__setattr__(self, "name", name)

    def __repr__(self) -> str:
        named = "" if self.name is None else f"{self.name}: "
        return f"{type(self).__name__}({named}{self.n_state} states, {self.n_symbol} symbols)"


@dataclass(frozen=True, init=False, eq=False, repr=False)
class HMM(_Presentation):
    """A hidden Markov model that emits on its transitions: T[x, i, j] = P(emit x and go to j | in i).

    Frozen, with read-only arrays. `evaluate` is all ones, so that P(w) = start @ T_w @ evaluate as for a GHMM. States
    that the start does not lead to are allowed and change nothing: `trim(process)` is without them.

    Args:
        T: labelled matrices, axes (symbol, state, next_state).
        start: distribution over states before the first symbol; None: the stationary one.
        alphabet: names of the symbols; None: 0, 1, ...
        states: names of the states; None: 0, 1, ...
        name: what the process is called.
    Raises:
        ValueError: naming the entry that is wrong and the likely repair.
        NotErgodic: if start is None and the stationary distribution is not unique.
    Example:
        >>> golden_mean = HMM([[[0.5, 0.0], [1.0, 0.0]], [[0.0, 0.5], [0.0, 0.0]]])
        >>> golden_mean.start.round(3).tolist()
        [0.667, 0.333]
    """

    nonnegative: ClassVar[bool] = True

    def __init__(
        self,
        T: ArrayLike,
        start: ArrayLike | None = None,
        alphabet: Iterable[Hashable] | None = None,
        states: Iterable[Hashable] | None = None,
        name: str | None = None,
    ) -> None:
        object.__setattr__(self, "T", sealed(check_stochastic(T)))
        object.__setattr__(self, "evaluate", sealed(np.ones(self.n_state)))
        self._name_parts(alphabet, states, name)
        given = self._only_stationary() if start is None else check_distribution(start, self.n_state)
        object.__setattr__(self, "start", sealed(given))

    @cached_property
    def wide(self) -> Any:
        """The matrices of all symbols side by side, (state, symbol * state); sparse for many states with few edges."""
        wide = super().wide
        if self.n_state <= _DENSE or np.count_nonzero(wide) > _SPARSE * wide.size:
            return wide
        from scipy.sparse import csr_array

        return csr_array(wide)

    @cached_property
    def is_unifilar(self) -> bool:
        """Whether state and symbol determine the next state."""
        return bool(((self.T > 0).sum(axis=2) <= 1).all())

    def stationary(self) -> Float[np.ndarray, " state"]:
        """The distribution over states that one step leaves as it is; of several, what the start settles into."""
        source, target = np.nonzero(self.A)
        return long_run_distribution(source, target, self.A[source, target], self.start)

    def _only_stationary(self) -> Float[np.ndarray, " state"]:
        source, target = np.nonzero(self.A)
        return stationary_distribution(source, target, self.A[source, target], self.n_state)

    def sample(self, n_seq: int, n_time: int, *, rng: np.random.Generator) -> Int[np.ndarray, "seq time"]:
        """Independent sequences, each from the start."""
        n_seq, n_time, rng = check_count(n_seq, "n_seq"), check_count(n_time, "n_time"), check_rng(rng)
        block = block_length(self.n_state**2, self.n_symbol, n_seq * n_time)
        return sample_blocks(self._table(block), self.start, n_seq, n_time, rng)

    def _table(self, block: int) -> BlockTable:
        if block not in self._tables:
            self._tables[block] = matrix_table(self.T, block)
        return self._tables[block]

    @cached_property
    def _tables(self) -> dict[int, BlockTable]:
        return {}

    def __reduce__(self) -> tuple[Any, ...]:
        return HMM, (self.T, self.start, self.alphabet, self.states, self.name)


@dataclass(frozen=True, init=False, eq=False, repr=False)
class GHMM(_Presentation):
    """A generalised hidden Markov model: P(w) = start @ T_w @ evaluate, with signed entries allowed.

    Quantum and post-quantum processes, and minimal realisations. The states are coordinates, not things one can be in,
    and the belief after w is start @ T_w / (start @ T_w @ evaluate).

    Args:
        T: labelled matrices, axes (symbol, state, next_state), with A @ evaluate = evaluate for A = T.sum(0).
        start: with start @ evaluate = 1.
        evaluate: the vector that closes every word.
        alphabet: names of the symbols; None: 0, 1, ...
        states: names of the coordinates; None: 0, 1, ...
        name: what the process is called.
        check_words: words are checked for negative probability up to the greatest depth that has at most this many.
    Raises:
        ValueError: naming the entry that is wrong and the likely repair.
        NegativeProbability: with the word, if one was found. Finding none is no proof that there is none.
    """

    nonnegative: ClassVar[bool] = False

    def __init__(
        self,
        T: ArrayLike,
        start: ArrayLike,
        evaluate: ArrayLike,
        alphabet: Iterable[Hashable] | None = None,
        states: Iterable[Hashable] | None = None,
        name: str | None = None,
        *,
        check_words: int = 4096,
    ) -> None:
        object.__setattr__(self, "T", sealed(check_square(T)))
        object.__setattr__(self, "start", sealed(check_vector(start, self.n_state, "start")))
        object.__setattr__(self, "evaluate", sealed(check_vector(evaluate, self.n_state, "evaluate")))
        self._name_parts(alphabet, states, name)
        self._check_normalised()
        self._check_words(check_count(check_words, "check_words"))

    def _check_normalised(self) -> None:
        closed = self.A @ self.evaluate
        scale = abs(self.T).sum(axis=0) @ abs(self.evaluate) + abs(self.evaluate)
        wrong = np.flatnonzero(abs(closed - self.evaluate) > SUM_TOL * np.maximum(scale, 1))
        if len(wrong):
            state = wrong[0]
            raise ValueError(
                "A @ evaluate must equal evaluate, A = T.sum(0), so that words of one length sum to 1; entry "
                f"{state} is {closed[state]:.9g} against {self.evaluate[state]:.9g}. Is T transposed, or start and "
                "evaluate exchanged?"
            )
        total = float(self.start @ self.evaluate)
        if abs(total - 1) > SUM_TOL * max(1.0, float(abs(self.start) @ abs(self.evaluate))):
            raise ValueError(f"start @ evaluate must be 1; it is {total:.9g}. Give start / (start @ evaluate)?")

    def _check_words(self, at_most: int) -> None:
        vectors = self.start[None]
        depth = 0
        while len(vectors) * self.n_symbol <= at_most and depth < at_most:
            vectors = np.einsum("wi,xij->wxj", vectors, self.T).reshape(-1, self.n_state)
            depth += 1
            probability = vectors @ self.evaluate
            scale = abs(vectors) @ abs(self.evaluate)
            negative = np.flatnonzero(probability < -SUM_TOL * np.maximum(scale, 1))
            if len(negative):
                word = np.unravel_index(negative[0], (self.n_symbol,) * depth)
                raise NegativeProbability([int(symbol) for symbol in word], float(probability[negative[0]]))
            if self.n_symbol == 1 and depth >= 64:
                return

    def stationary(self) -> Float[np.ndarray, " state"]:
        """The signed vector pi with pi @ A = pi and pi @ evaluate = 1.

        Raises:
            ValueError: if it is not unique.
        """
        system = np.vstack([self.A.T - np.eye(self.n_state), self.evaluate])
        solution, _, rank, _ = np.linalg.lstsq(system, np.append(np.zeros(self.n_state), 1.0), rcond=SUM_TOL)
        if rank < self.n_state:
            raise ValueError(
                f"the stationary vector is not unique: pi @ A = pi, pi @ evaluate = 1 has {self.n_state - rank} free "
                "directions. Use minimal(process) first; if it stays so, the process is not ergodic."
            )
        return np.asarray(solution)

    def sample(self, n_seq: int, n_time: int, *, rng: np.random.Generator) -> Int[np.ndarray, "seq time"]:
        """Independent sequences, each from the start."""
        return sample_signed(self, check_count(n_seq, "n_seq"), check_count(n_time, "n_time"), check_rng(rng))

    def __reduce__(self) -> tuple[Any, ...]:
        return GHMM, (self.T, self.start, self.evaluate, self.alphabet, self.states, self.name)


@runtime_checkable
class Presentable(Protocol):
    """Something that can be written as an HMM, such as an EpsilonMachine."""

    def to_hmm(self) -> HMM: ...


AnyPresentation: TypeAlias = HMM | GHMM | Presentable


def as_presentation(process: AnyPresentation) -> HMM | GHMM:
    """A process as labelled matrices.

    Raises:
        ValueError: if it has none.
    """
    if isinstance(process, HMM | GHMM):
        return process
    if hasattr(process, "to_hmm"):
        return process.to_hmm()
    kind = type(process).__name__
    raise ValueError(f"only processes given by matrices or tables will do (HMM, GHMM, EpsilonMachine); got {kind}")
