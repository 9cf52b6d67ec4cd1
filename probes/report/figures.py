"""The figures of a comparison as PNG files, in one style, for pages, papers and slides."""

import io
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

from matplotlib import rc_context
from matplotlib.figure import Figure

from probes.headline import beyond_dimensions, headline_target, networks, probed, repeated, site_scores
from probes.report.belief_panels import (
    best_pictures,
    caption,
    draw_probed,
    draw_true,
    frame_of,
    outside,
    readout_name,
    shown_beliefs,
)
from probes.report.budget_panels import COSTS, draw_by_cost, network_handles
from probes.report.drawn import Drawn, each_drawn, made_of_each
from probes.report.effect_panels import effects_figure
from probes.report.loss_panels import draw_kl, draw_learning
from probes.report.numerals import decimal
from probes.report.score_panels import draw_headline, draw_sites, legend_handles, score_limits
from probes.report.short_names import labels
from probes.report.style import MUTED, RC
from probes.report.suffix_panel import draw_suffixes, has_suffix_curve
from probes.report.titled_figure import WIDTH, titled_figure
from probes.report.titles import (
    BUDGET_SUBTITLE,
    KL_SUBTITLE,
    LEARNING_SUBTITLE,
    SUFFIX_SUBTITLE,
    TARGETS,
    budget_title,
    headline_title,
    kl_title,
    learning_title,
    simplex_subtitle,
    simplex_title,
    sites_title,
    suffix_title,
)
from probes.report.words import short_title
from probes.results import Comparison, write_files
from probes.scene import Picture
from probes.seed_effects import seed_effects

__all__ = ["save_figures"]

_COLUMNS = 5
_PANEL_CHARACTERS = 19


def save_figures(comparison: Comparison, folder: Path) -> list[Path]:
    """Draw every figure and write them as `<process>-<figure>.png` and `.svg`; all of them, or none.

    Of many networks or seeds the best are drawn (`drawn`).

    The folder is made if need be.

    Raises:
        OSError: if the folder cannot be written to.
    """
    files = {name: content for each in made_of_each(_files, each_drawn(comparison)) for name, content in each.items()}
    folder.mkdir(parents=True, exist_ok=True)
    return write_files(folder, files)


def _files(shown: Drawn, number: int) -> dict[str, bytes]:
    """Of one process, by name."""
    kinds: dict[str, Callable[[Drawn], Figure | None]] = {
        "simplex": _simplex,
        "headline": _headline,
        "sites": _sites,
        "suffix-grams": _suffixes,
        "kl": _kl,
        "learning": _learning,
        "budget": _budget,
        "edits": _edits,
    }
    files: dict[str, bytes] = {}
    with rc_context(RC | {"svg.hashsalt": "figure"}):
        for kind, draw in kinds.items():
            figure = draw(shown)
            if figure is not None:
                files[f"{shown.summary.process}-{kind}.png"] = _bytes(figure, "png")
                figure.set_layout_engine("none")  # all stays where it is
                files[f"{shown.summary.process}-{kind}.svg"] = _bytes(figure, "svg")
    return files


def _simplex(shown: Drawn) -> Figure | None:
    comparison, summary = shown.told, shown.summary
    scene, pictures = best_pictures(shown.comparison, summary)
    if scene is None:
        return None
    cells = _arranged(pictures)
    frame = frame_of(scene, pictures)
    tall = WIDTH / len(cells[0]) * (frame.top - frame.bottom) / (frame.right - frame.left) + 0.5
    title, subtitle = simplex_title(comparison, summary), simplex_subtitle(comparison, summary)
    figure, body = titled_figure(title, subtitle, len(cells) * tall)
    axes = body.subplots(len(cells), len(cells[0]), squeeze=False)
    draw_true(axes[0, 0], scene, frame)
    caption(axes[0, 0], "True beliefs", shown_beliefs(summary, scene))
    short = labels(comparison, summary)
    several = len({picture.seed for picture in pictures}) > 1
    for ax, picture in zip(axes.ravel()[1:], [cell for line in cells for cell in line][1:], strict=True):
        if picture is None:
            ax.set_axis_off()
            continue
        draw_probed(ax, scene, picture, frame)
        caption(
            ax,
            readout_name(short[picture.predictor], picture, several),
            f"R² {decimal(picture.score)} at {picture.site}",
        )
        if left_out := outside(scene, picture, frame):
            ax.text(1, 0, f"{left_out} outside", transform=ax.transAxes, ha="right", fontsize=7.5, color=MUTED)
    return figure


def _arranged(pictures: Sequence[Picture]) -> list[list[Picture | None]]:
    """Seed by seed in lines of equal length; the first cell is for the true beliefs, later lines are indented by it."""
    by_seed: dict[int | None, list[Picture]] = {}
    for picture in pictures:
        by_seed.setdefault(picture.seed, []).append(picture)
    longest = min(_COLUMNS, 1 + max(map(len, by_seed.values()))) - 1
    lines: list[list[Picture | None]] = []
    for group in by_seed.values():
        for start in range(0, len(group), longest):
            part = group[start : start + longest]
            lines.append([None, *part, *[None] * (longest - len(part))])
    return lines


def _headline(shown: Drawn) -> Figure | None:
    comparison, summary = shown.told, shown.summary
    names = probed(comparison, summary.process)
    if not names:
        return None
    target = headline_target(summary)
    title = headline_title(comparison, summary)
    figure, body = titled_figure(title, TARGETS[target], 1.3 + 0.5 * len(names))
    draw_headline(body.subplots(), comparison, summary, target, score_limits(comparison, summary, [target]))
    body.legend(handles=legend_handles(repeated(comparison, summary.process)), loc="outside lower center", ncols=4)
    return figure


def _sites(shown: Drawn) -> Figure | None:
    comparison, summary = shown.told, shown.summary
    names = probed(comparison, summary.process)
    if not names:
        return None
    targets = ["belief", "beyond"] if beyond_dimensions(summary) > 0 else ["belief"]
    most = max(len(site_scores(comparison, summary.process, name, targets[0])) for name in names)
    n_column = min(4, len(names))
    n_row = math.ceil(len(names) / n_column)
    figure, body = titled_figure(sites_title(comparison, summary), "", len(targets) * n_row * (1.1 + 0.21 * most))
    limits, short = score_limits(comparison, summary, targets), labels(comparison, summary)
    axes = body.subplots(len(targets) * n_row, n_column, squeeze=False)
    for i, target in enumerate(targets):
        block = axes[i * n_row : (i + 1) * n_row].ravel()
        for ax, name in zip(block, names, strict=False):
            draw_sites(ax, comparison, summary, name, target, limits)
            title = f"{short[name]}: {target}"
            # a title wider than its panel goes over the names of sites, not over the next panel
            ax.set_title(title, pad=27, loc="right" if len(title) > _PANEL_CHARACTERS else "left")
        for ax in block[len(names) :]:
            ax.set_axis_off()
    body.legend(handles=legend_handles(repeated(comparison, summary.process)), loc="outside lower center", ncols=4)
    return figure


def _suffixes(shown: Drawn) -> Figure | None:
    comparison, summary = shown.told, shown.summary
    if not has_suffix_curve(comparison, summary):
        return None
    figure, body = titled_figure(suffix_title(comparison, summary), SUFFIX_SUBTITLE, 4.2)
    draw_suffixes(body.subplots(), comparison, summary)
    return figure


def _kl(shown: Drawn) -> Figure | None:
    comparison, summary = shown.told, shown.summary
    if not any(run.kl_by_row for run in comparison.runs if run.process == summary.process):
        return None
    figure, body = titled_figure(kl_title(comparison, summary), KL_SUBTITLE, 4.2)
    draw_kl(body.subplots(), shown.comparison, summary)
    return figure


def _learning(shown: Drawn) -> Figure | None:
    comparison, summary = shown.told, shown.summary
    if not networks(comparison, summary.process):
        return None
    figure, body = titled_figure(learning_title(comparison, summary), LEARNING_SUBTITLE, 4.2)
    draw_learning(body.subplots(), shown.comparison, summary)
    return figure


def _budget(shown: Drawn) -> Figure | None:
    comparison, summary = shown.told, shown.summary
    rows = shown.comparison.budgets
    if not rows:
        return None
    figure, body = titled_figure(budget_title(comparison, summary), BUDGET_SUBTITLE, 5.6)
    axes = body.subplots(2, len(COSTS), sharey="row", squeeze=False)
    values: tuple[Literal["score", "kl"], ...] = ("score", "kl")
    for column, cost in enumerate(COSTS):
        for line, value in enumerate(values):
            draw_by_cost(axes[line, column], rows, networks(comparison, summary.process), cost, value)
            axes[line, column].set_ylabel("" if column else axes[line, column].get_ylabel())
        axes[0, column].set_xlabel("")
    handles = network_handles(rows, networks(comparison, summary.process), labels(comparison, summary))
    body.legend(handles=handles, loc="outside lower center", ncols=min(6, len(handles)))
    return figure


def _edits(shown: Drawn) -> Figure | None:
    comparison, summary = shown.told, shown.summary
    effects = seed_effects(shown.comparison.edits)
    if not effects:
        return None
    return effects_figure(effects, networks(comparison, summary.process), short_title(summary))


def _bytes(figure: Figure, form: str) -> bytes:
    """The same figure gives the same bytes."""
    stream = io.BytesIO()
    nothing = {"Software": None} if form == "png" else {"Date": None, "Creator": None}
    figure.savefig(stream, format=form, metadata=nothing)
    return stream.getvalue()
