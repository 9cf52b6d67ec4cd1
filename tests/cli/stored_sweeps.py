"""A sweep that was run into a store, and what commands say that do not do their work."""

import os
from pathlib import Path

import pytest

from compmech.cli import _status


def run_sweep(folder: Path, name: str, experiment: str) -> Path:
    """`compmech compare NAME` in a folder, which then holds the store and the comparison."""
    (folder / name).write_text(experiment)
    before = Path.cwd()
    os.chdir(folder)
    try:
        assert _status(["compare", name, "--workers", "1"]) == 0
    finally:
        os.chdir(before)
    return folder


def refused(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 2) -> str:
    """The one line of a command that does not do its work."""
    capsys.readouterr()
    assert _status(list(arguments)) == status
    said = capsys.readouterr()
    (line,) = [line for line in said.err.splitlines() if line.startswith("compmech: ")]
    assert "Traceback" not in said.err
    return line
