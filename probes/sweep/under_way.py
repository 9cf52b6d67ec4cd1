"""A cell under way: nobody else does it meanwhile, and what a stop leaves of its training is gone on from."""

import errno
import json
import os
import secrets
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from compmech.stored_cells import LOCK
from predictors.checkpoint import CheckpointError
from predictors.snapshot import Snapshot
from predictors.snapshot_folder import SnapshotFolder
from predictors.whole_files import write_whole
from probes.budget import Kept

__all__ = ["SAVED_EVERY", "Taken", "UnderWay", "under_way"]

SAVED_EVERY = 30.0
"""Seconds between the states that a training leaves: at most so much of a killed one is done again."""

_ENVIRONMENT = "environment.json"


class Taken(Exception):
    """Another process is at this cell."""


class UnderWay:
    """What is kept of one training while it goes on.

    Attributes:
        kept: the weights at its checkpoints so far.
        resume: where to go on; None to begin.
        broken: the error that kept a state from being written.
    """

    def __init__(self, folder: SnapshotFolder) -> None:
        self._folder, self._last = folder, time.monotonic()
        self._written: set[int] = set()
        self.kept = Kept()
        self.resume: Snapshot | None = None
        self.broken: OSError | None = None

    def go_on(self, checkpoints: tuple[int, ...]) -> None:
        """Find what an earlier process left. Where any of it is missing or damaged the training begins anew."""
        snapshot = self._folder.latest().snapshot
        if snapshot is None:
            return
        try:
            found = {step: self._weights(step) for step in checkpoints if step <= snapshot.step}
        except (FileNotFoundError, CheckpointError):
            return
        self.kept.weights.extend(sorted(found.items()))
        self._written, self.resume = set(found), snapshot

    def keep(self, snapshot: Snapshot) -> None:
        """Write a state, if the last is long ago. Raises OSError, and keeps it as `broken`."""
        if time.monotonic() - self._last < SAVED_EVERY:
            return
        try:
            for step, weights in self.kept.weights:
                if step not in self._written:
                    whole = {name: value.cpu().clone().contiguous() for name, value in weights.items()}
                    write_whole(self._checkpoint(step), save(whole))
                    self._written.add(step)
            self._folder.write(snapshot)
        except OSError as error:
            self.broken = error
            raise
        self._last = time.monotonic()

    def _checkpoint(self, step: int) -> Path:
        return self._folder.folder / f"checkpoint-{step}.safetensors"

    def _weights(self, step: int) -> Mapping[str, Tensor]:
        path = self._checkpoint(step)
        data = path.read_bytes()
        try:
            return load(data)
        except (SafetensorError, ValueError, TypeError, KeyError) as error:
            raise CheckpointError(path, str(error)) from None


@contextmanager
def under_way(folder: Path, environment: Mapping[str, str], *, wait: bool) -> Iterator[UnderWay]:
    """Have a cell to oneself.

    Args:
        folder: where its states lie; it is removed when all went well.
        environment: versions of what decides numbers. States of another are dropped, as they may not be gone on from.
        wait: for another process that has the cell, until it ends or is killed.
    Raises:
        Taken: if another process has it, without `wait`.
        OSError: if the folder cannot be written.
    """
    if folder.is_symlink():
        raise OSError(errno.ELOOP, "it is a symbolic link, and a store holds none", str(folder))
    with _held(folder / LOCK, wait=wait):
        snapshots = SnapshotFolder(folder)
        said, now = folder / _ENVIRONMENT, json.dumps(environment, sort_keys=True).encode()
        if not said.is_file() or said.read_bytes() != now:
            snapshots.clear()
            write_whole(said, now)
        yield UnderWay(snapshots)
        gone = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}")
        os.rename(folder, gone)  # at once: another process may be about to make its lock in it
        shutil.rmtree(gone)


@contextmanager
def _held(lock: Path, *, wait: bool) -> Iterator[None]:
    """A file held by this process alone; the system lets go of it when the process ends, however that is."""
    try:
        import fcntl
    except ImportError:  # a system without such locks: two processes may do the same cell, and one of them is kept
        lock.parent.mkdir(parents=True, exist_ok=True)
        yield
        return
    while True:
        try:
            lock.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o644)
        except (FileNotFoundError, FileExistsError):  # its folder was just removed by who held it before
            if lock.parent.exists() and not lock.parent.is_dir():
                raise
            continue
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            except BlockingIOError:
                raise Taken(lock.parent) from None
            if _is_at(descriptor, lock):
                yield
                return
        finally:
            os.close(descriptor)


def _is_at(descriptor: int, path: Path) -> bool:
    """Whether an open file is still the one of this name."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False
