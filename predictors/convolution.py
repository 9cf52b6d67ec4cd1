"""The causal convolution in front of a state-space recurrence, with its SiLU.

    u_t = silu(b + sum_k w_k x_{t - n_tap + 1 + k})

for every channel, and what it remembers at a row, the last n_tap - 1 inputs. Axes are (channel, row, seq), as in
`predictors.scan`. On the CPU both are compiled (`predictors.kernels`); elsewhere, and where nothing can be compiled,
they are these torch operations.
"""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from predictors.kernels import library
from predictors.kernels.convolution import compiled_convolution, compiled_windows

__all__ = ["causal_convolution", "causal_convolution_ref", "last_inputs", "last_inputs_ref"]


def causal_convolution_ref(
    x: Float[Tensor, "channel row seq"],
    past: Float[Tensor, "channel past seq"],
    weight: Float[Tensor, "channel tap"],
    bias: Float[Tensor, "channel"],
) -> Float[Tensor, "channel row seq"]:
    """The definition, a sum over taps. `past` are the tap - 1 inputs before the first, `weight` is oldest first."""
    n, x, weight = x.shape[1], torch.cat([past, x], dim=1), weight[:, :, None, None]
    u = torch.addcmul(bias[:, None, None], weight[:, 0], x[:, :n])
    for k in range(1, weight.shape[1]):
        u = torch.addcmul(u, weight[:, k], x[:, k : k + n])
    return F.silu(u)


def causal_convolution(
    x: Float[Tensor, "channel row seq"],
    past: Float[Tensor, "channel past seq"],
    weight: Float[Tensor, "channel tap"],
    bias: Float[Tensor, "channel"],
) -> Float[Tensor, "channel row seq"]:
    """`causal_convolution_ref`, compiled where it can be. Values and first derivatives are equal to rounding."""
    kernels = library(x, past, weight, bias)
    if kernels is None:
        return causal_convolution_ref(x, past, weight, bias)
    return compiled_convolution(kernels, x, past, weight, bias)


def last_inputs_ref(
    x: Float[Tensor, "channel row seq"], past: Float[Tensor, "channel past seq"], first: int = 0
) -> Float[Tensor, "seq read channel past"]:
    """What the convolution remembers at each row from `first`, that of the row itself included, oldest first."""
    windows = torch.cat([past, x], dim=1)[:, first + 1 :].unfold(1, past.shape[1], 1)
    return windows.permute(2, 1, 0, 3).contiguous()


def last_inputs(
    x: Float[Tensor, "channel row seq"], past: Float[Tensor, "channel past seq"], first: int = 0
) -> Float[Tensor, "seq read channel past"]:
    """`last_inputs_ref`, compiled where it can be. Equal to the bit."""
    kernels = library(x, past)
    return last_inputs_ref(x, past, first) if kernels is None else compiled_windows(kernels, x, past, first)
