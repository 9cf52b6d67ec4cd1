"""The compiled convolution as one torch operation with its derivative. `predictors.convolution` says what it is."""

import ctypes
from ctypes import byref, c_int, c_long, c_void_p
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from predictors.kernels.arrays import address, dense_rows, structure

__all__ = ["compiled_convolution", "compiled_windows"]

Convolution = structure(
    "Convolution",
    [
        *((name, c_long) for name in ("n_row", "n_seq", "n_channel", "n_tap", "x_step")),
        *((name, c_void_p) for name in ("x", "past", "weight", "bias")),
    ],
)
"""As in convolution.c, field by field."""


def compiled_convolution(library: ctypes.CDLL, x: Tensor, past: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """silu(convolution), (channel, row, seq)."""
    found: Tensor = _CompiledConvolution.apply(library, x, past, weight, bias)  # type: ignore[no-untyped-call]
    return found


def compiled_windows(library: ctypes.CDLL, x: Tensor, past: Tensor, first: int) -> Tensor:
    """The last inputs at every row from `first`, (seq, row, channel, past), oldest first."""
    found: Tensor = _CompiledWindows.apply(library, x, past, first)  # type: ignore[no-untyped-call]
    return found


class _CompiledConvolution(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, library: ctypes.CDLL, x: Tensor, past: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        x, past, weight, bias = dense_rows(x), past.contiguous(), weight.contiguous(), bias.contiguous()
        u = x.new_empty(x.shape)
        _run(library, "convolution_forward", _arguments(x, past, weight, bias), u)
        ctx.library = library
        ctx.save_for_backward(x, past, weight, bias)
        return u

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gu: Tensor) -> tuple[Tensor | None, ...]:
        x, past, weight, bias = ctx.saved_tensors
        gu = gu.contiguous()
        found = [each.new_empty(each.shape) for each in (x, past, weight, bias)]
        _run(ctx.library, "convolution_backward", _arguments(x, past, weight, bias), gu, *found)
        return None, *found


class _CompiledWindows(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, library: ctypes.CDLL, x: Tensor, past: Tensor, first: int) -> Tensor:
        x, past = dense_rows(x), past.contiguous()
        (n_channel, n_row, n_seq), n_past = x.shape, past.shape[1]
        windows = x.new_empty(n_seq, n_row - first, n_channel, n_past)
        library.convolution_windows.restype = None
        library.convolution_windows.argtypes = [c_void_p, c_long, c_void_p]
        library.convolution_windows(byref(_arguments(x, past)), first, address(windows))
        ctx.shapes, ctx.first = (n_row, n_past), first
        return windows

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, ...]:
        (n_row, n_past), first = ctx.shapes, ctx.first
        g = g.permute(3, 2, 1, 0)  # (past, channel, row, seq)
        every = g.new_zeros(g.shape[1], n_past + n_row, g.shape[3])
        for k, each in enumerate(g):
            every[:, first + 1 + k : n_row + 1 + k] += each
        return None, every[:, n_past:], every[:, :n_past], None


def _arguments(x: Tensor, past: Tensor, weight: Tensor | None = None, bias: Tensor | None = None) -> ctypes.Structure:
    n_channel, n_row, n_seq = x.shape
    sizes = (n_row, n_seq, n_channel, past.shape[1] + 1, x.stride(0))
    return Convolution(*sizes, *map(address, (x, past, weight, bias)))


def _run(library: ctypes.CDLL, name: str, arguments: ctypes.Structure, *arrays: Tensor) -> None:
    function = getattr(library, name)
    function.restype, function.argtypes = c_int, [c_void_p] * (1 + len(arrays))
    if function(byref(arguments), *map(address, arrays)):
        raise MemoryError(f"no memory for the working space of {name}")
