"""What the networks of state-space blocks share: a stack with channels first in memory, and the sites of a block."""

import math
from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, Protocol, TypeVar, cast, runtime_checkable

import torch
from torch import Tensor, nn

from predictors.network import Memory, Network, State, normal, require
from predictors.norm import RMSNorm
from predictors.predictor import Site, Tap
from predictors.stepping import Blocks, rms_norm_weights, together

__all__ = ["StateSpaceConfig", "StateSpaceNetwork", "draw_steps", "state_space_sites"]


@runtime_checkable
class StateSpaceBlock(Protocol):
    """A block on the residual stream, (row, seq, width)."""

    def initialise(self, rng: torch.Generator) -> None: ...

    def kernel(self) -> Blocks | None: ...

    def __call__(self, r: Tensor, rows: range, state: State, tap: Tap, site: str) -> tuple[Tensor, State]: ...


@dataclass(frozen=True, kw_only=True)
class StateSpaceConfig:
    """What configurations of state-space networks share; each says what its fields mean."""

    n_symbol: int
    width: int = 64
    n_layer: int = 2
    n_state: int = 16
    n_conv: int = 4
    expand: int = 2

    def __post_init__(self) -> None:
        require(n_symbol=(self.n_symbol, 1), width=(self.width, 1), n_layer=(self.n_layer, 1))
        require(n_state=(self.n_state, 1), n_conv=(self.n_conv, 2), expand=(self.expand, 1))

    @property
    def inner(self) -> int:
        """Channels of the recurrence."""
        return self.expand * self.width


B = TypeVar("B", bound=StateSpaceBlock)


class StateSpaceNetwork(Network, Generic[B]):
    """A stack of blocks and a final RMS norm. Vectors and readout start at N(0, 0.02^2)."""

    def __init__(self, n_symbol: int, width: int, blocks: Sequence[B], *, rng: torch.Generator) -> None:
        super().__init__(n_symbol, width)
        self.blocks = nn.ModuleList(cast(Sequence[nn.Module], blocks))
        self.norm = RMSNorm(width)
        for parameter in (self.begin, self.embedding, self.readout_weight):
            normal(parameter, 0.02, rng)
        nn.init.zeros_(self.readout_bias)
        for block in self._blocks:
            block.initialise(rng)

    @abstractmethod
    def _block_sites(self, i: int) -> dict[str, Site]:
        """The sites of block i, in the order in which a pass meets them."""

    @abstractmethod
    def _blank_state(self, n_seq: int) -> State:
        """What a block carries before the first row."""

    @cached_property
    def sites(self) -> Mapping[str, Site]:
        embed, final = self._ends()
        sites = {"embed": embed}
        for i in range(len(self.blocks)):
            sites |= self._block_sites(i)
        return sites | {"final": final}

    def _blank(self, n_seq: int) -> Memory:
        return (self._blank_state(n_seq),) * len(self.blocks)

    def _run(self, inputs: Tensor, rows: range, memory: Memory, tap: Tap) -> tuple[Tensor, Memory]:
        r, after = inputs.permute(2, 1, 0).contiguous().permute(1, 2, 0), []  # channels first in memory
        for i, (block, state) in enumerate(zip(self._blocks, memory, strict=True)):
            r, kept = block(r, rows, state, tap, f"layer.{i}")
            after.append(kept)
        return self.norm(r.permute(2, 0, 1)).permute(2, 1, 0), tuple(after)

    def _stepping(self) -> tuple[Blocks, Sequence[Tensor]] | None:
        norm = rms_norm_weights(self.norm)
        return None if norm is None else together((block.kernel() for block in self._blocks), norm)

    @property
    def _blocks(self) -> Iterable[B]:
        return cast(Iterable[B], self.blocks)


def draw_steps(bias: nn.Parameter, rng: torch.Generator) -> None:
    """Fill with what softplus makes steps of, log-uniform in 1e-3 .. 1e-1: as both papers' code starts them."""
    low, high = math.log(1e-3), math.log(1e-1)
    with torch.no_grad():
        delta = torch.exp(low + (high - low) * torch.rand(len(bias), generator=rng))
        bias.copy_(delta + torch.log(-torch.expm1(-delta)))


def state_space_sites(i: int, width: int, past: tuple[int, ...], carried: tuple[int, ...]) -> dict[str, Site]:
    """The sites of a block that is layer `i`: what convolution and recurrence carry, by shape, and its output."""
    last, h = f"block {i}: last inputs of the convolution", f"block {i}: h, the state of the recurrence"
    return {
        f"layer.{i}.conv": Site(math.prod(past), past, last, state=True, recurrent=True, delay=1),
        f"layer.{i}.ssm": Site(math.prod(carried), carried, h, state=True, recurrent=True),
        f"layer.{i}": Site(width, (width,), f"residual stream after block {i}"),
    }
