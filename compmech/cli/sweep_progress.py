"""What a user sees of a sweep: one bar with the best scores so far, a line a cell in a log, and how to go on."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compmech.cli.failure import INTERRUPTED, Stopped

if TYPE_CHECKING:
    from probes.sweep.loggers import Begun, EndedCell, FailedCell

__all__ = ["SweepProgress", "resumable", "sweep_progress"]

_SHOWN = 3
"""Processes whose best score stands beside the bar."""

_BAR = "{l_bar}{bar:10}| {n_fmt}/{total_fmt} steps, {elapsed}<{remaining}{postfix}"
"""The bar itself is short: scores need the room."""

_MANY = 100_000
"""Steps that are counted in thousands."""


class SweepProgress:
    """A logger for people: a bar on a terminal, else a line on standard error for every cell that ends.

    Attributes:
        cells, ended: how many there are, and how many of them have ended, those found in the store included.
    """

    def __init__(self, bar: Any) -> None:
        self._bar = bar
        self._best: dict[str, tuple[float, str]] = {}
        self.cells = self.ended = 0

    def advance(self, steps: int) -> None:
        """So many steps have been done; taken back, if negative."""
        self._bar.update(steps)

    def begin(self, sweep: "Begun") -> None:
        self.cells, self.ended = sweep.cells, sweep.found
        if sweep.found:
            self._say(f"{sweep.found} of {sweep.cells} cells were finished before")
        self._show()

    def cell(self, ended: "EndedCell") -> None:
        self.ended += 1
        found = ended.metrics
        best = self._best.get(found.process)
        of_predictor = found.piece == "predictor"
        if of_predictor and found.score is not None and (best is None or found.score > best[0]):
            self._best[found.process] = found.score, f"{found.process} {found.score:.3f} {found.predictor}"
        self._show()
        if of_predictor and self._bar.disable:
            spent = f" after {found.symbols_seen:,} symbols in {found.seconds:.0f} s" if found.symbols_seen else ""
            self._say(f"{ended.name}: KL to the optimum {found.kl:.2g} nats{spent}")

    def failed(self, failure: "FailedCell") -> None:
        self.ended += 1
        self._show()
        self._say(f"failed: {failure.name}: {failure.error}")

    def close(self) -> None:
        self._bar.refresh()

    def _show(self) -> None:
        shown = [said for _, said in list(self._best.values())[:_SHOWN]]
        best = f"; best R²: {', '.join(shown)}" if shown else ""
        self._bar.set_postfix_str(f"{self.ended}/{self.cells} cells{best}")

    def _say(self, line: str) -> None:
        if self._bar.disable:
            print(line, file=sys.stderr)
        else:
            self._bar.write(line, file=sys.stderr)


@contextmanager
def sweep_progress(total: int) -> Iterator[SweepProgress]:
    """The bar, which counts training steps."""
    from tqdm import tqdm

    with tqdm(
        total=total, unit_scale=total >= _MANY, bar_format=_BAR, smoothing=0.05, disable=not sys.stderr.isatty()
    ) as bar:
        yield SweepProgress(bar)


@contextmanager
def resumable(store: Path | None, progress: SweepProgress) -> Iterator[None]:
    """Ctrl-C and other signals leave what a store holds, and it is said how to go on."""
    try:
        yield
    except KeyboardInterrupt:
        if store is None:
            raise
        raise Stopped(_left(store, progress, "Ctrl-C"), INTERRUPTED) from None
    except SystemExit as stopped:
        if store is None or not isinstance(stopped.code, int) or stopped.code <= 128:
            raise
        raise Stopped(_left(store, progress, f"signal {stopped.code - 128}"), stopped.code) from None


def _left(store: Path, progress: SweepProgress, by: str) -> str:
    return (
        f"stopped by {by}; {store} keeps {progress.ended} of {progress.cells} cells: "
        "the same command goes on from there"
    )
