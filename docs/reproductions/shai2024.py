"""The Mess3 and RRXOR figures of Shai and others (arXiv 2405.15943), on networks of our own: in sample, and held out.

    python docs/reproductions/shai2024.py -o docs/results/shai2024.json [--small]

Trains transformers of the published sizes (Mess3: width 64, one head of 8; RRXOR: width 128, four heads of 16; four
layers, context 10), with AdamW and far fewer symbols than the million steps of gradient descent of the paper. Published
are ordinary regressions of the belief on the residual stream, scored on their own rows, every history alike; for RRXOR
on all places of the stream side by side, and then whether the beliefs so read lie as far from each other as the true
ones or as next-symbol distributions do. Here each stands beside the same held out by history (ridge, penalties chosen
on inner folds), held out by belief, the untrained network, shuffled targets, and what needs no network. Targets are
probabilities of hidden states (gauge "state"), as published. What is in the file is
not done again.
"""

import argparse
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from compmech import HMM, zoo
from predictors import Predictor, TrainingConfig, Transformer, TransformerConfig, build, keep_memory, one_thread, train
from probes import (
    Histories,
    NextLogProbabilities,
    NextProbabilities,
    RidgeProbe,
    Shuffled,
    Target,
    belief_target,
    beyond_target,
    features,
    mean_kl,
    null_target,
    score,
    suffix_grams,
)
from probes.crossfit import crossfit, in_sample
from probes.experiment import RowFile
from probes.geometry import distances, draw_pairs, explained
from probes.ground import Ground, prepare
from probes.history import Weighting
from probes.readout import read_out
from probes.report.seed_table import seed_table

COMMAND = "python docs/reproductions/shai2024.py -o docs/results/shai2024.json"
N_FOLD = 5
PENALTIES = tuple(float(10.0 ** (half / 2)) for half in range(-8, 3))
"""Half decades of the mean variance of a column, as in the audit of the released networks."""


@dataclass(frozen=True)
class Study:
    """One process, the network that is trained on it, and how."""

    process: HMM
    shape: dict[str, int]
    steps: int
    lr: float
    weighting: tuple[Weighting, ...]


def studies() -> dict[str, Study]:
    """The two of the paper."""
    small = {"width": 64, "n_layer": 4, "n_head": 1, "head_width": 8, "mlp_width": 256}
    large = {"width": 128, "n_layer": 4, "n_head": 4, "head_width": 16, "mlp_width": 512}
    return {
        "mess3": Study(zoo.mess3(x=0.05, a=0.85), small, 1000, 4e-3, ("uniform", "probability")),
        "rrxor": Study(zoo.rrxor(), large, 2000, 2e-3, ("uniform",)),
    }


SIZES: dict[str, Any] = {"seeds": 5, "part": 1.0, "batch": 64, "length": 10, "histories": 20000, "points": 1200}
SMALL: dict[str, Any] = {"seeds": 1, "part": 0.01, "batch": 8, "length": 5, "histories": 300, "points": 50}
"""`part`: of the steps of each study."""


def all_places(model: Transformer, found: Histories) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """All places of the stream side by side, its last alone, and log predictions.

    Places: embedding, position, their sum, amid and after every block, and the final norm.
    """
    inside: dict[str, list[Tensor]] = {}

    def keeper(place: str) -> Any:
        def keep(module: nn.Module, given: tuple[Tensor, ...]) -> None:
            inside.setdefault(place, []).append(given[0].detach().clone())

        return keep

    blocks = list(model.blocks)
    hooks = [blocks[0].get_submodule("attention_norm").register_forward_pre_hook(keeper("sum"))]
    for i, block in enumerate(blocks):
        hooks.append(block.get_submodule("mlp_norm").register_forward_pre_hook(keeper(f"{i}")))
    layers = [f"layer.{i}" for i in range(len(blocks))]
    try:
        read = read_out(model, found, ["embed", *layers, "final"])
    finally:
        for hook in hooks:
            hook.remove()
    values = read.features
    seen = {place: found.gather(torch.cat(pieces).numpy()) for place, pieces in inside.items()}
    places = [values["embed"], seen["sum"] - values["embed"], seen["sum"]]
    for i, layer in enumerate(layers):
        places += [seen[f"{i}"], values[layer]]
    return np.concatenate([*places, values["final"]], axis=1).astype(np.float64), values[layers[-1]], read.log_probs


def rotated(X: np.ndarray) -> np.ndarray:
    """The same rows in no more columns than rows: ridge does not know the difference, and takes less time."""
    if X.shape[1] <= len(X):
        return X
    left, singular, _ = np.linalg.svd(X - X.mean(axis=0), full_matrices=False)
    return np.asarray(left * singular)


def fitted(X: np.ndarray, Y: np.ndarray, weight: np.ndarray) -> dict[str, Any]:
    """An ordinary fit of its own rows: R² and mean squared error of an entry; and what it predicts."""
    fit = in_sample(X, Y, weight)
    error, spread = (weight @ ((Y - each) ** 2).sum(axis=1) for each in (fit.predicted, fit.null))
    return {"r2": float(1 - error / spread), "mse": float(error / Y.shape[1]), "predicted": fit.predicted}


def apart(predicted: np.ndarray, ground: Ground, belief: Target) -> dict[str, float]:
    """How far distances of the beliefs read tell those of the beliefs, and those of next-symbol distributions."""
    pairs = draw_pairs(ground.histories.weight("uniform"), max_pairs=10**6)
    found = distances(predicted, pairs)
    truths = {"belief": belief.Y, "next": ground.histories.prediction}
    return {name: explained(found, distances(true, pairs), pairs.weight).r2 for name, true in truths.items()}


def read(X: np.ndarray, ground: Ground, study: Study, targets: list[Target]) -> dict[str, Any]:
    """All figures of one set of features, in sample and held out; distances where all pairs can be had."""
    found: dict[str, Any] = {"columns": X.shape[1]}
    belief, X = targets[0], rotated(X)
    for weighting in study.weighting:
        weight = ground.histories.weight(weighting)
        own = fitted(X, belief.Y, weight)
        told: dict[str, Any] = {"in_sample": {"r2": own["r2"], "mse": own["mse"]}}
        for split in ground.splits:
            scores = score(X, targets, ground.histories, weighting=weighting, split=split, probe=ground.probe)
            told[split.name] = {s.target: s.score for s in scores}
        if len(targets) > 1 and weighting == "uniform":
            held = crossfit(X, belief.Y, weight, ground.splits[0].fold, ground.probe).predicted
            told["distance"] = {
                "in_sample": apart(own["predicted"], ground, belief),
                "history": apart(held, ground, belief),
            }
        found[weighting] = told
    return found


def model_free(ground: Ground, study: Study, targets: list[Target]) -> dict[str, Any]:
    """What needs no network."""
    history, rng = ground.histories, np.random.default_rng(0)
    controls = {
        "true next-symbol p": NextProbabilities(history),
        "true next-symbol log p": NextLogProbabilities(history),
    }
    found = {
        name: read(features(control, history, rng=rng), ground, study, targets) for name, control in controls.items()
    }
    found["suffix-grams"] = {
        weighting: {
            split.name: {
                gram.score.target: gram.score.score
                for gram in suffix_grams(targets, history, weighting=weighting, split=split)
            }
            for split in ground.splits
        }
        for weighting in study.weighting
    }
    return found


def shuffled(X: np.ndarray, ground: Ground, belief: Target) -> float:
    """In-sample R² of beliefs that were dealt among the histories of a length."""
    null = null_target(Shuffled(ground.histories), belief, rng=np.random.default_rng(0))
    return float(fitted(rotated(X), null.Y, ground.histories.weight("uniform"))["r2"])


def points_of(X: np.ndarray, ground: Ground, belief: Target, weighting: Weighting, count: int) -> list[list[float]]:
    """Beliefs as the probe reads them from histories that it has not seen, for the picture: an even choice."""
    fit = crossfit(X, belief.Y, ground.histories.weight(weighting), ground.splits[0].fold, ground.probe)
    chosen = chosen_points(len(X), count)
    return [[round(float(v), 3) for v in row] for row in fit.predicted[chosen]]


def chosen_points(n: int, count: int) -> np.ndarray:
    """An even choice of rows."""
    return np.unique(np.linspace(0, n - 1, min(n, count)).astype(int))


def pairs_for_picture(X: np.ndarray, ground: Ground, belief: Target, count: int) -> dict[str, list[float]]:
    """Distances of some pairs: of true beliefs, of next-symbol distributions, and as read in sample and held out."""
    X, weight = rotated(X), ground.histories.weight("uniform")
    pairs = draw_pairs(weight, max_pairs=count, rng=np.random.default_rng(0))
    held = crossfit(X, belief.Y, weight, ground.splits[0].fold, ground.probe).predicted
    sets = {
        "belief": belief.Y,
        "next": ground.histories.prediction,
        "in sample": fitted(X, belief.Y, weight)["predicted"],
        "held out": held,
    }
    return {name: [round(float(d), 3) for d in distances(values, pairs)] for name, values in sets.items()}


def network(study: Study, seed: int, length: int) -> Transformer:
    """An untrained one."""
    config = TransformerConfig(n_symbol=study.process.n_symbol, max_length=length, **study.shape)
    model = build(config, rng=torch.Generator().manual_seed(seed))
    assert isinstance(model, Transformer)
    return model


def described(
    model: Transformer, label: str, ground: Ground, study: Study, targets: list[Target], points: int
) -> dict[str, Any]:
    """One network, trained or not."""
    everywhere, last, log_probs = all_places(model, ground.histories)
    found: dict[str, Any] = {
        "kl_nats": mean_kl(ground.histories, log_probs),
        "last layer": read(last.astype(np.float64), ground, study, targets),
    }
    if label == "mess3":
        found["points"] = points_of(last, ground, targets[0], "probability", points)
    else:
        found["all places"] = read(everywhere, ground, study, targets)
        found["shuffled"] = shuffled(everywhere, ground, targets[0])
        found["pairs"] = pairs_for_picture(everywhere, ground, targets[0], points)
    return found


def while_training(
    ground: Ground, site: str, belief: Target
) -> tuple[dict[str, float], Callable[[int, Predictor], None]]:
    """Mean squared errors in sample by step, and what puts them there when training calls it."""
    found: dict[str, float] = {}

    def look(step: int, now: Predictor) -> None:
        X = read_out(now, ground.histories, [site]).features[site].astype(np.float64)
        found[f"{step}"] = fitted(X, belief.Y, ground.histories.weight("uniform"))["mse"]

    return found, look


def run(file: RowFile, sizes: dict[str, Any]) -> None:
    """Do what is not done."""
    for label, study in studies().items():
        rng = np.random.default_rng(0)
        probe = RidgeProbe(penalties=PENALTIES)
        ground = prepare(
            study.process, sizes["length"], max_histories=sizes["histories"], probe=probe, n_fold=N_FOLD, rng=rng
        )
        targets = [belief_target(study.process, ground.histories, gauge="state")]
        if label == "rrxor":
            targets.append(beyond_target(study.process, ground.histories, weighting="uniform", gauge="state"))
        if file.find(process=label, seed=None) is None:
            chosen = chosen_points(len(ground.histories), sizes["points"])
            true = [[round(float(v), 3) for v in row] for row in targets[0].Y[chosen]]
            who = {"process": label, "seed": None, "histories": len(ground.histories)}
            who |= {"complete": ground.histories.complete, "beliefs": ground.classes.n_belief, "points": true}
            file.add({**who, "model_free": model_free(ground, study, targets)})
        for seed in range(sizes["seeds"]):
            if file.find(process=label, seed=seed) is not None:
                continue
            model = network(study, seed, sizes["length"])
            untrained = described(model, label, ground, study, targets, sizes["points"])
            early, look = while_training(ground, f"layer.{study.shape['n_layer'] - 1}", targets[0])
            steps = max(1, round(study.steps * sizes["part"]))
            training = TrainingConfig(
                length=sizes["length"],
                steps=steps,
                batch=sizes["batch"],
                lr=study.lr,
                eval_every=steps,
                checkpoints=tuple(step for step in (0, 10, 100) if step < steps),
            )
            record = train(model, study.process, training, rng=np.random.default_rng(seed), on_checkpoint=look)
            file.add(
                {
                    "process": label,
                    "seed": seed,
                    "training": asdict(training),
                    "seconds": round(record.seconds, 1),
                    "mse_by_step": early,
                    "trained": described(model, label, ground, study, targets, sizes["points"]),
                    "untrained": untrained,
                }
            )


def rows_of(found: dict[str, Any], label: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The row without a network, and those with one."""
    rows = [row for row in found["rows"] if row["process"] == label]
    return next(row for row in rows if row["seed"] is None), [row for row in rows if row["seed"] is not None]


def mess3_table(found: dict[str, Any]) -> str:
    """R² of the belief in the last layer."""
    alone, networks = rows_of(found, "mess3")
    head = f"{'Mess3, belief R²':<26}{'KL, nats':>9}{'in sample: uniform':>20}{'by probability':>16}"
    lines = [head + f"{'held out: uniform':>19}{'by probability':>16}"]
    for row in networks:
        for state in ("trained", "untrained"):
            at = row[state]["last layer"]
            name = f"seed {row['seed']}" + ("" if state == "trained" else ", untrained")
            lines.append(_mess3_line(name, f"{row[state]['kl_nats']:.1e}", at))
    lines += [_mess3_line(name, "", at) for name, at in alone["model_free"].items()]
    return "\n".join(lines)


def _mess3_line(name: str, kl: str, at: dict[str, Any]) -> str:
    own = [f"{at[w]['in_sample']['r2']:.4f}" if "in_sample" in at[w] else "" for w in ("uniform", "probability")]
    held = [f"{at[w]['history']['belief']:.4f}" for w in ("uniform", "probability")]
    return f"{name:<26}{kl:>9}{own[0]:>20}{own[1]:>16}{held[0]:>19}{held[1]:>16}"


Score = Callable[[dict[str, Any]], float]

MEANS: dict[str, tuple[str, Mapping[str, Score]]] = {
    "mess3": ("last layer", {"belief R²": lambda at: at["history"]["belief"]}),
    "rrxor": (
        "all places",
        {
            "belief R²": lambda at: at["history"]["belief"],
            "beyond": lambda at: at["history"]["beyond"],
            "by belief: R²": lambda at: at["class"]["belief"],
            "distance: belief": lambda at: at["distance"]["history"]["belief"],
            "next": lambda at: at["distance"]["history"]["next"],
            "belief - next": lambda at: at["distance"]["history"]["belief"] - at["distance"]["history"]["next"],
        },
    ),
}
"""What is told over seeds: where it is read, and each score of it."""


def means_table(found: dict[str, Any]) -> str:
    """Held-out scores over seeds, every history alike; what training adds is paired by seed."""
    return "\n\n".join(_means(found, label, place, columns) for label, (place, columns) in MEANS.items())


def _means(found: dict[str, Any], label: str, place: str, columns: Mapping[str, Score]) -> str:
    _, networks = rows_of(found, label)
    scores = {
        state: {name: [value(row[state][place]["uniform"]) for row in networks] for name, value in columns.items()}
        for state in ("trained", "untrained")
    }
    scores["trained - untrained"] = {
        name: [a - b for a, b in zip(scores["trained"][name], scores["untrained"][name], strict=True)]
        for name in columns
    }
    return seed_table(f"{label}, {place}: mean over seeds (95 % t interval)", scores)


def training_table(found: dict[str, Any]) -> str:
    """Mean squared error of an entry of the belief, in sample, every history alike, in the last layer, by step."""
    lines = []
    for label in studies():
        for row in rows_of(found, label)[1]:
            end = row["trained"]["last layer"]["uniform"]["in_sample"]["mse"]
            steps = [*row["mse_by_step"].items(), (f"{row['training']['steps']}", end)]
            told = "".join(f"{f'step {step}: {mse:.5f}':>22}" for step, mse in steps)
            lines.append(f"{label}, seed {row['seed']:<4}{told}")
    return "\n".join(lines)


def rrxor_table(found: dict[str, Any]) -> str:
    """Belief and distances, in sample and held out, every history alike."""
    alone, networks = rows_of(found, "rrxor")
    head = f"{'RRXOR':<26}{'KL, nats':>9}{'in sample: R²':>15}{'distance: belief, next':>24}"
    lines = [head + f"{'held out: R²':>14}{'beyond':>8}{'distance: belief, next':>24}{'by belief: R²':>15}"]
    for row in networks:
        for state in ("trained", "untrained"):
            for place in ("all places", "last layer"):
                name = f"seed {row['seed']}, {place}" if state == "trained" else f"  untrained, {place}"
                kl = f"{row[state]['kl_nats']:.1e}" if place == "all places" else ""
                lines.append(_rrxor_line(name, kl, row[state][place]["uniform"]))
            lines.append(f"  {'targets shuffled':<33}{row[state]['shuffled']:>15.3f}")
    lines += [_rrxor_line(name, "", at["uniform"]) for name, at in alone["model_free"].items()]
    return "\n".join(lines)


def _rrxor_line(name: str, kl: str, at: dict[str, Any]) -> str:
    def far(which: str) -> str:
        return "{belief:.3f}, {next:.3f}".format(**at["distance"][which]) if "distance" in at else ""

    own = f"{at['in_sample']['r2']:.3f}" if "in_sample" in at else ""
    held, by_class = at["history"], at["class"]["belief"]
    line = f"{name:<26}{kl:>9}{own:>15}{far('in_sample'):>24}{held['belief']:>14.3f}{held['beyond']:>8.3f}"
    return line + f"{far('history'):>24}{by_class:>15.3f}"


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--seeds", type=int)
    parser.add_argument("--small", action="store_true", help="one seed, little training, for seconds")
    asked = parser.parse_args(arguments)
    sizes = (SMALL if asked.small else SIZES) | ({} if asked.seeds is None else {"seeds": asked.seeds})
    networks = {label: {"shape": s.shape, "steps": s.steps, "lr": s.lr} for label, s in studies().items()}
    settings = {"folds": N_FOLD, "penalties": PENALTIES, "gauge": "state", "networks": networks}
    settings |= {key: value for key, value in sizes.items() if key != "seeds"}
    file = RowFile(asked.out, command=COMMAND, settings=settings)
    with one_thread():
        run(file, sizes)
    found = file.document()
    print(mess3_table(found), rrxor_table(found), means_table(found), training_table(found), sep="\n\n")


if __name__ == "__main__":
    keep_memory()
    main()
