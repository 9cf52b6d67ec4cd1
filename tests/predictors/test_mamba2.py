"""Mamba-2 against a plain loop over rows, its states, its published initialisation."""

from collections.abc import Callable

import pytest
import torch
from kernel_paths import path  # noqa: F401
from torch import Tensor
from torch.nn import functional as F

from predictors import at, capture, check_predictor, edited
from predictors.mamba2 import Mamba2, Mamba2Config

CLOSE = {"rtol": 0.0, "atol": 1e-12}  # float64, two blocks: rounding is about 1e-15
WORDS = torch.randint(0, 3, (4, 9), generator=torch.Generator().manual_seed(1))


def make(**changes) -> Mamba2:
    sizes = {"n_symbol": 3, "width": 10, "n_layer": 2, "n_state": 3, "head_width": 5, "n_group": 2}
    model = Mamba2(Mamba2Config(**(sizes | changes)), rng=torch.Generator().manual_seed(0)).double()
    with torch.no_grad():  # from the smallest steps nothing moves much: a test would not see a fault
        for block in model.blocks:
            block.delta_bias += 2.0
            block.gated_norm.weight *= torch.linspace(0.5, 2.0, model.config.inner)
        for parameter in (model.begin, model.embedding):
            parameter *= 50.0
    return model


Change = Callable[[str, int, Tensor], Tensor]


def normed(x: Tensor, weight: Tensor, n_group: int = 1) -> Tensor:
    groups = x.reshape(len(x), n_group, -1)
    return (groups / (groups.square().mean(2, keepdim=True) + 1e-5).sqrt()).flatten(1) * weight


def reference(
    model: Mamba2, words: Tensor, change: Change = lambda site, row, value: value
) -> tuple[Tensor, dict[str, Tensor]]:
    """Predictions and sites, one row after the other, with axes (seq, channel)."""
    config, n_seq = model.config, len(words)
    n_map, per_group = config.n_group * config.n_state, config.n_head // config.n_group
    past = [torch.zeros(n_seq, config.convolved, config.n_conv - 1).double() for _ in model.blocks]
    h = [torch.zeros(n_seq, config.n_head, config.head_width, config.n_state).double() for _ in model.blocks]
    seen: dict[str, list[Tensor]] = {name: [] for name in model.sites}
    rows = []
    for t in range(words.shape[1] + 1):
        r = model.begin.expand(n_seq, -1) if t == 0 else model.embedding[words[:, t - 1]]
        seen["embed"].append(r)
        for i, block in enumerate(model.blocks):
            projected = normed(r, block.norm.weight) @ block.in_weight.T
            z, v, delta = projected.split([config.inner, config.convolved, config.n_head], dim=1)
            window = torch.cat([past[i], v[:, :, None]], dim=2)
            v = F.silu((window * block.conv_weight).sum(2) + block.conv_bias)
            past[i] = change(f"layer.{i}.conv", t, window[:, :, 1:])
            u, B, C = v.split([config.inner, n_map, n_map], dim=1)
            u = u.unflatten(1, (config.n_head, -1))
            B, C = (x.unflatten(1, (config.n_group, -1)).repeat_interleave(per_group, 1) for x in (B, C))
            delta = F.softplus(delta + block.delta_bias)
            decay = torch.exp(-delta * block.log_decay.exp())
            h[i] = decay[:, :, None, None] * h[i] + torch.einsum("sh,shp,shn->shpn", delta, u, B)
            h[i] = change(f"layer.{i}.ssm", t, h[i])
            y = torch.einsum("shpn,shn->shp", h[i], C) + block.skip[:, None] * u
            r = r + normed(y.flatten(1) * F.silu(z), block.gated_norm.weight, config.n_group) @ block.out_weight.T
            for name, value in (("conv", past[i].flatten(1)), ("ssm", h[i].flatten(1))):
                seen[f"layer.{i}.{name}"].append(value)
            seen[f"layer.{i}"].append(r)
        seen["final"].append(normed(r, model.norm.weight))
        rows.append((seen["final"][-1] @ model.readout_weight.T + model.readout_bias).log_softmax(-1))
    return torch.stack(rows, 1), {name: torch.stack(values, 1) for name, values in seen.items()}


@pytest.mark.parametrize("changes", [{}, {"n_conv": 2}, {"expand": 4, "width": 20, "n_group": 1, "head_width": 16}])
@pytest.mark.parametrize("length", [0, 1, 9])
def test_a_pass_equals_the_loop_at_every_site(path, changes: dict[str, int], length: int) -> None:  # noqa: F811
    model, words = make(**changes), WORDS[:, :length]
    expected, sites = reference(model, words)
    torch.testing.assert_close(model.log_probs(words), expected, **CLOSE)
    seen = capture(model, words, list(model.sites))
    for name, values in sites.items():
        assert seen[name].shape[-1] == model.sites[name].width
        torch.testing.assert_close(seen[name], values, **CLOSE)


@pytest.mark.parametrize("length", [1, 40])
def test_gradients_equal_those_of_the_loop(path, length: int) -> None:  # noqa: F811
    model = make()
    words = torch.randint(0, 3, (2, length), generator=torch.Generator().manual_seed(2))
    weights = torch.randn(2, length + 1, 3, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    parameters = list(model.parameters())
    found = torch.autograd.grad((model.log_probs(words) * weights).sum(), parameters)
    expected = torch.autograd.grad((reference(model, words)[0] * weights).sum(), parameters)
    for got, want in zip(found, expected, strict=True):
        torch.testing.assert_close(got, want, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("suffix", ["conv", "ssm"])
@pytest.mark.parametrize("row", [0, 4, 9])
def test_an_edited_state_is_carried_on_as_in_the_loop(path, suffix: str, row: int) -> None:  # noqa: F811
    model = make()
    site = f"layer.0.{suffix}"
    shape = model.sites[site].shape

    def change(name: str, t: int, value: Tensor) -> Tensor:
        return -2 * value.roll(1, 0) if (name, t) == (site, row) else value

    expected, sites = reference(model, WORDS, change)
    network = edited(model, {site: at(row, lambda value: -2 * value.unflatten(1, shape).roll(1, 0).flatten(1))})
    torch.testing.assert_close(network.log_probs(WORDS), expected, **CLOSE)
    seen = capture(network, WORDS, list(model.sites))
    for name, values in sites.items():
        torch.testing.assert_close(seen[name], values, **CLOSE)


@pytest.mark.parametrize("n_seq", [1, 5, 17])
def test_steps_without_gradients_equal_the_pass(path, n_seq: int) -> None:  # noqa: F811
    model = make()
    words = torch.randint(0, 3, (n_seq, 7), generator=torch.Generator().manual_seed(5))
    with torch.no_grad():
        carry = model.init_carry(n_seq)
        rows = [carry.log_probs]
        for t in range(7):
            row, carry = model.step(words[:, t], carry)
            rows.append(row)
        torch.testing.assert_close(torch.stack(rows, 1), model.log_probs(words), **CLOSE)


def test_it_passes_every_check_with_groups(path) -> None:  # noqa: F811
    config = Mamba2Config(n_symbol=3, width=8, n_layer=1, n_state=3, head_width=4, n_group=2)
    report = check_predictor(Mamba2(config, rng=torch.Generator().manual_seed(3)).double())
    assert report.skipped == {}


def test_initialisation_is_the_published_one() -> None:
    config = Mamba2Config(n_symbol=3, width=2048, n_layer=1, n_state=2, head_width=1, expand=1)
    (block,) = Mamba2(config, rng=torch.Generator().manual_seed(0)).blocks
    for values, low, high in (
        (block.log_decay.exp(), 1.0, 16.0),
        (F.softplus(block.delta_bias).log10(), -3.0, -1.0),
    ):
        counts = torch.histc(values.detach(), bins=4, min=low, max=high)  # uniform: 512 each, standard deviation 20
        assert int(counts.sum()) >= 2046  # the ends may be passed by rounding
        assert bool(((counts - 512).abs() < 5 * 20).all())
    assert bool((block.skip == 1).all())
    for parameter, fan_in in ((block.in_weight, 2048), (block.conv_weight, 4), (block.out_weight, 2048)):
        assert 0.99 < float(parameter.detach().abs().max()) * fan_in**0.5 <= 1.0


def test_states_are_recurrent_and_have_the_shapes_of_the_model() -> None:
    sites = make().sites
    states = {name: (site.shape, site.delay) for name, site in sites.items() if site.state and site.recurrent}
    each = {"conv": ((32, 3), 1), "ssm": ((4, 5, 3), 0)}
    assert states == {f"layer.{i}.{name}": what for i in range(2) for name, what in each.items()}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"head_width": 3}, r"head_width must divide the inner width, expand \* width = 128; got 3"),
        ({"n_group": 3}, r"n_group must divide the number of heads, inner / head_width = 8; got 3"),
        ({"n_state": 0}, "n_state must be an integer of at least 1; got 0"),
        ({"n_conv": 1}, "n_conv must be an integer of at least 2; got 1"),
    ],
)
def test_sizes_that_cannot_be_are_refused(changes: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Mamba2Config(n_symbol=2, **changes)
