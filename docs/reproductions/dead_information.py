"""Does an optimiser find the smallest state that predicts? What SGD, Adam and Muon leave in it beside the belief.

    python docs/reproductions/dead_information.py -o docs/results/dead-information.json [--small]

Every symbol of the process is a symbol of Even with the side of a fair coin on it. One bit of memory predicts all that
can be predicted: the coin says nothing of the future, and a minimal state would not have it. Networks are trained with
several optimisers; at several times it is measured how far they are from the optimum, how well a linear probe reads the
coin of one to four symbols ago, held out, and which part of the state's variance the belief accounts for. Planted: the
belief alone, and beside the last four coins. Rates of optimisers that no sweep covers are the best of a short one on
another seed, recorded as well. What is in the file is not done again.
"""

import argparse
from collections.abc import Mapping
from itertools import product as product_of
from pathlib import Path
from typing import Any

import numpy as np
import torch

from compmech import HMM, product, zoo
from predictors import Predictor, TrainingConfig, keep_memory, one_thread, train
from probes import belief_target, mean_kl
from probes.candidates import candidate, make
from probes.crossfit import crossfit
from probes.experiment import RowFile
from probes.geometry import effective_dimension
from probes.ground import Ground, prepare
from probes.presets import clip, learning_rate
from probes.readout import read_out

COMMAND = "python docs/reproductions/dead_information.py -o docs/results/dead-information.json"
LAGS = (1, 2, 3, 4)
KINDS: dict[str, tuple[dict[str, Any], str]] = {
    "gru": ({"n_layer": 1, "width": 32}, "layer.0.carry"),
    "transformer": ({"n_layer": 2, "width": 32, "n_head": 2, "head_width": 16, "mlp_width": 128}, "layer.1"),
}
"""Settings, and the place that is read: all that a GRU carries on; of a transformer, whose cache holds all symbols in
any case, the stream at the present row."""

OPTIMISERS: dict[str, dict[str, Any]] = {
    "AdamW": {"weight_decay": 0.01},
    "AdamW, no decay": {"weight_decay": 0.0},
    "AdamW, decay 1": {"weight_decay": 1.0},
    "SGD": {"optimiser": "sgd", "weight_decay": 0.0, "clip": 1.0},
    "Muon": {"optimiser": "muon", "weight_decay": 0.01, "clip": 1.0},
}
TRIED: dict[str, tuple[float, ...]] = {"SGD": (0.03, 0.1, 0.3, 1.0), "Muon": (0.002, 0.006, 0.02)}
"""Peak learning rates, of those that no recorded sweep covers."""

OTHER_SEED = 100
"""On which rates are tried."""

SIZES: dict[str, Any] = {
    "seeds": 2,
    "batch": 64,
    "length": 10,
    "histories": 3000,
    "checkpoints": (0, 50, 100, 200, 400, 700, 1000, 1500, 2000),
    "trial_steps": 700,
}
SMALL: dict[str, Any] = {
    "seeds": 1,
    "batch": 8,
    "length": 5,
    "histories": 300,
    "checkpoints": (0, 4),
    "trial_steps": 1,
}


def the_process() -> HMM:
    """Even, with a fair coin on every symbol."""
    both = product(zoo.even(), zoo.fair_coin())
    assert isinstance(both, HMM)
    return both


def coins(ground: Ground) -> np.ndarray:
    """The sides of the coins 1, 2, ... symbols ago, as 1 and -1; 0 where none was read. Axes (history, lag)."""
    recent = ground.histories.recent(max(LAGS))
    sides = np.array([1.0 if side == "1" else -1.0 for _, side in the_process().alphabet])
    return np.where(recent >= 0, sides[np.maximum(recent, 0)], 0.0)


def measured(X: np.ndarray, ground: Ground) -> dict[str, Any]:
    """What one set of features holds, of histories that are long enough to have had all the coins."""
    kept = np.flatnonzero(ground.histories.row >= max(LAGS))
    weight = ground.histories.weight("probability")[kept]
    fold, x = ground.splits[0].fold[kept], X[kept].astype(np.float64)

    def read(Y: np.ndarray) -> float:
        fit = crossfit(x, Y, weight, fold, ground.probe)
        error, spread = (weight @ ((Y - each) ** 2).sum(axis=1) for each in (fit.predicted, fit.null))
        return float(1 - error / spread)

    belief = belief_target(the_process(), ground.histories).Y[kept]
    dead = coins(ground)[kept]
    return {
        "belief": read(belief),
        "coin": [read(dead[:, [lag - 1]]) for lag in LAGS],
        "share_of_belief": _share(x, ground.classes.belief[kept], weight),
        "effective_dimension": effective_dimension(x, weight),
    }


def _share(X: np.ndarray, group: np.ndarray, weight: np.ndarray) -> float:
    """The part of the variance of X that lies between groups of equal belief."""
    _, group = np.unique(group, return_inverse=True)
    mass = np.bincount(group, weights=weight)
    means = np.stack([np.bincount(group, weights=weight * column) for column in X.T], axis=1) / mass[:, None]
    middle = weight @ X / weight.sum()
    return float(mass @ ((means - middle) ** 2).sum(axis=1) / (weight @ ((X - middle) ** 2).sum(axis=1)))


def planted(ground: Ground) -> dict[str, Any]:
    """The smallest state that predicts, and one that also has what is dead; both turned at random."""
    rng = np.random.default_rng(0)
    belief, dead = belief_target(the_process(), ground.histories).Y, coins(ground)
    belief = belief / belief.std(axis=0)
    found = {}
    for name, held in (("belief alone", belief), ("belief and coins", np.hstack([belief, dead]))):
        turned = np.linalg.qr(rng.standard_normal((32, held.shape[1])))[0]
        found[name] = measured(held @ turned.T + 1e-3 * rng.standard_normal((len(held), 32)), ground)
    return found


def training(kind: str, optimiser: str, rate: float, sizes: Mapping[str, Any], steps: int) -> TrainingConfig:
    """How one network is trained."""
    asked: dict[str, Any] = {"clip": clip("product", kind), **OPTIMISERS[optimiser]}
    at = tuple(step for step in sizes["checkpoints"] if step <= steps)
    return TrainingConfig(
        length=sizes["length"], steps=steps, batch=sizes["batch"], lr=rate, eval_every=steps, checkpoints=at, **asked
    )


def trained(
    kind: str, config: TrainingConfig, ground: Ground, seed: int, *, watched: bool = True
) -> tuple[float, list[dict[str, Any]]]:
    """KL at the end, in nats, and what was held at each checkpoint."""
    settings, site = KINDS[kind]
    process = the_process()
    model = make(candidate(kind, settings), process.n_symbol, config.length, rng=torch.Generator().manual_seed(seed))
    found: list[dict[str, Any]] = []

    def look(step: int, now: Predictor) -> None:
        if watched:
            read = read_out(now, ground.histories, [site])
            kl = mean_kl(ground.histories, read.log_probs)
            found.append({"step": step, "kl_nats": kl, **measured(read.features[site], ground)})

    record = train(model, process, config, rng=np.random.default_rng(seed), on_checkpoint=look)
    assert record.final.mean_kl is not None
    return record.final.mean_kl, found


def run(file: RowFile, sizes: dict[str, Any]) -> None:
    """Do what is not done."""
    ground = prepare(the_process(), sizes["length"], max_histories=sizes["histories"], rng=np.random.default_rng(0))
    steps = sizes["checkpoints"][-1]
    file.say(planted=planted(ground), histories=len(ground.histories))
    for seed, kind, optimiser in product_of(range(sizes["seeds"]), KINDS, OPTIMISERS):
        if file.find(kind=kind, optimiser=optimiser, seed=seed) is None:
            rate, tried = _rate(file, kind, optimiser, ground, sizes)
            _, course = trained(kind, training(kind, optimiser, rate, sizes, steps), ground, seed)
            who = {"kind": kind, "optimiser": optimiser, "seed": seed}
            file.add({**who, "lr": rate, "tried": tried, "course": course})


def _rate(
    file: RowFile, kind: str, optimiser: str, ground: Ground, sizes: dict[str, Any]
) -> tuple[float, dict[str, float]]:
    """The peak learning rate; and the KL of each that was tried for a shorter time, if any was."""
    if optimiser not in TRIED:
        return learning_rate("product", kind)[0], {}
    done = file.find(kind=kind, optimiser=optimiser, seed=0)
    if done is not None:
        return float(done["lr"]), done["tried"]
    tried = {}
    for rate in TRIED[optimiser]:
        config = training(kind, optimiser, rate, sizes, sizes["trial_steps"])
        tried[str(rate)] = trained(kind, config, ground, OTHER_SEED, watched=False)[0]
    return float(min(tried, key=lambda rate: tried[rate])), tried


def table(found: dict[str, Any]) -> str:
    """At the end of training, every seed; and the planted ones."""
    head = f"{'state of':<40}{'KL, nats':>10}{'belief':>8}"
    lines = [head + "".join(f"{f'coin {lag} ago':>13}" for lag in LAGS) + f"{'share of belief':>17}{'dimension':>11}"]
    for name, each in found["planted"].items():
        lines.append(_line(f"planted: {name}", "", each))
    for row in found["rows"]:
        for each in [row["course"][0]] * (row["optimiser"] == "AdamW") + [row["course"][-1]]:
            name = f"{row['kind']}, seed {row['seed']}, {row['optimiser'] if each['step'] else 'untrained'}"
            lines.append(_line(name, f"{each['kl_nats']:.1e}", each))
    return "\n".join(lines)


def _line(name: str, kl: str, each: dict[str, Any]) -> str:
    told = "".join(f"{value:>13.3f}" for value in each["coin"])
    return (
        f"{name:<40}{kl:>10}{each['belief']:>8.3f}{told}"
        f"{each['share_of_belief']:>17.3f}{each['effective_dimension']:>11.1f}"
    )


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--small", action="store_true", help="one seed, little training, for seconds")
    asked = parser.parse_args(arguments)
    sizes = SMALL if asked.small else SIZES
    settings = {"optimisers": OPTIMISERS, "tried": TRIED} | {key: v for key, v in sizes.items() if key != "seeds"}
    file = RowFile(asked.out, command=COMMAND, settings=settings)
    with one_thread():
        run(file, sizes)
    print(table(file.document()))


if __name__ == "__main__":
    keep_memory()
    main()
