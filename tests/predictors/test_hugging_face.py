"""Hugging Face models behind the interface, tiny and random; each trap that was measured has a test here."""

import copy
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from compmech import zoo
from predictors import TrainingConfig, at, capture, check_predictor, edited, train
from predictors.adapters import ResumedModule, adapt_hugging_face

transformers = pytest.importorskip("transformers")
makers = pytest.importorskip("predictors.adapters.from_scratch")

KINDS = ("gpt2", "llama", "mamba", "mamba2", "rwkv")
SMALL: dict[str, dict[str, int]] = {
    "gpt2": {"width": 8, "n_layer": 2, "n_head": 2},
    "llama": {"width": 8, "n_layer": 2, "n_head": 2},
    "mamba": {"width": 8, "n_layer": 2, "n_state": 4},
    "mamba2": {"width": 8, "n_layer": 2, "n_state": 4},
    "rwkv": {"width": 8, "n_layer": 2},
}


def model_of(kind: str) -> Any:
    """A model of five ids, three of them symbols, with weights large enough for every effect to show; float64."""
    made = getattr(makers, kind)(4, 16, rng=torch.Generator().manual_seed(0), **SMALL[kind])
    generator = torch.Generator().manual_seed(1)
    for parameter in made.module.parameters():
        if parameter.ndim > 1:
            torch.nn.init.normal_(parameter, 0.0, 0.5, generator=generator)
    return made.module.double()


TOKENS = torch.tensor([[0, 1, 2, 2, 1, 0], [2, 2, 0, 1, 0, 1], [1, 0, 0, 2, 1, 1]])
FEW = TOKENS[:, :4]  # what the kit needs at the least: it runs hundreds of passes

# RWKV and Mamba keep part of their state in float32 whatever the precision: 1e-5 is what design calls foreign.
FOREIGN = 1e-5


@pytest.mark.parametrize(
    ("kind", "begin"), [("gpt2", None), ("gpt2", 4), ("llama", 4), ("mamba", None), ("mamba2", 4), ("rwkv", 4)]
)
def test_every_architecture_conforms(kind: str, begin: int | None) -> None:
    model = adapt_hugging_face(model_of(kind), 3, begin=begin)
    report = check_predictor(model, tokens=FEW, tolerance=FOREIGN)
    assert not report.skipped
    assert model.first_row == (1 if begin is None else 0)


def test_without_a_cache_tokens_are_read_again() -> None:
    model = adapt_hugging_face(model_of("gpt2"), 3, begin=4, cache=False)
    assert set(check_predictor(model, tokens=FEW, tolerance=FOREIGN).skipped) == {"transplant"}
    assert list(model.sites) == ["embed", "layer.0", "layer.1", "final"]
    lengths: list[int] = []
    model.module.transformer.wte.register_forward_pre_hook(lambda _, ids: lengths.append(ids[0].shape[1]))
    carry = model.init_carry(3)
    for t in range(3):
        _, carry = model.step(TOKENS[:, t], carry)
    assert lengths == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("kind", "states"),
    [
        ("gpt2", {"layer.0.key": (2, 4), "layer.0.value": (2, 4)}),
        ("llama", {"layer.0.key": (2, 4), "layer.0.value": (2, 4)}),
        ("mamba", {"layer.0.conv": (16, 3), "layer.0.ssm": (16, 4)}),
        ("mamba2", {"layer.0.conv": (24, 3), "layer.0.ssm": (1, 16, 4)}),
        ("rwkv", {"layer.0.carry": (5, 8)}),
    ],
)
def test_states_are_sites(kind: str, states: dict[str, tuple[int, ...]]) -> None:
    sites = adapt_hugging_face(model_of(kind), 3).sites
    found = {name: site.shape for name, site in sites.items() if site.state and name.startswith("layer.0")}
    assert found == states
    assert all(site.delay == 1 for site in sites.values() if site.state)


@pytest.mark.parametrize("kind", KINDS)
def test_logits_are_those_of_the_model(kind: str) -> None:
    net = model_of(kind)
    model = adapt_hugging_face(net, 5)
    with torch.no_grad():
        theirs = net(TOKENS).logits.log_softmax(-1)
        torch.testing.assert_close(model.log_probs(TOKENS), theirs, rtol=0, atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_block_i_is_block_i_in_every_architecture(kind: str) -> None:
    """`output_hidden_states` starts with the embedding in some and with block 0 in others; hooks do not."""
    net = model_of(kind)
    name, blocks = next((n, m) for n, m in net.named_modules() if isinstance(m, torch.nn.ModuleList))
    seen: list[Tensor] = []
    handle = blocks[0].register_forward_hook(lambda _, __, out: seen.append(out[0] if isinstance(out, tuple) else out))
    with torch.no_grad():
        net(TOKENS)
        listed = net(TOKENS, output_hidden_states=True).hidden_states
    handle.remove()
    model = adapt_hugging_face(net, 3)
    with torch.no_grad():
        ours = capture(model, TOKENS, ["layer.0", "embed"])
    torch.testing.assert_close(ours["layer.0"], seen[0], rtol=0, atol=1e-6)
    torch.testing.assert_close(ours["embed"], net.get_input_embeddings()(TOKENS), rtol=0, atol=0)
    assert len(listed) in (2, 3)  # the trap: how many there are, and what the first is, depends on the architecture
    assert f"{name}.0" in model.sites["layer.0"].meaning


@pytest.mark.parametrize("kind", KINDS)
def test_a_carry_is_not_changed_by_its_use(kind: str) -> None:
    """Caches change in place: a carry used twice must give the same twice, and with other words in between."""
    model = adapt_hugging_face(model_of(kind), 3, begin=4)
    with torch.no_grad():
        _, carry = model.advance(TOKENS[:, :2], model.init_carry(3))
        first, _ = model.advance(TOKENS[:, 2:], carry)
        model.step(TOKENS[:, 5], carry)
        again, _ = model.advance(TOKENS[:, 2:], carry)
    torch.testing.assert_close(again, first, rtol=0, atol=0)


@pytest.mark.parametrize("kind", ["mamba", "mamba2"])
def test_an_edit_of_the_recurrent_state_shows_when_several_symbols_follow(kind: str) -> None:
    """Mamba resumed with several symbols ignores its recurrent state: the adapter goes one by one."""
    model = adapt_hugging_face(model_of(kind), 3, begin=4)
    assert isinstance(model, ResumedModule)
    assert model.resume.one_symbol
    cut = edited(model, {"layer.1.ssm": at(2, torch.zeros_like)})
    with torch.no_grad():
        whole, plain = cut.log_probs(TOKENS), model.log_probs(TOKENS)
        _, carry = cut.advance(TOKENS[:, :2], cut.init_carry(3))
        later, _ = model.advance(TOKENS[:, 2:], carry)  # four symbols at once, after the edit
    torch.testing.assert_close(later, whole[:, 3:], rtol=0, atol=FOREIGN)
    assert (later - plain[:, 3:]).abs().max() > 1e-3
    assert (whole[:, :3] - plain[:, :3]).abs().max() == 0  # it acts between steps


def test_going_on_with_several_symbols_is_the_trap_that_it_was() -> None:
    """If this fails, transformers has mended Mamba and the adapter may go on with any number of symbols."""
    model = adapt_hugging_face(model_of("mamba"), 3, begin=4)
    assert isinstance(model, ResumedModule)
    trusting = copy.deepcopy(model)
    trusting.resume.one_symbol = False  # type: ignore[misc]
    with torch.no_grad():
        _, carry = trusting.advance(TOKENS[:, :2], trusting.init_carry(3))
        later, _ = trusting.advance(TOKENS[:, 2:], carry)
    assert (later - model.log_probs(TOKENS)[:, 3:]).abs().max() > 1e-3


def test_rwkv_in_steps_keeps_the_sequences_of_a_batch_apart() -> None:
    """Given one symbol, its blocks mix every sequence with every other."""
    net = model_of("rwkv")
    model = adapt_hugging_face(net, 3, begin=4)
    with torch.no_grad():
        alone = [model.step(TOKENS[i : i + 1, 0], model.init_carry(1))[0] for i in range(3)]
        together, _ = model.step(TOKENS[:, 0], model.init_carry(3))
        state = net(TOKENS, use_cache=True).state
        assert net(TOKENS[:, :1], state=state, use_cache=True).logits.shape == (3, 3, 5)  # the trap: (seq, seq, vocab)
    torch.testing.assert_close(together, torch.cat(alone), rtol=0, atol=FOREIGN)


def test_gradients_flow_through_steps() -> None:
    model = adapt_hugging_face(model_of("mamba"), 3, begin=4)
    _, carry = model.step(TOKENS[:, 0], model.init_carry(3))
    row, _ = model.step(TOKENS[:, 1], carry)
    row[:, 0].sum().backward()
    assert all(p.grad is not None for n, p in model.named_parameters() if n.endswith("in_proj.weight"))


def test_positions_end_and_that_is_told() -> None:
    model = adapt_hugging_face(model_of("gpt2"), 3, begin=4)
    with pytest.raises(ValueError, match="reads at most 16 symbols; got 17"):
        model.log_probs(torch.zeros(1, 17, dtype=torch.long))


def test_ids_beyond_the_symbols_are_no_symbols() -> None:
    with pytest.raises(ValueError, match=r"tokens must be in 0 .. 2"):
        adapt_hugging_face(model_of("gpt2"), 3, begin=4).log_probs(torch.tensor([[4]]))


def test_any_other_model_by_its_blocks() -> None:
    net = model_of("gpt2")
    model = adapt_hugging_face(net, 3, blocks={"layer.0.mlp": "transformer.h.0.mlp"})
    assert "layer.0.mlp" in model.sites
    with pytest.raises(ValueError, match=r"did you mean 'transformer.h.0.mlp'"):
        adapt_hugging_face(net, 3, blocks=["transformer.h.0.mpl"])


def test_what_is_no_causal_language_model_is_refused() -> None:
    net = model_of("gpt2")
    for other in (net.transformer, torch.nn.Linear(2, 2)):
        with pytest.raises(ValueError, match=r"ForCausalLM class, or adapt_module"):
            adapt_hugging_face(other, 3)
    with pytest.raises(ValueError, match=r"call .eval\(\) first"):
        adapt_hugging_face(net.train(), 3)


def test_a_window_that_slides_is_refused_with_a_cache() -> None:
    config = transformers.MistralConfig(
        vocab_size=5, hidden_size=8, intermediate_size=8, num_hidden_layers=1, num_attention_heads=2,
        num_key_value_heads=1, sliding_window=4, bos_token_id=4, eos_token_id=4, pad_token_id=4,
    )  # fmt: skip
    net = transformers.MistralForCausalLM(config).double().eval()
    with pytest.raises(ValueError, match="window slides: use cache=False"):
        adapt_hugging_face(net, 3)
    check_predictor(adapt_hugging_face(net, 3, cache=False), tokens=FEW, tolerance=FOREIGN)


def test_models_from_scratch_are_the_same_from_the_same_seed_and_draw_from_nothing_else() -> None:
    before = torch.get_rng_state()
    one, two = (makers.gpt2(3, 6, rng=torch.Generator().manual_seed(7), **SMALL["gpt2"]) for _ in range(2))
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(one.log_probs(TOKENS), two.log_probs(TOKENS))


def test_an_adapted_model_is_trained_like_any_other() -> None:
    model = makers.gpt2(2, 8, rng=torch.Generator().manual_seed(0), **SMALL["gpt2"])
    before = model.log_probs(torch.zeros(1, 8, dtype=torch.long))
    train(model, zoo.even(), TrainingConfig(steps=2, batch=4, length=8), rng=np.random.default_rng(0))
    assert (model.log_probs(torch.zeros(1, 8, dtype=torch.long)) - before).abs().max() > 0
