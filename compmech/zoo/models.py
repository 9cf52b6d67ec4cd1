"""Models of physics and of people: spins, urns, and users who are active or passive."""

from math import exp, log2, sqrt

from compmech.hmm import HMM
from compmech.zoo.catalogue import listed
from compmech.zoo.edges import machine
from compmech.zoo.markov import binary_chain
from compmech.zoo.ranges import Range

_USERS = "Darmon, Sylvester, Girvan and Rand, arXiv 1306.6111 (2013)"


@listed(
    "Spins of the one-dimensional Ising model with nearest neighbours in equilibrium, read from left to right.",
    source="Crutchfield and Feldman, Phys. Rev. E 55, R1239 (1997)",
    aliases=("ising_1d",),
    golden={"markov_order": 1, "cryptic_order": 1, "n_causal_states": 2, "n_mixed_states": 3},
    J=Range("coupling of neighbours; positive for ferromagnets", low=-16, high=16),
    B=Range("external field along 0", low=-16, high=16),
    T=Range("temperature, with Boltzmann's constant 1", low=0, high=1e6, open_low=True),
)
def ising(J: float = 1.0, B: float = 0.3, T: float = 1.0) -> HMM:
    """The Ising chain of energy -J sum s s' - B sum s; symbol 0 is spin up, s = +1, and 1 is spin down.

    A Markov chain of the last spin, up in A and down in B, by the transfer matrix: P(s' | s) is its entry times the
    ratio of its leading eigenvector at s' and s, over the leading eigenvalue.

    Args:
        J: coupling.
        B: field.
        T: temperature.
    """
    j, b = J / T, B / T
    # Entries exp(j s s' + b (s + s') / 2), all over exp(|j| + |b|), so that no one overflows.
    scale = abs(j) + abs(b)
    up, down, turn = exp(j + b - scale), exp(j - b - scale), exp(-j - scale)
    if min(up, down, turn) == 0:
        raise ValueError(
            f"ising: at T = {T:g} some spin never turns (below 1e-308); give a higher T, or smaller J and B"
        )
    half = (up - down) / 2
    root = sqrt(half**2 + turn**2)
    # P(down | up) = turn (v_down / v_up) / eigenvalue; the ratio in the form that does not cancel
    eigenvalue = (up + down) / 2 + root
    ratio = turn / (root + half) if half >= 0 else (root - half) / turn
    leave, come = turn * ratio / eigenvalue, turn / ratio / eigenvalue
    return binary_chain("ising", leave, 1 - come)


@listed(
    "The Ehrenfest urns: N balls of which one, drawn at random, changes sides with probability p.",
    source="Ehrenfest and Ehrenfest, Physikalische Zeitschrift 8, 311 (1907)",
    golden={
        "statistical_complexity": 4 - (2 * 4 * log2(4) + 6 * log2(6)) / 16,
        "single_symbol_entropy": 4 - (2 * 4 * log2(4) + 6 * log2(6)) / 16,
        "markov_order": 1,
        "cryptic_order": 1,
        "n_causal_states": 5,
    },
    p=Range("probability that the drawn ball changes sides", open_low=True),
    N=Range("number of balls", low=1, high=64, whole=True),
)
def ehrenfest(p: float = 0.5, N: int = 4) -> HMM:
    """The number of balls on one side, 0 to N, which is both symbol and state.

    Args:
        p: the probability that the drawn ball changes sides.
        N: number of balls.
    """
    n = int(N)
    names = [str(count) for count in range(n + 1)]
    edges = []
    for count in range(n + 1):
        edges.append((names[count], names[count], names[count], 1 - p))
        if count < n:
            edges.append((names[count], names[count + 1], names[count + 1], p * (n - count) / n))
        if count > 0:
            edges.append((names[count], names[count - 1], names[count - 1], p * count / n))
    return machine("ehrenfest", names, names, edges)


@listed(
    "A user who is active (1) or passive (0) and remembers only which.",
    source=f"{_USERS}, figure 6b",
    aliases=("girvan", "girvan_fig6b"),
    golden={"markov_order": 1, "n_causal_states": 2, "n_mixed_states": 3},
    p=Range("P(1 | A)"),
    q=Range("P(1 | P)"),
)
def girvan_b(p: float = 0.5, q: float = 0.6) -> HMM:
    """States: active and passive.

    Args:
        p: P(1 | A), activity after activity.
        q: P(1 | P), activity after none. (Other code gives the probability of a 0.)
    """
    return machine(
        "girvan_b", "AP", "01", [("A", "1", "A", p), ("A", "0", "P", 1 - p), ("P", "1", "A", q), ("P", "0", "P", 1 - q)]
    )


@listed(
    "A user who after two passive steps is resting.",
    source=f"{_USERS}, figure 6c",
    aliases=("girvan_fig6c",),
    golden={"markov_order": 2, "n_causal_states": 3, "period": 1},
    p=Range("P(1 | A)"),
    q=Range("P(1 | P)"),
    r=Range("P(1 | R)"),
)
def girvan_c(p: float = 0.5, q: float = 0.6, r: float = 0.7) -> HMM:
    """States: active, passive and resting.

    Args:
        p: P(1 | A).
        q: P(1 | P), after one 0. (Other code gives the probability of a 0.)
        r: P(1 | R), after more 0s.
    """
    return machine("girvan_c", "APR", "01", [("A", "1", "A", p), *_user_edges(p, q, r)])


@listed(
    "A user who after two active steps goes on for a while.",
    source=f"{_USERS}, figure 6d",
    aliases=("girvan_fig6d",),
    golden={"markov_order": 2, "n_causal_states": 4, "period": 1},
    p=Range("P(1 | A)"),
    q=Range("P(1 | P)"),
    r=Range("P(1 | R)"),
    s=Range("P(1 | I)"),
)
def girvan_d(p: float = 0.5, q: float = 0.6, r: float = 0.7, s: float = 0.2) -> HMM:
    """States: active, passive, resting, and I after two active steps.

    Args:
        p: P(1 | A).
        q: P(1 | P), after one 0. (Other code gives the probability of a 0.)
        r: P(1 | R), after more 0s.
        s: P(1 | I).
    """
    edges = [("A", "1", "I", p), ("I", "1", "I", s), ("I", "0", "P", 1 - s), *_user_edges(p, q, r)]
    return machine("girvan_d", "APRI", "01", edges)


def _user_edges(p: float, q: float, r: float) -> list[tuple[str, str, str, float]]:
    return [
        ("A", "0", "P", 1 - p),
        ("P", "1", "A", q),
        ("P", "0", "R", 1 - q),
        ("R", "1", "A", r),
        ("R", "0", "R", 1 - r),
    ]
