"""Who is surely above whom, over seeds, in sentences."""

from collections.abc import Sequence

from probes.ranking import LEVEL
from probes.report.numerals import decimal, interval
from probes.report.style import display_name
from probes.report.words import listed
from probes.results import Comparison, ProcessSummary
from probes.tables import DifferenceRow, RankRow

__all__ = ["rank_sentences", "rank_words"]


def rank_words(comparison: Comparison, summary: ProcessSummary) -> list[str]:
    """The differences of two networks that may all be believed at once, or that there are none.

    Empty where fewer than two networks are ranked.
    """
    ranks = [rank for rank in comparison.ranks if rank.process == summary.process]
    return rank_sentences(ranks, [each for each in comparison.differences if each.process == summary.process])


def rank_sentences(ranks: Sequence[RankRow], differences: Sequence[DifferenceRow]) -> list[str]:
    """The same of the ranks and differences of one process."""
    if len(ranks) < 2:
        return []
    seeds = sorted({seed for rank in ranks for seed, _ in rank.by_seed})
    means = listed(f"{display_name(r.predictor)} {decimal(r.mean)} ({interval(r.low, r.high)})" for r in ranks)
    said = f"Means over {len(seeds)} seeds of R² of {ranks[0].target}, with t intervals: {means}."
    sure = [each for each in differences if each.p_adjusted <= 1 - LEVEL]
    if not sure:
        return [f"{said} Nothing is sure: no network is above another with 95 % confidence."]
    order = [rank.predictor for rank in ranks]
    above: dict[str, list[tuple[str, str]]] = {}
    for each in sure:
        upper, lower, by = _from_above(each)
        above.setdefault(upper, []).append((lower, by))
    parts = []
    for upper in sorted(above, key=order.index):
        below = sorted(above[upper], key=lambda item: order.index(item[0]))
        parts.append(f"{display_name(upper)} above {listed(f'{display_name(name)} ({by})' for name, by in below)}")
    told = f"{said} With 95 % confidence in all of it together, {'; '.join(parts)}."
    unsure = [each for each in differences if each not in sure]
    if unsure:
        pairs = listed(f"{display_name(each.one)} from {display_name(each.other)}" for each in unsure)
        told += f" Not told apart: {pairs}."
    return [told]


def _from_above(each: DifferenceRow) -> tuple[str, str, str]:
    """Who is above, who below, and by how much."""
    if each.mean > 0:
        return each.one, each.other, f"by {decimal(each.mean)}, {interval(each.low, each.high)}"
    return each.other, each.one, f"by {decimal(-each.mean)}, {interval(-each.high, -each.low)}"
