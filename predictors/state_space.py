"""What Mamba and Mamba-2 do along the rows: a convolution and a recurrence, each a span that a tap may read and write.

Axes are (channel, row, seq), the letters those of `predictors.scan`. Both functions are spans of
`predictors.network.in_spans`: they run `rows`, of which the last alone may be written.
"""

from collections.abc import Callable
from typing import cast

import torch
from torch import Tensor

from predictors.convolution import causal_convolution, last_inputs
from predictors.network import State
from predictors.predictor import Tap, visit, written_rows
from predictors.scan import Selection, read_out, selective_scan, selective_states
from predictors.stepping import FEW, Blocks, step_blocks

__all__ = ["Selection", "convolve", "scan", "step"]


def convolve(
    taps: tuple[Tensor, Tensor], x: Tensor, tap: Tap, site: str, where: slice, rows: range, state: State
) -> tuple[Tensor, State]:
    """Convolution with weight and bias `taps`, and SiLU. The state are the last inputs, as many as it looks back."""
    weight, bias = taps
    past, x, n_past = state[0], x[:, where], weight.shape[1] - 1
    u = causal_convolution(x, past, weight, bias)
    written, kept = bool(written_rows(tap, site, rows[-1:])), None
    if site in tap.reads or written:
        first = 0 if site in tap.reads else len(rows) - 1
        seen = tap(site, rows[first:], last_inputs(x, past, first).flatten(2))
        kept = seen[:, -1].view(-1, len(weight), n_past).permute(1, 2, 0) if written else None
    if kept is None:
        recent = x[:, -n_past:] if len(rows) >= n_past else torch.cat([past, x], dim=1)[:, -n_past:]
        kept = recent.clone()  # a view would keep all of x
    return u, (kept,)


def scan(chosen: Selection, tap: Tap, site: str, where: slice, rows: range, state: State) -> tuple[Tensor, State]:
    """The scan with its gate. The state is h, (state, channel, seq); the tap sees it as (channel, state)."""
    here = chosen.rows(where)
    if site in tap.reads:
        y, states = selective_states(here, state[0])
    else:
        y, last = selective_scan(here, state[0])
        states = last[None]
    h, written = states[-1].contiguous(), bool(written_rows(tap, site, rows[-1:]))  # of all states, no more is kept
    if site in tap.reads or written:
        seen = tap(site, rows[-len(states) :], states.permute(3, 0, 2, 1).flatten(2))
        if written:
            h = seen[:, -1].view(-1, h.shape[1], h.shape[0]).permute(2, 1, 0)
            D, z = cast(Tensor, here.D), cast(Tensor, here.z)
            last = read_out(h, here.C[:, -1], here.u[:, -1], D, z[:, -1])
            y = torch.cat([y[:, :-1], last[:, None]], dim=1)
    return y, (h,)


def step(
    kernel: Callable[[], Blocks | None], r: Tensor, rows: range, state: State, tap: Tap, site: str
) -> tuple[Tensor, State] | None:
    """A whole block, (row, seq, width) in and out, in one call; None if this pass is not one for it.

    It is for a single row of few sequences, without derivatives, in which neither state of the block is tapped. Then it
    equals the operations that the block is made of to rounding.
    """
    if len(rows) != 1 or r.shape[1] > FEW or torch.is_grad_enabled():
        return None
    for name in (f"{site}.conv", f"{site}.ssm"):
        if name in tap.reads or name in tap.writes:
            return None
    blocks = kernel()
    stepped = None if blocks is None else step_blocks(blocks, [state], r[0])
    if stepped is None:
        return None
    return visit(tap, site, rows, stepped.stream[1][:, None]).transpose(0, 1), stepped.memory[0]
