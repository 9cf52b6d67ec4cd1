"""What edits did, as a table that fits a terminal of 80 columns."""

import textwrap
from collections.abc import Sequence
from math import inf, isfinite

from probes.intervention import VERDICTS, CausalShare, EditEffect
from probes.report.numerals import interval, nats, signed

_WIDTH = 80

__all__ = ["edit_table", "verdict_runs"]


def edit_table(rows: Sequence[EditEffect], shares: Sequence[CausalShare]) -> str:
    """Each edit and strength with its verdicts by horizon, and a line for each horizon with the best control beside it;
    then the shares; then what the verdicts that occur mean.
    """
    lines = [f"  {'':>3}{'KL to':>11}{'KL to':>11}{'':>39}best"]
    lines.append(
        f"  {'k':>3}{'injected':>11}{'original':>11}{'effect':>9}  {'95 % interval':<17}{'later':>7}{'control':>10}"
    )
    shown: tuple[object, ...] = ()
    for edit in _edits(rows):
        first = edit[0]
        where = (first.edit, first.site, first.row)
        if where != shown:
            lines += ["", f"{first.edit}, {first.site or 'everything carried'}, t = {first.row}"]
            shown = where
        named = first.kind if first.strength == 1 else f"{first.kind}, strength {first.strength:g}"
        started = "" if first.start == "own belief" else f" (from {first.start})"
        lines += wrapped(f"{named}{started}: {first.reason or '; '.join(verdict_runs(edit))}", "  ", 4)
        lines += [_line(r, rows) for r in edit if not r.reason]
    for s in shares:
        if s.horizon == 1:
            lines += [
                "",
                f"share of the whole state's effect, {s.site or 'everything carried'} by {s.edit}, {s.through}",
            ]
        lines.append(f"  {s.horizon:>3}{signed(s.share):>31}  {interval(s.low, s.high):<17}{s.reason}".rstrip())
    told = [name for name in VERDICTS if name and any(r.verdict == name for r in rows)]
    meanings = [line for name in told for line in wrapped(f"{name}: {VERDICTS[name]}", "", 2)]
    return "\n".join([*lines, "", *meanings])


def _edits(rows: Sequence[EditEffect]) -> list[list[EditEffect]]:
    """The real edits, by place, kind and strength: the rows of their horizons."""
    found: dict[tuple[object, ...], list[EditEffect]] = {}
    for r in rows:
        if not r.control:
            found.setdefault((r.edit, r.site, r.row, r.kind, r.strength), []).append(r)
    return list(found.values())


def _line(r: EditEffect, rows: Sequence[EditEffect]) -> str:
    kl = "".join(f"{nats(value, plain=True):>11}" for value in (r.kl_to_injected, r.kl_to_original))
    best = max((effect for s in _beside(r, rows) if (effect := _counted(s, rows)) is not None), default=None)
    scores = f"{signed(r.effect):>9}  {interval(r.low, r.high):<17}{signed(r.later):>7}{signed(best):>10}"
    return f"  {r.horizon:>3}{kl}{scores}"


def _counted(control: EditEffect, rows: Sequence[EditEffect]) -> float | None:
    """The effect of a control as verdicts count it: that of the untrained twin in nats, as a part of how far the
    trained network had to go. Where either is not finite, as it is.
    """
    at = (control.edit, control.site, control.kind, control.horizon, control.row)
    far = [
        r.kl_to_injected
        for r in rows
        if r.control == "before" and (r.edit, r.site, r.kind, r.horizon, r.row) == at and r.kl_to_injected
    ]
    effect, left = control.effect, control.kl_to_injected
    if control.control != "untrained" or effect is None or left is None or not far:
        return effect
    # the twin was left / (1 - effect) away, and went the part `effect` of it
    gone = effect * left / (1 - effect) if effect < 1 else inf
    return gone / far[0] if isfinite(gone) and isfinite(far[0]) else effect


def verdict_runs(rows: Sequence[EditEffect]) -> list[str]:
    """Verdicts of one edit by horizon, horizons of the same one together: `1 stays`, `2-4 as Bayes`."""
    runs: list[tuple[str, int, int]] = []
    for r in sorted(rows, key=lambda r: r.horizon):
        if runs and runs[-1][0] == r.verdict:
            runs[-1] = (r.verdict, runs[-1][1], r.horizon)
        else:
            runs.append((r.verdict, r.horizon, r.horizon))
    if len(runs) == 1:
        return [runs[0][0]]
    return [f"{first}{'' if first == last else f'-{last}'} {name}" for name, first, last in runs]


def _beside(real: EditEffect, rows: Sequence[EditEffect]) -> list[EditEffect]:
    """The controls of a row that are edits of their own."""
    at = (real.edit, real.site, real.kind, real.strength, real.horizon, real.row)
    return [
        r
        for r in rows
        if r.control not in ("", "before")
        and not r.reason
        and (r.edit, r.site, r.kind, r.strength, r.horizon, r.row) == at
    ]


def wrapped(text: str, first: str, indent: int) -> list[str]:
    """Lines of a text, the first after `first`, the others further in."""
    return textwrap.wrap(text, _WIDTH, initial_indent=first, subsequent_indent=" " * indent, break_on_hyphens=False)
