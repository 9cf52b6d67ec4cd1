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


@st.composite
def parallel_edged(draw):
    """A unifilar machine each of whose symbols is one of two at random: two edges for every one."""
    process = draw(unifilar_hmms(most_states=3, most_symbols=2))
    share = draw(st.integers(1, 4)) / 5
    with python_random_untouched():
        return HMM(np.concatenate([share * process.T, (1 - share) * process.T]), start=process.start)


@st.composite
def redundant(draw):
    """Every state twice, with shares in what comes to it that depend on the symbol: not unifilar, not minimal."""
    process = draw(st.one_of(unifilar_hmms(most_states=3, most_symbols=2), periodic_hmms(most_symbols=2)))
    shares = [draw(st.integers(1, 4)) / 5 for _ in range(process.n_symbol)]
    T = [np.kron(M, np.outer([1, 1], [a, 1 - a])) for M, a in zip(process.T, shares, strict=True)]
    with python_random_untouched():
        return HMM(T)


def all_stationary():
    small = {"most_states": 3, "most_symbols": 2}
    return st.one_of(
        unifilar_hmms(**small),
        mixtures(),
        periodic_hmms(most_symbols=2),
        ergodic_hmms(2, 2),
        parallel_edged(),
        redundant(),
    )


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
@given(all_stationary())
def test_enumerated_words_agree(process: HMM) -> None:
    """H(L) by all words. H(L) - H(L-1) falls to h, H(L) - L h rises to E, and sum_L [E + h L - H(L)] to T."""
    found = statistics(process)
    longest = 5 if process.n_symbol <= 2 else 3
    H = [float(-(p * np.log2(p)).sum()) for p in (enumerated(process, length) for length in range(longest + 1))]
    assert found.block_entropies[: longest + 1] == pytest.approx(H, abs=TOL)
    assert same(found.single_symbol_entropy, H[1])
    low, high = ends(found.entropy_rate)
    assert low <= H[-1] - H[-2] + TOL
    least, most = ends(found.excess_entropy)
    assert most >= H[-1] - longest * high - TOL
    if found.transient_information is not None:
        told = sum(least + low * length - block for length, block in enumerate(H))
        assert ends(found.transient_information)[1] >= told - TOL * longest
    if found.markov_order is not None and ends(found.markov_order)[1] < longest:
        assert H[-1] - H[-2] == pytest.approx(low, abs=TOL)
        assert H[-1] - longest * low == pytest.approx(least, abs=TOL * longest)


def enumerated(process: HMM, length: int) -> np.ndarray:
    p = word_probabilities(process, length)
    return p[p > 0]


@few
@given(parallel_edged())
def test_parallel_edges_add_their_own_entropy_alone(process: HMM) -> None:
    """Which of the two edges it is, is a coin of its own: h and H(1) rise by its entropy, and memory stays."""
    half = process.n_symbol // 2
    share = process.T[0].sum() / (process.T[0].sum() + process.T[half].sum()) if process.T[0].any() else None
    assume(share is not None)
    plain = HMM(process.T[:half] + process.T[half:], start=process.start)
    found, bare = statistics(process), statistics(plain)
    coin = -share * np.log2(share) - (1 - share) * np.log2(1 - share)
    for key in KEYS:
        more = coin if key in ("entropy_rate", "single_symbol_entropy", "ephemeral_information") else 0.0
        value = getattr(bare, key)
        assert value is None or same(getattr(found, key), Bounds(*(end + more for end in ends(value)))), key


@few
@given(st.one_of(unifilar_hmms(most_states=4, most_symbols=2), mixtures(), parallel_edged(), redundant()))
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
