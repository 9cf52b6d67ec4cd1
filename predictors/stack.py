"""A stack of residual blocks over a residual stream with axes (row, seq, width), and a final norm.

With the row first, the vectors of a row lie together, which is what a recurrence works on.
"""

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Protocol, cast

import torch
from torch import Tensor, nn

from predictors.network import Memory, Network, State, normal
from predictors.predictor import Site, Tap
from predictors.stepping import Blocks, Kernelled, layer_norm_weights, together

__all__ = ["ResidualBlock", "Stack"]


class ResidualBlock(Protocol):
    """A module that adds something to the residual stream, (row, seq, width), and remembers a state."""

    def __call__(self, r: Tensor, rows: range, state: State, tap: Tap, site: str) -> tuple[Tensor, State]:
        """The residual stream after the block, which is `layer.i` if that is `site`, and the state after `rows`."""
        ...


class Stack(Network):
    """Blocks and a final norm. An architecture gives the blocks, their sites and what they remember at first."""

    def __init__(self, n_symbol: int, width: int, blocks: list[nn.Module], norm: nn.Module) -> None:
        super().__init__(n_symbol, width)
        self.blocks = nn.ModuleList(blocks)
        self.norm = norm

    @abstractmethod
    def _layer_sites(self, i: int) -> dict[str, Site]:
        """The sites of layer i, the residual stream after it last."""

    @abstractmethod
    def _layer_blank(self, i: int, n_seq: int) -> State:
        """What layer i remembers before the begin vector."""

    @cached_property
    def sites(self) -> Mapping[str, Site]:
        embed, final = self._ends()
        sites = {"embed": embed}
        for i in range(len(self.blocks)):
            sites |= self._layer_sites(i)
        return sites | {"final": final}

    def _blank(self, n_seq: int) -> Memory:
        return tuple(self._layer_blank(i, n_seq) for i in range(len(self.blocks)))

    def _run(self, inputs: Tensor, rows: range, memory: Memory, tap: Tap) -> tuple[Tensor, Memory]:
        r, after = inputs.transpose(0, 1).contiguous(), []
        for i, (block, state) in enumerate(zip(self.blocks, memory, strict=True)):
            r, kept = block(r, rows, state, tap, f"layer.{i}")
            after.append(kept)
        return self.norm(r).transpose(0, 1), tuple(after)

    def _stepping(self) -> tuple[Blocks, Sequence[Tensor]] | None:
        norm = layer_norm_weights(self.norm)
        if norm is None or not all(isinstance(block, Kernelled) for block in self.blocks):
            return None
        return together((block.kernel() for block in cast(Iterable[Kernelled], self.blocks)), norm)

    def _residual_site(self, i: int) -> Site:
        return Site(self.width, (self.width,), f"residual stream after block {i}")

    def _draw_ends(self, embedding: float, readout: float, rng: torch.Generator) -> None:
        """Begin and input vectors, and the readout, normal with these standard deviations; its bias 0."""
        for parameter in (self.begin, self.embedding):
            normal(parameter, embedding, rng)
        normal(self.readout_weight, readout, rng)
        nn.init.zeros_(self.readout_bias)
