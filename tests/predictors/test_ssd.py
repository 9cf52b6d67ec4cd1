"""Mamba-2's recurrence: the loop, the product of matrices and the compiled scan are one function."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_paths import path  # noqa: F401
from torch import Tensor
from torch.nn import functional as F

from predictors import kernels
from predictors.kernels.scan import compiled_scan
from predictors.scan import Selection, read_out, selective_scan, selective_states
from predictors.ssd import CHUNK, ssd_matrix, ssd_ref

# float64: sums of some hundred products, relative to the greatest entry; what is seen is below 1e-13
CLOSE = 1e-12


def arguments(n_row: int, n_seq: int, n_head: int, head_width: int, n_state: int, n_group: int) -> list[Tensor]:
    rng = torch.Generator().manual_seed(n_row)

    def draw(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=rng, dtype=torch.float64)

    inner, n_map = n_head * head_width, n_group * n_state
    u, delta, A = draw(inner, n_row, n_seq), draw(n_head, n_row, n_seq).abs(), -draw(n_head).abs()
    B, C, h = draw(n_map, n_row, n_seq), draw(n_map, n_row, n_seq), draw(n_state, inner, n_seq)
    return [x.requires_grad_() for x in (u, delta, A, B, C, h)]


def agree(found: tuple[Tensor, ...], expected: tuple[Tensor, ...]) -> None:
    for got, want in zip(found, expected, strict=True):
        torch.testing.assert_close(got, want, rtol=0, atol=CLOSE * (1 + float(want.detach().abs().max())))


def derivatives(outputs: tuple[Tensor, ...], inputs: list[Tensor]) -> tuple[Tensor, ...]:
    rng = torch.Generator().manual_seed(9)
    weights = [torch.randn(x.shape, generator=rng, dtype=x.dtype) for x in outputs]
    total = sum((x * w).sum() for x, w in zip(outputs, weights, strict=True))
    return torch.autograd.grad(total, inputs, retain_graph=True)


shapes = st.tuples(st.integers(1, 2 * CHUNK + 5), st.integers(1, 9), st.sampled_from([1, 2, 4]), st.integers(1, 3))


@settings(max_examples=15)
@given(shapes, st.integers(1, 4), st.sampled_from([1, 2]))
def test_matrix_and_scan_equal_the_loop_in_values_and_gradients(shape, n_state: int, n_group: int) -> None:
    n_row, n_seq, n_head, head_width = shape
    inputs = arguments(n_row, n_seq, n_head, head_width, n_state, min(n_group, n_head))
    y, h = ssd_ref(*inputs)
    expected = y, h[-1]
    by_loop = derivatives(expected, inputs)
    found = ssd_matrix(*inputs)
    agree(found, expected)
    agree(derivatives(found, inputs), by_loop)

    library = kernels.library(*inputs)
    if library is not None:
        u, delta, A, B, C, h = inputs
        n_group = len(B) // n_state
        y, last, _ = compiled_scan(library, u, delta, A[None], B, C, h, n_group=n_group)
        agree((y, last), expected)
        agree(derivatives((y, last), inputs), by_loop)


def test_the_loop_is_causal_attention_with_a_decaying_mask() -> None:
    """The definition in the paper (its equation 4 with M = L * (C B^T)), entry by entry."""
    u, delta, A, B, C, h = (x.detach() for x in arguments(6, 1, 1, 1, 2, 1))
    y, _ = ssd_ref(u, delta, A, B, C, torch.zeros_like(h))
    for t in range(6):
        total = 0.0
        for s in range(t + 1):
            decay = float(torch.exp(delta[0, s + 1 : t + 1, 0].sum() * A[0]))
            total += decay * float(C[:, t, 0] @ B[:, s, 0]) * float(delta[0, s, 0] * u[0, s, 0])
        assert float(y[0, t, 0]) == pytest.approx(total, rel=1e-12)


@pytest.mark.parametrize(("n_head", "n_group"), [(6, 1), (4, 2)])
@pytest.mark.parametrize("n_row", [1, 18])
def test_the_gated_scan_is_what_it_says(path, n_head: int, n_group: int, n_row: int) -> None:  # noqa: F811
    u, delta, A, B, C, h = arguments(n_row, 3, n_head, 2, 3, n_group)
    rng = torch.Generator().manual_seed(4)
    bias, D = (torch.randn(n_head, generator=rng, dtype=torch.float64).requires_grad_() for _ in range(2))
    z = torch.randn(u.shape, generator=rng, dtype=torch.float64).requires_grad_()
    inputs = [u, delta, A, B, C, h, bias, D, z]
    y, hs = ssd_ref(u, F.softplus(delta + bias[:, None, None]), A, B, C, h)
    y = (y + D.repeat_interleave(2)[:, None, None] * u) * F.silu(z)
    selection = Selection(u, delta, A[None], B, C, bias, D, z)

    found = selective_scan(selection, h)
    agree(found, (y, hs[-1]))
    agree(derivatives(found, inputs), derivatives((y, hs[-1]), inputs))
    found = selective_states(selection, h)
    agree(found, (y, hs))
    agree(derivatives(found, inputs), derivatives((y, hs), inputs))
    agree((read_out(hs[-1], C[:, -1], u[:, -1], D, z[:, -1]),), (y[:, -1],))
