"""A process that is no finite epsilon-machine as a candidate: a hidden Markov model, or a generalised one.

How many numbers did the data have to fix? Matrices of dimension d over k symbols have k d^2 entries. A change of basis,
T_x -> S T_x S^(-1), leaves every word's probability as it is; multiples of 1 do nothing, so that d^2 - 1 of the entries
are of the basis. The net matrix has the eigenvalue 1, which is one condition; start and evaluation vector are its
eigenvectors, and follow. That leaves

    k d^2 - (d^2 - 1) - 1 = (k - 1) d^2.

(For d = 1: the k - 1 probabilities of a coin.) A hidden Markov model with d states is one of these processes; its
k d^2 - d entries are not fewer, and those beyond (k - 1) d^2 cannot be told by any data. So both count (k - 1) d^2.

Reference:
    Ito, Amari and Kobayashi, IEEE Transactions on Information Theory 38, 324 (1992) (which hidden Markov models are the
    same process).
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from math import isfinite

import numpy as np

from compmech.errors import LostPrecision, NegativeProbability
from compmech.hmm import GHMM, HMM
from compmech.inference.candidates import Estimates
from compmech.inference.interval import Interval, spread_interval
from compmech.inference.realisation import word_vectors
from compmech.inference.series import GAP, Series
from compmech.measures import Bounds, entropy_rate, excess_entropy
from compmech.units import bits

__all__ = ["LatentModel"]

REFITS = 10
"""Series that are drawn from a process and fitted again, for intervals."""

MOST_DRAWN = 20_000
"""Symbols of each; the deviation goes with the root of the number of symbols where the data have more."""

PIECE = 500
"""Symbols of the pieces that a series is drawn in, side by side."""

MOST_WORDS = 4096
"""Words from whose probabilities the deviation of h and E is told."""

_NO_STATES = (
    "a process found as a whole, whose matrices are known up to a change of basis: whether it has finitely many causal "
    "states is not a thing that estimated probabilities can say, and no number is claimed"
)


@dataclass(frozen=True, eq=False)
class LatentModel:
    """A process of some dimension, with how it is found from data.

    Attributes:
        fitted: the process of other data by the same method and setting, from this one on where the method goes on
            from something.
        key: the method and its setting.
    """

    process: HMM | GHMM
    fitted: Callable[[Series, HMM | GHMM], HMM | GHMM]
    key: Hashable

    is_finite = False

    @property
    def n_state(self) -> int:
        """Hidden states, or the dimension."""
        return self.process.n_state

    @property
    def n_free(self) -> int:
        """(k - 1) d^2, see above."""
        return (self.process.n_symbol - 1) * self.n_state**2

    def refitted(self, data: Series) -> "LatentModel":
        """The same method and setting on other data.

        Raises:
            ValueError: if they have too small a rank, or are forbidden.
        """
        return LatentModel(self.fitted(data, self.process), self.fitted, self.key)

    def named(self, alphabet: tuple[Hashable, ...]) -> HMM | GHMM:
        """The process over an alphabet; hidden states in the order of their probability."""
        if isinstance(self.process, GHMM):
            return GHMM(self.process.T, self.process.start, self.process.evaluate, alphabet=alphabet)
        order = np.argsort(-self.process.start, kind="stable")
        return HMM(self.process.T[:, order][:, :, order], start=self.process.start[order], alphabet=alphabet)

    def estimates(self, data: Series, *, rng: np.random.Generator) -> Estimates:
        """h and E of the process, with t intervals from series that are drawn from it and fitted again."""
        h, of_h = _rate(self.process)
        E, of_E = _information(self.process)
        again, lost = self._refits(data.n_observed, rng)
        why = {"n_causal_states": _NO_STATES, "statistical_complexity": _NO_STATES}
        if len(again) < 2:
            none = (
                f"{len(again)} of {REFITS} series drawn from the process could be fitted again"
                if lost is None
                else lost
            )
            how = {"entropy_rate": f"{of_h}; no interval: {none}", "excess_entropy": f"{of_E}; no interval: {none}"}
            return Estimates(None, _alone(h), None, _alone(E), why | how)
        scale = np.sqrt(min(1.0, MOST_DRAWN / data.n_observed))
        blocks = np.array([_from_words(one) for one in again])
        deviations = (blocks - blocks.mean(axis=0)) * scale
        from_refits = f"; a t interval from {len(again)} series drawn from the process and fitted again"
        how = {"entropy_rate": of_h + from_refits, "excess_entropy": of_E + from_refits}
        return Estimates(None, _around(h, deviations[:, 0]), None, _around(E, deviations[:, 1]), why | how)

    def _refits(self, n_symbol: int, rng: np.random.Generator) -> tuple[list[HMM | GHMM], str | None]:
        """Processes of series drawn from this one; or why none could be drawn."""
        size = min(n_symbol, MOST_DRAWN)
        piece = min(size, PIECE)
        n_piece = -(-size // piece)
        try:
            drawn = self.process.sample(REFITS * n_piece, piece, rng=rng).reshape(REFITS, n_piece, piece)
        except (NegativeProbability, LostPrecision):
            return [], "drawing from it met a word of negative probability, longer than those that were looked at"
        found = []
        for rows in drawn:
            apart = np.concatenate([rows, np.full((n_piece, 1), GAP)], axis=1).ravel()[:-1]
            try:
                found.append(self.fitted(Series(apart, tuple(range(self.process.n_symbol))), self.process))
            except (
                ValueError
            ):  # the drawn series lacks a direction, or a word, that the data have; counted by the caller
                continue
        return found, None


def _rate(process: HMM | GHMM) -> tuple[Bounds | None, str]:
    found = _bounds(entropy_rate, process)
    if found is None:
        return None, "not computed for the process found"
    if found.is_exact:
        return found, "of the process found"
    if isinstance(process, GHMM):  # nothing certifies a lower bound
        return Bounds(found.upper, found.upper), "of the process found, an upper bound that words give"
    return found, "of the process found, between bounds"


def _information(process: HMM | GHMM) -> tuple[Bounds | None, str]:
    found = _bounds(excess_entropy, process)
    if found is None or not isfinite(found.lower):
        return None, "not computed for the process found"
    if found.is_exact:
        return found, "of the process found"
    if not isfinite(found.upper):
        return Bounds(found.lower, found.lower), "of the process found, a lower bound that words give"
    return found, "of the process found, between bounds"


def _bounds(statistic: Callable[[HMM | GHMM], float | Bounds | None], process: HMM | GHMM) -> Bounds | None:
    """None where it is not known, or the process gives a word a negative probability that was not seen before."""
    try:
        found = statistic(process)
    except (NegativeProbability, LostPrecision):
        return None
    return Bounds(found, found) if isinstance(found, float) else found


def _alone(value: Bounds | None) -> Interval | None:
    return None if value is None else Interval((value.lower + value.upper) / 2, value.lower, value.upper)


def _around(value: Bounds | None, deviations: np.ndarray) -> Interval | None:
    """The interval around both bounds."""
    if value is None:
        return None
    low, high = (spread_interval(bound, deviations) for bound in (value.lower, value.upper))
    return Interval((value.lower + value.upper) / 2, low.low, high.high)


def _from_words(process: HMM | GHMM) -> tuple[float, float]:
    """h and E as words up to some length have them: H(2L) - H(2L - 1), and 2 H(L) - H(2L)."""
    length = 1
    while process.n_symbol ** (2 * (length + 1)) <= MOST_WORDS and length < 32:
        length += 1
    entropies = []
    for n in (length, 2 * length - 1, 2 * length):
        p = process.start @ word_vectors(process.T, process.evaluate, n)
        p = p[p > 0]
        entropies.append(float(-bits(1.0) * (p * np.log(p)).sum()))
    return entropies[2] - entropies[1], 2 * entropies[0] - entropies[2]
