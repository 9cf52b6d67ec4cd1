"""Where a transformer holds the belief of one who only adds up, and what its first attention takes from the past."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from compmech.draw import PAGE_WIDTH, publish
from compmech.draw.style import BLUE, GRID, INK, MUTED, VERMILLION, house_style
from probes.report.legend import entry

RECORDED = Path(__file__).parents[1] / "results" / "constrained.json"
TARGETS = {"belief": ("full belief", VERMILLION, "o"), "constrained": ("constrained belief", BLUE, "s")}
STATES = {"trained": "solid", "untrained": (0, (1, 1.2))}


def main(out: Path, *, rng: np.random.Generator, small: bool = False) -> None:
    """All of it is recorded."""
    recorded = json.loads(RECORDED.read_text(encoding="utf-8"))
    cases = {case: [row for row in recorded["rows"] if row["case"] == case] for case in recorded["settings"]["cases"]}
    numbers = {
        case.replace(", ", "_").replace(" = ", "_").replace(" ", "_").replace(".", "_"): {
            target: float(np.mean([middle(row)[target] for row in rows if row["seed"] is not None]))
            for target in TARGETS
        }
        for case, rows in cases.items()
    }
    publish(out, "adding_up", numbers, {"places": picture(cases)})


def middle(row: dict[str, Any]) -> dict[str, float]:
    """R² after the first attention, before the first perceptron."""
    found: dict[str, float] = row["trained"]["sites"]["layer.0 amid"]
    return found


def picture(cases: dict[str, list[dict[str, Any]]]) -> Figure:
    """Above what is read where, below what the first attention writes, by lag, beside theory."""
    with house_style():
        figure = Figure(figsize=(PAGE_WIDTH, 4.9), layout="constrained")
        panels = figure.subplots(2, len(cases), sharey="row")
        for (case, rows), above, below in zip(cases.items(), *panels, strict=True):
            draw_sites(above, [row for row in rows if row["seed"] is not None])
            draw_lags(below, rows)
            above.set_title(case, fontweight="normal")
        panels[0, 0].set_ylabel("held-out R²")
        panels[1, 0].set_ylabel("effect of a symbol, lag 1 as 1")
        for axes in panels[1]:
            axes.set_xlabel("lag, symbols")
        figure.legend(handles=entries(), loc="outside upper center", ncols=4, fontsize=8)
    return figure


def draw_sites(axes: Axes, rows: list[dict[str, Any]]) -> None:
    """Every seed, by place in the stream."""
    for row in rows:
        for state, dash in STATES.items():
            sites = row[state]["sites"]
            for target, (_, colour, marker) in TARGETS.items():
                axes.plot([r2[target] for r2 in sites.values()], color=colour, marker=marker, markersize=3,
                          linestyle=dash, linewidth=1.1)  # fmt: skip
    names = [name.replace("layer.0 amid", "0\namid").replace("layer.", "") for name in rows[0]["trained"]["sites"]]
    axes.set_xticks(range(len(names)), names)
    axes.set(xlabel="after block", ylim=(0.5, 1.01), xlim=(-0.4, len(names) - 0.6))
    axes.grid(axis="y", color=GRID)


def draw_lags(axes: Axes, rows: list[dict[str, Any]]) -> None:
    """From lag 1 on: the symbol just read is in the stream already, and attention need not bring it."""
    alone = next(row for row in rows if row["seed"] is None)
    for row in rows:
        if row["seed"] is not None:
            signed = row["trained"]["effects"]["signed"][1:]
            axes.plot(range(1, len(signed) + 1), signed, color=VERMILLION, marker="o", markersize=3, linewidth=1.1)
    lags = np.arange(1, len(signed) + 1)
    axes.set_xticks(lags[::2])
    axes.plot(lags, alone["eigenvalue"] ** (lags - 1.0), color=BLUE, linestyle=(0, (4, 1.5)), linewidth=1.3)
    axes.plot(lags, alone["best_additive"]["signed"][1:], color=INK, linestyle=(0, (1, 1.2)), zorder=4)
    axes.axhline(0, color=MUTED, linewidth=0.8)
    axes.grid(axis="y", color=GRID)


def entries() -> list[Line2D]:
    """Of the legend: above, then below."""
    above = [entry(words, color=colour, marker=marker, markersize=4, linestyle="solid")
             for words, colour, marker in TARGETS.values()]  # fmt: skip
    return [
        *above,
        entry("untrained", color=MUTED, linestyle=STATES["untrained"]),
        entry("below: networks", color=VERMILLION, marker="o", markersize=4, linestyle="solid"),
        entry("constrained belief", color=BLUE, linestyle=(0, (4, 1.5))),
        entry("best sum for the full belief", color=INK, linestyle=(0, (1, 1.2))),
    ]
