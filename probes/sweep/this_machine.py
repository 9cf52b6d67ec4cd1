"""Pieces of work carried out on this machine: in this process, or by workers beside each other."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from probes.sweep.engine import Advance, Engine, Here, Lost, WorkersLost
from probes.sweep.local_workers import LocalWorkers

__all__ = ["local_engine", "run_all"]

In = TypeVar("In")
Out = TypeVar("Out")


def local_engine(workers: int, items: int) -> Engine:
    """This machine's: as many processes as asked for, and no more than there are pieces; this one, for one of them.

    Raises ValueError if `workers` < 1.
    """
    if workers < 1:
        raise ValueError(f"there must be at least one worker; got {workers}")
    at_once = min(workers, items)
    return Here() if at_once <= 1 else LocalWorkers(at_once)


def run_all(
    function: Callable[[In, Advance], Out],
    items: Sequence[In],
    *,
    workers: int,
    advance: Advance,
    done: Callable[[int, Out], None] = lambda index, result: None,
) -> list[Out]:
    """`function(item, advance)` for every item on this machine, results in the order of the items.

    Args:
        function: importable by name, as are its items: they cross to other processes when `workers` > 1.
        workers: processes at work at once; 1 runs in this process.
        advance: receives, in this process, every amount that any piece reports.
        done: called in this process with index and result as each piece ends, in the order of ending.
    Raises:
        ValueError: if `workers` < 1.
        WorkersLost: if the workers that began a piece were all killed. That, and whatever a piece raises, stops the
            others.
    """
    results: dict[int, Any] = {}
    for index, result in local_engine(workers, len(items)).run(function, items, advance):
        if isinstance(result, Lost):
            raise WorkersLost(str(result))
        results[index] = result
        done(index, result)
    return [results[index] for index in range(len(items))]
