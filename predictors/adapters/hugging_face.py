"""Hugging Face causal language models: GPT-2, Llama, Mamba, Mamba-2, RWKV, and any other by a list of its blocks.

Nothing is ever fetched: models come ready made from the caller. What had to be found out by measurement:
- Activations come from hooks on named blocks; `output_hidden_states` begins elsewhere in each architecture.
- Caches change in place. A carry holds its own, and every call works on a copy.
- A Mamba-1 or FalconMamba that is resumed with several symbols forgets its recurrent state, and so does Mamba-2 in
  transformers 5.9, though not in 5.24. One symbol at a time is right in all of them, and is what is done.
- RWKV given a single symbol mixes the sequences of a batch; `_LastInputs` keeps them apart.
- States are edited between steps, in the cache: such an edit at row t first moves row t + 1.
"""

import copy
import inspect
from collections.abc import Mapping
from typing import Any

import torch
from jaxtyping import Int
from torch import Tensor, nn

from predictors.adapters.extras import import_extra
from predictors.adapters.hooks import Port
from predictors.adapters.modules import Blocks, ReplayedModule, Resume, ResumedModule, adapt_module
from predictors.predictor import Site

__all__ = ["adapt_hugging_face"]

CACHE_NAMES = ("cache", "past_key_values", "cache_params")
"""What the argument for the cache is called, newest name first."""


def adapt_hugging_face(
    model: nn.Module,
    n_symbol: int,
    *,
    begin: int | None = None,
    blocks: Blocks | None = None,
    cache: bool = True,
) -> ReplayedModule | ResumedModule:
    """A causal language model of transformers as a Predictor.

    Its sites are `embed` (what the embedding gives, without positions), `layer.i` (each block's output), `final` (what
    the readout takes), and its states as cached: `layer.i.key` and `layer.i.value`, `layer.i.conv` and `layer.i.ssm`,
    or `layer.i.carry` (RWKV).

    Args:
        model: in evaluation mode, with its readout (`...ForCausalLM`).
        n_symbol: symbols are the token ids 0 .. n_symbol - 1; the rest of the vocabulary is renormalised away.
        begin: token id to read before the first symbol; None: rows start at 1.
        blocks: which blocks are `layer.0`, `layer.1`, ..., or sites by name; None: the model's own list of
            `num_hidden_layers` blocks, with `embed` and `final`.
        cache: whether to go on from a cache. False: all tokens are read again at every call, and there are no states.
    Raises:
        MissingExtra: if transformers is not installed.
        NoSuchBlock: for a block that is not there.
        ValueError: if the model is no causal language model, is in training mode, has a kind of cache that forgets
            (sliding windows: use cache=False), or its blocks cannot be told.
    Example:
        >>> model = adapt_hugging_face(GPT2LMHeadModel(config).eval(), 3, begin=3)  # doctest: +SKIP
    """
    transformers = import_extra("transformers")
    if not isinstance(model, transformers.PreTrainedModel) or model.get_output_embeddings() is None:
        raise ValueError(
            f"expected a causal language model of transformers, with its readout; got {type(model).__name__}: take the "
            "...ForCausalLM class, or adapt_module for other modules"
        )
    config = model.config
    max_id = getattr(config, "max_position_embeddings", None) if _has_positions(config) else None
    resume = cache_of(model) if cache else None
    named = _blocks_of(model) if blocks is None else blocks
    return adapt_module(model, n_symbol, named, begin=begin, resume=resume, call=_uncached, max_id=max_id)


def cache_of(model: Any) -> Resume:
    """How a causal language model of transformers goes on from its cache."""
    return _RWKV() if model.config.model_type == "rwkv" else _Cached(model.config, _cache_name(model))


def _uncached(module: nn.Module, ids: Int[Tensor, "seq row"]) -> Any:
    return module(ids, use_cache=False)


def _has_positions(config: Any) -> bool:
    """Whether the model ends where its positions do; state-space models do not."""
    return config.model_type not in ("mamba", "mamba2", "falcon_mamba", "rwkv")


def _blocks_of(model: Any) -> dict[str, str | Port]:
    names = {block: name for name, block in model.named_modules()}
    n_layer = model.config.num_hidden_layers
    lists = [name for name, each in model.named_modules() if isinstance(each, nn.ModuleList) and len(each) == n_layer]
    shallowest = min((name.count(".") for name in lists), default=0)
    lists = [name for name in lists if name.count(".") == shallowest]
    if len(lists) != 1:
        found = f"these lists have {n_layer}: {', '.join(lists)}" if lists else f"no list of modules has {n_layer}"
        raise ValueError(
            f"cannot tell which blocks of {type(model).__name__} are its layers ({found}): give blocks=[...]"
        )
    embedding, readout = names[model.get_input_embeddings()], names[model.get_output_embeddings()]
    ports: dict[str, str | Port] = {"embed": Port(embedding, meaning="input vectors, without positions")}
    for i in range(n_layer):
        ports[f"layer.{i}"] = Port(f"{lists[0]}.{i}", meaning=f"residual stream after block {i}, {lists[0]}.{i}")
    return ports | {"final": Port(readout, "input", "what the readout reads")}


def _cache_name(model: nn.Module) -> str:
    taken = inspect.signature(model.forward).parameters
    for name in CACHE_NAMES:
        if name in taken:
            return name
    raise ValueError(f"{type(model).__name__} takes no cache: use cache=False, which reads all tokens again")


# ------------------------------------------------------------------------------------------------------------- caches


class _Cached:
    """Goes on with transformers' own cache objects. A memory is such a cache, and is copied before it is used."""

    def __init__(self, config: Any, name: str) -> None:
        self.config, self.name = config, name
        self.one_symbol = any(hasattr(layer, "recurrent_states") for layer in self._empty().layers)

    def start(self, module: nn.Module, n_seq: int) -> Any:
        return self._empty()

    def _empty(self) -> Any:
        return import_extra("transformers").DynamicCache(config=self.config)

    def whole(self, module: nn.Module, ids: Int[Tensor, "seq row"]) -> Any:
        return _uncached(module, ids)

    def run(self, module: nn.Module, ids: Int[Tensor, "seq row"], memory: Any) -> tuple[Any, Any]:
        cache = _copied(memory)
        return module(ids, **{self.name: cache}, use_cache=True), cache

    def sites(self, memory: Any) -> Mapping[str, Site]:
        found = {}
        for i, layer in enumerate(memory.layers):
            if getattr(layer, "is_sliding", False):
                raise ValueError(f"the cache of block {i} forgets, as its window slides: use cache=False")
            for state, value in _states(layer).items():
                shape = _folded(state, value)[0, 0].shape if state in _MANY_ROWS else _folded(state, value)[0].shape
                recurrent = state not in _MANY_ROWS
                meaning = f"block {i}: {_MEANINGS[state]}"
                found[f"layer.{i}.{state}"] = Site(shape.numel(), tuple(shape), meaning, True, recurrent, 1)
        if not found:
            raise ValueError("the model leaves its cache empty: use cache=False, which reads all tokens again")
        return found

    def read(self, memory: Any, name: str) -> Tensor:
        layer, state = self._place(memory, name)
        return _folded(state, _states(layer)[state]).flatten(2 if state in _MANY_ROWS else 1)

    def written(self, memory: Any, name: str, value: Tensor) -> Any:
        memory = _copied(memory)
        layer, state = self._place(memory, name)
        old = _states(layer)[state]
        match state:
            case "key" | "value":
                old[:, :, -1] = value.reshape(old[:, :, -1].shape)
            case "conv":
                old[..., 1:] = value.reshape(old[..., 1:].shape)
            case "ssm":
                old.copy_(value.reshape(old.shape))
        return memory

    def _place(self, memory: Any, name: str) -> tuple[Any, str]:
        _, i, state = name.split(".")
        return memory.layers[int(i)], state


_MANY_ROWS = ("key", "value")
_ATTRIBUTES = {"key": "keys", "value": "values", "conv": "conv_states", "ssm": "recurrent_states"}
_MEANINGS = {
    "key": "keys, as cached",
    "value": "values, as cached",
    "conv": "last inputs of the convolution, as cached",
    "ssm": "h, the state of the recurrence, as cached",
}


def _states(layer: Any) -> dict[str, Tensor]:
    """The tensors that one layer's cache holds, by the names of their sites: its own tensors, not copies."""
    found = {}
    for state, attribute in _ATTRIBUTES.items():
        value = getattr(layer, attribute, None)
        if isinstance(value, dict):  # several states in a layer; more than one is nobody's yet among causal models
            if len(value) > 1:
                raise ValueError(f"{type(layer).__name__} holds {len(value)} of {attribute}: use cache=False")
            value = value[0]
        if isinstance(value, Tensor) and value.numel():
            found[state] = value
    return found


def _folded(state: str, value: Tensor) -> Tensor:
    """(seq, row, head, head_width) of keys and values; of a convolution's window what the next step still sees."""
    if state in _MANY_ROWS:
        return value.transpose(1, 2)
    return value[..., 1:] if state == "conv" else value


def _copied(cache: Any) -> Any:
    """The same cache in other tensors. Not deepcopy, which refuses tensors that gradients flow through."""
    twin = copy.copy(cache)
    twin.layers = [copy.copy(layer) for layer in cache.layers]
    for layer in twin.layers:
        for name, value in vars(layer).items():
            setattr(layer, name, _copied_value(value))
    return twin


def _copied_value(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.clone()
    if isinstance(value, dict):
        return {key: _copied_value(each) for key, each in value.items()}
    return copy.copy(value) if isinstance(value, list) else value


# --------------------------------------------------------------------------------------------------------------- RWKV


class _RWKV:
    """Goes on with RWKV's list of five tensors (seq, width, layer), which its blocks change in place."""

    one_symbol = False

    def start(self, module: nn.Module, n_seq: int) -> list[Tensor]:
        config: Any = module.config
        kept = next(module.parameters()).new_zeros(n_seq, config.hidden_size, config.num_hidden_layers)
        # What RwkvModel.forward begins with; made here since the very first symbol needs `_LastInputs` too.
        return [
            kept,
            kept.clone(),
            *(torch.zeros_like(kept, dtype=torch.float32) + scale for scale in (0.0, 0.0, -1e30)),
        ]

    def whole(self, module: nn.Module, ids: Int[Tensor, "seq row"]) -> Any:
        return _uncached(module, ids)

    def run(self, module: nn.Module, ids: Int[Tensor, "seq row"], memory: Any) -> tuple[Any, Any]:
        state = [each.clone() for each in memory]
        given = [_LastInputs(each) for each in state[:2]] + state[2:] if ids.shape[1] == 1 else state
        return module(ids, state=given, use_cache=True), state

    def sites(self, memory: Any) -> Mapping[str, Site]:
        _, width, n_layer = memory[0].shape
        meaning = "last inputs of perceptron and attention; numerator, denominator and scale of the recurrence"
        return {
            f"layer.{i}.carry": Site(5 * width, (5, width), f"block {i}: {meaning}", True, True, 1)
            for i in range(n_layer)
        }

    def read(self, memory: Any, name: str) -> Tensor:
        i = int(name.split(".")[1])
        dtype = max((each.dtype for each in memory), key=lambda kind: kind.itemsize)
        return torch.cat([each[:, :, i].to(dtype) for each in memory], dim=1)

    def written(self, memory: Any, name: str, value: Tensor) -> Any:
        i = int(name.split(".")[1])
        state = [each.clone() for each in memory]
        for each, new in zip(state, value.chunk(5, dim=1), strict=True):
            each[:, :, i] = new.to(each.dtype)
        return state


class _LastInputs:
    """What RWKV's blocks saw last, with the row axis that transformers leaves out.

    Given a single symbol its blocks add (seq, 1, width) and (seq, width), which makes (seq, seq, width): every sequence
    is mixed with every other. Read through this they get (seq, 1, width).
    """

    def __init__(self, kept: Tensor) -> None:
        self.kept = kept

    def __getitem__(self, where: Any) -> Tensor:
        return self.kept[where][:, None]

    def __setitem__(self, where: Any, value: Tensor) -> None:
        self.kept[where] = value
