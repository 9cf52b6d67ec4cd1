"""The few numbers by which a cell is listed, filtered and compared with others."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from probes.headline import MODEL_FREE, STANDING
from probes.results import Comparison, Row

__all__ = ["Metrics"]


@dataclass(frozen=True)
class Metrics:
    """What one cell came to.

    Attributes:
        piece: "predictor", "controls" or "process".
        predictor, seed: empty and None of controls.
        steps, parameters, symbols_seen: of the training; 0 where there was none.
        kl: mean KL from the optimum to the predictor, nats.
        target: `beyond`, or `belief` where nothing lies beyond the next symbol.
        score, low, high: the best held-out R² of that target by probability, histories held out, and its interval; of
            controls, the best that needs no predictor.
        site: where that is; of controls, their name.
        seconds: of the training.
        cell_seconds: of everything, probes included; None where nobody looked at the clock.
    """

    piece: str
    process: str
    predictor: str
    seed: int | None
    length: int | None
    steps: int
    parameters: int
    symbols_seen: int
    kl: float | None
    target: str
    score: float | None
    low: float | None
    high: float | None
    site: str
    seconds: float
    cell_seconds: float | None

    @staticmethod
    def of(found: Comparison, *, cell_seconds: float | None = None) -> "Metrics":
        """The metrics of a cell, from what it found."""
        run = found.runs[0] if found.runs else None
        wanted = [row for row in found.rows if _is_headline(row, of_network=run is not None)]
        target = "beyond" if any(row.target == "beyond" for row in wanted) else "belief"
        best = _best(row for row in wanted if row.target == target)
        (first,) = found.rows[:1] or (None,)
        return Metrics(
            piece="predictor" if run else "controls" if found.rows else "process",
            process=run.process if run else first.process if first else found.processes[0].process,
            predictor=run.predictor if run else "",
            seed=run.seed if run else None,
            length=first.length if first else found.processes[0].length if found.processes else None,
            steps=int(run.training.get("steps", 0)) if run else 0,
            parameters=run.parameters if run else 0,
            symbols_seen=run.symbols_seen if run else 0,
            kl=run.kl if run else None,
            target=target if wanted else "",
            score=best.score if best else None,
            low=best.low if best else None,
            high=best.high if best else None,
            site="" if best is None else best.site or best.control,
            seconds=run.seconds if run else 0.0,
            cell_seconds=cell_seconds,
        )

    def to_dict(self) -> dict[str, Any]:
        """In JSON types; an infinite number is the string "inf"."""
        return {key: "inf" if value == float("inf") else value for key, value in asdict(self).items()}

    @staticmethod
    def from_dict(words: Mapping[str, Any]) -> "Metrics":
        """What `to_dict` made. Raises ValueError for anything else."""
        names = [f.name for f in fields(Metrics)]
        missing = [name for name in names if name not in words]
        if missing:
            raise ValueError(f"metrics without {missing[0]!r}")
        found: dict[str, Any] = {name: float("inf") if words[name] == "inf" else words[name] for name in names}
        return Metrics(**found)


def _is_headline(row: Row, *, of_network: bool) -> bool:
    """Whether a row is one of those that the headline chooses from."""
    return (
        row.score is not None
        and row.target in ("belief", "beyond")
        and row.probe in STANDING
        and (row.split, row.weighting) == ("history", "probability")
        and (row.control == "" if of_network else row.control in MODEL_FREE)
    )


def _best(rows: Iterable[Row]) -> Row | None:
    return max(rows, key=lambda row: row.score if row.score is not None else float("-inf"), default=None)
