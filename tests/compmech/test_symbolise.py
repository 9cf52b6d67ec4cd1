"""Symbols of real values: closed forms, and what each symbol stands for gives the symbol back."""

from itertools import permutations
from math import inf, nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from compmech import symbolise
from compmech.inference.series import GAP
from compmech.symbolise import Cell, Pattern, Symbolised

NUMBERS = st.floats(-1e6, 1e6) | st.just(nan) | st.sampled_from([0.0, 1.0])
ROWS = arrays(float, st.integers(1, 60), elements=NUMBERS).filter(lambda x: not np.isnan(x).all())


def names_of(found: Symbolised) -> list[object]:
    return [None if code == GAP else found.series.alphabet[code] for code in found.series.codes]


def check_cells(x: np.ndarray, found: Symbolised) -> None:
    """Every value lies in the cell of its symbol, and in no other; NaN has none."""
    assert len(found.series.codes) == len(x)
    for value, code in zip(x.tolist(), found.series.codes.tolist(), strict=True):
        inside = [i for i, cell in enumerate(found.meaning) if isinstance(cell, Cell) and value in cell]
        assert inside == ([] if code == GAP else [code])
    assert set(found.series.codes.tolist()) - {GAP} == set(range(found.series.n_symbol))


def test_signs():
    found = symbolise.sign([1.5, -2, 0, nan, 3])
    assert names_of(found) == ["+", "-", "0", None, "+"]
    assert found.to_dict() == {"-": "x < 0", "0": "x = 0", "+": "x > 0"}
    assert symbolise.sign([2, 3]).series.alphabet == ("+",)


def test_thresholds():
    found = symbolise.threshold([-1, 0, 1, 2, nan], [0, 2])
    assert names_of(found) == [0, 1, 1, 2, None]
    assert found.to_dict() == {"0": "x < 0", "1": "0 <= x < 2", "2": "x >= 2"}
    assert names_of(symbolise.threshold([-1, 1])) == [0, 1]


@pytest.mark.parametrize("n_symbol", [2, 3, 7])
def test_quantiles_are_equally_many(n_symbol):
    x = np.random.default_rng(0).permutation(n_symbol * 30).astype(float)
    found = symbolise.quantile(x, n_symbol)
    assert found.series.frequencies.tolist() == [30] * n_symbol
    np.testing.assert_array_equal(found.series.codes, x // 30)


def test_sax_cuts_a_normal_law_into_equal_parts():
    """The edges for four letters are mean +- 0.6745 standard deviations and the mean."""
    x = 5 + 2 * np.random.default_rng(1).normal(size=20_000)
    found = symbolise.sax(x, 4)
    low, mid, high = (cell.high for cell in found.meaning[:3])
    assert (low - x.mean()) / x.std() == pytest.approx(-0.674490, abs=1e-6)
    assert mid == pytest.approx(x.mean(), abs=1e-12)
    assert (high - x.mean()) / x.std() == pytest.approx(0.674490, abs=1e-6)
    np.testing.assert_allclose(found.series.frequencies / 20_000, 0.25, atol=0.015)


def test_sax_means_frames():
    found = symbolise.sax([0, 2, 9, 11, 1, 1, nan, 10, 7], 2, frame=2)
    assert names_of(found) == ["a", "b", "a", None]
    assert str(found.meaning[0]).startswith("mean of 2 values < 5.12")


def test_patterns_are_the_order_of_size():
    x = [1, 5, 2, 4, 4, 9, nan, 1, 2, 3, 2, 1]
    found = symbolise.ordinal(x, 3)
    assert names_of(found) == ["021", "012", None, "210"]
    assert found.to_dict() == {"012": "x0 <= x1 <= x2", "021": "x0 <= x2 < x1", "210": "x2 < x1 < x0"}
    assert names_of(symbolise.ordinal([1, 2, 1], 2, step=1)) == ["01", "10"]


def test_all_patterns_of_independent_values_are_equally_frequent():
    """3! of them, 1/6 each."""
    found = symbolise.ordinal(np.random.default_rng(2).normal(size=60_000), 3)
    assert [pattern.order for pattern in found.meaning] == sorted(permutations(range(3)))
    np.testing.assert_allclose(found.series.frequencies / 20_000, 1 / 6, atol=0.011)


@given(ROWS)
@settings(max_examples=60, deadline=None)
def test_what_a_symbol_stands_for_gives_it_back(x):
    check_cells(x, symbolise.sign(x))
    check_cells(x, symbolise.threshold(x, [-1.5, 0.0, 1.0]))
    known = x[~np.isnan(x)]
    if len(np.unique(known)) == len(known) > 2:
        check_cells(x, symbolise.quantile(x, 3))
    if known.std() > 0:
        check_cells(x, symbolise.sax(x, 5))


@given(ROWS, st.integers(2, 4), st.integers(1, 3))
@settings(max_examples=60, deadline=None)
def test_what_a_pattern_stands_for_gives_it_back(x, length, step):
    starts = range(0, len(x) - length + 1, step)
    if not any(not np.isnan(x[t : t + length]).any() for t in starts):
        return
    found = symbolise.ordinal(x, length, step=step)
    assert len(found.series.codes) == len(starts)
    for t, code in zip(starts, found.series.codes.tolist(), strict=True):
        window = x[t : t + length]
        if np.isnan(window).any():
            assert code == GAP
            continue
        pattern = found.meaning[code]
        assert isinstance(pattern, Pattern)
        for i, j in zip(pattern.order[:-1], pattern.order[1:], strict=True):
            assert window[i] <= window[j] if i < j else window[i] < window[j]


@pytest.mark.parametrize(
    ("call", "complaint"),
    [
        (lambda: symbolise.sign([]), "there are no values$"),
        (lambda: symbolise.sign([nan, nan]), "every one is missing"),
        (lambda: symbolise.sign([1, -inf]), r"values\[1\] is -inf"),
        (lambda: symbolise.sign(["a", "b"]), "values must be numbers"),
        (lambda: symbolise.sign([[1.0]]), "one axis"),
        (lambda: symbolise.threshold([1.0], [2, 1]), "rise"),
        (lambda: symbolise.threshold([1.0], nan), "finite"),
        (lambda: symbolise.quantile([1.0, 2.0], 1), "at least 2"),
        (lambda: symbolise.quantile([0.0] * 9 + [1.0], 3), "0 is 9 of 10"),
        (lambda: symbolise.sax([1.0, 2.0], 27), "2 .. 26"),
        (lambda: symbolise.sax([1.0, 1.0], 3), "all values are equal"),
        (lambda: symbolise.sax([1.0, 2.0], 3, frame=3), "a frame must hold 1 .. 2"),
        (lambda: symbolise.sax([1.0, nan, 2.0], 3, frame=2), "every frame of 2"),
        (lambda: symbolise.ordinal([1.0, 2.0], 9), "2 .. 8"),
        (lambda: symbolise.ordinal([1.0, 2.0], 3), "there are 2 values"),
        (lambda: symbolise.ordinal([1.0, 2.0], 2, step=0), "at least 1"),
        (lambda: symbolise.ordinal([1.0, nan], 2), "every window of 2"),
    ],
)
def test_what_cannot_be_made_symbols_is_said(call, complaint):
    with pytest.raises(ValueError, match=complaint):
        call()
