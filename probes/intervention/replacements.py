"""What is put in place of what: the kinds of edit, each as a displacement of values and the belief that it injects.

- `transplant`: the whole value of another history of equal length.
- `belief`: the belief component alone of another history.
- `arbitrary`: the belief component moved to a belief that need be no history's: a mixture of histories' beliefs.
- `visible-at-k`: the belief component moved by a change that no distribution of fewer than k symbols shows, as far as
  words keep probabilities that are not negative.
- `zero`, `mean`: the value replaced by zeros, or by its mean over histories of that length.
- `erase`: the belief erased from the value, so that no linear probe reads it any more (LEACE).

The last three inject no belief of anybody: whoever has lost the history should predict what the mean belief does, and
that is what they are scored against.

Controls are displacements as long as the real one, case by case: `random-direction`, in the directions in which the
values of these histories vary; `wrong-belief`, another belief put in by the same edit; `shuffled-probe`, the component
of beliefs dealt among histories of equal length. `before` is no displacement at all.

Where no history's belief can be moved as `visible-at-k` asks, as every one of them stands at the edge of what is
possible, all are first moved halfway to their mean, and the edit starts from there: so it is, from the second symbol
on, with the direction of RRXOR that is first visible at 4. Rows say where they start.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from probes.intervention.beliefs import BeliefSpace
from probes.intervention.cases import Pairs, drawn_alone, drawn_pairs
from probes.intervention.component import Component
from probes.intervention.erasure import erase_concept
from probes.intervention.workbench import Workbench

__all__ = ["KINDS", "Replacement", "kinds_of", "replacement", "visible_horizon"]

KINDS = ("transplant", "belief", "arbitrary", "visible-at-K", "zero", "mean", "erase")
"""The kinds of replacement; K is a number."""

ROOM = 0.9
"""How far along a direction an edit goes, as a part of the way to where a word's probability would turn negative: at
the very end words vanish, and the KL of anything that keeps them, or of what they were, is infinite."""

_VISIBLE = re.compile(r"visible-at-([1-9]\d*)")

_LEAST_STEP = 1e-6
"""A history that can go less far along a direction, of beliefs of size up to 1, stands at the edge and is left out."""


def kinds_of(space: BeliefSpace) -> list[str]:
    """Every kind that there is for a process: `visible-at-k` for the k >= 2 at which the rank grows."""
    visible = [f"visible-at-{k}" for k in range(2, space.least_horizon + 1) if len(space.first_visible(k))]
    return ["transplant", "belief", "arbitrary", *visible, "zero", "mean", "erase"]


def visible_horizon(kind: str) -> int | None:
    """The k of `visible-at-k`; None for other kinds.

    Raises:
        ValueError: if there is no such kind.
    """
    found = _VISIBLE.fullmatch(kind)
    if found is None and (kind not in KINDS or kind == "visible-at-K"):
        raise ValueError(
            f"there is no kind of replacement {kind!r}; there are {', '.join(KINDS)}, K a number as in visible-at-2"
        )
    return int(found[1]) if found else None


_SAME = 0.99
"""Cosine between displacements that are the same edit."""


@dataclass(frozen=True, eq=False)
class Replacement:
    """One kind, ready to be put in.

    Attributes:
        pairs: the cases.
        injected, original: the belief that each case should have after the edit, and has before.
        displaced: by control, "" for the real thing, how the values of each case change.
        before: a displacement that comes first, the same with and without the edit; None: none.
        start: the belief that the edit starts from: a history's own or, where `before` puts it there, another.
        lent: whether a second history of each pair lends something.
        excluded: probability of the histories that allow no such edit.
        reason: why there are no cases.
    """

    pairs: Pairs
    injected: Float[np.ndarray, "case axis"]
    original: Float[np.ndarray, "case axis"]
    displaced: Mapping[str, Float[np.ndarray, "case width"]]
    before: Float[np.ndarray, "case width"] | None = None
    start: str = "own belief"
    lent: bool = False
    excluded: float = 0.0
    reason: str = ""

    @property
    def same(self) -> frozenset[str]:
        """Controls that are hardly another edit than the real one: where nothing varies but the belief, any subspace
        of as many dimensions is its own."""
        real = self.displaced[""]
        size = np.linalg.norm(real) ** 2
        near = {name: np.sum(real * other) >= _SAME * size > 0 for name, other in self.displaced.items()}
        return frozenset(name for name in near if name and near[name])


def replacement(work: Workbench, kind: str, *, n_case: int, rng: np.random.Generator) -> Replacement:
    """The displacements of one kind and of its controls.

    Raises:
        ValueError: if there is no such kind, or the process has no direction first visible at that k.
    """
    k = visible_horizon(kind)
    of_pairs, of_beliefs, of_controls, of_directions = rng.spawn(4)
    if k is not None:
        found = _visible(work, k, n_case=n_case, rng=of_pairs)
    else:
        bench, values = work.bench, work.values
        pairs = drawn_pairs(bench, n_case, rng=of_pairs)
        injected, original = bench.last[pairs.of], bench.last[pairs.into]
        if kind == "transplant":
            here = values[pairs.into]
            displaced = {"": values[pairs.of] - here, "wrong-belief": values[pairs.wrong] - here}
        elif kind == "belief":
            displaced = _exchanged(work, pairs, rng=of_controls)
        elif kind == "arbitrary":
            injected = work.space.mixtures(bench.last, len(pairs), rng=of_beliefs)
            wrong = np.roll(injected, 1, axis=0)
            displaced = _moved(work, pairs, injected - original, wrong - original, rng=of_controls)
        else:
            injected = np.tile(bench.mean, (len(pairs), 1))
            displaced = _removed(work, pairs, kind, rng=of_controls)
        found = Replacement(pairs, injected, original, displaced, lent=kind in ("transplant", "belief"))
    random = _random(work, found.displaced[""], rng=of_directions)
    return replace(found, displaced={**found.displaced, "random-direction": random})


def _visible(work: Workbench, k: int, *, n_case: int, rng: np.random.Generator) -> Replacement:
    of_cases, of_directions, of_controls = rng.spawn(3)
    space, bench = work.space, work.bench
    directions = space.first_visible(k)
    if not len(directions):
        there = [kind for kind in kinds_of(space) if visible_horizon(kind)]
        also = f"; there are {', '.join(there)}" if there else ": the next symbol's distribution shows all of it"
        raise ValueError(f"no direction of this process's belief is first visible at {k} symbols{also}")
    mixed = of_directions.standard_normal(len(directions)) @ directions
    direction = mixed / np.linalg.norm(mixed)
    start, step = bench.last, _steps(work, bench.last, direction, k)
    begun = "own belief"
    if not step.any():
        begun = "halfway to the mean belief"
        start = (bench.last + bench.mean) / 2
        step = _steps(work, start, direction, k)
    able = np.flatnonzero(step.any(axis=1))
    excluded = max(0.0, float(1 - bench.weight[able].sum()))
    if not len(able):
        none, nobody = np.empty((0, space.dimension)), Pairs(able, able, able, np.empty(0))
        reason = f"every belief at row {bench.row}, and halfway to their mean, is at the edge of what is possible there"
        return Replacement(nobody, none, none, {"": np.empty((0, work.place.width))}, excluded=excluded, reason=reason)
    cases = drawn_alone(bench, n_case, among=able, rng=of_cases)
    at_first, change = start[cases.into] - bench.last[cases.into], step[cases.into]
    displaced = _moved(work, cases, change, -change, rng=of_controls)
    before = _by_fold(work, cases, work.components, lambda c, those, row, columns: at_first[those] @ c.write)
    original = start[cases.into]
    return Replacement(cases, original + change, original, displaced, before=before, start=begun, excluded=excluded)


def _steps(work: Workbench, start: np.ndarray, direction: np.ndarray, k: int) -> np.ndarray:
    """How far each history's belief is moved; equal beliefs equally far, and zero for those that cannot be."""
    _, first, same = np.unique(work.bench.belief, return_index=True, return_inverse=True)
    step = ROOM * work.space.furthest(start[first], direction, k, depth=work.space.depth(k))[same]
    return np.where(abs(step @ direction)[:, None] > _LEAST_STEP, step, 0.0)


# ------------------------------------------------------------------------------------------------------- displacements

Change = Callable[[Component, np.ndarray, int, slice], np.ndarray]
"""`change(component, cases, row, columns)`: how the values of some cases change in one part."""


def _by_fold(work: Workbench, pairs: Pairs, components: list[Component], change: Change) -> np.ndarray:
    found = np.zeros((len(pairs), work.place.width))
    fold = work.fold[work.bench.index[pairs.into]]
    for held, component in enumerate(components):
        cases = np.flatnonzero(fold == held)
        for row, columns in work.parts:
            found[cases, columns] = change(component, cases, row, columns)
    return found


def _exchanged(work: Workbench, pairs: Pairs, *, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """The component of other histories: at each row what those had there."""

    def exchanged(components: list[Component], other: np.ndarray) -> np.ndarray:
        values = work.values[other] - work.values[pairs.into]
        points = work.bench.points[other] - work.bench.points[pairs.into]

        def change(component: Component, cases: np.ndarray, row: int, columns: slice) -> np.ndarray:
            return component.exchanged(values[cases][:, columns], points[cases, row])

        return _by_fold(work, pairs, components, change)

    real = exchanged(work.components, pairs.of)
    shuffled = exchanged(work.shuffled_components(rng), pairs.of)
    return {
        "": real,
        "wrong-belief": exchanged(work.components, pairs.wrong),
        "shuffled-probe": _as_long(shuffled, real),
    }


def _moved(
    work: Workbench,
    pairs: Pairs,
    change: Float[np.ndarray, "case axis"],
    wrong: Float[np.ndarray, "case axis"],
    *,
    rng: np.random.Generator,
) -> dict[str, np.ndarray]:
    """The component moved by a change of belief: the same at all rows that are edited."""

    def moved(components: list[Component], by: np.ndarray) -> np.ndarray:
        return _by_fold(work, pairs, components, lambda component, cases, row, columns: by[cases] @ component.write)

    real = moved(work.components, change)
    return {
        "": real,
        "wrong-belief": moved(work.components, wrong),
        "shuffled-probe": _as_long(moved(work.shuffled_components(rng), change), real),
    }


def _removed(work: Workbench, pairs: Pairs, kind: str, *, rng: np.random.Generator) -> dict[str, np.ndarray]:
    values, weight = work.values, work.bench.weight
    if kind == "zero":
        return {"": -values[pairs.into]}
    if kind == "mean":
        return {"": (weight @ values) - values[pairs.into]}
    order = rng.permutation(len(values))

    def erased(points: np.ndarray) -> np.ndarray:
        found = np.zeros((len(pairs), work.place.width))
        for row, columns in work.parts:
            part = values[:, columns]
            found[:, columns] = (erase_concept(part, points[:, row], weight)(part) - part)[pairs.into]
        return found

    real = erased(work.bench.points)
    return {"": real, "shuffled-probe": _as_long(erased(work.bench.points[order]), real)}


def _random(work: Workbench, like: Float[np.ndarray, "case width"], *, rng: np.random.Generator) -> np.ndarray:
    """Displacements in random directions, drawn from the normal law with the covariance of the values."""
    root = np.sqrt(work.bench.weight)[:, None]
    centred = root * (work.values - work.bench.weight @ work.values)
    return _as_long(rng.standard_normal((len(like), len(centred))) @ centred, like)


def _as_long(these: np.ndarray, those: np.ndarray) -> np.ndarray:
    """These displacements, each made as long as that of the same case; none stays none."""
    size = np.linalg.norm(these, axis=1, keepdims=True)
    target = np.linalg.norm(those, axis=1, keepdims=True)
    return np.asarray(these * np.divide(target, size, out=np.zeros_like(size), where=size > 0))
