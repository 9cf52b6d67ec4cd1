"""Which architectures hold the belief state, where, and do they use it? Six of them, on seven processes.

    python docs/reproductions/architectures.py --store FOLDER -o docs/results/architectures.json [--processes rrxor ...]

Trains a transformer, an LSTM, a GRU, an RNN, Mamba and Mamba-2 with several seeds each on processes where a part of the
belief lies beyond the next symbol (RRXOR, FRDN, nemo, a mixture of two Mess3) and on such where none does (Mess3, Bloch
Walk, Moon), probes them beside the controls, and edits what they carry. That is hours of work, and every piece that has
ended stays in the store: after a stop the same command goes on. The summary is made from what is there by then, and
says which seeds that is.
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from math import isinf, sqrt
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import numpy as np
from scipy.stats import t

from compmech import GHMM, HMM, mixture, zoo
from compmech.whole_files import written_aside
from probes.candidates import candidate
from probes.comparison import ComparisonSpec, Subject, compare
from probes.further import Further
from probes.headline import Headline, Score, control_scores, headline, headline_target, runs_of
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
        "bloch_walk": Study(zoo.bloch_walk(), "bloch_walk", 10, 1000),
        "moon": Study(zoo.moon(), "moon", 10, 1000),
    }


def specification(label: str, study: Study, architectures: Sequence[str], seeds: int) -> ComparisonSpec:
    """What is compared on one process."""
    return ComparisonSpec(
        subjects=(Subject(label, study.title, study.process, study.length),),
        candidates=tuple(candidate(name) for name in (*architectures, "k-gram")),
        seeds=seeds,
        steps=study.steps,
        further=FURTHER,
    )


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


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--processes", nargs="+", choices=[*studies()], default=[*studies()])
    parser.add_argument("--architectures", nargs="+", choices=ARCHITECTURES, default=ARCHITECTURES)
    asked = parser.parse_args(arguments)
    chosen = {label: study for label, study in studies().items() if label in asked.processes}
    run(Store(asked.store), chosen, asked.architectures, seeds=asked.seeds, workers=asked.workers)


if __name__ == "__main__":
    main()
