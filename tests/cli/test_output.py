"""The output folder: whole or not there, whatever happens while it is written."""

import json
import os
import threading
from collections.abc import Mapping
from pathlib import Path

import pytest

from compmech.cli.earlier_files import digest
from compmech.cli.failure import Failed, Misused
from compmech.cli.output import output_file, output_folder


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


def write_run(out: Path, files: Mapping[str, str]) -> None:
    """As a comparison does: files, and a record of them."""
    with output_folder(out, overwrite=True) as folder:
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        listed = {name: digest(text.encode()) for name, text in files.items()}
        (folder / "results.json").write_text(json.dumps({"files": listed}))


def everything(folder: Path) -> dict[str, str]:
    """All files but the record, and all folders that hold nothing."""
    found = {p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if p.name != "results.json"}
    return {n: p.read_text() if p.is_file() else "" for n, p in found.items() if p.is_file() or not any(p.iterdir())}


FIRST = {"report.html": "1", "figures/a.png": "1", "figures/b.png": "1", "checkpoints/a": "1", "checkpoints/b": "1"}
SECOND = {"report.html": "2", "figures/c.png": "2", "figures/b.png": "2"}


def test_an_overwritten_run_leaves_its_own_files_only(tmp_path: Path) -> None:
    write_run(tmp_path / "out", FIRST)
    write_run(tmp_path / "out", SECOND)
    assert everything(tmp_path / "out") == SECOND


def test_what_is_not_ours_stays(tmp_path: Path) -> None:
    out = tmp_path / "out"
    write_run(out, FIRST)
    (out / "figures" / "mine.png").write_text("mine")  # never recorded
    (out / "checkpoints" / "a").write_text("mine")  # recorded, and no longer what was written
    (out / "figures" / "a.png").unlink()
    (out / "figures" / "a.png").symlink_to(out / "checkpoints" / "b")
    write_run(out, SECOND)
    assert (out / "figures" / "a.png").is_symlink()
    (out / "figures" / "a.png").unlink()
    assert everything(out) == SECOND | {"figures/mine.png": "mine", "checkpoints/a": "mine"}


@pytest.mark.parametrize(
    "record",
    [
        "not JSON",
        "[]",
        "{}",
        '{"files": ["mine"]}',
        '{"files": {"mine": 1, "other": null}}',
        json.dumps({"files": {name: digest(b"keep") for name in ("../mine", "/mine", ".", "", "link/mine", "out")}}),
        "[" * 100_000,
    ],
)
def test_a_record_that_is_not_ours_removes_nothing(tmp_path: Path, record: str) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (tmp_path / "elsewhere").mkdir()
    (out / "link").symlink_to(tmp_path / "elsewhere")
    kept = [tmp_path / "mine", out / "mine", out / "other", tmp_path / "elsewhere" / "mine"]
    for path in kept:
        path.write_text("keep")
    (out / "results.json").write_text(record)
    write_run(out, SECOND)
    assert all(path.read_text() == "keep" for path in kept)
    assert json.loads((out / "results.json").read_text())["files"].keys() == SECOND.keys()


@pytest.mark.parametrize("moves", range(9))
def test_an_overwriting_cut_short_is_made_up_for_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moves: int
) -> None:
    """At whichever step the machine stops, the run after that leaves its own files only."""

    class Crash(BaseException):
        pass

    out, left = tmp_path / "out", [moves]
    write_run(out, FIRST)
    (out / "mine").write_text("mine")

    def stopping(name: str) -> None:
        real = getattr(os, name)

        def step(*arguments: object, **more: object) -> None:
            if Path(str(arguments[0])).name.endswith((".part", ".png", ".html", ".json", "a", "b", ".next")):
                left[0] -= 1
            if left[0] < 0:
                raise Crash
            real(*arguments, **more)

        monkeypatch.setattr(os, name, step)

    with monkeypatch.context():
        stopping("replace")
        stopping("unlink")
        with pytest.raises(Crash):
            write_run(out, SECOND)
    monkeypatch.undo()
    assert (out / "results.json").exists()
    write_run(out, {"report.html": "3"})
    assert everything(out) == {"report.html": "3", "mine": "mine"}


def test_what_is_a_pipe_in_the_folder_is_written_through_to(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    os.mkfifo(out / "x")
    received = []
    reader = threading.Thread(target=lambda: received.append((out / "x").read_bytes()), daemon=True)
    reader.start()
    with output_folder(out, overwrite=True) as folder:
        (folder / "x").write_text("1")
        (folder / "y").write_text("2")
    reader.join(timeout=30)
    assert received == [b"1"]
    assert (out / "x").is_fifo()
    assert (out / "y").read_text() == "2"


def test_a_device_needs_no_room_beside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**more: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)  # as in /dev for those who are not root
    with output_file(Path("/dev/null")) as path:
        assert path == Path("/dev/null")
