"""What a parameter of a built-in process may be: a number, probabilities, a distribution or several, a word.

Each kind knows its meaning, tells whether a value is allowed (`in`), and says in words what is.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from numbers import Real
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from compmech.validation import SUM_TOL

# Longest word or list that a parameter may be: states are as many.
_LONGEST = 256


@runtime_checkable
class Domain(Protocol):
    """The values that a parameter may take, and what it means."""

    @property
    def meaning(self) -> str: ...

    @property
    def limits(self) -> Mapping[str, float | None]:
        """Least and greatest value of a number, None where there is none; nothing for other kinds."""
        ...

    def __contains__(self, value: object) -> bool: ...


@dataclass(frozen=True)
class Range:
    """A number between two ends.

    Args:
        meaning: what the parameter is, e.g. "P(1 | A)".
        low: least value.
        high: greatest value.
        open_low: whether the least value itself is excluded.
        open_high: whether the greatest value itself is excluded.
        whole: whether only whole numbers are allowed.
    """

    meaning: str
    low: float = 0.0
    high: float = 1.0
    open_low: bool = False
    open_high: bool = False
    whole: bool = False

    def __contains__(self, value: object) -> bool:
        if isinstance(value, bool) or not isinstance(value, Real) or not isfinite(value):
            return False
        number = float(value)
        if self.whole and not number.is_integer():
            return False
        above = number > self.low if self.open_low else number >= self.low
        below = number < self.high if self.open_high else number <= self.high
        return above and below

    def __str__(self) -> str:
        left, right = "(" if self.open_low else "[", ")" if self.open_high else "]"
        numbers = "whole numbers " if self.whole else ""
        return f"{numbers}{left}{self.low:g}, {self.high:g}{right}"

    @property
    def limits(self) -> Mapping[str, float | None]:
        """Least and greatest value; None where there is none."""
        ends = {"low": self.low, "high": self.high}
        return {name: value if isfinite(value) else None for name, value in ends.items()}


@dataclass(frozen=True)
class Probabilities:
    """A list of numbers between 0 and 1 that need not sum to anything.

    Args:
        meaning: what the numbers are.
        shortest: least number of them.
        open_low: whether 0 is excluded.
    """

    meaning: str
    shortest: int = 1
    open_low: bool = False

    def __contains__(self, value: object) -> bool:
        p = _vector(value)
        if p is None or not self.shortest <= len(p) <= _LONGEST:
            return False
        return bool(((p > 0 if self.open_low else p >= 0) & (p <= 1)).all())

    def __str__(self) -> str:
        return f"lists of at least {self.shortest} numbers in {'(' if self.open_low else '['}0, 1]"

    @property
    def limits(self) -> Mapping[str, float | None]:
        """None apply."""
        return {}


@dataclass(frozen=True)
class Distribution:
    """A list of probabilities that sum to 1.

    Args:
        meaning: what they are the probabilities of.
        shortest: least number of them.
    """

    meaning: str
    shortest: int = 1

    def __contains__(self, value: object) -> bool:
        p = _vector(value)
        if p is None or not self.shortest <= len(p) <= _LONGEST:
            return False
        return bool((p >= 0).all()) and abs(float(p.sum()) - 1) <= SUM_TOL

    def __str__(self) -> str:
        return f"lists of at least {self.shortest} probabilities that sum to 1"

    @property
    def limits(self) -> Mapping[str, float | None]:
        """None apply."""
        return {}


@dataclass(frozen=True)
class Distributions:
    """A list of distributions over the same outcomes.

    Args:
        meaning: what each is the distribution of.
        shortest: least number of outcomes.
    """

    meaning: str
    shortest: int = 1

    def __contains__(self, value: object) -> bool:
        if not isinstance(value, Sequence | np.ndarray) or isinstance(value, str) or not len(value):
            return False
        row = Distribution(self.meaning, self.shortest)
        return all(p in row for p in value) and len({len(p) for p in value}) == 1

    def __str__(self) -> str:
        return f"lists of equally long lists of at least {self.shortest} probabilities, each of which sums to 1"

    @property
    def limits(self) -> Mapping[str, float | None]:
        """None apply."""
        return {}


@dataclass(frozen=True)
class Word:
    """A word of at least one symbol: a string, a list of symbols, or a whole number read digit by digit.

    Args:
        meaning: what the word is for.
    """

    meaning: str

    def __contains__(self, value: object) -> bool:
        if isinstance(value, bool):
            return False
        if isinstance(value, int):
            return value >= 0
        if not isinstance(value, Sequence) or not 1 <= len(value) <= _LONGEST:
            return False
        return all(isinstance(symbol, Hashable) for symbol in value)

    def __str__(self) -> str:
        return f"words of 1 to {_LONGEST} symbols"

    @property
    def limits(self) -> Mapping[str, float | None]:
        """None apply."""
        return {}


def _vector(value: object) -> Float[np.ndarray, " outcome"] | None:
    """A list of finite numbers as an array; None for anything else."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if not isinstance(value, Sequence) or isinstance(value, str):
        return None
    for number in value:
        if isinstance(number, bool) or not isinstance(number, Real) or not isfinite(number):
            return None
    return np.array(value, dtype=np.float64)
