"""Panels of what a budget buys: score, or divergence from the optimum, against what training cost."""

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, StrMethodFormatter

from probes.report.legend import network_entry
from probes.report.loss_panels import log_axis
from probes.report.style import GRID, MUTED, colour_of, marker_of
from probes.tables import BudgetRow

__all__ = ["COSTS", "draw_by_cost", "network_handles"]

COSTS = {
    "symbols_seen": "symbols seen",
    "flops": "operations of training",
    "seconds": "seconds of training",
    "parameters": "parameters",
}
"""What is paid, by column of the rows."""

_TARGETS = {"belief": "the belief", "beyond": "what lies beyond"}

_SMALLEST = 1e-9
"""KL below this, in nats, is rounding and has no place on a log axis."""


def draw_by_cost(
    axes: Axes, rows: Sequence[BudgetRow], among: Sequence[str], cost: str, value: Literal["score", "kl"]
) -> None:
    """One line for each network and seed; of parameters the last checkpoint alone.

    Checkpoints that cost nothing have no place on a log axis and are left out.
    """
    runs = dict.fromkeys((row.predictor, row.seed) for row in rows)
    drawn = False
    for predictor, seed in runs:
        own = [row for row in rows if (row.predictor, row.seed) == (predictor, seed)]
        own = own[-1:] if cost == "parameters" else own
        paid = np.array([getattr(row, cost) or np.nan for row in own], dtype=float)
        got = np.array([np.nan if (v := getattr(row, value)) is None else v for row in own], dtype=float)
        shown = np.isfinite(paid) & np.isfinite(got) & ((got > _SMALLEST) | (value == "score"))
        axes.plot(
            paid[shown],
            got[shown],
            color=colour_of(predictor, among),
            marker=marker_of(predictor, among),
            markersize=4,
            linewidth=1.4,
        )
        drawn = drawn or bool(shown.any())
    if not drawn:
        axes.text(0.5, 0.5, "not counted", transform=axes.transAxes, ha="center", color=MUTED)
    elif cost == "parameters" and max(row.parameters for row in rows) < 10 * min(row.parameters for row in rows):
        axes.xaxis.set_major_locator(MaxNLocator(2))
        axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
        axes.margins(x=0.25)
    else:
        log_axis(axes, "x")
    if drawn and value == "kl":
        log_axis(axes, "y")
    if value == "score":
        axes.set_ylim(min(-0.03, axes.get_ylim()[0]), 1.03)
    axes.set_xlabel(COSTS[cost])
    target = rows[0].target
    axes.set_ylabel("KL from the optimum, nats" if value == "kl" else f"held-out R² of {_TARGETS.get(target, target)}")
    axes.grid(axis="y", color=GRID)
    axes.tick_params(length=0, which="both")
    axes.spines["left"].set_visible(False)


def network_handles(rows: Sequence[BudgetRow], among: Sequence[str], names: Mapping[str, str]) -> list[Line2D]:
    """A legend entry for each network."""
    return [
        network_entry(name, among, label=names[name], linestyle="solid", markersize=5)
        for name in dict.fromkeys(row.predictor for row in rows)
    ]
