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

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from predictors.mamba import Mamba, MambaConfig
from predictors.mamba2 import Mamba2, Mamba2Config
from predictors.norm import EPS

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
    config = model.config
    _refuse(config, begin, inner=(config.intermediate_size, config.expand * config.hidden_size))
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
    _refuse(config, begin, time_step_rank=(config.time_step_rank, ours.config.rank))
    _fill(ours, model, MAMBA, begin)
    return ours


def from_mamba2(model: Any, *, begin: int) -> Mamba2:
    """The Mamba-2 that a `Mamba2ForCausalLM` is.

    Args:
        model: the model, or anything with its `config` and `state_dict()`. It is not changed, and nothing is shared.
        begin: the token that starts every word.
    Raises:
        ValueError: if `begin` is no token, or the model has something that ours has not.
    """
    config = model.config
    inner = config.num_heads * config.head_dim
    _refuse(
        config,
        begin,
        inner=(inner, config.expand * config.hidden_size),
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
    _fill(ours, model, MAMBA2, begin)
    return ours


def _refuse(config: Any, begin: int, **more: tuple[Any, Any]) -> None:
    """Raise ValueError for what ours has not; `more` are pairs of what came and what is expected."""
    if not 0 <= begin < config.vocab_size:
        raise ValueError(f"begin must be a token, 0 .. {config.vocab_size - 1}; got {begin}")
    expected = {
        "hidden_act": (config.hidden_act, "silu"),
        "layer_norm_epsilon": (config.layer_norm_epsilon, EPS),
        "use_bias": (config.use_bias, False),
        "use_conv_bias": (config.use_conv_bias, True),
    } | more
    for name, (came, wanted) in expected.items():
        if came != wanted:
            raise ValueError(f"only a model with {name} = {wanted!r} can be taken over; this one has {came!r}")


def _fill(ours: Mamba | Mamba2, model: Any, names: Mapping[str, str], begin: int) -> None:
    theirs: dict[str, Tensor] = {key.removeprefix("backbone."): value for key, value in model.state_dict().items()}
    embedding = theirs["embeddings.weight"]
    found = {
        "embedding": embedding,
        "begin": embedding[begin],
        "readout_weight": theirs.get("lm_head.weight", embedding),
        "readout_bias": torch.zeros(len(embedding)),
        "norm.weight": theirs["norm_f.weight"],
    }
    for i in range(ours.config.n_layer):
        found[f"blocks.{i}.norm.weight"] = theirs[f"layers.{i}.norm.weight"]
        for own, name in names.items():
            value = theirs[f"layers.{i}.mixer.{name}"]
            found[f"blocks.{i}.{own}"] = value[:, 0] if own == "conv_weight" else value
    dtype = embedding.dtype
    ours.to(dtype).load_state_dict({name: value.detach().to(dtype) for name, value in found.items()})
