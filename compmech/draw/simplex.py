"""Mixed states in the simplex of beliefs: closed graphs with their edges, trees by depth, clouds of many points."""

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike

from compmech.draw.interval import interval_figure, interval_histogram
from compmech.draw.marks import draw_beliefs, draw_graph, draw_tree
from compmech.draw.projection import Projection, project
from compmech.draw.style import BLUE, GRID, MUTED, ORANGE, blank_figure, house_style, rgb
from compmech.mixed_state import MixedStatePresentation
from compmech.validation import as_floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Graphs of up to so many beliefs have their edges drawn, trees of so many lines to their leaves.
_EDGES, _TREE = 60, 130


def simplex_figure(
    mixed: MixedStatePresentation,
    *,
    states: Sequence[Hashable] | None = None,
    alphabet: Sequence[Hashable] | None = None,
    title: str = "",
    colour: Literal["belief", "depth"] = "belief",
) -> "Figure":
    """The mixed states where they lie: on an interval, in a triangle or a tetrahedron; else two principal components.

    Discs are as large as their beliefs are often held, over all words of lengths 0 .. depth; recurrent ones have a dark
    outline. Graphs of few beliefs have their edges, one style of line for each symbol; trees, lines to the beliefs that
    come after one symbol more. Two states are drawn with the number of symbols read downwards.

    Args:
        mixed: the presentation.
        states: names of the corners; None: 0, 1, ...
        alphabet: names of the symbols; None: 0, 1, ...
        title: above the picture.
        colour: by belief, each corner having a colour; or by the number of symbols after which a belief is first held.
    Raises:
        ValueError: if the names are not as many as there are states or symbols.
    """
    n_state, n_symbol = mixed.beliefs.shape[1], mixed.emit.shape[1]
    corners, symbols = _named(states, n_state, "states"), _named(alphabet, n_symbol, "alphabet")
    weight = visits(mixed)
    seen = project(mixed.beliefs, weight)
    depth = first_depth(mixed)
    shades = seen.colour if colour == "belief" else _by_depth(depth)
    with house_style():
        if seen.kind == "interval":
            figure = interval_figure(mixed, seen, shades, corners, symbols, title)
        else:
            few = mixed.n_mixed <= _EDGES
            figure, axes = _stage(seen, corners, title, room=19.0 if few else 13.0)
            if few:
                draw_graph(axes, mixed, seen, symbols)
            elif mixed.n_mixed <= _TREE and not mixed.closed:
                draw_tree(axes, mixed, seen.place)
            draw_beliefs(axes, seen, shades, weight, mixed.recurrent)
        _caption(figure, _described(mixed))
    return figure


def draw_simplex(
    axes: "Axes", mixed: MixedStatePresentation, *, states: Sequence[Hashable] | None = None, room: float = 9.0
) -> None:
    """The mixed states as a part of another figure: points as `simplex_figure` draws them, without edges.

    To be called inside `house_style`.

    Args:
        axes: of matplotlib.
        mixed: the presentation.
        states: names of the corners; None: 0, 1, ...
        room: points between a corner and its name.
    Raises:
        ValueError: if the names are not as many as there are states.
    """
    weight = visits(mixed)
    seen = project(mixed.beliefs, weight)
    _furnish(axes, seen, _named(states, mixed.beliefs.shape[1], "states"), room)
    draw_beliefs(axes, seen, seen.colour, weight, mixed.recurrent)


def cloud_figure(
    beliefs: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    states: Sequence[Hashable] | None = None,
    title: str = "",
) -> "Figure":
    """Any beliefs where they lie, such as those of `filter_beliefs` along a long sequence: many points, by density.

    Args:
        beliefs: axes (row, state).
        weight: how much each counts; None: all alike.
        states, title: as for `simplex_figure`.
    Raises:
        ValueError: if beliefs are not numbers with two axes, or weights are not one nonnegative number for each.
    """
    rows = as_floats(beliefs, "beliefs")
    if rows.ndim != 2 or 0 in rows.shape:
        raise ValueError(f"beliefs must have axes (row, state), at least one of each; got shape {rows.shape}")
    mass = np.ones(len(rows)) if weight is None else as_floats(weight, "weight")
    if mass.shape != (len(rows),) or (mass < 0).any() or mass.sum() <= 0:
        raise ValueError(
            f"weight must hold a nonnegative number for each of the {len(rows)} beliefs, not all of them 0"
        )
    corners = _named(states, rows.shape[1], "states")
    seen = project(rows, mass)
    with house_style():
        if seen.kind == "interval":
            figure = interval_histogram(seen.place[:, 0], mass, corners, title)
        else:
            figure, axes = _stage(seen, corners, title)
            draw_beliefs(axes, seen, seen.colour, mass / mass.sum(), np.zeros(len(rows), dtype=bool))
        _caption(figure, f"{len(rows):,} beliefs")
    return figure


def visits(mixed: MixedStatePresentation) -> Float[np.ndarray, " mixed"]:
    """How often each belief is held, on average over words of lengths 0 .. depth."""
    found = np.zeros(mixed.n_mixed)
    for nodes, probability in mixed.levels:
        found[nodes] += probability
    return found / len(mixed.levels)


def first_depth(mixed: MixedStatePresentation) -> Int[np.ndarray, " mixed"]:
    """The length of the shortest words that lead to each belief."""
    depth = np.zeros(mixed.n_mixed, dtype=np.intp)
    for node, parent in enumerate(mixed.parent.tolist()):
        if parent >= 0:
            depth[node] = depth[parent] + 1
    return depth


def _named(given: Sequence[Hashable] | None, count: int, what: str) -> tuple[str, ...]:
    if given is not None and len(given) != count:
        raise ValueError(f"{what} must hold {count} names, one for each; got {len(given)}")
    return tuple(str(name) for name in (range(count) if given is None else given))


def _by_depth(depth: Int[np.ndarray, " mixed"]) -> Float[np.ndarray, "mixed 3"]:
    """From orange at the start to blue at the deepest."""
    part = (depth / max(int(depth.max()), 1))[:, None]
    return np.asarray((1 - part) * rgb(ORANGE) + part * rgb(BLUE))


def _described(mixed: MixedStatePresentation) -> str:
    count = f"{mixed.n_mixed:,} mixed state{'' if mixed.n_mixed == 1 else 's'}"
    if mixed.closed:
        return f"{count}, {int((~mixed.recurrent).sum()):,} of them transient; closed"
    return f"{count} after up to {mixed.depth} symbols; longer words are not followed"


def _caption(figure: "Figure", text: str) -> None:
    figure.text(0.02, 0.02, text, fontsize=7.5, color=MUTED, va="bottom")


def _stage(seen: Projection, corners: tuple[str, ...], title: str, room: float = 13.0) -> tuple["Figure", "Axes"]:
    """A figure with axes for the beliefs."""
    figure = blank_figure(5.2, 5.0)
    principal = seen.kind == "principal"
    axes = figure.add_axes((0.13, 0.16, 0.83, 0.74) if principal else (0.06, 0.07, 0.88, 0.84))
    _furnish(axes, seen, corners, room)
    if title:
        figure.text(0.02, 0.975, title, fontsize=10, fontweight="bold", va="top")
    return figure, axes


def _furnish(axes: "Axes", seen: Projection, corners: tuple[str, ...], room: float) -> None:
    """The simplex, its corners named; or the scales of principal components."""
    if seen.kind == "principal":
        axes.set_xlabel(f"first principal component ({seen.share[0]:.0%} of variance)")
        axes.set_ylabel(f"second ({seen.share[1]:.0%})")
        axes.margins(0.13)  # a large disc at the edge is not cut
        if np.ptp(seen.place) < 1e-12:
            axes.set_xlim(-1, 1)
            axes.set_ylim(-1, 1)
        else:
            axes.set_aspect("equal", adjustable="datalim")
    else:
        axes.set_axis_off()
        axes.set_aspect("equal")
        axes.margins(0.06)
        if seen.kind == "point":
            axes.set_xlim(-1, 1)
            axes.set_ylim(-1, 1)
        _draw_frame(axes, seen, corners, room)


def _draw_frame(axes: "Axes", seen: Projection, corners: tuple[str, ...], room: float) -> None:
    places = seen.corners[:, :2]
    middle = places.mean(axis=0)
    hidden = _hidden_edge(seen.corners) if seen.kind == "tetrahedron" else None
    for a in range(len(places)):
        for b in range(a):
            style = (0, (3, 2)) if (b, a) == hidden else "solid"
            axes.plot(*places[[a, b]].T, color=GRID if seen.kind == "triangle" else "#b9c0c6", linewidth=1.1,
                      linestyle=style, zorder=1)  # fmt: skip
    for name, place in zip(corners, places, strict=True):
        away = place - middle
        away = away / max(float(np.hypot(*away)), 1e-9)
        axes.annotate(
            name,
            place,
            room * away if len(places) > 2 else (0, -room),  # a name of any length beside an interval would lie upon it
            textcoords="offset points",
            ha="center",
            va="center",
            fontsize=10,
        )


def _hidden_edge(corners: Float[np.ndarray, "4 3"]) -> tuple[int, int]:
    """Of the two edges that cross on paper, the farther one."""
    pairs = (((0, 1), (2, 3)), ((0, 2), (1, 3)), ((0, 3), (1, 2)))
    for first, second in pairs:
        (a, b), (c, d) = corners[list(first)], corners[list(second)]
        system = np.column_stack([(b - a)[:2], (c - d)[:2]])
        s, t = np.linalg.solve(system, (c - a)[:2])
        if 0 < s < 1 and 0 < t < 1:
            return first if a[2] + s * (b - a)[2] < c[2] + t * (d - c)[2] else second
    raise AssertionError("the tetrahedron is drawn so that two edges cross")
