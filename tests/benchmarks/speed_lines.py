"""The speed lines of the networks: sides timed in turn, and the table that the run prints at its end."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from statistics import median

import torch

LINES: list["Line"] = []
"""In the order in which they were measured."""

OF_BAR_MACHINE = 93e9
"""Operations a second of a float32 matrix product where the bars in symbols a second were set, one thread."""


@dataclass(frozen=True)
class Line:
    """One row of the table.

    Attributes:
        rates: of each side, by name, the first ours; in `unit`.
        bar: what ours should reach in `unit`, here; None if there is none.
        share: of the matrix products' peak that our operations take; None where that says nothing.
    """

    name: str
    unit: str
    rates: Mapping[str, float]
    bar: float | None = None
    share: float | None = None
    least: bool = True

    def cells(self) -> list[str]:
        (_, ours), *peers = self.rates.items()
        share = "-" if self.share is None else f"{self.share:.0%}"
        bar, of_bar, holds = "-", "-", "-"
        if self.bar is not None:
            bar, of_bar = _short(self.bar), f"{self.against_bar:.2f}"
            holds = "yes" if self.against_bar >= 1 else "NO"
        beside = [f"{name} {_short(rate)} ({ours / rate:.2f})" for name, rate in sorted(peers, key=lambda x: -x[1])]
        return [self.name, _short(ours), self.unit, share, bar, of_bar, holds, ", ".join(beside) or "-"]

    @property
    def against_bar(self) -> float:
        """At least 1 where the line holds: ours over the bar, or for costs the bar over ours."""
        assert self.bar is not None
        ours = next(iter(self.rates.values()))
        return ours / self.bar if self.least else self.bar / ours


def _short(rate: float) -> str:
    return f"{rate:.2f}" if rate < 100 else f"{rate / 1000:,.1f}k"


def table() -> str:
    """All lines for people, and below them which do not hold."""
    rows = [["line", "ours", "unit", "of peak", "bar here", "of bar", "holds", "peers (ours / theirs)"]]
    rows += [line.cells() for line in LINES]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    places = [str.ljust, str.rjust, str.ljust, *[str.rjust] * 4, str.ljust]
    shown = ["  ".join(place(*each) for place, *each in zip(places, row, widths, strict=True)).rstrip() for row in rows]
    barred = [line for line in LINES if line.bar is not None]
    missed = [line.name for line in barred if line.against_bar < 1]
    which = f"; not {'; '.join(missed)}" if missed else ""
    return "\n".join(
        [
            *shown,
            f"{len(barred) - len(missed)} of {len(barred)} bars hold{which}",
            f"Matrix products here: {peak() / 1e9:.0f} GFLOP/s in one thread. The bars of training are those set at "
            f"{OF_BAR_MACHINE / 1e9:.0f}, scaled by that; those of steps and captures are the same on any machine.",
        ]
    )


@cache
def peak() -> float:
    """Operations a second of a product of matrices as large as helps, in this process and thread."""
    a = torch.randn(768, 768, generator=torch.Generator().manual_seed(0))
    times = []
    for _ in range(40):  # the fastest of them: a limit, which other work on the machine can only hide
        start = time.process_time()
        a @ a
        times.append(time.process_time() - start)
    return 2 * 768**3 / min(times)


def scaled(bar: float) -> float:
    """A bar in symbols a second, for a machine with this one's peak."""
    return bar * peak() / OF_BAR_MACHINE


def timed(sides: Mapping[str, Callable[[], object]], *, rounds: int, at_most: float = 25.0) -> dict[str, float]:
    """Seconds of processor time of each side, the median of rounds in which they take turns.

    What else a machine does falls on all sides alike, then. Rounds end early after `at_most` seconds, not before three.
    """
    found: dict[str, list[float]] = {name: [] for name in sides}
    for side in sides.values():
        side()
    began = time.process_time()
    for done in range(rounds):
        if done >= 3 and time.process_time() - began > at_most:
            break
        for name, side in sides.items():
            start = time.process_time()
            side()
            found[name].append(time.process_time() - start)
    return {name: median(values) for name, values in found.items()}
