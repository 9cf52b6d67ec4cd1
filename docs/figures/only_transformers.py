"""Six architectures side by side: how near each comes to the optimum, and how much of the belief is read from it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from compmech.draw import PAGE_WIDTH, publish
from compmech.draw.style import GRID, INK, MUTED, blank_figure, house_style, named_rows
from probes.report.legend import entry, network_entry
from probes.report.loss_panels import log_axis
from probes.report.style import colour_of, marker_of

RECORDED = Path(__file__).parents[1] / "results" / "architectures.json"
ARCHITECTURES = ("mamba", "mamba2", "transformer", "lstm", "gru", "rnn")
PROCESSES = {
    "two_mess3": "one of two Mess3",
    "bloch_walk": "Bloch Walk",
    "rrxor": "RRXOR",
    "frdn": "FRDN",
    "nemo": "Nemo",
    "mess3": "Mess3",
    "moon": "Moon",
}
"""By what a table of suffixes leaves to be read, the most first."""


def main(out: Path, *, rng: np.random.Generator, small: bool = False) -> None:
    """All of it is recorded."""
    recorded = json.loads(RECORDED.read_text())
    studies = {each["process"]: each for each in recorded["processes"]}
    assert set(studies) == set(PROCESSES)
    numbers = {"n_seeds": recorded["seeds"]} | {name: digest(studies[name]) for name in PROCESSES}
    publish(out, "only_transformers", numbers, {"scores": picture({name: studies[name] for name in PROCESSES})})


def digest(study: dict[str, Any]) -> dict[str, Any]:
    """The means over seeds, with their intervals, by architecture."""
    found: dict[str, Any] = {
        "baseline": study["baseline"]["r2"],
        "n_beliefs": study["beliefs"],
        "n_histories": study["histories"],
        "n_symbols": study["length"],
    }
    for name, each in networks(study).items():
        score = each["headline"]
        found[name] = {
            "kl": each["kl"]["mean"],
            "r2": score["mean"],
            "low": score["low"],
            "high": score["high"],
            "untrained": each["untrained"]["mean"],
            "permuted": each["permuted"]["mean"],
            "above": each["above"],
        }
    found["n_above_transformer"] = len(surely(study, "transformer", sign=-1))
    found["n_below_transformer"] = len(surely(study, "transformer", sign=1))
    return found


def networks(study: dict[str, Any]) -> dict[str, Any]:
    """By architecture, without the tables that stand beside them."""
    return {each["predictor"]: each for each in study["networks"] if each["predictor"] in ARCHITECTURES}


def surely(study: dict[str, Any], name: str, *, sign: int) -> list[str]:
    """Those of the six that this one is above (sign 1) or below (-1), all differences of the process believed together,
    those of networks that stand beside the six as well."""
    found = []
    for pair in study["differences"]:
        both = {pair["one"], pair["other"]}
        if name in both <= set(ARCHITECTURES) and pair["p_adjusted"] < 0.05:
            ours = pair["mean"] if pair["one"] == name else -pair["mean"]
            found += [pair["other"] if pair["one"] == name else pair["one"]] * (ours * sign > 0)
    return found


def picture(studies: dict[str, Any]) -> Figure:
    """Left: KL to the optimum; right: held-out R². One line for each network, every seed, the mean as its mark."""
    with house_style():
        figure = blank_figure(PAGE_WIDTH, 6.2)
        left = figure.add_axes((0.165, 0.085, 0.33, 0.84))
        right = figure.add_axes((0.545, 0.085, 0.44, 0.84))
        for row, study in enumerate(studies.values()):
            for axes in (left, right):
                axes.axhspan(row - 0.47, row + 0.47, color=GRID, alpha=0.35 * (row % 2 == 0), linewidth=0)
            baseline = study["baseline"]["r2"]
            right.plot([baseline] * 2, [row - 0.46, row + 0.46], color=INK, linewidth=1.3, zorder=2)
            for place, (name, each) in enumerate((n, networks(study)[n]) for n in ARCHITECTURES):
                at = row + 0.14 * (place - 2.5)
                mark(left, each["kl"], at, name)
                mark(right, each["headline"], at, name)
                right.plot(each["untrained"]["mean"], at, marker=marker_of(name, ARCHITECTURES), markersize=5,
                           color="white", markeredgecolor=MUTED, linestyle="none", zorder=3)  # fmt: skip
        named_rows(left, [PROCESSES[name] for name in studies])
        named_rows(right, [""] * len(studies))
        left.set_xlabel("KL to the optimum, nats per symbol")
        log_axis(left, "x")
        right.set(xlabel="held-out R²", xlim=(-0.02, 1.03))
        handles = [network_entry(name) for name in ARCHITECTURES]
        handles.append(entry("untrained", color="white", markeredgecolor=MUTED, marker="o"))
        handles.append(entry("best table of suffixes", color=INK, linewidth=1.3, linestyle="solid"))
        figure.legend(handles=handles, loc="upper center", ncols=8, fontsize=7.5, columnspacing=0.9, handletextpad=0.4,
                      handlelength=1.4)  # fmt: skip
    return figure


def mark(axes: Axes, over_seeds: dict[str, Any], at: float, name: str) -> None:
    """Every seed as a dot, and the mean."""
    colour = colour_of(name, ARCHITECTURES)
    values = list(over_seeds["by_seed"].values())
    axes.plot(values, [at] * len(values), ".", color=colour, markersize=3, alpha=0.6)
    axes.plot(
        over_seeds["mean"], at, marker=marker_of(name, ARCHITECTURES), color=colour, markersize=5, linestyle="none"
    )
