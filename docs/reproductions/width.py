"""What does a network keep that is too narrow for the belief?

    python docs/reproductions/width.py -o docs/results/width.json [--small]

Trains networks of several widths on a product of two Mess3 processes, of unlike parameters (belief of 8 dimensions: two
for each factor, and four of how they go together, which independence makes a product), and writes what each keeps of
the whole and of each factor, beside the best linear belief of as many dimensions, and the bits that the best memory of
any kind needs to predict as well. What is in the file is not done again.
"""

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from compmech import product, zoo
from compmech.bottleneck import causal_bottleneck, pasts_of
from predictors import TrainingConfig, keep_memory, n_parameters, one_thread, train
from probes import belief_target, factor_targets
from probes.candidates import candidate, make
from probes.experiment import RowFile
from probes.ground import prepare
from probes.presets import clip, learning_rate
from probes.report.seed_table import seed_table
from probes.width import best_linear, kept_at, rate_needed

COMMAND = "python docs/reproductions/width.py -o docs/results/width.json"
FACTORS = ({"x": 0.05, "a": 0.85}, {"x": 0.15, "a": 0.6})
WIDTHS = (2, 3, 4, 6, 8, 12, 16)
KINDS: dict[str, dict[str, Any]] = {
    "gru": {"n_layer": 1},
    "lstm": {"n_layer": 1},
    "mamba": {"n_layer": 1, "n_state": 4},
    "transformer": {"n_layer": 2, "n_head": 1},
}
"""Small in all but the width of the stream. A transformer's head is as wide as that, its perceptron four times."""

LENGTH, PAST = 6, 2
"""Symbols read; and those after which predictions are compared: 81 beliefs, of which the bottleneck can be found."""

SEEDS = 5
SIZES = {"steps": 1500, "batch": 64, "length": LENGTH, "past": PAST, "histories": 5000}
SMALL = {"steps": 30, "batch": 16, "length": 3, "past": 1, "histories": 500}

PRICES = tuple(float(beta) for beta in np.geomspace(1.2, 300, 16))


def settings(kind: str, width: int) -> dict[str, Any]:
    """Of one network."""
    own = KINDS[kind] | {"width": width}
    return own | {"head_width": width, "mlp_width": 4 * width} if kind == "transformer" else own


def run(file: RowFile, *, kinds: Sequence[str], widths: Sequence[int], seeds: int, sizes: dict[str, int]) -> None:
    """Do what is not done, one more seed of everything at a time."""
    parts = [zoo.mess3(**factor) for factor in FACTORS]
    process, length, past = product(*parts), sizes["length"], sizes["past"]
    ground = prepare(process, length, max_histories=sizes["histories"], rng=np.random.default_rng(0))
    belief = belief_target(process, ground.histories)
    targets = [belief, *factor_targets(ground.histories, parts)]
    limits = best_linear(belief, targets, ground.histories.weight("probability"))
    curve = causal_bottleneck(pasts_of(process, past, 1), PRICES, rng=np.random.default_rng(0), restarts=1)
    file.say(bottleneck=[asdict(point) for point in curve], best_linear=[asdict(limit) for limit in limits])
    for seed in range(seeds):
        for kind in kinds:
            for width in widths:
                if file.find(kind=kind, width=width, seed=seed) is not None:
                    continue
                chosen = candidate(kind, settings(kind, width))
                model = make(chosen, process.n_symbol, length, rng=torch.Generator().manual_seed(seed))
                rate, _ = learning_rate("product", kind)
                training = TrainingConfig(
                    length=length,
                    steps=sizes["steps"],
                    batch=sizes["batch"],
                    lr=rate,
                    clip=clip("product", kind),
                    eval_every=sizes["steps"],
                )
                record = train(model, process, training, rng=np.random.default_rng(seed))
                kept = kept_at(model, ground, targets, "final", past)
                needed = rate_needed(curve, kept.predictive_bits)
                who = {"kind": kind, "width": width, "seed": seed, "parameters": n_parameters(model)}
                who |= {"lr": rate, "seconds": round(record.seconds, 1)}
                file.add({**who, **asdict(kept), "rate_needed_bits": needed})


def means_table(found: dict[str, Any]) -> str:
    """Over seeds: what each network keeps, after the best linear beliefs of few dimensions."""
    limits = {limit["dimension"]: limit["r2"] for limit in found["best_linear"]}
    lines = {f"best linear, {dimension}": {n: [r2] for n, r2 in own.items()} for dimension, own in limits.items()}
    for row in found["rows"]:
        own = lines.setdefault(f"{row['kind']}, width {row['width']}", {})
        for name, r2 in row["r2"].items():
            own.setdefault(name, []).append(r2)
    return seed_table("mean over seeds (95 % t interval)", lines)


def table(found: dict[str, Any]) -> str:
    """One line for each network, every seed, with the best linear belief of as many dimensions."""
    names = list(found["best_linear"][0]["r2"])
    limits = {limit["dimension"]: limit["r2"] for limit in found["best_linear"]}
    head = f"{'network':<13}{'width':>5}{'seed':>5}"
    lines = [head + "".join(f"{name:>20}" for name in names) + f"{'KL, nats':>12}{'bits needed':>13}"]
    for row in found["rows"]:
        limit = limits[min(row["width"], max(limits))]
        cells = "".join(f"{row['r2'][name]:>12.3f} ({limit[name]:.3f})" for name in names)
        needed = "-" if row["rate_needed_bits"] is None else f"{row['rate_needed_bits']:.3f}"
        lines.append(f"{row['kind']:<13}{row['width']:>5}{row['seed']:>5}{cells}{row['kl_nats']:>12.2e}{needed:>13}")
    most = max(found["bottleneck"], key=lambda point: point["rate"])
    last = f"in brackets: the best linear belief of as many dimensions; {most['rate']:.3f} bits of memory predict all"
    return "\n".join([*lines, last])


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--seeds", type=int)
    parser.add_argument("--steps", type=int)
    parser.add_argument("--small", action="store_true", help="two widths of one network, for seconds")
    asked = parser.parse_args(arguments)
    kinds, widths = (["gru"], [2, 4]) if asked.small else (list(KINDS), list(WIDTHS))
    sizes = dict(SMALL if asked.small else SIZES) | ({} if asked.steps is None else {"steps": asked.steps})
    seeds = asked.seeds or (1 if asked.small else SEEDS)
    networks = {kind: settings(kind, WIDTHS[0]) for kind in KINDS}
    file = RowFile(asked.out, command=COMMAND, settings={"factors": FACTORS, "narrowest": networks, **sizes})
    with one_thread():
        run(file, kinds=kinds, widths=widths, seeds=seeds, sizes=sizes)
    found = file.document()
    print(table(found), means_table(found), sep="\n\n")


if __name__ == "__main__":
    keep_memory()
    main()
