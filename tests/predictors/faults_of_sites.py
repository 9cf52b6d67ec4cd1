"""Faulty predictors: values that are shown, written or carried on otherwise than is said."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import torch
from planting import WIDTH, Passing, ShownShifted, Small, caught_by
from torch import Tensor

from predictors import Site, Tap, untouched

# ----------------------------------------------------------------------------------------------------- capture in steps


@caught_by("capture-in-steps")
class OtherValuesInSteps(Small):
    """The same predictions, but the state is shown with an offset when it goes step by step."""

    def advance(self, tokens: Tensor, carry: Any, *, tap: Tap = untouched) -> Any:
        return super().advance(tokens, carry, tap=ShownShifted(tap, {"hidden"}, 0.01))


@caught_by("capture-in-steps")
class ShowsTwice(Small):
    """A site is shown for the old row again when the pass goes on."""

    def advance(self, tokens: Tensor, carry: Any, *, tap: Tap = untouched) -> Any:
        if "final" in tap.reads and tokens.shape[1]:
            tap("final", range(carry.row, carry.row + 1), torch.zeros(len(tokens), 1, WIDTH, dtype=torch.float64))
        return super().advance(tokens, carry, tap=tap)


class Keeping(Passing):
    """Keeps the values of a site that go by, as they come and as they are handed on."""

    def __init__(self, inner: Tap, site: str) -> None:
        super().__init__(inner)
        self.site, self.reads = site, inner.reads | {site}
        self.before: list[Tensor] = []
        self.after: list[Tensor] = []

    def __call__(self, site: str, rows: range, value: Tensor) -> Tensor:
        asked = site in self.inner.reads or site in self.inner.writes
        new = self.inner(site, rows, value) if asked else value
        if site == self.site:
            self.before.append(value)
            self.after.append(new)
        return new


@caught_by("capture-in-steps")
class ReusesMemory(Small):
    """What it has shown is overwritten after the pass."""

    def log_probs(self, tokens: Tensor, *, tap: Tap = untouched) -> Tensor:
        keeping = Keeping(tap, "final")
        rows = super().log_probs(tokens, tap=keeping)
        for value in keeping.after:
            value.zero_()
        return rows


# -------------------------------------------------------------------------------------------------------------- reading


@caught_by("reading")
class Shy(Small):
    """Being read changes what it says."""

    def log_probs(self, tokens: Tensor, *, tap: Tap = untouched) -> Tensor:
        rows = super().log_probs(tokens, tap=tap)
        return (1.001 * rows).log_softmax(-1) if tap.reads else rows


@caught_by("reading")
class RoundsWhatIsWritten(Small):
    """A value that is handed back goes on in half precision, even if it is the one handed out."""

    def log_probs(self, tokens: Tensor, *, tap: Tap = untouched) -> Tensor:
        return super().log_probs(tokens, tap=Rounding(tap))


class Rounding(Passing):
    def __call__(self, site: str, rows: range, value: Tensor) -> Tensor:
        value = super().__call__(site, rows, value)
        return value.half().double() if site in self.writes else value


# ----------------------------------------------------------------------------------------------------------------- edit


class Unwritten(Passing):
    """Lets sites be read, but edits of some are lost."""

    def __init__(self, inner: Tap, lost: Collection[str]) -> None:
        super().__init__(inner)
        self.lost = lost

    def __call__(self, site: str, rows: range, value: Tensor) -> Tensor:
        new = super().__call__(site, rows, value)
        return value if site in self.lost else new


@caught_by("edit")
class DeafSite(Small):
    """An edit of `embed` is shown as written and then dropped: nothing moves."""

    def one(self, x: Tensor, state: Any, rows: range, tap: Tap) -> Any:
        return super().one(x, state, rows, Unwritten(tap, {"embed"}))


@caught_by("edit")
class DeafInSteps(Small):
    """Edits work in one pass and are dropped in steps."""

    def advance(self, tokens: Tensor, carry: Any, *, tap: Tap = untouched) -> Any:
        return super().advance(tokens, carry, tap=Unwritten(tap, set(self.sites)))


@caught_by("edit")
class SaysItIsLate(Small):
    """A site that moves its own row says that it first moves the next."""

    sites = Small.sites | {"embed": replace(Small.sites["embed"], delay=1)}


@caught_by("edit")
class ActsBefore(Small):
    """An edit of what the readout reads moves the row before it too, as under attention without a mask."""

    def log_probs(self, tokens: Tensor, *, tap: Tap = untouched) -> Tensor:
        final = Keeping(tap, "final")
        rows = super().log_probs(tokens, tap=final)
        moved = torch.cat(final.after, dim=1) - torch.cat(final.before, dim=1)
        leaked = torch.cat([moved[:, 1:], torch.zeros_like(moved[:, :1])], dim=1)
        return (rows + 0.1 * leaked @ self.readout.T).log_softmax(-1)


@caught_by("edit")
class ShowsTheOld(Small):
    """Edits work, but a capture shows what was there before."""

    def log_probs(self, tokens: Tensor, *, tap: Tap = untouched) -> Tensor:
        return super().log_probs(tokens, tap=HalfWritten(tap))


class HalfWritten(Passing):
    """Where a site is read and written, the edit goes on twice: what was shown is not what goes on."""

    def __call__(self, site: str, rows: range, value: Tensor) -> Tensor:
        new = super().__call__(site, rows, value)
        return new + (new - value) if site in self.reads and site in self.writes else new


@caught_by("edit")
class FinalIsCarried(Small):
    """What the readout reads goes on to the next row."""

    def one(self, x: Tensor, state: Any, rows: range, tap: Tap) -> Any:
        final = Keeping(tap, "final")
        log_probs, (_, m) = super().one(x, state, rows, final)
        return log_probs, (final.after[0][:, 0], m)


# ----------------------------------------------------------------------------------------------------------- transplant


@caught_by("transplant")
class CarryEditStays(Small):
    """An edit of the hidden state moves its row, but what goes on to the next row is the old value."""

    def one(self, x: Tensor, state: Any, rows: range, tap: Tap) -> Any:
        hidden = Keeping(tap, "hidden")
        log_probs, (_, m) = super().one(x, state, rows, hidden)
        return log_probs, (hidden.before[0][:, 0], m)


@caught_by("transplant")
class HiddenState(Small):
    """It carries a memory and does not say so."""

    sites: Mapping[str, Site] = {name: site for name, site in Small.sites.items() if name != "memory"}


# ------------------------------------------------------------------------------------------------------------ exception


@caught_by("exception")
class LeavesHooks(Small):
    """A hook is removed only if nothing goes wrong."""

    def log_probs(self, tokens: Tensor, *, tap: Tap = untouched) -> Tensor:
        handle = self.register_forward_hook(lambda *_: None)
        rows = super().log_probs(tokens, tap=tap)
        handle.remove()
        return rows


@caught_by("exception")
class Swallows(Small):
    """An edit that fails is passed over."""

    def log_probs(self, tokens: Tensor, *, tap: Tap = untouched) -> Tensor:
        try:
            return super().log_probs(tokens, tap=tap)
        except Exception:
            return super().log_probs(tokens)


@caught_by("exception")
class StaysBroken(Small):
    """After a failed edit it answers something else."""

    broken = False

    def log_probs(self, tokens: Tensor, *, tap: Tap = untouched) -> Tensor:
        try:
            rows = super().log_probs(tokens, tap=tap)
        except Exception:
            self.broken = True
            raise
        return (2 * rows).log_softmax(-1) if self.broken else rows
