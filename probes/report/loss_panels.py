"""Panels of divergence from the optimum, in nats: by position, and while learning. Each draws into given axes."""

import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

from probes.baselines import CEILING, is_counted_label
from probes.headline import networks, predictors, runs_of
from probes.report.numerals import power_of_ten
from probes.report.short_names import labels, short_names
from probes.report.style import GRID, MUTED, colour_of, marker_of
from probes.results import Comparison, ProcessSummary

__all__ = ["apart", "draw_kl", "draw_learning", "log_axis", "log_ticks"]

_SMALLEST = 1e-9
"""KL below this, in nats, is rounding and has no place on a log axis."""

_NOTE_CHARACTERS = 62

_FEW = 5
"""Up to this many evaluations each is marked; a single one has no line."""


def draw_kl(axes: Axes, comparison: Comparison, summary: ProcessSummary) -> None:
    """KL from the optimum at each position, one line per predictor and seed.

    Infinite values (a possible symbol got probability 0) break the line and stand as ∞ along the top.
    """
    trained = networks(comparison, summary.process)
    ends: dict[str, float] = {}
    infinite: list[str] = []
    for name in predictors(comparison, summary.process):
        if name == CEILING:
            continue
        for run in runs_of(comparison, summary.process, name):
            rows, values = np.arange(1, len(run.kl_by_row) + 1), np.array(run.kl_by_row, dtype=float)
            shown = np.where(np.isfinite(values) & (values > _SMALLEST), values, np.nan)
            axes.plot(rows, shown, **_line(name, trained), **_dots(name, trained))
            if np.isfinite(shown).any():
                ends[name] = float(shown[np.isfinite(shown)][-1])
            for row in rows[np.isposinf(values)]:
                axes.text(
                    row, 1.0, "∞", transform=axes.get_xaxis_transform(), color=colour_of(name, trained), ha="center"
                )
            infinite += [name] if np.isposinf(values).any() else []
    if infinite:
        short = short_names(predictors(comparison, summary.process))
        named = ", ".join(short[name] for name in dict.fromkeys(infinite))
        note = f"∞: probability 0 for a possible symbol ({named})"
        axes.text(0, 1.09, textwrap.fill(note, _NOTE_CHARACTERS), transform=axes.transAxes, fontsize=8, color=MUTED)
    log_axis(axes, "y")
    axes.set_xlim(0.6, summary.length + 0.4)
    step = math.ceil(summary.length / 10)
    axes.set_xticks(range(step, summary.length + 1, step))
    axes.set_xlabel("symbols read")
    _finish(axes, ends, trained, labels(comparison, summary))


def draw_learning(axes: Axes, comparison: Comparison, summary: ProcessSummary) -> None:
    """KL from the optimum against symbols seen, one line per network and seed; simple predictors as levels."""
    trained = networks(comparison, summary.process)
    ends: dict[str, float] = {}
    for name in trained:
        for run in runs_of(comparison, summary.process, name):
            symbols = np.array(run.learning.get("symbols", []), dtype=float)
            values = np.array(run.learning.get("kl", []), dtype=float)
            shown = (symbols > 0) & np.isfinite(values) & (values > _SMALLEST)
            if shown.any():
                dots = _dots(name, trained) if shown.sum() <= _FEW else {}
                axes.plot(symbols[shown], values[shown], **_line(name, trained), **dots)
                ends[name] = float(values[shown][-1])
    if not ends:
        axes.text(
            0.5, 0.5, "no evaluation while training was recorded", transform=axes.transAxes, ha="center", color=MUTED
        )
        axes.set_axis_off()
        return
    for name in predictors(comparison, summary.process):
        levels = [run.kl for run in runs_of(comparison, summary.process, name) if run.kl is not None]
        if name not in trained and levels and _SMALLEST < levels[0] < math.inf:
            axes.axhline(levels[0], **_line(name, trained))
            ends[name] = levels[0]
    log_axis(axes, "y")
    log_axis(axes, "x")
    axes.set_xlabel("symbols seen in training")
    _finish(axes, ends, trained, labels(comparison, summary))


def apart(values: Sequence[float], gap: float) -> list[float]:
    """The values moved as little as needed to lie at least `gap` apart, in their order.

    Least squares under the ordering (isotonic regression by pooling neighbours).

    Example:
        >>> apart([0.0, 0.0, 1.0], 0.2)
        [-0.1, 0.1, 1.0]
    """
    order = sorted(range(len(values)), key=lambda i: values[i])
    blocks: list[tuple[float, int]] = []  # mean of (value - rank * gap), members
    for rank, i in enumerate(order):
        mean, members = values[i] - rank * gap, 1
        while blocks and blocks[-1][0] > mean:
            before, count = blocks.pop()
            mean, members = (before * count + mean * members) / (count + members), count + members
        blocks.append((mean, members))
    levels = [mean for mean, members in blocks for _ in range(members)]
    moved = [0.0] * len(values)
    for rank, i in enumerate(order):
        moved[i] = levels[rank] + rank * gap
    return moved


def _finish(axes: Axes, ends: Mapping[str, float], trained: Sequence[str], short: Mapping[str, str]) -> None:
    axes.set_ylabel("KL from the optimum, nats")
    axes.grid(axis="y", color=GRID)
    axes.tick_params(length=0, which="both")
    axes.spines["left"].set_visible(False)
    low, high = (math.log(limit) for limit in axes.get_ylim())
    names = list(ends)
    places = apart([(math.log(ends[name]) - low) / (high - low) for name in names], 0.066)
    for name, place in zip(names, places, strict=True):
        colour = colour_of(name, trained)
        axes.text(
            1.02, place, short[name], transform=axes.transAxes, color=colour, va="center", fontsize=9, fontweight="bold"
        )


def _line(name: str, trained: Sequence[str]) -> dict[str, Any]:
    if name in trained:
        return {"color": colour_of(name, trained), "linewidth": 1.6}
    return {"color": MUTED, "linewidth": 1.3, "linestyle": "--" if is_counted_label(name) else ":"}


def _dots(name: str, trained: Sequence[str]) -> dict[str, Any]:
    return {"marker": marker_of(name, trained), "markersize": 4} if name in trained else {}


def log_axis(axes: Axes, which: str) -> None:
    """A logarithmic axis with plain numbers at round places: "x" or "y". After the data are drawn."""
    (axes.set_yscale if which == "y" else axes.set_xscale)("log")
    axis = axes.yaxis if which == "y" else axes.xaxis
    ticks = log_ticks(*sorted(axes.get_ylim() if which == "y" else axes.get_xlim()))
    axis.set_major_locator(FixedLocator(ticks))
    axis.set_major_formatter(FixedFormatter([_tick(value) for value in ticks]))
    axis.set_minor_locator(NullLocator())


def log_ticks(low: float, high: float) -> list[float]:
    """Round numbers between two positive ones: powers of ten or, where there are fewer than two, steps between them.

    Example:
        >>> log_ticks(2e-4, 0.3), log_ticks(0.15, 0.6)
        ([0.001, 0.01, 0.1], [0.2, 0.5])
    """
    exponents = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    found: list[float] = []
    for steps in ((1,), (1, 2, 5), tuple(range(1, 10)), tuple(step / 10 for step in range(10, 100))):
        found = [float(f"{step}e{exponent}") for exponent in exponents for step in steps]
        found = [value for value in found if low <= value <= high]
        if len(found) >= 2:
            break
    return found[:: math.ceil(len(found) / 8)] if found else [low, high]


def _tick(value: float) -> str:
    exponent = math.floor(math.log10(value) + 1e-9)
    if -2 <= exponent <= 2:
        return f"{value:.3g}"
    leading = f"{value / 10.0**exponent:.3g}"
    return power_of_ten(exponent) if leading == "1" else f"{leading}×{power_of_ten(exponent)}"
