"""What predictions do when the belief in a network is exchanged, in all that it carries on or in one place alone."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from compmech.draw import PAGE_WIDTH, publish
from compmech.draw.style import GRID, INK, MUTED, blank_figure, house_style, named_rows
from probes.report.legend import entry, network_entry
from probes.report.style import colour_of, display_name, marker_of

RECORDED = Path(__file__).parents[1] / "results" / "architectures.json"
ARCHITECTURES = ("mamba", "mamba2", "transformer", "lstm", "gru", "rnn")
PROCESSES = {
    "mess3": "Mess3",
    "two_mess3": "one of two Mess3",
    "bloch_walk": "Bloch Walk",
    "frdn": "FRDN",
    "nemo": "Nemo",
    "rrxor": "RRXOR",
    "moon": "Moon",
}
CONTROLS = {"wrong-belief": "x", "random-direction": "+", "shuffled-probe": "1", "untrained": "|"}
LEAST = -0.55
"""Effects below it are drawn there."""


def main(out: Path, *, rng: np.random.Generator, small: bool = False) -> None:
    """All of it is recorded."""
    recorded = json.loads(RECORDED.read_text())
    studies = {each["process"]: each for each in recorded["processes"]}
    found = {name: {a: effects(studies[name], a) for a in ARCHITECTURES} for name in PROCESSES}
    numbers: dict[str, Any] = {"n_seeds": recorded["seeds"]}
    for name, by_network in found.items():
        numbers[name] = {a: means(each) for a, each in by_network.items()}
        numbers[name]["horizon"] = len(studies[name]["horizon_ranks"])
    clear = [numbers[name][a]["strongest_control"] for name in ("mess3", "two_mess3") for a in ARCHITECTURES]
    numbers["strongest_on_mess3"] = max(clear)
    publish(
        out, "is_it_used", numbers, {"controls": controls_figure(found), "places": places_figure(found["two_mess3"])}
    )


def effects(study: dict[str, Any], architecture: str) -> dict[str, Any]:
    """Statistics over seeds of how far joint predictions of all symbols looked at go, by what was edited."""
    [network] = [each for each in study["networks"] if each["predictor"] == architecture]
    longest = max(edit["horizon"] for edit in network["edits"])

    def one(edit: str, site: str, kind: str, through: str, control: str = "", horizon: int = longest) -> Any:
        asked = (edit, site, kind, through, control, horizon)
        keys = ("edit", "site", "kind", "through", "control", "horizon")
        rows = [row for row in network["edits"] if tuple(row[key] for key in keys) == asked]
        return rows[0] if rows else None

    row, best = one("row t", "best", "belief", "encoding"), one("carry", "best", "belief", "encoding")
    return {
        "belief": one("carry", "all", "belief", "encoding")["effect"],
        "through_probe": one("carry", "all", "belief", "probe")["effect"],
        "transplant": one("carry", "all", "transplant", "probe")["effect"],
        **{name: one("carry", "all", "belief", "encoding", name)["effect"] for name in CONTROLS},
        "one_state": None if best is None else best["effect"],
        "row": row["effect"],
        "row_next": one("row t", "best", "belief", "encoding", horizon=1)["effect"],
        "row_later": row["later"],
    }


def means(found: dict[str, Any]) -> dict[str, Any]:
    """Over seeds; of what was edited for real, with the interval."""
    told = {name: each["mean"] for name, each in found.items() if each is not None}
    told |= {"low": found["belief"]["low"], "high": found["belief"]["high"]}
    return told | {"strongest_control": max(found[name]["mean"] for name in CONTROLS)}


def controls_figure(found: dict[str, Any]) -> Figure:
    """The belief part of all that is carried on, every seed, beside each control."""
    with house_style():
        figure = blank_figure(PAGE_WIDTH, 6.2)
        axes = figure.add_axes((0.165, 0.085, 0.82, 0.82))
        for row, by_network in enumerate(found.values()):
            axes.axhspan(row - 0.47, row + 0.47, color=GRID, alpha=0.35 * (row % 2 == 0), linewidth=0)
            for place, (name, each) in enumerate(by_network.items()):
                at = row + 0.14 * (place - 2.5)
                colour = colour_of(name, ARCHITECTURES)
                for control, marker in CONTROLS.items():
                    axes.plot(max(each[control]["mean"], LEAST), at, marker=marker, color=MUTED, markersize=5,
                              linestyle="none", clip_on=False)  # fmt: skip
                values = list(each["belief"]["by_seed"].values())
                axes.plot(np.maximum(values, LEAST), [at] * len(values), ".", color=colour, markersize=3, alpha=0.6)
                axes.plot(each["belief"]["mean"], at, marker=marker_of(name, ARCHITECTURES), color=colour)
        axes.axvline(0, color=INK, linewidth=0.8)
        axes.axvline(1, color=INK, linewidth=0.8, linestyle=(0, (1, 1.5)))
        named_rows(axes, [PROCESSES[name] for name in found])
        axes.set_xlim(LEAST - 0.04, 1.05)
        axes.set_xlabel("part of the way from the old prediction (0) to that of Bayes for the injected belief (1)")
        handles = [network_entry(name) for name in ARCHITECTURES]
        handles += [entry(name.replace("-", " "), color=MUTED, marker=marker) for name, marker in CONTROLS.items()]
        figure.legend(handles=handles, loc="upper center", ncols=5, fontsize=8, columnspacing=1.2, handletextpad=0.2)
    return figure


def places_figure(found: dict[str, Any]) -> Figure:
    """On the mixture: everything carried on, by either way of writing; and one row of the best place."""
    shown = {
        "belief": ("o", True, "everything carried on"),
        "through_probe": ("o", False, "the same, through the probe"),
        "row_next": ("s", False, "one place at one row: next symbol"),
        "row_later": ("s", True, "the same: what follows it"),
    }
    with house_style():
        figure = blank_figure(PAGE_WIDTH, 2.9)
        axes = figure.add_axes((0.13, 0.17, 0.52, 0.8))
        for row, (name, each) in enumerate(found.items()):
            colour = colour_of(name, ARCHITECTURES)
            for place, (what, (marker, full, _)) in enumerate(shown.items()):
                axes.plot(each[what]["mean"], row + 0.17 * (place - 1.5), marker=marker, color=colour,
                          markerfacecolor=colour if full else "white", linestyle="none")  # fmt: skip
        named_rows(axes, [display_name(name) for name in found])
        axes.set(xlim=(-0.04, 1.04), xlabel="part of the way to Bayes")
        handles = [entry(label, color=INK, marker=marker, markerfacecolor=INK if full else "white")
                   for marker, full, label in shown.values()]  # fmt: skip
        figure.legend(handles=handles, loc="center right", fontsize=8)
    return figure
