"""Generalised processes, of signed matrices: quantum ones, post-quantum ones, and known ones in another basis.

Letters: T^(x) the matrix of symbol x; A their sum; w the vector that closes every word (`evaluate`), A w = w; pi the
stationary vector, pi A = pi, pi w = 1. Papers write G^(x) for the transpose of T^(x) where they multiply columns.
"""

from math import cos, exp, isclose, log, log2, pi, sin, sqrt

import numpy as np
from jaxtyping import Float

from compmech.hmm import GHMM
from compmech.zoo.catalogue import listed
from compmech.zoo.ranges import Range

_NEURAL = "Riechers, Elliott and Shai, arXiv 2507.07432 (2025)"


@listed(
    "A qubit measured weakly, along z or x as a coin decides.",
    source=_NEURAL,
    aliases=("bloch", "tom_quantum"),
    golden={"single_symbol_entropy": 2.0, "minimal_dimension": 3, "period": 1},
    alpha=Range("alpha and beta are the weights of a measurement's two outcomes", low=0, high=1e6, open_low=True),
    beta=Range("see alpha", low=0, high=1e6, open_low=True),
)
def bloch_walk(alpha: float = 1.0, beta: float = sqrt(51)) -> GHMM:
    """The Bloch walk: coordinates are the trace and the x and z components of a qubit's Bloch vector.

    Symbols 0 and 1 are the outcomes of a measurement along z, 2 and 3 along x. With g = 1 / (4 (alpha^2 + beta^2)), an
    outcome moves the component along its axis by 2 alpha beta g and shrinks the other to (alpha^2 - beta^2) g.

    Args:
        alpha: the weaker weight; 0 would measure nothing.
        beta: the stronger one; at beta = alpha the measurement is projective.
    """
    g = 1 / (4 * (alpha**2 + beta**2))
    along, across = 2 * alpha * beta * g, (alpha**2 - beta**2) * g
    T = np.zeros((4, 3, 3))
    for symbol, (axis, sign) in enumerate([(2, 1), (2, -1), (1, 1), (1, -1)]):
        T[symbol, 0, 0] = T[symbol, axis, axis] = 0.25
        T[symbol, 0, axis] = T[symbol, axis, 0] = sign * along
        T[symbol, 3 - axis, 3 - axis] = across
    return _stationary("bloch_walk", T, np.array([1.0, 0.0, 0.0]), alphabet="0123", states=("trace", "x", "z"))


@listed(
    "A qubit that is turned and read through an ancilla, in turn.",
    source=f"{_NEURAL}, for its Bloch representation; circuit of public code of epsilon-transformers",
    golden={"single_symbol_entropy": 1.0, "minimal_dimension": 4, "period": 1},
    phi=Range("angle by which the memory qubit turns, in radians", low=0, high=2 * pi),
    theta=Range("angle of the reading: 0 is projective, pi / 2 tells nothing", low=0, high=pi),
    epsilon=Range("probability that the memory is reset to the fully mixed state"),
)
def quantum_rrxor(phi: float = 1.0, theta: float = 0.5, epsilon: float = 0.0) -> GHMM:
    """The process called quantum RRXOR: Kraus operators K_x = D_x R_y(phi) on a memory qubit.

    D_0 = diag(cos(theta/2), -i sin(theta/2)), D_1 = diag(-i sin(theta/2), cos(theta/2)). Coordinates are the trace and
    the Bloch vector. At theta = 0 it is a binary Markov chain that repeats its symbol with probability cos(phi/2)^2,
    not RRXOR: the name is what it is called elsewhere.

    Args:
        phi: angle of R_y.
        theta: angle of the reading.
        epsilon: probability of a reset at every step.
    """
    c, s = cos(theta / 2), sin(theta / 2)
    turn = np.array([[cos(phi / 2), -sin(phi / 2)], [sin(phi / 2), cos(phi / 2)]])
    K = np.array([np.diag([c, -1j * s]), np.diag([-1j * s, c])]) @ turn
    pauli = np.array([[[1, 0], [0, 1]], [[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])
    # T[x, i, j] = tr(sigma_j K_x sigma_i K_x^dagger) / 2: row i is where sigma_i goes
    T = np.einsum("jab,xbc,icd,xad->xij", pauli, K, pauli, K.conj()).real / 2
    trace = np.array([1.0, 0.0, 0.0, 0.0])
    T = (1 - epsilon) * T + epsilon / 2 * np.outer(trace, trace)
    return _stationary("quantum_rrxor", T, trace, alphabet="01", states=("trace", "x", "y", "z"), start=trace)


@listed(
    "A reset, then a hazard that turns by an angle with no end: four real dimensions, infinitely many causal states.",
    source=f"{_NEURAL}; Fanizza, Lumbreras and Winter, arXiv 2209.11225 (2022)",
    aliases=("frdn_fanizza", "fanizza"),
    golden={
        "entropy_rate": 0.9301797239303154,
        "statistical_complexity": 1.926019673109969,
        "excess_entropy": 0.19186137070182196,
        "single_symbol_entropy": 0.9989503209481199,
        "minimal_dimension": 4,
    },
    alpha=Range("angle of a step, in radians", low=0, high=1e6),
    lamb=Range("factor by which a step shrinks what is left", high=0.5, open_low=True),
)
def frdn(alpha: float = 2000.0, lamb: float = 0.49) -> GHMM:
    """The FRDN process of Fanizza and others: 0 resets, 1 turns by alpha.

    A renewal process, every 0 leading to the same vector. Golden values are sums of series over the number of 1s.

    Args:
        alpha: angle of a step; finitely many causal states if it is a rational part of the circle.
        lamb: factor of a step; above 1/2 there would be negative probabilities.
    """
    c, s = cos(alpha), sin(alpha)
    size = 1 - 2 * lamb * c + lamb**2
    a, b = (1 - lamb * c + lamb * s) / size, (1 - lamb * c - lamb * s) / size
    reset = np.array([1 - (2 / (1 - lamb) - a - b) / 4, 1 / (2 * (1 - lamb)), -a / 4, -b / 4])
    fire = np.array([1, 1 - lamb, 1 + lamb * (s - c), 1 - lamb * (s + c)])
    turn = lamb * np.array([[0, 0, 0, 0], [0, 1, 0, 0], [0, 0, c, -s], [0, 0, s, c]])
    return _stationary("frdn", np.array([np.outer(fire, reset), turn]), np.ones(4), alphabet="01")


@listed(
    "A post-quantum process: three real dimensions, and no finite quantum system makes it.",
    source=f"{_NEURAL}; Fanizza, Lumbreras and Winter, arXiv 2209.11225 (2022)",
    aliases=("moon_post_quantum", "post_quantum"),
    golden={"single_symbol_entropy": 1.0493174067736752, "minimal_dimension": 3, "period": 1},
    log_alpha=Range("natural logarithm of alpha", low=0, high=16, open_low=True),
    beta=Range("factor of the symbol 2", open_low=True, open_high=True),
)
def moon(log_alpha: float = 1.0, beta: float = 0.5) -> GHMM:
    """The moon process: 0 resets; 1 and 2 multiply one coordinate by alpha and beta and shear the others by their logs.

    Matrices are (1, 1, 0)^T (1, -1, -1) for 0 and [[v, 0, 0], [0, 1, 0], [0, log v, 1]] for v = alpha and beta, over
    the leading eigenvalue of their sum.

    Args:
        log_alpha: log alpha; above 0.
        beta: below 1. alpha + beta = 2 is excluded.
    """
    alpha = exp(log_alpha)
    if isclose(alpha + beta, 2):
        raise ValueError(f"moon: alpha + beta must not be 2; got {alpha:g} + {beta:g}")

    def shear(v: float) -> list[list[float]]:
        return [[v, 0, 0], [0, 1, 0], [0, log(v), 1]]

    T = np.array([np.outer([1, 1, 0], [1, -1, -1]), shear(alpha), shear(beta)])
    values, vectors = np.linalg.eig(T.sum(axis=0))
    leading = int(np.argmax(abs(values)))
    close = vectors[:, leading].real
    return _stationary("moon", T / values[leading].real, close / close[0], alphabet="012")


@listed(
    "A pointer that turns while 0s are read, and is reset by a 1.",
    source="Jaeger, Neural Computation 12, 1371 (2000)",
    golden={"minimal_dimension": 3, "period": 1},
    turn=Range("angle of a step, in radians", low=0, high=2 * pi),
    shrink=Range("factor of a step", high=0.5, open_low=True),
    swing=Range("how much the angle matters", high=0.5),
)
def probability_clock(turn: float = 1.0, shrink: float = 0.3, swing: float = 0.5) -> GHMM:
    """The probability clock: P(at least n 0s after a 1) = shrink^n (1 + swing cos(n turn)) / (1 + swing).

    A renewal process. If the angle is no rational part of the circle, no finite HMM makes it.

    Args:
        turn: angle of a step.
        shrink: factor of a step.
        swing: how much the angle matters; within the ranges all probabilities are nonnegative.
    """
    c, s = cos(turn), sin(turn)
    zero = shrink * np.array([[1, 0, 0], [0, c, s], [0, -s, c]])
    close = np.array([1.0, swing, 0.0])
    one = np.outer(close - zero @ close, np.array([1.0, 1.0, 0.0]) / (1 + swing))
    return _stationary("probability_clock", np.array([zero, one]), close, alphabet="01")


@listed(
    "The golden mean process in two dimensions with negative entries.",
    source="The process list of CMPy, kept by sofic 0.2 (GoldenMeanGHMM), symbols exchanged and its start corrected",
    golden={
        "entropy_rate": 2 / 3,
        "statistical_complexity": log2(3) - 2 / 3,
        "excess_entropy": log2(3) - 4 / 3,
        "markov_order": 1,
        "n_causal_states": 2,
    },
    p=Range("P(1 | last symbol 0)", open_low=True, open_high=True),
)
def golden_mean_ghmm(p: float = 0.5) -> GHMM:
    """The golden mean process whose symbol 1 has a matrix of square zero: (p, 1)^T (1, -p) / (1 - p).

    Args:
        p: P(1 | last symbol 0), as in the golden mean process.
    """
    one = np.outer([p, 1.0], [1.0, -p]) / (1 - p)
    return _stationary("golden_mean_ghmm", np.array([[[1 - p, 0], [0, 0]], one]), np.ones(2), alphabet="01")


@listed(
    "The odd process in three dimensions with negative entries.",
    source="The process list of CMPy, kept by sofic 0.2 (OddGHMM)",
    golden={"entropy_rate": 4 / 5, "statistical_complexity": log2(5) - 4 / 5, "n_causal_states": 3, "cryptic_order": 1},
)
def odd_ghmm() -> GHMM:
    """The odd process at p = q = 1/2 with negative entries in the matrix of 1."""
    zero = [[0.5, 0, 0], [1, 0, 0], [1, 0, 0]]
    one = [[0.5, -0.5, 0.5], [0, 0, 0], [0.5, 0, -0.5]]
    return _stationary("odd_ghmm", np.array([zero, one]), np.ones(3), alphabet="01")


def _stationary(
    name: str,
    T: Float[np.ndarray, "symbol state state"],
    evaluate: Float[np.ndarray, " state"],
    *,
    alphabet: str,
    states: tuple[str, ...] | None = None,
    start: Float[np.ndarray, " state"] | None = None,
) -> GHMM:
    """The stationary process of given matrices; `start` where it is known and may not be the only one."""
    if start is None:
        n = len(evaluate)
        system = np.vstack([T.sum(axis=0).T - np.eye(n), evaluate])
        start = np.linalg.lstsq(system, np.append(np.zeros(n), 1.0), rcond=None)[0]
    return GHMM(T, start, evaluate, alphabet=alphabet, states=states, name=name)
