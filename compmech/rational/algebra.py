"""Linear algebra over the rational numbers: spans that grow, and linear systems. Nothing is rounded.

Vectors of integers stand for their direction: two with the same span have the same primitive vector, so that equal
directions are equal tuples.
"""

from collections.abc import Sequence
from fractions import Fraction
from math import gcd

Vector = tuple[int, ...]
"""Integers without a common divisor: a direction."""


def primitive(vector: Sequence[int]) -> Vector:
    """The integers divided by their greatest common divisor; zero stays zero."""
    common = gcd(*vector)
    return tuple(value // common for value in vector) if common > 1 else tuple(vector)


class Span:
    """A space spanned by vectors given one by one, kept in echelon form."""

    def __init__(self) -> None:
        self._rows: dict[int, Vector] = {}  # by the place of the first entry that is not zero

    @property
    def dimension(self) -> int:
        """How many of the vectors were independent."""
        return len(self._rows)

    def add(self, vector: Sequence[int]) -> bool:
        """Take one more vector into the space; whether it was outside before."""
        rest = primitive(vector)
        while any(rest):
            pivot = next(place for place, value in enumerate(rest) if value)
            row = self._rows.get(pivot)
            if row is None:
                self._rows[pivot] = rest
                return True
            mine, theirs = rest[pivot], row[pivot]
            rest = primitive([theirs * a - mine * b for a, b in zip(rest, row, strict=True)])
        return False


def solve(matrix: Sequence[Sequence[Fraction]], right: Sequence[Fraction]) -> tuple[Fraction, ...]:
    """x with matrix x = right, for a square matrix, by elimination.

    Raises:
        ZeroDivisionError: if the matrix is singular.
    """
    n = len(right)
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    for column in range(n):
        pivot = next((i for i in range(column, n) if rows[i][column]), None)
        if pivot is None:
            raise ZeroDivisionError("the matrix of the system is singular")
        rows[column], rows[pivot] = rows[pivot], rows[column]
        scale = 1 / rows[column][column]
        lead = rows[column] = [value * scale for value in rows[column]]
        for i in range(n):
            factor = rows[i][column]
            if i != column and factor:
                rows[i] = [a - factor * b for a, b in zip(rows[i], lead, strict=True)]
    return tuple(row[n] for row in rows)
