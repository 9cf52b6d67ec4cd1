"""Untrained Hugging Face models by name, as plug-ins: `compmech compare --predictor hf-gpt2`.

Each reads a begin token, whose id is n_symbol, has no other ids than that and the symbols, and starts as transformers
initialises it, from a seed drawn from `rng`. Nothing is fetched. Importing this file needs the extra `hf`.
"""

from typing import Any

import torch

from predictors.adapters.extras import import_extra
from predictors.adapters.foreign import ForeignPredictor
from predictors.adapters.hugging_face import adapt_hugging_face

__all__ = ["gpt2", "llama", "mamba", "mamba2", "rwkv"]

transformers = import_extra("transformers")


def gpt2(
    n_symbol: int, length: int, *, rng: torch.Generator, width: int = 64, n_layer: int = 4, n_head: int = 4
) -> ForeignPredictor:
    """GPT-2 of transformers: layer norm, learned positions, GELU."""
    config = transformers.GPT2Config(
        **_common(n_symbol, n_layer),
        n_positions=length + 1,
        n_embd=width,
        n_head=n_head,
        resid_pdrop=0.0,
        embd_pdrop=0.0,
        attn_pdrop=0.0,
    )
    return _made(transformers.GPT2LMHeadModel, config, n_symbol, rng)


def llama(
    n_symbol: int, length: int, *, rng: torch.Generator, width: int = 64, n_layer: int = 4, n_head: int = 4
) -> ForeignPredictor:
    """Llama of transformers: RMS norm, rotary positions, SwiGLU."""
    config = transformers.LlamaConfig(
        **_common(n_symbol, n_layer),
        max_position_embeddings=length + 1,
        hidden_size=width,
        intermediate_size=4 * width,
        num_attention_heads=n_head,
        num_key_value_heads=n_head,
    )
    return _made(transformers.LlamaForCausalLM, config, n_symbol, rng)


def mamba(
    n_symbol: int, length: int, *, rng: torch.Generator, width: int = 32, n_layer: int = 2, n_state: int = 8
) -> ForeignPredictor:
    """Mamba of transformers: a selective state-space model, by a plain loop."""
    config = transformers.MambaConfig(**_common(n_symbol, n_layer), hidden_size=width, state_size=n_state)
    return _made(transformers.MambaForCausalLM, config, n_symbol, rng)


def mamba2(
    n_symbol: int, length: int, *, rng: torch.Generator, width: int = 32, n_layer: int = 2, n_state: int = 16
) -> ForeignPredictor:
    """Mamba-2 of transformers: state-space duality, by chunks."""
    config = transformers.Mamba2Config(
        **_common(n_symbol, n_layer),
        hidden_size=width,
        state_size=n_state,
        head_dim=16,
        num_heads=2 * width // 16,
        n_groups=1,
        chunk_size=16,
    )
    return _made(transformers.Mamba2ForCausalLM, config, n_symbol, rng)


def rwkv(n_symbol: int, length: int, *, rng: torch.Generator, width: int = 64, n_layer: int = 2) -> ForeignPredictor:
    """RWKV-4 of transformers: linear attention with decay, by a plain loop."""
    # without rescaling, which halves weights in place between training and evaluation
    config = transformers.RwkvConfig(
        **_common(n_symbol, n_layer), context_length=length + 1, hidden_size=width, rescale_every=0
    )
    return _made(transformers.RwkvForCausalLM, config, n_symbol, rng)


def _common(n_symbol: int, n_layer: int) -> dict[str, Any]:
    """Sizes, and the begin token in the place of the ids of a tokenizer that does not exist."""
    ids = dict.fromkeys(("bos_token_id", "eos_token_id", "pad_token_id"), n_symbol)
    return {"vocab_size": n_symbol + 1, "num_hidden_layers": n_layer, **ids}


def _made(kind: Any, config: Any, n_symbol: int, rng: torch.Generator) -> ForeignPredictor:
    seed = int(torch.randint(2**31, (), generator=rng))
    with torch.random.fork_rng(devices=[]):  # transformers draws from the global generator, which is put back
        torch.manual_seed(seed)
        model = kind(config)
    return adapt_hugging_face(model.eval(), n_symbol, begin=n_symbol)
