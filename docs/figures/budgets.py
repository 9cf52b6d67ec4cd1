"""What a budget buys: the belief read, and the way to the optimum, by symbols, operations and seconds of training."""

import json
from collections import defaultdict
from pathlib import Path
from typing import Literal

import numpy as np
from matplotlib.figure import Figure

from compmech.draw import PAGE_WIDTH, publish
from compmech.draw.style import house_style
from probes.report.budget_panels import draw_by_cost, network_handles
from probes.report.style import display_name
from probes.tables import BudgetRow

RECORDED = Path(__file__).parents[1] / "results" / "equal-budgets.json"
COSTS = ("symbols_seen", "flops", "seconds")
LOWEST = {"mess3": 0.8, "nemo": -0.5}
"""Of the scores that are shown."""

NEAR = 1e-3
"""KL, nats, by which a network counts as near to the optimum."""


def main(out: Path, *, rng: np.random.Generator, small: bool = False) -> None:
    """All of it is recorded."""
    recorded = json.loads(RECORDED.read_text())
    rows = [BudgetRow(**row) for row in recorded["rows"]]
    numbers = {"n_seeds": recorded["spec"]["seeds"], "near": NEAR}
    pictures = {}
    for process in LOWEST:
        own = [row for row in rows if row.process == process]
        numbers[process] = digest(own)
        pictures[process] = picture(own, LOWEST[process])
    publish(out, "budgets", numbers, pictures)


def digest(rows: list[BudgetRow]) -> dict[str, dict[str, float]]:
    """By network, means over seeds: cost, the score at the begin, at its best checkpoint and at the end, KL."""
    runs: dict[str, dict[int | None, list[BudgetRow]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        runs[row.predictor][row.seed].append(row)
    return {name: _of_network(list(by_seed.values())) for name, by_seed in runs.items()}


def _of_network(runs: list[list[BudgetRow]]) -> dict[str, float]:
    ends = [run[-1] for run in runs]
    scores = np.array([[np.nan if row.score is None else row.score for row in run] for run in runs])
    paid = [next((row for row in run if row.kl < NEAR), None) for run in runs]
    near = [row for row in paid if row is not None]
    found = {
        "parameters": ends[0].parameters,
        "n_symbols": ends[0].symbols_seen,
        "seconds": float(np.mean([row.seconds for row in ends])),
        "kl": float(np.mean([row.kl for row in ends])),
        "untrained": float(scores[:, 0].mean()),
        "best": float(scores.max(axis=1).mean()),
        "end": float(scores[:, -1].mean()),
        "end_low": float(scores[:, -1].min()),
        "end_high": float(scores[:, -1].max()),
        "n_lost": int((scores.max(axis=1) - scores[:, -1] > 0.05).sum()),
        "n_near": len(near),
    }
    if len(near) == len(runs):
        found["flops_near"] = float(np.mean([row.flops for row in near]))
        found["seconds_near"] = float(np.mean([row.seconds for row in near]))
        found["symbols_near"] = float(np.mean([row.symbols_seen for row in near]))
    return found


def picture(rows: list[BudgetRow], lowest: float) -> Figure:
    """Above the score, below KL; a column for each cost; every seed a line."""
    among = list(dict.fromkeys(row.predictor for row in rows))
    values: tuple[Literal["score", "kl"], ...] = ("score", "kl")
    with house_style():
        figure = Figure(figsize=(PAGE_WIDTH, 5.6), layout="constrained")
        axes = figure.subplots(2, len(COSTS), sharey="row", sharex="col")
        for column, cost in enumerate(COSTS):
            for line, value in enumerate(values):
                draw_by_cost(axes[line, column], rows, among, cost, value)
                axes[line, column].set_ylabel("" if column else axes[line, column].get_ylabel())
            axes[0, column].set_xlabel("")
            axes[0, column].set_ylim(lowest, 1.03)
        handles = network_handles(rows, among, {name: display_name(name) for name in among})
        figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), fontsize=8)
    return figure
