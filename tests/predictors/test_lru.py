"""LRU against a loop over rows with complex numbers; stability, the ring, the norm of the state."""

import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from predictors import at, build, capture, edited
from predictors.lru import LRU, LRUConfig

CLOSE = {"rtol": 0.0, "atol": 1e-12}  # float64, two blocks: rounding is about 1e-15
WORDS = torch.randint(0, 3, (4, 9), generator=torch.Generator().manual_seed(1))


def make(**changes) -> LRU:
    sizes = {"n_symbol": 3, "width": 6, "n_state": 5}
    model = build(LRUConfig(**(sizes | changes)), rng=torch.Generator().manual_seed(0))
    assert isinstance(model, LRU)
    return model.double()


def reference(model: LRU, words: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
    """One row after the other: the paper's recurrence, with B and C as complex matrices."""
    seen: dict[str, list[Tensor]] = {name: [] for name in model.sites}
    carried = [torch.zeros(len(words), model.config.n_state, dtype=torch.complex128) for _ in model.blocks]
    rows = []
    for t in range(words.shape[1] + 1):
        r = model.begin.expand(len(words), -1) if t == 0 else model.embedding[words[:, t - 1]]
        seen["embed"].append(r)
        for i, block in enumerate(model.blocks):
            u = F.layer_norm(r, (model.width,), block.norm.weight, block.norm.bias)
            decay = torch.polar(torch.exp(-torch.exp(block.log_nu)), torch.exp(block.log_theta))
            B = torch.complex(block.in_weight[0::2], block.in_weight[1::2])
            C = torch.complex(block.out_weight[:, 0::2], -block.out_weight[:, 1::2])
            carried[i] = decay * carried[i] + torch.exp(block.log_gamma) * (u.to(B.dtype) @ B.T)
            y = (carried[i] @ C.T).real + block.skip * u
            first, second = (F.gelu(y) @ block.glu_weight.T + block.glu_bias).chunk(2, -1)
            r = r + first * second.sigmoid()
            pairs = torch.stack([carried[i].real, carried[i].imag], -1)
            seen[f"layer.{i}.ssm"].append(pairs.flatten(1))
            seen[f"layer.{i}"].append(r)
        seen["final"].append(F.layer_norm(r, (model.width,), model.norm.weight, model.norm.bias))
        rows.append((seen["final"][-1] @ model.readout_weight.T + model.readout_bias).log_softmax(-1))
    return torch.stack(rows, 1), {name: torch.stack(values, 1) for name, values in seen.items()}


@pytest.mark.parametrize("length", [0, 1, 9])
def test_a_pass_equals_the_loop_at_every_site(length: int) -> None:
    model, words = make(), WORDS[:, :length]
    expected, sites = reference(model, words)
    torch.testing.assert_close(model.log_probs(words), expected, **CLOSE)
    for name, values in capture(model, words, list(model.sites)).items():
        assert values.shape[-1] == model.sites[name].width
        torch.testing.assert_close(values, sites[name], **CLOSE)


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


def test_an_edited_state_turns_and_shrinks_by_lambda() -> None:
    model = make(n_layer=1)
    plain = capture(model, WORDS, ["layer.0.ssm"])["layer.0.ssm"]
    found = capture(edited(model, {"layer.0.ssm": at(3, lambda h: h + 1)}), WORDS, ["layer.0.ssm"])["layer.0.ssm"]
    shift = torch.view_as_complex((found - plain).view(4, 10, 5, 2))
    for t in range(10):
        expected = (1 + 1j) * model.blocks[0].decay() ** (t - 3) if t >= 3 else torch.zeros(5, dtype=torch.complex128)
        torch.testing.assert_close(shift[:, t], expected.expand(4, 5), **CLOSE)


def test_lambda_starts_uniform_on_the_ring() -> None:
    """Uniform by area: |lambda|^2 is uniform between the squares of the radii, and so is the phase."""
    n = 4000
    model = make(n_layer=1, n_state=n, r_min=0.6, r_max=0.9, max_phase=1.0)
    decay = model.blocks[0].decay()
    share = (decay.abs() ** 2 - 0.36) / (0.81 - 0.36)
    for uniform in (share.detach(), decay.detach().angle()):
        assert -1e-6 < float(uniform.min()) < float(uniform.max()) < 1 + 1e-6  # parameters are drawn in float32
        ordered = uniform.sort().values
        gap = (ordered - (torch.arange(n) + 0.5) / n).abs().max()
        assert float(gap) < 1.95 / math.sqrt(n)  # Kolmogorov: exceeded with probability 1e-3 under another seed


def test_the_whole_disc_is_reached_by_the_default() -> None:
    model = make(n_layer=1, n_state=2000)
    decay = model.blocks[0].decay().detach()
    assert float(decay.abs().min()) < 0.1
    assert 0.99 < float(decay.abs().max()) < 1
    assert float(decay.angle().min()) < -3.0  # phases go round
    assert float(decay.angle().max()) > 3.0


def test_gamma_keeps_states_of_the_size_of_their_inputs() -> None:
    model = make(n_layer=1, n_state=500, r_min=0.8, r_max=0.95, width=50)
    block = model.blocks[0]
    torch.testing.assert_close(block.log_gamma.exp() ** 2, 1 - block.decay().abs() ** 2, rtol=1e-5, atol=0)
    words = torch.randint(0, 3, (50, 200), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        model.embedding.copy_(torch.randn(3, 50, generator=torch.Generator().manual_seed(3)))
        block.norm = torch.nn.Identity()
        model.embedding -= model.embedding.mean(0)  # inputs without a mean, as in section 3.4
        seen = capture(model, words, ["layer.0.ssm", "embed"])
        drive = seen["embed"] @ block.in_weight.T
    ratio = float(seen["layer.0.ssm"][:, 100:].square().mean() / drive[:, 100:].square().mean())
    assert ratio == pytest.approx(1.0, abs=0.1)  # 500 states and 5,000 rows: a few per cent


def test_no_parameter_value_makes_it_unstable() -> None:
    model = make()
    with torch.no_grad():
        for block in model.blocks:
            block.log_nu += torch.linspace(-30, 3, 5)
            assert bool((block.decay().abs() <= 1).all())
    rows = model.log_probs(torch.zeros(1, 2000, dtype=torch.long))
    assert bool(rows.isfinite().all())
