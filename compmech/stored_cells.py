"""What lies where in a store of finished cells, and the small files by which it is listed without torch.

store.json                      which format this is
cells/KEY/spec.json             what was asked, resolved; KEY is its SHA-256
cells/KEY/environment.json      versions of everything that decides numbers
cells/KEY/metrics.json          the few numbers by which it is listed
cells/KEY/result.json           what was found, probe rows included, as a comparison of one cell
cells/KEY/weights.safetensors   the network
cells/KEY/DONE                  the SHA-256 of each of these, written last
partial/KEY/                    where a stopped training goes on from, and who is at it
failed/KEY.json                 what a cell was asked that ended in an error, and the error
experiments/ID.json             an experiment: how it was asked for, and the keys of its cells
log.jsonl                       what happened, a line each
"""

import json
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = [
    "FORMAT",
    "CellFolder",
    "StoreError",
    "canonical",
    "check_store",
    "finished_cells",
    "leftovers",
]

FORMAT = 1
"""Version of what a store holds; raised when a file changes its meaning."""

HEADER, CELLS, PARTIAL, FAILED, EXPERIMENTS, LOG = (
    "store.json",
    "cells",
    "partial",
    "failed",
    "experiments",
    "log.jsonl",
)
DONE = "DONE"
SPEC, ENVIRONMENT, METRICS, RESULT, WEIGHTS = (
    "spec.json",
    "environment.json",
    "metrics.json",
    "result.json",
    "weights.safetensors",
)
UNFINISHED, LOCK = ".part", "lock"

_SETTLED = 60.0
"""Seconds after which a folder that is not in place is not being written any more."""


class StoreError(ValueError):
    """A folder is no store, or one of another version, or a piece in it is damaged: one line that says what to do."""


def canonical(content: Mapping[str, Any]) -> bytes:
    """JSON that is the same for the same content. Raises ValueError for what JSON cannot hold."""
    return json.dumps(content, sort_keys=True, indent=1, allow_nan=False).encode() + b"\n"


def check_store(folder: Path) -> None:
    """Raise StoreError unless a folder is a store of this version, which leads nowhere else."""
    header = folder / HEADER
    try:
        content = header.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise StoreError(f"{folder} is no store: there is no {HEADER} in it") from None
    try:
        found = json.loads(content)["format"]
    except (ValueError, LookupError, TypeError):
        raise StoreError(f"{header} is no header of a store: give another folder") from None
    if found != FORMAT:
        raise StoreError(f"{folder} is a store of format {found!r}; this version reads format {FORMAT}")
    _refuse_links(folder)


def _refuse_links(folder: Path) -> None:
    """Raise StoreError for a symbolic link, through which something would be written, or removed, elsewhere."""
    with os.scandir(folder) as entries:
        links = sorted(entry.name for entry in entries if entry.is_symlink())
    if links:
        raise StoreError(f"{folder / links[0]} is a symbolic link, and a store holds none: move the store as a whole")


@dataclass(frozen=True)
class CellFolder:
    """The folder of one finished cell."""

    path: Path

    @property
    def key(self) -> str:
        """The name of the cell: SHA-256 of what was asked."""
        return self.path.name

    @property
    def finished(self) -> float:
        """When, in seconds since 1970."""
        return (self.path / DONE).stat().st_mtime

    def spec(self) -> dict[str, Any]:
        """What was asked. Raises StoreError if it cannot be read."""
        return self._read(SPEC)

    def metrics(self) -> dict[str, Any] | None:
        """The numbers by which it is listed; None where an earlier version kept none. Raises StoreError as `spec`."""
        try:
            return self._read(METRICS)
        except FileNotFoundError:
            return None

    def remove(self) -> None:
        """Undo it. What is left when this is cut short is no finished cell: DONE goes first."""
        (self.path / DONE).unlink()
        shutil.rmtree(self.path)

    def damaged(self, why: object) -> StoreError:
        """The error of a cell whose files are not those that were written."""
        return StoreError(f"{self.path} is damaged ({why}): remove this folder, and its piece is done again")

    def _read(self, name: str) -> dict[str, Any]:
        try:
            found: dict[str, Any] = dict(json.loads((self.path / name).read_bytes()))
        except (ValueError, TypeError) as error:
            raise self.damaged(f"{name}: {error}") from None
        return found


def finished_cells(folder: Path) -> Iterator[CellFolder]:
    """All finished cells of a store, in the order of their names. Raises StoreError for one that is but a link."""
    _refuse_links(folder / CELLS)
    with os.scandir(folder / CELLS) as entries:
        names = sorted(entry.name for entry in entries if not entry.name.startswith("."))
    cells = os.fspath(folder / CELLS)
    for name in names:
        if os.path.exists(f"{cells}/{name}/{DONE}"):
            yield CellFolder(folder / CELLS / name)


def leftovers(folder: Path) -> list[Path]:
    """What stopped and failed cells have left: folders that were never put in place, states, and errors.

    What a process that is at work now may need is none of it.
    """
    partial = _entries(folder / PARTIAL)
    under_way = [path for path in partial if _is_held(path / LOCK)]
    found = [path for path in partial if path not in under_way]
    found += _entries(folder / FAILED)
    for path in _entries(folder / CELLS):
        its_own = any(path.name.startswith(f"{UNFINISHED}-{cell.name[:16]}") for cell in under_way)
        if not (path / DONE).exists() and not its_own and time.time() - path.stat().st_mtime > _SETTLED:
            found.append(path)
    return sorted(found)


def _entries(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _is_held(lock: Path) -> bool:
    """Whether a process has this lock; where the system knows no such locks, one may."""
    try:
        import fcntl
    except ImportError:
        return True
    try:
        with lock.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False
