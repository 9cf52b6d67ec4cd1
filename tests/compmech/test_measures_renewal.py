"""Renewal processes by their law: against closed forms, against enumeration, and with signed matrices."""

from math import log2

import numpy as np
import pytest

from compmech import GHMM, HMM, Bounds, block_entropies, minimal, statistics, zoo
from compmech.measures.renewal import Renewal, renewal


def law_of(process: HMM | GHMM) -> Renewal:
    found = renewal(process.T, process.evaluate)
    assert found is not None
    return found


def rotating(lam: float, angle: float, along: tuple[float, float]) -> GHMM:
    """W(n) = lam^n (1 + a cos(n angle) + b sin(n angle)) / (1 + a): no finite number of states makes it."""
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    quiet = lam * np.block([[np.eye(1), np.zeros((1, 2))], [np.zeros((2, 1)), turn]])
    evaluate = np.array([1.0, 1.0, 0.0])
    after = np.array([1.0, *along])
    after /= after @ evaluate
    start = after @ np.linalg.inv(np.eye(3) - quiet)
    T = [quiet, np.outer(evaluate - quiet @ evaluate, after)]
    return GHMM(T, start / (start @ evaluate), evaluate)


def holds(bounds: Bounds, value: float, width: float) -> None:
    assert bounds.lower <= value <= bounds.upper
    assert bounds.upper - bounds.lower <= width


def test_the_simple_nonunifilar_source_has_its_published_values() -> None:
    law = law_of(zoo.sns())
    golden = zoo.entry("sns").golden
    # the golden values are printed to 13 digits, and bounds are widened by 1e-12 for rounding
    for bounds, key in (
        (law.entropy_rate, "entropy_rate"),
        (law.since, "statistical_complexity"),
        (law.excess_entropy, "excess_entropy"),
    ):
        assert bounds.lower - 1e-12 <= float(golden[key]) <= bounds.upper + 1e-12, key
    # W(n) = (n + 1) / 2^n: two geometric waits, one after the other
    np.testing.assert_allclose(law.survival[:8], [(n + 1) / 2**n for n in range(8)], rtol=1e-12)
    assert law.rate == pytest.approx(1 / 4, rel=1e-12)


def test_a_coin_has_no_memory() -> None:
    law = law_of(HMM([[[0.7]], [[0.3]]]))
    coin = -0.7 * log2(0.7) - 0.3 * log2(0.3)
    holds(law.entropy_rate, coin, 1e-11)
    holds(law.excess_entropy, 0.0, 1e-10)
    holds(law.ephemeral_information, coin, 1e-9)
    holds(law.since, coin / 0.7, 1e-11)  # the geometric law
    assert law.complexity.lower <= 0.0  # all beliefs are one


def test_a_law_of_bounded_waits_is_that_of_its_finite_machine() -> None:
    # F = (1/4, 1/2, 1/4) for 0, 1, 2 quiet symbols
    T = np.zeros((2, 3, 3))
    T[0, 0, 1], T[0, 1, 2] = 3 / 4, 1 / 3
    T[1, 0, 0], T[1, 1, 0], T[1, 2, 0] = 1 / 4, 2 / 3, 1
    process = HMM(T)
    law, exact = law_of(process), statistics(process)
    assert exact.how["excess_entropy"] == "exact"
    for bounds, key in (
        (law.entropy_rate, "entropy_rate"),
        (law.complexity, "statistical_complexity"),
        (law.excess_entropy, "excess_entropy"),
        (law.ephemeral_information, "ephemeral_information"),
    ):
        holds(bounds, getattr(exact, key), 1e-10)


@pytest.mark.parametrize("name", ["sns"])
def test_the_minimal_realisation_has_the_same_law(name: str) -> None:
    process = zoo.get(name)()
    turned = np.linalg.qr(np.array([[1.0, 2.0], [0.5, -1.0]]))[0]
    other = GHMM(turned @ process.T @ turned.T, process.start @ turned.T, turned @ process.evaluate)
    mine, theirs = statistics(process), statistics(other)
    for key in ("entropy_rate", "excess_entropy", "statistical_complexity", "ephemeral_information"):
        a, b = getattr(mine, key), getattr(theirs, key)
        assert a.lower <= b.upper, key
        assert b.lower <= a.upper, key
        assert b.upper - b.lower < 1e-9, key


def test_a_signed_law_agrees_with_the_words_it_makes() -> None:
    process = rotating(0.5, 2.0, (0.2, 0.1))
    found = statistics(process)
    H = block_entropies(process, 18)
    assert isinstance(found.entropy_rate, Bounds)
    assert isinstance(found.excess_entropy, Bounds)
    # block entropies approach from above, and E from below, by what 18 symbols leave: about 0.5 ** 18
    assert 0 <= H[18] - H[17] - found.entropy_rate.lower < 1e-4
    assert 0 <= found.excess_entropy.upper - (H[18] - 18 * (H[18] - H[17])) < 1e-3
    assert found.entropy_rate.upper - found.entropy_rate.lower < 1e-11
    assert found.excess_entropy.upper - found.excess_entropy.lower < 1e-9


def test_r_of_a_signed_law_is_that_of_long_words_about_a_symbol() -> None:
    process = rotating(0.4, 1.0, (0.2, 0.1))
    side = 7
    words = process.start[None]
    for _ in range(2 * side + 1):
        words = np.einsum("wi,xij->wxj", words, process.T).reshape(-1, 3)
    p = np.maximum(words @ process.evaluate, 0).reshape(2**side, 2, 2**side)

    def H(q: np.ndarray) -> float:
        q = q[q > 0]
        return float(-(q * np.log2(q)).sum())

    given = H(p) - H(p.sum(axis=1))
    bounds = law_of(process).ephemeral_information
    # knowing less on both sides leaves more, by no more than a part 0.4 ** 7 on each
    assert bounds.lower <= given + 1e-12
    assert given - bounds.upper < 2 * 0.4**side
    assert bounds.upper - bounds.lower < 1e-9


@pytest.mark.parametrize(
    "process",
    [zoo.even(), zoo.mess3(), zoo.rrxor(), HMM([[[1.0]]]), HMM([[[0, 1], [1, 0]], [[0, 0], [0, 0]]])],
    ids=["even", "mess3", "rrxor", "one symbol", "period 2 without events"],
)
def test_others_are_no_renewal_processes(process: HMM) -> None:
    if process.name == "even":  # a 0 is an event: blocks of 1s between two of them
        assert law_of(process).event == 0
    else:
        assert renewal(process.T, process.evaluate) is None


def test_even_is_a_renewal_process_of_finitely_many_states() -> None:
    law = law_of(zoo.even())
    holds(law.excess_entropy, log2(3) - 2 / 3, 1e-9)
    # blocks of an even number of 1s leave the belief of an event: two beliefs, which `since` counts apart
    assert law.complexity.lower <= log2(3) - 2 / 3 <= law.complexity.upper
    assert law.since.lower > log2(3) - 2 / 3


def test_a_realisation_with_states_to_spare_is_reduced_first() -> None:
    process = rotating(0.5, 2.0, (0.2, 0.1))
    wide = GHMM(
        np.pad(process.T, ((0, 0), (0, 1), (0, 1))), np.append(process.start, 0.0), np.append(process.evaluate, 0.0)
    )
    assert minimal(wide).n_state == 3
    assert statistics(wide).excess_entropy.upper == pytest.approx(statistics(process).excess_entropy.upper, abs=1e-9)
