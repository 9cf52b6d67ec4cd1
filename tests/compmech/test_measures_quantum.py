"""The memory of the q-machine: closed forms, signal states written out word by word, and what bounds it."""

from itertools import pairwise, product

import numpy as np
import pytest
from golden_machines import NAMES, golden, machine
from hypothesis import given, settings
from machines import sns, two_coins
from strategies import unifilar_hmms

from compmech import HMM, EpsilonMachine, NoFiniteEpsilonMachine, NotStationary, epsilon_machine, statistics, zoo
from compmech.measures.findings import as_bounds
from compmech.measures.interval import Bounds, entropy
from compmech.measures.quantum import quantum_complexities, quantum_memory


def signal_states(found: EpsilonMachine, length: int) -> np.ndarray:
    """|eta_i(L)> of each causal state, over words and the states that they lead to."""
    T = np.sqrt(found.to_hmm().T)
    columns = []
    for word in product(range(found.n_symbol), repeat=length):
        amplitude = np.eye(found.n_state)
        for x in word:
            amplitude = amplitude @ T[x]  # one path at most, so roots multiply
        columns.append(amplitude)
    return np.concatenate(columns, axis=1)


def memory_by_words(found: EpsilonMachine, length: int) -> float:
    eta = signal_states(found, length)
    density = np.einsum("i,ia,ib->ab", found.start, eta, eta) if eta.shape[1] < 300 else None
    if density is None:  # the same nonzero eigenvalues
        root = np.sqrt(found.start)[:, None] * eta
        density = root @ root.T
    return float(entropy(np.linalg.eigvalsh(density).clip(0)))


@pytest.mark.parametrize("p", [0.1, 0.5, 0.8])
def test_golden_mean(p: float) -> None:
    """A and B can both emit a 0 that leads to A: their overlap is sqrt(1 - p)."""
    found = quantum_memory(zoo.golden_mean(p))
    a, b = 1 / (1 + p), p / (1 + p)
    root = np.sqrt(1 - 4 * a * b * p)
    assert found.overlaps[0, 1] == pytest.approx(np.sqrt(1 - p), abs=1e-14)
    assert found.complexity == pytest.approx(float(entropy(np.array([1 + root, 1 - root]) / 2)), abs=1e-13)
    assert found.spectrum == pytest.approx([(1 + root) / 2, (1 - root) / 2], abs=1e-14)


@pytest.mark.parametrize("p", [0.1, 0.4])
def test_perturbed_coin(p: float) -> None:
    """Gu, Wiesner, Rieper and Vedral, Nature Communications 3, 762 (2012): C = 1, and overlap 2 sqrt(p (1 - p))."""
    move = np.array([[1 - p, p], [p, 1 - p]])
    found = quantum_memory(HMM(np.einsum("ij,jx->xij", move, np.eye(2))))
    c = 2 * np.sqrt(p * (1 - p))
    assert found.complexity == pytest.approx(float(entropy(np.array([1 + c, 1 - c]) / 2)), abs=1e-13)


@pytest.mark.parametrize("p", [0.3, 0.5])
def test_futures_that_do_not_overlap_save_nothing(p: float) -> None:
    """Nothing cryptic, nothing to gain: E = C_q = C."""
    for process in (zoo.even(p), zoo.z1r(p)):
        found = quantum_memory(process)
        assert found.complexity == pytest.approx(statistics(process).statistical_complexity, abs=1e-12)


@settings(max_examples=20)
@given(unifilar_hmms(most_states=4, most_symbols=2))
def test_signal_states_word_by_word(process: HMM) -> None:
    expected = [memory_by_words(epsilon_machine(process), length) for length in range(5)]
    assert quantum_complexities(process, 4) == pytest.approx(expected, abs=1e-8)  # eigenvalues near 0 err by 1e-16


@pytest.mark.parametrize("name", [name for name in NAMES if golden(name)["cryptic_order"] <= 5])
def test_enough_is_known_at_the_cryptic_order(name: str) -> None:
    process, order = machine(name), int(golden(name)["cryptic_order"])
    by_length = quantum_complexities(process, order + 1)
    found = quantum_memory(process).complexity
    assert by_length[order] == pytest.approx(found, abs=1e-10)
    assert by_length[order + 1] == pytest.approx(found, abs=1e-10)
    if order > 1:
        assert by_length[order - 1] > found + 1e-6


def test_nemo_is_approached_for_ever() -> None:
    by_length = quantum_complexities(zoo.nemo(), 120)
    assert by_length[0] == pytest.approx(1.5)
    assert all(later < earlier for earlier, later in pairwise(by_length[:41]))
    assert by_length[-1] == pytest.approx(quantum_memory(zoo.nemo()).complexity, abs=1e-10)


@settings(max_examples=25)
@given(unifilar_hmms(most_states=5, most_symbols=2))
def test_between_excess_entropy_and_statistical_complexity(process: HMM) -> None:
    found, known = quantum_memory(process), statistics(process)
    C_q = as_bounds(found.complexity)
    assert as_bounds(known.excess_entropy).lower - 1e-9 <= C_q.upper
    assert C_q.lower <= known.statistical_complexity + 1e-9
    assert found.spectrum.sum() == pytest.approx(1, abs=1e-12)
    assert np.linalg.eigvalsh(found.overlaps).min() > -1e-9


def test_states_that_are_nearly_alike_leave_it_between_bounds() -> None:
    """Two states that part once in 1e12 symbols: rounding of sqrt(p q) is felt over all that time."""
    p, q = 0.5, 0.5 + 1e-6
    found = quantum_memory(HMM([[[0, p], [q, 0]], [[1 - p, 0], [0, 1 - q]]]))
    assert isinstance(found.complexity, Bounds)
    assert found.complexity.lower <= 1.0 <= found.complexity.upper + 1e-12  # never merge: overlap 0, C_q = C = 1
    assert found.complexity.upper - found.complexity.lower < 0.1


def test_too_many_pairs_to_solve_for() -> None:
    """100 states: overlaps are iterated until they are known to rounding."""
    rng = np.random.default_rng(5)
    n = 100
    emit = rng.dirichlet([1, 1], n)
    found = quantum_memory(EpsilonMachine(np.stack([rng.permutation(n), rng.integers(0, n, n)], axis=1), emit))
    assert isinstance(found.complexity, float)
    C = float(entropy(found.machine.start))
    assert 0 < found.complexity < C


def test_two_ergodic_parts_are_orthogonal() -> None:
    assert quantum_memory(two_coins()).complexity == pytest.approx(1.0, abs=1e-12)


def test_refusals() -> None:
    with pytest.raises(NoFiniteEpsilonMachine):
        quantum_memory(sns(), max_states=200)
    with pytest.raises(NotStationary):
        quantum_memory(HMM(zoo.even().T, start=[1, 0]))
    with pytest.raises(ValueError, match="length must be >= 0"):
        quantum_complexities(zoo.even(), -1)
