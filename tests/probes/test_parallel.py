"""Pieces of work on several processes: order, progress, errors."""

import os
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import torch

from probes.sweep.engine import ATTEMPTS, Lost, WorkersLost
from probes.sweep.local_workers import LocalWorkers
from probes.sweep.this_machine import run_all


def square(item: int, advance: Callable[[int], None]) -> tuple[int, int, int]:
    advance(item)
    return item * item, torch.get_num_threads(), os.getpid()


def fail_on_three(item: int, advance: Callable[[int], None]) -> int:
    if item == 3:
        raise ZeroDivisionError("three")
    return item


@pytest.mark.parametrize("workers", [1, 2])
def test_results_come_in_the_order_of_the_items(workers: int) -> None:
    told: list[int] = []
    ended: list[int] = []
    found = run_all(
        square, [3, 1, 2], workers=workers, advance=told.append, done=lambda index, result: ended.append(index)
    )
    assert [value for value, _, _ in found] == [9, 1, 4]
    assert sorted(told) == [1, 2, 3]
    assert sorted(ended) == [0, 1, 2]
    assert {threads for _, threads, _ in found} == {1}
    apart = {pid for _, _, pid in found} != {os.getpid()}
    assert apart == (workers > 1)


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_in_a_piece_is_raised_here(workers: int) -> None:
    with pytest.raises(ZeroDivisionError, match="three"):
        run_all(fail_on_three, [1, 3, 5], workers=workers, advance=lambda amount: None)


def test_no_workers_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one worker"):
        run_all(square, [1], workers=0, advance=lambda amount: None)


def die_at_three(item: int, advance: Callable[[int], None]) -> int:
    """A piece of work whose process the system kills."""
    advance(item)
    if item == 3:
        time.sleep(0.3)
        advance(1)  # so long after the first that it is sent
        os.kill(os.getpid(), signal.SIGKILL)
    return item


def test_a_piece_whose_workers_are_always_killed_is_lost_and_no_other(capfd: pytest.CaptureFixture[str]) -> None:
    told: list[int] = []
    found = dict(LocalWorkers(2).run(die_at_three, list(range(8)), told.append))
    assert found.pop(3) == Lost(ATTEMPTS)
    assert found == {item: item for item in range(8) if item != 3}
    assert min(told) < 0  # what the killed ones had reported was taken back
    assert sum(told) == sum(found)
    assert "Traceback" not in capfd.readouterr().err


def test_a_killed_worker_is_said_to_be() -> None:
    with pytest.raises(WorkersLost, match="was killed 3 times"):
        run_all(die_at_three, [3, 4], workers=2, advance=lambda amount: None)


def die_once(mark: Path, advance: Callable[[int], None]) -> str:
    if not mark.exists():
        mark.write_text("begun")
        os.kill(os.getpid(), signal.SIGKILL)
    return mark.name


def test_a_killed_worker_costs_its_piece_only_which_is_begun_again(tmp_path: Path) -> None:
    marks = [tmp_path / str(number) for number in range(4)]
    for mark in (marks[0], *marks[2:]):
        mark.write_text("as if it had been")
    assert run_all(die_once, marks, workers=2, advance=lambda amount: None) == ["0", "1", "2", "3"]


def long_work(mark: Path, advance: Callable[[int], None]) -> None:
    mark.write_text(str(os.getpid()))
    time.sleep(300)


def test_workers_end_with_the_process_that_gave_them_work(tmp_path: Path) -> None:
    marks = [tmp_path / "0", tmp_path / "1"]
    code = (
        "import sys; from pathlib import Path; from probes.sweep.this_machine import run_all; "
        "from test_parallel import long_work; "
        "run_all(long_work, [Path(p) for p in sys.argv[1:]], workers=2, advance=print)"
    )
    path = os.pathsep.join([str(Path(__file__).parent), *filter(None, sys.path)])
    parent = subprocess.Popen([sys.executable, "-c", code, *map(str, marks)], env=os.environ | {"PYTHONPATH": path})
    try:
        until(lambda: all(mark.exists() and mark.read_text() for mark in marks))
    finally:
        parent.kill()
        parent.wait()
    until(lambda: not any(Path(f"/proc/{mark.read_text()}").exists() for mark in marks))
    until(lambda: not any(bytes(tmp_path) in words for words in command_lines()))  # the queue's process has them too


def command_lines() -> Iterator[bytes]:
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it has ended
            yield file.read_bytes()


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 100
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.1)


held: list[bytearray] = []


def hold_more(item: int, advance: Callable[[int], None]) -> int:
    """A piece after which its worker holds more memory than loky lets it grow by, which it looks at once a second."""
    if item:
        held.append(bytearray(b"1") * 310_000_000)
        time.sleep(1.1)
    return item


def test_a_worker_that_is_replaced_for_its_memory_costs_nothing_and_is_no_news() -> None:
    pytest.importorskip("psutil", reason="without it loky does not look at memory")
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        assert sorted(LocalWorkers(1).run(hold_more, [0, 1, 2], lambda amount: None)) == [(0, 0), (1, 1), (2, 2)]
    assert [str(each.message) for each in said] == []


def test_an_error_with_many_pieces_still_to_do_is_quiet(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ZeroDivisionError, match="three"):
        run_all(fail_on_three, list(range(40)), workers=2, advance=lambda amount: None)
    assert "Traceback" not in capfd.readouterr().err
