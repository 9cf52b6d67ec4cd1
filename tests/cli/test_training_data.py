"""`compmech train --data`: arrays and text in place of a process, and what a file that cannot be used is told."""

import json
from pathlib import Path

import numpy as np
import pytest

from compmech.cli import _status
from predictors import load

TINY = ["--predictor", "gru:width=8,n_layer=1", "--length", "4", "--steps", "6", "--batch", "4"]


def trained(data: Path, out: Path, *more: str) -> int:
    return _status(["train", "--data", str(data), *TINY, "-o", str(out), *more])


def saved(path: Path, tokens: object) -> Path:
    np.save(path, np.asarray(tokens))
    return path


def one_line(capsys: pytest.CaptureFixture[str]) -> str:
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1, lines
    return lines[0]


TOKENS = np.random.default_rng(0).integers(0, 3, 60)


@pytest.mark.parametrize("tokens", [TOKENS, TOKENS.reshape(12, 5).astype(np.uint8)], ids=["corpus", "sequences"])
def test_an_array_is_trained_on(tmp_path: Path, tokens: np.ndarray, capsys: pytest.CaptureFixture[str]) -> None:
    assert trained(saved(tmp_path / "mine.npy", tokens), tmp_path / "out", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["process"].startswith("mine.npy (sha256 ")
    assert found["symbols"] == [0, 1, 2]
    assert found["record"]["symbols_seen"] == 6 * 4 * 5
    assert found["record"]["evaluations"][-1]["kl"] is None
    assert load(tmp_path / "out" / "model.safetensors").n_symbol == 3


def test_the_characters_of_a_text_are_its_symbols(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = tmp_path / "corpus.txt"
    text.write_text("abracadabra\n\nπa\nbabarab\n", encoding="utf-8")
    assert trained(text, tmp_path / "out") == 0
    said = json.loads((tmp_path / "out" / "run.json").read_text())
    assert said["symbols"] == ["a", "b", "c", "d", "r", "π"]
    assert load(tmp_path / "out" / "model.safetensors").n_symbol == 6
    assert "trained on" in capsys.readouterr().out


def test_other_symbols_are_held_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, other = tmp_path / "a.txt", tmp_path / "b.txt"
    data.write_text("0101110101011101010111\n")
    other.write_text("0000000000\n")
    losses = {}
    for name, more in (("own", []), ("held out", ["--held-out", str(other)])):
        assert trained(data, tmp_path / name, *more) == 0
        losses[name] = json.loads((tmp_path / name / "training.json").read_text())["record"]["evaluations"][0]["loss"]
    assert losses["own"] != losses["held out"]
    assert "of the held-out file" in capsys.readouterr().out
    other.write_text("0000\n0120\n")
    assert trained(data, tmp_path / "third", "--held-out", str(other)) == 2
    assert "b.txt, line 2, column 3: '2' is no symbol of the data (01)" in one_line(capsys)


def test_a_run_goes_on_with_the_same_file_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = saved(tmp_path / "mine.npy", TOKENS)
    assert trained(data, tmp_path / "out") == 0
    once = (tmp_path / "out" / "model.safetensors").read_bytes()
    assert trained(data, tmp_path / "out", "--resume") == 0
    assert (tmp_path / "out" / "model.safetensors").read_bytes() == once
    capsys.readouterr()
    saved(tmp_path / "mine.npy", TOKENS[::-1])
    assert trained(data, tmp_path / "out", "--resume") == 2
    assert "holds another run: process was 'mine.npy" in one_line(capsys)


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("gone.npy", None, "gone.npy: No such file"),
        ("data.csv", b"0,1", "a .npy file of integers or a .txt file"),
        ("text.npy", b"no array", "is no .npy file of numbers"),
        ("empty.npy", b"", "is no .npy file of numbers"),
        ("floats.npy", np.ones(20), "must hold integers 0, 1, ..; got dtype float64"),
        ("bools.npy", np.ones(20, dtype=bool), "got dtype bool"),
        ("objects.npy", np.array([{}, {}], dtype=object), "is no .npy file of numbers"),
        ("cube.npy", np.zeros((2, 3, 4), dtype=int), "got shape (2, 3, 4)"),
        ("none.npy", np.zeros((0, 5), dtype=int), "none empty; got shape (0, 5)"),
        ("negative.npy", np.array([0, 1, -1, 0, 1, 0]), "must be in 0 .. 1; [2] is -1"),
        ("short.npy", np.array([0, 1, 1, 0]), "no sequence of 5 symbols, only of up to 4"),
        ("narrow.npy", np.zeros((9, 3), dtype=int), "--length is at most 2 here"),
        ("short.txt", b"0110\n010\n", "no sequence of 5 symbols, only of up to 4"),
        ("blank.txt", b"\n\n", "holds no symbols"),
        ("latin.txt", "café".encode("latin-1"), "is no UTF-8 text"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_in_one_line_and_nothing_is_left(
    tmp_path: Path, name: str, content: object, complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / name
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        np.save(path, content, allow_pickle=True)
    assert trained(path, tmp_path / "out") == 2
    assert complaint in one_line(capsys)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["train", *TINY], "a process, or a file with --data"),
        (["train", "even", "--data", "x.npy", *TINY], "a process, or a file with --data"),
        (["train", "even", "--held-out", "x.npy", *TINY], "--held-out goes with --data"),
    ],
)
def test_one_source_is_asked_for(
    tmp_path: Path, arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _status([*arguments, "-o", str(tmp_path / "out")]) == 2
    assert complaint in one_line(capsys)


def test_what_needs_a_process_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = saved(tmp_path / "mine.npy", TOKENS)
    assert trained(data, tmp_path / "out", "--targets", "exact") == 2
    assert "needs a source that predicts" in one_line(capsys)
