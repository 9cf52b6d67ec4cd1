"""The files that an earlier run left in a folder, by its own record, and nobody else's.

A record is a JSON file with "files", a map from the name of each file that the run wrote, relative to the folder, to
the SHA-256 of its content. A file whose content is not the recorded one has been changed, or put there, by somebody
else, and is not touched.
"""

import hashlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from compmech.whole_files import move_whole

__all__ = ["EarlierFiles", "digest"]


def digest(content: bytes) -> str:
    """How a record knows a file's content."""
    return hashlib.sha256(content).hexdigest()


@dataclass(frozen=True)
class EarlierFiles:
    """What earlier runs wrote into a folder.

    While a new run's files are put in place of an earlier one's, the new record lies beside the old one under another
    name. If that is cut short by a crash, both are found by the next run, and so is every file that is ours.

    Attributes:
        folder, record: where they are, and the name of the file that lists them.
        files: names and digests, those of a run that was cut short included.
    """

    folder: Path
    record: str
    files: frozenset[tuple[str, str]]

    @staticmethod
    def recorded_in(folder: Path, record: str) -> "EarlierFiles":
        """What the records in a folder say; nothing where there are none, or none that can be read as ours."""
        found = {*_listed(folder / record), *_listed(folder / _announced(record))}
        return EarlierFiles(folder, record, frozenset(found))

    def announce(self, record: Path) -> None:
        """Lay the record of the files to come beside that of the earlier ones; it stays where it is."""
        copy = record.with_name(_announced(self.record))
        shutil.copyfile(record, copy)
        move_whole(copy, self.folder / copy.name)

    def remove_all_but(self, new: set[str]) -> None:
        """Remove the files of earlier runs that no new one has replaced, and folders that are empty for it."""
        for name, known in self.files:
            path = self.folder / name
            if name in new or not self._is_inside(path) or not path.is_file() or path.is_symlink():
                continue
            if digest(path.read_bytes()) == known:
                path.unlink()
                _remove_if_empty(path.parent, self.folder)

    def replaced(self) -> None:
        """All is in place: the record in it says all that there is to say."""
        (self.folder / _announced(self.record)).unlink(missing_ok=True)

    def _is_inside(self, path: Path) -> bool:
        """Whether no link leads out of the folder on the way."""
        return path.parent.resolve().is_relative_to(self.folder.resolve())


def _announced(record: str) -> str:
    return f".{record}.next"


def _listed(record: Path) -> set[tuple[str, str]]:
    try:
        found = json.loads(record.read_bytes()) if record.is_file() else None  # a pipe would be waited for
    except (OSError, ValueError, RecursionError):
        return set()
    files = found.get("files") if isinstance(found, dict) else None
    if not isinstance(files, dict):
        return set()
    return {(name, known) for name, known in files.items() if isinstance(known, str) and _is_plain(name)}


def _is_plain(name: str) -> bool:
    path = PurePosixPath(name)
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts


def _remove_if_empty(folder: Path, top: Path) -> None:
    if folder != top and not any(folder.iterdir()):
        folder.rmdir()
