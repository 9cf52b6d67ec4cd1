"""What was found on one process, in a few sentences for somebody who reads nothing else."""

from collections.abc import Sequence

from probes.headline import Headline, beyond_dimensions, headline, headline_target, networks, repeated
from probes.ranking import LEVEL
from probes.report.effect_panels import effects_title, highest_control
from probes.report.numerals import decimal
from probes.report.style import display_name
from probes.report.words import best_baseline, control_name, listed
from probes.results import Comparison, ProcessSummary
from probes.seed_effects import seed_effects

__all__ = ["in_brief"]

_NAMED = 4
"""Networks that are named; of more the best."""


def in_brief(comparison: Comparison, summary: ProcessSummary) -> str:
    """What the scores can tell here, what they are, and what stands beside them; empty where no network was read."""
    target = headline_target(summary)
    found = [headline(comparison, summary.process, name, target) for name in networks(comparison, summary.process)]
    found = [each for each in found if each.best is not None and each.best.value is not None]
    if not found:
        return ""
    said = [_read(comparison, summary, found), _apart(found), _sure(comparison, summary), _used(comparison)]
    return " ".join(filter(None, said))


def _read(comparison: Comparison, summary: ProcessSummary, found: Sequence[Headline]) -> str:
    if hidden := beyond_dimensions(summary):
        do, what = ("does", "it is") if hidden == 1 else ("do", "they are")
        of = summary.horizon_ranks[-1] - 1
        begin = f"{hidden} of the belief's {of} dimensions {do} not show in a forecast of the next symbol; {what}"
    else:
        begin = (
            "The next symbol's probabilities already tell the belief, so no score here tells a network that holds the "
            "belief from one that holds its forecast. The belief is"
        )
    order = sorted(found, key=lambda each: -_value(each))
    named = [f"{decimal(_value(each))} from {display_name(each.predictor)}" for each in order[:_NAMED]]
    if rest := order[_NAMED:]:
        least = decimal(_value(rest[-1]))
        named.append(f"less from {len(rest)} more, down to {least}")
    seeds = repeated(comparison, summary.process)
    mean = f" (means over {seeds} seeds)" if seeds > 1 else ""
    untrained = [each.untrained.value for each in found if each.untrained and each.untrained.value is not None]
    beside = [f"up to {decimal(max(untrained))} from untrained networks"] if untrained else []
    baseline = best_baseline(found)
    if baseline is not None:
        beside.append(f"{decimal(baseline.value)} without any network ({control_name(baseline)})")
    against = f", against {listed(beside)}" if beside else ""
    return f"{begin} read with R² {listed(named)}{mean}{against}."


def _apart(found: Sequence[Headline]) -> str:
    """The verdict that warns."""
    rows = [each.best.rows[0] for each in found if each.best and each.best.verdict.startswith("discriminates")]
    if not rows:
        return ""
    return f"With {rows[0].beliefs:,} distinct beliefs a high R² may say no more than that they are told apart."


def _sure(comparison: Comparison, summary: ProcessSummary) -> str:
    """Whether seeds tell the networks apart."""
    pairs = [each for each in comparison.differences if each.process == summary.process]
    if not pairs:
        return ""
    sure = sum(each.p_adjusted <= 1 - LEVEL for each in pairs)
    if len(pairs) == 1:
        return f"Over seeds the difference between them is {'sure' if sure else 'not sure'} (95 %)."
    verb = "is" if sure < 2 else "are"
    return f"Over seeds {sure or 'none'} of the {len(pairs)} differences between networks {verb} sure (95 %)."


def _used(comparison: Comparison) -> str:
    """How far edits of what is held took the predictions."""
    effects = seed_effects(comparison.edits)
    if all(effect.control for effect in effects):
        return ""
    highest = highest_control(effects)
    beside = f", those of controls at most {highest:.2f}" if highest is not None else ""
    return f"Is it used? With {effects_title(effects, '').removeprefix(': ')}{beside}."


def _value(found: Headline) -> float:
    assert found.best is not None
    assert found.best.value is not None
    return found.best.value
