"""The ambiguity rate: how much of the last symbol the belief it led to does not tell.

Letters: eta belief after the last symbol x, h_a = H[X | eta] where the maps are one-to-one, w a recent word, v the
belief before it, n number of states. Maps that overlap lead different pasts to one belief, so that the set of beliefs
grows by h - h_a bits a symbol, not by h.

From the belief, each word leads back to one belief before it, v = eta T_w^-1 / (eta T_w^-1 e). Most words lead out of
the set that beliefs can lie in, and are ruled out. The others are weighted as if beliefs before them were spread
evenly,

    q_L(w | eta)  ~  P(w | v) / |det Df_w(v)|  =  P(w | v)^(n+1) / |det T_w|,      |w| = L.

By Gibbs' inequality the mean of -log2 q_L(x | eta) over the Blackwell measure is at least h_a, for every L; it comes
down to h_a as L grows.

Reference:
    Jurgens and Crutchfield, arXiv 2105.07294; Feng and Hu, Comm. Pure Appl. Math. 62, 1435 (2009), where h - h_a is the
    projection entropy and, for maps of one dimension, (h - h_a) / |lambda| is proved to be the dimension.
"""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Int

from compmech.blackwell.estimate import Estimate, average
from compmech.blackwell.orbits import Orbits
from compmech.blackwell.system import BeliefSystem
from compmech.measures.hull import least_coordinates

# Beliefs before a word may lie this much outside of the hull by rounding. Going back multiplies rounding; words are
# followed no further back than where a belief that was really held might be lost.
_OUTSIDE = 1e-6
_NEAR = 1e-3
_ROUNDING = 1e-15

# Beliefs looked at, words followed back from all of them together, and the longest word.
_BELIEFS = 8000
_MAX_NODES = 150_000
_MAX_LENGTH = 60


@dataclass(frozen=True)
class Ambiguity:
    """Upper estimates of the ambiguity rate by the length of words looked back, in bits per symbol.

    Attributes:
        by_length: the mean of -log2 q_L(last symbol | belief) for L = 1, 2, ...: each is at least h_a but for sampling.
    """

    by_length: tuple[Estimate, ...]

    @property
    def rate(self) -> Estimate:
        """The estimate from the longest words, which is at least h_a, but for sampling."""
        return self.by_length[-1]


def ambiguity_rate(orbits: Orbits) -> Ambiguity:
    """Estimate the ambiguity rate from above, by going back from sampled beliefs.

    Raises:
        ValueError: for a generalised process, whose beliefs have no known hull, or where a symbol's matrix is singular:
            its map is not one-to-one, and a belief has a continuum of beliefs before it.
    """
    why = not_invertible(orbits.system)
    if why:
        raise ValueError(f"the ambiguity rate needs one-to-one maps of nonnegative beliefs, but {why}")
    beliefs, last = _apart_in_time(orbits)
    back = _Back(orbits.system)
    nodes = back.step(_Nodes.at(beliefs))
    nodes = replace(nodes, last=np.tile(np.arange(orbits.system.n_symbol), len(beliefs)))
    found: list[Estimate] = []
    while len(found) < _MAX_LENGTH and back.is_sure(nodes):
        nodes = nodes.where(back.is_possible(nodes))
        surprise = _surprise(nodes, last)
        found.append(average(surprise.reshape(orbits.n_seq, -1).mean(axis=1)))
        if len(nodes.sample) * orbits.system.n_symbol > _MAX_NODES:
            break
        nodes = back.step(nodes)
    return Ambiguity(tuple(found))


def not_invertible(system: BeliefSystem) -> str:
    """Why going back from a belief is not possible; empty if it is."""
    if not system.process.nonnegative:
        return "the minimal realisation is signed"
    return singular(system)


def singular(system: BeliefSystem) -> str:
    """Which possible symbol's matrix is singular, so that its map is not one-to-one; empty if none is."""
    possible = system.T.any(axis=(1, 2))
    singular = np.flatnonzero(np.isneginf(system.log2_determinants) & possible)
    return f"the matrix of symbol {singular[0]} is singular" if len(singular) else ""


@dataclass(frozen=True, eq=False)
class _Nodes:
    """Words that may have led to sampled beliefs.

    Attributes:
        sample: the sampled belief.
        last: the last symbol of the word.
        before: the belief before the word.
        log_weight: log2 q_L(word | sampled belief), not normalised.
        rounding: how far off `before` may be.
    """

    sample: Int[np.ndarray, " node"]
    last: Int[np.ndarray, " node"]
    before: Float[np.ndarray, "node state"]
    log_weight: Float[np.ndarray, " node"]
    rounding: Float[np.ndarray, " node"]

    @classmethod
    def at(cls, beliefs: Float[np.ndarray, "sample state"]) -> "_Nodes":
        n = len(beliefs)
        return cls(np.arange(n), np.zeros(n, dtype=np.intp), beliefs, np.zeros(n), np.full(n, _ROUNDING))

    def where(self, kept: Bool[np.ndarray, " node"]) -> "_Nodes":
        return _Nodes(self.sample[kept], self.last[kept], self.before[kept], self.log_weight[kept], self.rounding[kept])


class _Back:
    """Steps back from beliefs, one for every symbol."""

    def __init__(self, system: BeliefSystem) -> None:
        self.possible = np.flatnonzero(system.T.any(axis=(1, 2)))
        self.n_symbol = system.n_symbol
        self.inverse = np.zeros_like(system.T)
        self.inverse[self.possible] = np.linalg.inv(system.T[self.possible])
        self.least = least_coordinates(system.T)
        self.log2_det = system.log2_determinants
        self.size = np.abs(self.inverse).sum(axis=1).max(axis=1)

    def step(self, nodes: _Nodes) -> _Nodes:
        """Words one symbol longer, every node's in order of that symbol. 1 / p_x(v) = eta T_x^-1 e."""
        n = nodes.before.shape[1]
        moved = np.einsum("bi,xij->bxj", nodes.before, self.inverse)
        total = moved.sum(axis=2)
        fine = total > 0
        scale = np.where(fine, total, 1.0)
        before = np.where(fine[:, :, None], moved / scale[:, :, None], -1.0)
        weight = np.where(fine, -(n + 1) * np.log2(scale) - np.where(fine, self.log2_det, 0.0), -np.inf)
        return _Nodes(
            np.repeat(nodes.sample, self.n_symbol),
            np.repeat(nodes.last, self.n_symbol),
            before.reshape(-1, n),
            (nodes.log_weight[:, None] + weight).ravel(),
            (nodes.rounding[:, None] * np.maximum(self.size / scale, 1.0)).ravel(),
        )

    def is_possible(self, nodes: _Nodes) -> Bool[np.ndarray, " node"]:
        return np.asarray((nodes.before >= self.least - _OUTSIDE).all(axis=1))

    def is_sure(self, nodes: _Nodes) -> bool:
        """Whether rounding cannot have moved a possible belief out of the hull."""
        inside = (nodes.before >= self.least - _NEAR).all(axis=1)
        return bool((nodes.rounding[inside] <= _OUTSIDE).all())


def _apart_in_time(orbits: Orbits) -> tuple[Float[np.ndarray, "sample state"], Int[np.ndarray, " sample"]]:
    """Beliefs far from each other along the orbits, orbit after orbit, and the symbols before them."""
    each = min(orbits.n_time, max(1, _BELIEFS // orbits.n_seq))
    rows = orbits.n_time - np.arange(each) * (orbits.n_time // each)
    beliefs = orbits.beliefs[:, rows].reshape(-1, orbits.system.n_state)
    return beliefs, orbits.symbols[:, rows - 1].ravel()


def _surprise(nodes: _Nodes, last: Int[np.ndarray, " sample"]) -> Float[np.ndarray, " sample"]:
    """-log2 of the weight of words that end in the symbol that was read, among all words that lead to its belief."""
    top = np.full(len(last), -np.inf)
    np.maximum.at(top, nodes.sample, nodes.log_weight)
    weight = np.exp2(nodes.log_weight - top[nodes.sample])
    whole = np.bincount(nodes.sample, weights=weight, minlength=len(last))
    true = np.bincount(nodes.sample, weights=weight * (nodes.last == last[nodes.sample]), minlength=len(last))
    assert (true > 0).all(), "a belief that was held was ruled out"
    return np.asarray(np.log2(whole) - np.log2(true))
