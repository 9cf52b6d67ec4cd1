"""From a configuration to a network."""

import torch
from torch import nn

from predictors.hybrid import Hybrid, HybridConfig
from predictors.lru import LRU, LRUConfig
from predictors.mamba import Mamba, MambaConfig
from predictors.mamba2 import Mamba2, Mamba2Config
from predictors.mingru import MinGRU, MinGRUConfig
from predictors.network import Network
from predictors.recurrent import GRU, LSTM, RNN, GRUConfig, LSTMConfig, RNNConfig
from predictors.transformer import Transformer, TransformerConfig

__all__ = ["CONFIGS", "Config", "build", "n_parameters"]

Config = (
    TransformerConfig
    | RNNConfig
    | LSTMConfig
    | GRUConfig
    | MinGRUConfig
    | LRUConfig
    | MambaConfig
    | Mamba2Config
    | HybridConfig
)

CONFIGS: dict[str, type[Config]] = {
    "transformer": TransformerConfig,
    "rnn": RNNConfig,
    "lstm": LSTMConfig,
    "gru": GRUConfig,
    "mingru": MinGRUConfig,
    "lru": LRUConfig,
    "mamba": MambaConfig,
    "mamba2": Mamba2Config,
    "hybrid": HybridConfig,
}
"""The configuration class of each built-in architecture, by the name that people type."""


def build(config: Config, *, rng: torch.Generator) -> Network:
    """A freshly initialised network, on the CPU. Same generator state: same bytes.

    Raises ValueError for anything that is not a configuration of this package.

    Example:
        >>> model = build(GRUConfig(n_symbol=3), rng=torch.Generator().manual_seed(0))
        >>> n_parameters(model)
        25411
    """
    match config:
        case TransformerConfig():
            return Transformer(config, rng=rng)
        case RNNConfig():
            return RNN(config, rng=rng)
        case LSTMConfig():
            return LSTM(config, rng=rng)
        case GRUConfig():
            return GRU(config, rng=rng)
        case MinGRUConfig():
            return MinGRU(config, rng=rng)
        case LRUConfig():
            return LRU(config, rng=rng)
        case MambaConfig():
            return Mamba(config, rng=rng)
        case Mamba2Config():
            return Mamba2(config, rng=rng)
        case HybridConfig():
            return Hybrid(config, rng=rng)
    known = ", ".join(each.__name__ for each in CONFIGS.values())
    raise ValueError(f"build takes one of {known}; got {type(config).__name__}")


def n_parameters(model: nn.Module) -> int:
    """Number of trainable numbers in a model."""
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
