"""Which predictor is better, over seeds: paired differences with t intervals, and ranks that say how sure they are.

Seeds are paired by their index. Scores of one index share the histories that they are taken on and the split, not the
training words or weights, so pairing takes out little and costs nothing: differences of pairs are independent either
way. Intervals assume that differences over seeds are about normal; with five seeds nobody can check that, and every
seed's value stands beside the mean.

Reference:
    Holm, Scandinavian Journal of Statistics 6, 65 (1979), for p-values of many differences together; Mogstad, Romano,
    Shaikh and Wilhelm, Review of Economic Studies 91, 476 (2024), for ranks from pairwise differences.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from math import sqrt
from statistics import fmean, stdev

from probes.headline import headline, headline_target, probed
from probes.results import Comparison, ProcessSummary
from probes.tables import DifferenceRow, RankRow

__all__ = [
    "LEVEL",
    "PairedDifference",
    "Rank",
    "headline_scores",
    "paired_differences",
    "ranking",
    "t_test",
    "with_ranks",
]

LEVEL = 0.95
"""Of intervals, and of the statement that all ranks together are right."""

_SHOWN = 5e-4
"""Scores that differ by less in every seed are the same: tables show no difference, and a site that training does not
change, as an embedding of two symbols, differs so much by the width of its network alone, and alike in all seeds."""


@dataclass(frozen=True)
class PairedDifference:
    """One predictor's score minus another's, over the seeds that both have.

    Attributes:
        by_seed: the differences, by index of the seed.
        mean, low, high: mean difference and its 95 % t interval.
        p: two-sided, of a mean difference of 0.
        p_adjusted: the same for all differences of the comparison together (Holm): each below 0.05 may be believed at
            once, with 95 % confidence.
    """

    one: str
    other: str
    by_seed: Mapping[int, float]
    mean: float
    low: float
    high: float
    p: float
    p_adjusted: float


@dataclass(frozen=True)
class Rank:
    """Where a predictor stands among the others; 1 is the highest score.

    Attributes:
        by_seed: its scores.
        mean, low, high: over seeds, with the 95 % t interval.
        highest, lowest: the ranks that it may have: one more than the number of predictors that are surely better, and
            so many from the end as are surely worse. All intervals of ranks together hold with 95 % confidence.
    """

    predictor: str
    by_seed: Mapping[int, float]
    mean: float
    low: float
    high: float
    highest: int
    lowest: int


def paired_differences(scores: Mapping[str, Mapping[int, float]]) -> list[PairedDifference]:
    """The difference of every two predictors, in the order in which they are given.

    Where it is below 0.0005 in every seed, which no table shows, it is given as 0.

    Args:
        scores: by predictor, then by index of the seed.
    Raises:
        ValueError: if two predictors share fewer than two seeds.
    """
    found = []
    for one, other in combinations(scores, 2):
        shared = sorted(scores[one].keys() & scores[other].keys())
        if len(shared) < 2:
            raise ValueError(f"{one} and {other} share {len(shared)} seeds: an interval needs two, better five")
        differences = _apart({seed: scores[one][seed] - scores[other][seed] for seed in shared})
        mean, low, high, p = t_test(list(differences.values()))
        found.append((one, other, differences, mean, low, high, p))
    adjusted = _holm([each[-1] for each in found])
    return [PairedDifference(*each, p_adjusted) for each, p_adjusted in zip(found, adjusted, strict=True)]


def ranking(scores: Mapping[str, Mapping[int, float]]) -> list[Rank]:
    """Predictors by mean score, highest first, with the ranks that they may have.

    Raises:
        ValueError: as `paired_differences`, or if there are no scores.
    """
    if not scores:
        raise ValueError("there are no scores to rank")
    better: dict[str, int] = dict.fromkeys(scores, 0)
    worse: dict[str, int] = dict.fromkeys(scores, 0)
    for each in paired_differences(scores):
        if each.p_adjusted <= 1 - LEVEL:
            upper, lower = (each.one, each.other) if each.mean > 0 else (each.other, each.one)
            better[lower] += 1
            worse[upper] += 1
    found = []
    for name, by_seed in scores.items():
        if len(by_seed) < 2:
            raise ValueError(f"{name} has {len(by_seed)} seeds: an interval needs two, better five")
        mean, low, high, _ = t_test(list(by_seed.values()))
        found.append(Rank(name, by_seed, mean, low, high, 1 + better[name], len(scores) - worse[name]))
    return sorted(found, key=lambda rank: -rank.mean)


def headline_scores(comparison: Comparison, process: str, target: str) -> dict[str, dict[int, float]]:
    """Held-out R², by probability, histories split, of every network's best site, by seed.

    The best site is that of the mean over seeds, one for all seeds of a predictor. Seeds without a score are left out,
    and predictors without any.
    """
    found = {}
    for name in probed(comparison, process):
        best = headline(comparison, process, name, target).best
        rows = best.rows if best is not None else ()
        by_seed = {row.seed: row.score for row in rows if row.seed is not None and row.score is not None}
        if by_seed:
            found[name] = by_seed
    return found


def with_ranks(comparison: Comparison) -> Comparison:
    """The comparison with ranks and differences of its networks, for each process where two seeds or more have scores.

    A network with fewer than two scores is left out, and a process whose networks do not share two seeds; a note says
    so.
    """
    ranks: list[RankRow] = []
    differences: list[DifferenceRow] = []
    notes: list[str] = []
    for summary in comparison.processes:
        scores = headline_scores(comparison, summary.process, headline_target(summary))
        enough = {name: by_seed for name, by_seed in scores.items() if len(by_seed) > 1}
        if not enough:
            continue
        few = [name for name in probed(comparison, summary.process) if name not in enough]
        if few:
            notes.append(f"{summary.process}: not ranked, as fewer than two seeds have a score: {', '.join(few)}")
        try:
            pairs, order = paired_differences(enough), ranking(enough)
        except ValueError as error:
            notes.append(f"{summary.process}: not ranked: {error}")
            continue
        ranks += [_rank_row(comparison, summary, rank, len(order)) for rank in order]
        differences += [
            DifferenceRow(
                summary.process, headline_target(summary), pair.one, pair.other, sorted(pair.by_seed.items()),
                pair.mean, pair.low, pair.high, pair.p, pair.p_adjusted,
            )
            for pair in pairs
        ]  # fmt: skip
    return replace(comparison, ranks=ranks, differences=differences, notes=[*comparison.notes, *notes])


def _rank_row(comparison: Comparison, summary: ProcessSummary, rank: Rank, among: int) -> RankRow:
    target = headline_target(summary)
    best = headline(comparison, summary.process, rank.predictor, target).best
    assert best is not None  # it has scores
    return RankRow(
        summary.process, target, rank.predictor, best.site, sorted(rank.by_seed.items()),
        rank.mean, rank.low, rank.high, rank.highest, rank.lowest, among,
    )  # fmt: skip


def _apart(differences: Mapping[int, float]) -> Mapping[int, float]:
    """Differences, or none at all."""
    return dict.fromkeys(differences, 0.0) if all(abs(d) < _SHOWN for d in differences.values()) else differences


def t_test(values: Sequence[float]) -> tuple[float, float, float, float]:
    """Mean, 95 % t interval, and the two-sided p-value of a mean of 0."""
    from scipy.stats import t

    mean, error = fmean(values), stdev(values) / sqrt(len(values))
    half = float(t.ppf((1 + LEVEL) / 2, len(values) - 1)) * error
    if error == 0:
        return mean, mean, mean, 1.0 if mean == 0 else 0.0
    return mean, mean - half, mean + half, float(2 * t.sf(abs(mean) / error, len(values) - 1))


def _holm(p: Sequence[float]) -> list[float]:
    """Step-down p-values: sorted ascending, the i-th times the number not yet passed, never falling, 1 at most."""
    adjusted, running = [1.0] * len(p), 0.0
    for passed, i in enumerate(sorted(range(len(p)), key=lambda i: p[i])):
        running = max(running, min(1.0, (len(p) - passed) * p[i]))
        adjusted[i] = running
    return adjusted
