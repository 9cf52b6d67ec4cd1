"""The charts of one process as inline SVG: the headline, scores by site, divergence, learning, budgets and edits."""

from collections.abc import Callable, Sequence
from html import escape
from typing import Literal

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from probes.headline import beyond_dimensions, headline_target, networks, probed, repeated, site_scores
from probes.report.budget_panels import COSTS, draw_by_cost
from probes.report.effect_panels import SUBTITLE, draw_effects, effects_height, effects_title
from probes.report.loss_panels import draw_kl, draw_learning
from probes.report.page.svg import inline_figure, inline_svg
from probes.report.score_panels import draw_headline, draw_sites, score_limits
from probes.report.style import colour_of, display_name
from probes.report.suffix_panel import draw_suffixes, has_suffix_curve
from probes.report.titled_figure import WIDTH
from probes.report.titles import (
    BUDGET_SUBTITLE,
    KL_SUBTITLE,
    LEARNING_SUBTITLE,
    SUFFIX_SUBTITLE,
    TARGETS,
    budget_title,
    headline_title,
    kl_title,
    learning_title,
    sites_title,
    suffix_title,
)
from probes.report.words import between_seeds, short_title
from probes.results import Comparison, ProcessSummary
from probes.seed_effects import seed_effects

__all__ = ["budget_charts", "edit_chart", "headline_chart", "kl_chart", "learning_chart", "site_charts", "suffix_chart"]

MARKS = (
    "Filled: histories by probability, with 95 % interval; hollow: every history equally. Grey dot: untrained twin; "
    "×: beliefs permuted. Dashed: best model-free baseline; dotted: the true next-symbol probabilities."
)
NAMES = {"belief": "the belief", "beyond": "what lies beyond the next symbol"}
CURVE = (3.7, 2.8)
"""Inches of a chart that stands beside another."""


def headline_chart(comparison: Comparison, summary: ProcessSummary, i: int) -> str:
    """Each network's best site beside its controls; empty where no site was probed."""
    names = probed(comparison, summary.process)
    if not names:
        return ""
    target = headline_target(summary)
    limits = score_limits(comparison, summary, [target])
    note = f"{TARGETS[target]} {_marks(comparison, summary)}"

    def draw(axes: Axes) -> None:
        draw_headline(axes, comparison, summary, target, limits)

    size = (4.0, 0.9 + 0.4 * len(names))
    return _chart(f"headline-{i}", headline_title(comparison, summary), note, size, draw, layout="wide")


def site_charts(comparison: Comparison, summary: ProcessSummary, i: int) -> str:
    """R² at every site of every network, with the controls; empty where none was probed."""
    names = probed(comparison, summary.process)
    if not names:
        return ""
    targets = ["beyond", "belief"] if beyond_dimensions(summary) > 0 else ["belief"]
    limits = score_limits(comparison, summary, targets)
    parts = [f'<p class="note"><b>{escape(sites_title(comparison, summary))}.</b> {_marks(comparison, summary)}</p>']
    for target in targets:
        panels = []
        for j, name in enumerate(names):
            n_site = len(site_scores(comparison, summary.process, name, target))

            def draw(axes: Axes, name: str = name, target: str = target) -> None:
                draw_sites(axes, comparison, summary, name, target, limits)

            panels.append(_chart(f"{target}-{i}-{j}", display_name(name), "", (3.1, 1.0 + 0.17 * n_site), draw))
        parts.append(f'<h4>R² of {NAMES[target]}</h4><div class="charts small">{"".join(panels)}</div>')
    return "".join(parts)


def kl_chart(shown: Comparison, summary: ProcessSummary, i: int, comparison: Comparison) -> str:
    """Divergence by position; empty where none was measured.

    Args:
        shown: what is drawn of the comparison; the title is of all.
    """
    if not any(run.kl_by_row for run in comparison.runs):
        return ""
    title = kl_title(comparison, summary)
    return _chart(f"kl-{i}", title, KL_SUBTITLE, CURVE, lambda axes: draw_kl(axes, shown, summary))


def learning_chart(shown: Comparison, summary: ProcessSummary, i: int, comparison: Comparison) -> str:
    """Divergence while training went on; empty where none was recorded."""
    if not any(run.learning.get("kl") for run in comparison.runs):
        return ""
    title = learning_title(comparison, summary)
    return _chart(f"learning-{i}", title, LEARNING_SUBTITLE, CURVE, lambda axes: draw_learning(axes, shown, summary))


def suffix_chart(shown: Comparison, summary: ProcessSummary, i: int) -> str:
    """The suffix-gram baseline by its longest suffix; empty where it was not scored."""
    if not has_suffix_curve(shown, summary):
        return ""
    title = suffix_title(shown, summary)
    return _chart(f"suffix-grams-{i}", title, SUFFIX_SUBTITLE, CURVE, lambda axes: draw_suffixes(axes, shown, summary))


def budget_charts(shown: Comparison, summary: ProcessSummary, i: int) -> str:
    """Score and divergence against what training cost: symbols, operations, seconds, parameters; empty without any."""
    rows = shown.budgets
    if not rows:
        return ""
    names = [name for name in networks(shown, summary.process) if any(row.predictor == name for row in rows)]
    legend = "".join(_key(name, names) for name in names)
    values: tuple[Literal["score", "kl"], ...] = ("score", "kl")
    panels = []
    for value in values:
        for cost, words in COSTS.items():

            def draw(axes: Axes, cost: str = cost, value: Literal["score", "kl"] = value) -> None:
                draw_by_cost(axes, rows, names, cost, value)

            title = f"{'R²' if value == 'score' else 'Divergence'} by {words}"
            panels.append(_chart(f"budget-{i}-{value}-{cost}", title, "", (3.1, 2.5), draw))
    return (
        f'<p class="note"><b>{escape(budget_title(shown, summary))}.</b> {escape(BUDGET_SUBTITLE)} A score at equal '
        f'budget is read up and down: one place along the axis, all networks.</p><p class="legend">{legend}</p>'
        f'<div class="charts small">{"".join(panels)}</div>'
    )


def edit_chart(shown: Comparison, summary: ProcessSummary, i: int) -> str:
    """What every edit did, a column for each network; empty where nothing was edited."""
    effects = seed_effects(shown.edits)
    if not any(not effect.control for effect in effects):
        return ""
    names = networks(shown, summary.process)
    title = effects_title(effects, short_title(summary))

    def draw(figure: Figure) -> None:
        draw_effects(figure, effects, names)

    wide = min(WIDTH, 2.2 + 1.9 * len({effect.predictor for effect in effects}))
    drawing = inline_figure(f"edits-{i}", title, wide, effects_height(effects), draw)
    return (
        f'<figure><figcaption><b>{escape(title)}</b>{escape(SUBTITLE)}</figcaption><div class="scroll plain" '
        f'tabindex="0" role="region" aria-label="Edits">{drawing}</div></figure>'
    )


def _key(name: str, among: Sequence[str]) -> str:
    from probes.report.page.svg import VARIABLES

    colour = colour_of(name, among)
    return f'<span style="color:var(--{VARIABLES.get(colour, "ink")})">■</span> {escape(display_name(name))} &ensp;'


def _marks(comparison: Comparison, summary: ProcessSummary) -> str:
    n_seed = repeated(comparison, summary.process)
    return f"{MARKS} 95 % interval: {between_seeds(n_seed)}" if n_seed > 1 else MARKS


def _chart(
    name: str, title: str, note: str, size: tuple[float, float], draw: Callable[[Axes], object], layout: str = "upright"
) -> str:
    """A figure with its title and note; `note` is HTML."""
    drawing = inline_svg(name, title, *size, draw)
    return f'<figure class="{layout}"><figcaption><b>{escape(title)}</b>{note}</figcaption>{drawing}</figure>'
