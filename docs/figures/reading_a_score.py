"""One network's score on two processes, beside all that it must be held against; from the recorded demo."""

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from compmech.draw import PAGE_WIDTH, publish
from compmech.draw.style import GREEN, INK, MUTED, blank_figure, house_style, named_rows
from probes.headline import beyond_dimensions, control_scores, headline, headline_target, networks, runs_of
from probes.results import Comparison

DEMO = Path(__file__).parents[1] / "results" / "demo" / "results.json"
SHOWN = "gru"
LINES = {
    "network": ("the trained network", GREEN, "D"),
    "uniform": ("every history counted alike", GREEN, "o"),
    "by_class": ("whole beliefs held out", GREEN, "s"),
    "permuted": ("beliefs permuted", MUTED, "x"),
    "untrained": ("the network before training", MUTED, "v"),
    "baseline": ("best baseline without a network", INK, "^"),
    "true_p": ("from the true next-symbol probabilities", INK, "|"),
}
"""What stands in a line of the figure: its words, colour and mark."""


def main(out: Path, *, rng: np.random.Generator, small: bool = False) -> None:
    """Nothing is computed: the same in small mode."""
    demo = Comparison.from_json(DEMO.read_text(encoding="utf-8"))
    numbers = {summary.process: of_process(demo, summary) for summary in demo.processes}
    publish(out, "reading_a_score", numbers, {"lines": picture(numbers)})


def of_process(demo: Comparison, summary: Any) -> dict[str, Any]:
    """The headline of every network on one process, and how well it predicts."""
    target = headline_target(summary)
    (ceiling,) = control_scores(demo, summary.process, target, "true-p")
    found: dict[str, Any] = {
        "target": target,
        "dimensions_beyond": beyond_dimensions(summary),
        "histories": summary.histories,
        "beliefs": summary.beliefs,
        "length": summary.length,
    }
    for name in networks(demo, summary.process):
        best = headline(demo, summary.process, name, target)
        (run,) = runs_of(demo, summary.process, name)
        scores = {
            "network": best.best,
            "uniform": best.uniform,
            "by_class": best.by_class,
            "permuted": best.permuted,
            "untrained": best.untrained,
            "baseline": best.baseline,
            "true_p": ceiling,
        }
        found[name] = {
            "kl": run.kl,
            "parameters": run.parameters,
            "difference": best.difference,
            **{key: {"r2": one.value, "low": one.low, "high": one.high} for key, one in scores.items() if one},
        }
    return found


def picture(numbers: dict[str, Any]) -> Figure:
    """One panel for each process, one line for each thing to be compared."""
    with house_style():
        figure = blank_figure(PAGE_WIDTH, 2.9)
        for place, (process, found) in enumerate(numbers.items()):
            axes = figure.add_axes((0.345 + 0.335 * place, 0.16, 0.3, 0.7))
            for height, (key, (_, colour, marker)) in enumerate(LINES.items()):
                one = found[SHOWN][key]
                axes.plot([one["low"], one["high"]], [height, height], color=colour, linewidth=2, alpha=0.5)
                axes.plot(one["r2"], height, marker=marker, color=colour, linestyle="none", markersize=6)
            named_rows(axes, [words if place == 0 else "" for words, _, _ in LINES.values()])
            axes.set(xlim=(-0.06, 1.06), xlabel="held-out R²")
            axes.set_xticks((0, 0.25, 0.5, 0.75, 1), ("0", "", "0.5", "", "1"))
            words = "beyond the next symbol" if found["target"] == "beyond" else "the belief"
            axes.set_title(f"{process}: {words}", fontweight="normal")
    return figure
