"""What the released networks of Shai and others (arXiv 2405.15943) hold of the belief states, computed anew.

    python docs/reproductions/released_networks.py FOLDER -o docs/results/released-networks.json

FOLDER holds the weights that the authors published, as safetensors files in TransformerLens's naming, called
`mess3_<training tokens>_tokens.safetensors` and `rrxor_<training tokens>_tokens.safetensors`. Nothing is downloaded.

The paper's own measure is taken: an ordinary regression of belief states on activations, over all words of length 10
and all rows 1 .. 10, every word counted once, in sample. The error is the mean square over rows and coordinates.
"""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from compmech import HMM, filter_beliefs, zoo
from predictors import observe
from predictors.adapters import LensTransformer, load_transformer_lens

LENGTH = 10
"""The context of the released networks."""

COMMAND = "python docs/reproductions/released_networks.py FOLDER -o docs/results/released-networks.json"
PROCESSES = {"mess3": {"x": 0.05, "a": 0.85}, "rrxor": {}}
SINGULAR = 1e-13
"""Directions whose variance is below this part of the largest are rounding, and carry no weight."""


@dataclass(frozen=True)
class Histories:
    """The distinct histories x_<t, t = 1 .. length, of all possible words; `count`: in how many words each stands."""

    words: np.ndarray  # (word, time)
    probability: np.ndarray  # (word,)
    first: np.ndarray  # (history,): where each history is found first among (word, row), ascending
    count: np.ndarray  # (history,)
    belief: np.ndarray  # (history, state)


def histories_of(process: HMM, length: int = LENGTH) -> Histories:
    """All words of a length that the process allows, and their histories."""
    n = len(process.alphabet)
    words = np.indices((n,) * length).reshape(length, -1).T
    log_prob = process.log_prob(words)
    words, probability = words[np.isfinite(log_prob)], np.exp(log_prob[np.isfinite(log_prob)])
    code, codes = np.zeros(len(words), dtype=np.int64), []
    for t in range(length):
        code = code * n + words[:, t]
        codes.append(code + (n ** (t + 1) - n) // (n - 1))  # shorter histories come first, and none are shared
    _, first, count = np.unique(np.stack(codes, axis=1), return_index=True, return_counts=True)
    first, count = first[np.argsort(first)], count[np.argsort(first)]
    belief = filter_beliefs(process, words)[:, 1:].reshape(-1, process.T.shape[1])
    return Histories(words, probability, first, count, belief[first])


def activations(model: LensTransformer, found: Histories) -> tuple[dict[str, np.ndarray], float]:
    """Values of the residual stream at each history, by site; and the mean loss over rows 1 .. length - 1, in nats."""
    sites = ["embed", *(f"layer.{i}" for i in range(model.shape.n_layer)), "final"]
    pieces: dict[str, list[np.ndarray]] = {site: [] for site in sites}
    loss, length = 0.0, found.words.shape[1]
    with torch.no_grad():
        for start in range(0, len(found.words), 4096):
            tokens = torch.from_numpy(found.words[start : start + 4096])
            log_probs, values = observe(model, tokens, sites)
            at, end = np.searchsorted(found.first, np.array([start, start + len(tokens)]) * length)
            for site in sites:
                rows = values[site].flatten(0, 1)[torch.from_numpy(found.first[at:end] - start * length)]
                pieces[site].append(rows.double().numpy())
            told = log_probs[:, :-1].double().gather(-1, tokens[:, 1:, None])[..., 0].mean(1).numpy()
            loss -= float(found.probability[start : start + 4096] @ told)
    return {site: np.concatenate(parts) for site, parts in pieces.items()}, loss


def regression(X: np.ndarray, Y: np.ndarray, weight: np.ndarray) -> tuple[float, float]:
    """Mean square error and R^2 of the best affine map from X to Y, in sample."""
    w = weight / weight.sum()
    X, Y = X - w @ X, Y - w @ Y
    variance, direction = np.linalg.eigh((X * w[:, None]).T @ X)
    kept = variance > SINGULAR * variance[-1]
    slope = direction[:, kept] / variance[kept] @ direction[:, kept].T @ ((X * w[:, None]).T @ Y)
    error = float((w @ (Y - X @ slope) ** 2).mean())
    return error, 1 - error / float((w @ Y**2).mean())


def held(path: Path, found: Histories) -> dict[str, object]:
    """What one network holds, site by site."""
    values, loss = activations(load_transformer_lens(path), found)
    blocks = [site for site in values if site.startswith("layer.")]
    values["all layers"] = np.concatenate([values[site] for site in ("embed", *blocks, "final")], axis=1)
    scores = {site: regression(X, found.belief, found.count) for site, X in values.items()}
    return {
        "file": path.name,
        "loss_nats": loss,
        "mse": {site: score[0] for site, score in scores.items()},
        "r2": {site: score[1] for site, score in scores.items()},
    }


def main(folder: Path, *, length: int = LENGTH) -> dict[str, object]:
    """Every file of the folder. Raises FileNotFoundError if there is none."""
    result: dict[str, object] = {"command": COMMAND}
    for name, parameters in PROCESSES.items():
        paths = sorted(folder.glob(f"{name}_*_tokens.safetensors"), key=lambda path: int(path.stem.split("_")[1]))
        if not paths:
            raise FileNotFoundError(f"{folder}: no {name}_<tokens>_tokens.safetensors")
        found = histories_of(zoo.entry(name).build(**parameters), length)
        result[name] = {
            "words": len(found.words),
            "histories": len(found.count),
            "mse_of_the_mean": regression(np.zeros((len(found.count), 1)), found.belief, found.count)[0],
            "networks": [held(path, found) for path in paths],
        }
    return result


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("-o", "--out", type=Path, required=True)
    given = parser.parse_args()
    torch.set_num_threads(1)
    text = json.dumps(main(given.folder), indent=1)
    given.out.write_text(text + "\n")
    print(text)
