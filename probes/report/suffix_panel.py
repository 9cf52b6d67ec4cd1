"""The suffix-gram baseline by the longest suffix it may use, and the networks beside it. Drawn into given axes."""

import math

import numpy as np
from matplotlib.axes import Axes

from probes.headline import headline, headline_target, networks, suffix_curve
from probes.report.loss_panels import apart
from probes.report.score_panels import lowest_shown
from probes.report.short_names import labels
from probes.report.style import GRID, INK, colour_of
from probes.results import Comparison, ProcessSummary

__all__ = ["draw_suffixes", "has_suffix_curve"]

_APART = 0.066  # of the panel's height: one line of type


def has_suffix_curve(comparison: Comparison, summary: ProcessSummary) -> bool:
    """Whether there is anything to draw."""
    return suffix_curve(comparison, summary.process, headline_target(summary)) is not None


def draw_suffixes(axes: Axes, comparison: Comparison, summary: ProcessSummary) -> None:
    """R² of suffix-grams against K, the K that inner folds chose ringed, and the best site of each network as a line.

    Raises:
        ValueError: if no curve is recorded.
    """
    process, target = summary.process, headline_target(summary)
    curve = suffix_curve(comparison, process, target)
    if curve is None:
        raise ValueError(f"the comparison has no curve of suffix-grams for {target} on {process}")
    trained, short = networks(comparison, process), labels(comparison, summary)
    best = {name: headline(comparison, process, name, target).best for name in trained}
    levels = {name: score.value for name, score in best.items() if score is not None and score.value is not None}
    low = lowest_shown([*curve.values, *levels.values()])
    axes.set_ylim(low, 1.03)
    K, values = np.arange(len(curve.values)), np.maximum(curve.values, low)
    axes.plot(K, values, color=INK, linewidth=1.6, marker="o", markersize=4, zorder=4)
    chosen = sorted(set(curve.chosen))
    axes.plot(
        chosen, values[chosen], "o", markersize=9, markerfacecolor="none", markeredgecolor=INK, zorder=5, clip_on=False
    )
    for name, value in levels.items():
        axes.axhline(max(value, low), color=colour_of(name, trained), linewidth=1.6, zorder=3)
    _name_lines(
        axes,
        {"suffix-grams": (float(values[-1]), INK)}
        | {short[name]: (max(value, low), colour_of(name, trained)) for name, value in levels.items()},
    )
    axes.set_xlim(-0.3, len(K) - 0.7)
    axes.set_xticks(range(0, len(K), math.ceil(len(K) / 10)))
    axes.set_xlabel("longest suffix K, in symbols")
    axes.set_ylabel(f"held-out R², {target}")
    axes.grid(axis="y", color=GRID)
    axes.tick_params(length=0)
    axes.spines["left"].set_visible(False)


def _name_lines(axes: Axes, ends: dict[str, tuple[float, str]]) -> None:
    """Each line's name to its right, moved where two would overlap."""
    low, high = axes.get_ylim()
    places = apart([(value - low) / (high - low) for value, _ in ends.values()], _APART)
    places = [place - max(0.0, max(places) - 1) for place in places]  # of many lines at the top all go down
    for (name, (_, colour)), place in zip(ends.items(), places, strict=True):
        axes.text(1.02, place, name, transform=axes.transAxes, color=colour, va="center", fontsize=9, fontweight="bold")
