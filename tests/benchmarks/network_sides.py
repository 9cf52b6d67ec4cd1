"""Networks of the same sizes from us and from others: two layers (transformers four) of width 64, and a begin token."""

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec

import torch
from torch import Tensor, nn

from predictors import CONFIGS, Config, build

WIDTH = 64
TORCH = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
LogProbs = Callable[[Tensor], Tensor]
Side = tuple[nn.Module, LogProbs]
"""A network, and log probabilities (seq, time, symbol) of each symbol of (seq, time) given those before it."""


def config(name: str, length: int = 256) -> Config:
    sizes = {"n_layer": 4, "max_length": length} if name == "transformer" else {"n_layer": 2}
    return CONFIGS[name](n_symbol=2, width=WIDTH, **sizes)


def ours(name: str, length: int = 256) -> Side:
    model = build(config(name, length), rng=torch.Generator().manual_seed(0))
    return model, lambda x: model.log_probs(x[:, :-1])


class Torch(nn.Module):
    """Begin and symbols in one table, torch's layers, a readout."""

    def __init__(self, name: str, length: int) -> None:
        super().__init__()
        self.embedding, self.readout = nn.Embedding(3, WIDTH), nn.Linear(WIDTH, 2)
        if name == "transformer":
            sizes = {"dropout": 0.0, "batch_first": True, "norm_first": True}
            block = nn.TransformerEncoderLayer(WIDTH, 4, 4 * WIDTH, **sizes)
            self.core = nn.TransformerEncoder(block, 4, enable_nested_tensor=False)
            self.position = nn.Parameter(torch.zeros(length, WIDTH))
            self.register_buffer("mask", nn.Transformer.generate_square_subsequent_mask(length))
        else:
            self.core = TORCH[name](WIDTH, WIDTH, num_layers=2, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        hidden = self.embedding(begun(x))
        if isinstance(self.core, nn.TransformerEncoder):
            hidden = self.core(hidden + self.position, mask=self.mask, is_causal=True)
        else:
            hidden, _ = self.core(hidden)
        return self.readout(hidden).log_softmax(-1)


def begun(x: Tensor) -> Tensor:
    return torch.cat([x.new_full((len(x), 1), 2), x[:, :-1]], dim=1)


def torch_nn(name: str, length: int) -> Side:
    model = Torch(name, length)
    return model, model


def mambapy(name: str, length: int) -> Side:
    module = import_module("mambapy.mamba")
    core = module.Mamba(module.MambaConfig(d_model=WIDTH, n_layers=2, d_state=16))
    embed, readout = nn.Embedding(3, WIDTH), nn.Linear(WIDTH, 2)
    return nn.ModuleList([embed, core, readout]), lambda x: readout(core(embed(begun(x)))).log_softmax(-1)


def hugging_face(name: str, length: int) -> Side:
    library = import_module("transformers")
    sizes = {"vocab_size": 3, "hidden_size": WIDTH, "num_hidden_layers": 2, "state_size": 16}
    tokens = {"pad_token_id": 0, "bos_token_id": 0, "eos_token_id": 0}
    if name == "transformer":
        shape = {"n_embd": WIDTH, "n_layer": 4, "n_head": 4, "n_positions": length, "vocab_size": 3}
        off = {"resid_pdrop": 0.0, "embd_pdrop": 0.0, "attn_pdrop": 0.0}
        model = library.GPT2LMHeadModel(library.GPT2Config(**shape, **off, **tokens))
    elif name == "mamba":
        model = library.MambaForCausalLM(library.MambaConfig(**sizes, **tokens))
    else:
        heads = {"num_heads": 8, "head_dim": 16, "n_groups": 1, "chunk_size": 64}
        model = library.Mamba2ForCausalLM(library.Mamba2Config(**sizes, **heads, **tokens))
    return model, lambda x: model(begun(x), use_cache=False).logits.log_softmax(-1)


def absent() -> list[str]:
    """Libraries of peers that are not installed."""
    return [library for library in ("transformers", "mambapy") if find_spec(library) is None]


def peers(name: str, length: int) -> dict[str, Side]:
    """Those that are installed, by their names."""
    found: dict[str, Side] = {}
    if name in (*TORCH, "transformer"):
        found["torch.nn"] = torch_nn(name, length)
    if name == "mamba" and find_spec("mambapy"):
        found["mambapy"] = mambapy(name, length)
    slow = name == "mamba" and length > 16  # a quarter of a minute a step
    if name in ("transformer", "mamba", "mamba2") and find_spec("transformers") and not slow:
        found["Hugging Face"] = hugging_face(name, length)
    return found
