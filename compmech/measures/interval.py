"""A number known exactly, or between two certified bounds."""

from dataclasses import dataclass
from math import isfinite

import numpy as np
from jaxtyping import Float

from compmech.plain import plain
from compmech.units import bits

# What rounding can do to a computed bound: sums of up to 1e5 terms between 0 and 10 bits, each right to a few units in
# the last place, err by less than 1e-12. Computed bounds are moved outward by this much, times their size where that is
# above 1, so that they stay bounds.
ROUNDING = 1e-12

# Bounds that meet may cross by what rounding did to several computed bounds.
_CROSSED = 10 * ROUNDING

# Smallest normal float64; logarithms are taken of nothing below, so that 0 log 0 is 0.
_TINY = float(np.finfo(np.float64).tiny)


@dataclass(frozen=True)
class Bounds:
    """A number between a lower and an upper bound, both certified; `upper` may be inf, `lower` may be -inf.

    Bounds that crossed by no more than rounding are put in order.

    Raises:
        ValueError: if the lower bound is above the upper one by more than that, or one of them is not a number.
    """

    lower: float
    upper: float

    def __post_init__(self) -> None:
        lower, upper = self.lower, self.upper
        if lower <= upper:
            return
        if not isfinite(lower - upper) or lower - upper > _CROSSED * max(1.0, abs(upper)):
            raise ValueError(f"a lower bound must not be above the upper one; got {lower!r} > {upper!r}")
        object.__setattr__(self, "lower", upper)
        object.__setattr__(self, "upper", lower)

    @property
    def is_exact(self) -> bool:
        """Whether the two bounds are one number."""
        return self.lower == self.upper

    def to_dict(self) -> dict[str, object]:
        """The bounds in JSON types."""
        return {"lower": plain(self.lower), "upper": plain(self.upper)}

    def __add__(self, other: "Bounds") -> "Bounds":
        return Bounds(self.lower + other.lower, self.upper + other.upper)

    def __sub__(self, other: "Bounds") -> "Bounds":
        return Bounds(self.lower - other.upper, self.upper - other.lower)

    def at_least(self, floor: float) -> "Bounds":
        """The same number, known to be no less than `floor`."""
        return Bounds(max(self.lower, floor), max(self.upper, floor))

    def meet(self, other: "Bounds") -> "Bounds":
        """What two statements about one number say together; an exact one is taken as it is, this one first."""
        if self.is_exact or other.is_exact:
            return self if self.is_exact else other
        return Bounds(max(self.lower, other.lower), min(self.upper, other.upper))


def exact(value: float) -> Bounds:
    """A number known exactly, that is to rounding."""
    return Bounds(float(value), float(value))


def between(lower: float, upper: float) -> Bounds:
    """Bounds that were computed in floating point, moved outward by what rounding may have done."""
    lower, upper = float(lower), float(upper)
    slack = ROUNDING * max(1.0, abs(lower))
    assert lower <= upper + slack, f"bounds crossed: {lower} > {upper}"
    return Bounds(lower - slack, upper + slack)


def surprise(p: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    """-p log2 p, elementwise, 0 at 0."""
    logs: Float[np.ndarray, ...] = np.log(np.maximum(p, _TINY))
    logs *= p
    logs *= -bits(1.0)
    return logs


def entropy(p: Float[np.ndarray, "... outcome"]) -> Float[np.ndarray, "..."]:
    """Entropy in bits of distributions along the last axis."""
    return np.asarray(surprise(p).sum(axis=-1))
