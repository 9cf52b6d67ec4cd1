"""One command makes what is recorded, and the figures, from nothing."""

import json
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
rebuild = runpy.run_path(str(ROOT / "docs" / "rebuild.py"))

EXPERIMENT = """
import json, sys
from pathlib import Path
out = Path(sys.argv[sys.argv.index("-o") + 1])
assert not out.exists()
Path(sys.argv[1]).joinpath("kept").touch()
out.write_text(json.dumps({"command": "", "number": 2}))
"""

SCRIPT = '''
"""A figure."""
import json
from pathlib import Path

def main(out, *, rng, small=False):
    recorded = Path(__file__).parents[1] / "results" / "sum.json"
    (out / "drawn.json").write_text(recorded.read_text())
'''


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A checkout with one experiment and one figure."""
    root = tmp_path / "checkout"
    for folder in ("results", "reproductions", "figures"):
        (root / "docs" / folder).mkdir(parents=True)
    command = "python docs/reproductions/sum.py FOLDER \\\n  -o docs/results/sum.json"
    (root / "docs/results/sum.json").write_text(json.dumps({"command": command, "number": 1}))
    (root / "docs/results/released-networks.json").write_text(json.dumps({"command": "python no.py FOLDER"}))
    (root / "docs/results/page").mkdir()
    (root / "docs/results/page/old.txt").touch()
    (root / "docs/reproductions/sum.py").write_text(EXPERIMENT)
    (root / "docs/figures/drawn.py").write_text(SCRIPT)
    return root


def test_figures_are_of_what_was_made_again_and_the_record_stays(
    root: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "again"
    assert rebuild["main"]([str(folder), "sum", "released-networks"], root=root) == 0
    assert json.loads((folder / "docs/_figures/drawn.json").read_text())["number"] == 2
    assert json.loads((root / "docs/results/sum.json").read_text())["number"] == 1
    assert (folder / "kept/sum/kept").exists(), "a folder of its own"
    assert "released-networks: as it is recorded; it needs --weights" in capfd.readouterr().out
    assert rebuild["main"]([str(folder), "sum"], root=root) == 0, "which would fail if it were done twice"
    assert "sum: is there" in capfd.readouterr().out


def test_a_folder_of_results_is_made_again_as_a_whole(root: Path, tmp_path: Path) -> None:
    (root / "docs/results/page/results.json").write_text('{"command": "compmech no_such_command -o page"}')
    folder = tmp_path / "again"
    assert rebuild["main"]([str(folder), "page/results"], root=root) == 2
    assert not (folder / "docs/results/page").exists(), "commands refuse folders that are not empty"
    assert rebuild["arguments"]("compmech demo -o page", "page/results", folder, None)[-1] == "docs/results/page"


def test_a_command_that_fails_is_named(root: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (root / "docs/reproductions/sum.py").write_text("import sys; sys.exit(3)")
    assert rebuild["main"]([str(tmp_path / "again"), "sum"], root=root) == 3
    assert "sum: python docs/reproductions/sum.py" in capfd.readouterr().err
    assert not (tmp_path / "again/docs/_figures").exists()


@pytest.mark.parametrize(("words", "said"), [(["again", "none"], "none: not among"), ([], "a FOLDER is needed")])
def test_what_is_asked_for_must_be_there(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        rebuild["main"](words)
    assert said in capsys.readouterr().err


def test_every_recorded_file_says_how_it_was_made(capsys: pytest.CaptureFixture[str]) -> None:
    commands = rebuild["recorded"](ROOT)
    assert rebuild["main"](["--list"]) == 0
    listed = capsys.readouterr().out
    for name, lines in commands.items():
        assert lines, name
        assert all(line in listed for line in lines)
        run = [rebuild["arguments"](line, name, Path("/kept"), Path("/weights")) for line in lines]
        written = {words[words.index(option) + 1] for words in run for option in ("-o", "--out") if option in words}
        assert {f"docs/results/{name}.json", f"docs/results/{Path(name).parent}"} & written, (name, written)
        scripts = [word for words in run for word in words if word.startswith("docs/reproductions/")]
        assert all((ROOT / script).exists() for script in scripts)
