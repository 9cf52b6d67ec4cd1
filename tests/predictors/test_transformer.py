"""The transformer against a plain one with an explicit softmax, for every option; its cache, its attention patterns."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from predictors import (
    Transformer,
    TransformerConfig,
    at,
    attention_patterns,
    build,
    capture,
    check_predictor,
    edited,
)
from predictors.conformance import CHECKS
from predictors.position import alibi_slopes

CLOSE = {"rtol": 0.0, "atol": 1e-12}  # float64, two blocks: rounding is about 1e-15
WORDS = torch.randint(0, 3, (4, 7), generator=torch.Generator().manual_seed(1))


def make(**changes) -> Transformer:
    sizes = {"n_symbol": 3, "max_length": 8, "width": 12, "n_layer": 2, "n_head": 2, "head_width": 5, "mlp_width": 20}
    model = build(TransformerConfig(**(sizes | changes)), rng=torch.Generator().manual_seed(0)).double()
    assert isinstance(model, Transformer)
    return model


def plain_norm(x: Tensor, norm: torch.nn.Module) -> Tensor:
    """By the definition, for either kind."""
    if isinstance(norm, torch.nn.RMSNorm):
        return x / (x.square().mean(-1, keepdim=True) + norm.eps).sqrt() * norm.weight
    centred = x - x.mean(-1, keepdim=True)
    return centred / (centred.square().mean(-1, keepdim=True) + norm.eps).sqrt() * norm.weight + norm.bias


def plain_map(x: Tensor, layer: torch.nn.Linear) -> Tensor:
    return x @ layer.weight.T + (0 if layer.bias is None else layer.bias)


def turned(x: Tensor, config: TransformerConfig) -> Tensor:
    """Queries or keys, (seq, row, head * head_width), row by row: each pair a complex number, times e^(i angle)."""
    half, x = config.head_width // 2, x.unflatten(-1, (config.n_head, config.head_width))
    z = torch.complex(x[..., :half], x[..., half:])
    for t in range(x.shape[1]):
        angle = torch.tensor([t * config.rotary_base ** (-j / half) for j in range(half)], dtype=torch.float64)
        z = torch.cat([z[:, :t], z[:, t : t + 1] * torch.exp(1j * angle), z[:, t + 1 :]], dim=1)
    return torch.cat([z.real, z.imag], -1).flatten(2)


def activated(x: Tensor, activation: str) -> Tensor:
    match activation:
        case "relu":
            return x.clamp(min=0)
        case "gelu":
            return x * torch.erfc(-x / 2**0.5) / 2
        case "gelu_tanh":
            return x / 2 * (1 + torch.tanh((2 / math.pi) ** 0.5 * (x + 0.044715 * x**3)))
    gate, hidden = x.chunk(2, -1)
    return gate / (1 + torch.exp(-gate)) * hidden


def reference(model: Transformer, words: Tensor) -> tuple[Tensor, dict[str, Tensor], Tensor]:
    """Predictions, sites and attention patterns, one head and one row at a time."""
    config, n_seq, n_row = model.config, len(words), words.shape[1] + 1
    x = torch.cat([model.begin.expand(n_seq, 1, -1), model.embedding[words]], dim=1)
    sites = {"embed": x}
    if config.position == "learned":
        x = x + model.position[:n_row]
    patterns = torch.zeros(n_seq, config.n_layer, config.n_head, n_row, n_row, dtype=x.dtype)
    for i, block in enumerate(model.blocks):
        q, k, v = plain_map(plain_norm(x, block.attention_norm), block.query_key_value).chunk(3, -1)
        if config.position == "rotary":
            q, k = turned(q, config), turned(k, config)
        sites[f"layer.{i}.key"], sites[f"layer.{i}.value"] = k, v
        heads = []
        for head in range(config.n_head):
            own = slice(head * config.head_width, (head + 1) * config.head_width)
            rows = []
            for t in range(n_row):
                scores = torch.einsum("sd,srd->sr", q[:, t, own], k[:, : t + 1, own]) / config.head_width**0.5
                if config.position == "alibi":
                    scores = scores - alibi_slopes(config.n_head)[head] * torch.arange(t, -1, -1)
                attended = scores.exp() / scores.exp().sum(1, keepdim=True)
                patterns[:, i, head, t, : t + 1] = attended
                rows.append(torch.einsum("sr,srd->sd", attended, v[:, : t + 1, own]))
            heads.append(torch.stack(rows, dim=1))
        x = x + plain_map(torch.cat(heads, -1), block.attention_out)
        if not config.attention_only:
            hidden = activated(plain_map(plain_norm(x, block.mlp_norm), block.mlp_in), config.activation)
            x = x + plain_map(hidden, block.mlp_out)
        sites[f"layer.{i}"] = x
    sites["final"] = plain_norm(x, model.norm)
    logits = sites["final"] @ model.readout_weight.T + model.readout_bias
    return logits.log_softmax(-1), sites, patterns


def shaken(model: Transformer) -> Transformer:
    """With norms and biases that are not the identity and zero, or a test would not see them."""
    rng = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.1 * torch.randn(parameter.shape, generator=rng, dtype=parameter.dtype)
    return model


OPTIONS: list[dict[str, Any]] = [
    {},
    {"activation": "gelu"},
    {"activation": "gelu_tanh", "position": "none", "max_length": None},
    {"activation": "swiglu", "position": "rotary", "norm": "rms", "bias": False, "head_width": 4, "max_length": None},
    {"position": "rotary", "rotary_base": 50.0, "head_width": 6},
    {"position": "alibi", "norm": "rms", "norm_eps": 1e-3, "n_head": 3},
    {"attention_only": True},
    {"attention_only": True, "position": "alibi", "bias": False},
]
NAMES = ["-".join(f"{key}={value}" for key, value in options.items()) for options in OPTIONS]


@pytest.mark.parametrize("options", OPTIONS, ids=NAMES)
def test_a_pass_equals_the_plain_transformer_at_every_site(options: dict[str, Any]) -> None:
    model = shaken(make(**options))
    with torch.no_grad():
        expected, sites, patterns = reference(model, WORDS)
    torch.testing.assert_close(model.log_probs(WORDS), expected, check_device=False, **CLOSE)
    seen = capture(model, WORDS, list(model.sites))
    assert list(seen) == list(model.sites)
    for name, values in sites.items():
        torch.testing.assert_close(seen[name], values, **CLOSE)
    torch.testing.assert_close(attention_patterns(model, WORDS), patterns, **CLOSE)


@pytest.mark.parametrize("options", OPTIONS[1:], ids=NAMES[1:])
def test_every_option_passes_the_conformance_checks(options: dict[str, Any]) -> None:
    report = check_predictor(shaken(make(**({"n_layer": 1} | options))))
    assert report.ran == tuple(CHECKS)
    assert report.notes == ()


@pytest.mark.parametrize("options", OPTIONS[3:6], ids=NAMES[3:6])
def test_gradients_of_options_equal_those_of_the_plain_transformer(options: dict[str, Any]) -> None:
    model = shaken(make(**options))
    weights = torch.randn(4, 8, 3, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    found, expected = (
        torch.autograd.grad((rows * weights).sum(), list(model.parameters()))
        for rows in (model.log_probs(WORDS), reference(model, WORDS)[0])
    )
    for got, want in zip(found, expected, strict=True):
        torch.testing.assert_close(got, want, rtol=1e-10, atol=1e-11)


@pytest.mark.parametrize("position", ["rotary", "alibi", "none"])
def test_without_learned_positions_words_may_have_any_length_or_a_stated_one(position: str) -> None:
    free = make(position=position, max_length=None, head_width=4)
    assert free.log_probs(WORDS.repeat(1, 20)).shape == (4, 141, 3)
    assert not hasattr(free, "position")
    with pytest.raises(ValueError, match="reads at most 5 symbols; got 7"):
        make(position=position, max_length=5, head_width=4).log_probs(WORDS)


def test_only_the_mask_tells_rows_apart_where_there_are_no_positions() -> None:
    """One layer: the last row sees the symbols before it as a set; with rotary positions it does not."""
    for position, same in (("none", True), ("rotary", False), ("alibi", False)):
        model = make(position=position, n_layer=1, max_length=None, head_width=4)
        last = model.log_probs(torch.tensor([[0, 1, 2, 2], [1, 2, 0, 2]]))[:, -1]
        assert torch.allclose(last[0], last[1], rtol=0, atol=1e-12) == same


def test_the_default_is_drawn_as_ever() -> None:
    """Recorded results and checkpoints rest on it: the same parameters in the same order from the same draws."""
    model = build(TransformerConfig(n_symbol=3, max_length=4, n_layer=1), rng=torch.Generator().manual_seed(0))
    names = ["begin", "embedding", "readout_weight", "readout_bias", "position"]
    inside = ["attention_norm", "query_key_value", "attention_out", "mlp_norm", "mlp_in", "mlp_out"]
    names += [f"blocks.0.{name}.{kind}" for name in inside for kind in ("weight", "bias")]
    assert [name for name, _ in model.named_parameters()] == [*names, "norm.weight", "norm.bias"]
    rng = torch.Generator().manual_seed(0)
    for name, parameter in model.named_parameters():
        if name.endswith("norm.weight"):
            assert torch.equal(parameter, torch.ones(64))
        elif name.endswith("bias"):
            assert not bool(parameter.any())
        else:
            assert torch.equal(parameter, torch.empty_like(parameter).normal_(0.0, 0.1, generator=rng))


def test_gradients_equal_those_of_the_plain_transformer() -> None:
    model = shaken(make())
    weights = torch.randn(4, 8, 3, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    parameters = list(model.parameters())
    found = torch.autograd.grad((model.log_probs(WORDS) * weights).sum(), parameters)

    config = model.config
    x = torch.cat([model.begin.expand(4, 1, -1), model.embedding[WORDS]], dim=1) + model.position[:8]
    future = torch.ones(8, 8, dtype=torch.bool).triu(1)
    for block in model.blocks:
        q, k, v = (
            part.unflatten(-1, (config.n_head, -1)).transpose(1, 2)
            for part in block.query_key_value(block.attention_norm(x)).chunk(3, -1)
        )
        pattern = (q @ k.mT / config.head_width**0.5).masked_fill(future, -torch.inf).softmax(-1)
        x = x + block.attention_out((pattern @ v).transpose(1, 2).flatten(2))
        x = x + block.mlp_out(block.mlp_in(block.mlp_norm(x)).relu())
    rows = (model.norm(x) @ model.readout_weight.T + model.readout_bias).log_softmax(-1)
    expected = torch.autograd.grad((rows * weights).sum(), parameters)
    for got, want in zip(found, expected, strict=True):
        torch.testing.assert_close(got, want, **CLOSE)


def test_attention_patterns_are_causal_distributions() -> None:
    patterns = attention_patterns(make(), WORDS)
    assert patterns.shape == (4, 2, 2, 8, 8)
    torch.testing.assert_close(patterns.sum(-1), torch.ones(4, 2, 2, 8).double(), **CLOSE)
    assert bool((patterns.triu(1) == 0).all())


def test_the_cache_is_the_keys_and_values_of_all_rows() -> None:
    model = make()
    seen = capture(model, WORDS, ["layer.1.key", "layer.1.value"])
    _, carry = model.advance(WORDS[:, :3], model.init_carry(4))
    _, carry = model.step(WORDS[:, 3], carry)
    for kept, name in zip(carry.memory[1], ("layer.1.key", "layer.1.value"), strict=True):
        torch.testing.assert_close(kept, seen[name][:, :5], **CLOSE)


def test_an_edited_value_is_what_later_rows_attend_to() -> None:
    """Values at row 3 put to those at row 1 move each later row by its attention to row 3."""
    model = make(n_layer=1)
    with torch.no_grad():
        block = model.blocks[0]
        block.mlp_out.weight.zero_()  # so that the residual stream shows what attention adds
        plain = capture(model, WORDS, ["layer.0.value", "layer.0"])
        pattern = attention_patterns(model, WORDS)[:, 0]  # (seq, head, row, source)
        there = plain["layer.0.value"][:, 1]
        found = capture(edited(model, {"layer.0.value": at(3, lambda value: there)}), WORDS, ["layer.0"])
        shift = (there - plain["layer.0.value"][:, 3]).view(4, 2, 5)
        moved = torch.einsum("shr,shd->srhd", pattern[..., 3], shift).flatten(2) @ block.attention_out.weight.T
    torch.testing.assert_close(found["layer.0"] - plain["layer.0"], moved, **CLOSE)
    assert bool((moved[:, 3:].abs().amax((0, 2)) > 1e-3).all())


def test_an_edited_residual_stream_is_read_by_later_rows_of_the_blocks_above_only() -> None:
    model = make()
    plain = model.log_probs(WORDS)
    for site, rows in (("layer.0", [3, 4, 5, 6, 7]), ("layer.1", [3])):
        moved = edited(model, {site: at(3, lambda value: value.flip(-1))}).log_probs(WORDS) - plain
        assert (moved.abs().amax((0, 2)) > 1e-9).nonzero().flatten().tolist() == rows


def test_more_symbols_than_positions_are_refused() -> None:
    model = make(max_length=5)
    assert model.log_probs(WORDS[:, :5]).shape == (4, 6, 3)
    with pytest.raises(ValueError, match="reads at most 5 symbols; got 6"):
        model.log_probs(WORDS[:, :6])
    _, carry = model.advance(WORDS[:, :5], model.init_carry(4))
    with pytest.raises(ValueError, match="reads at most 5 symbols; got 6"):
        model.step(WORDS[:, 5], carry)


def test_states_are_keys_and_values_and_not_recurrent() -> None:
    sites = make().sites
    states = {name: site for name, site in sites.items() if site.state}
    assert list(states) == ["layer.0.key", "layer.0.value", "layer.1.key", "layer.1.value"]
    assert all(site.shape == (2, 5) and site.width == 10 and not site.recurrent for site in states.values())


def test_attention_patterns_of_an_edited_model_are_those_with_the_edits_made() -> None:
    model = make()
    blind = edited(edited(model, {"layer.1.key": lambda rows, value: 0 * value}), {"final": at(0, torch.zeros_like)})
    before, after = attention_patterns(model, WORDS), attention_patterns(blind, WORDS)
    assert torch.equal(after[:, 0], before[:, 0])
    n_row = WORDS.shape[1] + 1  # keys that are all alike: every row that can be seen counts the same
    alike = torch.ones(n_row, n_row, dtype=after.dtype).tril()
    torch.testing.assert_close(after[:, 1], (alike / alike.sum(1, keepdim=True)).expand_as(after[:, 1]), **CLOSE)
