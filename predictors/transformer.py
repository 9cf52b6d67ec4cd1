"""A decoder-only transformer: layer norm before each block, learned positions, causal attention, key-value cache.

Row t of the residual stream is the vector at position t, where position 0 holds the begin vector. A transformer makes
no row of its memory from the row before; what it remembers at row t are the keys and values of every row up to t, as
cached. These are the sites `layer.i.key` and `layer.i.value`: state, but not recurrent.

Letters. q, k, v: query, key, value; pre-norm as in Radford and others (2019), attention as in Vaswani and others,
arXiv 1706.03762.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, cast

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from predictors.network import Memory, Network, State, linear, normal, require
from predictors.predictor import Site, Tap, capture, visit

__all__ = ["Transformer", "TransformerConfig", "attention_patterns"]


@dataclass(frozen=True, kw_only=True)
class TransformerConfig:
    """A transformer; the defaults are those of Riechers, Elliott and Shai, arXiv 2507.07432.

    Shai and others, arXiv 2405.15943, use one head of width 8 in a residual stream of width 64.

    Attributes:
        n_symbol: size of the alphabet.
        max_length: the most symbols that it can read, without the begin vector. It has no default: a position that
            training never reaches stays as it was drawn.
        width: of the residual stream.
        n_layer: blocks, each attention followed by a perceptron.
        n_head: attention heads in a block.
        head_width: of each head's queries, keys and values.
        mlp_width: hidden units of each perceptron.
        activation: of the perceptron.
    """

    n_symbol: int
    max_length: int
    width: int = 64
    n_layer: int = 4
    n_head: int = 4
    head_width: int = 16
    mlp_width: int = 256
    activation: Literal["relu", "gelu"] = "relu"

    def __post_init__(self) -> None:
        require(n_symbol=(self.n_symbol, 1), max_length=(self.max_length, 0), n_layer=(self.n_layer, 1))
        require(width=(self.width, 1), n_head=(self.n_head, 1), head_width=(self.head_width, 1))
        require(mlp_width=(self.mlp_width, 1))
        if self.activation not in ("relu", "gelu"):
            raise ValueError(f"activation must be 'relu' or 'gelu'; got {self.activation!r}")


class Block(nn.Module):
    """x + attention(norm(x)), then x + perceptron(norm(x))."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.config = config
        heads = config.n_head * config.head_width
        self.attention_norm = nn.LayerNorm(config.width)
        self.query_key_value = linear(config.width, 3 * heads)
        self.attention_out = linear(heads, config.width)
        self.mlp_norm = nn.LayerNorm(config.width)
        self.mlp_in = linear(config.width, config.mlp_width)
        self.mlp_out = linear(config.mlp_width, config.width)

    def forward(self, x: Tensor, rows: range, past: State, tap: Tap, site: str) -> tuple[Tensor, State]:
        """The residual stream after the block, and the keys and values of all rows up to the last."""
        q, k, v = self.query_key_value(self.attention_norm(x)).chunk(3, dim=-1)  # each (seq, row, head * head_width)
        k, v = visit(tap, f"{site}.key", rows, k), visit(tap, f"{site}.value", rows, v)
        if rows.start > 0:
            k, v = torch.cat([past[0], k], dim=1), torch.cat([past[1], v], dim=1)
        x = x + self.attention_out(self._attend(q, k, v))
        x = x + self.mlp_out(self._activate(self.mlp_in(self.mlp_norm(x))))
        return visit(tap, site, rows, x), (k, v)

    def _attend(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """Causal attention of the last rows, whose queries these are, to all rows."""
        n_query, n_row = q.shape[1], k.shape[1]
        mask = None
        if 1 < n_query < n_row:
            mask = torch.ones(n_query, n_row, dtype=torch.bool, device=q.device).tril(n_row - n_query)
        whole = n_query == n_row
        z = F.scaled_dot_product_attention(self.heads(q), self.heads(k), self.heads(v), mask, is_causal=whole)
        return z.transpose(1, 2).flatten(2)

    def heads(self, x: Tensor) -> Tensor:
        """(seq, row, head * head_width) as (seq, head, row, head_width)."""
        return x.reshape(*x.shape[:2], self.config.n_head, self.config.head_width).transpose(1, 2)

    def _activate(self, x: Tensor) -> Tensor:
        return F.relu(x, inplace=True) if self.config.activation == "relu" else F.gelu(x)  # x is nobody else's


class Transformer(Network):
    """A stack of blocks and a final layer norm.

    Initialised as TransformerLens, in which the published networks were trained: every matrix and vector
    N(0, 0.64 / width), i.e. a standard deviation of 0.8 / sqrt(width); biases 0, norms the identity.
    """

    def __init__(self, config: TransformerConfig, *, rng: torch.Generator) -> None:
        super().__init__(config.n_symbol, config.width)
        self.config = config
        self.position = nn.Parameter(torch.empty(config.max_length + 1, config.width))
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.n_layer))
        self.norm = nn.LayerNorm(config.width)
        for name, parameter in self.named_parameters():
            if name.endswith("bias"):
                nn.init.zeros_(parameter)
            elif not name.endswith("norm.weight"):
                normal(parameter, 0.8 * config.width**-0.5, rng)

    @cached_property
    def sites(self) -> Mapping[str, Site]:
        embed, final = self._ends()
        sites, n_head, head_width = {"embed": embed}, self.config.n_head, self.config.head_width
        for i in range(self.config.n_layer):
            for name in ("key", "value"):
                meaning = f"block {i}: {name}s, as cached"
                sites[f"layer.{i}.{name}"] = Site(n_head * head_width, (n_head, head_width), meaning, state=True)
            sites[f"layer.{i}"] = Site(self.width, (self.width,), f"residual stream after block {i}")
        return sites | {"final": final}

    def _blank(self, n_seq: int) -> Memory:
        none = self.begin.new_zeros(n_seq, 0, self.config.n_head * self.config.head_width)
        return ((none, none),) * self.config.n_layer

    def _run(self, inputs: Tensor, rows: range, memory: Memory, tap: Tap) -> tuple[Tensor, Memory]:
        if rows[-1] > self.config.max_length:
            raise ValueError(
                f"this transformer reads at most {self.config.max_length} symbols; got {rows[-1]}: cut the sequences, "
                "or train one with a greater max_length"
            )
        x, after = inputs + self.position[rows.start : rows.stop], []
        for i, (block, past) in enumerate(zip(self._blocks, memory, strict=True)):
            x, kept = block(x, rows, past, tap, f"layer.{i}")
            after.append(kept)
        return self.norm(x), tuple(after)

    @property
    def _blocks(self) -> Iterable[Block]:
        return cast(Iterable[Block], self.blocks)


def attention_patterns(
    model: Transformer, tokens: Int[Tensor, "seq time"]
) -> Float[Tensor, "seq layer head row source"]:
    """Attention weights of every head: how much row t takes from each row s <= t. They sum to 1 over s.

    Gradients flow if they are enabled. Raises ValueError for tokens that the model cannot read.
    """
    n_layer = model.config.n_layer
    streams = ["embed", *(f"layer.{i}" for i in range(n_layer - 1))]  # what enters each block
    seen = capture(model, tokens, [*streams, *(f"layer.{i}.key" for i in range(n_layer))])
    n_row = tokens.shape[1] + 1
    future = torch.ones(n_row, n_row, dtype=torch.bool, device=seen["embed"].device).triu(1)
    seen["embed"] = seen["embed"] + model.position[:n_row]
    patterns = []
    for i, block in enumerate(model._blocks):
        q = block.query_key_value(block.attention_norm(seen[streams[i]])).chunk(3, dim=-1)[0]
        q, k = block.heads(q), block.heads(seen[f"layer.{i}.key"])
        scores = q @ k.transpose(-1, -2) * model.config.head_width**-0.5  # (seq, head, row, source)
        patterns.append(scores.masked_fill(future, -torch.inf).softmax(-1))
    return torch.stack(patterns, dim=1)
