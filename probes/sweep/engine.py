"""Engines carry out independent pieces of work: here, in local processes, or on a cluster. Results are the same.

Each piece runs with one thread. What an engine decides is where a piece runs and when, never what comes of it.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, runtime_checkable

__all__ = [
    "ATTEMPTS",
    "Advance",
    "Engine",
    "EngineFailed",
    "Here",
    "Lost",
    "Shared",
    "WorkersLost",
    "single_threaded",
]

In = TypeVar("In")
Out = TypeVar("Out")

Advance = Callable[[int], None]
"""Called from a piece of work with how much of it has just been done, in the caller's own unit."""

ATTEMPTS = 3
"""How often a piece is begun whose workers are killed: the fault may be its own, as where it takes all memory."""


@dataclass(frozen=True)
class Lost:
    """In place of a result: every worker that began this piece was killed."""

    attempts: int

    def __str__(self) -> str:
        times = "once" if self.attempts == 1 else f"{self.attempts} times"
        return f"a process at work was killed {times}, by the system if memory ran out: try fewer --workers"


class EngineFailed(RuntimeError):
    """Nothing more can be carried out, or not this: one line that says why."""


class WorkersLost(EngineFailed):
    """A piece could not be done: every process that began it was killed."""


@runtime_checkable
class Shared(Protocol):
    """An item of which a large part is that of others, too, and need not be sent with each."""

    def apart(self) -> tuple[Any, Any]:
        """The item without that part, and the part: the same object in all items that have it in common."""
        ...

    def together(self, common: Any) -> Any:
        """The item again."""
        ...


@runtime_checkable
class Engine(Protocol):
    """Where pieces of work run."""

    def run(
        self, function: Callable[[In, Advance], Out], items: Sequence[In], advance: Advance
    ) -> Iterator[tuple[int, Out | Lost]]:
        """`function(item, advance)` for every item, with the item's index, in the order of ending.

        A killed worker costs the piece that it was at, which is begun again, on another; after `ATTEMPTS` of them the
        piece is `Lost`, and the others go on. What a function raises is raised here. Leaving the iterator stops what
        is running.

        Args:
            function: importable by name, as are its items.
            advance: receives, in this process, what pieces report; a negative amount takes back what was lost.
        """
        ...


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


@dataclass(frozen=True)
class Here:
    """One piece after the other, in this process."""

    def run(
        self, function: Callable[[In, Advance], Out], items: Sequence[In], advance: Advance
    ) -> Iterator[tuple[int, Out | Lost]]:
        for index, item in enumerate(items):
            with single_threaded():
                result = function(item, advance)
            yield index, result
