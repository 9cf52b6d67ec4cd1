"""The causal convolution in front of a state-space recurrence, with its SiLU.

    u_t = silu(b + sum_k w_k x_{t - n_tap + 1 + k})

for every channel. Axes are (channel, row, seq), as in `predictors.scan`. On the CPU it is compiled
(`predictors.kernels`); elsewhere, and where nothing can be compiled, it is these torch operations.
"""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from predictors.kernels import library
from predictors.kernels.convolution import compiled_convolution

__all__ = ["causal_convolution", "causal_convolution_ref"]


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
