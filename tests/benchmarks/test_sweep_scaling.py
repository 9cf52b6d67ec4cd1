"""What a sweep costs beside its cells, and what a second worker gives: wall-clock times, for a machine that is quiet.

    python -m pytest -q tests/benchmarks/test_sweep_scaling.py -p no:xdist -o addopts=

Figures are taken while all workers are at work: how long they take to start is no property of a sweep.
"""

import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from statistics import fmean
from time import perf_counter

import numpy as np
import pytest
from speed_lines import LINES, Line

from compmech import zoo
from compmech.stored_cells import finished_cells
from probes.candidates import candidate
from probes.comparison import ComparisonSpec, Subject, compare
from probes.store import Store
from probes.sweep.engine import Here
from probes.sweep.local_workers import LocalWorkers
from probes.sweep.loggers import JsonLines

SECONDS = 2.0
"""Of a cell."""

CELLS = 12
SPEC = ComparisonSpec(
    subjects=(Subject("mess3", "mess3", zoo.mess3(), 7),),
    candidates=(candidate("gru", {"width": 16, "n_layer": 1}),),
    batch=32,
)


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> ComparisonSpec:
    """Cells that take about so long here."""
    taken = []
    for steps in (20, 20, 220):  # the first warms up
        store = Store(tmp_path_factory.mktemp("calibration") / "store")
        compare(replace(SPEC, steps=steps), rng=np.random.default_rng(0), engine=Here(), store=store)
        taken.append(cell_seconds(store)[0])
    per_step = (taken[2] - taken[1]) / 200
    return replace(SPEC, steps=max(1, round(20 + (SECONDS - taken[1]) / per_step)), seeds=CELLS)


def cell_seconds(store: Store) -> list[float]:
    """Of the networks."""
    found = [cell.metrics() for cell in finished_cells(store.folder)]
    return [metrics["cell_seconds"] for metrics in found if metrics and metrics["piece"] == "predictor"]


def measured(spec: ComparisonSpec, workers: int, folder: Path) -> tuple[float, float]:
    """Mean seconds between the ends of two cells, and mean seconds of a cell."""
    store = Store(folder)
    log = JsonLines(store.log)
    compare(spec, rng=np.random.default_rng(0), engine=LocalWorkers(workers), store=store, loggers=[log])
    events = [json.loads(line) for line in store.log.read_text().splitlines()]
    ends = [
        datetime.fromisoformat(e["time"]).timestamp() for e in events if e["event"] == "cell" and e["asked"].get("kind")
    ]
    ends = ends[workers - 1 :]  # the first of each has waited for its worker to start
    return (ends[-1] - ends[0]) / (len(ends) - 1), fmean(cell_seconds(store))


def test_a_cell_costs_little_beside_itself_and_two_workers_do_nearly_twice_as_many(
    spec: ComparisonSpec, tmp_path: Path
) -> None:
    one, cell = measured(spec, 1, tmp_path / "one")
    two, of_two = measured(spec, 2, tmp_path / "two")
    beside = {f"of a cell of {cell:.2f} s, and {of_two:.2f} s with two workers": cell}
    LINES.append(Line("a cell with one worker", "s between cells", {"ours": one, **beside}, 1.05 * cell, least=False))
    rates = {"ours": 60 / two, "one worker": 60 / one}
    LINES.append(Line("cells of two workers", "cells/min", rates, 1.7 * 60 / one))


def test_five_thousand_cells_are_listed_in_two_seconds(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    compare(replace(SPEC, steps=2, seeds=1), rng=np.random.default_rng(0), engine=Here(), store=store)
    (cell,) = [one for one in finished_cells(store.folder) if (one.metrics() or {})["piece"] == "predictor"]
    small = {name: (cell.path / name).read_bytes() for name in ("spec.json", "metrics.json", "DONE")}
    for number in range(5000):
        made = store.folder / "cells" / f"{number:064x}"
        made.mkdir()
        for name, content in small.items():
            (made / name).write_bytes(content)
    began = perf_counter()
    command = [sys.executable, "-c", "from compmech.cli import main; main()", "runs", str(store.folder), "--json"]
    here = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(command, capture_output=True, text=True, env=here)
    taken = perf_counter() - began
    assert len(json.loads(done.stdout)["runs"]) == 5002
    LINES.append(Line("5,000 cells listed, from the start of Python", "s", {"ours": taken}, 2.0, least=False))
