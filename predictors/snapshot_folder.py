"""The last two snapshots of a training in a folder: whenever a run is killed, one of them is whole."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from predictors.checkpoint import CheckpointError
from predictors.snapshot import Snapshot, snapshot_bytes, snapshot_from
from predictors.whole_files import sync_folder

__all__ = ["FolderInUse", "Latest", "SnapshotFolder"]


class FolderInUse(ValueError):
    """Another process is training in the folder. Carries `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        super().__init__(f"{folder}: another process is training in it; wait for it, or give another folder")


@dataclass(frozen=True)
class Latest:
    """What a folder holds.

    Attributes:
        snapshot: the latest that is whole; None if there is none.
        damaged: files that are there and are not.
    """

    snapshot: Snapshot | None
    damaged: tuple[CheckpointError, ...]


class SnapshotFolder:
    """Keeps the latest snapshot as `state.safetensors` and the one before as `state.previous.safetensors`.

    A new one is written beside them and reaches the disk before the two are renamed. A kill before that leaves both as
    they were, one between the renamings the older alone, with the newer to be made again by the same steps.

    Args:
        folder: made if it is not there.
    Raises:
        OSError: (also when used) if the folder cannot be made, written or read.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.newest, self.previous = self.folder / "state.safetensors", self.folder / "state.previous.safetensors"
        self.newest_is_damaged = False

    def write(self, snapshot: Snapshot) -> None:
        """Keep a snapshot, and the one before it."""
        unfinished = self.folder / "state.partial"
        with open(unfinished, "wb") as file:
            file.write(snapshot_bytes(snapshot))
            file.flush()
            os.fsync(file.fileno())
        if self.newest.exists() and not self.newest_is_damaged:  # else it would push out the one that is whole
            os.replace(self.newest, self.previous)
        os.replace(unfinished, self.newest)
        self.newest_is_damaged = False
        sync_folder(self.folder)

    def latest(self) -> Latest:
        """The newest snapshot, or the one before where that is missing or damaged."""
        damaged: list[CheckpointError] = []
        for path in (self.newest, self.previous):
            try:
                return Latest(snapshot_from(path.read_bytes()), tuple(damaged))
            except FileNotFoundError:
                continue
            except ValueError as error:
                damaged.append(CheckpointError(path, str(error)))
                self.newest_is_damaged |= path == self.newest
        return Latest(None, tuple(damaged))

    def clear(self) -> None:
        """Remove what is kept."""
        for path in (self.newest, self.previous, self.folder / "state.partial"):
            path.unlink(missing_ok=True)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """No other process trains in this folder meanwhile; the system lets go of it when the process ends, anyhow.

        Raises:
            FolderInUse: if one does.
        """
        try:
            import fcntl
        except ImportError:  # a system without such locks
            yield
            return
        with open(self.folder / "lock", "wb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise FolderInUse(self.folder) from None
            yield
