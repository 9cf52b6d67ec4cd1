"""How long the report of thousands of stored cells takes, from the start of Python: wall-clock, for a quiet machine.

    python -m pytest -q tests/benchmarks/test_report_scaling.py -p no:xdist -o addopts=

The cells are those of a few networks that were hardly trained, under other names and with scores moved a little.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from time import perf_counter

import numpy as np
import pytest
from speed_lines import LINES, Line

from compmech import zoo
from probes.candidates import candidate
from probes.comparison import ComparisonSpec, Subject, compare
from probes.results import Comparison
from probes.store import Experiment, Kept, Store, key_of
from probes.sweep.engine import Here
from probes.sweep.metrics import Metrics

PROCESSES = {"mess3": zoo.mess3(), "rrxor": zoo.rrxor(), "nemo": zoo.nemo(), "golden_mean": zoo.golden_mean()}
pytestmark = pytest.mark.timeout(1200)

NETWORKS, SEEDS = 25, 50
SMALL = {"width": 16, "n_layer": 2}
SPEC = ComparisonSpec(
    subjects=tuple(Subject(name, name, process, 7) for name, process in PROCESSES.items()),
    candidates=(candidate("gru", SMALL), candidate("transformer", SMALL)),
    batch=32,
    steps=20,
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    few = Store(tmp_path_factory.mktemp("few") / "store")
    compare(SPEC, rng=np.random.default_rng(0), engine=Here(), store=few)
    many = Store(tmp_path_factory.mktemp("many") / "store")
    keys = [kept_as(many, cell, dict(cell.spec), cell.found) for cell in few if not of_a_network(cell)]
    keys += list(copies(many, [cell for cell in few if of_a_network(cell)]))
    spec = few.experiments()[-1].spec
    many.record(Experiment("compmech compare many.toml", "", spec | {"seeds": SEEDS}, [], keys))
    return many


def of_a_network(cell: Kept) -> bool:
    return any(run.training for run in cell.found.runs)


def copies(store: Store, trained: list[Kept]) -> Iterator[str]:
    rng = np.random.default_rng(0)
    for process in PROCESSES:
        own = [cell for cell in trained if cell.found.runs[0].process == process]
        for number in range(NETWORKS):
            cell = own[number % len(own)]
            name = f"{cell.found.runs[0].predictor}-{number}"
            for seed in range(SEEDS):
                moved = float(rng.normal(0, 0.01)) - 0.01 * (number % 7)
                yield kept_as(store, cell, {**cell.spec, "name": name, "of": seed}, renamed(cell, name, seed, moved))


def renamed(cell: Kept, name: str, seed: int, moved: float) -> Comparison:
    found = cell.found
    return replace(
        found,
        runs=[replace(run, predictor=name, seed=seed) for run in found.runs],
        pictures=[replace(picture, predictor=name, seed=seed) for picture in found.pictures],
        rows=[
            replace(row, predictor=name, seed=seed, score=None if row.score is None else row.score + moved)
            for row in found.rows
        ],
    )


def kept_as(store: Store, cell: Kept, spec: dict[str, object], found: Comparison) -> str:
    store.keep(spec, found, metrics=Metrics.of(found, cell_seconds=2.0).to_dict())
    return key_of(spec)


def test_five_thousand_cells_are_reported_in_a_minute(store: Store, tmp_path: Path) -> None:
    out = tmp_path / "report"
    command = [sys.executable, "-c", "from compmech.cli import main; main()"]
    here = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    began = perf_counter()
    done = subprocess.run(
        [*command, "report", str(store.folder), "-o", str(out)], capture_output=True, text=True, env=here
    )
    taken = perf_counter() - began
    assert done.returncode == 0, done.stderr
    cells = len(store.experiments()[-1].keys)
    assert f"{cells} of {cells} cells" in done.stdout
    assert (out / "report.html").stat().st_size < 8_000_000
    LINES.append(Line(f"{cells:,} cells reported, page, figures and tables", "s", {"ours": taken}, 60.0, least=False))
