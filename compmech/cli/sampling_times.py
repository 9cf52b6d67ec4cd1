"""Rows in the order of their times, and where times are missing."""

import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import numpy as np

__all__ = ["in_order"]

_UNITS = {"s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}


def in_order(times: Sequence[Any], step: str | None, name: str) -> tuple[list[int], np.ndarray]:
    """Rows by time, and after which of them one or more sampling times are missing.

    Args:
        times: numbers, or dates and times in ISO 8601 (2024-05-01, 2024-05-01 12:00); None: missing.
        step: from time to time, in the unit of the numbers, or for dates as 30min, 6h, 1d; None: none is missing. A
            distance of more than one and a half steps is a gap.
        name: of the column.
    Raises:
        ValueError: if a time is missing, is none, or comes twice; or if step does not fit.
    """
    seconds = np.array([_seconds(time, row, name) for row, time in enumerate(times)], dtype=float)
    dated = [isinstance(time, date) or not _is_number(time) for time in times]
    if any(dated) and not all(dated):
        raise ValueError(
            f"column {name} mixes dates and numbers: {times[dated.index(True)]} and {times[dated.index(False)]}"
        )
    order = np.argsort(seconds, kind="stable")
    apart = np.diff(seconds[order])
    for at in np.flatnonzero(apart == 0)[:1]:
        raise ValueError(f"column {name} has the time {times[order[at]]} twice")
    if step is None:
        return order.tolist(), np.zeros(len(apart), dtype=bool)
    size = _step(step, dated=any(dated))
    for at in np.flatnonzero(apart < size / 2)[:1]:
        raise ValueError(
            f"column {name}: {times[order[at]]} and {times[order[at + 1]]} are less than half of the step {step} apart"
        )
    return order.tolist(), apart > 1.5 * size


def _step(word: str, *, dated: bool) -> float:
    found = re.fullmatch(r"(\d+\.?\d*|\.\d+)\s*(s|min|h|d)?", word)
    if found is None or not float(found[1]) > 0:
        raise ValueError(f"step {word!r} must be a positive number; for dates with s, min, h or d, as in 1d")
    if dated != (found[2] is not None):
        raise ValueError(
            f"times are dates: give the step {word!r} a unit, s, min, h or d"
            if dated
            else f"times are numbers: give the step {word!r} without a unit"
        )
    return float(found[1]) * _UNITS.get(found[2] or "", 1.0)


def _is_number(time: Any) -> bool:
    try:
        float(time)
    except (TypeError, ValueError):
        return False
    return True


def _seconds(time: Any, row: int, name: str) -> float:
    if time is None:
        raise ValueError(f"column {name} has no time in row {row + 1}")
    if isinstance(time, date) and not isinstance(time, datetime):
        time = datetime(time.year, time.month, time.day)
    if not isinstance(time, datetime):
        if _is_number(time):
            return float(time)
        try:
            time = datetime.fromisoformat(str(time))
        except ValueError as error:
            raise ValueError(
                f"column {name}: {time!r} in row {row + 1} is neither a number nor a date such as 2024-05-01"
            ) from error
    ahead = time.utcoffset()
    since: float = (time.replace(tzinfo=None) - datetime(1970, 1, 1)).total_seconds()
    return since if ahead is None else since - float(ahead.total_seconds())
