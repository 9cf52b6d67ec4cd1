"""`compmech edit` as a user meets it: a saved run, a table, rows, a figure, and what is told where it cannot go on."""

import json
import shutil
from pathlib import Path

import pytest

from compmech.cli import _status
from probes import EditEffect


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "z1r"
    told = ["--predictor", "gru:width=8,n_layer=1", "--length", "6", "--steps", "20", "--batch", "16", "-o", str(out)]
    assert _status(["train", "z1r", *told]) == 0
    return out


def edit(run: Path, *more: str) -> int:
    return _status(["edit", str(run), "--cases", "8", "--horizon", "2", *more])


def one_line(capsys: pytest.CaptureFixture[str]) -> str:
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1, lines
    assert lines[0].startswith("compmech: ")
    return lines[0]


def test_a_table_for_people_and_a_figure(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = tmp_path / "new" / "edits.png"
    assert edit(run, "--kind", "transplant", "--kind", "visible-at-2", "-o", str(picture)) == 0
    told = capsys.readouterr().out
    assert "gru-width8-n_layer1 on z1r" in told
    assert "carry, everything carried, t = 3" in told
    for each in ("transplant: ", "visible-at-2", "share of the whole state's effect", str(picture)):
        assert each in told
    assert max(len(line) for line in told.splitlines() if str(picture) not in line) <= 80
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_rows_as_json_and_the_same_seed_the_same_rows(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = []
    for seed in ("0", "0", "1"):
        assert edit(run, "--kind", "belief", "--json", "--seed", seed) == 0
        found.append(json.loads(capsys.readouterr().out))
    assert found[0]["rows"] == found[1]["rows"] != found[2]["rows"]
    rows = found[0]["rows"]
    assert list(rows[0]) == EditEffect.columns()
    assert {r["process"] for r in rows} == {"z1r"}
    assert {r["predictor"] for r in rows} == {"gru-width8-n_layer1"}
    assert {r["control"] for r in rows} == {
        "", "before", "wrong-belief", "random-direction", "shuffled-probe", "untrained",
    }  # fmt: skip
    assert [s["horizon"] for s in found[0]["shares"]] == [1, 2]


def test_every_kind_of_the_process_by_default(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert edit(run, "--json", "--edit", "row t", "--site", "layer.0", "--row", "4", "--strength", "0.5") == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    kinds = list(dict.fromkeys(r["kind"] for r in rows))
    assert kinds == ["transplant", "belief", "arbitrary", "visible-at-2", "zero", "mean", "erase"]
    assert {(r["edit"], r["site"], r["row"]) for r in rows} == {("row t", "layer.0", 4)}
    assert {r["strength"] for r in rows if not r["control"]} == {0.5}


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        (("--site", "layer.0.cary"), "did you mean 'layer.0.carry'?"),
        (("--edit", "rows"), "there are three edits: carry, rows<=t, row t; got 'rows'"),
        (("--edit", "row t"), "is of one site: name it"),
        (("--kind", "swap"), "there is no kind of replacement 'swap'"),
        (("--row", "7"), "there is no history of length 7"),
        (("--through", "decoder"), 'through must be "probe" or "encoding"'),
        (("--process", "mess3"), "predicts 2 symbols, and mess3"),
        (("--out", "edits.gif"), "the name must end in"),
        (("--out", "edits.png", "--strength", "2"), "there is no edit of strength 1 with a score to draw"),
    ],
)
def test_slips_are_told_in_one_line(
    run: Path, capsys: pytest.CaptureFixture[str], more: tuple[str, ...], complaint: str
) -> None:
    assert edit(run, "--kind", "transplant", *more) == 2
    assert complaint in one_line(capsys)


def test_folders_that_are_no_runs(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert edit(tmp_path) == 2
    assert "holds no training.json" in one_line(capsys)
    record = tmp_path / "training.json"
    for text in ("{", "[]", "{}", '{"seed": 0, "config": 3}'):
        record.write_text(text)
        assert edit(tmp_path) == 2
        assert "is no record of a run of compmech train" in one_line(capsys)
    shutil.copy(run / "training.json", tmp_path)
    assert edit(tmp_path) == 2
    assert "does not hold model.safetensors" in one_line(capsys)
    (tmp_path / "model.safetensors").write_bytes(b"damaged")
    assert edit(tmp_path, "--process", "z1r") == 2
    assert "damaged" in one_line(capsys)
    shutil.copy(run / "model.safetensors", tmp_path)
    assert edit(tmp_path) == 2
    assert "does not hold the process that it was trained on" in one_line(capsys)
    assert edit(tmp_path, "--process", "z1r", "--kind", "transplant") == 0
