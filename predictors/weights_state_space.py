"""Weights of Hugging Face's Mamba and Mamba-2 as ours, and the same predictions from them.

Both start every word with a token, whose vector becomes the begin vector; the vocabulary becomes the alphabet, so that
`log_probs(x)` is the log softmax of their logits for the words [begin, *x]. What is taken are values: the network is
one of its own, and has the sites and the carry of any other. Nothing is imported: a model is read by its configuration
and its state dict, whose names are those of the published checkpoints.

Where they keep what, within `layers.i.mixer` but for the first and the last two:

    ours                             Mamba                       Mamba-2
    embedding, begin                 embeddings                  embeddings
    in_weight                        in_proj                     in_proj
    conv_weight, conv_bias           conv1d                      conv1d
    select_weight                    x_proj
    delta_weight, delta_bias         dt_proj                     dt_bias alone
    log_decay, skip                  A_log, D                    A_log, D
    gated_norm                                                   norm
    out_weight                       out_proj                    out_proj
    blocks.i.norm, norm              layers.i.norm, norm_f       layers.i.norm, norm_f
    readout_weight                   lm_head                     lm_head
"""

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from predictors.mamba import Mamba, MambaConfig
from predictors.mamba2 import Mamba2, Mamba2Config
from predictors.norm import EPS
from predictors.weights import Weights, ends, filled, refuse

__all__ = ["from_mamba", "from_mamba2"]

MAMBA = {
    "in_weight": "in_proj.weight",
    "conv_weight": "conv1d.weight",
    "conv_bias": "conv1d.bias",
    "select_weight": "x_proj.weight",
    "delta_weight": "dt_proj.weight",
    "delta_bias": "dt_proj.bias",
    "log_decay": "A_log",
    "skip": "D",
    "out_weight": "out_proj.weight",
}
MAMBA2 = {
    "in_weight": "in_proj.weight",
    "conv_weight": "conv1d.weight",
    "conv_bias": "conv1d.bias",
    "delta_bias": "dt_bias",
    "log_decay": "A_log",
    "skip": "D",
    "gated_norm.weight": "norm.weight",
    "out_weight": "out_proj.weight",
}


def from_mamba(model: Any, *, begin: int) -> Mamba:
    """The Mamba that a `MambaForCausalLM` is.

    Args:
        model: the model, or anything with its `config` and `state_dict()`. It is not changed, and nothing is shared.
        begin: the token that starts every word.
    Raises:
        ValueError: if `begin` is no token, or the model has something that ours has not.
    """
    config, weights = model.config, Weights(model, "backbone.")
    found = ends(weights, "embeddings.weight", begin)
    _refuse(
        config,
        inner=(config.intermediate_size, config.expand * config.hidden_size),
        time_step_rank=(config.time_step_rank, math.ceil(config.hidden_size / 16)),
    )
    ours = Mamba(
        MambaConfig(
            n_symbol=config.vocab_size,
            width=config.hidden_size,
            n_layer=config.num_hidden_layers,
            n_state=config.state_size,
            n_conv=config.conv_kernel,
            expand=config.expand,
        ),
        rng=torch.Generator().manual_seed(0),  # every weight is replaced
    )
    return filled(ours, found | _inside(weights, MAMBA, config.num_hidden_layers))


def from_mamba2(model: Any, *, begin: int) -> Mamba2:
    """The Mamba-2 that a `Mamba2ForCausalLM` is.

    Args:
        model: the model, or anything with its `config` and `state_dict()`. It is not changed, and nothing is shared.
        begin: the token that starts every word.
    Raises:
        ValueError: if `begin` is no token, or the model has something that ours has not.
    """
    config, weights = model.config, Weights(model, "backbone.")
    found = ends(weights, "embeddings.weight", begin)
    _refuse(
        config,
        inner=(config.num_heads * config.head_dim, config.expand * config.hidden_size),
        time_step_limit=(tuple(float(limit) for limit in config.time_step_limit), (0.0, float("inf"))),
    )
    ours = Mamba2(
        Mamba2Config(
            n_symbol=config.vocab_size,
            width=config.hidden_size,
            n_layer=config.num_hidden_layers,
            n_state=config.state_size,
            head_width=config.head_dim,
            n_group=config.n_groups,
            n_conv=config.conv_kernel,
            expand=config.expand,
        ),
        rng=torch.Generator().manual_seed(0),  # every weight is replaced
    )
    return filled(ours, found | _inside(weights, MAMBA2, config.num_hidden_layers))


def _refuse(config: Any, **more: tuple[object, object]) -> None:
    """Raise ValueError for what ours has not; `more` are pairs of what came and what is expected."""
    expected = {
        "hidden_act": (config.hidden_act, "silu"),
        "layer_norm_epsilon": (config.layer_norm_epsilon, EPS),
        "use_bias": (config.use_bias, False),
        "use_conv_bias": (config.use_conv_bias, True),
    } | more
    refuse(**{name: (came, (wanted,)) for name, (came, wanted) in expected.items()})


def _inside(weights: Weights, names: Mapping[str, str], n_layer: int) -> dict[str, Tensor]:
    """The tensors of the blocks and of the norm after them, by our names."""
    found = {"norm.weight": weights["norm_f.weight"]}
    for i in range(n_layer):
        layer = weights.under(f"layers.{i}.")
        found[f"blocks.{i}.norm.weight"] = layer["norm.weight"]
        for own, name in names.items():
            value = layer[f"mixer.{name}"]
            found[f"blocks.{i}.{own}"] = value[:, 0] if own == "conv_weight" else value
    return found
