"""The gallery of architectures: a diagram with its sites, the parameters and the operations of each preset."""

from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from compmech.draw import PAGE_WIDTH, publish, save_figure, save_text
from compmech.draw.style import BLUE, GRID, INK, MUTED, VERMILLION, blank_figure, house_style
from predictors import CONFIGS, Site, flops, n_parameters
from probes.candidates import candidate, config_of, make
from probes.report.style import colour_of, display_name, marker_of

N_SYMBOL, LENGTH = 3, 16
"""The process for which the networks are counted: an alphabet as that of Mess3."""

FEW = ("transformer", "gru", "hybrid")

ATTENTION = ("norm, attention, add", "norm, perceptron, add")
SELECTIVE = ("norm, gate, causal convolution", "h' = exp(δA) h + δ u B", "δ, B, C from u", "read by C, gated, map, add")
INSIDE: dict[str, tuple[str, ...]] = {
    "transformer": ATTENTION,
    "rnn": ("h' = tanh(W x + U h + b)",),
    "lstm": ("c' = f c + i g", "h' = o tanh(c')", "f, i, o, g from x and h"),
    "gru": ("h' = (1 - z) n + z h", "z, r from x and h", "n from x and r times h"),
    "mingru": ("norm", "h' = (1 - z) h + z c;  z, c from x alone", "map, add"),
    "lru": ("norm", "h' = λ h + γ B u;  λ complex, fixed", "real part of C h, gated, add"),
    "mamba": SELECTIVE,
    "mamba2": (*SELECTIVE[:2], "one A and δ for each head", "read by C, gated, norm, map, add"),
}
"""What happens in a layer, in the letters of the files of `predictors`."""

SOURCES = {
    "transformer": "Vaswani and others, arXiv 1706.03762; pre-norm as in Radford and others (2019)",
    "rnn": "Elman, Cognitive Science 14, 179 (1990)",
    "lstm": "Hochreiter and Schmidhuber, Neural Computation 9, 1735 (1997); Gers, Schmidhuber and Cummins, "
    "Neural Computation 12, 2451 (2000)",
    "gru": "Cho and others, arXiv 1406.1078",
    "mingru": "Feng and others, arXiv 2410.01201",
    "lru": "Orvieto and others, arXiv 2303.06349",
    "mamba": "Gu and Dao, arXiv 2312.00752",
    "mamba2": "Dao and Gu, arXiv 2405.21060",
    "hybrid": "Lieber and others, arXiv 2403.19887; Ren and others, arXiv 2406.07522",
}


def main(out: Path, *, rng: np.random.Generator, small: bool = False) -> None:
    """One section of architectures_gallery-sections.md for each architecture, and a picture of all of them."""
    chosen = [name for name in CONFIGS if not small or name in FEW]
    (out / "architectures_gallery").mkdir(exist_ok=True)
    sites = {name: dict(network(name).sites) for name in chosen}
    numbers = {name: counted(name, sites[name]) for name in chosen}
    for name in chosen:
        save_figure(diagram(name, sites[name]), out / "architectures_gallery" / f"{name}.svg")
    sections = [section(name, sites[name], numbers[name]) for name in chosen]
    save_text("\n\n".join(sections) + "\n", out / "architectures_gallery-sections.md")
    kept = {"n": len(chosen), "n_symbol": N_SYMBOL, "length": LENGTH, "architectures": numbers}
    publish(out, "architectures_gallery", kept, {"costs": costs(numbers)})


def network(name: str) -> Any:
    """The preset, untrained."""
    return make(candidate(name), N_SYMBOL, LENGTH, rng=torch.Generator().manual_seed(0))


def counted(name: str, sites: dict[str, Site]) -> dict[str, Any]:
    """What it costs, and how many numbers it carries on: from row to row, or of all rows."""
    states = [site for site in sites.values() if site.state]
    return {
        "parameters": n_parameters(network(name)),
        "flops_per_symbol": flops(config_of(candidate(name), n_symbol=N_SYMBOL, length=LENGTH), LENGTH),
        "carried": sum(site.width for site in states if site.recurrent),
        "cached_each_row": sum(site.width for site in states if not site.recurrent),
        "n_sites": len(sites),
    }


def section(name: str, sites: dict[str, Site], found: dict[str, Any]) -> str:
    """Heading, settings, diagram, table of sites, costs, source."""
    config = vars(config_of(candidate(name), n_symbol=N_SYMBOL, length=LENGTH))
    settings = ", ".join(f"`{key}={value}`" for key, value in config.items() if key not in ("n_symbol", "max_length"))
    rows = [
        f"| `{key}` | {site.width} | {site.meaning.partition(': ')[2] or site.meaning} | {kind(site)} |"
        for key, site in sites.items()
        if not key.startswith("layer.") or layer_of(key) in shown_layers(sites)
    ]
    memory = f"{found['carried']:,} numbers from row to row" if found["carried"] else "nothing from row to row"
    if found["cached_each_row"]:
        memory += f", and {found['cached_each_row']:,} of every row that was read"
    costs = f"{found['parameters']:,} parameters; {found['flops_per_symbol']:,.0f} operations a symbol"
    return "\n\n".join([
        f"## {display_name(name)}",
        f"`{name}`. {costs}; it carries on {memory}.",
        f"![Diagram of the {display_name(name)}](_figures/architectures_gallery/{name}.svg)",
        "| site | width | what it is | kind |\n|---|---|---|---|\n" + "\n".join(rows),
        f"Settings as shown: {settings}.",
        f"*Source:* {SOURCES[name]}.",
    ])  # fmt: skip


def kind(site: Site) -> str:
    """In words: whether, and how, it is state."""
    if not site.state:
        return "no state: passed on upwards"
    if not site.recurrent:
        return "state, of every row so far"
    return "state, carried on" + (", read one row later" if site.delay else "")


# --------------------------------------------------------------------------------------------------------- the diagram


def layer_of(key: str) -> int:
    """The number in layer.N or layer.N.state."""
    return int(key.split(".")[1])


def layers(sites: dict[str, Site]) -> list[tuple[int, tuple[str, ...]]]:
    """Of each layer its number and the names of its states."""
    numbers = sorted({layer_of(key) for key in sites if key.startswith("layer.")})
    return [(i, tuple(key.split(".")[2] for key in sites if key.startswith(f"layer.{i}."))) for i in numbers]


def shown_layers(sites: dict[str, Site]) -> list[int]:
    """The first of each run of layers that are alike."""
    return [next(same)[0] for _, same in groupby(layers(sites), key=lambda each: each[1])]


def diagram(name: str, sites: dict[str, Site]) -> Figure:
    """From the symbol to the forecast; states on top of their layer, with what they are carried along."""
    runs = [list(same) for _, same in groupby(layers(sites), key=lambda each: each[1])]
    wide = 3.5 if len(runs) == 1 else 1.75
    with house_style():
        figure = blank_figure(PAGE_WIDTH, 1.75)
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set(xlim=(0, PAGE_WIDTH), ylim=(0, 1.75))
        axes.axis("off")
        x = 0.08
        x = box(axes, x, 0.62, "symbol", "", MUTED)
        x = box(axes, x, 0.72, "embed", f"{sites['embed'].width}", INK)
        for run in runs:
            i, states = run[0]
            x = layer(axes, x, wide, name, run, {key: sites[f"layer.{i}.{key}"] for key in states}, sites[f"layer.{i}"])
        x = box(axes, x, 0.72, "final", f"{sites['final'].width}", INK)
        box(axes, x, 0.78, "forecast", "", MUTED, last=True)
    return figure


HEIGHT = 0.55
"""Of the middle of the diagram, in inches."""


def box(axes: Axes, x: float, width: float, title: str, below: str, colour: str, last: bool = False) -> float:
    """A small box and the arrow after it; where the next one begins."""
    axes.add_patch(FancyBboxPatch((x, HEIGHT - 0.17), width - 0.1, 0.34, boxstyle="round,pad=0.02,rounding_size=0.05",
                                  facecolor="white", edgecolor=colour, linewidth=1))  # fmt: skip
    middle = x + (width - 0.1) / 2
    axes.text(middle, HEIGHT + (0.06 if below else 0), title, ha="center", va="center", fontsize=8, color=colour)
    if below:
        axes.text(middle, HEIGHT - 0.09, below, ha="center", va="center", fontsize=7, color=MUTED)
    if not last:
        arrow(axes, (x + width - 0.06, HEIGHT), (x + width + 0.12, HEIGHT), MUTED)
    return x + width + 0.16


def layer(
    axes: Axes, x: float, width: float, name: str, run: list[Any], states: dict[str, Site], output: Site
) -> float:
    """A layer with what happens in it and its states."""
    first, last = run[0][0], run[-1][0]
    title = f"layer.{first}" if first == last else f"layer.{first} .. layer.{last}, alike"
    axes.add_patch(FancyBboxPatch((x, HEIGHT - 0.42), width - 0.1, 0.98, boxstyle="round,pad=0.02,rounding_size=0.05",
                                  facecolor="#f5f6f7", edgecolor=INK, linewidth=1))  # fmt: skip
    middle = x + (width - 0.1) / 2
    axes.text(x + 0.05, HEIGHT - 0.37, f"{title}: {output.width}", fontsize=7.5, va="bottom", color=INK)
    lines = INSIDE.get(name, ATTENTION if "key" in states else SELECTIVE)
    for place, line in enumerate(lines):
        height = HEIGHT + 0.14 + 0.15 * ((len(lines) - 1) / 2 - place)
        axes.text(middle, height, line, ha="center", va="center", fontsize=7.5 if width > 3 else 7)
    each = (width - 0.1) / len(states)
    for place, (key, site) in enumerate(states.items()):
        chip(axes, x + each * place + 0.04, each - 0.08, key, site)
    if not any(site.recurrent for site in states.values()):
        axes.text(middle, HEIGHT + 1.02, "of all rows so far", ha="center", va="center", fontsize=7.5, color=VERMILLION)
    arrow(axes, (x + width - 0.06, HEIGHT), (x + width + 0.12, HEIGHT), MUTED)
    return x + width + 0.16


def chip(axes: Axes, x: float, width: float, key: str, site: Site) -> None:
    """A state on top of its layer; with an arrow if it is carried from row to row."""
    colour = BLUE if site.recurrent else VERMILLION
    y = HEIGHT + 0.66
    axes.add_patch(FancyBboxPatch((x + 0.02, y), width - 0.04, 0.24, boxstyle="round,pad=0.02,rounding_size=0.05",
                                  facecolor="white", edgecolor=colour, linewidth=1.3))  # fmt: skip
    axes.text(x + width / 2, y + 0.12, f"{key}: {site.width}", ha="center", va="center", fontsize=7.5, color=colour)
    if site.recurrent:
        ends = (x + width / 2 - 0.22, y + 0.28), (x + width / 2 + 0.22, y + 0.28)
        axes.add_patch(FancyArrowPatch(*ends, connectionstyle="arc3,rad=-0.55", arrowstyle="-|>", mutation_scale=8,
                                       color=colour, linewidth=1.1))  # fmt: skip


def arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float], colour: str) -> None:
    """From left to right."""
    axes.add_patch(FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=8, color=colour, linewidth=1,
                                   shrinkA=0, shrinkB=0))  # fmt: skip


RIGHT, LEFT = ((7, 0), "left"), ((-7, 0), "right")
NEXT_TO = {"lru": LEFT, "mamba2": LEFT, "lstm": ((7, -5), "left"), "hybrid": ((7, 4), "left")}


def costs(numbers: dict[str, dict[str, Any]]) -> Figure:
    """Parameters, operations and memory."""
    with house_style():
        figure = blank_figure(PAGE_WIDTH, 3.0)
        left = figure.add_axes((0.125, 0.17, 0.4, 0.75))
        for name, each in numbers.items():
            at = each["parameters"], each["flops_per_symbol"]
            left.plot(*at, marker=marker_of(name, ()), color=colour_of(name, ()), linestyle="none")
            shift, side = NEXT_TO.get(name, RIGHT)
            left.annotate(display_name(name), at, shift, fontsize=8,
                          textcoords="offset points", ha=side, va="center")  # fmt: skip
        left.set(xscale="log", yscale="log", xlabel="parameters", ylabel="operations a symbol")
        left.set_xlim(6_000, 600_000)
        left.set_xticks((10_000, 30_000, 100_000, 300_000), ("10,000", "30,000", "100,000", "300,000"))
        left.set_yticks(
            (20_000, 50_000, 100_000, 200_000, 500_000), ("20,000", "50,000", "100,000", "200,000", "500,000")
        )
        left.minorticks_off()
        left.grid(color=GRID)
        right = figure.add_axes((0.68, 0.17, 0.3, 0.75))
        rows = np.arange(len(numbers))
        carried = [each["carried"] for each in numbers.values()]
        cached = [each["cached_each_row"] for each in numbers.values()]
        right.barh(rows, carried, color=BLUE, height=0.6, label="carried on")
        right.barh(rows, cached, left=carried, color=VERMILLION, height=0.6, label="kept for every row")
        right.set_yticks(rows, [display_name(name) for name in numbers])
        right.tick_params(axis="y", length=0)
        right.invert_yaxis()
        right.set_xlabel("numbers that are state, at one row")
        right.legend(loc="upper right", fontsize=8)
        right.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        right.set(xlim=(0, 5_500), xticks=(0, 2000, 4000))
        right.grid(axis="x", color=GRID)
    return figure
