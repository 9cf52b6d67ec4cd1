"""Blocks of the terminal table: ranks over seeds, and the share of the causal effect seed by seed."""

from collections.abc import Sequence

from probes.headline import networks
from probes.report.columns import filled, layout
from probes.report.numerals import decimal, interval, signed
from probes.report.short_names import short_names
from probes.results import Comparison, ProcessSummary
from probes.tables import DifferenceRow, RankRow, ShareRow

__all__ = ["rank_block", "share_block"]


def rank_block(comparison: Comparison, summary: ProcessSummary, width: int) -> str:
    """Ranks and differences of the networks of one process; empty where fewer than two are ranked."""
    ranks = [rank for rank in comparison.ranks if rank.process == summary.process]
    if len(ranks) < 2:
        return ""
    short = short_names(networks(comparison, summary.process))
    differences = [each for each in comparison.differences if each.process == summary.process]
    title = (
        f"Ranks by R² of {ranks[0].target} at the best site, over seeds: all ranks together hold with 95 % confidence; "
        "p of a difference is adjusted for all of them (Holm)"
    )
    seeds = sorted({seed for rank in ranks for seed, _ in rank.by_seed})
    rows = [["rank", "network", "site", "mean", "95 %", *(f"seed {seed}" for seed in seeds)]]
    for rank in ranks:
        cells = [short[rank.predictor], rank.site, decimal(rank.mean), interval(rank.low, rank.high)]
        rows.append([_ranks(rank), *cells, *_by_seed(rank, seeds, signs=False)])
    pairs = [["difference", "mean", "95 %", "p", *(f"seed {seed}" for seed in seeds)]]
    for each in differences:
        cells = [signed(each.mean), interval(each.low, each.high), f"{each.p_adjusted:.2g}"]
        named = f"{short[each.one]} - {short[each.other]}"
        pairs.append([named, *cells, *_by_seed(each, seeds, signs=True)])
    return "\n".join([filled(title, width), layout(rows, width), "", layout(pairs, width)])


def share_block(comparison: Comparison, summary: ProcessSummary, width: int) -> str:
    """The share at the longest horizon, of everything carried or, where that was not edited, of the first place."""
    shares = [share for share in comparison.shares if share.process == summary.process]
    if not shares:
        return ""
    longest = max(share.horizon for share in shares)
    shares = [share for share in shares if share.horizon == longest]
    carried = [share for share in shares if share.site is None]
    edit = shares[0].edit
    shares = carried or [share for share in shares if share.edit == edit]
    short = short_names(networks(comparison, summary.process))
    title = (
        f"Of the whole state's effect on the next {longest} symbols, the share that runs through the belief component "
        f"({edit}, {'everything carried' if carried else 'best site'}; the other edits are in shares.csv)"
    )
    throughs = list(dict.fromkeys(share.through for share in shares))
    table = [["network", "seed", *(cell for through in throughs for cell in (through, "95 %")), "whole effect"]]
    for predictor, seed in dict.fromkeys((share.predictor, share.seed) for share in shares):
        own = {share.through: share for share in shares if (share.predictor, share.seed) == (predictor, seed)}
        cells = [cell for through in throughs for cell in _share(own.get(through))]
        whole = next(iter(own.values())).whole
        table.append([short[predictor], "-" if seed is None else str(seed), *cells, decimal(whole)])
    reasons = dict.fromkeys(f"{share.reason} ({short[share.predictor]})" for share in shares if share.reason)
    return "\n".join([filled(title, width), layout(table, width), *(filled(f"empty: {r}", width) for r in reasons)])


def _share(share: ShareRow | None) -> tuple[str, str]:
    if share is None:
        return "-", "-"
    return ("empty", "-") if share.share is None else (decimal(share.share), interval(share.low, share.high))


def _ranks(rank: RankRow) -> str:
    return str(rank.highest) if rank.highest == rank.lowest else f"{rank.highest}-{rank.lowest}"


def _by_seed(row: RankRow | DifferenceRow, seeds: Sequence[int], *, signs: bool) -> list[str]:
    held = dict(row.by_seed)
    return [(signed if signs else decimal)(held.get(seed)) for seed in seeds]
