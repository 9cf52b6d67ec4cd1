"""Names of predictors short enough for a column or a panel, and still different from each other."""

from collections import Counter
from collections.abc import Sequence

from probes.headline import predictors
from probes.report.style import display_name
from probes.results import Comparison, ProcessSummary

__all__ = ["LONGEST", "labels", "short_names"]

LONGEST = 14
"""Characters of a name in a table's first column and in pictures."""


def short_names(names: Sequence[str], longest: int = LONGEST) -> dict[str, str]:
    """Each name cut to `longest` characters, at its end or, where several would then look alike, in its middle.

    Where neither tells them apart all those may be longer, up to their full length.

    Example:
        >>> list(short_names(["gru", "gru:width=8,n_layer=1", "gru:width=8,n_layer=2"]).values())
        ['gru', 'gru:wi…layer=1', 'gru:wi…layer=2']
    """
    names = list(dict.fromkeys(names))
    short = {name: _cut(name, longest, 0) for name in names}
    for size in range(longest, max(map(len, names), default=0) + 1):
        for name in _alike(short):
            short[name] = _cut(name, size, size // 2)
        if not _alike(short):
            return short
    return short if not _alike(short) else {name: name for name in names}


def labels(comparison: Comparison, summary: ProcessSummary) -> dict[str, str]:
    """What each predictor of one process is called in pictures."""
    names = {name: display_name(name) for name in predictors(comparison, summary.process)}
    short = short_names(list(names.values()))
    return {name: short[shown] for name, shown in names.items()}


def _alike(short: dict[str, str]) -> list[str]:
    """The names that are not told apart."""
    times = Counter(short.values())
    return [name for name, text in short.items() if times[text] > 1]


def _cut(name: str, size: int, tail: int) -> str:
    return name if len(name) <= size else f"{name[: size - 1 - tail]}…{name[len(name) - tail :]}"
