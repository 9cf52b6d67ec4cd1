"""Faulty predictors: what should be refused and is not, and what only networks can do wrong."""

from typing import Any

import torch
from planting import Passing, Small, caught_by
from torch import Tensor, nn

from predictors import Tap, untouched

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
