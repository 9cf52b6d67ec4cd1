"""Do networks find out in context which of two processes they read, and does their loss fall as theory says?

    python docs/reproductions/non_ergodic.py -o docs/results/non-ergodic.json [--small]

Trains a transformer and a GRU, several seeds each, on a mixture of two Mess3: which it is, is drawn before the first
symbol. The optimal loss at a position exceeds the entropy rate by an amount whose sum over all positions is the excess
entropy E (arXiv 2505.18373), here that of the components on average and the one bit of which it is. Written by
position: the exact loss and each network's, as excess over the entropy rate; the exact posterior of the component and
the one that a probe reads from the last layer, as the probability given to the true component; R² of that probe, and
of one for the log-odds. Beside them the untrained network, the true next-symbol probabilities, the last symbols one by
one, and suffix-grams; and the exact belief, which is planted. What is in the file is
not done again.
"""

import argparse
from dataclasses import asdict
from math import log
from pathlib import Path
from typing import Any

import numpy as np
import torch

from compmech import HMM, mixture, statistics, zoo
from predictors import Predictor, TrainingConfig, keep_memory, one_thread, train
from probes import LastSymbols, NextProbabilities, component_target, features, histories, suffix_grams
from probes.candidates import candidate, make
from probes.crossfit import crossfit
from probes.experiment import RowFile
from probes.ground import Ground, prepare
from probes.history import kl_by_position
from probes.positions import score_by_position
from probes.presets import clip, learning_rate
from probes.readout import read_out
from probes.report.seed_table import seed_table
from probes.scoring import score
from probes.targets import Target, varying

COMMAND = "python docs/reproductions/non_ergodic.py -o docs/results/non-ergodic.json"
COMPONENTS = ({"x": 0.05, "a": 0.85}, {"x": 0.15, "a": 0.6})
KINDS: dict[str, dict[str, Any]] = {"transformer": {"n_layer": 2}, "gru": {"n_layer": 1}}
SIZES: dict[str, Any] = {"seeds": 5, "steps": 800, "batch": 64, "length": 32, "histories": 12000, "words": 120000}
SMALL: dict[str, Any] = {"seeds": 1, "steps": 15, "batch": 16, "length": 6, "histories": 600, "words": 1000}
ROWS = (1, 2, 4, 8, 16, 32)
"""Positions that the tables show; beyond the length they are left out."""


def the_components() -> tuple[HMM, HMM]:
    """The two, of equal weight."""
    one, other = (zoo.mess3(**component) for component in COMPONENTS)
    return one, other


def the_process() -> HMM:
    """Their mixture."""
    found = mixture(*the_components())
    assert isinstance(found, HMM)
    return found


def theory() -> tuple[float, float]:
    """Entropy rate and excess entropy, in bits."""
    apart = [statistics(component).to_dict() for component in the_components()]
    rate = float(np.mean([_middle(one["entropy_rate"]) for one in apart]))
    return rate, 1.0 + float(np.mean([_middle(one["excess_entropy"]) for one in apart]))


def optimum(rate: float, sizes: dict[str, Any]) -> dict[str, Any]:
    """The exact excess over the entropy rate by position, over words that were drawn, in bits.

    What is averaged over words is the entropy of the exact prediction, so that only which words came is chance; the
    standard error is of the sum.
    """
    process = the_process()
    words = process.sample(sizes["words"], sizes["length"], rng=np.random.default_rng(0))
    p = process.predict(words)
    entropy = -(p * np.log2(np.where(p > 0, p, 1.0))).sum(axis=2)
    total = (entropy - rate).sum(axis=1)
    return {
        "excess_by_row": (entropy.mean(axis=0) - rate).tolist(),
        "sum": float(total.mean()),
        "standard_error": float(total.std(ddof=1) / np.sqrt(len(total))),
    }


def _middle(quantity: Any) -> float:
    return (quantity["lower"] + quantity["upper"]) / 2 if isinstance(quantity, dict) else float(quantity)


def the_targets(ground: Ground) -> list[Target]:
    """The posterior of the components, and its log-odds in nats."""
    posterior = component_target(ground.histories, the_components())
    return [posterior, varying("log-odds", np.log(posterior.Y[:, :1] / posterior.Y[:, 1:]))]


def measured(X: np.ndarray, ground: Ground, targets: list[Target]) -> dict[str, Any]:
    """What one set of features tells of the component: over all rows, by row, and what it gives the true one."""
    split, weight = ground.splits[0], ground.histories.weight("probability")
    scores = score(X, targets, ground.histories, weighting="probability", split=split, probe=ground.probe)
    by_row = score_by_position(X, targets, ground.histories, weighting="probability", split=split, probe=ground.probe)
    fit = crossfit(X, targets[0].Y, weight, split.fold, ground.probe)
    return {
        "r2": {s.target: {"score": s.score, "low": s.low, "high": s.high} for s in scores},
        "r2_by_row": {one.target: [round(float(r2), 5) for r2 in one.r2] for one in by_row},
        "to_the_true_one": given_to_the_true_one(ground, targets[0].Y, fit.predicted),
    }


def given_to_the_true_one(ground: Ground, exact: np.ndarray, told: np.ndarray) -> list[float]:
    """The mean probability that `told` gives the component that it is, by row.

    After a history the component is c with its exact posterior, so that this is the mean of exact @ told, and no
    labels have chance in them.
    """
    found, frequency = ground.histories, ground.histories.frequency
    at = np.bincount(found.row - 1, frequency * (exact * told).sum(axis=1), found.length)
    return [round(float(value), 5) for value in at / np.bincount(found.row - 1, frequency, found.length)]


def network(kind: str, seed: int, length: int) -> Predictor:
    """An untrained one."""
    return make(candidate(kind, KINDS[kind]), 3, length, rng=torch.Generator().manual_seed(seed))


def read(model: Predictor, ground: Ground, targets: list[Target], judged: Any) -> dict[str, Any]:
    """The last layer of a network, and its KL by row over words of their own, in bits."""
    sites = [name for name, site in model.sites.items() if name.startswith("layer.") and not site.state]
    found = read_out(model, ground.histories, sites[-1:])
    kl = kl_by_position(judged, read_out(model, judged, []).log_probs) / log(2)
    return {"site": sites[-1], "kl_bits_by_row": kl.tolist(), **measured(found.features[sites[-1]], ground, targets)}


def model_free(ground: Ground, targets: list[Target]) -> dict[str, Any]:
    """Baselines, the ceiling of a next-symbol reader, and the exact belief."""
    found, rng = ground.histories, np.random.default_rng(0)
    last = min(8, found.length)
    grams = suffix_grams(targets, found, weighting="probability", split=ground.splits[0])
    return {
        "exact belief (planted)": measured(found.belief, ground, targets),
        "true next-symbol p": measured(features(NextProbabilities(found), found, rng=rng), ground, targets),
        f"last {last} symbols": measured(features(LastSymbols(found, last), found, rng=rng), ground, targets),
        "suffix-grams": {"r2": {g.score.target: {"score": g.score.score} for g in grams}},
    }


def run(file: RowFile, sizes: dict[str, Any]) -> None:
    """Do what is not done."""
    process, length = the_process(), sizes["length"]
    ground = prepare(process, length, max_histories=sizes["histories"], rng=np.random.default_rng(0))
    judged = histories(process, length, max_histories=2 * sizes["histories"], rng=np.random.default_rng(1))
    targets = the_targets(ground)
    if file.find(kind="theory") is None:
        exact = given_to_the_true_one(ground, targets[0].Y, targets[0].Y)
        rate, excess_entropy = theory()
        said = {"entropy_rate_bits": rate, "excess_entropy_bits": excess_entropy, **optimum(rate, sizes)}
        said |= {"to_the_true_one": exact, "histories": len(ground.histories)}
        file.add({"kind": "theory", **said, "model_free": model_free(ground, targets)})
    for seed in range(sizes["seeds"]):
        for kind in KINDS:
            if file.find(kind=kind, seed=seed) is not None:
                continue
            model, (rate, _) = network(kind, seed, length), learning_rate("two_mess3", kind)
            untrained = read(model, ground, targets, judged)
            training = TrainingConfig(
                length=length,
                steps=sizes["steps"],
                batch=sizes["batch"],
                lr=rate,
                clip=clip("two_mess3", kind),
                eval_every=sizes["steps"],
            )
            record = train(model, process, training, rng=np.random.default_rng(seed))
            who = {"kind": kind, "seed": seed, "training": asdict(training), "seconds": round(record.seconds, 1)}
            file.add({**who, "trained": read(model, ground, targets, judged), "untrained": untrained})


def parts(found: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The row of the theory, and those of networks."""
    [exact] = [row for row in found["rows"] if row["kind"] == "theory"]
    return exact, [row for row in found["rows"] if row["kind"] != "theory"]


def loss_table(found: dict[str, Any]) -> str:
    """Excess of the loss over the entropy rate by position, in bits, and its sum over rows 1 .. length - 1."""
    exact, networks = parts(found)
    length = len(exact["excess_by_row"]) - 1
    shown = [row for row in ROWS if row <= length]
    lines = [f"{'loss - h, bits, at row':<24}" + "".join(f"{row:>8}" for row in shown) + f"{'sum':>9}"]
    excess = np.array(exact["excess_by_row"])
    cells = "".join(f"{excess[row]:>8.4f}" for row in shown)
    lines.append(f"{'optimum':<24}{cells}{excess[1:].sum():>9.4f}")
    for row in networks:
        own = excess[1:] + np.array(row["trained"]["kl_bits_by_row"])
        cells = "".join(f"{own[at - 1]:>8.4f}" for at in shown)
        lines.append(f"{row['kind'] + ', seed ' + str(row['seed']):<24}{cells}{own.sum():>9.4f}")
    return "\n".join(lines)


def sums(found: dict[str, Any]) -> str:
    """E against what the drawn words add up to."""
    exact, _ = parts(found)
    length = len(exact["excess_by_row"]) - 1
    left = exact["excess_entropy_bits"] - exact["sum"]
    return (
        f"h = {exact['entropy_rate_bits']:.4f} bits, E = {exact['excess_entropy_bits']:.4f} bits; "
        f"optimal excess summed over rows 0 to {length}: {exact['sum']:.4f} "
        f"(standard error {exact['standard_error']:.4f}), {left:.4f} still to come"
    )


def posterior_table(found: dict[str, Any]) -> str:
    """What is given to the true component by position, and R² of the probe over all positions."""
    exact, networks = parts(found)
    shown = [row for row in ROWS if row <= len(exact["to_the_true_one"])]
    head = f"{'to the true one, at row':<24}" + "".join(f"{row:>8}" for row in shown)
    lines = [head + f"{'R² posterior':>14}{'log-odds':>10}"]
    lines.append(f"{'exact posterior':<24}" + "".join(f"{exact['to_the_true_one'][row - 1]:>8.3f}" for row in shown))
    for name, at in exact["model_free"].items():
        lines.append(_posterior_line(name, at, shown))
    for row in networks:
        name = f"{row['kind']}, seed {row['seed']}"
        lines.append(_posterior_line(name, row["trained"], shown))
        lines.append(_posterior_line("  untrained", row["untrained"], shown))
    return "\n".join(lines)


def _posterior_line(name: str, at: dict[str, Any], shown: list[int]) -> str:
    told = at.get("to_the_true_one")
    cells = "".join(f"{told[row - 1]:>8.3f}" if told else f"{'':>8}" for row in shown)
    return f"{name:<24}{cells}{at['r2']['component']['score']:>14.3f}{at['r2']['log-odds']['score']:>10.3f}"


def means_table(found: dict[str, Any]) -> str:
    """Over seeds: what the loss lacks, what is read after the last symbol shown, and R² of the probe."""
    exact, networks = parts(found)
    last = max(row for row in ROWS if row <= len(exact["to_the_true_one"]))

    def read_of(rows: list[dict[str, Any]]) -> dict[str, list[float]]:
        return {
            f"true one, at row {last}": [at["to_the_true_one"][last - 1] for at in rows],
            "R² posterior": [at["r2"]["component"]["score"] for at in rows],
            "log-odds": [at["r2"]["log-odds"]["score"] for at in rows],
        }

    lines: dict[str, dict[str, list[float]]] = {}
    for kind in KINDS:
        rows = [row for row in networks if row["kind"] == kind]
        if rows:
            lacking = {"loss above optimum, sum": [sum(row["trained"]["kl_bits_by_row"]) for row in rows]}
            lines[kind] = lacking | read_of([row["trained"] for row in rows])
            lines[f"  untrained {kind}"] = read_of([row["untrained"] for row in rows])
    return seed_table("mean over seeds (95 % t interval)", lines)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--seeds", type=int)
    parser.add_argument("--steps", type=int)
    parser.add_argument("--small", action="store_true", help="one seed, little training, for seconds")
    asked = parser.parse_args(arguments)
    given = {"seeds": asked.seeds, "steps": asked.steps}
    sizes = (SMALL if asked.small else SIZES) | {key: value for key, value in given.items() if value is not None}
    settings = {"components": COMPONENTS, "networks": KINDS, **{k: v for k, v in sizes.items() if k != "seeds"}}
    file = RowFile(asked.out, command=COMMAND, settings=settings)
    with one_thread():
        run(file, sizes)
    found = file.document()
    print(sums(found), loss_table(found), posterior_table(found), means_table(found), sep="\n\n")


if __name__ == "__main__":
    keep_memory()
    main()
