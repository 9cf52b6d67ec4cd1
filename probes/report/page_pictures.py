"""The pictures of the page: belief pictures that its script draws, and charts as inline SVG."""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from os.path import relpath
from pathlib import Path
from urllib.parse import quote

from matplotlib.axes import Axes

from probes.headline import beyond_dimensions, headline_target, networks, probed, repeated, site_scores
from probes.report.loss_panels import draw_kl, draw_learning
from probes.report.score_panels import draw_headline, draw_sites, score_limits
from probes.report.style import display_name
from probes.report.suffix_panel import draw_suffixes, has_suffix_curve
from probes.report.svg import inline_svg
from probes.report.titles import (
    KL_SUBTITLE,
    LEARNING_SUBTITLE,
    SUFFIX_SUBTITLE,
    TARGETS,
    headline_title,
    kl_title,
    learning_title,
    simplex_subtitle,
    simplex_title,
    sites_title,
    suffix_title,
)
from probes.report.words import between_seeds
from probes.results import Comparison, ProcessSummary

__all__ = ["Figures", "charts", "pictures"]

EXPLORE = "Point at a belief, or choose a picture and press the arrow keys, to see where each network puts it."
MARKS = (
    "Filled: histories by probability, with 95 % interval; hollow: every history equally. Grey dot: untrained twin; "
    "×: beliefs permuted. Dashed: best model-free baseline; dotted: the true next-symbol probabilities."
)
NAMES = {"belief": "the belief", "beyond": "what lies beyond the next symbol"}


@dataclass(frozen=True)
class Figures:
    """The PNG files that the page links to, from the folder where it lies."""

    folder: Path
    paths: tuple[Path, ...]

    def link(self, name: str) -> str:
        """A link to a file of this name; empty where there is none."""
        path = self._path(name)
        if path is None:
            return ""
        return f'<a href="{quote(Path(relpath(path, self.folder)).as_posix())}">{escape(name)}</a>'

    def embedded(self, name: str, title: str) -> str:
        """The picture itself; empty where there is none."""
        path = self._path(name)
        if path is None:
            return ""
        data = base64.b64encode(path.read_bytes()).decode()
        return f'<img alt="{escape(title)}" src="data:image/png;base64,{data}">'

    def _path(self, name: str) -> Path | None:
        return next((path for path in self.paths if path.name == name), None)


def pictures(comparison: Comparison, summary: ProcessSummary, i: int, figures: Figures) -> str:
    """Belief pictures of one process, and its headline."""
    parts = []
    shown = [p for p in comparison.pictures if p.process == summary.process]
    if shown and networks(comparison, summary.process):
        title, file = simplex_title(comparison, summary), f"{summary.process}-simplex.png"
        parts.append(
            f'<h3>{escape(title)}</h3><div class="beliefs" id="beliefs-{i}"></div>'
            f'<p class="hint" aria-live="polite">{escape(EXPLORE)}</p>'
            f"<noscript>{figures.embedded(file, title)}</noscript>"
            f'<p class="note">{escape(_how_drawn(shown[0].axes))} {escape(simplex_subtitle(comparison, summary))} '
            f"{figures.link(file)}</p>"
        )
    names = probed(comparison, summary.process)
    if names:
        target = headline_target(summary)
        limits = score_limits(comparison, summary, [target])
        parts.append(
            _chart(
                f"headline-{i}",
                headline_title(comparison, summary),
                f"{TARGETS[target]} {_marks(comparison, summary)} {figures.link(f'{summary.process}-headline.png')}",
                (4.7, 0.9 + 0.4 * len(names)),
                lambda axes: draw_headline(axes, comparison, summary, target, limits),
                layout="wide",
            )
        )
    return "".join(parts)


def charts(comparison: Comparison, summary: ProcessSummary, i: int, figures: Figures) -> str:
    """Divergence by position and while learning, the suffix-gram baseline by its longest suffix, and R² by site."""
    parts = []
    if any(run.kl_by_row for run in comparison.runs if run.process == summary.process):
        note = f"{KL_SUBTITLE} {figures.link(f'{summary.process}-kl.png')}"
        parts.append(
            _chart(
                f"kl-{i}",
                kl_title(comparison, summary),
                note,
                (4.6, 3.1),
                lambda axes: draw_kl(axes, comparison, summary),
            )
        )
    if networks(comparison, summary.process):
        files = (f"{summary.process}-{name}.png" for name in ("learning", "budget"))
        note = " ".join(filter(None, [LEARNING_SUBTITLE, *map(figures.link, files)]))
        parts.append(
            _chart(
                f"learning-{i}",
                learning_title(comparison, summary),
                note,
                (4.6, 3.1),
                lambda axes: draw_learning(axes, comparison, summary),
            )
        )
    if has_suffix_curve(comparison, summary):
        parts.append(
            _chart(
                f"suffix-grams-{i}",
                suffix_title(comparison, summary),
                f"{SUFFIX_SUBTITLE} {figures.link(f'{summary.process}-suffix-grams.png')}",
                (4.6, 3.1),
                lambda axes: draw_suffixes(axes, comparison, summary),
            )
        )
    return f'<div class="charts">{"".join(parts)}</div>' + _sites(comparison, summary, i, figures)


def _sites(comparison: Comparison, summary: ProcessSummary, i: int, figures: Figures) -> str:
    names = probed(comparison, summary.process)
    if not names:
        return ""
    targets = ["beyond", "belief"] if beyond_dimensions(summary) > 0 else ["belief"]
    limits = score_limits(comparison, summary, targets)
    note = f"{_marks(comparison, summary)} {figures.link(f'{summary.process}-sites.png')}"
    parts = [f'<h3>{escape(sites_title(comparison, summary))}</h3><p class="note">{note}</p>']
    for target in targets:
        panels = []
        for j, name in enumerate(names):
            n_site = len(site_scores(comparison, summary.process, name, target))

            def draw(axes: Axes, name: str = name, target: str = target) -> None:
                draw_sites(axes, comparison, summary, name, target, limits)

            panels.append(_chart(f"{target}-{i}-{j}", display_name(name), "", (3.1, 1.0 + 0.17 * n_site), draw))
        parts.append(f'<h4>R² of {NAMES[target]}</h4><div class="charts small">{"".join(panels)}</div>')
    return "".join(parts)


def _marks(comparison: Comparison, summary: ProcessSummary) -> str:
    n_seed = repeated(comparison, summary.process)
    return f"{MARKS} 95 % interval: {between_seeds(n_seed)}" if n_seed > 1 else MARKS


def _chart(
    name: str, title: str, note: str, size: tuple[float, float], draw: Callable[[Axes], object], layout: str = "upright"
) -> str:
    """A figure with its title and note; `note` is HTML."""
    drawing = inline_svg(name, title, *size, draw)
    return f'<figure class="{layout}"><figcaption><b>{escape(title)}</b>{note}</figcaption>{drawing}</figure>'


def _how_drawn(axes: str) -> str:
    dots = "Every dot is a history in the colour of its true belief, placed where a probe that never saw it reads it."
    if axes == "simplex":
        return f"{dots} At a corner of the triangle one hidden state is certain."
    return f"{dots} The plane is the one in which the true beliefs vary most."
