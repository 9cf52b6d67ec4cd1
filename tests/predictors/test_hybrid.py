"""The hybrid: its layers are those of its pattern, and equal the blocks of transformer and Mamba, weight for weight."""

import pytest
import torch

from predictors import (
    Mamba,
    MambaConfig,
    Transformer,
    TransformerConfig,
    at,
    attention_patterns,
    build,
    capture,
    edited,
)
from predictors.hybrid import Hybrid, HybridConfig

CLOSE = {"rtol": 0.0, "atol": 1e-12}  # float64, two blocks: rounding is about 1e-15
WORDS = torch.randint(0, 3, (4, 7), generator=torch.Generator().manual_seed(1))
SIZES = {"n_symbol": 3, "width": 8, "n_head": 2, "head_width": 4, "mlp_width": 10, "n_state": 3}


def make(**changes) -> Hybrid:
    model = build(HybridConfig(**(SIZES | changes)), rng=torch.Generator().manual_seed(0)).double()
    assert isinstance(model, Hybrid)
    return model


@pytest.mark.parametrize("pattern", ["mamba, mamba,attention", "mamba+mamba+attention"])
def test_the_pattern_is_repeated_over_the_layers(pattern: str) -> None:
    model = make(pattern=pattern, n_layer=5)
    assert model.config.kinds == ("mamba", "mamba", "attention", "mamba", "mamba")
    states = [name for name, site in model.sites.items() if site.state]
    own = {"mamba": ("conv", "ssm"), "attention": ("key", "value")}
    assert states == [f"layer.{i}.{name}" for i, kind in enumerate(model.config.kinds) for name in own[kind]]


@pytest.mark.parametrize("position", ["none", "rotary", "alibi"])
def test_attention_alone_is_the_transformer_weight_for_weight(position: str) -> None:
    model = make(pattern="attention", position=position)
    other = build(model.config.attention, rng=torch.Generator()).double()
    assert isinstance(other, Transformer)
    other.load_state_dict(model.state_dict())
    names = list(model.sites)
    torch.testing.assert_close(model.log_probs(WORDS), other.log_probs(WORDS), **CLOSE)
    assert list(other.sites) == names
    for name, values in capture(other, WORDS, names).items():
        torch.testing.assert_close(capture(model, WORDS, [name])[name], values, **CLOSE)
    torch.testing.assert_close(attention_patterns(model, WORDS), attention_patterns(other, WORDS), **CLOSE)


def test_mamba_alone_is_mamba_weight_for_weight_and_from_the_same_draws() -> None:
    model = make(pattern="mamba")
    other = build(MambaConfig(n_symbol=3, width=8, n_layer=2, n_state=3), rng=torch.Generator().manual_seed(0)).double()
    assert isinstance(other, Mamba)
    for name, value in other.state_dict().items():
        assert torch.equal(model.state_dict()[name], value)
    torch.testing.assert_close(model.log_probs(WORDS), other.log_probs(WORDS), **CLOSE)
    assert dict(model.sites) == dict(other.sites)


def test_patterns_are_those_of_the_attention_layers_alone() -> None:
    model = make(pattern="mamba,attention,mamba", n_layer=3)
    patterns = attention_patterns(model, WORDS)
    assert patterns.shape == (4, 1, 2, 8, 8)
    torch.testing.assert_close(patterns.sum(-1), torch.ones(4, 1, 2, 8).double(), **CLOSE)

    # The pattern is what the block uses: values put to one at row 2 move the stream by the attention to it.
    with torch.no_grad():
        block = model.blocks[1]
        block.mlp_out.weight.zero_()
        plain = capture(model, WORDS, ["layer.1.value", "layer.1"])
        found = capture(edited(model, {"layer.1.value": at(2, lambda value: value + 1)}), WORDS, ["layer.1"])
        moved = patterns[:, 0, :, :, 2].mT.repeat_interleave(4, dim=2) @ block.attention_out.weight.T
    torch.testing.assert_close(found["layer.1"] - plain["layer.1"], moved, **CLOSE)


def test_without_attention_there_are_no_patterns() -> None:
    with pytest.raises(ValueError, match="no layer of this Hybrid is an attention block"):
        attention_patterns(make(pattern="mamba"), WORDS)


def test_it_reads_words_of_any_length() -> None:
    model = make()
    assert model.log_probs(WORDS.repeat(1, 20)).shape == (4, 141, 3)
    assert isinstance(model.config.attention, TransformerConfig)
    assert model.config.attention.max_length is None
