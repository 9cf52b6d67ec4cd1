"""The folder that a command leaves behind: written aside, then moved into place as a whole."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from compmech.cli.earlier_files import EarlierFiles
from compmech.cli.failure import Failed, Misused
from compmech.cli.stopping import undisturbed
from compmech.whole_files import move_whole, sync_folder

__all__ = ["output_file", "output_folder", "report_os_errors"]


@contextmanager
def report_os_errors(what: str) -> Iterator[None]:
    """An unwritable place or a full disk is a failed run, said in one line."""
    try:
        yield
    except OSError as error:
        raise Failed(f"{what}: {error.strerror or error}") from error


@contextmanager
def output_folder(path: Path, *, overwrite: bool, record: str = "results.json") -> Iterator[Path]:
    """A new folder beside `path` to write into; on leaving well it becomes `path`, on any error it disappears.

    If `path` exists, the new files replace those of the same name one by one. Of the other files in it those go that
    an earlier run wrote, by its record (`EarlierFiles`); everything else stays.

    Args:
        record: the file that lists what a run has written.
    Raises:
        Misused: if `path` exists and holds anything, without `overwrite`.
        Failed: if the place cannot be written, before any work is done.
    """
    path = Path(os.path.abspath(path))
    with report_os_errors(f"cannot write to the output folder {path}"):
        if path.is_dir() and any(path.iterdir()) and not overwrite:
            raise Misused(f"the output folder {path} is not empty: choose another, or pass --overwrite")
        made = _missing_parents(path)
        if path.exists() and not path.is_dir():
            raise NotADirectoryError(0, "it is a file")
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            tempfile.TemporaryFile(dir=path).close()
        aside = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}.partial-"))
    done = False
    try:
        yield aside
        with report_os_errors(f"cannot write to the output folder {path}"):
            _move_into_place(aside, path, record)
        done = True
    finally:
        with undisturbed():
            shutil.rmtree(aside, ignore_errors=True)
            if not done:
                _remove_empty(made)


@contextmanager
def output_file(path: Path) -> Iterator[Path]:
    """A file to be written when the work is done; that it can be is found out before, and folders made for it go again
    if the work fails.

    Raises:
        Misused: if `path` is a folder.
        Failed: if the place cannot be written, before any work is done.
    """
    path = Path(os.path.abspath(path))
    with report_os_errors(f"cannot write {path}"):
        if path.is_dir():
            raise Misused(f"{path} is a folder; name a file")
        made = _missing_parents(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_file() or not path.exists():  # devices and pipes need no room beside them
            tempfile.TemporaryFile(dir=path.parent).close()
    done = False
    try:
        yield path
        done = True
    finally:
        if not done:
            with undisturbed():
                _remove_empty(made)


def _missing_parents(path: Path) -> list[Path]:
    return [parent for parent in path.parents if not parent.exists()]


def _remove_empty(folders: list[Path]) -> None:
    for folder in folders:
        try:
            folder.rmdir()
        except OSError:
            return


def _move_into_place(aside: Path, path: Path, record: str) -> None:
    """Whatever happens on the way, the records that are in `path` name every file in it that is ours."""
    os.chmod(aside, 0o755)
    if not path.exists():
        os.rename(aside, path)
        sync_folder(path.parent)
        return
    new = {p.relative_to(aside).as_posix() for p in aside.rglob("*") if p.is_file()}
    with undisturbed():
        earlier = EarlierFiles.recorded_in(path, record)
        if record in new:
            earlier.announce(aside / record)
        for name in sorted(new - {record}):
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            move_whole(aside / name, path / name)
        earlier.remove_all_but(new)
        if record in new:
            move_whole(aside / record, path / record)
        for folder in sorted({(path / name).parent for name in new}):
            sync_folder(folder)
        earlier.replaced()
