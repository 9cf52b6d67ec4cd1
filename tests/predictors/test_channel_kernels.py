"""The convolution and the norm that stand beside the scan: compiled or not, they are what they say."""

import pytest
import torch
from kernel_paths import path  # noqa: F401
from torch import Tensor, nn
from torch.nn import functional as F

from predictors.convolution import causal_convolution, causal_convolution_ref, last_inputs
from predictors.norm import EPS, rms_norm, rms_norm_ref

pytestmark = pytest.mark.usefixtures("path")
# float64, sums of up to a hundred terms of order one
CLOSE = {"rtol": 0.0, "atol": 1e-12}


def draw(*shape: int) -> Tensor:
    rng = torch.Generator().manual_seed(sum(shape))
    return torch.randn(*shape, generator=rng, dtype=torch.float64).requires_grad_()


def agree(found: Tensor, expected: Tensor, inputs: list[Tensor]) -> None:
    torch.testing.assert_close(found, expected, **CLOSE)
    weights = torch.randn_like(expected)
    for got, want in zip(
        torch.autograd.grad((found * weights).sum(), inputs),
        torch.autograd.grad((expected * weights).sum(), inputs),
        strict=True,
    ):
        torch.testing.assert_close(got, want, **CLOSE)


@pytest.mark.parametrize("n_seq", [1, 8, 19])
@pytest.mark.parametrize(("n_row", "n_tap"), [(1, 2), (2, 4), (3, 4), (21, 3)])
def test_the_convolution_equals_its_definition(n_row: int, n_tap: int, n_seq: int) -> None:
    inputs = [draw(5, n_row, n_seq), draw(5, n_tap - 1, n_seq), draw(5, n_tap), draw(5)]
    agree(causal_convolution(*inputs), causal_convolution_ref(*inputs), inputs)


def test_the_convolution_is_torchs() -> None:
    x, past, weight, bias = draw(5, 7, 3), draw(5, 3, 3), draw(5, 4), draw(5)
    whole = torch.cat([past, x], 1).permute(2, 0, 1)
    expected = F.silu(F.conv1d(whole, weight[:, None], bias, groups=5)).permute(1, 2, 0)
    agree(causal_convolution(x, past, weight, bias), expected, [x, past, weight, bias])


def test_the_convolution_takes_slices() -> None:
    whole, past, weight, bias = draw(5, 9, 4), draw(5, 3, 4), draw(5, 4), draw(5)
    for x in (whole[:, 2:7], whole.transpose(1, 2).contiguous().transpose(1, 2)):
        agree(causal_convolution(x, past, weight, bias), causal_convolution_ref(x, past, weight, bias), [whole, weight])


def remembered(x: Tensor, past: Tensor, first: int) -> Tensor:
    """The definition, one number after the other: (seq, row, channel, past)."""
    n_past, whole = past.shape[1], torch.cat([past, x], 1)
    found = [whole[:, t + 1 + k] for t in range(first, x.shape[1]) for k in range(n_past)]  # each (channel, seq)
    return torch.stack(found).unflatten(0, (-1, n_past)).permute(3, 0, 2, 1)


@pytest.mark.parametrize("n_seq", [1, 8, 19])
@pytest.mark.parametrize(("n_row", "first", "n_past"), [(1, 0, 1), (1, 0, 3), (2, 1, 3), (9, 0, 2), (9, 4, 3)])
def test_what_a_convolution_remembers(n_row: int, first: int, n_past: int, n_seq: int) -> None:
    x, past = draw(7, n_row, n_seq), draw(7, n_past, n_seq)
    found, expected = last_inputs(x, past, first), remembered(x, past, first)
    assert torch.equal(found, expected)
    assert found.is_contiguous()
    agree(found, expected, [x, past])


def test_what_a_convolution_remembers_of_slices_and_in_single_precision() -> None:
    whole, past = draw(17, 9, 20).detach().float(), draw(17, 3, 20).detach().float()  # 51 numbers a row: no whole lines
    for x in (whole[:, 2:7], whole.transpose(1, 2).contiguous().transpose(1, 2), whole):
        assert torch.equal(last_inputs(x, past), remembered(x, past, 0))
    many, before = whole.repeat(2, 1, 1)[:32], past.repeat(2, 1, 1)[:32]  # 96 numbers: whole lines
    assert torch.equal(last_inputs(many, before), remembered(many, before, 0))


@pytest.mark.parametrize("n_group", [1, 2, 6])
@pytest.mark.parametrize(("n_row", "n_seq"), [(1, 1), (3, 5), (13, 21)])
def test_the_norm_equals_its_definition(n_group: int, n_row: int, n_seq: int) -> None:
    inputs = [draw(6, n_row, n_seq), draw(6)]
    agree(rms_norm(*inputs, n_group), rms_norm_ref(*inputs, n_group), inputs)


def test_the_norm_is_torchs() -> None:
    x, weight = draw(6, 4, 3), draw(6)
    expected = nn.functional.rms_norm(x.permute(1, 2, 0), (6,), weight, EPS).permute(2, 0, 1)
    agree(rms_norm(x, weight), expected, [x, weight])


def test_the_norm_takes_any_layout_of_memory() -> None:
    x, weight = draw(4, 3, 6), draw(6)
    turned = x.permute(2, 0, 1)
    agree(rms_norm(turned, weight, 2), rms_norm_ref(turned, weight, 2), [x, weight])
