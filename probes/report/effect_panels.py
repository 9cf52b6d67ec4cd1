"""What the three edits did in every network, by horizon: a panel for each place and network, seeds together."""

from collections.abc import Sequence
from math import isfinite
from textwrap import fill
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D

from probes.report.edit_panels import CONTROL_MARKS
from probes.report.style import GRID, INK, MUTED, colour_of, display_name, marker_of
from probes.report.titled_figure import titled_figure
from probes.seed_effects import EVERYTHING, ONE_SITE, SeedEffects

__all__ = [
    "SUBTITLE",
    "draw_effects",
    "drawn_kind",
    "effects_figure",
    "effects_height",
    "effects_title",
    "highest_control",
]

PLACES = {
    ("carry", EVERYTHING): "carry,\neverything",
    ("carry", ONE_SITE): "carry,\none state",
    ("rows<=t", ONE_SITE): "rows<=t,\none site",
    ("row t", ONE_SITE): "row t,\none site",
}
"""What a line of panels is called, by edit and site."""

WHOLE = "transplant"
"""The kind that exchanges the whole value: the most that an exchange of a part of it could do."""

SUBTITLE = (
    "How far the joint forecast of the next symbols goes to exact Bayes for the injected belief (1: all the way). "
    "Arrows: lower."
)

_LOWEST, _HIGHEST = -0.5, 1.12
"""Lower effects are drawn as arrows: a failed edit may have any negative one."""

_ROOM, _CHARACTERS = 0.5, 14
"""Below them, for the verdict; and how long its lines are."""

_DODGE = 0.13
"""Horizons between marks that would lie on each other."""


def drawn_kind(effects: Sequence[SeedEffects]) -> tuple[str, str]:
    """Of which kind the figure is, and how its component is found: the belief by its encoding where there is that.

    Raises:
        ValueError: if nothing was edited.
    """
    there = list(dict.fromkeys((e.kind, e.through) for e in effects if not e.control))
    if not there:
        raise ValueError("there is no edit to draw")
    asked = [("belief", "encoding"), *(each for each in there if each[0] != WHOLE), *there]
    return next(each for each in asked if each in there)


def effects_figure(effects: Sequence[SeedEffects], names: Sequence[str], process: str) -> Figure:
    """A line of panels for each place, a column for each network.

    The thick line is the edit of `drawn_kind`, with its interval; thin ones are its seeds. Dashed: the whole value
    exchanged, dotted: what follows the next symbol alone, of edits of one site's rows. Grey marks are the controls. In
    a corner of each panel stands the verdict at the longest horizon.

    Args:
        names: of the networks, in the order of their columns; those without an edit get none.
        process: how the title calls it.
    Raises:
        ValueError: as `drawn_kind`.
    """
    figure, body = titled_figure(effects_title(effects, process), SUBTITLE, effects_height(effects))
    draw_effects(body, effects, names)
    return figure


def effects_height(effects: Sequence[SeedEffects]) -> float:
    """Of the panels, in inches."""
    return 1.0 + 1.25 * len(_places(effects))


def effects_title(effects: Sequence[SeedEffects], process: str) -> str:
    """How far the edit of the first place took predictions at the longest horizon, over networks."""
    place, kind = _first_place(effects), drawn_kind(effects)[0]
    known = _foremost(effects, controls=False)
    if not known:
        return f"{process}: what edits did"
    low, high = (f"{value:.2f}" for value in (min(known), max(known)))
    far = low if low == high else f"{low} to {high}"
    where = "everything carried" if place[1] == EVERYTHING else "one site"
    what = {"belief": f"the belief part of {where} exchanged", WHOLE: f"all of {where} exchanged"}
    return f"{process}: {what.get(kind, f'{kind} in {where}')}, predictions go {far} of the way to Bayes"


def highest_control(effects: Sequence[SeedEffects]) -> float | None:
    """How far controls of that edit took them at most; None without any."""
    return max(_foremost(effects, controls=True), default=None)


def _first_place(effects: Sequence[SeedEffects]) -> tuple[str, str]:
    return next(place for place in PLACES if any((e.edit, e.site) == place for e in effects))


def _foremost(effects: Sequence[SeedEffects], *, controls: bool) -> list[float]:
    """The means of the edit that the title is about, or of its controls, at the longest horizon."""
    asked = (*_first_place(effects), *drawn_kind(effects), max(e.horizon for e in effects))
    own = [
        e for e in effects if (e.edit, e.site, e.kind, e.through, e.horizon) == asked and bool(e.control) == controls
    ]
    return [e.mean for e in own if e.mean is not None]


def _places(effects: Sequence[SeedEffects]) -> list[tuple[str, str]]:
    return [place for place in PLACES if any((e.edit, e.site) == place and not e.control for e in effects)]


def draw_effects(body: Figure | SubFigure, effects: Sequence[SeedEffects], names: Sequence[str]) -> None:
    """The panels of `effects_figure`."""
    names = [name for name in names if any(e.predictor == name for e in effects)]
    (kind, through), places = drawn_kind(effects), _places(effects)
    last = max(e.horizon for e in effects)
    axes = body.subplots(len(places), len(names), squeeze=False, sharex=True, sharey=True)
    for place, line in zip(places, axes, strict=True):
        for name, panel in zip(names, line, strict=True):
            own = [e for e in effects if e.predictor == name and (e.edit, e.site) == place]
            _draw(panel, own, kind, through, last, colour_of(name, names), marker_of(name, names))
        line[0].set_ylabel(PLACES[place], rotation=0, ha="right", va="center", labelpad=8)
    for name, first in zip(names, axes[0], strict=True):
        first.set_title(display_name(name))
    axes[-1, len(names) // 2].set_xlabel("symbols ahead")  # once: in narrow panels their labels would meet
    body.legend(handles=_handles(effects, kind), loc="outside lower center", ncols=min(3, 1 + len(names) // 2))


def _draw(
    axes: Axes, effects: Sequence[SeedEffects], kind: str, through: str, last: int, colour: str, marker: str
) -> None:
    axes.set_xlim(0.6, last + 0.4)
    axes.set_ylim(_LOWEST - _ROOM, _HIGHEST)
    axes.set_xticks(range(1, last + 1))
    axes.set_yticks([-0.5, 0, 0.5, 1], ["−0.5", "0", "0.5", "1"])
    axes.grid(axis="y", color=GRID)
    axes.tick_params(length=0)
    axes.spines["left"].set_visible(False)
    axes.axhline(0, color=MUTED, lw=0.8)
    if not any(not e.control for e in effects):
        axes.text(0.5, 0.5, "not edited", transform=axes.transAxes, ha="center", color=MUTED, fontsize=8)
        return

    def curve(kind: str, through: str | None, control: str) -> list[SeedEffects]:
        found = (e for e in effects if (e.kind, e.control) == (kind, control) and through in (None, e.through))
        return sorted(found, key=lambda e: e.horizon)

    for i, (control, (shape, _)) in enumerate(CONTROL_MARKS.items()):
        at = (i - (len(CONTROL_MARKS) - 1) / 2) * _DODGE
        _points(axes, curve(kind, through, control), at, color=MUTED, marker=shape, markersize=3, lw=0.9)
    if kind != WHOLE:
        whole = curve(WHOLE, None, "")
        axes.plot([e.horizon for e in whole], [_shown(e.mean) for e in whole], "--", color=INK, lw=1)
    real = curve(kind, through, "")
    seeds = sorted({seed for e in real for seed in e.effect})
    for seed in seeds if len(seeds) > 1 else []:
        axes.plot(
            [e.horizon for e in real], [_shown(e.effect.get(seed)) for e in real], color=colour, lw=0.6, alpha=0.5
        )
    if real and real[0].edit != "carry":
        known = [e for e in real if e.horizon > 1 and any(value is not None for value in e.later.values())]
        later = [np.mean([value for value in e.later.values() if value is not None]) for e in known]
        axes.plot([e.horizon for e in known], [_shown(float(value)) for value in later], ":", color=colour, lw=1.5)
    axes.plot([e.horizon for e in real], [_shown(e.mean) for e in real], color=colour, lw=1.8)
    _points(axes, real, 0.0, color=colour, marker=marker, markersize=4.5, lw=1.6)
    said = dict.fromkeys(verdict for e in real if e.horizon == last for verdict in e.verdicts if verdict)
    told = "seeds do not agree" if len(said) > 1 else "".join(said)
    axes.text(0.99, 0.03, fill(told, _CHARACTERS), transform=axes.transAxes, ha="right", fontsize=7, color=MUTED)


def _points(axes: Axes, effects: Sequence[SeedEffects], at: float, *, lw: float, **style: Any) -> None:
    """A mark for each mean, with its interval; an arrow at the edge where it lies below. Infinite ones are below."""
    for e in effects:
        x, (low, high) = e.horizon + at, e.interval
        if e.mean is None and not e.values:
            continue
        mean = e.mean if e.mean is not None else -np.inf
        if low is not None and high is not None and high > _LOWEST:
            axes.plot([x, x], [max(low, _LOWEST), min(high, _HIGHEST)], color=style["color"], lw=lw, zorder=3)
        below = mean < _LOWEST
        axes.plot(x, _LOWEST if below else mean, **(style | {"marker": "v"} if below else style), zorder=4)


def _shown(value: float | None) -> float:
    """Where a line passes; it is broken where there is no number."""
    return np.nan if value is None or not isfinite(value) or value < _LOWEST else value


def _handles(effects: Sequence[SeedEffects], kind: str) -> list[Line2D]:
    there = {e.control for e in effects if e.kind == kind}
    seeds = len({seed for e in effects for seed in e.effect})
    about = "mean, 95 % t interval, every seed" if seeds > 1 else "one seed"
    found = [Line2D([], [], color=INK, lw=1.8, marker="o", markersize=4.5, label=f"{_KINDS.get(kind, kind)} ({about})")]
    if kind != WHOLE and any(e.kind == WHOLE for e in effects):
        found.append(Line2D([], [], color=INK, lw=1, ls="--", label="everything there exchanged"))
    if any(e.edit != "carry" and any(v is not None for v in e.later.values()) for e in effects if not e.control):
        found.append(Line2D([], [], color=INK, lw=1.5, ls=":", label="what follows the next symbol alone"))
    for control, (shape, label) in CONTROL_MARKS.items():
        if control in there:
            found.append(Line2D([], [], color=MUTED, ls="", marker=shape, markersize=4, label=label.partition(",")[0]))
    return found


_KINDS = {"belief": "belief part exchanged", "arbitrary": "belief part moved to a mixture", WHOLE: "everything there"}
