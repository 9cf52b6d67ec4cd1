"""One row of a stack of blocks in one call: what generating symbol by symbol costs is calls, not arithmetic."""

import ctypes
from collections.abc import Sequence
from ctypes import byref, c_double, c_int, c_long, c_void_p
from dataclasses import dataclass, field

import torch
from torch import Tensor

from predictors.kernels.arrays import structure

__all__ = ["KINDS", "Ends", "Sizes", "Weights", "compiled_step"]

KINDS = ("selective", "mingru", "lru", "rnn_tanh", "rnn_relu", "gru", "lstm")
"""In the order of step.c."""

Weights = Sequence[Tensor | None]
"""Of one block, in the order of its architecture's file in C."""

N_WEIGHT, N_STATE = 11, 2
SIZES = ("inner", "convolved", "n_state", "n_tap", "n_head", "n_group", "rank")

# the structure of step.h, field by field; a Block is N_WEIGHT + 2 * N_STATE addresses
Steps = structure(
    "Steps",
    [
        *((name, c_long) for name in ("kind", "n_block", "n_seq", "width", "n_symbol", *SIZES)),
        ("eps", c_double),
        *((name, c_void_p) for name in ("blocks", "stream", "tokens", "embedding", "norm", "norm_bias")),
        *((name, c_void_p) for name in ("readout", "readout_bias", "final", "log_probs")),
    ],
)


@dataclass(frozen=True)
class Sizes:
    """Those that an architecture has, else 0."""

    inner: int = 0
    convolved: int = 0
    n_state: int = 0
    n_tap: int = 0
    n_head: int = 0
    n_group: int = 0
    rank: int = 0
    all: tuple[int, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "all", tuple(getattr(self, name) for name in SIZES))


@dataclass(frozen=True)
class Ends:
    """What stands before and after the blocks: a table of vectors, a readout, and the weights of the norm before it:
    weight and bias of a layer norm, the weight of a norm of squares, or none.
    """

    embedding: Tensor
    readout: Tensor
    readout_bias: Tensor
    norm: Sequence[Tensor]

    @property
    def tensors(self) -> list[Tensor]:
        return [self.embedding, self.readout, self.readout_bias, *self.norm]


def compiled_step(
    library: ctypes.CDLL,
    kind: str,
    sizes: Sizes,
    blocks: Sequence[Weights],
    memory: Sequence[tuple[Tensor, ...]],
    start: Tensor,
    *,
    ends: Ends | None,
    eps: float,
) -> tuple[Tensor, tuple[tuple[Tensor, ...], ...], Tensor, Tensor]:
    """The residual stream before and after each block, (block + 1, seq, width); what the blocks carry after the row;
    what the readout reads, (seq, width), and log probabilities, (seq, symbol). Nothing is differentiated.

    Args:
        blocks: weights, all of one precision, on the CPU and contiguous.
        memory: what each block carries before the row.
        start: symbols (seq,), int64; without `ends` the residual stream (seq, width), and the last two are empty.
    """
    memory = [tuple(x.contiguous() for x in state) for state in memory]
    after = tuple(tuple(map(torch.empty_like, state)) for state in memory)
    some = memory[0][0]
    start, n_seq = start.contiguous(), len(start)
    width = start.shape[1] if ends is None else ends.embedding.shape[1]
    n_symbol = 0 if ends is None else len(ends.readout)
    stream = some.new_empty(len(blocks) + 1, n_seq, width)
    final = some.new_empty(0 if ends is None else n_seq, width)
    log_probs = some.new_empty(0 if ends is None else n_seq, n_symbol)
    if ends is None:
        stream[0] = start

    addresses: list[int | None] = []
    for weights, before, later in zip(blocks, memory, after, strict=True):
        found = [None if x is None else x.data_ptr() for x in weights]
        addresses += found + [None] * (N_WEIGHT - len(found))
        for state in (before, later):
            addresses += [x.data_ptr() for x in state] + [None] * (N_STATE - len(state))
    pointers = (c_void_p * len(addresses))(*addresses)
    outside: list[int | None] = [None] * 8
    if ends is not None:
        norm = [*(x.data_ptr() for x in ends.norm), None, None][:2]
        table = (ends.readout, ends.readout_bias, final, log_probs)
        outside = [start.data_ptr(), ends.embedding.data_ptr(), *norm, *(x.data_ptr() for x in table)]
    steps = Steps(
        *(KINDS.index(kind), len(blocks), n_seq, width, n_symbol, *sizes.all, eps),
        *(ctypes.addressof(pointers), stream.data_ptr(), *outside),
    )
    function = library.step_blocks
    function.restype = c_int
    if function(byref(steps)):
        raise MemoryError("no memory for the working space of step_blocks")
    return stream, after, final, log_probs
