"""The parts of the page that are read, not looked at: notes, what was run, what the words mean."""

import json
from collections.abc import Mapping, Sequence
from html import escape
from statistics import fmean
from typing import Any

from probes.headline import networks, runs_of
from probes.report.numerals import count, seconds
from probes.report.terms import COLUMNS, CONTROLS, IDEAS
from probes.results import Comparison, ProcessSummary, Run

__all__ = ["beside", "notes", "terms", "what_was_run"]


def notes(comparison: Comparison) -> str:
    """What a reader must know besides."""
    if not comparison.notes:
        return ""
    points = "".join(f"<li>{escape(text)}</li>" for text in comparison.notes)
    return f'<section id="notes"><h2>Notes</h2><ul>{points}</ul></section>'


def what_was_run(comparison: Comparison) -> str:
    """The command, the processes, the networks with their settings, the versions."""
    spec = json.dumps(comparison.spec, indent=2, sort_keys=True, default=str)
    versions = ", ".join(f"{name} {version}" for name, version in comparison.versions.items())
    return (
        f'<p>To run it again:</p><pre class="command"><code>{escape(comparison.command)}</code></pre>'
        + "".join(_process(comparison, summary) for summary in comparison.processes)
        + f"<details><summary>The whole specification</summary><pre>{escape(spec)}</pre></details>"
        + f"<p>Versions: {escape(versions)}.</p>"
    )


def beside() -> str:
    """The files that the page is written with."""
    return (
        "<p>Written together with this page, which needs none of them: results.csv (every row), results.json "
        "(everything, in a documented schema), table.md and table.tex, and the figures as PNG and SVG.</p>"
    )


def terms(comparison: Comparison) -> str:
    """The words of this report; of controls and baselines only those that occur in it."""
    used = {word for row in comparison.rows for word in (*row.control.split(), row.predictor)}
    controls = {name: text for name, text in CONTROLS.items() if name in used}
    pairs = [(name, text) for part in (IDEAS, COLUMNS, controls) for name, text in part.items()]
    return "<dl>" + "".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in pairs) + "</dl>"


def _process(comparison: Comparison, summary: ProcessSummary) -> str:
    facts = [
        f"{name.replace('_', ' ')} {_fact(value)}" for name, value in summary.statistics.items() if _is_fact(value)
    ]
    statistics = f"<p>Statistics, entropies in bits: {escape(', '.join(facts))}.</p>" if facts else ""
    ranks = ", ".join(f"{rank} (k = {k})" for k, rank in enumerate(summary.horizon_ranks, 1))
    names = networks(comparison, summary.process)
    runs = [run for name in names for run in runs_of(comparison, summary.process, name)[:1]]
    shared = _shared([run.training for run in runs])
    together = f'<p class="note">All trained with {escape(_settings(shared))}.</p>' if shared else ""
    lines = "".join(_network(comparison, run, shared) for run in runs)
    return (
        f"<h3>{escape(summary.title)}</h3><ul>{lines}</ul>{together}"
        f"<details><summary>About the process</summary>{statistics}"
        f"<p>Rank of the joint probabilities of the next k symbols: {escape(ranks)}. A rank that grows after k = 1 "
        "means that the belief says more than the next symbol's probabilities.</p></details>"
    )


def _network(comparison: Comparison, run: Run, shared: Mapping[str, Any]) -> str:
    runs = runs_of(comparison, run.process, run.predictor)
    times = f"{seconds(run.seconds)} s" if len(runs) == 1 else f"{seconds(fmean(r.seconds for r in runs))} s on average"
    cost = f"{count(run.parameters)} parameters, {count(run.symbols_seen)} symbols seen, {times}"
    own = _settings({key: value for key, value in run.training.items() if key not in shared})
    return f"<li>{escape(run.architecture or run.predictor)}: {escape(cost)}{escape(f'; {own}' if own else '')}.</li>"


def _shared(trainings: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The settings that all have alike."""
    first = trainings[0] if trainings else {}
    return {key: value for key, value in first.items() if all(each.get(key) == value for each in trainings)}


def _settings(settings: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{key.replace('_', ' ')} {value}" for key, value in settings.items() if value not in ([], (), None)
    )


def _is_fact(value: object) -> bool:
    return isinstance(value, int | float | str) or (isinstance(value, Mapping) and {"lower", "upper"} == set(value))


def _fact(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"{_fact(value['lower'])} to {_fact(value['upper'])}"
    if isinstance(value, float):
        return f"{value:.5g}".replace("inf", "∞")
    return "∞" if value == "inf" else str(value)
