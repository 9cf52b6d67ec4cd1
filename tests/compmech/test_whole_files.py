"""Files written whole and for good: devices and pipes are written through to, links are followed."""

import errno
import os
import socket
import stat
import threading
from pathlib import Path

import pytest
from machines import golden_mean

from compmech import load, save
from compmech.draw import save_text
from compmech.whole_files import move_whole, written_aside


class Reader(threading.Thread):
    """Takes in what comes out of a pipe, until its writer has closed it."""

    def __init__(self, pipe: Path) -> None:
        super().__init__(daemon=True)
        self.pipe, self.content = pipe, b""
        self.start()

    def run(self) -> None:
        self.content = self.pipe.read_bytes()


@pytest.mark.parametrize("name", ["pipe", "link"])
def test_a_pipe_stays_and_receives_everything(tmp_path: Path, name: str) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    (tmp_path / "link").symlink_to(pipe)
    long = "text\n" * 100_000  # far more than a pipe holds
    for write in (lambda path: save_text(long, path), lambda path: move_whole(written(path.parent, long), path)):
        reader = Reader(pipe)
        write(tmp_path / name)
        reader.join(timeout=30)
        assert reader.content.decode() == long
        assert stat.S_ISFIFO(pipe.stat().st_mode)
        assert sorted(entry.name for entry in tmp_path.iterdir()) == ["link", "pipe"]


def written(folder: Path, text: str) -> Path:
    (folder / "finished").write_text(text)
    return folder / "finished"


def test_a_device_stays_a_device() -> None:
    for path in ("/dev/null", Path("/dev/null")):
        save(golden_mean(), path)
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    with pytest.raises(OSError, match="No space left") as caught:
        save_text("text", "/dev/full")
    assert caught.value.filename == "/dev/full"


def test_folders_and_sockets_are_refused_and_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # the name of a socket has a short limit
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")
        with pytest.raises(OSError, match="not a regular file, and not to be replaced") as caught:
            save_text("text", tmp_path / "socket")
    assert caught.value.filename == str(tmp_path / "socket")
    with pytest.raises(IsADirectoryError):
        save_text("text", tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["socket"]
    assert stat.S_ISSOCK((tmp_path / "socket").stat().st_mode)


def test_content_is_on_disk_before_its_name_is_and_then_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, told = tmp_path / "file", []
    sync, put = os.fsync, os.replace

    def fsync(descriptor: int) -> None:
        status = os.fstat(descriptor)
        told.append("folder" if os.path.samestat(status, tmp_path.stat()) else f"{status.st_size} bytes")
        sync(descriptor)

    def replace(source: Path, target: Path) -> None:
        told.append("replace")
        put(source, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", replace)
    save_text("new", path)
    assert told == ["3 bytes", "replace", "folder"]


def test_content_that_does_not_reach_the_disk_replaces_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fsync(descriptor: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    (tmp_path / "file").write_text("old")
    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(OSError, match="Input/output error"):
        save_text("new", tmp_path / "file")
    assert (tmp_path / "file").read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOTSUP])
def test_a_file_system_that_cannot_sync_folders_is_put_up_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    sync = os.fsync

    def fsync(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(number, os.strerror(number))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    save_text("new", tmp_path / "file")
    assert (tmp_path / "file").read_text() == "new"


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
