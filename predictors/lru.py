"""The linear recurrent unit (LRU): a linear recurrence with a complex diagonal, in residual blocks.

    u = norm(r)
    h' = lambda * h + gamma * (B u),   lambda = exp(-exp(nu) + i exp(theta))      * is entry by entry
    y = Re(C h') + D * u
    r <- r + (W_1 v + b_1) * sigmoid(W_2 v + b_2),   v = gelu(y)

|lambda| = exp(-exp(nu)) < 1 whatever nu is, so that the recurrence is stable. At first lambda is uniform on the ring
r_min <= |lambda| <= r_max with phases up to max_phase, and gamma = sqrt(1 - |lambda|^2), which keeps h of the size of
its inputs. The site `layer.i.ssm` is h: real and imaginary part of every entry, side by side.

Letters are the paper's, with r for the residual stream, u for its norm, h for its x and v for what the gates read. Axes
in a block: (row, seq, channel); complex arrays are kept as real ones with real and imaginary parts side by side.

Reference: Orvieto and others, arXiv 2303.06349 (2023), section 3 and appendix A, with the gated unit and the
initialisation of its public reimplementation (Zucchet, minimal-LRU): B N(0, 1 / 2 width), C N(0, 1 / n_state) in each
part, D N(0, 1), other maps N(0, 1 / inputs), biases 0.
"""

import math
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from predictors.kernels.step import Sizes
from predictors.linear_scan import linear_scan
from predictors.network import State, in_spans, last_row, normal, require
from predictors.predictor import Site, Tap, visit
from predictors.stack import Stack
from predictors.stepping import Blocks, layer_norm_weights, own

__all__ = ["LRU", "LRUConfig"]


@dataclass(frozen=True, kw_only=True)
class LRUConfig:
    """A stack of linear recurrent units.

    Attributes:
        n_symbol: size of the alphabet.
        width: of the residual stream.
        n_layer: blocks.
        n_state: complex numbers in h.
        r_min: least modulus of lambda at first.
        r_max: greatest modulus of lambda at first; at most 1.
        max_phase: greatest phase of lambda at first, in radians.
    """

    n_symbol: int
    width: int = 64
    n_layer: int = 2
    n_state: int = 64
    r_min: float = 0.0
    r_max: float = 1.0
    max_phase: float = 2 * math.pi

    def __post_init__(self) -> None:
        require(n_symbol=(self.n_symbol, 1), width=(self.width, 1), n_layer=(self.n_layer, 1))
        require(n_state=(self.n_state, 1))
        if not 0 <= self.r_min < self.r_max <= 1:
            raise ValueError(f"the ring must have 0 <= r_min < r_max <= 1; got r_min {self.r_min}, r_max {self.r_max}")
        if not 0 < self.max_phase <= 2 * math.pi:
            raise ValueError(f"max_phase must be above 0 and at most 2 pi; got {self.max_phase}")


class Block(nn.Module):
    """One linear recurrent unit and one gated linear unit in a residual connection."""

    def __init__(self, config: LRUConfig) -> None:
        super().__init__()
        self.config = config
        width, n_state = config.width, config.n_state
        self.norm = nn.LayerNorm(width)
        self.log_nu = nn.Parameter(torch.empty(n_state))
        self.log_theta = nn.Parameter(torch.empty(n_state))
        self.log_gamma = nn.Parameter(torch.empty(n_state))
        self.in_weight = nn.Parameter(torch.empty(2 * n_state, width))  # B: Re, Im of each row in turn
        self.out_weight = nn.Parameter(torch.empty(width, 2 * n_state))  # C: Re, -Im of each column in turn
        self.skip = nn.Parameter(torch.empty(width))  # D
        self.glu_weight = nn.Parameter(torch.empty(2 * width, width))  # W_1, W_2
        self.glu_bias = nn.Parameter(torch.empty(2 * width))
        self.sizes = Sizes(n_state=n_state)

    def initialise(self, rng: torch.Generator) -> None:
        config = self.config
        with torch.no_grad():
            # In float64, where a draw of exactly 0, which would put lambda at 0 or at 1, does not happen.
            area, turn = torch.rand(2, config.n_state, generator=rng, dtype=torch.float64)
            nu = -0.5 * torch.log(area * (config.r_max**2 - config.r_min**2) + config.r_min**2)
            self.log_nu.copy_(nu.log())
            self.log_theta.copy_((config.max_phase * turn).log())
            self.log_gamma.copy_(0.5 * torch.log(-torch.expm1(-2 * nu)))  # 1 - |lambda|^2, with |lambda| = exp(-nu)
        normal(self.in_weight, (2 * config.width) ** -0.5, rng)
        normal(self.out_weight, config.n_state**-0.5, rng)
        normal(self.skip, 1.0, rng)
        normal(self.glu_weight, config.width**-0.5, rng)
        nn.init.zeros_(self.glu_bias)

    def decay(self) -> Tensor:
        """lambda, (n_state,), complex."""
        return torch.exp(torch.complex(-self.log_nu.exp(), self.log_theta.exp()))

    def forward(self, r: Tensor, rows: range, state: State, tap: Tap, site: str) -> tuple[Tensor, State]:
        """The residual stream, (row, seq, width), after the block, and h after the last row."""
        u = self.norm(r)
        drive, ssm = torch.unflatten(F.linear(u, self.in_weight), -1, (-1, 2)), f"{site}.ssm"
        drive = (drive * self.log_gamma.exp()[:, None]).flatten(-2)
        h, state = in_spans(partial(_span, self.decay(), drive, tap, ssm), rows, state, tap, [ssm])
        y = h.transpose(0, 1) @ self.out_weight.t() + self.skip * u
        r = r + F.glu(F.linear(F.gelu(y), self.glu_weight, self.glu_bias), dim=-1)
        return visit(tap, site, rows, r.transpose(0, 1)).transpose(0, 1), state

    def kernel(self) -> Blocks | None:
        """This block as `predictors.stepping` takes it."""
        names = ("log_nu", "log_theta", "log_gamma", "in_weight", "out_weight", "skip", "glu_weight", "glu_bias")
        norm, inside = layer_norm_weights(self.norm), own(self, *names)
        return None if norm is None or inside is None else Blocks("lru", self.sizes, [[*norm, *inside]])


def _span(
    decay: Tensor, drive: Tensor, tap: Tap, site: str, where: slice, rows: range, state: State
) -> tuple[Tensor, State]:
    """h, (seq, row, 2 n_state), over `rows`, the last of which alone may be written."""
    h = _real(linear_scan(decay[None, None], _complex(drive[where]), _complex(state[0])))
    h = visit(tap, site, rows, h.transpose(0, 1))
    return h, (last_row(h),)


def _complex(x: Tensor) -> Tensor:
    """Pairs of numbers along the last axis as complex ones."""
    return torch.view_as_complex(torch.unflatten(x, -1, (-1, 2)).contiguous())


def _real(h: Tensor) -> Tensor:
    """Complex numbers along the last axis as pairs."""
    return torch.view_as_real(h).flatten(-2)


class LRU(Stack):
    """A stack of linear recurrent units and a final layer norm. Vectors start at N(0, 1)."""

    def __init__(self, config: LRUConfig, *, rng: torch.Generator) -> None:
        blocks = [Block(config) for _ in range(config.n_layer)]
        super().__init__(config.n_symbol, config.width, [*blocks], nn.LayerNorm(config.width))
        self.config = config
        self._draw_ends(1.0, config.width**-0.5, rng)
        for block in blocks:
            block.initialise(rng)

    def _layer_sites(self, i: int) -> dict[str, Site]:
        shape = (self.config.n_state, 2)
        h = Site(math.prod(shape), shape, f"block {i}: h, real and imaginary parts", state=True, recurrent=True)
        return {f"layer.{i}.ssm": h, f"layer.{i}": self._residual_site(i)}

    def _layer_blank(self, i: int, n_seq: int) -> State:
        return (self.begin.new_zeros(n_seq, 2 * self.config.n_state),)
