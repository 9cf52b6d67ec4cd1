"""Dimension and equivalence in exact arithmetic: ranks are counted, a difference comes with a word that shows it."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

from compmech.names import check_names_match
from compmech.rational.algebra import Span
from compmech.rational.presentation import RationalHMM


@dataclass(frozen=True)
class Distinguished:
    """A shortest word to which two processes give different probabilities.

    Attributes:
        word: names of its symbols.
        left, right: its probability in each.
    """

    word: tuple[object, ...]
    left: Fraction
    right: Fraction


def rational_dimension(process: RationalHMM) -> int:
    """Dimension of the minimal realisation: the rank of the Hankel matrix of word probabilities. Exact.

    It is the rank of the vectors that words lead to, as seen by the vectors that words are closed with.
    """
    n_state = process.n_state
    common = lcm(*(value.denominator for value in process.evaluate))
    ahead = _spanned([int(value * common) for value in process.evaluate], _transposed(process))
    seen = Span()
    vectors = _spanned(process.start_direction, process.whole[0])
    for vector in vectors:
        seen.add([sum(vector[i] * future[i] for i in range(n_state)) for future in ahead])
    return seen.dimension


def rational_difference(left: RationalHMM, right: RationalHMM) -> Distinguished | None:
    """A shortest word of different probability in the two processes; None if there is none, on words of any length.

    Symbols are matched by name. One that a process lacks has probability zero there. With n and m states no more than n
    + m words need be followed (Schützenberger's and Tzeng's algorithm: words whose vectors depend linearly on those of
    earlier words tell nothing new).

    Reference:
        Tzeng, SIAM Journal on Computing 21, 216 (1992).
    """
    check_names_match([left.alphabet, right.alphabet])
    names = list(dict.fromkeys([*left.alphabet, *right.alphabet]))
    places = [
        tuple(process.alphabet.index(name) if name in process.alphabet else None for process in (left, right))
        for name in names
    ]
    span = Span()
    start = [*_scaled(left, right)]
    todo: deque[tuple[list[int], tuple[int, ...]]] = deque([(start, ())])
    span.add(start)
    while todo:
        vector, word = todo.popleft()
        found = _compared(left, right, word, names, places)
        if found is not None:
            return found
        for x, (mine, theirs) in enumerate(places):
            a, b = vector[: left.n_state], vector[left.n_state :]
            moved = [
                # the two halves keep one common scale, so that they stay comparable
                *_times(left, a, mine, right.whole[1]),
                *_times(right, b, theirs, left.whole[1]),
            ]
            if any(moved) and span.add(moved):
                todo.append((moved, (*word, x)))
    return None


def _scaled(left: RationalHMM, right: RationalHMM) -> list[int]:
    common = lcm(*(value.denominator for value in (*left.start, *right.start)))
    return [int(value * common) for value in (*left.start, *right.start)]


def _times(process: RationalHMM, vector: Sequence[int], symbol: int | None, factor: int) -> list[int]:
    if symbol is None:
        return [0] * process.n_state
    return [factor * value for value in process.moved(vector, symbol)]


def _compared(
    left: RationalHMM,
    right: RationalHMM,
    word: tuple[int, ...],
    names: list[object],
    places: list[tuple[int | None, ...]],
) -> Distinguished | None:
    values = []
    for side, process in enumerate((left, right)):
        symbols = [places[x][side] for x in word]
        known = [symbol for symbol in symbols if symbol is not None]
        values.append(process.probability(known) if len(known) == len(symbols) else Fraction(0))
    return None if values[0] == values[1] else Distinguished(tuple(names[x] for x in word), *values)


def _transposed(process: RationalHMM) -> list[Sequence[Sequence[int]]]:
    return [list(zip(*rows, strict=True)) for rows in process.whole[0]]


def _spanned(seed: Sequence[int], maps: Sequence[Sequence[Sequence[int]]]) -> list[Sequence[int]]:
    """Independent vectors that span what the maps make of a seed, vector times matrix again and again."""
    span = Span()
    span.add(seed)
    found = [seed]
    for vector in found:
        for rows in maps:
            moved = [sum(vector[i] * rows[i][j] for i in range(len(seed))) for j in range(len(seed))]
            if span.add(moved):
                found.append(moved)
    return found
