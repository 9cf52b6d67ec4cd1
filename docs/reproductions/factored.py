"""Do networks hold a process of two independent parts as two parts, or as one?

    python docs/reproductions/factored.py -o docs/results/factored.json [--small]

Trains a transformer and a GRU, several seeds each, on two independent Mess3 read as one process of nine symbols. Its
belief has 8 dimensions: two for each factor, and four of how they go together, which independence makes a product of
the factors'. A network may hold all eight, or the factors side by side in four (arXiv 2602.02385). Read from each
layer: either factor, and the part of the whole belief that no affine map of the factors gives ("together"); the angles
between the subspaces along which the network moves with either factor; and how many directions it fills. Beside them
the untrained network, and four that are planted: the whole belief, the factors side by side, both in the same two
directions, and noise. What is in the file is not done again.
"""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from compmech import HMM, product, zoo
from predictors import Predictor, TrainingConfig, keep_memory, one_thread, train
from probes import belief_target, factor_targets
from probes.candidates import candidate, make
from probes.experiment import RowFile
from probes.geometry import effective_dimension, principal_components, subspace_angles
from probes.ground import Ground, prepare
from probes.history import mean_kl
from probes.presets import clip, learning_rate
from probes.readout import read_out
from probes.report.seed_table import seed_table
from probes.scoring import score
from probes.targets import Target, residual, varying

COMMAND = "python docs/reproductions/factored.py -o docs/results/factored.json"
FACTORS = ({"x": 0.05, "a": 0.85}, {"x": 0.1, "a": 0.9})
KINDS: dict[str, dict[str, Any]] = {"transformer": {"n_layer": 3}, "gru": {"n_layer": 1}}
SIZES: dict[str, Any] = {"seeds": 5, "steps": 1000, "batch": 128, "length": 8, "histories": 6000}
SMALL: dict[str, Any] = {"seeds": 1, "steps": 20, "batch": 16, "length": 3, "histories": 400}
PLANTED = ("whole belief", "factors side by side", "factors in one plane", "noise")
TARGETS = ("factor-1", "factor-2", "together")
WIDTH = 64
SUM = 4
"""Dimensions of the factors side by side: what a network's first four principal components tell is read apart."""

SHARE = 0.95
"""Of all variance, for the count of directions."""


def the_process() -> HMM:
    """Both factors in step."""
    found = product(*(zoo.mess3(**factor) for factor in FACTORS))
    assert isinstance(found, HMM)
    return found


def the_targets(ground: Ground) -> list[Target]:
    """Either factor, and of the whole belief what no affine map of the factors gives."""
    factors = factor_targets(ground.histories, [zoo.mess3(**factor) for factor in FACTORS])
    belief = belief_target(the_process(), ground.histories)
    weight = ground.histories.weight("probability")
    together = residual(belief.Y, np.hstack([factor.Y for factor in factors]), weight)
    return [*factors, varying("together", together)]


def coordinates(target: Target, weight: np.ndarray) -> np.ndarray:
    """A target in as many coordinates as it has dimensions, each of variance 1, the largest first."""
    components = principal_components(target.Y, weight)
    return np.asarray(components.coordinates(target.Y) / np.sqrt(components.variance))


def planted(name: str, targets: list[Target], weight: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Features as wide as a network that hold what the name says, turned at random, with noise of a thousandth."""
    one, other, together = (coordinates(target, weight) for target in targets)
    held = {
        "whole belief": np.hstack([one, other, together]),
        "factors side by side": np.hstack([one, other]),
        "factors in one plane": one + other,
        "noise": rng.standard_normal((len(one), WIDTH)),
    }[name]
    turned = np.linalg.qr(rng.standard_normal((WIDTH, held.shape[1])))[0]
    return np.asarray(held @ turned.T + 1e-3 * rng.standard_normal((len(one), WIDTH)))


def measured(X: np.ndarray, ground: Ground, targets: list[Target]) -> dict[str, Any]:
    """What one set of features holds: held-out R² by probability, directions, and angles between the factors."""
    weight = ground.histories.weight("probability")
    scores = score(X, targets, ground.histories, weighting="probability", split=ground.splits[0], probe=ground.probe)
    components = principal_components(X, weight)
    leading = score(
        components.coordinates(X)[:, :SUM],
        targets,
        ground.histories,
        weighting="probability",
        split=ground.splits[0],
        probe=ground.probe,
    )
    factors = [(target.name, target.Y) for target in targets[:2]]
    [angles] = subspace_angles(X, factors, weight, rng=np.random.default_rng(0))
    held = np.cumsum(components.variance) / components.variance.sum()
    return {
        "r2": {s.target: {"score": s.score, "low": s.low, "high": s.high} for s in scores},
        "r2_leading": {s.target: s.score for s in leading},
        "directions": components.count(SHARE),
        "effective_dimension": effective_dimension(X, weight),
        "variance_held": [round(float(h), 5) for h in held[:16]],
        "angles": [float(angle) for angle in angles.angles],
        "overlap": angles.overlap,
        "chance": list(angles.chance),
    }


def network(kind: str, seed: int, length: int) -> Predictor:
    """An untrained one."""
    n_symbol = the_process().n_symbol
    return make(candidate(kind, KINDS[kind]), n_symbol, length, rng=torch.Generator().manual_seed(seed))


def read(model: Predictor, ground: Ground, targets: list[Target]) -> dict[str, Any]:
    """Every layer of a network."""
    sites = [name for name, site in model.sites.items() if name.startswith("layer.") and not site.state]
    sites = sites or [name for name in model.sites if name.endswith(".carry")]
    found = read_out(model, ground.histories, sites)
    return {
        "kl_nats": mean_kl(ground.histories, found.log_probs),
        "sites": {site: measured(found.features[site], ground, targets) for site in sites},
    }


def run(file: RowFile, sizes: dict[str, Any]) -> None:
    """Do what is not done."""
    process = the_process()
    ground = prepare(process, sizes["length"], max_histories=sizes["histories"], rng=np.random.default_rng(0))
    targets = the_targets(ground)
    weight = ground.histories.weight("probability")
    dimensions = {target.name: coordinates(target, weight).shape[1] for target in targets}
    file.say(histories=len(ground.histories), dimensions=dimensions)
    for name in PLANTED:
        if file.find(planted=name) is None:
            X = planted(name, targets, weight, np.random.default_rng(1))
            file.add({"planted": name, **measured(X, ground, targets)})
    for seed in range(sizes["seeds"]):
        for kind in KINDS:
            if file.find(kind=kind, seed=seed, trained=False) is None:
                who = {"kind": kind, "seed": seed, "trained": False}
                file.add({**who, **read(network(kind, seed, sizes["length"]), ground, targets)})
            if file.find(kind=kind, seed=seed, trained=True) is not None:
                continue
            model, (rate, _) = network(kind, seed, sizes["length"]), learning_rate("product", kind)
            training = TrainingConfig(
                length=sizes["length"],
                steps=sizes["steps"],
                batch=sizes["batch"],
                lr=rate,
                clip=clip("product", kind),
                eval_every=sizes["steps"],
            )
            record = train(model, process, training, rng=np.random.default_rng(seed))
            who = {"kind": kind, "seed": seed, "trained": True, "training": asdict(training)}
            file.add({**who, "seconds": round(record.seconds, 1), **read(model, ground, targets)})


def table(found: dict[str, Any]) -> str:
    """One line for each layer of each network, and for what is planted."""
    head = f"{'held by':<33}{'layer':<8}{'KL, nats':>9}" + "".join(f"{name:>10}" for name in TARGETS)
    lines = [head + f"{'first 4 components: the same':>31}{'directions':>12}{'angles':>10}"]
    rows = sorted(found["rows"], key=lambda row: ("planted" not in row, row.get("kind", ""), not row.get("trained", 0)))
    for row in rows:
        if "planted" in row:
            lines.append(_line(f"planted: {row['planted']}", "", "", row))
            continue
        name = f"{row['kind']}, seed {row['seed']}" + ("" if row["trained"] else ", untrained")
        for site, at in row["sites"].items():
            lines.append(_line(name, site, f"{row['kl_nats']:.1e}", at))
    return "\n".join(lines)


def _line(name: str, site: str, kl: str, at: dict[str, Any]) -> str:
    cells = "".join(f"{at['r2'][target]['score']:>10.3f}" for target in TARGETS)
    leading = "  ".join(f"{at['r2_leading'][target]:.3f}" for target in TARGETS)
    angles = " ".join(f"{angle:.0f}°" for angle in at["angles"])
    return f"{name:<33}{site:<8}{kl:>9}{cells}{leading:>31}{at['directions']:>12}{angles:>10}"


def means_table(found: dict[str, Any]) -> str:
    """Over seeds, in the last layer: what is read of all, and of the first four components."""
    lines: dict[str, dict[str, list[float]]] = {}
    for row in found["rows"]:
        if "planted" not in row:
            at = list(row["sites"].values())[-1]
            own = lines.setdefault(row["kind"] + ("" if row["trained"] else ", untrained"), {})
            for target in TARGETS:
                own.setdefault(target, []).append(at["r2"][target]["score"])
            for target in TARGETS:
                own.setdefault(f"first 4: {target}", []).append(at["r2_leading"][target])
    return seed_table("mean over seeds (95 % t interval)", lines)


def overlap_table(found: dict[str, Any]) -> str:
    """Mean squared cosine between the subspaces of the factors in the last layer, beside that of random ones there."""
    lines = []
    for row in found["rows"]:
        if "planted" in row:
            name, at = f"planted: {row['planted']}", row
        else:
            name = f"{row['kind']}, seed {row['seed']}" + ("" if row["trained"] else ", untrained")
            at = list(row["sites"].values())[-1]
        _, low, high = at["chance"]
        lines.append(f"{name:<32}{at['overlap']:.3f}   random: {low:.3f} to {high:.3f}")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--seeds", type=int)
    parser.add_argument("--steps", type=int)
    parser.add_argument("--small", action="store_true", help="one seed, little training, for seconds")
    asked = parser.parse_args(arguments)
    given = {"seeds": asked.seeds, "steps": asked.steps}
    sizes = (SMALL if asked.small else SIZES) | {key: value for key, value in given.items() if value is not None}
    settings = {"factors": FACTORS, "networks": KINDS, **{k: v for k, v in sizes.items() if k != "seeds"}}
    file = RowFile(asked.out, command=COMMAND, settings=settings)
    with one_thread():
        run(file, sizes)
    found = file.document()
    print(table(found), means_table(found), overlap_table(found), sep="\n\n")


if __name__ == "__main__":
    keep_memory()
    main()
