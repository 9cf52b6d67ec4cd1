"""What does a network keep that is too narrow for the belief?

    python docs/reproductions/width.py -o docs/results/width.json [--small]

Trains networks of several widths on a product of two Mess3 processes, of unlike parameters (belief of 8 dimensions: two
for each factor, and four of how they go together, which independence makes a product), and writes what each keeps of
the whole and of each factor, beside the best linear belief of as many dimensions, and the bits that the best memory of
any kind needs to predict as well. What is in the file is not done again.
"""

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from compmech import product, zoo
from compmech.bottleneck import causal_bottleneck, pasts_of
from compmech.whole_files import written_aside
from predictors import TrainingConfig, n_parameters, train
from probes import belief_target, factor_targets
from probes.candidates import candidate, make
from probes.comparison import versions
from probes.ground import prepare
from probes.presets import clip, learning_rate
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

PRICES = tuple(float(beta) for beta in np.geomspace(1.2, 300, 16))


def settings(kind: str, width: int) -> dict[str, Any]:
    """Of one network."""
    own = KINDS[kind] | {"width": width}
    return own | {"head_width": width, "mlp_width": 4 * width} if kind == "transformer" else own


def measured(
    earlier: dict[str, Any],
    *,
    kinds: list[str],
    widths: list[int],
    seeds: int,
    steps: int,
    length: int,
    past: int,
    histories: int,
) -> dict[str, Any]:
    """The record of everything, with the rows that were there before."""
    parts = [zoo.mess3(**factor) for factor in FACTORS]
    process = product(*parts)
    ground = prepare(process, length, max_histories=histories, rng=np.random.default_rng(0))
    belief = belief_target(process, ground.histories)
    targets = [belief, *factor_targets(ground.histories, parts)]
    limits = best_linear(belief, targets, ground.histories.weight("probability"))
    curve = causal_bottleneck(pasts_of(process, past, 1), PRICES, rng=np.random.default_rng(0), restarts=1)
    asked = {"steps": steps, "length": length, "past": past, "histories": histories}
    rows = earlier.get("rows", []) if earlier.get("asked") == asked else []
    done = {(row["kind"], row["width"], row["seed"]) for row in rows}
    for kind in kinds:
        for width in widths:
            for seed in range(seeds):
                if (kind, width, seed) in done:
                    continue
                chosen = candidate(kind, settings(kind, width))
                model = make(chosen, process.n_symbol, length, rng=torch.Generator().manual_seed(seed))
                rate, _ = learning_rate("product", kind)
                training = TrainingConfig(length=length, steps=steps, lr=rate, clip=clip("product", kind))
                train(model, process, training, rng=np.random.default_rng(seed))
                kept = kept_at(model, ground, targets, "final", past)
                needed = rate_needed(curve, kept.predictive_bits)
                who = {"kind": kind, "width": width, "seed": seed, "parameters": n_parameters(model)}
                rows.append({**who, **asdict(kept), "rate_needed_bits": needed})
    return {
        "command": COMMAND,
        "asked": asked,
        "factors": FACTORS,
        "versions": versions(),
        "bottleneck": [asdict(point) for point in curve],
        "best_linear": [asdict(limit) for limit in limits],
        "rows": rows,
    }


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
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--small", action="store_true", help="two widths of one network, for seconds")
    asked = parser.parse_args(arguments)
    earlier = json.loads(asked.out.read_text()) if asked.out.is_file() else {}
    kinds, widths = (["gru"], [2, 4]) if asked.small else (list(KINDS), list(WIDTHS))
    sizes = {"seeds": asked.seeds, "steps": asked.steps, "length": LENGTH, "past": PAST, "histories": 5000}
    if asked.small:
        sizes = {"seeds": 1, "steps": 30, "length": 3, "past": 1, "histories": 500}
    found = measured(earlier, kinds=kinds, widths=widths, **sizes)
    with written_aside(asked.out) as path:
        path.write_text(json.dumps(found, indent=1) + "\n")
    print(table(found))


if __name__ == "__main__":
    main()
