"""Do intervals hold the truth as often as they say, and is no structure found where there is none?

    python docs/reproductions/interval_coverage.py -o docs/results/interval-coverage.json

Coverage: series of known processes, the transitions given; of each series the intervals of h, C and E by every way
there is (posterior, parametric, block), and how often they hold the true value. False alarms: series without structure,
default settings, half as many; how often more than one state is found, and how often the surrogate test says p <= 0.05.
With --parts only one of them is run, and the other kept as the file has it.
"""

import argparse
import json
import time
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np

from compmech import HMM, EpsilonMachine, entropy_rate, epsilon_machine, excess_entropy, statistical_complexity, zoo
from compmech.inference import ERRORS, Library, Series, infer, statistics_intervals, structural_posterior
from compmech.inference.interval import middle
from compmech.whole_files import written_aside

COMMAND = "python docs/reproductions/interval_coverage.py -o docs/results/interval-coverage.json"
PARTS = ("coverage", "alarms")
SYMBOLS = 500
ALARMED = (500,)
ROUNDING = 1e-9
STATISTICS: dict[str, Callable[[Any], Any]] = {
    "entropy_rate": entropy_rate,
    "statistical_complexity": statistical_complexity,
    "excess_entropy": excess_entropy,
}

PROCESSES: dict[str, Callable[[], HMM]] = {
    "coin": zoo.fair_coin,
    "biased coin": lambda: zoo.biased_coin(p=0.3),
    "golden mean": zoo.golden_mean,
    "even": zoo.even,
    "nemo": zoo.nemo,
    "noisy random phase slip": zoo.noisy_random_phase_slip,
}

STRUCTURELESS: dict[str, list[float]] = {
    "coin": [0.5, 0.5],
    "biased coin": [0.7, 0.3],
    "die of three": [1 / 3, 1 / 3, 1 / 3],
    "biased die of four": [0.4, 0.3, 0.2, 0.1],
}


def coverage(name: str, n_time: int, n_series: int, *, seed: int) -> list[dict[str, Any]]:
    """How often the intervals of one process hold its statistics, by way and statistic."""
    process = PROCESSES[name]()
    machine = epsilon_machine(process)
    truth = EpsilonMachine(machine.successor, machine.emit)
    topology = Library(truth.successor[None].astype(np.int16), np.array([truth.n_state]))
    values = {key: middle(of(truth)) for key, of in STATISTICS.items()}
    held = {(way, key): 0 for way in ERRORS for key in values}
    width = dict.fromkeys(held, 0.0)
    for data_rng in np.random.default_rng(seed).spawn(n_series):
        data = Series(process.sample(1, n_time, rng=data_rng)[0], tuple(range(process.n_symbol)))
        posterior = structural_posterior(data, topology)
        for way, way_rng in zip(ERRORS, data_rng.spawn(len(ERRORS)), strict=True):
            found = statistics_intervals(data, posterior, errors=way, rng=way_rng)
            for key, value in values.items():
                interval = getattr(found, key)
                held[way, key] += interval.low - ROUNDING <= value <= interval.high + ROUNDING
                width[way, key] += (interval.high - interval.low) / n_series
    return [
        {"process": name, "symbols": n_time, "errors": way, "statistic": key, "truth": values[key]}
        | {"series": n_series, "held": n, "width": width[way, key]}
        for (way, key), n in held.items()
    ]


def false_alarms(name: str, n_time: int, n_series: int, *, seed: int) -> list[dict[str, Any]]:
    """How often structure is found where there is none."""
    chances = STRUCTURELESS[name]
    several = small = 0
    for data_rng in np.random.default_rng(seed).spawn(n_series):
        data = Series(data_rng.choice(len(chances), size=n_time, p=chances), tuple(range(len(chances))))
        found = infer(data, rng=data_rng)
        assert found.p_structure is not None
        several += found.machine.n_state > 1
        small += found.p_structure <= 0.05
    row = {"source": name, "symbols": n_time, "series": n_series, "several_states": several, "p_below_0.05": small}
    return [row]


def tables(found: dict[str, Any]) -> str:
    """Both tables of the page."""
    lines = [
        "| process | symbols | statistic | " + " | ".join(ERRORS) + " |",
        "|---|---|---|" + "---|" * len(ERRORS),
    ]
    rows = {(r["process"], r["symbols"], r["statistic"], r["errors"]): r for r in found["coverage"]}
    for process, symbols, statistic in dict.fromkeys(key[:3] for key in rows):
        cells = [rows[process, symbols, statistic, way] for way in ERRORS]
        shares = " | ".join(f"{100 * cell['held'] / cell['series']:.1f}" for cell in cells)
        lines.append(f"| {process} | {symbols:,} | {statistic.replace('_', ' ')} | {shares} |")
    lines += ["", "| without structure | symbols | more than one state, % | p <= 0.05, % |", "|---|---|---|---|"]
    for r in found["false_alarms"]:
        shares = " | ".join(f"{100 * r[key] / r['series']:.1f}" for key in ("several_states", "p_below_0.05"))
        lines.append(f"| {r['source']} | {r['symbols']:,} | {shares} |")
    return "\n".join(lines)


def main() -> None:
    """Run both and write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--series", type=int, default=200)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    document: dict[str, Any] = {"coverage": [], "false_alarms": []}
    if options.out.exists():
        document |= json.loads(options.out.read_text())
    document |= {
        "command": COMMAND,
        "seed": options.seed,
        "standard_error_at_nominal": sqrt(0.95 * 0.05 / options.series),
        "versions": {"compmech": version("belief-geometry"), "numpy": np.__version__},
    }
    jobs: dict[str, list[Callable[[], list[dict[str, Any]]]]] = {
        "coverage": [partial(coverage, name, SYMBOLS, options.series, seed=options.seed) for name in PROCESSES],
        "false_alarms": [
            partial(false_alarms, name, n_time, options.series // 2, seed=options.seed)
            for n_time in ALARMED
            for name in STRUCTURELESS
        ],
    }
    for part, key in zip(PARTS, jobs, strict=True):
        if part in options.parts:
            document[key] = []
            for job in jobs[key]:
                document[key] += job()
                print(document[key][-1], f"{time.process_time():.0f} s of processor time", flush=True)
                with written_aside(options.out) as aside:
                    aside.write_text(json.dumps(document, indent=1, allow_nan=False) + "\n")
    print(tables(document))


if __name__ == "__main__":
    main()
