"""A small comparison that is killed, or finds the disk full, again and again: a process of its own, which forks.

    python faulty_rounds.py FOLDER KIND ROUNDS SEED

KIND is `killed` (at a random moment, with SIGKILL), `full` (a random fsync finds no space) or `together` (three
processes at once on one store, nothing else). Prints what happened, as JSON.
"""

import errno
import json
import os
import random
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from compmech import zoo
from compmech.stored_cells import finished_cells
from probes.candidates import candidate
from probes.comparison import ComparisonSpec, Subject, compare
from probes.results import Comparison
from probes.store import Store
from probes.sweep import under_way, work
from probes.sweep.engine import Here
from probes.sweep.loggers import JsonLines

SPEC = ComparisonSpec(
    subjects=(Subject("golden_mean", "golden_mean(p=0.5)", zoo.golden_mean(), 5),),
    candidates=(candidate("gru", {"width": 4, "n_layer": 1}), candidate("k-gram"), candidate("bayes")),
    seeds=2,
    steps=30,
    batch=4,
)
CELLS = 7
"""Two GRUs, two counts, exact Bayes, what needs no predictor, and the process."""

FULL = 7
"""Exit status of a child that was told that the disk is full."""


def run(folder: Path) -> Comparison:
    """The comparison with a store, states of trainings written at every opportunity."""
    under_way.SAVED_EVERY = 0.0
    store = Store(folder)
    return compare(SPEC, rng=np.random.default_rng(0), engine=Here(), store=store, loggers=[JsonLines(store.log)])


def timeless(found: Comparison) -> str:
    """All but seconds."""
    return replace(
        found,
        rows=[replace(row, seconds=None) for row in found.rows],
        runs=[replace(run, seconds=0.0) for run in found.runs],
    ).to_json()


def forked(work: Callable[[], object]) -> int:
    """The process that does it."""
    child = os.fork()
    if child == 0:
        try:
            work()
            os._exit(0)
        except OSError as error:
            if error.errno == errno.ENOSPC:
                os._exit(FULL)
            traceback.print_exc()
        finally:
            os._exit(1)
    return child


def status(child: int) -> int:
    """How it ended; a signal is negative."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@contextmanager
def full_disk(after: int) -> Iterator[None]:
    """Every fsync but the first few fails."""
    real, left = os.fsync, [after]

    def full(descriptor: int) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(descriptor)

    os.fsync = full
    try:
        yield
    finally:
        os.fsync = real


def on_a_full_disk(folder: Path, after: int) -> None:
    """The comparison."""
    with full_disk(after):
        run(folder)


def finished(folder: Path) -> dict[str, int]:
    """The finished cells, and when each was."""
    if not (folder / "cells").is_dir():
        return {}
    return {cell.key: (cell.path / "DONE").stat().st_mtime_ns for cell in finished_cells(folder)}


def main(folder: Path, kind: str, rounds: int, seed: int) -> None:
    draw = random.Random(seed)
    began = time.monotonic()
    plain = timeless(compare(SPEC, rng=np.random.default_rng(0), engine=Here()))
    takes = time.monotonic() - began
    real, begun = work.run_piece, folder.with_name("begun")

    def counted(*arguments: Any) -> Any:
        with begun.open("a") as file:
            file.write("a cell\n")
        return real(*arguments)

    work.run_piece = counted
    ends: list[int] = []
    before: dict[str, int] = {}
    lost: list[str] = []
    if kind == "together":
        ends = [status(child) for child in [forked(lambda: run(folder)) for _ in range(3)]]
    for _ in range(0 if kind == "together" else rounds):
        if kind == "killed":
            child = forked(lambda: run(folder))
            time.sleep(draw.uniform(0, takes / 4))
            os.kill(child, signal.SIGKILL)
        else:
            after = draw.randrange(40)
            child = forked(lambda after=after: on_a_full_disk(folder, after))
        ends.append(status(child))
        now = finished(folder)
        lost += [key for key in before if now.get(key) != before[key]]
        before = now
    found = run(folder)
    after = finished(folder)
    lost += [key for key in before if after.get(key) != before[key]]
    for line in (folder / "log.jsonl").read_text().splitlines():
        json.loads(line)  # three processes may write it at once, and each line is whole
    told = {
        "ends": ends,
        "lost": lost,
        "same": timeless(found) == plain,
        "cells": len(after),
        "before_the_last": len(before),
        "begun": len(begun.read_text().splitlines()),
        "left": sorted(path.name for path in (folder / "partial").iterdir()) if (folder / "partial").is_dir() else [],
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
