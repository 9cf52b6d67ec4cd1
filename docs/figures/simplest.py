"""What optimisers leave in a state that one bit would do for, and which processes networks find easy."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from compmech import NoFiniteEpsilonMachine, epsilon_machine, zoo
from compmech.draw import PAGE_WIDTH, publish
from compmech.draw.style import (
    BLUE,
    GREEN,
    GRID,
    MUTED,
    ORANGE,
    PINK,
    VERMILLION,
    blank_figure,
    house_style,
    named_rows,
)
from probes.report.legend import entry, network_entry
from probes.report.loss_panels import log_axis
from probes.report.style import colour_of, marker_of

RESULTS = Path(__file__).parents[1] / "results"
OPTIMISERS = {
    "AdamW": (BLUE, "o"),
    "AdamW, no decay": (GREEN, "D"),
    "AdamW, decay 1": (ORANGE, "v"),
    "SGD": (VERMILLION, "s"),
    "Muon": (PINK, "^"),
}
NETWORKS = ("mamba", "mamba2", "transformer", "lstm", "gru", "rnn", "lru", "mingru")
EASE = {
    "even": zoo.even(),
    "z1r": zoo.z1r(),
    "rrxor": zoo.rrxor(),
    "parity_check-n3": zoo.parity_check(n=3),
    "frdn": zoo.frdn(),
    "mess3": zoo.mess3(),
}
PLACES = {"gru": "GRU, all that it carries on", "transformer": "transformer, the stream at the present row"}


def main(out: Path, *, rng: np.random.Generator, small: bool = False) -> None:
    """Two parts are recorded; the states are counted."""
    dead = json.loads((RESULTS / "dead-information.json").read_text())
    learning = json.loads((RESULTS / "learning.json").read_text())["rows"]
    factored = json.loads((RESULTS / "factored.json").read_text())["rows"]
    extracted = json.loads((RESULTS / "extraction.json").read_text())["summary"]
    states = {name: causal_states(name) for name in EASE}
    ease = {
        name: {row["predictor"]: row["mean_kl_nats"] for row in learning if row["process"] == name} for name in EASE
    }
    together = {
        how: [
            place["r2"]["together"]["score"]
            for row in factored
            if row.get("trained") is (how == "trained")
            for place in row["sites"].values()
        ]
        for how in ("trained", "untrained")
    }
    numbers = {
        "n_seeds": len({row["seed"] for row in dead["rows"]}),
        "steps": dead["settings"]["checkpoints"][-1],
        "optimisers": {kind: by_optimiser(dead["rows"], kind) for kind in PLACES},
        "states": {name: count if count is not None else "inf" for name, count in states.items()},
        "ease": ease,
        "together": {how: {"least": min(values), "most": max(values)} for how, values in together.items()},
        "extracted": {
            "networks": sum(len(each["seeds"]) for each in extracted.values()),
            "recovered": sum(len(each["recovered"]) for each in extracted.values()),
        },
    }
    publish(out, "simplest", numbers, {"dead": dead_figure(dead["rows"]), "ease": ease_figure(ease, states)})


def causal_states(name: str) -> int | None:
    """How many; None if infinitely many."""
    try:
        return epsilon_machine(EASE[name]).n_state
    except NoFiniteEpsilonMachine:
        return None


def by_optimiser(rows: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    """Before training, and at the end by optimiser: least, mean and most over seeds."""
    here = [row for row in rows if row["kind"] == kind]
    found = {"untrained": spread([row["course"][0] for row in here if row["optimiser"] == "AdamW"])}
    for name in OPTIMISERS:
        key = name.lower().replace(", ", "_").replace(" ", "_")
        found[key] = spread([row["course"][-1] for row in here if row["optimiser"] == name])
    return found


def spread(ends: list[dict[str, Any]]) -> dict[str, Any]:
    """Of everything that was measured."""
    values = {
        key: [each[key] for each in ends] for key in ("kl_nats", "belief", "share_of_belief", "effective_dimension")
    }
    values |= {f"coin_{lag + 1}": [each["coin"][lag] for each in ends] for lag in range(len(ends[0]["coin"]))}
    return {key: {"least": min(each), "mean": float(np.mean(each)), "most": max(each)} for key, each in values.items()}


def dead_figure(rows: list[dict[str, Any]]) -> Figure:
    """Above: R² of the coin by its age, at the end. Below: the belief's share of the variance against KL, in time."""
    with house_style():
        figure = blank_figure(PAGE_WIDTH, 5.4)
        for place, (kind, title) in enumerate(PLACES.items()):
            here = [row for row in rows if row["kind"] == kind]
            lags = np.arange(1, len(here[0]["course"][0]["coin"]) + 1)
            above = figure.add_axes((0.08 + 0.5 * place, 0.535, 0.4, 0.34))
            below = figure.add_axes((0.08 + 0.5 * place, 0.085, 0.4, 0.34))
            for row in here:
                colour, marker = OPTIMISERS[row["optimiser"]]
                shift = 0.09 * (list(OPTIMISERS).index(row["optimiser"]) - 2)
                above.plot(lags + shift, row["course"][-1]["coin"], color=colour, marker=marker, linestyle="none",
                           markersize=4.5, alpha=0.8)  # fmt: skip
                course = np.array([(each["kl_nats"], each["share_of_belief"]) for each in row["course"]])
                below.plot(*course.T, color=colour, marker=marker, markersize=3, linewidth=0.9, alpha=0.8)
            for row in here:
                if row["optimiser"] == "AdamW":
                    above.plot(lags - 0.33, row["course"][0]["coin"], color=MUTED, marker="_", linestyle="none",
                               markersize=8)  # fmt: skip
            above.set(xticks=lags, ylim=(-0.06, 1.04), xlabel="age of the coin, symbols")
            above.set_title(title, fontweight="normal")
            below.set(ylim=(0, 1.04), xlabel="KL to the optimum, nats per symbol")
            log_axis(below, "x")
            below.invert_xaxis()
            if place == 0:
                above.set_ylabel("held-out R² of the coin")
                below.set_ylabel("the belief's share of the variance")
            for axes in (above, below):
                axes.grid(axis="y", color=GRID)
        handles = [entry(name, color=colour, marker=marker) for name, (colour, marker) in OPTIMISERS.items()]
        handles.append(entry("untrained", color=MUTED, marker="_", markersize=8))
        figure.legend(handles=handles, loc="upper center", ncols=6, fontsize=8, columnspacing=1.1, handletextpad=0.2)
    return figure


def ease_figure(ease: dict[str, dict[str, float]], states: dict[str, int | None]) -> Figure:
    """KL reached at one budget, processes in the order of their causal states."""
    with house_style():
        figure = blank_figure(PAGE_WIDTH, 3.1)
        axes = figure.add_axes((0.275, 0.155, 0.56, 0.81))
        for row, reached in enumerate(ease.values()):
            for network in NETWORKS:
                axes.plot(reached[network], row, color=colour_of(network, NETWORKS), alpha=0.9,
                          marker=marker_of(network, NETWORKS), linestyle="none")  # fmt: skip
        labels = [f"{EASE[name].name}, {'infinitely many' if count is None else count} states"
                  for name, count in states.items()]  # fmt: skip
        named_rows(axes, labels)
        axes.set_xlabel("KL to the optimum, nats per symbol")
        log_axis(axes, "x")
        axes.grid(color=GRID)
        handles = [network_entry(name) for name in NETWORKS]
        figure.legend(handles=handles, loc="center right", fontsize=8)
    return figure
