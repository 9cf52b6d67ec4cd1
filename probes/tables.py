"""Tables that stand beside the rows of a comparison: edits, shares, ranks, differences, budgets."""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from operator import attrgetter
from typing import Any, TypeVar

from probes.intervention.effect_rows import EditEffect
from probes.intervention.share import CausalShare

__all__ = ["BudgetRow", "DifferenceRow", "EditEffect", "MachineRow", "RankRow", "ShareRow", "changed", "csv_of"]

R = TypeVar("R")


@dataclass(frozen=True)
class ShareRow:
    """Of a network's whole causal effect, the part that runs through the belief component of one place.

    Attributes:
        site, edit, through, horizon, share, low, high, component, whole, row, cases, reason: as `CausalShare` has them.
    """

    process: str
    predictor: str
    seed: int | None
    site: str | None
    edit: str
    through: str
    horizon: int
    share: float | None
    low: float | None
    high: float | None
    component: float | None
    whole: float | None
    row: int
    cases: int
    reason: str = ""

    @staticmethod
    def of(found: CausalShare, process: str, predictor: str, seed: int | None) -> "ShareRow":
        """A share, and whose it is."""
        return ShareRow(process, predictor, seed, **asdict(found))


@dataclass(frozen=True)
class RankRow:
    """Where a network stands among the others of one process, by the score of the headline.

    Attributes:
        target: the headline's: beyond, or belief where nothing lies beyond the next symbol.
        site: the one with the highest mean over seeds.
        by_seed: index of the seed, and score.
        mean, low, high: over seeds, with the 95 % t interval.
        highest, lowest: the ranks that it may have; those of all networks together hold with 95 % confidence.
        among: how many networks are ranked.
    """

    process: str
    target: str
    predictor: str
    site: str
    by_seed: list[tuple[int, float]]
    mean: float
    low: float
    high: float
    highest: int
    lowest: int
    among: int


@dataclass(frozen=True)
class DifferenceRow:
    """One network's score minus another's, over the seeds that both have.

    Attributes:
        by_seed: index of the seed, and difference.
        mean, low, high: with the 95 % t interval.
        p, p_adjusted: of a mean difference of 0; by itself, and with all differences of the process (Holm).
    """

    process: str
    target: str
    one: str
    other: str
    by_seed: list[tuple[int, float]]
    mean: float
    low: float
    high: float
    p: float
    p_adjusted: float


@dataclass(frozen=True)
class BudgetRow:
    """One checkpoint of a training: what had been spent, and what the network then held at its final best site.

    Attributes:
        site: the site from which the trained network's headline target is read best; the same at all checkpoints.
        step: updates made. symbols_seen: symbols predicted in them.
        flops: operations of these updates, forward and backward; None where they are not counted.
        seconds: of the whole training, in proportion to the updates: each costs the same.
        score, low, high: held-out R² of a probe fitted to this checkpoint, histories held out, by probability, with the
            interval of the histories.
        kl: from the optimum, mean over rows, by probability, nats.
        reason: why there is no score.
    """

    process: str
    predictor: str
    seed: int | None
    site: str
    target: str
    step: int
    symbols_seen: int
    flops: float | None
    parameters: int
    seconds: float
    score: float | None
    low: float | None
    high: float | None
    kl: float
    reason: str = ""


@dataclass(frozen=True)
class MachineRow:
    """The machine that one trained network has learned, found from the network alone.

    Attributes:
        found: as `compmech extract --json` prints it: the machine, its statistics with intervals, the diagnostics; None
            where there is none.
        reason: why not.
    """

    process: str
    predictor: str
    seed: int | None
    found: dict[str, Any] | None
    reason: str = ""


def changed(row: R, new: Mapping[str, Any]) -> R:
    """A row of plain values with others in some fields: `dataclasses.replace`, in half the time.

    There can be hundreds of thousands of rows.
    """
    return type(row)(**{**vars(row), **new})


def csv_of(kind: type[Any], rows: Iterable[Any]) -> str:
    """Rows of one dataclass, one line each; an empty cell where there is nothing.

    Pairs are written `0:0.5 1:0.25`.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    names = [f.name for f in fields(kind)]
    writer.writerow(names)
    values = map(attrgetter(*names), rows)
    # None is an empty cell and a number its shortest name, which is what the writer itself makes of them
    writer.writerows(map(_pairs_written, values) if any("list" in str(f.type) for f in fields(kind)) else values)
    return out.getvalue()


def _pairs_written(values: Iterable[object]) -> list[object]:
    return [
        " ".join(f"{key}:{number!r}" for key, number in value) if isinstance(value, list) else value for value in values
    ]
