"""Mixed states in the simplex of beliefs: closed graphs with their edges, trees by depth, clouds of many points."""

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike

from compmech.draw.projection import Projection, project
from compmech.draw.routing import bent, bezier
from compmech.draw.style import BLUE, GRID, INK, MUTED, ORANGE, PAGE, VERMILLION, blank_figure, house_style, rgb
from compmech.mixed_state import MixedStatePresentation
from compmech.validation import as_floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Up to so many beliefs each is a disc; so many have their edges drawn, a tree with lines to its leaves.
_DISCS, _EDGES, _TREE, _ROWS = 400, 60, 130, 400

# More points than this are a picture of their density.
_POINTS = 20_000
_PIXELS = 500

_DASHES: tuple[object, ...] = ("solid", (0, (4, 1.6)), (0, (1.2, 1.4)), (0, (6, 1.5, 1.2, 1.5)))


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
    outline. Graphs of few beliefs have their edges, one style of line for each symbol; trees, lines to the beliefs after
    one symbol more. Two states are drawn with the number of symbols read downwards.

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
            figure = _interval_figure(mixed, seen, shades, corners, symbols, title)
        else:
            few = mixed.n_mixed <= _EDGES
            figure, axes = _stage(seen, corners, title, room=19.0 if few else 13.0)
            if few:
                _draw_graph(axes, mixed, seen, symbols)
            elif mixed.n_mixed <= _TREE and not mixed.closed:
                _draw_tree(axes, mixed, seen.place)
            _draw_beliefs(axes, seen, shades, weight, mixed.recurrent)
            _caption(figure, _described(mixed))
    return figure


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
        raise ValueError(f"weight must hold a nonnegative number for each of the {len(rows)} beliefs, not all of them 0")
    corners = _named(states, rows.shape[1], "states")
    seen = project(rows, mass)
    with house_style():
        if seen.kind == "interval":
            figure, axes = _interval_axes(corners, title, height=2.6)
            axes.hist(rows[:, 1], bins=np.linspace(0, 1, 201).tolist(), weights=mass / mass.sum(), color=BLUE)
            axes.set_ylabel("probability")
        else:
            figure, axes = _stage(seen, corners, title)
            _draw_beliefs(axes, seen, seen.colour, mass / mass.sum(), np.zeros(len(rows), dtype=bool))
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
    return (1 - part) * rgb(ORANGE) + part * rgb(BLUE)


def _described(mixed: MixedStatePresentation) -> str:
    count = f"{mixed.n_mixed:,} mixed state{'' if mixed.n_mixed == 1 else 's'}"
    if mixed.closed:
        return f"{count}, {int((~mixed.recurrent).sum()):,} of them transient; closed"
    return f"{count} after up to {mixed.depth} symbols; not closed (lost mass {mixed.lost_mass:.3g})"


def _caption(figure: "Figure", text: str) -> None:
    figure.text(0.02, 0.02, text, fontsize=7.5, color=MUTED, va="bottom")


def _stage(seen: Projection, corners: tuple[str, ...], title: str, room: float = 13.0) -> tuple["Figure", "Axes"]:
    """Axes with the simplex, its corners named; or with principal components."""
    figure = blank_figure(5.2, 5.0)
    if seen.kind == "principal":
        axes = figure.add_axes((0.13, 0.16, 0.83, 0.74))
        axes.set_xlabel(f"first principal component ({seen.share[0]:.0%} of variance)")
        axes.set_ylabel(f"second ({seen.share[1]:.0%})")
        axes.margins(0.08)
        if np.ptp(seen.place) < 1e-12:
            axes.set_xlim(-1, 1)
            axes.set_ylim(-1, 1)
        else:
            axes.set_aspect("equal", adjustable="datalim")
    else:
        axes = figure.add_axes((0.06, 0.07, 0.88, 0.84))
        axes.set_axis_off()
        axes.set_aspect("equal")
        axes.margins(0.06)
        if seen.kind == "point":
            axes.set_xlim(-1, 1)
            axes.set_ylim(-1, 1)
        _draw_frame(axes, seen, corners, room)
    if title:
        figure.text(0.02, 0.975, title, fontsize=10, fontweight="bold", va="top")
    return figure, axes


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
            name, place, room * away if len(places) > 1 else (0, -room), textcoords="offset points", ha="center", va="center", fontsize=10
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


def _draw_beliefs(
    axes: "Axes",
    seen: Projection,
    colour: Float[np.ndarray, "row 3"],
    weight: Float[np.ndarray, " row"],
    recurrent: np.ndarray,
) -> None:
    """Discs, dots or density, whichever so many points allow; what is near over what is far."""
    n_point = len(weight)
    near = 1 + 0.25 * seen.depth
    if n_point <= _DISCS:
        area = (14 + 420 * weight) * near**2
        order = np.lexsort((-area, seen.depth))
        x, y = seen.place[order].T
        outline = np.where(recurrent[order, None], rgb(INK), rgb(MUTED))
        axes.scatter(x, y, s=area[order], c=colour[order], edgecolors=outline,
                     linewidths=np.where(recurrent[order], 1.1, 0.5).tolist(), zorder=4)  # fmt: skip
    elif n_point <= _POINTS:
        # in an order without meaning, so that no belief lies above others by its place in the list
        order = np.random.default_rng(0).permutation(n_point)
        order = order[np.argsort(seen.depth[order], kind="stable")]
        x, y = seen.place[order].T
        size = np.clip(7_000 / n_point, 1.0, 9.0) * near[order] ** 2
        axes.scatter(x, y, s=size, c=colour[order], linewidths=0, alpha=0.8, zorder=4, rasterized=True)
    else:
        _draw_density(axes, seen.place, colour, weight)


def _draw_density(
    axes: "Axes",
    place: Float[np.ndarray, "row 2"],
    colour: Float[np.ndarray, "row 3"],
    weight: Float[np.ndarray, " row"],
) -> None:
    """Pixels in the mean colour of what falls into them, the more opaque the more it is, by its logarithm."""
    low, high = place.min(axis=0), place.max(axis=0)
    size = float(max(high - low)) or 1.0
    cell = np.minimum(((place - low) / size * _PIXELS).astype(np.intp), _PIXELS - 1)
    pixel = cell[:, 1] * _PIXELS + cell[:, 0]
    mass = np.bincount(pixel, weights=weight, minlength=_PIXELS**2)
    image = np.zeros((_PIXELS**2, 4))
    full = mass > 0
    for channel in range(3):
        image[full, channel] = np.bincount(pixel, weights=weight * colour[:, channel], minlength=_PIXELS**2)[full] / mass[full]
    logs = np.log(mass[full])
    floor = np.quantile(logs, 0.02)
    image[full, 3] = 0.6 + 0.4 * np.clip((logs - floor) / max(float(logs.max() - floor), 1e-9), 0, 1)
    extent = (float(low[0]), float(low[0] + size), float(low[1]), float(low[1] + size))
    limits = axes.get_xlim(), axes.get_ylim()
    axes.imshow(image.reshape(_PIXELS, _PIXELS, 4), extent=extent, origin="lower", interpolation="nearest", zorder=4)
    if limits != ((0.0, 1.0), (0.0, 1.0)):
        axes.set_xlim(*limits[0])
        axes.set_ylim(*limits[1])


def _draw_tree(axes: "Axes", mixed: MixedStatePresentation, place: Float[np.ndarray, "mixed 2"]) -> None:
    from matplotlib.collections import LineCollection

    child = np.flatnonzero(mixed.parent >= 0)
    lines = np.stack([place[mixed.parent[child]], place[child]], axis=1)
    axes.add_collection(LineCollection(list(lines), colors="#b9c0c6", linewidths=0.5, zorder=2))


def _draw_graph(axes: "Axes", mixed: MixedStatePresentation, seen: Projection, symbols: tuple[str, ...]) -> None:
    """Every edge as a bent arrow; loops as circles that lean away from the middle."""
    extent = np.ptp(seen.corners[:, :2] if len(seen.corners) else seen.place, axis=0)
    scale = float(extent.max()) or 2.0  # a single belief stands in the middle of -1 .. 1
    shown: dict[int, object] = {}
    for node, symbol in np.argwhere(mixed.successor >= 0).tolist():
        style = _DASHES[symbol % len(_DASHES)]
        after = int(mixed.successor[node, symbol])
        a, b = seen.place[node], seen.place[after]
        if float(np.hypot(*(b - a))) < 1e-9 * scale:
            line = _small_loop(a, seen.place.mean(axis=0), 0.035 * scale)
        else:
            line = bezier(bent(a, b, 0.12), np.linspace(0, 1, 30))
        (shown[symbol],) = axes.plot(*line.T, color=MUTED, linewidth=0.8, linestyle=style, zorder=2)  # type: ignore[arg-type]
        _draw_head(axes, line)
    if 1 < len(symbols) <= len(_DASHES):
        handles = [shown[symbol] for symbol in sorted(shown)]
        axes.legend(handles, [symbols[symbol] for symbol in sorted(shown)], title="symbol", loc="upper right",
                    fontsize=8, title_fontsize=8, handlelength=2.6)  # fmt: skip


def _small_loop(at: Float[np.ndarray, "2"], middle: Float[np.ndarray, "2"], radius: float) -> Float[np.ndarray, "point 2"]:
    away = at - middle
    length = float(np.hypot(*away))
    outward = np.arctan2(away[1], away[0]) + np.pi / 3 if length > 1e-9 else np.pi / 2  # beside the corner's name
    away = np.array([np.cos(outward), np.sin(outward)])
    angle = np.arctan2(-away[1], -away[0]) + np.linspace(0, 2 * np.pi, 40)
    return np.asarray(at + radius * away + radius * np.stack([np.cos(angle), np.sin(angle)], axis=1))


def _draw_head(axes: "Axes", line: Float[np.ndarray, "point 2"]) -> None:
    """An arrow's head at the middle of a line, clear of the discs at its ends."""
    middle = len(line) // 2
    axes.annotate(
        "",
        line[middle + 1],
        line[middle],
        arrowprops={"arrowstyle": "-|>", "color": MUTED, "linewidth": 0.6, "mutation_scale": 7, "shrinkA": 0, "shrinkB": 0},
        zorder=2,
    )


def _interval_axes(corners: tuple[str, ...], title: str, height: float) -> tuple["Figure", "Axes"]:
    figure = blank_figure(5.6, height)
    axes = figure.add_axes((0.12, 0.72 / height, 0.84, 1 - 1.1 / height))
    axes.set_xlim(-0.03, 1.03)
    axes.set_xlabel(f"probability of state {corners[1]}")
    if title:
        figure.text(0.02, 1 - 0.08 / height, title, fontsize=10, fontweight="bold", va="top")
    return figure, axes


def _interval_figure(
    mixed: MixedStatePresentation,
    seen: Projection,
    colour: Float[np.ndarray, "mixed 3"],
    corners: tuple[str, ...],
    symbols: tuple[str, ...],
    title: str,
) -> "Figure":
    """Rows of beliefs, one for each number of symbols read, with lines to what a symbol more makes of them."""
    rows = min(len(mixed.levels), 41)
    figure, axes = _interval_axes(corners, title, height=float(np.clip(1.7 + 0.3 * rows, 2.4, 8.0)))
    x = seen.place[:, 0]
    few = sum(len(nodes) for nodes, _ in mixed.levels[:rows]) <= _ROWS
    shown: dict[int, object] = {}
    for level, (nodes, probability) in enumerate(mixed.levels[:rows]):
        axes.plot([0, 1], [level, level], color=GRID, linewidth=0.8, zorder=1)
        if few and level + 1 < rows:
            for node, symbol in zip(*np.nonzero(mixed.successor[nodes] >= 0), strict=True):
                ends = [x[nodes[node]], x[mixed.successor[nodes[node], symbol]]]
                style = _DASHES[symbol % len(_DASHES)]
                (shown[int(symbol)],) = axes.plot(ends, [level, level + 1], color=MUTED, linewidth=0.6,
                                                  linestyle=style, zorder=2)  # type: ignore[arg-type]  # fmt: skip
        area = 8 + 110 * probability if few else np.clip(110 * probability, 1.5, 60)
        outline = np.where(mixed.recurrent[nodes, None], rgb(INK), rgb(MUTED))
        axes.scatter(x[nodes], np.full(len(nodes), level), s=area, c=colour[nodes], edgecolors=outline,
                     linewidths=0.6 if few else 0.0, zorder=3, rasterized=not few)  # fmt: skip
    axes.set_ylim(rows - 0.5, -0.6)
    axes.set_ylabel("symbols read")
    axes.yaxis.get_major_locator().set_params(integer=True)
    if few and 1 < len(symbols) <= len(_DASHES) and shown:
        handles = [shown[symbol] for symbol in sorted(shown)]
        figure.legend(handles, [f"symbol {symbols[symbol]}" for symbol in sorted(shown)], loc="upper right", fontsize=8,
                      ncols=len(handles), handlelength=2.6, borderaxespad=0.3)  # fmt: skip
    _caption(figure, _described(mixed))
    return figure
