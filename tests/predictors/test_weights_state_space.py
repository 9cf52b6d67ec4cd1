"""Tiny random models of Hugging Face, taken over weight for weight: the same logits."""

import pytest
import torch
from torch import nn

from predictors.weights_state_space import from_mamba, from_mamba2

transformers = pytest.importorskip("transformers")
# float32, two blocks: both sides round at 1e-7 of logits of order one
CLOSE = {"rtol": 0.0, "atol": 1e-5}
ENDS = {"vocab_size": 5, "hidden_size": 12, "num_hidden_layers": 2, "pad_token_id": 0, "bos_token_id": 0}


def shaken(model: nn.Module) -> nn.Module:
    """Every weight off its initial value, so that none can be missed."""
    rng = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.3 * torch.randn(parameter.shape, generator=rng)
    return model.eval()


def theirs(kind: str, **changes) -> nn.Module:
    if kind == "mamba":
        config = transformers.MambaConfig(**ENDS, eos_token_id=0, **({"state_size": 3} | changes))
        return shaken(transformers.MambaForCausalLM(config))
    sizes = {"state_size": 3, "num_heads": 6, "head_dim": 4, "n_groups": 2, "chunk_size": 4}
    config = transformers.Mamba2Config(**ENDS, eos_token_id=0, **(sizes | changes))
    return shaken(transformers.Mamba2ForCausalLM(config))


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("mamba", {}),
        ("mamba", {"state_size": 16, "expand": 3, "conv_kernel": 3}),
        ("mamba2", {}),
        ("mamba2", {"n_groups": 1}),
        ("mamba2", {"n_groups": 1, "tie_word_embeddings": True, "conv_kernel": 2}),
    ],
)
def test_the_same_logits(kind: str, changes: dict[str, int]) -> None:
    model = theirs(kind, **changes)
    ours = {"mamba": from_mamba, "mamba2": from_mamba2}[kind](model, begin=4)
    words = torch.randint(0, 5, (3, 11), generator=torch.Generator().manual_seed(2))
    begun = torch.cat([torch.full((3, 1), 4), words], dim=1)
    with torch.no_grad():
        expected = model(begun, use_cache=False).logits
        torch.testing.assert_close(ours.log_probs(words), expected.log_softmax(-1), **CLOSE)


def test_nothing_is_shared() -> None:
    model = theirs("mamba")
    ours, before = from_mamba(model, begin=0), model.backbone.embeddings.weight.detach().clone()
    with torch.no_grad():
        ours.embedding.zero_()
    assert torch.equal(model.backbone.embeddings.weight, before)


@pytest.mark.parametrize(
    ("kind", "changes", "message"),
    [
        ("mamba", {"hidden_act": "relu"}, r"hidden_act='relu', which ours has not \(only 'silu'\)"),
        ("mamba", {"use_bias": True}, "use_bias=True"),
        ("mamba", {"time_step_rank": 3}, r"time_step_rank=3, which ours has not \(only 1\)"),
        ("mamba", {"layer_norm_epsilon": 1e-6}, r"layer_norm_epsilon=1e-06, which ours has not \(only 1e-05\)"),
        ("mamba2", {"use_conv_bias": False}, "use_conv_bias=False"),
        (
            "mamba2",
            {"time_step_limit": (0.0, 0.5)},
            r"0.5\), which ours has not \(only \(0.0, inf\)\)",
        ),
    ],
)
def test_what_ours_has_not_is_refused(kind: str, changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        {"mamba": from_mamba, "mamba2": from_mamba2}[kind](theirs(kind, **changes), begin=0)


def test_a_begin_that_is_no_token_is_refused() -> None:
    with pytest.raises(ValueError, match=r"begin must be a token of the model, 0 \.\. 4; got 5"):
        from_mamba(theirs("mamba"), begin=5)


def test_a_model_without_a_head_is_refused() -> None:
    with pytest.raises(ValueError, match=r"no tensor 'backbone\.embeddings\.weight': is it a language model"):
        from_mamba(theirs("mamba").backbone, begin=0)
