"""The cells of a comparison carried out: each is told when it ends, and one that fails does not stop the others."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from probes.results import Comparison, Run
from probes.store import Store, key_of
from probes.sweep.engine import Engine, Lost
from probes.sweep.loggers import EndedCell, FailedCell, Logger
from probes.sweep.metrics import Metrics
from probes.sweep.slots import Slot
from probes.sweep.this_machine import local_engine
from probes.sweep.work import Busy, CellFailed, Ended, Finished, Work, carry_out

__all__ = ["Sweep"]


class Sweep:
    """What has come of some slots so far.

    Attributes:
        parts: what was found, by index of the slot.
        failures: the cells that ended in an error.
    """

    def __init__(
        self,
        slots: Sequence[Slot],
        words: Sequence[Mapping[str, Any]] | None,
        store: Store | None,
        *,
        loggers: Sequence[Logger],
        advance: Callable[[int], None],
        done: Callable[[Run, bytes | None], None],
    ) -> None:
        self._slots, self._words, self._store = slots, words, store
        self._loggers, self._advance, self._done = loggers, advance, done
        self.parts: dict[int, Comparison] = {}
        self.failures: list[FailedCell] = []

    def found(self, kept: Mapping[int, Finished]) -> None:
        """Cells that were finished before."""
        for index, finished in kept.items():
            self._advance(self._slots[index].steps)
            self._keep(index, finished)

    def run(self, left: Mapping[int, Work], *, workers: int, engine: Engine | None) -> None:
        """Carry cells out. Those that another process is at come last, when it may have ended.

        Raises:
            OSError: if the store cannot be written.
        """
        order = sorted(left, key=lambda index: self._slots[index].cost, reverse=True)
        busy = self._carry_out([(index, left[index]) for index in order], workers, engine)
        if busy:
            waiting = [(index, replace(work, wait=True)) for index, work in busy]
            self._carry_out(waiting, workers, engine)

    def ended(self, index: int, ended: Ended) -> None:
        """One cell has ended. One that was done here, and by no worker, is kept."""
        if isinstance(ended, CellFailed):
            self.fail(index, ended.error)
        elif isinstance(ended, Finished):
            if self._store is not None and self._words is not None:  # what a worker has kept is left as it is
                metrics = Metrics.of(ended.found, cell_seconds=ended.seconds)
                self._store.keep(self._words[index], ended.found, ended.weights, metrics=metrics.to_dict())
            self._keep(index, ended)
            cell = _ended_cell(self._slots[index], self._key(index), ended)
            for logger in self._loggers:
                logger.cell(cell)

    def fail(self, index: int, error: str) -> None:
        """One cell has failed."""
        failure = FailedCell(self._slots[index].name, self._key(index), error)
        self.failures.append(failure)
        for logger in self._loggers:
            logger.failed(failure)

    def _carry_out(
        self, work: Sequence[tuple[int, Work]], workers: int, engine: Engine | None
    ) -> list[tuple[int, Work]]:
        """The cells that another process is at."""
        if not work:
            return []
        where = engine or local_engine(workers, len(work))
        busy = []
        for number, ended in where.run(carry_out, [each for _, each in work], self._advance):
            index, each = work[number]
            if isinstance(ended, Busy):
                busy.append((index, each))
            elif isinstance(ended, Lost):
                self.fail(index, str(ended))
            else:
                self.ended(index, ended)
        return busy

    def _keep(self, index: int, finished: Finished) -> None:
        self.parts[index] = finished.found
        for run in finished.found.runs:
            self._done(run, finished.weights)

    def _key(self, index: int) -> str:
        return "" if self._words is None else key_of(self._words[index])


def _ended_cell(slot: Slot, key: str, finished: Finished) -> EndedCell:
    found = finished.found
    asked: dict[str, Any] = {"process": slot.subject.label, "length": slot.subject.length}
    curve: list[tuple[int, float]] = []
    if slot.candidate is not None:
        asked |= {"predictor": slot.candidate.label, "kind": slot.candidate.kind, "seed": slot.seed}
    for run in found.runs:
        asked |= {f"config.{name}": value for name, value in run.config.items()}
        asked |= {f"training.{name}": value for name, value in run.training.items()}
        pairs = zip(run.learning["symbols"], run.learning["kl"], strict=True)
        curve = [(int(symbols), kl) for symbols, kl in pairs]
    return EndedCell(slot.name, key, asked, curve, Metrics.of(found, cell_seconds=finished.seconds))
