"""A folder that `compmech train` left: its process, its network, its checkpoints and what was recorded."""

import json
import re
from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compmech.cli.arguments import NamedProcess, parse_process
from compmech.cli.failure import Misused, misuse, unreadable
from compmech.io import load, save

if TYPE_CHECKING:
    from predictors.network import Network

__all__ = ["PROCESS_FILE", "FinishedRun", "read_run", "write_process"]

PROCESS_FILE = "process.json"
"""The process that a run was trained on, as a machine file, beside its weights."""

_CHECKPOINT = re.compile(r"step-(\d+)\.safetensors")


@dataclass(frozen=True, eq=False)
class FinishedRun:
    """What a folder of a run holds.

    Attributes:
        path: the folder.
        title: of what it was trained on, for people.
        process: what it was trained on, or what the user named in its place; None for symbols of a file.
        recorded: training.json: `predictor`, `seed`, `config`, `record`, ...
        checkpoints: updates made and the file of each, ascending; the last is model.safetensors.
    """

    path: Path
    title: str
    process: NamedProcess | None
    recorded: dict[str, Any]
    checkpoints: tuple[tuple[int, Path], ...]

    @property
    def named(self) -> NamedProcess:
        """The process. Raises Misused if there is none."""
        if self.process is None:
            raise Misused(f"{self.path} does not hold the process that it was trained on ({self.title})")
        return self.process

    @property
    def alphabet(self) -> tuple[Hashable, ...] | None:
        """Names of the symbols: of the process, or of the file that it was trained on; None: neither is known."""
        if self.process is not None:
            return self.process.process.alphabet
        symbols = self.recorded.get("symbols")
        return None if symbols is None else tuple(symbols)

    @property
    def predictor(self) -> str:
        """The label of the network."""
        return str(self.recorded["predictor"])

    @property
    def seed(self) -> int:
        """Of its weights and data."""
        return int(self.recorded["seed"])

    @property
    def length(self) -> int:
        """Symbols that the network was trained to read."""
        return int(self.recorded["config"]["length"])

    def model(self) -> "Network":
        """The trained network, ready to be read.

        Raises Misused if the file is damaged, or the network predicts another number of symbols than the process or the
        file that it was trained on has.
        """
        path = self.checkpoints[-1][1]
        model = load_network(path)
        if self.process is not None and model.n_symbol != self.process.process.n_symbol:
            raise Misused(
                f"{path} predicts {model.n_symbol} symbols, and {self.process.title} has "
                f"{self.process.process.n_symbol}: give the process that it was trained on"
            )
        if self.alphabet is not None and model.n_symbol != len(self.alphabet):
            raise Misused(f"{path} predicts {model.n_symbol} symbols, and {self.title} has {len(self.alphabet)}")
        return model

    def untrained(self) -> "Network":
        """The network as it was before training: the same shapes, type and seed."""
        import torch

        from predictors import build

        model = self.model()
        config: Any = model.config  # every built-in network has one
        return build(config, rng=torch.Generator().manual_seed(self.seed)).to(next(model.parameters()).dtype).eval()


def write_process(named: NamedProcess, folder: Path) -> None:
    """Put the process beside the run. Raises OSError, or Misused where its names cannot be written as JSON."""
    with misuse():
        save(named.process, folder / PROCESS_FILE)


def load_network(path: Path) -> "Network":
    """One checkpoint, in its evaluating mode. Raises Misused if it is damaged or none."""
    from predictors import load as load_checkpoint

    with unreadable(path), misuse():
        return load_checkpoint(path).eval()


def read_run(path: Path, *, process: str | None = None) -> FinishedRun:
    """Read the folder of a run that ended.

    Args:
        process: to take in place of the one that the folder holds, as the user named it.
    Raises:
        Misused: if it is no such folder, the run did not end, or a file of it is damaged; one line that says which.
    """
    said = path / "training.json"
    if not said.is_file():
        begun = (path / "run.json").is_file()
        why = (
            "a run that has not ended: go on with compmech train --resume"
            if begun
            else "no training.json: give the folder that compmech train -o wrote"
        )
        raise Misused(f"{path} holds {why}")
    with unreadable(said):
        text = said.read_text(errors="replace")
    try:
        recorded = dict(json.loads(text))
        title, updates = str(recorded["process"]), int(recorded["record"]["evaluations"][-1]["step"])
        int(recorded["config"]["length"]), int(recorded["seed"]), str(recorded["predictor"])
        hash(tuple(recorded.get("symbols", ())))
    except (ValueError, LookupError, TypeError, RecursionError):
        raise Misused(f"{said} is no record of a run of compmech train") from None
    last = path / "model.safetensors"
    if not last.is_file():
        raise Misused(f"{path} does not hold model.safetensors: {recorded['predictor']} has none, or it was removed")
    kept = sorted(
        (int(match[1]), file)
        for file in (path / "checkpoints").glob("*.safetensors")
        if (match := _CHECKPOINT.fullmatch(file.name)) and int(match[1]) < updates
    )
    named = parse_process(process) if process is not None else _own_process(path / PROCESS_FILE, title)
    return FinishedRun(path, title, named, recorded, (*kept, (updates, last)))


def _own_process(path: Path, title: str) -> NamedProcess | None:
    if not path.is_file():
        return None
    with unreadable(path), misuse():
        return NamedProcess(title.partition("(")[0] or "process", title, load(path))
