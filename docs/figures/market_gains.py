"""What can be gained on daily returns of two indices, and which null hypotheses their symbols speak against."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from compmech.data import load
from compmech.draw import PAGE_WIDTH, publish
from compmech.draw.style import INK, MUTED, SKY, blank_figure, house_style, named_rows
from compmech.inference import structure_test
from compmech.symbolise import symbolised
from probes.report.style import colour_of, display_name, marker_of

RESULTS = Path(__file__).parents[1] / "results"
INDICES = {"sp500": "S&P 500", "nasdaq": "NASDAQ"}
KINDS = ("sign", "size")
LOOK = {
    "inferred machine": (MUTED, "v"),
    "k-gram": (INK, "X"),
    "longest suffix": (SKY, "<"),
    "GRU": (colour_of("gru", ()), marker_of("gru", ())),
    "transformer": (colour_of("transformer", ()), marker_of("transformer", ())),
}
"""The longest suffix loses so much that it is in one of the two pictures alone."""


def main(out: Path, *, rng: np.random.Generator, small: bool = False) -> None:
    """Gains are those recorded; surrogates are drawn, fewer of them in small mode."""
    recorded = json.loads((RESULTS / "markets.json").read_text(encoding="utf-8"))
    spectra = json.loads((RESULTS / "market-spectrum.json").read_text(encoding="utf-8"))
    series = recorded["series"]
    n_surrogate = 19 if small else 199
    tests = {index: {kind: against(index, kind, n_surrogate, rng) for kind in KINDS} for index in INDICES}
    numbers = {
        "days": series["S&P 500, sign"]["days"],
        "n_shuffled": recorded["n_shuffled"],
        "n_surrogate": n_surrogate,
        "gains": {
            key_of(name): {label.replace(" ", "_").replace("-", "_"): one for label, one in row["gains"].items()}
            for name, row in series.items()
        },
        "p_k_gram": {key_of(name): row["shuffled"]["p"] for name, row in series.items()},
        "tests": tests,
        "spectrum": {"n_surrogate": spectra["settings"]["n_surrogate"]}
        | {
            "_".join((key_of(row["series"]), row["kind"], row["part"])): {
                name.replace(" ", "_"): test for name, test in row["tests"].items()
            }
            for row in spectra["rows"]
        },
    }
    publish(out, "market_gains", numbers, {"gains": picture(series), "all": everything(series)})


def key_of(name: str) -> str:
    """A series as a key: sp500_sign, planted_0_01."""
    plain = name.replace("S&P 500", "sp500").replace("NASDAQ", "nasdaq").replace(" in thirds", "").replace(" bits", "")
    return plain.replace(", ", "_").replace(".", "_").replace(" ", "_")


def against(index: str, kind: str, n_surrogate: int, rng: np.random.Generator) -> dict[str, Any]:
    """What the days before tell of a day, in bits, and the p-value of shuffled days: of all days and of each half."""
    returns = np.asarray(load(index).values)
    values = np.abs(returns) if kind == "size" else returns
    symbols = symbolised(values, "threshold:0" if kind == "sign" else "quantile:3").series
    half = len(values) // 2
    parts = {"all": symbols, "first": symbols.part(0, half), "second": symbols.part(half, len(values))}
    found = {}
    for name, part in parts.items():
        test = structure_test(part, rng=rng, n_surrogate=n_surrogate)
        found[name] = {"p": test.p, "bits": test.found - test.expected, "days_before": test.past}
    return found


def picture(series: dict[str, Any]) -> Figure:
    """Direction beside what was planted; and size."""
    groups = (
        (
            "direction, and what was planted",
            ["S&P 500, sign", "NASDAQ, sign", "planted, 0.01 bits", "planted, 0.003 bits", "coin"],
        ),
        ("size", ["S&P 500, thirds", "NASDAQ, thirds", "S&P 500, size in thirds", "NASDAQ, size in thirds"]),
    )
    with house_style():
        figure = blank_figure(PAGE_WIDTH, 3.1)
        for place, (title, names) in enumerate(groups):
            axes = figure.add_axes((0.17 + 0.49 * place, 0.25, 0.325, 0.64))
            draw_gains(axes, series, names, [label for label in LOOK if label != "longest suffix"])
            words = [name.replace("S&P 500", "S&P").replace(", size in", ",\nsize in") for name in names]
            axes.set_yticks(range(len(names)), words, fontsize=8)
            axes.set_title(title, fontweight="normal")
        figure.axes[0].set_xlim(-0.01, 0.02)
        figure.axes[0].set_xticks((-0.01, 0, 0.01, 0.02), ("−0.01", "0", "0.01", "0.02"))
        words = "bits a day gained over the base rate, on days that were not seen (dotted: what was planted)"
        figure.text(0.5, 0.115, words, ha="center", fontsize=8.5)
        figure.legend(*figure.axes[0].get_legend_handles_labels(), loc="lower center", ncols=4, fontsize=8)
    return figure


def everything(series: dict[str, Any]) -> Figure:
    """Every series and predictor on one scale, the longest suffix as well."""
    with house_style():
        figure = blank_figure(PAGE_WIDTH, 5.2)
        axes = figure.add_axes((0.22, 0.095, 0.76, 0.84))
        draw_gains(axes, series, list(series), list(LOOK))
        axes.set_xlabel("bits a symbol gained over the base rate, on days that were not seen (dotted: planted)", x=0.4)
        figure.legend(*axes.get_legend_handles_labels(), loc="upper center", ncols=len(LOOK), fontsize=8.5)
    return figure


def draw_gains(axes: Axes, series: dict[str, Any], names: list[str], labels: list[str]) -> None:
    """A mark and an interval for each predictor, series below series."""
    for height, name in enumerate(names):
        for offset, label in enumerate(labels):
            one, y = series[name]["gains"][label], height + 0.68 / len(labels) * (offset - (len(labels) - 1) / 2)
            if one["interval"] is None:
                continue
            colour, marker = LOOK[label]
            axes.plot(one["interval"], [y, y], color=colour, linewidth=1.6)
            axes.plot(one["bits"], y, marker=marker, color=colour, markersize=4, linestyle="none",
                      label=display_name(label) if height == 0 else None)  # fmt: skip
        given = series[name]["given_bits"]
        if given:
            axes.plot([given, given], [height - 0.42, height + 0.42], color=INK, linewidth=1.2, linestyle=":")
    axes.axvline(0, color=MUTED, linewidth=0.9)
    named_rows(axes, names)
