"""The workers of a dask scheduler, on this machine or on a cluster: the extra `cluster`."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from probes.pieces import versions
from probes.sweep.engine import ATTEMPTS, Advance, EngineFailed, Lost, Shared, single_threaded

__all__ = ["DaskWorkers", "SchedulerUnusable"]

In = TypeVar("In")
Out = TypeVar("Out")

_ANSWERS_WITHIN = 10
"""Seconds in which a scheduler answers, or is not there."""

_PATIENCE = 60.0
"""Seconds that a scheduler may be without any worker, as when a cluster starts them."""


_LOOKS_EVERY, _ASKS_EVERY = 0.05, 2.0
"""Seconds between looks at what has ended, and between questions to the scheduler for its workers."""


class SchedulerUnusable(EngineFailed):
    """A scheduler does not answer, has no workers, or has workers that would not give the same results."""


@dataclass(frozen=True)
class DaskWorkers:
    """The workers of one scheduler; see `Engine`.

    Each has one thread. dask itself begins a task again, on another worker, if one is killed. What pieces report on
    their way is told when they end.

    Attributes:
        address: of the scheduler, as "tcp://127.0.0.1:8786".
    """

    address: str

    @staticmethod
    def of(address: str) -> "DaskWorkers":
        """Raises SchedulerUnusable, before anything is prepared."""
        with _client(address) as client:
            _check(client, address)
        return DaskWorkers(address)

    def run(
        self, function: Callable[[In, Advance], Out], items: Sequence[In], advance: Advance
    ) -> Iterator[tuple[int, Out | Lost]]:
        """As `Engine.run`. Raises SchedulerUnusable as `of`, also when all workers have gone."""
        from distributed import CancelledError, KilledWorker, as_completed

        with _client(self.address) as client:
            _check(client, self.address)
            parts = _Parts(client)
            futures: dict[Any, int] = {}
            try:
                for index, item in enumerate(items):
                    futures[client.submit(_run_one, function, *parts.of(item), pure=False, priority=-index)] = index
                ended = as_completed(list(futures), loop=client.loop)
                for future in _as_they_end(ended, client, self.address):
                    index = futures.pop(future)
                    try:
                        result, amount = future.result()
                    except KilledWorker:
                        yield index, Lost(ATTEMPTS)
                        continue
                    except CancelledError:
                        raise SchedulerUnusable(f"{self.address} was stopped, or dropped what it was at") from None
                    advance(amount)
                    yield index, result
            finally:
                client.cancel(list(futures), force=True)


def _as_they_end(ended: Any, client: Any, address: str) -> Iterator[Any]:
    """Futures as they end. Raises SchedulerUnusable where nobody is at work any more."""
    last = asked = time.monotonic()
    while ended.count():
        if ended.has_ready():
            yield from ended.next_batch(block=False)
            last = time.monotonic()
            continue
        time.sleep(_LOOKS_EVERY)
        if time.monotonic() - asked < _ASKS_EVERY:
            continue
        asked = time.monotonic()
        if client.status == "running" and client.scheduler_info(n_workers=-1)["workers"]:
            last = time.monotonic()
        elif time.monotonic() - last > _PATIENCE:
            raise SchedulerUnusable(f"{address} has had no worker for a minute: start some, and go on")


class _Parts:
    """What many items have in common goes to the scheduler once, and from there to each worker once."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._sent: dict[int, Any] = {}

    def of(self, item: Any) -> tuple[Any, Any]:
        """The item without that, and a promise of it."""
        if not isinstance(item, Shared):
            return item, None
        own, common = item.apart()
        if id(common) not in self._sent:
            # a task, and not scattered: what a killed worker held is made again
            self._sent[id(common)] = self._client.submit(_same, common, pure=False, priority=1)
        return own, self._sent[id(common)]


def _same(common: Any) -> Any:
    return common


def _run_one(function: Callable[[Any, Advance], Out], item: Any, common: Any) -> tuple[Out, int]:
    amounts: list[int] = []
    with single_threaded():
        result = function(item if common is None else item.together(common), amounts.append)
    return result, sum(amounts)


@contextmanager
def _client(address: str) -> Iterator[Any]:
    import dask
    from distributed import Client
    from distributed.comm import get_address_host_port

    with dask.config.set(
        {"distributed.admin.large-graph-warning-threshold": "10GB"}
    ):  # a ground is large, and sent once
        try:
            get_address_host_port(address)  # a client that is not told where to connect never ends well
            client = Client(address, timeout=_ANSWERS_WITHIN, set_as_default=False)
        except (OSError, ValueError, TimeoutError) as error:
            raise SchedulerUnusable(f"no scheduler answers at {address}: {' '.join(str(error).split())}") from error
        try:
            yield client
        finally:
            client.close()


def _check(client: Any, address: str) -> None:
    """Raise SchedulerUnusable where workers would not give the same results, or where there are none."""
    try:
        client.wait_for_workers(1, timeout=_PATIENCE)
    except TimeoutError:
        raise SchedulerUnusable(f"{address} has no workers: start them with dask worker {address}") from None
    workers = client.scheduler_info(n_workers=-1)["workers"]
    for name, worker in workers.items():
        if worker["nthreads"] != 1:
            raise SchedulerUnusable(
                f"the worker {name} has {worker['nthreads']} threads: start it with --nthreads 1, and several of them"
            )
    here = {key: value for key, value in versions().items() if key != "platform"}
    for name, there in client.run(versions, on_error="return").items():
        if isinstance(there, Exception):
            raise SchedulerUnusable(f"the worker {name} cannot load this package: {' '.join(str(there).split())}")
        for key, value in here.items():
            if there[key] != value:
                raise SchedulerUnusable(
                    f"the worker {name} has {key} {there[key]}, and here is {value}: have one of them"
                )
