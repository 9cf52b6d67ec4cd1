"""Budgets of `statistics`: what was found before one is reached is kept; and where a tolerance decided, it is said."""

from math import inf

import numpy as np
import pytest

from compmech import HMM, Bounds, EpsilonMachine, NotStationary, epsilon_machine, horizon_ranks, reverse, zoo
from compmech.measures.renewal import renewal
from compmech.measures.statistics import statistics
from compmech.minimal import equivalent, minimal
from compmech.plain import plain


def ends(value) -> tuple[float, float]:
    return (value.lower, value.upper) if isinstance(value, Bounds) else (value, value)


def contains(wide, narrow) -> bool:
    """Whether what is known with less contradicts nothing that is known with more."""
    if wide is None or narrow is None:
        return True
    (low, high), (lower, upper) = ends(wide), ends(narrow)
    return low <= lower + 1e-9 * (1 + abs(lower)) and (upper == high or upper <= high + 1e-9 * (1 + abs(upper)))


@pytest.mark.parametrize("name", ["mess3", "random_unifilar", "leaky_rrxor", "moon", "rrxor", "misiurewicz", "sns"])
def test_a_smaller_budget_gives_wider_bounds_or_reasons_and_contradicts_nothing(name: str) -> None:
    process = zoo.entry(name).build()
    whole = statistics(process)
    small = statistics(process, max_states=8, max_words=300, max_length=3)
    for key in small.how:
        if key != "block_entropies":
            assert contains(getattr(small, key), getattr(whole, key)), key
            assert small.how[key]
    assert small.block_entropies == whole.block_entropies[:4]


def test_the_limit_that_was_reached_is_named() -> None:
    found = statistics(zoo.mess3(), max_words=1000)
    assert isinstance(found.entropy_rate, Bounds)
    assert "max_words = 1000" in found.how["entropy_rate"]
    machine = zoo.random_unifilar()
    found = statistics(machine, max_states=20, max_words=500)
    assert isinstance(found.excess_entropy, Bounds)
    assert "max_words = 500" in found.how["excess_entropy"]
    assert "max_states = 20" in found.how["transient_information"]
    # a finite process that needs more: no number of states is claimed, and bounds hold the truth
    found = statistics(zoo.leaky_rrxor(), max_states=5)
    assert "max_states = 5" in statistics(zoo.rrxor(), max_states=5).how["n_mixed_states"]
    assert found.entropy_rate.lower > 0.92


@pytest.mark.parametrize("name", ["max_states", "max_words", "max_entries"])
def test_a_budget_of_nothing_is_refused_by_name(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} must be >= 1; got 0"):
        statistics(zoo.even(), **{name: 0})


def test_a_machine_too_large_for_matrices_has_what_its_table_says() -> None:
    machine = epsilon_machine(zoo.random_unifilar())
    whole, table = statistics(machine), statistics(machine, max_entries=10)
    for key in (
        "entropy_rate",
        "statistical_complexity",
        "single_symbol_entropy",
        "predicted_information",
        "period",
        "n_causal_states",
    ):
        assert getattr(table, key) == pytest.approx(getattr(whole, key), abs=1e-12)
    assert table.excess_entropy is None
    assert "max_entries = 10" in table.how["excess_entropy"]
    assert table.block_entropies == pytest.approx(whole.block_entropies[:2])
    assert set(table.to_dict()) == set(whole.to_dict())


def test_a_large_machine_must_be_stationary_too() -> None:
    machine = EpsilonMachine([[0, 1], [0, -1]], [[0.5, 0.5], [1, 0]], start=[0, 1])
    with pytest.raises(NotStationary):
        statistics(machine, max_entries=1)


# --- tolerance


@pytest.mark.parametrize("p", [1e-4, 1e-8, 1e-10, 1e-12, 1e-15])
def test_rare_states_are_counted_alike_by_machine_and_rank(p: float) -> None:
    found = statistics(zoo.even(p=p))
    assert found.n_causal_states == found.minimal_dimension == 2
    assert found.how["n_causal_states"] == found.how["minimal_dimension"] == "exact"
    assert minimal(zoo.even(p=p)).n_state == 2


def nearly_a_coin(d: float) -> HMM:
    """Two states with P(0) = 1/2 and 1/2 + d, told by the symbol before."""
    return HMM([[[0, 0.5], [0, 0.5 + d]], [[0.5, 0], [0.5 - d, 0]]])


def test_a_merge_by_tolerance_is_said_and_one_by_rounding_is_not() -> None:
    apart, near, equal = (statistics(nearly_a_coin(d)) for d in (1e-6, 1e-11, 0.0))
    assert (apart.n_causal_states, apart.minimal_dimension) == (2, 2)
    assert apart.how["n_causal_states"] == "exact"
    for found in (near, equal):
        assert (found.n_causal_states, found.minimal_dimension) == (1, 1)
    assert "within 1e-10" in near.how["n_causal_states"]
    assert "within 1e-10" in near.how["statistical_complexity"]
    assert "1e-10" in near.how["minimal_dimension"]
    assert equal.how["n_causal_states"] == equal.how["minimal_dimension"] == "exact"


def test_ranks_of_uneven_processes_do_not_depend_on_how_they_are_measured() -> None:
    """Rare states of a process that is not minimal: the even process with each state doubled."""
    T = np.kron(zoo.even(p=1e-9).T, np.full((2, 2), 0.5))
    assert horizon_ranks(HMM(T))[-1] == 2
    assert equivalent(minimal(HMM(T)), HMM(T))


# --- the reverse whose transient beliefs only converge


@pytest.mark.parametrize("error", [0.1, 0.45])
def test_recurrent_beliefs_are_found_where_transient_ones_only_converge(error: float) -> None:
    """Two biased bits and their exclusive or through a noisy channel. Read backwards the phase of three is never known
    for sure, and beliefs of ever longer words are all different."""
    T = np.zeros((2, 5, 5))
    for b, p in ((0, 0.6), (1, 0.4)):
        T[b, 0, 1 + b] = p
    for a in (0, 1):
        for b, p in ((0, 0.55), (1, 0.45)):
            T[b, 1 + a, 3 + (a ^ b)] = p
        T[a, 3 + a, 0], T[1 - a, 3 + a, 0] = 1 - error, error
    process = HMM(T)
    back = epsilon_machine(reverse(process), max_states=2000)
    found = statistics(process)
    assert back.n_state == found.n_reverse_causal_states
    assert equivalent(back, reverse(process))
    C = float(-(back.start * np.log2(back.start)).sum())
    assert pytest.approx(found.reverse_statistical_complexity, abs=1e-9) == C


# --- countable renewal processes, from their law


@pytest.mark.parametrize("seed", range(12))
def test_series_over_a_finite_law_are_the_statistics_of_its_machine(seed: int) -> None:
    """Laws that end have finitely many states, with S, T and E by linear systems instead."""
    rng = np.random.default_rng(seed)
    law = rng.dirichlet(np.ones(rng.integers(3, 9)))
    process = zoo.renewal(law=law)
    found, events = statistics(process), renewal(process.T, process.evaluate)
    assert events is not None
    assert found.n_causal_states == len(law)
    for key, series in {
        "synchronization_information": events.synchronisation,
        "transient_information": events.transient_information,
        "excess_entropy": events.excess_entropy,
    }.items():
        assert ends(series) == pytest.approx(ends(getattr(found, key)), abs=1e-9), key


def test_the_simple_nonunifilar_source_has_every_statistic() -> None:
    """S against its first terms, H[S_L | X_0:L] = sum_{n >= L} s(p W(n)) - s(M(L)), W(n) = (n + 1) / 2^n."""
    found = statistics(zoo.sns())
    n = np.arange(400)
    x = (n + 1) * 0.5**n / 4
    tail = x[::-1].cumsum()[::-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        s = np.where(x > 0, -x * np.log2(x), 0.0)[::-1].cumsum()[::-1]
        terms = s + np.where(tail > 0, tail * np.log2(tail), 0.0)
    S = found.synchronization_information
    assert S.lower <= terms.sum() + 1e-12
    assert S.upper >= terms.sum() - 1e-12
    assert S.upper - S.lower < 1e-9
    assert found.causal_irreversibility == 0
    for key in ("markov_order", "cryptic_order", "n_causal_states", "n_reverse_causal_states", "n_mixed_states"):
        assert getattr(found, key) == inf
    assert found.n_transient_mixed_states == inf
    assert None not in found.to_dict().values()


def test_a_tail_cut_short_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """With twenty terms the bounds are wide, and hold what all terms give."""
    from compmech.measures import renewal as module

    process = zoo.sns()
    whole = renewal(process.T, process.evaluate)
    monkeypatch.setattr(module, "_MAX_TERMS", 20)
    cut = renewal(process.T, process.evaluate)
    for name in ("synchronisation", "transient_information", "excess_entropy", "since"):
        wide, narrow = getattr(cut, name), getattr(whole, name)
        assert wide.lower <= narrow.lower + 1e-12 <= narrow.upper <= wide.upper + 1e-12
        assert 1e-9 < wide.upper - wide.lower < 0.1, name


def test_a_mixture_of_two_geometric_laws_is_proved_to_have_infinitely_many_states_in_any_basis() -> None:
    from compmech import GHMM

    quiet = np.diag([0.5, 0.25])
    T = np.array([quiet, np.outer([0.5, 0.75], [0.5, 0.5])])
    basis = np.array([[1.0, 0.5], [-0.25, 1.0]])
    hmm = HMM(T)
    signed = GHMM(basis @ T @ np.linalg.inv(basis), hmm.start @ np.linalg.inv(basis), basis @ np.ones(2))
    events = renewal(signed.T, signed.evaluate)
    assert events is not None
    assert events.never_returns
    one, other = statistics(hmm), statistics(signed)
    for key in set(one.how) - {"block_entropies"}:
        assert contains(getattr(one, key), getattr(other, key)), key
    assert other.n_causal_states == other.cryptic_order == inf


def test_turning_laws_are_left_undecided() -> None:
    """FRDN's quiet matrix has eigenvalues of one modulus, which rounding cannot tell from a rational turn."""
    found = statistics(zoo.frdn())
    assert found.n_causal_states is None
    assert "neither found nor excluded" in found.how["n_causal_states"]
    T = found.transient_information
    H = np.array(found.block_entropies)
    h = found.entropy_rate.upper
    assert T.lower > np.arange(1, len(H)) @ (np.diff(H) - h)  # its first ten terms
    assert T.upper - T.lower < 1e-9


def test_results_are_plain() -> None:
    value = {"a": (1.5, Bounds(0.0, inf)), "b": np.array([1, 2]), "c": 1 + 2j, "d": None, "e": -inf}
    assert plain(value) == {
        "a": [1.5, {"lower": 0.0, "upper": "inf"}],
        "b": [1, 2],
        "c": [1.0, 2.0],
        "d": None,
        "e": "-inf",
    }
