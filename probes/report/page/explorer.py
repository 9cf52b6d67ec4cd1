"""What the page's own script draws beliefs from: one scene for each process, and the readouts of it, packed small."""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Int
from numpy.typing import ArrayLike, DTypeLike

from probes.headline import networks, runs_of
from probes.report.belief_panels import FEW_BELIEFS, frame_of, shown_beliefs
from probes.report.numerals import decimal
from probes.report.style import belief_colours, display_name
from probes.results import Comparison, ProcessSummary
from probes.scene import Picture, Scene, packed

__all__ = ["Explored", "explored"]

FEWEST_POINTS = 1_000
"""Pictures are left out before they have fewer points than this."""

_BASE64 = 4 / 3
_PER_POINT = 40
"""Bytes of a point that all pictures share: its history, colour, belief and weight."""


@dataclass(frozen=True)
class Explored:
    """The pictures of one process for the page.

    Attributes:
        data: for the script.
        notes: what was left out for the page's size, in sentences; where none of the store is, how to get more.
    """

    data: dict[str, Any]
    notes: tuple[str, ...]


def explored(comparison: Comparison, summary: ProcessSummary, room: int) -> Explored | None:
    """As many pictures and points of a process as a number of bytes holds; None where there is no picture.

    All seeds, sites and checkpoints where they fit; then the first seed alone; then of earlier checkpoints the best
    sites alone; then these not at all.
    """
    scene = next((scene for scene in comparison.scenes if scene.process == summary.process), None)
    trained = networks(comparison, summary.process)
    every = [p for p in comparison.pictures if scene is not None and p.predictor in trained and p.fits(scene)]
    if scene is None or not every:
        return None
    pictures, notes = _fitting(every, scene, room)
    points = _points(scene, _affordable(scene, len(pictures), room))
    if len(points) < len(scene.belief):
        notes.append(f"The pictures show {len(points):,} of the {len(scene.belief):,} histories that were kept.")
    if not any(p.step is not None for p in every):
        notes.append("Only the end of training was kept; compmech compare --checkpoints 8 adds a slider through it.")
    shown = _thinned(scene, points)
    ends = {int(run.training.get("steps", 0)) for name in trained for run in runs_of(comparison, summary.process, name)}
    names = [name for name in trained if any(p.predictor == name for p in pictures)]
    frame = frame_of(scene, [p for p in pictures if p.step is None] or pictures)
    data = {
        "few": FEW_BELIEFS,
        "dimension": scene.dimension,
        "frame": [frame.left, frame.right, frame.bottom, frame.top],
        "truth": shown_beliefs(summary, shown),
        "scene": _scene_data(shown),
        "predictors": [display_name(name) for name in names],
        "seeds": sorted({p.seed for p in pictures if p.seed is not None}),
        "steps": sorted({p.step for p in pictures if p.step is not None}),
        "end": ends.pop() if len(ends) == 1 else None,
        "pictures": [
            {
                "predictor": names.index(p.predictor),
                "seed": p.seed,
                "site": p.site,
                "step": p.step,
                "best": p.best,
                "score": decimal(p.score),
                "probed": packed(p.places(scene)[points]),
            }
            for p in pictures
        ],
    }
    return Explored(data, tuple(notes))


def _affordable(scene: Scene, n_picture: int, room: int) -> int:
    each = 2 * scene.dimension * _BASE64
    return int(room / (n_picture * each + each + _PER_POINT))


def _fitting(every: Sequence[Picture], scene: Scene, room: int) -> tuple[list[Picture], list[str]]:
    first = min((p.seed for p in every if p.seed is not None), default=None)
    wanted = min(FEWEST_POINTS, len(scene.belief))
    choices: list[tuple[str, Callable[[Picture], bool]]] = [
        ("", lambda p: True),
        (f"The pictures are those of seed {first}", lambda p: p.seed in (None, first)),
        ("of earlier checkpoints of the best sites alone", lambda p: p.best or p.step is None),
        ("and of no earlier checkpoints", lambda p: p.step is None),
        ("and of the best sites alone", lambda p: p.best),
    ]
    pictures, said = list(every), []
    for words, keeps in choices:
        kept = [p for p in pictures if keeps(p)]
        said += [words] if words and len(kept) < len(pictures) else []
        pictures = kept
        if _affordable(scene, len(pictures), room) >= wanted:
            break
    left = len(every) - len(pictures)
    return pictures, [f"{', '.join(said)}: {left:,} more are in the store."] if left else []


def _points(scene: Scene, most: int) -> Int[np.ndarray, " point"]:
    """Evenly chosen points, with one of every belief where these are few."""
    n = len(scene.belief)
    if n <= most:
        return np.arange(n)
    _, first = np.unique(scene.belief, return_index=True)
    always = first if len(first) <= most // 2 else first[:0]
    return np.unique(np.concatenate([always, np.linspace(0, n - 1, max(1, most - len(always))).astype(np.intp)]))


def _thinned(scene: Scene, points: Int[np.ndarray, " point"]) -> Scene:
    return replace(
        scene,
        words=[scene.words[i] for i in points] if scene.words else [],
        belief=[scene.belief[i] for i in points],
        weight=[scene.weight[i] for i in points],
        places=packed(scene.true[points]),
    )


def _scene_data(scene: Scene) -> dict[str, Any]:
    return {
        "places": scene.places,
        "corners": packed(scene.corner_places),
        "names": [name for name, _ in scene.corners],
        "colour": _bytes((belief_colours(scene.colour) * 255).round(), "u1"),
        "belief": _bytes(np.unique(scene.belief, return_inverse=True)[1], "<u4"),
        "weight": _bytes(scene.weight, "<f4"),
        "words": scene.words or None,
        "states": scene.states,
        "map": scene.belief_map,
    }


def _bytes(values: ArrayLike, kind: DTypeLike) -> str:
    return base64.b64encode(np.ascontiguousarray(np.asarray(values), dtype=kind).tobytes()).decode()
