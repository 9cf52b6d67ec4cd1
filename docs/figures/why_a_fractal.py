"""The chaos game of an observer's belief: one map for each symbol, and the dimension of what they leave."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from compmech import HMM, zoo
from compmech.blackwell import Blackwell, blackwell
from compmech.draw import PAGE_WIDTH, publish
from compmech.draw.projection import project
from compmech.draw.style import BLUE, GRID, LOOKS, MUTED, PINK, VERMILLION, blank_figure, house_style
from compmech.measures.findings import one_number

PLAYED = zoo.mess3(x=0.15, a=0.6)
SYMBOLS = (VERMILLION, PINK, BLUE)

MEASURED: dict[str, tuple[str, HMM]] = {
    "mess3": ("mess3", zoo.mess3()),
    "mess3_wide": ("mess3", PLAYED),
    "mess3_noisy": ("mess3", zoo.mess3(x=0.1, a=0.7)),
    "sierpinski_apart": ("sierpinski", zoo.sierpinski(b=0.2)),
    "sierpinski": ("sierpinski", zoo.sierpinski()),
    "sierpinski_overlap": ("sierpinski", zoo.sierpinski(b=0.1)),
    "cantor_thin": ("cantor", zoo.cantor(a=0.3, b=0.5)),
    "cantor": ("cantor", zoo.cantor()),
    "cantor_wide": ("cantor", zoo.cantor(a=0.45, b=0.3)),
    "sns": ("sns", zoo.sns()),
}
FEW = ("mess3", "mess3_noisy", "cantor", "sns")


def main(out: Path, *, rng: np.random.Generator, small: bool = False) -> None:
    """The maps, played; and theory beside measurement on all settings (some, in small mode)."""
    n_symbols = 20_000 if small else 200_000
    asked = {name: MEASURED[name] for name in (FEW if small else MEASURED)}
    found = {name: blackwell(process, rng=rng, n_symbols=n_symbols) for name, (_, process) in asked.items()}
    gap = [abs(measured(each)[0] - theory(each)) / max(measured(each)[1], 1e-12) for each in found.values()]
    numbers = {
        "settings": {name: in_numbers(each) for name, each in found.items()},
        "n_settings": len(found),
        "n_symbols": n_symbols,
        "largest_gap_in_errors": max(gap),
    }
    figures = {"game": chaos_game(6 if small else 9), "dimension": dimensions(found)}
    publish(out, "why_a_fractal", numbers, figures)


def theory(found: Blackwell) -> float:
    """The Lyapunov dimension, with the entropy that overlaps of the maps lose taken off."""
    known = found.lyapunov_dimension if found.corrected_dimension is None else found.corrected_dimension
    return float(known.value) if hasattr(known, "value") else one_number(known, 1e-6)


def measured(found: Blackwell) -> tuple[float, float]:
    """The information dimension of the sampled beliefs, and its standard error."""
    known = found.information_dimension
    return (known.value, known.standard_error) if hasattr(known, "value") else (one_number(known, 1e-6), 0.0)


def in_numbers(found: Blackwell) -> dict[str, object]:
    """What the page quotes of one setting."""
    D, error = measured(found)
    box = found.box_counting_dimension
    return {
        "h": one_number(found.entropy_rate, 1e-4),
        "theory": theory(found),
        "D_1": D,
        "error": error,
        "D_0": box.value if hasattr(box, "value") else one_number(box, 1e-6),
        "separation": found.separation,
    }


def images(process: HMM, length: int) -> list[tuple[int, np.ndarray]]:
    """The corners of the simplex after every word of one length, with the last symbol of the word."""
    found = [(-1, np.eye(process.n_state))]
    for _ in range(length):
        moved = [(x, corners @ process.T[x]) for _, corners in found for x in range(process.n_symbol)]
        found = [(x, rows / rows.sum(axis=1, keepdims=True)) for x, rows in moved]
    return found


def chaos_game(length: int) -> Figure:
    """The whole triangle, what one symbol makes of it, what two make of it, and what is left in the end."""
    with house_style():
        figure = blank_figure(PAGE_WIDTH, 2.15)
        titles = ("one symbol", "two symbols", "three symbols", f"{length} symbols")
        for place, (depth, title) in enumerate(zip((1, 2, 3, length), titles, strict=True)):
            axes = figure.add_axes((0.005 + 0.25 * place, 0.02, 0.24, 0.84))
            corners = project(np.eye(3)).place
            axes.fill(*corners.T, facecolor="none", edgecolor=GRID, linewidth=1.1)
            found = images(PLAYED, depth)
            if depth < length:
                for symbol, rows in found:
                    axes.fill(*project(rows).place.T, facecolor=SYMBOLS[symbol], alpha=0.55, linewidth=0)
            else:
                middles = project(np.array([rows.mean(axis=0) for _, rows in found])).place
                colours = [SYMBOLS[symbol] for symbol, _ in found]
                axes.scatter(*middles.T, s=0.35, c=colours, linewidths=0, rasterized=True)
            axes.set(aspect="equal", xlim=(-0.04, 1.04), ylim=(-0.03, 0.9))
            axes.set_axis_off()
            axes.set_title(title, fontweight="normal")
    return figure


def dimensions(found: dict[str, Blackwell]) -> Figure:
    """On the line, theory and measurement agree. Hollow: how many boxes hold beliefs at all."""
    with house_style():
        figure = blank_figure(PAGE_WIDTH, 3.9)
        axes = figure.add_axes((0.09, 0.12, 0.6, 0.85))
        axes.plot([0, 2], [0, 2], color=MUTED, linewidth=0.9, zorder=1)
        for name, each in found.items():
            kind = MEASURED[name][0]
            colour, marker = LOOKS[kind]
            x, (D, error) = theory(each), measured(each)
            box = in_numbers(each)["D_0"]
            axes.plot([x, x], [D, box], color=colour, linewidth=0.8, linestyle=(0, (1, 1.5)), zorder=2)
            axes.plot(x, box, marker=marker, markerfacecolor="white", color=colour, linestyle="none", zorder=3)
            axes.errorbar(x, D, yerr=2 * error, color=colour, marker=marker, capsize=2, linestyle="none", zorder=4)
        for kind in dict.fromkeys(kind for kind, _ in MEASURED.values()):
            colour, marker = LOOKS[kind]
            axes.plot([], [], color=colour, marker=marker, linestyle="none", label=kind)
        axes.plot([], [], color=MUTED, marker="o", markerfacecolor="white", linestyle="none", label="box counting D₀")
        axes.set_xlabel("dimension by theory")
        axes.set_ylabel("measured dimension, D₁ ± 2 standard errors")
        axes.set(xlim=(-0.08, 2.1), ylim=(-0.08, 2.1))
        axes.grid(color=GRID)
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure
