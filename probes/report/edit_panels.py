"""The figure of edits: KL by horizon, to the belief that was injected and to the one that was there."""

import math
import textwrap
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from compmech.draw.style import house_style
from probes.intervention import EditEffect
from probes.report.edit_table import verdict_runs
from probes.report.style import BLUE, GRID, INK, MUTED, VERMILLION, display_name

__all__ = ["CONTROL_MARKS", "edit_figure"]

_COLUMNS = 3
CONTROL_MARKS = {
    "wrong-belief": ("s", "wrong belief"),
    "random-direction": ("x", "random direction"),
    "shuffled-probe": ("D", "shuffled probe"),
    "untrained": ("^", "untrained twin, which starts elsewhere"),
}
"""Shape and name of each control."""

_BEFORE, _TO_INJECTED, _TO_ORIGINAL = "before the edit, to injected", "edited, to injected", "edited, to original"


def edit_figure(rows: Sequence[EditEffect]) -> Figure:
    """A panel for each edit and kind, strength 1: exact Bayes for the injected belief is at 0 on the vermillion line.

    The blue line is the KL to the belief that was there, the dashed one how far the predictions were from the injected
    belief before the edit. Controls are marks: what other edits of the same size reach, to the injected belief.

    Raises:
        ValueError: if there are no rows of strength 1 with a score.
    """
    found = [r for r in rows if r.kl_to_injected is not None and (r.strength == 1 or r.control == "before")]
    panels = list(dict.fromkeys((r.edit, r.site, r.kind) for r in found if not r.control))
    if not panels:
        raise ValueError("there is no edit of strength 1 with a score to draw")
    n_column = min(_COLUMNS, len(panels))
    n_row = math.ceil(len(panels) / n_column)
    with house_style():
        figure = Figure(figsize=(1.2 + 2.9 * n_column, 1.5 + 2.3 * n_row), layout="constrained")
        grid = figure.subplots(n_row, n_column, squeeze=False)
        for axes in grid.flat[len(panels) :]:
            axes.set_axis_off()
        for axes, panel in zip(grid.flat, panels, strict=False):
            _draw(axes, [r for r in found if (r.edit, r.site, r.kind) == panel])
        for axes in grid[:, 0]:
            axes.set_ylabel("KL, nats")
        for column in range(n_column):
            last = (len(panels) - 1 - column) // n_column
            grid[last, column].set_xlabel("symbols predicted together")
        first = found[0]
        who = " on ".join(filter(None, (display_name(first.predictor), first.process)))
        title = f"{who}: edits at row {first.row}" if who else f"Edits at row {first.row}"
        figure.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="bold", color=INK)
        entries = [entry for axes in grid.flat for entry in zip(*axes.get_legend_handles_labels(), strict=True)]
        handles = {label: handle for handle, label in entries}
        names = [_TO_INJECTED, _TO_ORIGINAL, _BEFORE, *(label for _, label in CONTROL_MARKS.values())]
        names = [name for name in names if name in handles]
        figure.legend(
            [handles[name] for name in names], names, loc="outside lower left", ncols=3, fontsize=8, handlelength=1.8
        )
    return figure


def _draw(axes: Axes, rows: Sequence[EditEffect]) -> None:
    def curve(control: str, what: str) -> tuple[np.ndarray, np.ndarray]:
        chosen = sorted((r for r in rows if r.control == control), key=lambda r: r.horizon)
        return np.array([r.horizon for r in chosen]), np.array([float(getattr(r, what)) for r in chosen])

    for control, (marker, label) in CONTROL_MARKS.items():
        horizon, kl = curve(control, "kl_to_injected")
        if len(horizon):
            shown = np.where(np.isfinite(kl), kl, np.nan)
            axes.plot(horizon, shown, marker=marker, markersize=4.5, linestyle="none", color=MUTED, label=label)
            _infinite(axes, horizon[np.isinf(kl)], MUTED)
    for label, control, what, colour, line, marker in (
        (_BEFORE, "before", "kl_to_injected", MUTED, "--", ""),
        (_TO_ORIGINAL, "", "kl_to_original", BLUE, "-", "o"),
        (_TO_INJECTED, "", "kl_to_injected", VERMILLION, "-", "o"),
    ):
        horizon, kl = curve(control, what)
        shown = np.where(np.isfinite(kl), kl, np.nan)
        axes.plot(horizon, shown, label=label, color=colour, linestyle=line, marker=marker)
        _infinite(axes, horizon[np.isinf(kl)], colour)
    first = rows[0]
    where = f"{first.edit}, {first.site}" if first.site else first.edit
    verdicts = "; ".join(verdict_runs([r for r in rows if not r.control]))
    axes.annotate(
        textwrap.shorten(f"{where}: {verdicts}", 58), (0, 1), xytext=(0, 2.5), xycoords="axes fraction",
        textcoords="offset points", fontsize=7, color=MUTED,
    )  # fmt: skip
    axes.set_title(first.kind, fontsize=9.5, pad=14)
    axes.set_xticks(sorted({r.horizon for r in rows}))
    axes.set_ylim(bottom=0)
    axes.margins(y=0.12)
    axes.grid(axis="y", color=GRID)
    axes.tick_params(length=0)
    axes.spines["left"].set_visible(False)


def _infinite(axes: Axes, horizons: np.ndarray, colour: str) -> None:
    for horizon in horizons:
        axes.text(horizon, 1.0, "∞", transform=axes.get_xaxis_transform(), color=colour, ha="center", va="top")
