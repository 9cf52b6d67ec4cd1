"""minGRU: a GRU whose gate and candidate do not look at the state, so that its recurrence is linear.

    z = sigmoid(W_z x + b_z)                     the update gate
    c = g(W_c x + b_c)                           the candidate, positive: g(a) = a + 1/2 above 0, sigmoid(a) below
    h' = (1 - z) h + z c
    r <- r + W_out h                             with x = norm(r)

The authors run it in logarithms because a parallel scan over products of 1 - z would underflow; that is what makes
them take a positive g. `predictors.linear_scan` never divides by such a product and needs no logarithms; g is kept,
as the architecture that was published. What a block carries is h, the site `layer.i.carry`.

1 - z lies between 0 and 1 and does not depend on h, so that no symbol turns a state over: a parity, as that of Even,
has to be counted by one block and folded by what comes after it, and is learnt slowly (Grazzi and others, arXiv
2411.12537, on linear recurrences without negative eigenvalues). What the authors put around the cell in some of their
models, a convolution over four inputs and an MLP, is not here.

Letters: r residual stream, x its norm, z, c and h as above. Axes in a block: (row, seq, channel).

Reference: Feng and others, arXiv 2410.01201 (2024), section 3.1 and the version with g of the appendix; here each
minGRU stands in a pre-norm residual block with an output map. Maps start as torch's linear maps do, U(-k, k) with
k = 1 / sqrt(inputs).
"""

from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from predictors.kernels.step import Sizes
from predictors.linear_scan import linear_scan
from predictors.network import State, in_spans, last_row, require, uniform
from predictors.predictor import Site, Tap, visit
from predictors.stack import Stack
from predictors.stepping import Blocks, layer_norm_weights, own

__all__ = ["MinGRU", "MinGRUConfig", "positive"]


@dataclass(frozen=True, kw_only=True)
class MinGRUConfig:
    """A minGRU.

    Attributes:
        n_symbol: size of the alphabet.
        width: of the residual stream.
        n_layer: blocks.
        expand: h has expand * width numbers.
    """

    n_symbol: int
    width: int = 64
    n_layer: int = 2
    expand: int = 1

    def __post_init__(self) -> None:
        require(n_symbol=(self.n_symbol, 1), width=(self.width, 1), n_layer=(self.n_layer, 1))
        require(expand=(self.expand, 1))

    @property
    def inner(self) -> int:
        """Channels of the recurrence."""
        return self.expand * self.width


def positive(a: Tensor) -> Tensor:
    """The authors' g: a + 1/2 where a >= 0, else sigmoid(a)."""
    return a.clamp(max=0).sigmoid() + a.relu()


class Block(nn.Module):
    """One minGRU in a residual connection."""

    def __init__(self, config: MinGRUConfig) -> None:
        super().__init__()
        width, inner = config.width, config.inner
        self.norm = nn.LayerNorm(width)
        self.in_weight = nn.Parameter(torch.empty(2 * inner, width))  # W_z, W_c
        self.in_bias = nn.Parameter(torch.empty(2 * inner))
        self.out_weight = nn.Parameter(torch.empty(width, inner))
        self.sizes = Sizes(inner)

    def initialise(self, rng: torch.Generator) -> None:
        uniform(self.in_weight, self.in_weight.shape[1] ** -0.5, rng)
        uniform(self.in_bias, self.in_weight.shape[1] ** -0.5, rng)
        uniform(self.out_weight, self.out_weight.shape[1] ** -0.5, rng)

    def gate_and_candidate(self, r: Tensor) -> tuple[Tensor, Tensor]:
        """z and c from the residual stream that enters the block."""
        z, c = nn.functional.linear(self.norm(r), self.in_weight, self.in_bias).chunk(2, dim=-1)
        return z.sigmoid(), positive(c)

    def forward(self, r: Tensor, rows: range, state: State, tap: Tap, site: str) -> tuple[Tensor, State]:
        """The residual stream, (row, seq, width), after the block, and h after the last row."""
        z, c = self.gate_and_candidate(r)
        carry = f"{site}.carry"
        h, state = in_spans(partial(_span, 1 - z, z * c, tap, carry), rows, state, tap, [carry])
        r = r + h.transpose(0, 1) @ self.out_weight.t()
        return visit(tap, site, rows, r.transpose(0, 1)).transpose(0, 1), state

    def kernel(self) -> Blocks | None:
        """This block as `predictors.stepping` takes it."""
        norm, inside = layer_norm_weights(self.norm), own(self, "in_weight", "in_bias", "out_weight")
        return None if norm is None or inside is None else Blocks("mingru", self.sizes, [[*norm, *inside]])


def _span(
    keep: Tensor, new: Tensor, tap: Tap, site: str, where: slice, rows: range, state: State
) -> tuple[Tensor, State]:
    """h, (seq, row, channel), over `rows`, the last of which alone may be written."""
    h = visit(tap, site, rows, linear_scan(keep[where], new[where], state[0]).transpose(0, 1))
    return h, (last_row(h),)


class MinGRU(Stack):
    """A stack of minGRU blocks and a final layer norm. Vectors start at N(0, 1), as torch's embeddings do."""

    def __init__(self, config: MinGRUConfig, *, rng: torch.Generator) -> None:
        blocks = [Block(config) for _ in range(config.n_layer)]
        super().__init__(config.n_symbol, config.width, [*blocks], nn.LayerNorm(config.width))
        self.config = config
        self._draw_ends(1.0, config.width**-0.5, rng)
        for block in blocks:
            block.initialise(rng)

    def _layer_sites(self, i: int) -> dict[str, Site]:
        inner = self.config.inner
        carry = Site(inner, (inner,), f"block {i}: h, the hidden state", state=True, recurrent=True)
        return {f"layer.{i}.carry": carry, f"layer.{i}": self._residual_site(i)}

    def _layer_blank(self, i: int, n_seq: int) -> State:
        return (self.begin.new_zeros(n_seq, self.config.inner),)
