"""The script for SLURM on a cluster that is here: dask's own stands in for the one that submits jobs."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "docs" / "slurm_sweep.py"

STAND_IN = """
import json, os, pathlib
from distributed import LocalCluster

class SLURMCluster(LocalCluster):
    def __init__(self, **asked):
        pathlib.Path("asked.json").write_text(json.dumps(asked))
        assert asked["processes"] == asked["cores"]
        super().__init__(n_workers=0, threads_per_worker=1, dashboard_address=None)

    def scale(self, n=None, jobs=0):
        super().scale(jobs if n is None else n)
"""
EXPERIMENT = """
[[process]]
name = "z1r"
length = 3
[[predictor]]
name = "uniform"
"""


def run(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """The script, in a folder whose modules come first, with the command of this package on its path."""
    command = folder / "bin" / "compmech"
    command.parent.mkdir()
    command.write_text(f"#!{sys.executable}\nfrom compmech.cli import main\nmain()\n")
    command.chmod(0o755)
    here = {
        "PYTHONPATH": os.pathsep.join([str(folder), str(ROOT), *filter(None, sys.path)]),
        "PATH": os.pathsep.join([str(command.parent), os.environ["PATH"]]),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    return subprocess.run(
        [sys.executable, str(SCRIPT), *arguments], cwd=folder, capture_output=True, text=True, env=os.environ | here
    )


@pytest.mark.timeout(900)
def test_the_script_starts_workers_and_compares_on_them(tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    (tmp_path / "dask_jobqueue.py").write_text(STAND_IN)
    (tmp_path / "which.toml").write_text(EXPERIMENT)
    page = (ROOT / "docs" / "sweeps.md").read_text()
    (options,) = re.findall(r"python docs/slurm_sweep.py which.toml(.*)", page)
    done = run(tmp_path, "which.toml", *options.split(), "--jobs", "1", "--", "--store", "kept")
    assert done.returncode == 0, done.stderr
    assert "written:" in done.stdout
    assert len(list((tmp_path / "kept" / "cells").glob("*/DONE"))) == 3
    assert '"memory": "16GB"' in (tmp_path / "asked.json").read_text()


def test_a_missing_package_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "dask_jobqueue.py").write_text("raise ImportError")
    done = run(tmp_path, "which.toml")
    assert (done.returncode, done.stderr) == (2, "dask-jobqueue is missing: pip install dask-jobqueue\n")
