"""Bounds for processes without a finite epsilon-machine, from the tree of recent words.

Letters: w the last k symbols, J_w[i, j] = P(S_-k = i, X_-k:0 = w, S_0 = j). With phi any concave function of the belief
over S_0, such as H[X_0 | belief], the value at the whole past lies between those with less and with more knowledge,

    sum_w P(w) E[phi(S_0 | w, S_-k)]  <=  E[phi(S_0 | past)]  <=  sum_w P(w) phi(S_0 | w),

and the two meet as k grows. Words are extended into the past, J_xw = R_x J_w with R_x[i, k] = pi_i T[x, i, k] / pi_k.
A word whose two ends no longer inform each other, I[S_-k; S_0 | w] = 0, need not be extended: where the process has
synchronising words, most of the tree is soon done.

Reference:
    Cover and Thomas, Elements of Information Theory, section 4.5, for H[X_L | X_0:L, S_0] <= h <= H[X_L | X_0:L];
    Polyanskiy and Wu, arXiv 1508.06025, for the contraction of mutual information by Dobrushin's coefficient.
"""

from dataclasses import dataclass
from math import inf

import numpy as np
from jaxtyping import Float

from compmech.measures.interval import Bounds, between, entropy, surprise

# Numbers in the matrices of all words looked at: some 10 MB and a tenth of a second.
MAX_NUMBERS = 1_000_000

# Longest words: where few words go on, they could go on for ever without telling much more.
_MAX_DEPTH = 1000

# Words whose ends share less than this (in bits, weighted by their probability) are leaves.
_NEGLIGIBLE = 1e-17

# No need to go on when all words together leave less than this undecided.
_ENOUGH = 1e-14

# Numbers handled at once where the next symbols of words are looked at: with many symbols these are many more numbers
# than there are in the matrices.
_AT_ONCE = 2**18


@dataclass(frozen=True, eq=False)
class Contexts:
    """The leaves of the tree of recent words: every past ends in exactly one of them.

    Attributes:
        joint: J_w of each leaf.
        rates: H[X_0 | X_-k:0] for k = 0, 1, ..., in bits; the last is the upper bound of the entropy rate.
        floor: H[X_0 | leaf, state before the leaf], the lower bound of the entropy rate, in bits.
        shared: I[state before the leaf; state after it | leaf], in bits: bounds what more of the past can tell.
        contraction: greatest Dobrushin coefficient of the passage through a leaf; below 1, `shared` shrinks by this
            factor at least whenever the depth is doubled, tripled, ...
    """

    joint: Float[np.ndarray, "word state state"]
    rates: tuple[float, ...]
    floor: float
    shared: float
    contraction: float

    @property
    def depth(self) -> int:
        """Length of the longest leaf."""
        return len(self.rates) - 1

    @property
    def entropy_rate(self) -> Bounds:
        """h, in bits per symbol."""
        return between(self.floor, self.rates[-1])

    @property
    def excess_entropy(self) -> Bounds:
        """E = sum_k (H[X_0 | X_-k+1:0] - h), k = 1 .. depth, and at most `shared` beyond."""
        least, most = self._above_rate.sum(axis=0)
        return between(least, most + self.shared).at_least(0.0)

    @property
    def transient_information(self) -> Bounds:
        """T = sum_L e_L with e_L = E + hL - H(L) = sum_{k > L} (H[X_0 | X_-k+1:0] - h), in bits times symbols.

        Beyond the depth D, e_L is at most `shared`, and shrinks by `contraction` every D symbols.
        """
        least, most = np.arange(1, self.depth + 1) @ self._above_rate
        beyond = self.depth * self.shared / (1 - self.contraction) if self.contraction < 1 else inf
        return between(least, most + self.depth * self.shared + beyond).at_least(0.0)

    @property
    def uncertainty(self) -> Bounds:
        """H[S_0 | past], in bits."""
        apart = entropy(self.joint) - surprise(self.joint.sum(axis=2))
        whole = self.joint.sum(axis=1)
        return between(float(apart.sum()), float((entropy(whole) - surprise(whole.sum(axis=1))).sum())).at_least(0.0)

    @property
    def _above_rate(self) -> Float[np.ndarray, "length 2"]:
        """H[X_0 | X_-k+1:0] - h for k = 1 .. depth, at least and at most."""
        rates = np.array(self.rates)
        return np.column_stack([rates[:-1] - rates[-1], rates[:-1] - self.floor])


def contexts(
    T: Float[np.ndarray, "symbol state state"], pi: Float[np.ndarray, " state"], *, max_numbers: int = MAX_NUMBERS
) -> Contexts:
    """Unfold the recent words of a stationary process until what the rest of the past can tell is negligible.

    Args:
        pi: the stationary distribution, positive everywhere.
        max_numbers: stop before the matrices J_w of all words looked at have more entries than this.
    """
    n_symbol, n_state = T.shape[:2]
    emission = T.sum(axis=2).T
    back = pi[:, None] * T / pi
    grown = np.diag(pi)[None]
    leaves = [grown[:0]]
    rates = []
    leaf_rate = 0.0
    while True:
        shared = _shared(grown)
        rates.append(leaf_rate + float(_next_entropy(grown.sum(axis=1), emission).sum()))
        goes_on = shared > _NEGLIGIBLE
        max_numbers -= int(goes_on.sum()) * n_symbol * n_state**2
        if max_numbers < 0 or len(rates) > _MAX_DEPTH or shared[goes_on].sum() < _ENOUGH:
            leaves.append(grown)
            break
        leaves.append(grown[~goes_on])
        leaf_rate += float(_next_entropy(leaves[-1].sum(axis=1), emission).sum())
        grown = np.einsum("xik,wkj->wxij", back, grown[goes_on]).reshape(-1, n_state, n_state)
        grown = grown[grown.any(axis=(1, 2))]
    joint = np.concatenate(leaves)
    return Contexts(
        joint=joint,
        rates=tuple(rates),
        floor=float(_next_entropy(joint, emission).sum()),
        shared=float(_shared(joint).sum()),
        contraction=_contraction(joint),
    )


def _next_entropy(
    weight: Float[np.ndarray, "... state"], emission: Float[np.ndarray, "state symbol"]
) -> Float[np.ndarray, "..."]:
    """H[X | belief] of unnormalised beliefs, times their weight."""
    rows = weight.reshape(-1, weight.shape[-1])
    uncertain = -surprise(rows.sum(axis=1))
    n_row = max(1, _AT_ONCE // emission.shape[1])
    for first in range(0, len(rows), n_row):
        uncertain[first : first + n_row] += entropy(rows[first : first + n_row] @ emission)
    return uncertain.reshape(weight.shape[:-1])


def _shared(joint: Float[np.ndarray, "word state state"]) -> Float[np.ndarray, " word"]:
    """P(w) I[S_-k; S_0 | w]; what rounding leaves of it counts as none."""
    ends = entropy(joint.sum(axis=1)) + entropy(joint.sum(axis=2))
    together = entropy(joint.reshape(len(joint), -1)) + surprise(joint.sum(axis=(1, 2)))
    return np.asarray(np.maximum(ends - together, 0.0))


def _contraction(joint: Float[np.ndarray, "word state state"]) -> float:
    """Greatest total variation distance between P(S_0 | S_-k = i, w) and the same for another i."""
    total = joint.sum(axis=2)
    rows = np.divide(joint, total[:, :, None], out=np.zeros_like(joint), where=total[:, :, None] > 0)
    worst = 0.0
    for i in range(1, joint.shape[1]):
        apart = np.abs(rows[:, :i] - rows[:, i, None]).sum(axis=2)
        possible = (total[:, :i] > 0) & (total[:, i, None] > 0)
        worst = max(worst, float(np.where(possible, apart, 0.0).max(initial=0.0)) / 2)
    return worst
