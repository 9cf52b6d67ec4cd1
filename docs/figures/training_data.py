"""Text predicted by the corpus itself, by machines of few states and by networks; and where each is the better one."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from compmech.draw import PAGE_WIDTH, publish
from compmech.draw.style import BLUE, GRID, INK, MUTED, SKY, VERMILLION, WINE, blank_figure, house_style, named_rows
from probes.report.style import colour_of, marker_of

RESULTS = Path(__file__).parents[1] / "results" / "text-prediction.json"
LINES = ("base rate", "inferred machine", "hidden Markov", "transformer", "k-gram", "longest suffix", "GRU",
         "GRU + longest suffix")  # fmt: skip
TEXTS = {"licence": (BLUE, "s"), "manual": (VERMILLION, "o"), "chain": (MUTED, "v"), "shuffled": (INK, "x")}
BY_MATCH = {
    "k-gram": (INK, "X", "solid"),
    "longest suffix": (SKY, "<", "solid"),
    "GRU": (colour_of("gru", ()), marker_of("gru", ()), "solid"),
    "GRU + longest suffix": (WINE, "P", (0, (4, 1.5))),
}


def main(out: Path, *, rng: np.random.Generator, small: bool = False) -> None:
    """From stored results: the same in small mode."""
    recorded = json.loads(RESULTS.read_text(encoding="utf-8"))
    rows = {row["text"]: row for row in recorded["rows"]}
    numbers = {
        "texts": {name: said(row) for name, row in rows.items()},
        "matches": recorded["settings"]["matches"],
        "machine_letters": recorded["settings"]["machine_letters"],
        "hidden_letters": recorded["settings"]["hidden_letters"],
    }
    publish(out, "training_data", numbers, {"bits": picture(rows, recorded["settings"]["matches"])})


def said(row: dict[str, Any]) -> dict[str, Any]:
    """What the page quotes of one text."""
    plain = {key: value for key, value in row.items() if key != "predictors"}
    return plain | {name.replace(" + ", "_and_").replace(" ", "_").replace("-", "_").lower(): one
                    for name, one in row["predictors"].items()}  # fmt: skip


def picture(rows: dict[str, Any], matches: list[int]) -> Figure:
    """Left: bits a letter. Right: the same by how much of what came before is in the corpus."""
    with house_style():
        figure = blank_figure(PAGE_WIDTH, 3.5)
        draw_bits(figure.add_axes((0.215, 0.19, 0.335, 0.73)), rows)
        draw_by_match(figure.add_axes((0.66, 0.19, 0.31, 0.73)), rows["manual"], matches)
    return figure


def draw_bits(axes: Axes, rows: dict[str, Any]) -> None:
    """One line for each predictor, one mark for each text."""
    for text, (colour, marker) in TEXTS.items():
        found = rows[text]["predictors"]
        finite = [(float(found[name]["bits"]), row) for row, name in enumerate(LINES) if found[name]["bits"] != "inf"]
        axes.plot(*zip(*finite, strict=True), color=colour, marker=marker, linestyle="none", markersize=5, label=text)
    truth = rows["chain"]["predictors"]["truth"]["bits"]
    axes.axvline(truth, color=MUTED, linewidth=1, linestyle=":", label="truth of the chain")
    named_rows(axes, LINES)
    axes.set_xlabel("bits a letter, held out")
    axes.grid(color=GRID)
    axes.legend(loc="lower left", bbox_to_anchor=(-0.62, 1.0), ncols=5, fontsize=8, handletextpad=0.3,
                columnspacing=0.9, handlelength=1.2, borderpad=0)  # fmt: skip


def draw_by_match(axes: Axes, row: dict[str, Any], matches: list[int]) -> None:
    """Letters of the manual, grouped."""
    places = range(len(matches))
    for name, (colour, marker, dash) in BY_MATCH.items():
        axes.plot(places, row["predictors"][name]["by_match"], color=colour, marker=marker, linestyle=dash, label=name)
    ends = [f"{first} to {then - 1}" for first, then in pairwise(matches)]
    shares = [f"{share:.0%}" for share in row["share_by_match"]]
    labels = [f"{words}\n{share}" for words, share in zip([*ends, f"{matches[-1]} on"], shares, strict=True)]
    axes.set_xticks(places, labels, fontsize=8)
    axes.set(xlabel="letters before that match; share of all", ylim=(0, None))
    axes.set_title("bits a letter of the manual", fontweight="normal")
    axes.grid(axis="y", color=GRID)
    axes.legend(fontsize=8)
