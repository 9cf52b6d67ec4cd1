"""Entries of a legend that stand for no single mark of the picture."""

from collections.abc import Sequence
from typing import Any

from matplotlib.lines import Line2D

from probes.report.style import colour_of, display_name, marker_of

__all__ = ["entry", "network_entry"]


def entry(label: str, **look: Any) -> Line2D:
    """A mark without a line, unless `look`, properties of a line of matplotlib, has one."""
    return Line2D([], [], **({"linestyle": "none"} | look), label=label)


def network_entry(name: str, among: Sequence[str] = (), *, label: str | None = None, **look: Any) -> Line2D:
    """A network's own colour and shape, with its name.

    Args:
        name: as the rows of results call it.
        among: the networks of the figure, where some have no colour of their own.
        label: in place of how the network is called in pictures.
        look: as for `entry`.
    """
    style = {"color": colour_of(name, among), "marker": marker_of(name, among)}
    return entry(display_name(name) if label is None else label, **(style | look))
