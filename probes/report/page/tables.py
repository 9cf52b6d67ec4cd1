"""The tables of the page: a line per predictor, and a line per site."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from probes.headline import (
    Score,
    best_model_free,
    beyond_dimensions,
    headline,
    headline_target,
    predictors,
    runs_of,
    site_scores,
)
from probes.report.numerals import count, decimal, interval, nats, seconds, signed
from probes.report.overview import ABOUT, TITLES, headline_lines
from probes.report.style import display_name
from probes.report.terms import COLUMNS, CONTROLS
from probes.report.words import control_name, mean_kl
from probes.results import Comparison, ProcessSummary

__all__ = ["overview_table", "predictor_table", "site_table"]


@dataclass(frozen=True)
class _Cell:
    """What is shown, what it is sorted by, what is said when pointed at, and whether it is what the table is about."""

    text: str
    number: float | None = None
    hint: str = ""
    key: bool = False


def overview_table(comparison: Comparison) -> str:
    """A line for each process and predictor: the headline alone."""
    lines = [
        [
            _Cell(line.process, hint=line.title),
            _Cell(line.predictor),
            _Cell(line.target),
            _score(line.best, key=True),
            _interval(line.best),
            _Cell(line.best.site if line.best else "-"),
            _baseline(line.baseline),
            _number(line.difference, signed),
            _score(line.untrained),
            _number(line.kl, nats),
        ]
        for line in headline_lines(comparison)
    ]
    table = _table("Every predictor on every process", TITLES, lines)
    return f'<section id="overview">{table}<p class="note">{escape(ABOUT)}</p></section>'


def predictor_table(comparison: Comparison, summary: ProcessSummary) -> str:
    """A line per predictor: cost, loss, headline and controls."""
    target = headline_target(summary)
    header = [
        "Predictor",
        "KL, nats",
        *(["Belief R²"] if target == "beyond" else []),
        f"{target.capitalize()} R²",
        "95 %",
    ]
    header += [
        "At site",
        "Best model-free",
        "Above it",
        "Permuted classes",
        "Untrained twin",
        "Equal weight",
        "New beliefs",
    ]
    header += ["Verdict", "Parameters", "Symbols seen", "Seconds"]
    lines = []
    for name in predictors(comparison, summary.process):
        found = headline(comparison, summary.process, name, target)
        runs = runs_of(comparison, summary.process, name)
        trained = [run for run in runs if run.symbols_seen]
        line = [
            _Cell(display_name(name), hint=next((run.architecture for run in runs if run.architecture), "")),
            _number(mean_kl(comparison, summary, name), nats),
        ]
        if target == "beyond":
            belief = headline(comparison, summary.process, name, "belief").best
            line.append(_score(belief, hint=f"at {belief.site}" if belief is not None else ""))
        line += [_score(found.best, key=True), _interval(found.best), _Cell(found.best.site if found.best else "-")]
        line += [_baseline(found.baseline), _number(found.difference, signed), _score(found.permuted)]
        line += [_score(found.untrained, hint=f"at {found.untrained.site}" if found.untrained else "")]
        line += [_score(found.uniform), _score(found.by_class), _verdict(found.best)]
        line += [
            _number(_mean([run.parameters for run in runs if run.parameters]), count),
            _number(_mean([run.symbols_seen for run in trained]), count),
            _number(_mean([run.seconds for run in trained if run.seconds]), seconds),
        ]
        lines.append(line)
    return _table(f"Every predictor on {summary.title}", header, lines)


def site_table(comparison: Comparison, summary: ProcessSummary) -> str:
    """A line per predictor and site."""
    target = headline_target(summary)
    header = ["Predictor", "Site", "Width", "Rank"]
    header += ["Belief R²"] if target == "beyond" else []
    header += [f"{target.capitalize()} R²", "95 %", "Whitened", "Equal weight", "New beliefs"]
    header += ["Permuted classes", "Untrained twin", "Best model-free", "Verdict"]
    lines = []
    for name in predictors(comparison, summary.process):
        beside = {
            key: {s.site: s for s in site_scores(comparison, summary.process, name, target, **asked)}
            for key, asked in {
                "uniform": {"weighting": "uniform"},
                "class": {"split": "class"},
                "permuted": {"control": "permuted-classes"},
                "untrained": {"control": "untrained"},
            }.items()
        }
        belief = {s.site: s for s in site_scores(comparison, summary.process, name, "belief")}
        for score in site_scores(comparison, summary.process, name, target):
            row = score.rows[0]
            line = [_Cell(display_name(name)), _Cell(score.site), _number(row.width, count), _number(row.rank, count)]
            line += [_score(belief.get(score.site))] if target == "beyond" else []
            whitened = _mean([row.whitened for row in score.rows if row.whitened is not None])
            line += [_score(score, key=True), _interval(score), _number(whitened, decimal)]
            line += [_score(each.get(score.site)) for each in beside.values()]
            baseline = best_model_free(comparison, summary.process, target, row.width)
            lines.append([*line, _baseline(baseline), _verdict(score)])
    dimensions = f", beyond: {beyond_dimensions(summary)} dimensions" if target == "beyond" else ""
    return _table(f"Every site on {summary.title}{dimensions}", header, lines)


def _table(caption: str, header: Sequence[str], lines: Sequence[Sequence[_Cell]]) -> str:
    hints = {
        name: CONTROLS[key] for key, name in (("untrained", "Untrained twin"), ("permuted-classes", "Permuted classes"))
    }
    head = "".join(
        f'<th scope="col" aria-sort="none"><button type="button" title="{escape(_hint(name, hints))}">'
        f"{escape(name)}</button></th>"
        for name in header
    )
    body = "\n".join(f"<tr>{''.join(_cell(cell, first=j == 0) for j, cell in enumerate(line))}</tr>" for line in lines)
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(caption)}"><table class="sortable">'
        f"<caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _hint(name: str, hints: dict[str, str]) -> str:
    key = (
        "KL"
        if name.startswith("KL")
        else "R²"
        if name.endswith("R²")
        else "Width, rank"
        if name in ("Width", "Rank")
        else name
    )
    return hints.get(name) or COLUMNS.get(key, "")


def _cell(cell: _Cell, *, first: bool) -> str:
    number = f' data-number="{cell.number!r}"' if cell.number is not None else ""
    hint = f' title="{escape(cell.hint)}"' if cell.hint else ""
    classes = (
        ["number"] * (cell.number is not None or cell.text in ("-", "empty"))
        + ["key"] * cell.key
        + ["words"] * (len(cell.text) > 19)
    )
    kind = f' class="{" ".join(classes)}"' if classes else ""
    tag = 'th scope="row"' if first else "td"
    return f"<{tag}{number}{hint}{kind}>{escape(cell.text)}</{tag.split()[0]}>"


def _number(value: float | None, write: object) -> _Cell:
    assert callable(write)
    return _Cell(write(value), value)


def _score(score: Score | None, hint: str = "", *, key: bool = False) -> _Cell:
    if score is None:
        return _Cell("-")
    if score.value is None:
        return _Cell("empty", hint=score.reason)
    return _Cell(decimal(score.value), score.value, hint=score.reason or hint, key=key)


def _interval(score: Score | None) -> _Cell:
    if score is None or score.low is None:
        return _Cell("-")
    return _Cell(interval(score.low, score.high), score.low)


def _baseline(score: Score | None) -> _Cell:
    if score is None or score.value is None:
        return _Cell("-")
    return _Cell(f"{decimal(score.value)} {control_name(score)}", score.value)


def _verdict(score: Score | None) -> _Cell:
    return _Cell(score.verdict if score is not None and score.verdict else "-")


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
