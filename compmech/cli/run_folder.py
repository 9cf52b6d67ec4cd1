"""The folder of one training: it is written to while the run goes on, so that the run can be killed and go on."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from compmech.cli.failure import Misused, misuse, unreadable

if TYPE_CHECKING:
    from predictors import Predictor
    from predictors.snapshot import Snapshot

__all__ = ["RunFolder"]


class RunFolder:
    """The folder of a run: run.json says what it is of, state/ how far it is, training.json that it is done."""

    def __init__(self, path: Path, described: dict[str, Any]) -> None:
        from predictors.snapshot_folder import SnapshotFolder

        self.path, self.described, self.written = path, described, list[str]()
        self.step, self.unsaved = 0, False
        self.state = SnapshotFolder(path / "state")

    @classmethod
    def prepared(cls, path: Path, described: dict[str, Any], *, resume: bool, overwrite: bool) -> "RunFolder":
        """A folder to begin in, or to go on in. Raises Misused where it holds something else."""
        described = json.loads(json.dumps(described))
        said = path / "run.json"
        if resume:
            if not said.is_file():
                raise Misused(f"{path} holds no run to resume: leave out --resume to begin one")
            cls._same(said, described)
        elif path.is_dir() and any(path.iterdir()) and not overwrite:
            there = "holds a run: go on with --resume, begin anew" if said.is_file() else "is not empty: begin there"
            raise Misused(f"the output folder {path} {there} with --overwrite, or choose another")
        folder = cls(path, described)
        if not resume:
            with misuse(), folder.alone():
                folder.state.clear()
            for name in ("training.json", "model.safetensors", "last-good.safetensors"):
                (path / name).unlink(missing_ok=True)
            folder.write("run.json", (json.dumps(described, indent=1) + "\n").encode())
            folder.written.clear()
        return folder

    @staticmethod
    def _same(said: Path, described: dict[str, Any]) -> None:
        with unreadable(said):
            text = said.read_text(errors="replace")
        try:
            before = dict(json.loads(text))
            before = {**before, **dict(before.pop("config"))}
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise Misused(f"{said} is no description of a run: begin anew with --overwrite") from None
        now = {**described, **described["config"]}
        for key in now:
            if key != "config" and before.get(key) != now[key]:
                raise Misused(f"{said.parent} holds another run: {key} was {before.get(key)!r}, now it is {now[key]!r}")

    @contextmanager
    def alone(self) -> Iterator[None]:
        with self.state.alone():
            yield

    def latest(self) -> "Snapshot | None":
        found = self.state.latest()
        for error in found.damaged:
            typer.echo(f"compmech: {error}; going on from an earlier state", err=True)
        self.step = 0 if found.snapshot is None else found.snapshot.step
        return found.snapshot

    def keep(self, snapshot: "Snapshot") -> None:
        self.state.write(snapshot)
        self.step = snapshot.step

    def save(self, model: "Predictor", name: str) -> None:
        """The network as a checkpoint; a plug-in's has its weights in state/ alone, and that is said once."""
        from predictors.checkpoint import dumps

        try:
            data = dumps(model)
        except ValueError:
            if not self.unsaved:
                kind, state = type(model).__name__, self.path / "state"
                typer.echo(
                    f"compmech: {kind} is no network of this package: its weights are in {state} alone", err=True
                )
            self.unsaved = True
            return
        self.write(name, data)

    def write(self, name: str, data: bytes) -> None:
        from predictors.whole_files import write_whole

        target = self.path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        write_whole(target, data)
        self.written.append(name)
