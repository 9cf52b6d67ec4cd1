"""Drawing sequences from a process, many at once."""

import numpy as np
from jaxtyping import Float, Int

from compmech.filtering import Linear, SIGNED_ZERO


def sample_hidden(process: Linear, n_seq: int, n_time: int, rng: np.random.Generator) -> Int[np.ndarray, "seq time"]:
    """Sequences of a process with nonnegative matrices, by walking its hidden states.

    From each state the outcomes (symbol, next state) are laid out on a segment of length 1 and the segments end to end,
    so that one search of state + u finds the outcomes of all sequences.
    """
    n_symbol, n_state = process.T.shape[:2]
    outcome = process.T.transpose(1, 0, 2).reshape(n_state, n_symbol * n_state)
    state_of_cell, cell = np.nonzero(outcome)
    edge = np.cumsum(outcome, axis=1)
    edge /= edge[:, -1:]
    segments = edge[state_of_cell, cell] + state_of_cell
    state = rng.choice(n_state, size=n_seq, p=process.start / process.start.sum())
    words = np.empty((n_time, n_seq), dtype=np.intp)
    for t in range(n_time):
        found = cell[np.searchsorted(segments, state + rng.random(n_seq), side="right")]
        words[t], state = np.divmod(found, n_state)
    return np.ascontiguousarray(words.T)


def sample_signed(process: Linear, n_seq: int, n_time: int, rng: np.random.Generator) -> Int[np.ndarray, "seq time"]:
    """Sequences of a generalised process, by filtering: each symbol is drawn from its prediction."""
    emission = np.einsum("xij,j->ix", process.T, process.evaluate)
    size = np.einsum("xij,j->ix", abs(process.T), abs(process.evaluate))
    belief: Float[np.ndarray, "seq state"] = np.repeat(process.start[None], n_seq, axis=0)
    words = np.empty((n_time, n_seq), dtype=np.intp)
    for t in range(n_time):
        probability = belief @ emission
        probability[probability <= SIGNED_ZERO * (abs(belief) @ size)] = 0
        edge = np.cumsum(probability, axis=1)
        words[t] = (edge <= rng.random((n_seq, 1)) * edge[:, -1:]).sum(axis=1)
        belief = np.einsum("si,sij->sj", belief, process.T[words[t]])
        belief /= (belief @ process.evaluate)[:, None]
    return np.ascontiguousarray(words.T)
