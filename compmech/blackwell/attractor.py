"""The beliefs after all words of one length: the attractor of the maps as a picture shows it, nothing sampled."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from compmech.blackwell.system import BeliefSystem, belief_system
from compmech.hmm import AnyPresentation
from compmech.validation import check_count

# Numbers held for all words: 48 MB.
_MAX_NUMBERS = 6_000_000


@dataclass(frozen=True, eq=False)
class WordBeliefs:
    """The beliefs after all possible words of one length, in lexicographic order of the words.

    Attributes:
        beliefs: after each word, from the stationary belief.
        probability: of each word.
        last: the last symbol of each word, -1 for the empty one: which image a belief lies in.
    """

    beliefs: Float[np.ndarray, "word state"]
    probability: Float[np.ndarray, " word"]
    last: Int[np.ndarray, " word"]


def word_beliefs(process: AnyPresentation | BeliefSystem, length: int) -> WordBeliefs:
    """All possible words of one length, with the beliefs they lead to. Equal beliefs are not made one: `mixed_states`
    does that, and has all lengths up to a depth.

    Raises:
        ValueError: if length is negative, or the words are too many to hold.
    Example:
        >>> from compmech import zoo
        >>> found = word_beliefs(zoo.mess3(), 6)
        >>> found.beliefs.shape, round(float(found.probability.sum()), 12)
        ((729, 3), 1.0)
    """
    system = process if isinstance(process, BeliefSystem) else belief_system(process)
    beliefs, probability = system.process.start[None], np.ones(1)
    last = np.full(1, -1)
    for done in range(check_count(length, "length")):
        if len(beliefs) * system.n_symbol * system.n_state > _MAX_NUMBERS:
            raise ValueError(
                f"the beliefs after all words of length {length} are too many to hold; there are {len(beliefs)} of "
                f"length {done}. Choose a shorter length, or sample_orbits(process, ...)."
            )
        moved, p = system.branch(beliefs)
        word, last = np.nonzero(p > 0)
        beliefs = moved[word, last] / p[word, last][:, None]
        probability = probability[word] * p[word, last]
    return WordBeliefs(beliefs, probability, last)
