"""The parts of the page that are read, not looked at: notes, what was run, what the words mean."""

import json
from collections.abc import Mapping
from html import escape
from typing import Any

from probes.headline import networks, runs_of
from probes.report.numerals import count, seconds
from probes.report.style import display_name
from probes.report.terms import COLUMNS, CONTROLS, IDEAS
from probes.results import Comparison, ProcessSummary

__all__ = ["notes", "terms", "what_was_run"]


def notes(comparison: Comparison) -> str:
    """What a reader must know besides."""
    if not comparison.notes:
        return ""
    points = "".join(f"<li>{escape(text)}</li>" for text in comparison.notes)
    return f"<h3>Notes</h3><ul>{points}</ul>"


def what_was_run(comparison: Comparison) -> str:
    """The command, the processes, the networks with their settings, the versions."""
    spec = json.dumps(comparison.spec, indent=2, default=str)
    versions = ", ".join(f"{name} {version}" for name, version in comparison.versions.items())
    return (
        f'<p>To run it again:</p><pre class="command"><code>{escape(comparison.command)}</code></pre>'
        + "".join(_process(comparison, summary) for summary in comparison.processes)
        + f"<details><summary>The whole specification</summary><pre>{escape(spec)}</pre></details>"
        + f"<p>Versions: {escape(versions)}.</p>"
    )


def terms(comparison: Comparison) -> str:
    """The words of this report; of controls and baselines only those that occur in it."""
    used = {row.control.split()[0] for row in comparison.rows if row.control} | {
        row.predictor for row in comparison.rows
    }
    controls = {name: text for name, text in CONTROLS.items() if name in used}
    pairs = [(name, text) for part in (IDEAS, COLUMNS, controls) for name, text in part.items()]
    return "<dl>" + "".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in pairs) + "</dl>"


def _process(comparison: Comparison, summary: ProcessSummary) -> str:
    facts = [
        f"{name.replace('_', ' ')} {_fact(value)}" for name, value in summary.statistics.items() if _is_fact(value)
    ]
    statistics = f"<p>Statistics, entropies in bits: {escape(', '.join(facts))}.</p>" if facts else ""
    ranks = ", ".join(f"{rank} (k = {k})" for k, rank in enumerate(summary.horizon_ranks, 1))
    lines = "".join(_network(comparison, summary, name) for name in networks(comparison, summary.process))
    return (
        f"<h3>{escape(summary.title)}</h3><ul>{lines}</ul>"
        f"<details><summary>About the process</summary>{statistics}"
        f"<p>Rank of the joint probabilities of the next k symbols: {escape(ranks)}. A rank that grows after k = 1 "
        f"means that the "
        "belief says more than the next symbol's probabilities.</p></details>"
    )


def _network(comparison: Comparison, summary: ProcessSummary, name: str) -> str:
    runs = runs_of(comparison, summary.process, name)
    if not runs:
        return f"<li>{escape(display_name(name))}</li>"
    run = runs[0]
    cost = f"{count(run.parameters)} parameters, {count(run.symbols_seen)} symbols seen"
    times = f"{seconds(min(r.seconds for r in runs))} s" if len(runs) == 1 else f"{len(runs)} seeds"
    settings = ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in run.training.items())
    what = run.architecture or display_name(name)
    detail = f'<br><span class="note">Trained with {escape(settings)}.</span>' if settings else ""
    return f"<li>{escape(what)}: {escape(cost)}, {escape(times)}.{detail}</li>"


def _is_fact(value: object) -> bool:
    return isinstance(value, int | float | str) or (isinstance(value, Mapping) and {"lower", "upper"} == set(value))


def _fact(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"{_fact(value['lower'])} to {_fact(value['upper'])}"
    if isinstance(value, float):
        return f"{value:.5g}".replace("inf", "∞")
    return "∞" if value == "inf" else str(value)
