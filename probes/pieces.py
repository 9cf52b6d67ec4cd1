"""The pieces of a comparison: each is done by itself, wherever it is run, and is told by what was asked of it."""

import platform
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from importlib.metadata import version
from typing import Any

import numpy as np

from compmech import GHMM, HMM
from predictors import CONFIGS
from probes.candidates import config_of
from probes.cell import Cell, CellResult, generator, run_cell
from probes.further import Further
from probes.ground import Ground, gaussian_scores, model_free_scores, suffix_gram_scores
from probes.parallel import Advance
from probes.results import Comparison, SuffixCurve
from probes.rows import control_rows, predictor_rows
from probes.scoring import Score

__all__ = ["ControlRows", "ControlWork", "Piece", "cost", "part", "run_piece", "specified", "versions"]


@dataclass(frozen=True, eq=False)
class ControlWork:
    """The model-free rows of one process, as a piece of work.

    Attributes:
        widths: of the sites that are probed; random features and noise are made as wide.
    """

    label: str
    ground: Ground = field(repr=False)
    widths: tuple[int, ...]
    entropy: int


Piece = Cell | ControlWork
"""The unit of work."""


@dataclass(frozen=True)
class ControlRows:
    """What comes of it."""

    label: str
    scores: tuple[Score, ...]
    suffix_curves: tuple[SuffixCurve, ...]


def run_piece(piece: Piece, advance: Advance) -> CellResult | ControlRows:
    """One piece of work, wherever it is run."""
    if isinstance(piece, Cell):
        return run_cell(piece, advance)
    rng = generator(piece.entropy, "controls", piece.label)
    scores = model_free_scores(piece.ground, piece.widths, rng=rng)
    grams = suffix_gram_scores(piece.ground)
    scores += [gram.score for gram in grams]
    for width in piece.widths:
        own = generator(piece.entropy, "gaussian", piece.label, width)
        scores += gaussian_scores(piece.ground, width, rng=own)
    curves = [
        SuffixCurve(piece.label, s.target, s.split, s.weighting, list(gram.curve), list(gram.chosen))
        for gram in grams
        if (s := gram.score).score is not None
    ]
    return ControlRows(piece.label, tuple(scores), tuple(curves))


def part(result: CellResult | ControlRows, piece: Piece) -> Comparison:
    """What one piece found, as a comparison of that piece alone."""
    nothing = Comparison("", {}, versions(), [], [], [], [])
    if isinstance(result, ControlRows):
        rows = control_rows(result.label, piece.ground.histories.length, result.scores)
        return replace(nothing, rows=rows, suffix_curves=list(result.suffix_curves))
    return replace(
        nothing,
        runs=[result.run],
        rows=predictor_rows(result, piece.ground.histories.length),
        pictures=[result.picture],
        notes=list(result.notes),
        position_curves=list(result.positions),
        edits=list(result.causal.effects),
        shares=list(result.causal.shares),
        budgets=list(result.budgets),
    )


def cost(piece: Piece) -> tuple[int, int]:
    """The longest first, so that no worker is left alone with one at the end."""
    if isinstance(piece, ControlWork):
        return 1, 0
    order = {"transformer": 4, "lstm": 2, "gru": 2}
    return (
        0 if piece.candidate.is_baseline else order.get(piece.candidate.kind, 3)
    ), piece.training.steps * piece.length


def specified(
    piece: Piece, process: HMM | GHMM, title: str, *, max_histories: int | None, further: Further
) -> dict[str, Any]:
    """What a piece is asked, in words of JSON that say the same in another process or on another day.

    They hold everything that its result depends on but the machine: equal words, equal results.

    Args:
        title: the process with its parameters, for people.
        max_histories, further: as the comparison has them.
    """
    asked = further.to_dict()
    asked["transfer"] = [[label, _digest(other)] for label, other in further.transfer]
    common = {
        "version": version("belief-geometry"),
        "process": {"label": piece.label, "title": title, "digest": _digest(process)},
        "length": piece.ground.histories.length,
        "entropy": piece.entropy,
        "max_histories": max_histories,
        "further": asked,
    }
    if isinstance(piece, ControlWork):
        return {**common, "piece": "controls", "widths": list(piece.widths)}
    kind = piece.candidate.kind
    return {
        **common,
        "piece": "predictor",
        "predictor": asdict(piece.candidate),
        "config": asdict(config_of(piece.candidate, process.n_symbol, piece.length)) if kind in CONFIGS else {},
        "seed": piece.seed,
        "training": asdict(piece.training),
        "sites": None if piece.sites is None else list(piece.sites),
        "device": piece.device,
    }


def _digest(process: HMM | GHMM) -> str:
    """Of everything that a process is."""
    found = sha256(repr((type(process).__name__, process.alphabet, process.T.shape)).encode())
    for part in (process.T, process.start, getattr(process, "evaluate", None)):
        found.update(b"" if part is None else np.ascontiguousarray(part).tobytes())
    return found.hexdigest()


def versions() -> dict[str, str]:
    """Of Python, of this package and of what decides numbers."""
    found = {"python": platform.python_version(), "platform": f"{platform.system()} {platform.machine()}"}
    for name in ("belief-geometry", "numpy", "scipy", "torch"):
        found[name] = version(name)
    return found
