"""Renewal processes: 1s with independent numbers of 0s between them."""

from math import log2

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from compmech.hmm import HMM
from compmech.zoo.catalogue import listed
from compmech.zoo.edges import letters, machine
from compmech.zoo.ranges import Distribution, Range

_SOURCE = "Marzen and Crutchfield, Entropy 17, 4891 (2015)"


@listed(
    "1s with independent numbers of 0s between them, of any law with a geometric tail or none.",
    source=_SOURCE,
    aliases=("renewal_finite", "renewal_process"),
    golden={
        "entropy_rate": 3 / 4,
        "statistical_complexity": 2 - 3 / 8 * log2(3),
        "markov_order": 2,
        "cryptic_order": 2,
    },
    law=Distribution("F(0), F(1), ..., the probabilities of that many 0s between two 1s"),
    tail=Range("what each further 0 multiplies the last of these probabilities with", open_high=True),
)
def renewal(law: ArrayLike = (0.25, 0.5, 0.25), tail: float = 0.0) -> HMM:
    """A renewal process. States: the number of 0s since the last 1.

    Args:
        law: F(n), n = 0, 1, ..., N: the probability of n 0s between two 1s.
        tail: the last probability is spread over N, N + 1, ... in the proportions 1, tail, tail^2, ...; a coin is
            law = [1] with tail = P(0).
    """
    return _renewal("renewal", np.asarray(law, dtype=float), tail)


@listed(
    "1s with 0 to n - 1 0s between them, all numbers equally likely.",
    source=_SOURCE,
    golden={"entropy_rate": 4 / 5, "markov_order": 3, "n_causal_states": 4},
    n=Range("how many numbers there are", low=1, high=64, whole=True),
)
def uniform_renewal(n: int = 4) -> HMM:
    """A renewal process of the uniform law F(0) = ... = F(n - 1) = 1 / n.

    Args:
        n: how many numbers of 0s there are; 1 for 1s only.
    """
    return _renewal("uniform_renewal", np.full(int(n), 1 / int(n)), 0.0)


@listed(
    "1s with numbers of 0s between them that follow a power law up to a longest one.",
    source=_SOURCE,
    golden={"n_causal_states": 16, "markov_order": 15, "period": 1},
    exponent=Range("F(m) goes as 1 / (m + 1)^exponent", low=0.0, high=16.0),
    n=Range("how many numbers there are", low=1, high=128, whole=True),
)
def power_law_renewal(exponent: float = 2.0, n: int = 16) -> HMM:
    """A renewal process of the law F(m) proportional to (m + 1)^-exponent, m = 0 .. n - 1.

    Args:
        exponent: 0 for the uniform law.
        n: how many numbers of 0s there are.
    """
    weight = np.arange(1, int(n) + 1, dtype=float) ** -exponent
    return _renewal("power_law_renewal", weight / weight.sum(), 0.0)


def _renewal(name: str, law: Float[np.ndarray, " count"], tail: float) -> HMM:
    """The hazard P(1 | n 0s) is F(n) over the sum of F(n), F(n + 1), ...; in the last state it is 1 - tail."""
    count = int(np.flatnonzero(law)[-1]) + 1
    left = law[:count][::-1].cumsum()[::-1]
    hazard = np.minimum(law[:count] / left, 1.0)
    hazard[-1] = 1 - tail
    states = letters(count)
    edges = [(states[n], "1", states[0], float(one)) for n, one in enumerate(hazard)]
    edges += [(states[n], "0", states[min(n + 1, count - 1)], float(1 - one)) for n, one in enumerate(hazard)]
    return machine(name, states, "01", edges)
