"""Finished pieces of comparisons, kept in a folder, so that nothing which has ended is ever done again.

    store.json                  which format this is
    cells/KEY/spec.json         what was asked, resolved; KEY is its SHA-256
    cells/KEY/environment.json  versions of everything that decides numbers
    cells/KEY/result.json       what was found, as a comparison of one piece
    cells/KEY/weights.safetensors
    cells/KEY/DONE              the SHA-256 of each of these, written last

A piece is a pure function of its specification, so that whoever asks the same finds it. The specification names the
version of this package, and not a state of its code between two versions: whoever changes code begins a new store. Its
folder is filled aside and then put in place by one rename: processes that write the same store at once never see half
of one, and the second of two that did the same piece leaves the first's.
"""

import json
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from compmech.whole_files import sync_folder, written_aside
from probes.results import Comparison

__all__ = ["FORMAT", "Kept", "Store", "StoreError", "key_of"]

FORMAT = 1
"""Version of what a store holds; raised when a file changes its meaning."""

_HEADER = "store.json"
_CELLS = "cells"
_DONE = "DONE"
_SPEC, _ENVIRONMENT, _RESULT, _WEIGHTS = "spec.json", "environment.json", "result.json", "weights.safetensors"
_UNFINISHED = ".part"


class StoreError(ValueError):
    """A folder is no store, or one of another version, or a piece in it is damaged: one line that says what to do."""


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
    return sha256(_canonical(spec)).hexdigest()


class Store:
    """Open a store, or begin one in a folder that is empty or not there yet.

    Raises:
        StoreError: if the folder holds something else, or a store of another version.
        OSError: if it cannot be made.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)
        self._cells = self.folder / _CELLS
        header = self.folder / _HEADER
        if not header.exists():
            others = sorted(entry.name for entry in self.folder.iterdir()) if self.folder.is_dir() else []
            if others and others != [_CELLS]:
                raise StoreError(
                    f"{self.folder} holds {others[0]!r} and no {_HEADER}: give the folder of a store, or a new one"
                )
            self._cells.mkdir(parents=True, exist_ok=True)
            with written_aside(header) as unfinished:
                unfinished.write_bytes(_canonical({"format": FORMAT}))
        try:
            found = json.loads(header.read_bytes())["format"]
        except (ValueError, LookupError, TypeError):
            raise StoreError(f"{header} is no header of a store: give another folder") from None
        if found != FORMAT:
            raise StoreError(f"{self.folder} is a store of format {found!r}; this version reads format {FORMAT}")
        self._cells.mkdir(exist_ok=True)

    def __len__(self) -> int:
        """How many finished pieces there are."""
        return sum(1 for _ in self._finished())

    def __contains__(self, spec: Mapping[str, Any]) -> bool:
        """Whether a piece has ended. What it holds is not read."""
        return (self._cells / key_of(spec) / _DONE).is_file()

    def find(self, spec: Mapping[str, Any]) -> Kept | None:
        """The piece that was asked with these very words, or None.

        Raises:
            StoreError: if its files are not those that were written.
        """
        return self._read(self._cells / key_of(spec)) if spec in self else None

    def keep(self, spec: Mapping[str, Any], found: Comparison, weights: bytes | None = None) -> None:
        """Put a piece in place, whole or not at all. One that is there already is left as it is.

        Raises:
            OSError: if it cannot be written; nothing of it is left.
        """
        if spec in self:
            return
        place = self._cells / key_of(spec)
        files = {
            _SPEC: _canonical(spec),
            _ENVIRONMENT: _canonical(found.versions),
            _RESULT: found.to_json().encode(),
            **({} if weights is None else {_WEIGHTS: weights}),
        }
        files[_DONE] = _canonical({name: sha256(content).hexdigest() for name, content in files.items()})
        unfinished = self._cells / f"{_UNFINISHED}-{place.name[:16]}-{secrets.token_hex(4)}"
        try:
            unfinished.mkdir()
            for name, content in files.items():
                with (unfinished / name).open("wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
            sync_folder(unfinished)
            self._put(unfinished, place, spec)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)

    def __iter__(self) -> Iterator[Kept]:
        """All finished pieces, in the order of their names. Raises StoreError at one that is damaged."""
        return (self._read(place) for place in self._finished())

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

    def _finished(self) -> list[Path]:
        places = (Path(entry.path) for entry in os.scandir(self._cells) if not entry.name.startswith("."))
        return sorted(place for place in places if (place / _DONE).is_file())

    def _read(self, place: Path) -> Kept:
        try:
            digests = dict(json.loads((place / _DONE).read_bytes()))
            contents = {name: (place / name).read_bytes() for name in digests if name in _KNOWN}
            for name, content in contents.items():
                if sha256(content).hexdigest() != digests[name]:
                    raise ValueError(f"{name} has changed")
            return Kept(
                json.loads(contents[_SPEC]),
                Comparison.from_json(contents[_RESULT].decode()),
                contents.get(_WEIGHTS),
            )
        except (ValueError, LookupError, TypeError, FileNotFoundError) as error:
            raise StoreError(f"{place} is damaged ({error}): remove this folder, and its piece is done again") from None


_KNOWN = (_SPEC, _ENVIRONMENT, _RESULT, _WEIGHTS)


def _canonical(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, sort_keys=True, indent=1, allow_nan=False).encode() + b"\n"
