"""How block entropies converge: H(L), the estimates h_L, predictability gains, and the areas that are E, T and G.

Conventions of Crutchfield and Feldman, with L counted in symbols:

    h_L = H(L) - H(L-1)  for L >= 1,    h_0 = log2 |A|,          H(0) = 0,
    gain(L) = h_L - h_(L-1)  for L >= 1   (their Delta^2 H(L); gain(1) = H(1) - log2 |A|), never above 0,
    G = sum_{L >= 1} gain(L) = h - log2 |A| = -R,   R the redundancy: the total predictability, in bits per symbol,
    E = sum_{L >= 1} (h_L - h),   T = sum_{L >= 0} (E + h L - H(L)) = sum_{L >= 1} L (h_L - h).

|A| is the number of symbols of the alphabet, whether they all occur or not.

Reference:
    Crutchfield and Feldman, Chaos 13, 25 (2003), sections III and IV.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from compmech.hmm import GHMM, HMM, AnyPresentation
from compmech.measures.block import MAX_WORDS, block_entropies
from compmech.measures.findings import Quantity, as_bounds
from compmech.measures.interval import Bounds, entropy
from compmech.measures.statistics import statistics
from compmech.mixed_state import mixed_states
from compmech.stationarity import as_stationary
from compmech.units import bits
from compmech.validation import check_count, frozen

# Mixed states explored before words are enumerated instead.
_MAX_STATES = 20_000

# The probabilities of the mixed states of one depth miss 1 by rounding only, or some were left out.
_MASS_TOL = 1e-12


@dataclass(frozen=True, eq=False)
class Band:
    """A curve between two others, certified at each point; where it is known exactly the two are one."""

    lower: Float[np.ndarray, " point"]
    upper: Float[np.ndarray, " point"]

    @property
    def is_exact(self) -> bool:
        """Whether the two bounds are one curve."""
        return bool((self.lower == self.upper).all())


@dataclass(frozen=True, eq=False)
class EntropyConvergence:
    """Block entropies and what they converge to, in bits; quantities as in `Statistics`.

    Attributes:
        block_entropies: H(L) for L = 0 .. n.
        rates: h_L for L = 1 .. n.
        gains: h_L - h_(L-1) for L = 1 .. n, with h_0 = log2 |A|.
        entropy_rate: h.
        excess_entropy: E.
        transient_information: T.
        total_predictability: G = h - log2 |A|, the sum of all gains.
    """

    block_entropies: Float[np.ndarray, " length"]
    rates: Float[np.ndarray, " step"]
    gains: Float[np.ndarray, " step"]
    entropy_rate: Quantity
    excess_entropy: Quantity
    transient_information: Quantity
    total_predictability: Quantity

    @property
    def asymptote(self) -> Band:
        """E + h L for L = 0 .. n, which H(L) approaches from below."""
        h, E = as_bounds(self.entropy_rate), as_bounds(self.excess_entropy)
        L = np.arange(len(self.block_entropies))
        return Band(frozen(E.lower + h.lower * L), frozen(E.upper + h.upper * L))

    @property
    def excess_area(self) -> Band:
        """h_L - h for L = 1 .. n: the terms of E, the area between the estimates and the rate."""
        h = as_bounds(self.entropy_rate)
        return Band(frozen(self.rates - h.upper), frozen(self.rates - h.lower))

    @property
    def transient_area(self) -> Band:
        """E + h L - H(L) for L = 0 .. n: the terms of T, the area between the asymptote and the block entropies."""
        line = self.asymptote
        return Band(frozen(line.lower - self.block_entropies), frozen(line.upper - self.block_entropies))


def entropy_convergence(
    process: AnyPresentation, length: int, *, max_states: int = _MAX_STATES, max_words: int = MAX_WORDS
) -> EntropyConvergence:
    """Block entropies up to a length and what they converge to.

    H(L) is exact: summed over mixed states while they are no more than `max_states`, else over words.

    Args:
        process: stationary.
        length: greatest L >= 1.
        max_states: the most mixed states explored.
        max_words: the most words of one length, where those are too many.
    Raises:
        ValueError: if the length is less than 1.
        BudgetExceeded: if there are too many mixed states, and more words than `max_words`; `.found` holds the block
            entropies H(0), H(1), ... of the lengths that have no more.
        NotStationary: if the start is not stationary.
    Example:
        >>> from compmech import zoo
        >>> found = entropy_convergence(zoo.even(), 3)
        >>> found.rates.round(4).tolist(), round(found.total_predictability, 6)
        ([0.9183, 0.8742, 0.7925], -0.333333)
    """
    presentation = as_stationary(process)
    if check_count(length, "length") < 1:
        raise ValueError(f"length must be >= 1, for h_1 = H(1) is the first estimate; got {length}")
    H = _through_mixed_states(presentation, length, max_states)
    if H is None:
        H = np.array(block_entropies(presentation, length, max_words=max_words))
    known = statistics(presentation)
    most = bits(float(np.log(presentation.n_symbol)))
    rates = np.diff(H)
    return EntropyConvergence(
        block_entropies=frozen(H),
        rates=frozen(rates),
        gains=frozen(np.diff(rates, prepend=most)),
        entropy_rate=known.entropy_rate,
        excess_entropy=known.excess_entropy,
        transient_information=known.transient_information,
        total_predictability=_less(known.entropy_rate, most),
    )


def _less(rate: Quantity, most: float) -> Quantity:
    known = as_bounds(rate)
    return known.lower - most if known.is_exact else Bounds(known.lower - most, known.upper - most)


def _through_mixed_states(process: HMM | GHMM, length: int, max_states: int) -> np.ndarray | None:
    """H(L) = sum_{l < L} H[X_l | X_0:l], each term a mean over mixed states; None if there are too many of them, or
    some so near to each other that it is doubtful whether they are one."""
    graph = mixed_states(process, depth=length - 1, max_states=max_states)
    if graph.doubtful.any():
        return None
    uncertainty = entropy(graph.emit)
    rates = []
    for nodes, probability in graph.levels:
        if abs(float(probability.sum()) - 1) > _MASS_TOL:
            return None
        rates.append(float(probability @ uncertainty[nodes]))
    return np.concatenate([[0.0], np.cumsum(rates)])
