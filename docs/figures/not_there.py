"""What a linear probe reads where nothing is to be read: noise, untrained networks, shuffled beliefs, hidden copies."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from matplotlib.figure import Figure

from compmech import zoo
from compmech.compose import random_shares, redundant
from compmech.draw import PAGE_WIDTH, publish
from compmech.draw.style import BLUE, GRID, INK, MUTED, VERMILLION, blank_figure, house_style, named_rows
from predictors import GRUConfig, TrainingConfig, build, train
from probes import LastSymbols, RidgeProbe, Score, belief_target, features, histories, score, unidentifiable_target
from probes.classes import belief_classes
from probes.crossfit import crossfit, in_sample
from probes.readout import read_out
from probes.report.legend import network_entry
from probes.report.style import colour_of, marker_of
from probes.splits import by_history
from probes.suffix_grams import suffix_grams

RESULTS = Path(__file__).parents[1] / "results"
NETWORKS = ("mamba", "transformer", "lstm", "gru")
ROWS = {
    "": "trained networks",
    "untrained": "untrained",
    "permuted-classes": "beliefs exchanged",
    "shuffled": "beliefs shuffled",
    "random-features": "random features",
    "last-k": "last symbols, one by one",
    "suffix-grams": "table of suffixes",
    "k-gram": "k-gram counts",
    "true-p": "true next-symbol p",
}
COPIES = (2, 2, 1)
"""Of the states of Mess3 in the redundant presentation."""

LAGS, SEEDS = 3, (1, 2)
HELD = {
    "planted": "planted: belief in the copies",
    "world": "belief of the world",
    "last": f"last {LAGS} symbols",
    "suffixes": "table of suffixes",
    **{f"{how}_{seed}": f"{how} GRU, seed {seed}" for seed in SEEDS for how in ("untrained", "trained")},
}
CARRY = "layer.0.carry"


def main(out: Path, *, rng: np.random.Generator, small: bool = False) -> None:
    """Two parts are recorded; noise is drawn anew, and a small network trained on a world with hidden copies."""
    of_noise, of_copies = rng.spawn(2)
    length, widths = (6, (8, 32)) if small else (10, (16, 64, 128, 256, 384, 512, 640, 768, 896))
    noise = noise_curves(length, widths, of_noise)
    controls = {"mess3": recorded("mess3", "belief"), "rrxor": recorded("rrxor", "beyond")}
    copies = hidden_copies(steps=10 if small else 500, length=4 if small else 7, rng=of_copies)
    audit = json.loads((RESULTS / "belief-audit.json").read_text())["rrxor"]
    numbers = {
        "noise": noise,
        "released": released(audit),
        "n_columns": audit["columns"],
        "n_histories": audit["histories"],
        "controls": {name: highest(rows) for name, rows in controls.items()},
        "copies": copies,
        "lags": LAGS,
    }
    publish(
        out,
        "not_there",
        numbers,
        {
            "in_sample": in_sample_figure(noise, numbers["released"], audit["columns"]),
            "controls": controls_figure(controls),
            "copies": copies_figure(copies),
        },
    )


def noise_curves(length: int, widths: tuple[int, ...], rng: np.random.Generator) -> dict[str, Any]:
    """R² of RRXOR's belief from normal noise by width, every history alike: of its own rows, and held out."""
    process = zoo.rrxor()
    found = histories(process, length)
    Y, weight = belief_target(process, found, gauge="state").Y, found.weight("uniform")
    fold = by_history(belief_classes(process, found), rng=rng).fold
    own, held = [], []
    for width in widths:
        X = rng.standard_normal((len(found), width))
        for scores, fit in (
            (own, in_sample(X, Y, weight)),
            (held, crossfit(X, Y, weight, fold, RidgeProbe())),
        ):
            error, spread = (weight @ ((Y - each) ** 2).sum(axis=1) for each in (fit.predicted, fit.null))
            scores.append(float(1 - error / spread))
    return {"widths": widths, "n_histories": len(found), "in_sample": own, "held_out": held, "most": max(own)}


def released(audit: dict[str, Any]) -> dict[str, Any]:
    """The network that was published, and what it stands beside: in sample, held out, every history alike."""
    own, held = audit["in_sample"], audit["held_out"]
    untrained = [each["belief"] for each in own["untrained"]]
    return {
        "trained": {"in_sample": own["trained"]["belief"], "held_out": held["all sites"]["mean"]["belief"]},
        "untrained": {
            "in_sample": float(np.mean(untrained)),
            "held_out": float(np.mean([each["belief"] for each in held["untrained"]])),
        },
        "shuffled": {"in_sample": float(np.mean(own["shuffled"]))},
        "suffixes": {"held_out": float(np.mean([each["belief"]["score"] for each in held["suffix-grams"]]))},
    }


def recorded(process: str, target: str) -> dict[str, dict[str, float]]:
    """Of the demonstration: held-out R² by what was read and by network, each at its best place; "" is no network."""
    demo = json.loads((RESULTS / "demo" / "results.json").read_text())
    found: dict[str, dict[str, float]] = {}
    for row in demo["rows"]:
        asked = (row["process"], row["target"], row["split"], row["weighting"]) == (
            process, target, "history", "probability",
        )  # fmt: skip
        what = "k-gram" if row["predictor"] == "k-gram" and not row["control"] else row["control"]
        kept = what in ROWS and (row["predictor"] in (*NETWORKS, "") or what == "k-gram")
        if asked and kept and row["score"] is not None and row["probe"] in ("ridge", "mean"):
            name = row["predictor"] if row["predictor"] in NETWORKS else ""
            best = found.setdefault(what, {})
            best[name] = max(row["score"], best.get(name, -np.inf))
    return {what: found[what] for what in ROWS}


def highest(rows: dict[str, dict[str, float]]) -> dict[str, float]:
    """Of each row; of trained and untrained networks by name as well."""
    best = {what or "trained": max(values.values()) for what, values in rows.items()}
    for what in ("", "untrained"):
        best |= {f"{what or 'trained'}_{name}": value for name, value in rows[what].items()}
    return best


def hidden_copies(*, steps: int, length: int, rng: np.random.Generator) -> dict[str, dict[str, float]]:
    """Mess3 with states in copies that no word tells apart: what is read of the belief, and of the copies."""
    world = zoo.mess3(x=0.15, a=0.6)
    of_world, of_folds, of_training = rng.spawn(3)
    process = redundant(world, COPIES, random_shares(world, COPIES, rng=of_world))
    found = histories(process, length, max_histories=3000, rng=of_folds)
    split = by_history(belief_classes(process, found), rng=of_folds)
    targets = {
        "told": belief_target(process, found),
        "copies": unidentifiable_target(process, found, weighting="probability"),
    }
    config = TrainingConfig(length=length, steps=steps, batch=64, eval_every=steps)

    def read(X: np.ndarray) -> dict[str, float]:
        found_scores = score(X, list(targets.values()), found, weighting="probability", split=split)
        return {what: known(each) for what, each in zip(targets, found_scores, strict=True)}

    scores = {
        "planted": read(found.belief),
        "world": read(targets["told"].Y),
        "last": read(features(LastSymbols(found, LAGS), found, rng=rng)),
    }
    grams = suffix_grams(list(targets.values()), found, weighting="probability", split=split)
    scores["suffixes"] = {what: known(gram.score) for what, gram in zip(targets, grams, strict=True)}
    for seed in SEEDS:
        model = build(GRUConfig(n_symbol=3, width=32, n_layer=1), rng=torch.Generator().manual_seed(seed))
        scores[f"untrained_{seed}"] = read(read_out(model, found, [CARRY]).features[CARRY])
        train(model, process, config, rng=of_training)
        scores[f"trained_{seed}"] = read(read_out(model, found, [CARRY]).features[CARRY])
    return scores


def known(found: Score) -> float:
    """The number."""
    assert found.score is not None, found.reason
    return found.score


def in_sample_figure(noise: dict[str, Any], networks: dict[str, Any], columns: int) -> Figure:
    """Left: noise by width. Right: the released network."""
    with house_style():
        figure = blank_figure(PAGE_WIDTH, 2.8)
        left = figure.add_axes((0.075, 0.17, 0.38, 0.72))
        left.plot(noise["widths"], noise["in_sample"], color=VERMILLION, marker="o", label="in sample")
        left.plot(noise["widths"], noise["held_out"], color=BLUE, marker="s", label="held out")
        left.axhline(0, color=INK, linewidth=0.8)
        left.set(xlabel="columns of noise", ylabel="R²", ylim=(-0.12, 1.03))
        left.set_title("the belief of RRXOR, from noise", fontweight="normal")
        left.grid(axis="y", color=GRID)
        left.legend(loc="upper left", fontsize=8)
        right = figure.add_axes((0.66, 0.17, 0.325, 0.72))
        names = {
            "trained": "the released network",
            "untrained": "untrained",
            "shuffled": "shuffled beliefs",
            "suffixes": "table of suffixes",
        }
        for row, name in enumerate(names):
            for how, colour, marker in (("in_sample", VERMILLION, "o"), ("held_out", BLUE, "s")):
                if how in networks[name]:
                    right.plot(networks[name][how], row, color=colour, marker=marker, markersize=6)
        named_rows(right, list(names.values()))
        right.set(xlim=(-0.03, 1.03), xlabel="R²")
        right.set_title(f"from {columns:,} columns of a network", fontweight="normal")
    return figure


def controls_figure(controls: dict[str, dict[str, dict[str, float]]]) -> Figure:
    """Held out; a mark for each network, a bar where there is none."""
    with house_style():
        figure = blank_figure(PAGE_WIDTH, 3.6)
        titles = {"mess3": "Mess3: the belief", "rrxor": "RRXOR: beyond the next symbol"}
        for place, (process, rows) in enumerate(controls.items()):
            axes = figure.add_axes((0.225 + 0.4 * place, 0.13, 0.36, 0.71))
            for row, values in enumerate(rows.values()):
                for name, value in values.items():
                    if name:
                        axes.plot(value, row, marker=marker_of(name, NETWORKS), color=colour_of(name, NETWORKS))
                    else:
                        axes.plot([value] * 2, [row - 0.3, row + 0.3], color=INK, linewidth=2)
            named_rows(axes, list(ROWS.values()) if place == 0 else [""] * len(rows))
            axes.set(xlim=(-0.05, 1.05), xlabel="held-out R²")
            axes.set_title(titles[process], fontweight="normal")
        handles = [network_entry(name) for name in NETWORKS]
        figure.legend(handles=handles, loc="upper center", ncols=4, fontsize=8)
    return figure


def copies_figure(scores: dict[str, dict[str, float]]) -> Figure:
    """What words tell, and what none does."""
    with house_style():
        figure = blank_figure(PAGE_WIDTH, 3.1)
        axes = figure.add_axes((0.3, 0.16, 0.66, 0.72))
        for row, each in enumerate(scores.values()):
            axes.plot([each["told"], each["copies"]], [row] * 2, color=GRID, zorder=1)
            label = ("the belief of the world", "which copy") if row == 0 else (None, None)
            axes.plot(each["told"], row, color=BLUE, marker="s", markersize=7, linestyle="none", label=label[0])
            axes.plot(each["copies"], row, color=VERMILLION, marker="o", linestyle="none", label=label[1])
        axes.axvline(0, color=MUTED, linewidth=0.8)
        named_rows(axes, [HELD[name] for name in scores])
        axes.set(xlim=(-0.08, 1.05), xlabel="held-out R²")
        axes.legend(loc="lower center", bbox_to_anchor=(0.4, 1.0), ncols=2, fontsize=8)
    return figure
