"""The report as one page that needs nothing else: opened from disk, it asks the network for nothing."""

from collections.abc import Sequence
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template

from probes.headline import networks
from probes.report.edit_words import edit_scale, edit_words
from probes.report.page_data import embedded_json, picture_data, row_data
from probes.report.page_pictures import Figures, charts, pictures
from probes.report.page_tables import predictor_table, site_table
from probes.report.page_text import notes, terms, what_was_run
from probes.report.rank_words import rank_words
from probes.report.style import display_name
from probes.report.words import compared, listed, seen, short_title
from probes.results import Comparison, ProcessSummary, write_text

__all__ = ["save_page"]

FILE_NAME = "report.html"
LEAD = (
    "The belief is what an ideal observer knows of a hidden process: the probabilities of its states, given the "
    "symbols so far. Which of these networks, trained only to predict the next symbol, carry the belief inside, "
    "where, and beyond what their forecast of the next symbol already says?"
)
IN_SAMPLE = "Rows marked in-sample were fitted and scored on the same histories and are ranked nowhere."


def save_page(comparison: Comparison, folder: Path, figures: Sequence[Path]) -> Path:
    """Write `report.html` whole or not at all.

    Args:
        figures: the PNG files beside it, as `save_figures` gives them; the page links to them, and holds the belief
            pictures for readers without scripts.
    Raises:
        OSError: if the folder cannot be written to, or a figure cannot be read.
    """
    path = folder / FILE_NAME
    write_text(path, _page(comparison, Figures(folder, tuple(figures))))
    return path


def _page(comparison: Comparison, figures: Figures) -> str:
    processes = list(enumerate(comparison.processes))
    trained = dict.fromkeys(display_name(name) for _, p in processes for name in networks(comparison, p.process))
    titles = [short_title(summary) for _, summary in processes]
    said = "".join(_words(comparison, summary, figures) for _, summary in processes)
    drawn = {f"beliefs-{i}": picture_data(comparison, summary) for i, summary in processes}
    links = [("pictures", "Pictures"), ("words", "In words")]
    links += [(f"process-{i}", title) for i, title in enumerate(titles)]
    links += [("run", "What was run"), ("terms", "What the words mean"), ("rows", "Every score")]
    return Template(_template("page.html")).substitute(
        title=escape(f"{listed(trained) or 'Baselines'} on {listed(titles)}"),
        css=_template("page.css"),
        js=_template("page.js"),
        lead=escape(LEAD),
        navigation=" ".join(f'<a href="#{href}">{escape(text)}</a>' for href, text in links),
        pictures="".join(pictures(comparison, summary, i, figures) for i, summary in processes),
        words=f'<div class="words">{said}</div>{notes(comparison)}',
        details="".join(_details(comparison, summary, i, figures) for i, summary in processes),
        run=what_was_run(comparison),
        terms=terms(comparison),
        rows=f'<p>{IN_SAMPLE} The same in <a href="results.csv">results.csv</a> and '
        '<a href="results.json">results.json</a>.</p>'
        f'<details id="every-row"><summary>Show all {len(comparison.rows):,} rows</summary></details>',
        picture_data=embedded_json({host: data for host, data in drawn.items() if data is not None}),
        row_data=embedded_json(row_data(comparison.rows)),
    )


def _words(comparison: Comparison, summary: ProcessSummary, figures: Figures) -> str:
    said = "".join(f"<p>{escape(text)}</p>" for text in compared(comparison, summary))
    points = _points(seen(comparison, summary) + rank_words(comparison, summary))
    scale = edit_scale(comparison, summary)
    edits = "".join(f"<h4>{escape(name)}</h4>{_points(told)}" for name, told in edit_words(comparison, summary).items())
    asked = f"<p>{escape(scale)} {figures.link(f'{summary.process}-edits.png')}</p>" if scale else ""
    return f"<div><h3>{escape(summary.title)}</h3>{said}{points}{asked}{edits}</div>"


def _points(sentences: Sequence[str]) -> str:
    return f"<ul>{''.join(f'<li>{escape(text)}</li>' for text in sentences)}</ul>" if sentences else ""


def _details(comparison: Comparison, summary: ProcessSummary, i: int, figures: Figures) -> str:
    return (
        f'<section id="process-{i}"><h2>{escape(summary.title)} in detail</h2>'
        + charts(comparison, summary, i, figures)
        + predictor_table(comparison, summary)
        + f"<details><summary>Every site</summary>{site_table(comparison, summary)}</details></section>"
    )


def _template(name: str) -> str:
    return files("probes.report").joinpath(name).read_text(encoding="utf-8")
