"""Relations between the statistics of random stationary processes, ergodic or mixed, and what leaves all of them as
they are: each number is held as it is stated, exact ones to rounding and bounds as intervals."""

from math import isinf, lcm

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from oracles import word_probabilities
from strategies import ergodic_hmms, periodic_hmms, python_random_untouched, unifilar_hmms

from compmech import HMM, NotStationary, reverse, statistics
from compmech.measures import Bounds, Statistics

KEYS = [key for key in Statistics.__dataclass_fields__ if key not in ("how", "block_entropies")]
few = settings(max_examples=8, deadline=None)

# Sums of a few hundred terms between 0 and 5 bits.
TOL = 1e-9


def ends(value) -> tuple[float, float]:
    return (value.lower, value.upper) if isinstance(value, Bounds) else (value, value)


def plus(*values) -> tuple[float, float]:
    lows, highs = zip(*(ends(value) for value in values), strict=True)
    return sum(lows), sum(highs)


def meet(one: tuple[float, float], other: tuple[float, float]) -> bool:
    if isinf(one[1]) and isinf(other[1]):
        return True
    scale = TOL * max(1.0, *(abs(x) for x in (*one, *other) if not isinf(x)))
    return one[0] <= other[1] + scale and other[0] <= one[1] + scale


def same(one, other) -> bool:
    return one is None or other is None or meet(ends(one), ends(other))


@st.composite
def mixtures(draw, parts=None):
    """Two closed classes over one alphabet, each in its own stationary distribution, with any weights."""
    parts = unifilar_hmms(most_states=3, most_symbols=2) if parts is None else parts
    first, second = draw(parts), draw(parts)
    n_symbol, split = max(first.n_symbol, second.n_symbol), first.n_state
    T = np.zeros((n_symbol, split + second.n_state, split + second.n_state))
    T[: first.n_symbol, :split, :split], T[: second.n_symbol, split:, split:] = first.T, second.T
    weight = draw(st.integers(1, 4)) / 5
    with python_random_untouched():
        return HMM(T, start=np.concatenate([weight * first.start, (1 - weight) * second.start]))


def all_stationary():
    small = {"most_states": 3, "most_symbols": 2}
    return st.one_of(unifilar_hmms(**small), mixtures(), periodic_hmms(most_symbols=2), ergodic_hmms(2, 2))


@few
@given(all_stationary())
def test_sums_and_inequalities(process: HMM) -> None:
    found = statistics(process)
    h, one = found.entropy_rate, found.single_symbol_entropy
    C, E = found.statistical_complexity, found.excess_entropy
    rho = found.predicted_information
    assert meet(plus(h, rho), ends(one))
    parts = found.ephemeral_information, found.bound_information, found.enigmatic_information
    if None not in parts:
        r, b, q = parts
        assert meet(plus(r, b), ends(h))
        assert meet(plus(q, b), ends(rho))
        assert min(ends(r)[1], ends(b)[1]) >= -TOL
    if found.elusive_information is not None:
        assert meet(plus(rho, found.elusive_information), ends(E))
        assert ends(found.elusive_information)[1] >= -TOL
    for complexity in (C, found.reverse_statistical_complexity):
        if complexity is not None:
            assert ends(E)[0] <= ends(complexity)[1] + TOL
    if found.crypticity is not None and C is not None:
        assert meet(plus(found.crypticity, E), ends(C))
    T, S = found.transient_information, found.synchronization_information
    if T is not None and S is not None:
        assert ends(T)[0] <= ends(S)[1] + TOL
        assert ends(T)[1] >= -TOL


@few
@given(st.one_of(unifilar_hmms(most_states=4, most_symbols=2), mixtures()))
def test_not_cryptic_is_cryptic_order_zero(process: HMM) -> None:
    found = statistics(process)
    assume(not isinstance(found.crypticity, Bounds) and not isinstance(found.cryptic_order, Bounds))
    assert (abs(found.crypticity) < TOL) == (found.cryptic_order == 0)
    if found.cryptic_order == 0:
        assert same(found.synchronization_information, found.transient_information)
        assert same(found.excess_entropy, found.statistical_complexity)


@few
@given(all_stationary(), st.randoms(use_true_random=False))
def test_presentations_change_nothing(process: HMM, random) -> None:
    """States permuted, symbols renamed in another order, every state split in two by unequal shares."""
    states, symbols = list(range(process.n_state)), list(range(process.n_symbol))
    random.shuffle(states)
    random.shuffle(symbols)
    T = process.T[symbols][:, states][:, :, states]
    share = np.array([0.25, 0.75])
    split = np.array([np.kron(matrix, np.outer(np.ones(2), share)) for matrix in T])
    found = statistics(process)
    other = statistics(HMM(split, start=np.kron(process.start[states], share), alphabet=[f"x{x}" for x in symbols]))
    for key in KEYS:
        assert same(getattr(found, key), getattr(other, key)), key


@few
@given(all_stationary())
def test_time_reversed_h_and_E_stay(process: HMM) -> None:
    found, other = statistics(process), statistics(reverse(process))
    for key in ("entropy_rate", "excess_entropy", "single_symbol_entropy", "period", "bidirectional_complexity"):
        assert same(getattr(found, key), getattr(other, key)), key
    assert same(found.statistical_complexity, other.reverse_statistical_complexity)
    assert word_probabilities(reverse(process), 2) == pytest.approx(
        word_probabilities(process, 2).reshape((process.n_symbol,) * 2).T.ravel(), abs=1e-12
    )


@few
@given(mixtures())
def test_a_mixture_has_the_mean_rate_and_the_common_period(process: HMM) -> None:
    """h of a mixture is the mean of its parts' h. E exceeds theirs by at most the entropy of which part it is."""
    A = process.T.sum(axis=0)
    split = next(
        k
        for k in range(1, process.n_state)
        if not A[:k, k:].any() and not A[k:, :k].any() and process.start[:k].sum() < 1
    )
    weight = process.start[:split].sum()
    sides = (slice(None, split), slice(split, None))
    parts = [HMM(process.T[:, side, side], start=process.start[side] / process.start[side].sum()) for side in sides]
    found, (first, second) = statistics(process), [statistics(part) for part in parts]
    mean = weight * first.entropy_rate + (1 - weight) * second.entropy_rate
    assert found.entropy_rate == pytest.approx(mean, abs=1e-11)
    low = weight * ends(first.excess_entropy)[0] + (1 - weight) * ends(second.excess_entropy)[0]
    high = weight * ends(first.excess_entropy)[1] + (1 - weight) * ends(second.excess_entropy)[1]
    which = -weight * np.log2(weight) - (1 - weight) * np.log2(1 - weight)
    assert meet(ends(found.excess_entropy), (low, high + which))
    assert lcm(int(first.period), int(second.period)) % int(found.period) == 0


@given(unifilar_hmms(most_states=4))
def test_a_start_that_moves_is_refused_with_the_repair(process: HMM) -> None:
    start = np.eye(process.n_state)[0]
    assume(np.abs(start @ process.T.sum(axis=0) - start).max() > 1e-6)
    with pytest.raises(NotStationary, match=r"stationary\(process\)"):
        statistics(HMM(process.T, start=start))
