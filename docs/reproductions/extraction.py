"""Are the machines of finite processes recovered from trained GRUs, with no answer key?

    python docs/reproductions/extraction.py --runs FOLDER -o docs/results/extraction.json

Trains one GRU (two layers of width 64, preset budget and learning rate) on each process with each seed by `compmech
train`, into FOLDER, and extracts its machine. Nothing of the process goes into the extraction; what is found is then
compared with its epsilon-machine. Beside them: the exact predictor of each process (what is planted must be found),
Mess3 (no finite machine to be found), and a network stopped early. Work that is in FOLDER or in the file is not done
again, so the command can be stopped and given again.
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

EARLY = {"process": "rrxor", "steps": 100}
"""A network that is stopped early."""


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
        networks = [r for r in rows if r["process"] == process and r["seed"] is not None and r["steps"] is None]
        near = [r for r in networks if not r["compared"]["undertrained"]]
        found[process] = {
            "seeds": [r["seed"] for r in networks],
            "within_kl": [r["seed"] for r in near],
            "recovered": [r["seed"] for r in near if recovered(r)],
            "largest_difference": [r["compared"]["largest_difference"] for r in near],
            "entropy_rate": across([r["entropy_rate"]["value"] for r in networks]),
            "statistical_complexity": across(
                [r["statistical_complexity"]["value"] for r in networks if r["statistical_complexity"] is not None]
            ),
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
    wanted += [("mess3", 0, None), (EARLY["process"], 0, EARLY["steps"])]
    for process, seed, steps in wanted:
        folder = options.runs / (f"{process}-{seed}" if steps is None else f"{process}-{steps}-steps-{seed}")
        if (process, seed, steps) in done:
            continue
        if options.trained_only and seed is not None and not (folder / "training.json").is_file():
            continue
        with one_thread():
            rows.append(row(options.runs, process, seed, steps))
        beside = rows[-1]["compared"]
        rows.sort(key=lambda r: wanted.index((r["process"], r["seed"], r["steps"])))
        document = {
            "command": COMMAND,
            "length": LENGTH,
            "near": NEAR,
            "kl_nats_of_trained": TRAINED_KL,
            "versions": versions(),
            "summary": summary(rows),
            "rows": rows,
        }
        with written_aside(options.out) as unfinished:
            unfinished.write_text(json.dumps(document, indent=1, allow_nan=False) + "\n")
        who = "exact" if seed is None else f"gru, seed {seed}" + ("" if steps is None else f", {steps} steps")
        kl, difference = beside["kl_nats"], beside["largest_difference"]
        print(f"{process}, {who}: KL {kl:.2g} nats, isomorphic {beside['isomorphic']}, apart {difference}", flush=True)


if __name__ == "__main__":
    main()
