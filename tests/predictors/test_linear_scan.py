"""The scan of a linear recurrence against its loop: values and gradients, real and complex, loop and blocks."""

import pytest
import torch
from torch import Tensor

from predictors import linear_scan as module
from predictors.linear_scan import linear_scan, linear_scan_ref

CLOSE = {"rtol": 0.0, "atol": 1e-11}  # float64, sums of up to 300 terms of size 1


def draw(dtype: torch.dtype, n_row: int, constant: bool, n_seq: int = 3, width: int = 4) -> tuple[Tensor, ...]:
    rng = torch.Generator().manual_seed(n_row)

    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, generator=rng, dtype=dtype)

    a = normal(1, 1, width) if constant else normal(n_row, n_seq, width)
    a = 0.98 * a / a.abs().clamp(min=1.0)  # inside the unit disc, or states would grow without bound
    return tuple(x.requires_grad_() for x in (a.detach(), normal(n_row, n_seq, width), normal(n_seq, width)))


@pytest.mark.parametrize("wide", [0, 10**9], ids=["loop", "blocks"])
@pytest.mark.parametrize("constant", [False, True])
@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128])
@pytest.mark.parametrize("n_row", [1, 2, 3, 31, 32, 33, 49, 64, 100, 300])
def test_values_and_gradients_equal_those_of_the_loop(
    monkeypatch: pytest.MonkeyPatch, wide: int, constant: bool, dtype: torch.dtype, n_row: int
) -> None:
    monkeypatch.setattr(module, "WIDE", wide)
    given = draw(dtype, n_row, constant)
    found, expected = linear_scan(*given), linear_scan_ref(*given)
    torch.testing.assert_close(found, expected, **CLOSE)
    weights = draw(dtype, n_row, False)[1].detach()
    gradients = [torch.autograd.grad((h * weights.conj()).real.sum(), given) for h in (found, expected)]
    for got, want in zip(*gradients, strict=True):
        torch.testing.assert_close(got, want, rtol=1e-10, atol=1e-11)


def test_both_ways_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Narrow rows go by blocks, wide ones by the loop; a fault planted in either shows."""
    taken = []
    for name in ("_loop", "_blocks"):
        run = getattr(module, name)
        monkeypatch.setattr(module, name, lambda *given, name=name, run=run: taken.append(name) or run(*given))
    narrow, wide = (draw(torch.float64, 64, False, n_seq, 64) for n_seq in (2, 20))
    linear_scan(*narrow)
    linear_scan(*wide)
    assert taken == ["_blocks", "_loop"]


def test_decays_of_zero_forget_and_long_products_do_not_overflow() -> None:
    a, b, h = torch.zeros(1, 1, 1), torch.arange(400.0).view(400, 1, 1), torch.ones(1, 1)
    assert torch.equal(linear_scan(a, b, h), b)
    strong = linear_scan(torch.full((1, 1, 1), 1e-30), torch.ones(400, 1, 1), h)
    assert torch.equal(strong, torch.ones(400, 1, 1))
