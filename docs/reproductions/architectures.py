"""Which architectures hold the belief state, where, and do they use it? Six of them, on seven processes.

    python docs/reproductions/architectures.py --store FOLDER -o docs/results/architectures.json [--processes rrxor ...]

Trains a transformer, an LSTM, a GRU, an RNN, Mamba and Mamba-2 with several seeds each on processes where a part of the
belief lies beyond the next symbol (RRXOR, FRDN, nemo, a mixture of two Mess3) and on such where none does (Mess3, Bloch
Walk, Moon), probes them beside the controls, and edits what they carry. That is hours of work, and every piece that has
ended stays in the store: after a stop the same command goes on. Seeds are done one after the other, each of everything,
so that `--seeds 2` makes a summary of the first two.
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import isinf, sqrt
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import numpy as np
from scipy.stats import t

from compmech import GHMM, HMM, mixture, zoo
from compmech.whole_files import written_aside
from probes.candidates import Candidate, candidate
from probes.comparison import ComparisonSpec, Subject, compare
from probes.further import Further
from probes.headline import Headline, Score, control_scores, headline, headline_target, runs_of
from probes.pieces import versions
from probes.presets import SIZES, learning_rate
from probes.results import Comparison
from probes.store import Store

COMMAND = "python docs/reproductions/architectures.py --store FOLDER -o docs/results/architectures.json"
ARCHITECTURES = ("transformer", "lstm", "gru", "rnn", "mamba", "mamba2")
EDITS = ("carry", "rows<=t", "row t")
FURTHER = Further(edits=EDITS, edit_cases=64)


@dataclass(frozen=True)
class Study:
    """One process, and how long networks read and train on it."""

    process: HMM | GHMM
    title: str
    length: int
    steps: int


def studies() -> dict[str, Study]:
    """The processes by label."""
    two = mixture(zoo.mess3(x=0.05, a=0.85), zoo.mess3(x=0.15, a=0.6))
    return {
        "rrxor": Study(zoo.rrxor(), "rrxor(p1=0.5, p2=0.5)", 16, 3000),
        "frdn": Study(zoo.frdn(), "frdn", 16, 2000),
        "nemo": Study(zoo.nemo(), "nemo", 16, 2000),
        "two_mess3": Study(two, "mess3(x=0.05, a=0.85) or mess3(x=0.15, a=0.6), half each", 16, 2000),
        "mess3": Study(zoo.mess3(), "mess3(x=0.05, a=0.85)", 10, 1000),
        "bloch_walk": Study(zoo.bloch_walk(), "bloch_walk", 10, 4000),
        "moon": Study(zoo.moon(), "moon", 10, 2000),
    }


def specification(label: str, study: Study, architectures: Sequence[str], seeds: int) -> ComparisonSpec:
    """What is compared on one process."""
    return ComparisonSpec(
        subjects=(Subject(label, study.title, study.process, study.length),),
        candidates=tuple(_candidate(name, label) for name in (*architectures, "k-gram")),
        seeds=seeds,
        steps=study.steps,
        further=FURTHER,
    )


def _candidate(name: str, label: str) -> Candidate:
    """Mamba-2 is as small as Mamba, and as fast: at its own preset size the state of one layer has 2,048 columns."""
    if name != "mamba2":
        return candidate(name)
    rate, _ = learning_rate(label, "mamba")
    return candidate(name, {**SIZES["mamba"], "lr": rate}, label=name)


def run(
    store: Store,
    asked: Mapping[str, Study],
    architectures: Sequence[str],
    *,
    seeds: int,
    workers: int,
) -> dict[str, Comparison]:
    """All of it, one more seed of everything at a time, so that a stop leaves whole seeds."""
    found = {}
    for n in range(1, seeds + 1):
        for label, study in asked.items():
            found[label] = compare(
                specification(label, study, architectures, n),
                rng=np.random.default_rng(0),
                workers=workers,
                store=store,
                done=lambda run, weights: print(f"{run.process} {run.predictor} {run.seed}: {run.kl:.2g}", flush=True),
            )
    return found


# --------------------------------------------------------------------------------------------------------- the summary


BEGIN, END = "<!-- architectures -->", "<!-- end of architectures -->"
"""Where the tables stand in the page."""


def over_seeds(values: Mapping[int, float | None]) -> dict[str, Any]:
    """The value of every seed, their mean and its 95 % t interval; no mean where one is missing or infinite."""
    known = [value for value in values.values() if value is not None]
    found: dict[str, Any] = {"by_seed": {str(s): _plain(v) for s, v in sorted(values.items())}}
    if not known or len(known) < len(values) or any(isinf(value) for value in known):
        return {**found, "mean": None, "low": None, "high": None}
    mean = fmean(known)
    if len(known) == 1:
        return {**found, "mean": mean, "low": None, "high": None}
    half = float(t.ppf(0.975, len(known) - 1)) * stdev(known) / sqrt(len(known))
    return {**found, "mean": mean, "low": mean - half, "high": mean + half}


def of_process(comparison: Comparison) -> dict[str, Any]:
    """Everything that the page says of one process."""
    (summary,) = comparison.processes
    target = headline_target(summary)
    names = list(dict.fromkeys(run.predictor for run in comparison.runs))
    found = {name: headline(comparison, summary.process, name, target) for name in names}
    baseline = next(each.baseline for each in found.values() if each.baseline is not None)
    return {
        "process": summary.process,
        "title": summary.title,
        "length": summary.length,
        "steps": comparison.spec["processes"][0]["steps"],
        "histories": summary.histories,
        "beliefs": summary.beliefs,
        "horizon_ranks": summary.horizon_ranks,
        "target": target,
        "baseline": {"control": baseline.control, "setting": baseline.setting, "r2": baseline.value},
        "ceilings": {
            name: {kind: _of_control(comparison, summary.process, kind, name) for kind in ("belief", target)}
            for name in ("true-p", "true-log-p")
        },
        "networks": [_network(comparison, found[name], name) for name in names],
        "ranks": [asdict(row) for row in comparison.ranks],
        "differences": [asdict(row) for row in comparison.differences],
        "notes": comparison.notes,
    }


def _of_control(comparison: Comparison, process: str, target: str, name: str) -> float | None:
    return max(
        (s.value for s in control_scores(comparison, process, target, name) if s.value is not None), default=None
    )


def _network(comparison: Comparison, found: Headline, name: str) -> dict[str, Any]:
    process = comparison.processes[0].process
    runs = runs_of(comparison, process, name)
    belief = headline(comparison, process, name, "belief")
    effects: dict[tuple[Any, ...], dict[int, float | None]] = {}
    verdicts: dict[tuple[Any, ...], list[str]] = {}
    for row in comparison.edits:
        if row.predictor == name and row.seed is not None:
            key = (row.edit, "all" if row.site is None else "best", row.kind, row.through, row.horizon, row.control)
            effects.setdefault(key, {})[row.seed] = row.effect
            verdicts.setdefault(key, []).append(row.verdict)
    shares: dict[tuple[Any, ...], dict[int, float | None]] = {}
    for row in comparison.shares:
        if row.predictor == name and row.seed is not None:
            key = (row.edit, "all" if row.site is None else "best", row.through, row.horizon)
            shares.setdefault(key, {})[row.seed] = row.share
    edited = ("edit", "site", "kind", "through", "horizon", "control")
    return {
        "predictor": name,
        "parameters": runs[0].parameters,
        "symbols_seen": runs[0].symbols_seen,
        "training": {key: runs[0].training.get(key) for key in ("lr", "clip", "batch", "steps")},
        "kl": over_seeds({run.seed or 0: run.kl for run in runs}),
        "belief": _score(belief.best),
        "headline": _score(found.best),
        "uniform": _score(found.uniform),
        "by_class": _score(found.by_class),
        "permuted": _score(found.permuted),
        "untrained": _score(found.untrained),
        "above": found.difference,
        "verdict": found.best.verdict if found.best else "",
        "edits": [
            {
                **dict(zip(edited, key, strict=True)),
                "effect": over_seeds(values),
                "verdicts": sorted(set(verdicts[key])),
            }
            for key, values in effects.items()
        ],
        "shares": [
            {**dict(zip(("edit", "site", "through", "horizon"), key, strict=True)), "share": over_seeds(values)}
            for key, values in shares.items()
        ],
    }


def _score(score: Score | None) -> dict[str, Any] | None:
    if score is None:
        return None
    values = {row.seed or 0: row.score for row in score.rows}
    return {"site": score.site, "reason": score.reason, **over_seeds(values)}


def _plain(value: float | None) -> float | str | None:
    return str(value) if value is not None and isinf(value) else value


def tables(found: Mapping[str, Any]) -> str:
    """The page's tables, in Markdown: one of reading and one of editing for each process."""
    return "\n\n".join(f"### {each['title']}\n\n{_reading(each)}\n\n{_editing(each)}" for each in found["processes"])


def _reading(each: Mapping[str, Any]) -> str:
    """KL, and what is read, seed means with t intervals."""
    target, baseline = each["target"], each["baseline"]
    said = f"{baseline['control']} {baseline['setting']}".strip()
    about = (
        f"{each['length']} symbols, {each['steps']:,} steps of 128 words; {each['beliefs']:,} beliefs among "
        f"{each['histories']:,} histories. Best baseline without a network: {said}, {baseline['r2']:.3f}."
    )
    if target == "belief":
        known = {name: values["belief"] for name, values in each["ceilings"].items()}
        about += (
            f" From the true next-symbol distribution {known['true-p']:.3f}, its logarithm {known['true-log-p']:.3f}."
        )
    lines = [
        f"| network | KL, nats | {target} R² | at site | uniform | permuted | untrained | above baseline |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for net in each["networks"]:
        if net["headline"] is None:
            continue
        cells = [
            net["predictor"],
            _span(net["kl"], "{:.1e}"),
            _span(net["headline"]),
            net["headline"]["site"],
            *(_mean(net[name]) for name in ("uniform", "permuted", "untrained")),
            "-" if net["above"] is None else f"{net['above']:+.3f}",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return about + "\n\n" + "\n".join(lines)


SHOWN = (
    ("carry, everything, transplant", ("carry", "all", "transplant", "probe")),
    ("carry, everything, belief part", ("carry", "all", "belief", "encoding")),
    ("carry, one state, belief part", ("carry", "best", "belief", "encoding")),
    ("rows<=t, belief part", ("rows<=t", "best", "belief", "encoding")),
    ("row t, belief part", ("row t", "best", "belief", "encoding")),
)
"""The columns of the table of edits: what was put where."""


def _editing(each: Mapping[str, Any]) -> str:
    """How far predictions go towards the injected belief's, at the longest horizon."""
    lines = [
        "| network | " + " | ".join(name for name, _ in SHOWN) + " | the same to a wrong belief | untrained |",
        "|---|" + "---|" * (len(SHOWN) + 2),
    ]
    for net in each["networks"]:
        edits = {
            (e["edit"], e["site"], e["kind"], e["through"], e["control"]): e
            for e in net["edits"]
            if e["horizon"] == max(other["horizon"] for other in net["edits"])
        }
        if not edits:
            continue
        first = SHOWN[1][1]
        cells = [_span((edits.get((*key, "")) or {}).get("effect"), "{:.2f}") for _, key in SHOWN]
        cells += [
            _mean((edits.get((*first, name)) or {}).get("effect"), "{:.2f}") for name in ("wrong-belief", "untrained")
        ]
        lines.append(f"| {net['predictor']} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _mean(values: Mapping[str, Any] | None, form: str = "{:.3f}") -> str:
    return "-" if not values or values["mean"] is None else form.format(values["mean"])


def _span(values: Mapping[str, Any] | None, form: str = "{:.3f}") -> str:
    if not values or values["low"] is None:
        return _mean(values, form)
    return f"{form.format(values['mean'])} ({form.format(values['low'])} to {form.format(values['high'])})"


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--page", type=Path, help="of the documentation, to put the tables into")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--processes", nargs="+", choices=[*studies()], default=[*studies()])
    parser.add_argument("--architectures", nargs="+", choices=ARCHITECTURES, default=ARCHITECTURES)
    asked = parser.parse_args(arguments)
    chosen = {label: study for label, study in studies().items() if label in asked.processes}
    found = run(Store(asked.store), chosen, asked.architectures, seeds=asked.seeds, workers=asked.workers)
    summary = {
        "command": COMMAND,
        "seeds": asked.seeds,
        "versions": versions(),
        "processes": [of_process(comparison) for comparison in found.values()],
    }
    with written_aside(asked.out) as unfinished:
        unfinished.write_text(json.dumps(summary, separators=(",", ":"), allow_nan=False) + "\n")
    print(tables(summary))
    if asked.page is not None:
        into_page(asked.page, summary)


def into_page(page: Path, found: Mapping[str, Any]) -> None:
    """Put the tables into the page."""
    before, _, rest = page.read_text().partition(BEGIN)
    with written_aside(page) as unfinished:
        unfinished.write_text(f"{before}{BEGIN}\n{tables(found)}\n{END}{rest.partition(END)[2]}")


if __name__ == "__main__":
    main()
