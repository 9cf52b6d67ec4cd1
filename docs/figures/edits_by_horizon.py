"""What exchanging a belief does to the predictions of six architectures: for each process, every edit by horizon."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure

from compmech.draw import PAGE_WIDTH, publish
from compmech.draw.style import house_style
from probes.report.effect_panels import draw_effects, effects_height
from probes.seed_effects import EVERYTHING
from probes.summary import effects_of

RECORDED = Path(__file__).parents[1] / "results" / "architectures.json"

EXCHANGED = ("carry", EVERYTHING, "belief", "encoding", "")
"""The belief part of all that is carried, for another's."""


def main(out: Path, *, rng: np.random.Generator, small: bool = False) -> None:
    """All of it is recorded; in small mode one network is drawn for each process."""
    processes = json.loads(RECORDED.read_text(encoding="utf-8"))["processes"]
    numbers = {
        each["process"]: {net["predictor"]: far for net in each["networks"] if (far := farthest(net)) is not None}
        for each in processes
    }
    figures = {each["process"]: picture(each["networks"][: 1 if small else None]) for each in processes}
    publish(out, "edits_by_horizon", numbers, figures)


def farthest(network: dict[str, Any]) -> float | None:
    """How far predictions go at the longest horizon."""
    found = {
        effect.horizon: effect.mean
        for effect in effects_of(network)
        if (effect.edit, effect.site, effect.kind, effect.through, effect.control) == EXCHANGED
    }
    return found[max(found)] if found else None


def picture(networks: list[dict[str, Any]]) -> Figure:
    """A column for each network, a line of panels for each place."""
    effects = [effect for network in networks for effect in effects_of(network)]
    with house_style(), rc_context({"axes.titlesize": 8, "legend.fontsize": 8}):
        figure = Figure(figsize=(PAGE_WIDTH, effects_height(effects)), layout="constrained")
        draw_effects(figure, effects, [network["predictor"] for network in networks])
    return figure
