"""Rows of the table: scores with the run and process that they belong to, and what seeds have in common."""

from collections import defaultdict
from collections.abc import Sequence
from math import sqrt
from operator import attrgetter
from statistics import fmean, stdev

from probes.cell import CellResult, Scored
from probes.results import Row, Run
from probes.scoring import Score
from probes.tables import changed

__all__ = ["across_seeds", "control_rows", "predictor_rows"]


def predictor_rows(result: CellResult, length: int) -> list[Row]:
    """One row for every score of one predictor. Its untrained twin has seen nothing and has no KL."""
    return [_row(result.run.process, length, scored, result.run) for scored in result.scores]


def control_rows(process: str, length: int, scores: Sequence[Score]) -> list[Row]:
    """One row for every score of what needs no predictor."""
    return [_row(process, length, Scored("", score), None) for score in scores]


def _row(process: str, length: int, scored: Scored, run: Run | None) -> Row:
    s = scored.score
    trained = run if s.control != "untrained" else None
    return Row(
        process=process,
        predictor=run.predictor if run else "",
        seed=run.seed if run else None,
        length=length,
        parameters=run.parameters if run else None,
        symbols_seen=trained.symbols_seen if trained else 0 if run else None,
        seconds=trained.seconds if trained else None,
        site=scored.site,
        target=s.target,
        probe=s.probe,
        split=s.split,
        weighting=s.weighting,
        control=s.control,
        score=s.score,
        low=s.low,
        high=s.high,
        whitened=s.whitened,
        rows=s.rows,
        width=s.width,
        rank=s.rank,
        beliefs=s.beliefs,
        penalty=s.penalty,
        verdict=s.verdict,
        kl=trained.kl if trained else None,
        reason=s.reason,
        setting=s.setting,
        p_value=s.p_value,
    )


def across_seeds(rows: Sequence[Row]) -> list[Row]:
    """The rows with the mean over seeds of like rows, and its 95 % t interval, where two seeds or more have a score."""
    from scipy.stats import t

    keys = list(map(_ALIKE, rows))
    like: dict[tuple[object, ...], list[float]] = defaultdict(list)
    for key, row in zip(keys, rows, strict=True):
        if row.score is not None and row.seed is not None:
            like[key].append(row.score)
    across: dict[tuple[object, ...], dict[str, float]] = {}
    for key, values in like.items():
        if len(values) > 1:
            half = float(t.ppf(0.975, len(values) - 1)) * stdev(values) / sqrt(len(values))
            mean = fmean(values)
            across[key] = {"seeds_mean": mean, "seeds_low": mean - half, "seeds_high": mean + half}
    return [
        row if row.seed is None or key not in across else changed(row, across[key])  # `replace` takes thrice that
        for key, row in zip(keys, rows, strict=True)
    ]


_ALIKE = attrgetter("process", "predictor", "site", "target", "probe", "split", "weighting", "control", "width")
