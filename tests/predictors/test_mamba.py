"""Mamba against a plain loop over rows, its states, its published initialisation."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

import predictors.state_space
from predictors import Mamba, MambaConfig, at, build, capture, edited

CLOSE = {"rtol": 0.0, "atol": 1e-12}  # float64, two blocks: rounding is about 1e-15
WORDS = torch.randint(0, 3, (4, 9), generator=torch.Generator().manual_seed(1))


def make(**changes) -> Mamba:
    sizes = {"n_symbol": 3, "width": 10, "n_layer": 2, "n_state": 3}
    model = build(MambaConfig(**(sizes | changes)), rng=torch.Generator().manual_seed(0)).double()
    assert isinstance(model, Mamba)
    with torch.no_grad():  # from the smallest steps nothing moves much: a test would not see a fault
        for block in model.blocks:
            block.delta_bias += 2.0
        for parameter in (model.begin, model.embedding):
            parameter *= 50.0
    return model


Change = Callable[[str, int, Tensor], Tensor]


def reference(
    model: Mamba, words: Tensor, change: Change = lambda site, row, value: value
) -> tuple[Tensor, dict[str, Tensor]]:
    """Predictions and sites, one row after the other, with axes (seq, channel): equations 2, 3a and algorithm 2."""
    config, n_seq = model.config, len(words)
    past = [torch.zeros(n_seq, config.inner, config.n_conv - 1).double() for _ in model.blocks]
    h = [torch.zeros(n_seq, config.inner, config.n_state).double() for _ in model.blocks]
    seen: dict[str, list[Tensor]] = {name: [] for name in model.sites}
    rows = []
    for t in range(words.shape[1] + 1):
        r = model.begin.expand(n_seq, -1) if t == 0 else model.embedding[words[:, t - 1]]
        seen["embed"].append(r)
        for i, block in enumerate(model.blocks):
            normed = r / (r.square().mean(1, keepdim=True) + 1e-5).sqrt() * block.norm.weight
            x, z = (normed @ block.in_weight.T).chunk(2, dim=1)
            window = torch.cat([past[i], x[:, :, None]], dim=2)
            u = F.silu((window * block.conv_weight).sum(2) + block.conv_bias)
            past[i] = change(f"layer.{i}.conv", t, window[:, :, 1:])
            low, B, C = (u @ block.select_weight.T).split([config.rank, config.n_state, config.n_state], dim=1)
            delta = F.softplus(low @ block.delta_weight.T + block.delta_bias)
            A = -block.log_decay.exp()
            h[i] = torch.exp(delta[:, :, None] * A) * h[i] + delta[:, :, None] * B[:, None] * u[:, :, None]
            h[i] = change(f"layer.{i}.ssm", t, h[i])
            y = torch.einsum("sdn,sn->sd", h[i], C) + block.skip * u
            r = r + (y * F.silu(z)) @ block.out_weight.T
            for name, value in (("conv", past[i].flatten(1)), ("ssm", h[i].flatten(1))):
                seen[f"layer.{i}.{name}"].append(value)
            seen[f"layer.{i}"].append(r)
        seen["final"].append(r / (r.square().mean(1, keepdim=True) + 1e-5).sqrt() * model.norm.weight)
        rows.append((seen["final"][-1] @ model.readout_weight.T + model.readout_bias).log_softmax(-1))
    return torch.stack(rows, 1), {name: torch.stack(values, 1) for name, values in seen.items()}


@pytest.mark.parametrize("changes", [{}, {"n_conv": 2}, {"expand": 3, "width": 20}])
@pytest.mark.parametrize("length", [0, 1, 2, 9])
def test_a_pass_equals_the_loop_at_every_site(changes: dict[str, int], length: int) -> None:
    model, words = make(**changes), WORDS[:, :length]
    expected, sites = reference(model, words)
    torch.testing.assert_close(model.log_probs(words), expected, **CLOSE)
    seen = capture(model, words, list(model.sites))
    for name, values in sites.items():
        assert seen[name].shape[-1] == model.sites[name].width
        torch.testing.assert_close(seen[name], values, **CLOSE)


@pytest.mark.parametrize("length", [1, 9, 40])
def test_gradients_equal_those_of_the_loop(length: int) -> None:
    model = make()
    words = torch.randint(0, 3, (2, length), generator=torch.Generator().manual_seed(2))
    weights = torch.randn(2, length + 1, 3, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    parameters = list(model.parameters())
    found = torch.autograd.grad((model.log_probs(words) * weights).sum(), parameters)
    expected = torch.autograd.grad((reference(model, words)[0] * weights).sum(), parameters)
    for got, want in zip(found, expected, strict=True):
        torch.testing.assert_close(got, want, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("site", ["layer.0.conv", "layer.0.ssm", "layer.1.conv", "layer.1.ssm"])
@pytest.mark.parametrize("row", [0, 4, 9])
def test_an_edited_state_is_carried_on_as_in_the_loop(site: str, row: int) -> None:
    model = make()
    shape = model.sites[site].shape

    def change(name: str, t: int, value: Tensor) -> Tensor:
        return -2 * value.roll(1, 0) if (name, t) == (site, row) else value

    expected, sites = reference(model, WORDS, change)
    network = edited(model, {site: at(row, lambda value: -2 * value.unflatten(1, shape).roll(1, 0).flatten(1))})
    torch.testing.assert_close(network.log_probs(WORDS), expected, **CLOSE)
    seen = capture(network, WORDS, list(model.sites))
    for name, values in sites.items():
        torch.testing.assert_close(seen[name], values, **CLOSE)


@pytest.mark.parametrize("suffix", ["conv", "ssm"])
def test_an_edit_at_every_row_equals_the_loop(suffix: str) -> None:
    model = make()
    expected, _ = reference(model, WORDS, lambda name, t, value: value / 2 if name.endswith(suffix) else value)
    network = edited(model, {f"layer.{i}.{suffix}": lambda rows, value: value / 2 for i in range(2)})
    torch.testing.assert_close(network.log_probs(WORDS), expected, **CLOSE)


def test_the_convolution_state_moves_the_next_row_and_the_recurrent_state_its_own() -> None:
    model = make()
    plain = model.log_probs(WORDS)
    for suffix, first in (("conv", 5), ("ssm", 4)):
        site = f"layer.0.{suffix}"
        moved = edited(model, {site: at(4, lambda value: value.roll(1, 0))}).log_probs(WORDS) - plain
        rows = (moved.abs().amax((0, 2)) > 1e-9).nonzero().flatten().tolist()
        assert rows == list(range(first, 10))
        assert first == 4 + model.sites[site].delay


def test_an_edited_residual_stream_changes_no_state_of_its_block() -> None:
    model, names = make(), ["layer.0.conv", "layer.0.ssm", "layer.1.conv", "layer.1.ssm"]
    with torch.no_grad():
        plain = capture(model, WORDS, names)
        seen = capture(edited(model, {"layer.0": at(4, lambda value: value.flip(1))}), WORDS, names)
    for name in names:
        moved = (seen[name] - plain[name]).abs().amax((0, 2))
        assert float(moved[:4].max()) < 1e-12  # not a bit with the kernels; products of matrices may round otherwise
        assert (float(moved[4:].min()) > 1e-9) == name.startswith("layer.1.ssm") or name == "layer.1.conv"
    assert torch.equal(seen["layer.0.ssm"], plain["layer.0.ssm"])
    assert torch.equal(seen["layer.0.conv"], plain["layer.0.conv"])


def test_states_are_materialised_for_the_layer_that_is_read_only(monkeypatch) -> None:
    model, states, calls = make(), predictors.state_space.selective_states, []

    def counted(*args, **parameters):
        calls.append(args[0].u.shape[1])
        return states(*args, **parameters)

    monkeypatch.setattr(predictors.state_space, "selective_states", counted)
    edited(model, {"layer.0.ssm": at(3, lambda value: value / 2)}).log_probs(WORDS)
    assert calls == []
    capture(model, WORDS, ["layer.1.ssm"])
    assert calls == [10]


def test_a_long_pass_equals_its_pieces() -> None:
    """Longer than a chunk of the scan."""
    model = make()
    words = torch.randint(0, 3, (2, 80), generator=torch.Generator().manual_seed(2))
    one, carry = model.advance(words[:, :37], model.init_carry(2))
    two, _ = model.advance(words[:, 37:], carry)
    torch.testing.assert_close(torch.cat([one, two], 1), model.log_probs(words)[:, 1:], **CLOSE)


def test_initialisation_is_the_published_one() -> None:
    model = build(MambaConfig(n_symbol=3, width=512, n_layer=1, n_state=5), rng=torch.Generator().manual_seed(0))
    assert isinstance(model, Mamba)
    block = model.blocks[0]
    rates = torch.arange(1.0, 6.0).expand(1024, 5)
    torch.testing.assert_close(block.log_decay.exp(), rates, rtol=1e-6, atol=0)
    assert bool((block.skip == 1).all())

    steps = F.softplus(block.delta_bias).detach().log10()
    assert float(steps.min()) > -3.0001
    assert float(steps.max()) < -0.9999
    counts = torch.histc(steps, bins=4, min=-3, max=-1)  # log-uniform: 256 each, standard deviation 14
    assert bool(((counts - 256).abs() < 5 * 14).all())

    for parameter, fan_in in ((block.in_weight, 512), (block.delta_weight, 32), (block.conv_weight, 4)):
        assert 0.99 < float(parameter.detach().abs().max()) * fan_in**0.5 <= 1.0


def test_states_are_recurrent_and_have_the_shapes_of_the_model() -> None:
    sites = make().sites
    states = {name: site.shape for name, site in sites.items() if site.state and site.recurrent}
    assert states == {f"layer.{i}.{name}": (20, 3) for i in range(2) for name in ("conv", "ssm")}
