"""One row of a whole block in one call: what generating symbol by symbol costs is calls, not arithmetic."""

import ctypes
from collections.abc import Mapping
from ctypes import byref, c_double, c_int, c_long, c_void_p

import torch
from torch import Tensor

from predictors.kernels.arrays import address, structure

__all__ = ["WEIGHTS", "compiled_step"]

SIZES = ("n_seq", "width", "inner", "convolved", "n_state", "n_tap", "n_head", "n_group", "rank")
WEIGHTS = (
    *("norm", "in", "conv", "conv_bias", "select", "delta", "bias"),
    *("log_decay", "skip", "gated", "out"),
)
"""In the order of step.c; its comments give the shapes."""

Block = structure(
    "Block",
    [
        *((name, c_long) for name in SIZES),
        *((name, c_void_p) for name in ("r", "past", "h", "r_after", "past_after", "h_after", *WEIGHTS)),
        ("eps", c_double),
    ],
)


def compiled_step(
    library: ctypes.CDLL,
    r: Tensor,
    past: Tensor,
    h: Tensor,
    weights: Mapping[str, Tensor],
    *,
    n_group: int,
    eps: float,
) -> tuple[Tensor, Tensor, Tensor]:
    """The residual stream (seq, width), the past inputs and the state after one row. Nothing is differentiated.

    Args:
        weights: those of `WEIGHTS` that the block has, all of one precision, on the CPU and contiguous.
    """
    r, past, h = r.contiguous(), past.contiguous(), h.contiguous()
    after = torch.empty_like(r), torch.empty_like(past), torch.empty_like(h)
    n_seq, width = r.shape
    delta = weights.get("delta")
    rank = 0 if delta is None else delta.shape[1]
    sizes = (
        n_seq,
        width,
        h.shape[1],
        past.shape[0],
        h.shape[0],
        past.shape[1] + 1,
        len(weights["skip"]),
        n_group,
        rank,
    )
    arrays = (r, past, h, *after, *(weights.get(name) for name in WEIGHTS))
    function = library.step_block
    function.restype = c_int
    if function(byref(Block(*sizes, *map(address, arrays), eps))):
        raise MemoryError("no memory for the working space of step_block")
    return after
