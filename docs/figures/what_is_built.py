"""The beliefs of three processes, and what is read of them from a transformer as it learns."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from compmech.draw import PAGE_WIDTH, publish
from compmech.draw.style import BLUE, GRID, MUTED, PINK, VERMILLION, blank_figure, house_style
from probes.report.legend import entry
from probes.report.loss_panels import log_axis
from probes.report.style import belief_colours

RECORDED = Path(__file__).parents[1] / "results" / "forming.json"
TITLES = {"mess3": "Mess3", "z1r": "Z1R", "rrxor": "RRXOR"}


def main(out: Path, *, rng: np.random.Generator, small: bool = False) -> None:
    """All of it is recorded."""
    found = {row["process"]: row for row in json.loads(RECORDED.read_text())["rows"] if "picture" in row}
    assert set(found) == set(TITLES)
    rows = {name: found[name] for name in TITLES}
    numbers = {name: digest(row) for name, row in rows.items()}
    publish(out, "what_is_built", numbers, {"beliefs": beliefs_figure(rows), "courses": courses_figure(rows)})


def digest(row: dict[str, Any]) -> dict[str, Any]:
    """R² at the last place by updates made, of the first seed, whose picture is shown; and of each seed at the end."""
    site = row["sites"][-1]
    targets = [name for name in row["seeds"][0][site] if name != "turns"]
    found: dict[str, Any] = {"n_histories": row["histories"], "n_shown": len(row["picture"]["true"])}
    for place, step in enumerate(row["steps"]):
        found[f"step_{step}"] = {name: row["seeds"][0][site][name][place]["refitted"] for name in targets}
        found[f"step_{step}"]["kl"] = row["seeds"][0]["kl_nats"][place]
    for key, place in (("untrained", 0), ("end", -1)):
        found[key] = {
            f"seed_{seed}": {name: course[site][name][place]["refitted"] for name in targets}
            | {"kl": course["kl_nats"][place]}
            for seed, course in enumerate(row["seeds"])
        }
    return found


def points_of(told: list[str]) -> np.ndarray:
    """From "x y" in thousandths."""
    return np.array([[int(v) for v in point.split()] for point in told]) / 1000


def beliefs_figure(rows: dict[str, Any]) -> Figure:
    """One line for each process: the exact beliefs, then what each checkpoint's own probe reads, held out."""
    with house_style():
        figure = blank_figure(PAGE_WIDTH, 4.1)
        for line, (name, row) in enumerate(rows.items()):
            picture, site = row["picture"], row["sites"][-1]
            true, colours = points_of(picture["true"]), belief_colours(points_of(picture["colour"]))
            target = "beyond" if name == "rrxor" else "belief"
            for column, (step, points) in enumerate([("", picture["true"]), *picture["read"].items()]):
                axes = figure.add_axes((0.045 + 0.16 * column, 0.67 - 0.33 * line, 0.15, 0.28))
                draw_beliefs(axes, points_of(points), true, colours, picture["corners"])
                if step:
                    score = row["seeds"][0][site][target][row["steps"].index(int(step))]["refitted"]
                    axes.set_title(f"step {int(step):,}, R² {score:.2f}", fontsize=8, fontweight="normal", loc="center")
                else:
                    axes.set_title("exact", fontsize=8, fontweight="normal", loc="center")
            figure.text(0.012, 0.81 - 0.33 * line, TITLES[name], rotation=90, va="center", fontweight="bold")
    return figure


def draw_beliefs(
    axes: Axes, points: np.ndarray, true: np.ndarray, colours: np.ndarray, corners: list[list[Any]]
) -> None:
    """Points in the frame of the true ones, with the triangle if there is one."""
    order = np.random.default_rng(0).permutation(len(points))
    axes.scatter(*points[order].T, s=3.5, c=colours[order], linewidths=0, alpha=0.85, rasterized=True)
    frame = np.array([[x, y] for _, x, y in corners]).reshape(-1, 2)
    if len(frame):
        axes.fill(*frame.T, facecolor="none", edgecolor=GRID, linewidth=0.9, zorder=0)
    low, high = (f(np.concatenate([true, frame]), axis=0) for f in (np.min, np.max))
    room = 0.2 * (high - low).max()
    axes.set(xlim=(low[0] - room, high[0] + room), ylim=(low[1] - room, high[1] + room))
    axes.set_aspect("equal")
    axes.set_axis_off()


def courses_figure(rows: dict[str, Any]) -> Figure:
    """R² of each target by updates, every seed, last place; KL on a scale of its own."""
    names = {
        "belief": ("the belief", BLUE, "s"),
        "next": ("next symbol", PINK, "^"),
        "beyond": ("beyond the next symbol", VERMILLION, "o"),
    }
    with house_style():
        figure = blank_figure(PAGE_WIDTH, 2.6)
        for place, (name, row) in enumerate(rows.items()):
            axes = figure.add_axes((0.075 + 0.3 * place, 0.17, 0.24, 0.64))
            site, steps = row["sites"][-1], row["steps"]
            x = [steps[1] / 2.5, *steps[1:]]
            beside = axes.twinx()
            beside.spines["right"].set_visible(True)
            for course in row["seeds"]:
                for target, (_, colour, marker) in names.items():
                    if target in course[site]:
                        axes.plot(x, [each["refitted"] for each in course[site][target]], color=colour, marker=marker,
                                  markersize=3.5, linewidth=1.2)  # fmt: skip
                beside.plot(x, course["kl_nats"], color=MUTED, linestyle=(0, (3, 1.5)), linewidth=1.1)
            beside.set_ylim(1e-5, 2)
            log_axis(beside, "y")
            if place < 2:
                beside.set_yticklabels([])
            axes.set(xscale="log", ylim=(-0.09, 1.03), xlabel="updates made")
            shown = [s for s in (10, 100, 1000) if steps[1] <= s <= steps[-1]]
            axes.set_xticks([x[0], *shown], ["0", *(f"{s:,}" for s in shown)])
            axes.minorticks_off()
            axes.set_title(TITLES[name])
            axes.grid(axis="y", color=GRID)
            if place == 0:
                axes.set_ylabel("held-out R²")
        beside.set_ylabel("KL, nats")
        handles = [entry(label, color=colour, marker=marker, markersize=4, linestyle="solid")
                   for label, colour, marker in names.values()]  # fmt: skip
        handles.append(entry("KL (right)", color=MUTED, linestyle=(0, (3, 1.5))))
        figure.legend(handles=handles, loc="upper center", ncols=4, fontsize=8)
    return figure
