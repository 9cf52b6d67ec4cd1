"""Scores over seeds as lines of text: the mean of each and its 95 % t interval."""

from collections.abc import Mapping, Sequence

from probes.seed_effects import mean_over_seeds

__all__ = ["seed_table"]

_APART = 3


def seed_table(head: str, rows: Mapping[str, Mapping[str, Sequence[float]]], *, form: str = ".3f") -> str:
    """A line for each row, a column for each name that any row has.

    Args:
        head: what the rows are.
        rows: values of the seeds, by row and column; a row that lacks a column is empty there.
        form: of the numbers.

    Example:
        >>> print(seed_table("held by", {"gru": {"R²": [0.98, 0.99, 0.97]}, "planted": {"R²": [1.0]}}))
        held by                       R²
        gru       0.980 (0.955 to 1.005)
        planted                    1.000
    """
    names = list(dict.fromkeys(name for values in rows.values() for name in values))
    cells = {row: [_cell(values.get(name, ()), form) for name in names] for row, values in rows.items()}
    first = max(map(len, [head, *rows]))
    widths = [max(len(name), *(len(own[i]) for own in cells.values())) for i, name in enumerate(names)]
    lines = [
        f"{row:<{first}}" + "".join(f"{cell:>{width + _APART}}" for cell, width in zip(own, widths, strict=True))
        for row, own in {head: names, **cells}.items()
    ]
    return "\n".join(line.rstrip() for line in lines)


def _cell(values: Sequence[float], form: str) -> str:
    mean, low, high = mean_over_seeds(dict(enumerate(values)))
    if mean is None:
        return ""
    told = format(mean, form)
    return told if low is None or high is None else f"{told} ({low:{form}} to {high:{form}})"
