"""A layer of an RNN, a GRU or an LSTM over many rows, as one torch operation with its derivative."""

import ctypes
from collections.abc import Sequence
from ctypes import byref, c_int, c_long, c_void_p
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from predictors.kernels.arrays import address, structure

__all__ = ["KINDS", "compiled_recurrence"]

KINDS = ("rnn_tanh", "rnn_relu", "gru", "lstm")
"""In the order of recurrent.c."""

WEIGHTS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")

# the structures of recurrent.c, field by field
Inputs = structure(
    "Inputs",
    [
        *((name, c_long) for name in ("kind", "n_row", "n_seq", "width", "x_seq", "x_row")),
        *((name, c_void_p) for name in ("x", "h", "c", *WEIGHTS, "kept")),
    ],
)
Gradients = structure(
    "Gradients",
    [
        *((name, c_void_p) for name in ("hs", "g", "last")),
        *((name, c_long) for name in ("g_seq", "g_row")),
        *((name, c_void_p) for name in ("x", "h", "c", *WEIGHTS)),
    ],
)


def compiled_recurrence(
    library: ctypes.CDLL, kind: str, x: Tensor, state: Sequence[Tensor], weights: Sequence[Tensor]
) -> tuple[Tensor, Tensor | None]:
    """h at every row, (seq, row, width), and of an LSTM c after the last one, (seq, width).

    Args:
        kind: one of `KINDS`.
        x: what the layer reads, (seq, row, width).
        state: before the first row: h, and c of an LSTM, each (seq, width).
        weights: weight_ih, weight_hh, bias_ih and bias_hh, as torch's own layers keep them.
    """
    h, c = state if len(state) == 2 else (state[0], None)
    if not torch.is_grad_enabled():  # nothing is kept
        return _forward(library, kind, *_arrays(x, h, c, *weights), kept=None)
    found: tuple[Tensor, Tensor | None] = _CompiledRecurrence.apply(  # type: ignore[no-untyped-call]
        library, kind, x, h, c, *weights
    )
    return found


def _forward(
    library: ctypes.CDLL, kind: str, x: Tensor, h: Tensor, c: Tensor | None, *weights: Tensor, kept: Tensor | None
) -> tuple[Tensor, Tensor | None]:
    hs, last = x.new_empty(x.shape), None if c is None else torch.empty_like(c)
    _run(library, "recurrence_forward", _inputs(kind, x, h, c, *weights, kept=kept), address(hs), address(last))
    return hs, last


class _CompiledRecurrence(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, library: ctypes.CDLL, kind: str, x: Tensor, h: Tensor, c: Tensor | None, *weights: Tensor
    ) -> tuple[Tensor, Tensor | None]:
        arrays, kept = _arrays(x, h, c, *weights), None
        if any(ctx.needs_input_grad):
            n_seq, n_row, width = x.shape
            function = library.recurrence_kept
            function.restype, function.argtypes = c_long, [c_long] * 4
            kept = x.new_empty(function(KINDS.index(kind), n_row, n_seq, width))
        hs, last = _forward(library, kind, *arrays, kept=kept)
        ctx.library, ctx.kind = library, kind
        ctx.save_for_backward(*arrays, kept, hs)
        return hs, last

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor, g_last: Tensor | None) -> tuple[Tensor | None, ...]:
        *arrays, kept, hs = ctx.saved_tensors
        g, last = _dense(g), None if g_last is None else g_last.contiguous()
        found = [None if each is None else each.new_empty(each.shape) for each in arrays]
        outside = map(address, (hs, g, last))
        gradients = Gradients(*outside, g.stride(0), g.stride(1), *map(address, found))
        _run(ctx.library, "recurrence_backward", _inputs(ctx.kind, *arrays, kept=kept), byref(gradients))
        return None, None, *found


def _arrays(x: Tensor, h: Tensor, c: Tensor | None, *weights: Tensor) -> tuple[Any, ...]:
    """The same as the kernel takes them."""
    cell = None if c is None else c.contiguous()
    return _dense(x), h.contiguous(), cell, *(each.contiguous() for each in weights)


def _dense(x: Tensor) -> Tensor:
    """(seq, row, width) whose vectors are dense; sequences and rows may lie anywhere."""
    return x if x.stride(2) == 1 or x.shape[2] == 1 else x.contiguous()


def _inputs(
    kind: str, x: Tensor, h: Tensor, c: Tensor | None, *weights: Tensor, kept: Tensor | None
) -> ctypes.Structure:
    n_seq, n_row, width = x.shape
    arrays = map(address, (x, h, c, *weights, kept))
    return Inputs(KINDS.index(kind), n_row, n_seq, width, x.stride(0), x.stride(1), *arrays)


def _run(library: ctypes.CDLL, name: str, inputs: ctypes.Structure, *outputs: Any) -> None:
    function = getattr(library, name)
    function.restype, function.argtypes = c_int, [c_void_p] * (1 + len(outputs))
    if function(byref(inputs), *outputs):
        raise MemoryError(f"no memory for the working space of {name}")
