"""Pictures of a training watched: curves of both probes, small multiples of the beliefs read out, and their film."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from jaxtyping import Float, Int
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from probes.dynamics import Watched
from probes.pictures import Plane
from probes.report.loss_panels import log_axis
from probes.report.style import GRID, INK, MUTED, PALETTE, RC, belief_colours

__all__ = ["Course", "curves_png", "film_gif", "multiples_png", "png"]

_PANELS = 6
"""Checkpoints in the small multiples, taken evenly."""

_FRAME_MILLISECONDS = 400


@dataclass(frozen=True, eq=False)
class Course:
    """What the pictures are of.

    Attributes:
        title: process, predictor and seed, for people.
        about: the same without the seed.
        plane: how beliefs are drawn; its coordinates are the first target that was watched.
        points: which histories are drawn.
        weight: of each history.
    """

    title: str
    about: str
    watched: Watched
    plane: Plane
    points: Int[np.ndarray, " point"]
    weight: Float[np.ndarray, " history"]

    @property
    def steps(self) -> list[int]:
        """The checkpoints, in order."""
        return sorted(self.watched.pictures)


def curves_png(course: Course, targets: Sequence[str], sites: Sequence[str]) -> bytes:
    """Held-out R² of each target by updates made, refitted and fixed, a colour a site; below them KL, and turning."""
    with rc_context(RC):
        n = len(targets) + 2
        columns = 2 if n == 4 else 3
        rows = -(-n // columns)
        figure = Figure(figsize=(10.0, 2.9 * rows + 0.9), layout="constrained")
        FigureCanvasAgg(figure)
        figure.suptitle(course.title, x=0.01, ha="left", fontsize=11.5, fontweight="bold")
        axes = figure.subplots(rows, columns, squeeze=False).ravel()
        for ax, target in zip(axes, targets, strict=False):
            _scores(ax, course, target, sites)
        _kl(axes[len(targets)], course, targets[0], sites[0])
        _turning(axes[len(targets) + 1], course, sites)
        for ax in axes[n:]:
            ax.set_axis_off()
        handles = [axes[0].plot([], [], color=PALETTE[i % len(PALETTE)], label=site)[0] for i, site in enumerate(sites)]
        handles.append(axes[0].plot([], [], color=MUTED, label="probe fitted to each checkpoint")[0])
        handles.append(axes[0].plot([], [], color=MUTED, ls="--", label="the last checkpoint's probe")[0])
        figure.legend(handles=handles, loc="outside lower center", ncols=min(4, len(handles)))
        return png(figure)


def _scores(ax: Axes, course: Course, target: str, sites: Sequence[str]) -> None:
    for i, site in enumerate(sites):
        curve = course.watched.series(site, target)
        x = [max(m.step, 0.5) for m in curve]
        colour = PALETTE[i % len(PALETTE)]
        ax.plot(x, [m.refitted for m in curve], color=colour, marker="o", ms=3)
        # a fixed probe on an early network can be worse than anything: the axis ends at -0.2
        ax.plot(x, [m.fixed for m in curve], color=colour, ls="--", marker="s", ms=2.5)
    ax.set_ylim(-0.2, 1.03)
    ax.axhline(0, color=GRID, lw=0.8, zorder=0)
    _steps(ax, course)
    ax.set_title(f"{target}: held-out R²")


def _kl(ax: Axes, course: Course, target: str, site: str) -> None:
    curve = course.watched.series(site, target)
    ax.plot([max(m.step, 0.5) for m in curve], [m.kl for m in curve], color=INK, marker="o", ms=3)
    if min(m.kl for m in curve) > 0:
        log_axis(ax, "y")
    _steps(ax, course)
    ax.set_title("KL from the optimum (nats)")


def _turning(ax: Axes, course: Course, sites: Sequence[str]) -> None:
    for i, site in enumerate(sites):
        turns = [turn for turn in course.watched.turns if turn.site == site]
        x = [max(turn.step, 0.5) for turn in turns]
        colour = PALETTE[i % len(PALETTE)]
        ax.plot(x, [turn.aligned for turn in turns], color=colour, marker="o", ms=3)
        ax.plot(x, [turn.unturned for turn in turns], color=colour, ls=":", marker="s", ms=2.5)
    ax.set_ylim(-0.2, 1.03)
    ax.axhline(0, color=GRID, lw=0.8, zorder=0)
    _steps(ax, course)
    ax.set_title("last activations from these (R²)")
    ax.text(0.02, 0.04, "line: best rotation and scale; dotted: as they are", transform=ax.transAxes, fontsize=7.5)


def _steps(ax: Axes, course: Course) -> None:
    log_axis(ax, "x")
    ax.set_xlabel("updates (0 stands at 0.5)" if course.steps[0] == 0 else "updates")


def multiples_png(course: Course) -> bytes:
    """The true beliefs, and those read out at checkpoints: above by a probe of their own, below by the last one's."""
    steps = _evenly(course.steps, _PANELS)
    with rc_context(RC):
        figure = Figure(figsize=(1.72 * (len(steps) + 1), 4.4), layout="constrained")
        FigureCanvasAgg(figure)
        figure.suptitle(
            f"{course.title}, {course.watched.pictured[0]}", x=0.01, ha="left", fontsize=11.5, fontweight="bold"
        )
        axes = figure.subplots(2, len(steps) + 1, squeeze=False)
        _cloud(axes[0, 0], course, course.plane.coordinates, "true beliefs")
        axes[1, 0].set_axis_off()
        axes[1, 0].text(
            0,
            0.5,
            "above: probe fitted\nto the checkpoint\n\nbelow: the last\ncheckpoint's probe",
            va="center",
            fontsize=8.5,
            color=MUTED,
        )
        for column, step in enumerate(steps, start=1):
            refitted, fixed = course.watched.pictures[step]
            _cloud(axes[0, column], course, refitted, f"{step:,} updates")
            _cloud(axes[1, column], course, fixed, "")
        return png(figure)


def film_gif(course: Course) -> bytes:
    """The same as an animation: true beliefs, refitted and fixed, a frame a checkpoint; the last one stays longest."""
    from PIL import Image

    frames = []
    with rc_context(RC):
        for step in course.steps:
            figure = Figure(figsize=(7.2, 3.0), dpi=100, layout="constrained")
            FigureCanvasAgg(figure)
            figure.suptitle(
                f"{course.title}, {course.watched.pictured[0]}: {step:,} updates",
                x=0.01,
                ha="left",
                fontsize=10,
                fontweight="bold",
            )
            refitted, fixed = course.watched.pictures[step]
            axes = figure.subplots(1, 3)
            _cloud(axes[0], course, course.plane.coordinates, "true beliefs")
            _cloud(axes[1], course, refitted, "probe of this checkpoint")
            _cloud(axes[2], course, fixed, "probe of the last one")
            frames.append(Image.open(io.BytesIO(png(figure))).convert("RGB"))
    stream = io.BytesIO()
    duration = [_FRAME_MILLISECONDS] * (len(frames) - 1) + [5 * _FRAME_MILLISECONDS]
    frames[0].save(stream, format="GIF", save_all=True, append_images=frames[1:], duration=duration, loop=0)
    return stream.getvalue()


def _cloud(ax: Axes, course: Course, coordinates: Float[np.ndarray, "history coordinate"], title: str) -> None:
    where = course.plane.draw(coordinates)[course.points]
    true = course.plane.true
    low, high = true.min(axis=0), true.max(axis=0)
    for _, place in course.plane.corners:
        low, high = np.minimum(low, place[:2]), np.maximum(high, place[:2])
    room = 0.15 * float((high - low).max())
    size = 3.0 + 250 * course.weight[course.points] / course.weight.max() * (len(course.points) < 500)
    ax.scatter(where[:, 0], where[:, 1], s=size, c=belief_colours(course.plane.colour[course.points]), lw=0)
    if course.plane.corners:
        for one, other in combinations([place[:2] for _, place in course.plane.corners], 2):
            ax.plot(*zip(one, other, strict=True), color=GRID, lw=0.8, zorder=0)
    ax.set_xlim(low[0] - room, high[0] + room)
    ax.set_ylim(low[1] - room, high[1] + room)
    ax.set_aspect("equal")
    ax.set_axis_off()
    ax.set_title(title, fontsize=9)


def _evenly(steps: Sequence[int], most: int) -> list[int]:
    if len(steps) <= most:
        return list(steps)
    return [steps[i] for i in np.unique(np.linspace(0, len(steps) - 1, most).round().astype(int))]


def png(figure: Figure) -> bytes:
    """The figure as a file; the same figure gives the same bytes."""
    stream = io.BytesIO()
    with rc_context(RC):
        figure.savefig(stream, format="png", metadata={"Software": None})
    return stream.getvalue()
