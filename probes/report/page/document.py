"""The page as a whole: its parts put into one file, which grows no larger than a page may be."""

import base64
import io
import json
from collections.abc import Sequence
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template

from PIL import Image

from probes.headline import networks
from probes.report.drawn import MOST_PROCESSES, each_drawn, made_of_each
from probes.report.in_brief import in_brief
from probes.report.page.every_row import listed_rows, row_data
from probes.report.page.explorer import Explored, explored
from probes.report.page.process import evidence, process_section
from probes.report.page.tables import overview_table, predictor_table
from probes.report.page.text import beside, notes, terms, what_was_run
from probes.report.style import display_name
from probes.report.words import distinct_titles, listed
from probes.results import Comparison, ProcessSummary, write_text

__all__ = ["FILE_NAME", "LARGEST", "save_page"]

FILE_NAME = "report.html"

LARGEST = 8_000_000
"""Bytes of the largest page."""

_POINTS = 4_500_000
"""Bytes of belief pictures, all processes together; fewer where the rest of the page needs them."""

_SPARE = 200_000

_SCRIPTS = (
    "common", "projection", "cloud", "scene", "panel", "explorer", "tables", "every_row", "start",
)  # fmt: skip
"""In the order in which they must be read."""

LEAD = (
    "The belief is what an ideal observer knows of a hidden process: the probabilities of its states, given the "
    "symbols so far. Which of these networks, trained only to predict the next symbol, carry the belief inside, "
    "where, and beyond what their forecast of the next symbol already says?"
)
READ = (
    "R² says how well a linear probe reads what a network holds, on histories that the probe has not seen: 1 is exact, "
    "0 no better than the mean."
)
IN_SAMPLE = "Rows marked in-sample were fitted and scored on the same histories and are ranked nowhere."


def save_page(comparison: Comparison, folder: Path, figures: Sequence[Path] = ()) -> Path:
    """Write `report.html` whole or not at all.

    Args:
        figures: the files of `save_figures`, from which readers without scripts get their belief pictures.
    Raises:
        OSError: if the folder cannot be written to, or a figure cannot be read.
    """
    path = folder / FILE_NAME
    write_text(path, _page(comparison, {figure.name: figure for figure in figures}))
    return path


def _page(comparison: Comparison, figures: dict[str, Path]) -> str:
    shown = each_drawn(comparison)
    tables = [predictor_table(comparison, one.summary) for one in shown]
    stills = [_still(one.summary, figures) for one in shown]
    found = made_of_each(evidence, shown)

    def sections(pictures: Sequence[Explored | None]) -> list[str]:
        parts = zip(shown, found, tables, pictures, stills, strict=True)
        return [
            process_section(one.summary, each, table, picture, i, still)
            for i, (one, each, table, picture, still) in enumerate(parts)
        ]

    frame = _frame(comparison, [in_brief(one.told, one.summary) for one in shown])
    used = len(frame.template.encode()) + sum(len(section.encode()) for section in sections([None] * len(shown)))
    room = max(0, min(_POINTS, LARGEST - _SPARE - used)) // max(1, len(shown))
    pictures = [explored(one.comparison, one.summary, room) for one in shown]
    left = len(comparison.processes) - len(shown)
    more = f'<p class="note">{left} more processes have no section of their own; the table above has them.</p>'
    return frame.substitute(
        processes="".join(sections(pictures)) + (more if left else ""),
        picture_data=embedded_json({f"beliefs-{i}": one.data for i, one in enumerate(pictures) if one is not None}),
    )


def _frame(comparison: Comparison, brief: Sequence[str]) -> Template:
    """The page without the sections of its processes.

    Args:
        brief: what was found, by process.
    """
    trained = dict.fromkeys(display_name(n) for p in comparison.processes for n in networks(comparison, p.process))
    titles = distinct_titles(comparison.processes)
    links = [(f"process-{i}", title) for i, title in enumerate(titles[:MOST_PROCESSES])]
    links += [("run", "What was run"), ("terms", "What the words mean"), ("rows", "Every score")]
    rows, which = listed_rows(comparison.rows)
    kept = f"{which}; all are in results.csv." if which else "The same is in results.csv and results.json."
    parts = {
        "title": escape(f"{_few(list(trained)) or 'Baselines'} on {_few(titles)}"),
        "css": _asset("page.css"),
        "js": "\n".join(_asset(f"{name}.js") for name in _SCRIPTS),
        "lead": escape(LEAD),
        "found": _found(titles, brief),
        "navigation": " ".join(f'<a href="#{href}">{escape(text)}</a>' for href, text in links),
        "overview": overview_table(comparison) if len(comparison.processes) > 1 else "",
        "notes": notes(comparison),
        "run": what_was_run(comparison) + beside(),
        "terms": terms(comparison),
        "rows": f'<p>{IN_SAMPLE} {kept}</p><details id="every-row"><summary>Show all {len(rows):,} rows</summary>'
        "</details>",
        "row_data": embedded_json(row_data(rows)),
    }
    later = {"processes": "$processes", "picture_data": "$picture_data"}
    filled = {name: text.replace("$", "$$") for name, text in parts.items()}
    return Template(Template(_asset("page.html")).substitute(filled | later))


def _found(titles: Sequence[str], brief: Sequence[str]) -> str:
    """The answer to the question of the page."""
    pairs = zip(titles, brief, strict=False)  # of many processes the first
    points = "".join(f"<li><b>{escape(title)}</b>: {escape(text)}</li>" for title, text in pairs if text)
    return f'<section id="found"><h2>What was found</h2><p>{READ}</p><ul>{points}</ul></section>' if points else ""


def _few(names: Sequence[str]) -> str:
    most = 5
    return listed([*names[: most - 1], f"{len(names) - most + 1} more"]) if len(names) > most else listed(names)


_STILL = 900
"""Pixels across of the picture for readers without scripts."""


def _still(summary: ProcessSummary, figures: dict[str, Path]) -> str:
    """The figure of beliefs, small, as HTML; empty where there is none."""
    path = figures.get(f"{summary.process}-simplex.png")
    if path is None:
        return ""
    with Image.open(path) as image:
        image.thumbnail((_STILL, 10 * _STILL))
        stream = io.BytesIO()
        image.convert("RGB").quantize(64).save(stream, format="PNG", optimize=True)
    data = base64.b64encode(stream.getvalue()).decode()
    return f'<img alt="Beliefs of {escape(summary.title)}" src="data:image/png;base64,{data}">'


def embedded_json(value: object) -> str:
    """JSON that can stand inside a script element whatever its strings hold."""
    text = json.dumps(value, allow_nan=False, separators=(",", ":"), ensure_ascii=False)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _asset(name: str) -> str:
    return (files("probes.report.page") / "assets" / name).read_text(encoding="utf-8")
