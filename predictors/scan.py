"""The selective scan, the recurrence inside Mamba: a loop to read, and a faster one with its backward pass written out.

    h_t = exp(delta_t A) h_{t-1} + delta_t u_t B_t        y_t = C_t . h_t

for every channel of the inner width, with a diagonal A (zero-order hold for A, Euler's rule for B).

Letters (Gu and Dao, arXiv 2312.00752, section 3): u input, delta step, A decay rates, B input map, C output map,
h state, y output; in the gated scan also D skip and z gate. Axes here are channel first and sequence last, so that
every operation runs along the sequences: u, delta and y are (inner, row, seq), A is (state, inner), B and C are (state,
row, seq), h is (state, inner, seq).

On the CPU, in float32 and float64, the scan is compiled C (`predictors.kernels`). Elsewhere, and where nothing can be
compiled, it is the torch operations below.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, cast

import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from predictors.kernels import library
from predictors.kernels.scan import compiled_scan
from predictors.ssd import ssd_matrix, ssd_ref

__all__ = ["Selection", "read_out", "selective_scan", "selective_scan_ref", "selective_states"]

CHUNK = 32
"""Rows whose states are held at once: states elsewhere are computed again in the backward pass."""


def selective_scan_ref(
    u: Float[Tensor, "inner row seq"],
    delta: Float[Tensor, "inner row seq"],
    A: Float[Tensor, "state inner"],
    B: Float[Tensor, "state row seq"],
    C: Float[Tensor, "state row seq"],
    h: Float[Tensor, "state inner seq"],
) -> tuple[Float[Tensor, "inner row seq"], Float[Tensor, "row state inner seq"]]:
    """Outputs and states at every row, from the state `h` before the first: the definition as a loop."""
    ys, hs = [], []
    for t in range(u.shape[1]):
        h = torch.exp(delta[:, t] * A[:, :, None]) * h + (delta[:, t] * u[:, t]) * B[:, None, t]
        hs.append(h)
        ys.append((h * C[:, None, t]).sum(0))
    return torch.stack(ys, dim=1), torch.stack(hs)


@dataclass(frozen=True)
class Selection:
    """What a scan takes but for the state; with `bias`, `D` and `z` all that Mamba or Mamba-2 does between its
    convolution and its last projection:

        (C . h + D u) * silu(z), with softplus(delta + bias) for the step of the scan

    Attributes:
        u: input, (inner, row, seq). Its channels belong, in order, to heads and to groups, as many to each.
        delta: one step a head, (head, row, seq); before bias and softplus if there is a bias.
        A: a rate for every state number of a head (Mamba, whose heads are channels), or one for all (Mamba-2): (rate,
            head).
        B: input maps, `n_state` rows for every group (Mamba has one group), (map, row, seq).
        C: output maps, likewise.
        bias: of the step, (head).
        D: of the skip, (head).
        z: the gate, (inner, row, seq). It and D come together.
    """

    u: Float[Tensor, "inner row seq"]
    delta: Float[Tensor, "head row seq"]
    A: Float[Tensor, "rate head"]
    B: Float[Tensor, "map row seq"]
    C: Float[Tensor, "map row seq"]
    bias: Float[Tensor, "head"] | None = None
    D: Float[Tensor, "head"] | None = None
    z: Float[Tensor, "inner row seq"] | None = None

    def rows(self, where: slice) -> "Selection":
        """The same at some rows alone."""
        u, delta, B, C = (x[:, where] for x in (self.u, self.delta, self.B, self.C))
        return replace(self, u=u, delta=delta, B=B, C=C, z=None if self.z is None else self.z[:, where])


def selective_scan(
    x: Selection, h: Float[Tensor, "state inner seq"]
) -> tuple[Float[Tensor, "inner row seq"], Float[Tensor, "state inner seq"]]:
    """Outputs at every row and the state after the last, without holding the states between.

    Values and first derivatives equal those of `selective_scan_ref`; there are no second derivatives.

    Args:
        h: the state before the first row.
    """
    y, last, _ = _scan(x, h, states=False)
    return y, last


def selective_states(
    x: Selection, h: Float[Tensor, "state inner seq"]
) -> tuple[Float[Tensor, "inner row seq"], Float[Tensor, "row state inner seq"]]:
    """Outputs and states at every row, as fast as `selective_scan`."""
    y, _, states = _scan(x, h, states=True)
    return y, states


def _scan(x: Selection, h: Tensor, *, states: bool) -> tuple[Tensor, Tensor, Tensor]:
    """Outputs, the last state, and all of them if they are wanted."""
    given = [each for each in (x.u, x.delta, x.A, x.B, x.C, h, x.bias, x.D, x.z) if each is not None]
    kernels = library(*given)
    if kernels is not None:
        y, last, every = compiled_scan(
            *(kernels, x.u, x.delta, x.A, x.B, x.C, h),
            bias=x.bias,
            D=x.D,
            z=x.z,
            n_group=len(x.B) // len(h),
            states=states,
        )
        return y, last, every.permute(1, 3, 2, 0) if states else every
    step = x.delta if x.bias is None else F.softplus(x.delta + x.bias[:, None, None])
    if len(x.A) == len(h) and len(x.delta) == len(x.u):
        y, last, every = _Scan.apply(x.u, step, x.A, x.B, x.C, h, states)  # type: ignore[no-untyped-call]
    elif states:
        y, every = ssd_ref(x.u, step, x.A[0], x.B, x.C, h)
        last = every[-1]
    else:
        y, last = ssd_matrix(x.u, step, x.A[0], x.B, x.C, h)
        every = last[:0]
    return (y if x.z is None else _gated(y, x.u, cast(Tensor, x.D), x.z)), last, every


def read_out(
    h: Float[Tensor, "state inner seq"],
    C: Float[Tensor, "map seq"],
    u: Float[Tensor, "inner seq"],
    D: Float[Tensor, "head"],
    z: Float[Tensor, "inner seq"],
) -> Float[Tensor, "inner seq"]:
    """One row of the gated output from its state, for a state that was changed."""
    n_state, n_group = len(h), len(C) // len(h)
    h, C = torch.unflatten(h, 1, (n_group, -1)), torch.unflatten(C, 0, (n_group, n_state))
    y = torch.einsum("ngis,gns->gis", h, C).flatten(0, 1)
    return _gated(y[:, None], u[:, None], D, z[:, None])[:, 0]


def _gated(y: Tensor, u: Tensor, D: Tensor, z: Tensor) -> Tensor:
    return torch.addcmul(y, D.repeat_interleave(len(u) // len(D))[:, None, None], u) * F.silu(z)


def _swapped(*arrays: Tensor) -> Iterator[Tensor]:
    """(channel, row, seq) as contiguous (row, channel, seq), so that the vectors of one row lie together; and back."""
    return (x.transpose(0, 1).contiguous() for x in arrays)


def _unroll(delta: Tensor, v: Tensor, A: Tensor, B: Tensor, decay: Tensor, hs: Tensor) -> None:
    """Fill decay[t] = exp(delta_t A) and hs[t + 1] = decay[t] hs[t] + v_t B_t, where v = delta u; hs[0] is given."""
    h, A = hs[0], A[:, :, None]
    rows = zip(delta.unbind(), v.unbind(), B.unsqueeze(2).unbind(), decay.unbind(), hs[1:].unbind(), strict=False)
    for delta_t, v_t, B_t, decay_t, h_t in rows:
        torch.mul(delta_t, A, out=decay_t).exp_()
        h = torch.mul(v_t, B_t, out=h_t).addcmul_(decay_t, h)


class _Scan(torch.autograd.Function):
    """The scan by chunks of rows. States are kept at the start of each chunk, and throughout the last one."""

    @staticmethod
    def forward(
        ctx: Any, u: Tensor, delta: Tensor, A: Tensor, B: Tensor, C: Tensor, h: Tensor, wanted: bool
    ) -> tuple[Tensor, Tensor, Tensor]:
        v, delta_, B, C = _swapped(delta * u, delta, B, C)
        n_row, n_held, shape = len(v), min(len(v), CHUNK), h.shape
        y, product = torch.empty_like(v), torch.empty_like(h)
        states = u.new_empty(n_row if wanted else 0, *shape)
        decay, hs = u.new_empty(n_held, *shape), u.new_empty(n_held + 1, *shape)
        starts = []
        for rows in _chunks(n_row):
            hs[0] = h
            _unroll(delta_[rows], v[rows], A, B[rows], decay, hs)
            held = hs[1 : rows.stop - rows.start + 1]
            for h_t, C_t, y_t in zip(held.unbind(), C[rows].unsqueeze(2).unbind(), y[rows].unbind(), strict=True):
                torch.sum(torch.mul(h_t, C_t, out=product), 0, out=y_t)
            if wanted:
                states[rows] = held
            starts.append(h)
            h = held[-1].clone()
        ctx.save_for_backward(u, delta, v, delta_, A, B, C, decay, hs, *starts)
        return y.transpose(0, 1).contiguous(), h, states

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gy: Tensor, g: Tensor, g_states: Tensor) -> tuple[Tensor | None, ...]:
        u, delta, v, delta_, A, B, C, decay, hs, *starts = ctx.saved_tensors
        g, product, A_ = g.clone(), torch.empty_like(g), A[:, :, None]
        (gy,) = _swapped(gy)
        gA, gB, gC, gv, g_delta = map(torch.empty_like, (g, B, C, v, v))
        gA.zero_()
        for k, rows in reversed(list(enumerate(_chunks(len(v))))):
            if rows.stop < len(v):  # what the forward pass kept stays as it is: there may be another backward pass
                if rows.stop + CHUNK >= len(v):
                    decay, hs = torch.empty_like(decay), torch.empty_like(hs)
                hs[0] = starts[k]
                _unroll(delta_[rows], v[rows], A, B[rows], decay, hs)
            n = rows.stop - rows.start
            known = (gy[rows], delta_[rows], v[rows], B[rows].unsqueeze(2), C[rows].unsqueeze(2))
            found = (gB[rows], gC[rows], gv[rows], g_delta[rows])
            along = (hs[:n], hs[1 : n + 1], decay[:n], *known, *found)
            each = reversed(list(zip(*(x.unbind() for x in along), strict=True)))
            for t, (before, h_t, decay_t, gy_t, delta_t, v_t, B_t, C_t, gB_t, gC_t, gv_t, g_delta_t) in zip(
                reversed(range(rows.start, rows.stop)), each, strict=True
            ):
                g.addcmul_(gy_t, C_t)  # now the derivative by h_t
                if len(g_states):
                    g += g_states[t]
                torch.sum(torch.mul(h_t, gy_t, out=product), 1, out=gC_t)
                torch.sum(torch.mul(g, B_t, out=product), 0, out=gv_t)
                torch.sum(torch.mul(g, v_t, out=product), 1, out=gB_t)
                g *= decay_t  # by h_{t-1}
                torch.mul(g, before, out=product)  # by delta_t A
                gA.addcmul_(product, delta_t)
                torch.sum(product.mul_(A_), 0, out=g_delta_t)
        gv, g_delta, gB, gC = _swapped(gv, g_delta, gB, gC)
        return gv * delta, g_delta.addcmul_(gv, u), gA.sum(2), gB, gC, g, None


def _chunks(n_row: int) -> list[slice]:
    return [slice(start, min(start + CHUNK, n_row)) for start in range(0, n_row, CHUNK)]
