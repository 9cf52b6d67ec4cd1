"""Golden statistics: computed ones agree, closed forms agree with the table, and exact arithmetic agrees with both."""

import json
from dataclasses import fields, replace
from math import inf, isinf

import numpy as np
import pytest
from exact_statistics import exact_statistics
from hypothesis import given, settings
from oracles import word_probabilities
from strategies import unifilar_hmms

from compmech import HMM, Bounds, Statistics, statistics, zoo
from compmech.zoo import catalogue
from compmech.zoo.checking import check_entry, relative_error
from compmech.zoo.golden import goldens

KEYS = {field.name for field in fields(Statistics)}

# Stationary but not ergodic, for which the oracle is not made.
MIXTURES = ("mixed_coins", "uncoupled_golden_means", "two_names")

# Exact arithmetic with hundreds of beliefs takes seconds: their rows were computed once, in golden.json.
SLOW = (
    *("three_hundred", "rrxro", "parity_check", "power_law_renewal", "tent_map", "tent_map_left", "tent_map_right"),
    *("tetris_gameboy", "tetris_history"),
)

UNIFILAR = [
    name
    for name in zoo.names()
    if isinstance(process := zoo.get(name)(), HMM) and process.is_unifilar and name not in (*MIXTURES, *SLOW)
]


@pytest.mark.parametrize("name", zoo.names())
def test_statistics_are_the_golden_ones(name: str) -> None:
    for check in check_entry(zoo.entry(name)):
        assert not check.off, check.off
        assert check.n_values >= 2
        assert check.seconds > 0
        assert set(check.bounded) | set(check.unknown) <= KEYS


@pytest.mark.parametrize("name", zoo.names())
def test_the_table_is_about_parameters_and_keys_that_exist(name: str) -> None:
    for golden in goldens(zoo.entry(name)):
        assert set(golden.values) <= KEYS
        assert golden.loose <= set(golden.values)
        zoo.get(name)(**golden.parameters)


def test_the_table_has_rows_for_processes_that_exist_alone() -> None:
    from compmech.zoo.golden import _table

    assert {row["process"] for row in _table()} <= set(zoo.names())
    assert {row["source"] for row in _table()} == {"table", "exact"}
    assert sum(len(row["values"]) for row in _table()) > 1200


@pytest.mark.parametrize("name", zoo.names())
def test_closed_forms_agree_with_the_table(name: str) -> None:
    """Where both know a value; the table's own accuracy is the tolerance."""
    entry = zoo.entry(name)
    table = goldens(replace(entry, golden={}))[0]
    for key, closed in goldens(entry)[0].values.items():
        if key in table.values:
            assert relative_error(closed, table.values[key]) <= table.tolerance(key), key


@pytest.mark.parametrize("name", UNIFILAR)
def test_exact_arithmetic_agrees_with_the_golden_values(name: str) -> None:
    entry = zoo.entry(name)
    exact = exact_statistics(entry.build().T)
    known = goldens(entry)[0]
    common = set(exact) & set(known.values)
    assert {"entropy_rate", "n_causal_states"} & common
    for key in common:
        # probabilities that are no fractions of small denominator are off by 1e-12
        assert relative_error(exact[key], known.values[key]) <= max(known.tolerance(key), 1e-9), key


@settings(max_examples=15)
@given(unifilar_hmms(most_states=4, most_symbols=2))
def test_exact_arithmetic_agrees_with_statistics_of_random_machines(process: HMM) -> None:
    """The oracle is itself held against the library where there is nothing to copy from."""
    found = statistics(process)
    for key, value in exact_statistics(process.T).items():
        computed = getattr(found, key)
        if computed is not None:
            assert relative_error(computed, value) <= 1e-9 or abs(value) < 1e-9, key


def test_the_oracle_knows_rip() -> None:
    """By enumeration and by the paper."""
    process = zoo.rip()
    exact = exact_statistics(process.T)
    p = word_probabilities(process, 1)
    assert exact["single_symbol_entropy"] == pytest.approx(-(p * np.log2(p)).sum(), rel=1e-12)
    assert exact["markov_order"] == inf
    assert exact["cryptic_order"] == 1


# --- the checker itself


def with_golden(name: str, **changes) -> catalogue.Entry:
    entry = zoo.entry(name)
    return replace(entry, golden=dict(entry.golden) | changes)


def test_a_wrong_golden_value_is_found() -> None:
    (check, *_) = check_entry(with_golden("even", entropy_rate=2 / 3 * (1 + 2e-9)))
    assert [difference.key for difference in check.off] == ["entropy_rate"]
    assert check.worst == check.off[0].error == pytest.approx(2e-9, rel=1e-3)
    assert check.off[0].found == pytest.approx(2 / 3)


def test_a_wrong_order_is_infinitely_wrong() -> None:
    (check, *_) = check_entry(with_golden("even", markov_order=3))
    assert isinf(check.worst)
    assert check.to_dict()["largest_relative_error"] == "inf"
    json.dumps(check.to_dict(), allow_nan=False)


def test_what_is_bounded_or_unknown_is_counted_but_not_off() -> None:
    (check, *_) = check_entry(with_golden("moon", entropy_rate=1.0, cryptic_order=5))
    assert not check.off
    assert "entropy_rate" in check.bounded
    assert "cryptic_order" in check.unknown


def test_a_value_outside_its_bounds_is_off() -> None:
    (check, *_) = check_entry(with_golden("mess3", entropy_rate=1.2))
    assert [difference.key for difference in check.off] == ["entropy_rate"]
    assert check.worst == pytest.approx((1.2 - 1.1447172788) / 1.2, rel=1e-4)


@pytest.mark.parametrize(
    ("found", "golden", "error"),
    [
        (1.0, 1.0, 0.0),
        (1.5, 1.0, 0.5),
        (0.25, 0.0, 0.25),
        (inf, inf, 0.0),
        (3.0, inf, inf),
        (inf, 3.0, inf),
        (Bounds(1, 2), 1.5, 0.0),
        (Bounds(1, 2), 4.0, 0.5),
        (Bounds(1, 2), Bounds(1.5, 3), 0.0),
        (Bounds(1, inf), inf, 0.0),
        (4.0, Bounds(1, 2), 1.0),
    ],
)
def test_relative_errors(found, golden, error) -> None:
    assert relative_error(found, golden) == error
