"""A layer of an RNN or a GRU over many rows, as one torch operation with its derivative."""

import ctypes
from collections.abc import Sequence
from ctypes import byref, c_int, c_long, c_void_p
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from predictors.kernels.arrays import address, structure

__all__ = ["KINDS", "compiled_recurrence"]

KINDS = ("rnn_tanh", "rnn_relu", "gru")
"""In the order of recurrent.c."""

WEIGHTS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")

# the structures of recurrent.c, field by field
Inputs = structure(
    "Inputs",
    [
        *((name, c_long) for name in ("kind", "n_row", "n_seq", "width", "x_seq", "x_row")),
        *((name, c_void_p) for name in ("x", "h", *WEIGHTS, "kept")),
    ],
)
Gradients = structure(
    "Gradients",
    [
        *((name, c_void_p) for name in ("hs", "g")),
        *((name, c_long) for name in ("g_seq", "g_row")),
        *((name, c_void_p) for name in ("x", "h", *WEIGHTS)),
    ],
)


def compiled_recurrence(library: ctypes.CDLL, kind: str, x: Tensor, h: Tensor, weights: Sequence[Tensor]) -> Tensor:
    """h at every row, (seq, row, width).

    Args:
        kind: one of `KINDS`.
        x: what the layer reads, (seq, row, width).
        h: before the first row, (seq, width).
        weights: weight_ih, weight_hh, bias_ih and bias_hh, as torch's own layers keep them.
    """
    if not torch.is_grad_enabled():  # nothing is kept
        return _forward(library, kind, _dense(x), h.contiguous(), [each.contiguous() for each in weights], None)
    found: Tensor = _CompiledRecurrence.apply(library, kind, x, h, *weights)  # type: ignore[no-untyped-call]
    return found


def _forward(
    library: ctypes.CDLL, kind: str, x: Tensor, h: Tensor, weights: Sequence[Tensor], kept: Tensor | None
) -> Tensor:
    hs = x.new_empty(x.shape)
    _run(library, "recurrence_forward", _inputs(kind, x, h, weights, kept), c_void_p(address(hs)))
    return hs


class _CompiledRecurrence(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, library: ctypes.CDLL, kind: str, x: Tensor, h: Tensor, *given: Tensor) -> Tensor:
        x, h, *weights = _dense(x), h.contiguous(), *(each.contiguous() for each in given)
        kept = None
        if any(ctx.needs_input_grad):
            n_seq, n_row, width = x.shape
            function = library.recurrence_kept
            function.restype, function.argtypes = c_long, [c_long] * 4
            kept = x.new_empty(function(KINDS.index(kind), n_row, n_seq, width))
        hs = _forward(library, kind, x, h, weights, kept)
        ctx.library, ctx.kind = library, kind
        ctx.save_for_backward(x, h, *weights, kept, hs)
        return hs

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, ...]:
        x, h, *weights, kept, hs = ctx.saved_tensors
        g = _dense(g)
        found = [each.new_empty(each.shape) for each in (x, h, *weights)]
        gradients = Gradients(address(hs), address(g), g.stride(0), g.stride(1), *map(address, found))
        _run(ctx.library, "recurrence_backward", _inputs(ctx.kind, x, h, weights, kept), byref(gradients))
        return None, None, *found


def _dense(x: Tensor) -> Tensor:
    """(seq, row, width) whose vectors are dense; sequences and rows may lie anywhere."""
    return x if x.stride(2) == 1 or x.shape[2] == 1 else x.contiguous()


def _inputs(kind: str, x: Tensor, h: Tensor, weights: Sequence[Tensor], kept: Tensor | None) -> ctypes.Structure:
    n_seq, n_row, width = x.shape
    arrays = map(address, (x, h, *weights, kept))
    return Inputs(KINDS.index(kind), n_row, n_seq, width, x.stride(0), x.stride(1), *arrays)


def _run(library: ctypes.CDLL, name: str, inputs: ctypes.Structure, outputs: Any) -> None:
    function = getattr(library, name)
    function.restype, function.argtypes = c_int, [c_void_p, c_void_p]
    if function(byref(inputs), outputs):
        raise MemoryError(f"no memory for the working space of {name}")
