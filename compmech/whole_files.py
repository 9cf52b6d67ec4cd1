"""Files that appear whole or not at all, and survive a crash once they are there.

Devices and pipes have no whole: they are written through to, when all that goes into them is ready.
"""

import errno
import os
import secrets
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["move_whole", "sync_folder", "written_aside"]


@contextmanager
def written_aside(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A place to write to; on leaving well it becomes `path`, on any error it disappears.

    Where `path` is a symbolic link, what it points to is replaced, and the link stays. A device or a pipe stays as
    well, and receives what was written. What has replaced `path` is on disk, not in the system's memory only.

    Raises:
        OSError: if it cannot be written, or `path` is a folder, a socket or a disk; it names `path`.
    """
    try:
        if _takes_bytes(path):
            with tempfile.TemporaryDirectory() as folder:
                unfinished = Path(folder) / Path(path).name
                yield unfinished
                _write_through(unfinished, path)
            return
        target = Path(os.path.realpath(path))
        unfinished = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
        unfinished.open("x").close()
        try:
            yield unfinished
            _sync(unfinished)
            os.replace(unfinished, target)
            sync_folder(target.parent)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        error.filename, error.filename2 = os.fspath(path), None
        raise


def move_whole(source: Path, target: Path) -> None:
    """Put a finished file in the place of another, or through to it where that is a device or a pipe.

    The folder is not synced: see `sync_folder`, once for all files that were moved into it.

    Raises:
        OSError: as `written_aside`.
    """
    if target.is_symlink() or _takes_bytes(target):
        with written_aside(target) as unfinished:
            shutil.copyfile(source, unfinished)
        source.unlink()
    else:
        _sync(source)
        os.replace(source, target)


def sync_folder(folder: Path) -> None:
    """Let the names in a folder survive a crash. Where a system cannot do that for folders, it is left to it."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # some network file systems know no such thing
            raise
    finally:
        os.close(descriptor)


def _sync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _write_through(source: Path, target: str | os.PathLike[str]) -> None:
    with source.open("rb") as content, Path(target).open("wb") as stream:
        shutil.copyfileobj(content, stream)


def _takes_bytes(path: str | os.PathLike[str]) -> bool:
    """Whether a character device or a pipe is there. Raises OSError for what can neither be replaced nor written."""
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        return False
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), os.fspath(path))
    if stat.S_ISCHR(mode) or stat.S_ISFIFO(mode):
        return True
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "not a regular file, and not to be replaced by one: give another path")
    return False
