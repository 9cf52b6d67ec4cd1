"""What networks keep of a belief that is wider than they are: of the whole, and of each of two factors."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from compmech.draw import PAGE_WIDTH, publish
from compmech.draw.style import GRID, INK, house_style
from probes.report.style import colour_of, display_name, marker_of

RECORDED = Path(__file__).parents[1] / "results" / "width.json"
TITLES = {"belief": "the whole belief", "factor-1": "the first factor", "factor-2": "the second factor"}
QUOTED = 4
"""Width whose numbers the page quotes: as many dimensions as both factors have."""


def main(out: Path, *, rng: np.random.Generator, small: bool = False) -> None:
    """All of it is recorded."""
    recorded = json.loads(RECORDED.read_text(encoding="utf-8"))
    rows, limits = recorded["rows"], recorded["best_linear"]
    [limit] = [each["r2"] for each in limits if each["dimension"] == QUOTED]
    quoted = [row for row in rows if row["width"] == QUOTED]
    numbers = {
        "width": QUOTED,
        "best_linear": {name.replace("-", "_"): limit[name] for name in TITLES},
        "most": {name.replace("-", "_"): max(row["r2"][name] for row in quoted) for name in TITLES},
    }
    publish(out, "narrow", numbers, {"kept": picture(rows, limits)})


def picture(rows: list[dict[str, Any]], limits: list[dict[str, Any]]) -> Figure:
    """Every seed a line, beside the best linear belief of as many dimensions."""
    widths = sorted({row["width"] for row in rows})
    with house_style():
        figure = Figure(figsize=(PAGE_WIDTH, 3.2), layout="constrained")
        panels = figure.subplots(1, len(TITLES), sharey=True)
        for axes, (name, title) in zip(panels, TITLES.items(), strict=True):
            for kind, seed in dict.fromkeys((row["kind"], row["seed"]) for row in rows):
                own = sorted(
                    (row["width"], row["r2"][name]) for row in rows if (row["kind"], row["seed"]) == (kind, seed)
                )
                axes.plot(*zip(*own, strict=True), color=colour_of(kind, ()), marker=marker_of(kind, ()), markersize=4,
                          linewidth=1.0, label=display_name(kind) if seed == 0 else None)  # fmt: skip
            best = [(limit["dimension"], limit["r2"][name]) for limit in limits]
            axes.plot(*zip(*best, strict=True), color=INK, linewidth=2, label="best linear summary", zorder=1)
            axes.set(xlabel="width, or dimensions", xscale="log")
            axes.set_xticks(widths, [f"{width}" for width in widths])
            axes.minorticks_off()
            axes.set_title(title, fontweight="normal")
            axes.grid(axis="y", color=GRID)
        panels[0].set(ylabel="held-out R²", ylim=(-0.05, 1.03))
        figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper center", ncols=5, fontsize=8)
    return figure
