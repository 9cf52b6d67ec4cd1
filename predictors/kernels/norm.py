"""The compiled norm as one torch operation with its derivative. `predictors.norm` says what it computes."""

import ctypes
from ctypes import byref, c_double, c_int, c_long, c_void_p
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from predictors.kernels.arrays import address, dense_rows, structure

__all__ = ["compiled_norm"]

Norm = structure(
    "Norm",
    [
        *((name, c_long) for name in ("n_position", "n_channel", "n_group", "x_step")),
        *((name, c_void_p) for name in ("x", "weight")),
        ("eps", c_double),
    ],
)
"""As in norm.c, field by field."""


def compiled_norm(library: ctypes.CDLL, x: Tensor, weight: Tensor, n_group: int, eps: float) -> Tensor:
    """The normed x, (channel, row, seq)."""
    if not torch.is_grad_enabled():  # what torch adds to a differentiable operation costs more than one row of it
        return _forward(library, dense_rows(x), weight.contiguous(), n_group, eps)
    found: Tensor = _CompiledNorm.apply(library, x, weight, n_group, eps)  # type: ignore[no-untyped-call]
    return found


def _forward(library: ctypes.CDLL, x: Tensor, weight: Tensor, n_group: int, eps: float) -> Tensor:
    y = x.new_empty(x.shape)
    function = library.norm_forward
    function.restype, function.argtypes = None, [c_void_p, c_void_p]
    function(byref(_arguments(x, weight, n_group, eps)), address(y))
    return y


class _CompiledNorm(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, library: ctypes.CDLL, x: Tensor, weight: Tensor, n_group: int, eps: float) -> Tensor:
        x, weight = dense_rows(x), weight.contiguous()
        y = _forward(library, x, weight, n_group, eps)
        ctx.library, ctx.n_group, ctx.eps = library, n_group, eps
        ctx.save_for_backward(x, weight)
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gy: Tensor) -> tuple[Tensor | None, ...]:
        x, weight = ctx.saved_tensors
        gy = dense_rows(gy)
        gx, gw = x.new_empty(x.shape), weight.new_empty(weight.shape)
        function = ctx.library.norm_backward
        function.restype, function.argtypes = c_int, [c_void_p, c_void_p, c_long, c_void_p, c_void_p]
        arguments = _arguments(x, weight, ctx.n_group, ctx.eps)
        if function(byref(arguments), address(gy), gy.stride(0), address(gx), address(gw)):
            raise MemoryError("no memory for the working space of norm_backward")
        return None, gx, gw, None, None


def _arguments(x: Tensor, weight: Tensor, n_group: int, eps: float) -> ctypes.Structure:
    n_channel, n_row, n_seq = x.shape
    return Norm(n_row * n_seq, n_channel, n_group, x.stride(0), address(x), address(weight), eps)
