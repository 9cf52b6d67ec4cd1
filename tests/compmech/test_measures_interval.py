"""Bounds as values."""

from math import inf

import numpy as np
import pytest

from compmech.measures.findings import Findings
from compmech.measures.interval import ROUNDING, Bounds, between, entropy, exact, surprise


def test_arithmetic_keeps_what_is_certain() -> None:
    assert Bounds(1, 2) + Bounds(10, 20) == Bounds(11, 22)
    assert Bounds(10, 20) - Bounds(1, 2) == Bounds(8, 19)
    assert exact(3) - exact(1) == exact(2)
    assert exact(inf) - Bounds(1, 2) == exact(inf)
    assert Bounds(1, inf) - Bounds(0, 1) == Bounds(0, inf)


def test_meeting() -> None:
    assert Bounds(0, 2).meet(Bounds(1, 3)) == Bounds(1, 2)
    assert Bounds(0, 2).meet(exact(1)) == exact(1)
    assert exact(1).meet(Bounds(0, 2)) == exact(1)
    assert Bounds(-1, 2).at_least(0) == Bounds(0, 2)


def test_computed_bounds_are_moved_outward() -> None:
    assert between(1, 1) == Bounds(1 - ROUNDING, 1 + ROUNDING)
    with pytest.raises(AssertionError, match="crossed"):
        between(2, 1)


def test_entropy_of_zeros_and_ones() -> None:
    assert surprise(np.array([0.0, 1.0, 0.5])).tolist() == [0, 0, 0.5]
    assert entropy(np.full((2, 4), 0.25)).tolist() == [2, 2]


def test_findings_name_what_is_exact() -> None:
    found = Findings()
    found.put("a", 1.0)
    found.put("b", Bounds(0, 1), "words")
    found.put("c", inf, "proof")
    found.leave("d", "not computed: too hard")
    assert found.values == {"a": 1.0, "b": Bounds(0, 1), "c": inf, "d": None}
    assert found.how == {"a": "exact", "b": "bounds: words", "c": "exact: proof", "d": "not computed: too hard"}
