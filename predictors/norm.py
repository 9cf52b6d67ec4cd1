"""Root mean square norm over channels (Zhang and Sennrich, arXiv 1910.07467), all of them or group by group.

    y_c = w_c x_c / sqrt(mean of x^2 over the channels of c's group + eps)

Axes are (channel, row, seq), as in `predictors.scan`. On the CPU it is compiled (`predictors.kernels`); elsewhere, and
where nothing can be compiled, it is these torch operations.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from predictors.kernels import library
from predictors.kernels.norm import compiled_norm

__all__ = ["EPS", "RMSNorm", "rms_norm", "rms_norm_ref"]

EPS = 1e-5
"""As in the published code of Mamba and Mamba-2."""


def rms_norm_ref(
    x: Float[Tensor, "channel row seq"], weight: Float[Tensor, "channel"], n_group: int = 1
) -> Float[Tensor, "channel row seq"]:
    """The definition."""
    grouped = torch.unflatten(x, 0, (n_group, -1))
    y = grouped * torch.rsqrt(grouped.square().mean(1, keepdim=True) + EPS)
    return y.flatten(0, 1) * weight[:, None, None]


def rms_norm(
    x: Float[Tensor, "channel row seq"], weight: Float[Tensor, "channel"], n_group: int = 1
) -> Float[Tensor, "channel row seq"]:
    """`rms_norm_ref`, compiled where it can be. Values and first derivatives are equal to rounding."""
    kernels = library(x, weight)
    if kernels is None:
        return rms_norm_ref(x, weight, n_group)
    return compiled_norm(kernels, x, weight, n_group, EPS)


class RMSNorm(nn.Module):
    """`rms_norm` with its weight, at first 1. Axes are (channel, row, seq), where torch's own has channels last."""

    def __init__(self, n_channel: int, n_group: int = 1) -> None:
        super().__init__()
        self.weight, self.n_group = nn.Parameter(torch.ones(n_channel)), n_group

    def forward(self, x: Float[Tensor, "channel row seq"]) -> Float[Tensor, "channel row seq"]:
        return rms_norm(x, self.weight, self.n_group)
