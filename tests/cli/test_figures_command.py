"""`compmech figures` as a user meets it."""

import json
from pathlib import Path

import pytest

from compmech.cli import _status, app

Captured = pytest.CaptureFixture[str]

SCRIPT = '''"""A planted figure.

More about it.
"""

import json


def main(out, *, rng, small=False):
    (out / "{name}.json").write_text(json.dumps({{"small": small, "drawn": rng.random()}}))
'''


@pytest.fixture(autouse=True)
def _in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """See test_drawing."""
    monkeypatch.setattr(app, "registered_callback", None)


@pytest.fixture
def scripts(tmp_path: Path) -> Path:
    """Two scripts, and one that is there for both."""
    folder = tmp_path / "scripts"
    folder.mkdir()
    for name in ("first", "second"):
        (folder / f"{name}.py").write_text(SCRIPT.format(name=name))
    (folder / "_shared.py").write_text("raise AssertionError")
    return folder


def run(capsys: Captured, *arguments: str) -> tuple[int, str, str]:
    status = _status(["figures", *arguments])
    out, err = capsys.readouterr()
    return status, out, err


def drawn(folder: Path, name: str) -> float:
    found: float = json.loads((folder / f"{name}.json").read_text())["drawn"]
    return found


def test_all_are_made_each_with_a_stream_of_its_own(tmp_path: Path, scripts: Path, capsys: Captured) -> None:
    every, one, other = (tmp_path / name for name in ("every", "one", "other"))
    status, out, err = run(capsys, "-o", str(every), "--scripts", str(scripts))
    assert (status, out) == (0, f"{every}\n")
    assert [line.split(":")[0] for line in err.splitlines()] == ["first", "second"]
    assert sorted(path.name for path in every.iterdir()) == ["first.json", "second.json"]
    run(capsys, "second", "-o", str(one), "--scripts", str(scripts))
    run(capsys, "second", "-o", str(other), "--scripts", str(scripts), "--seed", "1")
    assert [path.name for path in one.iterdir()] == ["second.json"]
    assert drawn(one, "second") == drawn(every, "second") != drawn(every, "first")
    assert drawn(other, "second") != drawn(one, "second")


def test_json_says_what_was_made(tmp_path: Path, scripts: Path, capsys: Captured) -> None:
    out = tmp_path / "out"
    status, text, _ = run(capsys, "first", "-o", str(out), "--scripts", str(scripts), "--small", "--json")
    found = json.loads(text)
    assert (status, found["small"], found["folder"]) == (0, True, str(out))
    assert [(each["name"], each["numbers"]) for each in found["figures"]] == [("first", str(out / "first.json"))]
    assert json.loads((out / "first.json").read_text())["small"] is True


def test_the_list_runs_nothing(scripts: Path, capsys: Captured) -> None:
    (scripts / "second.py").write_text('"""Breaks."""\nraise AssertionError\n')
    status, out, _ = run(capsys, "--list", "--scripts", str(scripts))
    assert (status, [line.split() for line in out.splitlines()]) == (
        0,
        [["first", "A", "planted", "figure."], ["second", "Breaks."]],
    )
    _, out, _ = run(capsys, "--list", "--json")
    assert {"zoo", "why_a_fractal"} <= {each["name"] for each in json.loads(out)["figures"]}


@pytest.mark.parametrize(
    ("arguments", "status", "problem"),
    [
        (["--scripts", "{scripts}"], 2, "say where the figures go: -o FOLDER"),
        (["frist", "-o", "{out}", "--scripts", "{scripts}"], 2, "first"),
        (["-o", "{out}", "--scripts", "{out}"], 2, "not of an installed package: run this in a checkout"),
        (["-o", "{file}", "--scripts", "{scripts}"], 1, "cannot write to the output folder"),
    ],
)
def test_wrong_use_is_one_line(
    tmp_path: Path, scripts: Path, capsys: Captured, arguments: list[str], status: int, problem: str
) -> None:
    (tmp_path / "file").write_text("")
    places = {"scripts": scripts, "out": tmp_path / "out", "file": tmp_path / "file"}
    found, out, err = run(capsys, *(word.format(**places) for word in arguments))
    assert (found, out) == (status, "")
    [line] = err.splitlines()
    assert problem in line
