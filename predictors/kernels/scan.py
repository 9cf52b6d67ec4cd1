"""The compiled scan as one torch operation with its derivative. `predictors.scan` says what it computes."""

import ctypes
from ctypes import byref, c_int, c_long, c_void_p
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from predictors.kernels.arrays import address, dense_rows, structure

__all__ = ["compiled_scan"]

SIZES = ("n_row", "n_seq", "n_channel", "n_state", "n_head", "n_group", "n_rate")
STRIDED = ("u", "delta", "B", "C", "z")


# the structures of scan.c, field by field
Inputs = structure(
    "Inputs",
    [
        *((name, c_long) for name in SIZES),
        *((name, c_void_p) for name in STRIDED),
        *((f"{name}_step", c_long) for name in STRIDED),
        *((name, c_void_p) for name in ("A", "bias", "D", "h", "starts")),
    ],
)
Outputs = structure("Outputs", [(name, c_void_p) for name in ("y", "h", "states")])
Gradients = structure(
    "Gradients",
    [
        *((name, c_void_p) for name in ("y", "h", "states")),
        ("y_step", c_long),
        *((name, c_void_p) for name in ("u", "delta", "B", "C", "z", "A", "bias", "D", "h0")),
    ],
)


def compiled_scan(
    library: ctypes.CDLL,
    u: Tensor,
    delta: Tensor,
    A: Tensor,
    B: Tensor,
    C: Tensor,
    h: Tensor,
    *,
    bias: Tensor | None = None,
    D: Tensor | None = None,
    z: Tensor | None = None,
    n_group: int = 1,
    states: bool = False,
) -> tuple[Tensor, Tensor, Tensor]:
    """Outputs (channel, row, seq), the last state (state, channel, seq), and all states (seq, row, channel, state) if
    wanted, else none of them.
    """
    found: tuple[Tensor, Tensor, Tensor] = _CompiledScan.apply(  # type: ignore[no-untyped-call]
        library, n_group, states, u, delta, A, B, C, h, bias, D, z
    )
    return found


class _CompiledScan(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        library: ctypes.CDLL,
        n_group: int,
        states: bool,
        u: Tensor,
        delta: Tensor,
        A: Tensor,
        B: Tensor,
        C: Tensor,
        h: Tensor,
        bias: Tensor | None,
        D: Tensor | None,
        z: Tensor | None,
    ) -> tuple[Tensor, Tensor, Tensor]:
        (n_channel, n_row, n_seq), n_state = u.shape, len(h)
        u, delta, B, C = map(dense_rows, (u, delta, B, C))
        A, h = A.contiguous(), h.contiguous()
        bias, D = (None if x is None else x.contiguous() for x in (bias, D))
        z = None if z is None else dense_rows(z)

        starts = None
        if any(ctx.needs_input_grad):
            starts = u.new_empty(_function(library, "scan_starts", c_long)(n_row, n_seq, n_channel, n_state))
        y, last = u.new_empty(u.shape), torch.empty_like(h)
        every = u.new_empty(n_seq, n_row, n_channel, n_state) if states else u.new_empty(0)
        inputs = _inputs(n_group, u, delta, A, B, C, h, bias, D, z, starts)
        outputs = Outputs(address(y), address(last), address(every) if states else None)
        _run(library, "scan_forward", inputs, outputs)
        ctx.library, ctx.n_group = library, n_group
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(u, delta, A, B, C, h, bias, D, z, starts)
        return y, last, every

    @staticmethod
    @once_differentiable
    def backward(
        ctx: Any, gy: Tensor | None, g_last: Tensor | None, g_states: Tensor | None
    ) -> tuple[Tensor | None, ...]:
        u, delta, A, B, C, h, bias, D, z, starts = ctx.saved_tensors
        gy = u.new_zeros(u.shape) if gy is None else dense_rows(gy)
        g_last = None if g_last is None else g_last.contiguous()
        g_states = None if g_states is None or not g_states.numel() else g_states.contiguous()
        found = [None if x is None else x.new_empty(x.shape) for x in (u, delta, B, C, z, A, bias, D, h)]
        inputs = _inputs(ctx.n_group, u, delta, A, B, C, h, bias, D, z, starts)
        gradients = Gradients(address(gy), address(g_last), address(g_states), gy.stride(0), *map(address, found))
        _run(ctx.library, "scan_backward", inputs, gradients)
        gu, g_delta, gB, gC, gz, gA, g_bias, gD, gh = found
        return None, None, None, gu, g_delta, gA, gB, gC, gh, g_bias, gD, gz


def _inputs(
    n_group: int,
    u: Tensor,
    delta: Tensor,
    A: Tensor,
    B: Tensor,
    C: Tensor,
    h: Tensor,
    bias: Tensor | None,
    D: Tensor | None,
    z: Tensor | None,
    starts: Tensor | None,
) -> ctypes.Structure:
    n_channel, n_row, n_seq = u.shape
    strided = (u, delta, B, C, z)
    return Inputs(
        *(n_row, n_seq, n_channel, len(h), len(delta), n_group, len(A)),
        *map(address, strided),
        *(0 if x is None else x.stride(0) for x in strided),
        *map(address, (A, bias, D, h, starts)),
    )


def _function(library: ctypes.CDLL, name: str, result: Any) -> Any:
    function = getattr(library, name)
    function.restype = result
    if name == "scan_starts":
        function.argtypes = [c_long] * 4
    return function


def _run(library: ctypes.CDLL, name: str, inputs: ctypes.Structure, outputs: ctypes.Structure) -> None:
    if _function(library, name, c_int)(byref(inputs), byref(outputs)):
        raise MemoryError(f"no memory for the working space of {name}")
