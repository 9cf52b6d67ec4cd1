"""What the page's own script draws from: points of the belief pictures, and every row, packed small."""

import base64
import json
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from probes.headline import networks
from probes.report.belief_panels import FEW_BELIEFS, Frame, frame_of, outside, readout_name, shown_beliefs
from probes.report.numerals import decimal
from probes.report.style import belief_colours, display_name
from probes.results import Comparison, Picture, ProcessSummary, Row

__all__ = ["embedded_json", "picture_data", "row_data"]

_LEFT_OUT = ("seeds_mean",)


def embedded_json(value: object) -> str:
    """JSON that can stand inside a script element whatever its strings hold."""
    text = json.dumps(value, allow_nan=False, separators=(",", ":"), ensure_ascii=False)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def picture_data(comparison: Comparison, summary: ProcessSummary) -> dict[str, Any] | None:
    """The belief pictures of one process; point sets that several predictors share are stored once."""
    pictures = [p for p in comparison.pictures if p.process == summary.process]
    pictures = [p for p in pictures if p.predictor in networks(comparison, summary.process)]
    if not pictures:
        return None
    frame, several = frame_of(pictures), len({p.seed for p in pictures}) > 1
    sets: list[Picture] = []
    panels = []
    for picture in pictures:
        same = [i for i, other in enumerate(sets) if (other.true, other.belief) == (picture.true, picture.belief)]
        sets += [] if same else [picture]
        panels.append(
            {
                "name": readout_name(display_name(picture.predictor), picture, several),
                "detail": f"R² {decimal(picture.score)} at {picture.site}",
                "outside": outside(picture, frame),
                "points": same[0] if same else len(sets) - 1,
                "probed": _pixels(picture.probed, frame),
            }
        )
    return {
        "few": FEW_BELIEFS,
        "aspect": (frame.top - frame.bottom) / (frame.right - frame.left),
        "corners": _pixels([(x, y) for _, x, y in pictures[0].corners], frame),
        "truth": {"name": "True beliefs", "detail": shown_beliefs(summary, pictures[0])},
        "sets": [
            {
                "true": _pixels(p.true, frame),
                "colour": _packed((belief_colours(p.colour) * 255).round(), "u1"),
                "belief": _packed(np.unique(p.belief, return_inverse=True)[1], "<u4"),
                "weight": _packed(p.weight, "<f4"),
            }
            for p in sets
        ],
        "panels": panels,
    }


def row_data(rows: Sequence[Row]) -> dict[str, Any]:
    """Every row, column by column; repeated words are stored once."""
    columns = []
    for field in fields(Row):
        values = [getattr(row, field.name) for row in rows]
        if field.name in _LEFT_OUT or all(value is None for value in values):
            continue
        if all(isinstance(value, str) for value in values):
            words = list(dict.fromkeys(values))
            code = {word: i for i, word in enumerate(words)}
            columns.append({"name": field.name, "words": words, "values": [code[value] for value in values]})
        else:
            columns.append({"name": field.name, "values": [_short(value) for value in values]})
    return {"count": len(rows), "columns": columns}


def _short(value: float | None) -> float | str | None:
    if value is None or isinstance(value, int):
        return value
    return str(value).replace("inf", "∞") if np.isinf(value) else float(f"{value:.5g}")


def _pixels(points: Sequence[tuple[float, float]], frame: Frame) -> str:
    """Places within the frame in steps of 1/32767 of it, so that places outside fit too."""
    xy = np.asarray(points, dtype=float).reshape(-1, 2)
    low = np.array([frame.left, frame.bottom])
    size = np.array([frame.right, frame.top]) - low
    return _packed((((xy - low) / size).clip(-0.5, 1.49) + 0.5) * 32767, "<u2")


def _packed(values: ArrayLike, kind: DTypeLike) -> str:
    return base64.b64encode(np.ascontiguousarray(np.asarray(values), dtype=kind).tobytes()).decode()
