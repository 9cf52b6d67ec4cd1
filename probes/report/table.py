"""A comparison as plain text for the terminal."""

import textwrap
from collections.abc import Mapping, Sequence

from probes.headline import (
    Headline,
    Score,
    beyond_dimensions,
    control_scores,
    headline,
    headline_target,
    layer_of,
    networks,
    predictors,
    repeated,
    runs_of,
    site_kind,
    site_scores,
    why_nothing_beyond,
)
from probes.report.columns import filled, layout
from probes.report.numerals import count, decimal, interval, nats, seconds, signed
from probes.report.seed_blocks import rank_block, share_block
from probes.report.short_names import LONGEST, short_names
from probes.report.words import between_seeds, in_short
from probes.results import Comparison, ProcessSummary, Run

__all__ = ["terminal_table"]

LEGEND = (
    "KL: nats above the optimum, mean over positions (inf: a possible symbol got probability 0). R²: histories held "
    "out, weighted by probability. above: R² minus the best model-free baseline."
)
KINDS = {"stream": "layer output", "carry": "state h", "cell": "cell c", "ssm": "ssm state", "conv": "convolution"}


def terminal_table(comparison: Comparison, width: int = 100) -> str:
    """The numbers that answer the question, process by process, in lines of at most `width` characters.

    Tables too wide for the terminal are continued below, with the first column repeated.

    Raises:
        ValueError: if `width` is below 40.
    """
    if width < 40:
        raise ValueError(f"a table needs a width of at least 40 characters; got {width}")
    blocks = [_process_block(comparison, summary, width) for summary in comparison.processes]
    return "\n\n".join([*blocks, filled(_legend(comparison), width)]) + "\n"


def _legend(comparison: Comparison) -> str:
    several = max((repeated(comparison, summary.process) for summary in comparison.processes), default=0)
    return f"{LEGEND} 95 %: {between_seeds(several)}" if several > 1 else LEGEND


def _process_block(comparison: Comparison, summary: ProcessSummary, width: int) -> str:
    parts = [_heading(summary, width), layout(_overview(comparison, summary), width)]
    empty = why_nothing_beyond(comparison, summary)
    if empty:
        parts.append(filled(f"Nothing of the belief lies beyond the next symbol: {empty}.", width))
    else:
        parts.append(_beyond_block(comparison, summary, width))
    parts += _suffixes(comparison, summary, width)
    parts.append(_where(comparison, summary, width))
    parts += [rank_block(comparison, summary, width), share_block(comparison, summary, width)]
    return "\n\n".join(filter(None, parts))


def _beyond_block(comparison: Comparison, summary: ProcessSummary, width: int) -> str:
    found = [headline(comparison, summary.process, name, "beyond") for name in predictors(comparison, summary.process)]
    found = [each for each in found if each.best is not None]
    title = f"Beyond the next symbol ({beyond_dimensions(summary)} dimensions of the belief)"
    lines = [filled(title, width)]
    shared = {_baseline(each) for each in found}
    if len(shared) == 1:
        lines.append(filled(f"best model-free baseline: {shared.pop()}", width))
    lines.append(layout(_beyond(found, short_names(predictors(comparison, summary.process))), width))
    lines += [
        filled(f"{each.predictor}: {each.best.reason}", width) for each in found if each.best and each.best.reason
    ]
    lines += [filled(text, width) for text in _verdicts(found, networks(comparison, summary.process))]
    return "\n".join(lines)


def _heading(summary: ProcessSummary, width: int) -> str:
    kept = "all" if summary.complete else "a sample of"
    facts = f"{summary.length} symbols, {kept} {summary.histories:,} histories, {summary.beliefs:,} distinct beliefs"
    title = f"{summary.title}: {facts}"
    lines = textwrap.wrap(title, width)
    return "\n".join([*lines, "=" * max(map(len, lines))])


def _overview(comparison: Comparison, summary: ProcessSummary) -> list[list[str]]:
    table = [["predictor", "parameters", "symbols seen", "seconds", "KL, nats", "belief R²", "95 %", "at site"]]
    short = short_names(predictors(comparison, summary.process))
    for name in short:
        runs = runs_of(comparison, summary.process, name)
        belief = headline(comparison, summary.process, name, "belief").best
        trained = [run for run in runs if run.symbols_seen]
        table.append(
            [
                short[name],
                count(_mean([run.parameters for run in runs if run.parameters])),
                count(_mean([run.symbols_seen for run in trained])),
                seconds(_mean([run.seconds for run in trained])),
                nats(_mean_kl(runs), plain=True),
                *_value_and_interval(belief),
                belief.site if belief is not None and belief.value is not None else "-",
            ]
        )
    return table


def _beyond(found: Sequence[Headline], short: Mapping[str, str]) -> list[list[str]]:
    one_for_all = len({_baseline(each) for each in found}) == 1
    header = ["predictor", "best site", "R²", "95 %", "uniform", "permuted", "untrained", "best model-free", "above"]
    table = [header]
    for each in found:
        cells = [*_value_and_interval(each.best), *(map(_value, (each.uniform, each.permuted, each.untrained)))]
        site = each.best.site if each.best is not None else "-"
        table.append([short[each.predictor], site, *cells, _baseline(each), signed(each.difference)])
    drop = header.index("best model-free")
    return [line[:drop] + line[drop + 1 :] for line in table] if one_for_all else table


def _verdicts(found: Sequence[Headline], trained: Sequence[str]) -> list[str]:
    """A line for the scores that tell states apart without showing that their geometry is held."""
    marked = [each.best for each in found if each.best and each.best.verdict.startswith("discriminates")]
    marked = [score for score in marked if score.predictor in trained]
    if not marked:
        return []
    named, row = [score.predictor for score in marked], marked[0].rows[0]
    return [
        f"Discriminates states ({', '.join(named)}): {row.beliefs:,} distinct beliefs do not clearly exceed the "
        "features' rank, so a high R² alone can be had by telling states apart; compare `permuted`."
    ]


def _where(comparison: Comparison, summary: ProcessSummary, width: int) -> str:
    """For networks that keep several kinds of values: the score of each, layer by layer."""
    target = headline_target(summary)
    parts, short = [], short_names(predictors(comparison, summary.process))
    for name in networks(comparison, summary.process):
        scores = {s.site: s for s in site_scores(comparison, summary.process, name, target) if s.site != "output"}
        kinds = list(dict.fromkeys(map(site_kind, scores)))
        if len(kinds) < 2:
            continue
        places = list(dict.fromkeys(map(layer_of, scores)))
        table = [[short[name], *places]]
        for kind in kinds:
            held = {layer_of(site): score for site, score in scores.items() if site_kind(site) == kind}
            label = "  " + KINDS.get(kind, kind)
            table.append([label.ljust(LONGEST), *(_value(held.get(place)) for place in places)])
        parts.append(layout(table, width, rule=False))
    if not parts:
        return ""
    what = "lies beyond the next symbol" if target == "beyond" else "belongs to the belief"
    return "\n".join([filled(f"Where each network keeps what {what} (R² by site)", width), *parts])


def _baseline(found: Headline) -> str:
    if found.baseline is None or found.baseline.value is None:
        return "-"
    score = found.baseline
    width = f"width {score.rows[0].width}" if score.control == "random-features" else ""
    return " ".join(filter(None, [score.control, width or in_short(score.setting), decimal(score.value)]))


def _suffixes(comparison: Comparison, summary: ProcessSummary, width: int) -> list[str]:
    """The longest suffix that was chosen, a fact about the process as much as about the baseline."""
    scores = control_scores(comparison, summary.process, headline_target(summary), "suffix-grams")
    return [
        filled(f"suffix-grams: {in_short(s.setting)} chosen on inner folds, R² {decimal(s.value)}", width)
        for s in scores
        if s.setting and s.value is not None
    ]


def _value(score: Score | None) -> str:
    return decimal(score.value if score is not None else None)


def _value_and_interval(score: Score | None) -> tuple[str, str]:
    if score is None:
        return "-", "-"
    if score.value is None:
        return "empty", "-"
    return decimal(score.value), interval(score.low, score.high)


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _mean_kl(runs: Sequence[Run]) -> float | None:
    return _mean([run.kl for run in runs if run.kl is not None])
