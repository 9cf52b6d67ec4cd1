"""Which layer of a transformer holds the belief of an observer who adds up what each symbol says, and which the whole?

    python docs/reproductions/constrained.py -o docs/results/constrained.json [--small]

Trains transformers on Mess3, several seeds each: of one layer at x = 0.05, and at x = 0.5, where 1 - 3x is negative and
attention, which is not, would have to make signs alternate, with one head and with two; and of four layers at x = 0.05.
Piotrowski and others (arXiv 2502.01954) find in the first attention layer a decay (1 - 3x)^lag, after it a constrained
belief, one source symbol at a time, and the full belief in later layers. Read from every place of the residual stream:
both beliefs. Beside them the same network untrained and two that are planted: the symbols one by one (of which the
constrained belief is a linear function) and the exact belief. Then the first layer's attention by lag, and the signed
effect of each symbol on what that layer writes, beside its effect on the constrained belief and, by least squares, on
the exact one. What is in the file is not done again.
"""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from compmech import HMM, filter_beliefs, zoo
from predictors import TrainingConfig, Transformer, keep_memory, one_thread, train
from probes import LastSymbols, belief_target, constrained_target, features, mean_kl
from probes.attention import attention_by_lag, attention_decay, leading_eigenvalue
from probes.candidates import candidate, make
from probes.experiment import RowFile
from probes.ground import Ground, prepare
from probes.presets import clip, learning_rate
from probes.readout import read_out
from probes.report.seed_table import seed_table
from probes.scoring import score
from probes.targets import Target

COMMAND = "python docs/reproductions/constrained.py -o docs/results/constrained.json"
CASES: dict[str, dict[str, Any]] = {
    "x = 0.05, 1 head": {"x": 0.05, "a": 0.85, "n_layer": 1, "n_head": 1, "steps": 2000},
    "x = 0.5, 1 head": {"x": 0.5, "a": 0.85, "n_layer": 1, "n_head": 1, "steps": 2000},
    "x = 0.5, 2 heads": {"x": 0.5, "a": 0.85, "n_layer": 1, "n_head": 2, "steps": 2000},
    "x = 0.05, 4 layers": {"x": 0.05, "a": 0.85, "n_layer": 4, "n_head": 1, "steps": 1000},
}
"""One layer unless the name says more. At x = 0.5, 1 - 3x is -0.5."""

SHAPE: dict[str, Any] = {"width": 64, "head_width": 8, "mlp_width": 256}
SIZES: dict[str, Any] = {"seeds": 5, "part": 1.0, "batch": 64, "length": 10, "histories": 8000, "words": 4096}
SMALL: dict[str, Any] = {"seeds": 1, "part": 0.005, "batch": 16, "length": 6, "histories": 400, "words": 200}
"""`part`: of the steps of each case."""

TARGETS = ("belief", "constrained")
AMID = "layer.0 amid"
"""The residual stream after the first attention, before the first perceptron."""


def the_process(case: str) -> HMM:
    """Mess3 of one case."""
    return zoo.mess3(x=CASES[case]["x"], a=CASES[case]["a"])


def the_targets(process: HMM, ground: Ground) -> list[Target]:
    """Both beliefs, in the same coordinates."""
    return [belief_target(process, ground.histories), constrained_target(process, ground.histories)]


def scored(X: np.ndarray, ground: Ground, targets: list[Target]) -> dict[str, float | None]:
    """Held-out R² of each target, by probability, histories held out."""
    found = score(X, targets, ground.histories, weighting="probability", split=ground.splits[0], probe=ground.probe)
    return {one.target: one.score for one in found}


def listening(module: nn.Module, kept: list[Tensor], *, output: bool) -> Any:
    """A hook that keeps what goes into a module, or comes out of it."""

    def keep_input(_: nn.Module, given: tuple[Tensor, ...]) -> None:
        kept.append(given[0].detach().clone())

    def keep_output(_: nn.Module, __: tuple[Tensor, ...], made: Tensor) -> None:
        kept.append(made.detach().clone())

    return module.register_forward_hook(keep_output) if output else module.register_forward_pre_hook(keep_input)


def values(model: Transformer, ground: Ground) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """The residual stream amid the first block, after each block, and after the final norm; and log predictions."""
    amid: list[Tensor] = []
    sites = [*(f"layer.{i}" for i in range(model.config.n_layer)), "final"]
    hook = listening(model.blocks[0].get_submodule("mlp_norm"), amid, output=False)
    try:
        found = read_out(model, ground.histories, sites)
    finally:
        hook.remove()
    return {
        AMID: ground.histories.gather(torch.cat(amid).numpy()),
        **{site: found.features[site] for site in sites},
    }, found.log_probs


def effects(out: np.ndarray, words: np.ndarray, n_symbol: int) -> dict[str, Any]:
    """What each symbol adds to a value at the last row, as a signed number by lag.

    Least squares of the value on the symbols one by one gives for each lag a vector for each symbol, of mean zero. The
    number is their projection on those of lag 1, theirs being 1: a constrained belief has (1 - 3x)^(lag - 1). Also the
    cosine with them, and the R² of the additive fit.
    """
    n_time = words.shape[1]
    one_hot = np.eye(n_symbol)[words[:, ::-1]]  # the last symbol, of lag 0, first
    X = (one_hot - one_hot.mean(axis=0)).reshape(len(words), -1)
    out = out - out.mean(axis=0)
    slope = np.linalg.lstsq(X, out, rcond=1e-9)[0]
    by_lag = slope.reshape(n_time, n_symbol, -1)
    by_lag = by_lag - by_lag.mean(axis=1, keepdims=True)
    size = np.sqrt((by_lag**2).sum(axis=(1, 2)))
    along = (by_lag * by_lag[1]).sum(axis=(1, 2))
    return {
        "signed": (along / size[1] ** 2).tolist(),
        "cosine": (along / (size * size[1])).tolist(),
        "additive_r2": 1 - float(((out - X @ slope) ** 2).sum() / (out**2).sum()),
    }


def written(model: Transformer, words: np.ndarray) -> np.ndarray:
    """What the first attention adds to the stream at the last row."""
    made: list[Tensor] = []
    hook = listening(model.blocks[0].get_submodule("attention_out"), made, output=True)
    try:
        with torch.no_grad():
            model.log_probs(torch.from_numpy(words.astype(np.int64)))
    finally:
        hook.remove()
    return np.asarray(torch.cat(made)[:, -1].double().numpy())


def planted(process: HMM, ground: Ground, targets: list[Target]) -> dict[str, Any]:
    """What observers hold who are known: one sees the symbols one by one, one has the exact belief."""
    symbols = LastSymbols(ground.histories, ground.histories.length)
    one_by_one = features(symbols, ground.histories, rng=np.random.default_rng(0))
    return {
        "symbols one by one": scored(one_by_one, ground, targets),
        "exact belief": scored(ground.histories.belief, ground, targets),
    }


def read(model: Transformer, process: HMM, ground: Ground, targets: list[Target], words: np.ndarray) -> dict[str, Any]:
    """All of one network."""
    found, log_probs = values(model, ground)
    rows = range(words.shape[1] - 2, words.shape[1] + 1)
    by_lag = attention_by_lag(model, words, rows=rows)
    decays = [asdict(decay) for decay in attention_decay(by_lag, process) if decay.layer == 0]
    return {
        "kl_nats": mean_kl(ground.histories, log_probs),
        "sites": {site: scored(X, ground, targets) for site, X in found.items()},
        "attention": by_lag[0].tolist(),
        "decays": decays,
        "effects": effects(written(model, words), words, model.n_symbol),
    }


def network(case: str, seed: int, length: int) -> Transformer:
    """An untrained one."""
    chosen = candidate("transformer", SHAPE | {key: CASES[case][key] for key in ("n_layer", "n_head")})
    model = make(chosen, 3, length, rng=torch.Generator().manual_seed(seed))
    assert isinstance(model, Transformer)
    return model


def run(file: RowFile, sizes: dict[str, Any]) -> None:
    """Do what is not done."""
    length = sizes["length"]
    for case in CASES:
        process = the_process(case)
        rng = np.random.default_rng(0)
        ground = prepare(process, length, max_histories=sizes["histories"], rng=rng)
        targets, words = the_targets(process, ground), process.sample(sizes["words"], length, rng=rng)
        if file.find(case=case, seed=None) is None:
            eigenvalue = leading_eigenvalue(process).real
            who = {"case": case, "seed": None, "eigenvalue": eigenvalue, "histories": len(ground.histories)}
            belief = filter_beliefs(process, words)[:, -1]
            best = effects(belief, words, process.n_symbol)
            file.add({**who, "planted": planted(process, ground, targets), "best_additive": best})
        for seed in range(sizes["seeds"]):
            if file.find(case=case, seed=seed) is not None:
                continue
            model = network(case, seed, length)
            untrained = read(model, process, ground, targets, words)
            steps, (rate, _) = round(CASES[case]["steps"] * sizes["part"]), learning_rate("mess3", "transformer")
            training = TrainingConfig(
                length=length,
                steps=steps,
                batch=sizes["batch"],
                lr=rate,
                clip=clip("mess3", "transformer"),
                eval_every=steps,
            )
            record = train(model, process, training, rng=np.random.default_rng(seed))
            who = {"case": case, "seed": seed, "training": asdict(training), "seconds": round(record.seconds, 1)}
            file.add({**who, "trained": read(model, process, ground, targets, words), "untrained": untrained})


def in_order(found: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows by case, what needs no network first."""
    return sorted(found["rows"], key=lambda row: (list(CASES).index(row["case"]), row["seed"] is not None, row["seed"]))


def table(found: dict[str, Any]) -> str:
    """What is read where, the same of the untrained network in brackets."""
    lines = [f"{'held by':<37}{'at':<14}" + "".join(f"{target:>16}" for target in TARGETS)]
    for row in in_order(found):
        if row["seed"] is None:
            for name, r2 in row["planted"].items():
                cells = "".join(f"{r2[target]:.3f}{'':<8}".rjust(16) for target in TARGETS)
                lines.append(f"{row['case'] + ', planted: ' + name:<51}{cells}".rstrip())
            continue
        for site, r2 in row["trained"]["sites"].items():
            beside = row["untrained"]["sites"][site]
            cells = "".join(f"{r2[target]:.3f} ({beside[target]:.3f})".rjust(16) for target in TARGETS)
            lines.append(f"{row['case'] + ', seed ' + str(row['seed']):<37}{site:<14}{cells}")
    return "\n".join(lines)


def means_table(found: dict[str, Any]) -> str:
    """Over seeds: what is read at each place of trained networks, and how far it is above the untrained ones."""
    lines: dict[str, dict[str, list[float]]] = {}
    for row in in_order(found):
        if row["seed"] is not None:
            for site, r2 in row["trained"]["sites"].items():
                own, beside = lines.setdefault(f"{row['case']}, {site}", {}), row["untrained"]["sites"][site]
                for target in TARGETS:
                    own.setdefault(target, []).append(r2[target])
                    own.setdefault(f"{target} - untrained", []).append(r2[target] - beside[target])
    return seed_table("mean over seeds (95 % t interval)", lines)


def attention_table(found: dict[str, Any]) -> str:
    """One line for each head of the first layer, and one for what that layer writes."""
    lines = [f"{'network':<28}{'KL, nats':>9}  {'what':<26}{'by lag':<56}"]
    for row in in_order(found):
        if row["seed"] is None:
            theory = " ".join(f"{row['eigenvalue'] ** lag:6.2f}" for lag in range(-1, 6))
            lines.append(f"{row['case']:<28}{'':>9}  {'constrained belief':<26}{theory}")
            best = row["best_additive"]
            signed = " ".join(f"{effect:6.2f}" for effect in best["signed"][:7])
            fit_said = f"  additive: R² {best['additive_r2']:.3f}"
            lines.append(f"{row['case']:<28}{'':>9}  {'exact belief, best fit':<26}{signed}{fit_said}")
            continue
        at = row["trained"]
        name, kl = f"{row['case']}, seed {row['seed']}", f"{at['kl_nats']:.1e}"
        for head, weights in enumerate(at["attention"]):
            fit = at["decays"][head]
            told = f"attention, head {head}"
            weights_said = " ".join(f"{weight / weights[1]:6.2f}" for weight in weights[:7])
            rate = f"  a lag: {fit['rate']:.2f} ({fit['low']:.2f} to {fit['high']:.2f})"
            lines.append(f"{name:<28}{kl:>9}  {told:<26}{weights_said}{rate}")
        signed = " ".join(f"{effect:6.2f}" for effect in at["effects"]["signed"][:7])
        lines.append(
            f"{name:<28}{kl:>9}  {'signed effect':<26}{signed}  additive: R² {at['effects']['additive_r2']:.3f}"
        )
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--seeds", type=int)
    parser.add_argument("--small", action="store_true", help="one seed, little training, for seconds")
    asked = parser.parse_args(arguments)
    sizes = (SMALL if asked.small else SIZES) | ({} if asked.seeds is None else {"seeds": asked.seeds})
    settings = {"cases": CASES, "shape": SHAPE, **{k: v for k, v in sizes.items() if k != "seeds"}}
    file = RowFile(asked.out, command=COMMAND, settings=settings)
    with one_thread():
        run(file, sizes)
    found = file.document()
    print(table(found), means_table(found), attention_table(found), sep="\n\n")


if __name__ == "__main__":
    keep_memory()
    main()
