"""Results files of experiments: what is done is kept, other settings begin anew, and each row is on disk at once."""

import json
from pathlib import Path

import pytest
from matplotlib.figure import Figure
from matplotlib.image import imread

from probes.experiment import RowFile, save_png


def test_rows_are_on_disk_at_once_and_are_found_again(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    first = RowFile(path, command="do it", settings={"steps": 3, "widths": (2, 4)})
    assert first.find(seed=0) is None
    first.add({"seed": 0, "kl": 0.5})
    first.say(truth=[1.0])
    told = json.loads(path.read_text())
    assert (told["command"], told["settings"]) == ("do it", {"steps": 3, "widths": [2, 4]})
    assert told["versions"]["torch"]
    assert told["truth"] == [1.0]
    again = RowFile(path, command="do it", settings={"steps": 3, "widths": (2, 4)})
    assert again.find(seed=0) == {"seed": 0, "kl": 0.5}
    assert again.find(seed=1) is None
    assert again.find(seed=0, trained=None) is None, "a row that says nothing of it is not the one"
    assert list(again) == [{"seed": 0, "kl": 0.5}]


def test_rows_of_other_settings_are_not_taken(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    RowFile(path, command="do it", settings={"steps": 3}).add({"seed": 0})
    assert RowFile(path, command="do it", settings={"steps": 4}).rows == []


def test_what_is_no_such_file_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    for text in ("{", "[1]", '{"rows": []}'):
        path.write_text(text)
        with pytest.raises(ValueError, match="no results file"):
            RowFile(path, command="do it", settings={})
        assert path.read_text() == text


def test_two_rows_of_one_name_and_numbers_that_are_none_are_refused(tmp_path: Path) -> None:
    file = RowFile(tmp_path / "results.json", command="do it", settings={})
    with pytest.raises(ValueError, match="JSON"):
        file.add({"kl": float("nan")})
    assert not file.rows
    file.add({"seed": 0, "kind": "gru"})
    file.add({"seed": 0, "kind": "rnn"})
    with pytest.raises(ValueError, match="2 rows are"):
        file.find(seed=0)


def test_a_picture_is_the_same_bytes_each_time(tmp_path: Path) -> None:
    figure = Figure(figsize=(2, 1))
    figure.subplots().plot([0, 1])
    for name in ("a.png", "b.png"):
        save_png(figure, tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert imread(tmp_path / "a.png").std() > 0
