"""The machines that networks have learned, as state diagrams beside their statistics."""

from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np

from compmech import HMM
from compmech.draw import state_figure
from probes.report.page.svg import figure_as_svg
from probes.report.style import display_name
from probes.results import Comparison, ProcessSummary
from probes.tables import MachineRow

__all__ = ["machine_figures"]

MOST_STATES = 12
"""Machines with more are told, and not drawn."""

STATISTICS = {
    "n_causal_states": "states",
    "entropy_rate": "entropy rate, bits",
    "statistical_complexity": "statistical complexity, bits",
    "excess_entropy": "excess entropy, bits",
}


def machine_figures(comparison: Comparison, summary: ProcessSummary, i: int) -> str:
    """A figure for each network and seed; empty where none was extracted."""
    found = [machine for machine in comparison.machines if machine.process == summary.process]
    if not found:
        return ""
    several = len({machine.seed for machine in found}) > 1
    figures = "".join(_figure(machine, f"machine-{i}-{j}", several) for j, machine in enumerate(found))
    return (
        '<p class="note">Each network was left to write symbols by itself, and the machine was found from these and '
        "from its predictions alone; the process is only compared with it. Circles are states, arrows “symbol, "
        f'probability”.</p>{_table(found, summary, several)}<div class="charts small">{figures}</div>'
    )


def _name(machine: MachineRow, several: bool) -> str:
    return display_name(machine.predictor) + (f", seed {machine.seed}" if several else "")


def _figure(machine: MachineRow, name: str, several: bool) -> str:
    title, document = _name(machine, several), machine.found
    said = verdict(machine)
    drawing = ""
    if document is not None and document["diagnostics"]["finite"]:
        states = document["machine"]["states"]
        if len(states) <= MOST_STATES:
            figure = state_figure(_machine(document["machine"]), max_states=MOST_STATES)
            drawing = figure_as_svg(figure, name, f"State diagram of {title}: {said}")
        else:
            said = f"{said} It has {len(states)} states, too many to draw here."
    return f"<figure><figcaption><b>{escape(title)}</b>{escape(said)}</figcaption>{drawing}</figure>"


def _machine(words: dict[str, Any]) -> HMM:
    return HMM(np.array(list(words["matrices"].values())), words["start"], words["alphabet"], words["states"])


def verdict(machine: MachineRow) -> str:
    """What was found, and how it compares with the process, in a sentence or two."""
    if machine.found is None:
        return f"None: {machine.reason}"
    found = machine.found["diagnostics"]
    said = [_sentence(found["reason"])]
    beside = found["process"]
    if beside is not None and beside["undertrained"]:
        said.append(f"The network is {beside['kl_nats']:.2g} nats a symbol from the process: this is its own.")
    if beside is not None and beside["isomorphic"]:
        said.append(
            f"It is the machine of the process; probabilities differ by up to {beside['largest_difference']:.2g}."
        )
    elif beside is not None:
        how = "Not compared state by state" if beside["isomorphic"] is None else "Not the machine of the process"
        said.append(_sentence(f"{how}: {beside['why']}"))
    return " ".join(said)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def _table(found: Sequence[MachineRow], summary: ProcessSummary, several: bool) -> str:
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in ("", *STATISTICS.values()))
    lines = [_line(_name(machine, several), machine.found) for machine in found]
    own = "".join(f'<td class="number">{escape(_known(summary.statistics.get(key)))}</td>' for key in STATISTICS)
    lines.append(f'<tr><th scope="row">the process itself</th>{own}</tr>')
    return (
        '<div class="scroll" tabindex="0" role="region" aria-label="Extracted machines"><table class="plain"><thead>'
        f"<tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table></div>"
    )


def _line(name: str, document: dict[str, Any] | None) -> str:
    cells = [_value(key, None if document is None else document.get(key)) for key in STATISTICS]
    shown = "".join(f'<td class="number">{escape(text)}</td>' for text in cells)
    return f'<tr><th scope="row">{escape(name)}</th>{shown}</tr>'


def _value(key: str, value: dict[str, Any] | None) -> str:
    if value is None:
        return "-"
    if key.startswith("n_"):
        return f"{value['value']:.0f}"
    return f"{value['value']:.3f} ({value['low']:.3f} to {value['high']:.3f})"


def _known(value: Any) -> str:
    if isinstance(value, dict):
        return f"{_known(value['lower'])} to {_known(value['upper'])}"
    if value is None:
        return "-"
    return "∞" if value == "inf" else f"{value:.0f}" if isinstance(value, int) else f"{value:.3f}"
