"""A decoder-only transformer: a norm before each block, causal attention, a perceptron, a key-value cache.

Row t of the residual stream is the vector at position t, where position 0 holds the begin vector. A transformer makes
no row of its memory from the row before; what it remembers at row t are the keys and values of every row up to t, as
cached, i.e. the keys turned by rotary positions where there are any. These are the sites `layer.i.key` and
`layer.i.value`: state, but not recurrent.

Letters. q, k, v: query, key, value; pre-norm as in Radford and others (2019), attention as in Vaswani and others,
arXiv 1706.03762. Positions: `predictors.position`. SwiGLU is Shazeer's, arXiv 2002.05202; RMS norm that of Zhang and
Sennrich, arXiv 1910.07467. With rotary positions, both of these and no biases, a block is that of Llama.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Protocol, cast, runtime_checkable

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from predictors.network import Memory, Network, State, linear, normal, require, require_choice
from predictors.position import linear_biases, rotate
from predictors.predictor import Edited, Predictor, Site, Tap, capture, unedited, visit

__all__ = ["Activation", "Block", "Norm", "Position", "Transformer", "TransformerConfig", "attention_patterns"]

Position = Literal["learned", "rotary", "alibi", "none"]
Activation = Literal["relu", "gelu", "gelu_tanh", "swiglu"]
Norm = Literal["layer", "rms"]


@dataclass(frozen=True, kw_only=True)
class TransformerConfig:
    """A transformer; the defaults are those of Riechers, Elliott and Shai, arXiv 2507.07432.

    Shai and others, arXiv 2405.15943, use one head of width 8 in a residual stream of width 64.

    Attributes:
        n_symbol: size of the alphabet.
        max_length: the most symbols that it can read, without the begin vector. Learned positions need it: a position
            that training never reaches stays as it was drawn. With others, None sets no limit.
        width: of the residual stream.
        n_layer: blocks, each attention followed by a perceptron.
        n_head: attention heads in a block.
        head_width: of each head's queries, keys and values; even with rotary positions.
        mlp_width: hidden units of each perceptron.
        activation: of the perceptron. "gelu_tanh" is the approximation that GPT-2 uses; "swiglu" multiplies the hidden
            units by the SiLU of as many gates.
        position: "learned" vectors added to the embedding, "rotary", "alibi", or "none": then only the causal mask
            tells rows apart.
        norm: before attention, perceptron and readout: "layer", or "rms", which neither centres nor shifts.
        norm_eps: added to the variance, or the mean square.
        bias: whether the maps inside blocks have biases.
        attention_only: blocks without perceptron; then mlp_width and activation mean nothing.
        rotary_base: of the rotation's frequencies.
    """

    n_symbol: int
    max_length: int | None = None
    width: int = 64
    n_layer: int = 4
    n_head: int = 4
    head_width: int = 16
    mlp_width: int = 256
    activation: Activation = "relu"
    position: Position = "learned"
    norm: Norm = "layer"
    norm_eps: float = 1e-5
    bias: bool = True
    attention_only: bool = False
    rotary_base: float = 10000.0

    def __post_init__(self) -> None:
        require(n_symbol=(self.n_symbol, 1), n_layer=(self.n_layer, 1))
        require(width=(self.width, 1), n_head=(self.n_head, 1), head_width=(self.head_width, 1))
        require(mlp_width=(self.mlp_width, 1))
        if self.max_length is not None:
            require(max_length=(self.max_length, 0))
        require_choice(activation=(self.activation, Activation), position=(self.position, Position))
        require_choice(norm=(self.norm, Norm))
        if self.position == "learned" and self.max_length is None:
            raise ValueError("learned positions need max_length, the most symbols that the transformer will read")
        if self.position == "rotary" and self.head_width % 2:
            raise ValueError(f"rotary positions turn pairs: head_width must be even; got {self.head_width}")
        if not self.rotary_base > 1:
            raise ValueError(f"rotary_base must be above 1; got {self.rotary_base}")
        if not self.norm_eps > 0:
            raise ValueError(f"norm_eps must be above 0; got {self.norm_eps}")


class Block(nn.Module):
    """x + attention(norm(x)), then x + perceptron(norm(x))."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.config = config
        heads = config.n_head * config.head_width
        self.attention_norm = norm(config)
        self.query_key_value = linear(config.width, 3 * heads, bias=config.bias)
        self.attention_out = linear(heads, config.width, bias=config.bias)
        if not config.attention_only:
            gated = config.activation == "swiglu"  # then the gates come first, and the hidden units after them
            self.mlp_norm = norm(config)
            self.mlp_in = linear(config.width, config.mlp_width * (2 if gated else 1), bias=config.bias)
            self.mlp_out = linear(config.mlp_width, config.width, bias=config.bias)

    def initialise(self, rng: torch.Generator) -> None:
        """Matrices N(0, 0.64 / width), biases 0; norms are the identity from the start."""
        for name, parameter in self.named_parameters():
            if name.endswith("bias"):
                nn.init.zeros_(parameter)
            elif not name.endswith("norm.weight"):
                normal(parameter, 0.8 * self.config.width**-0.5, rng)

    def forward(self, x: Tensor, rows: range, past: State, tap: Tap, site: str) -> tuple[Tensor, State]:
        """The residual stream after the block, and the keys and values of all rows up to the last."""
        q, k, v = self.query_key_value(self.attention_norm(x)).chunk(3, dim=-1)  # each (seq, row, head * head_width)
        q, k = self._turn(q, rows), self._turn(k, rows)
        k, v = visit(tap, f"{site}.key", rows, k), visit(tap, f"{site}.value", rows, v)
        if rows.start > 0:
            k, v = torch.cat([past[0], k], dim=1), torch.cat([past[1], v], dim=1)
        x = x + self.attention_out(self._attend(q, k, v))
        if not self.config.attention_only:
            x = x + self.mlp_out(self._activate(self.mlp_in(self.mlp_norm(x))))
        return visit(tap, site, rows, x), (k, v)

    def _turn(self, x: Tensor, rows: range) -> Tensor:
        """Queries or keys where rotary positions put them."""
        if self.config.position != "rotary":
            return x
        return rotate(self.heads(x), rows, self.config.rotary_base).transpose(1, 2).flatten(2)

    def _attend(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """Causal attention of the last rows, whose queries these are, to all rows."""
        n_query, n_row = q.shape[1], k.shape[1]
        mask = None
        if self.config.position == "alibi":
            mask = linear_biases(self.config.n_head, n_query, q, n_row)
        elif 1 < n_query < n_row:
            mask = torch.ones(n_query, n_row, dtype=torch.bool, device=q.device).tril(n_row - n_query)
        whole = mask is None and n_query == n_row
        z = F.scaled_dot_product_attention(self.heads(q), self.heads(k), self.heads(v), mask, is_causal=whole)
        return z.transpose(1, 2).flatten(2)

    def pattern(self, x: Tensor, k: Tensor) -> Tensor:
        """How much each row takes from each, (seq, head, row, source): x enters the block, k are its keys as cached."""
        n_row = x.shape[1]
        q = self._turn(self.query_key_value(self.attention_norm(x)).chunk(3, dim=-1)[0], range(n_row))
        scores: Tensor = self.heads(q) @ self.heads(k).transpose(-1, -2) * self.config.head_width**-0.5
        if self.config.position == "alibi":
            scores = scores + linear_biases(self.config.n_head, n_row, q, n_row)
        future = torch.ones(n_row, n_row, dtype=torch.bool, device=x.device).triu(1)
        return scores.masked_fill(future, -torch.inf).softmax(-1)

    def heads(self, x: Tensor) -> Tensor:
        """(seq, row, head * head_width) as (seq, head, row, head_width)."""
        return x.reshape(*x.shape[:2], self.config.n_head, self.config.head_width).transpose(1, 2)

    def _activate(self, x: Tensor) -> Tensor:
        match self.config.activation:
            case "relu":
                return F.relu(x, inplace=True)  # x is nobody else's
            case "gelu":
                return F.gelu(x)
            case "gelu_tanh":
                return F.gelu(x, approximate="tanh")
            case "swiglu":
                gate, hidden = x.chunk(2, dim=-1)
                return F.silu(gate) * hidden


def norm(config: TransformerConfig) -> nn.Module:
    """The norm of a residual stream."""
    kind = nn.RMSNorm if config.norm == "rms" else nn.LayerNorm
    return kind(config.width, eps=config.norm_eps)


class Transformer(Network):
    """A stack of blocks and a final norm.

    Initialised as TransformerLens, in which the published networks were trained: every matrix and vector
    N(0, 0.64 / width), i.e. a standard deviation of 0.8 / sqrt(width); biases 0, norms the identity.
    """

    config: TransformerConfig

    def __init__(self, config: TransformerConfig, *, rng: torch.Generator) -> None:
        super().__init__(config.n_symbol, config.width)
        self.config = config
        if config.position == "learned":
            assert config.max_length is not None  # the configuration says so
            self.position = nn.Parameter(torch.empty(config.max_length + 1, config.width))
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.n_layer))
        self.norm = norm(config)
        nn.init.zeros_(self.readout_bias)
        for name, parameter in self.named_parameters(recurse=False):
            if name != "readout_bias":
                normal(parameter, 0.8 * config.width**-0.5, rng)
        for block in self._blocks:
            block.initialise(rng)

    @cached_property
    def sites(self) -> Mapping[str, Site]:
        embed, final = self._ends()
        sites = {"embed": embed}
        for i in range(self.config.n_layer):
            sites |= attention_sites(self.config, i)
        return sites | {"final": final}

    def _blank(self, n_seq: int) -> Memory:
        none = self.begin.new_zeros(n_seq, 0, self.config.n_head * self.config.head_width)
        return ((none, none),) * self.config.n_layer

    def _run(self, inputs: Tensor, rows: range, memory: Memory, tap: Tap) -> tuple[Tensor, Memory]:
        if self.config.max_length is not None and rows[-1] > self.config.max_length:
            raise ValueError(
                f"this transformer reads at most {self.config.max_length} symbols; got {rows[-1]}: cut the sequences, "
                "or train one with a greater max_length"
            )
        x, after = self.placed(inputs, rows), []
        for i, (block, past) in enumerate(zip(self._blocks, memory, strict=True)):
            x, kept = block(x, rows, past, tap, f"layer.{i}")
            after.append(kept)
        return self.norm(x), tuple(after)

    def placed(self, inputs: Tensor, rows: range) -> Tensor:
        """The input vectors with what says where they stand: what enters the first block."""
        return inputs + self.position[rows.start : rows.stop] if self.config.position == "learned" else inputs

    @property
    def attention(self) -> Mapping[int, Block]:
        """The blocks, by layer."""
        return dict(enumerate(self._blocks))

    @property
    def _blocks(self) -> Iterable[Block]:
        return cast(Iterable[Block], self.blocks)


def attention_sites(config: TransformerConfig, i: int) -> dict[str, Site]:
    """The sites of an attention block that is layer i."""
    sites, shape = {}, (config.n_head, config.head_width)
    for name in ("key", "value"):
        meaning = f"block {i}: {name}s, as cached"
        sites[f"layer.{i}.{name}"] = Site(config.n_head * config.head_width, shape, meaning, state=True)
    sites[f"layer.{i}"] = Site(config.width, (config.width,), f"residual stream after block {i}")
    return sites


@runtime_checkable
class Attentive(Predictor, Protocol):
    """A network some of whose layers are attention blocks."""

    @property
    def attention(self) -> Mapping[int, Block]:
        """The attention blocks, by layer."""
        ...

    def placed(self, inputs: Tensor, rows: range) -> Tensor:
        """What enters the first block, for these input vectors."""
        ...


def attention_patterns(
    model: Attentive | Edited, tokens: Int[Tensor, "seq time"]
) -> Float[Tensor, "seq layer head row source"]:
    """Attention weights of every head: how much row t takes from each row s <= t. They sum to 1 over s.

    Layers are those with attention, in their order: in a hybrid, fewer than there are. Gradients flow if they are
    enabled. Of an edited model they are those with the edits made. Raises ValueError for tokens that the model cannot
    read, and if no layer has attention.
    """
    network = unedited(model)
    blocks = getattr(network, "attention", {})
    if not blocks:
        raise ValueError(
            f"no layer of this {type(network).__name__} is an attention block: it has no attention patterns"
        )
    entering = {i: f"layer.{i - 1}" if i else "embed" for i in blocks}
    seen = capture(model, tokens, [*entering.values(), *(f"layer.{i}.key" for i in blocks)])
    if 0 in blocks:
        seen["embed"] = network.placed(seen["embed"], range(tokens.shape[1] + 1))
    patterns = [block.pattern(seen[entering[i]], seen[f"layer.{i}.key"]) for i, block in blocks.items()]
    return torch.stack(patterns, dim=1)
