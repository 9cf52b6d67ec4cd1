"""The output folder: whole or not there, whatever happens while it is written."""

import os
from pathlib import Path

import pytest

from compmech.cli.failure import Failed, Misused
from compmech.cli.output import output_folder


def test_the_folder_appears_whole(tmp_path: Path) -> None:
    with output_folder(tmp_path / "a" / "out", overwrite=False) as folder:
        (folder / "x").write_text("1")
        assert not (tmp_path / "a" / "out").exists()
    assert (tmp_path / "a" / "out" / "x").read_text() == "1"
    assert [p.name for p in (tmp_path / "a").iterdir()] == ["out"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError, SystemExit])
def test_nothing_is_left_of_an_interrupted_one(tmp_path: Path, error: type[BaseException]) -> None:
    with pytest.raises(error), output_folder(tmp_path / "a" / "out", overwrite=False) as folder:
        (folder / "x").write_text("1")
        raise error
    assert list(tmp_path.iterdir()) == []


def test_a_full_folder_is_not_touched_unless_asked(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine").write_text("keep")
    with pytest.raises(Misused, match="not empty"), output_folder(out, overwrite=False):
        pytest.fail("it must not get this far")
    with output_folder(out, overwrite=True) as folder:
        (folder / "sub").mkdir()
        (folder / "sub" / "x").write_text("new")
    assert (out / "mine").read_text() == "keep"
    assert (out / "sub" / "x").read_text() == "new"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out"]


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with output_folder(tmp_path / "out", overwrite=False) as folder:
        (folder / "x").write_text("1")
    assert (tmp_path / "out" / "x").exists()


def test_a_place_below_a_file_is_refused_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(Failed, match="cannot write to the output folder"),
        output_folder(tmp_path / "file" / "out", overwrite=False),
    ):
        pytest.fail("it must not get this far")


def test_a_file_in_its_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    with pytest.raises(Failed, match="cannot write"), output_folder(tmp_path / "out", overwrite=True):
        pytest.fail("it must not get this far")
    assert (tmp_path / "out").read_text() == "mine"


def test_a_disk_that_fills_up_at_the_end_is_a_failed_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(Failed, match="No space left"), output_folder(tmp_path / "out", overwrite=False) as folder:
        (folder / "x").write_text("1")
        monkeypatch.setattr(os, "rename", full)
    assert list(tmp_path.iterdir()) == []
