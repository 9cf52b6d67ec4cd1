"""Pictures of several trainings watched at the same histories: loss against geometry, and what seeds share."""

from collections.abc import Sequence
from math import sqrt

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from scipy.stats import t

from probes.report.loss_panels import log_axis
from probes.report.style import GRID, INK, MUTED, PALETTE, RC
from probes.report.watching import Course

__all__ = ["geometry_figure", "seeds_figure"]

_COLUMNS = 3
_LOWEST = -0.2
"""An early network may be read worse than by a mean: the axis ends here."""


def geometry_figure(courses: Sequence[Course], targets: Sequence[str], sites: Sequence[str]) -> Figure:
    """Loss against geometry: held-out R² of each target against KL from the optimum, checkpoint by checkpoint.

    A colour a site and a line a training, from left to right; the ring is its end. Geometry that forms before the loss
    falls climbs at the left, geometry that comes after it at the right. Checkpoints at the optimum itself have no place
    on a log axis and are left out.
    """
    with rc_context(RC):
        figure, axes = _figure(f"{_title(courses)}: what is read, against loss", len(targets))
        for ax, target in zip(axes, targets, strict=False):
            for i, site in enumerate(sites):
                for course in courses:
                    curve = [m for m in course.watched.series(site, target) if m.kl > 0]
                    kl, r2 = [m.kl for m in curve], [max(m.refitted, _LOWEST) for m in curve]
                    colour = PALETTE[i % len(PALETTE)]
                    ax.plot(kl, r2, color=colour, marker="o", ms=2.5, lw=1.1)
                    ax.plot(kl[-1:], r2[-1:], color=colour, marker="o", ms=7, markerfacecolor="none", linestyle="")
            log_axis(ax, "x")
            ax.invert_xaxis()
            ax.set_xlabel("KL from the optimum, nats")
            _r2_axis(ax, target)
        handles = [axes[0].plot([], [], color=PALETTE[i % len(PALETTE)], label=site)[0] for i, site in enumerate(sites)]
        figure.legend(handles=handles, loc="outside lower center", ncols=min(4, len(handles)))
        return figure


def seeds_figure(courses: Sequence[Course], targets: Sequence[str], site: str) -> Figure:
    """R² of each target at one site, and KL, by updates: a thin line a training, their mean, and its 95 % t interval.

    The mean is over the updates at which all were looked at.

    Raises:
        ValueError: if there are fewer than two trainings, or they share no checkpoint.
    """
    if len(courses) < 2:
        raise ValueError(f"an interval over trainings needs two or more; got {len(courses)}")
    shared = sorted(set.intersection(*(set(course.steps) for course in courses)))
    if not shared:
        raise ValueError("the trainings were looked at after other updates each: there is none that all share")
    with rc_context(RC):
        figure, axes = _figure(f"{_title(courses)}, {site}: {len(courses)} trainings", len(targets) + 1)
        for ax, target in zip(axes, targets, strict=False):
            curves = [{m.step: m.refitted for m in course.watched.series(site, target)} for course in courses]
            _together(ax, curves, shared, PALETTE[0])
            _r2_axis(ax, target)
        ax = axes[len(targets)]
        kl = [{m.step: m.kl for m in course.watched.series(site, targets[0])} for course in courses]
        _together(ax, kl, shared, INK)
        if all(value > 0 for curve in kl for value in curve.values()):
            log_axis(ax, "y")
        ax.set_title("KL from the optimum (nats)")
        return figure


def _together(ax: Axes, curves: Sequence[dict[int, float]], shared: Sequence[int], colour: str) -> None:
    x = [max(step, 0.5) for step in shared]
    values = np.array([[curve[step] for step in shared] for curve in curves])
    for curve in curves:
        ax.plot([max(step, 0.5) for step in curve], list(curve.values()), color=colour, lw=0.7, alpha=0.6)
    mean = values.mean(axis=0)
    half = t.ppf(0.975, len(values) - 1) * values.std(axis=0, ddof=1) / sqrt(len(values))
    ax.plot(x, mean, color=colour, marker="o", ms=3)
    ax.vlines(x, mean - half, mean + half, color=colour, lw=1.8, alpha=0.5)
    log_axis(ax, "x")
    ax.set_xlabel("updates (0 stands at 0.5)" if min(map(min, curves)) == 0 else "updates")


def _r2_axis(ax: Axes, target: str) -> None:
    ax.set_ylim(_LOWEST, 1.03)
    ax.axhline(0, color=GRID, lw=0.8, zorder=0)
    ax.set_title(f"{target}: held-out R²")


def _title(courses: Sequence[Course]) -> str:
    return courses[0].title if len(courses) == 1 else " and ".join(dict.fromkeys(course.about for course in courses))


def _figure(title: str, n: int) -> tuple[Figure, Sequence[Axes]]:
    columns = 2 if n == 4 else min(_COLUMNS, n)
    rows = -(-n // columns)
    figure = Figure(figsize=(10.0, 2.9 * rows + 0.9), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title, x=0.01, ha="left", fontsize=11.5, fontweight="bold", color=INK)
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for ax in axes:
        ax.tick_params(color=MUTED)
    for ax in axes[n:]:
        ax.set_axis_off()
    return figure, list(axes)
