"""TransformerLens's bridges (version 4) behind the Predictor interface."""

from typing import Any

from jaxtyping import Int
from torch import Tensor, nn

from predictors.adapters.extras import import_extra
from predictors.adapters.hooks import Port
from predictors.adapters.modules import ReplayedModule, ResumedModule, adapt_module

__all__ = ["adapt_transformer_lens"]


def adapt_transformer_lens(bridge: Any, n_symbol: int, *, begin: int | None = None) -> ReplayedModule | ResumedModule:
    """A `TransformerBridge` as a Predictor.

    Its sites are `embed` (without positions), `layer.i` (the residual stream after block i, TransformerLens's
    `blocks.i.hook_out`) and `final` (what the unembedding takes); and, where every block has an attention with maps of
    its own for them, the states `layer.i.key` and `layer.i.value` (`blocks.i.attn.hook_k` and `hook_v`, before any
    rotation). Hooks that were put on the bridge stay on. It is run without a cache: every call reads all tokens again,
    with the values that edits wrote at earlier rows put back.

    Args:
        bridge: in evaluation mode, as `TransformerBridge.boot_native` and the like give it after `.eval()`.
        n_symbol: symbols are the token ids 0 .. n_symbol - 1; the rest of the vocabulary is renormalised away.
        begin: token id to read before the first symbol; None: rows start at 1.
    Raises:
        MissingExtra: if transformer-lens is not installed.
        ValueError: if it is no bridge, is in training mode, or has no decoder blocks.
    """
    kind = import_extra("transformer_lens").model_bridge.TransformerBridge
    if not isinstance(bridge, kind):
        raise ValueError(
            f"expected a TransformerBridge; got {type(bridge).__name__}: a plain file of weights is read by "
            "load_transformer_lens, other modules by adapt_module"
        )
    model: nn.Module = bridge.original_model  # of which the bridge has made its blocks part
    names = {block: name for name, block in model.named_modules()}
    parts = [getattr(bridge, part, None) for part in ("embed", "unembed")]
    blocks = list(getattr(bridge, "blocks", ()))
    if not blocks or any(part not in names for part in (*parts, *blocks)):
        raise ValueError("the bridge has no decoder of embed, blocks and unembed: use adapt_module with its blocks")
    states = [[getattr(getattr(block, "attn", None), letter, None) for letter in "kv"] for block in blocks]
    attending = all(part in names for pair in states for part in pair)
    ports = {"embed": Port(names[parts[0]], meaning="input vectors, without positions")}
    for i, block in enumerate(blocks):
        if attending:
            for part, what, letter in zip(states[i], ("key", "value"), "kv", strict=True):
                meaning = f"{what}s of block {i}, blocks.{i}.attn.hook_{letter}"
                ports[f"layer.{i}.{what}"] = Port(names[part], meaning=meaning, state=True)
        ports[f"layer.{i}"] = Port(names[block], meaning=f"residual stream after block {i}, blocks.{i}.hook_out")
    ports["final"] = Port(names[parts[1]], "input", "what the unembedding takes")
    call = _uncached if hasattr(getattr(model, "config", None), "use_cache") else None
    return adapt_module(model, n_symbol, ports, begin=begin, call=call, max_id=bridge.cfg.n_ctx)


def _uncached(module: nn.Module, ids: Int[Tensor, "seq row"]) -> Any:
    return module(ids, use_cache=False)
