"""Certified bounds of the entropy rate from the words that matter most.

Letters: w a recent word, T_w its matrix, v_i = m + (1 - sum m) e_i the corners of a simplex that holds all beliefs, c_i
the weights with sum_i c_i v_i = pi, J_w[i] = c_i v_i T_w. The belief before w lies in the simplex and averages pi, and
H[X | belief] is concave, so

    sum_w sum_i |J_w[i]| H[X | J_w[i]]  <=  h  <=  sum_w |sum_i J_w[i]| H[X | sum_i J_w[i]].

Any complete set of recent words will do. Those that leave the most between the two are extended into the past first,
x w for every x; knowing the state (m = 0) is the special case of Cover and Thomas.

Reference:
    Cover and Thomas, Elements of Information Theory, section 4.5.
"""

import numpy as np
from jaxtyping import Float

from compmech.measures.hull import corners, least_coordinates
from compmech.measures.interval import Bounds, between, entropy, surprise

# Words looked at: half a second for three states and symbols. Numbers in their matrices: 80 MB.
MAX_WORDS = 1_000_000
_MAX_NUMBERS = 10_000_000

# The simplex is made no smaller than this part of the simplex of states: rounding, divided by it, stays below 1e-12.
_LEAST_ROOM = 0.01

# Each round extends the words that leave this part of what is left in all.
_PART = 0.7

# No need to go on when so little is left.
_ENOUGH = 1e-14

# Words handled at a time: their matrices stay in the cache.
_PIECE = 4096


def rate_bounds(
    T: Float[np.ndarray, "symbol state state"], pi: Float[np.ndarray, " state"], *, max_words: int = MAX_WORDS
) -> Bounds:
    """Bounds of the entropy rate of a stationary process, in bits per symbol.

    Args:
        pi: the stationary distribution.
        max_words: words looked at, at most; the bounds hold for any number.
    Example:
        >>> from compmech import zoo
        >>> found = rate_bounds(zoo.mess3().T, zoo.mess3().start, max_words=10_000)
        >>> found.upper - found.lower < 1e-4
        True
    """
    emission = T.sum(axis=2).T
    pieces = np.ascontiguousarray(T[T.any(axis=(1, 2))])
    n_symbol, n = pieces.shape[:2]
    max_words = min(max_words, _MAX_NUMBERS // n**2)
    seed = _spread(T, pi)
    words = np.eye(n)[None]
    ends = _ends(seed, words, emission)
    seen = 1
    while True:
        gap = np.maximum(ends[1] - ends[0], 0.0)
        order = np.argsort(gap)
        left = np.cumsum(gap[order])
        first = int(np.searchsorted(left, (1 - _PART) * left[-1]))
        go, stay = order[first:], order[:first]
        seen += len(go) * n_symbol
        if seen > max_words or left[-1] < _ENOUGH:
            break
        grown = (pieces.reshape(-1, n) @ words[go]).reshape(-1, n, n)
        grown = grown[grown.any(axis=(1, 2))]
        words = np.concatenate([words[stay], grown])
        ends = np.concatenate([ends[:, stay], _ends(seed, grown, emission)], axis=1)
    lower, upper = ends.sum(axis=1)
    return between(max(float(lower), 0.0), float(upper))


def _spread(
    T: Float[np.ndarray, "symbol state state"], pi: Float[np.ndarray, " state"]
) -> Float[np.ndarray, "corner state"]:
    """c_i v_i: the stationary distribution as a mean of the corners of a simplex that holds all beliefs."""
    least = least_coordinates(T)
    # of a smaller simplex the weights would be differences of nearly equal numbers; a larger one holds the beliefs too
    least = least * min(1.0, (1 - _LEAST_ROOM) / max(float(least.sum()), _LEAST_ROOM))
    weight = (pi - least) / (1 - least.sum())
    assert (weight >= 0).all(), "the stationary belief is outside of the simplex of all beliefs"
    return np.asarray(weight[:, None] * corners(least))


def _ends(
    seed: Float[np.ndarray, "corner state"],
    words: Float[np.ndarray, "word state state"],
    emission: Float[np.ndarray, "state symbol"],
) -> Float[np.ndarray, "two word"]:
    """What each word adds to the lower and to the upper bound."""
    ends = np.empty((2, len(words)))
    for begin in range(0, len(words), _PIECE):
        joint = seed @ words[begin : begin + _PIECE]
        ends[0, begin : begin + _PIECE] = _next_entropy(joint, emission).sum(axis=1)
        ends[1, begin : begin + _PIECE] = _next_entropy(joint.sum(axis=1), emission)
    return ends


def _next_entropy(
    weight: Float[np.ndarray, "... state"], emission: Float[np.ndarray, "state symbol"]
) -> Float[np.ndarray, "..."]:
    """H[X | belief] of unnormalised beliefs, times their weight."""
    return np.asarray(entropy(weight @ emission) - surprise(weight.sum(axis=-1)))
