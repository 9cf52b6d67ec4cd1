"""Faulty predictors: each breaks one clause of the contract, and names the check that must find it.

Each is `Small`, a little recurrent network that would be right but for its fault.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from predictors import Site, Tap, untouched
from predictors.predictor import check_sites, check_tokens, visit

FAULTS: dict[type, str] = {}


def caught_by(check: str) -> Any:
    """Register a faulty predictor under the check that must find it."""

    def register(kind: type) -> type:
        FAULTS[kind] = check
        return kind

    return register


WIDTH = 5


@dataclass(frozen=True)
class SmallCarry:
    row: int
    log_probs: Tensor | None
    state: tuple[Tensor, Tensor]


class Small(nn.Module):
    """h' = tanh(A x + B h + C m), m' = (m + h') / 2, readout of h'; row by row, and nothing is wrong with it."""

    n_symbol, first_row = 3, 0
    sites: Mapping[str, Site] = {
        "embed": Site(WIDTH, (WIDTH,), "input"),
        "hidden": Site(WIDTH, (WIDTH,), "h", state=True, recurrent=True),
        "memory": Site(WIDTH, (WIDTH,), "m", state=True, recurrent=True, delay=1),
        "final": Site(WIDTH, (WIDTH,), "what the readout reads"),
    }
    shapes: ClassVar = {
        **{"begin": (WIDTH,), "embedding": (3, WIDTH), "readout": (3, WIDTH)},
        **dict.fromkeys("ABC", (WIDTH, WIDTH)),
    }

    def __init__(self) -> None:
        super().__init__()
        rng = torch.Generator().manual_seed(1)
        for name, shape in self.shapes.items():
            self.register_parameter(name, nn.Parameter(torch.randn(shape, generator=rng, dtype=torch.float64) / 2))

    def log_probs(self, tokens: Tensor, *, tap: Tap = untouched) -> Tensor:
        self.check(tokens, tap)
        begin = self.begin.expand(len(tokens), 1, WIDTH)
        return self.run(torch.cat([begin, self.embed(tokens)], dim=1), self.blank(len(tokens)), tap)[0]

    def init_carry(self, n_seq: int, *, tap: Tap = untouched) -> Any:
        check_sites(self, {*tap.reads, *tap.writes})
        return self.run(self.begin.expand(n_seq, 1, WIDTH), self.blank(n_seq), tap)[1]

    def advance(self, tokens: Tensor, carry: Any, *, tap: Tap = untouched) -> Any:
        self.check(tokens, tap)
        return self.run(self.embed(tokens), carry, tap)

    def step(self, tokens_t: Tensor, carry: Any, *, tap: Tap = untouched) -> Any:
        rows, carry = self.advance(tokens_t[:, None], carry, tap=tap)
        return rows[:, 0], carry

    def check(self, tokens: Tensor, tap: Tap) -> None:
        check_tokens(tokens, self.n_symbol)
        check_sites(self, {*tap.reads, *tap.writes})

    def blank(self, n_seq: int) -> SmallCarry:
        zeros = self.begin.new_zeros(n_seq, WIDTH)
        return SmallCarry(-1, None, (zeros, zeros))

    def embed(self, tokens: Tensor) -> Tensor:
        return self.embedding[tokens]

    def run(self, inputs: Tensor, carry: SmallCarry, tap: Tap) -> tuple[Tensor, SmallCarry]:
        found = [inputs.new_zeros(len(inputs), 0, self.n_symbol)]
        for x in inputs.unbind(1):
            rows = range(carry.row + 1, carry.row + 2)
            log_probs, state = self.one(x[:, None], carry.state, rows, tap)
            carry = SmallCarry(rows[0], log_probs[:, 0], state)
            found.append(log_probs)
        return torch.cat(found, dim=1), carry

    def one(self, x: Tensor, state: tuple[Tensor, Tensor], rows: range, tap: Tap) -> tuple[Tensor, Any]:
        """One row: x, and what is shown, have shape (seq, 1, width)."""
        x, (h, m) = visit(tap, "embed", rows, x), state
        h = visit(tap, "hidden", rows, torch.tanh(x @ self.A.T + (h @ self.B.T + m @ self.C.T)[:, None]))
        m = visit(tap, "memory", rows, (m[:, None] + h) / 2)
        return self.read_out(visit(tap, "final", rows, h)), (h[:, 0], m[:, 0])

    def read_out(self, final: Tensor) -> Tensor:
        return (final @ self.readout.T).log_softmax(-1)


class Passing:
    """A tap that passes on what another one asks for; a fault is what it does besides."""

    def __init__(self, inner: Tap) -> None:
        self.inner, self.reads, self.writes = inner, inner.reads, inner.writes

    def __call__(self, site: str, rows: range, value: Tensor) -> Tensor:
        return self.inner(site, rows, value)


# ----------------------------------------------------------------------------------------------------------------- rows


@caught_by("rows")
class Unnormalised(Small):
    """Its rows sum to 1.001."""

    def log_probs(self, tokens: Tensor, *, tap: Tap = untouched) -> Tensor:
        return super().log_probs(tokens, tap=tap) + 0.001


@caught_by("rows")
class RowTooMany(Small):
    """It says that it cannot speak before the first symbol, and does."""

    first_row = 1


@caught_by("rows")
class WrongWidth(Small):
    """A site is as wide as it likes."""

    sites = Small.sites | {"final": Site(7, (7,), "what the readout reads")}


@caught_by("rows")
class NoEmptyWord(Small):
    """It cannot advance by nothing."""

    def advance(self, tokens: Tensor, carry: Any, *, tap: Tap = untouched) -> Any:
        if tokens.shape[1] == 0:
            raise IndexError("no symbols")
        return super().advance(tokens, carry, tap=tap)


# --------------------------------------------------------------------------------------------------------------- repeat


@caught_by("repeat")
class Drifting(Small):
    """Every call is a little different from the last, as under dropout."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def log_probs(self, tokens: Tensor, *, tap: Tap = untouched) -> Tensor:
        self.calls += 1
        return (super().log_probs(tokens, tap=tap) * (1 + 1e-3 * self.calls)).log_softmax(-1)


# --------------------------------------------------------------------------------------------------------------- prefix


@caught_by("prefix")
class Peeking(Small):
    """Row t is told x_t."""

    def log_probs(self, tokens: Tensor, *, tap: Tap = untouched) -> Tensor:
        rows = super().log_probs(tokens, tap=tap)
        told = nn.functional.one_hot(tokens, self.n_symbol).to(rows.dtype)
        told = torch.cat([told, torch.zeros_like(told[:, :1]) if tokens.shape[1] else rows[:, :1] * 0], dim=1)
        return (rows + 0.01 * told).log_softmax(-1)


@caught_by("prefix")
class PeekingInside(Small):
    """Its predictions are right, but what it shows as `final` knows how the word ends."""

    def log_probs(self, tokens: Tensor, *, tap: Tap = untouched) -> Tensor:
        end = tokens[:, -1:].double().mean(1)[:, None, None] if tokens.shape[1] else 0.0
        return super().log_probs(tokens, tap=ShownShifted(tap, {"final"}, end))


@caught_by("prefix")
class OneRowLate(Small):
    """Row t is made from x_0 .. x_{t-2}."""

    def log_probs(self, tokens: Tensor, *, tap: Tap = untouched) -> Tensor:
        return super().log_probs(torch.cat([torch.zeros_like(tokens[:, :1]), tokens[:, :-1]], dim=1), tap=tap)


# --------------------------------------------------------------------------------------------------------------- splits


@caught_by("splits")
class OtherSteps(Small):
    """A step is not an advance by one symbol."""

    def step(self, tokens_t: Tensor, carry: Any, *, tap: Tap = untouched) -> Any:
        row, carry = super().step(tokens_t, carry, tap=tap)
        row = (1.001 * row).log_softmax(-1)
        return row, replace(carry, log_probs=row)


@caught_by("splits")
class Forgetful(Small):
    """A piece starts from nothing, whatever was read before."""

    def advance(self, tokens: Tensor, carry: Any, *, tap: Tap = untouched) -> Any:
        return super().advance(tokens, replace(carry, state=self.blank(len(tokens)).state), tap=tap)


@caught_by("splits")
class LostCount(Small):
    """The carry stands at the row before."""

    def advance(self, tokens: Tensor, carry: Any, *, tap: Tap = untouched) -> Any:
        rows, carry = super().advance(tokens, carry, tap=tap)
        return rows, replace(carry, row=max(0, carry.row - 1))


# ----------------------------------------------------------------------------------------------------- capture in steps


class ShownShifted(Passing):
    """Shows another value than the one that goes on."""

    def __init__(self, inner: Tap, sites: Collection[str], shift: Any) -> None:
        super().__init__(inner)
        self.sites, self.shift = sites, shift

    def __call__(self, site: str, rows: range, value: Tensor) -> Tensor:
        if site in self.sites and site not in self.writes:
            self.inner(site, rows, value + self.shift)
            return value
        return self.inner(site, rows, value)


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


# ---------------------------------------------------------------------------------------------------------------- carry


@dataclass
class Slot:
    """A carry that changes as it is used."""

    inner: SmallCarry

    @property
    def row(self) -> int:
        return self.inner.row

    @property
    def log_probs(self) -> Tensor | None:
        return self.inner.log_probs


@caught_by("carry")
class CarryInPlace(Small):
    """It writes the new carry into the old one, as the caches of many libraries do."""

    def init_carry(self, n_seq: int, *, tap: Tap = untouched) -> Any:
        return Slot(super().init_carry(n_seq, tap=tap))

    def advance(self, tokens: Tensor, carry: Any, *, tap: Tap = untouched) -> Any:
        rows, carry.inner = super().advance(tokens, carry.inner, tap=tap)
        return rows, carry


@caught_by("carry")
class OneMemory(Small):
    """What it carries is in the predictor; the carry that is handed out is not looked at."""

    def __init__(self) -> None:
        super().__init__()
        self.at: Any = None

    def init_carry(self, n_seq: int, *, tap: Tap = untouched) -> Any:
        self.at = super().init_carry(n_seq, tap=tap)
        return self.at

    def advance(self, tokens: Tensor, carry: Any, *, tap: Tap = untouched) -> Any:
        state = self.at.state if len(self.at.log_probs) == len(tokens) else carry.state
        rows, self.at = super().advance(tokens, replace(carry, state=state), tap=tap)
        return rows, self.at


# ---------------------------------------------------------------------------------------------------------------- batch


@caught_by("batch")
class Centred(Small):
    """Predictions depend on the company, as under batch normalisation."""

    def read_out(self, final: Tensor) -> Tensor:
        return super().read_out(final - 0.1 * final.mean(0))


@caught_by("batch")
class FirstComesFirst(Small):
    """The first sequence of a batch is read more carefully than the others."""

    def embed(self, tokens: Tensor) -> Tensor:
        scale = torch.ones(len(tokens), 1, 1, dtype=torch.float64)
        scale[:1] = 1.01
        return super().embed(tokens) * scale


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


# ------------------------------------------------------------------------------------------------------------- refusals


@caught_by("refusals")
class TakesAnyToken(Small):
    """Token n_symbol has an embedding too."""

    def check(self, tokens: Tensor, tap: Tap) -> None:
        super().check(tokens.clamp(max=self.n_symbol - 1), tap)

    def embed(self, tokens: Tensor) -> Tensor:
        return super().embed(tokens.clamp(max=self.n_symbol - 1))


@caught_by("refusals")
class CountsFromTheEnd(Small):
    """Token -1 is the last symbol."""

    def check(self, tokens: Tensor, tap: Tap) -> None:
        super().check(torch.where(tokens == -1, self.n_symbol - 1, tokens), tap)

    def embed(self, tokens: Tensor) -> Tensor:
        return super().embed(torch.where(tokens == -1, self.n_symbol - 1, tokens))


@caught_by("refusals")
class RoundsTokens(Small):
    """Tokens may be floating-point numbers, and 0.9 is the symbol 0."""

    def check(self, tokens: Tensor, tap: Tap) -> None:
        super().check(tokens.long(), tap)

    def embed(self, tokens: Tensor) -> Tensor:
        return super().embed(tokens.long())


@caught_by("refusals")
class AnyWillDo(Small):
    """A site that does not exist is never shown, and nothing is said."""

    def log_probs(self, tokens: Tensor, *, tap: Tap = untouched) -> Tensor:
        known = Passing(tap)
        known.reads = tap.reads & self.sites.keys()
        return super().log_probs(tokens, tap=known)


# -------------------------------------------------------------------------------------------------------- networks only


@caught_by("gradients")
class DeadParameter(Small):
    """A parameter that nothing reads."""

    def __init__(self) -> None:
        super().__init__()
        self.dead = nn.Parameter(torch.zeros(3, dtype=torch.float64))


@caught_by("gradients")
class Detached(Small):
    """The embedding is used, but no gradient comes back to it."""

    def embed(self, tokens: Tensor) -> Tensor:
        return super().embed(tokens).detach()


@caught_by("gradients")
class InfiniteSlope(Small):
    """The predictions are right, but a root at 0 has no slope."""

    def __init__(self) -> None:
        super().__init__()
        self.spread = nn.Parameter(torch.zeros(3, dtype=torch.float64))

    def read_out(self, final: Tensor) -> Tensor:
        return (super().read_out(final) + self.spread.abs().sqrt()).log_softmax(-1)


@caught_by("round-trip")
class LossySave(Small):
    """What it gives to be saved is rounded."""

    def state_dict(self, *args: Any, **kwargs: Any) -> Any:
        return {name: value.half().double() for name, value in super().state_dict(*args, **kwargs).items()}


@caught_by("round-trip")
class UnsavedPart(Small):
    """A table that it predicts by is not among what is saved."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("bias", torch.tensor([0.3, 0.0, 0.1], dtype=torch.float64), persistent=False)

    def read_out(self, final: Tensor) -> Tensor:
        return (super().read_out(final) + self.bias).log_softmax(-1)


@caught_by("precision")
class CoarseSingle(Small):
    """In float32 it works with eight bits of mantissa."""

    def embed(self, tokens: Tensor) -> Tensor:
        inputs = super().embed(tokens)
        return inputs.bfloat16().float() if inputs.dtype == torch.float32 else inputs
