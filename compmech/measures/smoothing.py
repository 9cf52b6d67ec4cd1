"""What the future says of the causal state, along sampled paths read backwards.

Letters: t a time, i a causal state, u_t(i) = P(x_t, x_t+1, ... | S_t = i) up to a factor, pi the stationary
distribution, rho_t(i) = P(S_t = i | x_t, x_t+1, ...).
A state and a symbol determine the next state, so a step towards the past is a look-up for each state, however many
states may have led here:

    u_t(i) = emit[i, x_t] u_t+1(successor[i, x_t]),        rho_t(i) = pi_i u_t(i) / sum_j pi_j u_t(j).

A path ends somewhere, at time N. Begun with u_N = 1 the recursion is that of an observer who sees the symbols up to N,
begun with u_N = [i = S_N] that of one who is told the last state as well. All that could still come says less than that
state, so averages of entropies over many paths enclose those given the whole future, and the two meet as they get away
from the end.

Reference:
    Baum, Petrie, Soules and Weiss, Annals of Mathematical Statistics 41, 164 (1970), for the recursion.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from compmech.epsilon_machine import EpsilonMachine
from compmech.measures.interval import entropy, surprise

# The two recursions have met when no probability of a state differs by more than this.
_MET = 1e-13

# Entries are scaled to a largest of 1 every eight steps, which shrink them by 1e-96 at most where no probability is
# smaller than the second number, and at every step where one is. What underflows then had a probability below 1e-200.
_MOST_STEPS = 8
_SMALL_STEP = 1e-12

# Entropies are taken at every second time: those of neighbours say much the same, and cost more than a step.
_STRIDE = 2


@dataclass(frozen=True, eq=False)
class Paths:
    """Independent stationary paths in lockstep.

    Attributes:
        states: causal states S_0 .. S_N.
        symbols: x_0 .. x_N-1, x_t read between S_t and S_t+1.
    """

    states: Int[np.ndarray, "row seq"]
    symbols: Int[np.ndarray, "time seq"]


@dataclass(frozen=True, eq=False)
class Smoothed:
    """Averages along each path, in bits. First column: the state at the end of the path is known; second: it is not.

    Attributes:
        uncertainty: of H[S_t | what comes], whose expectations enclose the crypticity.
        ephemeral: of H[X_t | S_t, what comes after X_t], whose expectations enclose the ephemeral information.
    """

    uncertainty: Float[np.ndarray, "seq two"]
    ephemeral: Float[np.ndarray, "seq two"]


def sample_paths(machine: EpsilonMachine, n_path: int, n_time: int, *, rng: np.random.Generator) -> Paths:
    """Paths from the machine's start."""
    edge = np.cumsum(machine.emit, axis=1)
    edge /= edge[:, -1:]
    states = np.empty((n_time + 1, n_path), dtype=np.intp)
    symbols = np.empty((n_time, n_path), dtype=np.intp)
    states[0] = rng.choice(machine.n_state, size=n_path, p=machine.start / machine.start.sum())
    for t in range(n_time):
        # a uniform number is below 1, the last edge: forbidden symbols have edges that coincide, and are never drawn
        symbols[t] = (edge[states[t]] <= rng.random((n_path, 1))).sum(axis=1)
        states[t + 1] = machine.successor[states[t], symbols[t]]
    return Paths(states, symbols)


def smooth(machine: EpsilonMachine, paths: Paths, n_scored: int) -> Smoothed:
    """Read paths backwards, and average over the times t < n_scored; the symbols from there on are only read."""
    n_path = paths.symbols.shape[1]
    reader = _Backward(machine, paths)
    uncertainty, ephemeral = np.zeros((2, n_path)), np.zeros((2, n_path))
    times = range(0, n_scored, _STRIDE)
    for t in reversed(range(len(paths.symbols))):
        is_scored = t < n_scored and t % _STRIDE == 0
        if is_scored:
            ephemeral += reader.next_symbol_entropy(t)
        reader.step(t)
        if is_scored:
            uncertainty += reader.state_entropy()
    return Smoothed(uncertainty.T / len(times), ephemeral.T / len(times))


def truncation_by_lag(machine: EpsilonMachine, paths: Paths) -> Float[np.ndarray, " time"]:
    """Mean of H[S_t | x_t:N] - H[S_t | x_t:N, S_N] over paths, in bits, by the number N - t = 1 .. N of symbols."""
    reader = _Backward(machine, paths)
    gaps = []
    for t in reversed(range(len(paths.symbols))):
        reader.step(t)
        known, unknown = reader.state_entropy()
        gaps.append(float((unknown - known).mean()))
    return np.array(gaps)


class _Backward:
    """u_t of all paths. Rows are paths with the state at the end known, then the same with it unknown; when the two
    have met, only the second."""

    def __init__(self, machine: EpsilonMachine, paths: Paths) -> None:
        n_path = paths.symbols.shape[1]
        n_state = machine.n_state
        self._paths = paths
        self._start = machine.start
        # forbidden symbols lead to state 0 with weight 0
        self._successor = np.ascontiguousarray(np.maximum(machine.successor, 0).T)
        self._emit = np.ascontiguousarray(machine.emit.T)
        self._u = np.ones((2 * n_path, n_state))
        self._u[:n_path] = paths.states[-1][:, None] == np.arange(n_state)
        self._twice = True
        self._place = np.arange(2 * n_path)[:, None] * n_state
        self._often = _MOST_STEPS if machine.least_step >= _SMALL_STEP else 1

    def step(self, t: int) -> None:
        """From u_t+1 to u_t."""
        symbol = self._lanes(self._paths.symbols[t])
        place = self._successor[symbol]
        place += self._place
        self._u = self._u.ravel().take(place)
        self._u *= self._emit[symbol]
        if t % self._often == 0:
            self._u /= self._u.max(axis=1, keepdims=True)
            if self._twice:
                self._forget_if_met()

    def state_entropy(self) -> Float[np.ndarray, "two seq"]:
        """H(rho_t) of each path, in bits."""
        weight = self._u * self._start
        total = weight.sum(axis=1)
        return self._both((entropy(weight) - surprise(total)) / total)

    def next_symbol_entropy(self, t: int) -> Float[np.ndarray, "two seq"]:
        """H[X_t | S_t, what comes after X_t], called before the step to u_t, in bits."""
        state = self._lanes(self._paths.states[t])
        lane = np.arange(len(state))
        weight = (self._emit[:, state] * self._u[lane, self._successor[:, state]]).T
        total = weight.sum(axis=1)
        return self._both((entropy(weight) - surprise(total)) / total)

    def _lanes(self, of_paths: Int[np.ndarray, " seq"]) -> Int[np.ndarray, " lane"]:
        return np.concatenate([of_paths, of_paths]) if self._twice else of_paths

    def _both(self, values: Float[np.ndarray, " lane"]) -> Float[np.ndarray, "two seq"]:
        return values.reshape(2, -1) if self._twice else np.stack([values, values])

    def _forget_if_met(self) -> None:
        weight = self._u * self._start
        weight /= weight.sum(axis=1, keepdims=True)
        n_path = len(weight) // 2
        if np.abs(weight[:n_path] - weight[n_path:]).max() <= _MET:
            self._u, self._twice = self._u[n_path:].copy(), False
            self._place = self._place[:n_path]
