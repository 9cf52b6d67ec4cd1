"""Rotations against complex numbers, ALiBi's slopes and biases against the paper's table and a loop."""

import math

import pytest
import torch

from predictors.position import alibi_slopes, linear_biases, rotate

CLOSE = {"rtol": 0.0, "atol": 1e-12}  # float64: rounding is about 1e-15


def draw(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_a_rotation_multiplies_pairs_by_unit_complex_numbers() -> None:
    x = draw(2, 3, 5, 8)
    found = rotate(x, range(4, 9), 100.0)
    for j in range(4):
        pair = torch.complex(x[..., j], x[..., j + 4])
        angle = torch.tensor([t * 100.0 ** (-2 * j / 8) for t in range(4, 9)], dtype=torch.float64)
        turned = pair * torch.polar(torch.ones(5, dtype=torch.float64), angle)
        torch.testing.assert_close(found[..., j], turned.real, **CLOSE)
        torch.testing.assert_close(found[..., j + 4], turned.imag, **CLOSE)


@pytest.mark.parametrize("shift", [0, 1, 37])
def test_products_of_turned_vectors_depend_on_the_distance_alone(shift: int) -> None:
    q, k = draw(1, 1, 1, 6), draw(1, 1, 1, 6, seed=1)

    def product(t: int, s: int) -> float:
        return float((rotate(q, range(t, t + 1), 10000.0) * rotate(k, range(s, s + 1), 10000.0)).sum())

    assert product(9 + shift, 2 + shift) == pytest.approx(product(9, 2), abs=1e-12)
    assert product(9 + shift, 2 + shift) != pytest.approx(product(9, 3), abs=1e-3)


def test_row_zero_stays_and_lengths_are_kept() -> None:
    x = draw(2, 2, 4, 6)
    found = rotate(x, range(4), 10000.0)
    torch.testing.assert_close(found[:, :, 0], x[:, :, 0], **CLOSE)
    torch.testing.assert_close(found.norm(dim=-1), x.norm(dim=-1), **CLOSE)


def test_angles_are_exact_at_high_rows_in_float32() -> None:
    """At row 100,000 a float32 angle would be off by up to 4e-3 radians."""
    x = draw(1, 1, 1, 4)
    row = range(100_000, 100_001)
    torch.testing.assert_close(rotate(x.float(), row, 10000.0).double(), rotate(x, row, 10000.0), rtol=0, atol=1e-6)


def test_the_slopes_are_the_papers() -> None:
    assert alibi_slopes(8) == [2.0**-i for i in range(1, 9)]  # section 3: 1/2, 1/4, .. 1/256
    assert alibi_slopes(16)[0] == pytest.approx(2**-0.5)
    assert alibi_slopes(1) == [2.0**-8]
    # The authors' code for 6 heads: four of the power below, then the first and third of the power above.
    assert alibi_slopes(6) == pytest.approx([2.0**-2, 2.0**-4, 2.0**-6, 2.0**-8, 2.0**-1, 2.0**-3])


@pytest.mark.parametrize("n_query", [1, 3, 5])
def test_biases_grow_with_the_distance_and_hide_what_is_to_come(n_query: int) -> None:
    found = linear_biases(3, n_query, torch.zeros(1, dtype=torch.float64), 5)
    assert found.shape == (3, n_query, 5)
    for head, slope in enumerate(alibi_slopes(3)):
        for i in range(n_query):
            t = 5 - n_query + i
            expected = [slope * (s - t) if s <= t else -math.inf for s in range(5)]
            assert found[head, i].tolist() == pytest.approx(expected)
