"""Sixty cells on several processes, some of which are killed, on a disk that is full: a process of its own.

    python faulty_sweep.py FOLDER ENGINE ROUNDS SEED

ENGINE is `loky` or `dask`. In every round but the last either the process that began the sweep is killed, or the disk
of the workers is full, at a random moment after some more cells; in the last one a worker is killed, and the sweep ends
by itself. Prints what happened, as JSON.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from faulty_rounds import finished, forked, full_disk, status, timeless
from loopback_cluster import Cluster, started, until

from compmech.cli.experiment import resolve
from compmech.cli.experiment_file import Document
from probes.comparison import compare
from probes.results import Comparison
from probes.store import Store
from probes.sweep.dask_workers import DaskWorkers
from probes.sweep.engine import Advance, Engine
from probes.sweep.local_workers import LocalWorkers
from probes.sweep.loggers import JsonLines
from probes.sweep.work import Ended, Work

EXPERIMENT = Path(__file__).with_name("sixty_cells.toml")
PROCESSES = 4
"""Cells that are finished before any worker begins: what is known of each process."""

FEW = 6
"""Cells more that are finished before a fault, at most."""


def run(folder: Path, engine: Engine) -> Comparison:
    """The sweep, kept in a store."""
    spec = resolve(Document.read(EXPERIMENT)).spec
    store = Store(folder)
    return compare(spec, rng=np.random.default_rng(0), engine=engine, store=store, loggers=[JsonLines(store.log)])


@dataclass(frozen=True)
class OnAFullDisk:
    """An engine whose workers find no space: at the first file of each cell, but for those that are begun early."""

    engine: Engine
    good: int

    def run(
        self, function: Callable[[Work, Advance], Ended], items: Sequence[Work], advance: Advance
    ) -> Iterator[tuple[int, Any]]:
        """As `Engine.run`."""
        numbered = [(work, 1000 if n < self.good else n % 5) for n, work in enumerate(items)]
        return self.engine.run(partial(_without_space, function), numbered, advance)


def _without_space(function: Callable[[Work, Advance], Ended], item: tuple[Work, int], advance: Advance) -> Ended:
    work, left = item
    with full_disk(left):
        return function(work, advance)


class Loky:
    """Two workers for each run."""

    def engine(self) -> Engine:
        return LocalWorkers(2)

    def worker(self, child: int, draw: random.Random) -> int:
        """The id of one of them."""
        commands = {pid: Path(f"/proc/{pid}/cmdline").read_bytes() for pid in children(child)}
        return draw.choice([pid for pid, words in commands.items() if b"popen_loky" in words])


@dataclass
class Dask:
    """Two workers for all runs, and one that takes the place of what is killed."""

    cluster: Cluster
    workers: "list[subprocess.Popen[bytes]]"

    def engine(self) -> Engine:
        return DaskWorkers(self.cluster.address())

    def worker(self, child: int, draw: random.Random) -> int:
        """The id of one of them."""
        self.workers.append(self.cluster.worker())
        return self.workers.pop(draw.randrange(2)).pid


@contextmanager
def workers(kind: str, folder: Path) -> Iterator[Loky | Dask]:
    """Those of an engine."""
    if kind == "loky":
        yield Loky()
        return
    with started(folder) as cluster:
        yield Dask(cluster, [cluster.worker(), cluster.worker()])


def children(parent: int) -> list[int]:
    """The processes that this one has started, and that have not ended."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended
            if int(stat.read_text().rpartition(")")[2].split()[1]) == parent:
                found.append(int(stat.parent.name))
    return found


def main(folder: Path, kind: str, rounds: int, seed: int) -> None:
    draw = random.Random(seed)
    faults = [("parent", "full")[(number + seed) % 2] for number in range(rounds - 1)] + ["worker"]
    told: dict[str, Any] = {"faults": faults, "ends": [], "cells": [], "lost": []}
    folder.parent.mkdir(parents=True, exist_ok=True)  # where the scheduler says its address
    with workers(kind, folder.parent) as at_work:
        for fault in faults:
            before, more, engine = finished(folder), draw.randint(1, FEW), at_work.engine()
            if fault == "full":
                child, own = forked(partial(run, folder, OnAFullDisk(engine, good=more))), []
            else:
                child = forked(partial(run, folder, engine))
                enough = max(len(before), PROCESSES) + more
                until(lambda enough=enough: len(finished(folder)) >= enough)
                time.sleep(draw.uniform(0, 0.2))
                own = children(child)
                os.kill(at_work.worker(child, draw) if fault == "worker" else child, signal.SIGKILL)
            told["ends"].append(status(child))
            until(lambda own=own: not any(Path(f"/proc/{pid}").exists() for pid in own))  # nobody is left behind
            now = finished(folder)
            told["lost"] += [key for key in before if now.get(key) != before[key]]
            told["cells"].append(len(now))
        found = run(folder, LocalWorkers(1))
    told["rows"] = sha256(timeless(found).encode()).hexdigest()
    told["runs"] = len(found.runs)
    print(json.dumps(told))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
