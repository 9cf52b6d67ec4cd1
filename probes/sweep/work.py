"""One cell carried out, wherever that is: by nobody else, kept as soon as it has ended; an error is a result, too."""

import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any

from probes.cell import CellResult
from probes.ground import Ground
from probes.pieces import Piece, part, run_piece, versions
from probes.results import Comparison
from probes.store import Store
from probes.sweep.engine import Advance
from probes.sweep.metrics import Metrics
from probes.sweep.under_way import Taken, under_way

__all__ = ["Busy", "CellFailed", "Ended", "Finished", "Work", "carry_out"]


@dataclass(frozen=True, eq=False)
class Work:
    """A cell to be done.

    Attributes:
        piece: makes what is to be done, given its ground.
        ground: what it is judged on; None while it is sent apart.
        words: what a store knows it by; None without a store.
        store: the folder of the store.
        wait: for another process that is at the same cell, instead of coming back later.
    """

    piece: Callable[..., Piece]
    ground: Ground | None
    words: Mapping[str, Any] | None = None
    store: Path | None = None
    wait: bool = False

    def apart(self) -> tuple["Work", Ground | None]:
        """Without its ground, which all cells of a process have in common."""
        return replace(self, ground=None), self.ground

    def together(self, common: Ground) -> "Work":
        """With it."""
        return replace(self, ground=common)


@dataclass(frozen=True)
class Finished:
    """What a cell found.

    Attributes:
        weights: the bytes of its network's checkpoint file, if it has one.
        seconds: that it took, probes included; None where it was not done now.
    """

    found: Comparison
    weights: bytes | None
    seconds: float | None = None


@dataclass(frozen=True)
class CellFailed:
    """An error ended a cell.

    Attributes:
        error: its kind and what it says, in one line.
        trace: where it came from.
    """

    error: str
    trace: str = ""


@dataclass(frozen=True)
class Busy:
    """Another process is at this cell."""


Ended = Finished | CellFailed | Busy


def carry_out(work: Work, advance: Advance) -> Ended:
    """Do a cell and keep it. A cell that was finished meanwhile is found.

    Raises:
        OSError: if the store cannot be written.
        StoreError: if what it holds of the cell is damaged.
    """
    if work.store is None or work.words is None:
        return _done(work.piece(ground=work.ground), advance, None)
    store = Store(work.store)
    try:
        with under_way(store.partial(work.words), versions(), wait=work.wait) as states:
            kept = store.find(work.words)
            if kept is not None:
                return Finished(kept.found, kept.weights)
            ended = _done(work.piece(ground=work.ground), advance, states)
            if states.broken is not None:
                raise states.broken
            if isinstance(ended, CellFailed):
                store.note_failure(work.words, ended.error, ended.trace)
            else:
                metrics = Metrics.of(ended.found, cell_seconds=ended.seconds)
                store.keep(work.words, ended.found, ended.weights, metrics=metrics.to_dict())
            return ended
    except Taken:
        return Busy()


def _done(piece: Piece, advance: Advance, states: Any) -> Finished | CellFailed:
    began = perf_counter()
    try:
        result = run_piece(piece, advance, states)
        checkpoint = result.checkpoint if isinstance(result, CellResult) else None
        return Finished(part(result, piece), checkpoint, perf_counter() - began)
    except Exception as error:  # whatever it is, it is this cell's: the others go on, and it is told at the end
        return CellFailed(" ".join(f"{type(error).__name__}: {error}".split()), traceback.format_exc())
