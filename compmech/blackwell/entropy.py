"""The entropy rate as the mean of H[X | belief] over the Blackwell measure.

The last symbols w foretell nearly as much as the belief, and what they foretell is known exactly:

    h = E H[X | w] + E( H[X | belief] - H[X | w] ),

so that only a small difference is left to sampling. As many of them are used as occur often in the sample: of what is
never seen there would be no telling how much it matters.

Reference:
    Jurgens and Crutchfield, arXiv 2008.12886.
"""

from math import log

import numpy as np
from jaxtyping import Float

from compmech.blackwell.estimate import Estimate, average
from compmech.blackwell.orbits import Orbits
from compmech.blackwell.system import BeliefSystem
from compmech.errors import NegativeProbability
from compmech.measures.interval import entropy
from compmech.signed import SIGNED_ZERO

# Words whose next-symbol entropy is tabulated: some milliseconds. They occur so often in the sample, on average: with
# 30, standard errors were seen to be far too small where long runs of one symbol decide; with 100, nine of ten
# estimates are within two of them.
_MAX_WORDS = 4096
_OFTEN = 100


def mean_entropy(orbits: Orbits) -> Estimate:
    """The entropy rate in bits per symbol, with its standard error from independent orbits.

    Its bias, that the burn-in leaves, is at most `orbits.remaining`.

    Example:
        >>> from compmech import zoo
        >>> from compmech.blackwell import sample_orbits
        >>> found = mean_entropy(sample_orbits(zoo.mess3(), 100, 200, rng=np.random.default_rng(0)))
        >>> abs(found.value - 1.144717266) < 3 * found.standard_error < 1e-3
        True
    """
    n_symbol, before = orbits.system.n_symbol, orbits.history.shape[1]
    table, length, rate = word_entropies(orbits.system, before, _OFTEN / orbits.symbols.size)
    every = np.concatenate([orbits.history, orbits.symbols], axis=1)
    code = np.zeros_like(orbits.symbols)
    for back in range(length, 0, -1):
        code = code * n_symbol + every[:, before - back : before - back + orbits.n_time]
    difference = average((belief_entropies(orbits) - table[code]).mean(axis=1))
    return Estimate(rate + difference.value, difference.standard_error)


def belief_entropies(orbits: Orbits) -> Float[np.ndarray, "seq time"]:
    """H[X | belief] before each symbol, in bits."""
    flat = orbits.beliefs[:, :-1].reshape(-1, orbits.system.n_state)
    return entropy(orbits.system.branch(flat)[1]).reshape(orbits.symbols.shape)


def word_entropies(
    system: BeliefSystem, most: int, least_probability: float
) -> tuple[Float[np.ndarray, " word"], int, float]:
    """H[X | w] in bits for all words of one length, w standing for its longest suffix that is probable enough.

    Args:
        most: greatest length of the words; it is less where they would be too many.
        least_probability: that a suffix must have.
    Returns:
        The entropies, words in lexicographic order; the length; and the mean over words.
    """
    process = system.process
    vectors = process.start[None]
    length = 0
    table, weight = _next_entropies(system, vectors)
    while length < most and system.n_symbol > 1 and len(vectors) * system.n_symbol <= _MAX_WORDS:
        vectors = process.branch(vectors).reshape(-1, system.n_state)
        length += 1
        longer, weight = _next_entropies(system, vectors)
        table = np.where(weight >= least_probability, longer, np.tile(table, system.n_symbol))
    return table, length, float(weight @ table)


def _next_entropies(
    system: BeliefSystem, vectors: Float[np.ndarray, "word state"]
) -> tuple[Float[np.ndarray, " word"], Float[np.ndarray, " word"]]:
    """H[X | w] and P(w) from start @ T_w of all words of one length, in their order; 0 after forbidden ones.

    Raises:
        NegativeProbability: if a word has a negative probability by more than rounding.
    """
    process = system.process
    joint = process.branch(vectors) @ process.evaluate
    if not process.nonnegative:
        joint = _without_rounding(joint, SIGNED_ZERO * process.signed_scale(process.start[None]))
    weight = joint.sum(axis=1)
    return entropy(joint / np.where(weight > 0, weight, 1.0)[:, None]), weight


def _without_rounding(
    joint: Float[np.ndarray, "word symbol"], rounding: Float[np.ndarray, "1 symbol"]
) -> Float[np.ndarray, "word symbol"]:
    """Probabilities of words with those that are no more than rounding made exactly zero.

    Unlike beliefs these are not divided by the probability of the word. Their terms shrink with the word and the
    rounding of the first steps does not, so it is held against the terms of the start, however improbable the word.
    """
    for row, symbol in np.argwhere(joint < -rounding)[:1]:
        n_symbol = joint.shape[1]
        length = round(log(len(joint), n_symbol)) if n_symbol > 1 else 0
        word = np.unravel_index(row, (n_symbol,) * length)
        raise NegativeProbability([*(int(x) for x in word), int(symbol)], float(joint[row, symbol]))
    return np.where(joint > rounding, joint, 0.0)
