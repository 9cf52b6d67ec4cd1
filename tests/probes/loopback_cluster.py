"""A dask scheduler with workers on this machine, each a process of its own, which can be killed."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__)


class Cluster:
    """A scheduler, and workers that can be killed."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "scheduler.json"
        self._started = [self._start("scheduler", "--port", "0", "--host", "127.0.0.1", "--no-dashboard")]

    def worker(self, *arguments: str) -> "subprocess.Popen[bytes]":
        """One more worker."""
        self._started.append(self._start("worker", "--no-nanny", "--no-dashboard", *(arguments or ("--nthreads", "1"))))
        return self._started[-1]

    def address(self) -> str:
        until(lambda: self._file.exists() or self._started[0].poll() is not None)
        assert self._started[0].poll() is None, "the scheduler did not start"
        return str(json.loads(self._file.read_text())["address"])

    def stop(self) -> None:
        for process in reversed(self._started):
            process.kill()
            process.wait()

    def _start(self, what: str, *arguments: str) -> "subprocess.Popen[bytes]":
        path = os.pathsep.join([str(HERE.parents[2]), str(HERE.parent), *filter(None, sys.path)])
        return subprocess.Popen(
            [sys.executable, "-m", "distributed.cli.dask_" + what, "--scheduler-file", str(self._file), *arguments],
            env=os.environ | {"PYTHONPATH": path, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


@contextmanager
def started(folder: Path) -> Iterator[Cluster]:
    cluster = Cluster(folder)
    try:
        yield cluster
    finally:
        cluster.stop()


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 800  # a worker begins by importing torch
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)
