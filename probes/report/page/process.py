"""One process on the page: what was found in words, the table, and each part of the evidence, or why it is missing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from probes.headline import probed
from probes.report.drawn import Drawn
from probes.report.edit_words import edit_scale, edit_words
from probes.report.page.charts import (
    budget_charts,
    edit_chart,
    headline_chart,
    kl_chart,
    learning_chart,
    site_charts,
    suffix_chart,
)
from probes.report.page.explorer import Explored
from probes.report.page.machines import machine_figures
from probes.report.page.tables import site_table
from probes.report.rank_words import rank_words
from probes.report.titles import simplex_subtitle, simplex_title
from probes.report.words import compared, seen
from probes.results import Comparison, ProcessSummary

__all__ = ["Evidence", "evidence", "process_section"]

MISSING = {
    "headline": "No network was probed here, so there is no score to compare.",
    "beliefs": "No picture of beliefs was kept. They are kept of every network that is compared: run the comparison "
    "again with a new store.",
    "sites": "No site was probed.",
    "curves": "No divergence was measured: the process offers no exact predictions.",
    "budgets": "Scores at equal budget are not in these results. <code>compmech compare … --checkpoints 8</code> "
    "scores every network at eight moments of its training.",
    "edits": "No edit was made, so whether the networks use what they hold is not known. <code>compmech compare … "
    "--edits carry --edits 'rows&lt;=t'</code> exchanges it and looks at what they then predict.",
    "machines": "No machine was extracted. <code>compmech compare … --extract</code> lets every network run by itself "
    "and finds the machine that it has learned.",
}
"""What is said in place of a part, and how to get it; in HTML."""


@dataclass(frozen=True)
class Evidence:
    """What the page shows of one process beside its belief pictures and its table, as HTML.

    Attributes:
        note: on what is left out.
        before: what comes first.
        title, subtitle: of the belief pictures.
        after: what comes last, by its heading.
    """

    note: str
    before: str
    title: str
    subtitle: str
    after: Mapping[str, str]


def evidence(shown: Drawn, i: int) -> Evidence:
    """Of the process that is the i-th on the page."""
    told, small, summary = shown.told, shown.comparison, shown.summary
    return Evidence(
        note=f'<p class="note">{escape(shown.note)}</p>' if shown.note else "",
        before=_words(told, summary) + (headline_chart(small, summary, i) or _missing("headline")),
        title=escape(simplex_title(told, summary)),
        subtitle=escape(simplex_subtitle(told, summary)),
        after={
            "Where: scores by site": _sites(told, small, summary, i),
            "Divergence and learning": _curves(told, small, summary, i),
            "At equal budget": budget_charts(small, summary, i) or _missing("budgets"),
            "Edits": _edits(told, small, summary, i),
            "The machines that were extracted": machine_figures(small, summary, i) or _missing("machines"),
        },
    )


def process_section(
    summary: ProcessSummary, found: Evidence, table: str, explored: Explored | None, i: int, still: str
) -> str:
    """Everything about one process.

    Args:
        table: of its predictors.
        explored: its belief pictures, None where there are none.
        still: a picture of beliefs for readers without scripts, as HTML.
    """
    parts = {"Beliefs": _beliefs(found, explored, i, still), **found.after}
    body = "".join(f"<h3>{title}</h3>{html}" for title, html in parts.items())
    first = f"<h2>{escape(summary.title)}</h2>{found.note}{found.before}{table}"
    return f'<section id="process-{i}">{first}{body}</section>'


def _missing(part: str) -> str:
    return f'<p class="missing">{MISSING[part]}</p>'


def _words(comparison: Comparison, summary: ProcessSummary) -> str:
    said = "".join(f"<p>{escape(text)}</p>" for text in compared(comparison, summary))
    return said + _points(seen(comparison, summary) + rank_words(comparison, summary))


def _beliefs(found: Evidence, explored: Explored | None, i: int, still: str) -> str:
    if explored is None:
        return _missing("beliefs")
    notes = "".join(f" {escape(note)}" for note in explored.notes)
    how = escape(_how_drawn(explored.data["dimension"], len(explored.data["scene"]["names"])))
    return (
        f'<p class="note"><b>{found.title}.</b> {how} {found.subtitle}{notes}</p>'
        f'<div class="explorer" id="beliefs-{i}"></div><noscript>{still}</noscript>'
    )


def _sites(comparison: Comparison, small: Comparison, summary: ProcessSummary, i: int) -> str:
    if not probed(comparison, summary.process):
        return _missing("sites")
    table = f"<details><summary>Every site as a table</summary>{site_table(small, summary)}</details>"
    return site_charts(small, summary, i) + table


def _curves(comparison: Comparison, small: Comparison, summary: ProcessSummary, i: int) -> str:
    found = [kl_chart(small, summary, i, comparison), learning_chart(small, summary, i, comparison)]
    found.append(suffix_chart(small, summary, i))
    charts = "".join(found)
    return f'<div class="charts">{charts}</div>' if charts else _missing("curves")


def _edits(told: Comparison, small: Comparison, summary: ProcessSummary, i: int) -> str:
    chart = edit_chart(small, summary, i)
    if not chart:
        return _missing("edits")
    found = "".join(f"<h4>{escape(name)}</h4>{_points(said)}" for name, said in edit_words(told, summary).items())
    words = f'<details><summary>Edit by edit, in words</summary><div class="prose">{found}</div></details>'
    return f"<p>{escape(edit_scale(told, summary))}</p>{chart}{words}"


def _points(sentences: Sequence[str]) -> str:
    return f"<ul>{''.join(f'<li>{escape(text)}</li>' for text in sentences)}</ul>" if sentences else ""


def _how_drawn(dimension: int, n_corner: int) -> str:
    dots = "Every dot is a history in the colour of its true belief, placed where a probe that never saw it reads it."
    if n_corner:
        shape = "triangle" if n_corner == 3 else "tetrahedron"
        return f"{dots} At a corner of the {shape} one hidden state is certain."
    if dimension == 1:
        return f"{dots} Beliefs vary along a line, from left to right; up and down means nothing."
    if dimension == 2:
        return f"{dots} The plane is the one in which the true beliefs vary."
    rest = f" Of {dimension} dimensions the three in which they vary most are drawn, and can be turned."
    return f"{dots}{rest if dimension > 3 else ' Beliefs vary in three dimensions, which can be turned.'}"
