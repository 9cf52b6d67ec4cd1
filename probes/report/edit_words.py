"""What edits did to the predictions of each network, in sentences: no more than each edit can show."""

from collections.abc import Iterable, Sequence
from math import isfinite

from probes.headline import networks
from probes.intervention import EditEffect
from probes.ranking import t_test
from probes.report.style import display_name
from probes.report.words import listed
from probes.results import Comparison, ProcessSummary
from probes.tables import ShareRow

__all__ = ["edit_scale", "edit_words"]

_SAID = {
    "as Bayes": "Predictions went to those of the injected belief on exchanging {items}.",
    "part of the way": "Predictions went part of the way on exchanging {items}.",
    "not as Bayes": "Predictions moved, but not to where Bayes puts them or no further than controls, on exchanging "
    "{items}.",
    "does not use": "Predictions hardly moved on exchanging {items}: it is carried, and not used.",
    "does not use this copy": "Predictions hardly moved on exchanging {items}: what is held there may stand elsewhere "
    "too, or in another form.",
    "recomputes": "The network recomputes {items}: other rows, or sites below, still hold what was exchanged. It does "
    "not say that the belief is not used.",
    "cannot change the future": "Exchanging {items} cannot change the future: nothing after row t reads it, so "
    "nothing there could move. That is no robustness.",
    "stays": "Predictions stayed, as they must at this horizon, on exchanging {items}.",
    "moves too early": "Predictions moved before they should on exchanging {items}.",
    "start not reached": "The belief that the edit starts from could not be put in place on exchanging {items}.",
    "trivial": "Exchanging {items} is to exchange the output itself.",
    "": "On exchanging {items}, both beliefs predict alike: there is nothing to judge.",
}
"""A sentence for each verdict."""

_EDITS = ("carry", "rows<=t", "row t")

_KINDS = {
    "transplant": "the whole of {place}",
    "belief": "the belief component of {place}",
    "arbitrary": "the belief component of {place} for that of a mixture",
    "zero": "{place} for zeros",
    "mean": "{place} for its mean",
    "erase": "what any linear probe reads of the belief in {place}",
}


def edit_scale(comparison: Comparison, summary: ProcessSummary) -> str:
    """How the numbers of `edit_words` are to be read; empty where nothing was edited."""
    real = _real(comparison, summary)
    if not real:
        return ""
    after, horizon = listed(map(str, sorted({r.row for r in real}))), max(r.horizon for r in real)
    seeds = len({r.seed for r in real})
    mean = f"means over {seeds} seeds with t intervals" if seeds > 1 else "with bootstrap intervals over histories"
    return (
        f"Is it used? After {after} symbols, what a network held was exchanged for what it holds after another "
        "history. Numbers are the part of the way that predictions then went to those of exact Bayes for the injected "
        f"belief (1: all of it, 0: none), of the next {horizon} symbols together, {mean}; “later”: the same for what "
        "follows the next symbol, where rows of one site were edited."
    )


def edit_words(comparison: Comparison, summary: ProcessSummary) -> dict[str, list[str]]:
    """A few sentences on each network that was edited, by its name; all of the longest horizon and of strength 1.

    A verdict that not all seeds share is counted.
    """
    real = _real(comparison, summary)
    horizon = max((r.horizon for r in real), default=0)
    shares = [s for s in comparison.shares if s.process == summary.process and s.horizon == horizon]
    said = {}
    for name in networks(comparison, summary.process):
        own = [r for r in real if r.predictor == name and r.horizon == horizon]
        if own:
            said[display_name(name)] = _verdicts(own) + _shares([s for s in shares if s.predictor == name])
    return said


def _real(comparison: Comparison, summary: ProcessSummary) -> list[EditEffect]:
    rows = [r for r in comparison.edits if r.process == summary.process]
    return [r for r in rows if not r.control and not r.reason and r.strength == 1]


def _verdicts(rows: Sequence[EditEffect]) -> list[str]:
    """A sentence for each verdict that all seeds share, and one for each edit on which they do not agree."""
    agreed: dict[str, dict[str, list[str]]] = {verdict: {} for verdict in _SAID}
    mixed = []
    for group in _grouped(rows):
        verdicts = [r.verdict for r in group]
        what, numbers = _what(group), _numbers(group)
        if len(set(verdicts)) == 1:
            agreed[verdicts[0]].setdefault(what, []).append(numbers)
        else:
            counts = listed(f"“{v}” in {verdicts.count(v)}" for v in _SAID if v in verdicts)
            mixed.append(f"Seeds do not agree on {what} ({numbers}): {counts} of {len(group)}.")
    told = []
    for verdict, found in agreed.items():
        if found:
            items = listed(f"{what} ({'; '.join(numbers)})" for what, numbers in found.items())
            told.append(_SAID[verdict].format(items=items))
    return told + mixed


def _grouped(rows: Iterable[EditEffect]) -> list[list[EditEffect]]:
    """Rows of one edit, one for each seed; the best site may differ between seeds."""
    found: dict[tuple[object, ...], list[EditEffect]] = {}
    for r in sorted(rows, key=lambda r: (_EDITS.index(r.edit), r.site is not None)):
        found.setdefault((r.edit, r.site is None, r.kind, r.through), []).append(r)
    return list(found.values())


def _what(rows: Sequence[EditEffect]) -> str:
    kind = rows[0].kind
    named = _KINDS.get(kind, f"the belief component of {{place}} ({kind})")
    return named.format(place=_place(rows[0].edit, [r.site for r in rows]))


def _place(edit: str, sites: Iterable[str | None]) -> str:
    """Where, in words."""
    names = listed(dict.fromkeys(site for site in sites if site is not None)).replace(" and ", " or ")
    if not names:
        return "everything carried"
    return {"carry": f"the carried {names}", "rows<=t": f"all rows up to t of {names}"}.get(edit, f"row t of {names}")


def _numbers(rows: Sequence[EditEffect]) -> str:
    """The effect; of an edit of one site's rows that on what follows the next symbol, on which its verdict rests."""
    by = "" if rows[0].kind in ("transplant", "zero", "mean") else f"{rows[0].through} "
    if rows[0].edit != "carry" and rows[0].horizon > 1:
        return f"{by}later {_mean([r.later for r in rows])}"
    return by + _mean([r.effect for r in rows], (rows[0].low, rows[0].high))


def _shares(shares: Sequence[ShareRow]) -> list[str]:
    """Of the whole state's effect, the part that runs through the belief component of a place; of `carry` if there."""
    shares = [s for s in shares if s.edit == "carry"] or list(shares)
    places: dict[tuple[str, bool], dict[str, list[ShareRow]]] = {}
    for share in sorted(shares, key=lambda s: s.site is not None):
        place = places.setdefault((share.edit, share.site is None), {})
        place.setdefault(share.through, []).append(share)
    said = []
    for (edit, _), ways in places.items():
        where = _place(edit, [s.site for found in ways.values() for s in found])
        known = {way: [s for s in found if s.share is not None] for way, found in ways.items()}
        numbers = listed(
            f"{_mean([s.share for s in found], (found[0].low, found[0].high))} as the {way} finds it"
            for way, found in known.items()
            if found
        )
        if numbers:
            said.append(f"Share of the whole effect that runs through the belief component of {where}: {numbers}.")
        else:
            said.append(f"The whole state has hardly an effect of which that of {where} could be a share.")
    return said


def _mean(values: Sequence[float | None], own: tuple[float | None, float | None] = (None, None)) -> str:
    """A value with its own interval, or the mean of several with a t interval."""
    known = [value for value in values if value is not None]
    if not known:
        return "no value"
    if not all(map(isfinite, known)):
        return listed(_two(value) if isfinite(value) else "−∞" for value in known)
    mean, low, high = (known[0], *own) if len(known) == 1 else t_test(known)[:3]
    between = "" if low is None or high is None else f", {_two(low)} to {_two(high)}"
    return f"{_two(mean)}{between}"


def _two(value: float) -> str:
    """Two places; no minus before a zero."""
    text = f"{value:.2f}"
    return "0.00" if text == "-0.00" else text
