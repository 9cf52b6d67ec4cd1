"""Weights of Hugging Face's GPT-2 and Llama as our transformer, and the same predictions from it.

Both start every word with a token, whose vector becomes the begin vector; the vocabulary becomes the alphabet, so that
`log_probs(x)` is the log softmax of their logits for the words [begin, *x]. What is taken are values: the transformer
is a network of its own, and has the sites and the carry of any other. Nothing is imported: a model is read by its
configuration and its state dict.

Where they keep what:

    ours                        GPT-2 (maps are (in, out))       Llama (maps are (out, in))
    embedding, begin            wte                              embed_tokens
    position                    wpe                              rotary: halves, as ours
    attention_norm, mlp_norm    ln_1, ln_2                       input_layernorm, post_attention_layernorm
    query_key_value             attn.c_attn                      self_attn.q_proj, k_proj, v_proj
    attention_out               attn.c_proj                      self_attn.o_proj
    mlp_in, mlp_out             mlp.c_fc, mlp.c_proj             mlp.gate_proj with up_proj, down_proj
    norm, readout_weight        ln_f, lm_head                    norm, lm_head

Keys and values that several heads share (grouped queries) are repeated for each.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from predictors.transformer import Activation, Transformer, TransformerConfig
from predictors.weights import Weights, ends, filled, refuse

__all__ = ["from_gpt2", "from_llama"]

ACTIVATIONS: Mapping[str, Activation] = {
    "relu": "relu",
    "gelu": "gelu",
    "gelu_new": "gelu_tanh",
    "gelu_pytorch_tanh": "gelu_tanh",
}
"""GPT-2's activations by the names that their library has for them."""


def from_gpt2(model: Any, *, begin: int) -> Transformer:
    """The transformer that a `GPT2LMHeadModel` is.

    Args:
        model: the model, or anything with its `config` and `state_dict()`. It is not changed, and nothing is shared.
        begin: the token that starts every word.
    Raises:
        ValueError: if `begin` is no token, or the model has something that ours has not.
    """
    config, weights = model.config, Weights(model, "transformer.")
    refuse(
        activation_function=(config.activation_function, tuple(ACTIVATIONS)),
        scale_attn_weights=(config.scale_attn_weights, (True,)),
        scale_attn_by_inverse_layer_idx=(config.scale_attn_by_inverse_layer_idx, (False,)),
        add_cross_attention=(config.add_cross_attention, (False,)),
    )
    ours = TransformerConfig(
        n_symbol=config.vocab_size,
        max_length=config.n_positions - 1,
        width=config.n_embd,
        n_layer=config.n_layer,
        n_head=config.n_head,
        head_width=config.n_embd // config.n_head,
        mlp_width=config.n_inner or 4 * config.n_embd,
        activation=ACTIVATIONS[config.activation_function],
        norm_eps=config.layer_norm_epsilon,
    )
    found = ends(weights, "wte.weight", begin) | {"position": weights["wpe.weight"]}
    found |= {f"norm.{part}": weights[f"ln_f.{part}"] for part in ("weight", "bias")}
    names = {
        "attention_norm": "ln_1",
        "query_key_value": "attn.c_attn",
        "attention_out": "attn.c_proj",
        "mlp_norm": "ln_2",
        "mlp_in": "mlp.c_fc",
        "mlp_out": "mlp.c_proj",
    }
    for i in range(config.n_layer):
        for own, theirs in names.items():
            found[f"blocks.{i}.{own}.weight"] = weights[f"h.{i}.{theirs}.weight"].t()  # a norm's has one axis
            found[f"blocks.{i}.{own}.bias"] = weights[f"h.{i}.{theirs}.bias"]
    return filled(Transformer(ours, rng=torch.Generator().manual_seed(0)), found)  # every weight is replaced


def from_llama(model: Any, *, begin: int) -> Transformer:
    """The transformer that a `LlamaForCausalLM` is.

    Args:
        model: the model, or anything with its `config` and `state_dict()`. It is not changed, and nothing is shared.
        begin: the token that starts every word.
    Raises:
        ValueError: if `begin` is no token, or the model has something that ours has not.
    """
    config, weights = model.config, Weights(model, "model.")
    rope = dict(config.rope_parameters)
    refuse(
        hidden_act=(config.hidden_act, ("silu",)),
        attention_bias=(config.attention_bias, (False,)),
        mlp_bias=(config.mlp_bias, (False,)),
        rope_type=(rope.get("rope_type", "default"), ("default",)),
    )
    head_width, shared = config.head_dim, config.num_attention_heads // config.num_key_value_heads
    ours = TransformerConfig(
        n_symbol=config.vocab_size,
        max_length=config.max_position_embeddings - 1,
        width=config.hidden_size,
        n_layer=config.num_hidden_layers,
        n_head=config.num_attention_heads,
        head_width=head_width,
        mlp_width=config.intermediate_size,
        activation="swiglu",
        position="rotary",
        norm="rms",
        norm_eps=config.rms_norm_eps,
        bias=False,
        rotary_base=float(rope["rope_theta"]),
    )
    found = ends(weights, "embed_tokens.weight", begin) | {"norm.weight": weights["norm.weight"]}
    for i in range(config.num_hidden_layers):
        inside = weights.under(f"layers.{i}.")
        query, key, value = (inside[f"self_attn.{name}_proj.weight"] for name in "qkv")
        key, value = (_repeated(each, head_width, shared) for each in (key, value))
        block = {
            "attention_norm": inside["input_layernorm.weight"],
            "query_key_value": torch.cat([query, key, value]),
            "attention_out": inside["self_attn.o_proj.weight"],
            "mlp_norm": inside["post_attention_layernorm.weight"],
            "mlp_in": torch.cat([inside["mlp.gate_proj.weight"], inside["mlp.up_proj.weight"]]),
            "mlp_out": inside["mlp.down_proj.weight"],
        }
        found |= {f"blocks.{i}.{name}.weight": value for name, value in block.items()}
    return filled(Transformer(ours, rng=torch.Generator().manual_seed(0)), found)  # every weight is replaced


def _repeated(weight: Tensor, head_width: int, times: int) -> Tensor:
    """A map to keys or values that `times` heads in a row share, once for each."""
    return weight.reshape(-1, head_width, weight.shape[1]).repeat_interleave(times, dim=0).flatten(0, 1)
