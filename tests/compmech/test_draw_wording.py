"""Numbers as short text: exact ones as such, bounds never tighter than they are."""

from fractions import Fraction
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compmech import Bounds
from compmech.draw.diagram import Arrow
from compmech.draw.wording import exact_fraction, quantity_text, short_number, short_numbers, text_width


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.5, "1/2"),
        (1.0, "1"),
        (0.0, "0"),
        (1 / 3, "1/3"),
        (1 - 1 / 3, "2/3"),
        (0.2, "1/5"),
        (0.3, "0.3"),
        (0.85, "0.85"),
        (-0.25, "-1/4"),
        (0.765, "0.765"),
        (0.00375, "0.00375"),
        (2**-0.5, "0.707"),
        (0.3333, "0.333"),
        (1.5e-7, "1.5e-7"),
        (1e-5, "1e-5"),
    ],
)
def test_numbers_are_short(value: float, text: str) -> None:
    assert short_number(value) == text


@given(st.integers(-99, 99), st.integers(1, 99))
def test_fractions_with_small_denominators_are_written_exactly(p: int, q: int) -> None:
    assert Fraction(short_number(p / q)) == Fraction(p, q)


@given(st.floats(-10, 10, allow_nan=False))
def test_a_fraction_is_only_claimed_to_rounding(value: float) -> None:
    found = exact_fraction(value)
    assert found is None or abs(float(found) - value) <= 1e-14 * abs(value)


@given(st.floats(-10, 10), st.floats(0, 1))
def test_bounds_are_rounded_outward(lower: float, width: float) -> None:
    known = Bounds(lower, lower + width)
    if known.is_exact:
        return
    low, high = (Fraction(end) for end in quantity_text(known).split(" .. "))
    assert low <= Fraction(known.lower)
    assert high >= Fraction(known.upper)
    assert high - low < Fraction(known.upper) - Fraction(known.lower) + Fraction(2, 10**4)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2 / 3, "0.6667"),
        (3, "3"),
        (-1e-17, "0"),
        (inf, "∞"),
        (-inf, "-∞"),
        (None, "not known"),
        (Bounds(0.5, 0.5), "0.5000"),
        (Bounds(0.12341, inf), "≥ 0.1234"),
        (Bounds(-inf, 0.12341), "-∞ .. 0.1235"),
    ],
)
def test_quantities_say_what_is_known(value: float | Bounds | None, text: str) -> None:
    assert quantity_text(value) == text


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ((0.2, 0.2, 0.1), ("1/5", "1/5", "1/10")),
        ((1 / 3, 0.3, 1.0), ("1/3", "3/10", "1")),
        ((0.85, 0.15), ("17/20", "3/20")),
        ((0.97, 0.03), ("0.97", "0.03")),
        ((0.5, 2**-0.5), ("0.5", "0.707")),
        ((-0.25, 0.1), ("-1/4", "1/10")),
        ((), ()),
    ],
)
def test_numbers_on_one_arrow_have_one_format(values: tuple[float, ...], texts: tuple[str, ...]) -> None:
    assert short_numbers(values) == texts
    assert Arrow(0, 1, tuple("xyz"[: len(values)]), values).numbers == texts


def test_widths_grow_with_text_and_size() -> None:
    assert text_width("", 10) == 0
    assert text_width("11", 10) == 2 * text_width("1", 10)
    assert text_width("W", 10) > text_width("i", 10)
    assert text_width("x", 20) == 2 * text_width("x", 10)
