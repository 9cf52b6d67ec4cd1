"""The pieces of a comparison: each is done by itself, wherever it is run, and is told by what was asked of it."""

import platform
from dataclasses import dataclass, field, replace
from importlib.metadata import version

from probes.cell import Cell, CellResult, States, generator
from probes.ground import Ground, gaussian_scores, model_free_scores, suffix_gram_scores
from probes.results import Comparison, SuffixCurve
from probes.rows import control_rows, predictor_rows
from probes.run_cell import run_cell
from probes.scoring import Score
from probes.sweep.engine import Advance

__all__ = ["ControlRows", "ControlWork", "Piece", "part", "run_piece", "versions"]


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


def run_piece(piece: Piece, advance: Advance, states: States | None = None) -> CellResult | ControlRows:
    """One piece of work, wherever it is run. A training goes on from what an earlier process left, as `states` know."""
    if isinstance(piece, Cell):
        return run_cell(piece, advance, states)
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
        pictures=list(result.pictures),
        notes=list(result.notes),
        position_curves=list(result.positions),
        edits=list(result.causal.effects),
        shares=list(result.causal.shares),
        budgets=list(result.budgets),
        machines=list(result.machines),
    )


def versions() -> dict[str, str]:
    """Of Python, of this package and of what decides numbers."""
    found = {"python": platform.python_version(), "platform": f"{platform.system()} {platform.machine()}"}
    for name in ("belief-geometry", "numpy", "scipy", "torch"):
        found[name] = version(name)
    return found
