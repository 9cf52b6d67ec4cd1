"""Steps of one row through compiled blocks: without derivatives, for few sequences, where no tap writes.

Whatever is not such a step, or finds something in a network that its kernel does not know (a norm of another kind, a
parameter that is computed, a hook), takes the operations that the network is made of. Both are equal to rounding.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from predictors.kernels import library
from predictors.kernels.step import Ends, Sizes, Weights, compiled_step
from predictors.norm import EPS, RMSNorm

__all__ = [
    "FEW",
    "Blocks",
    "Kernelled",
    "Stepped",
    "layer_norm_weights",
    "own",
    "rms_norm_weights",
    "step_blocks",
    "together",
]

FEW = 8
"""Sequences up to which one row costs more calls than arithmetic."""


@dataclass(frozen=True)
class Blocks:
    """Blocks of one kind: a name of `kernels.step.KINDS`, their sizes, and the weights of each."""

    kind: str
    sizes: Sizes
    weights: Sequence[Weights]


@runtime_checkable
class Kernelled(Protocol):
    """A block that has a kernel."""

    def kernel(self) -> Blocks | None:
        """The block as a kernel takes it; None if something in it is not as the kernel knows it."""
        ...


@dataclass(frozen=True)
class Stepped:
    """A row done. `stream[i]` is what enters block i, (seq, width), and `stream[-1]` what leaves the last."""

    stream: Tensor
    memory: tuple[tuple[Tensor, ...], ...]
    final: Tensor
    log_probs: Tensor


def own(module: nn.Module, *names: str) -> list[Tensor] | None:
    """A module's parameters by name; None if one of them is none of its own, or something hooks on to the module."""
    if module._forward_hooks or module._forward_pre_hooks:
        return None
    found = [module._parameters.get(name) for name in names]  # looking up an attribute of a module is slow
    parameters: list[Tensor] = [each for each in found if each is not None]
    return parameters if len(parameters) == len(names) else None


def layer_norm_weights(norm: nn.Module) -> list[Tensor] | None:
    """Weight and bias of a layer norm as the kernels know it, else None."""
    return own(norm, "weight", "bias") if type(norm) is nn.LayerNorm and norm.eps == EPS else None


def rms_norm_weights(norm: nn.Module, n_group: int = 1) -> list[Tensor] | None:
    """The weight of a root mean square norm as the kernels know it, else None."""
    return own(norm, "weight") if type(norm) is RMSNorm and norm.n_group == n_group else None


def together(blocks: Iterable[Blocks | None], norm: Sequence[Tensor]) -> tuple[Blocks, Sequence[Tensor]] | None:
    """Blocks of one kind as one, and the weights of the norm after them; None if one of the blocks is None."""
    every = list(blocks)
    found = [each for each in every if each is not None]
    if not found or len(found) < len(every):
        return None
    return Blocks(found[0].kind, found[0].sizes, [weights for each in found for weights in each.weights]), norm


def step_blocks(
    blocks: Blocks, memory: Sequence[tuple[Tensor, ...]], start: Tensor, ends: Ends | None = None
) -> Stepped | None:
    """One row of all blocks, from symbols (seq,), or without `ends` from the residual stream (seq, width).

    None if this is no step for a kernel.
    """
    if len(start) > FEW or torch.is_grad_enabled():
        return None
    every = [x for weights in blocks.weights for x in weights if x is not None]
    if ends is not None:
        every += ends.tensors
    kernels = library(*_first(start, ends), *every, *(x for state in memory for x in state))
    if kernels is None or not all(x.is_contiguous() for x in every):
        return None
    if ends is not None:
        start = start.to("cpu", torch.int64)
    return Stepped(
        *compiled_step(kernels, blocks.kind, blocks.sizes, blocks.weights, memory, start, ends=ends, eps=EPS)
    )


def _first(start: Tensor, ends: Ends | None) -> Iterable[Tensor]:
    """The residual stream, whose precision has to fit; symbols have none."""
    return (start,) if ends is None else ()
