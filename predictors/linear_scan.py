"""The scan of a linear recurrence with a decay for every channel, real or complex, and its backward pass written out.

h_t = a_t h_{t-1} + b_t

A loop over rows is the definition (`linear_scan_ref`). The scan used goes by blocks of rows, all blocks at once: each
runs from zero, then what its last state owes to the blocks before is added, for which the products of a within a block
are kept. That takes about two times the square root of the number of rows in steps, each over many rows; where one row
is wide enough to fill a step, blocks gain nothing, and the loop runs in place instead.

Letters: a decay, b input, h state. Axes are (row, seq, channel), so that the vectors of a row lie together.

Reference: Blelloch, CMU-CS-90-190 (1990), section 1.4; Martin and Cundy, arXiv 1709.04057, for networks.
"""

import math
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

__all__ = ["linear_scan", "linear_scan_ref"]

WIDE = 1024
"""Numbers in a row from which a loop over rows beats blocks of rows: its steps cost more than starting them."""


def linear_scan_ref(a: Tensor, b: Tensor, h: Tensor) -> Tensor:
    """States at every row, from the state `h` before the first: the definition as a loop.

    Args:
        a: decay, (row, seq, channel), or with axes of length 1 where it is the same along them.
        b: input, (row, seq, channel).
        h: (seq, channel).
    """
    hs = []
    for a_t, b_t in zip(a.expand(len(b), *a.shape[1:]), b, strict=True):
        h = a_t * h + b_t
        hs.append(h)
    return torch.stack(hs)


def linear_scan(a: Tensor, b: Tensor, h: Tensor) -> Tensor:
    """Values and first derivatives of `linear_scan_ref`, faster; there are no second derivatives."""
    if len(b) == 1:
        return torch.addcmul(b, a, h)
    found: Tensor = _Scan.apply(a, b, h)  # type: ignore[no-untyped-call]
    return found


class _Scan(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, a: Tensor, b: Tensor, h: Tensor) -> Tensor:
        hs = _run(a, b, h)
        ctx.save_for_backward(a, h, hs)
        return hs

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        a, h, hs = ctx.saved_tensors
        a_ = a.conj().resolve_conj().expand(len(g), *a.shape[1:])
        g_last = g[-1]  # the derivative by b_t is a scan from the last row back: gb_t = a*_{t+1} gb_{t+1} + g_t
        gb = torch.cat([_run(a_[1:].flip(0), g[:-1].flip(0), g_last).flip(0), g[-1:]]) if len(g) > 1 else g
        before = torch.cat([h[None], hs[:-1]])
        ga = (gb * before.conj()).sum_to_size(a.shape)
        return ga, gb, a_[0] * gb[0]


def _run(a: Tensor, b: Tensor, h: Tensor) -> Tensor:
    return _loop(a, b, h) if b[0].numel() >= WIDE or len(b) < 32 else _blocks(a, b, h)


def _loop(a: Tensor, b: Tensor, h: Tensor) -> Tensor:
    hs = torch.empty_like(b)
    for a_t, b_t, h_t in zip(a.expand(len(b), *a.shape[1:]).unbind(), b.unbind(), hs.unbind(), strict=True):
        h = torch.addcmul(b_t, a_t, h, out=h_t)
    return hs


def _blocks(a: Tensor, b: Tensor, h: Tensor) -> Tensor:
    n_row, size = len(b), math.isqrt(len(b))
    n_block = -(-n_row // size)
    spare = n_block * size - n_row  # rows that follow the last, to fill its block
    shape = n_block, size, *b.shape[1:]
    a = torch.cat([a.expand_as(b), a.new_zeros(spare, *b.shape[1:])]).view(shape)
    own = torch.cat([b, b.new_zeros(spare, *b.shape[1:])]).view(shape)
    decay = a.clone()  # product of a from the start of its block to each row
    for t in range(1, size):
        own[:, t].addcmul_(a[:, t], own[:, t - 1])
        decay[:, t].mul_(decay[:, t - 1])
    starts = [h]
    for k in range(n_block - 1):
        starts.append(torch.addcmul(own[k, -1], decay[k, -1], starts[-1]))
    return own.addcmul_(decay, torch.stack(starts)[:, None]).flatten(0, 1).narrow(0, 0, n_row)
