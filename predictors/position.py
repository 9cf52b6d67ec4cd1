"""How attention learns where a row stands, besides a learned vector: rotations of queries and keys, or linear biases.

Rotary positions (Su and others, arXiv 2104.09864) turn the pair of components (j, j + head_width / 2) of every query
and key at row t by the angle t * base^(-2j / head_width), so that their product depends on t - s alone. Which
components make a pair is a convention: halves, as in GPT-NeoX and Llama, not neighbours, as in the paper.

ALiBi (Press, Smith and Lewis, arXiv 2108.12409) takes slope * (t - s) from the score of row t with row s, with a fixed
slope for every head.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ["alibi_slopes", "linear_biases", "rotate"]


def rotate(x: Float[Tensor, "seq head row width"], rows: range, base: float) -> Float[Tensor, "seq head row width"]:
    """Queries or keys, of even width, turned to where their rows stand. Row 0 stays as it is."""
    half = x.shape[-1] // 2
    pair = torch.arange(half, dtype=torch.float64, device=x.device)  # in float32, angles would lose digits at high rows
    row = torch.arange(rows.start, rows.stop, dtype=torch.float64, device=x.device)
    angle = row[:, None] * base ** (pair / -half)
    cos, sin = angle.cos().to(x.dtype), angle.sin().to(x.dtype)
    a, b = x.chunk(2, dim=-1)
    return torch.cat([a * cos - b * sin, b * cos + a * sin], dim=-1)


def alibi_slopes(n_head: int) -> list[float]:
    """2^(-8 i / n), i = 1 .. n, where n heads are a power of two; else those of the power below and every other one of
    the power above, as in the authors' code.
    """
    power = 2 ** math.floor(math.log2(n_head))
    slopes = [2 ** (-8 * i / power) for i in range(1, power + 1)]
    between = [2 ** (-8 * i / (2 * power)) for i in range(1, 2 * power + 1, 2)]
    return slopes + between[: n_head - power]


def linear_biases(n_head: int, n_query: int, like: Tensor, n_row: int) -> Float[Tensor, "head query row"]:
    """What ALiBi adds to the scores of the last `n_query` of `n_row` rows with every row; -inf for rows to come."""
    rows = torch.arange(n_row, device=like.device)
    behind = rows[n_row - n_query :, None] - rows  # (query, row)
    slopes = like.new_tensor(alibi_slopes(n_head))[:, None, None]
    return torch.where(behind < 0, -torch.inf, -slopes * behind)
