"""Faulty predictors: rows that are wrong, that look ahead, or that depend on how a word is read."""

from dataclasses import dataclass, replace
from typing import Any

import torch
from planting import ShownShifted, Small, SmallCarry, caught_by
from torch import Tensor, nn

from predictors import Site, Tap, untouched

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
