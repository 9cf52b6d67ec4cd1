"""Finished pieces of comparisons, kept in a folder, so that nothing which has ended is ever done again.

What lies where is in `compmech.stored_cells`. A piece is a pure function of its specification, so that whoever asks the
same finds it. The specification names the version of this package, and not a state of its code between two versions:
whoever changes code begins a new store. Its folder is filled aside and then put in place by one rename: processes that
write the same store at once never see half of one, and the second of two that did the same piece leaves the first's.
"""

import gc
import json
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from hashlib import sha256
from pathlib import Path
from typing import Any

from joblib import Parallel, cpu_count, delayed

from compmech.stored_cells import (
    CELLS,
    DONE,
    ENVIRONMENT,
    EXPERIMENTS,
    FAILED,
    FORMAT,
    HEADER,
    LOG,
    METRICS,
    PARTIAL,
    RESULT,
    SPEC,
    UNFINISHED,
    WEIGHTS,
    CellFolder,
    StoreError,
    canonical,
    check_store,
    finished_cells,
)
from compmech.whole_files import sync_folder, written_aside
from probes.results import Comparison, Wanted

__all__ = ["FORMAT", "Experiment", "Kept", "Store", "StoreError", "key_of", "uncollected"]


@dataclass(frozen=True)
class Kept:
    """One finished piece.

    Attributes:
        spec: what was asked.
        found: a comparison of this piece alone.
        weights: the bytes of the network's checkpoint file, if it has one.
    """

    spec: Mapping[str, Any]
    found: Comparison
    weights: bytes | None


def key_of(spec: Mapping[str, Any]) -> str:
    """The name of a piece: SHA-256 of its specification, keys sorted. Raises ValueError for what JSON cannot hold."""
    return sha256(canonical(spec)).hexdigest()


@dataclass(frozen=True)
class Experiment:
    """How a comparison was asked for, and which pieces it is made of.

    Attributes:
        command: to make it again.
        source: the text of its file; empty without one.
        spec: resolved, as the comparison records it.
        notes: on all of it.
        keys: of its pieces in the order of the rows, those included that are not finished yet.
    """

    command: str
    source: str
    spec: dict[str, Any]
    notes: list[str]
    keys: list[str]


class Store:
    """Open a store, or begin one in a folder that is empty or not there yet.

    Raises:
        StoreError: if the folder holds something else, or a store of another version.
        OSError: if it cannot be made.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)
        self._cells = self.folder / CELLS
        header = self.folder / HEADER
        if not header.exists():
            others = sorted(entry.name for entry in self.folder.iterdir()) if self.folder.is_dir() else []
            strange = [name for name in others if name != CELLS and not name.startswith(f".{HEADER}.")]
            if strange and not header.exists():  # nor has another process begun it meanwhile
                raise StoreError(
                    f"{self.folder} holds {strange[0]!r} and no {HEADER}: give the folder of a store, or a new one"
                )
            self._cells.mkdir(parents=True, exist_ok=True)
            with written_aside(header) as unfinished:
                unfinished.write_bytes(canonical({"format": FORMAT}))
        check_store(self.folder)
        self._cells.mkdir(exist_ok=True)

    @property
    def log(self) -> Path:
        """The file of what happened."""
        return self.folder / LOG

    def partial(self, spec: Mapping[str, Any]) -> Path:
        """Where a piece that is under way leaves its states."""
        return self.folder / PARTIAL / key_of(spec)

    def __len__(self) -> int:
        """How many finished pieces there are."""
        return sum(1 for _ in finished_cells(self.folder))

    def __contains__(self, spec: Mapping[str, Any]) -> bool:
        """Whether a piece has ended. What it holds is not read."""
        return (self._cells / key_of(spec) / DONE).is_file()

    def find(self, spec: Mapping[str, Any]) -> Kept | None:
        """The piece that was asked with these very words, or None.

        Raises:
            StoreError: if its files are not those that were written.
        """
        return self.read(key_of(spec))

    def read(self, key: str) -> Kept | None:
        """The piece of this name, or None.

        Raises:
            StoreError: as `find`.
        """
        cell = CellFolder(self._cells / key)
        return _read(cell) if (cell.path / DONE).is_file() else None

    def found_all(self, keys: Sequence[str], *, wanted: Wanted | None = None) -> list[Comparison | None]:
        """What the pieces of these names found, each None if it has not ended; their networks are not read.

        Many are read by several processes.

        Args:
            wanted: as `Comparison.from_json` takes it.
        Raises:
            StoreError: as `find`.
        """
        batches = [keys[start : start + _BATCH] for start in range(0, len(keys), _BATCH)]
        workers = 1 if len(batches) < _MANY else cpu_count()
        read = Parallel(n_jobs=workers)(delayed(_found)(self._cells, batch, wanted) for batch in batches)
        return [one for batch in read for one in batch]

    def keep(
        self,
        spec: Mapping[str, Any],
        found: Comparison,
        weights: bytes | None = None,
        *,
        metrics: Mapping[str, Any] | None = None,
    ) -> None:
        """Put a piece in place, whole or not at all. One that is there already is left as it is.

        Args:
            metrics: the few numbers by which it is listed.
        Raises:
            OSError: if it cannot be written; nothing of it is left.
        """
        if spec in self:
            return
        place = self._cells / key_of(spec)
        files = {
            SPEC: canonical(spec),
            ENVIRONMENT: canonical(found.versions),
            RESULT: found.to_json().encode(),
            **({} if metrics is None else {METRICS: canonical(metrics)}),
            **({} if weights is None else {WEIGHTS: weights}),
        }
        files[DONE] = canonical({name: sha256(content).hexdigest() for name, content in files.items()})
        unfinished = self._cells / f"{UNFINISHED}-{place.name[:16]}-{secrets.token_hex(4)}"
        try:
            unfinished.mkdir()
            for name, content in files.items():
                with (unfinished / name).open("wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
            sync_folder(unfinished)
            self._put(unfinished, place, spec)
            self._failure(place.name).unlink(missing_ok=True)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)

    def __iter__(self) -> Iterator[Kept]:
        """All finished pieces, in the order of their names. Raises StoreError at one that is damaged."""
        return (_read(cell) for cell in finished_cells(self.folder))

    def note_failure(self, spec: Mapping[str, Any], error: str, trace: str) -> None:
        """Keep why a piece was not finished, until it is. Raises OSError if that cannot be written."""
        path = self._failure(key_of(spec))
        path.parent.mkdir(exist_ok=True)
        with written_aside(path) as unfinished:
            unfinished.write_bytes(canonical({"spec": spec, "error": error, "trace": trace}))

    def record(self, experiment: Experiment) -> None:
        """Keep how a comparison was asked for. Raises OSError if that cannot be written."""
        words = asdict(experiment)
        same = {"spec": experiment.spec, "keys": experiment.keys}  # however it was asked for
        path = self.folder / EXPERIMENTS / f"{key_of(same)[:16]}.json"
        path.parent.mkdir(exist_ok=True)
        with written_aside(path) as unfinished:
            unfinished.write_bytes(canonical(words))

    def experiments(self) -> list[Experiment]:
        """All that were recorded, the latest last. Raises StoreError at one that is damaged."""
        return list(self.named_experiments().values())

    def named_experiments(self) -> dict[str, Experiment]:
        """The same by the names of their files, which are made of what was asked."""
        folder = self.folder / EXPERIMENTS
        paths = [path for path in folder.iterdir() if path.suffix == ".json"] if folder.is_dir() else []
        paths.sort(key=lambda path: (path.stat().st_mtime, path.name))
        return {path.stem: _experiment(path) for path in paths}

    def _failure(self, key: str) -> Path:
        return self.folder / FAILED / f"{key}.json"

    def _put(self, unfinished: Path, place: Path, spec: Mapping[str, Any]) -> None:
        try:
            os.rename(unfinished, place)
        except OSError:
            if spec in self:  # another process was first, with the same content
                return
            if not place.is_dir():
                raise
            shutil.rmtree(place)  # a folder without DONE was never put here by a rename: somebody removed a file
            os.rename(unfinished, place)
        sync_folder(self._cells)


_KNOWN = (SPEC, ENVIRONMENT, METRICS, RESULT, WEIGHTS)


def _read(
    cell: CellFolder,
    names: Sequence[str] = _KNOWN,
    wanted: Wanted | None = None,
) -> Kept:
    try:
        digests = dict(json.loads((cell.path / DONE).read_bytes()))
        contents = {name: (cell.path / name).read_bytes() for name in digests if name in names}
        for name, content in contents.items():
            if sha256(content).hexdigest() != digests[name]:
                raise ValueError(f"{name} has changed")
        return Kept(
            json.loads(contents[SPEC]),
            Comparison.from_json(contents[RESULT].decode(), wanted=wanted),
            contents.get(WEIGHTS),
        )
    except (ValueError, LookupError, TypeError, FileNotFoundError) as error:
        raise cell.damaged(error) from None


_BATCH = 100
"""Pieces that are read by one process together."""

_MANY = 10
"""Batches from which on it pays to begin further processes."""


def _found(cells: Path, keys: Sequence[str], wanted: Wanted | None) -> list[Comparison | None]:
    folders = [CellFolder(cells / key) for key in keys]
    with uncollected():
        return [_read(cell, (SPEC, RESULT), wanted).found if (cell.path / DONE).is_file() else None for cell in folders]


@contextmanager
def uncollected() -> Iterator[None]:
    """No looking for garbage meanwhile: among millions of new rows, all of them kept, it takes a third of the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _experiment(path: Path) -> Experiment:
    try:
        words = json.loads(path.read_bytes())
        return Experiment(**{f.name: words[f.name] for f in fields(Experiment)})
    except (ValueError, LookupError, TypeError):
        raise StoreError(f"{path} is damaged: remove it, and give the command again that wrote it") from None
