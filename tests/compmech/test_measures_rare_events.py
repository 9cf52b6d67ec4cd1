"""Bounds stay true where a symbol that tells the state is as rare as 1e-12: against cryptic orders, in rationals."""

from fractions import Fraction
from itertools import product
from math import fsum, log2

import numpy as np
import pytest

from compmech import HMM, epsilon_machine, zoo
from compmech.cli.tables import shown
from compmech.measures import visits
from compmech.measures.findings import as_bounds
from compmech.measures.interval import Bounds
from compmech.measures.resolving import KNOWN, Resolving
from compmech.measures.statistics import statistics

# chi = H[S_0 | X_0:k, S_k] for every k from the cryptic order on, whatever p is.
_LONGEST = 6

_CASES = [
    (name, rare) for name in ("even_odd", "parity_check", "logic_machine", "rip") for rare in (1e-3, 1e-6, 1e-9, 1e-12)
]


def _process(name: str, rare: float) -> HMM:
    return getattr(zoo, name)(p=1 - rare if name == "rip" else rare)


def _stationary(rows: list[list[Fraction]]) -> list[Fraction]:
    """By elimination of states, in fractions."""
    n = len(rows)
    rates = [list(row) for row in rows]
    for k in range(n - 1, 0, -1):
        total = sum(rates[k][:k])
        for i in range(k):
            rates[i][k] /= total
            for j in range(k):
                rates[i][j] += rates[i][k] * rates[k][j]
    pi = [Fraction(1)]
    for k in range(1, n):
        pi.append(sum((pi[i] * rates[i][k] for i in range(k)), Fraction(0)))
    return [value / sum(pi) for value in pi]


def _complexity_and_crypticity(process: HMM) -> tuple[float, float]:
    T = process.T
    n_symbol, n = T.shape[:2]
    exact = [[[Fraction(float(T[x, i, j])) for j in range(n)] for i in range(n)] for x in range(n_symbol)]
    pi = _stationary([[sum(exact[x][i][j] for x in range(n_symbol)) for j in range(n)] for i in range(n)])
    terms = []
    for word in product(range(n_symbol), repeat=_LONGEST):
        ends: dict[int, list[Fraction]] = {}
        for i in range(n):
            at, weight = i, pi[i]
            for x in word:
                after = [j for j in range(n) if exact[x][at][j]]
                if not after:
                    weight = Fraction(0)
                    break
                weight, at = weight * exact[x][at][after[0]], after[0]
            if weight:
                ends.setdefault(at, []).append(weight)
        for together in ends.values():
            if len(together) > 1:
                whole = sum(together)
                terms += [float(part) * -log2(part / whole) for part in together]
    return fsum(-float(part) * log2(part) for part in pi), fsum(terms)


@pytest.mark.parametrize(("name", "rare"), _CASES)
def test_bounds_hold_where_a_symbol_is_rare(name: str, rare: float) -> None:
    process = _process(name, rare)
    found = statistics(process, max_states=200, max_words=30_000)
    assert isinstance(found.cryptic_order, int | float)
    assert found.cryptic_order <= _LONGEST
    complexity, crypticity = _complexity_and_crypticity(epsilon_machine(process).to_hmm())
    slack = 4e-12  # a few ROUNDING: what exact means
    for value, true in (
        (found.statistical_complexity, complexity),
        (found.crypticity, crypticity),
        (found.excess_entropy, complexity - crypticity),
    ):
        bounds = as_bounds(value)
        assert bounds.lower <= bounds.upper
        assert bounds.lower - slack <= true <= bounds.upper + slack


@pytest.mark.parametrize("rare", [1e-3, 1e-6, 1e-9])
def test_transient_information_grows_as_the_time_to_the_telling_symbol(rare: float) -> None:
    """Of even_odd: two phases of one bit, each told with probability rare in two symbols, leave T = 2 / p to O(1)."""
    found = as_bounds(statistics(zoo.even_odd(p=rare), max_states=200, max_words=30_000).transient_information)
    assert found.lower <= 2 / rare * (1 + 2 * rare)
    assert found.upper >= 2 / rare * (1 - 2 * rare)
    assert found.upper - found.lower <= 1e-3 / rare


@pytest.mark.parametrize("most", [600, 0])
def test_visits_are_summed_by_hand_and_infinite_where_states_never_part(
    monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(visits, "_ELIMINATE", most)
    even = np.full((2, 2), 0.5)
    parts = Resolving(even, np.array([[1, KNOWN], [0, KNOWN]]), even, np.zeros(2, dtype=bool), True, 0.0)
    sums = visits.VisitSums(parts)
    np.testing.assert_allclose(sums.visits, [4 / 3, 2 / 3])
    np.testing.assert_allclose(sums.ahead(np.array([1.0, 2.0])), [8 / 3, 10 / 3])
    stays = Resolving(even, np.array([[1, 1], [0, 0]]), even, np.zeros(2, dtype=bool), True, 0.0)
    assert visits.VisitSums(stays).steps == float("inf")


def test_bounds_refuse_to_cross() -> None:
    with pytest.raises(ValueError, match="must not be above"):
        Bounds(1.0000000552603086, 1.0000000293410478)
    with pytest.raises(ValueError, match="must not be above"):
        Bounds(float("nan"), 1.0)
    with pytest.raises(ValueError, match="must not be above"):
        Bounds(1.0, float("-inf"))
    turned = Bounds(1.0 + 1e-15, 1.0)
    assert (turned.lower, turned.upper) == (1.0, 1.0 + 1e-15)


def test_bounds_are_shown_however_narrow() -> None:
    assert "within" in shown({"lower": 0.5, "upper": 0.5 + 1e-15})
    assert shown({"lower": 0.5 + 1e-15, "upper": 0.5}) == shown({"lower": 0.5, "upper": 0.5 + 1e-15})
