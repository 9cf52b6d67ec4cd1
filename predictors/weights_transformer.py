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
    config, weights = model.config, _Weights(model, "transformer.")
    _refuse(
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
    found = _ends(weights, "wte.weight", begin) | {"position": weights["wpe.weight"]}
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
    return _filled(ours, found)


def from_llama(model: Any, *, begin: int) -> Transformer:
    """The transformer that a `LlamaForCausalLM` is.

    Args:
        model: the model, or anything with its `config` and `state_dict()`. It is not changed, and nothing is shared.
        begin: the token that starts every word.
    Raises:
        ValueError: if `begin` is no token, or the model has something that ours has not.
    """
    config, weights = model.config, _Weights(model, "model.")
    rope = dict(config.rope_parameters)
    _refuse(
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
    found = _ends(weights, "embed_tokens.weight", begin) | {"norm.weight": weights["norm.weight"]}
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
    return _filled(ours, found)


class _Weights:
    """The tensors of a model whose names start with a prefix, by the rest of their names."""

    def __init__(self, model: Any, prefix: str) -> None:
        self.all: Mapping[str, Tensor] = model.state_dict()
        self.prefix = prefix

    def __getitem__(self, name: str) -> Tensor:
        if self.prefix + name not in self.all:
            kind = "a language model with a head"
            raise ValueError(f"the model has no tensor {self.prefix + name!r}: is it {kind}, and of this family?")
        return self.all[self.prefix + name].detach()

    def under(self, prefix: str) -> "_Weights":
        inner = _Weights.__new__(_Weights)
        inner.all, inner.prefix = self.all, self.prefix + prefix
        return inner

    @property
    def head(self) -> Tensor:
        if "lm_head.weight" not in self.all:
            raise ValueError("the model has no tensor 'lm_head.weight': is it a language model with a head?")
        return self.all["lm_head.weight"].detach()


def _ends(weights: _Weights, table: str, begin: int) -> dict[str, Tensor]:
    """The tensors outside the blocks that both have."""
    embedding = weights[table]
    if not 0 <= begin < len(embedding):
        raise ValueError(f"begin must be a token of the model, 0 .. {len(embedding) - 1}; got {begin}")
    readout = weights.head
    zeros = readout.new_zeros(len(readout))
    return {"begin": embedding[begin], "embedding": embedding, "readout_weight": readout, "readout_bias": zeros}


def _repeated(weight: Tensor, head_width: int, times: int) -> Tensor:
    """A map to keys or values that `times` heads in a row share, once for each."""
    return weight.reshape(-1, head_width, weight.shape[1]).repeat_interleave(times, dim=0).flatten(0, 1)


def _refuse(**settings: tuple[object, tuple[object, ...]]) -> None:
    """Raise ValueError for the first setting, name=(value, values that we have), that is none of them."""
    for name, (value, known) in settings.items():
        if value not in known:
            raise ValueError(
                f"the model has {name}={value!r}, which this transformer has not (only "
                f"{', '.join(map(repr, known))}): run it behind the adapter for Hugging Face models"
            )


def _filled(config: TransformerConfig, weights: Mapping[str, Tensor]) -> Transformer:
    network = Transformer(config, rng=torch.Generator().manual_seed(0))  # every weight is replaced
    network.to(weights["embedding"].dtype).load_state_dict({name: value.clone() for name, value in weights.items()})
    return network
