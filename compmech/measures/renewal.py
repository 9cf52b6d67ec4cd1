"""Renewal processes: two symbols, of which one, the event, leaves the same belief whatever was before.

Countably many mixed states are then known by a number, the symbols since the last event, and everything is a series
over the law of the time between events. It holds for signed matrices too, where states that one can be in are missing
but the law is not.

Letters: Q the matrix of the quiet symbol, v the belief after an event, e the evaluation vector; F(n) = v Q^n T_event e,
the probability of n quiet symbols between two events, W(n) = v Q^n e of at least n; p = P(event) = 1 / sum_n W(n).

    h = p H[F],            P(n quiet symbols since the last event) = p W(n),
    E = 2 H[p W] - H[p F(n + m) over n, m >= 0],    r = H[X_0 | n symbols since, m symbols until],

    S = sum_n (n + 1) s(p W(n)) - sum_L s(M(L)),
    T = 2 sum_n (n + 1) s(p W(n)) - sum_L s(M(L)) - sum_n w(n) s(p F(n)),

s(x) = -x log2 x, M(L) = sum_{n >= L} p W(n), w(n) = (n + 1)(n + 2) / 2: before the first event, L quiet symbols leave
n >= L since the last one in proportion to W(n), and the next event after m more in proportion to F(n + m). r is from
P(n, quiet, m) = p F(n + 1 + m) and P(n, event, m) = p F(n) F(m). What is left out of a series is known in mass and in
mean, from (1 - Q)^-1, and the geometric distribution has the largest entropy of those with a given mean.

Reference:
    Marzen and Crutchfield, Entropy 17, 4891 (2015), and, in continuous time, arXiv 1704.04707 (2017).
"""

from dataclasses import dataclass
from functools import cached_property
from math import e as euler
from math import log2

import numpy as np
from jaxtyping import Float

from compmech.measures.interval import Bounds, between, surprise
from compmech.merging import MERGE_TOL, BeliefIndex

# A matrix of rank one has no other singular value above this, relative to the largest.
_RANK_TOL = 1e-10

# Parts of a sum of exponentials smaller than this are not relied on; nor are any if their vectors are so skewed.
_SEEN = 1e-7
_MOST_SKEWED = 1e8

# Terms are added until the mass left is below this, or there are so many of them.
_NEGLIGIBLE = 1e-18
_MAX_TERMS = 100_000

# Symbols on either side of the present for r, which needs all pairs; and beliefs that are told apart for C.
_MAX_PAIRED = 1200
_MAX_APART = 20_000


@dataclass(frozen=True, eq=False)
class Renewal:
    """A renewal process by its law.

    Attributes:
        event: the symbol that erases all memory.
        after: the belief that it leaves.
        quiet: the matrix of the other symbol.
        ends: T_event @ evaluate.
        evaluate: the vector that closes words.
    """

    event: int
    after: Float[np.ndarray, " state"]
    quiet: Float[np.ndarray, "state state"]
    ends: Float[np.ndarray, " state"]
    evaluate: Float[np.ndarray, " state"]

    @cached_property
    def _ahead(self) -> Float[np.ndarray, "state state"]:
        """(1 - Q)^-1: the sum over all numbers of quiet symbols."""
        return np.linalg.inv(np.eye(len(self.quiet)) - self.quiet)

    @cached_property
    def rate(self) -> float:
        """p, events per symbol."""
        return 1.0 / float(self.after @ self._ahead @ self.evaluate)

    @cached_property
    def beliefs(self) -> Float[np.ndarray, "term state"]:
        """v Q^n, not normalised, for n = 0, 1, ... until nothing is left of it."""
        rows = [self.after]
        while len(rows) < _MAX_TERMS and self.rate * abs(float(rows[-1] @ self._ahead @ self.evaluate)) > _NEGLIGIBLE:
            rows.append(rows[-1] @ self.quiet)
        return np.array(rows)

    @cached_property
    def survival(self) -> Float[np.ndarray, " term"]:
        """W(n), the probability of at least n quiet symbols."""
        return np.asarray(np.maximum(self.beliefs @ self.evaluate, 0.0))

    @cached_property
    def law(self) -> Float[np.ndarray, " term"]:
        """F(n), the probability of n quiet symbols between two events."""
        return np.asarray(np.maximum(self.beliefs @ self.ends, 0.0))

    @property
    def entropy_rate(self) -> Bounds:
        """h, in bits per symbol."""
        rest = self.beliefs[-1] @ self.quiet
        return self._series(self.law * self.rate, rest * self.rate, self.ends, per=self.rate)

    @property
    def since(self) -> Bounds:
        """H of the number of symbols since the last event, in bits: C+, where all of these beliefs differ."""
        return self._series(self.survival * self.rate, self.beliefs[-1] @ self.quiet * self.rate, self.evaluate)

    @property
    def excess_entropy(self) -> Bounds:
        """E = I[symbols since the last event; symbols until the next], in bits."""
        n = np.arange(1, len(self.law) + 1)
        both = float(n @ surprise(self.law * self.rate))
        # of pairs: mass sum_{k >= K} (k + 1) x_k, and at most log2(k + 1) bits more than the sum k says
        K, rest, ahead = len(self.law), self.beliefs[-1] @ self.quiet * self.rate, self._ahead
        total = float(rest @ ahead @ self.ends)
        mean = float(rest @ self.quiet @ ahead @ ahead @ self.ends)
        mass = max((K + 1) * total + mean, 0.0)
        beyond = 0.0
        if mass > 0:
            last = K + 2 * mass / max(total, mass / (K + 1))
            beyond = mass * (log2(1 / mass) + log2(euler * (1 + last)) + log2(1 + last))
        since = self.since
        return between(2 * since.lower - both - max(beyond, 0.0), 2 * since.upper - both).at_least(0.0)

    @property
    def synchronisation(self) -> Bounds:
        """sum_L H[symbols since the last event, after L | X_0:L], in bits times symbols: S, if the beliefs differ."""
        return (self._since_weighted - self._not_yet).at_least(0.0)

    @property
    def transient_information(self) -> Bounds:
        """T = sum_L [E + hL - H(L)], in bits times symbols."""
        pairs = self._weighted(self.law, self.ends, (1.0, 1.5, 0.5))
        return (self._since_weighted + self._since_weighted - self._not_yet - pairs).at_least(0.0)

    @cached_property
    def never_returns(self) -> bool:
        """Whether it is proved that the beliefs v Q^n are infinitely many.

        W(n + d) = c W(n) for all large n would leave eigenvalues of Q of one modulus alone to be seen in W.
        """
        values, right = np.linalg.eig(self.quiet)
        if np.linalg.cond(right) > _MOST_SKEWED:
            return False
        seen = np.abs((self.after @ right) * np.linalg.solve(right, self.evaluate.astype(complex))) > _SEEN
        size = np.abs(values[seen])
        size = size[size > _SEEN]
        return bool(len(size) > 1 and size.max() - size.min() > _SEEN)

    @cached_property
    def _since_weighted(self) -> Bounds:
        """sum_n (n + 1) s(p W(n))."""
        return self._weighted(self.survival, self.evaluate, (1.0, 1.0, 0.0))

    @cached_property
    def _not_yet(self) -> Bounds:
        """sum_L s(M(L)), with M(L) = p v Q^L (1 - Q)^-1 e."""
        closing = self._ahead @ self.evaluate
        return self._weighted(np.maximum(self.beliefs @ closing, 0.0), closing, (1.0, 0.0, 0.0))

    def _weighted(
        self,
        values: Float[np.ndarray, " term"],
        closing: Float[np.ndarray, " state"],
        weight: tuple[float, float, float],
    ) -> Bounds:
        """sum_n (a + b n + c n^2) s(p v Q^n closing), with a bound of what is beyond the last term.

        There the terms y_n = w(n) x_n have mass Y and mean mu beyond the first, so that -sum y log y is at most
        Y log2(e (1 + mu) / Y), and sum y log2 w(n) at most Y log2 w(mu).
        """
        a, b, c = weight
        n = np.arange(len(values))
        total = float((a + b * n + c * n**2) @ surprise(self.rate * values))
        K = len(values)
        here, slope = a + b * K + c * K**2, b + 2 * c * K
        moment = self._moments(closing)
        mass = here * moment[0] + slope * moment[1] + c * moment[2]
        if mass <= 0:
            return between(total, total)
        mean = max((here * moment[1] + slope * moment[2] + c * moment[3]) / mass, 0.0)
        beyond = mass * (log2(euler * (1 + mean) / mass) + log2(here + slope * mean + c * mean**2))
        return between(total, total + max(beyond, 0.0))

    def _moments(self, closing: Float[np.ndarray, " state"]) -> tuple[float, float, float, float]:
        """sum_i i^k p v Q^(K + i) closing for k = 0 .. 3, K the number of terms."""
        Q, A, one = self.quiet, self._ahead, np.eye(len(self.quiet))
        rest = self.rate * (self.beliefs[-1] @ Q)
        sums = A, Q @ A @ A, Q @ (one + Q) @ A @ A @ A, Q @ (one + 4 * Q + Q @ Q) @ A @ A @ A @ A
        first, second, third, fourth = (float(rest @ matrix @ closing) for matrix in sums)
        return first, second, third, fourth

    @property
    def ephemeral_information(self) -> Bounds:
        """r = H[X_0 | the past, the future], in bits."""
        n_side = min(_MAX_PAIRED, len(self.law))
        law = np.concatenate([self.law, np.zeros(2 * n_side)])
        side = np.arange(n_side)
        quiet = self.rate * law[side[:, None] + side + 1]
        event = self.rate * np.outer(law[side], law[side])
        found = float((surprise(quiet) + surprise(event) - surprise(quiet + event)).sum())
        missing = max(1.0 - float(quiet.sum() + event.sum()), 0.0)
        return between(found, found + missing)

    @property
    def complexity(self) -> Bounds:
        """C+, in bits: what `since` says, less what beliefs that are not told apart here could take from it.

        Beliefs of weight enough to count are compared; others could be equal to one of them or to each other.
        """
        weight = self.survival * self.rate
        heavy = weight > 0
        rows = self.beliefs[heavy][:_MAX_APART] / self.survival[heavy][:_MAX_APART, None]
        index = BeliefIndex(rows.shape[1], tol=MERGE_TOL, by_support=False)
        _, first = np.unique(index.match(rows)[0], return_index=True)
        told = np.zeros(len(weight), dtype=bool)
        told[np.flatnonzero(heavy)[np.sort(first)]] = True
        since = self.since
        other = max(1.0 - float(weight[told].sum()), 0.0)
        if other <= _NEGLIGIBLE:
            return since
        # the others' own entropy, and that of telling which of those told apart they were merged with
        lost = since.upper - float(surprise(weight[told]).sum()) + other * log2(euler / other)
        return Bounds(max(since.lower - lost, 0.0), since.upper)

    def _series(
        self,
        terms: Float[np.ndarray, " term"],
        rest: Float[np.ndarray, " state"],
        closing: Float[np.ndarray, " state"],
        *,
        per: float = 1.0,
    ) -> Bounds:
        """-sum_n x_n log2(x_n / per), with bounds of what is beyond the last term.

        A tail of mass m whose terms lie mu beyond its first on average has at least m log2(per/m) bits and at most
        log2(e (1 + mu)) bits more for each unit of mass.
        """
        total = float(surprise(terms).sum()) + float(terms.sum()) * log2(per)
        mass = float(rest @ self._ahead @ closing)
        if mass <= 0:
            return between(total, total)
        mean = max(float(rest @ self.quiet @ self._ahead @ self._ahead @ closing) / mass, 0.0)
        at_least = total + mass * log2(per / mass)
        return between(at_least, at_least + mass * log2(euler * (1 + mean)))


def renewal(T: Float[np.ndarray, "symbol state state"], evaluate: Float[np.ndarray, " state"]) -> Renewal | None:
    """The law of a process of two symbols, if one of them leads to one belief; None for others.

    Args:
        T: labelled matrices, signed or not, in which nothing is superfluous: states all reached, or a minimal
            realisation.
        evaluate: the vector that closes words.
    """
    if len(T) != 2:
        return None
    for event in (0, 1):
        _, size, right = np.linalg.svd(T[event])
        if size[0] <= 0 or (len(size) > 1 and size[1] > _RANK_TOL * size[0]):
            continue
        quiet = T[1 - event]
        if np.abs(np.linalg.eigvals(quiet)).max() >= 1 - _RANK_TOL:
            continue
        after = right[0] / (right[0] @ evaluate)
        return Renewal(event, after, quiet, T[event] @ evaluate, evaluate)
    return None
