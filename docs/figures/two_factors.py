"""Two independent processes read as one: what the last layer tells of either, and how many directions it fills."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from compmech.draw import PAGE_WIDTH, publish
from compmech.draw.style import GRID, INK, MUTED, house_style
from probes.report.legend import network_entry
from probes.report.style import colour_of, display_name, marker_of

RECORDED = Path(__file__).parents[1] / "results" / "factored.json"
TARGETS = {"factor-1": "first factor", "factor-2": "second factor", "together": "how they go\ntogether"}
KINDS = ("transformer", "gru")
SUM = 4
"""Dimensions of both factors side by side."""

SHARE = 0.95
"""Of the variance: the line in the right panel."""

PLANTED = {"whole belief": (0, (4, 1.5)), "factors side by side": (0, (6, 1.5, 1.2, 1.5))}


def main(out: Path, *, rng: np.random.Generator, small: bool = False) -> None:
    """All of it is recorded."""
    rows = json.loads(RECORDED.read_text(encoding="utf-8"))["rows"]
    networks = [row for row in rows if "kind" in row]
    planted = {row["planted"]: row for row in rows if row.get("planted") in PLANTED}
    trained = [last(row) for row in networks if row["trained"]]
    numbers = {
        "sum": SUM,
        "leading": {name: {"least": min(values), "most": max(values)} for name in TARGETS
                    for values in [[at["r2_leading"][name] for at in trained]]},
        "all_together": {"least": min(values), "most": max(values)}
        if (values := [at["r2"]["together"]["score"] for at in trained]) else {},
    }  # fmt: skip
    publish(out, "two_factors", numbers, {"read": picture(networks, planted)})


def last(row: dict[str, Any]) -> dict[str, Any]:
    """What was found at the last place."""
    found: dict[str, Any] = list(row["sites"].values())[-1]
    return found


def picture(networks: list[dict[str, Any]], planted: dict[str, Any]) -> Figure:
    """Left: R², every seed. Right: variance in the first directions."""
    with house_style():
        figure = Figure(figsize=(PAGE_WIDTH, 3.7), layout="constrained")
        left, right = figure.subplots(1, 2, width_ratios=[1.15, 1])
        for row in networks:
            draw_scores(left, row)
            held = [0, *last(row)["variance_held"]]
            right.plot(held, color=colour_of(row["kind"], ()), linewidth=1.2,
                       linestyle="solid" if row["trained"] else (0, (1, 1.2)))  # fmt: skip
        for name, dash in PLANTED.items():
            held = [0, *planted[name]["variance_held"]]
            right.plot(held, color=MUTED, linewidth=1.3, linestyle=dash, label=f"planted: {name}")
        right.plot([], [], color=INK, linewidth=1.2, linestyle=(0, (1, 1.2)), label="untrained")
        left.set_xticks(range(len(TARGETS)), list(TARGETS.values()))
        left.axhline(0, color=MUTED, linewidth=0.8)
        left.set(ylabel="held-out R²", ylim=(-0.04, 1.04), xlim=(-0.5, 2.5))
        right.axhline(SHARE, color=INK, linewidth=0.6)
        right.set(xlabel="directions", ylabel="share of the variance", xlim=(0, 16), ylim=(0, 1.03))
        right.set_xticks(range(0, 17, 4))
        right.legend(loc="lower right", fontsize=8)
        for axes in (left, right):
            axes.grid(axis="y", color=GRID)
        figure.legend(handles=entries(), loc="outside upper center", ncols=3, fontsize=8)
    return figure


def draw_scores(axes: Axes, row: dict[str, Any]) -> None:
    """From the whole layer, and of a trained one from its first principal components."""
    at, kind = last(row), row["kind"]
    x = np.arange(len(TARGETS)) + (KINDS.index(kind) - 0.5) * 0.3 + 0.05 * (row["seed"] - 2)
    colour, marker = colour_of(kind, ()), marker_of(kind, ())
    axes.plot(x, [at["r2"][name]["score"] for name in TARGETS], linestyle="none", marker=marker, color=colour,
              markerfacecolor=colour if row["trained"] else "white")  # fmt: skip
    if row["trained"]:
        axes.plot(x, [at["r2_leading"][name] for name in TARGETS], linestyle="none", marker="x", color=colour)


def entries() -> list[Line2D]:
    """Of the legend: a column for each way of reading, a row for each network."""
    return [
        network_entry(kind, label=display_name(kind) + how, **look)
        for how, look in (
            ("", {}),
            (", untrained", {"markerfacecolor": "white"}),
            (f", first {SUM} components", {"marker": "x"}),
        )
        for kind in KINDS
    ]
