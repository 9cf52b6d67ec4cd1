"""Whether the directions along which a belief lies turn while a network learns: by two probes, and by angles."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from compmech.draw import PAGE_WIDTH, publish
from compmech.draw.style import BLUE, GRID, INK, MUTED, VERMILLION, blank_figure, house_style
from probes.report.legend import entry, network_entry
from probes.report.style import colour_of, marker_of

RECORDED = Path(__file__).parents[1] / "results" / "forming.json"
READ = {"mess3": "belief", "rrxor": "beyond", "z1r": "belief"}
"""What is followed in each process."""

PANELS = {
    "mess3, transformer": "Mess3, transformer: the belief",
    "rrxor, transformer": "RRXOR, transformer: beyond the next symbol",
    "mess3, transformer, constant rate": "Mess3, transformer, constant learning rate",
}
QUOTED = {
    "falling": ("mess3, transformer", {"early": 100, "late": 600}),
    "constant": ("mess3, transformer, constant rate", {"early": 200, "half": 1000, "late": 1500}),
}
"""Checkpoints in the table of the page, of two cases."""

LEAST = -0.6
"""R² below it are drawn there."""


def main(out: Path, *, rng: np.random.Generator, small: bool = False) -> None:
    """All of it is recorded."""
    rows = {row["case"]: row for row in json.loads(RECORDED.read_text())["rows"]}
    numbers = {slug(case): digest(row) for case, row in rows.items()}
    numbers["quoted"] = {
        f"{rate}_{when}": {"made": step, "to_go": rows[case]["steps"][-1] - step}
        for rate, (case, steps) in QUOTED.items()
        for when, step in steps.items()
    }
    publish(out, "spin", numbers, {"probes": picture(rows)})


def slug(case: str) -> str:
    """A name without blanks."""
    return case.replace(", ", "_").replace(" ", "_")


def digest(row: dict[str, Any]) -> dict[str, Any]:
    """At each checkpoint, by the steps made, the mean over seeds; and what stands for no relation at all."""
    site, target = row["sites"][-1], READ[row["process"]]
    found: dict[str, Any] = {}
    for place, step in enumerate(row["steps"]):
        at = [course[site][target][place] for course in row["seeds"]]
        turns = [course[site]["turns"][place] for course in row["seeds"]]
        found[f"step_{step}"] = {
            "refitted": mean(at, "refitted"),
            "fixed": mean(at, "fixed"),
            "angle": mean(at, "angle"),
            "turned": mean(turns, "angle"),
            "aligned": mean(turns, "aligned"),
            "unturned": mean(turns, "unturned"),
            "kl": float(np.mean([course["kl_nats"][place] for course in row["seeds"]])),
        }
    foreign = [course[site] for course in row["of_another_seed"]]
    found["other_seed"] = {
        "fixed": mean([each[target][0] for each in foreign], "fixed"),
        "angle": mean([each[target][0] for each in foreign], "angle"),
        "turned": mean([each["turns"][0] for each in foreign], "angle"),
        "unturned": mean([each["turns"][0] for each in foreign], "unturned"),
    }
    return found


def mean(rows: list[dict[str, Any]], key: str) -> float | None:
    """Over seeds; None where nothing is encoded yet."""
    values = [row[key] for row in rows if row[key] is not None]
    return float(np.mean(values)) if len(values) == len(rows) else None


def places(steps: list[int]) -> np.ndarray:
    """Where steps are drawn on a logarithmic axis: 0 a little before the first."""
    return np.array([steps[1] / 2.5 if step == 0 else step for step in steps], dtype=float)


def picture(rows: dict[str, Any]) -> Figure:
    """Three panels of R² by step, own probe and the last one; and the angle to the last checkpoint."""
    with house_style():
        figure = blank_figure(PAGE_WIDTH, 5.4)
        spots = ((0.075, 0.595), (0.57, 0.595), (0.075, 0.085))
        for (case, title), spot in zip(PANELS.items(), spots, strict=True):
            axes = figure.add_axes((*spot, 0.415, 0.35))
            draw_probes(axes, rows[case])
            axes.set_title(title, fontweight="normal")
            if spot == spots[0]:
                axes.legend(loc="center left", bbox_to_anchor=(0.0, 0.62), fontsize=8)
            if spot[0] < 0.5:
                axes.set_ylabel("held-out R²")
            axes.set_xlabel("updates made")
        axes = figure.add_axes((0.57, 0.085, 0.415, 0.35))
        draw_angles(axes, rows)
        axes.set_title("angle to the last checkpoint, degrees", fontweight="normal")
        axes.set_xlabel("share of the updates made")
    return figure


def draw_probes(axes: Axes, row: dict[str, Any]) -> None:
    """Every seed."""
    site, target = row["sites"][-1], READ[row["process"]]
    x = places(row["steps"])
    for seed, course in enumerate(row["seeds"]):
        curve = course[site][target]
        own = [each["refitted"] for each in curve]
        fixed = np.maximum([each["fixed"] for each in curve], LEAST)
        axes.plot(x, own, color=BLUE, marker="s", markersize=3.5, label=None if seed else "its own probe")
        axes.plot(x, fixed, color=VERMILLION, marker="o", markersize=3.5, linestyle=(0, (4, 1.5)),
                  label=None if seed else "the last one's probe")  # fmt: skip
    axes.axhline(0, color=INK, linewidth=0.8)
    axes.set(xscale="log", ylim=(LEAST - 0.06, 1.04))
    shown = [0, *(step for step in (10, 30, 100, 300, 1000) if row["steps"][1] <= step <= row["steps"][-1])]
    axes.set_xticks(
        [places([0, row["steps"][1]])[0] if step == 0 else step for step in shown], [f"{s:,}" for s in shown]
    )
    axes.minorticks_off()
    axes.grid(axis="y", color=GRID)


def draw_angles(axes: Axes, rows: dict[str, Any]) -> None:
    """Of the encoding subspace, every case, and between seeds at the right."""
    for row in rows.values():
        site, target = row["sites"][-1], READ[row["process"]]
        if row["process"] == "z1r":
            continue
        style = "solid" if row["schedule"] == "cosine" else (0, (1, 1.2))
        colour, marker = colour_of(row["kind"], ()), marker_of(row["kind"], ())
        for course in row["seeds"]:
            angle = [np.nan if each["angle"] is None else each["angle"] for each in course[site][target]]
            x = np.array(row["steps"]) / row["steps"][-1]
            axes.plot(x, angle, color=colour, linestyle=style, marker=marker, markersize=3, linewidth=1.1)
        for foreign in row["of_another_seed"]:
            axes.plot(1.06, foreign[site][target][0]["angle"], marker=marker, color=colour, clip_on=False,
                      markerfacecolor="white", linestyle="none")  # fmt: skip
    handles = [network_entry(kind, linestyle="solid", markersize=4)
               for kind in dict.fromkeys(row["kind"] for row in rows.values())]  # fmt: skip
    handles.append(entry("constant rate", color=INK, linestyle=(0, (1, 1.2))))
    axes.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.55, 1.04), fontsize=8)
    axes.annotate("other\nseed", (1.06, 58), ha="center", fontsize=7.5, color=MUTED)
    axes.set(xlim=(-0.02, 1.1), ylim=(0, 92))
    axes.grid(axis="y", color=GRID)
