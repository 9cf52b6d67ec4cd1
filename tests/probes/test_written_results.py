"""Results are written all or none."""

from pathlib import Path

import pytest

from probes.results import write_files, write_text


def test_one_place_that_cannot_be_taken_keeps_all_files_as_they_were(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    (tmp_path / "b").mkdir()
    with pytest.raises(IsADirectoryError):
        write_files(tmp_path, {"a": b"new", "b": b"new"})
    assert (tmp_path / "a").read_bytes() == b"old"
    assert (tmp_path / "b").is_dir()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


def test_links_are_followed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("file")
    write_text(tmp_path / "link", "text")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_text() == "text"
    assert write_files(tmp_path, {"a": b"1", "c": b"2"}) == [tmp_path / "a", tmp_path / "c"]
    assert (tmp_path / "c").read_bytes() == b"2"
