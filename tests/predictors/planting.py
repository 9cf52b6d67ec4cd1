"""What faults are planted in: a little recurrent network that is right, and where faulty ones are registered."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from predictors import Site, Tap, untouched
from predictors.predictor import check_sites, check_tokens, visit

FAULTS: dict[type, str] = {}


def caught_by(check: str) -> Any:
    """Register a faulty predictor under the check that must find it."""

    def register(kind: type) -> type:
        FAULTS[kind] = check
        return kind

    return register


WIDTH = 5


@dataclass(frozen=True)
class SmallCarry:
    row: int
    log_probs: Tensor | None
    state: tuple[Tensor, Tensor]


class Small(nn.Module):
    """h' = tanh(A x + B h + C m), m' = (m + h') / 2, readout of h'; row by row, and nothing is wrong with it."""

    n_symbol, first_row = 3, 0
    sites: Mapping[str, Site] = {
        "embed": Site(WIDTH, (WIDTH,), "input"),
        "hidden": Site(WIDTH, (WIDTH,), "h", state=True, recurrent=True),
        "memory": Site(WIDTH, (WIDTH,), "m", state=True, recurrent=True, delay=1),
        "final": Site(WIDTH, (WIDTH,), "what the readout reads"),
    }
    shapes: ClassVar = {
        **{"begin": (WIDTH,), "embedding": (3, WIDTH), "readout": (3, WIDTH)},
        **dict.fromkeys("ABC", (WIDTH, WIDTH)),
    }

    def __init__(self) -> None:
        super().__init__()
        rng = torch.Generator().manual_seed(1)
        for name, shape in self.shapes.items():
            self.register_parameter(name, nn.Parameter(torch.randn(shape, generator=rng, dtype=torch.float64) / 2))

    def log_probs(self, tokens: Tensor, *, tap: Tap = untouched) -> Tensor:
        self.check(tokens, tap)
        begin = self.begin.expand(len(tokens), 1, WIDTH)
        return self.run(torch.cat([begin, self.embed(tokens)], dim=1), self.blank(len(tokens)), tap)[0]

    def init_carry(self, n_seq: int, *, tap: Tap = untouched) -> Any:
        check_sites(self, {*tap.reads, *tap.writes})
        return self.run(self.begin.expand(n_seq, 1, WIDTH), self.blank(n_seq), tap)[1]

    def advance(self, tokens: Tensor, carry: Any, *, tap: Tap = untouched) -> Any:
        self.check(tokens, tap)
        return self.run(self.embed(tokens), carry, tap)

    def step(self, tokens_t: Tensor, carry: Any, *, tap: Tap = untouched) -> Any:
        rows, carry = self.advance(tokens_t[:, None], carry, tap=tap)
        return rows[:, 0], carry

    def check(self, tokens: Tensor, tap: Tap) -> None:
        check_tokens(tokens, self.n_symbol)
        check_sites(self, {*tap.reads, *tap.writes})

    def blank(self, n_seq: int) -> SmallCarry:
        zeros = self.begin.new_zeros(n_seq, WIDTH)
        return SmallCarry(-1, None, (zeros, zeros))

    def embed(self, tokens: Tensor) -> Tensor:
        return self.embedding[tokens]

    def run(self, inputs: Tensor, carry: SmallCarry, tap: Tap) -> tuple[Tensor, SmallCarry]:
        found = [inputs.new_zeros(len(inputs), 0, self.n_symbol)]
        for x in inputs.unbind(1):
            rows = range(carry.row + 1, carry.row + 2)
            log_probs, state = self.one(x[:, None], carry.state, rows, tap)
            carry = SmallCarry(rows[0], log_probs[:, 0], state)
            found.append(log_probs)
        return torch.cat(found, dim=1), carry

    def one(self, x: Tensor, state: tuple[Tensor, Tensor], rows: range, tap: Tap) -> tuple[Tensor, Any]:
        """One row: x, and what is shown, have shape (seq, 1, width)."""
        x, (h, m) = visit(tap, "embed", rows, x), state
        h = visit(tap, "hidden", rows, torch.tanh(x @ self.A.T + (h @ self.B.T + m @ self.C.T)[:, None]))
        m = visit(tap, "memory", rows, (m[:, None] + h) / 2)
        return self.read_out(visit(tap, "final", rows, h)), (h[:, 0], m[:, 0])

    def read_out(self, final: Tensor) -> Tensor:
        return (final @ self.readout.T).log_softmax(-1)


class Passing:
    """A tap that passes on what another one asks for; a fault is what it does besides."""

    def __init__(self, inner: Tap) -> None:
        self.inner, self.reads, self.writes = inner, inner.reads, inner.writes

    def __call__(self, site: str, rows: range, value: Tensor) -> Tensor:
        return self.inner(site, rows, value)


class ShownShifted(Passing):
    """Shows another value than the one that goes on."""

    def __init__(self, inner: Tap, sites: Collection[str], shift: Any) -> None:
        super().__init__(inner)
        self.sites, self.shift = sites, shift

    def __call__(self, site: str, rows: range, value: Tensor) -> Tensor:
        if site in self.sites and site not in self.writes:
            self.inner(site, rows, value + self.shift)
            return value
        return self.inner(site, rows, value)
