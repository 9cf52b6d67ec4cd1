"""Eigenvalues of the mixed states' net matrix, and a process with memory whose correlations are all zero."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from compmech import Spectrum, autocorrelation, entropy_convergence, spectrum, zoo
from compmech.draw import PAGE_WIDTH, publish
from compmech.draw.style import GRID, INK, LOOKS, MUTED, blank_figure, house_style

SHOWN = ("even", "rrxor")
LENGTH = 12


def main(out: Path, *, rng: np.random.Generator, small: bool = False) -> None:
    """Modes are exact to their stated error; correlations are those of the symbols 0 and 1."""
    found = {name: spectrum(zoo.get(name)()) for name in SHOWN}
    correlations = {name: correlation(name) for name in SHOWN}
    excess = {name: entropy_convergence(zoo.get(name)(), LENGTH).rates - found[name].entropy_rate for name in SHOWN}
    numbers = {
        name: {
            "n_mixed": each.n_mixed,
            "largest": max(abs(mode.eigenvalue) for mode in each.modes if abs(mode.excess_part) > 1e-9),
            "E": each.excess_entropy,
            "n_modes": len(each.modes),
            "modes": [
                {
                    "modulus": abs(mode.eigenvalue),
                    "multiplicity": mode.multiplicity,
                    "excess_part": mode.excess_part.real,
                }
                for mode in each.modes
            ],
            "greatest_correlation": float(np.abs(correlations[name][1:]).max()),
            "error": each.error,
        }
        for name, each in found.items()
    }
    publish(out, "spectral_view", numbers, {"modes": picture(found, correlations, excess)})


def correlation(name: str) -> np.ndarray:
    """Covariance of symbols at a distance, over their variance."""
    raw = autocorrelation(zoo.get(name)(), np.array([0.0, 1.0]), LENGTH).real
    mean = float(zoo.get(name)().predict(np.zeros((1, 0), dtype=int))[0, 0, 1])
    return np.asarray((raw - mean**2) / (raw[0] - mean**2))


def picture(found: dict[str, Spectrum], correlations: dict[str, np.ndarray], excess: dict[str, np.ndarray]) -> Figure:
    """Left: eigenvalues in the unit disc, as large as their part of E. Right: two kinds of memory, by distance."""
    with house_style():
        figure = blank_figure(PAGE_WIDTH, 3.4)
        left = figure.add_axes((0.085, 0.13, 0.38, 0.77))
        turn = np.linspace(0, 2 * np.pi, 200)
        left.plot(np.cos(turn), np.sin(turn), color=GRID)
        left.plot(1, 0, marker="x", color=INK, linestyle="none")
        left.annotate("1", (1, 0), (6, 6), textcoords="offset points", fontsize=8)
        for name in SHOWN:
            colour, marker = LOOKS[name]
            at = np.array([mode.eigenvalue for mode in found[name].modes])
            part = np.abs([mode.excess_part for mode in found[name].modes])
            left.scatter(
                at.real, at.imag, s=18 + 60 * part, facecolors="none", edgecolors=colour, marker=marker, label=name
            )
        left.set(aspect="equal", xlim=(-1.15, 1.15), ylim=(-1.15, 1.15), xlabel="real part", ylabel="imaginary part")
        left.axhline(0, color=GRID, linewidth=0.8, zorder=0)
        left.axvline(0, color=GRID, linewidth=0.8, zorder=0)
        left.set_title("eigenvalues λ; area: share of E", fontweight="normal")
        left.legend(loc="lower right", fontsize=8)
        for place, title, series, first, along in (
            ((0.56, 0.615, 0.42, 0.285), "correlation of two symbols", correlations, 1, "distance, symbols"),
            ((0.56, 0.13, 0.42, 0.285), "h_L − h, bits per symbol", excess, 0, "L, symbols"),
        ):
            axes = figure.add_axes(place)
            for name in SHOWN:
                colour, marker = LOOKS[name]
                values = series[name][first:]
                axes.plot(np.arange(1, len(values) + 1), values, color=colour, marker=marker, markersize=4, label=name)
            axes.axhline(0, color=MUTED, linewidth=0.8, zorder=0)
            axes.set_title(title, fontweight="normal")
            axes.set_xlabel(along)
            axes.grid(axis="y", color=GRID)
    return figure
