"""The transformer against a plain one with an explicit softmax, its cache, its attention patterns."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from predictors import Transformer, TransformerConfig, at, attention_patterns, build, capture, edited

CLOSE = {"rtol": 0.0, "atol": 1e-12}  # float64, two blocks: rounding is about 1e-15
WORDS = torch.randint(0, 3, (4, 7), generator=torch.Generator().manual_seed(1))


def make(**changes) -> Transformer:
    sizes = {"n_symbol": 3, "max_length": 8, "width": 12, "n_layer": 2, "n_head": 2, "head_width": 5, "mlp_width": 20}
    model = build(TransformerConfig(**(sizes | changes)), rng=torch.Generator().manual_seed(0)).double()
    assert isinstance(model, Transformer)
    return model


def reference(model: Transformer, words: Tensor) -> tuple[Tensor, dict[str, Tensor], Tensor]:
    """Predictions, sites and attention patterns, one head and one row at a time."""
    config, n_seq, n_row = model.config, len(words), words.shape[1] + 1
    x = torch.cat([model.begin.expand(n_seq, 1, -1), model.embedding[words]], dim=1)
    sites = {"embed": x}
    x = x + model.position[:n_row]
    patterns = torch.zeros(n_seq, config.n_layer, config.n_head, n_row, n_row, dtype=x.dtype)
    for i, block in enumerate(model.blocks):
        normed = F.layer_norm(x, (config.width,), block.attention_norm.weight, block.attention_norm.bias)
        weight, bias = block.query_key_value.weight.chunk(3), block.query_key_value.bias.chunk(3)
        q, k, v = (normed @ w.T + b for w, b in zip(weight, bias, strict=True))
        sites[f"layer.{i}.key"], sites[f"layer.{i}.value"] = k, v
        heads = []
        for head in range(config.n_head):
            own = slice(head * config.head_width, (head + 1) * config.head_width)
            rows = []
            for t in range(n_row):
                scores = torch.einsum("sd,srd->sr", q[:, t, own], k[:, : t + 1, own]) / config.head_width**0.5
                attended = scores.exp() / scores.exp().sum(1, keepdim=True)
                patterns[:, i, head, t, : t + 1] = attended
                rows.append(torch.einsum("sr,srd->sd", attended, v[:, : t + 1, own]))
            heads.append(torch.stack(rows, dim=1))
        x = x + torch.cat(heads, -1) @ block.attention_out.weight.T + block.attention_out.bias
        normed = F.layer_norm(x, (config.width,), block.mlp_norm.weight, block.mlp_norm.bias)
        hidden = normed @ block.mlp_in.weight.T + block.mlp_in.bias
        hidden = hidden.clamp(min=0) if config.activation == "relu" else hidden * torch.erfc(-hidden / 2**0.5) / 2
        x = x + hidden @ block.mlp_out.weight.T + block.mlp_out.bias
        sites[f"layer.{i}"] = x
    sites["final"] = F.layer_norm(x, (config.width,), model.norm.weight, model.norm.bias)
    logits = sites["final"] @ model.readout_weight.T + model.readout_bias
    return logits.log_softmax(-1), sites, patterns


def shaken(model: Transformer) -> Transformer:
    """With norms and biases that are not the identity and zero, or a test would not see them."""
    rng = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.1 * torch.randn(parameter.shape, generator=rng, dtype=parameter.dtype)
    return model


@pytest.mark.parametrize("activation", ["relu", "gelu"])
def test_a_pass_equals_the_plain_transformer_at_every_site(activation: str) -> None:
    model = shaken(make(activation=activation))
    with torch.no_grad():
        expected, sites, patterns = reference(model, WORDS)
    torch.testing.assert_close(model.log_probs(WORDS), expected, check_device=False, **CLOSE)
    seen = capture(model, WORDS, list(model.sites))
    assert list(seen) == list(model.sites)
    for name, values in sites.items():
        torch.testing.assert_close(seen[name], values, **CLOSE)
    torch.testing.assert_close(attention_patterns(model, WORDS), patterns, **CLOSE)


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
