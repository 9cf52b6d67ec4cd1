"""Models wrapped by nnsight behind the Predictor interface."""

from collections.abc import Mapping
from typing import Any

from torch import nn

from predictors.adapters.extras import import_extra
from predictors.adapters.hugging_face import adapt_hugging_face
from predictors.adapters.modules import ReplayedModule, ResumedModule, adapt_module

__all__ = ["adapt_nnsight"]


def adapt_nnsight(
    model: Any,
    n_symbol: int,
    blocks: Mapping[str, Any] | list[Any] | tuple[Any, ...] | None = None,
    *,
    begin: int | None = None,
) -> ReplayedModule | ResumedModule:
    """A module wrapped by nnsight (`NNsight`, `LanguageModel`) as a Predictor.

    The wrapped module itself is run, with hooks on the named blocks, and stays usable through nnsight.

    Args:
        model: the wrapper; its module is in evaluation mode and loaded, not only described.
        n_symbol: symbols are the token ids 0 .. n_symbol - 1; the rest of the vocabulary is renormalised away.
        blocks: for each site an nnsight envoy (`model.transformer.h[0]`), a path, or a `Port`; a list gives `layer.0`,
            ... None: if it is a causal language model of transformers, what `adapt_hugging_face` finds, with states.
        begin: token id to read before the first symbol; None: rows start at 1.
    Raises:
        MissingExtra: if nnsight is not installed.
        NoSuchBlock: for a block that is not there.
        ValueError: if it is no wrapper, or a block is wrapped by another, or `adapt_module` refuses the module.
    """
    envoy = import_extra("nnsight").Envoy
    if not isinstance(model, envoy) or not isinstance(model._module, nn.Module):
        raise ValueError(
            f"expected a model wrapped by nnsight; got {type(model).__name__}: use adapt_module for modules"
        )
    module: nn.Module = model._module
    if blocks is None:
        return adapt_hugging_face(module, n_symbol, begin=begin)
    names = {block: name for name, block in module.named_modules()}

    def path(block: Any) -> Any:
        if not isinstance(block, envoy):
            return block  # a path or a Port
        if block._module not in names:
            raise ValueError(f"the block {block.path} belongs to another model than the one given")
        return names[block._module]

    if isinstance(blocks, Mapping):
        return adapt_module(module, n_symbol, {name: path(block) for name, block in blocks.items()}, begin=begin)
    return adapt_module(module, n_symbol, [path(block) for block in blocks], begin=begin)
