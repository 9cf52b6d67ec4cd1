"""Gates of recurrent networks at every row, computed again from the states that a pass shows."""

from collections.abc import Mapping
from typing import cast

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F

from predictors import mingru
from predictors.gates_state_space import state_space_gates
from predictors.mamba import Mamba
from predictors.mamba2 import Mamba2
from predictors.mingru import MinGRU
from predictors.predictor import capture
from predictors.recurrent import GRU, LSTM, Layer

__all__ = ["gates"]


def gates(
    network: LSTM | GRU | MinGRU | Mamba | Mamba2, tokens: Int[Tensor, "seq time"]
) -> dict[str, Float[Tensor, "seq row width"]]:
    """The gates of every layer at rows 0 .. time: row t holds those that made the state at row t.

    An LSTM has `layer.i.input`, `layer.i.forget` and `layer.i.output`; a GRU `layer.i.reset` and `layer.i.update`,
    where update is the share of the old state that is kept (torch's convention); a minGRU `layer.i.update`, where it is
    the share that is replaced (its authors' convention). These lie between 0 and 1. A Mamba or Mamba-2 has
    `layer.i.step`, `layer.i.decay` and `layer.i.gate`, which `predictors.gates_state_space` describes.

    Gradients flow if they are enabled. Raises ValueError for tokens that the network cannot read, and for a network
    without gates.

    Example:
        >>> from predictors import LSTMConfig, build
        >>> model = build(LSTMConfig(n_symbol=2, width=8), rng=torch.Generator().manual_seed(0))
        >>> gates(model, torch.tensor([[0, 1, 1]]))["layer.0.forget"].shape
        torch.Size([1, 4, 8])
    """
    if isinstance(network, Mamba | Mamba2):
        return state_space_gates(network, tokens)
    if isinstance(network, MinGRU):
        return _of_mingru(network, tokens)
    for kind, names in _NAMES.items():
        if isinstance(network, kind):
            return _of_recurrent(network, tokens, names)
    raise ValueError(f"gates are those of an LSTM, a GRU, a minGRU, a Mamba or a Mamba-2; got {type(network).__name__}")


_NAMES: Mapping[type[LSTM | GRU], Mapping[str, int]] = {
    LSTM: {"input": 0, "forget": 1, "output": 3},
    GRU: {"reset": 0, "update": 1},
}
"""Gates by name, and where they stand in the stacked weights; what stands elsewhere is no gate."""


def _of_recurrent(network: LSTM | GRU, tokens: Tensor, names: Mapping[str, int]) -> dict[str, Tensor]:
    layers = cast(list[Layer], list(network.layers))
    entering = ["embed", *(f"layer.{i}" for i in range(len(layers) - 1))]
    seen = capture(network, tokens, [*entering, *(f"layer.{i}.carry" for i in range(len(layers)))])
    found: dict[str, Tensor] = {}
    for i, layer in enumerate(layers):
        h = seen[f"layer.{i}.carry"]
        before = torch.cat([torch.zeros_like(h[:, :1]), h[:, :-1]], dim=1)
        own, past = F.linear(seen[entering[i]], layer.weight_ih, layer.bias_ih), F.linear(before, layer.weight_hh)
        stacked = (own + past + layer.bias_hh).chunk(network.n_gate, dim=-1)
        found |= {f"layer.{i}.{name}": stacked[which].sigmoid() for name, which in names.items()}
    return found


def _of_mingru(network: MinGRU, tokens: Tensor) -> dict[str, Tensor]:
    blocks = cast(list[mingru.Block], list(network.blocks))
    entering = ["embed", *(f"layer.{i}" for i in range(len(blocks) - 1))]
    seen = capture(network, tokens, entering)
    return {f"layer.{i}.update": block.gate_and_candidate(seen[entering[i]])[0] for i, block in enumerate(blocks)}
