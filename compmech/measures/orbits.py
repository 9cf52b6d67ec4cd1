"""Proof that an observer's beliefs never return: infinitely many mixed states, or infinitely many causal states.

Reading one word again and again moves a belief by one nonnegative matrix. Sooner or later it must repeat if there are
finitely many beliefs: by Perron and Frobenius after at most n readings, and then with a period that divides the least
common multiple of the periods of the classes of that matrix. A belief that does not return by then never does.
"""

from collections.abc import Iterator
from itertools import count, islice, product
from math import lcm

import numpy as np
from jaxtyping import Float

from compmech.graph import period, reachable, strong_components

# Beliefs that return do so to rounding; those of a proof must differ by far more.
APART = 1e-9

# Words tried, shortest first: at most this many, and fewer for large matrices, some 10^8 multiplications in all.
_MAX_WORDS = 60
_MAX_PRODUCTS = 10**8

# Below this part of positive entries a matrix is used by these alone.
_SPARSE = 0.05

# A matrix counts as of rank one when it differs from the product of its margins by less than this part of its maximum.
_RANK_ONE = 1e-13


def _words(n_symbol: int, n_state: int) -> Iterator[tuple[int, ...]]:
    """Nonempty words, the shortest first."""
    every = (word for length in count(1) for word in product(range(n_symbol), repeat=length))
    return islice(every, max(n_symbol, min(_MAX_WORDS, _MAX_PRODUCTS // n_state**3)))


def never_returns(
    T: Float[np.ndarray, "symbol state state"],
    belief: Float[np.ndarray, " state"],
    see: Float[np.ndarray, "state view"] | None = None,
) -> tuple[int, ...] | None:
    """A word that moves a belief to infinitely many others when it is read again and again, or None if none was found.

    Args:
        see: beliefs count as different only if they differ in belief @ see; None: in any component.
    """
    for word in _words(*T.shape[:2]):
        step = _along(T, word)
        late = _moved(belief, step, step.shape[0])
        if late is None:
            continue
        later = _moved(late, step, _period(step))
        if later is None:
            continue
        apart = later - late if see is None else (later - late) @ see
        if np.abs(apart).max() > APART:
            return word
    return None


def resting_beliefs(T: Float[np.ndarray, "symbol state state"]) -> Iterator[Float[np.ndarray, " state"]]:
    """Beliefs that some word leads to from everywhere in the end, when it is read again and again.

    In an ergodic process such beliefs are recurrent: the observer comes arbitrarily near to them again and again.
    """
    for word in _words(*T.shape[:2]):
        step = _along(T, word)
        power = step
        for _ in range(12):  # 4,096 readings
            total = power.sum()
            if total == 0:
                break
            power = power / total
            rest = power - np.outer(power.sum(axis=1), power.sum(axis=0))
            if np.abs(rest).max() <= _RANK_ONE * power.max():
                yield _limit(step, power)
                break
            power = power @ power


def _limit(step: Float[np.ndarray, "state state"], power: Float[np.ndarray, "state state"]) -> np.ndarray:
    """The belief that a power of rank one leads to, with exact zeros where it tends to zero.

    What is possible in the end are the states that can be reached from the class that outlasts the others; the diagonal
    of a power of rank one is positive on that class, up to what is still dying out. Where the diagonal is zero the word
    cannot be read for ever, and the power is of rank one as it stands.
    """
    belief = power.sum(axis=0)
    if np.diagonal(power).any():
        start = np.zeros(len(step), dtype=bool)
        start[int(np.argmax(np.diagonal(power)))] = True
        source, target = np.nonzero(step)
        belief = np.where(reachable(source, target, start), belief, 0.0)
    return np.asarray(belief / belief.sum())


def _along(T: Float[np.ndarray, "symbol state state"], word: tuple[int, ...]) -> Float[np.ndarray, "state state"]:
    step = T[word[0]]
    for symbol in word[1:]:
        step = step @ T[symbol]
    return np.asarray(step)


def _moved(
    belief: Float[np.ndarray, " state"], step: Float[np.ndarray, "state state"], times: int
) -> Float[np.ndarray, " state"] | None:
    source, target = np.nonzero(step)
    weight = step[source, target]
    sparse = len(weight) < _SPARSE * step.size
    for _ in range(times):
        if sparse:
            belief = np.bincount(target, weights=belief[source] * weight, minlength=len(belief))
        else:
            belief = belief @ step
        total = belief.sum()
        if total == 0:
            return None
        belief = belief / total
    return belief


def _period(step: Float[np.ndarray, "state state"]) -> int:
    """Least common multiple of the periods of the communicating classes of a nonnegative matrix."""
    source, target = np.nonzero(step)
    label = strong_components(source, target, len(step))
    together = 1
    for component in np.flatnonzero(np.bincount(label) > 1):
        together = lcm(together, period(source, target, np.flatnonzero(label == component)))
    return together
