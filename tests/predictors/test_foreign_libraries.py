"""TransformerLens's bridges and nnsight's wrappers behind the interface."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from predictors import at, capture, check_predictor, edited
from predictors.adapters import adapt_nnsight, adapt_transformer_lens

TOKENS = torch.tensor([[0, 1, 2, 2, 1, 0], [2, 2, 0, 1, 0, 1]])


@pytest.fixture(scope="module")
def bridge() -> Any:
    pytest.importorskip("transformer_lens")
    from transformer_lens.config import TransformerBridgeConfig
    from transformer_lens.model_bridge import TransformerBridge

    config = TransformerBridgeConfig(
        d_model=8, d_head=4, n_layers=2, n_ctx=16, n_heads=2, d_vocab=5, d_mlp=16, act_fn="relu",
        normalization_type="LN", seed=0,
    )  # fmt: skip
    return TransformerBridge.boot_native(config).eval()


@pytest.mark.parametrize("begin", [None, 4])
def test_a_bridge_conforms(bridge: Any, begin: int | None) -> None:
    model = adapt_transformer_lens(bridge, 3, begin=begin)
    assert check_predictor(model, tokens=TOKENS[:, :4]).skipped == {}
    states = {name for name, site in model.sites.items() if site.state}
    assert states == {f"layer.{i}.{what}" for i in range(2) for what in ("key", "value")}


def test_a_bridge_gives_its_own_logits_and_activations(bridge: Any) -> None:
    model = adapt_transformer_lens(bridge, 5)
    logits, cache = bridge.run_with_cache(TOKENS)
    torch.testing.assert_close(model.log_probs(TOKENS), logits.log_softmax(-1), rtol=0, atol=1e-6)
    found = capture(model, TOKENS, ["embed", "layer.0", "layer.1", "layer.0.key", "layer.1.value"])
    for ours, theirs in (
        ("embed", "embed.hook_out"),
        ("layer.0", "blocks.0.hook_out"),
        ("layer.1", "blocks.1.hook_out"),
        ("layer.0.key", "blocks.0.attn.hook_k"),
        ("layer.1.value", "blocks.1.attn.hook_v"),
    ):
        torch.testing.assert_close(found[ours], cache[theirs].flatten(2), rtol=0, atol=0)


def test_an_edited_value_is_what_the_bridges_own_hook_would_have_written(bridge: Any) -> None:
    model = edited(adapt_transformer_lens(bridge, 5), {"layer.0.value": at(2, torch.zeros_like)})

    def cleared(value: Tensor, hook: Any) -> Tensor:
        return torch.cat([value[:, :1], torch.zeros_like(value[:, 1:2]), value[:, 2:]], dim=1)  # array row 1 is row 2

    logits = bridge.run_with_hooks(TOKENS, fwd_hooks=[("blocks.0.attn.hook_v", cleared)])
    torch.testing.assert_close(model.log_probs(TOKENS), logits.log_softmax(-1), rtol=0, atol=1e-6)


def test_what_is_no_bridge_is_refused(bridge: Any) -> None:
    with pytest.raises(ValueError, match="expected a TransformerBridge; got Linear"):
        adapt_transformer_lens(nn.Linear(2, 2), 3)


def small() -> nn.Sequential:
    return nn.Sequential(nn.Embedding(5, 8), nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 5)).double().eval()


@pytest.mark.parametrize("begin", [None, 4])
def test_a_module_wrapped_by_nnsight_conforms(begin: int | None) -> None:
    nnsight = pytest.importorskip("nnsight")
    wrapped = nnsight.NNsight(small())
    model = adapt_nnsight(wrapped, 3, {"embed": "0", "layer.0": wrapped[2]}, begin=begin)
    assert set(check_predictor(model).skipped) == {"transplant"}
    with wrapped.trace(TOKENS):
        theirs = wrapped[2].output.save()
    if begin is None:
        torch.testing.assert_close(capture(model, TOKENS, ["layer.0"])["layer.0"], theirs, rtol=0, atol=0)


def test_what_nnsight_has_not_wrapped_is_refused() -> None:
    nnsight = pytest.importorskip("nnsight")
    with pytest.raises(ValueError, match="expected a model wrapped by nnsight; got Sequential"):
        adapt_nnsight(small(), 3, ["1"])
    with pytest.raises(ValueError, match="belongs to another model"):
        adapt_nnsight(nnsight.NNsight(small()), 3, [nnsight.NNsight(small())[1]])
