"""Statistics in closed form, as functions of a process's parameters. In bits; keys as in `Statistics.to_dict`.

Derived by hand from the machines' few states; the sources are those of the zoo's entries. h is what the next symbol
from each state leaves open, C the entropy of the stationary distribution, T and S sums over the beliefs that ambiguous
words leave.
"""

from itertools import pairwise
from math import inf, log2


def H(*probabilities: float) -> float:
    """Entropy of a distribution; of one number p, of (p, 1 - p)."""
    p = probabilities if len(probabilities) > 1 else (probabilities[0], 1 - probabilities[0])
    return -sum(x * log2(x) for x in p if x > 0)


def golden_mean(p: float = 0.5) -> dict[str, float]:
    """A Markov chain on the last symbol: E = H[X] - h, T = E, and r from three neighbouring symbols."""
    a, b = 1 / (1 + p), p / (1 + p)
    h, C = a * H(p), H(a)
    two_on = a * H((1 - p) * p) + b * H(p)  # H[X_1 | X_-1]
    r = 2 * h - two_on
    return {
        "entropy_rate": h,
        "statistical_complexity": C,
        "excess_entropy": C - h,
        "crypticity": h,
        "reverse_statistical_complexity": C,
        "bidirectional_complexity": C + h,
        "causal_irreversibility": 0.0,
        "transient_information": C - h,
        "synchronization_information": C,
        "single_symbol_entropy": C,
        "predicted_information": C - h,
        "ephemeral_information": r,
        "bound_information": h - r,
        "enigmatic_information": C - 2 * h + r,
        "elusive_information": 0.0,
        "markov_order": 1,
        "cryptic_order": 1,
        "period": 1,
        "n_causal_states": 2,
        "n_reverse_causal_states": 2,
        "n_mixed_states": 3,
        "n_transient_mixed_states": 1,
        "minimal_dimension": 2,
    }


def even(p: float = 0.5) -> dict[str, float]:
    """Only runs of 1s leave the state open. After an even number the belief is the stationary one again, with weight
    p^(L/2); after an odd number it is (1/2, 1/2), with weight 2 p^((L+1)/2) / (1 + p)."""
    a, b = 1 / (1 + p), p / (1 + p)
    h, C = a * H(p), H(a)
    S = (C + 2 * b) / (1 - p)
    return {
        "entropy_rate": h,
        "statistical_complexity": C,
        "excess_entropy": C,
        "crypticity": 0.0,
        "reverse_statistical_complexity": C,
        "bidirectional_complexity": C,
        "causal_irreversibility": 0.0,
        "transient_information": S,
        "synchronization_information": S,
        "single_symbol_entropy": H(a * (1 - p)),
        "predicted_information": H(a * (1 - p)) - h,
        "ephemeral_information": 0.0,
        "bound_information": h,
        "markov_order": inf,
        "cryptic_order": 0,
        "period": 1,
        "n_causal_states": 2,
        "n_reverse_causal_states": 2,
        "n_mixed_states": 4,
        "n_transient_mixed_states": 2,
        "minimal_dimension": 2,
    }


def noisy_period_2(noise: float = 0.5) -> dict[str, float]:
    """A run of 0s leaves the phase open: after an even number (1/2, 1/2) with weight e^(L/2), after an odd number
    (1, e) / (1 + e) with weight e^((L-1)/2) (1 + e) / 2."""
    e = noise
    S = (1 + (1 + e) / 2 * H(1 / (1 + e))) / (1 - e)
    h = H(e) / 2
    one = H((1 - e) / 2)
    return {
        "entropy_rate": h,
        "statistical_complexity": 1.0,
        "excess_entropy": 1.0,
        "crypticity": 0.0,
        "reverse_statistical_complexity": 1.0,
        "transient_information": S,
        "synchronization_information": S,
        "single_symbol_entropy": one,
        "predicted_information": one - h,
        "ephemeral_information": h,
        "bound_information": 0.0,
        "elusive_information": 1 - one + h,
        "markov_order": inf,
        "cryptic_order": 0,
        "period": 2,
        "n_causal_states": 2,
        "n_mixed_states": 4,
        "minimal_dimension": 2,
    }


def z1r(p: float = 0.5) -> dict[str, float]:
    """Period 3: the past gives the phase, only the coin is open, and nothing before or after tells of it."""
    h = H(p) / 3
    one = H((1 + p) / 3)
    return {
        "entropy_rate": h,
        "statistical_complexity": log2(3),
        "excess_entropy": log2(3),
        "crypticity": 0.0,
        "reverse_statistical_complexity": log2(3),
        "single_symbol_entropy": one,
        "predicted_information": one - h,
        "ephemeral_information": h,
        "bound_information": 0.0,
        "markov_order": 3,
        "cryptic_order": 0,
        "period": 3,
        "n_causal_states": 3,
        "n_reverse_causal_states": 3,
        "n_mixed_states": 7,
        "minimal_dimension": 3,
    }


def rrxor(p1: float = 0.5, p2: float = 0.5) -> dict[str, float]:
    """The phase and the two bits: given past and future, every symbol of a block of three is told by the other two."""
    t = p1 * (1 - p2) + (1 - p1) * p2
    h = (H(p1) + H(p2)) / 3
    one = H((p1 + p2 + t) / 3)
    return {
        "entropy_rate": h,
        "statistical_complexity": log2(3) + (H(p1) + H(t)) / 3,
        "single_symbol_entropy": one,
        "predicted_information": one - h,
        "ephemeral_information": 0.0,
        "bound_information": h,
        "markov_order": inf,
        "period": 3,
        "n_causal_states": 5,
        "minimal_dimension": 5,
    }


def rrxor_fair() -> dict[str, float]:
    """RRXOR with fair bits. Nothing is cryptic, and the next symbol is as good as a coin but for the parity."""
    C = log2(6) - 1 / 3
    return rrxor() | {
        "excess_entropy": C,
        "crypticity": 0.0,
        "reverse_statistical_complexity": C,
        "bidirectional_complexity": C,
        "elusive_information": C - 1 / 3,
        "cryptic_order": 0,
        "n_reverse_causal_states": 5,
        "n_mixed_states": 36,
        "n_transient_mixed_states": 31,
    }


def nemo(p: float = 0.5, q: float = 0.5) -> dict[str, float]:
    """Every visit to A ends, with probability 1 - p, in B and then C."""
    total = 3 - 2 * p
    a, b = 1 / total, (1 - p) / total
    return {
        "entropy_rate": a * H(p) + b * H(q),
        "statistical_complexity": H(a, b, b),
        "single_symbol_entropy": H(a * p + b * q),
        "markov_order": inf,
        "cryptic_order": inf,
        "period": 1,
        "n_causal_states": 3,
        "n_reverse_causal_states": 3,
        "n_mixed_states": 6,
        "minimal_dimension": 3,
    }


def rip(p: float = 0.5, q: float = 0.5) -> dict[str, float]:
    """Every visit to A leads to C, with probability 1 - p by way of B."""
    total = 3 - p
    a, b = 1 / total, (1 - p) / total
    return {
        "entropy_rate": a * H(p) + b * H(q),
        "statistical_complexity": H(a, b, a),
        "single_symbol_entropy": H(a * p + b * q + a),
        "markov_order": inf,
        "cryptic_order": 1,
        "n_causal_states": 3,
        "n_reverse_causal_states": 4,
        "minimal_dimension": 3,
    }


def sns(p: float = 0.5, q: float = 0.5) -> dict[str, float]:
    """A renewal process: after a 1, n zeros in a row have probability w_n; then a 1 has probability 1 - w_n+1 / w_n.

    Series over n, cut where what is left is below 1e-18. E = C - H[count forwards | count backwards], the counts of 0s
    to the last 1 and to the next one: (i, j) has probability mu f_{i+j}, f the law of the gaps between 1s.
    """
    mu = p * q / (p + q)  # P(1)
    survival, in_a, in_b = [], 1.0, 0.0
    while in_a + in_b > 1e-18:
        survival.append(in_a + in_b)
        in_a, in_b = in_a * (1 - p), in_a * p + in_b * (1 - q)
    survival.append(0.0)
    gap = [now - later for now, later in pairwise(survival)]
    age = [mu * w for w in survival[:-1]]
    C = H(*age)
    joint = -sum((n + 1) * mu * f * log2(mu * f) for n, f in enumerate(gap) if f > 0)
    h = sum(a * H(f / w) for a, f, w in zip(age, gap, survival, strict=False))
    return {
        "entropy_rate": h,
        "statistical_complexity": C,
        "reverse_statistical_complexity": C,
        "excess_entropy": 2 * C - joint,
        "crypticity": joint - C,
        "single_symbol_entropy": H(mu),
        "predicted_information": H(mu) - h,
        "causal_irreversibility": 0.0,
        "markov_order": inf,
        "n_causal_states": inf,
        "n_reverse_causal_states": inf,
        "n_mixed_states": inf,
        "minimal_dimension": 2,
    }


def two_coins(p: float, q: float, weight: float) -> dict[str, float]:
    """A mixture of two different coins: which one it is, a long past tells, and so does a long future."""
    h = weight * H(p) + (1 - weight) * H(q)
    one = H(weight * p + (1 - weight) * q)
    C = H(weight)
    return {
        "entropy_rate": h,
        "statistical_complexity": C,
        "excess_entropy": C,
        "crypticity": 0.0,
        "reverse_statistical_complexity": C,
        "bidirectional_complexity": C,
        "single_symbol_entropy": one,
        "ephemeral_information": h,
        "bound_information": 0.0,
        "markov_order": inf,
        "cryptic_order": 0,
        "period": 1,
        "n_causal_states": 2,
        "n_mixed_states": inf,
        "minimal_dimension": 2,
    }
