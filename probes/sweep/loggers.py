"""Who is told how a sweep goes: one small interface, and the one logger that is always there, JSON lines."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from probes.json_rows import in_json
from probes.sweep.metrics import Metrics

__all__ = ["Begun", "EndedCell", "FailedCell", "JsonLines", "Logger"]


@dataclass(frozen=True)
class Begun:
    """What is about to be done.

    Attributes:
        cells: how many there are.
        found: how many of them were finished before.
        experiment: what was asked for, in JSON types.
    """

    cells: int
    found: int
    experiment: Mapping[str, Any]


@dataclass(frozen=True)
class EndedCell:
    """A cell that was finished just now.

    Attributes:
        name: for people.
        key: of the store; empty without one.
        asked: its settings, flat: process, predictor, seed, and those of the architecture and of the training.
        curve: while it trained: symbols seen, and the mean KL to the optimum in nats.
        metrics: what it came to.
    """

    name: str
    key: str
    asked: Mapping[str, Any]
    curve: Sequence[tuple[int, float]]
    metrics: Metrics


@dataclass(frozen=True)
class FailedCell:
    """A cell that an error ended, or whose workers were killed.

    Attributes:
        name, key: as of one that ended.
        error: in one line.
    """

    name: str
    key: str
    error: str


@runtime_checkable
class Logger(Protocol):
    """Is told of a sweep, in the process that began it."""

    def begin(self, sweep: Begun) -> None:
        """Once, before anything is done."""

    def cell(self, ended: EndedCell) -> None:
        """Of each cell as it ends; those found in the store ended before, and are not told again."""

    def failed(self, failure: FailedCell) -> None:
        """Of each cell that failed."""

    def close(self) -> None:
        """Once, however the sweep ended."""


class JsonLines:
    """A line for each event, appended by one write: several processes may log to the same file.

    Raises:
        OSError: (when told something) if the file cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def begin(self, sweep: Begun) -> None:
        """Say what was asked for."""
        self._write("begin", cells=sweep.cells, found=sweep.found, experiment=sweep.experiment)

    def cell(self, ended: EndedCell) -> None:
        """Say what it came to, with its curve."""
        self._write(
            "cell",
            name=ended.name,
            key=ended.key,
            asked=ended.asked,
            metrics=ended.metrics.to_dict(),
            curve=[list(point) for point in ended.curve],
        )

    def failed(self, failure: FailedCell) -> None:
        """Say why."""
        self._write("failed", name=failure.name, key=failure.key, error=failure.error)

    def close(self) -> None:
        """Say that no more will come."""
        self._write("end")

    def _write(self, event: str, **content: Any) -> None:
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        said = {"time": now, "event": event, "process": os.getpid(), **content}
        line = json.dumps(in_json(said), allow_nan=False)
        with self._path.open("ab", buffering=0) as file:
            file.write(line.encode() + b"\n")
