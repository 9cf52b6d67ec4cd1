"""A folder that `compmech train` left: its process, its network, its checkpoints and what was recorded."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compmech.cli.arguments import NamedProcess
from compmech.cli.failure import Misused, misuse, unreadable
from compmech.io import load

if TYPE_CHECKING:
    from predictors import Predictor

__all__ = ["PROCESS_FILE", "FinishedRun", "read_run", "write_process"]

PROCESS_FILE = "process.json"
"""The process that a run was trained on, as a machine file, beside its weights."""

_CHECKPOINT = re.compile(r"step-(\d+)\.safetensors")


@dataclass(frozen=True, eq=False)
class FinishedRun:
    """What a folder of a run holds.

    Attributes:
        path: the folder.
        named: the process, with the title that it was trained under.
        recorded: training.json: `predictor`, `seed`, `config`, `record`, ...
        checkpoints: updates made and the file of each, ascending; the last is model.safetensors.
    """

    path: Path
    named: NamedProcess
    recorded: dict[str, Any]
    checkpoints: tuple[tuple[int, Path], ...]

    @property
    def length(self) -> int:
        """Symbols that the network was trained to read."""
        return int(self.recorded["config"]["length"])

    def model(self) -> "Predictor":
        """The trained network, ready to be read."""
        return load_network(self.checkpoints[-1][1])


def write_process(named: NamedProcess, folder: Path) -> None:
    """Put the process beside the run. Raises OSError, or Misused where its names cannot be written as JSON."""
    from compmech.io import save

    with misuse():
        save(named.process, folder / PROCESS_FILE)


def load_network(path: Path) -> "Predictor":
    """One checkpoint, in its evaluating mode. Raises Misused if it is damaged or none."""
    from predictors import load as load_checkpoint

    with unreadable(path), misuse():
        return load_checkpoint(path).eval()


def read_run(path: Path) -> FinishedRun:
    """Read the folder of a run that ended.

    Raises:
        Misused: if it is no such folder, the run did not end, or a file of it is damaged; one line that says which.
    """
    said = path / "training.json"
    if not said.is_file():
        begun = (path / "run.json").is_file()
        why = (
            "holds a run that has not ended: go on with compmech train --resume" if begun else "holds no training.json"
        )
        raise Misused(f"{path} {why}" if begun else f"{path} {why}: give the folder that compmech train -o wrote")
    with unreadable(said):
        text = said.read_text(errors="replace")
    try:
        recorded = dict(json.loads(text))
        title, updates = str(recorded["process"]), int(recorded["record"]["evaluations"][-1]["step"])
        int(recorded["config"]["length"])
    except (ValueError, LookupError, TypeError, RecursionError):
        raise Misused(f"{said} is no record of a training: train again with --overwrite") from None
    machine = path / PROCESS_FILE
    if not machine.is_file():
        why = "it was trained on a file of symbols, not on a process" if recorded.get("data") else "train again"
        raise Misused(f"{path} does not hold its process, {PROCESS_FILE}: {why}")
    with unreadable(machine), misuse():
        process = load(machine)
    named = NamedProcess(title.partition("(")[0] or "process", title, process)
    last = path / "model.safetensors"
    if not last.is_file():
        raise Misused(
            f"{path} does not hold model.safetensors: {recorded['predictor']} has no checkpoints, or it was removed"
        )
    kept = sorted(
        (int(match[1]), file)
        for file in (path / "checkpoints").glob("*.safetensors")
        if (match := _CHECKPOINT.fullmatch(file.name)) and int(match[1]) < updates
    )
    return FinishedRun(path, named, recorded, (*kept, (updates, last)))
