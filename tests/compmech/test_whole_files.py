"""Files written whole: devices and pipes are left alone, links are followed."""

import os
import stat
from pathlib import Path

import pytest
from machines import golden_mean

from compmech import load, save
from compmech.draw import save_text
from compmech.whole_files import written_aside


def test_what_is_no_regular_file_is_refused_and_left_alone(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    (tmp_path / "link").symlink_to(pipe)
    for name in ("pipe", "link"):
        for write in (lambda path: save(golden_mean(), path), lambda path: save_text("text", path)):
            with pytest.raises(OSError, match="not a regular file, and not to be replaced") as caught:
                write(tmp_path / name)
            assert caught.value.filename == str(tmp_path / name)
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    with pytest.raises(IsADirectoryError):
        save_text("text", tmp_path)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["link", "pipe"]


def test_links_are_followed(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    link, target = tmp_path / "link.json", tmp_path / "there" / "machine.json"
    link.symlink_to(Path("there") / "machine.json")
    for _ in range(2):  # once to nowhere, once to a file
        save(golden_mean(), link)
        assert link.is_symlink()
        assert not target.is_symlink()
        assert load(target).alphabet == golden_mean().alphabet
        assert [entry.name for entry in target.parent.iterdir()] == ["machine.json"]


def test_a_circle_of_links_is_the_systems_error(tmp_path: Path) -> None:
    (tmp_path / "circle").symlink_to("circle")
    with pytest.raises(OSError, match="symbolic links"):
        save_text("text", tmp_path / "circle")


def test_an_error_while_writing_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    with pytest.raises(ZeroDivisionError), written_aside(path) as unfinished:
        unfinished.write_text("new")
        raise ZeroDivisionError
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]
