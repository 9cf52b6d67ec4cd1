"""Machines of processes that nobody names: inferred from data, extracted from networks, and where there is none."""

import json
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from compmech.draw import PAGE_WIDTH, publish
from compmech.draw.style import BLUE, GRID, INK, LOOKS, MUTED, VERMILLION, blank_figure, house_style
from probes.report.loss_panels import log_axis

RESULTS = Path(__file__).parents[1] / "results"
TOOLS = ("compmech", "emic", "sofic")


def main(out: Path, *, rng: np.random.Generator, small: bool = False) -> None:
    """From stored results: the same in small mode."""
    league, extraction, growth = (recorded(name) for name in ("inference", "extraction", "mess3-growth"))
    found = {tool: {row["process"]: row for row in league["summary"] if row["tool"] == tool} for tool in TOOLS}
    networks = [row for row in extraction["rows"] if row["predictor"] != "bayes"]
    grown = [by_length(growth["rows"], n) for n in growth["settings"]["symbols"]]
    trained = list(extraction["summary"].values())
    numbers = {
        "league": {
            "symbols": league["symbols"],
            "n_process": len(found["compmech"]),
            "n_seed": found["compmech"]["coin"]["seeds"],
            "right": {tool: sum(row["right"] for row in rows.values()) for tool, rows in found.items()},
            "series": sum(row["seeds"] for row in found["compmech"].values()),
        },
        "extraction": {
            "n_network": sum(len(each["seeds"]) for each in trained),
            "n_recovered": sum(len(each["recovered"]) for each in trained),
            "n_process": len(trained),
            "largest_difference": max(max(each["largest_difference"]) for each in trained),
            "largest_kl": max(each["largest_kl_nats"] for each in trained),
            "near": extraction["near"],
            "undertrained": {
                f"after_{row['steps']}": {
                    "kl": row["compared"]["kl_nats"],
                    "states": states(row),
                    "rank": row["ranks"][-1],
                }
                for row in networks
                if row["steps"] is not None
            },
        },
        "growth": {f"symbols_{each['symbols']}": each for each in grown},
    }
    publish(out, "unknown_process", numbers, {"found": picture(found, networks, grown)})


def recorded(name: str) -> Any:
    """A file of results."""
    return json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))


def states(row: dict[str, Any]) -> int | None:
    """Of the machine that was given; None where none was."""
    return None if row["n_causal_states"] is None else int(row["n_causal_states"]["value"])


def by_length(rows: list[dict[str, Any]], symbols: int) -> dict[str, Any]:
    """Over seeds: the states of the finite machine, and what it costs more than the source."""
    own = [row for row in rows if row["symbols"] == symbols]
    latent = [row for row in own if not row["is_finite"]]
    return {
        "symbols": symbols,
        "n": len(own),
        "latent_preferred": len(latent),
        "states": sorted(row["finite_states"] for row in own),
        "finite_above": fmean(row["finite_bits"] - row["source_bits"] for row in own),
        "latent_above": fmean(row["bits"] - row["source_bits"] for row in latent),
        "latent_dimensions": sorted({row["dimension"] for row in latent}),
        "latent_free": latent[0]["n_free"],
        "still_growing": sum(row["growth"]["still_growing"] for row in own),
    }


def picture(found: dict[str, dict[str, Any]], networks: list[dict[str, Any]], grown: list[dict[str, Any]]) -> Figure:
    """From data; from networks; no end of states."""
    with house_style():
        figure = blank_figure(PAGE_WIDTH, 3.2)
        draw_league(figure.add_axes((0.18, 0.17, 0.18, 0.67)), found)
        draw_networks(figure.add_axes((0.46, 0.15, 0.22, 0.69)), networks)
        draw_growth(figure.add_axes((0.79, 0.15, 0.17, 0.69)), grown)
    return figure


def draw_league(axes: Axes, found: dict[str, dict[str, Any]]) -> None:
    """How many series of each process gave its machine."""
    names = list(found["compmech"])
    right = np.array([[found[tool][name]["right"] for tool in TOOLS] for name in names])
    axes.imshow(right, cmap="Blues", vmin=0, vmax=14, aspect="auto")
    for row, column in np.ndindex(right.shape):
        axes.text(column, row, str(right[row, column]), ha="center", va="center", fontsize=8, color=INK)
    axes.set_xticks(range(len(TOOLS)), TOOLS, fontsize=8, rotation=25)
    axes.set_yticks(range(len(names)), [name.replace("random phase", "r. phase") for name in names], fontsize=8)
    axes.tick_params(length=0)
    axes.set_title("from data: right of ten", fontweight="normal", fontsize=8.5, x=-0.2)


def draw_networks(axes: Axes, networks: list[dict[str, Any]]) -> None:
    """How far each machine's probabilities are off, against how far the network is from the optimum."""
    names = list(dict.fromkeys(row["process"] for row in networks if states(row) and not row["steps"]))
    for name in names:
        colour, marker = LOOKS[name]
        own = [row["compared"] for row in networks if row["process"] == name and row["compared"].get("isomorphic")]
        axes.plot([each["kl_nats"] for each in own], [each["largest_difference"] for each in own],
                  color=colour, marker=marker, linestyle="none", markersize=4, label=name)  # fmt: skip
    axes.set(xlabel="KL to the optimum, nats", ylim=(8e-6, 0.03))
    axes.margins(x=0.1)
    log_axis(axes, "x")
    log_axis(axes, "y")
    axes.axhline(0.01, color=MUTED, linewidth=0.8, linestyle="--")
    axes.set_title("from networks: probabilities off by", fontweight="normal", fontsize=8.5, x=-0.25)
    axes.grid(axis="y", color=GRID)
    axes.legend(fontsize=7.5, loc="lower right", handletextpad=0.1, borderpad=0)


def draw_growth(axes: Axes, grown: list[dict[str, Any]]) -> None:
    """Mess3: the states of a finite machine, and the dimension of what is taken in its place."""
    for each in grown:
        at = [each["symbols"]] * len(each["states"])
        axes.plot(at, each["states"], color=VERMILLION, marker="o", linestyle="none")
    symbols = [each["symbols"] for each in grown]
    means = [fmean(each["states"]) for each in grown]
    axes.plot(symbols, means, color=VERMILLION, linewidth=1)
    axes.plot([], [], color=VERMILLION, linewidth=1, marker="o", label="states, if finite")
    axes.plot(symbols, [max(each["latent_dimensions"]) for each in grown], color=BLUE, marker="s", label="dimension")
    axes.legend(loc="upper left", fontsize=8, handlelength=1.6, borderpad=0)
    axes.set(xscale="log", xlabel="symbols of Mess3", ylim=(0, 46))
    axes.set_xticks(symbols, [f"{n:,}" for n in symbols], fontsize=7.5)
    axes.minorticks_off()
    axes.grid(axis="y", color=GRID)
    axes.set_title("no finite machine: Mess3", fontweight="normal", fontsize=8.5, x=-0.12)
