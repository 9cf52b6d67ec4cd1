"""The published reading of belief states in the released networks of Shai and others (arXiv 2405.15943), with controls.

    python docs/reproductions/belief_audit.py FOLDER -o docs/results/belief-audit.json

FOLDER holds the weights that the authors published, as for released_networks.py. Nothing is downloaded. A few minutes.

Published are in-sample regressions. Here each stands beside what it must be held against: an untrained twin, shuffled
targets, histories held out, the part of the belief beyond the next symbol, and suffix-grams, which need no network.
The unit is the distinct history; targets are probabilities of hidden states (gauge "state"), as published.

Ridge: penalties are half decades from 1e-4 to 10 of the mean variance of a column, chosen for each held-out fold on the
other folds; ten folds of histories, every history counted alike. Columns are not scaled. In-sample fits are ordinary
least squares and are marked so. Mess3's histories are weighted by the number of words of length 10 that begin with
them, as in the paper ("words"), alike ("uniform"), and by probability. RRXOR's "all sites" are the embeddings of symbol
and position and their sum, the residual stream amid and after each of four blocks, and the final norm: 1,536 columns.
"""

import argparse
import copy
import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from compmech import HMM, zoo
from predictors.adapters import LensTransformer, load_transformer_lens
from probes import (
    Histories,
    NextProbabilities,
    RidgeProbe,
    Split,
    Target,
    belief_classes,
    belief_target,
    beyond_target,
    by_history,
    crossfit,
    features,
    histories,
    suffix_grams,
)
from probes.controls import Shuffled, null_target
from probes.crossfit import in_sample
from probes.geometry import distances, draw_pairs, explained
from probes.ground import WEIGHTINGS
from probes.readout import read_out

COMMAND = "python docs/reproductions/belief_audit.py FOLDER -o docs/results/belief-audit.json"
LENGTH = 10
N_FOLD = 10
PENALTIES = tuple(float(10.0 ** (half / 2)) for half in range(-8, 3))
SEEDS = (0, 1, 2)
"""Of folds, of shuffling, and of the weights of untrained twins."""


@dataclass(frozen=True, eq=False)
class Ground:
    """What one process's networks are read on."""

    histories: Histories
    belief: Target
    beyond: Target
    splits: tuple[Split, ...]

    @staticmethod
    def of(process: HMM, length: int) -> "Ground":
        found = histories(process, length)
        classes = belief_classes(process, found)
        return Ground(
            found,
            belief_target(process, found, gauge="state"),
            beyond_target(process, found, weighting="uniform", gauge="state"),
            tuple(by_history(classes, n_fold=N_FOLD, rng=np.random.default_rng(seed)) for seed in SEEDS),
        )


def untrained(model: LensTransformer, seed: int) -> LensTransformer:
    """The same shapes as TransformerLens starts them: normal weights of deviation 0.8 / sqrt(width), biases 0."""
    twin, rng = copy.deepcopy(model), torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, weight in twin.named_parameters():
            if "norm" in name:
                weight.fill_(1.0 if name.endswith("weight") else 0.0)
            elif name.endswith("bias"):
                weight.zero_()
            else:
                weight.normal_(0.0, 0.8 / model.shape.width**0.5, generator=rng)
    return twin


def all_sites(model: LensTransformer, found: Histories) -> np.ndarray:
    """Twelve values side by side: embedding, position, their sum, amid and after every block, and the final norm."""
    inside: dict[str, list[Tensor]] = {}

    def keeper(place: str) -> Callable[[nn.Module, tuple[Tensor, ...]], None]:
        return lambda module, arguments: inside.setdefault(place, []).append(arguments[0].detach())

    blocks = list(model.blocks)
    hooks = [blocks[0].get_submodule("attention_norm").register_forward_pre_hook(keeper("sum"))]
    hooks += [
        block.get_submodule("mlp_norm").register_forward_pre_hook(keeper(f"{i}")) for i, block in enumerate(blocks)
    ]
    layers = [f"layer.{i}" for i in range(len(blocks))]
    try:
        values = read_out(model, found, ["embed", *layers, "final"]).features
    finally:
        for hook in hooks:
            hook.remove()
    seen = {place: found.gather(torch.cat(parts).numpy()) for place, parts in inside.items()}
    parts = [values["embed"], seen["sum"] - values["embed"], seen["sum"]]
    for i, layer in enumerate(layers):
        parts += [seen[f"{i}"], values[layer]]
    return np.concatenate([*parts, values["final"]], axis=1).astype(np.float64)


def words_beginning_with(found: Histories) -> np.ndarray:
    """For each history how many of the possible words of full length begin with it."""
    count = Counter(
        word[:t].tobytes() for word in np.ascontiguousarray(found.words) for t in range(1, found.length + 1)
    )
    keys = (found.words[word, :row].tobytes() for word, row in zip(found.word, found.row, strict=True))
    return np.array([count[key] for key in keys], dtype=np.float64)


def r2(true: np.ndarray, predicted: np.ndarray, weight: np.ndarray) -> float:
    """The part of the weighted variance that is explained, all coordinates together."""
    mean = weight @ true / weight.sum()
    return 1 - float(weight @ ((true - predicted) ** 2).sum(axis=1) / (weight @ ((true - mean) ** 2).sum(axis=1)))


def fitted_in_sample(X: np.ndarray, Y: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, float]:
    """Predictions of an ordinary fit of its own rows, and their R²."""
    predicted = in_sample(X, Y, weight).predicted
    return predicted, r2(Y, predicted, weight)


def distance_r2(predicted: np.ndarray, ground: Ground) -> dict[str, float]:
    """How far distances of predicted beliefs tell those of the beliefs, and those of the next-symbol distributions."""
    pairs = draw_pairs(ground.histories.weight("uniform"), max_pairs=10**6)
    apart = distances(predicted, pairs)
    truths = {"belief": ground.belief.Y, "next": ground.histories.prediction}
    return {name: explained(apart, distances(true, pairs), pairs.weight).r2 for name, true in truths.items()}


def rotated(X: np.ndarray) -> np.ndarray:
    """The same rows in no more columns than rows: ridge does not know the difference, and takes less time."""
    left, singular, _ = np.linalg.svd(X - X.mean(axis=0), full_matrices=False)
    return np.asarray(left * singular)


def held_out(X: np.ndarray, ground: Ground) -> dict[str, object]:
    """Ridge on histories that the probe did not see, for every split."""
    found = ground.histories
    weight = found.weight("uniform")
    X = rotated(X)
    probe = RidgeProbe(penalties=PENALTIES)
    rows = []
    Y = np.hstack([ground.belief.Y, ground.beyond.Y])
    groups = [slice(0, ground.belief.dimension), slice(ground.belief.dimension, Y.shape[1])]
    for split in ground.splits:
        fit = crossfit(X, Y, weight, split.fold, probe, groups=groups)
        belief = fit.predicted[:, groups[0]]
        rows.append(
            {
                "belief": r2(ground.belief.Y, belief, weight),
                "distance": distance_r2(belief, ground),
                "beyond": r2(ground.beyond.Y, fit.predicted[:, groups[1]], weight),
            }
        )
    return {"by_seed": rows, "mean": averaged(rows)}


def averaged(rows: Sequence[dict[str, object]]) -> dict[str, object]:
    """The mean over seeds, entry by entry."""
    mean: dict[str, object] = {}
    for key, first in rows[0].items():
        values = [row[key] for row in rows]
        mean[key] = averaged(values) if isinstance(first, dict) else float(np.mean(values))  # type: ignore[arg-type]
    return mean


def mess3(folder: Path, length: int) -> dict[str, object]:
    """In-sample R² of the belief, site by site, while training; every history alike, and by probability."""
    ground = Ground.of(zoo.mess3(x=0.05, a=0.85), length)
    paths = _paths(folder, "mess3")
    networks = [(path.name, load_transformer_lens(path)) for path in paths]
    networks += [(f"untrained, seed {seed}", untrained(networks[0][1], seed)) for seed in SEEDS]
    weights = {name: ground.histories.weight(name) for name in WEIGHTINGS}
    weights["words"] = words_beginning_with(ground.histories)
    found = {}
    for network, model in networks:
        sites = [*(f"layer.{i}" for i in range(model.shape.n_layer)), "final"]
        values = read_out(model, ground.histories, sites).features
        found[network] = {
            site: {
                name: fitted_in_sample(X.astype(np.float64), ground.belief.Y, weight)[1]
                for name, weight in weights.items()
            }
            for site, X in values.items()
        }
    return {"in_sample": True, "histories": len(ground.histories), "r2": found}


def rrxor(folder: Path, length: int) -> dict[str, object]:
    """All sites of the last network: in sample, held out, beyond the next symbol, and the same of what should fail."""
    ground = Ground.of(zoo.rrxor(), length)
    found = ground.histories
    path = _paths(folder, "rrxor")[-1]
    model = load_transformer_lens(path)
    X = all_sites(model, found)
    layers = read_out(model, found, [f"layer.{i}" for i in range(model.shape.n_layer)]).features
    twins = [all_sites(untrained(model, seed), found) for seed in SEEDS]
    nulls = [null_target(Shuffled(found), ground.belief, rng=np.random.default_rng(seed)).Y for seed in SEEDS]
    grams = [
        suffix_grams([ground.belief, ground.beyond], found, weighting="uniform", split=split) for split in ground.splits
    ]
    return {
        "file": path.name,
        "histories": len(found),
        "columns": X.shape[1],
        "in_sample": {
            "trained": _in_sample(X, ground),
            "untrained": [_in_sample(twin, ground) for twin in twins],
            "shuffled": [fitted_in_sample(X, null, found.weight("uniform"))[1] for null in nulls],
        },
        "held_out": {
            "all sites": held_out(X, ground),
            **{site: held_out(value.astype(np.float64), ground) for site, value in layers.items()},
            "untrained": [held_out(twin, ground)["mean"] for twin in twins],
            "true next-symbol probabilities": held_out(
                features(NextProbabilities(found), found, rng=np.random.default_rng(0)), ground
            ),
            "suffix-grams": [
                {gram.score.target: {"score": gram.score.score, "by_longest_suffix": gram.curve} for gram in each}
                for each in grams
            ],
        },
    }


def _in_sample(X: np.ndarray, ground: Ground) -> dict[str, object]:
    predicted, score = fitted_in_sample(X, ground.belief.Y, ground.histories.weight("uniform"))
    return {"belief": score, "distance": distance_r2(predicted, ground)}


def _paths(folder: Path, name: str) -> list[Path]:
    paths = sorted(folder.glob(f"{name}_*_tokens.safetensors"), key=lambda path: int(path.stem.split("_")[1]))
    if not paths:
        raise FileNotFoundError(f"{folder}: no {name}_<tokens>_tokens.safetensors")
    return paths


def main(folder: Path, *, length: int = LENGTH) -> dict[str, object]:
    """Both processes, on words of `length` symbols. Raises FileNotFoundError if the folder lacks one."""
    settings = {"folds": N_FOLD, "penalties": PENALTIES, "seeds": SEEDS, "gauge": "state", "length": length}
    return {"command": COMMAND, "settings": settings, "mess3": mess3(folder, length), "rrxor": rrxor(folder, length)}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("-o", "--out", type=Path, required=True)
    given = parser.parse_args()
    torch.set_num_threads(1)
    text = json.dumps(main(given.folder), indent=1)
    given.out.write_text(text + "\n")
    print(text)
