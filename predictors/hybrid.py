"""A hybrid: blocks of attention and of Mamba in one stack, in the order that a pattern gives.

Each block is the one of its own architecture, with its own states: `layer.i.key` and `layer.i.value` where layer i is
attention (the prefix of both is what it remembers), `layer.i.ssm` and `layer.i.conv` where it is Mamba (the row alone).

References: Lieber and others, arXiv 2403.19887 (Jamba), whose attention has no positions, as the recurrence tells rows
apart, RMS norms and SwiGLU; Ren and others, arXiv 2406.07522 (Samba). Each block starts as in its own architecture.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from predictors import mamba, transformer
from predictors.mamba import MambaConfig
from predictors.network import State, require, require_choice
from predictors.predictor import Site, Tap
from predictors.stack import Stack
from predictors.transformer import Activation, TransformerConfig, attention_sites

__all__ = ["Hybrid", "HybridConfig"]

KINDS = ("attention", "mamba")


@dataclass(frozen=True, kw_only=True)
class HybridConfig:
    """Attention and Mamba blocks mixed.

    Attributes:
        n_symbol: size of the alphabet.
        width: of the residual stream.
        n_layer: blocks.
        pattern: kinds of block, "attention" or "mamba", separated by commas, or by + where a comma means something
            else; repeated over the layers, the last round cut short where n_layer is no multiple of it.
        position: of the attention blocks: "none", "rotary" or "alibi".
        n_head: of each attention block.
        head_width: of each attention block; even with rotary positions.
        mlp_width: hidden units of the perceptron after each attention.
        activation: of that perceptron.
        n_state: numbers that each channel of a Mamba block carries.
        n_conv: inputs that the convolution of a Mamba block reads.
        expand: the inner width of a Mamba block is expand * width.
    """

    n_symbol: int
    width: int = 64
    n_layer: int = 2
    pattern: str = "mamba,attention"
    position: Literal["none", "rotary", "alibi"] = "none"
    n_head: int = 4
    head_width: int = 16
    mlp_width: int = 128
    activation: Activation = "swiglu"
    n_state: int = 16
    n_conv: int = 4
    expand: int = 2

    def __post_init__(self) -> None:
        require(n_symbol=(self.n_symbol, 1), width=(self.width, 1), n_layer=(self.n_layer, 1))
        require_choice(position=(self.position, Literal["none", "rotary", "alibi"]))
        if not isinstance(self.pattern, str) or not set(self._kinds()) <= set(KINDS):
            raise ValueError(f"pattern must be {' or '.join(KINDS)}, separated by commas; got {self.pattern!r}")
        self.attention, self.mamba  # noqa: B018 - whose configurations check the rest

    def _kinds(self) -> list[str]:
        return [kind.strip() for kind in re.split("[,+]", self.pattern)]

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kind of each layer."""
        kinds = self._kinds()
        return tuple(kinds[i % len(kinds)] for i in range(self.n_layer))

    @property
    def attention(self) -> TransformerConfig:
        """The configuration of the attention blocks."""
        return TransformerConfig(
            n_symbol=self.n_symbol,
            width=self.width,
            n_layer=self.n_layer,
            n_head=self.n_head,
            head_width=self.head_width,
            mlp_width=self.mlp_width,
            activation=self.activation,
            position=self.position,
            norm="rms",
            bias=False,
        )

    @property
    def mamba(self) -> MambaConfig:
        """The configuration of the Mamba blocks."""
        return MambaConfig(
            n_symbol=self.n_symbol,
            width=self.width,
            n_layer=self.n_layer,
            n_state=self.n_state,
            n_conv=self.n_conv,
            expand=self.expand,
        )


class AttentionBlock(transformer.Block):
    """The transformer's block on a residual stream with the row first."""

    def forward(self, r: Tensor, rows: range, past: State, tap: Tap, site: str) -> tuple[Tensor, State]:
        r, kept = super().forward(r.transpose(0, 1), rows, past, tap, site)
        return r.transpose(0, 1), kept


class Hybrid(Stack):
    """A stack of attention and Mamba blocks and a final RMS norm. Vectors and readout start at N(0, 0.02^2)."""

    def __init__(self, config: HybridConfig, *, rng: torch.Generator) -> None:
        made = {"attention": (AttentionBlock, config.attention), "mamba": (mamba.Block, config.mamba)}
        blocks = [kind(settings) for kind, settings in (made[each] for each in config.kinds)]
        super().__init__(config.n_symbol, config.width, [*blocks], nn.RMSNorm(config.width, eps=1e-5))
        self.config = config
        self._draw_ends(0.02, 0.02, rng)
        for block in blocks:
            block.initialise(rng)

    @property
    def attention(self) -> Mapping[int, transformer.Block]:
        """The attention blocks by layer."""
        return {i: block for i, block in enumerate(self.blocks) if isinstance(block, transformer.Block)}

    def placed(self, inputs: Tensor, rows: range) -> Tensor:
        """What enters the first block: no vector is added that says where a row stands."""
        return inputs

    def _layer_sites(self, i: int) -> dict[str, Site]:
        if self.config.kinds[i] == "attention":
            return attention_sites(self.config.attention, i)
        return mamba.block_sites(self.config.mamba, i)

    def _layer_blank(self, i: int, n_seq: int) -> State:
        if self.config.kinds[i] == "attention":
            none = self.begin.new_zeros(n_seq, 0, self.config.n_head * self.config.head_width)
            return none, none
        return mamba.blank_state(self.config.mamba, self.begin, n_seq)
