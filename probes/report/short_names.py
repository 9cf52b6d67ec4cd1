"""Names of predictors short enough for a column or a panel, and still different from each other."""

from collections.abc import Sequence
from itertools import takewhile

from probes.headline import predictors
from probes.report.style import display_name
from probes.results import Comparison, ProcessSummary

__all__ = ["LONGEST", "labels", "short_names"]

LONGEST = 14
"""Characters of a name in a table's first column and in pictures."""

_HEAD = 4


def short_names(names: Sequence[str], longest: int = LONGEST) -> dict[str, str]:
    """Each name cut to `longest` characters: its beginning or, where several begin alike, the place where they differ.

    Names that differ in several places far apart may be longer, up to their full length.

    Example:
        >>> list(short_names(["gru", "gru:width=8,n_layer=1,lr=0.01", "gru:width=8,n_layer=2,lr=0.01"]).values())
        ['gru', 'gru:…_layer=1…', 'gru:…_layer=2…']
    """
    names = list(dict.fromkeys(names))
    begun = {name: _beginning(name, longest) for name in names}
    groups = [[name for name in names if begun[name] == text] for text in dict.fromkeys(begun.values())]
    for size in range(longest, max(map(len, names), default=0) + 1):
        short = dict(begun)
        for group in groups:
            if len(group) > 1:
                same = _same_at_end(group)
                short |= {name: _around(name, len(name) - same, size) for name in group}
        if len(set(short.values())) == len(names):
            return {name: short[name] for name in names}
    return begun if len(set(begun.values())) == len(names) else {name: name for name in names}


def labels(comparison: Comparison, summary: ProcessSummary) -> dict[str, str]:
    """What each predictor of one process is called in pictures."""
    names = {name: display_name(name) for name in predictors(comparison, summary.process)}
    short = short_names(list(names.values()))
    return {name: short[shown] for name, shown in names.items()}


def _beginning(name: str, size: int) -> str:
    return name if len(name) <= size else f"{name[: size - 1]}…"


def _same_at_end(names: Sequence[str]) -> int:
    """How many last characters all names have alike."""
    columns = zip(*(reversed(name) for name in names), strict=False)
    return sum(1 for _ in takewhile(lambda column: len(set(column)) == 1, columns))


def _around(name: str, end: int, size: int) -> str:
    """A few first characters, and those before `end`."""
    if len(name) <= size:
        return name
    last = "…" if end < len(name) else ""
    start = end - (size - _HEAD - 1 - len(last))
    return f"{name[:_HEAD]}…{name[start:end]}{last}" if start > _HEAD else _beginning(name, size)
