"""Processes of this machine at work: joblib's loky, an executor a worker, so that a killed one takes no other along."""

import os
import signal
import sys
import threading
import time
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import parent_process, resource_tracker
from multiprocessing.managers import SyncManager
from typing import Any, TypeVar

from probes.sweep.engine import ATTEMPTS, Advance, Lost, single_threaded

__all__ = ["LocalWorkers"]

In = TypeVar("In")
Out = TypeVar("Out")

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

_REPLACED = "A worker stopped while some jobs were given to the executor"
"""How loky warns that it replaced a worker which after a piece held much more memory than after its first: not a leak,
as ours keep what they have taken, and nothing is lost."""

_TOLD_EVERY = 0.2
"""Seconds between a worker's messages about its progress: each costs as much as a step of a small network."""


@dataclass(frozen=True)
class LocalWorkers:
    """As many processes; see `Engine`.

    No more pieces are handed over than are being worked on, so that none is waiting in a queue when workers stop.
    """

    workers: int

    def run(
        self, function: Callable[[In, Advance], Out], items: Sequence[In], advance: Advance
    ) -> Iterator[tuple[int, Out | Lost]]:
        """As `Engine.run`."""
        from joblib.externals.loky.backend import resource_tracker as tracker_of_workers

        # Workers are started with Ctrl-C blocked, and it stays so in them, and in whatever stops them: only this
        # process answers it. Trackers come first, as starting one unblocks it.
        with _progress(advance) as progress:
            with _quiet_tracker():
                resource_tracker.ensure_running()
                tracker_of_workers.ensure_running()
            waiting = deque(enumerate(items))
            attempts = [0] * len(items)
            workers = [_Worker() for _ in range(min(self.workers, len(items)))]
            idle = workers.copy()
            busy: dict[Future[Out], tuple[_Worker, int]] = {}

            def hand_over() -> None:
                while waiting and idle:
                    index, item = waiting.popleft()
                    attempts[index] += 1
                    worker = idle.pop()
                    busy[worker.submit(function, item, progress.queue, index)] = worker, index

            finished = False
            try:
                hand_over()
                while busy:
                    ended, _ = wait(busy, return_when=FIRST_COMPLETED)
                    for future in ended:
                        worker, index = busy.pop(future)
                        idle.append(worker)
                        try:
                            result: Out | Lost = future.result()
                        except BrokenExecutor:
                            worker.stop(kill=True)
                            progress.take_back(index)
                            if attempts[index] < ATTEMPTS:
                                waiting.appendleft((index, items[index]))
                                hand_over()
                                continue
                            result = Lost(attempts[index])
                        hand_over()  # before the result is looked at, so that the worker has something to do
                        yield index, result
                finished = True
            finally:
                with _interrupt_blocked():
                    for worker in workers:
                        worker.stop(kill=not finished)


class _Worker:
    """One process, which is started again if it was killed."""

    def __init__(self) -> None:
        self._executor: Any = None

    def submit(self, function: Callable[[In, Advance], Out], item: In, queue: Any, index: int) -> "Future[Out]":
        from joblib.externals.loky import ProcessPoolExecutor

        with _interrupt_blocked(), _quiet_tracker():
            if self._executor is None:
                warnings.filterwarnings("ignore", _REPLACED, UserWarning)  # said in a thread of loky's
                self._executor = ProcessPoolExecutor(max_workers=1, env=WORKER_ENVIRONMENT | _import_path())
            found: Future[Out] = self._executor.submit(_run_one, function, item, queue, index, os.getpid())
            return found

    def stop(self, *, kill: bool) -> None:
        if self._executor is not None:
            self._executor.shutdown(wait=True, kill_workers=kill)
        self._executor = None


def _run_one(function: Callable[[In, Advance], Out], item: In, queue: Any, index: int, parent: int) -> Out:
    _end_with(parent)
    told = _Told(lambda amount: queue.put((index, amount)))
    with single_threaded():
        result = function(item, told)
    told.flush()
    return result


class _Told:
    """Amounts added up, and passed on now and then."""

    def __init__(self, tell: Advance) -> None:
        self._tell, self._amount, self._last = tell, 0, time.monotonic()

    def __call__(self, amount: int) -> None:
        self._amount += amount
        if time.monotonic() - self._last >= _TOLD_EVERY:
            self.flush()

    def flush(self) -> None:
        if self._amount:
            with suppress(EOFError, OSError):  # who listens was killed: the bar stands still, and the work goes on
                self._tell(self._amount)
        self._amount, self._last = 0, time.monotonic()


_watched = threading.Event()


def _end_with(parent: int) -> None:
    """End this worker when the process is gone that gave it work: nobody else would."""
    if _watched.is_set():
        return
    _watched.set()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


class _Progress:
    """What workers report, added up by piece."""

    def __init__(self, manager: SyncManager, advance: Advance) -> None:
        self.queue = manager.Queue()
        self._advance, self._lock = advance, threading.Lock()
        self._done: dict[int, int] = {}

    def listen(self) -> None:
        while True:
            try:
                message = self.queue.get()
            except (EOFError, OSError):
                return
            if message is None:
                return
            self.add(*message)

    def add(self, index: int, amount: int) -> None:
        with self._lock:
            self._done[index] = self._done.get(index, 0) + amount
            self._advance(amount)

    def take_back(self, index: int) -> None:
        self.add(index, -self._done.get(index, 0))


def _manage() -> None:
    """How the process of the queue begins: deaf to Ctrl-C, and gone with the one that started it, even if killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


@contextmanager
def _progress(advance: Advance) -> Iterator[_Progress]:
    manager = SyncManager()
    manager.start(_manage)
    progress = _Progress(manager, advance)
    listener = threading.Thread(target=progress.listen, daemon=True)
    listener.start()
    try:
        yield progress
    finally:
        with _interrupt_blocked():
            with suppress(EOFError, OSError):  # it was killed
                progress.queue.put(None)
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
    return {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}


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
