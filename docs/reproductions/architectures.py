"""Which architectures hold the belief state, where, and do they use it? Six of them, on seven processes.

    python docs/reproductions/architectures.py --store FOLDER -o docs/results/architectures.json [--processes rrxor ...]
        [--beside lru mingru] [--page docs/architectures.md]

Trains a transformer, an LSTM, a GRU, an RNN, Mamba and Mamba-2 with several seeds each on processes where a part of the
belief lies beyond the next symbol (RRXOR, FRDN, nemo, a mixture of two Mess3) and on such where none does (Mess3, Bloch
Walk, Moon), probes them beside the controls, and edits what they carry. That is hours of work, and every piece that has
ended stays in the store: after a stop the same command goes on. Seeds are done one after the other, each of everything,
so that `--seeds 2` makes a summary of the first two. `--beside` adds two linear recurrences, on the four processes of
Riechers, Elliott and Shai (arXiv 2507.07432), and leaves every piece of the six as it is. Without `--store` nothing is
trained or probed: the tables are made anew from the file that is there.
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from compmech import GHMM, HMM, mixture, zoo
from compmech.whole_files import written_aside
from probes.candidates import Candidate, candidate
from probes.comparison import ComparisonSpec, Subject, compare
from probes.further import Further
from probes.pieces import versions
from probes.presets import SIZES, learning_rate
from probes.ranking import with_ranks
from probes.report.effect_panels import SUBTITLE, effects_title
from probes.report.rank_words import rank_sentences
from probes.results import Comparison
from probes.store import Store
from probes.summary import effects_of, of_process
from probes.tables import DifferenceRow, RankRow

COMMAND = "python docs/reproductions/architectures.py --store FOLDER -o docs/results/architectures.json"
ARCHITECTURES = ("transformer", "lstm", "gru", "rnn", "mamba", "mamba2")
BESIDE = ("lru", "mingru")
FOUR = ("mess3", "bloch_walk", "frdn", "moon")
"""On these the networks of `BESIDE` are compared as well."""

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


def specification(label: str, study: Study, names: Sequence[str], seeds: int) -> ComparisonSpec:
    """What is compared on one process."""
    return ComparisonSpec(
        subjects=(Subject(label, study.title, study.process, study.length),),
        candidates=tuple(_candidate(name, label) for name in names),
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
    beside: Sequence[str] = (),
    seeds: int,
    workers: int,
) -> dict[str, Comparison]:
    """All of it, one more seed of everything at a time, so that a stop leaves whole seeds.

    What is asked for beside the others is a comparison of its own: the baselines without a network are made as wide as
    the networks that they stand beside, and those of the others are to be found in the store as they were.
    """

    def compared(label: str, names: Sequence[str], n: int) -> Comparison:
        return compare(
            specification(label, asked[label], names, n),
            rng=np.random.default_rng(0),
            workers=workers,
            store=store,
            done=lambda run, weights: print(f"{run.process} {run.predictor} {run.seed}: {run.kl:.2g}", flush=True),
        )

    found = {}
    for n in range(1, seeds + 1):
        for label in asked:
            found[label] = compared(label, (*architectures, "k-gram"), n)
            if beside and label in FOUR:
                found[label] = together(found[label], compared(label, beside, n))
    return found


def together(one: Comparison, other: Comparison) -> Comparison:
    """Two comparisons of other networks on the same process and histories, and the ranks of all networks."""
    there = {(row.control, row.width) for row in one.rows if not row.predictor}
    merged = replace(
        one,
        runs=one.runs + other.runs,
        rows=one.rows + [row for row in other.rows if row.predictor or (row.control, row.width) not in there],
        pictures=one.pictures + other.pictures,
        notes=list(dict.fromkeys(one.notes + other.notes)),
        edits=one.edits + other.edits,
        shares=one.shares + other.shares,
    )
    ranked = with_ranks(merged)
    return replace(ranked, notes=list(dict.fromkeys(ranked.notes)))


# --------------------------------------------------------------------------------------------------------- the tables


BEGIN, END = "<!-- architectures -->", "<!-- end of architectures -->"
"""Where the tables stand in the page."""


def tables(found: Mapping[str, Any]) -> str:
    """The page's tables, in Markdown: of each process what is read, who is above whom, and what edits do."""
    parts = []
    for each in found["processes"]:
        parts += [f"### {each['title']}", _reading(each), *_ranking(each), _editing(each), _figure(each)]
    return "\n\n".join(parts)


def _figure(each: Mapping[str, Any]) -> str:
    """The picture of edits, which `compmech figures edits_by_horizon` draws, with what it shows."""
    address = f"_figures/edits_by_horizon-{each['process']}.png"
    effects = [effect for net in each["networks"] for effect in effects_of(net)]
    alt = f"Edits on {each['process']}, by horizon: a column for each network, a line of panels for each place."
    return f"```{{figure}} {address}\n:alt: {alt}\n\n{effects_title(effects, each['title'])}. {SUBTITLE}\n```"


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
        f"| network | KL, nats | {target} R² | rank | at site | uniform | permuted | untrained | above baseline |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    ranks = {rank["predictor"]: rank for rank in each["ranks"]}
    for net in each["networks"]:
        if net["headline"] is None:
            continue
        cells = [
            net["predictor"],
            _span(net["kl"], "{:.1e}"),
            _span(net["headline"]),
            _rank(ranks.get(net["predictor"])),
            net["headline"]["site"],
            *(_mean(net[name]) for name in ("uniform", "permuted", "untrained")),
            "-" if net["above"] is None else f"{net['above']:+.3f}",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return about + "\n\n" + "\n".join(lines)


def _rank(rank: Mapping[str, Any] | None) -> str:
    if rank is None:
        return "-"
    return f"{rank['highest']}" if rank["highest"] == rank["lowest"] else f"{rank['highest']}-{rank['lowest']}"


def _ranking(each: Mapping[str, Any]) -> list[str]:
    """Which differences are sure, in sentences; none with one seed."""
    ranks = [RankRow(**_paired(rank)) for rank in each["ranks"]]
    return rank_sentences(ranks, [DifferenceRow(**_paired(pair)) for pair in each["differences"]])


def _paired(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row whose pairs were lists in JSON."""
    return {**row, "by_seed": [(seed, value) for seed, value in row["by_seed"]]}


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


def into_page(page: Path, found: Mapping[str, Any]) -> None:
    """Put the tables and the figures into the page."""
    before, _, rest = page.read_text().partition(BEGIN)
    with written_aside(page) as unfinished:
        unfinished.write_text(f"{before}{BEGIN}\n{tables(found)}\n{END}{rest.partition(END)[2]}")


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--store", type=Path, help="of finished pieces; without it, nothing is trained or probed")
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--page", type=Path, help="of the documentation, to put the tables into")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--processes", nargs="+", choices=[*studies()], default=[*studies()])
    parser.add_argument("--architectures", nargs="+", choices=ARCHITECTURES, default=ARCHITECTURES)
    parser.add_argument("--beside", nargs="+", choices=BESIDE, default=(), help=f"further ones, on {', '.join(FOUR)}")
    asked = parser.parse_args(arguments)
    if asked.store is None:
        summary = json.loads(asked.out.read_text())
    else:
        chosen = {label: study for label, study in studies().items() if label in asked.processes}
        found = run(
            Store(asked.store),
            chosen,
            asked.architectures,
            beside=asked.beside,
            seeds=asked.seeds,
            workers=asked.workers,
        )
        summary = {
            "command": f"{COMMAND} --beside {' '.join(asked.beside)}" if asked.beside else COMMAND,
            "seeds": asked.seeds,
            "versions": versions(),
            "processes": [of_process(comparison) for comparison in found.values()],
        }
        with written_aside(asked.out) as unfinished:
            unfinished.write_text(json.dumps(summary, separators=(",", ":"), allow_nan=False) + "\n")
    print(tables(summary))
    if asked.page is not None:
        into_page(asked.page, summary)


if __name__ == "__main__":
    main()
