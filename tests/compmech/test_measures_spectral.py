"""Modes of entropy convergence: closed forms, enumeration, and the statistics computed another way."""

import pickle

import numpy as np
import pytest
import truths
from golden_machines import machine
from hypothesis import assume, given, settings
from machines import period, sns, two_coins
from strategies import periodic_hmms, unifilar_hmms

from compmech import (
    HMM,
    NoFiniteEpsilonMachine,
    NotStationary,
    block_entropies,
    epsilon_machine,
    mixed_states,
    statistics,
    zoo,
)
from compmech.errors import NotClosed
from compmech.measures.spectral import Spectrum, spectrum

# The parts of a matrix put it together again to 1e-10; what is made of them may be a few times larger.
CLOSE = 1e-9


def rates_by_words(process: HMM, length: int) -> np.ndarray:
    return np.diff(block_entropies(process, length))


def eigenvalues(found: Spectrum) -> list[complex]:
    return [complex(np.round(mode.eigenvalue, 9)) for mode in found.modes for _ in range(mode.multiplicity)]


@pytest.mark.parametrize("p", [0.2, 0.5, 0.9])
def test_golden_mean(p: float) -> None:
    """One transient mixed state, left at once; the chain itself has the eigenvalue -p, which no h_L shows."""
    found, known = spectrum(zoo.golden_mean(p)), truths.golden_mean(p)
    assert [(m.eigenvalue, m.index) for m in found.modes] == [(pytest.approx(-p, abs=1e-12), 1), (0, 1)]
    slow, first = found.modes
    assert slow.excess_part == pytest.approx(0, abs=1e-14)
    assert first.rate_part(1) == pytest.approx(known["single_symbol_entropy"] - known["entropy_rate"], abs=1e-14)
    assert first.rate_part(2) == 0
    assert first.excess_part == pytest.approx(known["excess_entropy"], abs=1e-14)
    assert found.entropy_rate == pytest.approx(known["entropy_rate"], abs=1e-14)


@pytest.mark.parametrize("p", [0.2, 0.5, 0.9])
def test_even(p: float) -> None:
    """The two transient mixed states follow each other while 1s are read: +-sqrt(p)."""
    found, known = spectrum(zoo.even(p)), truths.even(p)
    expected = sorted([-p, -np.sqrt(p), np.sqrt(p)])
    assert sorted(m.eigenvalue.real for m in found.modes) == pytest.approx(expected, abs=1e-12)
    for key in ("entropy_rate", "excess_entropy", "transient_information", "synchronization_information"):
        assert getattr(found, key) == pytest.approx(known[key], abs=CLOSE), key


@pytest.mark.parametrize(
    ("process", "length"),
    [(zoo.nemo(0.3, 0.6), 9), (zoo.rip(), 9), (zoo.rrxor(), 12), (machine("butterfly"), 5), (machine("odd"), 9)],
)
def test_rates_by_enumeration(process: HMM, length: int) -> None:
    found = spectrum(process)
    assert [found.rate(n + 1) for n in range(length)] == pytest.approx(rates_by_words(process, length), abs=1e-12)
    assert found.error < CLOSE


def test_butterfly_is_not_diagonalisable_at_an_eigenvalue_other_than_zero() -> None:
    """B and D lead to C and E and these to A, which leads to B or D: half and half, twice."""
    modes = {round(mode.eigenvalue.real, 6): mode for mode in spectrum(machine("butterfly")).modes if mode.index == 2}
    assert sorted(modes) == [0.0, 0.5]
    assert modes[0.5].multiplicity == 2
    vectors = np.linalg.eig(net_matrix(machine("butterfly")))[1]
    assert np.linalg.cond(vectors) > 1e6  # eigenvectors alone would not do


def net_matrix(process: HMM) -> np.ndarray:
    graph = mixed_states(epsilon_machine(process))
    W = np.zeros((graph.n_mixed, graph.n_mixed))
    for m, x in np.argwhere(graph.successor >= 0):
        W[m, graph.successor[m, x]] += graph.emit[m, x]
    return W


@pytest.mark.parametrize("n", [1, 2, 5, 9])
def test_periodic_words(n: int) -> None:
    """On the unit circle nothing is left of h_L; all of E, log2 n, is in a nilpotent block of index n - 1."""
    found = spectrum(period(n))
    turning = [mode for mode in found.modes if abs(mode.eigenvalue) > 0.5]
    assert len(turning) == n - 1
    assert all(abs(mode.excess_part) < 1e-12 and abs(mode.rate_part(3)) < 1e-12 for mode in turning)
    if n > 1:
        nilpotent = found.modes[-1]
        assert (nilpotent.eigenvalue, nilpotent.index) == (0, n - 1)
        assert nilpotent.excess_part == pytest.approx(np.log2(n), abs=1e-12)
        assert nilpotent.rate_part(n) == 0


@settings(max_examples=25)
@given(unifilar_hmms(most_states=5, most_symbols=2))
def test_modes_sum_to_the_statistics(process: HMM) -> None:
    known = statistics(process)
    assume(isinstance(known.n_mixed_states, int) and known.n_mixed_states < 200)
    found = spectrum(process)
    assert found.n_mixed == known.n_mixed_states
    for key in ("entropy_rate", "excess_entropy", "transient_information", "synchronization_information"):
        value = getattr(known, key)
        assert getattr(found, key) == pytest.approx(value, rel=CLOSE, abs=CLOSE), key
    assert [found.rate(n + 1) for n in range(4)] == pytest.approx(rates_by_words(process, 4), abs=CLOSE)
    for total, part in (("excess_entropy", "excess_part"), ("transient_information", "transient_part")):
        summed = sum((getattr(mode, part) for mode in found.modes), start=0j)
        assert summed == pytest.approx(getattr(found, total), rel=CLOSE, abs=CLOSE)
    summed = sum((mode.synchronization_part for mode in found.modes), start=0j)
    assert summed == pytest.approx(found.synchronization_information, rel=CLOSE, abs=CLOSE)
    assert found.error < CLOSE


@settings(max_examples=25)
@given(unifilar_hmms(most_states=4, most_symbols=2))
def test_eigenvalues_are_those_of_the_net_matrix(process: HMM) -> None:
    """As the roots of its characteristic polynomial, up to order: power sums agree."""
    graph = mixed_states(epsilon_machine(process), max_states=60)
    assume(graph.closed)
    W = net_matrix(process)
    found = np.array([*eigenvalues(spectrum(process)), 1.0])
    assert len(found) == len(W)
    for k in range(1, 6):
        assert (found**k).sum() == pytest.approx(np.trace(np.linalg.matrix_power(W, k)), abs=1e-7)  # rounded to 1e-9


@settings(max_examples=15)
@given(periodic_hmms(most_symbols=2))
def test_periodic_processes(process: HMM) -> None:
    try:
        found = spectrum(process, max_states=150)
    except (NotClosed, NoFiniteEpsilonMachine):
        assume(False)
    assert [found.rate(n + 1) for n in range(4)] == pytest.approx(rates_by_words(process, 4), abs=CLOSE)


def test_a_mixture_has_the_eigenvalue_1_once_for_each_part() -> None:
    """0 forever, or 01 forever: 00 tells one, a 1 the other."""
    T = np.zeros((2, 3, 3))
    T[0, 0, 0] = T[0, 1, 2] = T[1, 2, 1] = 1
    process = HMM(T, start=[0.5, 0.25, 0.25])
    found = spectrum(process)
    assert found.n_ergodic == 2
    assert found.entropy_rate == 0
    assert found.excess_entropy == pytest.approx(statistics(process).excess_entropy, abs=1e-12)
    assert [found.rate(n + 1) for n in range(5)] == pytest.approx(rates_by_words(process, 5), abs=1e-12)


@pytest.mark.parametrize("p", [1e-2, 1e-3, 1e-4, 1e-6])
def test_eigenvalues_next_to_zero_cost_no_digits(p: float) -> None:
    """RIP has two Jordan blocks that are nearly one at 0 and +-sqrt(p): parted while that is possible."""
    found = spectrum(zoo.rip(p, 0.3))
    assert found.error < CLOSE
    assert {mode.index for mode in found.modes} == ({1, 2} if p > 5e-4 else {1, None})
    assert [found.rate(n + 1) for n in range(9)] == pytest.approx(rates_by_words(zoo.rip(p, 0.3), 9), abs=CLOSE)


def test_one_state() -> None:
    found = spectrum(HMM([[[0.5]], [[0.5]]]))
    assert (found.modes, found.rate(3), found.excess_entropy, found.n_mixed) == ((), 1.0, 0.0, 1)
    assert found.eigenvalues.shape == (0,)


def test_refusals() -> None:
    with pytest.raises(NotClosed, match=r"mixed states do not close: .* raise max_states"):
        spectrum(two_coins(), max_states=100)
    with pytest.raises(NotClosed) as caught:
        spectrum(zoo.rrxor(), max_states=20)
    assert not caught.value.explored.closed
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
    with pytest.raises(NoFiniteEpsilonMachine):
        spectrum(sns(), max_states=100)
    with pytest.raises(NotStationary):
        spectrum(HMM(zoo.even().T, start=[1, 0]))
    for call in (spectrum(zoo.even()).rate, spectrum(zoo.even()).modes[0].rate_part):
        with pytest.raises(ValueError, match="length must be >= 1"):
            call(0)
