"""Two published pictures, on networks of our own: the simplex of Mess3, and distances between beliefs of RRXOR."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from compmech.draw import PAGE_WIDTH, publish
from compmech.draw.style import BLUE, GRID, VERMILLION, house_style
from probes.report.style import belief_colours

RECORDED = Path(__file__).parents[1] / "results" / "shai2024.json"
SEED = 0
"""Which is drawn: on RRXOR the best of them."""

STATES = {"trained": "read from a trained network", "untrained": "from the same, untrained"}
COLUMNS = [(state, how) for state in STATES for how in ("in sample", "held out")]
AGAINST = {"belief": (VERMILLION, "distance of beliefs"), "next": (BLUE, "distance of next symbols")}


def main(out: Path, *, rng: np.random.Generator, small: bool = False) -> None:
    """All of it is recorded."""
    rows = json.loads(RECORDED.read_text(encoding="utf-8"))["rows"]
    found = {(row["process"], row["seed"]): row for row in rows}
    exact, mess3, rrxor = found["mess3", None], found["mess3", SEED], found["rrxor", SEED]
    r2 = {state: mess3[state]["last layer"]["probability"]["history"]["belief"] for state in STATES}
    distance = {
        f"{state}_{how.replace(' ', '_')}": {against: distance_r2(rrxor[state], how, against) for against in AGAINST}
        for state, how in COLUMNS
    }
    figures = {"mess3": simplex_figure(exact, mess3, r2), "rrxor": distances_figure(rrxor)}
    publish(out, "as_published", {"mess3": r2, "rrxor": distance}, figures)


def distance_r2(row: dict[str, Any], how: str, against: str) -> float:
    """Of the distances between beliefs as read, by those of the true ones or of next-symbol distributions."""
    return float(row["all places"]["uniform"]["distance"]["in_sample" if how == "in sample" else "history"][against])


def simplex_figure(exact: dict[str, Any], row: dict[str, Any], r2: dict[str, float]) -> Figure:
    """True, read from the trained network, and from the untrained one."""
    colours = belief_colours(np.array(exact["points"]).clip(0, 1))
    panels = [("exact beliefs", exact["points"])]
    panels += [(f"{title}:\nR² {r2[state]:.3f}", row[state]["points"]) for state, title in STATES.items()]
    with house_style():
        figure = Figure(figsize=(PAGE_WIDTH, 2.6), layout="constrained")
        for axes, (title, points) in zip(figure.subplots(1, 3), panels, strict=True):
            draw_points(axes, np.array(points), colours)
            axes.set_title(title, fontweight="normal", fontsize=8.5)
    return figure


def draw_points(axes: Axes, points: np.ndarray, colours: np.ndarray) -> None:
    """In the triangle, beyond its edges where a probe says so."""
    corners = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, np.sqrt(3) / 2]])
    axes.fill(*corners.T, facecolor="none", edgecolor=GRID, linewidth=1.0)
    axes.scatter(*(points @ corners).T, s=3, c=colours, linewidths=0, alpha=0.8, rasterized=True)
    axes.set(xlim=(-0.1, 1.1), ylim=(-0.1, 0.97), aspect="equal")
    axes.set_axis_off()


def distances_figure(row: dict[str, Any]) -> Figure:
    """Distances of beliefs as read, against those of the true ones and those of next-symbol distributions."""
    with house_style():
        figure = Figure(figsize=(PAGE_WIDTH, 4.2), layout="constrained")
        panels = figure.subplots(len(AGAINST), len(COLUMNS), sharex="row", sharey=True)
        for column, (state, how) in enumerate(COLUMNS):
            pairs = row[state]["pairs"]
            for axes, (against, (colour, words)) in zip(panels[:, column], AGAINST.items(), strict=True):
                axes.scatter(pairs[against], pairs[how], s=3, color=colour, alpha=0.25, linewidths=0, rasterized=True)
                axes.text(0.04, 0.97, f"R² {distance_r2(row[state], how, against):.2f}", transform=axes.transAxes,
                          va="top", fontsize=8.5)  # fmt: skip
                axes.set(xlim=(-0.1, 1.55), xticks=(0, 0.5, 1, 1.5), ylim=(-0.1, 2.1))
                axes.set_xticks((0, 0.5, 1, 1.5), ("0", "0.5", "1", "1.5"))
                axes.set_xlabel(words, fontsize=8)
                axes.grid(color=GRID)
            panels[0, column].set_title(f"{state}, {how}", fontweight="normal", fontsize=8.5)
        for axes in panels[:, 0]:
            axes.set_ylabel("distance as read")
    return figure
