"""minGRU against a loop over rows in the paper's equations, in logarithms too; its state and its start."""

import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from predictors import at, build, capture, edited
from predictors.mingru import MinGRU, MinGRUConfig, positive

CLOSE = {"rtol": 0.0, "atol": 1e-12}  # float64, two blocks: rounding is about 1e-15
WORDS = torch.randint(0, 3, (4, 9), generator=torch.Generator().manual_seed(1))


def make(**changes) -> MinGRU:
    model = build(MinGRUConfig(**({"n_symbol": 3, "width": 6} | changes)), rng=torch.Generator().manual_seed(0))
    assert isinstance(model, MinGRU)
    return model.double()


def reference(model: MinGRU, words: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
    """One row after the other, in the sequential form of the paper: h' = (1 - z) h + z g(W_c x)."""
    seen: dict[str, list[Tensor]] = {name: [] for name in model.sites}
    carried = [torch.zeros(len(words), model.config.inner).double() for _ in model.blocks]
    rows = []
    for t in range(words.shape[1] + 1):
        r = model.begin.expand(len(words), -1) if t == 0 else model.embedding[words[:, t - 1]]
        seen["embed"].append(r)
        for i, block in enumerate(model.blocks):
            x = F.layer_norm(r, (model.width,), block.norm.weight, block.norm.bias)
            z, c = (x @ block.in_weight.T + block.in_bias).chunk(2, -1)
            g = torch.where(c < 0, 1 / (1 + torch.exp(-c)), c + 0.5)
            carried[i] = (1 - torch.sigmoid(z)) * carried[i] + torch.sigmoid(z) * g
            r = r + carried[i] @ block.out_weight.T
            seen[f"layer.{i}.carry"].append(carried[i])
            seen[f"layer.{i}"].append(r)
        seen["final"].append(F.layer_norm(r, (model.width,), model.norm.weight, model.norm.bias))
        rows.append((seen["final"][-1] @ model.readout_weight.T + model.readout_bias).log_softmax(-1))
    return torch.stack(rows, 1), {name: torch.stack(values, 1) for name, values in seen.items()}


@pytest.mark.parametrize("expand", [1, 3])
@pytest.mark.parametrize("length", [0, 1, 9])
def test_a_pass_equals_the_loop_at_every_site(expand: int, length: int) -> None:
    model, words = make(expand=expand), WORDS[:, :length]
    expected, sites = reference(model, words)
    torch.testing.assert_close(model.log_probs(words), expected, **CLOSE)
    for name, values in capture(model, words, list(model.sites)).items():
        assert values.shape[-1] == model.sites[name].width
        torch.testing.assert_close(values, sites[name], **CLOSE)


def test_states_equal_the_scan_in_logarithms() -> None:
    """The form in which the authors train: log h from cumulative sums of log(1 - z) and a logcumsumexp."""
    model = make(n_layer=1)
    seen = capture(model, WORDS, ["embed", "layer.0.carry"])
    block = model.blocks[0]
    z, c = (block.norm(seen["embed"]) @ block.in_weight.T + block.in_bias).chunk(2, -1)
    log_keep, log_z = -F.softplus(z), -F.softplus(-z)
    log_g = torch.where(c >= 0, (F.relu(c) + 0.5).log(), -F.softplus(-c))
    along = log_keep.cumsum(1)
    log_h = along + (log_z + log_g - along).logcumsumexp(1)
    torch.testing.assert_close(seen["layer.0.carry"], log_h.exp(), **CLOSE)


def test_g_is_positive_continuous_and_increasing() -> None:
    a = torch.linspace(-5, 5, 1001, dtype=torch.float64)
    values = positive(a)
    assert bool((values > 0).all())
    assert bool((values.diff() > 0).all())
    assert float(positive(torch.tensor(0.0))) == 0.5
    assert float(positive(torch.tensor(-1e-7))) == pytest.approx(0.5, abs=1e-6)


def test_gradients_equal_those_of_the_loop() -> None:
    model = make()
    weights = torch.randn(4, 10, 3, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    parameters = list(model.parameters())
    found, expected = (
        torch.autograd.grad((rows * weights).sum(), parameters)
        for rows in (model.log_probs(WORDS), reference(model, WORDS)[0])
    )
    for got, want in zip(found, expected, strict=True):
        torch.testing.assert_close(got, want, rtol=1e-10, atol=1e-11)


def test_an_edited_state_decays_as_the_gates_say() -> None:
    """One block: what is added to h at row 3 is left at row t times the product of 1 - z over the rows between."""
    model = make(n_layer=1)
    seen = capture(model, WORDS, ["embed", "layer.0.carry"])
    z, _ = model.blocks[0].gate_and_candidate(seen["embed"])
    moved = capture(edited(model, {"layer.0.carry": at(3, lambda h: h + 1)}), WORDS, ["layer.0.carry"])
    shift = moved["layer.0.carry"] - seen["layer.0.carry"]
    assert not bool(shift[:, :3].any())
    left = torch.cat([torch.ones_like(z[:, :1]), (1 - z[:, 4:]).cumprod(1)], dim=1)
    torch.testing.assert_close(shift[:, 3:], left, **CLOSE)


def test_maps_start_within_torchs_bounds_and_fill_them() -> None:
    block = make(width=40, expand=2).blocks[0]
    for weight in (block.in_weight, block.out_weight):
        bound = weight.shape[1] ** -0.5
        assert 0.98 * bound < float(weight.detach().abs().max()) <= bound
    assert float(block.in_bias.detach().abs().max()) <= 1 / math.sqrt(40)
