"""Processes in rational numbers: labelled matrices of fractions, words and beliefs without rounding."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import lcm
from numbers import Rational
from typing import Any

import numpy as np

from compmech.errors import ImpossibleWord, NegativeProbability
from compmech.hmm import GHMM, HMM, AnyPresentation, as_presentation
from compmech.rational.algebra import Vector, primitive
from compmech.rational.chain import classes_of, stationary
from compmech.validation import check_count, check_names

Row = tuple[Fraction, ...]
Matrix = tuple[Row, ...]

# A float64 that was meant to be a fraction misses it by half a unit in the last place; printed tables by 1e-9 or so
# would be guessed at, and are not.
_ROUNDED = 4 * np.finfo(float).eps


@dataclass(frozen=True, init=False, eq=False, repr=False)
class RationalHMM:
    """A hidden Markov model in exact arithmetic: T[x][i][j] = P(emit x and go to j | in i), all of them fractions.

    With `evaluate` a generalised one, signed entries allowed: P(w) = start T_w evaluate.

    Whatever is asked of it is exact: equal beliefs are equal and a forbidden word has probability 0, where floating
    point must decide by a tolerance. Functions of this package that take any presentation take this one as well, by way
    of `to_hmm`, and then compute in float64.

    Args:
        T: labelled matrices, axes (symbol, state, next_state), of Fractions, whole numbers or strings such as "1/3".
        start: distribution over states before the first symbol; None: the stationary one.
        evaluate: the vector that closes every word; None: all ones, and entries of T must then be probabilities.
        alphabet: names of the symbols; None: 0, 1, ...
        states: names of the states; None: 0, 1, ...
        name: what the process is called.
    Raises:
        ValueError: naming the entry that is wrong and the likely repair.
        NotErgodic: if start is None and the stationary distribution is not unique.
    Example:
        >>> even = RationalHMM([[["1/2", 0], [0, 0]], [[0, "1/2"], [1, 0]]])
        >>> [str(weight) for weight in even.start]
        ['2/3', '1/3']
        >>> str(even.probability([1, 1, 0]))
        '1/6'
    """

    T: tuple[Matrix, ...]
    start: Row
    evaluate: Row
    is_generalised: bool
    alphabet: tuple[Hashable, ...]
    states: tuple[Hashable, ...]
    name: str | None

    def __init__(
        self,
        T: Sequence[Any] | np.ndarray,
        start: Sequence[Any] | np.ndarray | None = None,
        *,
        evaluate: Sequence[Any] | np.ndarray | None = None,
        alphabet: Iterable[Hashable] | None = None,
        states: Iterable[Hashable] | None = None,
        name: str | None = None,
    ) -> None:
        matrices = _matrices(T)
        n_state = len(matrices[0])
        object.__setattr__(self, "T", matrices)
        object.__setattr__(self, "is_generalised", evaluate is not None)
        ones = (Fraction(1),) * n_state
        object.__setattr__(self, "evaluate", ones if evaluate is None else _vector(evaluate, "evaluate", n_state))
        object.__setattr__(self, "alphabet", check_names(alphabet, len(matrices), "alphabet"))
        object.__setattr__(self, "states", check_names(states, n_state, "states"))
        object.__setattr__(self, "name", name)
        self._check_entries()
        if start is None and self.is_generalised:
            raise ValueError("start is missing: a generalised process, one with evaluate, needs it")
        given = stationary(self.flow) if start is None else _vector(start, "start", n_state)
        object.__setattr__(self, "start", given)
        self._check_start()

    @property
    def n_symbol(self) -> int:
        """Size of the alphabet."""
        return len(self.T)

    @property
    def n_state(self) -> int:
        """Number of states."""
        return len(self.evaluate)

    @cached_property
    def flow(self) -> tuple[Mapping[int, Fraction], ...]:
        """For each state the net probabilities, positive or not, of the states after it; zeros are left out."""
        found = []
        for state in range(self.n_state):
            sums = [sum((T[state][after] for T in self.T), Fraction(0)) for after in range(self.n_state)]
            found.append({after: value for after, value in enumerate(sums) if value})
        return tuple(found)

    @cached_property
    def whole(self) -> tuple[tuple[tuple[Vector, ...], ...], int]:
        """The matrices in whole numbers, and the common denominator to divide them by."""
        common = lcm(*(value.denominator for T in self.T for row in T for value in row))
        scaled = tuple(tuple(tuple(int(value * common) for value in row) for row in T) for T in self.T)
        return scaled, common

    def moved(self, vector: Sequence[int], symbol: int) -> list[int]:
        """A vector of whole numbers times the matrix of a symbol, that taken in whole numbers."""
        rows = self.whole[0][symbol]
        total = [0] * self.n_state
        for weight, row in zip(vector, rows, strict=True):
            if weight:
                for after, value in enumerate(row):
                    if value:
                        total[after] += weight * value
        return total

    def probability(self, word: Iterable[int]) -> Fraction:
        """P(word), symbols given as positions in the alphabet; 0 for a forbidden word."""
        vector: Sequence[int] = self._start_whole[0]
        scale = self._start_whole[1]
        for symbol in self._word(word):
            vector = self.moved(vector, symbol)
            scale *= self.whole[1]
        return self._closed(vector) / scale

    def belief(self, word: Iterable[int]) -> Row:
        """start T_w / P(w): for an HMM the distribution over hidden states after the word.

        Raises:
            ImpossibleWord: if the word has probability zero.
        """
        vector = self._along(self._word(word))
        total = self._closed(vector)
        return tuple(value / total for value in map(Fraction, vector))

    def predict(self, word: Iterable[int]) -> Row:
        """P(next symbol | word), an entry for each symbol.

        Raises:
            ImpossibleWord: if the word has probability zero.
        """
        return self.emission(self._along(self._word(word)))

    def emission(self, vector: Sequence[int]) -> Row:
        """P(next symbol) from a belief that is given by any multiple of it, in whole numbers."""
        total = self._closed(vector) * self.whole[1]
        return tuple(self._closed(self.moved(vector, symbol)) / total for symbol in range(self.n_symbol))

    def to_hmm(self) -> HMM | GHMM:
        """The same process in float64."""
        return self._rounded

    @cached_property
    def _rounded(self) -> HMM | GHMM:
        T = np.array([[[float(value) for value in row] for row in matrix] for matrix in self.T])
        start = np.array([float(value) for value in self.start])
        names: dict[str, Any] = {"alphabet": self.alphabet, "states": self.states, "name": self.name}
        if not self.is_generalised:
            return HMM(T, start, **names)
        return GHMM(T, start, np.array([float(value) for value in self.evaluate]), **names)

    @cached_property
    def _start_whole(self) -> tuple[Vector, int]:
        common = lcm(*(value.denominator for value in self.start))
        return tuple(int(value * common) for value in self.start), common

    @property
    def start_direction(self) -> Vector:
        """The start in whole numbers without a common divisor."""
        return primitive(self._start_whole[0])

    def _closed(self, vector: Sequence[int]) -> Fraction:
        return sum((weight * value for weight, value in zip(vector, self.evaluate, strict=True)), Fraction(0))

    def _along(self, word: tuple[int, ...]) -> Vector:
        vector = self.start_direction
        for t, symbol in enumerate(word):
            vector = primitive(self.moved(vector, symbol))
            total = self._closed(vector)
            if total == 0:
                raise ImpossibleWord(word, t)
            if total < 0:
                raise NegativeProbability(word[: t + 1], float(self.probability(word[: t + 1])))
        return vector

    def _word(self, word: Iterable[int]) -> tuple[int, ...]:
        symbols = tuple(check_count(symbol, f"word[{t}]") for t, symbol in enumerate(word))
        for t, symbol in enumerate(symbols):
            if symbol >= self.n_symbol:
                raise ValueError(
                    f"a word holds positions 0..{self.n_symbol - 1} in the alphabet; word[{t}] is {symbol}"
                )
        return symbols

    def _check_entries(self) -> None:
        if not self.is_generalised:
            for x, i, j in np.ndindex(self.n_symbol, self.n_state, self.n_state):
                if self.T[x][i][j] < 0:
                    raise ValueError(
                        f"T must be nonnegative; T[{x}, {i}, {j}] is {self.T[x][i][j]} (symbol, state, next_state). "
                        "Processes with signed matrices need evaluate."
                    )
        for state, row in enumerate(self.flow):
            total = sum((weight * self.evaluate[after] for after, weight in row.items()), Fraction(0))
            if total != self.evaluate[state]:
                what = "A evaluate must equal evaluate" if self.is_generalised else "T must sum to 1 from every state"
                raise ValueError(
                    f"{what}, exactly; state {state} gives {total} in place of {self.evaluate[state]}. Decimals are "
                    'not rational thirds: write "1/3", not 0.3333.'
                )

    def _check_start(self) -> None:
        for state, weight in enumerate(self.start):
            if weight < 0 and not self.is_generalised:
                raise ValueError(f"start must be nonnegative; start[{state}] is {weight}")
        total = sum((a * b for a, b in zip(self.start, self.evaluate, strict=True)), Fraction(0))
        if total != 1:
            raise ValueError(f"start must sum to 1 (with evaluate: start evaluate = 1), exactly; it gives {total}")

    def __repr__(self) -> str:
        named = "" if self.name is None else f"{self.name}: "
        return f"RationalHMM({named}{self.n_state} states, {self.n_symbol} symbols)"


def rational(process: AnyPresentation | RationalHMM, *, max_denominator: int = 10_000) -> RationalHMM:
    """The process with every number replaced by the fraction that it is the float64 of.

    A number may miss its fraction by 4 * 2^-52 of its size, an entry of the start of a GHMM by as much of the sum of
    all their sizes.

    Args:
        max_denominator: the largest denominator to think of.
    Raises:
        ValueError: naming an entry that is no such fraction to the last digits, or if the fractions no longer sum to 1.
            Processes with irrational parameters have none.
    Example:
        >>> from compmech import zoo
        >>> str(rational(zoo.z1r(p=0.3)).T[1][2][0])
        '3/10'
    """
    if isinstance(process, RationalHMM):
        return process
    given = as_presentation(process)
    if check_count(max_denominator, "max_denominator") < 1:
        raise ValueError(f"max_denominator must be >= 1; got {max_denominator}")
    T = [
        [[_nearest(v, max_denominator, f"T[{x}, {i}, {j}]") for j, v in enumerate(row)] for i, row in enumerate(matrix)]
        for x, matrix in enumerate(given.T.tolist())
    ]
    generalised = isinstance(given, GHMM)
    evaluate = [_nearest(v, max_denominator, f"evaluate[{i}]") for i, v in enumerate(given.evaluate.tolist())]
    return RationalHMM(
        T,
        start=_start(given, T, max_denominator),
        evaluate=evaluate if generalised else None,
        alphabet=given.alphabet,
        states=given.states,
        name=given.name,
    )


def _start(given: HMM | GHMM, T: list[list[list[Fraction]]], max_denominator: int) -> Sequence[Fraction]:
    """The stationary start is solved for anew, as its fractions may have large denominators; others are read.

    A signed start is as a rule the solution of linear equations: it has the rounding of its largest terms throughout.
    """
    if isinstance(given, HMM):
        drift = abs(given.start @ given.A - given.start).max()
        flow = [
            {j: total for j in range(given.n_state) if (total := sum((m[i][j] for m in T), Fraction(0)))}
            for i in range(given.n_state)
        ]
        if drift <= _ROUNDED * given.n_state and len(classes_of(flow)) == 1:
            return stationary(flow)
    size = float(abs(given.start).sum()) if isinstance(given, GHMM) else 0.0
    return [_nearest(value, max_denominator, f"start[{i}]", size) for i, value in enumerate(given.start.tolist())]


def _nearest(value: float, max_denominator: int, place: str, size: float = 0.0) -> Fraction:
    """The fraction meant; `size` is that of the terms that the value was computed from, where it is not its own."""
    found = Fraction(value).limit_denominator(max_denominator)
    if abs(float(found) - value) > _ROUNDED * max(abs(value), size):
        raise ValueError(
            f"{place} is {value!r}, which is no fraction with a denominator up to {max_denominator}; the nearest is "
            f"{found}, off by {abs(float(found) - value):.1e}. Raise max_denominator, or build RationalHMM from the "
            "fractions meant."
        )
    return found


def _matrices(T: Any) -> tuple[Matrix, ...]:
    axes = "axes (symbol, state, next_state): T[x][i][j] = P(emit x and go to j | in i)"
    matrices = tuple(
        tuple(_vector_at(row, f"T[{x}, {i}", axes) for i, row in enumerate(_items(matrix, axes)))
        for x, matrix in enumerate(_items(T, axes))
    )
    if not matrices or not matrices[0]:
        raise ValueError(f"T must have at least one symbol and one state, {axes}")
    n_state = len(matrices[0])
    for x, matrix in enumerate(matrices):
        if len(matrix) != n_state or any(len(row) != n_state for row in matrix):
            shape = f"{len(matrix)} rows of {sorted({len(row) for row in matrix})}"
            raise ValueError(f"T must have as many states as next states, {axes}; T[{x}] has {shape}, not {n_state}")
    return matrices


def _vector_at(row: Any, place: str, axes: str) -> Row:
    return tuple(_fraction(value, f"{place}, {j}]") for j, value in enumerate(_items(row, axes)))


def _items(value: Any, axes: str) -> list[Any]:
    if isinstance(value, np.ndarray):
        return list(value)
    if isinstance(value, list | tuple):
        return list(value)
    raise ValueError(f"T must have 3 axes, {axes}; got {type(value).__name__} in place of a list")


def _vector(value: Sequence[Any] | np.ndarray, what: str, n_state: int) -> Row:
    found = tuple(_fraction(entry, f"{what}[{i}]") for i, entry in enumerate(value))
    if len(found) != n_state:
        raise ValueError(f"{what} must have one entry for each of the {n_state} states; got {len(found)}")
    return found


def _fraction(value: object, place: str) -> Fraction:
    if isinstance(value, Rational) and not isinstance(value, bool):
        return Fraction(int(value.numerator), int(value.denominator))  # NumPy's whole numbers made Python's
    if isinstance(value, str):
        try:
            return Fraction(value)
        except (ValueError, ZeroDivisionError) as error:
            raise ValueError(f'{place} is {value!r}: write a fraction such as "1/3"') from error
    raise ValueError(
        f"{place} is {value!r} of type {type(value).__name__}: exact arithmetic takes Fractions, whole numbers or "
        'strings such as "1/3"; rational(process) finds the fractions of a process given in floats'
    )
