"""Files that appear whole or not at all, and take the place of nothing but plain files."""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["written_aside"]


@contextmanager
def written_aside(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A place to write to; on leaving well it becomes `path`, on any error it disappears.

    Where `path` is a symbolic link, what it points to is replaced, and the link stays.

    Raises:
        OSError: if it cannot be written, or `path` is there and is no regular file, as a device or a pipe; it names
            `path`.
    """
    try:
        target = _replaceable(path)
        unfinished = target.with_name(f".{target.name}.{os.getpid()}.part")
        unfinished.open("x").close()
        try:
            yield unfinished
            os.replace(unfinished, target)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        error.filename, error.filename2 = os.fspath(path), None
        raise


def _replaceable(path: str | os.PathLike[str]) -> Path:
    """Where the links of a path lead, if nothing or a regular file is there."""
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        return Path(os.path.realpath(path))
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), os.fspath(path))
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "not a regular file, and not to be replaced by one: give another path")
    return Path(os.path.realpath(path))
