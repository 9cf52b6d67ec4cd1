"""What the architectures share: begin vector, embedding, readout, the calls of a Predictor, and the driver of a pass.

An architecture adds `_run`, which takes input vectors at a range of rows through its layers and lets a tap read and
write on the way, and `_blank`, the memory of having read nothing. Whole passes, splits and single steps are that one
`_run`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, get_args

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from predictors.kernels.step import Ends
from predictors.predictor import (
    Carry,
    Site,
    Tap,
    check_n_seq,
    check_sites,
    check_tokens,
    segments,
    untouched,
    visit,
    written_rows,
)
from predictors.stepping import FEW, Blocks, Stepped, own, step_blocks

__all__ = [
    "Memory",
    "Network",
    "NetworkCarry",
    "State",
    "in_spans",
    "last_row",
    "linear",
    "normal",
    "require",
    "require_choice",
    "uniform",
]

State = tuple[Tensor, ...]
"""What one layer remembers."""

Memory = tuple[State, ...]
"""What every layer remembers."""


@dataclass(frozen=True)
class NetworkCarry:
    """The carry of a network: predictions at `row`, what each layer remembers, and the configuration that gives it a
    meaning: networks that differ in their weights alone can go on with each other's.
    """

    row: int
    log_probs: Float[Tensor, "seq symbol"]
    memory: Memory = field(repr=False)
    config: object = field(repr=False)


class Network(nn.Module, ABC):
    """A neural Predictor. Row 0 follows a learned begin vector: no symbol, and kept out of the embedding table."""

    first_row = 0
    config: Any  # the dataclass that `build` made it from

    def __init__(self, n_symbol: int, width: int) -> None:
        super().__init__()
        self.n_symbol, self.width = n_symbol, width
        self.begin = nn.Parameter(torch.empty(width))
        self.embedding = nn.Parameter(torch.empty(n_symbol, width))
        self.readout_weight = nn.Parameter(torch.empty(n_symbol, width))
        self.readout_bias = nn.Parameter(torch.empty(n_symbol))

    @property
    @abstractmethod
    def sites(self) -> Mapping[str, Site]: ...

    @abstractmethod
    def _blank(self, n_seq: int) -> Memory:
        """The memory before the begin vector."""

    @abstractmethod
    def _run(
        self, inputs: Float[Tensor, "seq row width"], rows: range, memory: Memory, tap: Tap
    ) -> tuple[Float[Tensor, "seq row width"], Memory]:
        """Take the inputs of `rows`, at least one, through the layers: what the readout reads, and the memory after."""

    def _stepping(self) -> tuple[Blocks, Sequence[Tensor]] | None:
        """The blocks as `predictors.stepping` takes them, with the weights of the norm after them;
        None if there is no kernel for them.
        """
        return None

    # ----------------------------------------------------------------------------------------------------- a Predictor

    def log_probs(self, tokens: Int[Tensor, "seq time"], *, tap: Tap = untouched) -> Float[Tensor, "seq row symbol"]:
        """log P(x_t | x_<t) in nats, for rows 0 .. time. Raises ValueError for tokens that are not symbols."""
        self._check(tokens, tap)
        n_seq, n_time = tokens.shape
        inputs = torch.cat([self._begin_row(n_seq), self._embed(tokens)], dim=1)
        return self._pass(inputs, range(n_time + 1), self._blank(n_seq), tap)[0]

    def init_carry(self, n_seq: int, *, tap: Tap = untouched) -> NetworkCarry:
        """The carry at row 0: the begin vector is read, and no symbol."""
        check_n_seq(n_seq)
        check_sites(self, tap.reads | tap.writes.keys())
        log_probs, memory = self._pass(self._begin_row(n_seq), range(1), self._blank(n_seq), tap)
        return NetworkCarry(0, log_probs[:, 0], memory, self.config)

    def advance(
        self, tokens: Int[Tensor, "seq time"], carry: Carry, *, tap: Tap = untouched
    ) -> tuple[Float[Tensor, "seq time symbol"], NetworkCarry]:
        """Read any number of symbols. Raises ValueError for tokens or a carry that do not fit."""
        self._check(tokens, tap)
        return self._advance(tokens, carry, tap)

    def step(
        self, tokens_t: Int[Tensor, "seq"], carry: Carry, *, tap: Tap = untouched
    ) -> tuple[Float[Tensor, "seq symbol"], NetworkCarry]:
        """Read one symbol."""
        if isinstance(tokens_t, Tensor) and tokens_t.ndim != 1:
            raise ValueError(f"a step reads one symbol a sequence, axes (seq,); got shape {tuple(tokens_t.shape)}")
        check_tokens(tokens_t, self.n_symbol, ndim=1)
        check_sites(self, tap.reads | tap.writes.keys())
        log_probs, carry = self._advance(tokens_t[:, None], carry, tap)
        return log_probs[:, 0], carry

    def forward(self, tokens: Int[Tensor, "seq time"]) -> Float[Tensor, "seq row symbol"]:
        """`log_probs`, for whoever calls the module."""
        return self.log_probs(tokens)

    # ---------------------------------------------------------------------------------------------------------- inside

    def _check(self, tokens: Tensor, tap: Tap) -> None:
        check_tokens(tokens, self.n_symbol)
        check_sites(self, tap.reads | tap.writes.keys())

    def _advance(self, tokens: Tensor, carry: Carry, tap: Tap) -> tuple[Tensor, NetworkCarry]:
        """`advance`, of tokens that were checked."""
        if not isinstance(carry, NetworkCarry):
            raise ValueError(
                f"expected a carry made by this network's init_carry, advance or step; got {type(carry).__name__}"
            )
        if carry.config is not self.config and carry.config != self.config:
            raise ValueError(f"the carry is of another network, {carry.config}; this one is {self.config}")
        if carry.log_probs.dtype != self.begin.dtype:
            raise ValueError(
                f"the carry is of {carry.log_probs.dtype} and the network of {self.begin.dtype}: begin with init_carry"
            )
        if len(tokens) != len(carry.log_probs):
            raise ValueError(f"tokens must have the carry's {len(carry.log_probs)} sequences; got {len(tokens)}")
        n_time = tokens.shape[1]
        if n_time == 0:
            return carry.log_probs[:, None][:, :0], carry
        rows = range(carry.row + 1, carry.row + 1 + n_time)
        stepped = self._step(tokens, rows, carry.memory, tap) if n_time == 1 else None
        if stepped is not None:
            return stepped.log_probs[:, None], NetworkCarry(rows[0], stepped.log_probs, stepped.memory, self.config)
        log_probs, memory = self._pass(self._embed(tokens), rows, carry.memory, tap)
        return log_probs, NetworkCarry(rows[-1], log_probs[:, -1], memory, self.config)

    def _step(self, tokens: Tensor, rows: range, memory: Memory, tap: Tap) -> Stepped | None:
        """One row in one call of a kernel; None if this is no step for one. State sites are not shown to the tap."""
        if len(tokens) > FEW or torch.is_grad_enabled() or tap.writes or any(self.sites[x].state for x in tap.reads):
            return None
        inside, ends = self._stepping(), own(self, "embedding", "readout_weight", "readout_bias")
        if inside is None or ends is None:
            return None
        (blocks, norm), (embedding, readout, bias) = inside, ends
        stepped = step_blocks(blocks, memory, tokens[:, 0], Ends(embedding, readout, bias, norm))
        if stepped is not None and tap.reads:
            visit(tap, "embed", rows, stepped.stream[0][:, None])
            for i, r in enumerate(stepped.stream[1:]):
                visit(tap, f"layer.{i}", rows, r[:, None])
            visit(tap, "final", rows, stepped.final[:, None])
        return stepped

    def _begin_row(self, n_seq: int) -> Tensor:
        return self.begin.expand(n_seq, 1, self.width)

    def _embed(self, tokens: Tensor) -> Tensor:
        return F.embedding(tokens.to(self.embedding.device, torch.long), self.embedding)

    def _pass(self, inputs: Tensor, rows: range, memory: Memory, tap: Tap) -> tuple[Tensor, Memory]:
        hidden, memory = self._run(visit(tap, "embed", rows, inputs), rows, memory, tap)
        final = visit(tap, "final", rows, hidden)
        return F.linear(final, self.readout_weight, self.readout_bias).log_softmax(-1), memory

    def _ends(self) -> tuple[Site, Site]:
        """The sites `embed` and `final`, which every network has."""
        embed = Site(self.width, (self.width,), "input vectors: at row 0 the begin vector, then the symbol just read")
        return embed, Site(self.width, (self.width,), "what the readout reads")


def in_spans(
    span: Callable[[slice, range, State], tuple[Tensor, State]],
    rows: range,
    state: State,
    tap: Tap,
    sites: Collection[str],
) -> tuple[Tensor, State]:
    """Drive one recurrent layer along `rows`, cut only after rows at which one of its state `sites` is written.

    Between cuts a span runs fused. `span(where, rows, state)` runs those `rows`, which stand at `where` in the arrays
    of the whole pass; it shows them to the tap, the last of which alone may be written, and gives the outputs, whose
    axis 1 is row, and the state after them.
    """
    if len(rows) == 1:  # nothing to cut
        return span(slice(0, 1), rows, state)
    cuts = {row for site in sites for row in written_rows(tap, site, rows)}
    outputs = []
    for part in segments(rows, cuts):
        output, state = span(slice(part.start - rows.start, part.stop - rows.start), part, state)
        outputs.append(output)
    return outputs[0] if len(outputs) == 1 else torch.cat(outputs, dim=1), state


def last_row(values: Tensor) -> Tensor:
    """The last row of (seq, row, ...), to be carried on: a view would keep the rows before it as long as the carry."""
    return values[:, -1] if values.shape[1] == 1 else values[:, -1].clone()


# --------------------------------------------------------------------------------------------------------- parameters


def uniform(parameter: nn.Parameter, bound: float, rng: torch.Generator) -> None:
    """Fill with U(-bound, bound)."""
    nn.init.uniform_(parameter, -bound, bound, generator=rng)


def normal(parameter: nn.Parameter, std: float, rng: torch.Generator) -> None:
    """Fill with N(0, std^2)."""
    nn.init.normal_(parameter, 0.0, std, generator=rng)


def linear(n_in: int, n_out: int, *, bias: bool = True) -> nn.Linear:
    """A linear map with memory but no values yet: torch's own constructor would draw them from the global generator."""
    return nn.Linear(n_in, n_out, bias=bias, device="meta").to_empty(device=torch.get_default_device())


def require(**sizes: tuple[int, int]) -> None:
    """Raise ValueError for the first size, given as name=(value, least), that is not an integer of at least `least`."""
    for name, (value, least) in sizes.items():
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise ValueError(f"{name} must be an integer of at least {least}; got {value!r}")


def require_choice(**choices: tuple[str, Any]) -> None:
    """Raise ValueError for the first choice, given as name=(value, Literal[...]), that is none of the literals."""
    for name, (value, literal) in choices.items():
        allowed = [repr(each) for each in get_args(literal)]
        if repr(value) not in allowed:
            raise ValueError(f"{name} must be {', '.join(allowed[:-1])} or {allowed[-1]}; got {value!r}")
