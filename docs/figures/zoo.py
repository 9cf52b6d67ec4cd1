"""The gallery of built-in processes: a diagram, the beliefs, the block entropies and the statistics of each."""

from math import isfinite
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from compmech import GHMM, HMM, Statistics, mixed_states, statistics, zoo
from compmech.draw import MAX_STATES, PAGE_WIDTH, draw_simplex, publish, save_figure, save_text, state_figure
from compmech.draw.style import BLUE, GRID, ORANGE, VERMILLION, blank_figure, halo, house_style
from compmech.draw.wording import quantity_text
from compmech.measures.findings import as_bounds
from compmech.zoo import Entry

FEW = ("golden_mean", "mess3", "bloch_walk")

DIAGRAMS = 20
"""States of a diagram at most: more are no picture at the width of a page."""

HALF, WHOLE = 4.8, 9.3
"""Inches of a diagram that is legible on half the width of a page, and on all of it: the letters of a wider one are
less than nine pixels high there, and it is left out."""

BELIEFS = 400
"""Mixed states at most, where they do not close."""

MEANING = {
    "diagram": "State diagram",
    "wide": "State diagram",
    "beliefs": "Beliefs",
    "blocks": "Block entropies",
}
"""What a picture shows, by its kind, for those who do not see it."""

TABLE = (
    ("h", "entropy_rate", "bits per symbol"),
    ("C", "statistical_complexity", "bits"),
    ("E", "excess_entropy", "bits"),
    ("χ", "crypticity", "bits"),
    ("C reverse", "reverse_statistical_complexity", "bits"),
    ("Markov order", "markov_order", ""),
    ("cryptic order", "cryptic_order", ""),
    ("causal states", "n_causal_states", ""),
    ("mixed states", "n_mixed_states", ""),
    ("dimension", "minimal_dimension", ""),
)


def main(out: Path, *, rng: np.random.Generator, small: bool = False) -> None:
    """One section of zoo-gallery.md for each process, and a picture of all of them at once."""
    chosen = [zoo.entry(name) for name in (FEW if small else zoo.names())]
    found = {entry.name: statistics(entry.build()) for entry in chosen}
    (out / "zoo").mkdir(exist_ok=True)
    sections = [section(entry, found[entry.name], out / "zoo") for entry in chosen]
    save_text("\n\n".join(sections) + "\n", out / "zoo-gallery.md")
    numbers = {
        "n": len(chosen),
        "n_finite": sum(is_finite(each.n_causal_states) for each in found.values()),
        "n_generalised": sum(isinstance(entry.build(), GHMM) for entry in chosen),
        "statistics": {name: each.to_dict() for name, each in found.items()},
    }
    publish(out, "zoo", numbers, {"plane": plane(found)})


def is_finite(value: object) -> bool:
    """Whether a count is known and finite."""
    return isinstance(value, int | float) and isfinite(value)


def section(entry: Entry, found: Statistics, folder: Path) -> str:
    """A heading, pictures side by side, what is known, and the source."""
    process = entry.build()
    made = {"blocks.svg": block_curve(found)}
    if process.n_state >= 2:
        made = {"beliefs.png": beliefs(process)} | made
    if process.n_state <= min(DIAGRAMS, MAX_STATES):
        drawn = state_figure(bare(process))
        width = drawn.get_figwidth()
        if width <= WHOLE:
            made = {"diagram.svg" if width <= HALF else "wide.svg": drawn} | made
    pictures = []
    for ending, figure in made.items():
        save_figure(figure, folder / f"{entry.name}-{ending}")
        kind = ending.partition(".")[0]
        pictures.append(f"![{MEANING[kind]} of {entry.name}](_figures/zoo/{entry.name}-{ending}){{.gallery-{kind}}}")
    lines = [f"## {entry.name}", entry.description, " ".join(pictures), known(found)]
    if entry.parameters:
        listed = ", ".join(f"`{each.name}={each.default}`" for each in entry.parameters)
        lines.append(f"Parameters as shown: {listed}.")
    return "\n\n".join([*lines, f"*Source:* {entry.source}."])


def beliefs(process: HMM | GHMM) -> Figure:
    """The mixed states, all or those after short words."""
    mixed = mixed_states(process, max_states=BELIEFS)
    signed = not isinstance(process, HMM) or process.n_state > 4
    interval = not signed and process.n_state == 2
    with house_style():
        figure = blank_figure(3.3, 1.1 if interval else 2.7)
        axes = figure.add_axes((0.21, 0.17, 0.73, 0.71) if signed else (0.07, 0.05, 0.86, 0.79))
        draw_simplex(axes, mixed, states=process.states, room=13.0)
        if signed:
            axes.xaxis.set_major_locator(MaxNLocator(4))
            axes.set_xlabel(axes.get_xlabel(), fontsize=8)
            axes.set_ylabel(axes.get_ylabel(), fontsize=8)
        ending = "" if mixed.closed else f", words of up to {mixed.depth}"
        figure.text(0.04, 0.985, f"{mixed.n_mixed:,} beliefs{ending}", fontsize=8.5, va="top")
    return figure


def bare(process: HMM | GHMM) -> HMM | GHMM:
    """Without its name, which the heading has."""
    if isinstance(process, HMM):
        return HMM(process.T, process.start, alphabet=process.alphabet, states=process.states)
    return GHMM(process.T, process.start, process.evaluate, alphabet=process.alphabet, states=process.states)


def known(found: Statistics) -> str:
    """The statistics in two rows."""
    cells = [(label, quantity_text(getattr(found, key), 3), unit) for label, key, unit in TABLE]
    heads = " | ".join(f"{label}{f', {unit}' if unit else ''}" for label, _, unit in cells)
    values = " | ".join(text for _, text, _ in cells)
    return f"| {heads} |\n|{'---|' * len(cells)}\n| {values} |"


def block_curve(found: Statistics) -> Figure:
    """H(L), and its asymptote where both E and h are known well enough to be drawn."""
    H = np.array(found.block_entropies)
    with house_style():
        figure = blank_figure(3.3, 2.3)
        axes = figure.add_axes((0.14, 0.19, 0.83, 0.68))
        L = np.arange(len(H))
        h = as_bounds(found.entropy_rate)
        E = None if found.excess_entropy is None else as_bounds(found.excess_entropy)
        if E is not None and np.isfinite(E.upper):
            axes.fill_between(L, E.lower + h.lower * L, E.upper + h.upper * L, color=ORANGE, alpha=0.4, linewidth=0)
            axes.plot(L, (E.lower + E.upper) / 2 + (h.lower + h.upper) / 2 * L, color=VERMILLION, linestyle=(0, (5, 2)),
                      linewidth=1.1)  # fmt: skip
        axes.plot(L, H, color=BLUE, marker="o", markersize=3)
        axes.set_xlabel("L, symbols")
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        axes.set_title("H(L), bits; dashed E + hL", fontweight="normal", fontsize=8.5, pad=12)
        axes.set_ylim(bottom=0)
    return figure


def plane(found: dict[str, Statistics]) -> Figure:
    """h and C of those whose complexity is known and finite."""
    with house_style():
        figure = blank_figure(PAGE_WIDTH, 3.6)
        axes = figure.add_axes((0.08, 0.13, 0.9, 0.84))
        for name, each in found.items():
            h, C = each.entropy_rate, each.statistical_complexity
            if is_finite(h) and is_finite(C):
                axes.plot(h, C, marker="o", markersize=4.5, color=BLUE, alpha=0.8)
                if name in LABELLED:
                    shift, side = LABELLED[name]
                    axes.annotate(name, (h, C), shift, textcoords="offset points", fontsize=8, ha=side, va="center",
                                  path_effects=halo(), zorder=4)  # fmt: skip
        axes.set_xlabel("entropy rate h, bits per symbol")
        axes.set_ylabel("statistical complexity C, bits")
        axes.grid(color=GRID)
    return figure


RIGHT, LEFT = ((6, 0), "left"), ((-6, 0), "right")
LABELLED = {
    "tetris_history": LEFT,
    "tetris_bag": RIGHT,
    "periodic_word": ((0, 10), "left"),
    "golden_mean": ((6, -12), "left"),
    "fair_coin": RIGHT,
    "butterfly": RIGHT,
    "die": LEFT,
}
