"""A number with the interval that resampling gives it."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.special import stdtrit

from compmech.measures import Bounds

__all__ = ["Interval", "middle", "percentile_interval", "spread_interval"]

CONFIDENCE = 0.95
"""Share of the resamples that an interval holds."""


@dataclass(frozen=True)
class Interval:
    """A value and the interval around it, `low` <= `high`; equal where nothing was resampled."""

    value: float
    low: float
    high: float

    def widened(self, other: float) -> "Interval":
        """The same, holding another number as well."""
        return Interval(self.value, min(self.low, other), max(self.high, other))

    def stretched(self, factor: float) -> "Interval":
        """The same with either end so many times as far from the value; what is not negative stays so."""
        low = self.value - factor * (self.value - self.low)
        return Interval(
            self.value, max(low, 0.0) if self.low >= 0 else low, self.value + factor * (self.high - self.value)
        )

    def at_most(self, bound: float) -> "Interval":
        """The same, ending where no value can lie beyond."""
        return Interval(self.value, self.low, max(self.value, min(self.high, bound)))

    def to_dict(self) -> dict[str, float]:
        """The three numbers by name."""
        return {"value": self.value, "low": self.low, "high": self.high}


def percentile_interval(value: float, resampled: Float[np.ndarray, " resample"]) -> Interval:
    """The middle 95 % of the resampled values, widened to hold the value itself.

    Reference:
        Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapter 13.
    """
    tail = 50 * (1 - CONFIDENCE)
    low, high = np.percentile(resampled, [tail, 100 - tail])
    return Interval(float(value), float(min(low, value)), float(max(high, value)))


def spread_interval(value: float, resampled: Float[np.ndarray, " resample"]) -> Interval:
    """The t interval of a value that is at least 0, its deviation that of a few resampled values."""
    half = float(stdtrit(len(resampled) - 1, (1 + CONFIDENCE) / 2) * np.std(resampled, ddof=1))
    return Interval(float(value), max(0.0, float(value) - half), float(value) + half)


def middle(value: float | Bounds | None) -> float:
    """A statistic that is known exactly, or the middle of its bounds."""
    assert value is not None  # finite machines have all of them
    return (value.lower + value.upper) / 2 if isinstance(value, Bounds) else float(value)
