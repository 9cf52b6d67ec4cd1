"""The entropy rate as the mean of H[X | belief] over the Blackwell measure.

The last k symbols foretell nearly as much as the belief, and what they foretell is known exactly:

    h = h_k + E( H[X | belief] - H[X | last k symbols] ),     h_k = H(k+1) - H(k),

so that only a small difference is left to sampling.

Reference:
    Jurgens and Crutchfield, arXiv:2008.12886.
"""

import numpy as np
from jaxtyping import Float

from compmech.blackwell.estimate import Estimate, average
from compmech.blackwell.orbits import Orbits
from compmech.blackwell.system import BeliefSystem
from compmech.measures.interval import entropy
from compmech.signed import without_rounding

# Words whose next-symbol entropy is tabulated: some milliseconds.
_MAX_WORDS = 4096


def mean_entropy(orbits: Orbits) -> Estimate:
    """The entropy rate in bits per symbol, with its standard error from independent orbits.

    Its bias, that the burn-in leaves, is at most `orbits.remaining`.

    Example:
        >>> from compmech import zoo
        >>> from compmech.blackwell import sample_orbits
        >>> found = mean_entropy(sample_orbits(zoo.mess3(), 100, 200, rng=np.random.default_rng(0)))
        >>> round(found.value, 5)
        1.14472
    """
    table, rate = word_entropies(orbits.system, orbits.history.shape[1])
    every = np.concatenate([orbits.history, orbits.symbols], axis=1)
    before = orbits.history.shape[1]
    n_symbol = orbits.system.n_symbol
    code = np.zeros_like(orbits.symbols)
    length = 0
    while n_symbol**length < len(table):
        length += 1
    for back in range(length, 0, -1):
        code = code * n_symbol + every[:, before - back : before - back + orbits.n_time]
    uncertain = belief_entropies(orbits)
    difference = average((uncertain - table[code]).mean(axis=1))
    return Estimate(rate + difference.value, difference.standard_error)


def belief_entropies(orbits: Orbits) -> Float[np.ndarray, "seq time"]:
    """H[X | belief] before each symbol, in bits."""
    flat = orbits.beliefs[:, :-1].reshape(-1, orbits.system.n_state)
    return entropy(orbits.system.branch(flat)[1]).reshape(orbits.symbols.shape)


def word_entropies(system: BeliefSystem, most: int) -> tuple[Float[np.ndarray, " word"], float]:
    """H[X | w] for all words of one length, at most `most`, in lexicographic order, and their mean h_k; in bits."""
    process = system.process
    vectors = process.start[None]
    length = 0
    while length < most and system.n_symbol > 1 and len(vectors) * system.n_symbol <= _MAX_WORDS:
        vectors = process.branch(vectors).reshape(-1, system.n_state)
        length += 1
    joint = process.branch(vectors) @ process.evaluate
    if not process.nonnegative:
        zeros = np.zeros(len(vectors))
        joint = without_rounding(joint, process.signed_scale(vectors), zeros, lambda _, symbol: [symbol])
    weight = joint.sum(axis=1)
    table = entropy(joint / np.where(weight > 0, weight, 1.0)[:, None])
    return table, float(weight @ table)
