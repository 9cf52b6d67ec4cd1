"""What the whole future says of the present causal state: crypticity, the reverse machine, ephemeral information.

Letters: j a causal state now, f an infinite future, rho_f(j) = P(S_0 = j | X_0:inf = f). Futures with equal rho_f are
one reverse causal state: pasts of different causal states never agree, so rho_f and P(past | f) determine each other.

    C- = H[rho],        chi = E[H(rho)],        E = C - chi,
    r = H[X_0 | S_0, X_1:inf], from P(S_0 = i, X_0 = x, S_1 = j | X_1:inf = f) = pi_i T[x, i, j] rho_f(j) / pi_j.

Reference:
    Ellison, Mahoney and Crutchfield, J. Stat. Phys. 136, 1005 (2009);
    James, Ellison and Crutchfield, Chaos 21, 037109 (2011).
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from compmech.hmm import HMM
from compmech.measures.interval import entropy
from compmech.mixed_state import mixed_states
from compmech.stationary import stationary_distribution

# Starting states with a weight below exp(-_FAINT) of the largest, about 1e-22, are taken to be ruled out by the future.
_FAINT = 50.0

# Symbols of one future read before giving up on its telling the state.
_MAX_FUTURE = 20_000

# The beliefs found must average to the stationary distribution; a set that is not the recurrent one does not.
_AVERAGE_TOL = 1e-8


@dataclass(frozen=True)
class Retrodiction:
    """The recurrent beliefs over the causal state given the whole future.

    Attributes:
        beliefs: the distinct rho_f, one row per reverse causal state.
        probability: of each.
        emit: P(symbol before | reverse causal state).
        successor: reverse causal state before that symbol; -1 where it is forbidden.
    """

    beliefs: Float[np.ndarray, "reverse state"]
    probability: Float[np.ndarray, " reverse"]
    emit: Float[np.ndarray, "reverse symbol"]
    successor: Int[np.ndarray, "reverse symbol"]


def reversed_matrices(
    T: Float[np.ndarray, "symbol state state"], pi: Float[np.ndarray, " state"]
) -> Float[np.ndarray, "symbol state state"]:
    """The labelled matrices of the process read backwards, states kept: R[x, j, i] = pi_i T[x, i, j] / pi_j."""
    return np.asarray(pi[None, None, :] * T.transpose(0, 2, 1) / pi[None, :, None])


def retrodiction(
    successor: Int[np.ndarray, "state symbol"],
    T: Float[np.ndarray, "symbol state state"],
    pi: Float[np.ndarray, " state"],
    *,
    max_states: int,
) -> Retrodiction | None:
    """The recurrent beliefs given the future, of an ergodic minimal unifilar machine; None if no finite set was found.

    One typical future is read until it fixes the state it leads to, whatever the state it began in. Given that, beliefs
    about the beginning no longer depend on anything that comes later, so the belief found is recurrent, and reading on
    towards the past from there finds all the others.
    """
    begun = _typical(successor, T.sum(axis=2).T, pi)
    if begun is None:
        return None
    backward = reversed_matrices(T, pi)
    backward /= backward.sum(axis=(0, 2))[None, :, None]
    graph = mixed_states(HMM(backward, start=begun), max_states=max_states)
    if not graph.closed:
        return None
    mixed, symbol = np.nonzero(graph.successor >= 0)
    step = graph.successor[mixed, symbol], graph.emit[mixed, symbol]
    probability = stationary_distribution(mixed, *step, graph.n_mixed)
    kept = probability > 0
    beliefs, probability = graph.beliefs[kept], probability[kept]
    if np.abs(probability @ beliefs - pi).max() > _AVERAGE_TOL:
        return None
    emit, successor = graph.emit[kept], graph.successor[kept]
    place = np.cumsum(kept) - 1
    return Retrodiction(beliefs, probability, emit, np.where(successor >= 0, place[successor], -1))


def _typical(
    successor: Int[np.ndarray, "state symbol"], emit: Float[np.ndarray, "state symbol"], pi: Float[np.ndarray, " state"]
) -> Float[np.ndarray, " state"] | None:
    """P(S_0 | one long typical future), read until every starting state still likely leads to one state.

    The symbols are those of a fixed pseudo-random walk: any typical sequence does, and the caller checks the result.
    """
    walk = np.random.default_rng(0).random(_MAX_FUTURE)
    table = np.cumsum(emit, axis=1)
    end = np.arange(len(pi))
    with np.errstate(divide="ignore"):
        log_emit = np.log(emit)
    log_weight = np.zeros(len(pi))
    state = 0
    for u in walk:
        symbol = int(np.searchsorted(table[state], u * table[state, -1], side="right"))
        state = int(successor[state, symbol])
        log_weight = log_weight + log_emit[end, symbol]
        end = np.where(np.isfinite(log_weight), successor[end, symbol], end)
        likely = log_weight > log_weight.max() - _FAINT
        if (end[likely] == end[likely][0]).all():
            weight = np.where(likely, pi * np.exp(log_weight - log_weight.max()), 0.0)
            return np.asarray(weight / weight.sum())
    return None


def crypticity_and_ephemeral(
    found: Retrodiction, T: Float[np.ndarray, "symbol state state"], pi: Float[np.ndarray, " state"]
) -> tuple[float, float]:
    """chi = H[S_0 | X_0:inf] and r = H[X_0 | S_0, X_1:inf], in bits."""
    crypticity = float(found.probability @ entropy(found.beliefs))
    after = T.argmax(axis=2).T  # unifilar: one next state for each (i, x)
    joint = (found.beliefs / pi)[:, after] * (pi[:, None] * T.max(axis=2).T)
    given = entropy(joint.reshape(len(joint), -1)) - entropy(joint.sum(axis=2))
    return crypticity, float(found.probability @ given)
