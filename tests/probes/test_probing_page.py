"""The page on reading from Python: its example runs, and every name in its tables is there."""

import re
from importlib import import_module
from pathlib import Path

import pytest

import probes
from probes.further import DESCRIPTION_LENGTH, PROBES, TARGETS

PAGE = (Path(__file__).parents[2] / "docs" / "probing.md").read_text()


def test_the_example_runs(capsys: pytest.CaptureFixture[str]) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, flags=re.S)
    exec(compile(code, "probing.md", "exec"), {})
    *lines, streamed = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines] == [
        [probe, target] for probe in ("ridge", "kernel") for target in ("belief", "factor-1", "factor-2")
    ]
    assert float(streamed.strip("[]")) == pytest.approx(float(lines[0].split()[2]), abs=1e-6)


def test_every_name_is_there() -> None:
    tables = [line for line in PAGE.splitlines() if line.startswith("| `")]
    assert len(tables) > 20
    for line in tables:
        module = probes
        for name in re.findall(r"`([A-Za-z_.]+)`", line.split("|")[1]):
            if "." in name:
                module = import_module(f"probes.{name.rpartition('.')[0]}")
            assert hasattr(module, name.rpartition(".")[2]), name


def test_every_option_is_one_and_none_is_left_out() -> None:
    tables = [line.split("|")[2] for line in PAGE.splitlines() if line.startswith("| `")]
    said = {name for cell in tables for name in re.findall(r"`([a-z0-9-]+)`", cell)} - {"--transfer"}
    numbered = {re.sub(r"-\d$", "-K", name) for name in said}
    assert numbered == {*TARGETS, *PROBES, DESCRIPTION_LENGTH}
