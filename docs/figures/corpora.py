"""How many beliefs corpora have, and what is left to find out by a predictor that keeps fewer of them apart."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from compmech.draw import PAGE_WIDTH, publish
from compmech.draw.style import BLUE, GREEN, GRID, LOOKS, MUTED, house_style
from probes.report.loss_panels import log_axis

RECORDED = Path(__file__).parents[1] / "results" / "corpus-beliefs.json"
SOURCES = {
    "period 3": (MUTED, "d"),
    "golden mean": LOOKS["golden_mean"],
    "RRXOR": LOOKS["rrxor"],
    "Mess3": LOOKS["mess3"],
    "fair coin": (GREEN, "*"),
    "English text": (BLUE, "<"),
}


def main(out: Path, *, rng: np.random.Generator, small: bool = False) -> None:
    """All of it is recorded."""
    recorded = json.loads(RECORDED.read_text(encoding="utf-8"))
    sources = recorded["sources"]
    assert set(sources) == set(SOURCES)
    numbers = {
        "size": recorded["size"],
        "beliefs_per_token": {name.replace(" ", "_"): per_token(source)[-1] for name, source in sources.items()},
    }
    publish(out, "corpora", numbers, {"beliefs": picture(sources, recorded["size"])})


def per_token(source: dict[str, Any]) -> list[float]:
    """Beliefs over tokens, for corpora of growing length."""
    return [row["n_belief"] / row["n_token"] for row in source["growth"]]


def picture(sources: dict[str, Any], size: int) -> Figure:
    """Left: growth. Right: what is lost by keeping few beliefs apart."""
    with house_style():
        figure = Figure(figsize=(PAGE_WIDTH, 3.5), layout="constrained")
        left, right = figure.subplots(1, 2)
        for name, (colour, marker) in SOURCES.items():
            source = sources[name]
            n_token = [row["n_token"] for row in source["growth"]]
            left.plot(n_token, per_token(source), color=colour, marker=marker, label=name)
            kept, bits = zip(*((row["n_context"], row["bits_a_symbol"]) for row in source["conflated"]), strict=True)
            right.plot(kept, bits, color=colour, marker=marker, markersize=3, linewidth=1.2)
            if source["entropy_rate_bits"]:
                right.axhline(source["entropy_rate_bits"], color=colour, linestyle=":", linewidth=1, zorder=1)
        left.axhline(2, color=MUTED, linewidth=1, linestyle="--", zorder=1)
        left.text(100, 2.02, "most possible", va="bottom", color=MUTED, fontsize=8)
        left.set(xlabel="tokens in the corpus", ylabel="beliefs per token", ylim=(0.9, 2.14))
        right.axvline(size, color=MUTED, linewidth=1, linestyle="--", zorder=1)
        right.annotate("tokens of\nthe corpus", (size, 4.9), (-4, 0), textcoords="offset points", ha="right", va="top",
                       color=MUTED, fontsize=8)  # fmt: skip
        right.set(xlabel="contexts kept apart", ylabel="bits left in the next symbol", ylim=(-0.1, 4.9))
        for axes in (left, right):
            log_axis(axes, "x")
            axes.grid(axis="y", color=GRID)
        figure.legend(*left.get_legend_handles_labels(), loc="outside upper center", ncols=6, fontsize=8)
    return figure
