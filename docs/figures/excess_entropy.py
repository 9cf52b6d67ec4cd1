"""What past and future share, beside what has to be stored: E and C of several processes."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from compmech import block_entropies, statistics, zoo
from compmech.draw import PAGE_WIDTH, publish
from compmech.draw.style import GRID, LOOKS, PINK, VERMILLION, blank_figure, house_style
from compmech.measures.findings import one_number

PROCESSES = ("golden_mean", "even", "nemo", "sns", "rrxor")


def main(out: Path, *, rng: np.random.Generator, small: bool = False) -> None:
    """E as the limit of H(L) - hL, and C from the causal states."""
    length = 6 if small else 14
    found = {name: statistics(zoo.get(name)()) for name in PROCESSES}
    known = {
        name: {key: one_number(getattr(each, word), 1e-4)
               for key, word in (("h", "entropy_rate"), ("C", "statistical_complexity"), ("E", "excess_entropy"))}
        for name, each in found.items()
    }  # fmt: skip
    for each in known.values():
        each["stored_per_shared"] = each["C"] / each["E"]
    H = {name: np.array(block_entropies(zoo.get(name)(), length)) for name in PROCESSES}
    numbers = known | {"length": length, "rrxor_at_length": float(H["rrxor"][-1] - known["rrxor"]["h"] * length)}
    publish(out, "excess_entropy", numbers, {"limits": picture(H, known)})


def picture(H: dict[str, np.ndarray], known: dict[str, dict[str, float]]) -> Figure:
    """Left: how E is reached; right: E beside C."""
    with house_style():
        figure = blank_figure(PAGE_WIDTH, 3.1)
        left = figure.add_axes((0.08, 0.15, 0.42, 0.76))
        for name, values in H.items():
            colour, marker = LOOKS[name]
            seen = values - known[name]["h"] * np.arange(len(values))
            left.plot(seen, color=colour, marker=marker, markersize=4, label=name)
        left.set_xlabel("L, symbols")
        left.set_title("H(L) − hL, bits, which tends to E", fontweight="normal")
        left.grid(axis="y", color=GRID)
        left.legend(loc="upper left", fontsize=8)
        right = figure.add_axes((0.66, 0.15, 0.32, 0.76))
        rows = np.arange(len(known))
        for shift, key, colour in ((-0.19, "E", PINK), (0.19, "C", VERMILLION)):
            right.barh(rows + shift, [each[key] for each in known.values()], height=0.36, color=colour, label=key)
        right.set_yticks(rows, list(known))
        right.invert_yaxis()
        right.set_title("E and C, bits", fontweight="normal")
        right.grid(axis="x", color=GRID)
        right.legend(loc="center right", fontsize=8.5)
    return figure
