"""`compmech watch` as a user meets it: what it writes of a training's checkpoints, and what it refuses."""

import json
import shutil
from pathlib import Path

import pytest
from PIL import Image

from compmech import load
from compmech.cli import _status

TINY = ["--predictor", "gru:width=8,n_layer=1", "--length", "5", "--steps", "12", "--batch", "4"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained") / "run"
    assert _status(["train", "z1r", *TINY, "--checkpoints", "4", "-o", str(folder)]) == 0
    return folder


def one_line(capsys: pytest.CaptureFixture[str]) -> str:
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1, lines
    assert lines[0].startswith("compmech: ")
    return lines[0]


def test_a_run_holds_its_process(run: Path) -> None:
    process = load(run / "process.json")
    assert process.n_symbol == 2
    assert process.n_state == 3


def test_watching_leaves_numbers_figures_and_a_film(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "watched"
    assert _status(["watch", str(run), "-o", str(out)]) == 0
    told = capsys.readouterr().out
    found = json.loads((out / "watch.json").read_text())
    assert found["process"] == "z1r(p=0.5)"
    steps = sorted({m["step"] for m in found["moments"]})
    assert steps == [0, 1, 3, 12]
    assert {(m["site"], m["target"]) for m in found["moments"]} == {
        ("layer.0", "belief"), ("layer.0", "next"), ("layer.0", "beyond"),
    }  # fmt: skip
    last = [m for m in found["moments"] if m["step"] == 12]
    assert all(m["refitted"] == pytest.approx(m["fixed"], abs=1e-12) for m in last)
    assert [turn["aligned"] for turn in found["turns"]][-1] == pytest.approx(1)
    assert found["beside"] == []
    for name in ("curves.png", "geometry.png", "beliefs.png"):
        with Image.open(out / name) as image:
            assert image.width > 800
        assert f"{out / name}" in told
    with Image.open(out / "beliefs.gif") as film:
        assert getattr(film, "n_frames", 1) == 4


def test_another_seed_is_watched_at_the_same_histories(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other, out = tmp_path / "other", tmp_path / "watched"
    assert _status(["train", "z1r", *TINY, "--checkpoints", "4", "--seed", "1", "-o", str(other)]) == 0
    capsys.readouterr()
    assert _status(["watch", str(run), "--beside", str(other), "-o", str(out)]) == 0
    told = capsys.readouterr().out
    found = json.loads((out / "watch.json").read_text())
    (beside,) = found["beside"]
    assert (found["seed"], beside["seed"]) == (0, 1)
    assert [m["step"] for m in found["moments"]] == [m["step"] for m in beside["moments"]]
    assert [m["refitted"] for m in found["moments"]] != [m["refitted"] for m in beside["moments"]]
    with Image.open(out / "seeds.png") as image:
        assert image.width > 800
    assert "seeds.png" in found["files"]
    assert told.count("R² at the end") == 2
    assert f"{beside['predictor']}, seed 1" in told


def test_a_run_on_another_process_is_not_put_beside(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other"
    assert _status(["train", "even", *TINY, "--checkpoints", "4", "-o", str(other)]) == 0
    capsys.readouterr()
    assert _status(["watch", str(run), "--beside", str(other), "-o", str(tmp_path / "out")]) == 2
    said = one_line(capsys)
    assert "was trained on even" in said
    assert "on z1r" in said


def test_the_numbers_can_be_printed_and_the_seed_decides(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    moments = []
    for name, seed in (("a", "0"), ("b", "0"), ("c", "1")):
        assert _status(["watch", str(run), "-o", str(tmp_path / name), "--seed", seed, "--json"]) == 0
        moments.append(json.loads(capsys.readouterr().out)["moments"])
    assert moments[0] == moments[1] != moments[2]


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        (["--site", "layer.7"], "layer.7"),
        (["--weighting", "fair"], "probability or uniform"),
        (["--length", "1"], "--length"),
    ],
)
def test_misuse_is_one_line_and_leaves_nothing(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str], complaint: str
) -> None:
    assert _status(["watch", str(run), "-o", str(tmp_path / "out"), *more]) == 2
    assert complaint in one_line(capsys)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        ("training.json", "has not ended"),
        ("process.json", "does not hold the process"),
        ("model.safetensors", "model.safetensors"),
        ("run.json training.json", "compmech train"),
        ("checkpoints", "--checkpoints"),
    ],
)
def test_a_folder_that_lacks_something_is_refused(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], spoil: str, complaint: str
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(run, copy)
    for name in spoil.split():
        shutil.rmtree(copy / name) if (copy / name).is_dir() else (copy / name).unlink()
    assert _status(["watch", str(copy), "-o", str(tmp_path / "out")]) == 2
    assert complaint in one_line(capsys)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("training.json", "{}", "no record of a run"),
        ("process.json", "[", "process.json"),
        ("checkpoints/step-00000001.safetensors", "nothing", "step-00000001"),
    ],
)
def test_a_damaged_file_is_named(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, content: str, complaint: str
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(run, copy)
    (copy / name).write_text(content)
    assert _status(["watch", str(copy), "-o", str(tmp_path / "out")]) == 2
    assert complaint in one_line(capsys)
    assert not (tmp_path / "out").exists()
