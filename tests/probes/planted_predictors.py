"""Predictors whose use of the belief is known: one that carries an image of it, and one with a copy that it never
reads."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from compmech import GHMM, HMM
from predictors import Site
from predictors.predictor import check_sites, untouched, visit


@dataclass(frozen=True)
class _Carry:
    row: int
    log_probs: Tensor
    states: dict[str, Tensor]


class Planted:
    """Exact Bayes on a state that is a linear image of the belief: state = belief @ image + a constant, float64.

    With a decoy there is a second site, another image of the belief, kept up by itself and read by nothing else.
    With a slip what is used is an inexact belief: of a filter to which each symbol is, by that part, any symbol.
    A state that is no image of a belief (an edit can make one) predicts what is left when negative numbers are cut.
    """

    first_row = 0

    def __init__(
        self, process: HMM | GHMM, width: int = 12, *, decoy: bool = False, slip: float = 0.0, seed: int = 0
    ) -> None:
        rng = np.random.default_rng(seed)
        self.n_symbol = process.n_symbol
        self.T, self.start = torch.tensor(process.T), torch.tensor(process.start)
        self.names = ["used", "decoy"] if decoy else ["used"]
        self.filter = {"used": (1 - slip) * self.T + slip * self.T.mean(0), "decoy": self.T}
        self.image = {name: torch.tensor(rng.standard_normal((process.n_state, width))) for name in self.names}
        self.offset = torch.tensor(rng.standard_normal(width))
        self.sites: Mapping[str, Site] = {
            name: Site(width, (width,), f"an image of the belief: {name}", state=True, recurrent=True)
            for name in self.names
        }

    def belief(self, name: str, state: Tensor) -> Tensor:
        return (state - self.offset) @ torch.linalg.pinv(self.image[name])

    def _at(self, states: dict[str, Tensor], row: int, tap) -> _Carry:
        states = {n: visit(tap, n, range(row, row + 1), states[n][:, None])[:, 0] for n in self.names}
        belief = self.belief("used", states["used"])
        p = torch.einsum("si,xij->sx", belief, self.T).clamp(min=1e-12)
        return _Carry(row, (p / p.sum(-1, keepdim=True)).log(), states)

    def init_carry(self, n_seq, *, tap=untouched):
        check_sites(self, [*tap.reads, *tap.writes])
        return self._at({n: (self.start @ self.image[n] + self.offset).expand(n_seq, -1) for n in self.names}, 0, tap)

    def step(self, tokens_t, carry, *, tap=untouched):
        after = {}
        for name in self.names:
            belief = self.belief(name, carry.states[name])
            moved = torch.einsum("si,sij->sj", belief, self.filter[name][tokens_t])
            total = moved.sum(-1, keepdim=True)
            after[name] = moved / torch.where(total.abs() > 1e-12, total, 1e-12) @ self.image[name] + self.offset
        carry = self._at(after, carry.row + 1, tap)
        return carry.log_probs, carry

    def advance(self, tokens, carry, *, tap=untouched):
        rows = [carry.log_probs.new_empty(len(tokens), 0, self.n_symbol)]
        for tokens_t in tokens.unbind(1):
            row, carry = self.step(tokens_t, carry, tap=tap)
            rows.append(row[:, None])
        return torch.cat(rows, dim=1), carry

    def log_probs(self, tokens, *, tap=untouched):
        carry = self.init_carry(len(tokens), tap=tap)
        return torch.cat([carry.log_probs[:, None], self.advance(tokens, carry, tap=tap)[0]], dim=1)
