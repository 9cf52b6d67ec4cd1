"""What of a large comparison is drawn: a picture of fifty networks cannot be read."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from joblib import Parallel, delayed

from probes.headline import headline, headline_target, networks
from probes.results import Comparison, ProcessSummary

__all__ = ["MOST_PROCESSES", "Drawn", "drawn", "each_drawn", "made_of_each", "of_process"]

Made = TypeVar("Made")

MOST_PROCESSES = 16
"""Processes with figures and a section of the page; tables have all."""

_MANY = 3
"""Processes from which on it pays to draw them side by side."""

_NETWORKS = 12
_FEWEST = 4
_SHARED = 24
"""Networks drawn of one process; of many processes so many together, but no fewer of each than the fewest."""

_LINES = 36
"""Lines of one chart: a network of several seeds has one for each."""


@dataclass(frozen=True)
class Drawn:
    """A comparison of one process, with the networks that are drawn.

    Attributes:
        summary: of the process.
        told: all that there is of these networks.
        comparison: the same, with the curves and pictures of as many of their seeds as can be told apart.
        note: what was left out; empty if nothing was.
    """

    summary: ProcessSummary
    told: Comparison
    comparison: Comparison
    note: str


def each_drawn(comparison: Comparison) -> list[Drawn]:
    """The first processes, as many as are drawn."""
    summaries = comparison.processes[:MOST_PROCESSES]
    return [drawn(of_process(comparison, summary), summary, n_process=len(summaries)) for summary in summaries]


def made_of_each(make: Callable[[Drawn, int], Made], shown: Sequence[Drawn]) -> list[Made]:
    """What a function, importable by its name, makes of each process and its number; of many side by side."""
    side_by_side = Parallel(n_jobs=-1 if len(shown) >= _MANY else 1)
    return list(side_by_side(delayed(make)(one, i) for i, one in enumerate(shown)))


def of_process(comparison: Comparison, summary: ProcessSummary) -> Comparison:
    """The part of a comparison that is about one process."""
    tables = (
        "runs", "rows", "pictures", "scenes", "suffix_curves", "position_curves", "synchronisation_curves", "edits",
        "shares", "ranks", "differences", "budgets", "machines",
    )  # fmt: skip
    own: dict[str, Any] = {
        name: [one for one in getattr(comparison, name) if one.process == summary.process] for name in tables
    }
    return replace(comparison, processes=[summary], **own)


def drawn(comparison: Comparison, summary: ProcessSummary, *, n_process: int = 1) -> Drawn:
    """The networks with the best headline, in their own order, and as many of their first seeds as can be told apart.

    Args:
        comparison: of this process alone.
        n_process: how many processes there are beside each other.
    """
    target, every = headline_target(summary), networks(comparison, summary.process)
    most = max(_FEWEST, min(_NETWORKS, _SHARED // n_process))

    def score(name: str) -> float:
        best = headline(comparison, summary.process, name, target).best
        return float("-inf") if best is None or best.value is None else best.value

    shown = set(sorted(every, key=score, reverse=True)[:most]) if len(every) > most else set(every)
    seeds = sorted({run.seed for run in comparison.runs if run.seed is not None})
    kept = set(seeds[: max(1, _LINES // max(1, len(shown)))])
    said = []
    if len(shown) < len(every):
        said.append(f"the {len(shown)} of {len(every)} networks with the highest R²")
    if len(kept) < len(seeds):
        said.append(f"{len(kept)} of {len(seeds)} seeds as lines")
    left_out = set(every) - shown
    told = _without(comparison, left_out) if left_out else comparison
    if len(kept) == len(seeds):
        lines = told
    else:
        own: dict[str, Any] = {
            name: [one for one in getattr(told, name) if one.seed in {None, *kept}] for name in _CURVES
        }
        lines = replace(told, **own)
    note = f"Told and drawn are {' and '.join(said)}; the tables and results.csv have all." if said else ""
    return Drawn(summary, told, lines, note)


_CURVES = ("runs", "pictures", "position_curves", "edits", "budgets", "machines")
"""Tables of which each seed is a line, or a picture."""


def _without(comparison: Comparison, left_out: set[str]) -> Comparison:
    tables = (*_CURVES, "rows", "shares", "ranks")
    own: dict[str, Any] = {
        name: [one for one in getattr(comparison, name) if one.predictor not in left_out] for name in tables
    }
    pairs = [pair for pair in comparison.differences if not {pair.one, pair.other} & left_out]
    return replace(comparison, **own, differences=pairs)
