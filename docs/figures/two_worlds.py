"""A network finds out in context which of two processes it reads: its loss, and the posterior, by symbols read."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from compmech.draw import PAGE_WIDTH, publish
from compmech.draw.style import GRID, INK, house_style
from probes.report.legend import entry, network_entry
from probes.report.style import colour_of, display_name

RECORDED = Path(__file__).parents[1] / "results" / "non-ergodic.json"
FIRST = 4
"""Symbols before which the posterior hardly varies, so that R² means little."""

STATES = {"trained": "solid", "untrained": (0, (1, 1.2))}
EXACT: dict[str, Any] = {"color": INK, "linewidth": 1.6, "linestyle": (0, (4, 1.5))}
TABLE: dict[str, Any] = {"color": INK, "linewidth": 1.2, "linestyle": (0, (6, 1.5, 1.2, 1.5))}


def main(out: Path, *, rng: np.random.Generator, small: bool = False) -> None:
    """All of it is recorded."""
    rows = json.loads(RECORDED.read_text(encoding="utf-8"))["rows"]
    [exact] = [row for row in rows if row["kind"] == "theory"]
    networks = [row for row in rows if row["kind"] != "theory"]
    last = {
        kind: {
            state: float(np.mean([row[state]["to_the_true_one"][-1] for row in networks if row["kind"] == kind]))
            for state in STATES
        }
        for kind in kinds(networks)
    }
    numbers = {"length": len(exact["to_the_true_one"]), "exact": exact["to_the_true_one"][-1], "networks": last}
    publish(out, "two_worlds", numbers, {"positions": picture(exact, networks)})


def kinds(networks: list[dict[str, Any]]) -> list[str]:
    """Of networks, in the order of the file."""
    return list(dict.fromkeys(row["kind"] for row in networks))


def picture(exact: dict[str, Any], networks: list[dict[str, Any]]) -> Figure:
    """Loss, posterior and R²; every seed a line."""
    excess = np.array(exact["excess_by_row"])[1:]
    rows = np.arange(1, len(excess) + 1)
    with house_style():
        figure = Figure(figsize=(PAGE_WIDTH, 3.3), layout="constrained")
        loss, told, r2 = figure.subplots(1, 3)
        for row in networks:
            colour = colour_of(row["kind"], ())
            loss.plot(rows, excess + row["trained"]["kl_bits_by_row"], color=colour, linewidth=1.1)
            for state, dash in STATES.items():
                style: dict[str, Any] = {"color": colour, "linestyle": dash, "linewidth": 1.1}
                told.plot(rows, row[state]["to_the_true_one"], **style)
                r2.plot(rows[FIRST - 1 :], row[state]["r2_by_row"]["component"][FIRST - 1 :], **style)
        loss.plot(rows, excess, **EXACT)
        told.plot(rows, exact["to_the_true_one"], **EXACT)
        r2.axhline(exact["model_free"]["suffix-grams"]["r2"]["component"]["score"], **TABLE)
        for axes, title in (
            (loss, "loss above h, bits"),
            (told, "probability of the true one"),
            (r2, "R² of the posterior"),
        ):
            axes.set_title(title, fontweight="normal")
            axes.set_xlabel("symbols read")
            axes.grid(axis="y", color=GRID)
        loss.set_ylim(0)
        r2.set(ylim=(0, 1.02), xlim=told.get_xlim())
        figure.legend(handles=entries(kinds(networks)), loc="outside upper center", ncols=4, fontsize=8)
    return figure


def entries(names: list[str]) -> list[Line2D]:
    """Of the legend."""
    found = [
        network_entry(name, label=display_name(name) + ("" if state == "trained" else ", untrained"), marker="",
                      linestyle=dash)
        for name in names for state, dash in STATES.items()
    ]  # fmt: skip
    return [*found, entry("exact", **EXACT), entry("table of suffixes", **TABLE)]
