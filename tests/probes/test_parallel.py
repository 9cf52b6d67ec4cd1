"""Pieces of work on several processes: order, progress, errors."""

import os
import signal
from collections.abc import Callable

import pytest
import torch

from probes.parallel import WorkersLost, run_all


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
    if item == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return item


def test_a_killed_worker_is_said_to_be(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(WorkersLost, match="was killed"):
        run_all(die_at_three, list(range(8)), workers=2, advance=lambda amount: None)
    assert "Traceback" not in capfd.readouterr().err


def test_an_error_with_many_pieces_still_to_do_is_quiet(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ZeroDivisionError, match="three"):
        run_all(fail_on_three, list(range(40)), workers=2, advance=lambda amount: None)
    assert "Traceback" not in capfd.readouterr().err
