"""Independent pieces of work on several processes: one thread each, and the same results however many."""

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from contextlib import contextmanager
from itertools import islice
from multiprocessing import resource_tracker
from multiprocessing.managers import SyncManager
from typing import Any, TypeVar

__all__ = ["Advance", "WorkersLost", "run_all", "single_threaded"]

In = TypeVar("In")
Out = TypeVar("Out")

Advance = Callable[[int], None]
"""Called from a piece of work with how much of it has just been done, in the caller's own unit."""


class WorkersLost(RuntimeError):
    """A process at work was killed."""

    def __init__(self) -> None:
        super().__init__("a process at work was killed, by the system if memory ran out: try fewer --workers")


# One thread a worker: two threads on networks this small are slower than one. The allocator keeps what it has taken:
# giving long sequences' buffers back to the system between steps is half of the cost of training on glibc, and is
# ignored elsewhere.
WORKER_ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": "1000000000000",
    "MALLOC_TOP_PAD_": "268435456",
}


@contextmanager
def single_threaded() -> Iterator[None]:
    """One thread in torch and in BLAS, as before on leaving: what a piece computes must not depend on who runs it."""
    import torch
    from threadpoolctl import threadpool_limits

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with threadpool_limits(1):
            yield
    finally:
        torch.set_num_threads(before)


def _run_one(function: Callable[[In, Advance], Out], item: In, queue: Any) -> Out:
    with single_threaded():
        return function(item, queue.put)


def _run_here(
    function: Callable[[In, Advance], Out], items: Sequence[In], advance: Advance
) -> Iterator[tuple[int, Out]]:
    for index, item in enumerate(items):
        with single_threaded():
            result = function(item, advance)
        yield index, result


def run_all(
    function: Callable[[In, Advance], Out],
    items: Sequence[In],
    *,
    workers: int,
    advance: Advance,
    done: Callable[[int, Out], None] = lambda index, result: None,
) -> list[Out]:
    """`function(item, advance)` for every item, results in the order of the items.

    Args:
        function: importable by name, as are its items: they cross to other processes when `workers` > 1.
        workers: processes at work at once; 1 runs in this process.
        advance: receives, in this process, every amount that any piece reports.
        done: called in this process with index and result as each piece ends, in the order of ending.
    Raises:
        ValueError: if `workers` < 1.
        WorkersLost: if a worker was killed. Whatever a piece raises is raised here, and the other pieces are stopped.
    """
    if workers < 1:
        raise ValueError(f"there must be at least one worker; got {workers}")
    results: dict[int, Out] = {}
    pieces = (
        _run_here(function, items, advance)
        if min(workers, len(items)) <= 1
        else _run_apart(function, items, workers, advance)
    )
    for index, result in pieces:
        results[index] = result
        done(index, result)
    return [results[index] for index in range(len(items))]


def _run_apart(
    function: Callable[[In, Advance], Out], items: Sequence[In], workers: int, advance: Advance
) -> Iterator[tuple[int, Out]]:
    from joblib.externals.loky import get_reusable_executor
    from joblib.externals.loky.backend import resource_tracker as tracker_of_workers

    manager = SyncManager()
    manager.start(signal.signal, (signal.SIGINT, signal.SIG_IGN))
    queue = manager.Queue()
    listener = threading.Thread(target=_listen, args=(queue, advance), daemon=True)
    listener.start()
    # Workers are started with Ctrl-C blocked, and it stays so in them, and in whatever stops them: only this process
    # answers it. Trackers come first, as starting one unblocks it.
    # No more pieces are handed over than are being worked on, so that none is waiting in a queue when workers stop.
    at_once = min(workers, len(items))
    waiting = iter(enumerate(items))
    running: dict[Future[Out], int] = {}
    with _quiet_tracker():
        resource_tracker.ensure_running()
        tracker_of_workers.ensure_running()
    with _interrupt_blocked(), _quiet_tracker():
        executor = get_reusable_executor(
            max_workers=at_once, reuse=False, kill_workers=True, env=WORKER_ENVIRONMENT | _import_path()
        )
        for index, item in islice(waiting, at_once):
            running[executor.submit(_run_one, function, item, queue)] = index
    finished = False
    try:
        while running:
            ended, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in ended:
                index = running.pop(future)
                try:
                    result = future.result()
                except (BrokenExecutor, EOFError, OSError) as error:  # pieces of work neither read nor write
                    raise WorkersLost() from error
                for following, item in islice(waiting, 1):
                    with _interrupt_blocked():  # idle workers may have gone, and others be started
                        running[executor.submit(_run_one, function, item, queue)] = following
                yield index, result
        finished = True
    finally:
        with _interrupt_blocked():
            executor.shutdown(wait=True, kill_workers=not finished)
            queue.put(None)
            listener.join(timeout=5)
            manager.shutdown()


@contextmanager
def _quiet_tracker() -> Iterator[None]:
    """Workers that are stopped leave semaphores to loky's tracker, which removes them, and need not say so."""
    before = os.environ.get("PYTHONWARNINGS")
    os.environ["PYTHONWARNINGS"] = ",".join(filter(None, [before, "ignore:resource_tracker:UserWarning"]))
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONWARNINGS"]
        else:
            os.environ["PYTHONWARNINGS"] = before


def _import_path() -> dict[str, str]:
    """Workers find what this process finds, also when it runs from a folder that is not installed."""
    import sys

    return {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}


def _listen(queue: Any, advance: Advance) -> None:
    while True:
        try:
            amount = queue.get()
        except (EOFError, OSError):
            return
        if amount is None:
            return
        advance(amount)


@contextmanager
def _interrupt_blocked() -> Iterator[None]:
    """Ctrl-C waits until this block ends; processes started within never receive it. POSIX only."""
    if not hasattr(signal, "pthread_sigmask") or threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
