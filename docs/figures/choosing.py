"""What decides a choice of process and of length: what lies beyond the next symbol, and what noise scores by chance."""

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from compmech import zoo
from compmech.draw import PAGE_WIDTH, publish
from compmech.draw.style import BLUE, GRID, MUTED, SKY, VERMILLION, blank_figure, house_style
from probes import belief_classes, belief_target, beyond_target, by_history, histories, score, score_in_sample
from probes.targets import Target

PROCESSES = ("golden_mean", "even", "mess3", "bloch_walk", "moon", "nemo", "z1r", "frdn", "rrxor")
LENGTH = 8
WIDTH = 64
LENGTHS = tuple(range(4, 13))
FEW = tuple(range(4, 9))


def main(out: Path, *, rng: np.random.Generator, small: bool = False) -> None:
    """In small mode noise is tried with shorter histories."""
    processes = {name: asked_of(name, rng) for name in PROCESSES}
    noise = [read_from_noise(length, rng) for length in (FEW if small else LENGTHS)]
    numbers = {"length": LENGTH, "width": WIDTH, "processes": processes, "noise": noise}
    publish(out, "choosing", numbers, {"process": picture(processes, noise)})


def asked_of(name: str, rng: np.random.Generator) -> dict[str, Any]:
    """How much of the belief's variance the next symbol shows, and how many histories and beliefs there are."""
    process = zoo.get(name)()
    seen = histories(process, LENGTH, max_histories=50_000, rng=rng)
    belief = belief_target(process, seen)
    beyond = beyond_target(process, seen, weighting="probability")
    weight = seen.weight("probability")
    return {
        "dimensions": belief.dimension - 1,  # probabilities sum to one
        "dimensions_beyond": beyond.dimension,
        "share_beyond": variance(beyond, weight) / variance(belief, weight) if beyond.dimension else 0.0,
        "n_histories": len(seen),
        "n_beliefs": belief_classes(process, seen).n_belief,
    }


def variance(target: Target, weight: np.ndarray) -> float:
    """Over histories, of all coordinates together."""
    mean = weight @ target.Y / weight.sum()
    return float(weight @ ((target.Y - mean) ** 2).sum(axis=1) / weight.sum())


def read_from_noise(length: int, rng: np.random.Generator) -> dict[str, Any]:
    """R² of RRXOR's belief from random numbers that know nothing of it, fitted and scored on the same rows, and not."""
    process = zoo.rrxor()
    seen = histories(process, length)
    X = rng.standard_normal((len(seen), WIDTH))
    target = [belief_target(process, seen)]
    classes = belief_classes(process, seen)
    split = by_history(classes, rng=rng)
    (fitted,) = score_in_sample(X, target, seen, weighting="uniform", n_belief=classes.n_belief)
    (held_out,) = score(X, target, seen, weighting="uniform", split=split)
    return {"length": length, "n_histories": len(seen), "in_sample": fitted.score, "held_out": held_out.score}


def picture(processes: dict[str, Any], noise: list[dict[str, Any]]) -> Figure:
    """Left: processes. Right: noise."""
    with house_style():
        figure = blank_figure(PAGE_WIDTH, 3.0)
        left = figure.add_axes((0.14, 0.15, 0.36, 0.74))
        shares = [each["share_beyond"] for each in processes.values()]
        rows = np.arange(len(shares))
        left.barh(rows, shares, color=BLUE, height=0.62)
        left.barh(rows, [1 - share for share in shares], left=shares, color=SKY, alpha=0.45, height=0.62)
        for row, each in zip(rows, processes.values(), strict=True):
            left.text(1.02, row, f"{each['dimensions_beyond']} of {each['dimensions']}", va="center", fontsize=8)
        left.set_yticks(rows, list(processes))
        left.invert_yaxis()
        left.set(xlim=(0, 1), xlabel="share of the belief's variance")
        left.set_xticks((0, 0.5, 1), ("0", "0.5", "1"))
        left.tick_params(axis="y", length=0)
        left.set_title("dark: beyond the next symbol", fontweight="normal")
        left.text(1.02, -0.85, "dimensions", fontsize=8, color=MUTED)
        right = figure.add_axes((0.66, 0.15, 0.32, 0.74))
        n = [each["n_histories"] for each in noise]
        right.plot(
            n, [each["in_sample"] for each in noise], color=VERMILLION, marker="^", label="scored on its own rows"
        )
        right.plot(n, [each["held_out"] for each in noise], color=BLUE, marker="o", label="held out")
        right.axhline(0, color=MUTED, linewidth=0.8)
        right.set(xscale="log", xlabel=f"histories, for {WIDTH} columns of noise", ylim=(-0.2, 1.04))
        right.set_xticks((30, 100, 300, 1000, 3000), ("30", "100", "300", "1,000", "3,000"))
        right.minorticks_off()
        right.set_title("R² of a belief that is not there", fontweight="normal")
        right.grid(axis="y", color=GRID)
        right.legend(loc="upper right", fontsize=8)
    return figure
