"""Quantum memory: the q-machine, which stores causal states as quantum states that overlap as far as their futures do.

Letters (Mahoney, Aghamohammadi and Crutchfield): the signal state of causal state i at length L is

    |eta_i(L)> = sum_w,j sqrt(P(w, j | i)) |w> |j>,     w the words of length L, j the state they lead to.

c_ij(L) = <eta_i(L)|eta_j(L)> has c_ij(0) = 0 for i != j, c_ii = 1, and, i.x being the state after x,

    c_ij(L) = sum_x sqrt(P(x | i) P(x | j)) c_(i.x)(j.x)(L-1),

so it rises to the solution of a linear system on pairs of states: c = b + Q c, Q the pair graph of `pairs`. The
density matrix sum_i pi_i |eta_i><eta_i| has the nonzero eigenvalues of G_ij = sqrt(pi_i pi_j) c_ij, whose entropy is
C_q(L); C_q is that at L = inf, reached at the cryptic order. E <= C_q <= C.

Reference:
    Mahoney, Aghamohammadi and Crutchfield, Scientific Reports 6, 20495 (2016);
    Riechers, Mahoney, Aghamohammadi and Crutchfield, Phys. Rev. A 93, 052317 (2016);
    Audenaert, J. Phys. A 40, 8127 (2007), for the continuity of the von Neumann entropy.
"""

from dataclasses import dataclass
from math import log2, sqrt
from typing import Any

import numpy as np
from jaxtyping import Float

from compmech.epsilon_machine import EpsilonMachine
from compmech.hmm import AnyPresentation
from compmech.measures.causal import finite_machine
from compmech.measures.findings import Quantity
from compmech.measures.interval import Bounds, entropy
from compmech.measures.pairs import PairGraph, pair_graph
from compmech.validation import check_count, frozen

# Mixed states explored to find the causal states.
MAX_STATES = 3000

# Steps of the iteration from below and from above before the linear system is solved.
_STEPS = 300

# The lower and the upper bound of an overlap are one number when they are this near: C_q is off by less than 1e-10.
_ONE_NUMBER = 1e-12

# Steps are taken until they are nearer still, down to the rounding of a few products.
_AS_NEAR = 1e-14

# Above this many pairs the dense solve would take longer than a second.
_MAX_PAIRS = 3000

# Steps where the system is too large to be solved.
_MOST_STEPS = 20_000

# Rounding of each entry of the system, relative: a square root, a product and a sum over symbols.
_PER_ENTRY = 1e-15


@dataclass(frozen=True, eq=False)
class QuantumMemory:
    """The memory of the q-machine.

    Attributes:
        complexity: C_q in bits, or bounds where overlaps are too slow to converge.
        overlaps: <eta_i|eta_j> of the causal states of `machine`, at infinite length.
        spectrum: eigenvalues of the density matrix, the greatest first; they sum to 1.
        machine: the epsilon-machine whose states are stored.
    """

    complexity: Quantity
    overlaps: Float[np.ndarray, "causal causal"]
    spectrum: Float[np.ndarray, " causal"]
    machine: EpsilonMachine


def quantum_memory(process: AnyPresentation, *, max_states: int = MAX_STATES) -> QuantumMemory:
    """The memory that a q-machine needs to generate a process: C_q, with E <= C_q <= C.

    Args:
        process: stationary, with finitely many causal states.
        max_states: the most mixed states explored to find them.
    Raises:
        NotStationary: if the start is not stationary.
        NoFiniteEpsilonMachine: if no finite epsilon-machine was found.
    Reference:
        Mahoney, Aghamohammadi and Crutchfield, Scientific Reports 6, 20495 (2016).
    Example:
        >>> from compmech import zoo
        >>> found = quantum_memory(zoo.golden_mean())
        >>> round(found.complexity, 6), round(float(found.overlaps[0, 1]), 6)      # C = 0.918296, E = 0.251629
        (0.550048, 0.707107)
    """
    machine = finite_machine(process, max_states=max_states)
    pairs = pair_graph(machine.successor, machine.emit)
    least, most = _limits(pairs, _merging(machine, pairs))
    middle = (least + most) / 2
    spectrum = _spectrum(machine, pairs, middle)
    value = float(entropy(spectrum))
    width = float((most - least).max(initial=0.0))
    slack = 0.0 if width <= _ONE_NUMBER else _doubt(machine, pairs, (most - least) / 2)
    bounds = Bounds(max(0.0, value - slack), min(float(entropy(machine.start)), value + slack))
    return QuantumMemory(
        complexity=bounds if slack else value,
        overlaps=frozen(_table(machine.n_state, pairs, middle)),
        spectrum=frozen(spectrum),
        machine=machine,
    )


def quantum_complexities(process: AnyPresentation, length: int, *, max_states: int = MAX_STATES) -> tuple[float, ...]:
    """C_q(L) for L = 0, 1, ..., length, in bits: the memory of the q-machine that looks L symbols ahead.

    C_q(0) = C; it stays at C_q from the cryptic order on.

    Args:
        length: greatest L >= 0.
        max_states: the most mixed states explored to find the causal states.
    Raises:
        ValueError: if the length is negative.
        NotStationary: if the start is not stationary.
        NoFiniteEpsilonMachine: if no finite epsilon-machine was found.
    Example:
        >>> from compmech import zoo
        >>> [round(bits, 6) for bits in quantum_complexities(zoo.golden_mean(), 2)]
        [0.918296, 0.550048, 0.550048]
    """
    length = check_count(length, "length")
    machine = finite_machine(process, max_states=max_states)
    pairs = pair_graph(machine.successor, machine.emit)
    merging = _merging(machine, pairs)
    Q = _carrying(pairs)
    overlap = np.zeros(pairs.n_pair)
    found = [float(entropy(machine.start))]
    for _ in range(length):
        overlap = merging + Q @ overlap
        found.append(float(entropy(_spectrum(machine, pairs, overlap))))
    return tuple(found)


def _merging(machine: EpsilonMachine, pairs: PairGraph) -> Float[np.ndarray, " pair"]:
    """b: the overlap of the two states of a pair by the symbols that take both to one state."""
    i, j = pairs.first, pairs.second
    together = (machine.successor[i] == machine.successor[j]) & (machine.successor[i] >= 0)
    return np.asarray((np.sqrt(machine.emit[i] * machine.emit[j]) * together).sum(axis=1))


def _limits(
    pairs: PairGraph, merging: Float[np.ndarray, " pair"]
) -> tuple[Float[np.ndarray, " pair"], Float[np.ndarray, " pair"]]:
    """The overlaps from below and from above: rising from 0, and falling from 1, which no overlap exceeds."""
    Q = _carrying(pairs)
    both = np.stack([np.zeros(pairs.n_pair), np.ones(pairs.n_pair)], axis=1)
    for step in range(_MOST_STEPS):
        if (both[:, 1] - both[:, 0]).max(initial=0.0) <= _AS_NEAR:
            break
        if step == _STEPS and pairs.n_pair <= _MAX_PAIRS:
            return _solved(Q, merging, both[:, 0], both[:, 1])
        both = merging[:, None] + Q @ both
    return both[:, 0], np.minimum(both[:, 1], 1.0)


def _carrying(pairs: PairGraph) -> Any:
    """Q, in sparse form for many pairs."""
    if pairs.n_pair > _MAX_PAIRS:
        from scipy.sparse import csr_array

        return csr_array((pairs.weight, (pairs.source, pairs.target)), shape=(pairs.n_pair, pairs.n_pair))
    Q = np.zeros((pairs.n_pair, pairs.n_pair))
    np.add.at(Q, (pairs.source, pairs.target), pairs.weight)
    return Q


def _solved(
    Q: Float[np.ndarray, "pair pair"],
    merging: Float[np.ndarray, " pair"],
    least: Float[np.ndarray, " pair"],
    most: Float[np.ndarray, " pair"],
) -> tuple[Float[np.ndarray, " pair"], Float[np.ndarray, " pair"]]:
    """The solution of c = b + Q c, give or take what rounding of the entries does over all steps of a pair's life."""
    try:
        solved = np.linalg.solve(np.eye(len(Q)) - Q, np.stack([merging, np.ones(len(Q))], axis=1))
    except np.linalg.LinAlgError:
        return least, most
    overlap, lifetime = solved.T
    error = _PER_ENTRY * float(lifetime.max())
    if not (lifetime > 0).all() or error > 1:
        return least, most
    if error <= _ONE_NUMBER:
        return overlap, overlap
    return np.maximum(least, overlap - error), np.minimum(most, overlap + error)


def _table(n_state: int, pairs: PairGraph, overlap: Float[np.ndarray, " pair"]) -> Float[np.ndarray, "causal causal"]:
    table = np.eye(n_state)
    table[pairs.first, pairs.second] = table[pairs.second, pairs.first] = overlap
    return table


def _spectrum(
    machine: EpsilonMachine, pairs: PairGraph, overlap: Float[np.ndarray, " pair"]
) -> Float[np.ndarray, " causal"]:
    """Eigenvalues of the Gram matrix, the greatest first. Rounding leaves zero ones at 1e-17 of either sign."""
    root = np.sqrt(machine.start)
    gram = root[:, None] * _table(machine.n_state, pairs, overlap) * root
    return np.asarray(np.maximum(np.linalg.eigvalsh(gram), 0.0)[::-1])


def _doubt(machine: EpsilonMachine, pairs: PairGraph, half_width: Float[np.ndarray, " pair"]) -> float:
    """How far the entropy may be off: t log2(n - 1) + H(t), t half the trace norm of the doubt in the Gram matrix."""
    n = machine.n_state
    root = np.sqrt(machine.start)
    gram = root[:, None] * (_table(n, pairs, half_width) - np.eye(n)) * root
    t = min(1 - 1 / n, sqrt(n) / 2 * float(np.linalg.norm(gram)))
    return t * log2(max(n - 1, 1)) + float(entropy(np.array([t, 1 - t])))
