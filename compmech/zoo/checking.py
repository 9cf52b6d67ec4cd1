"""Holding computed statistics against golden ones, process by process."""

import time
from dataclasses import dataclass
from math import inf, isinf

from compmech.measures.findings import Quantity, as_bounds
from compmech.measures.interval import Bounds
from compmech.measures.statistics import statistics
from compmech.zoo.catalogue import Entry
from compmech.zoo.golden import Golden, goldens


@dataclass(frozen=True)
class Difference:
    """A value that is not the golden one.

    Attributes:
        key: which statistic.
        golden: what it ought to be.
        found: what was computed.
        error: relative error; absolute where the golden value is 0; inf where one of the two is.
    """

    key: str
    golden: float | Bounds
    found: float | Bounds
    error: float


@dataclass(frozen=True)
class Check:
    """One process at some parameters, its statistics computed and held against the golden ones.

    Attributes:
        name: the process, with the parameters that are not its defaults.
        n_values: number of golden values.
        bounded: keys where bounds were computed that hold the golden value but are wider than the tolerance.
        unknown: keys of golden values that were not computed.
        worst: the largest relative error; 0 for bounds that hold their value.
        off: what differs by more than the tolerance.
        seconds: wall time of the statistics.
    """

    name: str
    n_values: int
    bounded: tuple[str, ...]
    unknown: tuple[str, ...]
    worst: float
    off: tuple[Difference, ...]
    seconds: float

    def to_dict(self) -> dict[str, object]:
        """The check in JSON types."""
        return {
            "name": self.name,
            "values": self.n_values,
            "bounded": list(self.bounded),
            "unknown": list(self.unknown),
            "largest_relative_error": "inf" if isinf(self.worst) else self.worst,
            "off": [difference.key for difference in self.off],
            "seconds": self.seconds,
        }


def check_entry(entry: Entry) -> tuple[Check, ...]:
    """Compute the statistics of a process at all parameters with golden values, and compare."""
    return tuple(_check(entry, golden) for golden in goldens(entry))


def _check(entry: Entry, golden: Golden) -> Check:
    process = entry.build(**golden.parameters)
    started = time.perf_counter()
    found = statistics(process)
    seconds = time.perf_counter() - started
    bounded, unknown, errors, off = [], [], [0.0], []
    for key, expected in golden.values.items():
        value: Quantity = getattr(found, key)
        if value is None:
            unknown.append(key)
            continue
        error = relative_error(value, expected)
        errors.append(error)
        if error > golden.tolerance(key):
            off.append(Difference(key, expected, value, error))
        elif isinstance(value, Bounds) and _width(value, expected) > golden.tolerance(key):
            bounded.append(key)
    parameters = ", ".join(f"{key}={value}" for key, value in golden.parameters.items())
    name = f"{entry.name}({parameters})" if parameters else entry.name
    return Check(name, len(golden.values), tuple(bounded), tuple(unknown), max(errors), tuple(off), seconds)


def relative_error(found: float | Bounds, golden: float | Bounds) -> float:
    """How far a number or interval is from another, over the size of the golden one; 0 where they overlap."""
    got, known = as_bounds(found), as_bounds(golden)
    if got.lower <= known.upper and known.lower <= got.upper:
        return 0.0
    gap = max(got.lower - known.upper, known.lower - got.upper)
    return gap / _size(known) if gap < inf else inf


def _width(found: Bounds, golden: float | Bounds) -> float:
    return (found.upper - found.lower) / _size(as_bounds(golden))


def _size(known: Bounds) -> float:
    """What errors are relative to: the golden value, 1 where that is 0 or infinite."""
    size = max(abs(known.lower), abs(known.upper))
    return size if 0 < size < inf else 1.0
