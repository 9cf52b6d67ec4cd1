"""The fast scan against the loop, in values and gradients; the loop against the closed form."""

import pytest
import torch
from kernel_paths import path  # noqa: F401
from torch import Tensor

from predictors import scan
from predictors.scan import CHUNK, Selection, selective_scan_ref

pytestmark = pytest.mark.usefixtures("path")

# float64 leaves about 1e-14 after a hundred rows of products and sums of order one to ten
CLOSE = {"rtol": 0.0, "atol": 1e-11}


def selective_scan(*inputs: Tensor) -> tuple[Tensor, Tensor]:
    return scan.selective_scan(Selection(*inputs[:-1]), inputs[-1])


def selective_states(*inputs: Tensor) -> tuple[Tensor, Tensor]:
    return scan.selective_states(Selection(*inputs[:-1]), inputs[-1])


def arguments(n_row: int, *, inner: int = 5, n_state: int = 3, n_seq: int = 4) -> tuple[Tensor, ...]:
    rng = torch.Generator().manual_seed(n_row)

    def draw(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=rng, dtype=torch.float64)

    delta, A = draw(inner, n_row, n_seq).abs(), -draw(n_state, inner).abs()
    u, B, C = draw(inner, n_row, n_seq), draw(n_state, n_row, n_seq), draw(n_state, n_row, n_seq)
    return tuple(x.requires_grad_() for x in (u, delta, A, B, C, draw(n_state, inner, n_seq)))


def gradients(loss: Tensor, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return torch.autograd.grad(loss, inputs)


LENGTHS = [1, 2, 7, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 5]


@pytest.mark.parametrize("n_row", LENGTHS)
def test_the_fast_scan_equals_the_loop_in_values_and_gradients(n_row: int) -> None:
    inputs = arguments(n_row)
    y, h = selective_scan_ref(*inputs)
    fast, last = selective_scan(*inputs)
    torch.testing.assert_close(fast, y, **CLOSE)
    torch.testing.assert_close(last, h[-1], **CLOSE)

    by_y, by_h = torch.randn_like(y), torch.randn_like(last)
    expected = gradients((y * by_y).sum() + (h[-1] * by_h).sum(), inputs)
    found = gradients((fast * by_y).sum() + (last * by_h).sum(), inputs)
    for got, want in zip(found, expected, strict=True):
        torch.testing.assert_close(got, want, **CLOSE)


@pytest.mark.parametrize("n_row", LENGTHS)
def test_all_states_equal_the_loop_in_values_and_gradients(n_row: int) -> None:
    inputs = arguments(n_row)
    (y, h), (fast, states) = selective_scan_ref(*inputs), selective_states(*inputs)
    torch.testing.assert_close(fast, y, **CLOSE)
    torch.testing.assert_close(states, h, **CLOSE)

    by_y, by_h = torch.randn_like(y), torch.randn_like(h)
    expected = gradients((y * by_y).sum() + (h * by_h).sum(), inputs)
    found = gradients((fast * by_y).sum() + (states * by_h).sum(), inputs)
    for got, want in zip(found, expected, strict=True):
        torch.testing.assert_close(got, want, **CLOSE)


@pytest.mark.parametrize("n_row", [*range(1, 300, 13), 300])
def test_every_length_equals_the_loop(n_row: int) -> None:
    """Relative to the greatest entry, float64 keeps 2e-14 over 300 rows; what is seen is about 2e-15."""
    inputs = arguments(n_row, inner=2, n_state=2, n_seq=3)
    (y, h), (fast, last) = selective_scan_ref(*inputs), selective_scan(*inputs)
    pairs = [(fast, y), (last, h[-1])]
    pairs += zip(
        gradients(fast.square().sum() + last.sum(), inputs),
        gradients(y.square().sum() + h[-1].sum(), inputs),
        strict=True,
    )
    for got, want in pairs:
        assert float((got - want).detach().abs().max()) <= 2e-14 * max(1.0, float(want.detach().abs().max()))


@pytest.mark.parametrize("what", [0, 1, 2, 3, 4, 5])
def test_what_is_not_a_number_shows(what: int) -> None:
    inputs = [x.detach().clone() for x in arguments(5)]
    inputs[what].view(-1)[0] = torch.nan
    y, h = selective_scan(*inputs)
    assert y.isnan().any()
    assert h.isnan().any() or what == 4  # the output map does not enter the state


def test_extreme_decays_are_those_of_the_loop() -> None:
    u, delta, A, B, C, h = (x.detach() for x in arguments(6))
    for scale in (1e-300, 50.0, 1e4, -300.0):  # the last overflows
        expected, found = selective_scan_ref(u, scale * delta, A, B, C, h), selective_scan(u, scale * delta, A, B, C, h)
        torch.testing.assert_close(found[0], expected[0], rtol=1e-12, atol=1e-12, equal_nan=True)


@pytest.mark.parametrize("n_row", [3, CHUNK + 2])
def test_a_second_backward_pass_gives_the_same(n_row: int) -> None:
    inputs = arguments(n_row)
    loss = selective_scan(*inputs)[0].square().sum()
    first = torch.autograd.grad(loss, inputs, retain_graph=True)
    for one, two in zip(first, gradients(loss, inputs), strict=True):
        assert torch.equal(one, two)


def test_gradients_reach_the_state_before_alone() -> None:
    u, delta, A, B, C, h = (x.detach() for x in arguments(4))
    h.requires_grad_()
    (found,) = torch.autograd.grad(selective_scan(u, delta, A, B, C, h)[1].sum(), h)
    torch.testing.assert_close(found, torch.exp(delta.sum(1) * A[:, :, None]), **CLOSE)


def test_slices_and_transposed_inputs_give_the_same() -> None:
    inputs = arguments(9)
    strange = [torch.stack([x, x + 1], -1)[..., 0].transpose(-1, -2).contiguous().transpose(-1, -2) for x in inputs]
    assert not any(x.is_contiguous() for x in strange)
    for got, want in zip(selective_scan(*strange), selective_scan(*inputs), strict=True):
        assert torch.equal(got, want)


def test_inputs_stay_as_they_were() -> None:
    inputs = arguments(CHUNK + 3)
    before = [x.detach().clone() for x in inputs]
    selective_states(*inputs)[0].sum().backward()
    assert all(torch.equal(x, old) for x, old in zip(inputs, before, strict=True))


def test_the_loop_is_a_geometric_sum_for_constant_input() -> None:
    """h_t = (1 - a^t) / (1 - a) delta u B + a^t h_0 with a = exp(delta A)."""
    delta, rate, u, B, C, h0, n_row = 0.3, -0.7, 1.5, 0.4, -2.0, 0.9, 6
    full = [torch.full((1, n_row, 1), x, dtype=torch.float64) for x in (u, delta, B, C)]
    A, start = torch.full((1, 1), rate, dtype=torch.float64), torch.full((1, 1, 1), h0, dtype=torch.float64)
    y, h = selective_scan_ref(full[0], full[1], A, full[2], full[3], start)
    a, t = torch.exp(torch.tensor(delta * rate, dtype=torch.float64)), torch.arange(1, n_row + 1)
    expected = (1 - a**t) / (1 - a) * delta * u * B + a**t * h0
    torch.testing.assert_close(h[:, 0, 0, 0], expected, **CLOSE)
    torch.testing.assert_close(y[0, :, 0], C * expected, **CLOSE)


def test_a_scan_in_two_pieces_equals_one() -> None:
    u, delta, A, B, C, h = arguments(9)
    whole, last = selective_scan(u, delta, A, B, C, h)
    one, middle = selective_scan(u[:, :4], delta[:, :4], A, B[:, :4], C[:, :4], h)
    two, end = selective_scan(u[:, 4:], delta[:, 4:], A, B[:, 4:], C[:, 4:], middle)
    torch.testing.assert_close(torch.cat([one, two], 1), whole, **CLOSE)
    torch.testing.assert_close(end, last, **CLOSE)
