"""Mamba-2: a stack of state-space layers whose recurrence has one rate and one step for every head (SSD).

    z, v, delta = W_in norm(r)                   the gate, what is convolved, and a step for every head
    u, B, C = silu(conv(v))                      a causal convolution for every channel, of the maps too
    delta = softplus(delta + b)
    h_t = exp(delta_t A) h_{t-1} + delta_t u_t B_t,   y_t = C_t . h_t + D u_t
    r <- r + W_out norm(y * silu(z))

B and C are shared by the heads of a group. The recurrence runs as a scan, or where that cannot be compiled as a product
of matrices (`predictors.ssd`). What a block carries are the sites `layer.i.ssm`, h at row t, and `layer.i.conv`, the
last inputs of the convolution, up to that of row t. The convolution reads these one row later, so an edit of
`layer.i.conv` at row t moves rows t + 1 and on.

Letters are the paper's, with r for the residual stream and u for its X. Axes: in a block, arrays are (channel, row,
seq). The norm before W_out is one for each group.

Reference: Dao and Gu, arXiv 2405.21060, with the initialisation of their code (state-spaces/mamba).
"""

from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from predictors.kernels.step import Sizes
from predictors.network import State, in_spans, require, uniform
from predictors.norm import RMSNorm
from predictors.predictor import Site, Tap, visit
from predictors.scan import Selection
from predictors.state_space import convolve, scan, step
from predictors.state_space_network import StateSpaceConfig, StateSpaceNetwork, draw_steps, state_space_sites
from predictors.stepping import Blocks, own, rms_norm_weights

__all__ = ["Mamba2", "Mamba2Config"]


@dataclass(frozen=True, kw_only=True)
class Mamba2Config(StateSpaceConfig):
    """A Mamba-2. Dao and Gu take 128 state numbers and heads of width 64 at widths from 768; the defaults keep about
    the proportions.

    Attributes:
        n_symbol: size of the alphabet.
        width: of the residual stream.
        n_layer: blocks.
        n_state: numbers that each channel of the recurrence carries.
        head_width: channels of a head; it must divide the inner width.
        n_group: groups of heads that share B and C; it must divide the number of heads.
        n_conv: inputs that the convolution reads, the newest among them; at least 2.
        expand: the inner width is expand * width.
    """

    head_width: int = 16
    n_group: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        require(head_width=(self.head_width, 1), n_group=(self.n_group, 1))
        if self.inner % self.head_width:
            raise ValueError(
                f"head_width must divide the inner width, expand * width = {self.inner}; got {self.head_width}"
            )
        if self.n_head % self.n_group:
            raise ValueError(
                f"n_group must divide the number of heads, inner / head_width = {self.n_head}; got {self.n_group}"
            )

    @property
    def n_head(self) -> int:
        return self.inner // self.head_width

    @property
    def convolved(self) -> int:
        """Channels of the convolution: those of u, B and C."""
        return self.inner + 2 * self.n_group * self.n_state


class Block(nn.Module):
    """One state-space layer with its convolution, gate, skip, norms and residual connection."""

    def __init__(self, config: Mamba2Config) -> None:
        super().__init__()
        self.config = config
        width, inner = config.width, config.inner
        self.norm = RMSNorm(width)
        self.in_weight = nn.Parameter(torch.empty(inner + config.convolved + config.n_head, width))  # z, v, delta
        self.conv_weight = nn.Parameter(torch.empty(config.convolved, config.n_conv))  # oldest input first
        self.conv_bias = nn.Parameter(torch.empty(config.convolved))
        self.delta_bias = nn.Parameter(torch.empty(config.n_head))
        self.log_decay = nn.Parameter(torch.empty(config.n_head))  # log(-A)
        self.skip = nn.Parameter(torch.empty(config.n_head))  # D
        self.gated_norm = RMSNorm(inner, config.n_group)
        self.out_weight = nn.Parameter(torch.empty(width, inner))
        self.sizes = Sizes(inner, config.convolved, config.n_state, config.n_conv, config.n_head, config.n_group)

    def initialise(self, rng: torch.Generator) -> None:
        """Dao and Gu's: A uniform in -16 .. -1; steps at first log-uniform in 1e-3 .. 1e-1; D = 1."""
        config = self.config
        uniform(self.in_weight, config.width**-0.5, rng)
        uniform(self.conv_weight, config.n_conv**-0.5, rng)
        uniform(self.conv_bias, config.n_conv**-0.5, rng)
        uniform(self.out_weight, (config.inner * config.n_layer) ** -0.5, rng)
        draw_steps(self.delta_bias, rng)
        with torch.no_grad():
            self.log_decay.copy_((1 + 15 * torch.rand(config.n_head, generator=rng)).log())
            self.skip.fill_(1.0)

    def forward(self, r: Tensor, rows: range, state: State, tap: Tap, site: str) -> tuple[Tensor, State]:
        """The residual stream, (row, seq, width), after the block, and the block's state after the last row."""
        stepped = step(self.kernel, r, rows, state, tap, site)
        if stepped is not None:
            return stepped
        r = r.permute(2, 0, 1)  # as the blocks before and after keep it: no copy
        config, (n_row, n_seq) = self.config, r.shape[1:]
        columns = self.norm(r).flatten(1)
        parts = torch.split_with_sizes(self.in_weight, [config.inner, config.convolved, config.n_head])
        # three products and not parts of one, whose derivatives would have to be put together again
        z, v, delta = (torch.unflatten(weight @ columns, 1, (n_row, n_seq)) for weight in parts)

        conv = f"{site}.conv"
        taps = self.conv_weight, self.conv_bias
        v, kept = in_spans(partial(convolve, taps, v, tap, conv), rows, state[:1], tap, [conv])
        n_map = config.n_group * config.n_state
        u, B, C = torch.split_with_sizes(v, [config.inner, n_map, n_map])

        ssm = f"{site}.ssm"
        selection = Selection(u, delta, -self.log_decay.exp()[None], B, C, self.delta_bias, self.skip, z)
        y, h = in_spans(partial(scan, selection, tap, ssm), rows, state[1:], tap, [ssm])

        y = self.gated_norm(y)
        r = (self.out_weight @ y.flatten(1)).view_as(r) + r
        return visit(tap, site, rows, r.permute(2, 1, 0)).transpose(0, 1), kept + h

    def kernel(self) -> Blocks | None:
        """This block as `predictors.stepping` takes it."""
        norm, gated = rms_norm_weights(self.norm), rms_norm_weights(self.gated_norm, self.config.n_group)
        inside = own(self, "in_weight", "conv_weight", "conv_bias", "delta_bias", "log_decay", "skip", "out_weight")
        if norm is None or inside is None or gated is None:
            return None
        return Blocks("selective", self.sizes, [[*norm, *inside, None, None, *gated]])


class Mamba2(StateSpaceNetwork[Block]):
    """A stack of blocks and a final RMS norm. Vectors and readout start at N(0, 0.02^2), as in the published code."""

    def __init__(self, config: Mamba2Config, *, rng: torch.Generator) -> None:
        super().__init__(config.n_symbol, config.width, [Block(config) for _ in range(config.n_layer)], rng=rng)
        self.config = config

    def _block_sites(self, i: int) -> dict[str, Site]:
        config = self.config
        past, carried = (config.convolved, config.n_conv - 1), (config.n_head, config.head_width, config.n_state)
        return state_space_sites(i, config.width, past, carried)

    def _blank_state(self, n_seq: int) -> State:
        past = self.begin.new_zeros(self.config.convolved, self.config.n_conv - 1, n_seq)
        return past, self.begin.new_zeros(self.config.n_state, self.config.inner, n_seq)
