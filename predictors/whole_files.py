"""Files that appear whole or not at all, and take the place of nothing but plain files."""

import errno
import os
import stat
from pathlib import Path

__all__ = ["sync_folder", "write_whole"]


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that `path` holds either what it held or all of the data, whenever this is interrupted."""
    target = _replaceable(path)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        with open(temporary, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def sync_folder(folder: Path) -> None:
    """Have the system write down the names in a folder, so that a power cut undoes no renaming. Where it can."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:  # not every system opens folders
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _replaceable(path: Path) -> Path:
    """Where the links of a path lead, if nothing or a regular file is there."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return Path(os.path.realpath(path))
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(mode):
        problem = "not a regular file, and not to be replaced by one: give another path"
        raise OSError(errno.EINVAL, problem, str(path))
    return Path(os.path.realpath(path))
