"""Mamba: a stack of selective state-space layers (S6).

Each block gates a causal convolution followed by a linear recurrence whose step, input map and output map depend on the
input:

    x, z = W_in norm(r)                          the input branch and the gate, each of the inner width
    u = silu(conv(x))                            a causal convolution for every channel
    delta = softplus(W_delta W_rank u + b)       the step, through a map of low rank
    B, C = W_B u, W_C u                          how the input enters the state, and how the state is read
    h_t = exp(delta_t A) h_{t-1} + delta_t u_t B_t,   y_t = C_t . h_t + D u_t
    r <- r + W_out (y * silu(z))

What a block carries are the sites `layer.i.ssm`, h at row t, and `layer.i.conv`, the last inputs x of the convolution,
up to x_t. The convolution reads these one row later, so an edit of `layer.i.conv` at row t moves rows t + 1 and on.

Letters are the paper's: r residual stream, x, z, u, delta, A, B, C, D, h, y as above. Axes: in a block, arrays are
(channel, row, seq), which lets every map be one matrix product and every other operation run along the sequences.

Reference: Gu and Dao, arXiv 2312.00752, with the initialisation of their code (state-spaces/mamba) and, for A, S4D-real
of Gu and others, arXiv 2206.11893.
"""

import math
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from predictors.kernels.step import Sizes
from predictors.network import State, in_spans, uniform
from predictors.norm import RMSNorm
from predictors.predictor import Site, Tap, visit
from predictors.scan import Selection
from predictors.state_space import convolve, scan, step
from predictors.state_space_network import StateSpaceConfig, StateSpaceNetwork, draw_steps, state_space_sites
from predictors.stepping import Blocks, own, rms_norm_weights

__all__ = ["Mamba", "MambaConfig", "blank_state", "block_sites"]


@dataclass(frozen=True, kw_only=True)
class MambaConfig(StateSpaceConfig):
    """A Mamba; n_state, n_conv, expand and the rank of the step are those of Gu and Dao.

    Attributes:
        n_symbol: size of the alphabet.
        width: of the residual stream.
        n_layer: blocks.
        n_state: numbers that each channel of the recurrence carries.
        n_conv: inputs that the convolution reads, the newest among them; at least 2.
        expand: the inner width is expand * width.
    """

    @property
    def rank(self) -> int:
        """Rank of the map from u to the step."""
        return math.ceil(self.width / 16)


class Block(nn.Module):
    """One selective state-space layer with its convolution, gate, skip and residual connection."""

    def __init__(self, config: MambaConfig) -> None:
        super().__init__()
        self.config = config
        width, inner, n_state, rank = config.width, config.inner, config.n_state, config.rank
        self.norm = RMSNorm(width)
        self.in_weight = nn.Parameter(torch.empty(2 * inner, width))
        self.conv_weight = nn.Parameter(torch.empty(inner, config.n_conv))  # oldest input first
        self.conv_bias = nn.Parameter(torch.empty(inner))
        self.select_weight = nn.Parameter(torch.empty(rank + 2 * n_state, inner))  # W_rank, W_B, W_C
        self.delta_weight = nn.Parameter(torch.empty(inner, rank))
        self.delta_bias = nn.Parameter(torch.empty(inner))
        self.log_decay = nn.Parameter(torch.empty(inner, n_state))  # log(-A)
        self.skip = nn.Parameter(torch.empty(inner))  # D
        self.out_weight = nn.Parameter(torch.empty(width, inner))
        self.sizes = Sizes(inner, inner, n_state, config.n_conv, n_head=inner, n_group=1, rank=rank)

    def initialise(self, rng: torch.Generator) -> None:
        """Gu and Dao's: A = -1, -2, .. -n_state (S4D-real); steps at first log-uniform in 1e-3 .. 1e-1; D = 1."""
        config = self.config
        uniform(self.in_weight, config.width**-0.5, rng)
        uniform(self.conv_weight, config.n_conv**-0.5, rng)
        uniform(self.conv_bias, config.n_conv**-0.5, rng)
        uniform(self.select_weight, config.inner**-0.5, rng)
        uniform(self.delta_weight, config.rank**-0.5, rng)
        uniform(self.out_weight, (config.inner * config.n_layer) ** -0.5, rng)
        draw_steps(self.delta_bias, rng)
        with torch.no_grad():
            self.log_decay.copy_(torch.arange(1, config.n_state + 1).log().expand(config.inner, -1))
            self.skip.fill_(1.0)

    def forward(self, r: Tensor, rows: range, state: State, tap: Tap, site: str) -> tuple[Tensor, State]:
        """The residual stream, (row, seq, width), after the block, and the block's state after the last row."""
        stepped = step(self.kernel, r, rows, state, tap, site)
        if stepped is not None:
            return stepped
        inner, n_state, rank = self.config.inner, self.config.n_state, self.config.rank
        r = r.permute(2, 0, 1)  # as the blocks before and after keep it: no copy
        n_row, n_seq = r.shape[1:]
        columns = self.norm(r).flatten(1)
        # two products and not the halves of one, whose derivatives would have to be put together again
        x, z = ((weight @ columns).view(inner, n_row, n_seq) for weight in self.in_weight.chunk(2))

        conv = f"{site}.conv"
        u, kept = in_spans(
            partial(convolve, (self.conv_weight, self.conv_bias), x, tap, conv), rows, state[:1], tap, [conv]
        )

        selected = self.select_weight @ u.flatten(1)
        low, B, C = torch.split_with_sizes(torch.unflatten(selected, 1, (n_row, n_seq)), [rank, n_state, n_state])
        delta = (self.delta_weight @ low.flatten(1)).view_as(u)

        ssm = f"{site}.ssm"
        selection = Selection(u, delta, -self.log_decay.t().exp(), B, C, self.delta_bias, self.skip, z)
        y, h = in_spans(partial(scan, selection, tap, ssm), rows, state[1:], tap, [ssm])

        r = (self.out_weight @ y.flatten(1)).view_as(r) + r
        return visit(tap, site, rows, r.permute(2, 1, 0)).transpose(0, 1), kept + h

    def kernel(self) -> Blocks | None:
        """This block as `predictors.stepping` takes it."""
        norm = rms_norm_weights(self.norm)
        inside = own(self, "in_weight", "conv_weight", "conv_bias", "delta_bias", "log_decay", "skip", "out_weight")
        maps = own(self, "select_weight", "delta_weight")
        if norm is None or inside is None or maps is None:
            return None
        return Blocks("selective", self.sizes, [[*norm, *inside, *maps]])


def block_sites(config: MambaConfig, i: int) -> dict[str, Site]:
    """The sites of a block that is layer `i`, in the order in which a pass meets them."""
    past, carried = (config.inner, config.n_conv - 1), (config.inner, config.n_state)
    return state_space_sites(i, config.width, past, carried)


def blank_state(config: MambaConfig, like: Tensor, n_seq: int) -> State:
    """What a block carries before the first row, of the dtype and device of `like`."""
    past = like.new_zeros(config.inner, config.n_conv - 1, n_seq)
    return past, like.new_zeros(config.n_state, config.inner, n_seq)


class Mamba(StateSpaceNetwork[Block]):
    """A stack of blocks and a final RMS norm. Vectors and readout start at N(0, 0.02^2), as in the published code."""

    def __init__(self, config: MambaConfig, *, rng: torch.Generator) -> None:
        super().__init__(config.n_symbol, config.width, [Block(config) for _ in range(config.n_layer)], rng=rng)
        self.config = config

    def _block_sites(self, i: int) -> dict[str, Site]:
        return block_sites(self.config, i)

    def _blank_state(self, n_seq: int) -> State:
        return blank_state(self.config, self.begin, n_seq)
