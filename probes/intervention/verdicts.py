"""What an edit's numbers say, in words that claim no more than the edit can show."""

from dataclasses import dataclass
from math import isfinite
from typing import Literal

from predictors import Predictor
from probes.intervention.places import Place

__all__ = ["AS_BAYES", "MUST_STAY", "NO_MOVE", "VERDICTS", "WHOLE", "Facts", "Verdict", "null_verdict", "verdict"]

Verdict = Literal[
    "",
    "as Bayes",
    "part of the way",
    "not as Bayes",
    "does not use",
    "does not use this copy",
    "recomputes",
    "stays",
    "moves too early",
    "start not reached",
    "trivial",
    "cannot change the future",
]

VERDICTS: dict[Verdict, str] = {
    "": "a control, or nothing to judge",
    "as Bayes": "the predictions went most of the way to those of the injected belief, and further than any control",
    "part of the way": "they went some of that way, and further than any control",
    "not as Bayes": "they moved, but not to where Bayes puts them further than controls did",
    "does not use": "everything carried on was replaced, and the predictions hardly moved",
    "does not use this copy": "the predictions hardly moved; what was edited may stand elsewhere or in another form",
    "recomputes": "the predictions hardly moved: other rows, or sites below, still hold what was edited, and it is "
    "computed anew from them. It does not say that the belief is not used",
    "stays": "before the first visible horizon the predictions moved by no more than a tenth of what they did there",
    "moves too early": "they moved before the horizon at which the edit should first show",
    "start not reached": "the edit starts from a belief that is no history's, and could not be put there well enough: "
    "predictions were further from it than the edit should have moved them",
    "trivial": "the readout reads this site and nothing else: an edit is an edit of the output",
    "cannot change the future": "nothing after row t reads what was edited, so nothing there could move: no robustness",
}
"""Every verdict, and what it means."""

AS_BAYES = 0.5
"""From this part of the way on it is most of the way."""

NO_MOVE = 0.1
"""Predictions that moved by less than this part of what Bayes moves them by hardly moved."""

MUST_STAY = 0.1
"""Before the first visible horizon predictions may move by this part of what they move there."""


WHOLE = ("transplant", "zero", "mean")
"""Kinds that replace the whole value. The others edit what a linear probe finds of it, and leave what it does not."""


@dataclass(frozen=True)
class Facts:
    """What a verdict on the real edit at one horizon rests on.

    Attributes:
        effect: part of the way to the injected belief's predictions. None: not defined.
        margin: a lower bound of how much further that is than nothing, and than any control went.
        moved: KL from the predictions before the edit to those after it.
        due: how far they should go: that KL for exact Bayes or, if less, to the injected belief's from where they are.
        left: whether predictions left those of the belief that was there, by `NO_MOVE` of what they should. Those of a
            network that predicts nothing may come closer to both beliefs, as an ablation makes them even.
        started: whether predictions before the edit were those of the belief that it starts from, well enough.
        when_visible: the facts at the first visible horizon; None from there on, and for kinds without one.
    """

    effect: float | None
    margin: float | None
    moved: float
    due: float
    left: bool = True
    started: bool = True
    when_visible: "Facts | None" = None


def verdict(facts: Facts, place: Place, predictor: Predictor, *, kind: str, reaches: bool) -> Verdict:
    """The verdict on one row.

    Args:
        kind: what was put in place of what.
        reaches: whether a change at the place can change anything after row t.
    """
    if place.site == "final":
        return "trivial"
    if not reaches:
        return "cannot change the future"
    if not facts.started:
        return "start not reached"
    if facts.when_visible is not None:
        if _hardly(facts.when_visible):
            return null_verdict(place, predictor, kind)
        return "stays" if facts.moved <= MUST_STAY * facts.when_visible.moved else "moves too early"
    if facts.effect is None:
        return ""
    if facts.margin is not None and facts.margin > 0 and facts.left:
        if facts.effect >= AS_BAYES:
            return "as Bayes"
        if facts.effect > NO_MOVE:
            return "part of the way"
    return null_verdict(place, predictor, kind) if _hardly(facts) else "not as Bayes"


def _hardly(facts: Facts) -> bool:
    return isfinite(facts.moved) and facts.moved <= NO_MOVE * facts.due


def null_verdict(place: Place, predictor: Predictor, kind: str) -> Verdict:
    """How it is put that an edit changed nothing."""
    if place.edit == "carry":
        return "does not use" if place.site is None and kind in WHOLE else "does not use this copy"
    if place.edit == "rows<=t":
        return "does not use this copy"
    assert place.site is not None
    site = predictor.sites[place.site]
    return "does not use this copy" if site.state and site.recurrent else "recomputes"
