"""Where the cells of a sweep run, and who is told of them: the words of the command line turned into objects."""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from compmech.cli.failure import Misused
from compmech.cli.output import report_os_errors
from compmech.cli.running import worked, worker_count

if TYPE_CHECKING:
    from probes.sweep.engine import Engine
    from probes.sweep.loggers import Logger

__all__ = ["EXECUTORS", "Executor", "engine_of", "trackers_of"]

EXECUTORS = ("serial", "loky", "dask")

Executor = Annotated[
    str, typer.Option(help="serial: in this process; loky: on this machine; dask: on workers of --scheduler.")
]


def engine_of(executor: str, scheduler: str | None, workers: int | None) -> "Engine":
    """The engine of these words.

    Raises:
        Misused: for an executor that there is not, a scheduler where none is used or none where one is, or if the
            extra is not installed.
        Failed: if the scheduler does not answer.
    """
    from probes.sweep.engine import Here
    from probes.sweep.local_workers import LocalWorkers

    if executor not in EXECUTORS:
        raise Misused(f"there is no executor {executor!r}; there are {', '.join(EXECUTORS)}")
    if executor != "dask" and scheduler is not None:
        raise Misused("--scheduler is of --executor dask")
    if executor == "dask":
        if scheduler is None:
            raise Misused("--executor dask needs --scheduler ADDRESS, as in tcp://127.0.0.1:8786")
        if workers is not None:
            raise Misused("--workers is of this machine; the workers of dask are those of its scheduler")
        needs("distributed", "cluster", "--executor dask")
        from probes.sweep.dask_workers import DaskWorkers

        with worked():
            return DaskWorkers.of(scheduler)
    count = worker_count(workers)
    return Here() if executor == "serial" or count == 1 else LocalWorkers(count)


def trackers_of(names: Sequence[str], store: Path | None) -> list["Logger"]:
    """The loggers of these names, which write into a folder of their own in the store.

    Raises:
        Misused: for a name that there is not, without a store, or if the extra is not installed.
        Failed: if the folder cannot be written.
    """
    from probes.sweep.trackers import TRACKERS

    made: list[Logger] = []
    for name in dict.fromkeys(names):
        if name not in TRACKERS:
            raise Misused(f"there is no logger {name!r}; there are {', '.join(TRACKERS)}")
        tracker = TRACKERS[name]
        needs(tracker.package, name, f"--log {name}")
        if store is None:
            raise Misused(f"--log {name} writes into a store: give --store FOLDER")
        with report_os_errors(f"cannot write the log {store / name}"):
            made.append(tracker(store.absolute() / name))
    return made


def needs(package: str, extra: str, what: str) -> None:
    """Raise Misused, with the command that installs it, unless a package is there."""
    if find_spec(package) is None:
        raise Misused(f"{what} needs an extra: pip install 'belief-geometry[{extra}]'")
