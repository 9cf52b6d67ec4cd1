"""Whatever happens to a sweep, no finished cell is lost or done again, and a rerun comes to the same rows."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__)


def told(folder: Path, kind: str, rounds: int, seed: int, script: str = "faulty_rounds.py") -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, str(HERE.with_name(script)), str(folder), kind, str(rounds), str(seed)],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(HERE.parents[2]), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("seed", [0, 1])
def test_a_sweep_that_is_killed_again_and_again_ends_in_the_same_rows(tmp_path: Path, seed: int) -> None:
    found = told(tmp_path / "store", "killed", 6, seed)
    assert -9 in found["ends"]
    assert found["lost"] == []
    assert found["same"]
    assert found["cells"] == 7
    assert found["left"] == []  # states of trainings go when the cell is finished


@pytest.mark.parametrize("seed", [0, 1])
def test_a_disk_that_is_full_again_and_again_loses_nothing(tmp_path: Path, seed: int) -> None:
    found = told(tmp_path / "store", "full", 8, seed)
    assert 7 in found["ends"]  # told that it is full
    assert set(found["ends"]) <= {0, 7}
    assert found["lost"] == []
    assert found["same"]
    assert found["cells"] == 7


def test_processes_on_one_store_do_each_cell_once(tmp_path: Path) -> None:
    found = told(tmp_path / "store", "together", 1, 0)
    assert found["ends"] == [0, 0, 0]
    assert found["begun"] == 6  # all but the process, which is no work
    assert found["same"]
    assert found["cells"] == 7
    assert found["left"] == []


@pytest.mark.timeout(1800)  # ten processes begin by importing torch
def test_sixty_cells_come_to_the_same_rows_whatever_is_killed_and_whoever_does_them(tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    rows = set()
    for kind in ("loky", "dask"):
        found = told(tmp_path / kind / "store", kind, 3, 0, "faulty_sweep.py")
        assert found["faults"] == ["parent", "full", "worker"]
        assert found["ends"] == [-9, 7, 0]  # a killed worker stops nothing
        first, second, last = found["cells"]
        assert 4 < first <= second < last == 68  # with what is known of four processes, and needs no predictor
        assert found["lost"] == []
        assert found["runs"] == 60
        rows.add(found["rows"])
    assert len(rows) == 1
