"""Are the machines of finite processes recovered from trained GRUs, with no answer key?

    python docs/reproductions/extraction.py --runs FOLDER -o docs/results/extraction.json

Trains one GRU (two layers of width 64, preset budget and learning rate) on each process with each seed by `compmech
train`, into FOLDER, and extracts its machine. Nothing of the process goes into the extraction; what is found is then
compared with its epsilon-machine. Beside them: the exact predictor of each process (what is planted must be found),
Mess3 (no finite machine to be found), and one network stopped at several times. Work that is in FOLDER or in the file
is not done again, so the command can be stopped and given again. At its end the tables of docs/extraction.md are
printed.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from compmech import zoo
from compmech.whole_files import written_aside
from predictors import Predictor, ProcessPredictor, load, one_thread
from probes.comparison import versions
from probes.extraction import TRAINED_KL, compared, extract

COMMAND = "python docs/reproductions/extraction.py --runs FOLDER -o docs/results/extraction.json"
LINE = ("z1r", "even", "golden_mean", "rrxor", "nemo")
"""The processes whose recurrent machines are to be recovered."""

LENGTH = 16
"""Symbols of a training sequence; machines are found from sequences four times as long."""

NEAR = 0.01
"""How far probabilities may be from those of the process."""

EARLY = ("rrxor", (1, 100, 170, 300, 900))
"""A network that is stopped early, and after how many updates: from one that has learned nothing to one that has."""

STATISTICS = ("entropy_rate", "statistical_complexity", "excess_entropy")


def trained(runs: Path, process: str, seed: int, steps: int | None = None) -> Path:
    """The folder of a finished training, begun or gone on with if need be."""
    folder = runs / (f"{process}-{seed}" if steps is None else f"{process}-{steps}-steps-{seed}")
    if not (folder / "training.json").is_file():
        command = ["train", process, "--predictor", "gru", "--length", str(LENGTH), "--seed", str(seed)]
        command += ["-o", str(folder)] + ([] if steps is None else ["--steps", str(steps)])
        command += ["--resume"] if (folder / "run.json").is_file() else []
        subprocess.run([sys.executable, "-c", "from compmech.cli import main; main()", *command], check=True)
    return folder


def extracted(predictor: Predictor, process: str, seed: int) -> dict[str, Any]:
    """The row of one predictor, but for how it was trained."""
    exact = zoo.entry(process).build()
    finding, judging = np.random.default_rng(seed).spawn(2)
    found = extract(predictor, length=LENGTH, rng=finding, alphabet=exact.alphabet, name=process).found
    document = found.to_dict()
    diagnostics = document.pop("diagnostics")
    kept = ("reason", "finite", "stands_out", "horizon", "ranks", "merged", "dropped", "rollout", "states_by_tolerance")
    hankel = {key: diagnostics["hankel"][key] for key in ("rank", "ratio", "sure")}
    return {
        **document,
        **{key: diagnostics[key] for key in kept},
        "hankel": hankel,
        "compared": compared(found, predictor, exact, length=LENGTH, rng=judging),
    }


def row(runs: Path, process: str, seed: int | None, steps: int | None) -> dict[str, Any]:
    """One network, or the exact predictor where there is no seed."""
    who = {"process": process, "predictor": "bayes" if seed is None else "gru", "seed": seed, "steps": steps}
    if seed is None:
        return {**who, **extracted(ProcessPredictor(zoo.entry(process).build()), process, 0)}
    folder = trained(runs, process, seed, steps)
    record = json.loads((folder / "training.json").read_text())
    told = {"training": record["config"], "parameters": record["parameters"], "seconds": record["record"]["seconds"]}
    return {**who, **told, **extracted(load(folder / "model.safetensors"), process, seed)}


def recovered(entry: dict[str, Any]) -> bool:
    """Whether the machine is that of the process, its probabilities near enough."""
    beside = entry["compared"]
    return bool(beside["isomorphic"] and beside["largest_difference"] <= NEAR)


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """For each process of the line, of the networks near enough to the optimum, how many give its machine."""
    found = {}
    for process in LINE:
        networks = [
            r
            for r in sorted(rows, key=order)
            if r["process"] == process and r["seed"] is not None and r["steps"] is None
        ]
        near = [r for r in networks if not r["compared"]["undertrained"]]
        found[process] = {
            "seeds": [r["seed"] for r in networks],
            "within_kl": [r["seed"] for r in near],
            "recovered": [r["seed"] for r in near if recovered(r)],
            "largest_difference": [r["compared"]["largest_difference"] for r in near],
            "largest_kl_nats": max((r["compared"]["kl_nats"] for r in networks), default=None),
            **{key: across([r[key]["value"] for r in networks if r[key] is not None]) for key in STATISTICS},
        }
    return found


def across(values: list[float]) -> dict[str, float] | None:
    """Mean over seeds with its 95 % t interval; None for fewer than two."""
    from scipy.stats import t

    if len(values) < 2:
        return None
    mean, error = float(np.mean(values)), float(np.std(values, ddof=1) / np.sqrt(len(values)))
    half = float(t.ppf(0.975, len(values) - 1)) * error
    return {"value": mean, "low": mean - half, "high": mean + half}


def tables(document: dict[str, Any]) -> str:
    """What docs/extraction.md shows: each process over its seeds, then every network."""
    lines = ["process      seeds  within KL  recovered   largest KL  largest difference of a probability"]
    for process, counted in document["summary"].items():
        most = max((each for each in counted["largest_difference"] if each is not None), default=None)
        told = "-" if most is None else f"{most:.4f}"
        numbers = [len(counted[key]) for key in ("seeds", "within_kl", "recovered")]
        lines.append("{:<12}{:>6}{:>11}{:>11}{:>13.1e}  {}".format(process, *numbers, counted["largest_kl_nats"], told))
    lines += ["", _LINE.format("", "KL", "states", "apart", "entropy rate", "complexity C", "excess entropy E")]
    for process in dict.fromkeys(row["process"] for row in document["rows"]):
        rows = [row for row in document["rows"] if row["process"] == process]
        own = rows[0]["compared"]["statistics"]
        states, *values = (_of_process(own[key]) for key in ("n_causal_states", *STATISTICS))
        lines.append(_LINE.format(process, "", states, "", *values).rstrip())
        lines += [_of_network(row) for row in rows if row["seed"] is not None and row["steps"] is None]
        over = document["summary"].get(process)
        if over is not None:
            lines.append(
                _LINE.format("  over seeds", "", "", "", *(_interval(over[key]) for key in STATISTICS)).rstrip()
            )
        lines += [_of_network(row) for row in rows if row["steps"] is not None]
    return "\n".join(lines)


def _of_network(row: dict[str, Any]) -> str:
    beside, found = row["compared"], row["n_causal_states"]
    steps = row["steps"]
    who = f"  seed {row['seed']}" + ("" if steps is None else f", {steps} update" + "s" * (steps > 1))
    states = "none" if found is None else f"{found['value']:.0f}"
    apart = "-" if beside["largest_difference"] is None else f"{beside['largest_difference']:.4f}"
    values = (_interval(row[key]) for key in STATISTICS)
    return _LINE.format(who, f"{beside['kl_nats']:.1e}", states, apart, *values).rstrip()


_LINE = "{:<21}{:>8}{:>7}{:>7}  {:<24}{:<24}{}"


def _interval(found: dict[str, float] | None) -> str:
    return "-" if found is None else "{value:.4f} {low:.4f}-{high:.4f}".format(**found)


def _of_process(value: Any) -> str:
    if isinstance(value, dict):
        return f"{(value['lower'] + value['upper']) / 2:.4f}"
    return f"{value:.4f}" if isinstance(value, float) else str(value)


def order(entry: dict[str, Any]) -> tuple[int, int, int]:
    """Process by process: the exact predictor, networks by seed, then those stopped early."""
    seed = -1 if entry["seed"] is None else entry["seed"]
    return (*LINE, "mess3").index(entry["process"]), entry["steps"] or 0, seed


def document_of(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The results file."""
    return {
        "command": COMMAND,
        "length": LENGTH,
        "near": NEAR,
        "kl_nats_of_trained": TRAINED_KL,
        "versions": versions(),
        "summary": summary(rows),
        "rows": sorted(rows, key=order),
    }


def main(arguments: list[str] | None = None) -> None:
    """Do what is not done yet, writing the file after each row."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=Path, required=True, help="folder of the trained networks")
    parser.add_argument("-o", "--out", type=Path, required=True, help="JSON file")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--trained-only", action="store_true", help="leave out networks whose training is not done")
    options = parser.parse_args(arguments)
    rows: list[dict[str, Any]] = json.loads(options.out.read_text())["rows"] if options.out.exists() else []
    done = {(r["process"], r["seed"], r["steps"]) for r in rows}
    wanted: list[tuple[str, int | None, int | None]] = [(process, None, None) for process in (*LINE, "mess3")]
    wanted += [(process, seed, None) for seed in range(options.seeds) for process in LINE]
    wanted += [("mess3", 0, None), *((EARLY[0], 0, steps) for steps in EARLY[1])]
    for process, seed, steps in wanted:
        folder = options.runs / (f"{process}-{seed}" if steps is None else f"{process}-{steps}-steps-{seed}")
        if (process, seed, steps) in done:
            continue
        if options.trained_only and seed is not None and not (folder / "training.json").is_file():
            continue
        with one_thread():
            rows.append(row(options.runs, process, seed, steps))
        with written_aside(options.out) as unfinished:
            unfinished.write_text(json.dumps(document_of(rows), indent=1, allow_nan=False) + "\n")
        beside = rows[-1]["compared"]
        who = "exact" if seed is None else f"gru, seed {seed}" + ("" if steps is None else f", {steps} steps")
        kl, difference = beside["kl_nats"], beside["largest_difference"]
        print(f"{process}, {who}: KL {kl:.2g} nats, isomorphic {beside['isomorphic']}, apart {difference}", flush=True)
    print(tables(document_of(rows)))


if __name__ == "__main__":
    main()
