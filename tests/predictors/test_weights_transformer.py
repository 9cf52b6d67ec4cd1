"""Tiny random GPT-2 and Llama models, and the transformers that they are: the same logits."""

from typing import Any

import pytest
import torch

from predictors import Transformer, attention_patterns, check_predictor
from predictors.weights_transformer import from_gpt2, from_llama

transformers = pytest.importorskip("transformers")

WORDS = torch.randint(0, 7, (3, 11), generator=torch.Generator().manual_seed(1))
CLOSE = {"rtol": 0.0, "atol": 1e-5}  # float32 on both sides; seen are 1e-6


def gpt2(**changes: Any) -> Any:
    sizes = {"vocab_size": 7, "n_positions": 12, "n_embd": 16, "n_layer": 2, "n_head": 4, "n_inner": 40}
    config = transformers.GPT2Config(**(sizes | {"bos_token_id": 0, "eos_token_id": 0} | changes))
    return shaken(transformers.GPT2LMHeadModel(config))


def llama(**changes: Any) -> Any:
    sizes = {"vocab_size": 7, "hidden_size": 16, "intermediate_size": 20, "num_hidden_layers": 2}
    more = {"num_attention_heads": 4, "max_position_embeddings": 32, "bos_token_id": 0, "eos_token_id": 0}
    return shaken(transformers.LlamaForCausalLM(transformers.LlamaConfig(**(sizes | more | changes))))


def shaken(model: Any) -> Any:
    """With weights large enough to matter, and norms and biases that are not the identity and zero."""
    rng = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.3 * torch.randn(parameter.shape, generator=rng)
    return model.eval()


def logits(model: Any, begin: int) -> torch.Tensor:
    begun = torch.cat([torch.full((3, 1), begin), WORDS], dim=1)
    with torch.no_grad():
        found: torch.Tensor = model(begun).logits
    return found


@pytest.mark.parametrize("begin", [0, 4])
@pytest.mark.parametrize(
    "changes", [{}, {"activation_function": "relu"}, {"n_inner": None, "layer_norm_epsilon": 1e-2}]
)
def test_gpt2_gives_the_same_logits(changes: dict[str, Any], begin: int) -> None:
    theirs = gpt2(**changes)
    ours = from_gpt2(theirs, begin=begin)
    torch.testing.assert_close(ours.log_probs(WORDS), logits(theirs, begin).log_softmax(-1), **CLOSE)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"num_key_value_heads": 2},
        {"head_dim": 6, "rms_norm_eps": 1e-2, "rope_parameters": {"rope_type": "default", "rope_theta": 50.0}},
        {"tie_word_embeddings": True},
    ],
)
def test_llama_gives_the_same_logits(changes: dict[str, Any]) -> None:
    theirs = llama(**changes)
    ours = from_llama(theirs, begin=3)
    torch.testing.assert_close(ours.log_probs(WORDS), logits(theirs, 3).log_softmax(-1), **CLOSE)


@pytest.mark.parametrize(("make", "convert"), [(gpt2, from_gpt2), (llama, from_llama)])
def test_attention_patterns_are_theirs_too(make: Any, convert: Any) -> None:
    theirs = make(attn_implementation="eager")
    begun = torch.cat([torch.full((3, 1), 2), WORDS], dim=1)
    with torch.no_grad():
        expected = torch.stack(theirs(begun, output_attentions=True).attentions, dim=1)
    torch.testing.assert_close(attention_patterns(convert(theirs, begin=2), WORDS), expected, **CLOSE)


@pytest.mark.parametrize(("make", "convert"), [(gpt2, from_gpt2), (llama, from_llama)])
def test_it_is_a_network_of_its_own(make: Any, convert: Any) -> None:
    theirs = make()
    before = logits(theirs, 0)
    ours = convert(theirs, begin=0)
    assert isinstance(ours, Transformer)
    assert check_predictor(ours, tokens=WORDS[:, :6]).notes == ()
    with torch.no_grad():
        for parameter in ours.parameters():
            parameter.zero_()
    assert torch.equal(logits(theirs, 0), before)
    assert convert(theirs.double(), begin=0).embedding.dtype == torch.float64


@pytest.mark.parametrize(
    ("convert", "model", "message"),
    [
        (from_gpt2, lambda: gpt2(scale_attn_by_inverse_layer_idx=True), "scale_attn_by_inverse_layer_idx=True"),
        (from_gpt2, lambda: gpt2(activation_function="tanh"), "activation_function='tanh', which ours has not"),
        (from_llama, lambda: llama(attention_bias=True), "attention_bias=True"),
        (from_llama, lambda: llama(hidden_act="relu"), "hidden_act='relu'"),
        (from_gpt2, lambda: gpt2().transformer, "no tensor 'transformer.wte.weight': is it a language model"),
    ],
)
def test_what_ours_has_not_is_refused(convert: Any, model: Any, message: str) -> None:
    with pytest.raises(ValueError) as found:
        convert(model(), begin=0)
    assert message in str(found.value)


@pytest.mark.parametrize("begin", [-1, 7])
def test_the_begin_token_must_be_one(begin: int) -> None:
    with pytest.raises(ValueError, match=f"begin must be a token of the model, 0 .. 6; got {begin}"):
        from_gpt2(gpt2(), begin=begin)
