"""The gates of Mamba and Mamba-2: how far each row moves the state, what it keeps of it, and what it lets out."""

from typing import cast

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F

from predictors import mamba, mamba2
from predictors.convolution import causal_convolution
from predictors.predictor import capture

__all__ = ["state_space_gates"]


def state_space_gates(
    network: mamba.Mamba | mamba2.Mamba2, tokens: Int[Tensor, "seq time"]
) -> dict[str, Float[Tensor, "seq row width"]]:
    """The gates of every layer at rows 0 .. time: row t holds those that made the state and the output at row t.

    `layer.i.step` is delta, after its softplus: one number a channel (Mamba) or a head (Mamba-2). `layer.i.decay` is
    exp(delta A), between 0 and 1, the share of the old state that is kept: one for every state number, as the site
    `layer.i.ssm` orders them (Mamba), or one a head (Mamba-2). `layer.i.gate` is silu(z), which multiplies the output
    of each channel; it is no share and may be negative.

    Gradients flow if they are enabled. Raises ValueError for tokens that the network cannot read.
    """
    blocks = cast(list[mamba.Block | mamba2.Block], list(network.blocks))
    entering = ["embed", *(f"layer.{i}" for i in range(len(blocks) - 1))]
    seen = capture(network, tokens, entering)
    found: dict[str, Tensor] = {}
    for i, (block, name) in enumerate(zip(blocks, entering, strict=True)):
        columns = block.norm(seen[name].permute(2, 1, 0))
        if isinstance(block, mamba2.Block):
            step, decay, z = _of_mamba2(block, columns)
        else:
            step, decay, z = _of_mamba(block, columns)
        values = {"step": step, "decay": decay, "gate": F.silu(z)}
        found |= {f"layer.{i}.{gate}": value.permute(2, 1, 0) for gate, value in values.items()}
    return found


def _of_mamba(block: mamba.Block, columns: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Step, decay and z, each (channel, row, seq); the decay's channels are (inner, state)."""
    x, z = torch.einsum("cw,wts->cts", block.in_weight, columns).chunk(2)
    past = x.new_zeros(len(x), block.config.n_conv - 1, x.shape[2])
    u = causal_convolution(x.contiguous(), past, block.conv_weight, block.conv_bias)
    weight = block.delta_weight @ block.select_weight[: block.config.rank]
    step = F.softplus(torch.einsum("cw,wts->cts", weight, u) + block.delta_bias[:, None, None])
    decay = torch.exp(-block.log_decay.exp()[:, :, None, None] * step[:, None])
    return step, decay.flatten(0, 1), z


def _of_mamba2(block: mamba2.Block, columns: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    config = block.config
    z_weight, _, step_weight = torch.split_with_sizes(block.in_weight, [config.inner, config.convolved, config.n_head])
    z, step = (torch.einsum("cw,wts->cts", weight, columns) for weight in (z_weight, step_weight))
    step = F.softplus(step + block.delta_bias[:, None, None])
    return step, torch.exp(-block.log_decay.exp()[:, None, None] * step), z
