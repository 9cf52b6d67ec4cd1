"""What edits did, as a table that fits a terminal of 80 columns."""

from collections.abc import Sequence

from probes.intervention import VERDICTS, CausalShare, EditEffect
from probes.report.numerals import interval, nats, signed

__all__ = ["edit_table"]


def edit_table(rows: Sequence[EditEffect], shares: Sequence[CausalShare]) -> str:
    """One line for each edit, strength and horizon, the best control beside it; then the shares; then what the verdicts
    that occur mean.
    """
    lines = [f"  {'':<17}{'KL to':>10}{'KL to':>10}", f"  {'kind':<14}{'k':>3}{'injected':>10}{'original':>10}"]
    lines[1] += f"{'effect':>8}  {'95 % interval':<16}{'controls':>8}  verdict"
    shown = None
    for r in rows:
        if r.control:
            continue
        where = (r.edit, r.site, r.row)
        if where != shown:
            lines += ["", f"{r.edit}, {r.site or 'everything carried'}, t = {r.row}"]
            shown = where
        if r.reason:
            lines.append(f"  {r.kind:<14}{r.horizon:>3}  {r.reason}" if r.horizon == 1 else "")
            continue
        kind = r.kind if r.strength == 1 else f"{r.kind} ×{r.strength:g}"
        best = max((s.effect for s in _beside(r, rows) if s.effect is not None), default=None)
        kl = "".join(f"{nats(value, plain=True):>10}" for value in (r.kl_to_injected, r.kl_to_original))
        lines.append(
            f"  {kind:<14}{r.horizon:>3}{kl}"
            f"{signed(r.effect):>8}  {interval(r.low, r.high):<16}{signed(best):>8}  {r.verdict}"
        )
    for s in shares:
        if s.horizon == 1:
            lines += [
                "",
                f"share of the whole state's effect, {s.site or 'everything carried'} by {s.edit}, {s.through}",
            ]
        lines.append(f"  {'':<14}{s.horizon:>3}{signed(s.share):>28}  {interval(s.low, s.high)}  {s.reason}".rstrip())
    told = [name for name in VERDICTS if name and any(r.verdict == name for r in rows)]
    lines += [""] + [f"{name}: {VERDICTS[name]}" for name in told]
    return "\n".join(lines)


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
