"""Panels of R²: the headline beside its controls, and every site of one network. Each draws into given axes."""

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from probes.headline import (
    STANDING,
    Headline,
    Score,
    best_model_free,
    control_scores,
    headline,
    networks,
    probed,
    site_scores,
)
from probes.report.numerals import decimal, signed
from probes.report.short_names import labels
from probes.report.style import CONTROL_NAMES, GRID, INK, MUTED, PAGE, colour_of, marker_of
from probes.results import Comparison, ProcessSummary

__all__ = ["draw_headline", "draw_sites", "legend_handles", "lowest_shown", "score_limits"]

_DASHED: dict[str, Any] = {"linestyle": "--", "color": INK, "linewidth": 1.1, "zorder": 2}
_LOWEST = -0.25
"""Scores below this are drawn at the edge as arrows: a failed readout may have any negative R²."""


def score_limits(comparison: Comparison, summary: ProcessSummary, targets: Sequence[str]) -> tuple[float, float]:
    """One R² axis for all panels of a process."""
    values = [
        row.score
        for target in targets
        for row in comparison.only(process=summary.process, target=target)
        if row.score is not None
        and row.split != "none"
        and row.probe in STANDING
        and row.control in ("", "untrained", "permuted-classes", "true-p")
    ]
    return lowest_shown(values), 1.03


def lowest_shown(values: Sequence[float]) -> float:
    """Where an R² axis begins."""
    return max(_LOWEST, min([0.0, *values])) - 0.03


def draw_headline(
    axes: Axes, comparison: Comparison, summary: ProcessSummary, target: str, limits: tuple[float, float]
) -> None:
    """One line per network: its best site beside untrained twin, permuted classes and the best model-free baseline."""
    names, among = probed(comparison, summary.process), networks(comparison, summary.process)
    found = [headline(comparison, summary.process, name, target) for name in names]
    short = labels(comparison, summary)
    axes.set_xlim(limits)
    for y, each in enumerate(found):
        colour, marker = colour_of(each.predictor, among), marker_of(each.predictor, among)
        _mark(axes, y, each.untrained, "o", MUTED, 4.5, filled=True)
        _mark(axes, y, each.permuted, "x", MUTED, 5)
        _mark(axes, y, each.uniform, marker, colour, 8)
        _value(axes, y, each.best, colour, marker, 8)
        axes.text(1.03, y, _said(each), transform=axes.get_yaxis_transform(), va="center", fontsize=8.5)
    _references(axes, comparison, summary, target, [each.baseline for each in found])
    _finish(axes, [f"{short[each.predictor]}\n{_where(each)}" for each in found])


def draw_sites(
    axes: Axes,
    comparison: Comparison,
    summary: ProcessSummary,
    predictor: str,
    target: str,
    limits: tuple[float, float],
) -> None:
    """R² at each site of one network, its input at the top, with the controls."""
    process = summary.process
    among = networks(comparison, process)
    colour, marker = colour_of(predictor, among), marker_of(predictor, among)
    scores = site_scores(comparison, process, predictor, target)
    at = {score.site: y for y, score in enumerate(scores)}
    axes.set_xlim(limits)
    for score in site_scores(comparison, process, predictor, target, control="untrained"):
        if score.site in at:
            _mark(axes, at[score.site], score, "o", MUTED, 4, filled=True)
    for score in site_scores(comparison, process, predictor, target, control="permuted-classes"):
        if score.site in at:
            _mark(axes, at[score.site], score, "x", MUTED, 4.5)
    for score in site_scores(comparison, process, predictor, target, weighting="uniform"):
        if score.site in at:
            _mark(axes, at[score.site], score, marker, colour, 6)
    for score in scores:
        _value(axes, at[score.site], score, colour, marker, 6)
    baselines = [best_model_free(comparison, process, target, score.rows[0].width) for score in scores]
    _references(axes, comparison, summary, target, baselines)
    _finish(axes, list(at))


def legend_handles(n_seed: int = 1, colour: str = INK, marker: str = "o") -> list[Line2D]:
    """What the marks of these panels mean, their intervals being over so many seeds."""
    which = "95 % t interval over seeds" if n_seed > 1 else "95 % interval"

    def handle(label: str, **style: object) -> Line2D:
        return Line2D([], [], label=label, linestyle="", **style)  # type: ignore[arg-type]

    return [
        handle(f"by probability, {which}", marker=marker, color=colour, markersize=7),
        handle("every history equally", marker=marker, color=colour, markerfacecolor=PAGE, markersize=7),
        handle("untrained twin", marker="o", color=MUTED, markersize=4.5),
        handle("permuted classes", marker="x", color=MUTED, markersize=5),
    ]


def _value(axes: Axes, y: float, score: Score | None, colour: str, marker: str, size: float) -> None:
    """A score with its interval, and every seed on its own where there are several."""
    if score is None:
        return
    if score.value is None:
        axes.text(
            0.5, y, "empty", transform=axes.get_yaxis_transform(), color=MUTED, fontsize=8, va="center", ha="center"
        )
        return
    low, _ = axes.get_xlim()
    if score.low is not None and score.high is not None:
        axes.plot(
            [max(score.low, low), score.high], [y, y], color=colour, linewidth=2.2, zorder=3, solid_capstyle="butt"
        )
    seeds = [row.score for row in score.rows if row.score is not None]
    if len(seeds) > 1:
        axes.plot([max(s, low) for s in seeds], [y] * len(seeds), "|", color=colour, markersize=size + 3, zorder=4)
    _mark(axes, y, score, marker, colour, size, filled=True)


def _mark(
    axes: Axes, y: float, score: Score | None, marker: str, colour: str, size: float, *, filled: bool = False
) -> None:
    if score is None or score.value is None:
        return
    low, _ = axes.get_xlim()
    beyond = score.value < low
    axes.plot(
        max(score.value, low),
        y,
        marker="<" if beyond else marker,
        color=colour,
        markerfacecolor=colour if filled else PAGE,
        markersize=size,
        linestyle="",
        zorder=5 if filled else 4,
        clip_on=not beyond,
    )


def _references(
    axes: Axes, comparison: Comparison, summary: ProcessSummary, target: str, baselines: Sequence[Score | None]
) -> None:
    """The best model-free baseline of each line, and the ceiling of true next-symbol probabilities, labelled."""
    low, _ = axes.get_xlim()
    known = {y: score for y, score in enumerate(baselines) if score is not None and score.value is not None}
    ceilings = [s for s in control_scores(comparison, summary.process, target, "true-p") if s.value is not None]
    if known:
        best = max(known.values(), key=lambda score: score.value or 0.0)
        if len({score.value for score in known.values()}) == 1:
            axes.axvline(max(best.value or 0.0, low), **_DASHED)
            _label(axes, best, f"{CONTROL_NAMES.get(best.control, best.control)} {decimal(best.value)}", 2, INK)
        else:  # random features as wide as what is read: a piece of the line for each
            for y, score in known.items():
                axes.plot([max(score.value or 0.0, low)] * 2, [y - 0.5, y + 0.5], **_DASHED)
            _label(axes, best, f"model-free, up to {decimal(best.value)}", 2, INK)
    if ceilings:
        axes.axvline(max(ceilings[0].value or 0.0, low), linestyle=":", color=MUTED, linewidth=1.1, zorder=2)
        _label(axes, ceilings[0], f"true p(next) {decimal(ceilings[0].value)}", 13, MUTED)


def _label(axes: Axes, score: Score, text: str, rise: float, colour: str) -> None:
    low, high = axes.get_xlim()
    x = max(score.value if score.value is not None else low, low)
    side = "right" if x > low + 0.55 * (high - low) else "left"
    axes.annotate(
        text,
        (x, 1),
        (0, rise),
        xycoords=axes.get_xaxis_transform(),
        textcoords="offset points",
        ha=side,
        fontsize=8,
        color=colour,
    )


def _finish(axes: Axes, named: Sequence[str]) -> None:
    axes.set_yticks(range(len(named)), named)
    axes.set_ylim(len(named) - 0.4, -0.6)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1.0], ["0", "0.25", "0.5", "0.75", "1"])
    axes.grid(axis="x", color=GRID)
    axes.tick_params(length=0, pad=6)  # room for arrows at the edge
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("held-out R²")


def _said(found: Headline) -> str:
    if found.best is None or found.best.value is None:
        return "empty"
    above = f"\n({signed(found.difference)})" if found.difference is not None else ""
    return f"{decimal(found.best.value)}{above}"


def _where(found: Headline) -> str:
    return found.best.site if found.best is not None and found.best.value is not None else "-"
