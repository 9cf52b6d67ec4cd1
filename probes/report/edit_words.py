"""What edits did to the predictions of each network, in sentences: no more than each edit can show."""

from collections.abc import Iterable, Sequence
from math import isfinite

from probes.headline import networks
from probes.intervention import EditEffect
from probes.ranking import t_test
from probes.report.numerals import interval, signed
from probes.report.style import display_name
from probes.report.words import listed
from probes.results import Comparison, ProcessSummary
from probes.tables import ShareRow

__all__ = ["edit_words"]

_SAID = {
    "as Bayes": "The predictions went to those of the injected belief when {items} was exchanged.",
    "part of the way": "They went part of the way when {items} was exchanged.",
    "not as Bayes": "They moved, but not to where Bayes puts them, when {items} was exchanged.",
    "does not use": "They hardly moved when {items} was exchanged: it is carried, and not used.",
    "does not use this copy": "They hardly moved when {items} was exchanged: what it holds may stand elsewhere too, "
    "or in another form.",
    "recomputes": "{Items} is recomputed: other rows, or sites below, still hold what was exchanged. This does not say "
    "that the belief is not used.",
    "cannot change the future": "An exchange of {items} cannot change the future: nothing after row t reads it, so "
    "nothing there could move, and this is no robustness.",
    "stays": "They stayed, as they must at this horizon, when {items} was exchanged.",
    "moves too early": "They moved before the edit should show when {items} was exchanged.",
    "start not reached": "The belief that the edit starts from could not be put in place where {items} was exchanged.",
    "trivial": "An exchange of {items} is one of the output itself.",
    "": "Where {items} was exchanged, both beliefs predict alike.",
}
"""A sentence for each verdict."""

_KINDS = {
    "transplant": "the whole of {place}",
    "belief": "the belief component of {place}",
    "arbitrary": "the belief component of {place} for that of a mixture",
    "zero": "{place} for zeros",
    "mean": "{place} for its mean",
    "erase": "what any linear probe reads of the belief in {place}",
}


def edit_words(comparison: Comparison, summary: ProcessSummary) -> list[str]:
    """How the edits are scored, and then a few sentences on each network that was edited.

    Everything is said of the longest horizon and of strength 1. Numbers of several seeds are means with t intervals,
    and a verdict that not all seeds share is counted.
    """
    real = [
        r
        for r in comparison.edits
        if r.process == summary.process and not r.control and not r.reason and r.strength == 1
    ]
    if not real:
        return []
    horizon = max(r.horizon for r in real)
    rows = sorted({r.row for r in real})
    said = [
        f"Edits: what a network held after {listed(map(str, rows))} symbols was exchanged for what it holds after "
        f"another history. Effects are the part of the way that predictions of the next {horizon} symbols went to "
        "those of exact Bayes for the injected belief: 1 is all of it, 0 none; after “later”, the same for what "
        "follows the next symbol, where one row alone is edited. In brackets 95 % intervals."
    ]
    shares = [s for s in comparison.shares if s.process == summary.process and s.horizon == horizon]
    for name in networks(comparison, summary.process):
        own = [r for r in real if r.predictor == name and r.horizon == horizon]
        if own:
            told = _verdicts(own) + _shares([s for s in shares if s.predictor == name])
            said.append(f"{display_name(name)}. {' '.join(told)}")
    return said


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
            told.append(_SAID[verdict].format(items=items, Items=items[:1].upper() + items[1:]))
    return told + mixed


def _grouped(rows: Iterable[EditEffect]) -> list[list[EditEffect]]:
    """Rows of one edit, one for each seed; the best site may differ between seeds."""
    found: dict[tuple[object, ...], list[EditEffect]] = {}
    for r in rows:
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
    """Of the whole state's effect, the part that runs through the belief component of each place."""
    places: dict[tuple[str, bool], dict[str, list[ShareRow]]] = {}
    for share in shares:
        place = places.setdefault((share.edit, share.site is None), {})
        place.setdefault(share.through, []).append(share)
    told, none = [], []
    for (edit, _), ways in places.items():
        where = _place(edit, [s.site for found in ways.values() for s in found])
        known = {way: [s for s in found if s.share is not None] for way, found in ways.items()}
        if any(known.values()):
            numbers = listed(
                f"{_mean([s.share for s in found], (found[0].low, found[0].high))} as the {way} finds it"
                for way, found in known.items()
                if found
            )
            told.append(f"through that of {where} {numbers}")
        else:
            none.append(where)
    said = []
    if told:
        said.append(
            f"Of the effect that all that is carried has, this share runs through the belief component: "
            f"{'; '.join(told)}."
        )
    if none:
        said.append(f"There is hardly an effect of all that is carried of which {listed(none)} could have a share.")
    return said


def _mean(values: Sequence[float | None], own: tuple[float | None, float | None] = (None, None)) -> str:
    """A value with its own interval, or the mean of several with a t interval."""
    known = [value for value in values if value is not None]
    if not known:
        return "no value"
    if not all(map(isfinite, known)):
        return listed(signed(value) if isfinite(value) else "−∞" for value in known)
    if len(known) == 1:
        between = interval(*own, empty="")
        return f"{signed(known[0])}, {between}" if between else signed(known[0])
    mean, low, high, _ = t_test(known)
    return f"{signed(mean)}, {interval(low, high)} over {len(known)} seeds"
