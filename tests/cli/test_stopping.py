"""Wishes to stop: one stops, however many come, and none cuts short what must be ended."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from compmech.cli.stopping import undisturbed

# A command with much to tidy up, and no numbers to compute before.
WRITING = """
import signal, sys, time
from pathlib import Path
from compmech.cli import stopping
from compmech.cli.output import output_folder
with stopping.stopped_once():
    try:
        with output_folder(Path("a") / "out", overwrite=False) as folder:
            for i in range(1500):
                (folder / str(i)).touch()
            print("written", flush=True)
            time.sleep(100)
    except KeyboardInterrupt:
        print("stopped", flush=True)
"""


def started(code: str, folder: Path) -> subprocess.Popen[str]:
    here = str(Path(__file__).parents[2])
    return subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": here},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def stopped(code: str, folder: Path, numbers: Sequence[int], pause: float) -> tuple[str, str, int]:
    """Send signals, the last one over and over, from when the code says that it is ready until it has ended."""
    running = started(code, folder)
    try:
        assert running.stdout is not None
        assert running.stdout.readline() == "written\n"
        deadline = time.monotonic() + 60
        rest = list(numbers)
        while running.poll() is None and time.monotonic() < deadline:
            running.send_signal(rest.pop(0) if len(rest) > 1 else rest[0])
            time.sleep(pause)
        output, errors = running.communicate(timeout=10)
    finally:
        running.kill()
        running.wait()
    return output, errors, running.returncode


@pytest.mark.parametrize("pause", [0.0005, 0.01, 0.15])
def test_ctrl_c_again_and_again_is_ctrl_c_once(tmp_path: Path, pause: float) -> None:
    output, errors, status = stopped(WRITING, tmp_path, [signal.SIGINT], pause)
    assert (output, errors, status) == ("stopped\n", "", 0)
    assert list(tmp_path.iterdir()) == []


def test_a_supervisors_signals_are_one_wish(tmp_path: Path) -> None:
    numbers = [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGTERM]
    output, errors, status = stopped(WRITING, tmp_path, numbers, 0.001)
    assert (output, errors, status) == ("", "", 128 + signal.SIGTERM)
    assert list(tmp_path.iterdir()) == []


LOST = """
import time
from compmech.cli import stopping
with stopping.stopped_once():
    print("written", flush=True)
    try:
        time.sleep(100)
    except KeyboardInterrupt:
        print("lost", flush=True)  # as in code that a signal cannot leave, which reports the exception and goes on
    try:
        time.sleep(100)
    except KeyboardInterrupt:
        print("stopped", flush=True)
"""


def test_ctrl_c_whose_exception_was_lost_can_be_pressed_again(tmp_path: Path) -> None:
    running = started(LOST, tmp_path)
    try:
        assert running.stdout is not None
        for said in ("written\n", "lost\n"):
            assert running.stdout.readline() == said
            time.sleep(1.1)  # longer than signals are one wish
            running.send_signal(signal.SIGINT)
        assert running.communicate(timeout=60)[0] == "stopped\n"
    finally:
        running.kill()
        running.wait()


def test_a_signal_that_was_to_be_ignored_still_is(tmp_path: Path) -> None:
    code = (
        "import os, signal; signal.signal(signal.SIGHUP, signal.SIG_IGN); "
        "from compmech.cli import stopping; stopping.stopped_once().__enter__(); "
        "os.kill(os.getpid(), signal.SIGHUP); print('here')"
    )
    running = started(code, tmp_path)
    assert running.communicate(timeout=60) == ("here\n", "")


def test_what_is_begun_undisturbed_is_ended_and_signals_work_again_after() -> None:
    before = signal.getsignal(signal.SIGINT)
    steps = []
    with undisturbed():
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGTERM)
        steps.append("ended")
    assert steps == ["ended"]
    assert signal.getsignal(signal.SIGINT) is before
    with pytest.raises(ZeroDivisionError), undisturbed():
        raise ZeroDivisionError
    assert signal.getsignal(signal.SIGINT) is before
