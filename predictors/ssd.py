"""State-space duality: the recurrence of Mamba-2 as a loop over rows, and as a product of matrices.

    h_t = exp(delta_t A) h_{t-1} + delta_t u_t B_t        y_t = C_t . h_t

with one rate A and one step delta_t for all channels of a head. Unrolled, with h = 0 before the first row,

    y = (L * (C B^T)) (delta u)        L[t, s] = exp(sum of delta_r A over s < r <= t) for s <= t, else 0

so a head is a causal attention without softmax whose mask decays. The scan costs less with few state numbers and on a
CPU (`predictors.scan` has it compiled); the matrix form is made of matrix products and runs everywhere.

Letters (Dao and Gu, arXiv 2405.21060): u input (X in the paper), delta step, A rate, B input map (keys), C output map
(queries), h state, L mask. Axes: u and y are (inner, row, seq), delta (head, row, seq), A (head), B and C (map, row,
seq) with the `n_state` rows of each group together, h (state, inner, seq). Channels, in order, belong to heads and to
groups, as many in each.
"""

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ["ssd_matrix", "ssd_ref"]

CHUNK = 64
"""Rows of one square of the mask: its cost per row grows with it, the number of steps falls."""


def ssd_ref(
    u: Float[Tensor, "inner row seq"],
    delta: Float[Tensor, "head row seq"],
    A: Float[Tensor, "head"],
    B: Float[Tensor, "map row seq"],
    C: Float[Tensor, "map row seq"],
    h: Float[Tensor, "state inner seq"],
) -> tuple[Float[Tensor, "inner row seq"], Float[Tensor, "row state inner seq"]]:
    """Outputs and states at every row, from the state `h` before the first: the definition as a loop."""
    n_inner, n_state = len(u), len(h)
    B, C = (torch.unflatten(x, 0, (-1, n_state)).repeat_interleave(n_inner * n_state // len(x), 0) for x in (B, C))
    delta, A = (x.repeat_interleave(n_inner // len(delta), 0) for x in (delta, A))
    ys, hs = [], []
    for t in range(u.shape[1]):
        decay, v = torch.exp(delta[:, t] * A[:, None]), delta[:, t] * u[:, t]
        h = decay * h + torch.einsum("is,ins->nis", v, B[:, :, t])
        hs.append(h)
        ys.append(torch.einsum("nis,ins->is", h, C[:, :, t]))
    return torch.stack(ys, dim=1), torch.stack(hs)


def ssd_matrix(
    u: Float[Tensor, "inner row seq"],
    delta: Float[Tensor, "head row seq"],
    A: Float[Tensor, "head"],
    B: Float[Tensor, "map row seq"],
    C: Float[Tensor, "map row seq"],
    h: Float[Tensor, "state inner seq"],
) -> tuple[Float[Tensor, "inner row seq"], Float[Tensor, "state inner seq"]]:
    """Outputs and the last state by matrix products within chunks of rows, the state going from chunk to chunk."""
    n_head, n_state = len(delta), len(h)
    v = (torch.unflatten(u, 0, (n_head, -1)) * delta[:, None]).permute(3, 0, 2, 1)  # (seq, head, row, width of a head)
    log_decay = (delta * A[:, None, None]).permute(2, 0, 1)  # (seq, head, row)
    per_group = n_head * n_state // len(B)
    B, C = (
        torch.unflatten(x, 0, (-1, n_state)).permute(3, 0, 2, 1).repeat_interleave(per_group, 1) for x in (B, C)
    )  # (seq, head, row, state)
    state = torch.unflatten(h, 1, (n_head, -1)).permute(3, 1, 0, 2)  # (seq, head, state, width of a head)
    ys = []
    for start in range(0, u.shape[1], CHUNK):
        rows = slice(start, start + CHUNK)
        y, state = _chunk(v[:, :, rows], log_decay[:, :, rows], B[:, :, rows], C[:, :, rows], state)
        ys.append(y)
    y = torch.cat(ys, dim=2).permute(1, 3, 2, 0).flatten(0, 1)
    return y, state.permute(2, 1, 3, 0).flatten(1, 2)


def _chunk(v: Tensor, log_decay: Tensor, B: Tensor, C: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
    """Outputs and the state after one chunk."""
    total = log_decay.cumsum(-1)  # (seq, head, row)
    future = torch.ones(2 * (v.shape[2],), dtype=torch.bool, device=v.device).triu(1)
    L = (total[..., :, None] - total[..., None, :]).masked_fill(future, -torch.inf).exp()  # (seq, head, row, source)
    y = (L * (C @ B.mT)) @ v + total.exp()[..., None] * (C @ h)
    left = (total[..., -1:] - total).exp()[..., None]  # what is left of each row at the end of the chunk
    return y, total[..., -1, None, None].exp() * h + (B * left).mT @ v
