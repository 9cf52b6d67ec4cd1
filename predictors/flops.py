"""Floating-point operations of a forward pass, counted from the configuration.

The rule: a multiplication with an addition is two operations, in a product of matrices, in a convolution, and where a
recurrence takes its old state over into the new one (a h + b, entry by entry; eight operations where they are complex).
What else goes entry by entry is not counted: norms, activations, softmax, gates, biases, residual sums, and making the
decays of a recurrence. Looking up a symbol's vector costs nothing. Attention counts the rows that a row may see, itself
among them, and not those that the mask hides. A training step costs about three times as much: the backward pass makes
two products of matrices for each.

Kaplan and others, arXiv 2001.08361, count likewise, but all of `length` in place of the rows seen.
"""

from predictors.build import Config
from predictors.hybrid import HybridConfig
from predictors.lru import LRUConfig
from predictors.mamba import MambaConfig
from predictors.mamba2 import Mamba2Config
from predictors.mingru import MinGRUConfig
from predictors.recurrent import GRUConfig, LSTMConfig, RNNConfig
from predictors.transformer import TransformerConfig

__all__ = ["flops"]


def flops(config: Config, length: int) -> float:
    """Operations of a forward pass per symbol read: all rows of a word of `length` symbols, divided by `length`.

    There are length + 1 rows, as row 0 is computed too. But for that, only attention makes it depend on `length`.

    Raises ValueError if `length` is below 1, and for anything that is not a configuration of this package.

    Example:
        >>> from predictors import GRUConfig
        >>> flops(GRUConfig(n_symbol=2, width=64), 1)  # two rows of 2 * (6 * 64 * 64 + 64 + 2 * 64)
        99072.0
    """
    if length < 1:
        raise ValueError(f"length, the number of symbols read, must be at least 1; got {length}")
    seen = (length + 2) / 2  # rows that a row sees, on average: 1, 2 .. length + 1
    each = _layers(config, seen) + config.width * config.n_symbol  # the readout
    return 2 * each * (length + 1) / length


def _layers(config: Config, seen: float) -> float:
    """Multiplications with additions in all layers, for one row."""
    match config:
        case TransformerConfig():
            return config.n_layer * _attention(config, seen)
        case RNNConfig():
            return config.n_layer * 2 * config.width**2
        case GRUConfig():
            return config.n_layer * (3 * 2 * config.width**2 + config.width)
        case LSTMConfig():
            return config.n_layer * (4 * 2 * config.width**2 + config.width)
        case MinGRUConfig():
            return config.n_layer * (3 * config.width * config.inner + config.inner)
        case LRUConfig():
            return config.n_layer * (4 * config.width * config.n_state + 4 * config.n_state + 2 * config.width**2)
        case MambaConfig():
            return config.n_layer * _mamba(config)
        case Mamba2Config():
            return config.n_layer * _mamba2(config)
        case HybridConfig():
            each = {"attention": _attention(config.attention, seen), "mamba": _mamba(config.mamba)}
            return sum(each[kind] for kind in config.kinds)
    raise ValueError(f"flops takes a configuration of this package; got {type(config).__name__}")


def _attention(config: TransformerConfig, seen: float) -> float:
    heads = config.n_head * config.head_width
    perceptron = 0 if config.attention_only else config.mlp_width * (3 if config.activation == "swiglu" else 2)
    return config.width * (4 * heads + perceptron) + 2 * heads * seen


def _mamba(config: MambaConfig) -> float:
    maps = 3 * config.width + 2 * config.rank + 2 * config.n_state  # in and out; the step, B and C
    return config.inner * (maps + config.n_conv + 3 * config.n_state)  # old state, input and output of the recurrence


def _mamba2(config: Mamba2Config) -> float:
    into = config.inner + config.convolved + config.n_head  # gate; what is convolved; the steps
    maps = config.width * (into + config.inner)
    return maps + config.convolved * config.n_conv + 3 * config.inner * config.n_state
