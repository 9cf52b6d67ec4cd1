"""A made-up comparison with the shapes, gaps and extremes of a real one: what reports are tested on.

The beliefs are those of Mess3 and RRXOR; every score, loss and time is invented.
"""

import itertools
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from probes.results import Comparison, Picture, ProcessSummary, Row, Run, Scene, SuffixCurve
from tests.probes.sample_pictures import MESS3, RRXOR, sample_pictures, sample_scene

EMPTY = "the belief is an affine function of the next-symbol distribution: rank 3 at k = 1 and at k = 2"
REFUSED = "too few rows: 436 histories in the training folds for a rank of 512"
NETWORKS = {
    "transformer": "Transformer, 4 layers of width 64, 4 heads",
    "lstm": "LSTM, 1 layer of width 64",
    "gru": "GRU, 1 layer of width 64",
    "mamba": "Mamba, 2 layers of width 32, state 8",
}
BUDGET = {"transformer": (201_922, 58.1), "lstm": (33_666, 41.7), "gru": (25_282, 38.2), "mamba": (21_634, 97.4)}
FINAL_KL = {
    MESS3: {"transformer": 6e-4, "lstm": 3e-4, "gru": 2.4e-4, "mamba": 8e-4, "k-gram": 4e-3, "uniform": 0.297},
    RRXOR: {"transformer": 0.041, "lstm": 4e-4, "gru": 2e-4, "mamba": 2.1e-3, "k-gram": 0.012, "uniform": 0.121},
}
SETTINGS = {"last-k": "k=8", "suffix-grams": "K=6/7/6/6/6"}
BEYOND = {"transformer": 0.45, "lstm": 0.996, "gru": 0.998, "mamba": 0.77}


def sites_of(predictor: str) -> dict[str, float]:
    """Sites of each predictor, each with the share of its best score that it reaches."""
    if predictor == "transformer":
        sites = {"embed": 0.1}
        for i in range(4):
            sites |= {f"layer.{i}.key": 0.2 * i, f"layer.{i}.value": 0.2 * i, f"layer.{i}": (i + 1) / 4}
        return sites | {"final": 0.97, "output": 0.0}
    if predictor == "mamba":
        sites = {"embed": 0.02}
        for i in range(2):
            sites |= {f"layer.{i}.conv": 0.1 + 0.3 * i, f"layer.{i}.ssm": 0.5 + 0.5 * i, f"layer.{i}": 0.3 + 0.3 * i}
        return sites | {"final": 0.63, "output": 0.0}
    if predictor == "bayes":
        return {"belief": 1.0, "output": 0.0}
    if predictor in ("uniform", "k-gram"):
        return {"output": 0.0}
    carry = {"layer.0.carry": 1.0} | ({"layer.0.cell": 0.993} if predictor == "lstm" else {})
    return {"embed": 0.02, **carry, "layer.0": 1.0, "final": 1.0, "output": 0.0}


@cache
def sample_comparison(n_seed: int = 1, n_point: int = 600) -> Comparison:
    """Four networks on two processes, one or several seeds."""
    rng = np.random.default_rng(5)
    parts = [_process(name, n_seed, n_point, rng) for name in (MESS3, RRXOR)]
    return Comparison(
        command="compmech compare --process mess3 --process rrxor --predictor transformer --predictor lstm "
        f"--predictor gru --predictor mamba --seeds {n_seed} --seed 0 -o demo",
        spec={"seeds": n_seed, "penalties": [1e-8, 1e-6, 1e-4], "mess3": {"length": 10}, "rrxor": {"length": 16}},
        versions={"python": "3.11.2", "torch": "2.13.0", "numpy": "2.4.6", "belief-geometry": "0.1.0"},
        processes=[part[0] for part in parts],
        runs=[run for part in parts for run in part[1]],
        rows=[row for part in parts for row in part[2]],
        pictures=[picture for part in parts for picture in part[3]],
        scenes=[part[4] for part in parts],
        suffix_curves=[curve for part in parts for curve in _curves(part[2])],
        notes=[
            "Learning rates are the best of a sweep at equal budget, recorded in docs/results/learning-rates.json.",
            "rrxor: 20,000 of 20,398 histories of 16 symbols, drawn with their probabilities.",
        ],
    )


def with_hostile_names(comparison: Comparison) -> Comparison:
    """The same with names that would break a page that forgets to escape, or to leave room."""
    hostile = "<script>alert('x')</script>&\"gru\"" + "-n_layer1" * 5

    def renamed(items: list[Row]) -> list[Row]:
        return [replace(item, predictor=hostile) if item.predictor == "gru" else item for item in items]

    return replace(
        comparison,
        command="compmech compare --predictor '</script><img src=x onerror=alert(1)>'",
        spec={"<b>key</b>": "</script><!--"},
        notes=["<img src=x onerror=alert(2)>"],
        rows=renamed(comparison.rows),
        runs=renamed(comparison.runs),  # type: ignore[arg-type, assignment]
        pictures=renamed(comparison.pictures),  # type: ignore[arg-type, assignment]
        processes=[replace(p, title=f"{p.title} <i>&amp;") for p in comparison.processes],
    )


def _process(
    name: str, n_seed: int, n_point: int, rng: np.random.Generator
) -> tuple[ProcessSummary, list[Run], list[Row], list[Picture], Scene]:
    length = 10 if name == MESS3 else 16
    summary = ProcessSummary(
        process=name,
        title="Mess3 (x = 0.05, a = 0.85)" if name == MESS3 else "RRXOR (p1 = 0.5, p2 = 0.5)",
        statistics={
            "entropy_rate": 1.14472 if name == MESS3 else 2 / 3,
            "statistical_complexity": "inf" if name == MESS3 else 2.251629,
            "excess_entropy": 0.57087 if name == MESS3 else 2.251629,
        },
        length=length,
        histories=20_000,
        complete=False,
        beliefs=20_000 if name == MESS3 else 36,
        horizon_ranks=[3] if name == MESS3 else [2, 3, 4, 5],
        optimal_nats=[0.8] * length,
    )
    runs, rows = [], list(_model_free(name, length))
    scene, pictures = sample_scene(name, length, n_point), list[Picture]()
    for predictor in (*NETWORKS, "k-gram", "uniform", "bayes"):
        seeds = list(range(n_seed)) if predictor in NETWORKS else [None]
        for seed in seeds:
            luck = float(np.exp(0.25 * rng.standard_normal())) if seed else 1.0
            kl = 0.0 if predictor == "bayes" else FINAL_KL[name][predictor] * luck
            runs.append(_run(name, predictor, seed, length, kl, rng))
            rows += _rows(name, runs[-1], length, luck)
            if predictor in NETWORKS:
                pictures += sample_pictures(
                    scene, predictor, seed, 0.998 if name == MESS3 else 0.29 + 0.71 * BEYOND[predictor]
                )
    return summary, runs, _across_seeds(rows), pictures, scene


def _run(name: str, predictor: str, seed: int | None, length: int, kl: float, rng: np.random.Generator) -> Run:
    trained = predictor in NETWORKS
    shape = np.linspace(0.3, 1.7, length) if name == RRXOR else np.linspace(1.4, 0.6, length)
    by_row = list(kl * shape * np.exp(0.1 * rng.standard_normal(length))) if kl > 0 else [0.0] * length
    if predictor == "k-gram" and name == RRXOR:
        by_row[-1] = float("inf")
    steps = np.unique(np.geomspace(20, 4000, 18).astype(int))
    curve = kl + 0.12 * np.exp(-steps / 350) * np.exp(0.15 * rng.standard_normal(len(steps)))
    parameters, seconds = BUDGET.get(predictor, (0, 0.0))
    return Run(
        process=name,
        predictor=predictor,
        seed=seed,
        architecture=NETWORKS.get(predictor, ""),
        config={"width": 64, "n_layer": 4} if trained else {},
        training={"steps": 4000, "batch": 128, "learning_rate": 5e-3} if trained else {},
        parameters=parameters,
        symbols_seen=4000 * 128 * (length + 1) if trained else 0,
        seconds=seconds,
        kl=float("inf") if any(np.isinf(by_row)) else kl,
        kl_by_row=[float(value) for value in by_row],
        learning={"symbols": [float(s * 128 * (length + 1)) for s in steps], "kl": [float(v) for v in curve]}
        if trained
        else {},
    )


def _rows(name: str, run: Run, length: int, luck: float) -> list[Row]:
    rows = []
    refused_once = run.predictor == "transformer"
    for (site, share), target, weighting, split in itertools.product(
        sites_of(run.predictor).items(), ("belief", "next", "beyond"), ("probability", "uniform"), ("history", "class")
    ):
        controls = [""]
        if run.predictor in NETWORKS:
            controls += ["untrained", "permuted-classes", "shuffled"]
        for control in controls:
            found: dict[str, Any] = {
                "parameters": run.parameters,
                "symbols_seen": run.symbols_seen,
                "seconds": run.seconds,
                "kl": run.kl,
            }
            if target == "beyond" and name == MESS3:
                found["reason"] = EMPTY
            elif refused_once and site == "layer.3" and split == "class":
                found["reason"] = REFUSED
            else:
                value = _score(name, run.predictor, target, control, share, weighting)
                found |= _scored(1 - (1 - value) * luck if control == "" else value)
            asked = (run.predictor, run.seed, site, target, weighting, split, control)
            rows.append(_row(name, length, *asked, **found))
    if run.predictor in NETWORKS:
        asked = (run.predictor, run.seed, "layer.0", "belief", "uniform", "none", "in-sample")
        rows.append(_row(name, length, *asked, **_scored(1.0), probe="ols"))
    return rows


def _score(name: str, predictor: str, target: str, control: str, share: float, weighting: str) -> float:
    if predictor in ("bayes", "uniform"):
        return 0.0 if predictor == "uniform" else 1.0 if share or name == MESS3 or target == "next" else 0.29
    up = 0.3 if weighting == "uniform" else 0.0
    if control == "shuffled":
        return -0.004
    if control == "permuted-classes":
        return 0.28 * share + up if name == RRXOR else 0.05
    if name == MESS3:
        return 0.80 + 0.17 * share if control == "untrained" else 0.93 + 0.069 * min(1.0, share + 0.5)
    full = 1.0 if predictor == "bayes" else BEYOND.get(predictor, 0.0)
    full = full if control == "" else 0.35
    beyond = full * share * (1 - 0.1 * up)
    return {"beyond": beyond - 0.02 * (share == 0), "belief": 0.29 + 0.71 * beyond, "next": 1 - 0.2 * (1 - share)}[
        target
    ]


def _model_free(name: str, length: int) -> list[Row]:
    beyond = {"last-k": 0.61, "suffix-grams": 0.79, "position": 0.07, "true-p": 0.0, "true-log-p": 0.02}
    rows = []
    for (control, value), target, weighting, split in itertools.product(
        (beyond | {"random-features": 0.44}).items(),
        ("belief", "next", "beyond"),
        ("probability", "uniform"),
        ("history", "class"),
    ):
        asked = ("", None, "", target, weighting, split, control)
        if target == "beyond" and name == MESS3:
            rows.append(_row(name, length, *asked, reason=EMPTY))
            continue
        exact = control.startswith("true")
        on_mess3 = {"position": 0.01, "true-p": 1.0, "true-log-p": 0.993, "suffix-grams": 0.997}.get(control, 0.96)
        score = on_mess3 if name == MESS3 else value
        score = score if target == "beyond" or name == MESS3 else 0.29 + 0.71 * score
        score = 1.0 if target == "next" and exact else score
        found = {"score": score, "low": score - 0.01, "high": score + 0.01, "whitened": score, "width": 2 * length}
        found |= {"setting": SETTINGS.get(control, "")}
        rows.append(_row(name, length, *asked, **found))
    return rows


def _curves(rows: list[Row]) -> list[SuffixCurve]:
    """A curve for each score of suffix-grams, rising to it until a little beyond the chosen K."""
    return [
        SuffixCurve(
            row.process,
            row.target,
            row.split,
            row.weighting,
            [row.score * min(1.0, K / 6) - 0.01 * max(0, K - 8) for K in range(row.length)],
            [6, 7, 6, 6, 6],
        )
        for row in rows
        if row.control == "suffix-grams" and row.score is not None
    ]


def _scored(value: float) -> dict[str, Any]:
    return {"score": value, "low": value - 0.03 * (1 - value), "high": min(1.0, value + 0.02), "whitened": value}


def _row(
    name: str,
    length: int,
    predictor: str,
    seed: int | None,
    site: str,
    target: str,
    weighting: str,
    split: str,
    control: str,
    **found: Any,
) -> Row:
    few = name == RRXOR
    common: dict[str, Any] = {
        "parameters": None,
        "symbols_seen": None,
        "seconds": None,
        "probe": "ridge",
        "score": None,
        "low": None,
        "high": None,
        "whitened": None,
        "rows": 20_000,
        "width": 64,
        "rank": 61,
        "beliefs": 36 if few else 20_000,
        "penalty": 1e-6,
        "verdict": "discriminates states" if few else "holds their geometry",
        "kl": None,
    }
    where = {"process": name, "predictor": predictor, "seed": seed, "length": length, "site": site}
    asked = {"target": target, "split": split, "weighting": weighting, "control": control}
    return Row(**(where | asked | common | found))


def _across_seeds(rows: list[Row]) -> list[Row]:
    """Fill in the interval across seeds; here simply the range."""
    groups: dict[tuple[object, ...], list[float]] = {}

    def key(row: Row) -> tuple[object, ...]:
        return (row.predictor, row.site, row.target, row.weighting, row.split, row.control)

    for row in rows:
        if row.score is not None and row.seed is not None:
            groups.setdefault(key(row), []).append(row.score)
    filled = []
    for row in rows:
        values = groups.get(key(row), [])
        if len(values) > 1 and row.score is not None:
            row = replace(
                row, seeds_mean=float(np.mean(values)), seeds_low=float(min(values)), seeds_high=float(max(values))
            )
        filled.append(row)
    return filled
