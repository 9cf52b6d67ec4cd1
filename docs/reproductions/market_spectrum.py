"""Do the days of a stock index hang together more than their spectrum says? Surrogates with the same power spectrum.

    python docs/reproductions/market_spectrum.py -o docs/results/market-spectrum.json [--small]

What the days before tell of a day's direction, or of its size in thirds, is held against three null hypotheses: days in
any order; values with the spectrum of the data (`iaaft`), which are what a linear Gaussian process seen through a
rising function can be; and the same made of the normal scores of the data, whose spectrum is not that of a few wild
days. Two planted series show what the test does: in the one a day hangs on the day before in a line, in the other on
the product of the two days before, which no spectrum knows. What is in the file is not done again.
"""

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import ndtri
from scipy.stats import rankdata

from compmech.data import load
from compmech.inference import Series, phase_surrogates, structure_test
from compmech.inference.surrogates import SHUFFLES, Surrogates
from compmech.symbolise import symbolised
from probes.experiment import RowFile

COMMAND = "python docs/reproductions/market_spectrum.py -o docs/results/market-spectrum.json"
INDICES = {"sp500": "S&P 500", "nasdaq": "NASDAQ"}
KINDS = {"direction": "threshold:0", "size": "quantile:3"}
CORRELATION = 0.18  # of the planted line: about 0.01 bits of direction
CHANCE = 0.5577  # that a planted day has the direction of the product: 0.01 bits too


def line(length: int, rng: np.random.Generator) -> np.ndarray:
    """A Gaussian process in which each day follows the day before a little."""
    values = rng.standard_normal(length)
    for t in range(1, length):
        values[t] = CORRELATION * values[t - 1] + np.sqrt(1 - CORRELATION**2) * values[t]
    return values


def product(length: int, rng: np.random.Generator) -> np.ndarray:
    """Gaussian sizes with directions that are, a little more often than not, the product of the two before."""
    signs = rng.choice([-1.0, 1.0], size=length)
    kept = np.where(rng.random(length) < CHANCE, 1.0, -1.0)
    for t in range(2, length):
        signs[t] = signs[t - 1] * signs[t - 2] * kept[t]
    return signs * np.abs(rng.standard_normal(length))


def subjects(seed: int) -> Iterator[tuple[str, str, str, np.ndarray]]:
    """Series, what is asked of it, which part, and its values."""
    for name, title in INDICES.items():
        returns = np.asarray(load(name).values)
        half = len(returns) // 2
        for part, values in {"all": returns, "first": returns[:half], "second": returns[half:]}.items():
            yield title, "direction", part, values
            yield title, "size", part, np.abs(values)
    rng = np.random.default_rng(seed)
    for title, make in {"planted line": line, "planted product": product}.items():
        yield title, "direction", "all", make(len(returns), rng)


def hypotheses(values: np.ndarray, symbols: Callable[[np.ndarray], Series]) -> dict[str, Surrogates]:
    """What the data are compared with, by name."""
    scores = ndtri((rankdata(values) - 0.5) / len(values))
    values_at = np.sort(values)

    def of_scores(found: np.ndarray) -> Series:
        """The values of the data in the order of the scores."""
        return symbols(values_at[np.argsort(np.argsort(found))])

    return {
        "any order": SHUFFLES,
        "spectrum": phase_surrogates(values, symbols),
        "spectrum of normal scores": phase_surrogates(scores, of_scores),
    }


def tested(values: np.ndarray, kind: str, n_surrogate: int, seed: int) -> dict[str, dict[str, Any]]:
    """The test against every hypothesis."""

    def symbols(given: np.ndarray) -> Series:
        return symbolised(given, KINDS[kind]).series

    found = {}
    for name, surrogates in hypotheses(values, symbols).items():
        test = structure_test(
            symbols(values), rng=np.random.default_rng(seed), surrogates=surrogates, n_surrogate=n_surrogate
        )
        found[name] = {"p": test.p, "bits": test.found, "expected": test.expected, "days_before": test.past}
    return found


def page_table(found: dict[str, Any]) -> str:
    """A line for each series: p by hypothesis."""
    names = list(found["rows"][0]["tests"])
    lines = [
        "| series | asked | days | " + " | ".join(f"p, {name}" for name in names) + " |",
        "|---" * (3 + len(names)) + "|",
    ]
    for row in found["rows"]:
        cells = [row["series"], row["kind"], row["part"], *(f"{row['tests'][name]['p']:.3f}" for name in names)]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    """Do what is not done, a series at a time."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--small", action="store_true", help="the last 300 days, few surrogates, for seconds")
    asked = parser.parse_args(arguments)
    n_surrogate, last = (9, 300) if asked.small else (199, None)
    versions = {name: load(name).version for name in INDICES}
    settings = {"seed": asked.seed, "n_surrogate": n_surrogate, "last": last, "data": versions}
    file = RowFile(asked.out, command=COMMAND, settings=settings)
    for series, kind, part, values in subjects(asked.seed):
        if file.find(series=series, kind=kind, part=part) is None:
            tests = tested(values[-last:] if last else values, kind, n_surrogate, asked.seed)
            file.add(
                {
                    "series": series,
                    "kind": kind,
                    "part": part,
                    "days": len(values[-last:] if last else values),
                    "tests": tests,
                }
            )
    print(page_table(file.document()))


if __name__ == "__main__":
    main()
